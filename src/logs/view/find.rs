//! Looking for lines: what the search finds, and errors.

use super::{Direction, Found, LogView};
use crate::logs::buffer::{Item, LogBuffer};
use crate::model::log::Level;

impl LogView {
    /// Goes to the next line that the search finds, from the selection or the edge of the screen.
    pub fn find(&mut self, buffer: &LogBuffer, height: usize, direction: Direction) -> Found {
        let Some(pattern) = self.search.clone() else { return Found::Nothing };
        self.find_by(buffer, height, direction, |item| pattern.is_match(item.line.text.as_str()))
    }

    /// Goes to the next entry that says it is an error.
    pub fn find_error(&mut self, buffer: &LogBuffer, height: usize, direction: Direction) -> Found {
        self.find_by(buffer, height, direction, |item| {
            !item.line.continues && item.line.level.is_some_and(|level| level >= Level::Error)
        })
    }

    fn find_by(
        &mut self,
        buffer: &LogBuffer,
        height: usize,
        direction: Direction,
        is_hit: impl Fn(&Item<'_>) -> bool,
    ) -> Found {
        let selected = self.selected.and_then(|selected| self.resolve(buffer, selected));
        // Without a selection, what is on the screen counts as not yet seen.
        let (from, inclusive) = match (selected, direction) {
            (Some(selected), _) => (selected, false),
            (None, Direction::Up) => match self.rows(buffer, height).last() {
                Some(row) => (row.id, true),
                None => return Found::Nothing,
            },
            (None, Direction::Down) => match self.top(buffer, height) {
                Some(top) => (top, true),
                None => return Found::Nothing,
            },
        };
        let hit = |item: &Item<'_>| is_hit(item) && self.is_shown(item);
        let is_ahead = |item: &Item<'_>| inclusive || item.id != from;
        let ahead = |item: &Item<'_>| is_ahead(item) && hit(item);
        let (near, far) = match direction {
            Direction::Down => {
                let near = buffer.from(from).find(ahead);
                (near, near.is_none().then(|| buffer.before(from).find(hit)).flatten())
            }
            Direction::Up => {
                let here = buffer.get(from).filter(ahead);
                let near = here.or_else(|| buffer.before(from).rev().find(hit));
                (near, near.is_none().then(|| buffer.from(from).rev().find(ahead)).flatten())
            }
        };
        // The selected line itself may be the only one.
        let alone = || buffer.get(from).filter(hit);
        let (found, outcome) = match (near, far.or_else(alone)) {
            (Some(near), _) => (near, Found::Hit),
            (None, Some(far)) => (far, Found::Wrapped),
            (None, None) => return Found::Nothing,
        };
        let id = found.id;
        if !id.is_head() && self.is_entry_folded(id) {
            self.toggle_fold(id);
        }
        self.selected = Some(id);
        self.reveal(buffer, height, height / 3);
        outcome
    }
}
