//! Levels as programs write them.

use memchr::memmem;

use super::cursor::letter_run;
use super::json::Fields;
use crate::model::log::Level;

/// How far into an access log's line its status can stand: behind a long address.
pub(super) const ACCESS: usize = 1024;

/// What the words of a header say.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Words {
    pub level: Option<Level>,
    /// Where the level stands.
    pub at: usize,
    /// Whether no word names it, but how the line begins tells.
    pub is_opening: bool,
    /// Whether it says that the line adds to the one before.
    pub adds: bool,
}

/// Returns the level that a word names, in any case.
pub(super) fn of_word(word: &[u8]) -> Option<Level> {
    let mut lower = [0; 12];
    let lower = lower.get_mut(..word.len())?;
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    Some(match &*lower {
        b"trace" | b"trc" | b"trce" | b"finest" | b"finer" | b"silly" | b"verbose" => Level::Trace,
        b"debug" | b"dbg" | b"dbug" | b"debu" | b"fine" => Level::Debug,
        b"info" | b"inf" | b"information" | b"notice" | b"note" | b"config" => Level::Info,
        b"warn" | b"warning" | b"wrn" => Level::Warn,
        b"error" | b"err" | b"erro" | b"severe" | b"fail" => Level::Error,
        b"fatal" | b"ftl" | b"fata" | b"critical" | b"crit" | b"alert" | b"emerg" | b"emergency" | b"panic"
        | b"pani" | b"dpanic" => Level::Fatal,
        _ => return None,
    })
}

/// Whether a level's name is also a common word, so that it counts only where nothing else can stand.
fn is_common(word: &[u8]) -> bool {
    [
        &b"fine"[..],
        b"config",
        b"alert",
        b"notice",
        b"note",
        b"panic",
        b"verbose",
        b"fail",
        b"critical",
        b"information",
        b"silly",
    ]
    .iter()
    .any(|common| word.eq_ignore_ascii_case(common))
}

/// Returns the level of a single letter, as Android, klog and MongoDB write it.
pub(super) fn of_letter(letter: u8) -> Option<Level> {
    Some(match letter {
        b'T' | b'V' => Level::Trace,
        b'D' => Level::Debug,
        b'I' => Level::Info,
        b'W' => Level::Warn,
        b'E' => Level::Error,
        b'F' => Level::Fatal,
        _ => return None,
    })
}

/// Returns the level that a field's value names: a word, or a number as pino (10 to 60) or syslog (0 to 7) count.
pub(super) fn of_value(value: &[u8]) -> Option<Level> {
    if value.first()?.is_ascii_digit() {
        let number: u8 = std::str::from_utf8(value).ok()?.parse().ok()?;
        return Some(match number {
            0..=2 => Level::Fatal,
            3 => Level::Error,
            4 => Level::Warn,
            5 | 6 => Level::Info,
            7 => Level::Debug,
            8..=10 => Level::Trace,
            11..=20 => Level::Debug,
            21..=30 => Level::Info,
            31..=40 => Level::Warn,
            41..=50 => Level::Error,
            51..=60 => Level::Fatal,
            _ => return None,
        });
    }
    if value.len() == 1 {
        return of_letter(value[0]);
    }
    // `DEBUG4`, `SEVERITY_NUMBER_ERROR`.
    let word = value.rsplit(|byte| *byte == b'_').next()?;
    of_word(&word[..letter_run(word, 0)])
}

/// Returns the level of OpenTelemetry's severity number.
pub(super) fn of_telemetry_number(value: &[u8]) -> Option<Level> {
    let number: u8 = std::str::from_utf8(value).ok()?.parse().ok()?;
    Some(match number {
        1..=4 => Level::Trace,
        5..=8 => Level::Debug,
        9..=12 => Level::Info,
        13..=16 => Level::Warn,
        17..=20 => Level::Error,
        21..=24 => Level::Fatal,
        _ => return None,
    })
}

/// Returns the level of syslog's `<PRI>` at the line's beginning.
pub(super) fn of_priority(bytes: &[u8]) -> Option<Level> {
    let digits = super::cursor::digit_run(bytes, 1);
    if bytes.first() != Some(&b'<') || !(1..=3).contains(&digits) || bytes.get(1 + digits) != Some(&b'>') {
        return None;
    }
    let priority = super::cursor::digits(bytes, 1, digits)?;
    let severity = u8::try_from(priority % 8).ok()?;
    if priority > 191 { None } else { of_value(&[b'0' + severity]) }
}

