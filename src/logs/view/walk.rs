//! From row to row: what is folded, filtered out or kept back by a pause is stepped over.
//!
//! Each step costs a binary search or two, never a walk through what is not shown.

use std::ops::Range;

use super::{Anchor, LogView, to_signed};
use crate::logs::buffer::{Item, LineId, LogBuffer};

impl LogView {
    /// Returns the first row on a screen of that height.
    pub(super) fn top(&self, buffer: &LogBuffer, height: usize) -> Option<LineId> {
        let lowest = self.bottom_top(buffer, height)?;
        match self.anchor {
            Anchor::Follow => Some(lowest),
            Anchor::At(id) => Some(self.resolve(buffer, id)?.min(lowest)),
        }
    }

    /// Returns the first row when the last row is the newest.
    pub(super) fn bottom_top(&self, buffer: &LogBuffer, height: usize) -> Option<LineId> {
        let last = self.last_row(buffer)?;
        Some(self.step(buffer, last, -to_signed(height.saturating_sub(1))))
    }

    /// Returns the row that is that many rows away, or the outermost.
    pub(super) fn step(&self, buffer: &LogBuffer, from: LineId, by: isize) -> LineId {
        let mut at = from;
        for _ in 0..by.unsigned_abs() {
            let next = if by > 0 { self.next_row(buffer, at) } else { self.previous_row(buffer, at) };
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
        at
    }

    /// Returns the row that shows a line, or the next one, or the last.
    pub(super) fn resolve(&self, buffer: &LogBuffer, id: LineId) -> Option<LineId> {
        let position = buffer.position(id);
        if let Some(item) = buffer.at(position)
            && item.id.same_entry(id)
            && self.is_shown(&item)
        {
            return if self.is_entry_folded(id) { self.first_of(buffer, id) } else { Some(item.id) };
        }
        self.first_shown(buffer, id.head()).or_else(|| self.last_row(buffer))
    }

    pub(super) fn first_row(&self, buffer: &LogBuffer) -> Option<LineId> {
        self.first_shown(buffer, buffer.first()?.id.head())
    }

    /// The first row of the first shown entry that is not before `head`.
    pub(super) fn first_shown(&self, buffer: &LogBuffer, head: LineId) -> Option<LineId> {
        let mut from = head;
        loop {
            let entry = match &self.index {
                Some(index) => *index.get(index.partition_point(|id| *id < from))?,
                None => buffer.at(buffer.position(from))?.id,
            };
            if self.freeze.is_some_and(|freeze| entry > freeze.last) {
                return None;
            }
            if let Some(first) = self.first_of(buffer, entry) {
                return Some(first);
            }
            from = entry.end_of_entry();
        }
    }

    /// The last row of the last shown entry before `head`.
    pub(super) fn last_shown_before(&self, buffer: &LogBuffer, head: LineId) -> Option<LineId> {
        let mut before = head;
        loop {
            let entry = match &self.index {
                Some(index) => *index.get(index.partition_point(|id| *id < before).checked_sub(1)?)?,
                None => buffer.at(buffer.position(before).checked_sub(1)?)?.id,
            };
            let row = if self.is_entry_folded(entry) {
                self.first_of(buffer, entry)
            } else {
                self.entry(buffer, entry).next_back().and_then(|last| buffer.at(last)).map(|item| item.id)
            };
            if row.is_some() {
                return row;
            }
            before = entry.head();
        }
    }

    pub(super) fn last_row(&self, buffer: &LogBuffer) -> Option<LineId> {
        let end = match self.freeze {
            Some(freeze) => freeze.last.end_of_entry(),
            None => buffer.last()?.id.end_of_entry(),
        };
        self.last_shown_before(buffer, end)
    }

    pub(super) fn next_row(&self, buffer: &LogBuffer, id: LineId) -> Option<LineId> {
        if !self.is_entry_folded(id) {
            let next = buffer.position(id) + 1;
            if let Some(item) = buffer.at(next)
                && item.id.same_entry(id)
                && self.is_thawed(&item)
            {
                return Some(item.id);
            }
        }
        self.first_shown(buffer, id.end_of_entry())
    }

    pub(super) fn previous_row(&self, buffer: &LogBuffer, id: LineId) -> Option<LineId> {
        if !self.is_entry_folded(id)
            && let Some(item) = buffer.position(id).checked_sub(1).and_then(|previous| buffer.at(previous))
            && item.id.same_entry(id)
        {
            return Some(item.id);
        }
        self.last_shown_before(buffer, id.head())
    }

    /// The positions of the lines of an entry that are not kept back by a pause.
    pub(super) fn entry(&self, buffer: &LogBuffer, id: LineId) -> Range<usize> {
        let mut lines = buffer.entry(id);
        if self.freeze.is_some() {
            while lines.end > lines.start && buffer.at(lines.end - 1).is_none_or(|item| !self.is_thawed(&item)) {
                lines.end -= 1;
            }
        }
        lines
    }

    pub(super) fn first_of(&self, buffer: &LogBuffer, id: LineId) -> Option<LineId> {
        let item = buffer.at(buffer.position(id.head()))?;
        (item.id.same_entry(id) && self.is_thawed(&item)).then_some(item.id)
    }

    pub(super) fn is_thawed(&self, item: &Item<'_>) -> bool {
        self.freeze.is_none_or(|freeze| item.arrival < freeze.arrived)
    }

    pub(super) fn is_shown(&self, item: &Item<'_>) -> bool {
        self.is_thawed(item) && self.index.as_ref().is_none_or(|index| index.binary_search(&item.id.head()).is_ok())
    }
}
