//! Where a view stands and what is selected: keys move these, lines that arrive do not.

use super::{Anchor, Freeze, LogView, to_signed};
use crate::logs::buffer::{Item, LineId, LogBuffer};
use crate::model::time::Timestamp;

impl LogView {
    /// Returns where the view stands.
    pub fn anchor(&self) -> Anchor {
        self.anchor
    }

    /// Whether new lines move the view.
    pub fn is_following(&self) -> bool {
        self.anchor == Anchor::Follow
    }

    /// Whether new lines are kept from the view.
    pub fn is_paused(&self) -> bool {
        self.freeze.is_some()
    }

    /// Returns how many lines arrived since the view stopped following, of those that it would show.
    pub fn news(&self) -> u64 {
        self.news
    }

    /// Freezes what is on the screen: later lines are counted and not shown.
    pub fn pause(&mut self, buffer: &LogBuffer, height: usize) {
        let (Some(top), Some(last)) = (self.top(buffer, height), buffer.last()) else { return };
        self.stop_at(top);
        self.freeze = Some(Freeze { arrived: buffer.arrived(), last: last.id });
    }

    /// Follows the newest line again.
    pub fn resume(&mut self) {
        self.freeze = None;
        self.anchor = Anchor::Follow;
        self.news = 0;
    }

    /// Moves by that many rows, down if positive. At the end the view follows again, unless it is paused.
    pub fn scroll(&mut self, buffer: &LogBuffer, height: usize, by: isize) {
        let Some(top) = self.top(buffer, height) else { return };
        let moved = self.step(buffer, top, by);
        if by > 0 && self.bottom_top(buffer, height).is_some_and(|lowest| moved >= lowest) {
            self.end(buffer, height);
        } else {
            self.stop_at(moved);
        }
    }

    /// Shows the oldest lines.
    pub fn home(&mut self, buffer: &LogBuffer) {
        if let Some(first) = self.first_row(buffer) {
            self.stop_at(first);
        }
    }

    /// Shows the newest lines and follows them, or the last lines before the pause.
    pub fn end(&mut self, buffer: &LogBuffer, height: usize) {
        if self.freeze.is_none() {
            self.resume();
        } else if let Some(top) = self.bottom_top(buffer, height) {
            self.stop_at(top);
        }
    }

    pub(super) fn stop_at(&mut self, top: LineId) {
        if self.anchor == Anchor::Follow {
            self.news = 0;
        }
        self.anchor = Anchor::At(top);
    }

    /// Returns the selected line, or the nearest one if it is gone or hidden.
    pub fn selected<'a>(&self, buffer: &'a LogBuffer) -> Option<Item<'a>> {
        buffer.get(self.resolve(buffer, self.selected?)?)
    }

    /// Selects a line and shows it.
    pub fn select(&mut self, buffer: &LogBuffer, height: usize, id: LineId) {
        self.selected = self.resolve(buffer, id);
        self.reveal(buffer, height, 0);
    }

    /// Selects nothing.
    pub fn deselect(&mut self) {
        self.selected = None;
    }

    /// Moves the selection by that many rows and the view as far as needed. Without a selection it begins at the newest
    /// row; moved beyond that, it ends and the view follows again.
    pub fn move_selection(&mut self, buffer: &LogBuffer, height: usize, by: isize) {
        let Some(last) = self.last_row(buffer) else { return };
        let selected = self.selected.and_then(|selected| self.resolve(buffer, selected));
        let Some(from) = selected else {
            let visible = self.rows(buffer, height);
            self.selected = visible.last().map(|row| row.id);
            let Some(top) = visible.first().map(|row| row.id) else { return };
            self.stop_at(top);
            return;
        };
        if by > 0 && from == last && self.freeze.is_none() {
            self.selected = None;
            self.resume();
            return;
        }
        self.selected = Some(self.step(buffer, from, by));
        self.reveal(buffer, height, 0);
    }

    /// Goes to the first line that is not before a time, and selects it.
    pub fn go_to_time(&mut self, buffer: &LogBuffer, height: usize, time: Timestamp) {
        let target = buffer.at(buffer.position_at(time)).or_else(|| buffer.last()).map(|item| item.id);
        self.selected = target.and_then(|id| self.resolve(buffer, id));
        self.reveal(buffer, height, height / 3);
    }

    /// Moves the view so that the selection is on the screen, with that many rows between it and the edge if it moves.
    pub(super) fn reveal(&mut self, buffer: &LogBuffer, height: usize, margin: usize) {
        let Some(selected) = self.selected.and_then(|selected| self.resolve(buffer, selected)) else { return };
        let rows = self.rows(buffer, height);
        let (Some(first), Some(last)) = (rows.first().map(|row| row.id), rows.last().map(|row| row.id)) else { return };
        let top = if selected < first {
            self.step(buffer, selected, -to_signed(margin))
        } else if selected > last {
            self.step(buffer, selected, -to_signed(height.saturating_sub(1 + margin)))
        } else {
            first
        };
        self.stop_at(top);
    }
}
