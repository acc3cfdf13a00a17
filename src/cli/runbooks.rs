//! `crashcart runbooks`: which there are, what their steps are, what has rotted in them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use serde_json::{Value, json};

use super::args::{Cli, RunbooksArgs, RunbooksCommand};
use super::config_file;
use super::environment::Environment;
use super::failure::Failure;
use super::{Exit, output};
use crate::config::diagnostic::{Severity, render_all};
use crate::config::nearest::nearest;
use crate::runbook::{Document, Looks, Runbook, lint, placeholders};

/// The runbooks of `runbooks`: name and text.
pub const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/runbooks.rs"));

/// A larger file is no runbook.
const LARGEST: u64 = 1 << 20;

/// A runbook and where it comes from.
struct Found {
    runbook: Runbook,
    text: String,
    /// Nothing for one that is built in.
    path: Option<PathBuf>,
}

impl Found {
    fn place(&self) -> String {
        self.path.as_ref().map_or_else(|| "built in".to_owned(), |path| path.display().to_string())
    }
}

pub(super) fn run(cli: &Cli, args: &RunbooksArgs, environment: &Environment) -> Result<Exit, Failure> {
    match args.command.as_ref().unwrap_or(&RunbooksCommand::List) {
        RunbooksCommand::List => list(&all(cli, environment)?, args.json),
        RunbooksCommand::Show { name } => {
            let found = find(cli, environment, name)?;
            show(&found, args.json)
        }
        RunbooksCommand::Lint { names } if names.is_empty() => check(&all(cli, environment)?, environment, args.json),
        RunbooksCommand::Lint { names } => {
            let found = names.iter().map(|name| find(cli, environment, name)).collect::<Result<Vec<_>, _>>()?;
            check(&found, environment, args.json)
        }
    }
}

/// Returns every runbook: the project's own first, then those that are built in and not replaced by one of the same name.
fn all(cli: &Cli, environment: &Environment) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    for folder in folders(cli, environment)? {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
        paths.sort();
        for path in paths {
            match from_file(&path) {
                Ok(one) => found.push(one),
                // The others are as good as before.
                Err(failure) => output::tell(&format!("{}\n", failure.error)),
            }
        }
    }
    for (name, text) in BUILT_IN {
        if !found.iter().any(|one: &Found| one.runbook.name == *name) {
            found.push(Found { runbook: Runbook::read(name, text), text: (*text).to_owned(), path: None });
        }
    }
    Ok(found)
}

/// Returns them for the console. One that cannot be read is missing there; `runbooks lint` says why.
pub(super) fn documents(cli: &Cli, environment: &Environment) -> Vec<Document> {
    let found = all(cli, environment).unwrap_or_default();
    found.into_iter().map(|found| Document { runbook: found.runbook, text: found.text }).collect()
}

/// Beside the configuration, or where the user is.
fn folders(cli: &Cli, environment: &Environment) -> Result<Vec<PathBuf>, Failure> {
    let config = config_file::find(&cli.global, environment)?;
    let beside = config.and_then(|found| Some(found.shown.parent()?.join("runbooks")));
    let here = environment.current_dir.as_ref().map(|here| here.join("runbooks"));
    let mut folders: Vec<PathBuf> = beside.into_iter().chain(here).collect();
    folders.dedup();
    folders.truncate(if folders.len() > 1 && same(&folders[0], &folders[1]) { 1 } else { 2 });
    Ok(folders)
}

fn same(one: &Path, other: &Path) -> bool {
    fs::canonicalize(one).ok().is_some_and(|one| fs::canonicalize(other).is_ok_and(|other| one == other))
}

fn from_file(path: &Path) -> Result<Found, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::usage(anyhow!("{}: {error}", path.display()));
    let size = fs::metadata(path).map_err(|error| failed(&error))?.len();
    if size > LARGEST {
        return Err(failed(&"it is larger than a runbook can be"));
    }
    let bytes = fs::read(path).map_err(|error| failed(&error))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Found { runbook: Runbook::read(&name, &text), text, path: Some(path.to_path_buf()) })
}

