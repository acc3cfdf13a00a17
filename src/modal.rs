//! What opens above the panes. A stack: the top one gets the keys first.

pub mod ask;
pub mod choose;
pub mod contact;
pub mod detail;
pub mod editor;
pub mod glance;
pub mod help;
pub mod incident;
pub mod opening;
pub mod operation;
pub mod page;
pub mod palette;
pub mod plan;
pub mod prompt;
pub mod runbook;
pub mod step;
pub mod terminal;
pub mod things;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget as _};

use crate::action::Context;
use crate::app::world::World;
use crate::ui::paint::{self, piece};
use crate::ui::told::Told;
use crate::ui::{Look, Role};

/// A modal, with where the user is in it.
#[derive(Clone, PartialEq, Debug)]
pub enum Modal {
    Help(help::HelpState),
    Palette(palette::PaletteState),
    Detail(detail::DetailState),
    Choose(choose::ChooseState),
    Ask(ask::AskState),
    Plan(plan::PlanState),
    Operation(operation::OperationState),
    Opening(Box<opening::OpeningState>),
    Incident(incident::IncidentMenu),
    Contact(contact::ContactState),
    Page(Box<page::PageState>),
    Runbook(runbook::RunbookState),
    Step(step::StepState),
    Terminal(Box<terminal::TerminalState>),
}

/// Draws the frame of a modal and returns the area inside it.
pub fn frame(title: &str, hint: &str, area: Rect, buf: &mut Buffer, look: &Look) -> Rect {
    Clear.render(area, buf);
    if area.width < 4 || area.height < 3 {
        return area;
    }
    let line = look.style(Role::Accent);
    let [top_left, top_right, bottom_left, bottom_right] = look.glyphs.corners;
    let (last_x, last_y) = (area.right() - 1, area.bottom() - 1);
    for x in area.left()..area.right() {
        for y in [area.y, last_y] {
            buf[(x, y)].set_symbol(look.glyphs.horizontal).set_style(line);
        }
    }
    for y in area.top()..area.bottom() {
        for x in [area.x, last_x] {
            buf[(x, y)].set_symbol(look.glyphs.vertical).set_style(line);
        }
    }
    buf[(area.x, area.y)].set_symbol(top_left);
    buf[(last_x, area.y)].set_symbol(top_right);
    buf[(area.x, last_y)].set_symbol(bottom_left);
    buf[(last_x, last_y)].set_symbol(bottom_right);
    let head = Rect { x: area.x + 2, width: area.width - 4, height: 1, ..area };
    paint::row(buf, head, &[piece(format!(" {title} "), look.style(Role::Title))], look);
    if hint.is_empty() {
        return Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 2 };
    }
    let foot = Rect { y: last_y, ..head };
    paint::right(buf, foot, 0, &[piece(format!(" {hint} "), look.style(Role::Dim))], look);
    Rect { x: area.x + 2, y: area.y + 1, width: area.width - 4, height: area.height - 2 }
}

impl Modal {
    /// Draws the modal.
    pub fn view(
        &self,
        world: &World,
        keymap: &crate::action::keymap::Keymap,
        area: Rect,
        buf: &mut Buffer,
        look: &Look,
    ) {
        match self {
            Self::Help(state) => state.view(keymap, area, buf, look),
            Self::Palette(state) => state.view(world, keymap, area, buf, look),
            Self::Detail(state) => state.view(world, area, buf, look),
            Self::Choose(state) => state.view(world, area, buf, look),
            Self::Ask(state) => state.view(area, buf, look),
            Self::Plan(state) => state.view(world, keymap, area, buf, look),
            Self::Operation(state) => state.view(world, keymap, area, buf, look),
            Self::Opening(state) => state.view(world, area, buf, look),
            Self::Incident(state) => state.view(world, area, buf, look),
            Self::Contact(state) => state.view(world, keymap, area, buf, look),
            Self::Page(state) => state.view(world, keymap, area, buf, look),
            Self::Runbook(state) => state.view(world, keymap, area, buf, look),
            Self::Step(state) => state.view(world, keymap, area, buf, look),
            Self::Terminal(state) => state.view(area, buf, look),
        }
    }

    /// Returns where its keys are valid.
    pub fn context(&self) -> Context {
        match self {
            Self::Plan(_) | Self::Step(_) | Self::Page(_) => Context::Plan,
            Self::Runbook(_) => Context::Runbook,
            Self::Operation(_) => Context::Operations,
            Self::Contact(_) => Context::Contact,
            Self::Help(_)
            | Self::Palette(_)
            | Self::Detail(_)
            | Self::Choose(_)
            | Self::Ask(_)
            | Self::Opening(_)
            | Self::Incident(_)
            | Self::Terminal(_) => Context::Moving,
        }
    }

    /// Returns when what it asks could be seen, where that matters.
    pub fn glance(&self) -> Option<&glance::Glance> {
        match self {
            Self::Plan(state) => state.glance(),
            Self::Page(state) => Some(&state.glance),
            Self::Step(state) => match &state.stage {
                step::Stage::Reading(glance) => Some(glance),
                step::Stage::Asking(..) | step::Stage::Editing(_) => None,
            },
            _ => None,
        }
    }

    /// Notes that the terminal shows the frame of that many events.
    pub fn seen(&mut self, generation: u64, now: crate::model::time::Timestamp) {
        match self {
            Self::Plan(state) => state.seen(generation, now),
            Self::Page(state) => state.glance.seen(generation, now),
            Self::Step(step::StepState { stage: step::Stage::Reading(glance), .. }) => glance.seen(generation, now),
            _ => {}
        }
    }

    /// Returns whether it takes all of the screen, however large that is.
    pub fn is_full(&self) -> bool {
        matches!(self, Self::Plan(_) | Self::Terminal(_))
    }
}

/// Returns lines as text to copy.
pub fn plain(lines: &[Told]) -> String {
    let text = |told: &Told| {
        if told.label.is_empty() { told.text.clone() } else { format!("{:<12}{}", told.label, told.text) }
    };
    lines.iter().map(text).collect::<Vec<_>>().join("\n")
}
