//! When somebody answers: `Mon-Fri 09:00-17:00, Sat 10:00-14:00`, or `24/7`.
//!
//! Text on the way in and out, days and minutes between. Which time zone it is, and what the time is, is said by others.

use std::fmt;

use jiff::Zoned;
use jiff::civil::Weekday;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Office hours of a week.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hours(Vec<Stretch>);

/// The same hours on some days.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Stretch {
    /// Monday first.
    days: [bool; 7],
    /// Minutes since midnight.
    from: u16,
    /// Up to here; at or before `from` it is on the next day.
    to: u16,
}

/// Why a text is no office hours.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HoursError {
    #[error("these are no hours: nothing is written")]
    Empty,
    #[error("`{0}` is no day: write Mon, Tue, Wed, Thu, Fri, Sat or Sun")]
    Day(String),
    #[error("`{0}` is no time of day: write it as 09:00")]
    Time(String),
    #[error("`{0}` has no hours: write them as in \"Mon-Fri 09:00-17:00\"")]
    Shape(String),
}

const MIDNIGHT: u16 = 24 * 60;
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const FULL_DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl Hours {
    /// Reads `Mon-Fri 09:00-17:00, Sat 10:00-14:00`, `09:00-17:00` for every day, or `24/7`.
    ///
    /// # Errors
    /// When a word in it is neither a day nor hours.
    pub fn parse(text: &str) -> Result<Self, HoursError> {
        let text = text.replace(['–', '—'], "-");
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(HoursError::Empty);
        }
        if ["24/7", "24x7", "always"].iter().any(|word| trimmed.eq_ignore_ascii_case(word)) {
            return Ok(Self(vec![Stretch { days: [true; 7], from: 0, to: MIDNIGHT }]));
        }
        // A comma divides stretches, and also the days or the hours of one: what has no hours yet waits for them.
        let mut stretches = Vec::new();
        let mut waiting: Option<[bool; 7]> = None;
        let mut last: Option<[bool; 7]> = None;
        for part in trimmed.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()) {
            let joined = part.split_whitespace().collect::<Vec<_>>().join(" ").replace(" - ", "-");
            for word in joined.split(' ') {
                if word.starts_with(|letter: char| letter.is_ascii_digit()) {
                    let (from, to) = span(word)?;
                    let days = waiting.take().or(last).unwrap_or([true; 7]);
                    last = Some(days);
                    stretches.push(Stretch { days, from, to });
                } else {
                    let mut days = waiting.unwrap_or_default();
                    mark(word, &mut days)?;
                    waiting = Some(days);
                }
            }
        }
        match waiting {
            Some(_) => Err(HoursError::Shape(trimmed.chars().take(60).collect())),
            None => Ok(Self(stretches)),
        }
    }

    /// Returns whether somebody answers at a time, given in the hours' own time zone.
    pub fn hold(&self, at: &Zoned) -> bool {
        let today = day_of(at.weekday());
        let yesterday = (today + 6) % 7;
        let minute = minute_of(at);
        self.0.iter().any(|stretch| {
            if stretch.from < stretch.to {
                stretch.days[today] && (stretch.from..stretch.to).contains(&minute)
            } else {
                (stretch.days[today] && minute >= stretch.from) || (stretch.days[yesterday] && minute < stretch.to)
            }
        })
    }

    /// Returns when somebody answers next after a time at which nobody does; nothing when that is within no week.
    pub fn next_opening(&self, at: &Zoned) -> Option<Zoned> {
        let today = day_of(at.weekday());
        let minute = minute_of(at);
        let mut openings: Vec<Zoned> = Vec::new();
        for stretch in &self.0 {
            for ahead in 0..=7_usize {
                if !stretch.days[(today + ahead) % 7] || (ahead == 0 && stretch.from <= minute) {
                    continue;
                }
                let date = at.date().checked_add(jiff::Span::new().days(i64::try_from(ahead).unwrap_or(0))).ok()?;
                let (hour, minute) = (i8::try_from(stretch.from / 60).ok()?, i8::try_from(stretch.from % 60).ok()?);
                // An hour that the clock skips begins when the clock has skipped it.
                openings.push(date.at(hour, minute, 0, 0).to_zoned(at.time_zone().clone()).ok()?);
                break;
            }
        }
        openings.into_iter().min()
    }
}

fn day_of(day: Weekday) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap_or(0)
}

fn minute_of(at: &Zoned) -> u16 {
    u16::try_from(i32::from(at.hour()) * 60 + i32::from(at.minute())).unwrap_or(0)
}

/// Marks the days that `Mon`, `Mon-Fri` or `daily` mean.
fn mark(word: &str, days: &mut [bool; 7]) -> Result<(), HoursError> {
    if ["daily", "every", "day"].iter().any(|every| word.eq_ignore_ascii_case(every)) {
        *days = [true; 7];
        return Ok(());
    }
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    let (first, last) = (day(first)?, day(last)?);
    let mut at = first;
    loop {
        days[at] = true;
        if at == last {
            return Ok(());
        }
        at = (at + 1) % 7;
    }
}

