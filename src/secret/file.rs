//! Secrets in files that nobody else may read.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;
use zeroize::Zeroizing;

use super::aside::{Missed, aside};
use super::error::{Denial, SecretError, reason};
use super::{LARGEST, usable};
use crate::model::secret::{Secret, SecretRef};

/// A local disk answers in milliseconds; a network's home directory may take a while, or for ever.
const LIMIT: Duration = Duration::from_secs(5);

/// Reads the secret in a file. Links are followed: what counts is the file that was opened.
pub async fn get(path: PathBuf, place: &SecretRef) -> Result<Secret, SecretError> {
    let asked = place.clone();
    match aside(LIMIT, move || read(&path, &asked)).await {
        Ok(result) => result,
        Err(Missed::Late) => Err(SecretError::TimedOut { place: place.clone(), limit: LIMIT }),
        Err(Missed::NoThread) => Err(SecretError::NoThread { place: place.clone() }),
    }
}

fn read(path: &Path, place: &SecretRef) -> Result<Secret, SecretError> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => SecretError::Missing { place: place.clone() },
        _ => SecretError::Unreadable { path: path.to_owned(), reason: reason(&error) },
    };
    let file = open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    let denied = |reason| Err(SecretError::Denied { path: path.to_owned(), reason });
    if !metadata.is_file() {
        return denied(Denial::NotAFile);
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return denied(Denial::NotOurs { owner: metadata.uid() });
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return denied(Denial::OpenToOthers { mode });
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    usable(bytes, place)
}

/// Opens a file, without waiting for the writer of a pipe.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    OpenOptions::new().read(true).custom_flags(i32::try_from(flags.bits()).unwrap_or(0)).open(path)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn file(content: &[u8], mode: u32) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (directory, path)
    }

    async fn got(path: &Path) -> Result<Secret, SecretError> {
        get(path.to_owned(), &SecretRef::File(path.to_owned())).await
    }

    #[tokio::test]
    async fn a_private_file_is_read_and_one_newline_at_its_end_is_not_part_of_it() {
        for (content, secret) in [("hunter2", "hunter2"), ("hunter2\n", "hunter2"), (" a\r\n", " a"), ("a\n\n", "a\n")]
        {
            let (_directory, path) = file(content.as_bytes(), 0o600);
            assert_eq!(got(&path).await.unwrap().expose(), secret);
        }
        let (directory, path) = file(b"hunter2", 0o400);
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(got(&link).await.unwrap().expose(), "hunter2");
    }

    #[tokio::test]
    async fn a_file_that_others_may_read_is_refused_and_the_hint_mends_it() {
        for mode in [0o640, 0o604, 0o660, 0o601, 0o644] {
            let (_directory, path) = file(b"hunter2", mode);
            let error = got(&path).await.unwrap_err();
            assert_eq!(error, SecretError::Denied { path: path.clone(), reason: Denial::OpenToOthers { mode } });
            assert!(error.to_string().contains(&format!("(mode {mode:04o})")), "{error}");
            assert!(error.hint().starts_with(&format!("chmod 600 {}", path.display())), "{}", error.hint());
        }
    }

    #[tokio::test]
    async fn what_is_no_file_is_refused_and_nothing_hangs() {
        let directory = tempfile::tempdir().unwrap();
        let pipe = directory.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for path in [pipe.as_path(), directory.path(), Path::new("/dev/null")] {
            let error = got(path).await.unwrap_err();
            assert!(matches!(error, SecretError::Denied { reason: Denial::NotAFile, .. }), "{error}");
        }
        let absent = directory.path().join("absent");
        assert_eq!(got(&absent).await.unwrap_err(), SecretError::Missing { place: SecretRef::File(absent) });
    }

    #[tokio::test]
    async fn what_is_no_secret_is_told_apart() {
        for (content, says) in [
            (&b""[..], "there is no file"),
            (b"\n", "is empty"),
            (b"a\xffb", "not UTF-8"),
            (&[b'a'; 70_000], "64 KiB"),
            (b"a\0b", "zero byte"),
        ] {
            let (_directory, path) = file(content, 0o600);
            let error = got(&path).await.unwrap_err().to_string();
            let says = if content.is_empty() { "is empty" } else { says };
            assert!(error.contains(says), "{error}");
        }
    }
}
