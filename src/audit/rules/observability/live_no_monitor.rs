//! Uptime monitoring without a monitor in it.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::live::LivePlace;
use crate::audit::repo::Repo;
use crate::model::source::Found;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.live-no-monitor",
    area: Area::Observability,
    level: Level::Medium,
    title: "The live uptime monitoring watches nothing",
    why: "When the host, its network or its DNS is gone, everything that would report it is gone too.",
    fix: "Let it ask the public address every minute and page you, or let `crashcart watch` do it on another host.",
    references: &["https://sre.google/sre-book/monitoring-distributed-systems/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let told = || {
        repo.live.answers.iter().filter_map(|answer| match &answer.found {
            Found::Checks(monitors) => Some((answer, monitors.len())),
            _ => None,
        })
    };
    if told().any(|(_, count)| count > 0) {
        return Vec::new();
    }
    told()
        .map(|(answer, _)| Evidence::live(LivePlace::new(answer.source.as_str(), None, None), "it has no monitor"))
        .collect()
}
