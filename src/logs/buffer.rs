//! The newest lines of all followed logs, in one order, within a fixed number of bytes.
//!
//! Sources are merged by the time that their lines state. Three promises hold whatever the sources do:
//!
//! - Lines of one source never change their order, and an entry (a head and its continuations) is never torn apart.
//! - A line's [`LineId`] never changes and sorts as the line does, so a selection stays on its line while lines come
//!   and go around it.
//! - A source whose clock is wrong cannot push its lines out of sight: a stated time counts only if it is not in the
//!   future and, once a source's history has been read, not older than [`LATE`].
//!
//! ```text
//!  evicted <── [ held ] · gap · [ oldest .. lines .. newest ] <── push_batch
//!                 `- what somebody is reading while the rest of the buffer runs on
//! ```

mod id;
mod source;

use std::collections::VecDeque;

use self::source::Source;
use crate::model::id::LogSourceId;
use crate::model::log::{LogBatch, LogLine};
use crate::model::time::Timestamp;

pub use self::id::LineId;
pub use self::source::{LATE, SourceStats};

/// Room for about 80,000 lines of common length: more than anybody scrolls through, little beside the 64 MB that the
/// whole program may use.
pub const DEFAULT_BUDGET: usize = 16 * 1024 * 1024;
/// How many lines may have to move to make room for late ones. Bounds the cost of one batch to about a millisecond.
const WINDOW: usize = 16 * 1024;
/// How many continuations one entry may have. Deep recursion prints about a thousand frames.
const ENTRY_LINES: u32 = 2_000;
/// How many batches of changes are remembered for views that were not looked at for a while.
const CHANGES: usize = 256;

/// A line in the buffer.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    pub id: LineId,
    pub source: &'a LogSourceId,
    pub line: &'a LogLine,
    /// How many lines are missing right before this one: dropped on the way, or evicted beneath a held stretch.
    pub gap: u64,
    /// How many lines had arrived before this one.
    pub arrival: u64,
}

/// What has changed since a view last looked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Changed {
    Nothing,
    /// Lines came in at this place or after it.
    From(LineId),
    /// Too much to tell.
    Everything,
}

#[derive(Debug)]
struct Stored {
    id: LineId,
    arrival: u64,
    source: u16,
    gap: u32,
    line: LogLine,
}

impl Stored {
    fn bytes(&self) -> usize {
        // The allocator's own share of a small string is about 16 bytes.
        size_of::<Self>() + self.line.text.as_str().len() + 16
    }
}

/// A bounded buffer of log lines.
#[derive(Debug)]
pub struct LogBuffer {
    lines: VecDeque<Stored>,
    /// Lines older than `lines` that somebody is reading.
    held: Vec<Stored>,
    held_bytes: usize,
    hold: Option<(LineId, LineId)>,
    /// Lines evicted between `held` and `lines`.
    evicted_behind_hold: u64,
    sources: Vec<Source>,
    bytes: usize,
    budget: usize,
    arrived: u64,
    /// The newest line that was ever evicted. Nothing may be inserted before it: it would be evicted at once, or break
    /// the order of what is held.
    floor: Option<LineId>,
    changes: VecDeque<(u64, LineId)>,
}

impl Default for LogBuffer {
    fn default() -> Self {
        Self::new(DEFAULT_BUDGET)
    }
}

impl LogBuffer {
    /// Returns an empty buffer that keeps about that many bytes.
    pub fn new(budget: usize) -> Self {
        Self {
            lines: VecDeque::new(),
            held: Vec::new(),
            held_bytes: 0,
            hold: None,
            evicted_behind_hold: 0,
            sources: Vec::new(),
            bytes: 0,
            budget,
            arrived: 0,
            floor: None,
            changes: VecDeque::new(),
        }
    }

    /// Takes in lines of one source and makes room for them.
    pub fn push_batch(&mut self, batch: LogBatch) {
        let source = self.source_index(&batch);
        self.sources[source].stats.dropped += batch.dropped;
        self.sources[source].gap += batch.dropped;
        if batch.lines.is_empty() {
            return;
        }
        let first_arrival = self.arrived;
        let window = self.lines.len().checked_sub(WINDOW).and_then(|at| self.lines.get(at)).map(|stored| stored.id);
        let earliest = self.floor.max(window);
        let mut arrived = Vec::with_capacity(batch.lines.len());
        for line in batch.lines {
            arrived.push(self.place(source, line, earliest));
        }
        let lowest = arrived[0].id;
        self.merge(arrived);
        if self.changes.len() == CHANGES {
            self.changes.pop_front();
        }
        self.changes.push_back((first_arrival, lowest));
        self.evict();
    }

