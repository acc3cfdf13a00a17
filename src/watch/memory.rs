//! What the watcher remembers between two runs, in a small file beside the journal. Without it, it begins anew: the journal knows
//! which incidents there are and what went out.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::rules::State;
use crate::model::catalog::Catalog;

/// How what says whose an incident is begins.
pub(super) const MARK: &str = "watch/of/";

/// Where it lies.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    path: PathBuf,
    key: String,
}

impl Memory {
    /// Returns the place for a project: its name and its services say which it is.
    pub fn new(state_dir: &Path, catalog: &Catalog) -> Self {
        let mut hash = Sha256::new();
        hash.update(catalog.project.as_ref().map_or("", |name| name.as_str()));
        for service in &catalog.services {
            hash.update([0]);
            hash.update(service.id.as_str());
        }
        let key: String = hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Self { path: state_dir.join("watch").join(format!("{key}.json")), key }
    }

    /// Returns the lease that one watcher of the project holds.
    pub fn lease(&self) -> String {
        format!("watch/{}", self.key)
    }

    /// Returns what the project's incidents carry.
    pub fn mark(&self) -> String {
        format!("{MARK}{}", self.key)
    }

    /// Reads it. What cannot be read is forgotten.
    pub fn load(&self) -> State {
        let read = fs::read(&self.path).ok();
        read.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// Writes it, for its owner only.
    pub fn save(&self, state: &State) -> io::Result<()> {
        let bytes = serde_json::to_vec(state).map_err(io::Error::other)?;
        if let Some(folder) = self.path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let temporary = self.path.with_extension(format!("json.{}", std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        let written =
            file.write_all(&bytes).and_then(|()| file.sync_data()).and_then(|()| fs::rename(&temporary, &self.path));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    }
}
