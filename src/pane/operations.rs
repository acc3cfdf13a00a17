//! What was and is being done, the latest first: how each stands, and who wanted it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::under_rule;
use crate::app::world::World;
use crate::model::id::{OperationId, ServiceId};
use crate::model::operation::Verdict;
use crate::operation::{Operation, Standing, words};
use crate::ui::paint::{self, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role, format};

/// Where the user is in the list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OperationsState {
    selected: Option<OperationId>,
    top: usize,
}

impl OperationsState {
    /// Returns the selected operation: the user's choice while it is there, else the latest.
    pub fn selected(&self, world: &World) -> Option<OperationId> {
        let chosen = self.selected.as_ref().filter(|id| world.operations.get(id).is_some());
        chosen.or_else(|| Some(world.operations.latest_first().next()?.id())).cloned()
    }

    /// Selects an operation.
    pub fn select(&mut self, id: OperationId) {
        self.selected = Some(id);
    }

    /// Moves the selection.
    pub fn step(&mut self, world: &World, by: isize) {
        let ids: Vec<&OperationId> = world.operations.latest_first().map(Operation::id).collect();
        let here = self.selected(world).and_then(|id| ids.iter().position(|other| **other == id)).unwrap_or(0);
        let there = here.saturating_add_signed(by).min(ids.len().saturating_sub(1));
        self.selected = ids.get(there).map(|id| (*id).clone());
    }

    /// Scrolls so that the selection is visible.
    pub fn keep_in_view(&mut self, world: &World, area: Rect) {
        let selected = self.selected(world);
        let place = world.operations.latest_first().position(|operation| Some(operation.id()) == selected.as_ref());
        let (height, total) = (usize::from(under_rule(area).height) / 2, world.operations.latest_first().count());
        self.top = paint::scroll(self.top, place.unwrap_or(0), height.max(1), total);
    }

    /// Draws the pane.
    pub fn view(&self, world: &World, focused: bool, area: Rect, buf: &mut Buffer, look: &Look) {
        let style = look.style(if focused { Role::Accent } else { Role::Dim });
        let busy = world.operations.leases().iter().filter(|lease| lease.is_live(world.now)).count();
        let end = match busy {
            0 => Vec::new(),
            busy => vec![piece(format!("{busy} at work"), look.style(Role::Accent))],
        };
        paint::rule(buf, area, &[piece("Operations", style)], &end, focused, look);
        let selected = self.selected(world);
        let mut rows = Vec::new();
        for operation in world.operations.latest_first().skip(self.top).take(usize::from(area.height)) {
            let chosen = selected.as_ref() == Some(operation.id());
            rows.extend(rows_of(world, operation, chosen, look));
        }
        if rows.is_empty() {
            let dim = look.style(Role::Dim);
            rows.push(Row::of(vec![piece(" nothing was done yet", dim)]));
            let can = !world.catalog.offers.is_empty();
            let text = if can { "   R plans a roll back, a lists what can be done" } else { NOTHING };
            rows.push(Row::of(vec![piece(text, look.style(Role::Accent))]));
        }
        draw_rows(buf, under_rule(area), &rows, 0, focused, look);
    }
}

const NOTHING: &str = "   a service's release = { source = ... } says where it runs";

fn rows_of(world: &World, operation: &Operation, selected: bool, look: &Look) -> Vec<Row<'static>> {
    let standing = world.operations.standing(operation, world.now);
    let role = role(standing);
    let mark = if selected { look.glyphs.selected } else { " " };
    let dim = look.style(Role::Dim);
    let age = format::age(world.now.since(operation.approved_at));
    let title = vec![
        piece(mark, look.style(Role::Accent)),
        piece(format!("{} ", glyph(standing, look)), look.style(role)),
        piece(operation.plan.title.to_string(), look.style(Role::Text)),
    ];
    let right = vec![piece(format!("{}  {age:>5} ", operation.approved_by.user), dim)];
    let told = vec![piece(format!("   {}", tell(world, operation)), look.style(role))];
    vec![Row { left: title, right, selected }, Row { left: told, right: Vec::new(), selected }]
}