    fn source_index(&mut self, batch: &LogBatch) -> usize {
        if let Some(index) = self.sources.iter().position(|source| source.stats.source == batch.source) {
            return index;
        }
        self.sources.push(Source {
            stats: SourceStats { source: batch.source.clone(), kept: 0, dropped: 0, evicted: 0 },
            first_received: None,
            last: None,
            last_stated: None,
            gap: 0,
        });
        self.sources.len() - 1
    }

    /// Decides where a line belongs: behind `earliest`, whatever time it states.
    fn place(&mut self, index: usize, line: LogLine, earliest: Option<LineId>) -> Stored {
        let arrival = self.arrived;
        self.arrived += 1;
        let source = &mut self.sources[index];
        let gap = std::mem::take(&mut source.gap);
        let id = match source.last {
            Some(last) if line.continues && gap == 0 && last.nth < ENTRY_LINES && Some(last) >= earliest => {
                LineId { nth: last.nth + 1, ..last }
            }
            _ => {
                let at = source.order_time(&line);
                LineId { at: earliest.map_or(at, |earliest| at.max(earliest.at)), entry: arrival, nth: 0 }
            }
        };
        source.first_received.get_or_insert(line.received);
        if line.stated.is_some() {
            source.last_stated = Some(line.received);
        }
        source.last = Some(id);
        source.stats.kept += 1;
        let stored = Stored {
            id,
            arrival,
            source: u16::try_from(index).unwrap_or(u16::MAX),
            gap: u32::try_from(gap).unwrap_or(u32::MAX),
            line,
        };
        self.bytes += stored.bytes();
        stored
    }

    fn merge(&mut self, arrived: Vec<Stored>) {
        let from = match self.lines.back() {
            Some(back) if arrived[0].id < back.id => self.lines.partition_point(|stored| stored.id < arrived[0].id),
            _ => self.lines.len(),
        };
        let mut displaced = self.lines.split_off(from).into_iter().peekable();
        self.lines.reserve(arrived.len() + displaced.len());
        for stored in arrived {
            while let Some(earlier) = displaced.next_if(|earlier| earlier.id < stored.id) {
                self.lines.push_back(earlier);
            }
            self.lines.push_back(stored);
        }
        self.lines.extend(displaced);
    }

    fn evict(&mut self) {
        while self.bytes > self.budget && self.lines.len() > 1 {
            let Some(oldest) = self.lines.pop_front() else { return };
            self.bytes -= oldest.bytes();
            self.floor = self.floor.max(Some(oldest.id));
            let wanted = self.hold.is_some_and(|(from, to)| (from..=to).contains(&oldest.id));
            if wanted && self.held_bytes + oldest.bytes() <= self.budget / 4 {
                self.held_bytes += oldest.bytes();
                self.held.push(oldest);
            } else {
                self.count_evicted(&oldest);
                self.evicted_behind_hold += u64::from(!self.held.is_empty());
            }
        }
    }

    fn count_evicted(&mut self, stored: &Stored) {
        let stats = &mut self.sources[usize::from(stored.source)].stats;
        stats.evicted += 1;
        stats.kept -= 1;
    }

    /// Keeps these lines though they grow old, because somebody is reading them.
    ///
    /// What was held before and is not among them goes. The caller keeps the stretch to a few screens; more than a
    /// quarter of the budget is not held.
    pub fn hold(&mut self, from: LineId, to: LineId) {
        self.hold = Some((from, to));
        let (kept, gone) =
            std::mem::take(&mut self.held).into_iter().partition(|stored: &Stored| (from..=to).contains(&stored.id));
        self.held = kept;
        self.forget(gone);
    }

    /// Lets held lines go.
    pub fn release(&mut self) {
        self.hold = None;
        let gone = std::mem::take(&mut self.held);
        self.forget(gone);
    }

    fn forget(&mut self, gone: Vec<Stored>) {
        for stored in gone {
            self.held_bytes -= stored.bytes();
            self.count_evicted(&stored);
        }
        if self.held.is_empty() {
            self.evicted_behind_hold = 0;
        }
    }

