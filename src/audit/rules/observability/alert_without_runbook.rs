//! Alerts that do not say what to do.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::yaml::{documents, items, scalar};
use crate::audit::repo::Repo;
use crate::audit::tree::is_aside;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.alert-without-runbook",
    area: Area::Observability,
    level: Level::Low,
    title: "An alert does not say what to do",
    why: "Whoever is woken by it begins with a search.",
    fix: "Add `annotations: runbook_url:` to each alert; `crashcart runbooks new` writes a first version.",
    references: &["https://prometheus.io/docs/practices/alerting/#playbooks"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for file in repo.tree.files().filter(|file| {
        !is_aside(file.path)
            && (file.path.ends_with(".yml") || file.path.ends_with(".yaml"))
            && file.text.contains("alert:")
    }) {
        for document in documents(file.path, file.text) {
            let groups = if document.value["kind"] == "PrometheusRule" {
                &document.value["spec"]["groups"]
            } else {
                &document.value["groups"]
            };
            for rule in items(groups).flat_map(|group| items(&group["rules"])) {
                let Some(name) = scalar(&rule["alert"]) else { continue };
                if rule["annotations"]["runbook_url"].is_null() && rule["annotations"]["runbook"].is_null() {
                    all.push(Evidence::at(
                        file.path,
                        document.line_with(&["groups"], &name),
                        format!("`{name}` has no `runbook_url`"),
                    ));
                }
            }
        }
    }
    all
}
