//! `crashcart providers show`: what a provider needs, what it reads, what it can do and what to know before.

use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::{Exit, output};
use crate::provider::definition::{Action, Definition, Param};
use crate::provider::registry::Registry;

pub(super) fn run(registry: &Registry, name: &str, as_json: bool) -> Result<Exit, Failure> {
    let definition = registry.find(name).map_err(|error| Failure::usage(anyhow::anyhow!("{error}")))?;
    let text = if as_json {
        serde_json::to_string_pretty(&document(&definition)).map_err(anyhow::Error::from)? + "\n"
    } else {
        drawn(&definition)
    };
    output::print(text)?;
    Ok(Exit::Healthy)
}

fn document(definition: &Definition) -> Value {
    let param = |param: &Param| json!({ "name": param.name, "help": param.help, "default": param.default, "optional": param.optional });
    let action = |action: &Action| {
        json!({
            "name": action.name,
            "title": action.title,
            "target": action.target,
            "means": action.means,
            "environment": action.environment,
            "automatic_deploys": action.automatic_deploys,
            "caveats": action.caveats,
            "steps": action.steps.iter().map(|step| json!({
                "name": step.request.name,
                "undo": step.undo.as_ref().map(|undo| undo.name.clone()),
            })).collect::<Vec<_>>(),
        })
    };
    json!({
        "name": definition.name,
        "title": definition.title,
        "kind": definition.kind,
        "docs": definition.docs,
        "status_page": definition.status_page,
        "caveats": definition.caveats,
        "params": definition.params.iter().map(param).collect::<Vec<_>>(),
        "secrets": definition.secrets.iter().map(|slot| json!({ "name": slot.name, "help": slot.help, "optional": slot.optional })).collect::<Vec<_>>(),
        "reads": definition.readings.keys().collect::<Vec<_>>(),
        "send": definition.send.as_ref().map(action),
        "actions": definition.actions.values().map(action).collect::<Vec<_>>(),
    })
}

fn drawn(definition: &Definition) -> String {
    let mut text = format!("{} ({})\n", definition.title, definition.name);
    for (what, page) in [("docs", &definition.docs), ("status page", &definition.status_page)] {
        if let Some(page) = page {
            text.push_str(&format!("  {what}: {page}\n"));
        }
    }
    for caveat in &definition.caveats {
        text.push_str(&format!("  ! {caveat}\n"));
    }
    text.push_str("\nIn the configuration:\n");
    text.push_str(&example(definition));
    if !definition.readings.is_empty() {
        text.push_str("\nReads:\n");
        for (capability, reading) in &definition.readings {
            text.push_str(&format!("  {}\n", capability.word().replace('_', " ")));
            for caveat in &reading.caveats {
                text.push_str(&format!("    ! {caveat}\n"));
            }
        }
    }
    let actions: Vec<&Action> = definition.actions.values().chain(&definition.send).collect();
    if !actions.is_empty() {
        text.push_str("\nDoes:\n");
    }
    for action in actions {
        text.push_str(&format!("  {}\n", about(action)));
        for step in &action.steps {
            let undo = step.undo.as_ref().and_then(|undo| undo.name.as_deref()).map(|undo| format!("; undo: {undo}"));
            text.push_str(&format!(
                "    - {}{}\n",
                step.request.name.as_deref().unwrap_or("a step"),
                undo.unwrap_or_default()
            ));
        }
        for caveat in &action.caveats {
            text.push_str(&format!("    ! {caveat}\n"));
        }
    }
    text
}

fn about(action: &Action) -> String {
    let mut facts = Vec::new();
    if let Some(means) = action.means {
        facts.push(format!("by {}", means.word()));
    }
    if let Some(environment) = &action.environment {
        facts.push(format!("environment {environment}"));
    }
    if let Some(deploys) = &action.automatic_deploys {
        facts.push(format!("automatic deploys {deploys} afterwards"));
    }
    if facts.is_empty() { action.title.clone() } else { format!("{}: {}", action.title, facts.join(", ")) }
}

/// Returns the lines that a user writes.
fn example(definition: &Definition) -> String {
    let mut text = format!("  [sources.{}]\n  provider = \"{}\"\n", definition.name, definition.name);
    if definition.base_url.is_none() && !definition.secrets.iter().any(|slot| slot.is_url) {
        text.push_str("  url = \"...\"\n");
    }
    for slot in &definition.secrets {
        let optional = if slot.optional { ", optional" } else { "" };
        text.push_str(&format!(
            "  {} = {{ keyring = \"{}\" }}  # {}{optional}\n",
            slot.name, definition.name, slot.help
        ));
    }
    for param in &definition.params {
        let value = if param.example.is_null() { &param.default } else { &param.example };
        let optional = if param.optional || !param.default.is_null() { ", optional" } else { "" };
        text.push_str(&format!("  {} = {value}  # {}{optional}\n", param.name, param.help));
    }
    text
}
