//! Which rows of a buffer a screen shows.
//!
//! The view holds no line, only identities: where it stands, what is selected, what is unfolded. Every frame costs as
//! much as there are rows on the screen. A filter keeps an index of the entries that pass it, which
//! [`sync`](LogView::sync) extends by what has arrived since.
//!
//! ```text
//!  buffer.push_batch(batch);  view.sync(&mut buffer);      on every batch
//!  view.scroll(&buffer, height, 1);                        on keys
//!  for row in view.rows(&buffer, height) { .. }            when drawing
//! ```

use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;

use super::buffer::{Changed, Item, LineId, LogBuffer};
use super::filter::{Filter, Pattern};
use crate::model::id::LogSourceId;
use crate::model::log::{Level, LogLine};
use crate::model::time::Timestamp;

/// How much above and below the first row on the screen is kept while the buffer runs on: several screens.
const HELD_ABOVE: usize = 300;
const HELD_BELOW: usize = 700;

/// Where a view stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Anchor {
    /// The newest line is the last row.
    Follow,
    /// That line is the first row.
    At(LineId),
}

/// One row to draw.
#[derive(Clone, PartialEq, Debug)]
pub struct Row<'a> {
    pub id: LineId,
    pub source: &'a LogSourceId,
    pub line: &'a LogLine,
    /// The level of the entry: of its head, for all its rows.
    pub level: Option<Level>,
    /// Whether the row belongs to the entry above it.
    pub continuation: bool,
    /// How many more lines its entry has that are folded away.
    pub folded: usize,
    /// What the search, or else the filter, finds in it, in bytes of the text.
    pub matches: Vec<Range<usize>>,
    pub selected: bool,
    /// How many lines are missing right before it.
    pub gap: u64,
}

/// Which way to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Towards newer lines.
    Down,
    /// Towards older lines.
    Up,
}

/// What looking for a line found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    Hit,
    /// Found on going on from the other end.
    Wrapped,
    Nothing,
}

/// The state of one log pane.
#[derive(Debug)]
pub struct LogView {
    filter: Filter,
    /// The heads of the entries that pass the filter; `None` while everything passes.
    index: Option<VecDeque<LineId>>,
    search: Option<Pattern>,
    anchor: Anchor,
    selected: Option<LineId>,
    fold: bool,
    /// The entries that are not as `fold` says.
    toggled: BTreeSet<LineId>,
    freeze: Option<Freeze>,
    /// How much of the buffer the view knows.
    synced: u64,
    /// Lines that passed the filter since the view stopped following.
    news: u64,
}

/// What a paused view does not look beyond.
#[derive(Clone, Copy, Debug)]
struct Freeze {
    /// Lines that arrived from here on are not shown.
    arrived: u64,
    /// The last line that is shown.
    last: LineId,
}

impl Default for LogView {
    fn default() -> Self {
        Self {
            filter: Filter::default(),
            index: None,
            search: None,
            anchor: Anchor::Follow,
            selected: None,
            fold: true,
            toggled: BTreeSet::new(),
            freeze: None,
            synced: 0,
            news: 0,
        }
    }
}

impl LogView {
    /// Returns a view that follows the newest line, with stack traces folded.
    pub fn new() -> Self {
        Self::default()
    }

    // -- what arrives -------------------------------------------------------------------------------------------------

    /// Takes notice of what the buffer has taken in and let go, and tells it what must not go yet.
    pub fn sync(&mut self, buffer: &mut LogBuffer) {
        self.hold(buffer);
        self.index_changes(buffer);
        self.synced = buffer.arrived();
        let Some(first) = buffer.first() else { return };
        let oldest = first.id.head();
        while self.toggled.first().is_some_and(|id| *id < oldest) {
            self.toggled.pop_first();
        }
    }

    /// What is being read stays, whatever comes in.
    fn hold(&self, buffer: &mut LogBuffer) {
        let Anchor::At(top) = self.anchor else { return buffer.release() };
        let at = buffer.position(top);
        let from = buffer.at(at.saturating_sub(HELD_ABOVE)).map(|item| item.id);
        let to = buffer.at((at + HELD_BELOW).min(buffer.len().saturating_sub(1))).map(|item| item.id);
        if let (Some(from), Some(to)) = (from, to) {
            buffer.hold(from, to);
        }
    }