fn day(word: &str) -> Result<usize, HoursError> {
    let lower = word.trim_end_matches(['.', ':']).to_ascii_lowercase();
    let found = FULL_DAYS.iter().position(|day| lower.len() >= 2 && day.starts_with(&lower));
    found.ok_or_else(|| HoursError::Day(word.chars().take(60).collect()))
}

fn span(word: &str) -> Result<(u16, u16), HoursError> {
    let (from, to) = word.split_once('-').ok_or_else(|| HoursError::Shape(word.chars().take(60).collect()))?;
    let (from, to) = (time(from)?, time(to)?);
    if from == MIDNIGHT {
        return Err(HoursError::Time(word.chars().take(60).collect()));
    }
    Ok((from, to))
}

/// Reads `9`, `09:00` or `24:00`.
fn time(text: &str) -> Result<u16, HoursError> {
    let wrong = || HoursError::Time(text.chars().take(60).collect());
    let (hour, minute) = text.split_once(':').unwrap_or((text, "0"));
    let number = |text: &str| {
        let short = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        short.then(|| text.parse::<u16>().ok()).flatten().ok_or_else(wrong)
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let minutes = hour * 60 + minute;
    if minute < 60 && minutes <= MIDNIGHT { Ok(minutes) } else { Err(wrong()) }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, stretch) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            if stretch.days == [true; 7] && (stretch.from, stretch.to) == (0, MIDNIGHT) {
                f.write_str("daily 00:00-24:00")?;
                continue;
            }
            f.write_str(&day_words(&stretch.days))?;
            let (from, to) = (stretch.from, stretch.to);
            write!(f, " {:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)?;
        }
        Ok(())
    }
}

/// Writes the days in runs: `Mon-Wed,Fri`.
fn day_words(days: &[bool; 7]) -> String {
    if *days == [true; 7] {
        return "daily".to_owned();
    }
    let mut words = Vec::new();
    let mut at = 0;
    while at < 7 {
        let length = days[at..].iter().take_while(|marked| **marked).count();
        match length {
            0 => {}
            1 => words.push(DAYS[at].to_owned()),
            _ => words.push(format!("{}-{}", DAYS[at], DAYS[at + length - 1])),
        }
        at += length.max(1);
    }
    words.join(",")
}

impl Serialize for Hours {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&std::borrow::Cow::<str>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 is a Monday.
    fn at(text: &str) -> Zoned {
        text.parse::<jiff::civil::DateTime>().unwrap().to_zoned(jiff::tz::TimeZone::UTC).unwrap()
    }

    #[test]
    fn hours_are_read_as_people_write_them() {
        for (text, shown) in [
            ("Mon-Fri 09:00-17:00", "Mon-Fri 09:00-17:00"),
            ("mon – fri 9-17", "Mon-Fri 09:00-17:00"),
            ("Mon, Wed 8:30-12:00, Sat 10-14", "Mon,Wed 08:30-12:00, Sat 10:00-14:00"),
            ("Mon-Fri 9-12, 13-17", "Mon-Fri 09:00-12:00, Mon-Fri 13:00-17:00"),
            ("Fri-Mon 22:00-06:00", "Mon,Fri-Sun 22:00-06:00"),
            ("09:00-17:00", "daily 09:00-17:00"),
            ("24/7", "daily 00:00-24:00"),
        ] {
            let hours = Hours::parse(text).unwrap();
            assert_eq!(hours.to_string(), shown, "{text}");
            assert_eq!(Hours::parse(shown).unwrap(), hours, "{text}");
        }
        for text in
            ["", "Mon-Fri", "Foo 9-17", "Mon 9", "Mon 25-26", "Mon 9:75-10", "M 9-17", "Mon 24-25", "Mon 9-1700"]
        {
            assert!(Hours::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_night_shift_belongs_to_the_day_on_which_it_begins() {
        let night = Hours::parse("Mon-Fri 22:00-06:00").unwrap();
        assert!(night.hold(&at("2026-11-23T23:00")) && night.hold(&at("2026-11-24T05:59")));
        assert!(night.hold(&at("2026-11-28T05:00")), "Friday's night ends on Saturday");
        assert!(!night.hold(&at("2026-11-23T05:00")), "Sunday's night is nobody's");
        assert!(!night.hold(&at("2026-11-24T06:00")) && !night.hold(&at("2026-11-29T23:00")));
    }

    #[test]
    fn what_is_closed_opens_again() {
        let hours = Hours::parse("Mon-Fri 09:00-17:00, Sat 10:00-14:00").unwrap();
        let next = |text: &str| hours.next_opening(&at(text)).unwrap().datetime().to_string();
        assert_eq!(next("2026-11-23T02:14"), "2026-11-23T09:00:00");
        assert_eq!(next("2026-11-23T17:00"), "2026-11-24T09:00:00");
        assert_eq!(next("2026-11-27T18:00"), "2026-11-28T10:00:00");
        assert_eq!(next("2026-11-28T14:00"), "2026-11-30T09:00:00");
    }
}
