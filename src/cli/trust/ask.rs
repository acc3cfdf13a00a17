//! Shows a long list by the screenful, and asks. What was typed before something was shown is no answer to it.

use std::io::{self, BufRead, Write};

use rustix::termios::{QueueSelector, tcflush};

/// What comes of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    Yes,
    No,
}

/// A person at a terminal.
pub(super) struct Person<'io> {
    pub input: &'io mut dyn BufRead,
    pub output: &'io mut dyn Write,
    /// How many rows the terminal shows.
    pub rows: usize,
    /// Throws away what was typed ahead.
    pub forget: &'io mut dyn FnMut(),
}

impl Person<'_> {
    /// Shows a text whole, and then asks. Whoever leaves before the end has not seen it, and has said no.
    pub fn decide(&mut self, text: &str, question: &str) -> io::Result<Answer> {
        // One row for the question, one for what was there before.
        let page = self.rows.saturating_sub(2).max(5);
        let lines: Vec<&str> = text.lines().collect();
        let mut shown = 0;
        while shown < lines.len() {
            let end = (shown + page).min(lines.len());
            for line in &lines[shown..end] {
                writeln!(self.output, "{line}")?;
            }
            shown = end;
            if shown < lines.len() {
                let left = lines.len() - shown;
                let asked = self.line(&format!("-- {left} more: Enter; q leaves -- "))?;
                if !asked.is_some_and(|answer| answer.trim().is_empty()) {
                    return Ok(Answer::No);
                }
            }
        }
        let answer = self.line(question)?.unwrap_or_default();
        let is_yes = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
        Ok(if is_yes { Answer::Yes } else { Answer::No })
    }

    /// Asks for a line; nothing at the end of input.
    fn line(&mut self, question: &str) -> io::Result<Option<String>> {
        self.output.flush()?;
        // Before the question and not behind it: who answers at once is heard.
        (self.forget)();
        write!(self.output, "{question}")?;
        self.output.flush()?;
        let mut answer = String::new();
        let read = self.input.read_line(&mut answer)?;
        Ok((read > 0).then_some(answer))
    }
}

/// Throws away what a terminal has taken in and nobody has read.
pub(super) fn forget_typed() {
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(text: &str, typed: &str, rows: usize) -> (Answer, String) {
        let mut out = Vec::new();
        let (mut input, mut forget) = (typed.as_bytes(), || {});
        let mut person = Person { input: &mut input, output: &mut out, rows, forget: &mut forget };
        let answer = person.decide(text, "Trust it? [y/N] ").unwrap();
        (answer, String::from_utf8(out).unwrap())
    }

    #[test]
    fn only_a_clear_yes_is_a_yes() {
        let answer = |typed: &str| decide("a\n", typed, 24).0 == Answer::Yes;
        assert!(answer("y\n") && answer("YES\n"));
        assert!(!answer("\n") && !answer("") && !answer("n\n") && !answer("yep\n") && !answer("\u{1b}y\n"));
    }

    #[test]
    fn a_long_list_is_not_asked_about_before_all_of_it_was_shown() {
        let text: String = (0..100).map(|number| format!("line {number}\n")).collect();
        let (answer, shown) = decide(&text, "y\n", 24);
        assert!(answer == Answer::No && !shown.contains("Trust it?") && !shown.contains("line 99"), "{shown}");
        let (answer, shown) = decide(&text, "\n\n\n\ny\n", 24);
        assert!(answer == Answer::Yes && shown.contains("line 99") && shown.ends_with("Trust it? [y/N] "), "{shown}");
        assert_eq!(decide(&text, "\n\n\n\n", 24).0, Answer::No);
    }
}
