//! What sources say, as lists: releases, errors, alerts. One pane a kind, all of them of this shape.
//!
//! A source that cannot be asked says why on top of its list, and what was last known of it stays below, with its age.

mod rows;
pub mod words;

pub use rows::instance_row;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{PaneId, under_rule};
use crate::app::world::{Item, World};
use crate::diagnosis::feeds::alert_is_about;
use crate::model::feed_state::FeedState;
use crate::model::id::{FeedId, ServiceId};
use crate::model::source::{Capability, Feed, Found};
use crate::model::text::Line;
use crate::ui::paint::{self, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role, format};

/// One thing of a list, by what it is and not by its row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    pub feed: FeedId,
    pub id: Line,
}

/// Where the user is in a list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ListState {
    selected: Option<Key>,
    top: usize,
}

/// The kinds of lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Releases,
    Errors,
    Alerts,
}

impl Kind {
    /// Returns the kind that a pane lists.
    pub fn of(pane: PaneId) -> Option<Self> {
        match pane {
            PaneId::Releases => Some(Self::Releases),
            PaneId::Errors => Some(Self::Errors),
            PaneId::Alerts => Some(Self::Alerts),
            PaneId::Triage
            | PaneId::Service
            | PaneId::Logs
            | PaneId::Operations
            | PaneId::Timeline
            | PaneId::Contacts
            | PaneId::Readiness => None,
        }
    }

    /// Returns what is read for it.
    pub fn capability(self) -> Capability {
        match self {
            Self::Releases => Capability::Releases,
            Self::Errors => Capability::Issues,
            Self::Alerts => Capability::Alerts,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Releases => "Releases",
            Self::Errors => "Errors",
            Self::Alerts => "Alerts",
        }
    }
}

impl ListState {
    /// Returns the selected thing: the user's choice while it is there, else the first.
    pub fn selected(&self, world: &World, kind: Kind, item: Option<&Item>) -> Option<Key> {
        let keys = keys(world, kind, item);
        self.selected.clone().filter(|chosen| keys.contains(chosen)).or_else(|| keys.into_iter().next())
    }

    /// Moves the selection.
    pub fn step(&mut self, world: &World, kind: Kind, item: Option<&Item>, by: isize) {
        let keys = keys(world, kind, item);
        let here =
            self.selected(world, kind, item).and_then(|key| keys.iter().position(|other| *other == key)).unwrap_or(0);
        let there = here.saturating_add_signed(by).min(keys.len().saturating_sub(1));
        self.selected = keys.get(there).cloned();
    }

    /// Forgets where the user was.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Scrolls so that the selection is visible.
    pub fn keep_in_view(&mut self, world: &World, kind: Kind, item: Option<&Item>, area: Rect, look: &Look) {
        let inner = under_rule(area);
        let rows = self.rows(world, kind, item, inner.width, look);
        let first = rows.iter().position(|row| row.selected).unwrap_or(0);
        let last = rows.iter().rposition(|row| row.selected).unwrap_or(0);
        self.top = paint::scroll(self.top, last, usize::from(inner.height), rows.len()).min(first);
        if last < usize::from(inner.height) {
            self.top = 0;
        }
    }

    /// Draws the pane.
    #[expect(clippy::too_many_arguments, reason = "as the other panes, and which list it is")]
    pub fn view(
        &self,
        world: &World,
        kind: Kind,
        item: Option<&Item>,
        focused: bool,
        area: Rect,
        buf: &mut Buffer,
        look: &Look,
    ) {
        let style = look.style(if focused { Role::Accent } else { Role::Dim });
        let mut title = vec![piece(kind.title(), style)];
        if let Some(service) = service_of(kind, item) {
            title.push(piece(format!(" {service}"), look.style(Role::Title)));
        }
        let feeds = feeds(world, kind, item);
        let seen = feeds.iter().filter_map(|feed| world.snapshot.feed(&feed.id)?.last.seen).min();
        let end = seen.map(|seen| piece(format!("{} ago", format::age(world.now.since(seen))), look.style(Role::Dim)));
        paint::rule(buf, area, &title, &end.into_iter().collect::<Vec<_>>(), focused, look);
        let rows = self.rows(world, kind, item, area.width, look);
        draw_rows(buf, under_rule(area), &rows, self.top, focused, look);
    }

