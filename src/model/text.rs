//! Foreign text, made harmless when it enters.
//!
//! Log lines, answers of servers, file names and command output are written by strangers. A [`Line`] can only be
//! made by sanitising, so that nothing behind this door has to think about it again. What somebody who reads a log
//! at night gets to see:
//!
//! | in the text | on the screen | because |
//! |---|---|---|
//! | colours (SGR), erase to end of line, `ESC ( B` | nothing | decoration; it hides nothing |
//! | concealed text (SGR 8) | `‹conceal›` and the text | somebody hid it |
//! | cursor movement, erasing, modes, queries, reset | `‹CSI 2J›`, `‹ESC c›` | would have painted over the evidence |
//! | title, clipboard, DCS, APC, PM, SOS | `‹OSC 52;c;ZWNo…›` | never obeyed; the first 200 characters stay as evidence |
//! | such a string without an end | `‹OSC›` and the text | or its eight bytes could swallow the line |
//! | hyperlink (OSC 8) | `‹link https://…›` and the text | the text may name another address |
//! | CR, BS, NUL and other C0, DEL | `␍`, `␈×8` | what they would have overwritten stays |
//! | tab | spaces to the next 8th column | as a terminal does |
//! | CR or LF at the very end, byte order mark at the start | nothing | line ends, not content |
//! | C1 as U+0080–9F | as its 7-bit twin, or `‹U+0081›` | some terminals obey them |
//! | bytes that are not UTF-8, raw C1 among them | U+FFFD | |
//! | bidi controls, zero-width characters, separators | `‹RLO›`, `‹ZWSP ×300›`, `‹invisible ×12›` | reorder or hide |
//! | joiners within Arabic, Indic or emoji; one selector or skin tone | nothing | harmless, but terminals disagree on the width of what they make |
//! | tag characters | `‹TAG hidden words›` | invisible copies of ASCII |
//! | more than four marks on a character | four, and `‹+37 marks›` | floods paint over other lines |
//! | a mark on nothing, ligatures of doubtful width | `◌` before it | every cell belongs to somebody |
//! | private use, unassigned, of disputed width | `‹U+E0B0›` | nobody knows how wide they are drawn |
//! | more than 64 KiB | the beginning and `… 1,048,576 bytes` | |
//!
//! Sanitising what is sanitised changes nothing, so a line survives being stored and read again.

mod class;
mod cluster;
mod escape;
mod marker;
pub mod measure;
mod sanitise;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

pub use sanitise::LINE_BYTES;

/// One line of text that cannot move a cursor, change a terminal or hide a part of itself.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize)]
#[serde(transparent)]
pub struct Line(Box<str>);

impl Line {
    /// Sanitises text.
    pub fn from_text(text: &str) -> Self {
        Self(sanitise::text(text))
    }

    /// Sanitises bytes of any encoding; what is not UTF-8 becomes replacement characters.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(sanitise::bytes(bytes))
    }

    /// Sanitises each line of a text, at most `limit` of them.
    pub fn lines_of(text: &str, limit: usize) -> Vec<Self> {
        text.lines().take(limit).map(Self::from_text).collect()
    }

    /// Returns the harmless text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the cells that the line takes on a screen.
    pub fn width(&self) -> usize {
        measure::width(&self.0)
    }

    /// Returns the beginning of the line, at most that many cells of it.
    pub fn head(&self, cells: usize) -> &str {
        measure::head(&self.0, cells)
    }

    /// Returns the line if it fits, or its beginning with `…` at the end.
    pub fn ellipsize(&self, cells: usize) -> Cow<'_, str> {
        measure::ellipsize(&self.0, cells)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<'de> Deserialize<'de> for Line {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // What lies on disk may have been written by somebody else.
        Ok(Self::from_text(&Cow::<str>::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests;
