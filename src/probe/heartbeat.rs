//! Did something give a sign of life lately? A backup, a worker, a cron job.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use super::{Deadline, Found, Inner, http};
use crate::config::duration;
use crate::model::check::{Cause, Facts, Finding, HeartbeatFacts, HeartbeatPlace, HeartbeatSpec, Outcome};
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// How far two clocks may differ before it matters.
const AHEAD: std::time::Duration = std::time::Duration::from_secs(300);

pub async fn probe(inner: &Inner, spec: &HeartbeatSpec, deadline: Deadline) -> Found {
    let seen = match &spec.place {
        HeartbeatPlace::File(path) => modified(inner, path, deadline).await,
        HeartbeatPlace::Url(url) => match http::get(inner, url, deadline).await {
            Err(finding) => Err(finding),
            Ok(answer) => stated(&answer).ok_or_else(|| {
                wrong(Cause::HeartbeatMissing, "the page states no time: neither Last-Modified nor a time in its body")
            }),
        },
    };
    let (outcome, last_beat) = match seen {
        Ok(at) => (judge(at, spec, inner.clock.now()), Some(at)),
        // A file that we may not look at says nothing about who should touch it.
        Err(finding) if finding.cause == Cause::CannotRun => (Outcome::Unknown(finding), None),
        Err(finding) => (Outcome::Fail(finding), None),
    };
    Found { outcome, facts: Facts::Heartbeat(HeartbeatFacts { last_beat }) }
}

/// The files that are being looked at, each by one at a time.
#[derive(Debug, Default)]
pub struct Files(Mutex<HashMap<PathBuf, Arc<tokio::sync::Mutex<()>>>>);

impl Files {
    /// Waits until nobody looks at that file. What is returned ends the look when it is dropped.
    async fn turn(&self, path: &Path) -> OwnedMutexGuard<()> {
        let file = {
            let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(files.entry(path.to_owned()).or_default())
        };
        file.lock_owned().await
    }
}

/// Asks for the time of a file. A dead file system does not let go of the thread that asks it, so there is at most one
/// for each file.
async fn modified(inner: &Inner, path: &Path, deadline: Deadline) -> Result<Timestamp, Finding> {
    let hangs = || {
        wrong(Cause::CannotRun, &format!("the file system of {} does not answer", path.display()))
            .hint("is it a network file system whose server is gone?")
    };
    let turn = deadline.within(inner.files.turn(path)).await.ok_or_else(hangs)?;
    let asked = path.to_owned();
    let looked = tokio::task::spawn_blocking(move || {
        let found = std::fs::metadata(asked).and_then(|found| found.modified());
        drop(turn);
        found
    });
    let found = deadline.within(looked).await.ok_or_else(hangs)?;
    match found.unwrap_or_else(|error| Err(std::io::Error::other(error))) {
        Ok(at) => Ok(time(at)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(wrong(Cause::HeartbeatMissing, &format!("{} does not exist: there was no beat yet", path.display())))
        }
        Err(error) => Err(wrong(Cause::CannotRun, &format!("cannot look at {}: {error}", path.display()))),
    }
}

fn judge(at: Timestamp, spec: &HeartbeatSpec, now: Timestamp) -> Outcome {
    if at.since(now) > AHEAD {
        let text = format!(
            "the last beat is {} in the future, so it cannot be told when the beats stop",
            duration::text(std::time::Duration::from_secs(at.since(now).as_secs()))
        );
        return Outcome::Warn(
            wrong(Cause::HeartbeatLate, &text).hint("is the clock right where it comes from, and here?"),
        );
    }
    let old = now.since(at);
    if old <= spec.within {
        return Outcome::Pass;
    }
    let text = format!(
        "the last beat was {} ago, expected every {}",
        duration::text(std::time::Duration::from_secs(old.as_secs())),
        duration::text(spec.within)
    );
    Outcome::Fail(wrong(Cause::HeartbeatLate, &text).hint("does the job still run? look at its log"))
}

fn wrong(cause: Cause, text: &str) -> Finding {
    Finding::new(cause, Line::from_text(text))
}

fn time(at: std::time::SystemTime) -> Timestamp {
    let since = at.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::EPOCH + since
}

/// Finds a time in an answer: in its body alone, in a JSON field that is named like one, or in its header.
fn stated(answer: &http::Answer) -> Option<Timestamp> {
    let text = String::from_utf8_lossy(&answer.body);
    let text = text.trim();
    if let Some(at) = moment(text) {
        return Some(at);
    }
    if let Ok(json) = serde_json::from_str::<serde_json::Value>(text) {
        let names = ["last_beat", "last_ping", "last_run", "last_success", "updated_at", "timestamp", "time"];
        let field = names.iter().find_map(|name| json.get(name));
        if let Some(at) =
            field.and_then(|field| moment(field.as_str().map_or_else(|| field.to_string(), str::to_owned).as_str()))
        {
            return Some(at);
        }
    }
    let header = answer.headers.get(hyper::header::LAST_MODIFIED)?;
    http::date_header(header.to_str().ok()?)
}

/// Reads RFC 3339, or seconds or milliseconds since the epoch.
fn moment(text: &str) -> Option<Timestamp> {
    if let Some(at) = Timestamp::parse_rfc3339(text) {
        return Some(at);
    }
    let number: f64 = text.parse().ok()?;
    // Seconds reach this in the year 5138; milliseconds passed it in 1973.
    let seconds = if number > 1e11 { number / 1_000.0 } else { number };
    #[expect(clippy::cast_possible_truncation, reason = "whole microseconds, far within range")]
    (1e8..1e11).contains(&seconds).then(|| Timestamp::from_micros((seconds * 1e6) as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_looked_at_by_one_at_a_time_and_others_do_not_wait_for_it() {
        let soon = std::time::Duration::from_millis(20);
        let (files, dead) = (Files::default(), Path::new("/mnt/dead/beat"));
        let look = files.turn(dead).await;
        assert!(tokio::time::timeout(soon, files.turn(dead)).await.is_err());
        assert!(tokio::time::timeout(soon, files.turn(Path::new("/mnt/alive/beat"))).await.is_ok());
        drop(look);
        assert!(tokio::time::timeout(soon, files.turn(dead)).await.is_ok());
    }

    #[test]
    fn times_in_the_forms_that_jobs_write() {
        let expected = Some(Timestamp::from_secs(1_764_036_849));
        assert_eq!(moment("2025-11-25T02:14:09Z"), expected);
        assert_eq!(moment("1764036849"), expected);
        assert_eq!(moment("1764036849000"), expected);
        assert_eq!(moment("42"), None);
        assert_eq!(moment("ok"), None);
        assert_eq!(moment("1e300"), None);
    }
}
