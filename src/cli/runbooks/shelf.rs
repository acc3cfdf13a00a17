//! Which runbooks there are, where they come from, and whether their commands may be run.
//!
//! A document that was merely found lies in a folder that somebody else may have written (`git clone`): it is shown, and its
//! commands are run only when the user has approved it, byte for byte, as a configuration is.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::anyhow;

use crate::cli::args::Cli;
use crate::cli::config_file::{self, Origin};
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::foreign;
use crate::cli::output;
use crate::cli::trust_store::{Standing, TrustStore, hash};
use crate::config::effects::{TrustItem, TrustKind};
use crate::config::nearest::nearest;
use crate::runbook::{Document, Runbook};

/// The runbooks of `runbooks`: name and text.
pub const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/runbooks.rs"));

/// A larger file is no runbook.
const LARGEST: u64 = 1 << 20;

/// A runbook and where it comes from.
#[derive(Debug)]
pub struct Found {
    pub runbook: Runbook,
    pub text: String,
    /// Nothing for one that is built in.
    pub path: Option<PathBuf>,
    /// Why its commands are not run, if so.
    pub withheld: Option<String>,
    /// What was approved before, where it has changed since.
    pub before: Option<Vec<String>>,
}

impl Found {
    /// Returns where it lies, in words.
    pub fn place(&self) -> String {
        self.path.as_ref().map_or_else(|| "built in".to_owned(), |path| foreign::shown(path).to_string())
    }

    /// Returns the folder in which its commands are run: the project's, where it lies in that one's `runbooks`.
    pub fn folder(&self) -> Option<PathBuf> {
        let folder = self.path.as_ref()?.parent()?;
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let folder = fs::canonicalize(here).unwrap_or_else(|_| folder.to_path_buf());
        let is_shelf = folder.file_name().is_some_and(|name| name == "runbooks");
        Some(folder.parent().filter(|_| is_shelf).map(Path::to_path_buf).unwrap_or(folder))
    }

    /// Returns everything that it may run, a line each.
    pub fn effects(&self) -> Vec<TrustItem> {
        let mut effects = Vec::new();
        for command in self.runbook.steps().flat_map(|step| &step.commands) {
            let host = command.attributes.get("host");
            let texts = [Some(command.text.as_str()), command.attributes.get("check"), command.attributes.get("undo")];
            for text in texts.into_iter().flatten() {
                for line in text.lines().filter(|line| !line.trim().is_empty()) {
                    let line = crate::model::text::Line::from_text(line.trim_end());
                    effects.push(match &host {
                        Some(host) => TrustItem::new(TrustKind::Ssh, &format!("{host}: {line}")).at(host),
                        None => TrustItem::new(TrustKind::Run, line.as_str()),
                    });
                }
            }
        }
        effects
    }

    /// Returns what an approval is bound to.
    pub fn sha256(&self) -> String {
        hash(self.text.as_bytes())
    }
}

/// Returns every runbook: the project's own first, then those that are built in and not replaced by one of the same name.
pub fn all(cli: &Cli, environment: &Environment) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    for (folder, is_ours) in folders(cli, environment)? {
        found.extend(in_folder(&folder, is_ours, cli, environment));
    }
    for (name, text) in BUILT_IN {
        if !found.iter().any(|one: &Found| one.runbook.name == *name) {
            let runbook = Runbook::read(name, text);
            found.push(Found { runbook, text: (*text).to_owned(), path: None, withheld: None, before: None });
        }
    }
    Ok(found)
}

/// Returns the runbooks of one folder; whether they may be run is judged where it is not the user's own.
pub fn in_folder(folder: &Path, is_ours: bool, cli: &Cli, environment: &Environment) -> Vec<Found> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        // What it leads to would be shown as a runbook, whatever it is.
        if !is_ours && foreign::leads_out(&path).is_some() {
            let name = foreign::shown(&path);
            output::tell(&format!("{name}: it is a link that leads out of this repository, and is not read\n"));
            continue;
        }
        match from_file(&path) {
            Ok(mut one) => {
                if !is_ours {
                    judge(&mut one, cli, environment);
                }
                found.push(one);
            }
            // The others are as good as before.
            Err(failure) => output::tell(&format!("{}\n", failure.error)),
        }
    }
    found
}

