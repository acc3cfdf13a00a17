//! Who comes first and who comes after, in a list that is gone through round and round.
//!
//! Calls ([`super::escalation`]) and pages ([`crate::paging::turn`]) go by the same order: whose hours it is comes before the
//! list, and when it is nobody's hours the list alone decides, because somebody has to be woken.

/// Returns the place of the one to begin with.
pub fn first<T>(all: &[T], awake: impl Fn(&T) -> bool, left_out: impl Fn(usize) -> bool) -> Option<usize> {
    choose(0..all.len(), all, awake, left_out)
}

/// Returns the place of the one after a place, all the way round: at last the same one again.
pub fn following<T>(
    all: &[T],
    place: usize,
    awake: impl Fn(&T) -> bool,
    left_out: impl Fn(usize) -> bool,
) -> Option<usize> {
    choose((1..=all.len()).map(|step| (place + step) % all.len()), all, awake, left_out)
}

fn choose<T>(
    places: impl Iterator<Item = usize> + Clone,
    all: &[T],
    awake: impl Fn(&T) -> bool,
    left_out: impl Fn(usize) -> bool,
) -> Option<usize> {
    let mut left = places.filter(|place| !left_out(*place));
    left.clone().find(|place| awake(&all[*place])).or_else(|| left.next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_hours_it_is_comes_first_and_nobodys_hours_stop_nothing() {
        let awake = |name: &&str| name.starts_with('a');
        let all = ["kim", "anna", "sam", "alex"];
        let none = |_| false;
        assert_eq!(first(&all, awake, none), Some(1));
        assert_eq!(following(&all, 1, awake, none), Some(3));
        assert_eq!(following(&all, 3, awake, none), Some(1));
        assert_eq!(following(&all, 1, awake, |place| place == 3), Some(1));
        assert_eq!(first(&all, |_| false, none), Some(0));
        assert_eq!(following(&all, 3, |_| false, none), Some(0));
        assert_eq!(first(&all, awake, |_| true), None);
        assert_eq!(first(&[] as &[&str], awake, none), None);
    }
}
