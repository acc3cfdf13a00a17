//! What there is of the logs before anything new is written.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::mpsc::channel;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::Session;
use super::merge::{Entry, entries};
use crate::cli::failure::Failure;
use crate::model::id::LogSourceId;
use crate::model::log::{LogLine, LogOrigin, LogSourceSpec, LogSourceState};
use crate::tail::{self, FileError, Options, TailEvent, Wanted};

/// What was gathered.
#[derive(Default)]
pub struct Gathered {
    /// Wanted entries, by source.
    pub entries: Vec<Vec<Entry>>,
    /// Files that globs match.
    pub members: Vec<LogSourceSpec>,
    /// How long each file was: what comes after is new.
    pub ends: HashMap<PathBuf, u64>,
    /// What could not be read, and why.
    pub troubles: Vec<String>,
}

/// How long a command may take until it prints its first line: connecting to a host, reading a journal.
const FIRST_LINE: Duration = Duration::from_secs(15);

/// A command that prints nothing for so long has printed what there is; one that follows never ends.
const QUIET: Duration = Duration::from_secs(1);

/// Reads the last wanted lines of each source. With `--follow` only of files: commands are followed from the beginning.
pub async fn gather(session: &Session<'_>, specs: &[LogSourceSpec]) -> Result<Gathered, Failure> {
    let mut gathered = Gathered::default();
    let mut streams = Vec::new();
    for spec in specs {
        match &spec.origin {
            LogOrigin::File(path) => gathered.add_file(session, &spec.id, path),
            LogOrigin::Glob(pattern) => match tail::matching_files(pattern) {
                Ok(paths) => {
                    if paths.is_empty() && !session.args.follow {
                        gathered.troubles.push(format!("no file matches {pattern}"));
                    }
                    for path in paths {
                        let member = spec.member(&path);
                        gathered.add_file(session, &member.id, &path);
                        gathered.members.push(member);
                    }
                }
                Err(why) => gathered.troubles.push(why.to_string()),
            },
            LogOrigin::Command(_) | LogOrigin::Stdin | LogOrigin::Feed(_) => streams.push(spec.clone()),
        }
    }
    if !session.args.follow && !streams.is_empty() {
        gathered.add_streams(session, streams).await?;
    }
    Ok(gathered)
}

impl Gathered {
    fn add_file(&mut self, session: &Session<'_>, source: &LogSourceId, path: &Path) {
        let wanted = Wanted {
            lines: session.args.lines,
            passes: &|entry| session.filter.passes(entry),
            matching: session.filter.matching(),
        };
        match tail::last(path, &wanted, &session.zone, session.clock.now()) {
            Ok(last) => {
                self.ends.insert(path.to_owned(), last.end);
                self.entries.push(entries(source, last.lines));
            }
            // Following says what it waits for, and reads pipes.
            Err(_) if session.args.follow => {}
            Err(error) => self.troubles.push(explain(error)),
        }
    }

    async fn add_streams(&mut self, session: &Session<'_>, streams: Vec<LogSourceSpec>) -> Result<(), Failure> {
        let (sender, mut events) = channel(4);
        let cancel = CancellationToken::new();
        let options = Options { restart: None, zone: session.zone.clone(), ..Options::default() };
        let mut open: HashMap<LogSourceId, Stream> =
            streams.iter().map(|spec| (spec.id.clone(), Stream::new(spec))).collect();
        let order: Vec<LogSourceId> = streams.iter().map(|spec| spec.id.clone()).collect();
        super::platform::follow(session, &streams, sender.clone(), &cancel);
        let followed = tail::follow(streams, options, session.clock.clone(), sender, cancel.clone())?;
        let stop = super::live::interrupted()?;
        tokio::pin!(stop);
        while let Some(until) = open.values().filter_map(|stream| stream.until).max() {
            // The piped input has no limit but its end.
            let until = if open.values().any(Stream::is_endless) { None } else { Some(until) };
            let event = tokio::select! {
                () = &mut stop => break,
                event = async {
                    match until {
                        Some(until) => timeout_at(until, events.recv()).await.ok().flatten(),
                        None => events.recv().await,
                    }
                } => event,
            };
            let Some(event) = event else { break };
            match event {
                TailEvent::Lines(batch) => {
                    if let Some(stream) = open.get_mut(&batch.source) {
                        stream.take(batch.lines, session);
                    }
                }
                TailEvent::State(source, LogSourceState::Ended(_)) => {
                    open.get_mut(&source).into_iter().for_each(|stream| stream.until = None);
                }
                TailEvent::State(source, LogSourceState::Failed(why)) => {
                    self.troubles.push(why.to_string());
                    open.get_mut(&source).into_iter().for_each(|stream| stream.until = None);
                }
                TailEvent::State(..) | TailEvent::Joined(_) | TailEvent::Left(_) => {}
            }
        }
        cancel.cancel();
        drop(events);
        followed.ended().await;
        for source in &order {
            if let Some(stream) = open.remove(source) {
                self.entries.push(entries(source, stream.finish(session)));
            }
        }
        Ok(())
    }
}

/// What came from a stream so far.
struct Stream {
    /// When it is taken to have said everything; `None` when it ended.
    until: Option<Instant>,
    endless: bool,
    /// The last wanted lines.
    kept: Vec<LogLine>,
    /// The entry that more lines may continue.
    last: Vec<LogLine>,
}

impl Stream {
    fn new(spec: &LogSourceSpec) -> Self {
        let endless = spec.origin == LogOrigin::Stdin;
        Self { until: Some(Instant::now() + FIRST_LINE), endless, kept: Vec::new(), last: Vec::new() }
    }

    fn is_endless(&self) -> bool {
        self.endless && self.until.is_some()
    }

    fn take(&mut self, lines: Vec<LogLine>, session: &Session<'_>) {
        self.until = self.until.map(|_| Instant::now() + QUIET);
        for line in lines {
            if !line.continues {
                self.keep(session);
            }
            self.last.push(line);
        }
    }

    fn keep(&mut self, session: &Session<'_>) {
        let entry = std::mem::take(&mut self.last);
        if !entry.is_empty() && session.filter.passes(&entry) {
            self.kept.extend(entry);
            // Now and then, so that a long input takes no longer for it.
            if self.kept.len() > 2 * session.args.lines + 1000 {
                self.kept.drain(..self.kept.len() - session.args.lines);
            }
        }
    }

    fn finish(mut self, session: &Session<'_>) -> Vec<LogLine> {
        self.keep(session);
        self.kept.drain(..self.kept.len().saturating_sub(session.args.lines));
        self.kept
    }
}

fn explain(error: FileError) -> String {
    let hint = match &error {
        FileError::Open { source, .. } if source.kind() == std::io::ErrorKind::PermissionDenied => {
            "; run crashcart as a user or group that may read it"
        }
        _ => "",
    };
    format!("{:#}{hint}", anyhow::Error::new(error))
}