    fn index_changes(&mut self, buffer: &LogBuffer) {
        let Some(index) = &mut self.index else {
            self.news += self.counted(buffer.arrived() - self.synced);
            return;
        };
        match buffer.changed_since(self.synced) {
            Changed::Nothing => {}
            Changed::From(id) => {
                index.truncate(index.partition_point(|head| *head < id.head()));
                let passed = self.index_from(buffer, buffer.position(id.head()));
                self.news += self.counted(passed);
            }
            Changed::Everything => {
                index.clear();
                let passed = self.index_from(buffer, 0);
                self.news += self.counted(passed);
            }
        }
        let Some(index) = &mut self.index else { return };
        if let Some(first) = buffer.first() {
            index.drain(..index.partition_point(|head| *head < first.id.head()));
        }
        if let Some((held, next)) = buffer.gap() {
            index.drain(index.partition_point(|head| *head <= held)..index.partition_point(|head| *head < next.head()));
        }
    }

    fn counted(&self, lines: u64) -> u64 {
        if self.is_following() { 0 } else { lines }
    }

    /// Adds the entries from a position on to the index. Returns how many new lines were among them.
    fn index_from(&mut self, buffer: &LogBuffer, position: usize) -> u64 {
        let mut new = 0;
        let Some(index) = &mut self.index else { return new };
        let mut at = position;
        while let Some(first) = buffer.at(at) {
            let entry = at..buffer.end_of_entry(at);
            at = entry.end;
            let lines = entry.filter_map(|at| buffer.at(at));
            if self.filter.passes(lines.clone()) {
                index.push_back(first.id.head());
                new += lines.map(|item| u64::from(item.arrival >= self.synced)).sum::<u64>();
            }
        }
        new
    }

    // -- what is shown ------------------------------------------------------------------------------------------------

    /// Returns what is shown and hidden.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Shows other lines. The view stays where it is, or at the nearest line that is still shown.
    pub fn set_filter(&mut self, buffer: &LogBuffer, filter: Filter) {
        self.index = (!filter.is_empty()).then(VecDeque::new);
        self.filter = filter;
        self.index_from(buffer, 0);
        self.synced = buffer.arrived();
    }

    /// Whether entries are shown as one row unless unfolded.
    pub fn is_folded(&self) -> bool {
        self.fold
    }

    /// Folds or unfolds all entries.
    pub fn set_folded(&mut self, fold: bool) {
        self.fold = fold;
        self.toggled.clear();
    }

    /// Folds or unfolds the entry of a line. The selection stays in it.
    pub fn toggle_fold(&mut self, id: LineId) {
        let head = id.head();
        if !self.toggled.remove(&head) {
            self.toggled.insert(head);
        }
        if self.is_entry_folded(head) {
            self.selected = self.selected.map(|selected| if selected.same_entry(head) { head } else { selected });
        }
    }

    fn is_entry_folded(&self, id: LineId) -> bool {
        self.fold != self.toggled.contains(&id.head())
    }

    /// Returns what is searched for.
    pub fn search(&self) -> Option<&Pattern> {
        self.search.as_ref()
    }

    /// Searches for something else, or nothing. Moves nothing: [`find`](Self::find) does.
    pub fn set_search(&mut self, pattern: Option<Pattern>) {
        self.search = pattern;
    }

