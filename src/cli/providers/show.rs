//! `crashcart providers show`: what a provider needs, what it reads, what it can do and what to know before.

use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::{Exit, output};
use crate::provider::definition::{Action, Definition, Param};
use crate::provider::proof::{Proofs, Proven};
use crate::provider::registry::Registry;

pub(super) fn run(registry: &Registry, name: &str, as_json: bool) -> Result<Exit, Failure> {
    let definition = registry.find(name).map_err(|error| Failure::usage(anyhow::anyhow!("{error}")))?;
    let mut proofs = Proofs::built_in();
    // A file of the user's is another definition, although it may have the name of one that is proven.
    let proven = if registry.own(name).is_some() { None } else { proofs.0.remove(name) }.unwrap_or_default();
    let text = if as_json {
        serde_json::to_string_pretty(&document(&definition, &proven)).map_err(anyhow::Error::from)? + "\n"
    } else {
        drawn(&definition, &proven)
    };
    output::print(text)?;
    Ok(Exit::Healthy)
}

/// Returns the strongest proof of one thing, in words.
fn proof(proven: &Proven, what: &str) -> &'static str {
    proven.get(what).and_then(|proofs| proofs.keys().next()).map_or("not proven", |proof| proof.words())
}

fn document(definition: &Definition, proven: &Proven) -> Value {
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
        "proven": proven,
    })
}

fn drawn(definition: &Definition, proven: &Proven) -> String {
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
            let word = capability.word();
            text.push_str(&format!("  {} ({})\n", word.replace('_', " "), proof(proven, word)));
            for caveat in &reading.caveats {
                text.push_str(&format!("    ! {caveat}\n"));
            }
        }
    }
    let actions = definition.actions.iter().map(|(name, action)| (format!("actions.{name}"), action));
    let send = definition.send.iter().map(|action| ("send".to_owned(), action));
    let actions: Vec<(String, &Action)> = actions.chain(send).collect();
    if !actions.is_empty() {
        text.push_str("\nDoes:\n");
    }
    for (what, action) in actions {
        text.push_str(&format!("  {} ({})\n", about(action), proof(proven, &what)));
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
