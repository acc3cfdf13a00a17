//! Which rows of a buffer a screen shows.
//!
//! The view holds no line, only identities: where it stands, what is selected, what is unfolded. Every frame costs as
//! much as there are rows on the screen. A filter keeps an index of the entries that pass it, which
//! [`sync`](LogView::sync) extends by what has arrived since.
//!
//! ```text
//!  buffer.push_batch(batch);         view.sync(&mut buffer);   on every batch
//!  view.scroll(&buffer, height, 1);  view.sync(&mut buffer);   on keys: what is looked at must not be evicted
//!  for row in view.rows(&buffer, height) { .. }                when drawing
//! ```

mod find;
mod moves;
mod walk;

use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;

use super::buffer::{Changed, Item, LineId, LogBuffer};
use super::filter::{Filter, Pattern};
use crate::model::id::LogSourceId;
use crate::model::log::{Level, LogLine};

/// How much above and below the first row on the screen is kept while the buffer runs on: several screens.
const HELD_ABOVE: usize = 300;
const HELD_BELOW: usize = 700;

/// How much of a line is searched for what to highlight: no screen is wider, however far it is scrolled.
const SEARCHED: usize = 16 * 1024;

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
            matches: pattern.map(|pattern| pattern.ranges(beginning(item.line.text.as_str()))).unwrap_or_default(),
            selected: self.selected.is_some_and(|selected| self.resolve(buffer, selected) == Some(item.id)),
            gap: item.gap,
        }
    }
}

/// What of a long line can come to the screen at all.
fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(SEARCHED)]
}

fn to_signed(rows: usize) -> isize {
    isize::try_from(rows).unwrap_or(isize::MAX)
}

#[cfg(test)]
mod tests;
