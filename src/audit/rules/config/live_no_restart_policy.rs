//! A container that nothing starts again.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.live-no-restart-policy",
    area: Area::Config,
    level: Level::High,
    title: "A live container stays down when it ends",
    why: "One crash, one reboot of the host, and it is gone until somebody notices.",
    fix: "`docker update --restart unless-stopped NAME` now, and `restart: unless-stopped` in the compose file.",
    references: &["https://docs.docker.com/engine/containers/start-containers-automatically/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let bad = repo.live.seen().filter(|seen| seen.is_production() && seen.settings.restarts == Some(false));
    bad.map(|seen| Evidence::live(seen.place(), "nothing starts it again when it ends")).collect()
}
