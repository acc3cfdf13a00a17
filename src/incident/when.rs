//! When something happened, as people write it: `02:14`, `-5m`, a whole date.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::model::time::Timestamp;

/// Reads a time of day, the last one of its kind; or a whole date and time.
pub fn moment(text: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let of = |stamp: jiff::Timestamp| Timestamp::from_micros(stamp.as_microsecond());
    if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
        return Some(of(stamp));
    }
    if let Ok(date) = text.parse::<jiff::civil::DateTime>() {
        return Some(of(date.to_zoned(zone.clone()).ok()?.timestamp()));
    }
    let time: jiff::civil::Time = text.parse().ok()?;
    let today = now.in_zone(zone);
    let here = today.date().to_datetime(time).to_zoned(zone.clone()).ok()?;
    let here = if here.timestamp() > today.timestamp() {
        today.date().yesterday().ok()?.to_datetime(time).to_zoned(zone.clone()).ok()?
    } else {
        here
    };
    Some(of(here.timestamp()))
}

/// Splits a note that begins with when it happened, `02:14 kim restarts it` or `-5m kim restarts it`, into that moment and
/// the rest. Every other note is about now.
pub fn noted<'t>(text: &'t str, now: Timestamp, zone: &TimeZone) -> (Timestamp, &'t str) {
    let text = text.trim();
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    let at = match first.strip_prefix('-') {
        Some(ago) => ago_of(ago).map(|ago| now - ago),
        None => clock(first).then(|| moment(first, now, zone)).flatten(),
    };
    at.map_or((now, text), |at| (at, rest.trim_start()))
}

/// Whether this can only be a time of day: `2 of 3` and `503` are none.
fn clock(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    (2..=3).contains(&parts.len())
        && parts.iter().all(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn ago_of(text: &str) -> Option<Duration> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let amount: u64 = number.parse().ok()?;
    let unit = match &text[number.len()..] {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        _ => return None,
    };
    Some(Duration::from_secs(amount.checked_mul(unit)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_micros(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    #[test]
    fn a_note_says_when_it_happened_or_is_about_now() {
        let (now, zone) = (at("2026-11-25T00:10:00Z"), TimeZone::UTC);
        for (text, when, rest) in [
            ("-5m kim restarts it", "2026-11-25T00:05:00Z", "kim restarts it"),
            ("00:02 first mail", "2026-11-25T00:02:00Z", "first mail"),
            ("23:58:30 first mail", "2026-11-24T23:58:30Z", "first mail"),
            ("503s everywhere", "2026-11-25T00:10:00Z", "503s everywhere"),
            ("-5x is odd", "2026-11-25T00:10:00Z", "-5x is odd"),
            ("2:1 against", "2026-11-25T00:10:00Z", "2:1 against"),
            ("24:99 is no time", "2026-11-25T00:10:00Z", "24:99 is no time"),
            ("-99999999999999999999h no", "2026-11-25T00:10:00Z", "-99999999999999999999h no"),
        ] {
            assert_eq!(noted(text, now, &zone), (at(when), rest), "{text}");
        }
    }

    #[test]
    fn a_time_of_day_is_the_last_one_of_its_kind() {
        let berlin = TimeZone::fixed(jiff::tz::offset(1));
        assert_eq!(moment("01:05", at("2026-11-25T00:10:00Z"), &berlin), Some(at("2026-11-25T00:05:00Z")));
        assert_eq!(moment("01:15", at("2026-11-25T00:10:00Z"), &berlin), Some(at("2026-11-24T00:15:00Z")));
        assert_eq!(moment("2026-11-01T10:00", at("2026-11-25T00:10:00Z"), &berlin), Some(at("2026-11-01T09:00:00Z")));
        assert_eq!(moment("yesterday", at("2026-11-25T00:10:00Z"), &berlin), None);
    }
}
