//! A runbook to read: its text as one reads it, step after step.

mod markdown;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::world::World;
use crate::runbook::Document;
use crate::ui::paint::{self, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role};

/// Which one is read, and where the user is in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunbookState {
    pub name: String,
    /// Why it was opened, as a clause.
    pub why: Option<String>,
    pub top: usize,
}

impl RunbookState {
    /// Opens one at its beginning.
    pub fn new(name: String, why: Option<String>) -> Self {
        Self { name, why, top: 0 }
    }

    fn document<'w>(&self, world: &'w World) -> Option<&'w Document> {
        world.runbooks.iter().find(|document| document.runbook.name == self.name)
    }

    /// Draws the modal.
    pub fn view(&self, world: &World, area: Rect, buf: &mut Buffer, look: &Look) {
        let document = self.document(world);
        let title = document.map_or(self.name.as_str(), |document| document.runbook.title.as_str());
        let title = paint::cut(title, usize::from(area.width.saturating_sub(8)), look).into_owned();
        let inner = super::frame(&title, "tab next step  y copy  esc close", area, buf, look);
        let (rows, _) = self.rows(world, usize::from(inner.width), look);
        let top = self.top.min(rows.len().saturating_sub(usize::from(inner.height)));
        draw_rows(buf, inner, &rows, top, true, look);
    }

    /// Scrolls by some rows.
    pub fn scroll(&mut self, by: isize, world: &World, inner: (u16, u16), look: &Look) {
        let (rows, _) = self.rows(world, usize::from(inner.0), look);
        self.top = self.top.saturating_add_signed(by).min(rows.len().saturating_sub(usize::from(inner.1)));
    }

    /// Goes to the next step, or to the one before.
    pub fn step(&mut self, forwards: bool, world: &World, inner: (u16, u16), look: &Look) {
        let (rows, steps) = self.rows(world, usize::from(inner.0), look);
        let longest = rows.len().saturating_sub(usize::from(inner.1));
        let next = if forwards {
            steps.iter().copied().find(|row| *row > self.top)
        } else {
            steps.iter().rev().copied().find(|row| *row < self.top)
        };
        self.top = next.unwrap_or(if forwards { longest } else { 0 }).min(longest);
    }

    /// Returns what copying takes: the first command that is on the screen, else the text.
    pub fn text(&self, world: &World, inner: (u16, u16), look: &Look) -> String {
        let Some(document) = self.document(world) else { return String::new() };
        let (_, steps) = self.rows(world, usize::from(inner.0), look);
        let here = steps.iter().filter(|row| **row <= self.top).count();
        let rest = document.runbook.steps().skip(here.saturating_sub(1));
        let command = rest.flat_map(|step| &step.commands).next();
        command.map_or_else(|| document.text.clone(), |command| command.text.clone())
    }

    /// Returns the rows, and where among them steps begin.
    fn rows(&self, world: &World, cells: usize, look: &Look) -> (Vec<Row<'static>>, Vec<usize>) {
        let Some(document) = self.document(world) else {
            return (vec![Row::of(vec![piece("it is not there any more", look.style(Role::Dim))])], Vec::new());
        };
        let mut rows = Vec::new();
        if let Some(why) = &self.why {
            rows.push(Row::of(vec![piece(format!("opened because {why}"), look.style(Role::Dim))]));
            rows.push(Row::default());
        }
        let mut steps = Vec::new();
        for part in &document.runbook.parts {
            if part.step.is_some() {
                steps.push(rows.len());
            }
            let text = document.text.get(part.range.clone()).unwrap_or_default();
            // The frame says the title already.
            let titled = format!("# {}", document.runbook.title);
            let text = text.trim_start().strip_prefix(titled.as_str()).unwrap_or(text);
            let told = markdown::rows(text, cells, part.step.is_some(), look);
            let begins = text.trim_start().starts_with('#');
            if begins && rows.last().is_some_and(|row: &Row<'_>| !row.left.is_empty()) {
                rows.push(Row::default());
            }
            rows.extend(told);
        }
        (rows, steps)
    }
}
