//! The log tail: every followed log in one order, filtered, searched, paused; and, beyond what is kept in memory, the
//! file itself.
//!
//! ```text
//!   live     the newest lines of all sources, in memory     k at its top, N beyond it
//!   history  a stretch of one file, asked of the runtime    <------------------'      G or esc leads back
//! ```

mod draw;
mod history;

use ratatui::layout::Rect;

use self::history::{Ask, History, Missing};
use crate::action::Action;
use crate::app::effect::{Effect, LogRequest};
use crate::app::event::{LogEvent, Notice};
use crate::app::world::{Item, World};
use crate::logs::buffer::LogBuffer;
use crate::logs::filter::{Filter, Pattern};
use crate::logs::histogram::{Bucket, Histogram};
use crate::logs::patterns::Patterns;
use crate::logs::view::{Direction, Found, LogView};
use crate::model::catalog::Catalog;
use crate::model::id::LogSourceId;
use crate::model::log::{Level, LogBatch, LogOrigin, LogSourceSpec};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::ui::format;

/// What an action in the logs leads to.
#[derive(Debug, Default)]
pub struct Outcome {
    pub effects: Vec<Effect>,
    /// Text to show in full: a title and lines.
    pub show: Option<(String, Vec<String>)>,
}

impl Outcome {
    fn of(effects: Vec<Effect>) -> Self {
        Self { effects, show: None }
    }
}

/// Which sources are shown.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Shown {
    All,
    /// The sources of the selected service.
    Service(crate::model::id::ServiceId),
    One(LogSourceId),
}

/// A search through a whole file, as far as it has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Progress {
    request: u64,
    matches: u64,
    read: u64,
    total: u64,
    done: bool,
}

/// An entry of a log that somebody wants to keep.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogPin {
    pub source: String,
    pub at: Timestamp,
    pub lines: Vec<String>,
}

/// Where the user is in the logs.
#[derive(Debug)]
pub struct LogsState {
    sources: Vec<LogSourceSpec>,
    buffer: LogBuffer,
    histogram: Histogram,
    view: LogView,
    history: Option<History>,
    shown: Shown,
    /// Cells by which long lines are moved to the left.
    shift: u16,
    height: u16,
    requests: u64,
    asked: Option<(u64, Ask)>,
    progress: Option<Progress>,
}

/// How far back the histogram in the title looks: the beginning of most outages is in it.
const HISTOGRAM: std::time::Duration = std::time::Duration::from_secs(15 * 60);
/// How far one key moves long lines.
const SHIFT: u16 = 16;

impl LogsState {
    /// Returns an empty tail of the catalog's logs.
    pub fn new(catalog: &Catalog) -> Self {
        Self {
            sources: catalog.logs.clone(),
            buffer: LogBuffer::default(),
            histogram: Histogram::new(),
            view: LogView::new(),
            history: None,
            shown: Shown::All,
            shift: 0,
            height: 0,
            requests: 0,
            asked: None,
            progress: None,
        }
    }

    /// Takes in lines.
    pub fn push(&mut self, batch: LogBatch) {
        self.histogram.add_batch(&batch);
        self.buffer.push_batch(batch);
        self.view.sync(&mut self.buffer);
    }

    /// Takes in a file that a glob matches from now on.
    pub fn join(&mut self, source: LogSourceSpec) {
        if !self.sources.iter().any(|known| known.id == source.id) {
            self.sources.push(source);
            self.apply_shown();
        }
    }

    /// Remembers how many rows there are.
    pub fn resize(&mut self, place: Rect) {
        self.height = place.height.saturating_sub(1);
    }

    /// Shows the logs of what is selected: a service's own, or all when it has none.
    pub fn show_for(&mut self, world: &World, item: Option<&Item>) {
        if matches!(self.shown, Shown::One(_)) {
            return;
        }
        self.shown = match item {
            Some(Item::Service(id)) if world.catalog.logs_of(id).next().is_some() => Shown::Service(id.clone()),
            _ => Shown::All,
        };
        self.apply_shown();
    }

    /// Shows one source only.
    pub fn only(&mut self, source: &LogSourceId) {
        self.shown = Shown::One(source.clone());
        self.history = None;
        self.apply_shown();
    }

