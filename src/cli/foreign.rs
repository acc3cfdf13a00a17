//! Files that somebody else may have written: read without waiting, without following them out of their folder, and no
//! more of them than makes sense.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::environment::Environment;
use crate::model::text::Line;
use crate::repository::Repository;

mod tracked;

pub(super) use tracked::is_tracked;

/// Returns whether the user's own configuration directory came with a repository, because that is their home.
pub(super) fn home_is_foreign(environment: &Environment) -> bool {
    let inside = environment.home.as_deref().is_some_and(|home| Repository::find(home).is_some());
    inside && environment.config_dir.as_deref().is_some_and(is_tracked)
}

/// Reads a plain file whole. A pipe, a device and what is larger are refused, without waiting for them.
///
/// # Errors
/// What the system says, or what is wrong with the file.
pub(super) fn read(path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    file.take(largest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > largest {
        return Err(io::Error::other(format!("it is larger than {} KiB", largest >> 10)));
    }
    Ok(bytes)
}

/// Returns whether everybody on this machine may change it.
pub(super) fn is_open_to_all(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o002 != 0)
}

/// Returns where a path really leads, when links lead it out of the repository that it lies in; outside of a repository
/// out of its folder.
pub(super) fn leads_out(path: &Path) -> Option<PathBuf> {
    // What is not there leads nowhere.
    let real = std::fs::canonicalize(path).ok()?;
    let path = std::path::absolute(path).ok()?;
    let folder = path.parent()?;
    let root = Repository::find(folder).map_or_else(|| folder.to_path_buf(), |found| found.folder().to_path_buf());
    let inside = std::fs::canonicalize(root).is_ok_and(|root| real.starts_with(root));
    (!inside).then_some(real)
}

/// Returns a path as it may be shown: whoever made the repository chose its names.
pub(super) fn shown(path: &Path) -> Line {
    Line::from_text(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn pipes_devices_and_endless_files_are_not_read() {
        let place = tempfile::tempdir().unwrap();
        let pipe = place.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(read(&pipe, 10).unwrap_err().to_string().contains("not a file"));
        assert!(read(Path::new("/dev/zero"), 10).unwrap_err().to_string().contains("not a file"));
        assert!(read(place.path(), 10).is_err());
        fs::write(place.path().join("large"), [b'x'; 11]).unwrap();
        assert!(read(&place.path().join("large"), 10).unwrap_err().to_string().contains("larger"));
        assert_eq!(read(&place.path().join("large"), 11).unwrap().len(), 11);
    }

    #[test]
    fn a_link_may_lead_through_its_repository_and_not_out_of_it() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        fs::create_dir_all(path("repo/.git")).unwrap();
        fs::create_dir_all(path("repo/a/b")).unwrap();
        fs::write(path("secret"), "").unwrap();
        fs::write(path("repo/plain"), "").unwrap();
        symlink("../../plain", path("repo/a/b/inside")).unwrap();
        symlink("../../../secret", path("repo/a/b/outside")).unwrap();
        symlink(place.path(), path("repo/a/folder")).unwrap();
        assert_eq!(leads_out(&path("repo/a/b/inside")), None);
        assert_eq!(leads_out(&path("repo/plain")), None);
        assert!(leads_out(&path("repo/a/b/outside")).is_some());
        assert!(leads_out(&path("repo/a/folder/secret")).is_some());
        assert!(leads_out(&path("repo/a/folder")).is_some());
    }
}
