//! A live service that is meant to have one instance.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.live-single-instance",
    area: Area::Config,
    level: Level::Medium,
    title: "One instance serves all requests in production",
    why: "Every crash, every move to another host, and on many platforms every deploy is an outage, however short.",
    fix: "Run two or more: `crashcart act SERVICE scale` where the platform can, with a health check.",
    references: &[
        "https://kubernetes.io/docs/tasks/run-application/configure-pdb/",
        "https://fly.io/docs/apps/app-availability/",
    ],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let bad = repo.live.programs().filter(|seen| seen.settings.instances == Some(1));
    bad.map(|seen| Evidence::live(seen.place(), "there is one instance, and no second one when it goes")).collect()
}
