//! The sanitiser and the log parser against text that others wrote: escape sequences that attacked terminals, recorded
//! terminal sessions, and logs of some eighty programs.
//!
//! The corpora lie beside the repository and are read in place. Where they are absent the tests say so and pass.

#[path = "corpora/escapes.rs"]
mod escapes;
#[path = "corpora/logs.rs"]
mod logs;
mod support;

use std::path::{Path, PathBuf};

/// Returns a directory of the corpora, or says that it is skipped.
fn corpus(name: &str) -> Option<PathBuf> {
    let shared = support::environment("CRASHCART_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let corpus = shared.join("corpora").join(name);
    if corpus.is_dir() {
        return Some(corpus);
    }
    println!("skipped: there is no corpus at {}", corpus.display());
    None
}

/// Returns every file below a directory, in order.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
