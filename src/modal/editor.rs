//! A few lines of text that can be changed: a command, before it is run.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::app::event::{Key, KeyCode};
use crate::ui::paint::{self, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role};

/// The lines, and where one writes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Editor {
    lines: Vec<String>,
    row: usize,
    /// Bytes into the line, at a boundary of what one sees as a character.
    at: usize,
}

/// Longer is no command that one changes at night.
const LONGEST: usize = 16 * 1024;

impl Editor {
    /// Opens a text, at its end.
    pub fn new(text: &str) -> Self {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        if lines.is_empty() {
            lines.push(String::new());
        }
        let row = lines.len() - 1;
        let at = lines[row].len();
        Self { lines, row, at }
    }

    /// Returns what is written there now.
    pub fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// Takes a key. Returns whether it ends the writing.
    pub fn key(&mut self, key: Key) -> bool {
        match (key.code, key.ctrl || key.alt) {
            (KeyCode::Esc, _) => return true,
            (KeyCode::Char(c), false) if self.text().len() < LONGEST => self.insert(&c.to_string()),
            (KeyCode::Enter, false) => {
                let rest = self.lines[self.row].split_off(self.at);
                self.lines.insert(self.row + 1, rest);
                (self.row, self.at) = (self.row + 1, 0);
            }
            (KeyCode::Backspace, _) => self.erase(),
            (KeyCode::Delete, _) => {
                let (row, at) = (self.row, self.at);
                self.right();
                if (row, at) != (self.row, self.at) {
                    self.erase();
                }
            }
            (KeyCode::Left, _) => self.left(),
            (KeyCode::Right, _) => self.right(),
            (KeyCode::Up, _) => self.go_row(self.row.saturating_sub(1)),
            (KeyCode::Down, _) => self.go_row((self.row + 1).min(self.lines.len() - 1)),
            (KeyCode::Home, _) | (KeyCode::Char('a'), true) => self.at = 0,
            (KeyCode::End, _) | (KeyCode::Char('e'), true) => self.at = self.lines[self.row].len(),
            (KeyCode::Char('u'), true) => {
                self.lines[self.row].replace_range(..self.at, "");
                self.at = 0;
            }
            _ => {}
        }
        false
    }

    /// Takes pasted text as it is.
    pub fn paste(&mut self, text: &str) {
        for (number, line) in text.lines().enumerate() {
            if number > 0 {
                let rest = self.lines[self.row].split_off(self.at);
                self.lines.insert(self.row + 1, rest);
                (self.row, self.at) = (self.row + 1, 0);
            }
            let clean: String = line.chars().filter(|c| !c.is_control() || *c == '\t').collect();
            if self.text().len() + clean.len() < LONGEST {
                self.insert(&clean);
            }
        }
    }

    fn insert(&mut self, text: &str) {
        self.lines[self.row].insert_str(self.at, text);
        self.at += text.len();
    }

    fn erase(&mut self) {
        if self.at == 0 {
            if self.row > 0 {
                let line = self.lines.remove(self.row);
                self.row -= 1;
                self.at = self.lines[self.row].len();
                self.lines[self.row].push_str(&line);
            }
            return;
        }
        let to = self.at;
        self.left();
        self.lines[self.row].replace_range(self.at..to, "");
    }

    fn left(&mut self) {
        match self.lines[self.row][..self.at].graphemes(true).next_back() {
            Some(before) => self.at -= before.len(),
            None if self.row > 0 => {
                self.row -= 1;
                self.at = self.lines[self.row].len();
            }
            None => {}
        }
    }

    fn right(&mut self) {
        match self.lines[self.row][self.at..].graphemes(true).next() {
            Some(after) => self.at += after.len(),
            None if self.row + 1 < self.lines.len() => (self.row, self.at) = (self.row + 1, 0),
            None => {}
        }
    }

    fn go_row(&mut self, row: usize) {
        let column = self.lines[self.row][..self.at].graphemes(true).count();
        self.row = row;
        self.at = self.lines[row].graphemes(true).take(column).map(str::len).sum();
    }

    /// Draws it.
    pub fn view(&self, area: Rect, buf: &mut Buffer, look: &Look) {
        let cells = usize::from(area.width).max(2) - 1;
        let mut rows = Vec::new();
        let mut here = 0;
        for (number, line) in self.lines.iter().enumerate() {
            if number != self.row {
                for row in paint::wrap(line, cells) {
                    rows.push(Row::of(vec![piece(row, look.style(Role::Text))]));
                }
                continue;
            }
            // The line that is written in is cut into cells, so that the cursor has a place.
            let (before, after) = line.split_at(self.at);
            let mut row: Vec<paint::Piece<'static>> = Vec::new();
            let mut used = 0;
            let cursor = after.graphemes(true).next().unwrap_or(" ");
            let rest = after.strip_prefix(cursor).unwrap_or_default();
            let texts = before.graphemes(true).map(|g| (g, Role::Text)).chain([(cursor, Role::MatchHere)]);
            for (grapheme, role) in texts.chain(rest.graphemes(true).map(|g| (g, Role::Text))) {
                let wide = paint::width(grapheme).max(1);
                if used + wide > cells {
                    rows.push(Row::of(std::mem::take(&mut row)));
                    used = 0;
                }
                if role == Role::MatchHere {
                    here = rows.len();
                }
                row.push(piece(grapheme.to_owned(), look.style(role)));
                used += wide;
            }
            rows.push(Row::of(row));
        }
        let top = paint::scroll(0, here, usize::from(area.height), rows.len());
        draw_rows(buf, area, &rows, top, true, look);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::keymap::parse;

    #[test]
    fn one_writes_erases_and_moves_over_lines() {
        let mut editor = Editor::new("echo ä\nls");
        let press = |editor: &mut Editor, keys: &str| keys.split(' ').any(|key| editor.key(parse(key).unwrap()));
        assert!(!press(&mut editor, "space - l up end x backspace backspace y enter z"));
        assert_eq!(editor.text(), "echo y\nz\nls -l");
        press(&mut editor, "home backspace delete left");
        assert_eq!(editor.text(), "echo y\nls -l");
        editor.paste("a\nb\u{1b}[2J");
        assert_eq!(editor.text(), "echo a\nb[2Jy\nls -l");
        assert!(press(&mut editor, "esc"));
    }
}
