//! Times as programs write them.

mod forms;

use jiff::tz::TimeZone;
use memchr::memmem;

use self::forms::{
    Parts, common_log, compact, days, is_weekday, month_first, named, short_compact, two_digits_first, year_first,
};
use super::cursor::{digit_run, digits};
use crate::model::time::Timestamp;

/// A time and where it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stamp {
    pub time: Timestamp,
    pub start: usize,
    pub end: usize,
}

/// How far in the future a time may be and still be the line's own: a wrong zone, not the expiry of a certificate.
const FUTURE: i64 = 26 * 3600;
/// Words that may stand before a line's time: a host, a process, a level.
const WORDS_BEFORE: usize = 5;
const MICROS: i64 = 1_000_000;
const YEAR_2000: i64 = 946_684_800;
const YEAR_2100: i64 = 4_102_444_800;

/// A zone for times that state none, with the last answer kept: neighbouring lines ask for the same hour.
#[derive(Debug)]
pub struct LocalTime {
    zone: TimeZone,
    /// Hours since the epoch on the zone's own clock, and the seconds that it is ahead of UTC then.
    hour: Option<(i64, i64)>,
    /// Days since the epoch, and the year then.
    year: Option<(i64, i64)>,
}

impl LocalTime {
    /// Returns the local time of a zone.
    pub fn new(zone: TimeZone) -> Self {
        Self { zone, hour: None, year: None }
    }

    /// Returns the seconds since the epoch at which the zone's clocks show `seconds` since the epoch.
    fn utc(&mut self, seconds: i64) -> i64 {
        let hour = seconds.div_euclid(3600);
        if let Some((known, offset)) = self.hour
            && known == hour
        {
            return seconds - offset;
        }
        let offset = jiff::Timestamp::from_second(seconds)
            .map(|at| jiff::tz::Offset::UTC.to_datetime(at))
            .and_then(|civil| self.zone.to_ambiguous_timestamp(civil).compatible())
            .map_or(0, |at| seconds - at.as_second());
        self.hour = Some((hour, offset));
        seconds - offset
    }

    fn year_at(&mut self, at: Timestamp) -> i64 {
        let day = at.as_micros().div_euclid(24 * 3600 * MICROS);
        match self.year {
            Some((known, year)) if known == day => year,
            _ => {
                let year = i64::from(at.in_zone(&self.zone).year());
                self.year = Some((day, year));
                year
            }
        }
    }
}

/// Finds the time that a line states. `from` is where the line begins behind a platform's prefix.
pub(super) fn find(bytes: &[u8], from: usize, received: Timestamp, local: &mut LocalTime) -> Option<Stamp> {
    let mut at = from;
    let mut words = 0;
    // Rails says it in a sentence: `Started GET "/" for 127.0.0.1 at 2026-02-03 04:05:06 +0000`.
    if bytes[from..].starts_with(b"Started ") {
        at = memmem::find(bytes, b" at 2")? + 4;
    }
    while at < bytes.len() {
        let byte = bytes[at];
        if byte.is_ascii_digit() || byte.is_ascii_uppercase() || byte == b'@' {
            if words <= WORDS_BEFORE
                && let Some(found) = stamp(bytes, at, at == from, received, local)
                && found.time.as_micros() / MICROS <= received.as_micros() / MICROS + FUTURE
            {
                return Some(found);
            }
            // An access log's time has a form that nothing else has, wherever it stands.
            if words > WORDS_BEFORE && at > 0 && bytes[at - 1] == b'[' {
                let parts = common_log(bytes, at).or_else(|| is_weekday(bytes, at).then(|| named(bytes, at))?);
                if let Some(parts) = parts {
                    return resolve(parts, at, received, local);
                }
            }
        }
        if byte.is_ascii_alphanumeric() {
            let run = bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            if is_prose(bytes, at, run, from) {
                // A sentence has begun. Only an access log's bracket can follow.
                words = WORDS_BEFORE + 1;
            }
            at += run;
        } else {
            if byte == b' ' {
                words += 1;
            }
            at += 1;
            if words > WORDS_BEFORE {
                at += memchr::memchr(b'[', &bytes[at..]).map_or(bytes.len(), |bracket| bracket + 1);
            }
        }
    }
    None
}

/// Whether a word before a time says that this is a sentence and not a header.
fn is_prose(bytes: &[u8], at: usize, run: usize, from: usize) -> bool {
    let word = &bytes[at..at + run];
    at > from
        && bytes[at - 1] == b' '
        && run > 1
        && word.iter().all(u8::is_ascii_lowercase)
        && matches!(bytes.get(at + run), Some(b' ' | b',' | b':'))
        && super::level::of_word(word).is_none()
}

