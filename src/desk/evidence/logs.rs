//! The last of each log: of a file without waiting, of a command or a platform what it says within its time.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::channel;
use tokio_util::sync::CancellationToken;

use super::{Got, Means, Request, Wanted, plain, told};
use crate::model::log::{LogLine, LogOrigin, LogSourceSpec, LogSourceState};
use crate::model::source::Found;
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::runtime::feeds::{input_of, trouble};
use crate::tail::{self, Options, TailEvent};

/// Lines of one log at most.
const LINES: usize = 20_000;
/// Lines that are kept of a log in which everything is older.
const SILENT: usize = 200;
/// Bytes of one log at most.
const BYTES: usize = 2 * 1024 * 1024;
/// A command that prints nothing for so long, after its first line, has printed what there is.
const QUIET: Duration = Duration::from_secs(1);

/// Returns what to ask for a log; a pattern is as many as files match it.
pub(super) fn wanted(spec: &LogSourceSpec, request: &Request, means: &Means) -> Vec<Wanted> {
    let folder = spec.service.as_ref().map_or_else(|| "other".to_owned(), |service| plain(service.as_str()));
    let file = |title: &str| {
        let name = plain(title);
        format!("logs/{folder}/{}.log", name.strip_suffix(".log").unwrap_or(&name))
    };
    let window = Window { from: means.clock.now() - request.since };
    let zone = request.zone.clone();
    match &spec.origin {
        LogOrigin::File(path) => vec![of_file(file(spec.title.as_str()), path.clone(), request, means, window)],
        LogOrigin::Glob(pattern) => match tail::matching_files(pattern) {
            Ok(paths) if !paths.is_empty() => paths
                .into_iter()
                .map(|path| of_file(file(&path.to_string_lossy()), path, request, means, window))
                .collect(),
            Ok(_) => vec![failed(file(spec.title.as_str()), pattern, "no file matches it".to_owned())],
            Err(why) => vec![failed(file(spec.title.as_str()), pattern, why.to_string())],
        },
        LogOrigin::Command(_) => {
            let (spec, clock, deadline) = (spec.clone(), means.clock.clone(), request.deadline);
            let from = format!("log {}", spec.title);
            let name = file(spec.title.as_str());
            let asked = async move {
                let (sender, mut events) = channel(4);
                let cancel = CancellationToken::new();
                let _ends = cancel.clone().drop_guard();
                let options = Options { restart: None, zone, ..Options::default() };
                let followed = tail::follow(vec![spec], options, clock, sender, cancel.clone())
                    .map_err(|error| format!("it cannot be started: {error}"))?;
                // Sooner than the deadline for all: what was said by then is worth keeping.
                let until = tokio::time::Instant::now() + deadline.mul_f32(0.9);
                let (mut lines, mut why): (Vec<LogLine>, Option<Line>) = (Vec::new(), None);
                loop {
                    let quiet = tokio::time::Instant::now() + QUIET;
                    let next = if lines.is_empty() { until } else { until.min(quiet) };
                    match tokio::time::timeout_at(next, events.recv()).await {
                        Ok(Some(TailEvent::Lines(batch))) => lines.extend(batch.lines),
                        Ok(Some(TailEvent::State(_, LogSourceState::Failed(said)))) => {
                            why = Some(said);
                            break;
                        }
                        Ok(Some(TailEvent::State(_, LogSourceState::Ended(_))) | None) => break,
                        Err(_) => {
                            let nothing = "it printed nothing in its time; wait for longer with --timeout DURATION";
                            why = lines.is_empty().then(|| Line::from_text(nothing));
                            break;
                        }
                        Ok(Some(_)) => {}
                    }
                    if lines.len() > 2 * LINES {
                        lines.drain(..lines.len() - LINES);
                    }
                }
                cancel.cancel();
                drop(events);
                followed.ended().await;
                match why {
                    Some(why) if lines.is_empty() => Err(why.to_string()),
                    why => {
                        let mut got = window.cut(&lines, None);
                        if let Some(why) = why {
                            got.left_out = Some(format!("whatever follows: {why}"));
                        }
                        Ok(got)
                    }
                }
            };
            vec![Wanted { file: name, from, asked: Box::pin(asked) }]
        }
        LogOrigin::Feed(id) => {
            let feed = request.catalog.feeds.iter().find(|feed| &feed.id == id).cloned();
            let source = feed.as_ref().and_then(|feed| request.catalog.source(&feed.source)).cloned();
            let (Some(feed), Some(source)) = (feed, source) else { return Vec::new() };
            let (reader, clock) = (Arc::clone(&means.reader), means.clock.clone());
            let from = format!("log {} ({})", spec.title, source.id);
            let asked = async move {
                let input = input_of(&feed, clock.now());
                match reader.read(&source, &feed, &input, true).await {
                    Ok(mapped) => match mapped.found {
                        Found::Logs(entries) => {
                            let lines: Vec<LogLine> = entries
                                .into_iter()
                                .map(|entry| LogLine {
                                    stated: entry.at,
                                    received: clock.now(),
                                    level: None,
                                    continues: false,
                                    offset: None,
                                    text: Line::from_text(&format!(
                                        "{} {}",
                                        entry.at.map(|at| at.to_string()).unwrap_or_default(),
                                        entry.text
                                    )),
                                })
                                .collect();
                            Ok(window.cut(&lines, None))
                        }
                        _ => Err("it answered with something that is no log".to_owned()),
                    },
                    Err(failure) => Err(told(&trouble(&failure))),
                }
            };
            vec![Wanted { file: file(spec.title.as_str()), from, asked: Box::pin(asked) }]
        }
        // It is somebody's pipe, and it has passed.
        LogOrigin::Stdin => Vec::new(),
    }
}

