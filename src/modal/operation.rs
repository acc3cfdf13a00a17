//! One operation: its steps as they go, how it ended, and what can be done about it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::action::Action;
use crate::action::keymap::Keymap;
use crate::app::world::World;
use crate::model::id::OperationId;
use crate::model::operation::{OperationCommand, StepOutcome, Target};
use crate::model::source::Trouble;
use crate::model::text::Line;
use crate::operation::{Operation, Phase, Standing, StepState, undo, words};
use crate::pane::operations::{role, tell, verdict_words};
use crate::ui::paint::{self, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::told::{self, Told, told};
use crate::ui::{Look, Role, format};

/// Which one is shown, and where the user is in it.
#[derive(Clone, PartialEq, Debug)]
pub struct OperationState {
    pub id: OperationId,
    /// What it is called before the journal has it.
    pub title: Line,
    /// It ended, or stopped, while nobody looked.
    pub while_away: bool,
    /// What is asked about it: only one key means yes.
    pub asking: Option<Question>,
    /// Why what was wanted did not happen.
    pub trouble: Option<Trouble>,
    pub top: usize,
}

/// Something that is asked before it is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Question {
    Stop,
    GoOn,
    /// Do this step again.
    Again(usize),
    Close,
}

impl Question {
    /// Returns what a key asks of an operation as it stands.
    ///
    /// # Errors
    /// A sentence that says why that makes no sense now.
    pub fn of(action: Action, operation: &Operation, standing: Standing) -> Result<Self, &'static str> {
        match (action, standing) {
            (_, Standing::Ended(_)) => Err("it has ended; U plans to take it back"),
            (Action::Stop, Standing::Running | Standing::Starting) if operation.cancelled_by.is_some() => {
                Err("it stops as soon as the step under way is over")
            }
            (Action::Stop, Standing::Running | Standing::Starting) => match operation.phase {
                Phase::Approved | Phase::Steps => Ok(Self::Stop),
                _ => Err("every step is done: there is nothing left to stop; U plans to take it back"),
            },
            (Action::Stop, _) => Err("nobody carries it out; C continues it, X closes it"),
            (Action::GoOn | Action::Close, Standing::Running | Standing::Starting) => Err("it is being carried out"),
            (Action::GoOn, Standing::Interrupted) => Ok(Self::GoOn),
            (Action::GoOn, Standing::Undecided) => Ok(operation.next_step().map_or(Self::GoOn, Self::Again)),
            (Action::Close, _) => Ok(Self::Close),
            _ => Err("this is not for an operation"),
        }
    }

    /// Returns what is to be done when the answer is yes.
    pub fn command(self, operation: OperationId) -> OperationCommand {
        match self {
            Self::Stop => OperationCommand::Cancel { operation, why: None },
            Self::GoOn => OperationCommand::Resume { operation, repeat: None },
            Self::Again(step) => OperationCommand::Resume { operation, repeat: Some(step) },
            Self::Close => OperationCommand::Close { operation },
        }
    }

    fn words(self, operation: &Operation) -> String {
        match self {
            Self::Stop => "Stop it after the step under way? What is done stays done.".to_owned(),
            Self::GoOn => format!("Continue? First {} is asked what is true.", operation.plan.system),
            Self::Again(step) => {
                let doubt = matches!(operation.steps.get(step), Some(StepState::Unknown { .. }));
                let maybe = if doubt { " It may have been done already." } else { "" };
                let name = operation.plan.steps.get(step).map(|step| step.name.to_string()).unwrap_or_default();
                format!("Do step {} again, {name}?{maybe}", step + 1)
            }
            Self::Close => "Leave it as it stands? Nobody goes on with it then.".to_owned(),
        }
    }
}

impl OperationState {
    /// Opens an operation.
    pub fn new(id: OperationId, title: Line) -> Self {
        Self { id, title, while_away: false, asking: None, trouble: None, top: 0 }
    }

