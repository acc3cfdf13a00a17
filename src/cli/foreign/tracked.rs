//! Whether a file came with the repository that it lies in: whether git's index has it.
//!
//! For the rare case in which a cloned repository is somebody's home: then what lies where one's own files lie may be
//! somebody else's. The format is that of gitformat-index(5), versions 2 to 4; what cannot be read counts as tracked.

use std::path::{Path, PathBuf};

use super::read;
use crate::repository::Repository;

/// A hundred thousand files take ten megabytes.
const LARGEST: u64 = 64 << 20;
/// Times, numbers, modes and sizes of a file, before its hash.
const FIXED: usize = 40;
const HASH: usize = 20;

/// Returns whether the repository around a file or folder tracks it, or something in it.
pub(in crate::cli) fn is_tracked(path: &Path) -> bool {
    let Ok(path) = std::path::absolute(path) else { return true };
    let Some(repository) = path.parent().and_then(Repository::find) else { return false };
    let Ok(inside) = path.strip_prefix(repository.folder()) else { return true };
    let Some(index) = index_of(repository.folder()) else { return true };
    match read(&index, LARGEST) {
        // Nothing was ever added.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(_) => true,
        Ok(bytes) => contains(&bytes, inside.as_os_str().as_encoded_bytes()).unwrap_or(true),
    }
}

/// Returns where the index is: a worktree's `.git` is a file that says so.
fn index_of(root: &Path) -> Option<PathBuf> {
    let git = root.join(".git");
    if git.is_dir() {
        return Some(git.join("index"));
    }
    let text = String::from_utf8(read(&git, 4_096).ok()?).ok()?;
    Some(root.join(text.strip_prefix("gitdir:")?.trim()).join("index"))
}

/// Returns whether an index has a path, or one below it; nothing when it cannot be read.
fn contains(index: &[u8], wanted: &[u8]) -> Option<bool> {
    let number = |at: usize| Some(u32::from_be_bytes(index.get(at..at + 4)?.try_into().ok()?));
    if index.get(..4)? != b"DIRC" {
        return None;
    }
    let (version, count) = (number(4)?, number(8)?);
    if !(2..=4).contains(&version) {
        return None;
    }
    let (mut at, mut path) = (12, Vec::new());
    for _ in 0..count {
        let begin = at;
        let flags = index.get(at + FIXED + HASH..at + FIXED + HASH + 2)?;
        at += FIXED + HASH + 2 + if flags[0] & 0x40 == 0 { 0 } else { 2 };
        if version == 4 {
            // The path is what was before, without so many bytes at its end, and what follows here.
            let mut strip = usize::from(index.get(at)? & 0x7f);
            while index.get(at)? & 0x80 != 0 {
                at += 1;
                strip = ((strip + 1) << 7) | usize::from(index.get(at)? & 0x7f);
            }
            at += 1;
            path.truncate(path.len().checked_sub(strip)?);
        } else {
            path.clear();
        }
        let length = index.get(at..)?.iter().position(|byte| *byte == 0)?;
        path.extend_from_slice(&index[at..at + length]);
        at += length + 1;
        if version < 4 {
            // Entries are padded with one to eight zero bytes.
            at = begin + (at - begin).next_multiple_of(8);
        }
        if path.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest[0] == b'/') {
            return Some(true);
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;

    fn git(folder: &Path, arguments: &[&str]) {
        let mut command = Command::new("git");
        command.arg("-C").arg(folder).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    fn what_git_tracks_is_told_in_every_version_of_its_index() {
        let place = tempfile::tempdir().unwrap();
        let path = |name: &str| place.path().join(name);
        fs::create_dir_all(path("a/b")).unwrap();
        for name in ["a/b/one", "a/b/one-more", "a/c", "z", "alone"] {
            fs::write(path(name), name).unwrap();
        }
        assert!(!is_tracked(&path("z")), "no repository");
        git(place.path(), &["init", "-q"]);
        assert!(!is_tracked(&path("z")), "nothing was added");
        git(place.path(), &["add", "a", "z"]);
        for version in ["2", "3", "4"] {
            git(place.path(), &["update-index", "--index-version", version]);
            for (name, tracked) in [
                ("a/b/one", true),
                ("a/b/one-more", true),
                ("a", true),
                ("a/b", true),
                ("z", true),
                ("alone", false),
                ("a/b/on", false),
            ] {
                assert_eq!(is_tracked(&path(name)), tracked, "{name} in version {version}");
            }
        }
        fs::write(path(".git/index"), "nonsense").unwrap();
        assert!(is_tracked(&path("alone")), "what cannot be read may hold anything");
    }
}
