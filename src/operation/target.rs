//! Which release to go back to: the last one that was healthy while it was live.
//!
//! Evidence or silence: where nobody watched, the one before the live one is taken, and that is said.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::history::{History, Segment, Status};
use crate::model::release::{Release, ReleaseState};
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// A release and why it was chosen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chosen {
    /// Its place in the list.
    pub index: usize,
    pub because: Line,
}

/// Watched for less than this, a release proves nothing.
const PROVES: Duration = Duration::from_secs(60);
/// A release that was down for a larger share of the time in which it was watched was not healthy.
const MAY_BE_DOWN: f64 = 0.05;

/// Returns why one cannot go back to a release, as a clause.
///
/// # Errors
/// The clause.
pub fn eligible(release: &Release) -> Result<(), Line> {
    if release.can_roll_back == Some(false) {
        return Err(Line::from_text("the platform says that one cannot go back to it"));
    }
    let why = match release.state {
        ReleaseState::Failed => "it failed",
        ReleaseState::Cancelled => "it was cancelled",
        ReleaseState::Removed => "the platform does not have its files any more",
        ReleaseState::Queued | ReleaseState::Building | ReleaseState::Deploying => "it has not gone out yet",
        ReleaseState::Succeeded | ReleaseState::Superseded | ReleaseState::Unknown => return Ok(()),
    };
    // What the platform says itself goes before what its word for the state makes us think.
    if release.can_roll_back == Some(true) { Ok(()) } else { Err(Line::from_text(why)) }
}

/// Returns how a service was over time, the worst of its checks at each moment.
pub fn service_history(histories: &[&History]) -> Vec<Segment> {
    let moments: BTreeSet<Timestamp> =
        histories.iter().flat_map(|history| history.segments()).map(|segment| segment.from).collect();
    let mut merged: Vec<Segment> = Vec::new();
    for from in moments {
        let at = |history: &&History| {
            history.segments().take_while(|segment| segment.from <= from).last().map(|segment| segment.status)
        };
        // A check that nobody watched says nothing about the others.
        let known =
            histories.iter().filter_map(at).filter(|status| !matches!(status, Status::Unwatched | Status::Unknown));
        let status = known.min().unwrap_or(Status::Unwatched);
        if merged.last().is_none_or(|last| last.status != status) {
            merged.push(Segment { from, status });
        }
    }
    merged
}

/// Returns the release that is best gone back to, and why.
pub fn choose(releases: &[Release], health: &[Segment], now: Timestamp) -> Option<Chosen> {
    let order = newest_first(releases);
    let live = order.iter().position(|index| releases[*index].live);
    let live_release = live.map(|place| &releases[order[place]]);
    // Where no release is live, the newest is the one to get away from.
    let behind = live.map_or(1, |place| place + 1);
    let candidates: Vec<usize> = order
        .iter()
        .skip(behind)
        .copied()
        .filter(|index| {
            let release = &releases[*index];
            !release.live && eligible(release).is_ok() && live_release.is_none_or(|live| !is_the_same(release, live))
        })
        .collect();
    let mut ill: Option<&Release> = None;
    for index in &candidates {
        let release = &releases[*index];
        match lived(releases, &order, *index, health, now) {
            Some(life) if life.is_healthy() => {
                let skipped = ill.map(|ill| format!("; {} was down while it was live", ill.name())).unwrap_or_default();
                let text = format!(
                    "{} was healthy for the {} that it was live and watched{skipped}",
                    release.name(),
                    span(life.watched())
                );
                return Some(Chosen { index: *index, because: Line::from_text(&text) });
            }
            Some(_) => ill = ill.or(Some(release)),
            // Nobody watched it: a later one that was ill does not speak for it, and it is the best there is.
            None => break,
        }
    }
    let was_ill = |index: &usize| lived(releases, &order, *index, health, now).is_some_and(|life| !life.is_healthy());
    let index = candidates.iter().copied().find(|index| !was_ill(index)).or_else(|| candidates.first().copied())?;
    let release = &releases[index];
    let text = if was_ill(&index) {
        format!(
            "{} is the one before the live one; it was down while it was live, and no other can be gone back to",
            release.name()
        )
    } else if let Some(ill) = ill {
        format!("{} is the latest that was not seen to be down; {} was", release.name(), ill.name())
    } else {
        format!("{} is the one before the live one; nobody watched how it was", release.name())
    };
    Some(Chosen { index, because: Line::from_text(&text) })
}

/// How a release was while it was live, as far as somebody watched.
struct Life {
    up: Duration,
    down: Duration,
}

impl Life {
    fn watched(&self) -> Duration {
        self.up + self.down
    }

    fn is_healthy(&self) -> bool {
        self.down.as_secs_f64() <= self.watched().as_secs_f64() * MAY_BE_DOWN
    }
}

