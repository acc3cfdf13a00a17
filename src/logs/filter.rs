//! What a user types to find and to hide lines. Parsing it never fails: what is not a regular expression is searched
//! as plain text, with a message that says so.

use std::collections::BTreeSet;
use std::ops::Range;

use regex::{Regex, RegexBuilder};

use super::buffer::Item;
use crate::model::id::LogSourceId;
use crate::model::log::Level;
use crate::model::text::Line;

/// The largest compiled pattern. A user's pattern has a few hundred bytes; `(a{1000}){1000}` shall not eat the memory.
const PATTERN_BYTES: usize = 1024 * 1024;

/// A compiled pattern, with smart case: without capitals it matches any case.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    regex: Regex,
    message: Option<Line>,
}

impl Pattern {
    /// Compiles a regular expression, or the text itself if it is none. `None` for an empty pattern.
    pub fn new(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let (regex, message) = match compile(text, text) {
            Ok(regex) => (regex, None),
            Err(error) => {
                let why = error.to_string();
                let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
                let message = Line::from_text(&format!("searched as plain text, not a regular expression: {why}"));
                // Escaped text always compiles unless it is beyond any size; then nothing matches it.
                let regex = compile(&regex::escape(text), text).or_else(|_| Regex::new("[^\\s\\S]")).ok()?;
                (regex, Some(message))
            }
        };
        Some(Self { text: text.to_owned(), regex, message })
    }

    /// Returns what was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns why the pattern is not used as a regular expression.
    pub fn message(&self) -> Option<&Line> {
        self.message.as_ref()
    }

    /// Whether letters match in any case.
    pub fn ignores_case(&self) -> bool {
        !has_capital(&self.text)
    }

    /// Returns the regular expression that is really searched, for those who search whole files.
    pub fn expression(&self) -> &str {
        self.regex.as_str()
    }

    /// Whether the pattern occurs.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// Returns where the pattern occurs, in bytes of the text. Empty matches are nothing that can be shown.
    pub fn ranges(&self, text: &str) -> Vec<Range<usize>> {
        self.regex.find_iter(text).map(|found| found.range()).filter(|range| !range.is_empty()).collect()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

fn compile(expression: &str, typed: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(expression).case_insensitive(!has_capital(typed)).size_limit(PATTERN_BYTES).build()
}

/// Whether a capital letter was typed on purpose. Those of `\S` and `\p{Lu}` were not.
fn has_capital(text: &str) -> bool {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                let is_class = matches!(chars.next(), Some('p' | 'P'));
                if is_class && chars.as_str().starts_with('{') {
                    chars.by_ref().find(|&c| c == '}');
                }
            }
            c if c.is_uppercase() => return true,
            _ => {}
        }
    }
    false
}

/// What is shown of a log.
///
/// Entries are shown or hidden whole: a stack trace follows its head, and a match anywhere in it shows all of it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Filter {
    typed: String,
    include: Option<Pattern>,
    exclude: Vec<Pattern>,
    min_level: Option<Level>,
    hidden: BTreeSet<LogSourceId>,
}

impl Filter {
    /// Sets what must and must not occur: `timeout !healthz !GET /metrics` shows lines with the first that have neither
    /// of the others. `\!` at the beginning of a word is an exclamation mark.
    pub fn set_text(&mut self, text: &str) {
        text.clone_into(&mut self.typed);
        let mut parts = split_terms(text).into_iter();
        self.include = parts.next().and_then(|part| Pattern::new(&part));
        self.exclude = parts.filter_map(|part| Pattern::new(&part)).collect();
    }

    /// Returns what was typed.
    pub fn text(&self) -> &str {
        &self.typed
    }

    /// Returns why a part of the text is not used as a regular expression.
    pub fn message(&self) -> Option<&Line> {
        self.include.iter().chain(&self.exclude).find_map(Pattern::message)
    }

