//! What is wrong with a configuration, and where: found as byte ranges, told as lines and columns.

use std::fmt::Write as _;
use std::ops::Range;

use crate::model::text::{Line, measure};

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// Worth knowing, and fine.
    Info,
    /// Works, and is probably not what was meant.
    Warning,
    /// Cannot be followed.
    Error,
}

impl Severity {
    /// Returns the word that stands before the message.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Something to say about one place of a configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    pub severity: Severity,
    /// Counts from 1.
    pub line: usize,
    /// In characters; counts from 1.
    pub column: usize,
    /// In characters, within the line; at least 1.
    pub length: usize,
    /// A lower-case clause that names the thing.
    pub message: Line,
    /// What to write instead, when we know.
    pub help: Option<Line>,
}

/// Collects what is found while a configuration is read, by byte range.
#[derive(Clone, Debug, Default)]
pub struct Problems(Vec<Problem>);

#[derive(Clone, Debug)]
struct Problem {
    severity: Severity,
    span: Range<usize>,
    message: String,
    help: Option<String>,
}

impl Problems {
    /// Notes an error.
    pub fn error(&mut self, span: &Range<usize>, message: impl Into<String>, help: impl Into<Option<String>>) {
        self.note(Severity::Error, span, message, help);
    }

    /// Notes something of any severity.
    pub fn note(
        &mut self,
        severity: Severity,
        span: &Range<usize>,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        self.0.push(Problem { severity, span: span.clone(), message: message.into(), help: help.into() });
    }

    /// Returns whether something is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// Takes over those of another collection that lie before `end`, or all.
    pub fn append(&mut self, other: Self, end: Option<usize>) {
        self.0.extend(other.0.into_iter().filter(|problem| end.is_none_or(|end| problem.span.end < end)));
    }

    /// Returns them in the order of the text, with lines and columns.
    pub fn locate(mut self, text: &str) -> Vec<Diagnostic> {
        self.0.sort_by_key(|problem| problem.span.start);
        self.0.into_iter().map(|problem| problem.locate(text)).collect()
    }
}

impl Problem {
    fn locate(self, text: &str) -> Diagnostic {
        let start = floor(text, self.span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let end = floor(text, self.span.end).clamp(start, line_end);
        Diagnostic {
            severity: self.severity,
            line: text[..line_start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            length: text[start..end].trim_end().chars().count().max(1),
            // A key in quotes may hold anything, and messages repeat keys.
            message: Line::from_text(&self.message),
            help: self.help.as_deref().map(Line::from_text),
        }
    }
}

/// Returns the nearest place at or before `at` where a character begins.
fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// Columns of a line that are shown: a file may hold everything in one line.
const SHOWN_COLUMNS: usize = 100;

impl Diagnostic {
    /// Draws it with its line of `text`: path and place, the line, carets under the words that are meant, help.
    pub fn render(&self, path: &str, text: &str) -> String {
        let mut drawn = String::new();
        let source = text.lines().nth(self.line - 1).unwrap_or_default();
        let (before, marked, after) = window(source, self.column - 1, self.length);
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let indent = " ".repeat(measure::width(&before));
        let carets = "^".repeat(measure::width(&marked).max(1));
        let _ = writeln!(drawn, "{}: {}", self.severity.word(), self.message);
        let _ = writeln!(drawn, "{margin}--> {path}:{}:{}", self.line, self.column);
        let _ = writeln!(drawn, "{margin} |");
        let _ = writeln!(drawn, "{number} | {before}{marked}{after}");
        let _ = writeln!(drawn, "{margin} | {indent}{carets}");
        if let Some(help) = &self.help {
            let _ = writeln!(drawn, "{margin} = help: {help}");
        }
        drawn
    }
}

/// Cuts a line around the marked characters and makes it harmless: a configuration is foreign text.
fn window(line: &str, column: usize, length: usize) -> (String, String, String) {
    let marked_end = (column + length).min(column + SHOWN_COLUMNS);
    let first = if marked_end > SHOWN_COLUMNS { column.saturating_sub(SHOWN_COLUMNS / 4) } else { 0 };
    let last = first + SHOWN_COLUMNS;
    let piece = |from: usize, to: usize| {
        let piece: String = line.chars().skip(from).take(to.saturating_sub(from)).collect();
        // A tab is as wide as the terminal likes; four spaces are four spaces.
        Line::from_text(&piece.replace('\t', "    ")).to_string()
    };
    let total = line.chars().count();
    let (mut before, marked, mut after) =
        (piece(first, column), piece(column, marked_end.min(last)), piece(marked_end.min(last), last));
    if first > 0 {
        before.insert_str(0, "...");
    }
    if total > last {
        after.push_str("...");
    }
    (before, marked, after.trim_end().to_owned())
}

/// Draws several, one below the other, with a count at the end when there is more than one.
pub fn render_all(diagnostics: &[&Diagnostic], path: &str, text: &str) -> String {
    let mut drawn: Vec<String> = diagnostics.iter().map(|diagnostic| diagnostic.render(path, text)).collect();
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).count();
    if errors > 1 {
        drawn.push(format!("{errors} errors in {path}\n"));
    }
    drawn.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(text: &str, span: Range<usize>) -> Diagnostic {
        let mut problems = Problems::default();
        problems.error(&span, "unknown key `slo`", Some("did you mean `slow`?".to_owned()));
        problems.locate(text).remove(0)
    }

    #[test]
    fn a_problem_is_shown_under_its_words() {
        let text = "a = 1\nü = { slo = 3 }\n";
        let at = text.find("slo").unwrap();
        let diagnostic = located(text, at..at + 3);
        assert_eq!((diagnostic.line, diagnostic.column, diagnostic.length), (2, 7, 3));
        assert_eq!(
            diagnostic.render("x.toml", text),
            "error: unknown key `slo`\n --> x.toml:2:7\n  |\n2 | ü = { slo = 3 }\n  |       ^^^\n  = help: did you mean `slow`?\n"
        );
    }

    #[test]
    fn a_place_at_the_end_or_beyond_is_still_a_place() {
        for (text, span) in [("", 0..0), ("a", 5..9), ("a\n", 2..2), ("ü", 1..2), ("a\r\nb", 0..4)] {
            let diagnostic = located(text, span);
            assert!(diagnostic.length >= 1 && diagnostic.column >= 1);
            diagnostic.render("x.toml", text);
        }
    }

    #[test]
    fn a_very_long_line_is_cut_around_the_place() {
        let text = format!("{}slo{}", "x".repeat(500), "y".repeat(500));
        let drawn = located(&text, 500..503).render("x.toml", &text);
        let lines: Vec<&str> = drawn.lines().collect();
        assert!(lines[3].len() < 120 && lines[3].contains("slo"));
        assert_eq!(lines[4].find('^'), lines[3].find("slo"));
    }

    #[test]
    fn a_line_cannot_send_sequences_to_the_terminal() {
        let text = "x = \"\u{1b}]0;title\u{7}\"\n";
        assert!(!located(text, 0..1).render("x.toml", text).contains(['\u{1b}', '\u{7}']));
        let mut problems = Problems::default();
        problems.error(&(0..1), "unknown key `\u{1b}[2J`", Some("\u{1b}c".to_owned()));
        assert!(!problems.locate(text)[0].render("x.toml", text).contains('\u{1b}'));
    }
}
