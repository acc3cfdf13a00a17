//! Foreign text, made harmless when it enters.
//!
//! Log lines, answers of servers, file names and command output are written by strangers. A [`Line`] can only be
//! made by sanitising, so that nothing behind this door has to think about it again.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// One line of text that cannot move a cursor, change a terminal or hide a part of itself.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize)]
#[serde(transparent)]
pub struct Line(Box<str>);

impl Line {
    /// Sanitises text.
    pub fn from_text(text: &str) -> Self {
        Self(text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect())
    }

    /// Sanitises bytes of any encoding; what is not UTF-8 becomes replacement characters.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self::from_text(&String::from_utf8_lossy(bytes))
    }

    /// Returns the harmless text.
    pub fn as_str(&self) -> &str {
        &self.0
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
        Ok(Self::from_text(&std::borrow::Cow::<str>::deserialize(deserializer)?))
    }
}
