//! What can go wrong with the journal, each with what to try.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use thiserror::Error;

use crate::operation::log::Illegal;

/// Why the journal could not be read or written.
#[derive(Debug, Error)]
pub enum JournalError {
    #[error("the disk is full: {path} cannot grow")]
    Full { path: PathBuf },
    #[error("{path} is on a disk that cannot be written")]
    ReadOnly { path: PathBuf },
    #[error("{path} was locked by another process for too long")]
    Locked { path: PathBuf },
    #[error("the disk would not take what belongs into {path}: {reason}")]
    Disk { path: PathBuf, reason: String },
    #[error("{path} is not a journal any more: {reason}")]
    Corrupt { path: PathBuf, reason: String },
    #[error("{path} was written by a newer crashcart (version {found} of its tables, this one knows {known})")]
    Newer { path: PathBuf, found: i64, known: i64 },
    #[error("{path} cannot be opened: {reason}")]
    Open { path: PathBuf, reason: String },
    #[error("{path}: {reason}")]
    Other { path: PathBuf, reason: String },
    #[error(transparent)]
    Illegal(#[from] Illegal),
    #[error(transparent)]
    IllegalRun(#[from] crate::runbook::run::Illegal),
    #[error(transparent)]
    IllegalIncident(#[from] crate::incident::Illegal),
    #[error("there is no run `{wanted}`")]
    NoRun { wanted: String },
    #[error("the lease is {holder}'s now")]
    LostLease { holder: String },
    #[error("there is no operation `{wanted}`")]
    NoOperation { wanted: String },
    #[error("several operations end with `{wanted}`")]
    SeveralOperations { wanted: String },
}

impl JournalError {
    /// Sorts what SQLite says of a write.
    pub(super) fn write(path: &Path, error: rusqlite::Error) -> Self {
        Self::sorted(path, &error)
    }

    /// Sorts what SQLite says of a read.
    pub(super) fn read(path: &Path, error: rusqlite::Error) -> Self {
        Self::sorted(path, &error)
    }

    pub(super) fn sorted(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_path_buf();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
                Self::Locked { path }
            }
            // A quota and a limit on the size of files come as this, and so does a disk that dies.
            Some(ErrorCode::SystemIoFailure) => Self::Disk { path, reason: error.to_string() },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt { path, reason: error.to_string() }
            }
            Some(ErrorCode::CannotOpen) => Self::Open { path, reason: error.to_string() },
            _ => Self::Other { path, reason: error.to_string() },
        }
    }

    /// Names the file where a place that has none at hand could not.
    pub(super) fn at(self, path: &Path) -> Self {
        let path = path.to_path_buf();
        match self {
            Self::Full { .. } => Self::Full { path },
            Self::ReadOnly { .. } => Self::ReadOnly { path },
            Self::Locked { .. } => Self::Locked { path },
            Self::Disk { reason, .. } => Self::Disk { path, reason },
            Self::Corrupt { reason, .. } => Self::Corrupt { path, reason },
            Self::Open { reason, .. } => Self::Open { path, reason },
            Self::Other { reason, .. } => Self::Other { path, reason },
            other => other,
        }
    }

    /// Returns whether the same may work a moment later.
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Full { .. }
                | Self::ReadOnly { .. }
                | Self::Locked { .. }
                | Self::Disk { .. }
                | Self::Open { .. }
                | Self::Other { .. }
        )
    }

    /// Returns what to try next.
    pub fn hint(&self) -> String {
        let folder = |path: &Path| path.parent().unwrap_or(path).display().to_string();
        match self {
            Self::Full { path } => {
                format!("make room in {}, or keep the journal elsewhere: --state-dir DIR", folder(path))
            }
            Self::Disk { path, .. } => {
                format!(
                    "see whether the disk or a quota is full: df -h {}; dmesg tells of a disk that dies",
                    folder(path)
                )
            }
            Self::ReadOnly { path } | Self::Open { path, .. } => {
                format!("let yourself write into {}, or keep the journal elsewhere: --state-dir DIR", folder(path))
            }
            Self::Locked { path } => format!("see who has it: fuser {}", path.display()),
            Self::Corrupt { path, .. } => format!("set it aside: mv {0} {0}.damaged, and start again", path.display()),
            Self::Newer { .. } => "use the newer crashcart, or another --state-dir".to_owned(),
            Self::Other { .. } => "crashcart journal verify says what is wrong with it".to_owned(),
            Self::Illegal(_) => "look at it: crashcart operations show".to_owned(),
            Self::IllegalRun(_) | Self::NoRun { .. } => "look at it: crashcart runbooks runs".to_owned(),
            Self::IllegalIncident(_) => "look at it: crashcart incident list".to_owned(),
            Self::LostLease { .. } => "it was taken over; watch it with crashcart operations".to_owned(),
            Self::NoOperation { .. } | Self::SeveralOperations { .. } => "crashcart operations lists them".to_owned(),
        }
    }
}

/// SQLite's words inside a transaction; the file's name comes later.
impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> Self {
        Self::sorted(Path::new(""), &error)
    }
}
