//! Reads a folder for the audit: bounded, never through a link, never running anything.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::audit::tree::Tree;
use crate::cli::failure::Failure;
use crate::cli::foreign;

/// More than a large monorepo's configuration, and less than what would make somebody wait.
const MOST_FILES: usize = 50_000;
/// A file that is larger is data, or generated.
const LARGEST: u64 = 512 << 10;
/// All texts together.
const MOST_BYTES: u64 = 256 << 20;
const DEEPEST: usize = 24;
/// What others made, or what is made anew.
const LEFT_OUT: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    "node_modules",
    "target",
    "vendor",
    "dist",
    ".next",
    ".nuxt",
    ".svelte-kit",
    ".venv",
    "venv",
    "__pycache__",
    ".tox",
    ".mypy_cache",
    ".terraform",
    ".gradle",
    "bower_components",
    "coverage",
    ".cache",
    ".turbo",
    "_build",
    "deps",
];
/// Files whose names say enough.
const NAMES_ONLY: &[&str] = &[
    "lock", "png", "jpg", "jpeg", "gif", "svg", "ico", "woff", "woff2", "ttf", "pdf", "zip", "gz", "map", "mp4", "webp",
];

struct Walk {
    tree: Tree,
    bytes: u64,
    large: usize,
    unread: usize,
}

/// Reads a folder.
pub(super) fn read(root: &Path) -> Result<Tree, Failure> {
    let entries = fs::read_dir(root).with_context(|| format!("cannot read the folder `{}`", root.display()));
    drop(entries.map_err(|error| Failure::from(error).hint("name the folder of a repository: crashcart audit PATH"))?);
    // What only this clone ignores comes before everything, so that a `.gitignore` can take it back.
    let mut ignored: Vec<Gitignore> = patterns(root, &root.join(".git/info/exclude")).into_iter().collect();
    let mut walk = Walk { tree: Tree::default(), bytes: 0, large: 0, unread: 0 };
    walk.folder(root, "", 0, &mut ignored);
    if walk.large > 0 {
        walk.tree.skip(format!("{} larger than {} KiB", crate::ui::format::count(walk.large, "file"), LARGEST >> 10));
    }
    if walk.unread > 0 {
        walk.tree.skip(format!("{} that could not be read", crate::ui::format::count(walk.unread, "file or folder")));
    }
    if walk.tree.len() >= MOST_FILES {
        walk.tree.skip(format!("everything behind the first {MOST_FILES} files"));
    }
    if walk.bytes >= MOST_BYTES {
        walk.tree.skip(format!("the texts behind the first {} MiB", MOST_BYTES >> 20));
    }
    Ok(walk.tree)
}

/// Returns what a file of patterns says of the folder that it lies in, or nothing. A link is not followed, as in git, and a pipe
/// of that name would be waited for.
fn patterns(place: &Path, file: &Path) -> Option<Gitignore> {
    if !fs::symlink_metadata(file).is_ok_and(|metadata| metadata.is_file()) {
        return None;
    }
    let bytes = foreign::read(file, LARGEST).ok()?;
    let mut builder = GitignoreBuilder::new(place);
    for line in String::from_utf8_lossy(&bytes).lines() {
        // A line that cannot be read ignores nothing; the others count.
        let _broken = builder.add_line(None, line);
    }
    builder.build().ok().filter(|built| !built.is_empty())
}

/// As git does: the folder nearest to the file decides first, and in it the last line that fits.
fn is_ignored(path: &Path, folder: bool, ignored: &[Gitignore]) -> bool {
    let told = ignored.iter().rev().map(|patterns| patterns.matched(path, folder)).find(|told| !told.is_none());
    told.is_some_and(|told| told.is_ignore())
}

impl Walk {
    fn folder(&mut self, place: &Path, above: &str, depth: usize, ignored: &mut Vec<Gitignore>) {
        let Ok(entries) = fs::read_dir(place) else {
            self.unread += 1;
            return;
        };
        let mut entries: Vec<fs::DirEntry> = entries.flatten().collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        let before = ignored.len();
        ignored.extend(patterns(place, &place.join(".gitignore")));
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if above.is_empty() { name.clone() } else { format!("{above}/{name}") };
            // The kind of the entry itself: a link is neither a file nor a folder.
            let Ok(kind) = entry.file_type() else { continue };
            if self.tree.len() >= MOST_FILES {
                break;
            }
            if kind.is_dir() {
                let left_out = LEFT_OUT.contains(&name.as_str()) || is_ignored(&entry.path(), true, ignored);
                if depth < DEEPEST && !left_out {
                    self.folder(&entry.path(), &path, depth + 1, ignored);
                }
            } else if kind.is_file() && !is_ignored(&entry.path(), false, ignored) {
                let text = self.text(&entry);
                self.tree.add(path, text);
            }
        }
        ignored.truncate(before);
    }

    fn text(&mut self, entry: &fs::DirEntry) -> Option<String> {
        let name = entry.file_name().to_string_lossy().to_ascii_lowercase();
        if NAMES_ONLY.iter().any(|extension| name.ends_with(&format!(".{extension}"))) || name.contains("-lock.") {
            return None;
        }
        if entry.metadata().ok()?.len() > LARGEST {
            self.large += 1;
            return None;
        }
        if self.bytes >= MOST_BYTES {
            return None;
        }
        let Ok(file) = fs::File::open(entry.path()) else {
            self.unread += 1;
            return None;
        };
        let mut bytes = Vec::new();
        file.take(LARGEST).read_to_end(&mut bytes).ok()?;
        self.bytes += bytes.len() as u64;
        if bytes.iter().take(8000).any(|byte| *byte == 0) {
            return None;
        }
        Some(String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}').to_owned())
    }
}
