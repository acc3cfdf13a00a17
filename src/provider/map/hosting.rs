//! Releases, instances, and what lies between two releases.

use serde_json::Value;

use super::fields::{Item, Problems, objects};
use crate::model::release::{ChangedFile, Changes, Commit, FileChange, Instance, InstanceState, Release, ReleaseState};
use crate::provider::definition::Vocabulary;

/// Reads releases.
pub fn releases(outputs: &[Value], words: &Vocabulary, problems: &mut Problems) -> Vec<Release> {
    objects(outputs, "a release", problems)
        .into_iter()
        .filter_map(|object| {
            let mut item = Item::of("a release", object, problems);
            let id = item.required("id");
            let (state, stated) = item.state("state", words, ReleaseState::Unknown);
            let release = Release {
                id: id.clone()?,
                version: item.line("version"),
                state,
                stated,
                live: item.flag("live").unwrap_or(false),
                created_at: item.time("created_at"),
                finished_at: item.time("finished_at"),
                commit: item.line("commit"),
                branch: item.line("branch"),
                message: item.line("message"),
                author: item.line("author"),
                image: item.line("image"),
                cause: item.line("cause"),
                traffic: item.number("traffic"),
                can_roll_back: item.flag("can_roll_back"),
                detail: item.line("detail"),
                url: item.url("url"),
                extra: item.extra(),
            };
            item.finish();
            Some(release)
        })
        .collect()
}

/// Reads instances.
pub fn instances(outputs: &[Value], words: &Vocabulary, problems: &mut Problems) -> Vec<Instance> {
    objects(outputs, "an instance", problems)
        .into_iter()
        .filter_map(|object| {
            let mut item = Item::of("an instance", object, problems);
            let id = item.required("id");
            let name = item.line("name");
            let (state, stated) = item.state("state", words, InstanceState::Unknown);
            let instance = Instance {
                name: name.or_else(|| id.clone())?,
                id: id?,
                state,
                stated,
                healthy: item.flag("healthy"),
                detail: item.line("detail"),
                started_at: item.time("started_at"),
                region: item.line("region"),
                group: item.line("group"),
                release: item.line("release"),
                restarts: item.count("restarts"),
                cpu: item.number("cpu"),
                memory: item.count("memory"),
                extra: item.extra(),
            };
            item.finish();
            Some(instance)
        })
        .collect()
}

/// Reads commits and files between two releases. Several outputs add up.
pub fn changes(outputs: &[Value], words: &Vocabulary, problems: &mut Problems) -> Changes {
    let mut changes = Changes::default();
    for object in objects(outputs, "the changes", problems) {
        let mut item = Item::of("the changes", object, problems);
        let (commits, files) = (item.list("commits"), item.list("files"));
        changes.truncated |= item.flag("truncated").unwrap_or(false);
        changes.url = changes.url.or(item.url("url"));
        item.finish();
        changes.commits.extend(commits.into_iter().filter_map(|value| commit(value, problems)));
        changes.files.extend(files.into_iter().filter_map(|value| file(value, words, problems)));
    }
    changes
}

fn commit(value: &Value, problems: &mut Problems) -> Option<Commit> {
    let outputs = std::slice::from_ref(value);
    let object = objects(outputs, "a commit", problems).into_iter().next()?;
    let mut item = Item::of("a commit", object, problems);
    let commit = Commit {
        id: item.required("id")?,
        message: item.line("message"),
        author: item.line("author"),
        at: item.time("at"),
        url: item.url("url"),
    };
    item.finish();
    Some(commit)
}

fn file(value: &Value, words: &Vocabulary, problems: &mut Problems) -> Option<ChangedFile> {
    let outputs = std::slice::from_ref(value);
    let object = objects(outputs, "a changed file", problems).into_iter().next()?;
    let mut item = Item::of("a changed file", object, problems);
    let file = ChangedFile {
        path: item.required("path")?,
        before: item.line("before"),
        change: item.state("change", words, FileChange::Unknown).0,
        added: item.count("added"),
        removed: item.count("removed"),
    };
    item.finish();
    Some(file)
}
