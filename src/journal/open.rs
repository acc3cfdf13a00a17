//! Opening the file: making it, several processes at once; setting aside what is none; where it may not lie.

use std::cell::Cell;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use rustix::fs::FlockOperation;

use super::{Journal, JournalError, entry, schema};
use crate::model::time::Timestamp;

/// The file's name in the state directory.
pub const FILE: &str = "journal.db";
/// One process at a time looks whether a file must be set aside.
const LOCK: &str = "journal.lock";
/// Longer than any write of ours takes on a slow disk: tries of at most [`LONGEST_NAP`], five seconds of them.
const TRIES: i32 = 500;
const LONGEST_NAP: Duration = Duration::from_millis(10);

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
        let lock = lock_file(state_dir, &path)?;
        hold(&lock, FlockOperation::LockShared, &path)?;
        make(state_dir, &path)?;
        match Self::open_at(&path, now) {
            Ok(journal) => Ok(Opened { journal, set_aside: None }),
            Err(JournalError::Corrupt { .. }) => {
                // Nobody opens while a file and what belongs to it change places.
                hold(&lock, FlockOperation::Unlock, &path)?;
                hold(&lock, FlockOperation::LockExclusive, &path)?;
                Self::begin_anew(state_dir, &path, now)
            }
            Err(error) => Err(error),
        }
    }

    /// Sets aside what cannot be read, unless another process has done so a moment ago: its new journal is a good one.
    fn begin_anew(state_dir: &Path, path: &Path, now: Timestamp) -> Result<Opened, JournalError> {
        make(state_dir, path)?;
        match Self::open_at(path, now) {
            Ok(journal) => Ok(Opened { journal, set_aside: None }),
            Err(JournalError::Corrupt { reason, .. }) => {
                let aside = set_aside(path, now)?;
                make(state_dir, path)?;
                let told = format!(
                    "the journal {} could not be read ({reason}); it was set aside as {} and a new one begun",
                    path.display(),
                    aside.display()
                );
                Ok(Opened { journal: Self::open_at(path, now)?, set_aside: Some(told) })
            }
            Err(error) => Err(error),
        }
    }

    /// Opens the journal for looking, if there is one. Nothing of it is written.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open_to_read(state_dir: &Path) -> Result<Option<Self>, JournalError> {
        let path = state_dir.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let read = |name: &Path, more: OpenFlags| -> Result<Option<Self>, JournalError> {
            let failed = |error: rusqlite::Error| JournalError::sorted(&path, &error);
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
            let mut connection = Connection::open_with_flags(name, flags).map_err(failed)?;
            distrust(&mut connection).map_err(failed)?;
            let found = recognise(&connection, &path)?;
            let seen = Cell::new((-1, 0));
            Ok((found > 0).then(|| Self { connection, path: path.clone(), seen, written: 0 }))
        };
        match read(&path, OpenFlags::empty()) {
            // SQLite reads a WAL file's journal only where it may put its shared memory beside it. A copy on a disk that
            // cannot be written, or is full, is changed by nobody, and is read without.
            Err(
                JournalError::Open { .. }
                | JournalError::ReadOnly { .. }
                | JournalError::Full { .. }
                | JournalError::Disk { .. },
            ) if beside(&path, "-wal").metadata().map_or(true, |wal| wal.len() == 0) => {
                match url::Url::from_file_path(&path) {
                    Ok(url) => read(Path::new(&format!("{url}?immutable=1")), OpenFlags::SQLITE_OPEN_URI),
                    Err(()) => read(&path, OpenFlags::empty()),
                }
            }
            read => read,
        }
    }

    fn open_at(path: &Path, now: Timestamp) -> Result<Self, JournalError> {
        let failed = |error: rusqlite::Error| JournalError::sorted(path, &error);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        distrust(&mut connection).map_err(failed)?;
        connection.pragma_update(None, "foreign_keys", true).map_err(failed)?;
        let found = recognise(&connection, path)?;
        let (mode, synchronous) = if is_remote(path) { ("DELETE", "EXTRA") } else { ("WAL", "FULL") };
        // Durable when it returns: what is approved may go out the moment after. macOS keeps it in the disk's memory
        // unless asked twice.
        connection.pragma_update(None, "synchronous", synchronous).map_err(failed)?;
        connection.pragma_update(None, "fullfsync", true).map_err(failed)?;
        // Another process may be in the middle of this very change; SQLite says busy at once then.
        let mut tries = 0;
        loop {
            match connection.pragma_update_and_check(None, "journal_mode", mode, |row| row.get::<_, String>(0)) {
                Ok(_) => break,
                Err(error) if matches!(JournalError::sorted(path, &error), JournalError::Locked { .. }) => {
                    if !wait(tries) {
                        return Err(failed(error));
                    }
                    tries += 1;
                }
                Err(error) => return Err(failed(error)),
            }
        }
        if found < schema::known() {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
            schema::migrate(&transaction, &entry::id(now)).map_err(|error| error.at(path))?;
            transaction.commit().map_err(failed)?;
        }
        // What every write needs is read once now: a file that is broken there is set aside while nothing depends on it.
        let sql = "SELECT count(*), (SELECT hash FROM entry ORDER BY seq DESC LIMIT 1) FROM meta";
        connection.query_row(sql, [], |_| Ok(())).map_err(|error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::Unknown) => {
                JournalError::Corrupt { path: path.to_path_buf(), reason: error.to_string() }
            }
            _ => failed(error),
        })?;
        Ok(Self { connection, path: path.to_path_buf(), seen: Cell::new((-1, 0)), written: 0 })
    }
}

