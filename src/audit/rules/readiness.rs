//! Incident readiness: what somebody finds at 2 AM who did not write it.

pub mod action_item_open;
pub mod deploy_unwritten;
pub mod no_contacts;
pub mod no_escalation;
pub mod no_postmortem;
pub mod no_rollback_path;
pub mod no_runbook;
pub mod no_status_page;
pub mod rollback_not_rehearsed;
pub mod rotation_unwritten;
pub mod runbook_missing_script;
pub mod runbook_placeholder;
pub mod runbook_unknown_service;
pub mod runbook_without_commands;
pub mod service_without_logs;
pub mod service_without_rollback;
pub mod service_without_runbook;

use super::super::finding::Evidence;
use super::super::read::Pattern;
use super::super::repo::{Repo, Toml};
use super::super::tree::{File, is_aside};

/// Returns the runbooks.
fn runbooks<'r>(repo: &'r Repo<'_>) -> impl Iterator<Item = File<'r>> {
    static RUNBOOK: Pattern = Pattern::new(r"(?i)(^|/)(run-?books?|playbooks?)/[^/]+\.md$|(^|/)run-?book[^/]*\.md$");
    repo.tree.files().filter(|file| RUNBOOK.is_match(file.path) && !is_aside(file.path))
}

/// Returns the lines of a document that stand in fences, with their numbers.
fn commands(text: &str) -> Vec<(usize, &str)> {
    let mut inside = false;
    let mut all = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if inside && !line.trim_start().starts_with('#') {
            all.push((index + 1, line));
        }
    }
    all
}

/// Returns crashcart's own configuration, when it lies in the root.
fn config<'r>(repo: &'r Repo<'_>) -> Option<&'r Toml> {
    repo.crashcart.as_ref()
}

/// Asks of each service of production in crashcart's configuration whether it lacks something.
fn services(
    repo: &Repo<'_>,
    says: &str,
    lacks: impl Fn(&serde_json::Value, &serde_json::Value) -> bool,
) -> Vec<Evidence> {
    let Some(config) = config(repo) else { return Vec::new() };
    let services = config.value.get("services").and_then(serde_json::Value::as_array).into_iter().flatten();
    let word = |service: &serde_json::Value, key: &str| {
        service.get(key).and_then(serde_json::Value::as_str).unwrap_or("").to_owned()
    };
    let production =
        services.filter(|service| matches!(word(service, "environment").as_str(), "" | "production" | "prod"));
    production
        .filter(|service| lacks(service, &config.value))
        .map(|service| {
            let name = word(service, "name");
            let line = repo.line_in(&config.path, &format!("\"{name}\""));
            Evidence::at(&config.path, line, format!("`{name}` {says}"))
        })
        .collect()
}
