//! A service that nobody asks from outside.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.no-uptime-check",
    area: Area::Observability,
    level: Level::Low,
    title: "Nothing asks from outside whether it is up",
    why: "When the host, its network or its DNS is gone, everything that would report it is gone too.",
    fix: "Let something elsewhere ask it every minute and page you: `crashcart watch` on another host, Uptime Kuma, Better Stack, Healthchecks for jobs.",
    references: &["https://sre.google/sre-book/monitoring-distributed-systems/"],
    check,
};

static ASKS: Pattern = Pattern::new(
    r"(?i)crashcart\.toml|uptime|upptime|statuspage|pingdom|better-?stack|healthchecks\.io|hc-ping|checkly|blackbox|gatus|statuscake|cronitor|datadog|newrelic|updown\.io|grafana.*synthetic|openstatus|site24x7",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let Some(place) = repo.runs_own_program() else { return Vec::new() };
    let deployed = !repo.fly.is_empty()
        || !repo.render.is_empty()
        || repo.deploys().next().is_some()
        || place.contains("railway")
        || place.contains("prod");
    if !deployed || repo.mentions(&ASKS) {
        return Vec::new();
    }
    vec![Evidence::at(&place, 0, "this is deployed, and no file names anything that watches it from outside")]
}
