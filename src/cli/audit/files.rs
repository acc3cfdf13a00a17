//! Reads a folder for the audit: bounded, never through a link, never running anything.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;

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
    let ignored = ignored(root);
    let mut walk = Walk { tree: Tree::default(), bytes: 0, large: 0, unread: 0 };
    walk.folder(root, "", 0, &ignored);
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

/// A line of the root's `.gitignore`.
struct Ignored {
    pattern: glob::Pattern,
    /// Whether it is about the whole path, not only the last name of it.
    rooted: bool,
    back: bool,
    folders_only: bool,
}

/// Returns what the root's `.gitignore` says. What git tracks in spite of it is rare.
fn ignored(root: &Path) -> Vec<Ignored> {
    let path = root.join(".gitignore");
    // A pipe of that name would be waited for, and a link may lead anywhere.
    let plain = fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.is_file());
    let bytes = if plain { foreign::read(&path, LARGEST).unwrap_or_default() } else { Vec::new() };
    let text = String::from_utf8_lossy(&bytes);
    text.lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| {
            let (back, line) = line.strip_prefix('!').map_or((false, line), |line| (true, line));
            let (folders_only, line) = line.strip_suffix('/').map_or((false, line), |line| (true, line));
            let rooted = line.contains('/') && !line.starts_with("**/");
            let line = line.trim_start_matches("**/").trim_start_matches('/');
            Some(Ignored { pattern: glob::Pattern::new(line).ok()?, rooted, back, folders_only })
        })
        .collect()
}

/// As git does: the last line that fits decides.
fn is_ignored(path: &str, folder: bool, ignored: &[Ignored]) -> bool {
    let options = glob::MatchOptions { require_literal_separator: true, ..glob::MatchOptions::new() };
    let name = path.rsplit('/').next().unwrap_or(path);
    let fits = |line: &&Ignored| {
        (folder || !line.folders_only) && line.pattern.matches_with(if line.rooted { path } else { name }, options)
    };
    ignored.iter().rev().find(fits).is_some_and(|line| !line.back)
}

impl Walk {
    fn folder(&mut self, place: &Path, above: &str, depth: usize, ignored: &[Ignored]) {
        let Ok(entries) = fs::read_dir(place) else {
            self.unread += 1;
            return;
        };
        let mut entries: Vec<fs::DirEntry> = entries.flatten().collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if above.is_empty() { name.clone() } else { format!("{above}/{name}") };
            // The kind of the entry itself: a link is neither a file nor a folder.
            let Ok(kind) = entry.file_type() else { continue };
            if self.tree.len() >= MOST_FILES {
                return;
            }
            if kind.is_dir() {
                let left_out = LEFT_OUT.contains(&name.as_str()) || is_ignored(&path, true, ignored);
                if depth < DEEPEST && !left_out {
                    self.folder(&entry.path(), &path, depth + 1, ignored);
                }
            } else if kind.is_file() && !is_ignored(&path, false, ignored) {
                let text = self.text(&entry);
                self.tree.add(path, text);
            }
        }
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
