//! Readers of the files that say how software is built, run and watched. Odd input gives less, never an error.

pub mod dockerfile;
pub mod engine;
pub mod migration;
pub mod pipeline;
pub mod variables;
pub mod versions;
pub mod yaml;

use std::sync::OnceLock;

use regex::Regex;

/// A pattern of a table, compiled when it is first needed. One that is wrong matches nothing; each rule's fixture shows that.
#[derive(Debug)]
pub struct Pattern(&'static str, OnceLock<Option<Regex>>);

impl Pattern {
    /// Returns a pattern.
    pub const fn new(pattern: &'static str) -> Self {
        Self(pattern, OnceLock::new())
    }

    fn regex(&self) -> Option<&Regex> {
        self.1.get_or_init(|| Regex::new(self.0).ok()).as_ref()
    }

    /// Returns whether a text matches.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }

    /// Returns what the first group took, or the whole when there is none.
    pub fn first<'a>(&self, text: &'a str) -> Option<&'a str> {
        let found = self.regex()?.captures(text)?;
        found.get(1).or_else(|| found.get(0)).map(|group| group.as_str())
    }

    /// Returns where the first group, or else the whole, stands in every match.
    pub fn places<'a>(&'a self, text: &'a str) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
        let found = self.regex().into_iter().flat_map(move |regex| regex.captures_iter(text));
        found.filter_map(|one| one.get(1).or_else(|| one.get(0)).map(|group| group.range()))
    }

    /// Returns what the first group took of every match.
    pub fn all<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let Some(regex) = self.regex() else { return Vec::new() };
        regex
            .captures_iter(text)
            .filter_map(|found| found.iter().skip(1).flatten().next().map(|g| g.as_str()))
            .collect()
    }
}