    fn rows(&self, world: &World, kind: Kind, item: Option<&Item>, width: u16, look: &Look) -> Vec<Row<'static>> {
        let dim = look.style(Role::Dim);
        let feeds = feeds(world, kind, item);
        if feeds.is_empty() {
            let text = match service_of(kind, item) {
                Some(service) => format!(" {service} takes no {} from any source", kind.title().to_lowercase()),
                None => format!(" no source has {}", kind.title().to_lowercase()),
            };
            return vec![
                Row::of(vec![piece(text, dim)]),
                Row::of(vec![piece("   crashcart providers lists what is known", look.style(Role::Accent))]),
            ];
        }
        let selected = self.selected(world, kind, item);
        let several = feeds.len() > 1;
        let mut rows = Vec::new();
        for feed in feeds.iter().copied() {
            rows.extend(trouble_rows(world, feed, width, look));
        }
        let mut listed = 0;
        for (key, row) in rows::entries(world, kind, &feeds, item, width, several, look) {
            listed += 1;
            let mut row = row;
            row.selected = selected.as_ref() == Some(&key);
            let mark = if row.selected { look.glyphs.selected } else { " " };
            row.left.insert(0, piece(mark, look.style(Role::Accent)));
            rows.push(row);
        }
        let answered =
            feeds.iter().any(|feed| world.snapshot.feed(&feed.id).is_some_and(|state| state.last.value.is_some()));
        if listed == 0 && answered {
            rows.push(Row::of(vec![piece(format!(" no {}", kind.title().to_lowercase()), dim)]));
        } else if listed == 0 && rows.is_empty() {
            rows.push(Row::of(vec![piece(" asking", dim)]));
        }
        rows
    }
}

/// Returns the service whose things are listed. Alerts are everybody's: at night one wants to see all of them.
fn service_of(kind: Kind, item: Option<&Item>) -> Option<ServiceId> {
    match (kind, item) {
        (Kind::Alerts, _) => None,
        (_, Some(Item::Service(service))) => Some(service.clone()),
        _ => None,
    }
}

/// Returns the feeds of a list.
pub fn feeds<'a>(world: &'a World, kind: Kind, item: Option<&Item>) -> Vec<&'a Feed> {
    let service = service_of(kind, item);
    let feeds = world.catalog.feeds.iter().filter(|feed| feed.capability == kind.capability());
    feeds.filter(|feed| service.is_none() || feed.service.is_none() || feed.service == service).collect()
}

fn keys(world: &World, kind: Kind, item: Option<&Item>) -> Vec<Key> {
    let feeds = feeds(world, kind, item);
    rows::order(world, kind, &feeds, item).into_iter().map(|(feed, id)| Key { feed, id }).collect()
}

/// Returns the state of a feed and what it last brought.
pub fn found<'a>(world: &'a World, feed: &Feed) -> Option<(&'a FeedState, &'a Found)> {
    let state = world.snapshot.feed(&feed.id)?;
    Some((state, state.last.value.as_ref()?))
}

/// Returns rows that say why a source is not to be believed now.
pub fn trouble_rows(world: &World, feed: &Feed, width: u16, look: &Look) -> Vec<Row<'static>> {
    let Some(state) = world.snapshot.feed(&feed.id) else { return Vec::new() };
    let style = look.style(Role::Unknown);
    let cells = usize::from(width.saturating_sub(4)).max(10);
    let mut rows = Vec::new();
    if let Some(trouble) = &state.trouble {
        let since = state
            .failing_since
            .map(|since| format!(" for {}", format::age(world.now.since(since))))
            .unwrap_or_default();
        let text = format!("{}: no data{since}: {}", feed.source, trouble.message);
        for (index, line) in paint::wrap(&text, cells).into_iter().take(3).enumerate() {
            let mark = if index == 0 { look.glyphs.unknown } else { " " };
            rows.push(Row::of(vec![piece(format!(" {mark} {line}"), style)]));
        }
        for line in paint::wrap(&format!("try: {}", trouble.hint), cells).into_iter().take(2) {
            rows.push(Row::of(vec![piece(format!("   {line}"), look.style(Role::Accent))]));
        }
    } else if let Some(text) =
        format::freshness(state.freshness(feed.cadence, world.now)).filter(|_| state.last.seen.is_some())
    {
        rows.push(Row::of(vec![piece(format!(" {} {}: {text}", look.glyphs.unknown, feed.source), style)]));
    }
    for problem in state.problems.iter().take(2) {
        rows.push(Row::of(vec![piece(
            format!(" {} {}: {problem}", look.glyphs.degraded, feed.source),
            look.style(Role::Degraded),
        )]));
    }
    rows
}

/// Returns whether an alert is about what is selected.
pub fn is_about(alert: &crate::model::alert::Alert, feed: &Feed, item: Option<&Item>) -> bool {
    match item {
        Some(Item::Service(service)) => feed.service.as_ref() == Some(service) || alert_is_about(alert, service),
        _ => false,
    }
}