/// Returns the colour of how an operation stands.
pub fn role(standing: Standing) -> Role {
    match standing {
        Standing::Starting | Standing::Running => Role::Accent,
        Standing::Interrupted | Standing::Undecided => Role::Degraded,
        Standing::Ended(Verdict::Recovered { .. } | Verdict::Done) => Role::Healthy,
        Standing::Ended(Verdict::Unverified) => Role::Text,
        Standing::Ended(Verdict::NotRecovered | Verdict::Failed) => Role::Down,
        Standing::Ended(Verdict::Unknown) => Role::Unknown,
        Standing::Ended(Verdict::Cancelled) => Role::Dim,
    }
}

fn glyph(standing: Standing, look: &Look) -> &'static str {
    match standing {
        Standing::Starting | Standing::Running => look.glyphs.folded,
        Standing::Interrupted | Standing::Undecided => look.glyphs.degraded,
        Standing::Ended(Verdict::Recovered { .. } | Verdict::Done | Verdict::Unverified) => look.glyphs.healthy,
        Standing::Ended(Verdict::NotRecovered | Verdict::Failed) => look.glyphs.down,
        Standing::Ended(Verdict::Unknown) => look.glyphs.unknown,
        Standing::Ended(Verdict::Cancelled) => look.glyphs.maintenance,
    }
}

/// Returns how an operation stands, in a clause: `step 1 of 2: stop automatic deploys, 12s`.
pub fn tell(world: &World, operation: &Operation) -> String {
    let elapsed = format::age(operation.lasted(world.now));
    match world.operations.standing(operation, world.now) {
        Standing::Starting => "starting".to_owned(),
        Standing::Running => {
            let stops = if operation.cancelled_by.is_some() { ", it will stop" } else { "" };
            format!("{}, {elapsed}{stops}", words::doing(operation))
        }
        Standing::Interrupted => format!("INTERRUPTED at {}", words::doing(operation)),
        Standing::Undecided => {
            let step = operation.next_step().and_then(|step| words::step(&operation.steps[step]).1);
            format!("WAITS FOR YOU: {}", step.unwrap_or_else(|| words::doing(operation)))
        }
        Standing::Ended(verdict) => verdict_words(verdict),
    }
}

/// Returns how it ended: `recovered after 74s`.
pub fn verdict_words(verdict: Verdict) -> String {
    match verdict {
        // To the second: this is what goes into the postmortem.
        Verdict::Recovered { after } => format!("recovered after {}", format::span(whole(after))),
        other => other.words().to_owned(),
    }
}

fn whole(duration: std::time::Duration) -> std::time::Duration {
    std::time::Duration::from_secs(duration.as_secs().max(1))
}

/// What ended longer ago than this is history.
const RECENT: std::time::Duration = std::time::Duration::from_secs(3_600);

/// Returns the rows of a service: what is being done to it, what waits for somebody, and what ended lately.
pub fn of_service(world: &World, service: &ServiceId, look: &Look) -> Vec<Row<'static>> {
    let shown = |operation: &&Operation| match &operation.ended {
        None => true,
        Some(ended) => world.now.since(ended.at) < RECENT,
    };
    let mut rows = Vec::new();
    for operation in world.operations.of(service).filter(shown).take(2) {
        let standing = world.operations.standing(operation, world.now);
        let style = look.style(role(standing));
        let age = operation.ended.as_ref().map(|ended| format!("{} ago ", format::age(world.now.since(ended.at))));
        rows.push(Row {
            left: vec![
                piece(format!(" {} ", glyph(standing, look)), style),
                piece(operation.plan.title.to_string(), look.style(Role::Text)),
            ],
            right: vec![piece(age.unwrap_or_default(), look.style(Role::Dim))],
            selected: false,
        });
        rows.push(Row::of(vec![piece(format!("   {}", tell(world, operation)), style)]));
    }
    rows
}

/// Returns what is being done to a service now, or waits for somebody, for the list of services.
pub fn under_way(world: &World, service: &ServiceId) -> Option<(Role, String)> {
    let operation = world.operations.of(service).find(|operation| operation.ended.is_none())?;
    let standing = world.operations.standing(operation, world.now);
    let verb = operation.plan.title.as_str().split(&format!(" {service}")).next().unwrap_or_default();
    Some((role(standing), format!("{verb}: {}", tell(world, operation))))
}
