//! Asking for something on the terminal without showing what is typed.
//!
//! On `/dev/tty`, so that a secret can come from a pipe while the passphrase comes from the keyboard. The terminal
//! gives single keys meanwhile: Ctrl-C must put it back before it ends us. What was typed before the question is thrown
//! away, and so is what was pasted behind it: the shell would run it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::model::secret::Secret;
use crate::secret::{LARGEST, secret_from};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    #[error("there is no terminal to ask on")]
    NoTerminal,
    #[error("cancelled; nothing has changed")]
    Cancelled,
    #[error("more than one line was pasted; nothing has changed")]
    Lines,
    #[error("what was typed cannot be used: it is empty")]
    Empty,
    #[error("what was typed cannot be used: {0}")]
    Unusable(&'static str),
    #[error("cannot ask on the terminal")]
    Terminal(#[from] io::Error),
}

/// A terminal that does not show what is typed, until it is dropped.
#[derive(Debug)]
pub struct Hidden {
    terminal: File,
    before: Termios,
}

/// What a key asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    Go,
    Done,
    Cancel,
}

/// What has been typed so far.
#[derive(Default)]
struct Typed {
    bytes: Zeroizing<Vec<u8>>,
    escape: Escape,
}

/// Where in a key's escape sequence we are: arrows and the like are no part of a secret.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Escape {
    #[default]
    No,
    Begun,
    Sequence,
    OneMore,
}

impl Hidden {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When this process has none.
    pub fn open() -> Result<Self, PromptError> {
        let terminal =
            OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(|_| PromptError::NoTerminal)?;
        let before = tcgetattr(&terminal).map_err(io::Error::from)?;
        let mut hidden = before.clone();
        hidden.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN;
        hidden.special_codes[SpecialCodeIndex::VMIN] = 1;
        hidden.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(&terminal, OptionalActions::Flush, &hidden).map_err(io::Error::from)?;
        Ok(Self { terminal, before })
    }

    /// Says something.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub fn tell(&mut self, text: &str) -> Result<(), PromptError> {
        Ok(self.terminal.write_all(text.as_bytes())?)
    }

    /// Asks for a secret.
    ///
    /// # Errors
    /// When the user does not want to, or what they gave is no secret.
    pub fn ask(&mut self, question: &str) -> Result<Secret, PromptError> {
        self.tell(&format!("{question} (not shown): "))?;
        let mut typed = Typed::default();
        let mut byte = [0];
        let step = loop {
            match rustix::io::read(&self.terminal, &mut byte) {
                Ok(0) => break Step::Cancel,
                Ok(_) => match typed.press(byte[0]) {
                    Step::Go => {}
                    step => break step,
                },
                Err(Errno::INTR) => {}
                Err(error) => return Err(io::Error::from(error).into()),
            }
        };
        self.tell("\n")?;
        if step == Step::Cancel {
            return Err(PromptError::Cancelled);
        }
        if self.has_more() {
            return Err(PromptError::Lines);
        }
        if typed.bytes.is_empty() {
            return Err(PromptError::Empty);
        }
        secret_from(typed.bytes).map_err(PromptError::Unusable)
    }

    /// Asks for a secret that may be left out: Enter alone is none.
    ///
    /// # Errors
    /// As [`Hidden::ask`].
    pub fn ask_or_none(&mut self, question: &str) -> Result<Option<Secret>, PromptError> {
        match self.ask(question) {
            Ok(secret) => Ok(Some(secret)),
            Err(PromptError::Empty) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns whether something follows the line at once, as no fingers do it.
    fn has_more(&self) -> bool {
        let moment = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
        let mut ready = [PollFd::from_borrowed_fd(self.terminal.as_fd(), PollFlags::IN)];
        rustix::event::poll(&mut ready, Some(&moment)).is_ok_and(|count| count > 0)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // The terminal may be gone.
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}

impl Typed {
    fn press(&mut self, byte: u8) -> Step {
        match (self.escape, byte) {
            // Whatever state a lost byte has left us in, these mean what they mean.
            (_, b'\r' | b'\n') => return Step::Done,
            (_, 0x03) => return Step::Cancel,
            (Escape::Begun, b'[') => self.escape = Escape::Sequence,
            (Escape::Begun, b'O') => self.escape = Escape::OneMore,
            (Escape::Sequence, 0x20..=0x3f) => {}
            (Escape::Begun | Escape::OneMore | Escape::Sequence, _) => self.escape = Escape::No,
            (Escape::No, 0x1b) => self.escape = Escape::Begun,
            (Escape::No, 0x04) if self.bytes.is_empty() => return Step::Cancel,
            // Backspace takes a character, which may be several bytes.
            (Escape::No, 0x08 | 0x7f) => while self.bytes.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {},
            // Ctrl-U takes all.
            (Escape::No, 0x15) => self.bytes.clear(),
            (Escape::No, 0x00..=0x1f) => {}
            (Escape::No, byte) if self.bytes.len() as u64 <= LARGEST => self.bytes.push(byte),
            (Escape::No, _) => {}
        }
        Step::Go
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> (String, Step) {
        let mut typed = Typed::default();
        let step = keys.iter().map(|byte| typed.press(*byte)).find(|step| *step != Step::Go).unwrap_or(Step::Go);
        (String::from_utf8(typed.bytes.to_vec()).unwrap(), step)
    }

    #[test]
    fn keys_that_are_no_characters_are_no_part_of_what_is_typed() {
        for (keys, expected) in [
            (&b"hunter2\r"[..], "hunter2"),
            (b"hunter3\x7f2\n", "hunter2"),
            ("h\u{e4}\u{7f}unter2\r".as_bytes(), "hunter2"),
            (b"wrong\x15hunter2\r", "hunter2"),
            (b"\x7f\x7fa\r", "a"),
            (b"hun\x1b[Dter\x1b[1;5C2\x1bOH\t\r", "hunter2"),
            (b"\x1b[200~hunter2\x1b[201~\r", "hunter2"),
            (b"a\x1bxb\x1a\x1c\r", "ab"),
        ] {
            assert_eq!(typed(keys), (expected.to_owned(), Step::Done), "{}", keys.escape_ascii());
        }
    }

    #[test]
    fn control_c_cancels_and_control_d_does_where_nothing_was_typed() {
        assert_eq!(typed(b"abc\x03").1, Step::Cancel);
        assert_eq!(typed(b"\x1b\x03").1, Step::Cancel);
        assert_eq!(typed(b"\x04").1, Step::Cancel);
        assert_eq!(typed(b"abc\x04").1, Step::Go);
    }
}
