//! The forms in which programs write a date and a time of day.

use super::super::cursor::{digit_run, digits, letter_run, spaces};

/// A date and a time of day before the zone is applied.
#[derive(Clone, Copy, Debug)]
pub(super) struct Civil {
    /// `None` when the line leaves it to the reader.
    pub year: Option<i64>,
    pub month: i64,
    pub day: i64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// Seconds of the day.
    pub seconds: i64,
    pub micros: i64,
    /// Seconds ahead of UTC.
    pub offset: Option<i64>,
}

/// What was read, and where it ends.
pub(super) type Parts = (Civil, Clock, usize);

/// Returns the days from the epoch to a date of the Gregorian calendar, or nothing if there is no such date.
pub(super) fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=last).contains(&day) || !(1970..=2199).contains(&year) {
        return None;
    }
    // Years that begin in March have their leap day at the end, so days before a month are a linear formula.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before_month = (153 * month + 2) / 5;
    Some(year * 365 + year / 4 - year / 100 + year / 400 + before_month + day - 1 - 719_468)
}

/// `2026-02-03 04:05:06`, `2026/02/03`, `2026.02.03`, `2026-034T04:05:06`, and what may follow.
pub(super) fn year_first(bytes: &[u8], at: usize) -> Option<Parts> {
    let year = digits(bytes, at, 4)?;
    let separator = *bytes.get(at + 4)?;
    if !matches!(separator, b'-' | b'/' | b'.' | b':') {
        return None;
    }
    if separator == b'-' && digit_run(bytes, at + 5) == 3 {
        let mut day = digits(bytes, at + 5, 3)?;
        let mut month = 1;
        while month < 12 && day > 28 && days(year, month, day).is_none() {
            day -= days(year, month + 1, 1)? - days(year, month, 1)?;
            month += 1;
        }
        let (clock, end) = clock(bytes, after_date(bytes, at + 8)?)?;
        return Some((Civil { year: Some(year), month, day }, clock, end));
    }
    let (month, at) = one_or_two(bytes, at + 5)?;
    if bytes.get(at) != Some(&separator) {
        return None;
    }
    let (day, at) = one_or_two(bytes, at + 1)?;
    let (clock, end) = clock(bytes, after_date(bytes, at)?)?;
    Some((Civil { year: Some(year), month, day }, clock, end))
}

fn one_or_two(bytes: &[u8], at: usize) -> Option<(i64, usize)> {
    let count = digit_run(bytes, at);
    if count == 1 || count == 2 { Some((digits(bytes, at, count)?, at + count)) } else { None }
}

/// What stands between a date and a time of day.
fn after_date(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        b'T' | b't' | b'_' | b'-' | b':' => Some(at + 1),
        // Gin: `2026/02/03 - 04:05:06`.
        b' ' if bytes.get(at..at + 3) == Some(b" - ") => Some(at + 3),
        b' ' => Some(at + spaces(bytes, at)),
        b',' => Some(at + 1 + spaces(bytes, at + 1)),
        b'.' if digit_run(bytes, at + 1) == 6 => Some(at + 1),
        // Fields of their own: `"2026-02-03" "04:05:06"`.
        b'"' if bytes.get(at..at + 3) == Some(b"\" \"") => Some(at + 3),
        _ => None,
    }
}

/// `04:05:06`, with fraction, `AM` and offset as they come; or `040506`.
fn clock(bytes: &[u8], at: usize) -> Option<(Clock, usize)> {
    let (mut hour, minute, second, mut end) = if digit_run(bytes, at) == 6 {
        (digits(bytes, at, 2)?, digits(bytes, at + 2, 2)?, digits(bytes, at + 4, 2)?, at + 6)
    } else {
        let (hour, at) = one_or_two(bytes, at)?;
        let separator = *bytes.get(at)?;
        if !matches!(separator, b':' | b'.') || bytes.get(at + 3) != Some(&separator) {
            return None;
        }
        (hour, digits(bytes, at + 1, 2)?, digits(bytes, at + 4, 2)?, at + 6)
    };
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut micros = 0;
    if matches!(bytes.get(end), Some(b'.' | b',' | b':')) {
        let run = digit_run(bytes, end + 1);
        if (1..=9).contains(&run) {
            let read = run.min(6);
            micros = digits(bytes, end + 1, read)? * 10_i64.pow(u32::try_from(6 - read).unwrap_or(0));
            end += 1 + run;
        }
    }
    let half = end + spaces(bytes, end).min(1);
    match bytes.get(half..half + 2) {
        Some(b"PM" | b"pm") if hour <= 12 => (hour, end) = (hour % 12 + 12, half + 2),
        Some(b"AM" | b"am") if hour <= 12 => (hour, end) = (hour % 12, half + 2),
        _ => {}
    }
    let (offset, end) = offset(bytes, end);
    Some((Clock { seconds: hour * 3600 + minute * 60 + second, micros, offset }, end))
}

