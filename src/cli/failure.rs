//! What a command says when it cannot do what was asked: the chain of causes once, and what to try next.

use std::fmt::Write as _;

use super::Exit;
use crate::model::text::Line;
use crate::runtime::redaction::redact;

/// An error on its way to the user.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    pub error: anyhow::Error,
    /// What to try next: one clause, without `hint:`.
    pub hint: Option<String>,
    /// Whether the error's text is a listing that brings its own first word.
    drawn: bool,
}

impl Failure {
    /// Returns a failure for a command line or configuration that cannot be followed.
    pub fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Usage, error: error.into(), hint: None, drawn: false }
    }

    /// Returns a failure whose text is printed as it is: several errors, or pictures of them.
    pub fn drawn(exit: Exit, text: String) -> Self {
        Self { exit, error: anyhow::Error::msg(text), hint: None, drawn: true }
    }

    /// Adds what to try next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Writes it to standard error.
    pub(super) fn print(&self) {
        super::output::tell(&self.text());
    }

    fn text(&self) -> String {
        let message = format!("{:#}", self.error);
        let word = if self.drawn { "" } else { "error: " };
        let mut text = format!("{word}{}\n", message.trim_end());
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "hint: {hint}");
        }
        // Errors repeat arguments, paths and answers, which may hold anything: a password in a URL, a token in a header.
        let text = redact(&text).into_owned();
        text.lines().map(|line| format!("{}\n", Line::from_text(line))).collect()
    }
}

/// Whatever goes wrong while looking leaves us unable to tell.
impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { exit: Exit::CouldNotTell, error: error.into(), hint: None, drawn: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context as _;

    #[test]
    fn a_failure_prints_its_chain_once_and_then_the_hint() {
        let source = std::io::Error::other("disk full");
        let error = Err::<(), _>(source).context("cannot write `run.rec`").unwrap_err();
        let failure = Failure::from(error).hint("free some space");
        assert_eq!(failure.text(), "error: cannot write `run.rec`: disk full\nhint: free some space\n");
        assert_eq!(failure.exit, Exit::CouldNotTell);
    }

    #[test]
    fn a_failure_does_not_repeat_the_password_of_a_url() {
        let failure = Failure::usage(anyhow::anyhow!("cannot reach https://kim:hunter2@db.example/x"));
        assert_eq!(failure.text(), "error: cannot reach https://kim:[redacted]@db.example/x\n");
    }
}
