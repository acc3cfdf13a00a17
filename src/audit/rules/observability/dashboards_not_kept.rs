//! Dashboards that exist in one volume only.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.dashboards-not-kept",
    area: Area::Observability,
    level: Level::Low,
    title: "Dashboards live only in Grafana's own database",
    why: "They are gone with the volume, and whoever rebuilds it during an outage has an empty Grafana.",
    fix: "Provision them from files in the repository.",
    references: &["https://grafana.com/docs/grafana/latest/administration/provisioning/"],
    check,
};

static PROVISIONED: Pattern =
    Pattern::new(r"(?i)dashboard.*\.(json|ya?ml|jsonnet)$|provisioning|grafonnet|grafana_dashboard");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let grafana = repo.production().find(|one| one.image.starts_with("grafana/grafana"));
    let provisioned =
        repo.has_path(&PROVISIONED) || repo.composes.iter().any(|one| PROVISIONED.is_match(&one.value.to_string()));
    grafana
        .filter(|_| !provisioned)
        .map(|one| Evidence::at(&one.path, one.line, "no dashboard is provisioned from a file"))
        .into_iter()
        .collect()
}
