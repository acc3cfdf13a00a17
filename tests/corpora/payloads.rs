//! Answers that others recorded, or copied from a vendor's documentation, against the built-in definitions.
//!
//! `payloads/table.rs` says of each file what it is. What a definition asks for must come out whole: as many things as
//! the answer has, under the ids that it has, with their times and states, and without a problem. What is an error must
//! come out as one clear sentence. A file that no row covers fails, and so does a row that covers none.

#[path = "payloads/play.rs"]
mod play;
#[path = "payloads/table.rs"]
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use self::table::{Means, TABLE};

/// Folders of answers: their name in the table, and where they are below the shared folder.
const FOLDERS: &[(&str, &str)] = &[
    ("payloads", "corpora/payloads"),
    ("recorded", "specs/monitoring/recorded"),
    ("documented", "specs/monitoring/fixtures"),
];

/// Returns every file with its name in the table.
fn answers() -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for (name, place) in FOLDERS {
        let Some(folder) = super::shared(place) else { continue };
        for file in super::files(&folder) {
            let below = file.strip_prefix(&folder).unwrap().display().to_string();
            if !["MANIFEST.tsv", "INDEX.md"].contains(&below.as_str()) {
                found.push((format!("{name}/{below}"), file));
            }
        }
    }
    found
}

/// Returns whether a name has the shape, in which `*` stands for anything.
fn fits(shape: &str, name: &str) -> bool {
    let mut parts = shape.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

#[test]
fn a_shape_fits_whole_names() {
    for (shape, name, expected) in [
        ("a/b.json", "a/b.json", true),
        ("a/b.json", "a/b.jsonl", false),
        ("a/*.json", "a/c/b.json", true),
        ("a/*b*.json", "a/xby.json", true),
        ("a/*b*.json", "a/xy.json", false),
        ("*", "a", true),
    ] {
        assert_eq!(fits(shape, name), expected, "{shape} {name}");
    }
}

#[test]
fn every_recorded_answer_is_understood_or_refused_with_one_sentence() {
    let mut wrong = Vec::new();
    let mut used = vec![0_usize; TABLE.len()];
    let mut lacked = vec![BTreeSet::new(); TABLE.len()];
    let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut others: BTreeMap<&str, usize> = BTreeMap::new();
    let mut folders = Vec::new();
    for (name, file) in answers() {
        let folder = name.split('/').next().unwrap_or_default().to_owned();
        if !folders.contains(&folder) {
            folders.push(folder);
        }
        let Some(at) = TABLE.iter().position(|row| fits(row.files, &name)) else {
            wrong.push(format!("{name}: no row of the table says what it is"));
            continue;
        };
        used[at] += 1;
        let row = &TABLE[at];
        match play::file(&row.means, &file) {
            Ok(outcome) => {
                lacked[at].extend(outcome.lacked);
                match (&row.means, row.means.tries()) {
                    (Means::Other(why), _) => *others.entry(*why).or_default() += 1,
                    (_, None) => {}
                    (_, Some((provider, what))) => {
                        let translated = matches!(&row.means, Means::Reads(reads) if reads.translated);
                        let mark = if translated { " (rewritten)" } else { "" };
                        let count = counts.entry(format!("{provider} {what}{mark}")).or_default();
                        count.0 += 1;
                        count.1 += outcome.things;
                    }
                }
            }
            Err(why) => wrong.push(format!("{name}: {why}")),
        }
    }
    for ((row, used), lacked) in TABLE.iter().zip(used).zip(lacked) {
        let folder = row.files.split('/').next().unwrap_or_default().to_owned();
        if !folders.contains(&folder) {
            continue;
        }
        if used == 0 {
            wrong.push(format!("{}: the row covers no file", row.files));
        }
        if let Means::Reads(reads) = &row.means {
            for (key, why) in reads.lacks.iter().filter(|(key, _)| !lacked.contains(key)) {
                wrong.push(format!("{}: everything has `{key}`, and the row says otherwise: {why}", row.files));
            }
        }
    }
    for (what, (files, things)) in &counts {
        println!("{what:<36} {files:>4} answers, {things} things");
    }
    for (why, files) in &others {
        println!("{files:>4} files: {why}");
    }
    assert!(wrong.is_empty(), "{} are wrong\n{}", wrong.len(), wrong.join("\n"));
}