    /// Returns the rows that fill that height, oldest first.
    pub fn rows<'a>(&self, buffer: &'a LogBuffer, height: usize) -> Vec<Row<'a>> {
        let Some(mut id) = self.top(buffer, height) else { return Vec::new() };
        let mut rows = Vec::with_capacity(height);
        while rows.len() < height {
            let Some(item) = buffer.get(id) else { break };
            rows.push(self.row(buffer, item));
            let Some(next) = self.next_row(buffer, id) else { break };
            id = next;
        }
        rows
    }

    /// Returns the heads of all entries that are shown, oldest first: for summaries.
    pub fn entries<'a>(&'a self, buffer: &'a LogBuffer) -> impl Iterator<Item = Item<'a>> {
        buffer.iter().filter(|item| item.id.is_head() && self.is_shown(item))
    }

    fn row<'a>(&self, buffer: &'a LogBuffer, item: Item<'a>) -> Row<'a> {
        let pattern = self.search.as_ref().or(self.filter.include());
        let folded =
            if self.is_entry_folded(item.id) { self.entry(buffer, item.id).len().saturating_sub(1) } else { 0 };
        Row {
            id: item.id,
            source: item.source,
            line: item.line,
            level: self.first_of(buffer, item.id).and_then(|head| buffer.get(head)).and_then(|head| head.line.level),
            continuation: !item.id.is_head(),
            folded,
            matches: pattern.map(|pattern| pattern.ranges(item.line.text.as_str())).unwrap_or_default(),
            selected: self.selected.is_some_and(|selected| self.resolve(buffer, selected) == Some(item.id)),
            gap: item.gap,
        }
    }

    // -- where the view stands ----------------------------------------------------------------------------------------

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

    fn stop_at(&mut self, top: LineId) {
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

    /// Moves the view so that the selection is on the screen, with that many rows between it and the edge if it moves.
    fn reveal(&mut self, buffer: &LogBuffer, height: usize, margin: usize) {
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

    // -- rows ---------------------------------------------------------------------------------------------------------

    /// Returns the first row on a screen of that height.
    fn top(&self, buffer: &LogBuffer, height: usize) -> Option<LineId> {
        let lowest = self.bottom_top(buffer, height)?;
        match self.anchor {
            Anchor::Follow => Some(lowest),
            Anchor::At(id) => Some(self.resolve(buffer, id)?.min(lowest)),
        }
    }

    /// Returns the first row when the last row is the newest.
    fn bottom_top(&self, buffer: &LogBuffer, height: usize) -> Option<LineId> {
        let last = self.last_row(buffer)?;
        Some(self.step(buffer, last, -to_signed(height.saturating_sub(1))))
    }

    /// Returns the row that is that many rows away, or the outermost.
    fn step(&self, buffer: &LogBuffer, from: LineId, by: isize) -> LineId {
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
    fn resolve(&self, buffer: &LogBuffer, id: LineId) -> Option<LineId> {
        let position = buffer.position(id);
        if let Some(item) = buffer.at(position)
            && item.id.same_entry(id)
            && self.is_shown(&item)
        {
            return if self.is_entry_folded(id) { self.first_of(buffer, id) } else { Some(item.id) };
        }
        self.first_shown(buffer, id.head()).or_else(|| self.last_row(buffer))
    }

    fn first_row(&self, buffer: &LogBuffer) -> Option<LineId> {
        self.first_shown(buffer, buffer.first()?.id.head())
    }

    /// The first row of the first shown entry that is not before `head`.
    fn first_shown(&self, buffer: &LogBuffer, head: LineId) -> Option<LineId> {
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
    fn last_shown_before(&self, buffer: &LogBuffer, head: LineId) -> Option<LineId> {
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

    fn last_row(&self, buffer: &LogBuffer) -> Option<LineId> {
        let end = match self.freeze {
            Some(freeze) => freeze.last.end_of_entry(),
            None => buffer.last()?.id.end_of_entry(),
        };
        self.last_shown_before(buffer, end)
    }

    fn next_row(&self, buffer: &LogBuffer, id: LineId) -> Option<LineId> {
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

    fn previous_row(&self, buffer: &LogBuffer, id: LineId) -> Option<LineId> {
        if !self.is_entry_folded(id)
            && let Some(item) = buffer.position(id).checked_sub(1).and_then(|previous| buffer.at(previous))
            && item.id.same_entry(id)
        {
            return Some(item.id);
        }
        self.last_shown_before(buffer, id.head())
    }

    /// The positions of the lines of an entry that are not kept back by a pause.
    fn entry(&self, buffer: &LogBuffer, id: LineId) -> Range<usize> {
        let mut lines = buffer.entry(id);
        if self.freeze.is_some() {
            while lines.end > lines.start && buffer.at(lines.end - 1).is_none_or(|item| !self.is_thawed(&item)) {
                lines.end -= 1;
            }
        }
        lines
    }

    fn first_of(&self, buffer: &LogBuffer, id: LineId) -> Option<LineId> {
        let item = buffer.at(buffer.position(id.head()))?;
        (item.id.same_entry(id) && self.is_thawed(&item)).then_some(item.id)
    }

    fn is_thawed(&self, item: &Item<'_>) -> bool {
        self.freeze.is_none_or(|freeze| item.arrival < freeze.arrived)
    }

    fn is_shown(&self, item: &Item<'_>) -> bool {
        self.is_thawed(item) && self.index.as_ref().is_none_or(|index| index.binary_search(&item.id.head()).is_ok())
    }
}

fn to_signed(rows: usize) -> isize {
    isize::try_from(rows).unwrap_or(isize::MAX)
}

#[cfg(test)]
mod tests;
