//! The fields of a JSON line that state a time, a level or an HTTP status.
//!
//! A scanner and no parser: it reads only as far as it must, and a line that was cut off in the middle is as good.

use super::level;
use crate::model::log::Level;

/// How far a line is read. Loggers write level and time first; platforms that sort keys write them after the message.
const SCANNED: usize = 2048;
/// `{"log":{"level":"error"}}` and `{"httpRequest":{"status":502}}`, but no deeper.
const DEPTH: usize = 2;

/// What the fields say.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Fields<'a> {
    pub time: Option<&'a [u8]>,
    pub level: Option<Level>,
    pub status: Option<u16>,
    pub message: Option<&'a [u8]>,
}

/// Returns where a JSON object begins that the line's header leads to.
pub(super) fn start(header: &[u8]) -> Option<usize> {
    let start = memchr::memchr(b'{', header)?;
    let next = header[start + 1..].iter().find(|byte| **byte != b' ');
    (next == Some(&b'"')).then_some(start)
}

/// Reads the fields of the object that `text` begins with; unless `whole`, only until time and level are known.
pub(super) fn fields(text: &[u8], whole: bool) -> Fields<'_> {
    let text = &text[..text.len().min(SCANNED)];
    let mut fields = Fields::default();
    let mut depth = 0_usize;
    let mut key: &[u8] = b"";
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                at += 1;
                if depth == 0 {
                    break;
                }
            }
            b'"' => {
                let Some(end) = string_end(text, at + 1) else { break };
                let string = &text[at + 1..end];
                at = end + 1;
                let colon = at + text[at..].iter().take_while(|byte| **byte == b' ').count();
                if text.get(colon) == Some(&b':') {
                    key = string;
                    at = colon + 1;
                } else if depth <= DEPTH {
                    take(&mut fields, key, string);
                    key = b"";
                }
            }
            b'0'..=b'9' => {
                let length = text[at..].iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
                if depth <= DEPTH && at + length < text.len() {
                    take(&mut fields, key, &text[at..at + length]);
                }
                key = b"";
                at += length;
            }
            _ => at += 1,
        }
        if !whole && fields.time.is_some() && fields.level.is_some_and(|level| level >= Level::Warn) {
            break;
        }
    }
    fields
}

/// Returns where a string ends, given where its text begins.
fn string_end(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr2(b'"', b'\\', &text[at..])?;
        if text[at] == b'"' {
            return Some(at);
        }
        at += 2;
        if at >= text.len() {
            return None;
        }
    }
}

fn take<'a>(fields: &mut Fields<'a>, key: &[u8], value: &'a [u8]) {
    if key.len() > 24 {
        return;
    }
    match key {
        b"level" | b"severity" | b"lvl" | b"levelname" | b"log.level" | b"loglevel" | b"logLevel" | b"log_level"
        | b"Level" | b"LogLevel" | b"Severity" | b"SeverityText" | b"severityText" | b"severity_text" | b"@l"
        | b"PRIORITY" | b"levelName" | b"level_name" => {
            fields.level = fields.level.or_else(|| level::of_value(value));
        }
        b"severityNumber" | b"SeverityNumber" => {
            fields.level = fields.level.or(level::of_telemetry_number(value));
        }
        b"msg" | b"message" | b"Message" | b"MESSAGE" | b"@m" | b"body" => {
            fields.message = fields.message.or(Some(value));
        }
        // MongoDB's `"s":"E"`.
        b"s" if value.len() == 1 => fields.level = fields.level.or(level::of_letter(value[0])),
        b"time"
        | b"timestamp"
        | b"@timestamp"
        | b"ts"
        | b"t"
        | b"@t"
        | b"date"
        | b"datetime"
        | b"asctime"
        | b"Timestamp"
        | b"TimeStamp"
        | b"Time"
        | b"time_local"
        | b"time_iso8601"
        | b"timeMillis"
        | b"eventTime"
        | b"EventTime"
        | b"$date"
        | b"epochSecond"
        | b"timeUnixNano"
        | b"__REALTIME_TIMESTAMP"
        | b"start_time"
        | b"started_at"
        | b"log_time"
        | b"logtime"
        | b"msec"
        | b"EdgeStartTimestamp"
        | b"createdAt" => {
            fields.time = fields.time.or((value.len() >= 9).then_some(value));
        }
        b"status"
        | b"statusCode"
        | b"status_code"
        | b"http_status"
        | b"response_status"
        | b"responseStatus"
        | b"EdgeResponseStatus" => {
            fields.status = fields.status.or_else(|| level::status(value));
        }
        _ => {}
    }
}
