//! Where definitions come from: built into the program, or files of the user's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;

use super::definition::{Definition, read};
use crate::config::diagnostic::{Diagnostic, render_all};
use crate::config::nearest::nearest;
use crate::model::source::Source;

/// The definitions in `assets/providers`: name and text.
pub const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/providers.rs"));

/// A file that is larger is no definition.
const LARGEST: u64 = 1 << 20;

/// Why there is no definition.
#[derive(Debug, Error)]
pub enum RegistryError {
    #[error("there is no provider `{name}`{near}")]
    Unknown { name: String, near: String },
    #[error("the definition {path} has mistakes:\n{drawn}")]
    Wrong { path: String, drawn: String },
    #[error("the definition {path} cannot be read")]
    Unreadable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the definition {0} is larger than a definition can be")]
    TooLarge(PathBuf),
    #[error("the definition {path} is called `{name}`: the file's name must be the same")]
    Misnamed { path: PathBuf, name: String },
}

/// A definition that lies beside a configuration: read once, so that what was approved is what is followed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Beside {
    pub name: String,
    pub path: PathBuf,
    pub text: String,
}

/// Finds definitions, each read once.
#[derive(Debug, Default)]
pub struct Registry {
    folders: Vec<PathBuf>,
    beside: Vec<Beside>,
    read: Mutex<BTreeMap<String, Arc<Definition>>>,
}

impl Registry {
    /// Looks into these folders first, then among those that are built in.
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Self { folders, beside: Vec::new(), read: Mutex::default() }
    }

    /// Knows these too. They replace neither the user's own nor those that are built in: what a name means must not depend
    /// on where one stands.
    pub fn with(self, beside: Vec<Beside>) -> Self {
        Self { beside, ..self }
    }

    /// Returns the file of a definition that lies beside the configuration, where that is the one that counts.
    pub fn beside(&self, name: &str) -> Option<&Beside> {
        let taken = self.own(name).is_some() || is_built_in(name);
        self.beside.iter().find(|beside| beside.name == name).filter(|_| !taken)
    }

    /// Returns the definition of that name.
    ///
    /// # Errors
    /// When there is none, or it has mistakes.
    pub fn find(&self, name: &str) -> Result<Arc<Definition>, RegistryError> {
        if let Some(found) = self.read.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(Arc::clone(found));
        }
        let definition = Arc::new(self.load(name)?);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(name.to_owned(), Arc::clone(&definition));
        Ok(definition)
    }

    /// Returns the definition of a source: its own, or that of its provider.
    ///
    /// # Errors
    /// When there is none, or it has mistakes.
    pub fn of(&self, source: &Source) -> Result<Arc<Definition>, RegistryError> {
        let Some(own) = &source.own else { return self.find(&source.provider) };
        // The same text is the same definition, whoever brings it.
        if let Some(found) = self.read.lock().unwrap_or_else(PoisonError::into_inner).get(&own.definition) {
            return Ok(Arc::clone(found));
        }
        let definition = Arc::new(from_text(source.id.as_str(), &own.definition)?.0);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(own.definition.clone(), Arc::clone(&definition));
        Ok(definition)
    }

    fn load(&self, name: &str) -> Result<Definition, RegistryError> {
        if let Some(path) = self.own(name) {
            return from_file(&path);
        }
        if let Some(beside) = self.beside(name) {
            let (definition, _) = from_text(&beside.path.display().to_string(), &beside.text)?;
            return if definition.name == name {
                Ok(definition)
            } else {
                Err(RegistryError::Misnamed { path: beside.path.clone(), name: definition.name })
            };
        }
        match BUILT_IN.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => from_text(&format!("{name}.toml"), text).map(|(definition, _)| definition),
            None => {
                let names = self.names();
                let words: Vec<&str> = names.iter().map(String::as_str).collect();
                let near = nearest(name, &words).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                Err(RegistryError::Unknown { name: name.to_owned(), near })
            }
        }
    }

    /// Returns the user's own file of that name.
    pub fn own(&self, name: &str) -> Option<PathBuf> {
        let plain = !name.contains(['/', '\\']) && !name.starts_with('.');
        plain
            .then(|| self.folders.iter().map(|folder| folder.join(format!("{name}.toml"))).find(|path| path.is_file()))
            .flatten()
    }

    /// Returns every name, in order.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
        for folder in &self.folders {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.extension().is_some_and(|extension| extension == "toml")
                    && let Some(name) = path.file_stem().and_then(|name| name.to_str())
                {
                    names.push(name.to_owned());
                }
            }
        }
        names.extend(self.beside.iter().map(|beside| beside.name.clone()));
        names.sort();
        names.dedup();
        names
    }
}

/// Returns whether a name is that of a definition that is built in.
pub fn is_built_in(name: &str) -> bool {
    BUILT_IN.iter().any(|(known, _)| *known == name)
}

/// Reads a definition from a file, which must have its name.
///
/// # Errors
/// When it cannot be read, or has mistakes.
pub fn from_file(path: &Path) -> Result<Definition, RegistryError> {
    let unreadable = |source| RegistryError::Unreadable { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(unreadable)?.len() > LARGEST {
        return Err(RegistryError::TooLarge(path.to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let (definition, _) = from_text(&path.display().to_string(), &text)?;
    if path.file_stem().and_then(|name| name.to_str()) != Some(definition.name.as_str()) {
        return Err(RegistryError::Misnamed { path: path.to_owned(), name: definition.name });
    }
    Ok(definition)
}

/// Reads a definition, and returns its warnings beside it.
///
/// # Errors
/// When it has mistakes: all of them, drawn with their places.
pub fn from_text(path: &str, text: &str) -> Result<(Definition, Vec<Diagnostic>), RegistryError> {
    read(text).map_err(|diagnostics| {
        let drawn = render_all(&diagnostics.iter().collect::<Vec<_>>(), path, text);
        RegistryError::Wrong { path: path.to_owned(), drawn }
    })
}