/// Reads a time that begins at `at`.
fn stamp(bytes: &[u8], at: usize, is_first: bool, received: Timestamp, local: &mut LocalTime) -> Option<Stamp> {
    let parts = match bytes[at] {
        b'@' => return tai64(bytes, at),
        b'0'..=b'9' => match digit_run(bytes, at) {
            4 => year_first(bytes, at),
            2 => two_digits_first(bytes, at),
            1 => month_first(bytes, at, 1),
            8 => compact(bytes, at),
            6 => short_compact(bytes, at),
            10 | 13 | 16 | 19 if is_first || stands_alone(&bytes[..at]) => return epoch_at_start(bytes, at, received),
            _ => None,
        },
        _ => named(bytes, at),
    }?;
    resolve(parts, at, received, local)
}

fn resolve((date, clock, end): Parts, start: usize, received: Timestamp, local: &mut LocalTime) -> Option<Stamp> {
    let to_seconds = |year: i64, local: &mut LocalTime| {
        let wall = days(year, date.month, date.day)? * 86_400 + clock.seconds;
        Some(clock.offset.map_or_else(|| local.utc(wall), |offset| wall - offset))
    };
    let now = received.as_micros() / MICROS;
    let seconds = match date.year {
        Some(year) => to_seconds(year, local)?,
        None => {
            let year = local.year_at(received);
            // December's lines are read in January. A day of grace for zones.
            [year + 1, year, year - 1, year - 2, year - 3, year - 4]
                .into_iter()
                .filter_map(|year| to_seconds(year, local))
                .find(|&seconds| seconds <= now + 86_400)?
        }
    };
    Some(Stamp { time: Timestamp::from_micros(seconds * MICROS + clock.micros), start, end })
}

/// Whether what stands before a number of seconds leaves no doubt that it is a time: `[`, `- `, a process id.
fn stands_alone(before: &[u8]) -> bool {
    before.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'[' | b'-' | b'#' | b'+'))
}

/// Seconds since the epoch as the line's first word. Nothing else has so many digits and is of this time.
fn epoch_at_start(bytes: &[u8], at: usize, received: Timestamp) -> Option<Stamp> {
    let run = digit_run(bytes, at);
    let fraction = if bytes.get(at + run) == Some(&b'.') { 1 + digit_run(bytes, at + run + 1) } else { 0 };
    let end = at + run + fraction;
    if bytes.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'/')) {
        return None;
    }
    let time = epoch(&bytes[at..end])?;
    (time <= received + std::time::Duration::from_secs(86_400)).then_some(Stamp { time, start: at, end })
}

/// Seconds, milliseconds, microseconds or nanoseconds since the epoch; which one is told by the size.
fn epoch(text: &[u8]) -> Option<Timestamp> {
    let run = digit_run(text, 0);
    if run == 0 || run > 19 {
        return None;
    }
    let whole = digits(text, 0, run.min(18))?;
    let whole = if run == 19 { whole.checked_mul(10)? } else { whole };
    let micros = match run {
        9..=11 => {
            let fraction = if text.get(run) == Some(&b'.') { digit_run(text, run + 1).min(6) } else { 0 };
            let part = digits(text, run + 1, fraction).unwrap_or(0);
            whole * MICROS + part * 10_i64.pow(u32::try_from(6 - fraction).unwrap_or(0))
        }
        12..=14 => whole * 1_000,
        15..=17 => whole,
        18..=19 => whole / 1_000,
        _ => return None,
    };
    (YEAR_2000 * MICROS..YEAR_2100 * MICROS).contains(&micros).then_some(Timestamp::from_micros(micros))
}

/// `@4000000043322583 3b6e1a8c`: seconds since the epoch of TAI, hexadecimal, as daemontools write.
fn tai64(bytes: &[u8], at: usize) -> Option<Stamp> {
    let text = std::str::from_utf8(bytes.get(at + 1..at + 25)?).ok()?;
    let seconds = i64::from_str_radix(text.get(..16)?, 16).ok()? - (1 << 62) - 10;
    let nanos = i64::from_str_radix(text.get(16..)?, 16).ok()?;
    let in_range = (YEAR_2000 - 315_360_000..YEAR_2100).contains(&seconds) && nanos < 1_000_000_000;
    let time = Timestamp::from_micros(seconds * MICROS + nanos / 1000);
    in_range.then_some(Stamp { time, start: at, end: at + 25 })
}

/// Reads a time that stands alone, as the value of a field.
pub(super) fn of_value(value: &[u8], received: Timestamp, local: &mut LocalTime) -> Option<Timestamp> {
    if value.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') {
        return epoch(value);
    }
    if value.is_empty() { None } else { stamp(value, 0, true, received, local).map(|stamp| stamp.time) }
}
