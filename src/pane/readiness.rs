//! What was proven to work before it is needed, worst first, with how old the proof is; and what audits found.
//!
//! ```text
//!   wide: audits | proofs, side by side         narrow: audits above proofs
//! ```

mod audited;

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::under_rule;
use crate::app::world::World;
use crate::model::readiness::{Proof, Readiness, Verdict};
use crate::ui::paint::{self, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role, format};

/// A proof that is older says little about tonight.
const OLD: Duration = Duration::from_secs(7 * 86_400);

/// From this width on both columns have room for their sentences.
const SIDE_BY_SIDE: u16 = 76;

/// The column of the audits has room for a score and how it has moved.
const LEFT: u16 = 38;

/// How far the user has scrolled.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ReadinessState {
    top: usize,
}

impl ReadinessState {
    /// Scrolls by some rows.
    pub fn scroll(&mut self, by: isize, world: &World, area: Rect, look: &Look) {
        let place = under_rule(area);
        let columns = columns(world, place, look);
        let longest = columns.iter().map(|(_, rows)| rows.len()).max().unwrap_or(0);
        self.top = self.top.saturating_add_signed(by).min(longest.saturating_sub(usize::from(place.height)));
    }

    /// Draws the pane.
    pub fn view(&self, world: &World, focused: bool, area: Rect, buf: &mut Buffer, look: &Look) {
        let style = look.style(if focused { Role::Accent } else { Role::Dim });
        let end = world.readiness.as_ref().map(|readiness| {
            let age = world.now.since(readiness.at);
            let role = if age > OLD { Role::Degraded } else { Role::Dim };
            let count = |verdict, word: &str| match readiness.count(verdict) {
                0 => String::new(),
                count => format!("{count} {word}  "),
            };
            let text = format!(
                "{}{}proven {} ago",
                count(Verdict::Failure, "failed"),
                count(Verdict::Warning, "to look at"),
                format::age(age)
            );
            piece(text, look.style(role))
        });
        paint::rule(buf, area, &[piece("Readiness", style)], &end.into_iter().collect::<Vec<_>>(), focused, look);
        let columns = columns(world, under_rule(area), look);
        for (index, (place, rows)) in columns.iter().enumerate() {
            if index > 0 {
                let line = piece(look.glyphs.vertical, look.style(Role::Faint));
                for y in place.top()..place.bottom() {
                    paint::row(buf, Rect { x: place.x - 1, y, width: 1, height: 1 }, std::slice::from_ref(&line), look);
                }
            }
            // A column that is shorter than the other one stays where its end can be seen.
            let top = self.top.min(rows.len().saturating_sub(usize::from(place.height)));
            draw_rows(buf, *place, rows, top, focused, look);
        }
    }
}

/// Returns what stands where: side by side where there is room, and below each other otherwise.
fn columns(world: &World, place: Rect, look: &Look) -> Vec<(Rect, Vec<Row<'static>>)> {
    if place.width < SIDE_BY_SIDE {
        // The title has no room for what failed there.
        let mut all: Vec<Row<'static>> = world.readiness.iter().map(|readiness| told(readiness, world, look)).collect();
        all.extend(audited::rows(world, place.width, look));
        all.push(Row::default());
        all.extend(rows(world, place.width, look));
        return vec![(place, all)];
    }
    let left = Rect { width: (place.width * 9 / 20).max(LEFT), ..place };
    let right = Rect { x: left.right() + 1, width: place.width - left.width - 1, ..place };
    vec![(left, audited::rows(world, left.width, look)), (right, rows(world, right.width, look))]
}

/// Returns one row about all proofs.
fn told(readiness: &Readiness, world: &World, look: &Look) -> Row<'static> {
    let counted = [(Verdict::Failure, "failed", Role::Down), (Verdict::Warning, "to look at", Role::Degraded)];
    let mut left = vec![piece(" Proven".to_owned(), look.style(Role::Title))];
    for (verdict, word, role) in counted {
        let count = readiness.count(verdict);
        if count > 0 {
            left.push(piece(format!("  {count} {word}"), look.style(role)));
        }
    }
    let age = world.now.since(readiness.at);
    let role = if age > OLD { Role::Degraded } else { Role::Dim };
    Row { left, right: vec![piece(format!("{} ago ", format::age(age)), look.style(role))], selected: false }
}

fn rows(world: &World, width: u16, look: &Look) -> Vec<Row<'static>> {
    let dim = look.style(Role::Dim);
    let Some(readiness) = &world.readiness else {
        return vec![
            Row::of(vec![piece(" nothing was proven yet", dim)]),
            Row::of(vec![piece(
                "   crashcart doctor does it, tonight's worst surprises first",
                look.style(Role::Accent),
            )]),
        ];
    };
    let mut lines: Vec<&Proof> = readiness.lines.iter().collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.verdict));
    lines.into_iter().flat_map(|line| rows_of(line, width, look)).collect()
}

fn rows_of(line: &Proof, width: u16, look: &Look) -> Vec<Row<'static>> {
    let (glyph, role) = match line.verdict {
        Verdict::Failure => (look.glyphs.down, Role::Down),
        Verdict::Warning => (look.glyphs.degraded, Role::Degraded),
        Verdict::Unproven => (look.glyphs.unknown, Role::Unknown),
        Verdict::Ok => (look.glyphs.healthy, Role::Healthy),
    };
    let mut left = vec![
        piece(format!(" {glyph} "), look.style(role)),
        piece(format!("{:<13} ", line.area.word()), look.style(Role::Dim)),
        piece(line.subject.to_string(), look.style(Role::Text)),
    ];
    // What works is one line: it is what does not that is read.
    if line.verdict == Verdict::Ok {
        if width >= 60 {
            left.push(piece(format!("  {}", line.evidence), look.style(Role::Dim)));
        }
        return vec![Row::of(left)];
    }
    let cells = usize::from(width.saturating_sub(4)).max(10);
    let mut rows = vec![Row::of(left)];
    let told = std::iter::once((line.evidence.to_string(), role))
        .chain(line.fix.as_ref().map(|fix| (format!("try: {fix}"), Role::Accent)));
    for (text, role) in told {
        for part in paint::wrap(&text, cells).into_iter().take(3) {
            rows.push(Row::of(vec![piece(format!("   {part}"), look.style(role))]));
        }
    }
    rows
}
