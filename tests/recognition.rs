//! What `crashcart init` recognises, against what a person found in some fifty projects of others.
//!
//! `tests/fixtures/recognised/projects.toml` was written by reading the projects. The projects lie beside the repository
//! and are read in place; where they are absent the test says so and passes.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crashcart::config::{self, Place};
use crashcart::model::source::Source;
use crashcart::provider::feeds;
use crashcart::provider::registry::Registry;
use crashcart::recognise::write::write;
use crashcart::recognise::{draft, recognise};
use crashcart::repository::tree;
use serde::Deserialize;

/// What a person found in a project.
#[derive(Deserialize)]
struct Expected {
    has: BTreeSet<String>,
    #[serde(default)]
    maybe: BTreeSet<String>,
}

/// Of what is found, this much must be true.
const PRECISION: f64 = 0.95;
/// Of what is there, this much must be found.
const RECALL: f64 = 0.95;

fn projects() -> Option<PathBuf> {
    let shared = support::environment("CRASHCART_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = shared.join("corpora/repos");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: there is nothing at {}", folder.display());
    None
}

#[test]
fn what_is_recognised_is_what_a_person_finds() {
    let Some(folder) = projects() else { return };
    let table: BTreeMap<String, Expected> = toml::from_str(include_str!("fixtures/recognised/projects.toml")).unwrap();
    let (mut right, mut wrong, mut missed) = (0, 0, 0);
    let mut told = String::new();
    for (project, expected) in &table {
        let read = tree::read(&folder.join(project));
        assert!(!read.cut && !read.tree.files.is_empty(), "{project} was read");
        // What else is found helps to draft, and the table does not speak of it.
        let beside = ["name:", "migrations:", "store:", "needs:"];
        let compared = |key: &String| !beside.iter().any(|kind| key.starts_with(kind));
        let found: BTreeSet<String> =
            recognise(&read.tree).iter().map(|found| found.what.key()).filter(compared).collect();
        // A guessed address follows from a name and claims nothing.
        let found: BTreeSet<String> = found.into_iter().filter(|key| !is_guess(key, &read.tree)).collect();
        right += found.intersection(&expected.has).count();
        let strange: Vec<&String> =
            found.iter().filter(|key| !expected.has.contains(*key) && !expected.maybe.contains(*key)).collect();
        let absent: Vec<&String> = expected.has.difference(&found).collect();
        wrong += strange.len();
        missed += absent.len();
        if !strange.is_empty() || !absent.is_empty() {
            told.push_str(&format!("{project}: too much {strange:?}, missed {absent:?}\n"));
        }
    }
    let ratio = |part: usize, rest: usize| part as f64 / (part + rest) as f64;
    let (precision, recall) = (ratio(right, wrong), ratio(right, missed));
    println!("{told}{} projects: precision {precision:.3}, recall {recall:.3} ({right} right)", table.len());
    assert!(table.len() > 40 && right > 100, "the table is whole");
    assert!(precision >= PRECISION && recall >= RECALL, "precision {precision:.3}, recall {recall:.3}\n{told}");
}

fn is_guess(key: &str, tree: &crashcart::recognise::Tree) -> bool {
    recognise(tree).iter().any(|found| {
        found.what.key() == key && matches!(found.what, crashcart::recognise::What::Url { guess: true, .. })
    })
}

#[test]
fn every_variant_of_a_flys_file_is_read() {
    let Some(folder) = projects() else { return };
    let mut read = 0;
    for entry in std::fs::read_dir(folder.join("_fly-toml-variants")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let file = crashcart::recognise::TreeFile { path: "fly.toml".to_owned(), text };
        let found = recognise(&crashcart::recognise::Tree { name: "x".to_owned(), files: vec![file] });
        assert!(found.iter().any(|found| found.what.key() == "platform:fly"));
        read += 1;
    }
    assert!(read > 30);
}

#[test]
fn what_is_written_for_every_project_loads_without_a_word() {
    let Some(folder) = projects() else { return };
    let registry = Registry::new(Vec::new());
    let definitions: Vec<_> = registry.names().iter().map(|name| registry.find(name).unwrap()).collect();
    let find = |name: &str| definitions.iter().find(|definition| definition.name == name).map(AsRef::as_ref);
    let mut active = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let read = tree::read(&path);
        let found = recognise(&read.tree);
        let all: Vec<&str> = draft::platforms(&found).into_iter().map(|(name, _)| name).collect();
        for chosen in [draft::likely(&found), all] {
            let written = write(&draft::draft(&read.tree.name, &found, &chosen, find));
            let loaded = config::load(&written, Place { directory: &path, home: None });
            assert!(loaded.diagnostics.is_empty(), "{}: {:?}\n{written}", path.display(), loaded.diagnostics);
            let mut catalog = loaded.catalog;
            assert!(!catalog.services.is_empty(), "{written}");
            active += catalog.uses.len();
            let of = |source: &Source| registry.of(source).map_err(|error| error.to_string());
            let problems = feeds::derive(&mut catalog, of);
            assert!(problems.is_empty(), "{}: {problems:?}\n{written}", path.display());
            // And so does what stands there to be filled in, once its marks are gone.
            let filled: String = written
                .lines()
                .map(|line| match line.strip_prefix("# ") {
                    Some(rest) if is_toml(rest) => format!("{rest}\n"),
                    _ => format!("{line}\n"),
                })
                .collect();
            let filled = config::load(&filled, Place { directory: &path, home: None });
            assert!(filled.diagnostics.is_empty(), "{}: {:?}\n{written}", path.display(), filled.diagnostics);
        }
    }
    assert!(active > 30, "{active}");
}

/// Whether a comment is a line of the configuration that waits to be filled in.
fn is_toml(line: &str) -> bool {
    let is_key =
        line.split_once(" = ").is_some_and(|(key, _)| key.chars().all(|it| it.is_ascii_lowercase() || it == '_'));
    is_key || line.starts_with('[') || line.starts_with("  {") || line == "]"
}

#[test]
fn without_a_provider_it_says_so_and_its_tools_commands_are_valid_once_their_marks_are_gone() {
    let file = crashcart::recognise::TreeFile {
        path: "app.yaml".to_owned(),
        text: "runtime: python312\nservice: api\n".to_owned(),
    };
    let found = recognise(&crashcart::recognise::Tree { name: "shop".to_owned(), files: vec![file] });
    let written = write(&draft::draft("shop", &found, &draft::likely(&found), |_| None));
    assert!(written.contains("# There is no provider for Google App Engine"), "{written}");
    let filled: String = written
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(rest) if is_toml(rest) && !rest.contains("example.com") => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let loaded = config::load(&filled, Place { directory: Path::new("/"), home: None });
    assert!(loaded.diagnostics.is_empty(), "{:?}\n{filled}", loaded.diagnostics);
    let own: Vec<&str> = loaded.catalog.sources.iter().filter(|it| it.own.is_some()).map(|it| it.id.as_str()).collect();
    assert_eq!(own.len(), 1, "it can be gone back by an action of one's own: {own:?}\n{filled}");
    assert!(filled.contains("gcloud app logs tail -s api"), "{filled}");
    let file = crashcart::recognise::TreeFile {
        path: "app.yaml".to_owned(),
        text: "runtime: python312\nservice: api;reboot\n".to_owned(),
    };
    let found = recognise(&crashcart::recognise::Tree { name: "shop".to_owned(), files: vec![file] });
    let written = write(&draft::draft("shop", &found, &draft::likely(&found), |_| None));
    assert!(!written.contains("-s api;reboot"), "a name is no command: {written}");
}
