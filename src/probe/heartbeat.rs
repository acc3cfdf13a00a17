//! Did something give a sign of life lately? A backup, a worker, a cron job.

use super::{Deadline, Found, Inner, http};
use crate::config::duration;
use crate::model::check::{Cause, Facts, Finding, HeartbeatFacts, HeartbeatPlace, HeartbeatSpec, Outcome};
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// How far two clocks may differ before it matters.
const AHEAD: std::time::Duration = std::time::Duration::from_secs(300);

pub async fn probe(inner: &Inner, spec: &HeartbeatSpec, deadline: Deadline) -> Found {
    let seen = match &spec.place {
        HeartbeatPlace::File(path) => match deadline.during("looking at the file", tokio::fs::metadata(path)).await {
            Err(finding) => Err(finding),
            Ok(Ok(found)) => found
                .modified()
                .map(time)
                .map_err(|error| wrong(Cause::CannotRun, &format!("{}: {error}", path.display()))),
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => Err(wrong(
                Cause::HeartbeatMissing,
                &format!("{} does not exist: there was no beat yet", path.display()),
            )),
            Ok(Err(error)) => Err(wrong(Cause::CannotRun, &format!("cannot look at {}: {error}", path.display()))),
        },
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
    (seconds > 1e8).then(|| Timestamp::from_micros((seconds * 1e6) as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_the_forms_that_jobs_write() {
        let expected = Some(Timestamp::from_secs(1_764_036_849));
        assert_eq!(moment("2025-11-25T02:14:09Z"), expected);
        assert_eq!(moment("1764036849"), expected);
        assert_eq!(moment("1764036849000"), expected);
        assert_eq!(moment("42"), None);
        assert_eq!(moment("ok"), None);
    }
}
