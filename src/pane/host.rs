//! This machine: processor, memory, disks, processes, network.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::under_rule;
use crate::app::world::World;
use crate::model::host::{HostSample, Memory};
use crate::model::self_check::{ClockState, Resolvers, Route};
use crate::model::service::Health;
use crate::ui::paint::{self, Piece, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role, chart, format, health_role};

/// Draws the pane.
pub fn view(world: &World, focused: bool, area: Rect, buf: &mut Buffer, look: &Look) {
    let judged = &world.assessment.host;
    let name = world.snapshot.host.value.as_ref().map_or("this machine", |sample| sample.name.as_str());
    let style = look.style(if focused { Role::Accent } else { Role::Title });
    let health = look.style(health_role(judged.health));
    let mut end = vec![piece(look.health_glyph(judged.health), health)];
    if let Some(text) = format::freshness(judged.freshness) {
        end.push(piece(format!(" {text}"), look.style(Role::Unknown)));
    }
    paint::rule(buf, area, &[piece(name.to_owned(), style)], &end, focused, look);
    draw_rows(buf, under_rule(area), &rows(world, area.width, look), 0, focused, look);
}

fn rows(world: &World, width: u16, look: &Look) -> Vec<Row<'static>> {
    let mut rows = Vec::new();
    for (health, text) in &world.assessment.host.reasons {
        let style = look.style(health_role(*health));
        rows.push(Row::of(vec![piece(format!(" {} {text}", look.health_glyph(*health)), style)]));
    }
    let Some(sample) = &world.snapshot.host.value else {
        rows.push(Row::of(vec![piece(" not looked at yet", look.style(Role::Dim))]));
        return rows;
    };
    if !rows.is_empty() {
        rows.push(Row::default());
    }
    let cells = usize::from(width).saturating_sub(34).clamp(6, 24);
    rows.push(cpu(world, sample, cells, look));
    rows.push(memory(" mem ", sample.memory, cells, look));
    if sample.swap.total > 0 {
        rows.push(memory(" swap", sample.swap, cells, look));
    }
    for disk in &sample.disks {
        let forecast = world.snapshot.host_history.time_to_full(&disk.mount);
        let mut row = metered(" disk", disk.share(), cells, look);
        let free = format!("{} free ", format::bytes(disk.available));
        row.left.push(piece(format!("  {}", disk.mount), look.style(Role::Text)));
        row.right = match forecast {
            Some(left) => vec![piece(format!("full in {} ", format::age(left)), look.style(Role::Degraded))],
            None => vec![piece(free, look.style(Role::Dim))],
        };
        rows.push(row);
    }
    rows.push(Row::default());
    network(world, &mut rows, look);
    if !sample.top.is_empty() {
        rows.push(Row::default());
        let head = Row {
            left: vec![piece(" busiest processes", look.style(Role::Faint))],
            right: vec![piece("  cpu      memory ", look.style(Role::Faint))],
            selected: false,
        };
        rows.push(head);
        for process in &sample.top {
            let numbers = format!("{:>5} {:>11} ", format::percent(process.cpu), format::bytes(process.memory));
            rows.push(Row {
                left: vec![
                    piece(format!("   {}", process.name), look.style(Role::Text)),
                    piece(format!("  {}", process.pid), look.style(Role::Faint)),
                ],
                right: vec![piece(numbers, look.style(Role::Dim))],
                selected: false,
            });
        }
    }
    rows
}

fn cpu(world: &World, sample: &HostSample, cells: usize, look: &Look) -> Row<'static> {
    let loads: Vec<_> = world.snapshot.host_history.load.iter().map(|(_, cpu, _)| *cpu).collect();
    let share = sample.cpu.map_or_else(|| "  -".to_owned(), format::percent);
    let left: Vec<Piece<'static>> = vec![
        piece(format!(" cpu  {share:>4} "), look.style(Role::Text)),
        chart::spark(&loads, cells, Role::Accent, look),
    ];
    let [one, five, fifteen] = sample.load;
    let load = format!("load {one:.1} {five:.1} {fifteen:.1} on {} ", format::count(usize::from(sample.cores), "core"));
    Row { left, right: vec![piece(load, look.style(Role::Dim))], selected: false }
}

fn memory(label: &str, memory: Memory, cells: usize, look: &Look) -> Row<'static> {
    let mut row = metered(label, memory.share().unwrap_or(0.0), cells, look);
    let text = format!("{} of {} ", format::bytes(memory.used), format::bytes(memory.total));
    row.right = vec![piece(text, look.style(Role::Dim))];
    row
}

fn metered(label: &str, share: f32, cells: usize, look: &Look) -> Row<'static> {
    let role = match share {
        0.97.. => Role::Down,
        0.90.. => Role::Degraded,
        _ => Role::Accent,
    };
    let [full, empty] = chart::meter(share, cells, role, look);
    Row::of(vec![piece(format!("{label} {:>4} ", format::percent(share)), look.style(Role::Text)), full, empty])
}

fn network(world: &World, rows: &mut Vec<Row<'static>>, look: &Look) {
    let Some(found) = &world.snapshot.self_check.value else { return };
    let mut add = |health: Health, label: &str, text: String| {
        let style = look.style(health_role(health));
        let words = if health == Health::Healthy { look.style(Role::Text) } else { style };
        rows.push(Row::of(vec![
            piece(format!(" {} ", look.health_glyph(health)), style),
            piece(format!("{label:<9}"), look.style(Role::Dim)),
            piece(text, words),
        ]));
    };
    match &found.route {
        Route::Present { interface } => add(Health::Healthy, "route", format!("by {interface}")),
        Route::Missing { why } => add(Health::Down, "route", why.to_string()),
        Route::Unknown => {}
    }
    match &found.resolvers {
        Resolvers::Answering { server, took } => {
            let took = took.map_or_else(String::new, |took| format!(" answers in {}", format::latency(took)));
            add(Health::Healthy, "resolver", format!("{server}{took}"));
        }
        Resolvers::Silent { servers, why } => {
            let servers: Vec<_> = servers.iter().map(ToString::to_string).collect();
            add(Health::Down, "resolver", format!("{}: {why}", servers.join(" ")));
        }
        Resolvers::NoneConfigured => add(Health::Down, "resolver", "none is configured".to_owned()),
    }
    match found.clock {
        ClockState::Synchronised => add(Health::Healthy, "clock", "agrees with the servers' clocks".to_owned()),
        ClockState::Off { behind_ms } => {
            let side = if behind_ms > 0 { "behind" } else { "ahead" };
            add(Health::Degraded, "clock", format!("{} s {side}", behind_ms.unsigned_abs() / 1_000));
        }
        ClockState::Unsynchronised => add(Health::Unknown, "clock", "nobody keeps it in step".to_owned()),
        ClockState::Unknown => {}
    }
}