    /// Draws the modal.
    pub fn view(&self, world: &World, keymap: &Keymap, area: Rect, buf: &mut Buffer, look: &Look) {
        let operation = world.operations.get(&self.id);
        let title = operation.map_or(&self.title, |operation| &operation.plan.title);
        let title = paint::cut(title.as_str(), usize::from(area.width.saturating_sub(8)), look).into_owned();
        let inner = super::frame(&title, &hint(world, operation, keymap), area, buf, look);
        let (body, foot) = match self.asking {
            Some(_) => split(inner, 3),
            None => (inner, Rect { height: 0, ..inner }),
        };
        let rows = told::rows(&self.lines(world), usize::from(body.width), LABEL, look);
        let top = self.top.min(rows.len().saturating_sub(usize::from(body.height)));
        draw_rows(buf, body, &rows, top, true, look);
        if let (Some(question), Some(operation)) = (self.asking, operation) {
            let yes = keymap.key(Action::Confirm).map(|key| key.to_string()).unwrap_or_default();
            let lines = paint::wrap(&question.words(operation), usize::from(foot.width));
            let asked = |line| Row::of(vec![piece(line, look.style(Role::Degraded))]);
            let mut rows: Vec<_> = lines.into_iter().take(2).map(asked).collect();
            rows.push(Row::of(vec![
                piece(format!(" {yes} "), look.style(Role::Alarm)),
                piece(" yes   any other key no", look.style(Role::Dim)),
            ]));
            draw_rows(buf, foot, &rows, 0, true, look);
        }
    }

    /// Scrolls by some rows.
    pub fn scroll(&mut self, by: isize, world: &World, inner: (u16, u16), look: &Look) {
        let rows = told::rows(&self.lines(world), usize::from(inner.0), LABEL, look).len();
        self.top = self.top.saturating_add_signed(by).min(rows.saturating_sub(usize::from(inner.1)));
    }

    /// Returns what copying takes.
    pub fn text(&self, world: &World) -> String {
        super::plain(&self.lines(world))
    }

    fn lines(&self, world: &World) -> Vec<Told> {
        let mut lines = Vec::new();
        if self.while_away {
            lines.push(told("", "while you were away:", Role::Dim));
        }
        if let Some(trouble) = &self.trouble {
            lines.push(told("", trouble.message.to_string(), Role::Down));
            lines.push(told("", format!("try: {}", trouble.hint), Role::Accent));
        }
        match world.operations.get(&self.id) {
            Some(operation) => tell_operation(world, operation, &mut lines),
            None if self.trouble.is_none() => lines.push(told("", "writing it into the journal", Role::Dim)),
            None => {}
        }
        lines
    }
}

const LABEL: usize = 9;

/// Splits some rows off the bottom.
pub fn split(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    let body = Rect { height: area.height - rows, ..area };
    (body, Rect { y: body.bottom(), height: rows, ..area })
}

/// Only the keys that mean something now.
fn hint(world: &World, operation: Option<&Operation>, keymap: &Keymap) -> String {
    let Some(operation) = operation else { return "esc close".to_owned() };
    let key = |action, word: &str| keymap.key(action).map(|key| format!("{key} {word}  ")).unwrap_or_default();
    let undo = if undo::intent(operation).is_some() { key(Action::Undo, "undo") } else { String::new() };
    let keys = match world.operations.standing(operation, world.now) {
        Standing::Starting | Standing::Running if matches!(operation.phase, Phase::Approved | Phase::Steps) => {
            key(Action::Stop, "stop")
        }
        Standing::Starting | Standing::Running => String::new(),
        Standing::Interrupted => format!("{}{}", key(Action::GoOn, "continue"), key(Action::Close, "close")),
        Standing::Undecided => format!("{}{}", key(Action::GoOn, "again"), key(Action::Close, "close")),
        Standing::Ended(_) => undo,
    };
    format!("{keys}esc back")
}

