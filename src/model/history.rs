//! What a check has been over time: status segments, latency samples, uptime, the availability strip.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// The confirmed status of a check.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Down,
    /// Works, but not as it should, or has begun to fail and is not confirmed down yet.
    Degraded,
    /// We looked and could not tell.
    Unknown,
    /// Nobody looked: the console was closed, or the check is new.
    Unwatched,
    Up,
}

/// From when on a check had a status.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Segment {
    pub from: Timestamp,
    pub status: Status,
}

/// One probe, reduced to what a chart needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sample {
    pub at: Timestamp,
    /// Latency in milliseconds.
    pub ms: u32,
    pub status: Status,
}

/// What a check has been over time. Bounded: old segments and samples are forgotten.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct History {
    segments: VecDeque<Segment>,
    samples: VecDeque<Sample>,
}

impl History {
    /// A flapping check makes two segments a minute: four hours of that.
    const SEGMENTS: usize = 512;
    /// Two and a half hours at one probe every 15 seconds; what a chart can show.
    const SAMPLES: usize = 600;

    /// Records that the status was `status` from `from` on. The same status again changes nothing.
    pub fn turn(&mut self, status: Status, from: Timestamp) {
        // A status may be dated back to the first failure; later segments that it overrides go.
        while self.segments.back().is_some_and(|last| last.from >= from) {
            self.segments.pop_back();
        }
        if self.segments.back().is_some_and(|last| last.status == status) {
            return;
        }
        self.segments.push_back(Segment { from, status });
        while self.segments.len() > Self::SEGMENTS {
            self.segments.pop_front();
        }
    }

    /// Records one probe.
    pub fn sample(&mut self, sample: Sample) {
        self.samples.push_back(sample);
        while self.samples.len() > Self::SAMPLES {
            self.samples.pop_front();
        }
    }

    /// Returns the status segments, oldest first.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &Segment> {
        self.segments.iter()
    }

    /// Returns the samples, oldest first.
    pub fn samples(&self) -> impl DoubleEndedIterator<Item = &Sample> + ExactSizeIterator {
        self.samples.iter()
    }

    /// Returns the share of the watched time between `from` and `now` in which the check was not down, 0 to 1.
    ///
    /// Time that nobody watched, in which we could not tell, or that lies behind `known_until`, counts for neither side;
    /// `None` when nothing is left.
    pub fn uptime(&self, from: Timestamp, now: Timestamp, known_until: Timestamp) -> Option<f64> {
        let now = now.min(known_until);
        let (mut up, mut down) = (Duration::ZERO, Duration::ZERO);
        self.spans(from, now, |status, length| match status {
            Status::Up | Status::Degraded => up += length,
            Status::Down => down += length,
            Status::Unknown | Status::Unwatched => {}
        });
        let watched = up + down;
        (watched > Duration::ZERO).then(|| up.as_secs_f64() / watched.as_secs_f64())
    }

    /// Returns the worst status in each of `cells` equal parts of the time between `from` and `now`, oldest first.
    ///
    /// A part that nobody watched is [`Status::Unwatched`], never up; so is what lies behind `known_until`, up to which
    /// the latest probe can be believed.
    pub fn strip(&self, from: Timestamp, now: Timestamp, known_until: Timestamp, cells: usize) -> Vec<Status> {
        let cells_i64 = i64::try_from(cells).unwrap_or(i64::MAX).max(1);
        let width = now.as_micros().saturating_sub(from.as_micros()).max(1);
        let edge = |cell: i64| {
            Timestamp::from_micros(
                from.as_micros()
                    + i64::try_from(i128::from(width) * i128::from(cell) / i128::from(cells_i64)).unwrap_or(width),
            )
        };
        (0..i64::try_from(cells).unwrap_or(0))
            .map(|cell| {
                let mut worst = Status::Up;
                let (mut up, mut any) = (false, false);
                self.spans(edge(cell), edge(cell + 1).min(known_until), |status, _| {
                    any = true;
                    up |= status == Status::Up;
                    // A gap inside a watched cell is not worth a hole in the strip.
                    if status != Status::Unwatched {
                        worst = worst.min(status);
                    }
                });
                if any && (up || worst != Status::Up) { worst } else { Status::Unwatched }
            })
            .collect()
    }

    /// Keeps only what a first paint needs, for writing to disk.
    pub fn trim(&mut self, segments: usize, samples: usize) {
        self.segments.drain(..self.segments.len().saturating_sub(segments));
        self.samples.drain(..self.samples.len().saturating_sub(samples));
    }

    fn spans(&self, from: Timestamp, to: Timestamp, mut each: impl FnMut(Status, Duration)) {
        for (index, segment) in self.segments.iter().enumerate() {
            let end = self.segments.get(index + 1).map_or(to, |next| next.from).min(to);
            let begin = segment.from.max(from);
            if end > begin {
                each(segment.status, end.since(begin));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn uptime_counts_only_watched_time() {
        let mut history = History::default();
        history.turn(Status::Up, at(0));
        history.turn(Status::Down, at(60));
        history.turn(Status::Unwatched, at(80));
        assert_eq!(history.uptime(at(0), at(1_000), at(1_000)), Some(0.75));
        assert_eq!(history.uptime(at(500), at(1_000), at(1_000)), None);
    }

    #[test]
    fn a_strip_shows_the_worst_of_each_cell_and_leaves_unwatched_time_open() {
        let mut history = History::default();
        history.turn(Status::Up, at(20));
        history.turn(Status::Down, at(55));
        history.turn(Status::Up, at(56));
        let strip = history.strip(at(0), at(80), at(80), 8);
        use Status::{Down, Unwatched, Up};
        assert_eq!(strip, [Unwatched, Unwatched, Up, Up, Up, Down, Up, Up]);
    }

    #[test]
    fn what_lies_behind_the_last_probe_is_not_green() {
        let mut history = History::default();
        history.turn(Status::Up, at(0));
        use Status::{Unwatched, Up};
        assert_eq!(history.strip(at(0), at(40), at(20), 4), [Up, Up, Unwatched, Unwatched]);
        history.turn(Status::Down, at(10));
        assert_eq!(history.uptime(at(0), at(1_000), at(20)), Some(0.5));
    }

    #[test]
    fn a_status_dated_back_replaces_what_stood_there() {
        let mut history = History::default();
        history.turn(Status::Up, at(0));
        history.turn(Status::Degraded, at(30));
        history.turn(Status::Down, at(30));
        let segments: Vec<_> = history.segments().map(|s| (s.from, s.status)).collect();
        assert_eq!(segments, [(at(0), Status::Up), (at(30), Status::Down)]);
    }
}
