//! What went wrong with a request, sorted by what to do about it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::Values;
use super::answer::{Answer, among, decode};
pub use crate::model::source::FailureKind;
use crate::model::text::Line;
use crate::provider::definition::program::Program;
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
pub fn judge(
    rules: &ErrorRules,
    accept: &[(u16, u16)],
    request: &str,
    answer: &Answer,
    values: &Values,
) -> Result<(), Failure> {
    let run = |program: &Program| {
        let body = decode(AnswerFormat::Auto, answer).unwrap_or_default();
        let variable = |name: &str| answer.variable(name).unwrap_or_else(|| values.get(name));
        program.first(&body, variable).unwrap_or_default()
    };
    let told = |program: &Program| text_of(run(program));
    let (failed, named) = match rules.failed.as_ref().map(run) {
        Some(Value::Object(mut failed)) => {
            let named = failed.remove("kind").and_then(|kind| kind.as_str().map(str::to_owned));
            (failed.remove("message").and_then(text_of).or_else(|| named.clone()), named)
        }
        other => (other.and_then(text_of), None),
    };
    if answer.is_success(accept) && failed.is_none() {
        return Ok(());
    }
    let wait = || {
        let program = rules.retry_after.as_ref().and_then(|program| run(program).as_f64());
        wait(program, answer).and_then(|wait| u64::try_from(wait.as_millis()).ok())
    };
    let kind = named.as_deref().and_then(|word| kind_of_word(word, wait)).unwrap_or_else(|| kind(rules, answer, wait));
    let message = failed.or_else(|| rules.message.as_ref().and_then(told)).unwrap_or_else(|| plain_message(answer));
    let message: String = message.chars().take(LONGEST_MESSAGE).collect();
    Err(Failure { kind, request: request.to_owned(), message: Line::from_text(message.trim()) })
}

/// Returns what a program says as a message: nothing for null, false and an empty text.
fn text_of(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text).filter(|text| !text.trim().is_empty()),
        Value::Null | Value::Bool(false) => None,
        other => Some(other.to_string()),
    }
}

/// Returns the kind that a definition's `failed` names.
fn kind_of_word(word: &str, wait: impl Fn() -> Option<u64>) -> Option<FailureKind> {
    Some(match word {
        "unauthorised" => FailureKind::Unauthorised,
        "forbidden" => FailureKind::Forbidden,
        "not_found" => FailureKind::NotFound,
        "rate_limited" => FailureKind::RateLimited { wait_ms: wait() },
        "refused" => FailureKind::Refused,
        "unavailable" => FailureKind::Unavailable,
        _ => return None,
    })
}

fn kind(rules: &ErrorRules, answer: &Answer, wait: impl Fn() -> Option<u64>) -> FailureKind {
    let status = answer.status;
    if answer.printed {
        return FailureKind::Refused;
    }
    if status == 429 || among(status, &rules.rate_limited) {
        return FailureKind::RateLimited { wait_ms: wait() };
    }
    // GitHub and others: 403 with nothing left is a limit.
    if status == 403 && (answer.header("retry-after").is_some() || answer.header("x-ratelimit-remaining") == Some("0"))
    {
        return FailureKind::RateLimited { wait_ms: wait() };
    }
    match status {
        401 => FailureKind::Unauthorised,
        _ if among(status, &rules.unauthorised) => FailureKind::Unauthorised,
        403 | 402 => FailureKind::Forbidden,
        404 | 410 => FailureKind::NotFound,
        503 if answer.header("retry-after").is_some() => FailureKind::RateLimited { wait_ms: wait() },
        500..=599 => FailureKind::Unavailable,
        408 => FailureKind::TimedOut,
        _ => FailureKind::Refused,
    }
}

/// Longer waits than this are cut: a clock that is wrong must not silence a source for a day.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// Returns how long an answer asks us to wait.
fn wait(program: Option<f64>, answer: &Answer) -> Option<Duration> {
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
        judge(&ErrorRules::default(), &[], "GET x", &answer, &Values::default())
            .map_or_else(|failure| failure.to_string(), |()| "fine".into())
    }

    #[test]
    fn a_definition_names_the_kind_where_the_status_does_not() {
        let program = |source: &str| Program::compile(source, &["now".to_owned(), "headers".to_owned()]).ok();
        let rules = ErrorRules {
            failed: program("if .ok == false then {message: .error, kind: .kind} else null end"),
            retry_after: program("($headers.reset | tonumber) - $now"),
            ..ErrorRules::default()
        };
        let mut values = Values::default();
        values.set("now", 1_000);
        let judged = |body: &str| {
            let headers = vec![("reset".to_owned(), "1042".to_owned())];
            let answer = Answer { status: 200, headers, body: body.as_bytes().to_vec(), ..Answer::default() };
            judge(&rules, &[], "GET x", &answer, &values).map_or_else(|failure| failure.to_string(), |()| "fine".into())
        };
        assert_eq!(judged(r#"{"ok": true}"#), "fine");
        let named = |kind: &str| judged(&format!(r#"{{"ok": false, "error": "no", "kind": "{kind}"}}"#));
        assert_eq!(named("unauthorised"), "the credential is not accepted: no (GET x)");
        assert_eq!(named("forbidden"), "the credential may not do this: no (GET x)");
        assert_eq!(named("not_found"), "not found: no (GET x)");
        assert_eq!(named("rate_limited"), "asked too often, wait 42 s: no (GET x)");
        assert_eq!(named("unavailable"), "the system is in trouble itself: no (GET x)");
        assert_eq!(named("refused"), "refused: no (GET x)");
        assert_eq!(named("odd"), "refused: no (GET x)");
        assert_eq!(
            judged(r#"{"ok": false, "kind": "forbidden"}"#),
            "the credential may not do this: forbidden (GET x)"
        );
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
