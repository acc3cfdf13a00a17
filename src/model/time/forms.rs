//! Times, in the forms that hosting and monitoring systems use.

use serde_json::Value;

use super::Timestamp;

/// Reads a time: RFC 3339, RFC 2822, JavaScript's long form, a date and time without a zone (UTC), or a count since 1970
/// in seconds, milliseconds, microseconds or nanoseconds, which its size tells apart (until the year 5138).
///
/// Zero and Go's year 1 are how systems write that there is none.
pub fn timestamp(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(whole) => counted(whole),
            None => fraction(number.as_f64()?),
        },
        Value::String(text) => {
            let text = text.trim();
            if text.starts_with("0001-01-01") {
                return None;
            }
            if let Ok(whole) = text.parse::<i64>() {
                return counted(whole);
            }
            if let Ok(float) = text.parse::<f64>() {
                return fraction(float);
            }
            written(text)
        }
        _ => None,
    }
}

/// Beyond this many, a count is of the next smaller unit.
const LARGEST: i64 = 100_000_000_000;

fn counted(count: i64) -> Option<Timestamp> {
    let size = count.unsigned_abs();
    let largest = LARGEST.unsigned_abs();
    if count == 0 {
        None
    } else if size < largest {
        Some(Timestamp::from_micros(count.saturating_mul(1_000_000)))
    } else if size < largest * 1_000 {
        Some(Timestamp::from_micros(count.saturating_mul(1_000)))
    } else if size < largest * 1_000_000 {
        Some(Timestamp::from_micros(count))
    } else {
        Some(Timestamp::from_micros(count / 1_000))
    }
}

fn fraction(count: f64) -> Option<Timestamp> {
    #[expect(clippy::cast_precision_loss, reason = "a border, not a value")]
    let largest = LARGEST as f64;
    if !count.is_finite() || count == 0.0 {
        return None;
    }
    let micros = if count.abs() < largest {
        count * 1e6
    } else if count.abs() < largest * 1e3 {
        count * 1e3
    } else if count.abs() < largest * 1e6 {
        count
    } else {
        count / 1e3
    };
    #[expect(clippy::cast_possible_truncation, reason = "a float saturates")]
    Some(Timestamp::from_micros(micros.round() as i64))
}

fn written(text: &str) -> Option<Timestamp> {
    if let Some(at) = Timestamp::parse_rfc3339(text) {
        return Some(at);
    }
    // Without a colon in the zone (`+0000`), or with a space: systems that print their language's default.
    let zoned =
        ["%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f %z", "%Y-%m-%d %H:%M:%S%.f%:z", "%Y-%m-%d %H:%M:%S%.fZ"];
    for format in zoned {
        if let Ok(at) = jiff::Timestamp::strptime(format, text) {
            return Some(at.into());
        }
    }
    let naive =
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%SZ", "%Y-%m-%d"];
    for format in naive {
        if let Ok(at) = jiff::civil::DateTime::strptime(format, text) {
            return at.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|at| at.timestamp().into());
        }
        if let Ok(date) = jiff::civil::Date::strptime(format, text) {
            return date.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|at| at.timestamp().into());
        }
    }
    if let Ok(at) = jiff::fmt::rfc2822::parse(text) {
        return Some(at.timestamp().into());
    }
    // "Sat Jun 11 2022 18:55:50 GMT+0000 (Coordinated Universal Time)"
    let plain = text.split(" (").next().unwrap_or(text);
    jiff::Timestamp::strptime("%a %b %d %Y %H:%M:%S GMT%z", plain).ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_time_is_read_in_every_form_that_is_used() {
        let at = Timestamp::from_micros(1_654_973_750_000_000);
        for value in [
            json!(1_654_973_750),
            json!(1_654_973_750.0),
            json!("1654973750"),
            json!(1_654_973_750_000_i64),
            json!("1654973750000000000"),
            json!(1_654_973_750_000_000_i64),
            json!("2022-06-11T18:55:50Z"),
            json!("2022-06-11T18:55:50.000+00:00"),
            json!("2022-06-11T18:55:50+0000"),
            json!("2022-06-11T20:55:50.000000000+02:00"),
            json!("2022-06-11 18:55:50.000"),
            json!("2022-06-11 18:55:50 +0000"),
            json!("2022-06-11 18:55:50 UTC"),
            json!("2022-06-11T18:55:50"),
            json!("Sat, 11 Jun 2022 18:55:50 +0000"),
            json!("Sat, 11 Jun 2022 18:55:50 GMT"),
            json!("Sat Jun 11 2022 18:55:50 GMT+0000 (Coordinated Universal Time)"),
        ] {
            assert_eq!(timestamp(&value), Some(at), "{value}");
        }
        assert_eq!(timestamp(&json!(1.5)), Some(Timestamp::from_micros(1_500_000)));
        assert_eq!(timestamp(&json!("2022-06-11")), Some(Timestamp::from_secs(1_654_905_600)));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for value in
            [json!(null), json!(0), json!(""), json!("0001-01-01T00:00:00Z"), json!("soon"), json!({}), json!("NaN")]
        {
            assert_eq!(timestamp(&value), None, "{value}");
        }
    }
}
