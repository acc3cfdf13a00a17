//! Files for nobody else's eyes: 0600 from their first byte, whole or not there at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::error::reason;

/// Why a file cannot be written. What was there is still there.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WriteError {
    #[error("cannot write `{}`: {reason}", path.display())]
    Failed { path: PathBuf, reason: String },
    #[error("`{}` is a symbolic link: crashcart replaces no links", path.display())]
    Symlink { path: PathBuf },
    #[error("`{}` is not a regular file", path.display())]
    NotAFile { path: PathBuf },
    #[error("there is already a file `{}`", path.display())]
    Exists { path: PathBuf },
    #[error("everybody may change the directory `{}`", path.display())]
    OpenDirectory { path: PathBuf },
}

impl WriteError {
    /// Returns what to try next.
    pub fn hint(&self) -> String {
        match self {
            Self::Failed { path, .. } => format!("ls -ld {}", directory_of(path).display()),
            Self::Symlink { .. } => "name the file that it leads to, or remove the link".to_owned(),
            Self::NotAFile { .. } => "name another path".to_owned(),
            Self::Exists { .. } => "add --replace if it is to be overwritten".to_owned(),
            Self::OpenDirectory { path } => format!("chmod o-w {}", path.display()),
        }
    }
}

/// What happens to a file that is already there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Existing {
    Replace,
    Keep,
}

/// Writes a file under a temporary name, makes sure that the disk has it, and gives it its name. A directory that does
/// not exist is made, for its owner only.
///
/// # Errors
/// When it cannot be written, when something other than a regular file has its name, or when it exists and is to be
/// kept.
pub fn write(path: &Path, bytes: &[u8], existing: Existing) -> Result<(), WriteError> {
    let failed = |error: io::Error| WriteError::Failed { path: path.to_owned(), reason: reason(&error) };
    let directory = directory_of(path);
    prepare(directory)?;
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => return Err(WriteError::Symlink { path: path.to_owned() }),
        Ok(found) if !found.is_file() => return Err(WriteError::NotAFile { path: path.to_owned() }),
        Ok(_) if existing == Existing::Keep => return Err(WriteError::Exists { path: path.to_owned() }),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let (temporary, mut file) = begin(directory, path).map_err(failed)?;
    let mut finish = || -> io::Result<()> {
        file.write_all(bytes)?;
        // A full disk may only say so here, and a power cut must not leave a name without content.
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        File::open(directory)?.sync_all()
    };
    finish().map_err(|error| {
        let _ = fs::remove_file(&temporary);
        failed(error)
    })
}

/// Removes a file that [`write()`] could have written.
///
/// # Errors
/// When there is none, or something else has its name.
pub fn remove(path: &Path) -> Result<(), WriteError> {
    let failed = |error: io::Error| WriteError::Failed { path: path.to_owned(), reason: reason(&error) };
    let found = fs::symlink_metadata(path).map_err(failed)?;
    if found.is_symlink() {
        return Err(WriteError::Symlink { path: path.to_owned() });
    }
    if !found.is_file() {
        return Err(WriteError::NotAFile { path: path.to_owned() });
    }
    fs::remove_file(path).map_err(failed)
}

/// Makes the directory if it is not there, and refuses one in which everybody could put another file in our place.
pub(super) fn prepare(directory: &Path) -> Result<(), WriteError> {
    let failed = |error: io::Error| WriteError::Failed { path: directory.to_owned(), reason: reason(&error) };
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed)?;
    let mode = fs::metadata(directory).map_err(failed)?.mode();
    // In a sticky directory (/tmp) nobody can rename what is ours. A group may be the user's own, and often is.
    if mode & 0o002 != 0 && mode & 0o1000 == 0 {
        return Err(WriteError::OpenDirectory { path: directory.to_owned() });
    }
    Ok(())
}

/// Creates a file that nobody else can have prepared.
fn begin(directory: &Path, path: &Path) -> io::Result<(PathBuf, File)> {
    let name = path.file_name().ok_or_else(|| io::Error::other("it has no name"))?.to_string_lossy().into_owned();
    let mut number = 0;
    loop {
        let temporary = directory.join(format!(".{name}.{}.{number}.new", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            // Left behind by one that was killed, under a process number that is ours now.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 100 => number += 1,
            Err(error) => return Err(error),
        }
    }
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_and_its_directory_are_for_their_owner_only() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a/b/token");
        write(&path, b"one", Existing::Keep).unwrap();
        write(&path, b"two", Existing::Replace).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!((mode(&path), mode(&root.path().join("a/b")), mode(&root.path().join("a"))), (0o600, 0o700, 0o700));
        assert_eq!(names(&root.path().join("a/b")), ["token"]);
    }

    #[test]
    fn what_is_already_there_stays_unless_it_may_be_replaced() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("precious");
        fs::write(&path, "precious").unwrap();
        assert_eq!(write(&path, b"x", Existing::Keep).unwrap_err(), WriteError::Exists { path: path.clone() });
        let link = root.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(write(&link, b"x", Existing::Replace).unwrap_err(), WriteError::Symlink { path: link.clone() });
        assert_eq!(remove(&link).unwrap_err(), WriteError::Symlink { path: link });
        let folder = root.path().join("folder");
        fs::create_dir(&folder).unwrap();
        assert_eq!(write(&folder, b"x", Existing::Replace).unwrap_err(), WriteError::NotAFile { path: folder });
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }

    #[test]
    fn a_directory_where_everybody_may_write_is_refused_unless_it_is_sticky() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("token");
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(write(&path, b"x", Existing::Keep), Err(WriteError::OpenDirectory { .. })));
        assert!(!path.exists());
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        write(&path, b"x", Existing::Keep).unwrap();
    }

    #[test]
    fn a_write_that_fails_leaves_the_old_file_and_no_other() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("token");
        write(&path, b"old", Existing::Keep).unwrap();
        // Bytes that the disk does not take: the limit on the size of files, in a process of its own, is the nearest
        // that a test can come to a full disk; a directory in the way of the temporary name is nearer still.
        for number in 0..=100 {
            fs::create_dir(root.path().join(format!(".token.{}.{number}.new", std::process::id()))).unwrap();
        }
        assert!(matches!(write(&path, b"new", Existing::Replace), Err(WriteError::Failed { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }
}
