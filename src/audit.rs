//! The four blind spots of a repository and its platforms: what will be an outage, seen before it is one.
//!
//! ```text
//!   Tree (paths and texts) -> Repo (what its files say) -.
//!                                                        +-> RULES -> findings -> suppressed? -> scores, reports
//!   Live (what the platforms answered) ------------------'
//! ```
//!
//! Pure: the shell reads the files and asks the platforms, nothing here runs or asks anything. A rule is a file under `rules/`; it stays silent where
//! it has no evidence. A value that may be a secret never becomes part of a finding.

pub mod accept;
pub mod finding;
pub mod live;
pub mod read;
pub mod repo;
pub mod report;
pub mod rules;
pub mod score;
pub mod tree;

use accept::Accepted;
use finding::{Area, Finding, Level};
use live::Live;
use repo::{Options, Repo};
use score::Score;
use tree::Tree;

/// What an audit came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// The worst first.
    pub findings: Vec<Finding>,
    /// What somebody has accepted, with the reason.
    pub accepted: Vec<(Finding, accept::Reason)>,
    /// Lines of the list of accepted findings that fit nothing any more.
    pub stale: Vec<String>,
    pub scores: Vec<Score>,
    pub files: usize,
    /// What was left out, and why: an audit that saw half of it must say so.
    pub skipped: Vec<String>,
    /// Rules that the files alone would have bitten, and what a platform shows instead.
    pub settled: Vec<(&'static str, String)>,
}

impl Report {
    /// Returns the worst level found.
    pub fn worst(&self) -> Option<Level> {
        self.findings.iter().map(|finding| finding.rule.level).max()
    }
}

/// Examines a tree, and what the platforms say.
pub fn audit(tree: &Tree, live: &Live, options: &Options) -> Report {
    let repo = Repo::read(tree, live, options);
    let mut findings: Vec<Finding> = rules::RULES
        .iter()
        .flat_map(|rule| (rule.check)(&repo).into_iter().map(|evidence| Finding::new(rule, evidence, tree)))
        .collect();
    let accepted = Accepted::read(tree);
    findings.extend(accepted.troubles(tree));
    let mut settled: Vec<(&'static str, String)> = Vec::new();
    findings.retain(|finding| {
        let Some(why) = live.settles(finding.rule.id) else { return true };
        if !settled.iter().any(|(rule, _)| *rule == finding.rule.id) {
            settled.push((finding.rule.id, why));
        }
        false
    });
    let key =
        |one: &Finding| (std::cmp::Reverse(one.rule.level), urgency(one.rule.area), one.rule.id, one.place.clone());
    findings.sort_by_cached_key(key);
    findings.dedup_by(|a, b| a.rule.id == b.rule.id && a.place == b.place && a.says == b.says);
    let (findings, accepted, stale) = accepted.apart(findings, tree);
    let scores = score::scores(&repo, &findings);
    let skipped = tree.skipped().iter().chain(&live.skipped).cloned().collect();
    Report { findings, accepted, stale, scores, files: tree.len(), skipped, settled }
}

/// Among findings of one level: what loses data or opens a door comes before what makes the next deploy uncertain.
fn urgency(area: Area) -> usize {
    const ORDER: [Area; 6] =
        [Area::Data, Area::Config, Area::Delivery, Area::Observability, Area::Parity, Area::Readiness];
    ORDER.iter().position(|one| *one == area).unwrap_or(ORDER.len())
}
