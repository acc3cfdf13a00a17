//! Durations as people write them: `15s`, `800ms`, `1m30s`, `14d`.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// Why a text is no duration.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DurationError {
    #[error("`{0}` has no unit; write for example `{0}s`")]
    NoUnit(String),
    #[error("`{0}` is not a duration; write for example `15s`, `1m30s` or `14d`")]
    NotADuration(String),
    #[error("`{0}` is negative")]
    Negative(String),
    #[error("months and years differ in length; write `{0}` in days or weeks")]
    Calendar(String),
}

/// Reads a duration. A day has 24 hours.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let text = text.trim();
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_digit()) {
        return Err(DurationError::NoUnit(text.to_owned()));
    }
    let span: Span = text.parse().map_err(|_| DurationError::NotADuration(text.to_owned()))?;
    if span.is_negative() {
        return Err(DurationError::Negative(text.to_owned()));
    }
    if span.get_months() != 0 || span.get_years() != 0 {
        return Err(DurationError::Calendar(text.to_owned()));
    }
    span.to_duration(SpanRelativeTo::days_are_24_hours())
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| DurationError::NotADuration(text.to_owned()))
}

/// Writes a duration so that [`parse`] reads it: the largest units first, none that are zero.
pub fn text(duration: Duration) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let mut left = duration.as_secs();
    let mut text = String::new();
    for (size, unit) in units {
        if left >= size {
            text.push_str(&format!("{}{unit}", left / size));
            left %= size;
        }
    }
    if duration.subsec_millis() > 0 {
        text.push_str(&format!("{}ms", duration.subsec_millis()));
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_people_write_them() {
        let millis = |text: &str| parse(text).map(|duration| duration.as_millis());
        for (text, expected) in [
            ("15s", 15_000),
            ("800ms", 800),
            ("1m30s", 90_000),
            ("1m 30s", 90_000),
            ("14d", 14 * 86_400_000),
            ("2 weeks", 14 * 86_400_000),
            ("1h", 3_600_000),
            ("0s", 0),
            ("1.5s", 1_500),
        ] {
            assert_eq!(millis(text), Ok(expected), "{text}");
        }
        assert_eq!(millis("15"), Err(DurationError::NoUnit("15".to_owned())));
        assert_eq!(millis("-5s"), Err(DurationError::Negative("-5s".to_owned())));
        assert_eq!(millis("1mo"), Err(DurationError::Calendar("1mo".to_owned())));
        for text in ["", "soon", "5 parsecs", "s", "999999999999999999999s"] {
            assert!(matches!(millis(text), Err(DurationError::NotADuration(_))), "{text:?} gives {:?}", millis(text));
        }
    }

    #[test]
    fn what_we_write_we_read() {
        for text in ["15s", "800ms", "1m30s", "14d", "1d2h3m4s5ms", "0s"] {
            assert_eq!(super::text(parse(text).unwrap()), text);
        }
    }
}
