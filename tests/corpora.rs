//! What others wrote against the sanitiser, the log parser and the definitions of providers: escape sequences that attacked
//! terminals, recorded terminal sessions, logs of some eighty programs, recorded answers of some forty systems, some
//! four hundred runbooks, and cards of a dozen address books.
//!
//! The corpora lie beside the repository and are read in place. Where they are absent the tests say so and pass.

#[path = "corpora/escapes.rs"]
mod escapes;
#[path = "corpora/logs.rs"]
mod logs;
#[path = "corpora/payloads.rs"]
mod payloads;
#[path = "corpora/runbooks.rs"]
mod runbooks;
mod support;
#[path = "corpora/vcards.rs"]
mod vcards;

use std::path::{Path, PathBuf};

/// Returns a directory of the corpora, or says that it is skipped.
fn corpus(name: &str) -> Option<PathBuf> {
    shared(&format!("corpora/{name}"))
}

/// Returns a directory beside the repository, or says that it is skipped.
fn shared(place: &str) -> Option<PathBuf> {
    let shared = support::environment("CRASHCART_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = shared.join(place);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: there is nothing at {}", folder.display());
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
