//! Opening an incident: what is wrong, how bad, since when. Nothing is sent to anybody by that.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::prompt::Input;
use crate::app::world::World;
use crate::model::incident::{Opening, Severity};
use crate::model::service::Health;
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::ui::paint::{self, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role, format};

/// What is typed so far, and what is known without typing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpeningState {
    pub input: Input,
    pub opening: Opening,
    /// What was there before, and what helped.
    pub recall: Option<String>,
}

impl OpeningState {
    /// Proposes an incident from what is red now.
    pub fn of(world: &World) -> Self {
        let red =
            |health: Health| world.assessment.worst_first().into_iter().filter(move |found| found.health == health);
        let down: Vec<_> = red(Health::Down).collect();
        let degraded: Vec<_> = red(Health::Degraded).collect();
        let total = world.assessment.services.len();
        let (about, word) = if down.is_empty() { (&degraded, "degraded") } else { (&down, "down") };
        let severity = match (down.len(), degraded.len()) {
            (0, _) => Severity::Sev3,
            (count, _) if count == total && total > 1 => Severity::Sev1,
            _ => Severity::Sev2,
        };
        let title = match about.as_slice() {
            [] => String::new(),
            [one] => format!("{} {word}", one.service),
            [first, second] => format!("{} and {} {word}", first.service, second.service),
            [first, rest @ ..] => format!("{} and {} more {word}", first.service, rest.len()),
        };
        let began_at = about.iter().filter_map(|found| found.since).min().unwrap_or(world.now);
        let services = about.iter().map(|found| found.service.clone()).collect();
        let opening = Opening { title: Line::from_text(&title), severity, services, began_at };
        Self { input: Input { text: title }, opening, recall: None }
    }

    /// Goes on to the next severity.
    pub fn next_severity(&mut self) {
        let here = Severity::ALL.iter().position(|severity| *severity == self.opening.severity).unwrap_or(0);
        self.opening.severity = Severity::ALL[(here + 1) % Severity::ALL.len()];
    }

    /// Returns what is to be opened, if it has a title.
    pub fn done(&self) -> Option<Opening> {
        let title = Line::from_text(self.input.text.trim());
        (!title.is_empty()).then(|| Opening { title, ..self.opening.clone() })
    }

    /// Draws the modal.
    pub fn view(&self, world: &World, area: Rect, buf: &mut Buffer, look: &Look) {
        let inner = super::frame("Open an incident", "tab severity  enter open  esc back", area, buf, look);
        let dim = look.style(Role::Dim);
        let cells = usize::from(inner.width.saturating_sub(COLUMN)).max(8);
        let mut rows = Vec::new();
        // The end of a long title is what is being typed.
        let mut shown = paint::wrap(&self.input.text, cells.saturating_sub(1));
        if self.input.text.ends_with(' ')
            && let Some(last) = shown.last_mut()
        {
            last.push(' ');
        }
        let last = shown.len().saturating_sub(1);
        for (nth, line) in shown.into_iter().enumerate() {
            let label = if nth == 0 { "title" } else { "" };
            let mut left = vec![piece(format!("{label:<10}"), dim), piece(line, look.style(Role::Title))];
            if nth == last {
                left.push(piece(" ", look.style(Role::MatchHere)));
            }
            rows.push(Row::of(left));
        }
        let severity = self.opening.severity;
        let mut fact = |label: &str, text: &str, role: Role| {
            for (nth, line) in paint::wrap(text, cells).into_iter().enumerate() {
                let label = if nth == 0 { label } else { "" };
                rows.push(Row::of(vec![piece(format!("{label:<10}"), dim), piece(line, look.style(role))]));
            }
        };
        fact("severity", &format!("{}  {}", severity.word(), meaning(severity)), severity_role(severity));
        let services: Vec<&str> = self.opening.services.iter().map(|service| service.as_str()).collect();
        let services = if services.is_empty() { "all of them".to_owned() } else { services.join(", ") };
        fact("about", &services, Role::Text);
        fact("since", &since(self.opening.began_at, world), Role::Text);
        if let Some(recall) = &self.recall {
            fact("before", recall, Role::Accent);
        }
        rows.push(Row::default());
        let text =
            "What is seen, done and said from here on goes into its timeline. Nobody is told by opening it: p pages.";
        for line in paint::wrap(text, usize::from(inner.width)) {
            rows.push(Row::of(vec![piece(line, dim)]));
        }
        draw_rows(buf, inner, &rows, 0, true, look);
    }
}

const COLUMN: u16 = 10;

fn since(at: Timestamp, world: &World) -> String {
    let ago = world.now.since(at);
    if ago.as_secs() < 5 {
        return "now".to_owned();
    }
    let zone = format::zone_name(at, &world.zone);
    format!("{} {zone}, {} ago", format::moment(at, world.now, &world.zone), format::age(ago))
}

/// Says what a severity means.
pub fn meaning(severity: Severity) -> &'static str {
    match severity {
        Severity::Sev1 => "nobody can use it, or data is being lost",
        Severity::Sev2 => "an important part fails for many",
        Severity::Sev3 => "it is slow, or fails for some",
        Severity::Sev4 => "hardly anybody notices",
    }
}

/// Returns the colour of a severity.
pub fn severity_role(severity: Severity) -> Role {
    match severity {
        Severity::Sev1 => Role::Down,
        Severity::Sev2 => Role::Degraded,
        Severity::Sev3 => Role::Accent,
        Severity::Sev4 => Role::Dim,
    }
}