/// Returns them for the console. One that cannot be read is missing there; `runbooks lint` says why.
pub fn documents(cli: &Cli, environment: &Environment) -> Vec<Document> {
    let found = all(cli, environment).unwrap_or_default();
    found
        .into_iter()
        .map(|found| Document {
            folder: found.folder(),
            withheld: found.withheld.as_deref().map(crate::model::text::Line::from_text),
            runbook: found.runbook,
            text: found.text,
        })
        .collect()
}

/// Beside the configuration, where the user is, and in the user's own directory; and whether the user chose that place.
fn folders(cli: &Cli, environment: &Environment) -> Result<Vec<(PathBuf, bool)>, Failure> {
    let config = config_file::find(&cli.global, environment)?;
    let beside = config.and_then(|found| Some((found.shown.parent()?.join("runbooks"), found.origin != Origin::Found)));
    let here = environment.current_dir.as_ref().map(|here| (here.join("runbooks"), false));
    let is_ours = !foreign::home_is_foreign(environment);
    let own = environment.config_dir.as_ref().map(|own| (own.join("runbooks"), is_ours));
    let mut folders: Vec<(PathBuf, bool)> = Vec::new();
    for (folder, is_ours) in beside.into_iter().chain(here).chain(own) {
        let known = folders.iter().any(|(other, _)| other == &folder || same(other, &folder));
        if !known {
            folders.push((folder, is_ours));
        }
    }
    Ok(folders)
}

fn same(one: &Path, other: &Path) -> bool {
    fs::canonicalize(one).ok().is_some_and(|one| fs::canonicalize(other).is_ok_and(|other| one == other))
}

/// Says whether a document that was found may be run.
fn judge(found: &mut Found, cli: &Cli, environment: &Environment) {
    let Some(path) = &found.path else { return };
    if found.effects().is_empty() {
        return;
    }
    let name = crate::cli::foreign::shown(path);
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
    let mode = fs::metadata(&real).map_or(0, |metadata| metadata.permissions().mode());
    let standing = if mode & 0o002 != 0 {
        Err(format!("everybody on this machine may change {name}: chmod o-w {name}"))
    } else {
        match config_file::state_dir(&cli.global, environment).map(TrustStore::new) {
            None => Ok(Standing::New),
            Some(store) => store
                .standing(&real, &found.sha256())
                .map_err(|error| format!("{name}: the approvals cannot be read ({error})")),
        }
    };
    found.withheld = match standing {
        Ok(Standing::Trusted) => None,
        Ok(Standing::New) => Some(format!("{name} is not trusted yet: crashcart trust shows what it would run")),
        Ok(Standing::Changed { before }) => {
            found.before = Some(before);
            Some(format!("{name} has changed since you trusted it: crashcart trust shows what is new"))
        }
        Err(why) => Some(why),
    };
}

/// Reads a file that the user names.
pub fn from_file(path: &Path) -> Result<Found, Failure> {
    let bytes =
        foreign::read(path, LARGEST).map_err(|error| Failure::usage(anyhow!("{}: {error}", foreign::shown(path))))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let runbook = Runbook::read(&name, &text);
    Ok(Found { runbook, text, path: Some(path.to_path_buf()), withheld: None, before: None })
}

/// Finds one by name, or reads the file of that path.
pub fn find(cli: &Cli, environment: &Environment, name: &str) -> Result<Found, Failure> {
    if name.contains('/') || name.ends_with(".md") {
        return from_file(Path::new(name));
    }
    let mut all = all(cli, environment)?;
    match all.iter().position(|found| found.runbook.name == name) {
        Some(place) => Ok(all.swap_remove(place)),
        None => {
            let names: Vec<&str> = all.iter().map(|found| found.runbook.name.as_str()).collect();
            let failure = Failure::usage(anyhow!("there is no runbook `{name}`"));
            Err(match nearest(name, &names) {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint(format!("there are: {}", names.join(", "))),
            })
        }
    }
}
