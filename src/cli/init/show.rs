//! What was found, what was said, and what comes next, in words.

use std::path::Path;

use super::super::config_file;
use super::super::environment::Environment;
use super::look::{LoggedIn, Said};
use super::machine::{Docker, Unit};
use crate::config::{self, Place};
use crate::model::text::Line;
use crate::provider::definition::Definition;
use crate::provider::run::Failure;
use crate::recognise::draft::{self, Draft};
use crate::recognise::write::secret_name;
use crate::recognise::{Recognised, What};
use crate::repository::tree::Read;
use crate::ui::format;

/// A terminal with fewer columns is a phone's: evidence stands right behind what it is evidence for.
const NARROW: u16 = 70;

/// Lists what was recognised, with its evidence, as wide as the terminal is; nothing says that there is none.
pub(super) fn found<'d>(
    folder: &Path,
    read: &Read,
    found: &[Recognised],
    find: &impl Fn(&str) -> Option<&'d Definition>,
    columns: Option<u16>,
) -> String {
    let rows: Vec<(String, String)> =
        found.iter().filter_map(|it| Some((words(&it.what, find)?, format!("{}:{}", it.path, it.line)))).collect();
    let mut text = format!("{}\n", Line::from_text(&folder.display().to_string()));
    let width = rows.iter().map(|(what, _)| Line::from_text(what).width()).max().unwrap_or(0).min(56);
    let width = if columns.is_some_and(|columns| columns < NARROW) { 0 } else { width };
    for (what, evidence) in &rows {
        text.push_str(&format!("  {:width$}  {evidence}\n", Line::from_text(what)));
    }
    if rows.is_empty() {
        text.push_str("  Nothing here says where it runs.\n");
    }
    if read.cut {
        text.push_str("  There is more here than is looked at: what lies deep was left out.\n");
    }
    for (path, why) in &read.unread {
        text.push_str(&format!("  {} was not read: {why}\n", Line::from_text(path)));
    }
    text.push_str(&format!("{} looked at.\n", format::count(read.tree.files.len(), "file")));
    text
}

fn words<'d>(what: &What, find: &impl Fn(&str) -> Option<&'d Definition>) -> Option<String> {
    let title = |provider: &str| find(provider).map_or_else(|| provider.to_owned(), |it| it.title.clone());
    let of = |service: &Option<String>| service.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
    Some(match what {
        What::Platform { provider, service, .. } => {
            let name = service.as_ref().map(|name| format!(": {name}")).unwrap_or_default();
            format!("runs on    {}{name}", title(provider))
        }
        What::Ci { provider, params } => {
            let detail = params.values().next().map(|value| format!(": {value}")).unwrap_or_default();
            format!("built by   {}{detail}", title(provider))
        }
        What::Database { name } => format!("stores in  {name}"),
        What::Monitoring { provider, .. } => format!("watched by {}", title(provider)),
        What::Vendor { name } => format!("depends on {name}"),
        What::Health { route, service } => format!("health     {route}{}", of(service)),
        What::Url { url, service, guess } => {
            let doubt = if *guess { " (by its name)" } else { "" };
            format!("answers at {url}{}{doubt}", of(service))
        }
        What::Migrations { tool } => format!("migrates   with {tool}"),
        What::Elsewhere { platform, service, .. } => {
            let name = service.as_ref().map(|name| format!(": {name}")).unwrap_or_default();
            let title = crate::recognise::apps::title(platform).unwrap_or(platform);
            format!("runs on    {title}{name} (no provider)")
        }
        What::Store { service, database, .. } => format!("in compose {database}: {service}"),
        What::Name { .. } | What::Needs { .. } => return None,
    })
}

