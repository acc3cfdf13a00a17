//! One thing in full: a log entry with its stack trace, a check with everything that its probe found.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::things;
use crate::app::world::World;
use crate::diagnosis::explain::{Tone, explain};
use crate::model::id::{CheckId, FeedId, ServiceId};
use crate::pane::feeds::{Key, Kind};
use crate::pane::service::feeds as charts;
use crate::ui::paint::{self, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role, health_role, told};

/// What is shown, and how far the user has scrolled.
#[derive(Clone, PartialEq, Debug)]
pub struct DetailState {
    pub what: Subject,
    pub top: usize,
}

/// What is shown.
#[derive(Clone, PartialEq, Debug)]
pub enum Subject {
    /// A check, as it is now: the view follows new probes.
    Check(CheckId),
    /// A release, an issue or an alert, as its source last told it.
    Thing { kind: Kind, key: Key },
    /// A chart of a service over its last hour.
    Chart { service: ServiceId, feed: FeedId },
    /// Text that does not change any more.
    Text { title: String, lines: Vec<String> },
}

impl DetailState {
    /// Opens a subject at its beginning.
    pub fn new(what: Subject) -> Self {
        Self { what, top: 0 }
    }

    /// Draws the modal.
    pub fn view(&self, world: &World, area: Rect, buf: &mut Buffer, look: &Look) {
        let title = match &self.what {
            Subject::Check(id) => world.catalog.check(id).map_or_else(|| id.to_string(), |spec| spec.title.to_string()),
            Subject::Thing { kind, key } => things::title(world, *kind, key),
            Subject::Chart { service, feed } => {
                let title = world.catalog.feed(feed).map_or_else(|| feed.to_string(), |feed| feed.title.to_string());
                format!("{service}: {title}")
            }
            Subject::Text { title, .. } => title.clone(),
        };
        let title = paint::cut(&title, usize::from(area.width.saturating_sub(8)), look).into_owned();
        let inner = super::frame(&title, "y copy  esc close", area, buf, look);
        let rows = self.rows(world, inner.width, look);
        if let Subject::Chart { service, feed } = &self.what {
            let told = u16::try_from(rows.len()).unwrap_or(u16::MAX).min(inner.height.saturating_sub(6));
            let plot = Rect { y: inner.y + told, height: inner.height - told, ..inner };
            charts::view_chart(world, service, feed, plot, buf, look);
        }
        let top = self.top.min(rows.len().saturating_sub(usize::from(inner.height)));
        draw_rows(buf, inner, &rows, top, true, look);
    }

    /// Scrolls by some rows.
    pub fn scroll(&mut self, by: isize, world: &World, inner: (u16, u16), look: &Look) {
        let longest = self.rows(world, inner.0, look).len().saturating_sub(usize::from(inner.1));
        self.top = self.top.saturating_add_signed(by).min(longest);
    }

    /// Returns what copying takes.
    pub fn text(&self, world: &World) -> String {
        match &self.what {
            Subject::Text { lines, .. } => lines.join("\n"),
            Subject::Chart { feed, .. } => {
                things::tell_series(world, feed).into_iter().map(|told| told.text).collect::<Vec<_>>().join("\n")
            }
            Subject::Thing { kind, key } => super::plain(&things::tell(world, *kind, key)),
            Subject::Check(id) => facts(world, id)
                .into_iter()
                .map(|fact| format!("{:<12}{}", fact.label, fact.text))
                .collect::<Vec<_>>()
                .join("\n"),
        }
    }

    fn rows(&self, world: &World, width: u16, look: &Look) -> Vec<Row<'static>> {
        let cells = usize::from(width);
        match &self.what {
            Subject::Text { lines, .. } => lines
                .iter()
                .flat_map(|line| paint::wrap(line, cells))
                .map(|line| Row::of(vec![piece(line, look.style(Role::Text))]))
                .collect(),
            Subject::Chart { feed, .. } => things::tell_series(world, feed)
                .into_iter()
                .map(|told| Row::of(vec![piece(told.text, look.style(told.role))]))
                .collect(),
            Subject::Thing { kind, key } => told::rows(&things::tell(world, *kind, key), cells, 12, look),
            Subject::Check(id) => {
                let mut rows = Vec::new();
                for fact in facts(world, id) {
                    let style = match fact.tone {
                        Tone::Plain => look.style(Role::Text),
                        Tone::Verdict(health) => look.style(health_role(health)),
                        Tone::Advice => look.style(Role::Accent),
                    };
                    for (index, text) in paint::wrap(&fact.text, cells.saturating_sub(13)).into_iter().enumerate() {
                        let label = if index == 0 { fact.label } else { "" };
                        rows.push(Row::of(vec![
                            piece(format!("{label:<12} "), look.style(Role::Dim)),
                            piece(text, style),
                        ]));
                    }
                }
                if rows.is_empty() {
                    rows.push(Row::of(vec![piece("not checked yet", look.style(Role::Dim))]));
                }
                rows
            }
        }
    }
}

fn facts(world: &World, id: &CheckId) -> Vec<crate::diagnosis::explain::Fact> {
    let result = world.snapshot.check(id).and_then(|state| state.last.value.as_ref());
    match (world.catalog.check(id), result) {
        (Some(spec), Some(result)) => explain(spec, result, world.now, &world.zone),
        _ => Vec::new(),
    }
}
