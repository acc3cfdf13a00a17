//! Questions about big files, answered from threads of their own: a window, a count of matching lines, the next match.
//!
//! Whoever asks never waits. A newer search or find takes the place of an older one, whose answers stop.

use std::io;
use std::path::PathBuf;

use jiff::tz::TimeZone;
use tokio::runtime::Handle;
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::model::text::Line;

use super::search::{Case, Pattern, Searched, find, search};
use super::window::{FileError, Window, window};

/// What is asked of a file. The number comes back with every answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    pub number: u64,
    pub path: PathBuf,
    pub ask: Ask,
}

/// The question itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ask {
    /// At most `before` lines that end at a byte offset and `after` lines from it on.
    Window { offset: u64, before: u32, after: u32 },
    /// How many lines match.
    Search { pattern: String, case: Case },
    /// The first matching line that begins at `from` or after it, or backwards the last one that begins before it.
    Find { pattern: String, case: Case, from: u64, backwards: bool },
}

/// An answer to the question with that number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    pub number: u64,
    pub found: Found,
}

/// The answer itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Found {
    Window(Window),
    /// Comes several times; the last one is `done`.
    Searched(Searched),
    /// The byte at which the matching line begins.
    At(Option<u64>),
    Failed(Line),
}

/// Takes questions about files. Must be made within a runtime.
#[derive(Debug)]
pub struct Files {
    clock: Clock,
    zone: TimeZone,
    answers: Sender<Answer>,
    runtime: Handle,
    search: CancellationToken,
    find: CancellationToken,
}

impl Files {
    /// Returns one that sends its answers there.
    pub fn new(clock: Clock, answers: Sender<Answer>) -> Self {
        let (search, find) = (CancellationToken::new(), CancellationToken::new());
        Self { clock, zone: TimeZone::system(), answers, runtime: Handle::current(), search, find }
    }

    /// Reads times without an offset as times of `zone` instead of this machine's.
    #[must_use]
    pub fn in_zone(mut self, zone: TimeZone) -> Self {
        self.zone = zone;
        self
    }

    /// Takes a question; answers come when they are found.
    pub fn ask(&mut self, question: Question) {
        let cancel = match &question.ask {
            Ask::Window { .. } => CancellationToken::new(),
            Ask::Search { .. } => renew(&mut self.search),
            Ask::Find { .. } => renew(&mut self.find),
        };
        let (clock, zone) = (self.clock.clone(), self.zone.clone());
        let (number, path) = (question.number, question.path.clone());
        let to = Answers { number, answers: self.answers.clone(), cancel, runtime: self.runtime.clone() };
        let failed = to.clone();
        // Not one of the runtime's threads: a file on a network that hangs must not hold up the end of the program.
        let thread =
            std::thread::Builder::new().name("files".to_owned()).spawn(move || answer(question, &clock, &zone, &to));
        if let Err(source) = thread {
            failed.fail(&FileError::Thread { path, source });
        }
    }

    /// Stops searching and finding.
    pub fn cancel_search(&mut self) {
        self.search.cancel();
        self.find.cancel();
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.cancel_search();
    }
}

fn renew(token: &mut CancellationToken) -> CancellationToken {
    token.cancel();
    *token = CancellationToken::new();
    token.clone()
}

fn answer(question: Question, clock: &Clock, zone: &TimeZone, to: &Answers) {
    let path = &question.path;
    match question.ask {
        Ask::Window { offset, before, after } => match window(path, offset, before, after, zone, clock.now()) {
            Ok(window) => to.send(Found::Window(window)),
            Err(error) => to.fail(&error),
        },
        Ask::Search { pattern, case } => {
            let Some(pattern) = to.compile(&pattern, case) else { return };
            match search(path, &pattern, &to.cancel, |searched| to.send(Found::Searched(searched))) {
                Ok(Some(searched)) => to.send(Found::Searched(searched)),
                Ok(None) => {}
                Err(error) => to.fail(&error),
            }
        }
        Ask::Find { pattern, case, from, backwards } => {
            let Some(pattern) = to.compile(&pattern, case) else { return };
            match find(path, &pattern, from, backwards, &to.cancel) {
                Ok(at) => to.send(Found::At(at)),
                Err(error) => to.fail(&error),
            }
        }
    }
}

/// Where the answers to one question go.
#[derive(Clone, Debug)]
struct Answers {
    number: u64,
    answers: Sender<Answer>,
    cancel: CancellationToken,
    runtime: Handle,
}

impl Answers {
    fn send(&self, found: Found) {
        let answer = Answer { number: self.number, found };
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => {}
                // Nobody listens: the console is ending.
                _ = self.answers.send(answer) => {}
            }
        });
    }

    fn compile(&self, pattern: &str, case: Case) -> Option<Pattern> {
        match Pattern::new(pattern, case) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                // The error draws a picture of several lines, whose last one is the reason.
                let text = error.to_string();
                let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
                self.send(Found::Failed(Line::from_text(&format!("{pattern} is not a regular expression: {why}"))));
                None
            }
        }
    }

    fn fail(&self, error: &FileError) {
        let why = std::error::Error::source(error)
            .and_then(|source| source.downcast_ref::<io::Error>())
            .map_or_else(String::new, |source| format!(": {}", super::event::reason(source)));
        let failed = Found::Failed(Line::from_text(&format!("{error}{why}")));
        // Called once on the asker's own thread, which must not wait: then a full channel loses the answer.
        if Handle::try_current().is_ok() {
            let _ = self.answers.try_send(Answer { number: self.number, found: failed });
        } else {
            self.send(failed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ask(ask: Ask, content: &str) -> Vec<Found> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        let (sender, mut receiver) = tokio::sync::mpsc::channel(4);
        let mut files = Files::new(Clock::system(), sender);
        files.ask(Question { number: 7, path: file.path().to_owned(), ask });
        let mut found = Vec::new();
        loop {
            let answer = receiver.recv().await.unwrap();
            assert_eq!(answer.number, 7);
            let last = !matches!(answer.found, Found::Searched(Searched { done: false, .. }));
            found.push(answer.found);
            if last {
                return found;
            }
        }
    }

    #[tokio::test]
    async fn every_kind_of_question_is_answered() {
        let text = "one\ntwo\nthree\n";
        let pattern = || "T[wh]".to_owned();
        let found = ask(Ask::Search { pattern: pattern(), case: Case::Ignore }, text).await;
        assert_eq!(found, [Found::Searched(Searched { matches: 2, read: 14, total: 14, done: true })]);
        let find = Ask::Find { pattern: pattern(), case: Case::Ignore, from: 5, backwards: false };
        assert_eq!(ask(find, text).await, [Found::At(Some(8))]);
        let found = ask(Ask::Window { offset: 4, before: 1, after: 1 }, text).await;
        assert!(matches!(&found[..], [Found::Window(window)] if window.lines.len() == 2), "{found:?}");
    }

    #[tokio::test]
    async fn a_wrong_pattern_says_what_is_wrong() {
        let found = ask(Ask::Search { pattern: "a(".into(), case: Case::Sensitive }, "").await;
        let [Found::Failed(why)] = &found[..] else { panic!("{found:?}") };
        assert_eq!(why.as_str(), "a( is not a regular expression: unclosed group");
    }
}
