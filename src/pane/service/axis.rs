//! Releases, operations and health on one time axis: what went out, what was done, and what became of it.

use std::time::Duration;

use super::window;
use crate::app::world::World;
use crate::model::history::{History, Segment, Status};
use crate::model::id::ServiceId;
use crate::model::release::ReleaseState;
use crate::model::source::{Capability, Found};
use crate::model::time::Timestamp;
use crate::operation::target::service_history;
use crate::ui::paint::{self, Piece, piece};
use crate::ui::rows::Row;
use crate::ui::{Look, Role, format, status_role};

/// Something that happened at a moment.
pub struct Mark {
    pub at: Timestamp,
    /// A sign and a name: a release that went live, an operation that began.
    pub text: String,
    role: Role,
}

/// Returns the rows of the axis; none where nothing happened in the time that is shown.
pub fn rows(world: &World, service: &ServiceId, width: u16, look: &Look) -> Vec<Row<'static>> {
    let states: Vec<_> = world.catalog.checks_of(service).filter_map(|check| world.snapshot.check(&check.id)).collect();
    let span = states.iter().map(|state| window(state, world.now)).max().unwrap_or(Duration::from_secs(1_800));
    let from = world.now - span;
    // As wide as the labels of the checks below: the same column is the same moment.
    let label = format!("{:>7} {:<4}", "all", format::span(span));
    let cells = usize::from(width).saturating_sub(4 + label.len()).min(120);
    let marks: Vec<Mark> = marks(world, service, look).into_iter().filter(|mark| mark.at >= from).collect();
    if cells < 16 || marks.is_empty() {
        return Vec::new();
    }
    let histories: Vec<&History> = states.iter().map(|state| &state.history).collect();
    let known_until = world
        .catalog
        .checks_of(service)
        .filter_map(|check| Some(world.snapshot.check(&check.id)?.known_until(check.cadence, world.now)))
        .max()
        .unwrap_or(world.now);
    let health = strip(&service_history(&histories), from, world.now, known_until, cells);
    let mut above: Vec<Piece<'static>> = vec![piece("   ", look.style(Role::Dim))];
    above.extend(marked(&marks, from, world.now, cells, look));
    let mut below: Vec<Piece<'static>> = vec![piece("   ", look.style(Role::Dim))];
    below.extend(health.into_iter().map(|status| piece(look.glyphs.strip(status), look.style(status_role(status)))));
    let right = vec![piece(label, look.style(Role::Dim))];
    vec![Row { left: above, right: Vec::new(), selected: false }, Row { left: below, right, selected: false }]
}

/// Returns the releases that went live and the operations, oldest first.
pub fn marks(world: &World, service: &ServiceId, look: &Look) -> Vec<Mark> {
    let mut marks = Vec::new();
    for feed in world.catalog.feeds_of(service).filter(|feed| feed.capability == Capability::Releases) {
        let Some(Found::Releases(releases)) = world.snapshot.feed(&feed.id).and_then(|state| state.last.value.as_ref())
        else {
            continue;
        };
        for release in releases.iter().filter(|one| one.live || one.state == ReleaseState::Superseded) {
            if let Some(at) = release.finished_at.or(release.created_at) {
                let name = crate::model::text::measure::head(release.name().as_str(), 10).to_string();
                marks.push(Mark { at, text: format!("{}{name}", look.glyphs.down_arrow), role: Role::Accent });
            }
        }
    }
    for operation in world.operations.of(service) {
        let verb = operation.plan.intent.action.replace('_', " ");
        let at = operation.approved_at;
        marks.push(Mark { at, text: format!("{}{verb}", look.glyphs.folded), role: Role::Degraded });
    }
    marks.sort_by_key(|mark| mark.at);
    marks
}

/// The worst of each slice of time; what lies behind the last good look is not known.
fn strip(segments: &[Segment], from: Timestamp, now: Timestamp, known_until: Timestamp, cells: usize) -> Vec<Status> {
    let mut cells_of = vec![Status::Unwatched; cells];
    let span = now.since(from).as_micros().max(1);
    let place = |at: Timestamp| usize::try_from(at.since(from).as_micros() * cells as u128 / span).unwrap_or(cells);
    for (index, segment) in segments.iter().enumerate() {
        let end = segments.get(index + 1).map_or(known_until.min(now), |next| next.from);
        if end <= from || segment.status == Status::Unwatched {
            continue;
        }
        let (first, last) = (place(segment.from.max(from)), place(end).min(cells.saturating_sub(1)));
        for cell in cells_of.iter_mut().take(last + 1).skip(first) {
            let seen = *cell != Status::Unwatched;
            *cell = if seen { (*cell).min(segment.status) } else { segment.status };
        }
    }
    cells_of
}

/// Puts marks over their moments; where two would stand on each other, the later one is only a sign.
fn marked(marks: &[Mark], from: Timestamp, now: Timestamp, cells: usize, look: &Look) -> Vec<Piece<'static>> {
    let span = now.since(from).as_micros().max(1);
    let mut pieces = Vec::new();
    let mut used = 0;
    for (index, mark) in marks.iter().enumerate() {
        let place = |mark: &Mark| {
            usize::try_from(mark.at.since(from).as_micros() * cells as u128 / span).unwrap_or(0).min(cells - 1)
        };
        let here = place(mark).max(used);
        let until = marks.get(index + 1).map_or(cells, place);
        if here >= cells {
            break;
        }
        let room = until.saturating_sub(here).max(1).min(cells - here);
        let text = paint::cut(&mark.text, room, look).into_owned();
        let text = if paint::width(&text) < paint::width(&mark.text) { sign(&mark.text) } else { text };
        pieces.push(piece(" ".repeat(here - used), look.style(Role::Dim)));
        used = here + paint::width(&text);
        pieces.push(piece(text, look.style(mark.role)));
    }
    pieces
}

fn sign(text: &str) -> String {
    text.chars().take(1).collect()
}