    fn is_shown(&self, source: &LogSourceSpec) -> bool {
        match &self.shown {
            Shown::All => true,
            Shown::Service(id) => source.service.as_ref().is_none_or(|service| service == id),
            // The files of a glob carry its id in front of theirs.
            Shown::One(id) => {
                source.id == *id
                    || source.id.as_str().strip_prefix(id.as_str()).is_some_and(|rest| rest.starts_with(' '))
            }
        }
    }

    fn apply_shown(&mut self) {
        let mut filter = self.view.filter().clone();
        for source in &self.sources {
            filter.set_source_shown(&source.id, self.is_shown(source));
        }
        if filter != *self.view.filter() {
            self.view.set_filter(&self.buffer, filter);
        }
    }

    /// Does what a key means here.
    pub fn act(&mut self, action: Action, world: &mut World) -> Outcome {
        let page = isize::try_from(self.height.max(2) - 1).unwrap_or(1);
        match action {
            Action::Up => Outcome::of(self.go(-1)),
            Action::Down => Outcome::of(self.go(1)),
            Action::PageUp => Outcome::of(self.go(-page)),
            Action::PageDown => Outcome::of(self.go(page)),
            Action::Top => Outcome::of(self.top()),
            Action::Bottom => {
                self.follow();
                Outcome::default()
            }
            Action::Left => {
                self.shift = self.shift.saturating_sub(SHIFT);
                Outcome::default()
            }
            Action::Right => {
                // A line of a megabyte is read in its detail view, not by a thousand keys.
                self.shift = (self.shift + SHIFT).min(4_096);
                Outcome::default()
            }
            Action::Pause => {
                if self.view.is_paused() || self.history.is_some() {
                    self.follow();
                } else {
                    self.view.pause(&self.buffer, usize::from(self.height));
                    self.view.sync(&mut self.buffer);
                }
                Outcome::default()
            }
            Action::ErrorNext => Outcome::of(self.find_error(Direction::Down, world)),
            Action::ErrorPrevious => Outcome::of(self.find_error(Direction::Up, world)),
            Action::SearchNext => Outcome::of(self.find(Direction::Down, world)),
            Action::SearchPrevious => Outcome::of(self.find(Direction::Up, world)),
            Action::Level => {
                let next = match self.view.filter().min_level() {
                    None => Some(Level::Info),
                    Some(Level::Info) => Some(Level::Warn),
                    Some(Level::Warn) => Some(Level::Error),
                    Some(_) => None,
                };
                self.change_filter(|filter| filter.set_min_level(next));
                let text = match next {
                    None => "all lines are shown",
                    Some(Level::Info) => "lines from info up are shown",
                    Some(Level::Warn) => "lines from warn up are shown",
                    Some(_) => "only errors are shown",
                };
                tell(world, Line::from_text(text), false);
                Outcome::default()
            }
            Action::Source => {
                self.next_source();
                Outcome::default()
            }
            Action::ClearFilters => {
                self.change_filter(|filter| {
                    filter.set_text("");
                    filter.set_min_level(None);
                });
                self.view.set_search(None);
                self.progress = None;
                self.shown = Shown::All;
                self.apply_shown();
                Outcome::of(vec![Effect::Logs(LogRequest::CancelSearch)])
            }
            Action::Patterns => match self.patterns(world) {
                Some(show) => Outcome { effects: Vec::new(), show: Some(show) },
                None => {
                    tell(world, Line::from_text("there are no lines to summarise"), false);
                    Outcome::default()
                }
            },
            _ => Outcome::default(),
        }
    }

    /// Leaves what is innermost in the logs. Returns whether there was anything to leave.
    pub fn back(&mut self, focused: bool) -> bool {
        if !focused {
            return false;
        }
        let standing = self.history.is_some() || self.view.is_paused() || self.view.selected(&self.buffer).is_some();
        if standing {
            self.follow();
            return true;
        }
        if self.view.search().is_some() {
            self.view.set_search(None);
            self.progress = None;
            return true;
        }
        if self.shift > 0 {
            self.shift = 0;
            return true;
        }
        false
    }

    /// Returns what the filter says, for editing it.
    pub fn filter_text(&self) -> &str {
        self.view.filter().text()
    }

    /// Shows only lines that match, and hides those with a `!word`.
    pub fn set_filter(&mut self, text: &str, world: &mut World) {
        self.change_filter(|filter| filter.set_text(text));
        if let Some(message) = self.view.filter().message() {
            tell(world, message.clone(), true);
        }
    }