/// Says how long to wait for others, and that nothing that a file says may run anything.
fn distrust(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_handler(Some(wait))?;
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.pragma_update(None, "trusted_schema", false)
}

/// Waits a moment for whoever has the file locked. SQLite's own way waits longer each time, and among several who write
/// without a pause one could starve.
fn wait(tries: i32) -> bool {
    let nap = Duration::from_millis(u64::from(tries.unsigned_abs()) + 1).min(LONGEST_NAP);
    std::thread::park_timeout(nap);
    tries < TRIES
}

/// Returns the version of the file's tables; refuses what is no journal, or a newer program's.
fn recognise(connection: &Connection, path: &Path) -> Result<i64, JournalError> {
    let failed = |error: rusqlite::Error| JournalError::sorted(path, &error);
    // From one moment: another process may just be making the tables.
    let moment = connection.unchecked_transaction().map_err(failed)?;
    if let Some(reason) = schema::stranger(connection).map_err(failed)? {
        return Err(JournalError::Corrupt { path: path.to_path_buf(), reason });
    }
    let found = schema::version(connection).map_err(failed)?;
    if found > schema::known() {
        return Err(JournalError::Newer { path: path.to_path_buf(), found, known: schema::known() });
    }
    moment.commit().map_err(failed)?;
    Ok(found)
}

/// Opens the file that those lock who open the journal: together to look, alone to set it aside.
fn lock_file(state_dir: &Path, path: &Path) -> Result<fs::File, JournalError> {
    let failed = |error: io::Error| told(path, &error);
    DirBuilder::new().recursive(true).mode(0o700).create(state_dir).map_err(failed)?;
    let place = state_dir.join(LOCK);
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(place).map_err(failed)
}

fn hold(lock: &fs::File, operation: FlockOperation, path: &Path) -> Result<(), JournalError> {
    loop {
        match rustix::fs::flock(lock, operation) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(told(path, &error.into())),
        }
    }
}

/// Makes the directory and the file, for this user only.
fn make(state_dir: &Path, path: &Path) -> Result<(), JournalError> {
    let failed = |error: io::Error| told(path, &error);
    DirBuilder::new().recursive(true).mode(0o700).create(state_dir).map_err(failed)?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => {
            // A file of which the directory does not know after a loss of power would be no journal.
            let _ = fs::File::open(state_dir).and_then(|directory| directory.sync_all());
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

/// Sorts what the system says.
fn told(path: &Path, error: &io::Error) -> JournalError {
    let path = path.to_path_buf();
    match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => JournalError::ReadOnly { path },
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => JournalError::Full { path },
        _ => JournalError::Open { path, reason: error.to_string() },
    }
}

/// Returns the name of a file that belongs to the journal.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Renames what cannot be read, with the files that belong to it.
fn set_aside(path: &Path, now: Timestamp) -> Result<PathBuf, JournalError> {
    let stamp = now.in_zone(&jiff::tz::TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
    let name = |number: u32| {
        let number = if number == 0 { String::new() } else { format!("-{number}") };
        beside(path, &format!(".unreadable-{stamp}{number}"))
    };
    let mut number = 0;
    while name(number).exists() {
        number += 1;
    }
    let aside = name(number);
    let failed = |error: io::Error| told(path, &error);
    // The file last: as long as it is there, whoever comes finds a broken journal and no half of one.
    for suffix in ["-wal", "-shm"] {
        let companion = beside(path, suffix);
        if companion.exists() {
            fs::rename(&companion, beside(&aside, suffix)).map_err(failed)?;
        }
    }
    fs::rename(path, &aside).map_err(failed)?;
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
