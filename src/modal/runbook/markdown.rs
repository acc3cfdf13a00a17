//! Markdown as rows of cells: headings, lists, tables, code, quotes, links with their addresses.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use unicode_segmentation::UnicodeSegmentation as _;

use crate::model::text::Line;
use crate::ui::paint::{self, piece};
use crate::ui::rows::Row;
use crate::ui::{Look, Role, code};

/// Returns the rows of a stretch of Markdown, and how many links are in it.
///
/// Links are numbered from `links` on, and read as `text [3]`; [`Runbook::links`](crate::runbook::Runbook::links) counts the same.
pub fn rows(text: &str, cells: usize, is_step: bool, links: usize, look: &Look) -> (Vec<Row<'static>>, usize) {
    let mut page = Page {
        cells,
        look,
        rows: Vec::new(),
        line: String::new(),
        role: Role::Text,
        lists: Vec::new(),
        indent: 0,
        is_step,
        is_shell: false,
        table: None,
    };
    let mut number = links;
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_GFM;
    let mut in_code = false;
    let mut link = String::new();
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Start(tag) => match tag {
                Tag::Heading { .. } => {
                    page.space();
                    page.role = if page.is_step { Role::Accent } else { Role::Title };
                }
                Tag::Paragraph if page.lists.is_empty() => page.space(),
                Tag::CodeBlock(kind) => {
                    page.flush();
                    in_code = true;
                    page.is_shell = match kind {
                        CodeBlockKind::Fenced(info) => {
                            let word = info.split([' ', ',', '{']).next().unwrap_or_default();
                            matches!(
                                word,
                                "" | "sh" | "bash" | "shell" | "zsh" | "console" | "terminal" | "ksh" | "dash"
                            )
                        }
                        CodeBlockKind::Indented => true,
                    };
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
                Tag::Table(_) => {
                    page.space();
                    page.table = Some(Vec::new());
                }
                Tag::TableHead | Tag::TableRow => {
                    if let Some(table) = &mut page.table {
                        table.push(Vec::new());
                    }
                }
                _ => {}
            },
            Event::End(tag) => match tag {
                TagEnd::Heading(_) | TagEnd::Paragraph => {
                    page.flush();
                    page.role = Role::Text;
                }
                TagEnd::CodeBlock => in_code = false,
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
                    if !address.is_empty() && !address.starts_with('#') {
                        number += 1;
                        let far = address.contains("://") && !page.line.ends_with(&address);
                        let place = if far { format!(" {address}") } else { String::new() };
                        page.push(&format!(" [{number}{place}]"));
                    }
                }
                TagEnd::TableCell => {
                    let cell = std::mem::take(&mut page.line);
                    if let Some(row) = page.table.as_mut().and_then(|table| table.last_mut()) {
                        row.push(Line::from_text(cell.trim()).to_string());
                    }
                }
                TagEnd::Table => page.end_table(),
                _ => {}
            },
            Event::Text(text) if in_code => page.code(&text),
            Event::Text(text) | Event::Code(text) => page.push(&text),
            Event::SoftBreak => page.push(" "),
            Event::HardBreak => page.flush(),
            // The step's own mark says how it stands.
            Event::TaskListMarker(_) if page.is_step && page.line.starts_with('\u{1}') => {
                page.line = "\u{1}".to_owned()
            }
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
    (page.rows, number - links)
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
    is_shell: bool,
    /// The rows of the table that is open, the head first.
    table: Option<Vec<Vec<String>>>,
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

    /// Draws a table in columns, or where they do not fit one row after the other with its headings.
    fn end_table(&mut self) {
        let Some(table) = self.table.take().filter(|table| !table.is_empty()) else { return };
        let columns = table.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                table.iter().filter_map(|row| row.get(column)).map(|cell| paint::width(cell)).max().unwrap_or(0)
            })
            .collect();
        let room = self.cells.saturating_sub(self.indent).max(10);
        let indent = " ".repeat(self.indent);
        let fits = widths.iter().sum::<usize>() + 2 * columns.saturating_sub(1) <= room;
        let (head, body) = (&table[0], &table[1..]);
        if fits {
            for (nth, row) in table.iter().enumerate() {
                let role = if nth == 0 { Role::Title } else { Role::Text };
                let mut text = indent.clone();
                for (cell, width) in row.iter().zip(&widths) {
                    text.push_str(cell);
                    text.push_str(&" ".repeat(width.saturating_sub(paint::width(cell)) + 2));
                }
                self.rows.push(Row::of(vec![piece(text.trim_end().to_owned(), self.look.style(role))]));
            }
            return;
        }
        for (nth, row) in body.iter().enumerate() {
            if nth > 0 {
                self.rows.push(Row::default());
            }
            for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                let name = head
                    .get(column)
                    .filter(|name| !name.is_empty())
                    .map(|name| format!("{name}: "))
                    .unwrap_or_default();
                for line in paint::wrap(&format!("{name}{cell}"), room) {
                    self.rows.push(Row::of(vec![piece(format!("{indent}{line}"), self.look.style(Role::Text))]));
                }
            }
        }
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
            let clean = Line::from_text(line);
            let coloured =
                if self.is_shell { code::pieces(clean.as_str()) } else { vec![(clean.as_str(), Role::Text)] };
            for row in wrapped(&coloured, room) {
                let mut left = vec![piece(bar.clone(), self.look.style(Role::Accent))];
                left.extend(row.into_iter().map(|(text, role)| piece(text, self.look.style(role))));
                self.rows.push(Row::of(left));
            }
        }
    }
}

/// Cuts coloured pieces into rows of so many cells, as a terminal would.
pub fn wrapped(pieces: &[(&str, Role)], cells: usize) -> Vec<Vec<(String, Role)>> {
    let mut rows = vec![Vec::new()];
    let mut used = 0;
    for (text, role) in pieces {
        let mut part = String::new();
        for grapheme in text.graphemes(true) {
            let wide = paint::width(grapheme);
            if used + wide > cells && used > 0 {
                if let Some(row) = rows.last_mut() {
                    row.push((std::mem::take(&mut part), *role));
                }
                rows.push(Vec::new());
                used = 0;
            }
            part.push_str(grapheme);
            used += wide;
        }
        if let (Some(row), false) = (rows.last_mut(), part.is_empty()) {
            row.push((part, *role));
        }
    }
    rows
}
