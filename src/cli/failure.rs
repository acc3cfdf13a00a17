//! What a command says when it cannot do what was asked: the chain of causes once, and what to try next.

use std::fmt::Write as _;
use std::io::Write as _;

use super::Exit;

/// An error on its way to the user.
#[derive(Debug)]
pub struct Failure {
    pub exit: Exit,
    pub error: anyhow::Error,
    /// What to try next: one clause, without `hint:`.
    pub hint: Option<String>,
}

impl Failure {
    /// Returns a failure for a command line or configuration that cannot be followed.
    pub fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Usage, error: error.into(), hint: None }
    }

    /// Adds what to try next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Writes it to standard error.
    pub(super) fn print(&self) {
        // Nobody is left to tell when standard error is gone.
        let _ = std::io::stderr().lock().write_all(self.text().as_bytes());
    }

    fn text(&self) -> String {
        let mut text = String::new();
        // An error that is a listing of its own (configuration diagnostics) brings its own first word.
        let message = format!("{:#}", self.error);
        if message.starts_with("error") {
            text.push_str(message.trim_end());
            text.push('\n');
        } else {
            let _ = writeln!(text, "error: {}", message.trim_end());
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "hint: {hint}");
        }
        text
    }
}

/// Whatever goes wrong while looking leaves us unable to tell.
impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self { exit: Exit::CouldNotTell, error: error.into(), hint: None }
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
}
