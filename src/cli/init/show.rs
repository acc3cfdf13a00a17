//! What was found, what was said, and what comes next, in words.

use std::path::Path;

use super::look::{LoggedIn, Said};
use crate::model::text::Line;
use crate::provider::definition::Definition;
use crate::provider::run::Failure;
use crate::recognise::draft::{Draft, Place};
use crate::recognise::write::secret_name;
use crate::recognise::{Recognised, What};
use crate::repository::tree::Read;
use crate::ui::format;

/// Lists what was recognised, with its evidence.
pub(super) fn found<'d>(
    folder: &Path,
    read: &Read,
    found: &[Recognised],
    find: &impl Fn(&str) -> Option<&'d Definition>,
) -> String {
    let rows: Vec<(String, String)> =
        found.iter().filter_map(|it| Some((words(&it.what, find)?, format!("{}:{}", it.path, it.line)))).collect();
    let mut text = format!("{}\n", Line::from_text(&folder.display().to_string()));
    let width = rows.iter().map(|(what, _)| Line::from_text(what).width()).max().unwrap_or(0).min(56);
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
        What::Name { .. } => return None,
    })
}

/// Says what was seen of this machine: tools that are logged in, and containers that run.
pub(super) fn here(tools: &[LoggedIn], containers: Option<&Result<Vec<String>, Failure>>) -> String {
    let mut text = String::new();
    for tool in tools {
        text.push_str(&format!("  logged in  {}: {}\n", tool.title, Line::from_text(&tool.place)));
    }
    match containers {
        Some(Ok(names)) => {
            let shown: Vec<String> = names.iter().take(8).map(|name| Line::from_text(name).to_string()).collect();
            let more = if names.len() > shown.len() { ", ..." } else { "" };
            let count = format::count(names.len(), "container");
            text.push_str(&format!("  Docker answers here: {count} {}{more}\n", shown.join(", ")));
        }
        Some(Err(failure)) => {
            text.push_str(&format!(
                "  Docker is here and does not answer: {}\n",
                Line::from_text(&failure.to_string())
            ));
        }
        None => {}
    }
    text
}

/// Says what a platform said to a credential.
pub(super) fn said(title: &str, said: &Said) -> Option<String> {
    match said {
        Said::Welcome(name) => Some(format!("{title}: the credential is that of {name}")),
        Said::NotAsked => None,
        Said::Refused(failure) => {
            Some(format!("{title}: {}; {}", Line::from_text(&failure.to_string()), failure.kind.hint()))
        }
    }
}

/// Says what comes next, a command each.
pub(super) fn next(draft: &Draft, is_there: bool, trusted: bool) -> Vec<String> {
    let mut next = Vec::new();
    for source in &draft.sources {
        for (slot, _) in &source.secrets {
            if !matches!(source.places.get(slot), Some(Place::Login(_) | Place::Written(_))) {
                let name = secret_name(&source.provider, slot);
                next.push(format!("crashcart secret set {name}   and take its line's `#` away"));
            }
        }
    }
    let open = draft
        .services
        .iter()
        .any(|service| !service.missing.is_empty() || service.address.as_ref().is_none_or(|address| address.guess));
    if open || draft.sources.iter().any(|source| !source.missing.is_empty()) {
        next.push("fill in the lines that begin with `#` and end with what they want".to_owned());
    }
    if is_there && !trusted {
        next.push("crashcart trust   shows what the file would contact, and approves it".to_owned());
    }
    next.push("crashcart doctor   proves that all of it works".to_owned());
    next.push("crashcart   opens the console".to_owned());
    next
}
