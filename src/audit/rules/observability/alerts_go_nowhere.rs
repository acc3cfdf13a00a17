//! Alerts that nobody receives.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::yaml::{documents, entries, items, scalar};
use crate::audit::repo::Repo;
use crate::audit::tree::is_aside;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.alerts-go-nowhere",
    area: Area::Observability,
    level: Level::Critical,
    title: "Alerts reach nobody",
    why: "The rules fire, the page shows them in red, and nobody is called.",
    fix: "Give Alertmanager's default route a receiver that pages, and name Alertmanager in prometheus.yml; send a test alert.",
    references: &["https://prometheus.io/docs/alerting/latest/configuration/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for file in repo
        .tree
        .files()
        .filter(|file| !is_aside(file.path) && (file.path.ends_with(".yml") || file.path.ends_with(".yaml")))
    {
        let routes = file.text.contains("receivers:") && file.text.contains("route:");
        if !routes && !file.text.contains("rule_files:") {
            continue;
        }
        for document in documents(file.path, file.text) {
            let receivers = items(&document.value["receivers"]);
            if let Some(wanted) = scalar(&document.value["route"]["receiver"]) {
                let empty = receivers
                    .filter(|one| scalar(&one["name"]).as_ref() == Some(&wanted))
                    .any(|one| entries(one).all(|(key, _)| key == "name"));
                let elsewhere = items(&document.value["route"]["routes"]).next().is_some();
                if empty && !elsewhere {
                    all.push(Evidence::at(
                        file.path,
                        document.line(&["route", "receiver"]),
                        format!("the receiver `{wanted}` sends nothing"),
                    ));
                }
            }
            let has_rules =
                items(&document.value["rule_files"]).next().is_some() && document.value.get("scrape_configs").is_some();
            if has_rules && document.value["alerting"]["alertmanagers"].is_null() {
                all.push(Evidence::at(
                    file.path,
                    document.line(&["rule_files"]),
                    "there are rules, and no `alerting: alertmanagers:`",
                ));
            }
        }
    }
    all
}