    /// Returns how many lines there are.
    pub fn len(&self) -> usize {
        self.held.len() + self.lines.len()
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the bytes that the lines take.
    pub fn bytes(&self) -> usize {
        self.bytes + self.held_bytes
    }

    /// Returns how many lines have arrived since the beginning.
    pub fn arrived(&self) -> u64 {
        self.arrived
    }

    /// Returns what is known about each source, in the order of their first lines.
    pub fn sources(&self) -> impl Iterator<Item = &SourceStats> {
        self.sources.iter().map(|source| &source.stats)
    }

    /// Returns the line at a position, counted from the oldest.
    pub fn at(&self, position: usize) -> Option<Item<'_>> {
        let behind_hold = position.checked_sub(self.held.len());
        let stored = behind_hold.map_or_else(|| self.held.get(position), |behind| self.lines.get(behind))?;
        let evicted = if behind_hold == Some(0) && !self.held.is_empty() { self.evicted_behind_hold } else { 0 };
        Some(Item {
            id: stored.id,
            source: &self.sources[usize::from(stored.source)].stats.source,
            line: &stored.line,
            gap: u64::from(stored.gap) + evicted,
            arrival: stored.arrival,
        })
    }

    /// Returns the position of the first line that is not before `id`.
    pub fn position(&self, id: LineId) -> usize {
        match self.held.last() {
            Some(last) if id <= last.id => self.held.partition_point(|stored| stored.id < id),
            _ => self.held.len() + self.lines.partition_point(|stored| stored.id < id),
        }
    }

    /// Returns the line, if it is still there.
    pub fn get(&self, id: LineId) -> Option<Item<'_>> {
        self.at(self.position(id)).filter(|item| item.id == id)
    }

    /// Returns the oldest line.
    pub fn first(&self) -> Option<Item<'_>> {
        self.at(0)
    }

    /// Returns the newest line.
    pub fn last(&self) -> Option<Item<'_>> {
        self.at(self.len().checked_sub(1)?)
    }

    /// Returns lines in order; `.rev()` gives the newest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Item<'_>> {
        self.range(0..self.len())
    }

    /// Returns the lines from `id` on, whether or not it is still there.
    pub fn from(&self, id: LineId) -> impl DoubleEndedIterator<Item = Item<'_>> {
        self.range(self.position(id)..self.len())
    }

    /// Returns the lines before `id`, oldest first; `.rev()` gives the nearest first.
    pub fn before(&self, id: LineId) -> impl DoubleEndedIterator<Item = Item<'_>> {
        self.range(0..self.position(id))
    }

    fn range(&self, positions: std::ops::Range<usize>) -> impl DoubleEndedIterator<Item = Item<'_>> {
        positions.filter_map(|position| self.at(position))
    }

    /// Returns the positions of the lines that belong to the same entry as `id`.
    pub fn entry(&self, id: LineId) -> std::ops::Range<usize> {
        let start = self.position(id.head());
        match self.at(start) {
            Some(first) if first.id.same_entry(id) => start..self.end_of_entry(start),
            _ => start..start,
        }
    }

    /// Returns the position behind the entry of the line at a position.
    pub(super) fn end_of_entry(&self, position: usize) -> usize {
        let Some(first) = self.at(position) else { return position };
        let mut end = position + 1;
        while self.at(end).is_some_and(|item| item.id.same_entry(first.id)) {
            end += 1;
        }
        end
    }

    /// Returns the last held line and the first line behind the gap, when there is one.
    pub(super) fn gap(&self) -> Option<(LineId, LineId)> {
        Some((self.held.last()?.id, self.lines.front()?.id))
    }

    /// Returns the position of the first entry that is not before that time.
    pub fn position_at(&self, time: Timestamp) -> usize {
        self.position(LineId { at: time, entry: 0, nth: 0 })
    }

    /// Returns what has changed since `arrived()` was this number.
    pub(super) fn changed_since(&self, arrived: u64) -> Changed {
        if arrived == self.arrived {
            return Changed::Nothing;
        }
        if self.changes.front().is_none_or(|&(first, _)| first > arrived) {
            return Changed::Everything;
        }
        let recent = self.changes.iter().rev().take_while(|&&(first, _)| first >= arrived);
        recent.map(|&(_, lowest)| lowest).min().map_or(Changed::Everything, Changed::From)
    }
}

#[cfg(test)]
mod tests;
