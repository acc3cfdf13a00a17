//! vCard 2.1, 3.0 and 4.0: what phones, mail programs and address books hand to each other.
//!
//! ```text
//!   bytes --lines--> logical lines --property--> name, parameters, value --text--> characters --read--> [Contact]
//!   [Contact] --write--> text: folded, escaped, as old or as new as the reader needs
//! ```
//!
//! The reader takes what is written in the wild: three versions and their mixtures, lines that were folded anywhere or not
//! at all, three encodings, six kinds of line ends. What it cannot read is said with its line, and the rest is read all
//! the same. Pictures, keys and postal addresses are left out and counted. Nothing here follows a link.

use std::collections::BTreeMap;

use crate::model::contact::Contact;
use crate::model::text::Line;

mod lines;
mod property;
mod read;
mod text;
mod write;

pub use read::read;
pub use write::write;

/// A version of the format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Version {
    V2,
    /// What every phone takes.
    V3,
    V4,
}

/// What was read.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Import {
    pub contacts: Vec<Contact>,
    /// In the order of the file.
    pub problems: Vec<Problem>,
    /// Properties that were left out, and how often: pictures, birthdays, postal addresses.
    pub ignored: BTreeMap<String, usize>,
}

/// Something that could not be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Counts from 1.
    pub line: usize,
    pub message: Line,
}

#[cfg(test)]
mod tests;
