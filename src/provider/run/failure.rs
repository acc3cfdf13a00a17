//! What went wrong with a request, sorted by what to do about it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::answer::{Answer, among, decode};
pub use crate::model::source::FailureKind;
use crate::model::text::Line;
use crate::provider::definition::{AnswerFormat, ErrorRules};

/// A request that brought no answer, or an answer that is an error.
#[derive(Clone, PartialEq, Eq, Debug, Error, Serialize, Deserialize)]
pub struct Failure {
    pub kind: FailureKind,
    /// What was asked: `GET api.render.com/v1/services/srv-1`.
    pub request: String,
    /// What the system said, or what happened instead of an answer.
    pub message: Line,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, request, message } = self;
        formatter.write_str(kind.words())?;
        if let FailureKind::RateLimited { wait_ms: Some(wait) } = kind {
            write!(formatter, ", wait {} s", wait.div_ceil(1_000))?;
        }
        if !message.is_empty() {
            write!(formatter, ": {message}")?;
        }
        if !request.is_empty() {
            write!(formatter, " ({request})")?;
        }
        Ok(())
    }
}

/// The longest message that is kept: a page of HTML says nothing.
const LONGEST_MESSAGE: usize = 300;

/// Returns what an answer means when it is an error.
///
/// # Errors
/// The failure.
pub fn judge(rules: &ErrorRules, accept: &[(u16, u16)], request: &str, answer: &Answer) -> Result<(), Failure> {
    let told = |program: &crate::provider::definition::program::Program| {
        let body = decode(AnswerFormat::Auto, answer).unwrap_or_default();
        let variable = |name: &str| answer.variable(name).unwrap_or_default();
        match program.first(&body, variable) {
            Ok(Value::String(text)) if !text.trim().is_empty() => Some(text),
            Ok(Value::Null | Value::Bool(false) | Value::String(_)) | Err(_) => None,
            Ok(other) => Some(other.to_string()),
        }
    };
    let failed = rules.failed.as_ref().and_then(told);
    if answer.is_success(accept) && failed.is_none() {
        return Ok(());
    }
    let kind = kind(rules, answer);
    let message = failed.or_else(|| rules.message.as_ref().and_then(told)).unwrap_or_else(|| plain_message(answer));
    let message: String = message.chars().take(LONGEST_MESSAGE).collect();
    Err(Failure { kind, request: request.to_owned(), message: Line::from_text(message.trim()) })
}

fn kind(rules: &ErrorRules, answer: &Answer) -> FailureKind {
    let status = answer.status;
    if answer.printed {
        return FailureKind::Refused;
    }
    if status == 429 || among(status, &rules.rate_limited) {
        return FailureKind::RateLimited {
            wait_ms: wait(rules, answer).and_then(|wait| u64::try_from(wait.as_millis()).ok()),
        };
    }
    // GitHub and others: 403 with nothing left is a limit.
    if status == 403 && (answer.header("retry-after").is_some() || answer.header("x-ratelimit-remaining") == Some("0"))
    {
        return FailureKind::RateLimited {
            wait_ms: wait(rules, answer).and_then(|wait| u64::try_from(wait.as_millis()).ok()),
        };
    }
    match status {
        401 => FailureKind::Unauthorised,
        _ if among(status, &rules.unauthorised) => FailureKind::Unauthorised,
        403 | 402 => FailureKind::Forbidden,
        404 | 410 => FailureKind::NotFound,
        503 if answer.header("retry-after").is_some() => FailureKind::RateLimited {
            wait_ms: wait(rules, answer).and_then(|wait| u64::try_from(wait.as_millis()).ok()),
        },
        500..=599 => FailureKind::Unavailable,
        408 => FailureKind::TimedOut,
        _ => FailureKind::Refused,
    }
}