    /// Returns what must occur, for highlighting.
    pub fn include(&self) -> Option<&Pattern> {
        self.include.as_ref()
    }

    /// Sets the least level that is shown. Lines without a level count as `info`.
    pub fn set_min_level(&mut self, level: Option<Level>) {
        self.min_level = level;
    }

    /// Returns the least level that is shown.
    pub fn min_level(&self) -> Option<Level> {
        self.min_level
    }

    /// Shows or hides a source.
    pub fn set_source_shown(&mut self, source: &LogSourceId, shown: bool) {
        if shown {
            self.hidden.remove(source);
        } else {
            self.hidden.insert(source.clone());
        }
    }

    /// Whether lines of a source are shown.
    pub fn is_source_shown(&self, source: &LogSourceId) -> bool {
        !self.hidden.contains(source)
    }

    /// Whether everything is shown.
    pub fn is_empty(&self) -> bool {
        self.include.is_none() && self.exclude.is_empty() && self.min_level.is_none() && self.hidden.is_empty()
    }

    /// Whether an entry is shown, given its lines from the head on.
    pub fn passes<'a>(&self, entry: impl Iterator<Item = Item<'a>>) -> bool {
        let mut included = self.include.is_none();
        for (nth, item) in entry.enumerate() {
            if nth == 0 {
                let level = item.line.level.unwrap_or(Level::Info);
                if self.min_level.is_some_and(|least| level < least) || !self.is_source_shown(item.source) {
                    return false;
                }
            }
            let text = item.line.text.as_str();
            if self.exclude.iter().any(|pattern| pattern.is_match(text)) {
                return false;
            }
            included = included || self.include.as_ref().is_some_and(|pattern| pattern.is_match(text));
        }
        included
    }
}

/// Splits at words that begin with `!`. The first part is what stands before any of them.
fn split_terms(text: &str) -> Vec<String> {
    let mut terms = vec![String::new()];
    let mut at_word = true;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let starts_word = std::mem::replace(&mut at_word, c == ' ');
        let next_is_text = chars.peek().is_some_and(|&next| next != ' ');
        match c {
            '!' if starts_word && next_is_text => terms.push(String::new()),
            '\\' if starts_word && chars.peek() == Some(&'!') => {}
            c => terms.last_mut().expect("begins with one term and only grows").push(c),
        }
    }
    terms.iter().map(|term| term.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_letters_match_any_case_and_capitals_only_themselves() {
        assert!(Pattern::new("error").unwrap().is_match("An ERROR"));
        assert!(!Pattern::new("Error").unwrap().is_match("An ERROR"));
        assert!(Pattern::new(r"\Serror\p{Lu}?").unwrap().is_match("xERROR"));
        assert!(Pattern::new("größe").unwrap().is_match("GRÖSSE GRÖẞE größe"));
    }

    #[test]
    fn what_is_not_a_regular_expression_is_searched_as_it_is() {
        let pattern = Pattern::new("foo(bar").unwrap();
        assert!(pattern.is_match("call FOO(bar)"));
        assert!(pattern.message().unwrap().as_str().contains("unclosed group"), "{:?}", pattern.message());
        assert!(Pattern::new(r"(a{1000}){1000}").unwrap().message().is_some());
        assert!(Pattern::new("").is_none());
    }

    #[test]
    fn matches_are_ranges_of_bytes() {
        assert_eq!(Pattern::new("x+").unwrap().ranges("äxx x"), [2..4, 5..6]);
        assert!(Pattern::new("x*").unwrap().ranges("ab").is_empty());
    }

    #[test]
    fn words_with_an_exclamation_mark_exclude() {
        assert_eq!(split_terms("charge failed !healthz !GET /metrics"), ["charge failed", "healthz", "GET /metrics"]);
        assert_eq!(split_terms("!healthz"), ["", "healthz"]);
        assert_eq!(split_terms(r"\!important a!b !"), ["!important a!b !"]);
        assert_eq!(split_terms(""), [""]);
    }
}
