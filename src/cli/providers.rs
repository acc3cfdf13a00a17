//! `crashcart providers`: which systems are known, what they can do, and whether a definition is right.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use serde_json::{Value, json};

mod ask;
mod check;
mod show;

use super::args::{Cli, ProvidersArgs, ProvidersCommand};
use super::environment::Environment;
use super::failure::Failure;
use super::{Exit, output};
use crate::provider::definition::{Capability, Definition, Kind};
use crate::provider::proof::{Proof, Proofs};
use crate::provider::registry::Registry;

/// Runs the subcommand.
pub(super) fn run(cli: &Cli, args: &ProvidersArgs, environment: &Environment) -> Result<Exit, Failure> {
    let registry = registry(environment);
    match &args.command {
        None => list(&registry, args.json),
        Some(ProvidersCommand::List { json }) => list(&registry, *json || args.json),
        Some(ProvidersCommand::Show { name, json }) => show::run(&registry, name, *json || args.json),
        Some(ProvidersCommand::Try { name, capability, set, url, json }) => {
            let asked = ask::Asked { name, capability, set, url: url.as_deref(), json: *json || args.json };
            ask::run(cli, &asked, environment)
        }
        Some(ProvidersCommand::Schema) => {
            output::print(crate::provider::definition::schema::text())?;
            Ok(Exit::Healthy)
        }
        Some(ProvidersCommand::Check { files, fixtures, update }) => check::run(files, fixtures.as_deref(), *update),
    }
}

/// Returns where definitions are looked for: the user's own first.
pub(super) fn registry(environment: &Environment) -> Registry {
    // What came with a repository does not change what a provider's name means.
    let own = environment.config_dir.iter().filter(|_| !super::foreign::home_is_foreign(environment));
    Registry::new(own.map(|folder| folder.join("providers")).collect())
}

/// One line for each provider, by kind.
fn list(registry: &Registry, as_json: bool) -> Result<Exit, Failure> {
    let mut definitions = Vec::new();
    let mut wrong = Vec::new();
    for name in registry.names() {
        match registry.find(&name) {
            Ok(definition) => definitions.push(definition),
            Err(error) => wrong.push(error),
        }
    }
    let proofs = Proofs::built_in();
    let proof = |definition: &Definition| strongest(registry, &proofs, &definition.name).map(Proof::words);
    if as_json {
        let rows: Vec<Value> = definitions.iter().map(|definition| row(definition, proof(definition))).collect();
        output::print(format!("{}\n", serde_json::to_string_pretty(&rows).context("writing JSON")?))?;
    } else {
        let mut text = String::new();
        let width = definitions.iter().map(|definition| definition.name.len()).max().unwrap_or(0);
        let proof_width = Proof::ALL.iter().map(|proof| proof.words().len()).max().unwrap_or(0);
        for kind in Kind::ALL {
            let of_kind: Vec<_> = definitions.iter().filter(|definition| definition.kind == *kind).collect();
            if of_kind.is_empty() {
                continue;
            }
            text.push_str(&format!("{}\n", kind.word().replace('_', " ")));
            for definition in of_kind {
                text.push_str(&format!(
                    "  {:width$}  {:proof_width$}  {}\n",
                    definition.name,
                    proof(definition).unwrap_or("not proven"),
                    abilities(definition).join(", ")
                ));
            }
            text.push('\n');
        }
        output::print(text.trim_end().to_owned() + "\n")?;
    }
    for error in &wrong {
        output::tell(&format!("{error}\n"));
    }
    Ok(if wrong.is_empty() { Exit::Healthy } else { Exit::Usage })
}

/// Returns the strongest proof of a definition that is built in. A file of the user's has none, whatever its name.
fn strongest(registry: &Registry, proofs: &Proofs, name: &str) -> Option<Proof> {
    if registry.own(name).is_some() { None } else { proofs.strongest(name) }
}

fn row(definition: &Definition, proof: Option<&str>) -> Value {
    let caveats: Vec<&str> = definition.caveats.iter().map(String::as_str).collect();
    json!({
        "name": definition.name,
        "title": definition.title,
        "kind": definition.kind,
        "reads": definition.readings.keys().collect::<Vec<&Capability>>(),
        "streams_logs": definition.stream.is_some(),
        "actions": definition.actions.keys().collect::<Vec<_>>(),
        "sends": definition.send.is_some(),
        "proven_by": proof,
        "docs": definition.docs,
        "caveats": caveats,
    })
}

fn abilities(definition: &Definition) -> Vec<String> {
    let mut words: Vec<String> =
        definition.readings.keys().map(|capability| capability.word().replace('_', " ")).collect();
    if definition.stream.is_some() && !definition.readings.contains_key(&Capability::Logs) {
        words.push("logs".to_owned());
    }
    if definition.send.is_some() {
        words.push("send".to_owned());
    }
    words.extend(definition.actions.values().map(|action| action.title.clone()));
    words
}

/// Returns the text of a file that the user named.
fn text_of(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure::usage(anyhow!("cannot read {}: {error}", path.display())))
}

/// Returns the JSON files of a folder, in order.
fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    files
}