    /// Hides lines that match as well.
    pub fn hide(&mut self, text: &str, world: &mut World) {
        if !text.is_empty() {
            let text = format!("{} !{}", self.filter_text(), text.trim_start_matches('!'));
            self.set_filter(text.trim_start(), world);
        }
    }

    fn change_filter(&mut self, change: impl Fn(&mut Filter)) {
        let mut filter = self.view.filter().clone();
        change(&mut filter);
        self.view.set_filter(&self.buffer, filter);
        if let Some(history) = &mut self.history {
            history.change_filter(change);
        }
    }

    /// Searches for something: here at once, and in the whole file behind the scenes.
    pub fn search(&mut self, text: &str, world: &mut World) -> Vec<Effect> {
        let pattern = Pattern::new(text);
        if let Some(message) = pattern.as_ref().and_then(Pattern::message) {
            tell(world, message.clone(), true);
        }
        self.view.set_search(pattern.clone());
        if let Some(history) = &mut self.history {
            history.view.set_search(pattern.clone());
        }
        self.progress = None;
        let Some(pattern) = pattern else { return vec![Effect::Logs(LogRequest::CancelSearch)] };
        let mut effects = Vec::new();
        if let Some(source) = self.only_file() {
            let request = self.next_request();
            self.progress = Some(Progress { request, matches: 0, read: 0, total: 0, done: false });
            effects.push(Effect::Logs(LogRequest::Search {
                request,
                source,
                pattern: pattern.expression().to_owned(),
                ignore_case: pattern.ignores_case(),
            }));
        }
        effects.extend(self.find(Direction::Up, world));
        effects
    }

    /// The one file whose lines are shown, when it is one file.
    fn only_file(&self) -> Option<LogSourceId> {
        let mut shown =
            self.sources.iter().filter(|source| self.is_shown(source) && matches!(source.origin, LogOrigin::File(_)));
        let first = shown.next()?;
        shown.next().is_none().then(|| first.id.clone())
    }

    /// Returns the selected entry, or the newest: a title and its lines.
    pub fn entry(&self) -> Option<(String, Vec<String>)> {
        let (buffer, view) = self.reading();
        let item = view.selected(buffer).or_else(|| buffer.last())?;
        let lines = buffer.entry(item.id).filter_map(|at| buffer.at(at)).map(|item| item.line.text.to_string());
        Some((self.title_of(item.source), lines.collect()))
    }

    /// Returns whether something is searched for.
    pub fn searches(&self) -> bool {
        self.view.search().is_some() || self.history.as_ref().is_some_and(|history| history.view.search().is_some())
    }

    /// Returns the selected entry, or the newest, with its source and the moment that it states.
    pub fn pin(&self) -> Option<LogPin> {
        let (buffer, view) = self.reading();
        let item = view.selected(buffer).or_else(|| buffer.last())?;
        let lines = buffer.entry(item.id).filter_map(|at| buffer.at(at)).map(|item| item.line.text.to_string());
        Some(LogPin { source: self.title_of(item.source), at: item.line.time(), lines: lines.collect() })
    }

    /// Returns a summary of the lines that are shown: how often which of them came, alike but for numbers and names.
    fn patterns(&self, world: &World) -> Option<(String, Vec<String>)> {
        let filter = self.view.filter();
        let shown = self.buffer.iter().filter(|item| item.id.is_head() && filter.passes(std::iter::once(*item)));
        let patterns = Patterns::of(shown);
        let groups = patterns.most_frequent();
        if groups.is_empty() {
            return None;
        }
        let moment = |at| format::moment(at, world.now, &world.zone);
        let mut lines: Vec<_> = groups
            .iter()
            .map(|(text, group)| {
                let level = group.level.map_or(String::new(), |level| format!("{level:?} ").to_uppercase());
                let (first, last) = (moment(group.first), moment(group.last));
                let when = if first == last { first } else { format!("{first} to {last}") };
                format!("{:>7} x {level}{text}  ({when})", format::thousands(group.count))
            })
            .collect();
        if patterns.others() > 0 {
            lines.push(format!("{:>7} others", format::thousands(patterns.others())));
        }
        Some(("What the lines say, most frequent first".to_owned(), lines))
    }

