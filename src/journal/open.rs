//! Opening the file: making it, several processes at once; setting aside what is none; where it may not lie.

use std::cell::Cell;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{Journal, JournalError, schema};
use crate::model::time::Timestamp;

/// The file's name in the state directory.
pub const FILE: &str = "journal.db";
/// Longer than any write of ours takes on a slow disk.
const BUSY: Duration = Duration::from_secs(5);

/// A journal that was opened.
#[derive(Debug)]
pub struct Opened {
    pub journal: Journal,
    /// What was found in its place and could not be read, in a sentence: it was set aside.
    pub set_aside: Option<String>,
}

impl Journal {
    /// Opens the journal of a state directory, and makes it if there is none.
    ///
    /// A file that is no journal is renamed and a new one begun: nothing is deleted.
    ///
    /// # Errors
    /// When the directory cannot be written, or the file was written by a newer program.
    pub fn open(state_dir: &Path, now: Timestamp) -> Result<Opened, JournalError> {
        let path = state_dir.join(FILE);
        make(state_dir, &path)?;
        match Self::open_at(&path) {
            Ok(journal) => Ok(Opened { journal, set_aside: None }),
            Err(JournalError::Corrupt { reason, .. }) => {
                let aside = set_aside(&path, now)?;
                make(state_dir, &path)?;
                let told = format!(
                    "the journal {} could not be read ({reason}); it was set aside as {} and a new one begun",
                    path.display(),
                    aside.display()
                );
                Ok(Opened { journal: Self::open_at(&path)?, set_aside: Some(told) })
            }
            Err(error) => Err(error),
        }
    }

    /// Opens the journal for looking, if there is one. Nothing is written.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open_to_read(state_dir: &Path) -> Result<Option<Self>, JournalError> {
        let path = state_dir.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let failed = |error: rusqlite::Error| JournalError::sorted(&path, &error);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        let found = schema::version(&connection).map_err(failed)?;
        if found > schema::known() {
            return Err(JournalError::Newer { path: path.clone(), found, known: schema::known() });
        }
        if found == 0 {
            return Ok(None);
        }
        Ok(Some(Self { connection, path: path.clone(), seen: Cell::new((-1, 0)), written: 0 }))
    }

    fn open_at(path: &Path) -> Result<Self, JournalError> {
        let failed = |error: rusqlite::Error| JournalError::sorted(path, &error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        // Nothing that a file says may run anything.
        connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true).map_err(failed)?;
        connection.pragma_update(None, "trusted_schema", false).map_err(failed)?;
        connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
        // Durable when it returns: what is approved may go out the moment after.
        connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
        let found = schema::version(&connection).map_err(failed)?;
        if found > schema::known() {
            return Err(JournalError::Newer { path: path.to_path_buf(), found, known: schema::known() });
        }
        let mode = if is_remote(path) { "DELETE" } else { "WAL" };
        // Another process may be in the middle of this very change; SQLite says busy at once then.
        let mut tries = 0;
        loop {
            match connection.pragma_update_and_check(None, "journal_mode", mode, |row| row.get::<_, String>(0)) {
                Ok(_) => break,
                Err(error)
                    if tries < 100 && matches!(JournalError::sorted(path, &error), JournalError::Locked { .. }) =>
                {
                    tries += 1;
                    std::thread::park_timeout(Duration::from_millis(50));
                }
                Err(error) => return Err(failed(error)),
            }
        }
        if found < schema::known() {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
            schema::migrate(&transaction, &uuid::Uuid::now_v7().to_string()).map_err(|error| error.at(path))?;
            transaction.commit().map_err(failed)?;
        }
        Ok(Self { connection, path: path.to_path_buf(), seen: Cell::new((-1, 0)), written: 0 })
    }
}

/// Makes the directory and the file, for this user only.
fn make(state_dir: &Path, path: &Path) -> Result<(), JournalError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            JournalError::ReadOnly { path: path.to_path_buf() }
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => JournalError::Full { path: path.to_path_buf() },
        _ => JournalError::Open { path: path.to_path_buf(), reason: error.to_string() },
    };
    DirBuilder::new().recursive(true).mode(0o700).create(state_dir).map_err(failed)?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

/// Renames what cannot be read, with the files that belong to it.
fn set_aside(path: &Path, now: Timestamp) -> Result<PathBuf, JournalError> {
    let stamp = now.in_zone(&jiff::tz::TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
    let name = |number: u32| {
        let number = if number == 0 { String::new() } else { format!("-{number}") };
        PathBuf::from(format!("{}.unreadable-{stamp}{number}", path.display()))
    };
    let mut number = 0;
    while name(number).exists() {
        number += 1;
    }
    let aside = name(number);
    let failed = |error: io::Error| JournalError::Open { path: path.to_path_buf(), reason: error.to_string() };
    fs::rename(path, &aside).map_err(failed)?;
    for suffix in ["-wal", "-shm"] {
        let beside = PathBuf::from(format!("{}{suffix}", path.display()));
        if beside.exists() {
            fs::rename(&beside, format!("{}{suffix}", aside.display())).map_err(failed)?;
        }
    }
    Ok(aside)
}

/// Returns whether a file lies on a network's file system, where processes share no memory, which WAL needs
/// (sqlite.org/wal.html).
#[cfg(target_os = "linux")]
fn is_remote(path: &Path) -> bool {
    // From statfs(2): NFS, SMB, SMB2, CIFS, 9P, FUSE, AFS, Ceph.
    const REMOTE: &[u32] =
        &[0x6969, 0x517b, 0xfe53_4d42, 0xff53_4d42, 0x0102_1997, 0x6573_5546, 0x5346_414f, 0x00c3_6400];
    rustix::fs::statfs(path).is_ok_and(|found| u32::try_from(found.f_type).is_ok_and(|kind| REMOTE.contains(&kind)))
}

#[cfg(not(target_os = "linux"))]
fn is_remote(_: &Path) -> bool {
    false
}
