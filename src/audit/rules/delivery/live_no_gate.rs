//! Automatic deploys that nothing can hold back.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "delivery.live-no-gate",
    area: Area::Delivery,
    level: Level::Medium,
    title: "Every push goes live by itself",
    why: "Every push goes out at once, also during an incident, and over a rollback that was just made.",
    fix: "Deploy after tests only (checks before deploy, an environment with required reviewers or a wait timer), and stop automatic deploys while an incident is open: `crashcart act SERVICE stop_automatic_deploys`.",
    references: &[
        "https://docs.github.com/actions/managing-workflow-runs-and-deployments/managing-deployments/managing-environments-for-deployment",
    ],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let live = || repo.live.seen().filter(|seen| seen.is_production());
    if live().any(|seen| seen.settings.gate == Some(true)) {
        return Vec::new();
    }
    live()
        .filter_map(|seen| {
            let says = match (seen.settings.automatic_deploys, seen.settings.gate) {
                (Some(true), _) => "a push is deployed, and nothing has to say yes",
                (None, Some(false)) => "nobody and nothing has to say yes to a deploy",
                _ => return None,
            };
            Some(Evidence::live(seen.place(), says))
        })
        .collect()
}
