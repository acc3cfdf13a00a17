//! A plan, over the whole screen, and the question whether it is to be done.
//!
//! ```text
//!   asking --Planned--> on its way to the screen --the terminal has it, and a moment--> counts
//! ```
//!
//! The answer counts only from a key that was pressed with the plan before one's eyes. Enter never means yes, and whatever
//! else happens on the screen, the plan stays the one that was read: it holds what it acts on, not a row.

mod tell;

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::glance::Glance;
use super::operation::split;
use super::prompt::Input;
use crate::action::Action;
use crate::action::keymap::Keymap;
use crate::app::event::Key;
use crate::app::world::World;
use crate::model::operation::{ConfirmLevel, Plan, PlanRequest, Target};
use crate::model::source::Trouble;
use crate::model::time::Timestamp;
use crate::operation::plan::ROLL_BACK;
use crate::ui::paint::{self, Piece, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::told::{self, Told, told};
use crate::ui::{Look, Role, format};

pub use tell::tell;

/// A plan that is asked for, read, confirmed.
#[derive(Clone, PartialEq, Debug)]
pub struct PlanState {
    pub request: PlanRequest,
    /// What the user wanted, before there is a plan: `roll back checkout`.
    pub title: String,
    /// The key that opened it does not confirm it.
    pub opened_by: Option<Key>,
    pub asked_at: Timestamp,
    pub stage: Stage,
    /// The service's name, where that is what confirms.
    pub typed: Input,
    pub top: usize,
}

/// How far it is.
#[derive(Clone, PartialEq, Debug)]
pub enum Stage {
    Asking,
    Failed(Trouble),
    Ready(Box<Ready>),
}

/// A plan that can be read.
#[derive(Clone, PartialEq, Debug)]
pub struct Ready {
    pub plan: Plan,
    pub glance: Glance,
}

/// What a key means to a plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    Yes,
    /// It is older than what it says about the world: it is made anew, and read again.
    Anew,
    /// Why it does not count.
    No(&'static str),
}

/// Older than this, what a plan says of releases and of who acts may not be so any more.
const FRESH: Duration = Duration::from_secs(60);

impl Ready {
    /// Returns from when on an answer counts, if that is known.
    pub fn counts_from(&self) -> Timestamp {
        self.glance.counts_from()
    }

    /// Returns when it is too old to be confirmed.
    pub fn old_from(&self) -> Timestamp {
        self.plan.planned_at + FRESH
    }
}

impl PlanState {
    /// Opens the question how something would be done.
    pub fn new(request: PlanRequest, title: String, opened_by: Option<Key>, now: Timestamp) -> Self {
        let (typed, stage) = (Input::default(), Stage::Asking);
        Self { request, title, opened_by, asked_at: now, stage, typed, top: 0 }
    }

    /// Takes in the answer to its question.
    pub fn planned(&mut self, plan: Result<Box<Plan>, Trouble>, now: Timestamp, generation: u64) {
        self.top = 0;
        self.typed = Input::default();
        self.stage = match plan {
            Ok(plan) => Stage::Ready(Box::new(Ready { plan: *plan, glance: Glance::new(now, generation) })),
            Err(trouble) => Stage::Failed(trouble),
        };
    }

    /// Notes that the terminal shows the frame of that many events.
    pub fn seen(&mut self, generation: u64, now: Timestamp) {
        if let Stage::Ready(ready) = &mut self.stage {
            ready.glance.seen(generation, now);
        }
    }

    /// Returns when it could be seen, once there is something to see.
    pub fn glance(&self) -> Option<&Glance> {
        match &self.stage {
            Stage::Ready(ready) => Some(&ready.glance),
            Stage::Asking | Stage::Failed(_) => None,
        }
    }

    /// Returns the plan, once there is one.
    pub fn plan(&self) -> Option<&Plan> {
        match &self.stage {
            Stage::Ready(ready) => Some(&ready.plan),
            Stage::Asking | Stage::Failed(_) => None,
        }
    }

    /// Returns the service's name while it is still to be typed.
    pub fn asks_for_name(&self) -> Option<&str> {
        let plan = self.plan().filter(|plan| plan.stops.is_empty() && plan.confirm == ConfirmLevel::Name)?;
        plan.intent.service.as_ref().map(|service| service.as_str())
    }

    /// Returns whether the name was typed, or none is asked for.
    pub fn is_named(&self) -> bool {
        self.asks_for_name().is_none_or(|name| self.typed.text == name)
    }

    /// Returns what the key that confirms means now.
    pub fn answer(&self, key: Option<Key>, now: Timestamp) -> Answer {
        let Stage::Ready(ready) = &self.stage else { return Answer::No("there is no plan yet") };
        if !ready.plan.stops.is_empty() {
            return Answer::No("it cannot be done: the plan says why");
        }
        if key.is_some() && key == self.opened_by {
            return Answer::No("the key that opened a plan does not confirm it");
        }
        if now < ready.counts_from() {
            return Answer::No("that came before the plan could be read; read it, then press again");
        }
        if now >= ready.old_from() {
            return Answer::Anew;
        }
        if !self.is_named() {
            return Answer::No("type the service's name first");
        }
        Answer::Yes
    }

    /// Returns whether another release can be chosen.
    pub fn has_targets(&self) -> bool {
        let intent = &self.request.intent;
        intent.undoes.is_none()
            && (intent.action == ROLL_BACK || matches!(intent.target, Target::Release(_)))
            && self.request.intent.service.is_some()
    }

    /// Draws it over everything but the status line.
    pub fn view(&self, world: &World, keymap: &Keymap, area: Rect, buf: &mut Buffer, look: &Look) {
        let title = self.plan().map_or(self.title.as_str(), |plan| plan.title.as_str());
        let shown = paint::cut(title, usize::from(area.width.saturating_sub(8)), look).into_owned();
        let rows = self.rows(world, area, look);
        let question = self.question(world, keymap, usize::from(area.width.saturating_sub(4)), look);
        let foot_rows = u16::try_from(question.len()).unwrap_or(1);
        let height = usize::from(body(area, foot_rows).height);
        let more = rows.len().saturating_sub(self.top + height);
        let hint = if more > 0 { format!("j {more} more") } else { String::new() };
        let inner = super::frame(&shown, &hint, area, buf, look);
        let (_, foot) = split(inner, foot_rows);
        let top = self.top.min(rows.len().saturating_sub(height));
        draw_rows(buf, body(area, foot_rows), &rows, top, true, look);
        let rows: Vec<_> = question.into_iter().map(Row::of).collect();
        draw_rows(buf, foot, &rows, 0, true, look);
    }

    /// Scrolls by some rows.
    pub fn scroll(&mut self, by: isize, world: &World, area: Rect, look: &Look) {
        let rows = self.rows(world, area, look).len();
        let height = usize::from(body(area, 3).height);
        self.top = self.top.saturating_add_signed(by).min(rows.saturating_sub(height));
    }

    fn rows(&self, world: &World, area: Rect, look: &Look) -> Vec<Row<'static>> {
        let cells = usize::from(area.width.saturating_sub(4));
        told::rows(&self.lines(world), cells, if cells < 50 { 8 } else { 10 }, look)
    }

    fn lines(&self, world: &World) -> Vec<Told> {
        match &self.stage {
            Stage::Asking => {
                let source = world.catalog.source(&self.request.intent.source);
                let name =
                    source.map_or_else(|| self.request.intent.source.to_string(), |source| source.id.to_string());
                let waited = format::age(world.now.since(self.asked_at));
                vec![told("", format!("asking {name} what is true now, {waited}"), Role::Dim)]
            }
            Stage::Failed(trouble) => vec![
                told("", trouble.message.to_string(), Role::Down),
                told("", format!("try: {}", trouble.hint), Role::Accent),
            ],
            Stage::Ready(ready) => tell(&ready.plan, world.now),
        }
    }

    /// The last rows: what is asked, and which key means what.
    fn question(&self, world: &World, keymap: &Keymap, cells: usize, look: &Look) -> Vec<Vec<Piece<'static>>> {
        let dim = look.style(Role::Dim);
        let key = |action| keymap.key(action).map(|key| key.to_string()).unwrap_or_default();
        let rule = vec![piece(look.glyphs.horizontal.repeat(cells), look.style(Role::Faint))];
        // While a name is typed, letters are letters.
        let targets = if self.asks_for_name().is_some() { Action::NextPane } else { Action::Target };
        let other = if self.has_targets() { format!("{} other release   ", key(targets)) } else { String::new() };
        let back = match world.current_notice() {
            Some(notice) => {
                let role = if notice.trouble { Role::Degraded } else { Role::Accent };
                vec![piece(notice.text.to_string(), look.style(role))]
            }
            None => vec![piece(format!("{other}esc no"), dim)],
        };
        let Stage::Ready(ready) = &self.stage else { return vec![rule, back] };
        let line = match self.answer(None, world.now) {
            Answer::No(_) if !ready.plan.stops.is_empty() => {
                vec![piece("It cannot be done: see STOP above.", look.style(Role::Down))]
            }
            Answer::No(_) if world.now < ready.counts_from() => vec![piece("Read it. Keys count in a moment.", dim)],
            Answer::Anew => vec![
                piece(format!(" {} ", key(Action::Confirm)), look.style(Role::MatchHere)),
                piece(" plan again: this one is over a minute old", look.style(Role::Degraded)),
            ],
            Answer::No(_) => {
                let name = self.asks_for_name().unwrap_or_default();
                vec![
                    piece(format!("Type {name} to do it: "), look.style(Role::Title)),
                    piece(self.typed.text.clone(), look.style(Role::Accent)),
                    piece(" ", look.style(Role::MatchHere)),
                ]
            }
            Answer::Yes => vec![
                piece(format!(" {} ", key(Action::Confirm)), look.style(Role::Alarm)),
                piece(format!(" {}", ready.plan.title), look.style(Role::Title)),
            ],
        };
        vec![rule, line, back]
    }
}

fn body(area: Rect, foot: u16) -> Rect {
    let inner = Rect {
        x: area.x + 2,
        y: area.y + 1,
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    };
    split(inner, foot).0
}