    /// Returns how many errors and how many entries came in each of some stretches of time up to now, oldest first.
    fn recent(&self, world: &World, buckets: usize) -> Vec<Bucket> {
        self.histogram.window(world.now, HISTOGRAM, buckets)
    }

    fn title_of(&self, id: &LogSourceId) -> String {
        self.sources
            .iter()
            .find(|source| source.id == *id)
            .map_or_else(|| id.to_string(), |source| source.title.to_string())
    }

    // -- moving -------------------------------------------------------------------------------------------------------

    fn reading(&self) -> (&LogBuffer, &LogView) {
        match &self.history {
            Some(history) => (&history.buffer, &history.view),
            None => (&self.buffer, &self.view),
        }
    }

    fn follow(&mut self) {
        self.history = None;
        self.asked = None;
        self.view.deselect();
        self.view.resume();
        self.view.sync(&mut self.buffer);
    }

    fn go(&mut self, by: isize) -> Vec<Effect> {
        let height = usize::from(self.height);
        if let Some(history) = &mut self.history {
            let missing = history.go(by, height);
            if missing == Some(Missing::Live) {
                self.follow();
                return Vec::new();
            }
            return self.ask_missing(missing);
        }
        let before = self.view.selected(&self.buffer).map(|item| item.id);
        self.view.move_selection(&self.buffer, height, by);
        let after = self.view.selected(&self.buffer).map(|item| (item.id, item.source.clone(), item.line.offset));
        self.view.sync(&mut self.buffer);
        match after {
            // The oldest line in memory is not the oldest line of its file.
            Some((id, source, Some(offset))) if by < 0 && Some(id) == before && offset > 0 => {
                self.ask_window(source, offset, Some(offset))
            }
            _ => Vec::new(),
        }
    }

    fn top(&mut self) -> Vec<Effect> {
        if let Some(history) = &self.history {
            let source = history.source.clone();
            return self.ask_window(source, 0, Some(0));
        }
        let oldest = self.buffer.first().map(|item| (item.id, item.source.clone(), item.line.offset));
        let here = self.view.selected(&self.buffer).map(|item| item.id);
        let Some((id, source, offset)) = oldest else { return Vec::new() };
        if here == Some(id) && offset.is_some_and(|offset| offset > 0) {
            return self.ask_window(source, 0, Some(0));
        }
        self.view.home(&self.buffer);
        if let Some(first) = self.view.rows(&self.buffer, 1).first().map(|row| row.id) {
            self.view.select(&self.buffer, usize::from(self.height), first);
        }
        self.view.sync(&mut self.buffer);
        Vec::new()
    }

    fn next_source(&mut self) {
        let ids: Vec<_> = self
            .sources
            .iter()
            .filter(|source| !matches!(source.origin, LogOrigin::Glob(_)))
            .map(|source| source.id.clone())
            .collect();
        self.shown = match &self.shown {
            Shown::One(id) => match ids.iter().position(|other| other == id).and_then(|at| ids.get(at + 1)) {
                Some(next) => Shown::One(next.clone()),
                None => Shown::All,
            },
            Shown::All | Shown::Service(_) => ids.first().map_or(Shown::All, |first| Shown::One(first.clone())),
        };
        self.history = None;
        self.apply_shown();
    }

    // -- finding ------------------------------------------------------------------------------------------------------

    fn find_error(&mut self, direction: Direction, world: &mut World) -> Vec<Effect> {
        let height = usize::from(self.height);
        let found = match &mut self.history {
            Some(history) => history.view.find_error(&history.buffer, height, direction),
            None => self.view.find_error(&self.buffer, height, direction),
        };
        self.view.sync(&mut self.buffer);
        match found {
            Found::Hit => {}
            Found::Wrapped => tell(world, Line::from_text("went on from the other end"), false),
            Found::Nothing => tell(world, Line::from_text("no line here says that it is an error"), false),
        }
        Vec::new()
    }