/// `Z`, `+01:00`, `+0100`, `-08`, ` UTC`, ` CEST`; in seconds, and where it ends.
fn offset(bytes: &[u8], end: usize) -> (Option<i64>, usize) {
    let at = end + spaces(bytes, end).min(1);
    match bytes.get(at) {
        Some(b'Z' | b'z') if letter_run(bytes, at) == 1 => (Some(0), at + 1),
        Some(sign @ (b'+' | b'-')) => {
            let parts = match (digit_run(bytes, at + 1), bytes.get(at + 3)) {
                (2, Some(b':')) => (digits(bytes, at + 1, 2), digits(bytes, at + 4, 2), at + 6),
                (4, _) => (digits(bytes, at + 1, 2), digits(bytes, at + 3, 2), at + 5),
                (2, _) if at == end => (digits(bytes, at + 1, 2), Some(0), at + 3),
                _ => return (None, end),
            };
            match parts {
                (Some(hours @ 0..=14), Some(minutes @ 0..=59), end) => {
                    let seconds = hours * 3600 + minutes * 60;
                    (Some(if *sign == b'-' { -seconds } else { seconds }), end)
                }
                _ => (None, end),
            }
        }
        Some(b'A'..=b'Z') => {
            let run = letter_run(bytes, at);
            // Only names that mean one thing. `CST` and `IST` do not.
            let hours = match &bytes[at..at + run] {
                b"UTC" | b"GMT" | b"WET" => 0,
                b"CET" | b"BST" | b"WEST" => 1,
                b"CEST" | b"EET" => 2,
                b"EEST" | b"MSK" => 3,
                b"JST" => 9,
                b"EST" => -5,
                b"EDT" => -4,
                b"CDT" => -5,
                b"MST" => -7,
                b"MDT" => -6,
                b"PST" => -8,
                b"PDT" => -7,
                _ => return (None, end),
            };
            (Some(hours * 3600), at + run)
        }
        _ => (None, end),
    }
}

/// `03/Feb/2026:04:05:06 +0000`, `03-Feb-2026 04:05:06`, `3 Feb 2026 04:05:06`, `26/02/03 04:05:06`, `02-03 04:05:06`,
/// `13/02/2026 04:05:06`.
pub(super) fn two_digits_first(bytes: &[u8], at: usize) -> Option<Parts> {
    common_log(bytes, at).or_else(|| month_first(bytes, at, 2))
}

pub(super) fn common_log(bytes: &[u8], at: usize) -> Option<Parts> {
    let (day, at) = one_or_two(bytes, at)?;
    if !matches!(bytes.get(at)?, b'/' | b'-' | b' ') {
        return None;
    }
    let month = month(bytes, at + 1)?;
    let year = digits(bytes, at + 5, 4)?;
    let (clock, end) = clock(bytes, after_date(bytes, at + 9)?)?;
    Some((Civil { year: Some(year), month, day }, clock, end))
}

/// Dates of which only the plausible readings are taken.
pub(super) fn month_first(bytes: &[u8], at: usize, run: usize) -> Option<Parts> {
    let first = digits(bytes, at, run)?;
    let at = at + run;
    let separator = *bytes.get(at)?;
    if !matches!(separator, b'/' | b'-' | b'.') {
        return None;
    }
    let (second, at) = one_or_two(bytes, at + 1)?;
    if bytes.get(at) != Some(&separator) {
        // Android: `02-03 04:05:06.789`.
        let (clock, end) =
            (separator == b'-' && run == 2 && bytes.get(at) == Some(&b' ')).then(|| clock(bytes, at + 1))??;
        return Some((Civil { year: None, month: first, day: second }, clock, end));
    }
    match digit_run(bytes, at + 1) {
        4 => {
            let year = Some(digits(bytes, at + 1, 4)?);
            let (clock, end) = clock(bytes, after_date(bytes, at + 5)?)?;
            let says_half = matches!(bytes.get(end.saturating_sub(2)..end), Some(b"AM" | b"PM" | b"am" | b"pm"));
            match (first, second) {
                _ if separator == b'.' => Some((Civil { year, month: second, day: first }, clock, end)),
                (13.., _) => Some((Civil { year, month: second, day: first }, clock, end)),
                (_, 13..) => Some((Civil { year, month: first, day: second }, clock, end)),
                // Only Americans write both the month first and halves of days.
                _ if says_half => Some((Civil { year, month: first, day: second }, clock, end)),
                _ => None,
            }
        }
        2 if separator == b'/' && run == 2 => {
            let third = digits(bytes, at + 1, 2)?;
            let (clock, end) = clock(bytes, after_date(bytes, at + 3)?)?;
            // Spark writes the year first. Where that is no date, it is the American order.
            let (year, month, day) = if second > 12 { (third, first, second) } else { (first, second, third) };
            Some((Civil { year: Some(2000 + year), month, day }, clock, end))
        }
        _ => None,
    }
}