fn tell_operation(world: &World, operation: &Operation, lines: &mut Vec<Told>) {
    let standing = world.operations.standing(operation, world.now);
    let clock = |at| format::moment(at, world.now, &world.zone);
    let plan = &operation.plan;
    match &operation.ended {
        Some(ended) => {
            let word = ended.verdict.words();
            let loud = |text: &str| text.replacen(word, &word.to_uppercase(), 1);
            // What was said at the end mostly begins with the verdict.
            if ended.said.as_str().starts_with(word) {
                lines.push(told("", loud(ended.said.as_str()), role(standing)));
            } else {
                lines.push(told("", loud(&verdict_words(ended.verdict)), role(standing)));
                lines.push(told("", ended.said.to_string(), Role::Text));
            }
        }
        None => lines.push(told("", tell(world, operation), role(standing))),
    }
    if let (Target::Release(to), Some(from)) = (&plan.intent.target, &plan.current) {
        lines.push(told("from", from.name().to_string(), Role::Text));
        lines.push(told("to", to.name().to_string(), Role::Text));
    }
    lines.push(told("by", format!("{} at {}", operation.approved_by, clock(operation.approved_at)), Role::Text));
    if let Some(reason) = &plan.intent.reason {
        lines.push(told("reason", reason.to_string(), Role::Text));
    }
    if let Some(why) = &operation.took_over {
        lines.push(told("resumed", why.to_string(), Role::Text));
    }
    if let Some(by) = &operation.cancelled_by {
        lines.push(told("stop", format!("{by} wants it to stop"), Role::Degraded));
    }
    lines.push(told("", "", Role::Text));
    for (number, (planned, state)) in plan.steps.iter().zip(&operation.steps).enumerate() {
        let (mark, said) = words::step(state);
        let (role, time) = match state {
            StepState::Waiting => (Role::Dim, String::new()),
            StepState::Started { at } => (Role::Accent, format::age(world.now.since(*at))),
            StepState::Finished { outcome: StepOutcome::Skipped, .. } => (Role::Dim, String::new()),
            StepState::Finished { took, .. } => (Role::Healthy, format::latency(*took)),
            StepState::Failed { .. } => (Role::Down, String::new()),
            StepState::Unknown { .. } | StepState::NotDone { .. } => (Role::Unknown, String::new()),
        };
        // A number and its unit stay together.
        let time = time.replace(' ', "\u{a0}");
        lines.push(told("", format!("[{mark}] {}. {}  {time}", number + 1, planned.name), role));
        if let Some(said) = said {
            lines.push(told("", format!("       {said}"), Role::Dim));
        }
    }
    let phase = |wanted: Phase| match operation.phase.cmp(&wanted) {
        std::cmp::Ordering::Less => (' ', Role::Dim),
        std::cmp::Ordering::Equal => ('>', Role::Accent),
        std::cmp::Ordering::Greater => ('x', Role::Healthy),
    };
    let since = format::age(world.now.since(operation.phase_since));
    let said = |wanted| {
        let said = operation.said.as_ref().filter(|_| operation.phase == wanted);
        said.map(|said| format!(": {said}, {since}")).unwrap_or_default()
    };
    if plan.tells_when_done && operation.phase < Phase::Ended {
        let (mark, role) = phase(Phase::Platform);
        lines.push(told("", format!("[{mark}] {} says that it is done{}", plan.system, said(Phase::Platform)), role));
    }
    let watched = plan.verification.checks.len() + plan.verification.alerts.len();
    if watched > 0 && operation.phase < Phase::Ended {
        let (mark, role) = phase(Phase::Verifying);
        lines.push(told("", format!("[{mark}] what was red turns green{}", said(Phase::Verifying)), role));
    }
    lines.push(told("", "", Role::Text));
    match standing {
        Standing::Interrupted => lines.push(told(
            "",
            "Its worker has gone. Continuing asks the platform first what is true; nothing is done twice blindly.",
            Role::Text,
        )),
        Standing::Undecided => lines.push(told(
            "",
            "Look at the platform yourself if you can. Doing the step again, taking back what was done, or closing it as it stands is for you to say.",
            Role::Text,
        )),
        Standing::Ended(verdict) if !verdict.is_good() && undo::intent(operation).is_some() => {
            lines.push(told("", "What it did can be taken back.", Role::Text));
        }
        _ => {}
    }
    if operation.has_stopped_deploys() {
        lines.push(told("deploys", "automatic deploys are off until somebody resumes them", Role::Degraded));
    }
    lines.push(told("operation", operation.id().short().to_string(), Role::Dim));
}
