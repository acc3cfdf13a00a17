//! What the platform shows of a wish whose answer never came: its releases say whether it was heeded.

use std::time::Duration;

use crate::model::operation::{StepFound, Target};
use crate::model::release::{Release, ReleaseState};
use crate::model::text::Line;
use crate::model::time::Timestamp;

use super::plan::ROLL_BACK;
use crate::model::operation::Plan;

/// Clocks of platforms and ours differ by this much, and nobody minds.
const SKEW: Duration = Duration::from_secs(5);
/// A deployment shows up this late: before that, its absence says nothing.
pub const APPEARS_WITHIN: Duration = Duration::from_secs(10);

/// Returns the release that a plan wants to be live, where it wants one.
pub fn wanted(plan: &Plan) -> Option<Release> {
    if plan.intent.action != ROLL_BACK {
        return None;
    }
    if plan.intent.undoes.is_some() {
        return serde_json::from_value(plan.values.get("current")?.clone()).ok();
    }
    match &plan.intent.target {
        Target::Release(release) => Some((**release).clone()),
        _ => None,
    }
}

/// Returns whether a release is live, or another one that was made of the same.
pub fn is_live(releases: &[Release], wanted: &Release, before: Option<&Release>, since: Timestamp) -> bool {
    let mut live = releases.iter().filter(|release| release.live);
    live.any(|release| release.id == wanted.id || (is_new(release, before, since) && is_same(release, wanted)))
}

/// Returns what releases show of a request that went out at `since`, as of `now`.
///
/// `before` is the release that was live then.
pub fn of_releases(
    releases: &[Release],
    wanted: &Release,
    before: Option<&Release>,
    since: Timestamp,
    now: Timestamp,
) -> (StepFound, Line) {
    if is_live(releases, wanted, before, since) {
        return (StepFound::Done, Line::from_text(&format!("{} is live", wanted.name())));
    }
    if let Some(new) = releases.iter().find(|release| is_new(release, before, since) && begins(release)) {
        let text = format!("the platform began {} after the request went out", new.name());
        return (StepFound::Done, Line::from_text(&text));
    }
    let live: Vec<&str> =
        releases.iter().filter(|release| release.live).map(|release| release.name().as_str()).collect();
    let waited = now.since(since);
    if live.is_empty() || waited < APPEARS_WITHIN {
        return (StepFound::Unclear, Line::from_text("the platform does not show it either way yet"));
    }
    let text = format!(
        "{} is live still, and no deployment began in the {} s since the request went out",
        live.join(", "),
        waited.as_secs()
    );
    (StepFound::NotDone, Line::from_text(&text))
}

fn is_new(release: &Release, before: Option<&Release>, since: Timestamp) -> bool {
    let other = before.is_none_or(|before| before.id != release.id);
    other && release.created_at.is_some_and(|at| at + SKEW >= since)
}

fn is_same(release: &Release, wanted: &Release) -> bool {
    let same = |a: &Option<Line>, b: &Option<Line>| a.is_some() && a == b;
    same(&release.commit, &wanted.commit) || same(&release.image, &wanted.image)
}

/// Whatever became of it: it was begun.
fn begins(release: &Release) -> bool {
    matches!(
        release.state,
        ReleaseState::Queued
            | ReleaseState::Building
            | ReleaseState::Deploying
            | ReleaseState::Succeeded
            | ReleaseState::Failed
    )
}
