//! Numbers for tired eyes: ages, latencies, bytes, counts.

use std::time::Duration;

use crate::model::observed::Freshness;
use crate::model::time::Timestamp;

/// Returns an age in at most six cells: `25s`, `14m`, `1h05m`, `3d`.
///
/// Below a minute it moves in steps of five seconds: fast enough to trust, slow enough not to flicker over a slow line.
pub fn age(duration: Duration) -> String {
    let secs = duration.as_secs();
    match secs {
        0..60 => format!("{}s", secs / 5 * 5),
        60..3_600 => format!("{}m", secs / 60),
        3_600..86_400 => format!("{}h{:02}m", secs / 3_600, secs % 3_600 / 60),
        _ => format!("{}d", secs / 86_400),
    }
}

/// Returns a length of time in words' short forms, for settings and forecasts: `15s`, `2h`, `14d`, `1h30m`.
pub fn span(duration: Duration) -> String {
    let mut left = duration.as_secs();
    if left == 0 {
        return format!("{}ms", duration.as_millis());
    }
    let mut text = String::new();
    for (unit, length) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if left >= length {
            text.push_str(&format!("{}{unit}", left / length));
            left %= length;
        }
    }
    text
}

/// Returns what a value's freshness is called: nothing for a live one, the age for others.
pub fn freshness(freshness: Freshness) -> Option<String> {
    match freshness {
        Freshness::Live => None,
        Freshness::Stale(old) => Some(format!("stale {}", age(old))),
        Freshness::Lost(old) => Some(format!("no data {}", age(old))),
        Freshness::Never => Some("never seen".to_owned()),
    }
}

/// Returns a latency: `3 ms`, `812 ms`, `1.42 s`.
pub fn latency(duration: Duration) -> String {
    let micros = duration.as_micros();
    match micros {
        0..1_000 => "<1 ms".to_owned(),
        1_000..1_000_000 => format!("{} ms", micros / 1_000),
        1_000_000..10_000_000 => format!("{:.2} s", duration.as_secs_f64()),
        _ => format!("{:.1} s", duration.as_secs_f64()),
    }
}

/// Returns a size in binary units with three digits: `1.43 GiB`, `512 MiB`.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub fn bytes(count: u64) -> String {
    let mut value = count as f64;
    for unit in ["B", "KiB", "MiB", "GiB", "TiB"] {
        if value < 1_000.0 || unit == "TiB" {
            return match value {
                _ if unit == "B" => format!("{count} B"),
                v if v < 10.0 => format!("{v:.2} {unit}"),
                v if v < 100.0 => format!("{v:.1} {unit}"),
                v => format!("{v:.0} {unit}"),
            };
        }
        value /= 1_024.0;
    }
    unreachable!("the last unit takes everything")
}

/// Returns a share as whole per cent: `81%`.
pub fn percent(share: f32) -> String {
    format!("{:.0}%", share * 100.0)
}

/// Returns an uptime share: never rounded up to a perfect one.
pub fn uptime(share: f64) -> String {
    let percent = share * 100.0;
    if share >= 1.0 { "100%".to_owned() } else { format!("{:.2}%", (percent * 100.0).floor() / 100.0) }
}

/// Returns a count with its noun: `1 check`, `3 checks`, `2 matches`.
pub fn count(n: usize, noun: &str) -> String {
    let ending = match (n, noun.ends_with('h') || noun.ends_with('s')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{} {noun}{ending}", thousands(n as u64))
}

/// Returns a number with thousands set apart: `1,048,576`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns hours and minutes in a zone: `02:14`.
pub fn clock(at: Timestamp, zone: &jiff::tz::TimeZone) -> String {
    at.in_zone(zone).strftime("%H:%M").to_string()
}

/// Returns the time of day in a zone, with the day when it is not today's: `02:14:07`, `Mon 23:59:59`.
pub fn moment(at: Timestamp, now: Timestamp, zone: &jiff::tz::TimeZone) -> String {
    let (then, today) = (at.in_zone(zone), now.in_zone(zone));
    if then.date() == today.date() {
        then.strftime("%H:%M:%S").to_string()
    } else if now.since(at) < Duration::from_secs(6 * 86_400) {
        then.strftime("%a %H:%M:%S").to_string()
    } else {
        then.strftime("%Y-%m-%d %H:%M").to_string()
    }
}

/// Returns the zone's short name at a time: `CET`, `UTC`, `+05:30`.
pub fn zone_name(at: Timestamp, zone: &jiff::tz::TimeZone) -> String {
    at.in_zone(zone).strftime("%Z").to_string()
}

/// The words for how a vendor is.
pub fn vendor_state(state: crate::model::vendor::VendorState) -> &'static str {
    use crate::model::vendor::VendorState;
    match state {
        VendorState::MajorOutage => "major outage",
        VendorState::PartialOutage => "partial outage",
        VendorState::Degraded => "degraded",
        VendorState::Unknown => "unknown",
        VendorState::Maintenance => "maintenance",
        VendorState::Operational => "operational",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short_and_move_slowly() {
        let cases = [(0, "0s"), (4, "0s"), (59, "55s"), (60, "1m"), (3_599, "59m"), (3_900, "1h05m"), (200_000, "2d")];
        for (secs, expected) in cases {
            assert_eq!(age(Duration::from_secs(secs)), expected);
        }
    }

    #[test]
    fn sizes_and_latencies_have_three_digits() {
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1_500), "1.46 KiB");
        assert_eq!(bytes(1_536 * 1_024 * 1_024), "1.50 GiB");
        assert_eq!(bytes(u64::MAX), "16777216 TiB");
        assert_eq!(latency(Duration::from_micros(400)), "<1 ms");
        assert_eq!(latency(Duration::from_millis(812)), "812 ms");
        assert_eq!(latency(Duration::from_millis(1_420)), "1.42 s");
    }

    #[test]
    fn an_imperfect_uptime_is_never_shown_as_a_perfect_one() {
        assert_eq!(uptime(0.999_999), "99.99%");
        assert_eq!(uptime(1.0), "100%");
    }

    #[test]
    fn counts_have_their_plural() {
        assert_eq!(count(1, "check"), "1 check");
        assert_eq!(count(1_412, "line"), "1,412 lines");
        assert_eq!(count(2, "match"), "2 matches");
    }
}
