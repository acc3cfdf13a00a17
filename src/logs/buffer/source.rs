//! One source of lines: its counts, and by which time its lines are put in order.

use std::time::Duration;

use super::id::LineId;
use crate::model::id::LogSourceId;
use crate::model::log::LogLine;
use crate::model::time::Timestamp;

/// How late a line may be and still be put where its stated time belongs. Longer than the delivery delay of log
/// shippers, shorter than what makes a reader at the end of the log miss it.
pub const LATE: Duration = Duration::from_secs(30);
/// How long after a source's first line its lines are taken for history, which is merged however old it is.
const HISTORY: Duration = Duration::from_secs(5);
/// A line that states no time belongs to the time before it for so long.
const SAME_MOMENT: Duration = Duration::from_secs(2);

/// What is known about one source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceStats {
    pub source: LogSourceId,
    /// Lines in the buffer now.
    pub kept: u64,
    /// Lines that never arrived because they came faster than they could be read.
    pub dropped: u64,
    /// Lines that had to make room for newer ones.
    pub evicted: u64,
}

#[derive(Debug)]
pub(super) struct Source {
    pub stats: SourceStats,
    pub first_received: Option<Timestamp>,
    pub last: Option<LineId>,
    /// When the last line arrived that stated a time of its own.
    pub last_stated: Option<Timestamp>,
    /// Drops that have not been shown before a line yet.
    pub gap: u64,
}

impl Source {
    /// Returns the time by which a line is put in order: what it states, if that is plausible, and never before the
    /// source's last line.
    pub fn order_time(&self, line: &LogLine) -> Timestamp {
        let received = line.received;
        let last = self.last.map(|id| id.at);
        let is_history = self.first_received.is_none_or(|first| received.since(first) <= HISTORY);
        let plausible = match line.stated {
            Some(stated) if stated > received => received,
            Some(stated) if is_history || received.since(stated) <= LATE => stated,
            Some(_) => received,
            None => match (last, self.last_stated) {
                (Some(last), Some(stated)) if received.since(stated) <= SAME_MOMENT => last,
                _ => received,
            },
        };
        last.map_or(plausible, |last| last.max(plausible))
    }
}
