//! One line of typed text: a search, a filter.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::app::event::{Key, KeyCode};
use crate::ui::paint::{self, piece};
use crate::ui::{Look, Role};

/// What the text is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    Services,
    Search,
    Include,
    Exclude,
    InRunbook,
    /// Why a step of a runbook is skipped.
    SkipBecause,
    /// A note, which may begin with when it happened.
    Note,
    /// Only these entries of a timeline.
    Timeline,
    /// What others are told.
    Update,
    IncidentTitle,
    IncidentServices,
    IncidentRole,
    /// What is right instead of an entry.
    Correct,
    /// Why an entry is taken out.
    Redact,
}

/// A prompt that is being typed into.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Prompt {
    pub purpose: Purpose,
    pub input: Input,
}

/// What a key did to a prompt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Typed {
    /// The text changed: show what it would find.
    Changed,
    Done,
    Cancelled,
    Nothing,
}

/// Editable text with a cursor at its end.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Input {
    pub text: String,
}

impl Input {
    /// Longer than any sensible pattern; a pasted log must not become one.
    const LONGEST: usize = 500;

    /// Takes a key.
    pub fn key(&mut self, key: Key) -> Typed {
        match (key.code, key.ctrl) {
            (KeyCode::Enter, _) => Typed::Done,
            (KeyCode::Esc, _) | (KeyCode::Char('c' | 'g'), true) => Typed::Cancelled,
            (KeyCode::Backspace, _) | (KeyCode::Char('h'), true) => {
                if self.text.is_empty() {
                    return Typed::Cancelled;
                }
                let end = self.text.grapheme_indices(true).next_back().map_or(0, |(at, _)| at);
                self.text.truncate(end);
                Typed::Changed
            }
            (KeyCode::Char('u'), true) => {
                self.text.clear();
                Typed::Changed
            }
            (KeyCode::Char('w'), true) => {
                let end = self.text.trim_end().rfind(' ').map_or(0, |at| at + 1);
                self.text.truncate(end);
                Typed::Changed
            }
            (KeyCode::Char(c), false) if !key.alt => self.paste(c.encode_utf8(&mut [0; 4])),
            _ => Typed::Nothing,
        }
    }

    /// Takes pasted text: its first line.
    pub fn paste(&mut self, text: &str) -> Typed {
        let line = text.lines().next().unwrap_or_default();
        for c in line.chars().filter(|c| !c.is_control()) {
            if self.text.len() < Self::LONGEST {
                self.text.push(c);
            }
        }
        Typed::Changed
    }
}

impl Prompt {
    /// Opens a prompt with a text to begin from.
    pub fn new(purpose: Purpose, text: &str) -> Self {
        Self { purpose, input: Input { text: text.to_owned() } }
    }

    /// Draws the prompt over the footer.
    pub fn view(&self, area: Rect, buf: &mut Buffer, look: &Look) {
        let (label, hint) = match self.purpose {
            Purpose::Services => (" services /", "enter keep  esc clear"),
            Purpose::Search => (" search /", "enter find  esc cancel"),
            Purpose::Include => (" only lines with: ", "enter keep  esc cancel"),
            Purpose::Exclude => (" hide lines with: ", "enter keep  esc cancel"),
            Purpose::InRunbook => (" search /", "enter find  esc cancel"),
            Purpose::SkipBecause => (" skip, because: ", "enter skip  esc cancel"),
            Purpose::Note => (" note: ", "02:14 or -5m before it: when  enter write  esc cancel"),
            Purpose::Timeline => (" timeline /", "enter keep  esc clear"),
            Purpose::Update => (" tell others: ", "enter shows it first  esc cancel"),
            Purpose::IncidentTitle => (" title: ", "enter write  esc cancel"),
            Purpose::IncidentServices => (" about: ", "enter write  esc cancel"),
            Purpose::IncidentRole => (" commander kim: ", "enter write  esc cancel"),
            Purpose::Correct => (" what is right: ", "enter write  esc cancel"),
            Purpose::Redact => (" take it out, because: ", "enter write  esc cancel"),
        };
        buf.set_style(area, look.style(Role::Text));
        // The end of a long text is what is being typed.
        let room = usize::from(area.width).saturating_sub(label.len() + 2);
        let mut shown = self.input.text.as_str();
        while paint::width(shown) > room {
            let first = shown.graphemes(true).next().map_or(1, str::len);
            shown = &shown[first..];
        }
        let pieces = [
            piece(label, look.style(Role::Accent)),
            piece(shown, look.style(Role::Title)),
            piece(" ", look.style(Role::MatchHere)),
        ];
        let used = paint::row(buf, area, &pieces, look);
        paint::right(buf, area, used + 2, &[piece(format!("{hint} "), look.style(Role::Dim))], look);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::keymap::parse;

    #[test]
    fn typing_erasing_and_leaving() {
        let mut input = Input::default();
        for key in ["a", "b", "space", "c"] {
            assert_eq!(input.key(parse(key).unwrap()), Typed::Changed);
        }
        assert_eq!(input.text, "ab c");
        input.key(parse("ctrl-w").unwrap());
        assert_eq!(input.text, "ab ");
        input.key(parse("backspace").unwrap());
        assert_eq!(input.text, "ab");
        input.key(parse("ctrl-u").unwrap());
        assert_eq!(input.key(parse("backspace").unwrap()), Typed::Cancelled);
    }

    #[test]
    fn a_paste_is_one_harmless_line() {
        let mut input = Input::default();
        input.paste("error\u{1b}[31m\nrm -rf /\n");
        assert_eq!(input.text, "error[31m");
    }
}
