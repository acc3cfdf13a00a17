//! The log tail.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::action::Action;
use crate::app::effect::Effect;
use crate::app::event::LogEvent;
use crate::app::world::{Item, World};
use crate::model::catalog::Catalog;
use crate::model::id::LogSourceId;
use crate::model::log::LogBatch;
use crate::ui::paint::{self, piece};
use crate::ui::{Look, Role};

/// What an action in the logs leads to.
#[derive(Debug, Default)]
pub struct Outcome {
    pub effects: Vec<Effect>,
    /// Text to show in full: a title and lines.
    pub show: Option<(String, Vec<String>)>,
}

/// Where the user is in the logs.
#[derive(Debug, Default)]
pub struct LogsState {
    lines: std::collections::VecDeque<(LogSourceId, crate::model::log::LogLine)>,
}

impl LogsState {
    pub fn new(_catalog: &Catalog) -> Self {
        Self::default()
    }
    pub fn push(&mut self, batch: LogBatch) {
        for line in batch.lines {
            self.lines.push_back((batch.source.clone(), line));
        }
        while self.lines.len() > 1000 {
            self.lines.pop_front();
        }
    }
    pub fn after_lines(&mut self) -> Vec<Effect> {
        Vec::new()
    }
    pub fn answer(&mut self, _event: LogEvent, _world: &mut World) -> Vec<Effect> {
        Vec::new()
    }
    pub fn resize(&mut self, _place: Rect) {}
    pub fn show_for(&mut self, _world: &World, _item: Option<&Item>) {}
    pub fn act(&mut self, _action: Action, _world: &mut World) -> Outcome {
        Outcome::default()
    }
    pub fn back(&mut self, _focused: bool) -> bool {
        false
    }
    pub fn include(&self) -> &str {
        ""
    }
    pub fn exclude(&self) -> &str {
        ""
    }
    pub fn set_include(&mut self, _text: &str, _world: &mut World) -> Vec<Effect> {
        Vec::new()
    }
    pub fn set_exclude(&mut self, _text: &str, _world: &mut World) -> Vec<Effect> {
        Vec::new()
    }
    pub fn search(&mut self, _text: &str, _world: &mut World) -> Vec<Effect> {
        Vec::new()
    }
    pub fn only(&mut self, _log: &LogSourceId) {}
    pub fn entry(&self, _world: &World) -> Option<(String, Vec<String>)> {
        None
    }
    pub fn view(&self, world: &World, _item: Option<&Item>, focused: bool, area: Rect, buf: &mut Buffer, look: &Look) {
        let style = look.style(if focused { Role::Accent } else { Role::Title });
        paint::rule(buf, area, &[piece("Log", style)], &[], focused, look);
        let inner = super::under_rule(area);
        let skip = self.lines.len().saturating_sub(usize::from(inner.height));
        for ((_, line), y) in self.lines.iter().skip(skip).zip(inner.top()..inner.bottom()) {
            let style = look.style(crate::ui::level_role(line.level));
            paint::row(
                buf,
                Rect { y, height: 1, ..inner },
                &[piece(" ", style), piece(line.text.as_str(), style)],
                look,
            );
        }
        let _ = world;
    }
}
