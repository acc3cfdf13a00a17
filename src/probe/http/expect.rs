//! What an HTTP answer must be, and what is shown of one that is not.

use hyper::header;

use super::Answer;
use crate::model::check::{Cause, Finding, HttpExpectation};
use crate::model::text::Line;

/// What is shown of a body that was not as expected.
const EXCERPT: usize = 200;

/// Compares an answer with what it must be.
///
/// # Errors
/// With the first difference, in the order in which it matters.
pub fn expected(expect: &HttpExpectation, answer: &Answer) -> Result<(), Finding> {
    let said = |cause, text: String| Finding::new(cause, Line::from_text(&text));
    let status = answer.status.as_u16();
    let usual = [(200, 399)];
    let accepted = if expect.status.is_empty() { &usual[..] } else { &expect.status };
    if !accepted.iter().any(|(low, high)| (*low..=*high).contains(&status)) {
        let ranges: Vec<_> = accepted
            .iter()
            .map(|(low, high)| if low == high { low.to_string() } else { format!("{low}-{high}") })
            .collect();
        let reason = answer.status.canonical_reason().map_or_else(String::new, |reason| format!(" {reason}"));
        let finding = said(Cause::Status, format!("answered {status}{reason}, expected {}", ranges.join(", ")));
        return Err(match status {
            500..=599 => finding.hint("the service answers with an error: look at its log from the first failure on"),
            401 | 403 => finding.hint("does the check need a header with a credential?"),
            404 => finding.hint("is the path of the health page right?"),
            _ => finding,
        });
    }
    let text = || String::from_utf8_lossy(&answer.body);
    let body = if answer.cut { "the first MiB of the body" } else { "the body" };
    if let Some(wanted) = &expect.body_contains
        && !text().contains(wanted.as_str())
    {
        return Err(said(Cause::Body, format!("{body} does not contain {wanted:?}")));
    }
    if let Some(pattern) = &expect.body_matches {
        let regex = regex::Regex::new(pattern)
            .map_err(|error| said(Cause::CannotRun, format!("{pattern:?} is no regular expression: {error}")))?;
        if !regex.is_match(&text()) {
            return Err(said(Cause::Body, format!("{body} does not match {pattern:?}")));
        }
    }
    if expect.json.is_empty() {
        return Ok(());
    }
    let json: serde_json::Value = serde_json::from_slice(&answer.body).map_err(|error| {
        let kind = answer
            .headers
            .get(header::CONTENT_TYPE)
            .map_or("no content type".into(), |kind| String::from_utf8_lossy(kind.as_bytes()));
        if answer.cut {
            return said(Cause::Body, format!("the body is longer than 1 MiB, too long to be read as JSON ({kind})"));
        }
        said(Cause::Body, format!("the body is not JSON ({kind}): {error}"))
    })?;
    for (pointer, wanted) in &expect.json {
        match json.pointer(pointer) {
            Some(found) if found == wanted => {}
            Some(found) => {
                return Err(said(Cause::Body, format!("{pointer} is {}, expected {wanted}", shortened(found))));
            }
            None => return Err(said(Cause::Body, format!("there is no {pointer} in the answer, expected {wanted}"))),
        }
    }
    Ok(())
}

fn shortened(value: &serde_json::Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { format!("{}...", text.chars().take(57).collect::<String>()) }
}

/// Returns the beginning of a body on one line.
pub fn excerpt(body: &[u8]) -> Option<Line> {
    let text = String::from_utf8_lossy(&body[..body.len().min(EXCERPT * 4)]);
    let one: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(EXCERPT).collect();
    (!one.is_empty()).then(|| Line::from_text(&one))
}
