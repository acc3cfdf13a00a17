//! `crashcart runbooks`: which there are, what their steps are, what has rotted in them.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::args::{Cli, RunbooksArgs, RunbooksCommand};
use super::environment::Environment;
use super::failure::Failure;
use super::{Exit, config_file, output};
use crate::clock::Clock;
use crate::config::diagnostic::{Severity, render_all};
use crate::journal::Journal;
use crate::model::time::Timestamp;
use crate::runbook::runs::Runs;
use crate::runbook::{Looks, lint, placeholders};

mod new;
mod runs;
pub mod shelf;

use shelf::{BUILT_IN, Found, all, find};

pub(super) fn run(cli: &Cli, args: &RunbooksArgs, environment: &Environment) -> Result<Exit, Failure> {
    match args.command.as_ref().unwrap_or(&RunbooksCommand::List) {
        RunbooksCommand::List => list(&all(cli, environment)?, args.json),
        RunbooksCommand::Show { name } => {
            let found = find(cli, environment, name)?;
            show(&found, args.json)
        }
        RunbooksCommand::Lint { names } if names.is_empty() => {
            check(cli, &all(cli, environment)?, environment, args.json)
        }
        RunbooksCommand::Lint { names } => {
            let found = names.iter().map(|name| find(cli, environment, name)).collect::<Result<Vec<_>, _>>()?;
            check(cli, &found, environment, args.json)
        }
        RunbooksCommand::Runs { run } => runs::run(cli, run.as_deref(), args.json, environment),
        RunbooksCommand::New { name, since, service, print } => {
            new::run(cli, &new::Wanted { name, since: *since, service: service.as_deref(), print: *print }, environment)
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
        let document = json!({ "name": runbook.name, "title": runbook.title, "path": found.path, "withheld": found.withheld,
                               "steps": steps });
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
    if let Some(withheld) = &found.withheld {
        text.push_str(&format!("\n{withheld}\n"));
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

/// Returns what is to be said about a runbook on this machine.
pub(super) fn linted(found: &Found, environment: &Environment) -> Vec<crate::config::Diagnostic> {
    let path = environment.surroundings.variable("PATH").unwrap_or_default();
    let folder = found.path.as_ref().and_then(|path| Some(path.parent()?.to_path_buf()));
    lint(&found.runbook, &found.text, &Machine { path, folder })
}

fn check(cli: &Cli, all: &[Found], environment: &Environment, as_json: bool) -> Result<Exit, Failure> {
    // Without a journal nothing was rehearsed, and one that cannot be read is not the runbooks' fault.
    let journal =
        config_file::state_dir(&cli.global, environment).and_then(|place| Journal::open_to_read(&place).ok()?);
    let runs = journal.and_then(|journal| journal.runs().ok()).unwrap_or_default();
    let now = Clock::system().now();
    let mut worst = Severity::Info;
    let mut rows = Vec::new();
    for found in all {
        let told = linted(found, environment);
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
        let rehearsed = rehearsed(&runs, &found.runbook.name, now);
        if as_json {
            rows.push(json!({ "runbook": found.runbook.name, "path": found.path, "line": 1, "column": 1,
                              "severity": Severity::Info.word(), "message": rehearsed, "help": null }));
        } else {
            output::print(format!("{}: {rehearsed}\n", found.runbook.name))?;
        }
    }
    if as_json {
        output::print(format!("{:#}\n", Value::Array(rows)))?;
    } else {
        output::tell(&format!("{} looked at\n", crate::ui::format::count(all.len(), "runbook")));
    }
    Ok(if worst >= Severity::Warning { Exit::Wrong } else { Exit::Healthy })
}

/// Says when one was followed last, and when it was last gone through without a step that failed.
fn rehearsed(runs: &Runs, name: &str, now: Timestamp) -> String {
    let ago = |at: Timestamp| format!("{} ago", crate::ui::format::age(now.since(at)));
    match runs.last_of(name) {
        (None, _) => "it was never followed; rehearse it before it is needed".to_owned(),
        (Some(last), None) => format!("followed {}, and never gone through without a failure", ago(last)),
        (Some(last), Some(good)) => format!("followed {}, last gone through {}", ago(last), ago(good)),
    }
}
