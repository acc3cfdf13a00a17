//! The built-in runbooks that fit what a project can suffer from.

use super::super::{Recognised, What};
use super::{Draft, DraftService};

/// Returns the built-in runbooks for what this project can suffer from.
pub(super) fn runbooks(found: &[Recognised], draft: &Draft) -> Vec<&'static str> {
    let has = |wanted: &dyn Fn(&What) -> bool| found.iter().any(|it| wanted(&it.what));
    let mut names = vec!["bad-deploy"];
    if has(&|what| matches!(what, What::Migrations { .. })) {
        names.push("failing-migration");
    }
    if has(&|what| matches!(what, What::Database { name } if !matches!(*name, "redis" | "rabbitmq" | "kafka"))) {
        names.push("database-unreachable");
    }
    if has(&|what| matches!(what, What::Database { name: "rabbitmq" | "kafka" })) {
        names.push("queue-backlog");
    }
    if !draft.vendors.is_empty() {
        names.push("vendor-outage");
    }
    names.extend(["out-of-memory", "expired-certificate", "disk-full"]);
    names
}

pub(super) fn fits(runbook: &str, service: &DraftService) -> bool {
    // A database of one's own is nothing that is deployed.
    if service.is_store {
        return matches!(runbook, "database-unreachable" | "disk-full" | "out-of-memory");
    }
    match runbook {
        // Only where the disk is one's own.
        "disk-full" => matches!(service.provider.as_deref(), Some("docker" | "kamal" | "releases-over-ssh" | "nomad")),
        "expired-certificate" => service.address.as_ref().is_some_and(|address| address.url.starts_with("https:")),
        "out-of-memory" => !matches!(service.provider.as_deref(), Some("netlify" | "cloudflare-pages") | None),
        "bad-deploy" => service.provider.is_some() || service.elsewhere.is_some(),
        _ => true,
    }
}
