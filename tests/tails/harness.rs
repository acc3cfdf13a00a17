//! Follows one source and collects what comes.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use crashcart::clock::Clock;
use crashcart::model::id::LogSourceId;
use crashcart::model::log::{LogOrigin, LogSourceSpec, LogSourceState};
use crashcart::model::text::Line;
use crashcart::tail::{self, Followed, Options, TailEvent};
use tokio::sync::mpsc::{Receiver, channel};
use tokio_util::sync::CancellationToken;

/// Long: it only passes when something is wrong, and the machine may be busy.
const DEADLINE: Duration = Duration::from_secs(30);

/// A followed source and everything it told.
pub struct Tail {
    events: Receiver<TailEvent>,
    cancel: CancellationToken,
    followed: Option<Followed>,
    pub lines: Vec<String>,
    offsets: Vec<Option<u64>>,
    /// `(index of the next line, lines that were dropped before it)`.
    gaps: Vec<(usize, u64)>,
    pub dropped: u64,
    pub states: Vec<LogSourceState>,
    /// States of the source before this one were asked for already.
    asked: usize,
    /// Where lines came from.
    pub sources: BTreeSet<String>,
}

impl Tail {
    /// Follows a file.
    pub fn file(path: &Path) -> Self {
        Self::of(LogOrigin::File(path.to_owned()))
    }

    /// Follows anything.
    pub fn of(origin: LogOrigin) -> Self {
        Self::with(origin, Options { partial_after: Duration::from_millis(200), ..Options::default() })
    }

    /// Follows anything as the options say.
    pub fn with(origin: LogOrigin, options: Options) -> Self {
        let spec = LogSourceSpec { id: LogSourceId::new("log"), service: None, title: Line::from_text("log"), origin };
        let (sender, events) = channel(16);
        let cancel = CancellationToken::new();
        let options = Options { restart: Some((Duration::from_millis(50), Duration::from_millis(200))), ..options };
        let followed = tail::follow(vec![spec], options, Clock::system(), sender, cancel.clone()).unwrap();
        Self {
            events,
            cancel,
            followed: Some(followed),
            lines: Vec::new(),
            offsets: Vec::new(),
            gaps: Vec::new(),
            dropped: 0,
            states: Vec::new(),
            asked: 0,
            sources: BTreeSet::new(),
        }
    }

    /// Waits for a condition.
    pub async fn until(&mut self, what: &str, condition: impl Fn(&Self) -> bool) {
        let end = tokio::time::Instant::now() + DEADLINE;
        while !condition(self) {
            match tokio::time::timeout_at(end, self.events.recv()).await {
                Ok(Some(event)) => self.take(event),
                Ok(None) => panic!("nobody sends any more, waiting for {what}; {}", self.seen()),
                Err(_) => panic!("{what} did not come; {}", self.seen()),
            }
        }
    }

    /// Waits until exactly these lines have come.
    pub async fn until_lines(&mut self, lines: &[&str]) {
        self.until(&format!("{lines:?}"), |tail| tail.lines.len() >= lines.len()).await;
        assert_eq!(self.lines, lines, "{}", self.seen());
    }

    /// Waits for a state that was not asked for before.
    pub async fn until_state(&mut self, what: &str, is: impl Fn(&LogSourceState) -> bool) -> LogSourceState {
        let from = self.asked;
        self.until(what, |tail| tail.states[from..].iter().any(&is)).await;
        let at = from + self.states[from..].iter().position(is).unwrap();
        self.asked = at + 1;
        self.states[at].clone()
    }

    /// Cancels and waits for the end.
    pub async fn end(mut self) {
        self.cancel.cancel();
        let ended = self.followed.take().unwrap().ended();
        tokio::time::timeout(DEADLINE, ended).await.expect("everything that was started ends");
    }

    /// Returns where the lines begin in their files.
    pub fn offsets(&self) -> Vec<u64> {
        self.offsets.iter().map(|offset| offset.expect("lines of files have offsets")).collect()
    }

    /// Returns how often it was told that another file has the name.
    pub fn successors(&self) -> usize {
        let is_new = |state: &&LogSourceState| matches!(state, LogSourceState::Rotated(what) if what.as_str().contains("new file"));
        self.states.iter().filter(is_new).count()
    }

    /// Asserts that lines begin with the numbers from 0, each once and in order, except for as many as were dropped
    /// at each gap.
    pub fn assert_numbers(&self, count: u64) {
        let mut next = 0;
        let mut gaps = self.gaps.iter().peekable();
        for (index, line) in self.lines.iter().enumerate() {
            while let Some((_, dropped)) = gaps.next_if(|(at, _)| *at == index) {
                next += dropped;
            }
            let number: u64 = line.split(' ').next().unwrap().parse().unwrap_or_else(|_| panic!("{line:.40}"));
            assert_eq!(number, next, "line {index}; gaps {:?}", self.gaps);
            next += 1;
        }
        assert_eq!(next, count);
    }

    fn take(&mut self, event: TailEvent) {
        match event {
            TailEvent::Lines(batch) => {
                if batch.dropped > 0 {
                    self.gaps.push((self.lines.len(), batch.dropped));
                    self.dropped += batch.dropped;
                }
                self.sources.insert(batch.source.as_str().to_owned());
                for line in batch.lines {
                    self.lines.push(line.text.as_str().to_owned());
                    self.offsets.push(line.offset);
                }
            }
            TailEvent::State(_, state) => self.states.push(state),
            TailEvent::Joined(_) | TailEvent::Left(_) => {}
        }
    }

    fn seen(&self) -> String {
        let last = self.lines.len().saturating_sub(10);
        format!("{} lines, the last {:.400?}; states {:?}", self.lines.len(), &self.lines[last..], self.states)
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// Appends text to a file, which is made when it does not exist.
pub fn append(path: &Path, text: &str) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// Returns whether a process of the group is alive; one that only waits to be waited for is not.
pub fn group_lives(group: i32) -> bool {
    let processes = std::fs::read_dir("/proc").expect("these tests look at processes as Linux shows them");
    processes.flatten().any(|process| {
        let stat = std::fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        // `pid (name) state parent group ...`
        let Some((_, rest)) = stat.rsplit_once(") ") else { return false };
        let mut fields = rest.split(' ');
        let state = fields.next();
        state != Some("Z") && fields.nth(1).and_then(|field| field.parse().ok()) == Some(group)
    })
}

/// Waits for a condition that nothing tells of.
pub async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let end = tokio::time::Instant::now() + DEADLINE;
    while !condition() {
        assert!(tokio::time::Instant::now() < end, "{what}: not in time");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Returns how many files a state says were missed.
pub fn files_missed(state: &LogSourceState) -> usize {
    let LogSourceState::Rotated(what) = state else { return 0 };
    let count = what.as_str().split("so fast that ").nth(1).and_then(|rest| rest.split(' ').next());
    count.map_or(0, |count| count.parse().unwrap())
}
