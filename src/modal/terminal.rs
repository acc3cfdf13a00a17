//! The terminal of a command that talks to a person, as cells. Keys go to it; three times Esc, or Ctrl-], leaves it running.

use std::fmt;
use std::num::NonZeroU16;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use crate::app::event::{Key, KeyCode};
use crate::model::id::RunId;
use crate::model::text::Line;
use crate::ui::paint::{self, piece};
use crate::ui::{Look, Role};

/// A terminal that is looked at.
#[derive(Clone, PartialEq, Debug)]
pub struct TerminalState {
    pub run: RunId,
    pub execution: u32,
    emulator: Emulator,
    /// How often Esc came in a row.
    escapes: u8,
    /// Why there is nothing more to see.
    pub ended: Option<Line>,
}

/// What stands on it.
struct Emulator(vt100::Parser);

impl Clone for Emulator {
    fn clone(&self) -> Self {
        let screen = self.0.screen();
        let mut parser = vt100::Parser::new(screen.size().0, screen.size().1, 0);
        parser.process(screen.state_formatted().as_bytes());
        Self(parser)
    }
}

impl PartialEq for Emulator {
    fn eq(&self, other: &Self) -> bool {
        self.0.screen().state_formatted() == other.0.screen().state_formatted()
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.screen().size();
        write!(formatter, "Emulator({}x{})", size.1, size.0)
    }
}

/// What a key does there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Typed {
    Bytes(Vec<u8>),
    Leave,
}

impl TerminalState {
    /// Opens one of that many columns and rows.
    pub fn new(run: RunId, execution: u32, size: (u16, u16)) -> Self {
        let emulator = Emulator(vt100::Parser::new(cells(size.1), cells(size.0), 0));
        Self { run, execution, emulator, escapes: 0, ended: None }
    }

    /// Takes in what the command wrote.
    pub fn process(&mut self, bytes: &[u8]) {
        self.emulator.0.process(bytes);
    }

    /// Changes its size.
    pub fn resize(&mut self, size: (u16, u16)) {
        self.emulator.0.screen_mut().set_size(cells(size.1), cells(size.0));
    }

    /// Returns what a key sends, as xterm does.
    pub fn key(&mut self, key: Key) -> Typed {
        let leaves = key.ctrl && key.code == KeyCode::Char(']');
        self.escapes = if key.code == KeyCode::Esc { self.escapes + 1 } else { 0 };
        if leaves || self.escapes >= 3 || self.ended.is_some() {
            return Typed::Leave;
        }
        let application = self.emulator.0.screen().application_cursor();
        let arrow = |letter: u8| if application { vec![0x1b, b'O', letter] } else { vec![0x1b, b'[', letter] };
        let mut bytes = match key.code {
            KeyCode::Char(c) if key.ctrl && c.is_ascii() => vec![(c.to_ascii_uppercase() as u8) & 0x1f],
            KeyCode::Char(c) => c.to_string().into_bytes(),
            KeyCode::Enter => vec![b'\r'],
            KeyCode::Esc => vec![0x1b],
            KeyCode::Tab => vec![b'\t'],
            KeyCode::BackTab => b"\x1b[Z".to_vec(),
            KeyCode::Backspace => vec![0x7f],
            KeyCode::Delete => b"\x1b[3~".to_vec(),
            KeyCode::Up => arrow(b'A'),
            KeyCode::Down => arrow(b'B'),
            KeyCode::Right => arrow(b'C'),
            KeyCode::Left => arrow(b'D'),
            KeyCode::Home => arrow(b'H'),
            KeyCode::End => arrow(b'F'),
            KeyCode::PageUp => b"\x1b[5~".to_vec(),
            KeyCode::PageDown => b"\x1b[6~".to_vec(),
            KeyCode::F(number @ 1..=4) => vec![0x1b, b'O', b'P' + number - 1],
            KeyCode::F(_) => Vec::new(),
        };
        if key.alt {
            bytes.insert(0, 0x1b);
        }
        Typed::Bytes(bytes)
    }

    /// Returns what pasted text sends.
    pub fn paste(&self, text: &str) -> Vec<u8> {
        let clean: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
        let clean = clean.replace('\n', "\r");
        if self.emulator.0.screen().bracketed_paste() { format!("\u{1b}[200~{clean}\u{1b}[201~") } else { clean }
            .into_bytes()
    }

    /// Draws it.
    pub fn view(&self, area: Rect, buf: &mut Buffer, look: &Look) {
        let hint = if self.ended.is_some() { "any key closes" } else { "esc three times leaves it running" };
        let inner = super::frame("A terminal of its own", hint, area, buf, look);
        let screen = self.emulator.0.screen();
        for y in 0..inner.height {
            for x in 0..inner.width {
                let Some(cell) = screen.cell(y, x) else { continue };
                if cell.is_wide_continuation() {
                    continue;
                }
                // A screen's content is foreign text, cell by cell.
                let text = Line::from_text(cell.contents());
                let at = (inner.x + x, inner.y + y);
                let style = style(cell);
                if text.is_empty() {
                    buf[at].set_symbol(" ").set_style(style);
                } else {
                    buf.set_stringn(at.0, at.1, text.as_str(), if cell.is_wide() { 2 } else { 1 }, style);
                }
            }
        }
        if !screen.hide_cursor() && self.ended.is_none() {
            let (row, column) = screen.cursor_position();
            if row < inner.height && column < inner.width {
                buf[(inner.x + column, inner.y + row)].set_style(look.style(Role::MatchHere));
            }
        }
        if let Some(ended) = &self.ended {
            let foot = Rect { y: inner.bottom().saturating_sub(1), height: 1.min(inner.height), ..inner };
            paint::row(buf, foot, &[piece(ended.to_string(), look.style(Role::Accent))], look);
        }
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap_or(NonZeroU16::MIN)
}

fn style(cell: &vt100::Cell) -> Style {
    let colour = |colour: vt100::Color| match colour {
        vt100::Color::Default => Color::Reset,
        vt100::Color::Idx(index) => Color::Indexed(index),
        vt100::Color::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
    };
    let mut style = Style::new().fg(colour(cell.fgcolor())).bg(colour(cell.bgcolor()));
    for (is_on, modifier) in [
        (cell.bold(), Modifier::BOLD),
        (cell.italic(), Modifier::ITALIC),
        (cell.underline(), Modifier::UNDERLINED),
        (cell.inverse(), Modifier::REVERSED),
    ] {
        if is_on {
            style = style.add_modifier(modifier);
        }
    }
    style
}
