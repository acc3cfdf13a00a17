//! Lines on standard output: as text with the log's name before each when there are several, or as JSON.

use std::collections::HashMap;
use std::io::{self, Write as _};

use serde::Serialize;

use super::merge::Entry;
use crate::cli::output;
use crate::model::id::LogSourceId;
use crate::model::log::{Level, LogLine, LogOrigin, LogSourceSpec};
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// Prints entries.
#[derive(Debug)]
pub struct Printer {
    json: bool,
    colour: bool,
    /// Whether each line says where it comes from.
    named: bool,
    sources: HashMap<LogSourceId, Source>,
    /// The longest name so far: names form a column.
    width: usize,
    /// Written before the next entries.
    pending: String,
}

#[derive(Debug)]
struct Source {
    title: Line,
    service: Option<String>,
    file: Option<Line>,
    /// Which of the colours it has.
    colour: usize,
}

/// Colours that tell sources apart: cyan, magenta, green, blue, in both strengths. Red and yellow mean trouble.
const COLOURS: &[u8] = &[36, 35, 32, 34, 96, 95, 92, 94];

/// What is printed of a line with `--json`.
#[derive(Serialize)]
struct JsonLine<'a> {
    time: Timestamp,
    /// The time that the line itself states.
    stated: Option<Timestamp>,
    level: Option<Level>,
    service: Option<&'a str>,
    source: &'a Line,
    file: Option<&'a Line>,
    offset: Option<u64>,
    continues: bool,
    text: &'a Line,
}

/// What is printed with `--json` when lines were skipped.
#[derive(Serialize)]
struct JsonDropped<'a> {
    source: &'a Line,
    dropped: u64,
}

impl Printer {
    pub fn new(json: bool, colour: bool, specs: &[LogSourceSpec]) -> Self {
        let named = specs.len() > 1;
        let mut printer = Self { json, colour, named, sources: HashMap::new(), width: 0, pending: String::new() };
        for spec in specs {
            printer.learn(spec);
        }
        printer
    }

    /// Learns what a source is called. A glob has no lines of its own, so only its files have names here.
    pub fn learn(&mut self, spec: &LogSourceSpec) {
        let file = match &spec.origin {
            LogOrigin::Glob(_) => {
                self.named = true;
                return;
            }
            LogOrigin::File(path) => Some(Line::from_text(&path.to_string_lossy())),
            LogOrigin::Command(_) | LogOrigin::Stdin | LogOrigin::Feed(_) => None,
        };
        let colour = self.sources.get(&spec.id).map_or(self.sources.len(), |source| source.colour);
        self.width = self.width.max(spec.title.as_str().chars().count());
        let service = spec.service.as_ref().map(|service| service.as_str().to_owned());
        self.sources.insert(spec.id.clone(), Source { title: spec.title.clone(), service, file, colour });
    }

    /// Says that lines were skipped, before what is printed next.
    pub fn dropped(&mut self, source: &LogSourceId, dropped: u64) {
        let title = self.sources.get(source).map(|source| source.title.clone()).unwrap_or_default();
        if self.json {
            self.push_json(&JsonDropped { source: &title, dropped });
        } else {
            note(&format!("{title}: {dropped} lines were skipped, they came faster than they can be printed"));
        }
    }

    /// Prints entries. Returns false when nobody reads any more.
    pub fn print(&mut self, entries: Vec<Entry>) -> io::Result<bool> {
        for entry in &entries {
            let level = entry.lines.first().and_then(|head| head.level);
            for line in &entry.lines {
                self.push(entry, line, level);
            }
        }
        let text = std::mem::take(&mut self.pending);
        if text.is_empty() {
            return Ok(true);
        }
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn push(&mut self, entry: &Entry, line: &LogLine, level: Option<Level>) {
        let unknown = Source { title: Line::default(), service: None, file: None, colour: 0 };
        let source = self.sources.get(&entry.source).unwrap_or(&unknown);
        if self.json {
            let json = JsonLine {
                time: entry.time,
                stated: line.stated,
                level: line.level,
                service: source.service.as_deref(),
                source: &source.title,
                file: source.file.as_ref(),
                offset: line.offset,
                continues: line.continues,
                text: &line.text,
            };
            let json = serde_json::to_string(&json);
            self.pending.extend(json);
            self.pending.push('\n');
            return;
        }
        if self.named {
            let pad = self.width.saturating_sub(source.title.as_str().chars().count());
            let colour = COLOURS[source.colour % COLOURS.len()];
            paint(&mut self.pending, source.title.as_str(), self.colour.then_some(colour));
            self.pending.extend(std::iter::repeat_n(' ', pad + 2));
        }
        let colour = match level {
            Some(Level::Error | Level::Fatal) => Some(31),
            Some(Level::Warn) => Some(33),
            Some(Level::Debug | Level::Trace) => Some(2),
            Some(Level::Info) | None => None,
        };
        paint(&mut self.pending, line.text.as_str(), colour.filter(|_| self.colour));
        self.pending.push('\n');
    }

    fn push_json(&mut self, value: &impl Serialize) {
        // Strings and numbers: nothing that could not be written.
        self.pending.extend(serde_json::to_string(value));
        self.pending.push('\n');
    }
}

fn paint(to: &mut String, text: &str, colour: Option<u8>) {
    match colour {
        Some(colour) => to.extend([&format!("\x1b[{colour}m"), text, "\x1b[0m"]),
        None => to.push_str(text),
    }
}

/// Says something beside the lines, on standard error.
pub fn note(what: &str) {
    output::tell(&format!("crashcart: {}\n", Line::from_text(what)));
}
