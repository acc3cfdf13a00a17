//! How the incident stands, and what can be said of it: one letter each. What is said is written, and acts on nothing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::opening::{meaning, severity_role};
use crate::app::world::World;
use crate::incident::Incident;
use crate::model::id::IncidentId;
use crate::model::incident::{IncidentState, Severity};
use crate::pane::timeline::state_role;
use crate::ui::paint::{self, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role, format};

/// Which incident, and the row that is selected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IncidentMenu {
    pub incident: IncidentId,
    pub selected: usize,
    /// A severity is being chosen.
    pub severities: bool,
}

/// Something that can be said of an incident.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deed {
    State(IncidentState),
    /// It is not over after all.
    Reopen,
    Note,
    Update,
    AskSeverity,
    Severity(Severity),
    Title,
    Services,
    Role,
    Evidence,
    Export,
    /// Another one is opened beside it.
    Another,
}

impl IncidentMenu {
    /// Opens the list for an incident.
    pub fn new(incident: IncidentId) -> Self {
        Self { incident, selected: 0, severities: false }
    }

    /// Returns what can be said now, each with its letter and its words.
    pub fn deeds(&self, world: &World) -> Vec<(char, Deed, &'static str, String)> {
        let Some(incident) = world.incidents.get(&self.incident) else { return Vec::new() };
        if self.severities {
            let row = |(digit, severity): (char, Severity)| {
                (digit, Deed::Severity(severity), severity.word(), meaning(severity).to_owned())
            };
            return ['1', '2', '3', '4'].into_iter().zip(Severity::ALL).map(row).collect();
        }
        let mut deeds = Vec::new();
        let mut deed = |letter, deed, title, what: &str| deeds.push((letter, deed, title, what.to_owned()));
        let state = incident.state;
        if state == IncidentState::Triggered {
            deed('a', Deed::State(IncidentState::Acknowledged), "acknowledge", "somebody is on it");
        }
        if state < IncidentState::Mitigated {
            deed('m', Deed::State(IncidentState::Mitigated), "mitigated", "users are well, the cause is still there");
        }
        if state < IncidentState::Resolved {
            deed('r', Deed::State(IncidentState::Resolved), "resolved", "it is over");
        }
        if state == IncidentState::Resolved {
            deed('x', Deed::State(IncidentState::Closed), "close", "it is written up, nothing more is added by itself");
        }
        if state >= IncidentState::Mitigated {
            deed('o', Deed::Reopen, "reopen", "it is not over after all");
        }
        deed('n', Deed::Note, "note", "write down what happened");
        if !world.catalog.senders.is_empty() && incident.is_open() {
            deed('u', Deed::Update, "update", "tell others how it stands: shown before it goes out");
        }
        if state != IncidentState::Closed {
            deed('s', Deed::AskSeverity, "severity", "how bad it is");
            deed('t', Deed::Title, "title", "call it something else");
            deed('v', Deed::Services, "services", "what it is about");
            deed('w', Deed::Role, "who does what", "commander, communication");
        }
        deed('d', Deed::Evidence, "evidence", "keep what a restart would destroy");
        deed('p', Deed::Export, "postmortem", "write it to a file");
        if !incident.is_open() {
            deed('i', Deed::Another, "another", "open a new incident");
        }
        deeds
    }

    /// Moves the selection.
    pub fn step(&mut self, by: isize, world: &World) {
        let count = self.deeds(world).len();
        self.selected = self.selected.saturating_add_signed(by).min(count.saturating_sub(1));
    }

    /// Draws the modal.
    pub fn view(&self, world: &World, area: Rect, buf: &mut Buffer, look: &Look) {
        let Some(incident) = world.incidents.get(&self.incident) else { return };
        let title = format!("{} #{} {}", incident.severity.word(), incident.number, incident.title);
        let title = paint::cut(&title, usize::from(area.width.saturating_sub(8)), look).into_owned();
        let inner = super::frame(&title, "a letter, or enter  esc back", area, buf, look);
        let mut rows = facts(incident, world, usize::from(inner.width), look);
        rows.push(Row::default());
        let wide = inner.width >= 56;
        let head = rows.len();
        for (index, (letter, deed, title, what)) in self.deeds(world).into_iter().enumerate() {
            let role = match deed {
                Deed::Severity(severity) => severity_role(severity),
                _ => Role::Title,
            };
            let mut left = vec![
                piece(format!(" {letter}  "), look.style(Role::Accent)),
                piece(format!("{title:<14}"), look.style(role)),
            ];
            if wide || self.severities {
                left.push(piece(what, look.style(Role::Dim)));
            }
            rows.push(Row { left, right: Vec::new(), selected: index == self.selected });
        }
        let top = paint::scroll(0, head + self.selected, usize::from(inner.height), rows.len());
        draw_rows(buf, inner, &rows, top, true, look);
    }
}

fn facts(incident: &Incident, world: &World, cells: usize, look: &Look) -> Vec<Row<'static>> {
    let dim = look.style(Role::Dim);
    let mut rows = Vec::new();
    let mut fact = |label: &str, text: &str, role: Role| {
        for (nth, line) in paint::wrap(text, cells.saturating_sub(8).max(8)).into_iter().enumerate() {
            let label = if nth == 0 { label } else { "" };
            rows.push(Row::of(vec![piece(format!("{label:<8}"), dim), piece(line, look.style(role))]));
        }
    };
    let lasted = format::span(std::time::Duration::from_secs(incident.lasted(world.now).as_secs()));
    fact("state", &format!("{}, {lasted}", incident.state.word()), state_role(incident));
    let services: Vec<&str> = incident.services.iter().map(|service| service.as_str()).collect();
    if !services.is_empty() {
        fact("about", &services.join(", "), Role::Text);
    }
    let people: Vec<String> = incident
        .humans()
        .map(|actor| {
            let roles: Vec<&str> = incident
                .roles
                .iter()
                .filter(|(_, who)| who.as_str() == actor.user.as_str())
                .map(|(role, _)| role.as_str())
                .collect();
            if roles.is_empty() { actor.user.to_string() } else { format!("{} ({})", actor.user, roles.join(", ")) }
        })
        .collect();
    let others = incident
        .roles
        .iter()
        .filter(|(_, who)| !incident.people.iter().any(|actor| actor.user.as_str() == who.as_str()))
        .map(|(role, who)| format!("{who} ({role})"));
    fact("with", &people.into_iter().chain(others).collect::<Vec<_>>().join(", "), Role::Text);
    rows
}
