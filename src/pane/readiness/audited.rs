//! What audits found: a score for each blind spot with how it has moved, and the worst findings.

use super::OLD;
use crate::app::world::World;
use crate::model::audit::{Area, Audited, LastRun, Level, Worst};
use crate::ui::chart::spark;
use crate::ui::paint::{self, Piece, piece};
use crate::ui::rows::Row;
use crate::ui::{Look, Role, format};

/// As many runs as the line shows, and where there is little room.
const RUNS: usize = 8;
const FEW_RUNS: usize = 5;
/// From here on there is room for the blind spots' whole names.
const ROOMY: u16 = 60;
/// Below, everything is a little shorter.
const TIGHT: u16 = 44;
/// What could not be looked at is told by its first lines.
const SKIPPED: usize = 3;

/// Returns the rows.
pub fn rows(world: &World, width: u16, look: &Look) -> Vec<Row<'static>> {
    let dim = look.style(Role::Dim);
    let Some(audited) = &world.audited else {
        let command = piece("   try: crashcart audit", look.style(Role::Accent));
        return vec![
            Row::of(vec![piece(" no audit of this folder yet", dim)]),
            Row::of(vec![piece("   what would be an outage, before it is", dim)]),
            Row::of(vec![command]),
        ];
    };
    let mut rows = vec![heading(audited, world, look)];
    rows.extend(Area::ALL.into_iter().map(|area| score(audited, area, world, width, look)));
    if let Some(last) = &audited.last {
        rows.extend(findings(last, width, look));
    }
    rows
}

fn heading(audited: &Audited, world: &World, look: &Look) -> Row<'static> {
    let age = audited.runs.last().map(|run| world.now.since(run.at)).unwrap_or_default();
    let role = if age > OLD { Role::Degraded } else { Role::Dim };
    Row {
        left: vec![piece(" Blind spots", look.style(Role::Title))],
        right: vec![piece(format!("audited {} ago ", format::age(age)), look.style(role))],
        selected: false,
    }
}

fn score(audited: &Audited, area: Area, world: &World, width: u16, look: &Look) -> Row<'static> {
    let name = if width >= ROOMY { format!(" {:<26}", area.title()) } else { format!(" {:<14}", area.word()) };
    let Some(points) = audited.score(area) else {
        let none = piece("  - nothing to look at", look.style(Role::Dim));
        return Row::of(vec![piece(name, look.style(Role::Dim)), none]);
    };
    let role = match points {
        80.. => Role::Healthy,
        50..80 => Role::Degraded,
        _ => Role::Down,
    };
    let values: Vec<f32> = audited.scores(area).map(|(_, points)| f32::from(points) / 100.0).collect();
    let mut left: Vec<Piece<'static>> = vec![
        piece(name, look.style(Role::Text)),
        piece(format!("{points:>3}"), look.style(role)),
        piece(" ", look.style(Role::Text)),
        spark(&values, if width < TIGHT { FEW_RUNS } else { RUNS }, role, look),
    ];
    if let Some((by, since)) = audited.moved(area) {
        let ago = format::age(world.now.since(since));
        let role = if by > 0 { Role::Healthy } else { Role::Down };
        left.push(piece(format!(" {by:+}"), look.style(role)));
        left.push(piece(format!(" in {ago}"), look.style(Role::Dim)));
    }
    Row::of(left)
}

fn findings(last: &LastRun, width: u16, look: &Look) -> Vec<Row<'static>> {
    let dim = look.style(Role::Dim);
    let counts: Vec<String> = Level::ALL
        .into_iter()
        .rev()
        .map(|level| (last.counts[level as usize], level.word()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let said = if counts.is_empty() { "nothing found".to_owned() } else { counts.join(", ") };
    let mut rows = vec![Row::of(vec![piece(format!(" {said}"), dim)])];
    rows.extend(last.worst.iter().flat_map(|one| finding(one, width, look)));
    for skipped in last.skipped.iter().take(SKIPPED) {
        let text = format!("{} not looked at: {skipped}", look.glyphs.unknown);
        rows.extend(wrapped(&text, 1, width, 2, Role::Unknown, look));
    }
    rows
}

fn finding(one: &Worst, width: u16, look: &Look) -> Vec<Row<'static>> {
    let (glyph, role) = match one.level {
        Level::Critical | Level::High => (look.glyphs.down, Role::Down),
        Level::Medium => (look.glyphs.degraded, Role::Degraded),
        Level::Low => (look.glyphs.unknown, Role::Unknown),
    };
    let others = if one.others > 0 { format!(" (and {} more)", one.others) } else { String::new() };
    // Where there is little room the title takes all of it: the sign and the order say how bad it is.
    let tight = width < TIGHT;
    let cells = usize::from(width).saturating_sub(4).max(10);
    let titles = if tight { paint::wrap(one.title.as_str(), cells) } else { vec![one.title.to_string()] };
    let mut rows: Vec<Row<'static>> = Vec::new();
    for (index, title) in titles.into_iter().enumerate() {
        let sign = if index == 0 { format!(" {glyph} ") } else { "   ".to_owned() };
        let level = (!tight).then(|| piece(format!("{} ", one.level.word()), look.style(role)));
        rows.push(Row {
            left: vec![piece(sign, look.style(role)), piece(title, look.style(Role::Text))],
            right: level.into_iter().collect(),
            selected: false,
        });
    }
    rows.extend(wrapped(&format!("{}: {}{others}", one.place, one.says), 3, width, 3, Role::Dim, look));
    rows.extend(wrapped(&format!("fix: {}", one.fix), 3, width, 3, Role::Text, look));
    rows.extend(wrapped(&format!("try: crashcart audit --explain {}", one.rule), 3, width, 2, Role::Accent, look));
    rows
}

fn wrapped(text: &str, indent: usize, width: u16, most: usize, role: Role, look: &Look) -> Vec<Row<'static>> {
    let cells = usize::from(width).saturating_sub(indent + 1).max(10);
    let mut parts = paint::wrap(text, cells);
    if parts.len() > most {
        // Cut within the last row, so that it is seen that there is more.
        let rest = parts.split_off(most - 1).join(" ");
        parts.push(paint::cut(&rest, cells, look).into_owned());
    }
    let space = " ".repeat(indent);
    parts.into_iter().map(|part| Row::of(vec![piece(format!("{space}{part}"), look.style(role))])).collect()
}
