//! `--follow`: what is written from now on.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::io;
use std::path::PathBuf;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{Receiver, channel};
use tokio_util::sync::CancellationToken;

use super::Session;
use super::merge::{Entry, by_time, entries};
use super::print::{Printer, note};
use super::wanted::Filter;
use crate::cli::failure::Failure;
use crate::model::id::LogSourceId;
use crate::model::log::{LogBatch, LogOrigin, LogSourceSpec, LogSourceState};
use crate::tail::{self, Followed, Options, TailEvent};

/// Followed logs.
pub struct Live<'a> {
    filter: &'a Filter,
    events: Receiver<TailEvent>,
    cancel: CancellationToken,
    followed: Followed,
    /// Sources that may still say something.
    open: HashSet<LogSourceId>,
    /// Sources that are not started again.
    once: HashSet<LogSourceId>,
    files: HashMap<LogSourceId, PathBuf>,
    /// What has been printed of files already, up to their first new beginning.
    ends: HashMap<PathBuf, u64>,
    /// Whether the last entry of a source was printed, which counts for what continues it.
    printed: HashMap<LogSourceId, bool>,
    failing: HashSet<LogSourceId>,
}

impl<'a> Live<'a> {
    /// Starts following.
    pub fn start(
        session: &'a Session<'_>,
        specs: Vec<LogSourceSpec>,
        ends: HashMap<PathBuf, u64>,
    ) -> Result<Self, Failure> {
        let (sender, events) = channel(8);
        let cancel = CancellationToken::new();
        let options = Options { zone: session.zone.clone(), ..Options::default() };
        let open = specs.iter().map(|spec| spec.id.clone()).collect();
        let once = specs.iter().filter(|spec| spec.origin == LogOrigin::Stdin).map(|spec| spec.id.clone()).collect();
        let (printed, failing) = (HashMap::new(), HashSet::new());
        let mut files = HashMap::new();
        for spec in &specs {
            if let LogOrigin::File(path) = &spec.origin {
                files.insert(spec.id.clone(), path.clone());
            }
        }
        super::platform::follow(session, &specs, sender.clone(), &cancel);
        let followed = tail::follow(specs, options, session.clock.clone(), sender, cancel.clone())?;
        Ok(Self { filter: &session.filter, events, cancel, followed, open, once, files, ends, printed, failing })
    }

    /// Prints until it is interrupted, everything has ended, or nobody reads any more. Returns whether a source could
    /// not be read at the end.
    pub async fn run(mut self, printer: &mut Printer) -> Result<bool, Failure> {
        let stop = interrupted()?;
        tokio::pin!(stop);
        let result = loop {
            let event = tokio::select! {
                biased;
                () = &mut stop => break Ok(()),
                event = self.events.recv() => event,
            };
            let Some(event) = event else { break Ok(()) };
            let mut arrived = vec![self.take(event, printer)];
            // What has come from several logs meanwhile is merged.
            while let Ok(event) = self.events.try_recv() {
                arrived.push(self.take(event, printer));
            }
            match printer.print(by_time(arrived)) {
                Ok(true) if !self.open.is_empty() => {}
                Ok(_) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.cancel.cancel();
        drop(self.events);
        self.followed.ended().await;
        result?;
        Ok(!self.failing.is_empty())
    }

    fn take(&mut self, event: TailEvent, printer: &mut Printer) -> Vec<Entry> {
        match event {
            TailEvent::Joined(spec) => {
                printer.learn(&spec);
                if let LogOrigin::File(path) = spec.origin {
                    self.files.insert(spec.id, path);
                }
                Vec::new()
            }
            TailEvent::Left(source) => {
                self.failing.remove(&source);
                Vec::new()
            }
            TailEvent::State(source, state) => {
                self.take_state(source, state);
                Vec::new()
            }
            TailEvent::Lines(batch) => self.take_lines(batch, printer),
        }
    }

    fn take_state(&mut self, source: LogSourceId, state: LogSourceState) {
        match state {
            LogSourceState::Opening => {}
            LogSourceState::Following { bytes } => {
                self.failing.remove(&source);
                // Shorter than what was printed: another file has the name by now.
                if let (Some(path), Some(bytes)) = (self.files.get(&source), bytes)
                    && self.ends.get(path).is_some_and(|end| bytes < *end)
                {
                    self.ends.remove(path);
                }
            }
            LogSourceState::Rotated(what) => {
                self.failing.remove(&source);
                if let Some(path) = self.files.get(&source) {
                    self.ends.remove(path);
                }
                note(what.as_str());
            }
            LogSourceState::Waiting(why) => {
                if let Some(path) = self.files.get(&source) {
                    self.ends.remove(path);
                }
                note(why.as_str());
            }
            LogSourceState::Failed(why) => {
                note(why.as_str());
                self.failing.insert(source);
            }
            LogSourceState::Ended(why) => {
                note(why.as_str());
                if self.once.contains(&source) {
                    self.open.remove(&source);
                }
            }
        }
    }

    fn take_lines(&mut self, batch: LogBatch, printer: &mut Printer) -> Vec<Entry> {
        let LogBatch { source, mut lines, dropped } = batch;
        let end = self.files.get(&source).and_then(|path| self.ends.get(path));
        if let Some(end) = end {
            lines.retain(|line| line.offset.is_none_or(|offset| offset >= *end));
        }
        if dropped > 0 {
            printer.dropped(&source, dropped);
        }
        let mut wanted = entries(&source, lines);
        for entry in &mut wanted {
            // What continues an entry that was printed is printed with it.
            let belongs = entry.lines[0].continues && self.printed.get(&source) == Some(&true);
            let passes = belongs || self.filter.passes(&entry.lines);
            self.printed.insert(source.clone(), passes);
            if !passes {
                entry.lines.clear();
            }
        }
        wanted.retain(|entry| !entry.lines.is_empty());
        wanted
    }
}

/// Returns what ends when the user or the system wants us to end. Commands that we started must not stay behind.
pub fn interrupted() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    })
}