/// Longer waits than this are cut: a clock that is wrong must not silence a source for a day.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// Returns how long an answer asks us to wait.
fn wait(rules: &ErrorRules, answer: &Answer) -> Option<Duration> {
    let program = rules.retry_after.as_ref().and_then(|program| {
        let body = decode(AnswerFormat::Auto, answer).unwrap_or_default();
        let variable = |name: &str| answer.variable(name).unwrap_or_default();
        program.first(&body, variable).ok()?.as_f64()
    });
    let seconds = program.or_else(|| {
        let after = answer.header("retry-after")?.trim();
        after.parse::<f64>().ok().or_else(|| http_date_distance(after, answer.header("date")?))
    });
    let seconds = seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0)?;
    Some(Duration::from_secs_f64(seconds.min(LONGEST_WAIT.as_secs_f64())))
}

/// Returns the seconds between two HTTP dates: the server's own clock is the right one for them.
fn http_date_distance(then: &str, now: &str) -> Option<f64> {
    let read = |text: &str| jiff::fmt::rfc2822::parse(text).ok().map(|at| at.timestamp());
    let (then, now) = (read(then)?, read(now)?);
    #[expect(clippy::cast_precision_loss, reason = "seconds between two dates of this century")]
    Some((then.as_second() - now.as_second()) as f64)
}

/// Finds the message in the forms that most systems use.
fn plain_message(answer: &Answer) -> String {
    let body = decode(AnswerFormat::Auto, answer);
    let found = match &body {
        Ok(Value::String(text)) => Some(text.lines().next().unwrap_or_default().to_owned()),
        Ok(value) => message_in(value),
        Err(_) => None,
    };
    let code = if answer.printed { format!("exit code {}", answer.status) } else { format!("HTTP {}", answer.status) };
    match found.filter(|text| !text.trim().is_empty()) {
        Some(text) => format!("{text} ({code})"),
        None => code,
    }
}

fn message_in(value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return Some(text.to_owned());
    }
    if let Some(list) = value.as_array() {
        return list.first().and_then(message_in);
    }
    const KEYS: &[&str] = &[
        "message",
        "Message",
        "error_description",
        "detail",
        "description",
        "title",
        "reason",
        "error",
        "errors",
        "__type",
    ];
    KEYS.iter().find_map(|key| value.get(key).filter(|inner| !inner.is_null()).and_then(message_in))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, headers: &[(&str, &str)], body: &str) -> String {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let answer = Answer { status, headers, body: body.as_bytes().to_vec(), ..Answer::default() };
        judge(&ErrorRules::default(), &[], "GET x", &answer)
            .map_or_else(|failure| failure.to_string(), |()| "fine".into())
    }

    #[test]
    fn failures_are_sorted_by_what_to_do() {
        assert_eq!(judged(204, &[], ""), "fine");
        assert_eq!(
            judged(401, &[], r#"{"error":"bad token"}"#),
            "the credential is not accepted: bad token (HTTP 401) (GET x)"
        );
        assert_eq!(judged(404, &[], ""), "not found: HTTP 404 (GET x)");
        assert_eq!(judged(429, &[("retry-after", "7")], ""), "asked too often, wait 7 s: HTTP 429 (GET x)");
        assert_eq!(judged(403, &[("x-ratelimit-remaining", "0")], "{}"), "asked too often: HTTP 403 (GET x)");
        assert_eq!(
            judged(422, &[], r#"{"errors":[{"message":"no such deploy"}]}"#),
            "refused: no such deploy (HTTP 422) (GET x)"
        );
        let dates = [("retry-after", "Sat, 11 Jun 2022 18:56:20 GMT"), ("date", "Sat, 11 Jun 2022 18:55:50 GMT")];
        assert_eq!(judged(429, &dates, ""), "asked too often, wait 30 s: HTTP 429 (GET x)");
        assert_eq!(judged(429, &[("retry-after", "1e9")], ""), "asked too often, wait 900 s: HTTP 429 (GET x)");
    }
}
