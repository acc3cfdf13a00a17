//! Fixtures against definitions.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crashcart::provider::definition::{Capability, Definition};
use crashcart::provider::fixture::{Fixture, play};
use crashcart::provider::registry::{BUILT_IN, from_text};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/providers")
}

fn definitions() -> Vec<Definition> {
    BUILT_IN
        .iter()
        .map(|(name, text)| {
            let (definition, warnings) = from_text(name, text).unwrap_or_else(|error| panic!("{error}"));
            assert!(warnings.is_empty(), "{name}: {warnings:?}");
            assert_eq!(&definition.name, name, "the file's name is the provider's");
            definition
        })
        .collect()
}

fn subject(stem: &str) -> String {
    let mut parts = stem.split('.');
    match (parts.next().unwrap_or_default(), parts.next()) {
        (first @ ("actions" | "permission"), Some(name)) => format!("{first}.{name}"),
        (first, _) => first.to_owned(),
    }
}

#[test]
fn every_fixture_comes_out_as_recorded_and_everything_has_one() {
    let mut wrong = Vec::new();
    for definition in definitions() {
        let folder = folder().join(&definition.name);
        let mut covered = BTreeSet::new();
        let files = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
        for file in files.filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
            let stem = file.file_stem().unwrap().to_string_lossy().into_owned();
            if stem.ends_with(".found") {
                continue;
            }
            let what = subject(&stem);
            let text = fs::read_to_string(&file).unwrap();
            let fixture: Fixture = match serde_json::from_str(&text) {
                Ok(fixture) => fixture,
                Err(error) => {
                    wrong.push(format!("{}/{stem}: {error}", definition.name));
                    continue;
                }
            };
            covered.insert(what.clone());
            let expected = fs::read_to_string(folder.join(format!("{stem}.found.json"))).unwrap_or_default();
            match play(&definition, &what, &fixture) {
                Err(error) => wrong.push(format!("{}/{stem}: {error}", definition.name)),
                Ok(found) => {
                    if let Some(problems) = found.get("problems") {
                        wrong.push(format!("{}/{stem}: {problems}", definition.name));
                    }
                    if serde_json::to_string_pretty(&found).unwrap() + "\n" != expected {
                        wrong.push(format!("{}/{stem}: differs from what is recorded: {found:#}", definition.name));
                    }
                }
            }
        }
        let asked = definition.actions.values().filter(|action| action.permission.is_some());
        let asked = asked.map(|action| format!("permission.{}", action.name));
        for missing in definition.abilities().into_iter().chain(asked).filter(|what| !covered.contains(what)) {
            wrong.push(format!("{}: there is no fixture of {missing}", definition.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rollback_says_what_it_leaves_and_what_happens_next() {
    for definition in definitions() {
        let Some(action) = definition.actions.get("roll_back") else { continue };
        assert!(!action.caveats.is_empty(), "{} has caveats to tell", definition.name);
        assert!(
            action.means.is_some() && action.environment.is_some() && action.automatic_deploys.is_some(),
            "{}",
            definition.name
        );
        assert!(
            definition.readings.contains_key(&Capability::Releases),
            "{} lists what to go back to",
            definition.name
        );
    }
}

#[test]
fn every_definition_names_the_page_that_its_facts_come_from() {
    for definition in definitions() {
        let docs = definition.docs.clone().unwrap_or_default();
        assert!(docs.starts_with("https://"), "{} names its docs", definition.name);
        for param in &definition.params {
            assert!(
                !param.example.is_null() || !param.default.is_null() || param.optional,
                "{}: {} has an example",
                definition.name,
                param.name
            );
        }
    }
}
