//! How many entries, warnings and errors there were when: what a sparkline draws.
//!
//! Counts survive the lines: a flood that pushes everything out of the buffer leaves its trace here. One second is the
//! grain; older than [`SPAN`] is forgotten.

use std::time::Duration;

use crate::model::log::{Level, LogBatch, LogLine};
use crate::model::time::Timestamp;

/// How far back counts reach. Longer than the incidents that people sit through, and 86 kB.
pub const SPAN: Duration = Duration::from_secs(2 * 3600);

const SECONDS: usize = 2 * 3600;

/// What happened in one stretch of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Bucket {
    /// All entries.
    pub entries: u32,
    /// Those that say `warn`.
    pub warnings: u32,
    /// Those that say `error` or worse.
    pub errors: u32,
}

impl Bucket {
    fn add(&mut self, other: Self) {
        self.entries = self.entries.saturating_add(other.entries);
        self.warnings = self.warnings.saturating_add(other.warnings);
        self.errors = self.errors.saturating_add(other.errors);
    }
}

/// Counts by second, for the last two hours.
#[derive(Clone, Debug)]
pub struct Histogram {
    /// A ring: the second `s` has its place at `s` modulo the length.
    seconds: Box<[Bucket]>,
    /// The newest second that was counted.
    newest: i64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { seconds: vec![Bucket::default(); SECONDS].into(), newest: i64::MIN / 2 }
    }
}

impl Histogram {
    /// Returns a histogram without counts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts the entries of a batch.
    pub fn add_batch(&mut self, batch: &LogBatch) {
        batch.lines.iter().for_each(|line| self.add(line));
    }

    /// Counts a line. Continuations belong to what was counted.
    pub fn add(&mut self, line: &LogLine) {
        if line.continues {
            return;
        }
        // A clock that runs ahead does not push the others out of the window.
        let second = to_second(line.time().min(line.received));
        let span = to_signed(SECONDS);
        if second <= self.newest - span {
            return;
        }
        for skipped in (self.newest + 1).max(second - span + 1)..=second {
            self.seconds[place(skipped)] = Bucket::default();
        }
        self.newest = self.newest.max(second);
        let errors = u32::from(line.level >= Some(Level::Error));
        let warnings = u32::from(line.level == Some(Level::Warn));
        self.seconds[place(second)].add(Bucket { entries: 1, warnings, errors });
    }

    /// Returns the counts of the `span` before `until`, oldest first, in that many buckets of equal length.
    ///
    /// Bounds of buckets lie on multiples of their length, so that a sparkline moves on by whole columns and its
    /// counts do not flicker while time goes on. The last bucket holds `until` and is still filling.
    pub fn window(&self, until: Timestamp, span: Duration, buckets: usize) -> Vec<Bucket> {
        if buckets == 0 {
            return Vec::new();
        }
        let length = i64::try_from(span.as_secs()).unwrap_or(i64::MAX).div_euclid(to_signed(buckets)).max(1);
        let end = (to_second(until).div_euclid(length) + 1) * length;
        let start = end - length.saturating_mul(to_signed(buckets));
        let mut counts = vec![Bucket::default(); buckets];
        for second in start.max(self.newest - to_signed(SECONDS) + 1)..=self.newest.min(end - 1) {
            let bucket = usize::try_from((second - start) / length).unwrap_or(0);
            counts[bucket].add(self.seconds[place(second)]);
        }
        counts
    }
}

fn to_second(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(1_000_000)
}

fn place(second: i64) -> usize {
    usize::try_from(second.rem_euclid(to_signed(SECONDS))).unwrap_or(0)
}

fn to_signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::demo::{at, batch, line, more};

    fn entries(histogram: &Histogram, until: i64, seconds: u64, buckets: usize) -> Vec<u32> {
        let counts = histogram.window(at(until), Duration::from_secs(seconds), buckets);
        counts.iter().map(|bucket| bucket.entries).collect()
    }

    #[test]
    fn entries_are_counted_by_time_and_level() {
        let mut histogram = Histogram::new();
        histogram.add_batch(&batch(
            "a",
            [line(1009, 1000, "ERROR x"), more(1009, " at y"), line(1009, 1004, "WARN"), line(1009, 1009, "fine")],
        ));
        let counts = histogram.window(at(1009), Duration::from_secs(10), 2);
        assert_eq!(counts[0], Bucket { entries: 2, warnings: 1, errors: 1 });
        assert_eq!(counts[1], Bucket { entries: 1, warnings: 0, errors: 0 });
    }

    #[test]
    fn buckets_keep_their_bounds_while_time_goes_on() {
        let mut histogram = Histogram::new();
        histogram.add_batch(&batch("a", (0..60).map(|n| line(1000 + n, 1000 + n, "x"))));
        assert_eq!(entries(&histogram, 1059, 60, 6), [10, 10, 10, 10, 10, 10]);
        assert_eq!(entries(&histogram, 1060, 60, 6), [10, 10, 10, 10, 10, 0]);
        assert_eq!(entries(&histogram, 1065, 60, 6), [10, 10, 10, 10, 10, 0]);
        assert_eq!(entries(&histogram, 5000, 60, 6), [0; 6]);
        assert_eq!(entries(&histogram, 1059, 60, 0), [0; 0]);
    }

    #[test]
    fn late_lines_are_counted_where_they_belong_and_old_ones_not_at_all() {
        let mut histogram = Histogram::new();
        histogram.add(&line(100_000, 100_000, "x"));
        histogram.add(&line(100_000, 99_990, "late"));
        histogram.add(&line(100_000, 100_000 - 7_200, "too old"));
        histogram.add(&line(100_000, 200_000, "a clock that runs ahead"));
        assert_eq!(entries(&histogram, 100_000, 20, 4), [0, 1, 0, 2]);
    }

    #[test]
    fn what_was_counted_long_ago_does_not_come_back() {
        let mut histogram = Histogram::new();
        histogram.add(&line(1_000, 1_000, "x"));
        histogram.add(&line(1_000 + 7_200, 1_000 + 7_200, "x"));
        let all = histogram.window(at(1_000 + 7_200), SPAN * 2, 10);
        assert_eq!(all.iter().map(|bucket| bucket.entries).sum::<u32>(), 1);
    }
}