/// Reads an HTTP status.
pub(super) fn status(value: &[u8]) -> Option<u16> {
    let number = super::cursor::digits(value, 0, 3).filter(|_| value.len() == 3)?;
    u16::try_from(number).ok()
}

/// Returns how bad an HTTP status is.
pub(super) fn of_status(status: u16) -> Option<Level> {
    match status {
        500..=599 => Some(Level::Error),
        400..=499 => Some(Level::Warn),
        _ => None,
    }
}

/// Finds the status of an access log's line: `"GET / HTTP/1.1" 502 `.
pub(super) fn access_status(bytes: &[u8]) -> Option<u16> {
    let bytes = &bytes[..bytes.len().min(ACCESS)];
    let protocol = memmem::find(bytes, b" HTTP/")?;
    let quote = protocol + bytes[protocol..].iter().take(12).position(|byte| matches!(byte, b'"'))?;
    let stands_alone = bytes.get(quote + 1) == Some(&b' ') && matches!(bytes.get(quote + 5), None | Some(b' '));
    status(bytes.get(quote + 2..quote + 5)?).filter(|_| stands_alone)
}

/// Reads the fields of a `key=value` line.
pub(super) fn logfmt(bytes: &[u8]) -> Fields<'_> {
    let mut fields = Fields::default();
    for equals in memchr::memchr_iter(b'=', bytes) {
        let start = bytes[..equals]
            .iter()
            .rposition(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'_' | b'.' | b'@'))
            .map_or(0, |before| before + 1);
        let rest = &bytes[equals + 1..];
        let value = match rest.strip_prefix(b"\"") {
            Some(quoted) => &quoted[..memchr::memchr(b'"', quoted).unwrap_or(quoted.len())],
            None => &rest[..memchr::memchr(b' ', rest).unwrap_or(rest.len())],
        };
        match &bytes[start..equals] {
            b"level" | b"lvl" | b"severity" | b"loglevel" | b"log.level" => {
                fields.level = fields.level.or_else(|| of_value(value));
            }
            // Heroku's router says `at=info` of every request; its status says more.
            b"at" => fields.level = fields.level.or_else(|| of_word(value)),
            b"time" | b"ts" | b"t" | b"timestamp" | b"@timestamp" if value.len() >= 9 => {
                fields.time = fields.time.or(Some(value));
            }
            // Linux' audit: `msg=audit(1770091506.450:92):`.
            b"msg" => {
                let seconds = value.strip_prefix(b"audit(").and_then(|stamp| stamp.split(|byte| *byte == b':').next());
                fields.time = fields.time.or(seconds);
                fields.message = fields.message.or(Some(value));
            }
            b"message" => fields.message = fields.message.or(Some(value)),
            b"status" | b"status_code" => fields.status = fields.status.or_else(|| status(value)),
            _ => {}
        }
    }
    fields
}

/// Finds a level among the words of a line. `after` is where its time ends, `body` where the program's own text begins.
pub(super) fn of_words(bytes: &[u8], after: usize, body: usize) -> Words {
    if let Some(level) = of_opening(&bytes[body.min(bytes.len())..]) {
        return Words { level: Some(level), at: body, is_opening: true, adds: false };
    }
    let mut is_first = true;
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphabetic() {
            at += 1;
            continue;
        }
        let run = letter_run(bytes, at);
        let word = &bytes[at..at + run];
        let end = at + run;
        let before = if at == 0 { b' ' } else { bytes[at - 1] };
        let next = bytes.get(end).copied().unwrap_or(b' ');
        let leads = at >= after && std::mem::replace(&mut is_first, at < after);
        if word.is_ascii() && next == b':' && matches!(word, b"DETAIL" | b"HINT" | b"STATEMENT" | b"CONTEXT" | b"QUERY")
        {
            return Words { adds: after > 0, ..Words::default() };
        }
        let level = match run {
            // PostgreSQL's `LOG:` is what happens anyway.
            3 if word == b"LOG" && next == b':' => Some(Level::Info),
            // ` E ` behind numbers only, `[E]`, and klog's `E0203`.
            1 => of_letter(word[0]).filter(|_| {
                let klog = leads_klog(bytes, at);
                klog || (before == b'[' && next == b']')
                    || (leads && after > 0 && before == b' ' && matches!(next, b' ' | b'/'))
                    || (at == 0 && next == b',' && bytes.get(2..4) == Some(b" ["))
                    || (at == 0 && next == b'/')
            }),
            3..=11 => of_word(word).filter(|_| counts(word, before, next, leads)),
            _ => None,
        };
        if level.is_some() {
            return Words { level, at, ..Words::default() };
        }
        at = end;
    }
    Words::default()
}