fn lived(releases: &[Release], order: &[usize], index: usize, health: &[Segment], now: Timestamp) -> Option<Life> {
    let began = went_live(&releases[index])?;
    // Until the next one that went out.
    let place = order.iter().position(|other| *other == index)?;
    let next = order[..place].iter().rev().map(|other| &releases[*other]).find(|other| went_out(other));
    let until = next.and_then(went_live).unwrap_or(now);
    let mut life = Life { up: Duration::ZERO, down: Duration::ZERO };
    for (place, segment) in health.iter().enumerate() {
        let end = health.get(place + 1).map_or(now, |next| next.from).min(until);
        let begin = segment.from.max(began);
        if end <= begin {
            continue;
        }
        match segment.status {
            Status::Up | Status::Degraded => life.up += end.since(begin),
            Status::Down => life.down += end.since(begin),
            Status::Unknown | Status::Unwatched => {}
        }
    }
    (life.watched() >= PROVES).then_some(life)
}

fn went_live(release: &Release) -> Option<Timestamp> {
    release.finished_at.or(release.created_at)
}

fn went_out(release: &Release) -> bool {
    release.live || matches!(release.state, ReleaseState::Succeeded | ReleaseState::Superseded)
}

/// Going back to what is live already helps nobody, under whatever name.
fn is_the_same(release: &Release, live: &Release) -> bool {
    let same = |a: &Option<Line>, b: &Option<Line>| a.is_some() && a == b;
    same(&release.commit, &live.commit) && (release.image.is_none() || same(&release.image, &live.image))
}

/// Returns places, the newest release first. Without times the platform's own order is kept.
fn newest_first(releases: &[Release]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..releases.len()).collect();
    if releases.iter().all(|release| release.created_at.is_some()) {
        order.sort_by_key(|index| std::cmp::Reverse(releases[*index].created_at));
    }
    order
}

fn span(watched: Duration) -> String {
    let minutes = watched.as_secs() / 60;
    match minutes {
        0..120 => format!("{minutes} min"),
        120..2_880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1_440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_micros(1_764_000_000_000_000 + minutes * 60_000_000)
    }

    fn release(id: &str, made: i64, state: ReleaseState, live: bool) -> Release {
        Release {
            id: Line::from_text(id),
            version: None,
            state,
            stated: None,
            live,
            created_at: Some(at(made)),
            finished_at: None,
            commit: None,
            branch: None,
            message: None,
            author: None,
            image: None,
            cause: None,
            traffic: None,
            can_roll_back: None,
            detail: None,
            url: None,
            extra: serde_json::Value::Null,
        }
    }

    fn line_of_releases() -> Vec<Release> {
        use ReleaseState::{Failed, Succeeded, Superseded};
        vec![
            release("v4", 300, Succeeded, true),
            release("v3", 200, Superseded, false),
            release("x", 150, Failed, false),
            release("v2", 100, Superseded, false),
            release("v1", 0, Superseded, false),
        ]
    }

    fn health(turns: &[(i64, Status)]) -> Vec<Segment> {
        turns.iter().map(|(minute, status)| Segment { from: at(*minute), status: *status }).collect()
    }

    #[track_caller]
    fn chosen(releases: &[Release], turns: &[(i64, Status)]) -> (String, String) {
        let chosen = choose(releases, &health(turns), at(310)).expect("there is one");
        (releases[chosen.index].id.to_string(), chosen.because.to_string())
    }

    #[test]
    fn the_last_one_that_was_healthy_while_it_was_live_is_chosen() {
        let releases = line_of_releases();
        let (id, why) = chosen(&releases, &[(0, Status::Up), (300, Status::Down)]);
        assert_eq!((id.as_str(), why.as_str()), ("v3", "v3 was healthy for the 100 min that it was live and watched"));
        let (id, why) = chosen(&releases, &[(0, Status::Up), (205, Status::Down)]);
        assert_eq!(id, "v2");
        assert!(why.ends_with("; v3 was down while it was live"), "{why}");
    }

    #[test]
    fn where_nobody_watched_it_is_the_one_before_and_that_is_said() {
        let (id, why) = chosen(&line_of_releases(), &[]);
        assert_eq!((id.as_str(), why.as_str()), ("v3", "v3 is the one before the live one; nobody watched how it was"));
        // The order of the list does not matter where there are times.
        let mut shuffled = line_of_releases();
        shuffled.reverse();
        assert_eq!(chosen(&shuffled, &[]).0, "v3");
    }

    #[test]
    fn what_cannot_be_gone_back_to_is_left_out() {
        let mut releases = line_of_releases();
        releases[1].can_roll_back = Some(false);
        assert_eq!(chosen(&releases, &[]).0, "v2");
        releases[3].commit = Some(Line::from_text("abc"));
        releases[0].commit = Some(Line::from_text("abc"));
        assert_eq!(chosen(&releases, &[]).0, "v1", "the same commit again helps nobody");
        assert_eq!(choose(&releases[..1], &[], at(310)), None);
        assert_eq!(choose(&[], &[], at(310)), None);
    }

    #[test]
    fn a_service_is_as_bad_as_its_worst_check() {
        let (mut one, mut other) = (History::default(), History::default());
        one.turn(Status::Up, at(0));
        other.turn(Status::Up, at(10));
        other.turn(Status::Down, at(20));
        other.turn(Status::Unwatched, at(30));
        let merged = service_history(&[&one, &other]);
        assert_eq!(merged, health(&[(0, Status::Up), (20, Status::Down), (30, Status::Up)]));
    }
}
