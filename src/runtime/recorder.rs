//! A night, written down: everything that happened to a console, so that its screen can be shown again.
//!
//! One JSON object a line: first what the console began with, then every event. A recording that ends in the middle of a
//! line (the machine went down) is good up to that line.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::redaction::redact;
use crate::app::Setup;
use crate::app::event::Event;
use crate::model::catalog::Catalog;
use crate::model::operation::Actor;
use crate::model::snapshot::Snapshot;
use crate::model::text::Line;
use crate::model::time::Timestamp;

const FORMAT: &str = "crashcart recording 1";

/// What a console began with.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Header {
    format: String,
    catalog: Catalog,
    snapshot: Snapshot,
    now: Timestamp,
    zone: String,
    size: (u16, u16),
    theme: String,
    ascii: bool,
    keys: BTreeMap<String, String>,
    read_only: bool,
    inert: Option<Line>,
}

/// What is wrong with a recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    #[error("cannot write the recording {path}: {source}")]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot read the recording {path}: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} is not a recording of crashcart: {reason}")]
    NotARecording { path: PathBuf, reason: String },
}

/// Writes a recording on a thread of its own.
#[derive(Debug)]
pub struct Recorder {
    to: Option<std::sync::mpsc::Sender<Event>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Recorder {
    /// Begins a recording, readable by its owner only: log lines are in it.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn start(path: &Path, setup: &Setup) -> Result<Self, RecordingError> {
        let wrong = |source| RecordingError::Write { path: path.to_owned(), source };
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).map_err(wrong)?;
        let header = Header {
            format: FORMAT.to_owned(),
            catalog: (*setup.catalog).clone(),
            snapshot: setup.snapshot.clone(),
            now: setup.now,
            zone: setup.zone.iana_name().unwrap_or("UTC").to_owned(),
            size: setup.size,
            theme: setup.theme.clone(),
            ascii: setup.ascii,
            keys: setup.keys.clone(),
            read_only: setup.read_only,
            inert: setup.inert.clone(),
        };
        let mut file = BufWriter::new(file);
        line(&mut file, &header).map_err(wrong)?;
        let (to, from) = std::sync::mpsc::channel::<Event>();
        let write = move || {
            let mut file = file;
            for event in from {
                if let Err(error) = line(&mut file, &event) {
                    tracing::warn!("the recording ends here: {error}");
                    return;
                }
            }
            let _ = file.flush();
        };
        let thread = std::thread::Builder::new().name("recorder".to_owned()).spawn(write).map_err(wrong)?;
        Ok(Self { to: Some(to), thread: Some(thread) })
    }

    /// Writes down one event.
    pub fn record(&self, event: &Event) {
        if let Some(to) = &self.to {
            // The thread ends early only when the file cannot be written, which it has said.
            let _ = to.send(event.clone());
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.to = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn line(file: &mut BufWriter<File>, value: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_string(value)?;
    file.write_all(redact(&text).as_bytes())?;
    file.write_all(b"\n")
}

/// Reads a recording: what the console began with, and its events as far as they are whole.
///
/// # Errors
/// When the file cannot be read or does not begin like a recording.
pub fn read(path: &Path) -> Result<(Setup, Vec<Event>), RecordingError> {
    let wrong = |source| RecordingError::Read { path: path.to_owned(), source };
    let not_one = |reason: String| RecordingError::NotARecording { path: path.to_owned(), reason };
    let mut lines = BufReader::new(File::open(path).map_err(wrong)?).lines();
    let first = lines.next().ok_or_else(|| not_one("it is empty".to_owned()))?.map_err(wrong)?;
    let header: Header = serde_json::from_str(&first).map_err(|error| not_one(error.to_string()))?;
    if header.format != FORMAT {
        return Err(not_one(format!("its format is {:?}", header.format)));
    }
    let mut events = Vec::new();
    for line in lines {
        match serde_json::from_str(&line.map_err(wrong)?) {
            Ok(event) => events.push(event),
            Err(_) => break,
        }
    }
    let zones = Arc::new(super::zones::zones_of(&header.catalog.contacts));
    let setup = Setup {
        catalog: Arc::new(header.catalog),
        snapshot: header.snapshot,
        now: header.now,
        zone: jiff::tz::TimeZone::get(&header.zone).unwrap_or(jiff::tz::TimeZone::UTC),
        size: header.size,
        theme: header.theme,
        ascii: header.ascii,
        mouse: false,
        keys: header.keys,
        read_only: header.read_only,
        inert: header.inert,
        runbooks: Arc::default(),
        by: Actor::default(),
        patience: Default::default(),
        readiness: None,
        audited: None,
        update_every: std::time::Duration::from_secs(1_800),
        zones,
        seed: 0,
    };
    Ok((setup, events))
}
