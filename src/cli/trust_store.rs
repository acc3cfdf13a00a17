//! Which configurations the user has approved: `trust.json` in the state directory.
//!
//! An approval is bound to the file's canonical path and to the SHA-256 of its bytes, so a changed file is a new one.
//! What the file would have done is kept beside it, to show what a change adds.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::foreign::is_tracked;

/// Why approvals cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    #[error("cannot read `{}`", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("`{}` is not what crashcart wrote", path.display())]
    Format { path: PathBuf, source: serde_json::Error },
    #[error("`{}` was written by a newer crashcart", path.display())]
    Newer { path: PathBuf },
    #[error("others may write to `{}`", path.display())]
    Writable { path: PathBuf },
    #[error("`{}` came with the repository that it lies in; name another place with --state-dir", path.display())]
    Tracked { path: PathBuf },
    #[error("cannot write `{}`", path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("the path `{}` is not UTF-8, so no approval can be bound to it", path.display())]
    Path { path: PathBuf },
}

/// The approvals in one state directory.
#[derive(Clone, Debug)]
pub struct TrustStore {
    directory: PathBuf,
}

/// What is known about a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Approved, byte for byte.
    Trusted,
    /// Never approved.
    New,
    /// Approved with other content, which would have done this.
    Changed { before: Vec<String> },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stored {
    version: u32,
    files: BTreeMap<String, Approval>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Approval {
    sha256: String,
    effects: Vec<String>,
}

/// The only format so far.
const VERSION: u32 = 1;

/// Returns what an approval is bound to.
pub fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl TrustStore {
    /// Returns the approvals kept in a state directory, which need not exist yet.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Returns what is known about a file with these bytes.
    pub fn standing(&self, file: &Path, sha256: &str) -> Result<Standing, TrustError> {
        let stored = self.read()?;
        Ok(match stored.files.get(key(file)?) {
            None => Standing::New,
            Some(approval) if approval.sha256 == sha256 => Standing::Trusted,
            Some(approval) => Standing::Changed { before: approval.effects.clone() },
        })
    }

    /// Approves a file with these bytes.
    pub fn approve(&self, file: &Path, sha256: &str, effects: Vec<String>) -> Result<(), TrustError> {
        let key = key(file)?.to_owned();
        self.change(|files| {
            files.insert(key, Approval { sha256: sha256.to_owned(), effects });
        })
    }

    /// Takes an approval back and returns whether there was one.
    pub fn revoke(&self, file: &Path) -> Result<bool, TrustError> {
        let key = key(file)?.to_owned();
        let mut was_there = false;
        self.change(|files| was_there = files.remove(&key).is_some())?;
        Ok(was_there)
    }

    fn path(&self) -> PathBuf {
        self.directory.join("trust.json")
    }

    fn read(&self) -> Result<Stored, TrustError> {
        let path = self.path();
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Stored { version: VERSION, files: BTreeMap::new() });
            }
            Err(source) => return Err(TrustError::Read { path, source }),
        };
        // Whoever can write here can approve anything.
        let mode = fs::metadata(&path).map_err(|source| TrustError::Read { path: path.clone(), source })?.permissions();
        if mode.mode() & 0o022 != 0 {
            return Err(TrustError::Writable { path });
        }
        // A repository cannot approve itself.
        if is_tracked(&path) {
            return Err(TrustError::Tracked { path });
        }
        let stored: Stored =
            serde_json::from_slice(&bytes).map_err(|source| TrustError::Format { path: path.clone(), source })?;
        if stored.version > VERSION { Err(TrustError::Newer { path }) } else { Ok(stored) }
    }

    /// Changes the approvals. Two consoles at once must not undo each other's, hence the lock; a power cut must leave
    /// the old or the new file, hence the rename.
    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, Approval>)) -> Result<(), TrustError> {
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            move |source| TrustError::Write { path, source }
        };
        DirBuilder::new().recursive(true).mode(0o700).create(&self.directory).map_err(failed(&self.directory))?;
        let lock_path = self.directory.join("trust.lock");
        let lock = private().create(true).truncate(false).open(&lock_path).map_err(failed(&lock_path))?;
        lock.lock().map_err(failed(&lock_path))?;
        let mut stored = self.read()?;
        change(&mut stored.files);
        let mut text = serde_json::to_vec_pretty(&stored).expect("plain data with text as keys");
        text.push(b'\n');
        // Under the lock nobody else has a use for this name.
        let new_path = self.directory.join("trust.json.new");
        let write = || -> io::Result<()> {
            let mut file = private().create(true).truncate(true).open(&new_path)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&new_path, self.path())?;
            File::open(&self.directory)?.sync_all()
        };
        write().map_err(failed(&self.path()))
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

fn key(file: &Path) -> Result<&str, TrustError> {
    file.to_str().ok_or_else(|| TrustError::Path { path: file.to_path_buf() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, TrustStore) {
        let directory = tempfile::tempdir().unwrap();
        let store = TrustStore::new(directory.path().join("deep/state"));
        (directory, store)
    }

    #[test]
    fn an_approval_holds_for_these_bytes_at_this_place() {
        let (_directory, store) = store();
        let (file, other) = (Path::new("/a/crashcart.toml"), Path::new("/b/crashcart.toml"));
        assert_eq!(store.standing(file, "1").unwrap(), Standing::New);
        store.approve(file, "1", vec!["run x".to_owned()]).unwrap();
        assert_eq!(store.standing(file, "1").unwrap(), Standing::Trusted);
        assert_eq!(store.standing(other, "1").unwrap(), Standing::New);
        assert_eq!(store.standing(file, "2").unwrap(), Standing::Changed { before: vec!["run x".to_owned()] });
        assert!(store.revoke(file).unwrap());
        assert!(!store.revoke(file).unwrap());
        assert_eq!(store.standing(file, "1").unwrap(), Standing::New);
    }

    #[test]
    fn approvals_are_private_and_refused_when_others_could_have_written_them() {
        let (_directory, store) = store();
        let file = Path::new("/a/crashcart.toml");
        store.approve(file, "1", Vec::new()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&store.path()), 0o600);
        assert_eq!(mode(&store.directory), 0o700);
        fs::set_permissions(store.path(), fs::Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(store.standing(file, "1"), Err(TrustError::Writable { .. })));
    }

    #[test]
    fn a_damaged_or_newer_file_is_not_read_as_approval_and_not_overwritten() {
        let (_directory, store) = store();
        let file = Path::new("/a/crashcart.toml");
        store.approve(file, "1", Vec::new()).unwrap();
        for (text, newer) in [("{", false), ("{\"version\": 2, \"files\": {}}", true)] {
            fs::write(store.path(), text).unwrap();
            let error = store.approve(file, "2", Vec::new()).unwrap_err();
            assert_eq!(matches!(error, TrustError::Newer { .. }), newer, "{error}");
            assert_eq!(fs::read_to_string(store.path()).unwrap(), text);
        }
    }

    #[test]
    fn approvals_given_at_the_same_time_all_stay() {
        let (_directory, store) = store();
        std::thread::scope(|scope| {
            for number in 0..8 {
                let store = &store;
                scope.spawn(move || store.approve(Path::new(&format!("/{number}")), "1", Vec::new()).unwrap());
            }
        });
        assert_eq!(store.read().unwrap().files.len(), 8);
    }
}