/// Finds one by name, or reads the file of that path.
fn find(cli: &Cli, environment: &Environment, name: &str) -> Result<Found, Failure> {
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

fn list(all: &[Found], as_json: bool) -> Result<Exit, Failure> {
    if as_json {
        let rows: Vec<Value> = all
            .iter()
            .map(|found| {
                json!({ "name": found.runbook.name, "title": found.runbook.title, "steps": found.runbook.steps().count(),
                        "services": found.runbook.front.services, "path": found.path })
            })
            .collect();
        output::print(format!("{:#}\n", Value::Array(rows)))?;
        return Ok(Exit::Healthy);
    }
    let width = all.iter().map(|found| found.runbook.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for found in all {
        let steps = crate::ui::format::count(found.runbook.steps().count(), "step");
        text.push_str(&format!(
            "{:<width$}  {}  ({steps}, {})\n",
            found.runbook.name,
            found.runbook.title,
            found.place()
        ));
    }
    output::print(text)?;
    Ok(Exit::Healthy)
}

fn show(found: &Found, as_json: bool) -> Result<Exit, Failure> {
    let runbook = &found.runbook;
    if as_json {
        let steps: Vec<Value> = runbook
            .steps()
            .map(|step| {
                let commands: Vec<Value> = step
                    .commands
                    .iter()
                    .map(|command| {
                        json!({ "text": command.text, "language": command.language, "line": command.line,
                                "attributes": command.attributes.0, "placeholders": placeholders(&command.text) })
                    })
                    .collect();
                json!({ "title": step.title, "section": step.section, "task": step.task, "line": step.line, "commands": commands })
            })
            .collect();
        let document = json!({ "name": runbook.name, "title": runbook.title, "path": found.path, "steps": steps });
        output::print(format!("{document:#}\n"))?;
        return Ok(Exit::Healthy);
    }
    let mut text = format!("{}  ({})\n", runbook.title, found.place());
    let mut section = None;
    for (number, step) in runbook.steps().enumerate() {
        if step.section != section {
            section.clone_from(&step.section);
            if let Some(section) = &section {
                text.push_str(&format!("\n{section}\n"));
            }
        }
        text.push_str(&format!("{:>3}. {}\n", number + 1, step.title));
        for command in &step.commands {
            for line in crate::model::text::Line::lines_of(&command.text, 200) {
                text.push_str(&format!("       {line}\n"));
            }
        }
    }
    output::print(text)?;
    Ok(Exit::Healthy)
}

/// This machine, seen from a runbook's folder.
struct Machine<'e> {
    path: &'e str,
    folder: Option<PathBuf>,
}

impl Looks for Machine<'_> {
    fn has_program(&self, name: &str) -> bool {
        std::env::split_paths(self.path).any(|folder| folder.join(name).is_file())
    }

    fn has_file(&self, path: &str) -> bool {
        match &self.folder {
            Some(folder) => folder.join(path).exists(),
            // Those that are built in know each other.
            None => path.strip_suffix(".md").is_some_and(|name| BUILT_IN.iter().any(|(known, _)| *known == name)),
        }
    }
}

fn check(all: &[Found], environment: &Environment, as_json: bool) -> Result<Exit, Failure> {
    let path = environment.surroundings.variable("PATH").unwrap_or_default().to_owned();
    let mut worst = Severity::Info;
    let mut rows = Vec::new();
    for found in all {
        let folder = found.path.as_ref().and_then(|path| Some(path.parent()?.to_path_buf()));
        let told = lint(&found.runbook, &found.text, &Machine { path: &path, folder });
        worst = told.iter().map(|one| one.severity).fold(worst, Severity::max);
        if as_json {
            rows.extend(told.iter().map(|one| {
                json!({ "runbook": found.runbook.name, "path": found.path, "line": one.line, "column": one.column,
                        "severity": one.severity.word(), "message": one.message, "help": one.help })
            }));
        } else if !told.is_empty() {
            let place =
                found.path.as_ref().map_or_else(|| found.runbook.name.clone(), |path| path.display().to_string());
            output::print(render_all(&told.iter().collect::<Vec<_>>(), &place, &found.text))?;
        }
    }
    if as_json {
        output::print(format!("{:#}\n", Value::Array(rows)))?;
    } else {
        output::tell(&format!("{} looked at\n", crate::ui::format::count(all.len(), "runbook")));
    }
    Ok(if worst >= Severity::Warning { Exit::Wrong } else { Exit::Healthy })
}
