//! `crashcart run --dry-run`: everything that would be run, with its variables, and nothing is.

use anyhow::anyhow;
use serde_json::{Value, json};

use super::{Cli, Environment, Exit, Failure, RunArgs, ask, output, shelf, told};
use crate::model::run::Purpose;
use crate::model::text::Line;
use crate::runbook::script;

pub(super) fn run(cli: &Cli, args: &RunArgs, environment: &Environment) -> Result<Exit, Failure> {
    let found = shelf::find(cli, environment, args.name.as_deref().unwrap_or_default())?;
    let runbook = &found.runbook;
    let mut values = script::defaults(runbook);
    for variable in &runbook.front.variables {
        if let (Some(default), false) = (&variable.default, variable.secret) {
            values.entry(variable.name.clone()).or_insert_with(|| default.clone());
        }
    }
    values.extend(told(args, runbook)?);
    let only = match &args.step {
        None => None,
        Some(wanted) => Some(
            script::find_step(runbook, wanted).ok_or_else(|| Failure::usage(anyhow!("there is no step `{wanted}`")))?,
        ),
    };
    let mut text = String::new();
    let mut steps = Vec::new();
    let mut wrong = false;
    let folder = found.folder().or_else(|| environment.current_dir.clone());
    for (number, step) in runbook.steps().enumerate().filter(|(number, _)| only.is_none_or(|only| only == *number)) {
        text.push_str(&format!("[{}] {}\n", number + 1, step.title));
        let mut commands = Vec::new();
        for command in &step.commands {
            let missing: Vec<String> =
                script::needs(runbook, command, &values).into_iter().map(|need| need.name).collect();
            match script::script(runbook, command, Purpose::Do, None, &values, folder.as_deref()) {
                Ok(script) => {
                    text.push_str(&ask::preview(&script, command.attributes.get("confirm")));
                    let filled = ask::filled(&script);
                    if filled != script.text {
                        text.push_str("  which reads:\n");
                        for line in Line::lines_of(&filled, usize::MAX) {
                            text.push_str(&format!("  > {line}\n"));
                        }
                    }
                    if !missing.is_empty() {
                        text.push_str(&format!("  asked for first: {}\n", missing.join(", ")));
                    }
                    commands.push(
                        json!({ "line": command.line, "script": script, "filled": filled, "asked_for": missing }),
                    );
                }
                Err(error) => {
                    wrong = true;
                    text.push_str(&format!("  cannot be run: {error}\n"));
                    commands.push(json!({ "line": command.line, "error": error.to_string() }));
                }
            }
        }
        steps.push(json!({ "step": number + 1, "title": step.title, "commands": commands }));
    }
    if let Some(withheld) = &found.withheld {
        text.push_str(&format!("\n{withheld}\n"));
    }
    let text = if args.json { format!("{:#}\n", Value::Array(steps)) } else { text };
    output::print(crate::runtime::redaction::redact(&text).as_ref())?;
    Ok(if wrong { Exit::Wrong } else { Exit::Healthy })
}
