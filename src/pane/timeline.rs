//! The timeline of an incident: everything that happened, by the moment of each, as the journal tells it.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::under_rule;
use crate::app::world::World;
use crate::incident::Incident;
use crate::incident::timeline::{Kind, Moment};
use crate::model::id::{EntryId, IncidentId};
use crate::ui::paint::{self, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role, format};

/// A stretch without an entry that is worth a word.
const GAP: Duration = Duration::from_secs(15 * 60);

/// Where the user is in it, and what it tells.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct TimelineState {
    /// The incident that was chosen; without a choice, the open one or else the latest.
    chosen: Option<IncidentId>,
    selected: Option<EntryId>,
    top: usize,
    /// Only entries with this text, or of this kind, are listed.
    pub filter: String,
    /// What is told, kept in step by `update`.
    pub moments: Vec<Moment>,
}

impl TimelineState {
    /// Returns the incident that is shown.
    pub fn incident<'w>(&self, world: &'w World) -> Option<&'w Incident> {
        let chosen = self.chosen.as_ref().and_then(|id| world.incidents.get(id));
        chosen.or_else(|| world.incidents.open()).or_else(|| world.incidents.latest_first().next())
    }

    /// Goes to an earlier (`-1`) or a later incident. Returns whether there was one.
    pub fn other(&mut self, world: &World, by: isize) -> bool {
        let ids: Vec<&IncidentId> = world.incidents.latest_first().map(|incident| &incident.id).collect();
        let here = self.incident(world).and_then(|shown| ids.iter().position(|id| **id == shown.id));
        let there = here.and_then(|here| here.checked_add_signed(-by)).and_then(|there| ids.get(there));
        match there {
            Some(id) => {
                self.chosen = Some((*id).clone());
                self.selected = None;
                self.top = 0;
                true
            }
            None => false,
        }
    }

    /// Shows the incident that is open, whatever was chosen before.
    pub fn follow(&mut self) {
        self.chosen = None;
        self.selected = None;
    }

    /// Returns the entries that are listed.
    fn listed(&self) -> impl Iterator<Item = &Moment> {
        let wanted = self.filter.trim().to_lowercase();
        self.moments.iter().filter(move |moment| wanted.is_empty() || fits(moment, &wanted))
    }

    /// Returns the selected entry: the user's choice while it is listed, else the last.
    pub fn selected(&self) -> Option<&Moment> {
        let chosen = self.selected.as_ref().and_then(|id| self.listed().find(|moment| moment.entry == *id));
        chosen.or_else(|| self.listed().last())
    }

    /// Stays on what is selected now, whatever is written meanwhile.
    pub fn hold(&mut self) {
        self.selected = self.selected().map(|moment| moment.entry.clone());
    }

    /// Moves the selection. Behind the last entry it follows what is written.
    pub fn step(&mut self, by: isize) {
        let ids: Vec<&EntryId> = self.listed().map(|moment| &moment.entry).collect();
        let here = self.selected().and_then(|shown| ids.iter().position(|id| **id == shown.entry)).unwrap_or(0);
        let there = here.saturating_add_signed(by).min(ids.len().saturating_sub(1));
        let follows = there + 1 == ids.len();
        self.selected = ids.get(there).filter(|_| !follows).map(|id| (*id).clone());
    }

    /// Scrolls so that the selection is visible.
    pub fn keep_in_view(&mut self, world: &World, area: Rect, look: &Look) {
        let rows = self.rows(world, area.width, look);
        let last = rows.iter().rposition(|row| row.selected).unwrap_or(0);
        self.top = paint::scroll(self.top, last, usize::from(under_rule(area).height), rows.len());
    }

    /// Draws the pane.
    pub fn view(&self, world: &World, focused: bool, area: Rect, buf: &mut Buffer, look: &Look) {
        let style = look.style(if focused { Role::Accent } else { Role::Dim });
        let (mut title, mut end) = (Vec::new(), Vec::new());
        // On a phone the number says enough.
        if area.width >= 60 || self.incident(world).is_none() {
            title.push(piece("Timeline ", style));
        }
        if let Some(incident) = self.incident(world) {
            let name = format!("{} #{} ", incident.severity.word(), incident.number);
            title.push(piece(name, look.style(state_role(incident))));
            let lasted = format::age(incident.lasted(world.now));
            let zone = format::zone_name(world.now, &world.zone);
            let people = incident.humans().count();
            let with = if people > 1 && area.width >= 60 { format!("{people} people  ") } else { String::new() };
            end.push(piece(format!("{} {lasted}  {with}{zone}", incident.state.word()), look.style(Role::Dim)));
            let room =
                usize::from(area.width).saturating_sub(paint::pieces_width(&title) + paint::pieces_width(&end) + 8);
            title.push(piece(paint::cut(incident.title.as_str(), room, look).into_owned(), look.style(Role::Title)));
        }
        paint::rule(buf, area, &title, &end, focused, look);
        draw_rows(buf, under_rule(area), &self.rows(world, area.width, look), self.top, focused, look);
    }

    fn rows(&self, world: &World, width: u16, look: &Look) -> Vec<Row<'static>> {
        let dim = look.style(Role::Dim);
        if self.incident(world).is_none() {
            return vec![
                Row::of(vec![piece(" no incident was opened yet", dim)]),
                Row::of(vec![piece("   ! opens one: its timeline fills by itself", look.style(Role::Accent))]),
            ];
        }
        let mut rows = Vec::new();
        if !self.filter.trim().is_empty() {
            let text = format!(" only what has \"{}\": esc shows all", self.filter.trim());
            rows.push(Row::of(vec![piece(text, look.style(Role::Accent))]));
        }
        let selected = self.selected().map(|moment| moment.entry.clone());
        let today = world.now.in_zone(&world.zone).date();
        let (mut day, mut last) = (today, None);
        for moment in self.listed() {
            let at = moment.at.in_zone(&world.zone);
            if at.date() != day {
                day = at.date();
                rows.push(Row::of(vec![piece(format!(" {}", at.strftime("%A, %-d %B %Y")), look.style(Role::Title))]));
            }
            let gap = last.map(|last| moment.at.since(last)).filter(|gap| *gap >= GAP && self.filter.is_empty());
            if let Some(gap) = gap {
                rows.push(Row::of(vec![piece(format!("          {} without an entry", format::span(gap)), dim)]));
            }
            last = Some(moment.at);
            rows.extend(rows_of(moment, selected.as_ref() == Some(&moment.entry), width, world, look));
        }
        if selected.is_none() {
            rows.push(Row::of(vec![piece(" nothing is listed", dim)]));
        }
        rows
    }
}

