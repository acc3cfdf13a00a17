//! What the last look at everything has shown, on disk, for whoever asks later how old the proof is.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::store::key;
use crate::model::catalog::Catalog;
use crate::model::readiness::Readiness;

/// Raised when an older program could misread what a newer one writes.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    readiness: Readiness,
}

fn place(state_dir: &Path, catalog: &Catalog) -> PathBuf {
    state_dir.join("readiness").join(format!("{}.json", key(catalog)))
}

/// Keeps what was shown, readable by its owner only.
///
/// # Errors
/// When it cannot be written; what was there stays.
pub fn save(state_dir: &Path, catalog: &Catalog, readiness: &Readiness) -> io::Result<PathBuf> {
    let path = place(state_dir, catalog);
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let bytes = serde_json::to_vec(&Kept { version: VERSION, readiness: readiness.clone() })?;
    let temporary = path.with_extension(format!("json.{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    let written = file.write_all(&bytes).and_then(|()| file.sync_data()).and_then(|()| fs::rename(&temporary, &path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written.map(|()| path)
}

/// Returns what was kept for the same checks; nothing when there is nothing that can be read.
pub fn load(state_dir: &Path, catalog: &Catalog) -> Option<Readiness> {
    let bytes = fs::read(place(state_dir, catalog)).ok()?;
    serde_json::from_slice::<Kept>(&bytes).ok().filter(|kept| kept.version == VERSION).map(|kept| kept.readiness)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::readiness::{Area, Proof, Verdict};
    use crate::model::time::Timestamp;

    #[test]
    fn what_was_shown_is_read_again_and_damage_is_as_good_as_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let catalog = Catalog::default();
        assert_eq!(load(folder.path(), &catalog), None);
        let lines = vec![Proof::new(Area::Clock, "here", Verdict::Ok, "it is right").fix("nothing")];
        let readiness = Readiness { at: Timestamp::from_secs(7), lines };
        let path = save(folder.path(), &catalog, &readiness).unwrap();
        assert_eq!(load(folder.path(), &catalog), Some(readiness));
        fs::write(&path, "{").unwrap();
        assert_eq!(load(folder.path(), &catalog), None);
    }
}
