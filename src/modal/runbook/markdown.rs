//! Markdown as rows of cells: headings, lists, tables, code, quotes, links with their addresses.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::model::text::Line;
use crate::ui::paint::{self, piece};
use crate::ui::rows::Row;
use crate::ui::{Look, Role};

/// Returns the rows of a stretch of Markdown.
pub fn rows(text: &str, cells: usize, is_step: bool, look: &Look) -> Vec<Row<'static>> {
    let mut page = Page {
        cells,
        look,
        rows: Vec::new(),
        line: String::new(),
        role: Role::Text,
        lists: Vec::new(),
        indent: 0,
        is_step,
    };
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_GFM;
    let mut code = false;
    let mut link = String::new();
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Start(tag) => match tag {
                Tag::Heading { .. } => {
                    page.space();
                    page.role = if page.is_step { Role::Accent } else { Role::Title };
                }
                Tag::Paragraph if page.lists.is_empty() => page.space(),
                Tag::CodeBlock(_) => {
                    page.flush();
                    code = true;
                }
                Tag::BlockQuote(_) => {
                    page.space();
                    page.role = Role::Dim;
                    page.indent += 2;
                }
                Tag::List(first) => {
                    page.flush();
                    if page.lists.is_empty() {
                        page.space();
                    }
                    page.lists.push(first);
                }
                Tag::Item => page.item(),
                Tag::Link { dest_url, .. } => link = dest_url.to_string(),
                Tag::Image { .. } => page.push("image: "),
                Tag::Table(_) => page.space(),
                _ => {}
            },
            Event::End(tag) => match tag {
                TagEnd::Heading(_) | TagEnd::Paragraph => {
                    page.flush();
                    page.role = Role::Text;
                }
                TagEnd::CodeBlock => code = false,
                TagEnd::BlockQuote(_) => {
                    page.flush();
                    page.role = Role::Text;
                    page.indent = page.indent.saturating_sub(2);
                }
                TagEnd::List(_) => {
                    page.flush();
                    page.lists.pop();
                }
                TagEnd::Item => {
                    page.flush();
                    page.indent = page.indent.saturating_sub(3);
                }
                TagEnd::Link => {
                    let address = std::mem::take(&mut link);
                    if !address.is_empty() && !address.starts_with('#') && !page.line.ends_with(&address) {
                        page.push(&format!(" ({address})"));
                    }
                }
                TagEnd::TableCell => page.push("  |  "),
                TagEnd::TableHead | TagEnd::TableRow => {
                    let row = page.line.trim_end_matches("  |  ").to_owned();
                    page.line = row;
                    page.flush();
                }
                _ => {}
            },
            Event::Text(text) if code => page.code(&text),
            Event::Text(text) | Event::Code(text) => page.push(&text),
            Event::SoftBreak => page.push(" "),
            Event::HardBreak => page.flush(),
            Event::TaskListMarker(done) => page.push(if done { "[x] " } else { "[ ] " }),
            Event::Rule => {
                page.flush();
                let rule = look.glyphs.horizontal.repeat(cells.min(20));
                page.rows.push(Row::of(vec![piece(rule, look.style(Role::Faint))]));
            }
            // What HTML says is text to whoever reads.
            Event::Html(html) | Event::InlineHtml(html) if !html.trim_start().starts_with("<!--") => {
                page.push(html.trim_end())
            }
            _ => {}
        }
    }
    page.flush();
    page.rows
}

struct Page<'l> {
    cells: usize,
    look: &'l Look,
    rows: Vec<Row<'static>>,
    line: String,
    role: Role,
    /// The next number of each list that is open, or none for bullets.
    lists: Vec<Option<u64>>,
    indent: usize,
    is_step: bool,
}

impl Page<'_> {
    fn push(&mut self, text: &str) {
        self.line.push_str(text);
    }

    /// An empty row between blocks.
    fn space(&mut self) {
        self.flush();
        if self.rows.last().is_some_and(|row| !row.left.is_empty()) {
            self.rows.push(Row::default());
        }
    }

    fn item(&mut self) {
        self.flush();
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{}. ", *number - 1)
            }
            _ => format!("{} ", self.look.glyphs.separator),
        };
        self.indent += 3;
        self.line = format!("\u{1}{mark}");
    }

    /// Ends a line: wraps it, with what follows under its beginning.
    fn flush(&mut self) {
        let line = std::mem::take(&mut self.line);
        let (marked, body) = match line.strip_prefix('\u{1}') {
            Some(rest) => (true, rest.to_owned()),
            None => (false, line),
        };
        // A document is somebody else's text.
        let body = Line::from_text(body.trim_end());
        if body.is_empty() {
            return;
        }
        let room = self.cells.saturating_sub(self.indent).max(10);
        let style = self.look.style(self.role);
        for (nth, row) in paint::wrap(body.as_str(), room).into_iter().enumerate() {
            let indent = if marked && nth == 0 { self.indent.saturating_sub(3) } else { self.indent };
            let indent = " ".repeat(indent);
            self.rows.push(Row::of(vec![piece(indent, style), piece(row, style)]));
        }
    }

    /// Code keeps its lines; what is too long goes on in the next row.
    fn code(&mut self, text: &str) {
        let bar = format!("{}{} ", " ".repeat(self.indent), self.look.glyphs.vertical);
        let room = self.cells.saturating_sub(self.indent + 2).max(10);
        for line in text.lines() {
            let role = if line.trim_start().starts_with('#') { Role::Dim } else { Role::Text };
            let clean = Line::from_text(line);
            for row in paint::wrap(clean.as_str(), room) {
                self.rows.push(Row::of(vec![
                    piece(bar.clone(), self.look.style(Role::Accent)),
                    piece(row, self.look.style(role)),
                ]));
            }
        }
    }
}