/// Says what was seen of this machine: tools that are logged in, and what runs here.
pub(super) fn here(
    tools: &[LoggedIn],
    profiles: &[(String, String)],
    docker: Option<&Docker>,
    units: &[Unit],
) -> String {
    let mut text = String::new();
    for tool in tools {
        text.push_str(&format!("  logged in  {}: {}\n", tool.title, Line::from_text(&tool.place)));
    }
    for (what, place) in profiles {
        text.push_str(&format!("  logged in  {}  {}\n", Line::from_text(what), Line::from_text(place)));
    }
    match docker.map(|docker| &docker.containers) {
        Some(Ok(names)) => {
            let shown: Vec<String> = names.iter().take(8).map(|name| Line::from_text(name).to_string()).collect();
            let more = if names.len() > shown.len() { ", ..." } else { "" };
            let list = if shown.is_empty() { String::new() } else { format!(": {}{more}", shown.join(", ")) };
            text.push_str(&format!("  runs here  {}{list}\n", format::count(names.len(), "container")));
        }
        Some(Err(failure)) => {
            text.push_str(&format!(
                "  Docker is here and does not answer: {}\n",
                Line::from_text(&failure.to_string())
            ));
        }
        None => {}
    }
    for unit in units.iter().filter(|unit| unit.runs) {
        text.push_str(&format!("  runs here  {}\n", Line::from_text(&unit.name)));
    }
    text
}

/// Says what a file would do once it is followed, in the words of `crashcart trust`.
pub(super) fn effects(text: &str, folder: &Path, environment: &Environment) -> String {
    let loaded = config::load(text, Place { directory: folder, home: None });
    let effects = config_file::effects_of(&loaded, &[], environment);
    if effects.is_empty() {
        return "It contacts nobody yet.".to_owned();
    }
    let mut told = String::from("With this file crashcart does these things, and you trust it to when you say yes:\n");
    for effect in effects {
        told.push_str(&format!("  {effect}\n"));
    }
    told
}

/// Returns what went wrong, and what to try next.
pub(super) fn failure(failure: &Failure) -> String {
    format!("{}; {}", Line::from_text(&failure.to_string()), failure.kind.hint())
}

/// Says what a platform said to a credential.
pub(super) fn said(title: &str, said: &Said) -> Option<String> {
    match said {
        Said::Welcome(name) if name.is_empty() => Some(format!("{title}: the credential is accepted")),
        Said::Elsewhere { name, service, failure } => {
            let whose = name.as_ref().map(|name| format!(" and is that of {name}")).unwrap_or_default();
            Some(format!(
                "{title}: the credential is accepted{whose}, but it does not see {service}: {}. Is it another account's?",
                Line::from_text(&failure.to_string())
            ))
        }
        Said::Welcome(name) => Some(format!("{title}: the credential is that of {name}")),
        Said::Answers(name) => Some(format!("{title} answers: {name}")),
        Said::NotAsked => None,
        Said::Refused(failure) => Some(format!("{title}: {}", self::failure(failure))),
    }
}

/// Returns whether it is known where a service answers, or that it answers nobody.
fn is_found(service: &draft::DraftService) -> bool {
    let answers_nobody = service.is_private || service.is_store || service.unit.is_some();
    answers_nobody || service.address.as_ref().is_some_and(|address| !address.guess)
}

/// Says what comes next, a command each.
pub(super) fn next(draft: &Draft, is_there: bool, trusted: bool) -> Vec<String> {
    let mut next = Vec::new();
    for source in &draft.sources {
        for (slot, _) in &source.secrets {
            if !matches!(source.places.get(slot), Some(draft::Place::Login(_) | draft::Place::Written(_))) {
                let name = secret_name(&source.provider, slot);
                next.push(format!("crashcart secret set {name}   and take its line's `#` away"));
            }
        }
    }
    let open = draft.services.iter().any(|service| !service.missing.is_empty() || !is_found(service));
    if open || draft.sources.iter().any(|source| !source.missing.is_empty()) {
        next.push("fill in the lines that begin with `#` and end with what they want".to_owned());
    }
    let is_stored = |place: &draft::Place| matches!(place, draft::Place::Written(place) if place.contains("store ="));
    if draft.sources.iter().any(|source| source.places.values().any(is_stored)) {
        next.push(
            "crashcart secret unlock   opens the store for a while: without it the credentials in it are not found"
                .to_owned(),
        );
    }
    if is_there && !trusted {
        next.push("crashcart trust   shows what the file would contact, and approves it".to_owned());
    }
    next.push("crashcart doctor   proves that all of it works".to_owned());
    next.push("crashcart   opens the console".to_owned());
    next
}
