//! Reads and merges kubectl's files: the first file that has a name wins, and paths are relative to their file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::decode;
use crate::model::surroundings::Surroundings;
use crate::provider::auth::error::AuthError;
use crate::provider::auth::file;
use crate::provider::definition::login::LoginFormat;

/// A named piece of a file.
#[derive(Default)]
pub struct Entry {
    pub value: Value,
    /// The file, for errors.
    pub file: String,
    /// The folder that its paths start from.
    pub folder: PathBuf,
    /// What kind of thing it is, for errors.
    pub kind: &'static str,
}

impl Entry {
    /// Returns a text, or a number that somebody forgot to quote.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.value.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// Returns a path, from the file's folder if it is relative.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).filter(|path| !path.is_empty()).map(|path| self.folder.join(path))
    }

    /// Returns what stands in `NAME-data`, or else in the file that `NAME` names.
    pub async fn data(&self, own_name: &str, name: &str) -> Result<Option<Vec<u8>>, AuthError> {
        let inline = format!("{name}-data");
        if let Some(text) = self.text(&inline).filter(|text| !text.is_empty()) {
            let malformed = || self.malformed(own_name, &format!("its {inline} is not base64"));
            return decode(&text).map(Some).ok_or_else(malformed);
        }
        match self.path(name) {
            Some(path) => Ok(Some(file::read_existing(&path).await?.as_bytes().to_vec())),
            None => Ok(None),
        }
    }

    /// Returns the error that something is wrong with this entry.
    pub fn malformed(&self, own_name: &str, why: &str) -> AuthError {
        AuthError::malformed(&self.file, format!("{} {own_name}: {why}", self.kind))
    }
}

/// All files together.
#[derive(Default)]
pub struct Files {
    pub current: Option<String>,
    pub contexts: BTreeMap<String, Entry>,
    pub clusters: BTreeMap<String, Entry>,
    pub users: BTreeMap<String, Entry>,
    /// Where all this was looked for.
    pub place: String,
    is_there: bool,
}

impl Files {
    /// Returns whether there was no file at all.
    pub fn is_empty(&self) -> bool {
        !self.is_there
    }

    /// Finds an entry by its name, and names all others if it is not there.
    pub fn find<'a>(
        &self,
        kind: &'static str,
        entries: &'a BTreeMap<String, Entry>,
        name: &str,
    ) -> Result<&'a Entry, AuthError> {
        entries.get(name).ok_or_else(|| AuthError::Unknown {
            kind,
            name: name.to_owned(),
            place: self.place.clone(),
            known: entries.keys().cloned().collect(),
        })
    }

    fn add(&mut self, value: Value, path: &Path) {
        let current = value.get("current-context").and_then(Value::as_str).filter(|name| !name.is_empty());
        if self.current.is_none() {
            self.current = current.map(str::to_owned);
        }
        let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
        let lists = [
            ("contexts", "context", &mut self.contexts),
            ("clusters", "cluster", &mut self.clusters),
            ("users", "user", &mut self.users),
        ];
        for (list, kind, entries) in lists {
            for item in value.get(list).and_then(Value::as_array).into_iter().flatten() {
                let named = Entry { value: item.clone(), ..Entry::default() };
                let Some(name) = named.text("name") else { continue };
                let value = item.get(kind).cloned().unwrap_or_default();
                let file = path.display().to_string();
                entries.entry(name).or_insert(Entry { value, file, folder: folder.clone(), kind });
            }
        }
    }
}

/// Reads the file that was named, or those of the environment, or the usual one.
pub async fn read(surroundings: &Surroundings, named: Option<&Path>) -> Result<Files, AuthError> {
    let usual = || surroundings.expand("~/.kube/config").into_iter().collect();
    let paths: Vec<PathBuf> = match (named, surroundings.variable("KUBECONFIG")) {
        (Some(path), _) => {
            vec![path.to_str().and_then(|path| surroundings.expand(path)).unwrap_or_else(|| path.into())]
        }
        (None, Some(list)) => {
            list.split(':').filter(|path| !path.is_empty()).filter_map(|path| surroundings.expand(path)).collect()
        }
        (None, None) => usual(),
    };
    let place = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    let mut files = Files { place, ..Files::default() };
    for path in &paths {
        match file::read(path).await? {
            // An empty file is what `kubectl config unset` leaves.
            Some(text) if text.trim().is_empty() => files.is_there = true,
            Some(text) => {
                // JSON is YAML.
                files.add(file::parse(&text, LoginFormat::Yaml, &path.display().to_string())?, path);
                files.is_there = true;
            }
            None if named.is_some() => return Err(absent(path).await),
            None => {}
        }
    }
    Ok(files)
}

/// Says what other files there are in the folder of one that is not.
async fn absent(path: &Path) -> AuthError {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut known = Vec::new();
    if let Ok(mut entries) = tokio::fs::read_dir(folder).await {
        // As many as an error names; more would only take time.
        while let (Ok(Some(entry)), true) = (entries.next_entry().await, known.len() < 64) {
            if entry.file_type().await.is_ok_and(|kind| !kind.is_dir()) {
                known.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
    }
    known.sort();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    AuthError::Unknown { kind: "file", name, place: folder.display().to_string(), known }
}
