//! A stretch of one file, beyond what is kept in memory.

use crate::logs::buffer::LogBuffer;
use crate::logs::filter::Filter;
use crate::logs::view::{Direction, LogView};
use crate::model::id::LogSourceId;
use crate::model::log::{LogBatch, LogLine};

/// How many lines a stretch has: enough for a minute of paging, little enough to come at once.
pub const LINES: u32 = 2_000;

/// What was asked of the runtime.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ask {
    Window { select: Option<u64> },
    Find { backwards: bool },
}

/// What moving needs that is not here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    /// Lines around that byte.
    Lines { around: u64 },
    /// The end of the file: what is live.
    Live,
}

/// A stretch of one file.
#[derive(Debug)]
pub struct History {
    pub source: LogSourceId,
    pub buffer: LogBuffer,
    pub view: LogView,
    /// The stretch begins where the file does, and ends where it did when it was read.
    at_start: bool,
    at_end: bool,
}

impl History {
    /// Returns a view of lines that were read from a file.
    pub fn new(source: LogSourceId, lines: Vec<LogLine>, at_start: bool, at_end: bool) -> Self {
        let mut buffer = LogBuffer::default();
        buffer.push_batch(LogBatch { source: source.clone(), lines, dropped: 0 });
        let mut view = LogView::new();
        view.sync(&mut buffer);
        Self { source, buffer, view, at_start, at_end }
    }

    /// Selects the line at a byte, or the first one after it.
    pub fn select(&mut self, offset: u64, height: usize) {
        let found = self.buffer.iter().find(|item| item.line.offset >= Some(offset)).or_else(|| self.buffer.last());
        if let Some(id) = found.map(|item| item.id) {
            self.view.select(&self.buffer, height, id);
        }
    }

    /// Moves the selection, and says what is missing when it cannot.
    pub fn go(&mut self, by: isize, height: usize) -> Option<Missing> {
        let Some(before) = self.view.selected(&self.buffer).map(|item| (item.id, item.line.offset)) else {
            self.view.move_selection(&self.buffer, height, by);
            return None;
        };
        let is_last = self.buffer.last().is_some_and(|last| last.id.same_entry(before.0));
        if by > 0 && is_last {
            return match (self.at_end, before.1) {
                (false, Some(around)) => Some(Missing::Lines { around }),
                _ => Some(Missing::Live),
            };
        }
        self.view.move_selection(&self.buffer, height, by);
        let after = self.view.selected(&self.buffer).map(|item| item.id);
        match before.1 {
            Some(around) if by < 0 && after == Some(before.0) && !self.at_start => Some(Missing::Lines { around }),
            _ => None,
        }
    }

    /// Returns the byte from which on a search must go on outside of this stretch.
    pub fn edge(&self, direction: Direction) -> Option<u64> {
        match direction {
            Direction::Up => self.buffer.first(),
            Direction::Down => self.buffer.last(),
        }
        .and_then(|item| item.line.offset)
    }

    /// Whether the file has nothing beyond this stretch.
    pub fn ends(&self, direction: Direction) -> bool {
        match direction {
            Direction::Up => self.at_start,
            Direction::Down => self.at_end,
        }
    }

    /// Changes what is shown.
    pub fn change_filter(&mut self, change: impl Fn(&mut Filter)) {
        let mut filter = self.view.filter().clone();
        change(&mut filter);
        self.view.set_filter(&self.buffer, filter);
    }
}