/// `20260203T040506Z`, `20260203 04:05:06`, `20260203-04:05:06:789`, `20260203.040506`.
pub(super) fn compact(bytes: &[u8], at: usize) -> Option<Parts> {
    let date =
        Civil { year: Some(digits(bytes, at, 4)?), month: digits(bytes, at + 4, 2)?, day: digits(bytes, at + 6, 2)? };
    let (clock, end) = clock(bytes, after_date(bytes, at + 8)?)?;
    Some((date, clock, end))
}

/// `081109 203615`, as HDFS writes.
pub(super) fn short_compact(bytes: &[u8], at: usize) -> Option<Parts> {
    if at != 0 || bytes.get(6) != Some(&b' ') {
        return None;
    }
    let date =
        Civil { year: Some(2000 + digits(bytes, 0, 2)?), month: digits(bytes, 2, 2)?, day: digits(bytes, 4, 2)? };
    let has_letters = digit_run(bytes, 7) == 6 || bytes.get(9) == Some(&b':');
    let (clock, end) = has_letters.then(|| clock(bytes, 7))??;
    Some((date, clock, end))
}

/// `Feb  3 04:05:06`, `Tue Feb 03 04:05:06.789 2026`, `Tue, 03 Feb 2026 04:05:06 GMT`, and klog's `E0203 04:05:06.789`.
pub(super) fn named(bytes: &[u8], at: usize) -> Option<Parts> {
    match letter_run(bytes, at) {
        1 if matches!(bytes[at], b'I' | b'W' | b'E' | b'F' | b'D') && digit_run(bytes, at + 1) == 4 => {
            let (month, day) = (digits(bytes, at + 1, 2)?, digits(bytes, at + 3, 2)?);
            let (clock, end) = (bytes.get(at + 5) == Some(&b' ')).then(|| clock(bytes, at + 6))??;
            Some((Civil { year: None, month, day }, clock, end))
        }
        3 if bytes.get(at + 3) == Some(&b',') => common_log(bytes, at + 4 + spaces(bytes, at + 4)),
        3 => match month(bytes, at) {
            Some(month) => day_of_month(bytes, at + 3, month),
            None if is_weekday(bytes, at) => {
                let at = at + 3 + spaces(bytes, at + 3);
                day_of_month(bytes, at + 3, month(bytes, at)?)
            }
            None => None,
        },
        _ => None,
    }
}

fn day_of_month(bytes: &[u8], at: usize, month: i64) -> Option<Parts> {
    let gap = spaces(bytes, at);
    let (day, at) = (1..=2).contains(&gap).then(|| one_or_two(bytes, at + gap))??;
    // Cisco and some syslog daemons: `Feb  3 2026 04:05:06`.
    let (year, at) = match digits(bytes, at + 1, 4) {
        Some(year) if matches!(bytes.get(at + 5), Some(b' ')) => (Some(year), at + 5),
        _ => (None, at),
    };
    let (clock, end) = (bytes.get(at) == Some(&b' ')).then(|| clock(bytes, at + 1))??;
    if year.is_none()
        && bytes.get(end) == Some(&b' ')
        && digit_run(bytes, end + 1) == 4
        && let Some(year @ 1970..=2199) = digits(bytes, end + 1, 4)
    {
        return Some((Civil { year: Some(year), month, day }, clock, end + 5));
    }
    Some((Civil { year, month, day }, clock, end))
}

fn month(bytes: &[u8], at: usize) -> Option<i64> {
    Some(match bytes.get(at..at + 3)? {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    })
}

pub(super) fn is_weekday(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at..at + 3), Some(b"Mon" | b"Tue" | b"Wed" | b"Thu" | b"Fri" | b"Sat" | b"Sun"))
}
