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
pub mod service_without_runbook;
pub mod vendor_without_contact;

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