fn failed(file: String, from: &str, why: String) -> Wanted {
    Wanted { file, from: from.to_owned(), asked: Box::pin(std::future::ready(Err(why))) }
}

fn of_file(file: String, path: PathBuf, request: &Request, means: &Means, window: Window) -> Wanted {
    let (zone, now) = (request.zone.clone(), means.clock.now());
    let from = path.display().to_string();
    let asked = async move {
        let read = tokio::task::spawn_blocking(move || {
            let wanted = tail::Wanted { lines: LINES, passes: &|_| true, matching: None };
            tail::last(&path, &wanted, &zone, now)
        });
        match read.await {
            Ok(Ok(last)) => Ok(window.cut(&last.lines, Some(last.end))),
            Ok(Err(error)) => Err(chain(&error)),
            Err(_) => Err("reading it came to a bad end".to_owned()),
        }
    };
    Wanted { file, from, asked: Box::pin(asked) }
}

/// An error with what is behind it.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    // A number is no help: what it means stands before it.
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

/// How far back lines are kept.
#[derive(Clone, Copy, Debug)]
struct Window {
    from: Timestamp,
}

impl Window {
    /// Keeps the last lines within the window and the bounds, and says what was left out.
    fn cut(self, lines: &[LogLine], end: Option<u64>) -> Got {
        // What states no time happened with the line before it; at the head of a file nobody knows, and it is kept.
        let is_old = |line: &LogLine| line.stated.is_some_and(|at| at < self.from);
        let is_new = |line: &LogLine| line.stated.is_some_and(|at| at >= self.from);
        let mut first = lines
            .iter()
            .position(is_old)
            .map_or(0, |old| lines[old..].iter().position(is_new).map_or(lines.len(), |new| old + new));
        // A log that has been silent for long ends with the reason.
        if first == lines.len() {
            first = first.saturating_sub(SILENT);
        }
        first = first.max(lines.len().saturating_sub(LINES));
        let mut bytes = 0;
        let fits = lines[first..].iter().rev().take_while(|line| {
            bytes += line.text.as_str().len() + 1;
            bytes <= BYTES
        });
        first = lines.len() - fits.count();
        let before = lines.get(first).and_then(|line| line.offset).or(end.filter(|_| first == lines.len()));
        let left_out = match (before, first) {
            (Some(0), _) | (None, 0) => None,
            (Some(before), _) => Some(format!("{before} bytes before, which are older or too many")),
            (None, lines) => Some(format!("{lines} lines before, which are older or too many")),
        };
        let text = lines[first..].iter().map(|line| format!("{}\n", line.text)).collect();
        Got { text, left_out }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(stated: Option<i64>, offset: u64, text: &str) -> LogLine {
        LogLine {
            stated: stated.map(Timestamp::from_secs),
            received: Timestamp::from_secs(0),
            level: None,
            continues: false,
            offset: Some(offset),
            text: Line::from_text(text),
        }
    }

    #[test]
    fn what_is_older_is_left_out_and_said_so() {
        let window = Window { from: Timestamp::from_secs(100) };
        let lines = [
            line(None, 0, "?"),
            line(Some(50), 2, "old"),
            line(None, 6, "its trace"),
            line(Some(120), 16, "new"),
            line(None, 20, "more"),
        ];
        let got = window.cut(&lines, Some(25));
        assert_eq!(got.text, "new\nmore\n");
        assert!(got.left_out.unwrap().starts_with("16 bytes before"));
        // Where no line says when it was written, all are kept.
        let got = window.cut(&lines[..1], Some(2));
        assert_eq!((got.text.as_str(), got.left_out), ("?\n", None));
        // It has been silent for long: its end says why.
        let got = window.cut(&lines[1..3], Some(16));
        assert_eq!(got.text, "old\nits trace\n");
    }

    #[test]
    fn a_log_of_long_lines_stays_within_its_bytes() {
        let window = Window { from: Timestamp::from_secs(0) };
        let long = "x".repeat(BYTES / 64);
        let lines: Vec<LogLine> = (0..128).map(|at| line(None, at, &long)).collect();
        let got = window.cut(&lines, None);
        assert!(got.text.len() <= BYTES && got.text.len() > BYTES / 2, "{}", got.text.len());
        assert!(got.left_out.is_some());
    }
}
