//! A platform that knows one release only.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::live::LivePlace;
use crate::audit::repo::Repo;
use crate::model::release::{Release, ReleaseState};
use crate::model::source::Found;

/// The rule.
pub static RULE: Rule = Rule {
    id: "delivery.live-nothing-to-go-back-to",
    area: Area::Delivery,
    level: Level::High,
    title: "There is no release to roll back to",
    why: "When the one release that is there is the broken one, the only way is forward: a fix, a build, and an outage as long as both.",
    fix: "Keep older releases (images with tags of their own, the platform's retention), and try once: `crashcart rollback SERVICE --dry-run`.",
    references: &["https://sre.google/workbook/canarying-releases/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for answer in &repo.live.answers {
        let Found::Releases(releases) = &answer.found else { continue };
        // Nothing live is another trouble, and a doctor's.
        if !releases.iter().any(|release| release.live) || releases.iter().any(serves) {
            continue;
        }
        let service = answer.service.as_ref().and_then(|id| repo.live.service(id));
        let environment = service.and_then(|service| service.environment.as_ref()).map(|id| id.as_str());
        let place = LivePlace::new(answer.source.as_str(), answer.service.as_ref().map(|id| id.as_str()), environment);
        all.push(Evidence::live(place, "the live release is the only one that could run"));
    }
    all
}

/// Returns whether one could go back to it.
fn serves(release: &Release) -> bool {
    !release.live
        && release.can_roll_back != Some(false)
        && matches!(release.state, ReleaseState::Succeeded | ReleaseState::Superseded | ReleaseState::Unknown)
}