fn rows_of(moment: &Moment, selected: bool, width: u16, world: &World, look: &Look) -> Vec<Row<'static>> {
    let dim = look.style(Role::Dim);
    let mark = if selected { look.glyphs.selected } else { " " };
    let clock = moment.at.in_zone(&world.zone).strftime("%H:%M:%S").to_string();
    if width < 60 {
        let cells = usize::from(width).saturating_sub(PHONE_COLUMN + 1).max(8);
        let most = if selected { 6 } else { 2 };
        let lines = paint::wrap(moment.text.as_str(), cells);
        let style = look.style(phone_role(moment.kind));
        let row = |(nth, line): (usize, String)| {
            let (mark, clock) = if nth == 0 { (mark, clock.as_str()) } else { (" ", "") };
            let cut = if nth + 1 == most && lines.len() > most { look.glyphs.ellipsis } else { "" };
            let left = vec![
                piece(mark, look.style(Role::Accent)),
                piece(format!("{clock:<9}"), dim),
                piece(format!("{line}{cut}"), style),
            ];
            Row { left, right: Vec::new(), selected }
        };
        return lines.iter().take(most).cloned().enumerate().map(row).collect();
    }
    let mut left = vec![
        piece(mark, look.style(Role::Accent)),
        piece(format!("{clock} "), dim),
        piece(format!("{:<8} ", moment.kind.word()), look.style(role(moment.kind))),
        piece(moment.text.to_string(), look.style(text_role(moment.kind))),
    ];
    if !moment.more.is_empty() {
        left.push(piece(format!(" (+{})", moment.more.len()), dim));
    }
    // What was only seen is nobody's word.
    if matches!(moment.kind, Kind::Health | Kind::Alert | Kind::Release | Kind::Vendor) && !moment.corrected {
        return vec![Row { left, right: Vec::new(), selected }];
    }
    let corrected = if moment.corrected { "corrected  " } else { "" };
    let late = if moment.written_at.is_some() { "later  " } else { "" };
    let right = vec![piece(format!("{corrected}{late}{} ", moment.by), dim)];
    vec![Row { left, right, selected }]
}

/// The cells before the text on a phone.
const PHONE_COLUMN: usize = 10;

/// On a phone the colour says the kind: what people said stays plain.
fn phone_role(kind: Kind) -> Role {
    match kind {
        Kind::Note | Kind::Log | Kind::Metric => Role::Text,
        kind => role(kind),
    }
}

/// Returns an entry in full, as lines to read or copy.
pub fn tell(moment: &Moment, world: &World) -> Vec<String> {
    let clock = |at: crate::model::time::Timestamp| at.in_zone(&world.zone).strftime("%F %H:%M:%S %Z").to_string();
    let mut lines = vec![format!("{}  {}", clock(moment.at), moment.kind.word()), moment.text.to_string()];
    if !moment.more.is_empty() {
        lines.push(String::new());
        lines.extend(moment.more.iter().map(ToString::to_string));
    }
    lines.push(String::new());
    if let Some(service) = &moment.service {
        lines.push(format!("service  {service}"));
    }
    lines.push(format!("by       {}", moment.by));
    if let Some(at) = moment.written_at {
        lines.push(format!("written  {}", clock(at)));
    }
    if moment.corrected {
        lines.push("what stood here first was corrected".to_owned());
    }
    lines.push(format!("entry    {}", moment.entry));
    lines
}

fn fits(moment: &Moment, wanted: &str) -> bool {
    let has = |text: &str| text.to_lowercase().contains(wanted);
    moment.kind.word() == wanted
        || has(moment.text.as_str())
        || has(moment.by.as_str())
        || moment.more.iter().any(|line| has(line.as_str()))
}

/// Returns the colour of how an incident stands.
pub fn state_role(incident: &Incident) -> Role {
    use crate::model::incident::IncidentState;
    match incident.state {
        IncidentState::Triggered => Role::Down,
        IncidentState::Acknowledged => Role::Degraded,
        IncidentState::Mitigated => Role::Accent,
        IncidentState::Resolved | IncidentState::Closed => Role::Healthy,
    }
}

fn role(kind: Kind) -> Role {
    match kind {
        Kind::Health | Kind::Alert => Role::Down,
        Kind::Release | Kind::Vendor => Role::Degraded,
        Kind::Action | Kind::Step | Kind::State => Role::Accent,
        Kind::Contact | Kind::Message => Role::Healthy,
        Kind::Note | Kind::Log | Kind::Metric | Kind::Evidence => Role::Text,
        Kind::Redacted => Role::Faint,
    }
}

fn text_role(kind: Kind) -> Role {
    if kind == Kind::Redacted { Role::Faint } else { Role::Text }
}