/// `E0203 04:05:06`.
fn leads_klog(bytes: &[u8], at: usize) -> bool {
    super::cursor::digit_run(bytes, at + 1) == 4 && bytes.get(at + 5) == Some(&b' ') && bytes.get(at + 8) == Some(&b':')
}

/// Whether a level's name stands where a level stands.
fn counts(word: &[u8], before: u8, next: u8, leads: bool) -> bool {
    let bracketed = matches!((before, next), (b'[', b']') | (b'<', b'>') | (b'(', b')') | (b'|', b'|') | (b':', b']'));
    let is_upper = word.iter().all(u8::is_ascii_uppercase);
    let opens = matches!(before, b' ' | b'[' | b'(' | b'<' | b'|' | b':' | b'"' | b'.' | b'-' | b'/' | b']' | b'\'');
    let closes =
        matches!(next, b' ' | b']' | b')' | b'>' | b'|' | b':' | b'"' | b',' | b'!' | b'-' | b'\'' | b'0'..=b'9');
    if bracketed {
        return true;
    }
    if !opens || !closes {
        return false;
    }
    if is_upper {
        return !is_common(word) || leads || next == b':' || next == b' ';
    }
    let is_plain_word = before == b' ' || before == b']' || before == b'|';
    (leads && is_plain_word && matches!(next, b' ' | b':' | b',' | b'1'..=b'9')) && !(is_common(word) && next != b':')
        || (next == b':' && is_plain_word && !is_common(word))
}

/// What a program says when it falls.
fn of_opening(body: &[u8]) -> Option<Level> {
    const OPENINGS: [(&[u8], Level); 10] = [
        (b"Traceback (most recent call last)", Level::Error),
        (b"panic: ", Level::Fatal),
        (b"Exception in thread ", Level::Error),
        (b"Unhandled exception", Level::Error),
        (b"Unhandled Exception", Level::Error),
        (b"Uncaught ", Level::Error),
        (b"PHP Fatal error:", Level::Fatal),
        (b"PHP Parse error:", Level::Error),
        (b"Segmentation fault", Level::Fatal),
        (b"Out of memory: ", Level::Error),
    ];
    let found = match body.first()? {
        b'f' if body.starts_with(b"fatal error: ") => Some(Level::Fatal),
        b'T' | b'p' | b'E' | b'U' | b'P' | b'S' | b'O' => {
            OPENINGS.iter().find(|(opening, _)| body.starts_with(opening)).map(|(_, level)| *level)
        }
        b't' if body.starts_with(b"thread '") => memmem::find(body, b"' panicked at ").map(|_| Level::Error),
        b'h' if body.starts_with(b"http: panic serving ") => Some(Level::Error),
        b'e' if body.starts_with(b"exception '") => Some(Level::Error),
        b'/' | b'f' if is_uncaught(body) => Some(Level::Error),
        _ => None,
    };
    found.or_else(|| names_exception(body).then_some(Level::Error))
}

/// Whether the line is the place that Node or Ruby print before what nobody caught there.
fn is_uncaught(body: &[u8]) -> bool {
    let place = &body[..memchr::memchr(b' ', body).unwrap_or(body.len())];
    let is_script = |end: &[u8]| memmem::find(place, end).is_some();
    if place.len() == body.len() {
        return place.last().is_some_and(u8::is_ascii_digit)
            && (is_script(b".js:") || is_script(b".ts:") || is_script(b".mjs:") || is_script(b".cjs:"));
    }
    is_script(b".rb:") && body.ends_with(b"Error)")
}

/// Whether the line begins with an exception's name: `java.lang.IllegalStateException: ..`, `TypeError: ..`.
pub(in crate::logs) fn names_exception(body: &[u8]) -> bool {
    let name = body
        .iter()
        .take(120)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'$' | b'\\'))
        .count();
    let rest = &body[name..];
    let name = &body[..name];
    (rest.is_empty() || rest.starts_with(b": ") || rest.starts_with(b":"))
        && (name.ends_with(b"Exception") || name.ends_with(b"Error"))
}
