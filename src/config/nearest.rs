//! The known word that somebody probably meant.

/// Returns the candidate that is nearest to `word`, if one is near enough to be worth naming.
pub fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let lower = word.to_lowercase();
    // A third of the letters may be wrong, but never all: `enviroment` and `slo` are meant, `banana` is not.
    let letters = word.chars().count();
    let bearable = letters.max(3).div_ceil(3).min(letters.saturating_sub(1));
    candidates
        .iter()
        .map(|candidate| (strsim::osa_distance(&lower, &candidate.to_lowercase()), *candidate))
        .filter(|(distance, _)| *distance <= bearable)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_word() {
        let keys = ["slow", "every", "timeout", "expect"];
        assert_eq!(nearest("slo", &keys), Some("slow"));
        assert_eq!(nearest("evrey", &keys), Some("every"));
        assert_eq!(nearest("Timeout", &keys), Some("timeout"));
        assert_eq!(nearest("banana", &keys), None);
        assert_eq!(nearest("", &keys), None);
        assert_eq!(nearest("y", &["x"]), None);
    }
}
