//! A score for each blind spot. What could not be looked at has none: an empty repository is not a healthy one.

use super::finding::{Area, Finding, Level};
use super::repo::Repo;

/// The score of a blind spot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Score {
    pub area: Area,
    /// From 0 to 100; nothing when there was nothing to look at.
    pub points: Option<u8>,
    /// How many findings, the worst level last.
    pub counts: [usize; 4],
}

/// What a rule that bites costs. A second finding of the same rule costs a quarter more, and no more than that: ten images
/// without a version are one habit.
fn cost(level: Level) -> u32 {
    match level {
        Level::Critical => 40,
        Level::High => 20,
        Level::Medium => 8,
        Level::Low => 3,
    }
}

/// Returns the scores.
pub fn scores(repo: &Repo<'_>, findings: &[Finding]) -> Vec<Score> {
    Area::ALL.into_iter().map(|area| score(area, repo, findings)).collect()
}

fn score(area: Area, repo: &Repo<'_>, findings: &[Finding]) -> Score {
    let mine: Vec<&Finding> = findings.iter().filter(|finding| finding.rule.area == area).collect();
    let mut counts = [0; 4];
    let mut rules: Vec<(&str, Level, u32)> = Vec::new();
    for finding in &mine {
        counts[finding.rule.level as usize] += 1;
        match rules.iter_mut().find(|(id, ..)| *id == finding.rule.id) {
            Some((.., times)) => *times += 1,
            None => rules.push((finding.rule.id, finding.rule.level, 1)),
        }
    }
    let lost: u32 =
        rules.iter().map(|(_, level, times)| cost(*level) + if *times > 1 { cost(*level) / 4 } else { 0 }).sum();
    let looked_at = !mine.is_empty()
        || match area {
            Area::Data => !repo.migrations.is_empty() || repo.engine.is_some(),
            Area::Delivery => !repo.pipelines.is_empty(),
            _ => repo.service().is_some(),
        }
        || repo.live.shows(area);
    Score { area, points: looked_at.then(|| u8::try_from(100_u32.saturating_sub(lost)).unwrap_or(0)), counts }
}