    fn find(&mut self, direction: Direction, world: &mut World) -> Vec<Effect> {
        let height = usize::from(self.height);
        let Some(pattern) = self.view.search().cloned() else {
            tell(world, Line::from_text("nothing is searched for; press /"), false);
            return Vec::new();
        };
        let (edge, at_edge_of_file, source, found) = match &mut self.history {
            Some(history) => {
                let before = history.view.selected(&history.buffer).map(|item| item.id);
                let found = history.view.find(&history.buffer, height, direction);
                if found == Found::Wrapped
                    && let Some(before) = before
                {
                    history.view.select(&history.buffer, height, before);
                }
                (history.edge(direction), history.ends(direction), Some(history.source.clone()), found)
            }
            None => {
                let source = self.only_file();
                let before = self.view.selected(&self.buffer).map(|item| item.id);
                let oldest = self.buffer.first().and_then(|item| item.line.offset);
                let found = self.view.find(&self.buffer, height, direction);
                let beyond = direction == Direction::Up && oldest.is_some_and(|offset| offset > 0) && source.is_some();
                if found == Found::Wrapped
                    && beyond
                    && let Some(before) = before
                {
                    self.view.select(&self.buffer, height, before);
                }
                self.view.sync(&mut self.buffer);
                (oldest, !beyond, source, found)
            }
        };
        if found == Found::Hit {
            return Vec::new();
        }
        // Nothing more in memory: the file may have more.
        if let (false, Some(source), Some(from)) = (at_edge_of_file, source, edge) {
            let request = self.next_request();
            let backwards = direction == Direction::Up;
            self.asked = Some((request, Ask::Find { backwards }));
            let (pattern, ignore_case) = (pattern.expression().to_owned(), pattern.ignores_case());
            return vec![Effect::Logs(LogRequest::Find { request, source, pattern, ignore_case, from, backwards })];
        }
        match found {
            Found::Hit => {}
            Found::Wrapped => tell(world, Line::from_text("went on from the other end"), false),
            Found::Nothing => tell(world, Line::from_text(&format!("no match for {}", pattern.text())), true),
        }
        Vec::new()
    }

    // -- files --------------------------------------------------------------------------------------------------------

    fn next_request(&mut self) -> u64 {
        self.requests += 1;
        self.requests
    }

    fn ask_window(&mut self, source: LogSourceId, offset: u64, select: Option<u64>) -> Vec<Effect> {
        let request = self.next_request();
        self.asked = Some((request, Ask::Window { select }));
        let (before, after) = (history::LINES / 2, history::LINES / 2);
        vec![Effect::Logs(LogRequest::Window { request, source, offset, before, after })]
    }

    fn ask_missing(&mut self, missing: Option<Missing>) -> Vec<Effect> {
        let (Some(Missing::Lines { around }), Some(history)) = (missing, &self.history) else { return Vec::new() };
        let source = history.source.clone();
        self.ask_window(source, around, Some(around))
    }

    /// Takes in what the runtime answered. Late answers to what nobody waits for any more are dropped.
    pub fn answer(&mut self, event: LogEvent, world: &mut World) -> Vec<Effect> {
        let height = usize::from(self.height);
        match event {
            LogEvent::Window { request, source, lines, at_start, at_end } => {
                let Some((_, Ask::Window { select })) = self.asked.take_if(|(asked, _)| *asked == request) else {
                    return Vec::new();
                };
                let mut history = History::new(source, lines, at_start, at_end);
                history.view.set_search(self.view.search().cloned());
                if let Some(offset) = select {
                    history.select(offset, height);
                }
                self.history = Some(history);
                Vec::new()
            }
            LogEvent::SearchHit { request, source, offset } => {
                if self.asked.take_if(|(asked, _)| *asked == request).is_none() {
                    return Vec::new();
                }
                match offset {
                    Some(offset) => self.ask_window(source, offset, Some(offset)),
                    None => {
                        tell(world, Line::from_text("no further match in this file"), false);
                        Vec::new()
                    }
                }
            }
            LogEvent::SearchProgress { request, matches, read, total, done } => {
                if let Some(progress) = self.progress.as_mut().filter(|progress| progress.request == request) {
                    *progress = Progress { request, matches, read, total, done };
                }
                Vec::new()
            }
            LogEvent::Failed { request, why } => {
                if self.asked.take_if(|(asked, _)| *asked == request).is_some()
                    || self.progress.take_if(|progress| progress.request == request).is_some()
                {
                    tell(world, why, true);
                }
                Vec::new()
            }
        }
    }
}

fn tell(world: &mut World, text: Line, trouble: bool) {
    world.notice = Some((Notice { text, trouble }, world.now));
}
