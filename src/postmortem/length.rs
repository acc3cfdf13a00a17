//! Lengths of time as people say them, there and back.

use std::time::Duration;

/// Returns a length of time as people say it: `1 h 05 min`, `14 min 32 s`, `29 s`.
pub fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {:02} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// Reads such a length: `2 h`, `1h 05min`, `90 s`. Nothing for what is said in other words.
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut seconds = 0u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = match &rest[..letters] {
            "s" | "sec" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
        rest = rest[letters..].trim_start();
    }
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_can_be_read_back() {
        for (seconds, said) in
            [(0, "0 s"), (59, "59 s"), (74, "1 min 14 s"), (3_900, "1 h 05 min"), (93_600, "1 d 02 h")]
        {
            assert_eq!(span(Duration::from_secs(seconds)), said);
            assert_eq!(parse(said), Some(Duration::from_secs(seconds)));
        }
        assert_eq!(parse("2h"), Some(Duration::from_secs(7_200)));
        for text in ["", "about 2 h", "2", "h", "2 h or so", "99999999999999999999 s", "18446744073709551615 d"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
