//! Database migrations between two releases: which files are some, and what each does.
//!
//! Going back to a release takes no migration back. So each is shown, and the worst for the older release first: what it
//! drops or rewrites, the older release may still need.

mod code;
mod frameworks;
mod sql;

use std::collections::BTreeMap;

use crate::model::operation::{Between, Migration, MigrationKind};
use crate::model::release::{ChangedFile, Changes, FileChange};
use crate::model::text::Line;

pub use frameworks::Framework;

/// A file with more is data, and reading it tells nothing at night.
const LARGEST: usize = 1 << 20;
/// Lines of evidence that are kept of each.
const EVIDENCE: usize = 8;

/// A file that is a migration by its path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    pub path: Line,
    pub framework: Framework,
    pub change: FileChange,
}

/// Returns the migrations among some files, in the order of their paths, which is the order of their times.
pub fn find_migrations(files: &[ChangedFile]) -> Vec<Found> {
    let mut found: Vec<Found> = files
        .iter()
        .filter_map(|file| {
            let framework = frameworks::of_path(file.path.as_str())?;
            Some(Found { path: file.path.clone(), framework, change: file.change })
        })
        .collect();
    found.sort_by(|a, b| a.path.as_str().cmp(b.path.as_str()));
    found
}

/// Returns what a migration does, the worst first, and the lines that say so.
pub fn judge(framework: Framework, path: &str, text: &str) -> (Vec<MigrationKind>, Vec<Line>) {
    if text.len() > LARGEST {
        return (vec![MigrationKind::Unknown], vec![Line::from_text("it is larger than what is read")]);
    }
    let mut told =
        if framework.is_sql(path) { sql::read(framework.up_part(text)) } else { code::read(framework, text) };
    told.sort_by_key(|saying| (saying.kind, saying.line));
    let mut kinds: Vec<MigrationKind> = told.iter().map(|saying| saying.kind).collect();
    kinds.dedup();
    if kinds.is_empty() {
        kinds.push(MigrationKind::Unknown);
    }
    let evidence = told.iter().take(EVIDENCE).map(|saying| {
        Line::from_text(&format!("line {}: {}", saying.line, saying.text.chars().take(120).collect::<String>()))
    });
    (kinds, evidence.collect())
}

/// Returns a migration's statements of SQL with their lines: all of a script, and what a program hands over.
pub fn statements(framework: Framework, path: &str, text: &str) -> Vec<(usize, String)> {
    if text.len() > LARGEST {
        return Vec::new();
    }
    if framework.is_sql(path) { sql::cut(framework.up_part(text), 1) } else { code::handed_over(text) }
}

/// Returns the half of a migration that goes forward.
pub fn forwards<'t>(framework: Framework, path: &str, text: &'t str) -> &'t str {
    if framework.is_sql(path) { framework.up_part(text) } else { code::forwards(text) }
}

/// One thing that a migration does.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Saying {
    kind: MigrationKind,
    /// Counted from 1.
    line: usize,
    text: String,
}

/// Puts together what lies between two releases. `texts` are the migrations' contents, by path, as far as they are at hand.
pub fn between(changes: Option<Changes>, told_by: Line, texts: &BTreeMap<String, String>) -> Between {
    let files = changes.as_ref().map(|changes| changes.files.as_slice()).unwrap_or_default();
    let mut migrations: Vec<Migration> = find_migrations(files)
        .into_iter()
        .map(|Found { path, framework, change }| {
            let (kinds, evidence) = match texts.get(path.as_str()) {
                Some(text) => judge(framework, path.as_str(), text),
                None => (Vec::new(), Vec::new()),
            };
            Migration { framework: Line::from_text(framework.title()), path, change, kinds, evidence }
        })
        .collect();
    // What was not read may be the worst.
    migrations.sort_by_key(|migration| migration.kinds.first().copied().unwrap_or(MigrationKind::Drops));
    Between { changes, told_by, migrations }
}

#[cfg(test)]
mod tests;
