//! The files of a folder that could say what the project is: bounded, without following links, without running anything.
//!
//! Somebody else may have written the folder. A link can point out of it, a pipe waits for ever, a file may be endless: only
//! plain files are read, and no more of them than a repository of one team has.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use crate::recognise::{Tree, TreeFile, is_foreign, wants};

/// Deeper than this lie tests and examples.
const DEEPEST: usize = 6;
/// More entries than this are not looked at.
const MOST_ENTRIES: usize = 50_000;
/// More files than this are not read.
const MOST_FILES: usize = 800;
/// A configuration that is larger is data.
const LARGEST: u64 = 256 << 10;

/// What was read, and whether it is all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Read {
    pub tree: Tree,
    /// There is more than is looked at.
    pub cut: bool,
    /// Files that could not be read, and why.
    pub unread: Vec<(String, String)>,
}

/// Reads what is worth reading of a folder.
pub fn read(folder: &Path) -> Read {
    read_to(folder, DEEPEST)
}

/// Reads what lies at the top: as much as there is time for before the first picture.
pub fn glance(folder: &Path) -> Read {
    read_to(folder, 0)
}

fn read_to(folder: &Path, deepest: usize) -> Read {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut read = Read { tree: Tree { name, files: Vec::new() }, ..Read::default() };
    let mut entries = 0;
    // Folder by folder from the top: what lies high is read even when there is too much of all.
    let mut level = vec![(folder.to_path_buf(), String::new())];
    for _ in 0..=deepest {
        let mut below = Vec::new();
        for (place, shown) in level {
            let Ok(listed) = fs::read_dir(&place) else {
                read.unread.push((shown, "it cannot be listed".to_owned()));
                continue;
            };
            let mut names: Vec<_> = listed.flatten().collect();
            names.sort_by_key(fs::DirEntry::file_name);
            for entry in names {
                entries += 1;
                if entries > MOST_ENTRIES || read.tree.files.len() >= MOST_FILES {
                    read.cut = true;
                    return read;
                }
                let (Ok(kind), Some(name)) = (entry.file_type(), entry.file_name().to_str().map(str::to_owned)) else {
                    continue;
                };
                let path = if shown.is_empty() { name.clone() } else { format!("{shown}/{name}") };
                if kind.is_dir() && !is_foreign(&name) && name != ".git" {
                    below.push((entry.path(), path));
                } else if kind.is_file() && wants(&path) {
                    add(&entry.path(), path, &mut read);
                }
            }
        }
        level = below;
    }
    read.cut = !level.is_empty();
    let config = folder.join(".git/config");
    if fs::symlink_metadata(&config).is_ok_and(|metadata| metadata.is_file()) {
        add(&config, ".git/config".to_owned(), &mut read);
    }
    read
}

fn add(place: &Path, path: String, read: &mut Read) {
    match text(place) {
        Ok(Some(text)) => read.tree.files.push(TreeFile { path, text }),
        Ok(None) => {}
        Err(error) => read.unread.push((path, error.to_string())),
    }
}

/// Returns the text of a plain file; nothing when it is none, or too large.
fn text(place: &Path) -> std::io::Result<Option<String>> {
    // Between the listing and now a link or a pipe may have taken its place.
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = fs::File::from(rustix::fs::open(place, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok(if bytes.len() as u64 > LARGEST { None } else { String::from_utf8(bytes).ok() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_pipes_and_others_code_are_not_read() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("fly.toml"), "app = 'secret'").unwrap();
        let inside = tempfile::tempdir().unwrap();
        let root = inside.path();
        for folder in ["node_modules/x", "deep/er", ".git"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        std::os::unix::fs::symlink(outside.path(), root.join("out")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("fly.toml"), root.join("fly.toml")).unwrap();
        fs::write(root.join("node_modules/x/fly.toml"), "").unwrap();
        fs::write(root.join("deep/er/fly.toml"), "app = 'mine'").unwrap();
        fs::write(root.join(".git/config"), "").unwrap();
        fs::write(root.join("render.yaml"), vec![b'#'; 300 << 10]).unwrap();
        fs::write(root.join("Procfile"), [0xff, 0xfe]).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(root.join("vercel.json")).status().unwrap().success());
        let read = read(root);
        let paths: Vec<&str> = read.tree.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["deep/er/fly.toml", ".git/config"]);
        assert!(!read.cut && read.unread.is_empty(), "{read:?}");
    }

    #[test]
    fn too_much_is_cut_from_below_and_says_so() {
        let inside = tempfile::tempdir().unwrap();
        let deep = inside.path().join("a/b/c/d/e/f/g/h");
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("fly.toml"), "").unwrap();
        fs::write(inside.path().join("fly.toml"), "").unwrap();
        let read = read(inside.path());
        assert_eq!((read.tree.files.len(), read.cut), (1, true));
    }
}
