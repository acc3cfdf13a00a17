//! Findings that somebody has looked at and accepted: in the file itself, or in `crashcart-audit.toml`. Both need a reason.
//!
//! ```text
//!   FROM node:latest   # crashcart-audit: accept parity.unpinned-base-image -- rebuilt nightly and tested then
//! ```

use serde::Deserialize;

use super::finding::{Area, Evidence, Finding, Level, Place, Rule};
use super::read::Pattern;
use super::tree::Tree;
use crate::model::text::Line;

/// The list's name, in the root of the repository.
pub const FILE: &str = "crashcart-audit.toml";
const MARK: &str = "crashcart-audit: accept ";

/// A suppression without a reason, or for a rule that does not exist, or a list that cannot be read.
pub static NO_REASON: Rule = Rule {
    id: "readiness.suppression-without-reason",
    area: Area::Readiness,
    level: Level::Medium,
    title: "A finding is accepted without a reason",
    why: "Nobody can tell later whether it was looked at or only silenced, so it is never looked at again.",
    fix: "Say why it is right here: `# crashcart-audit: accept RULE -- REASON`, or `reason` in crashcart-audit.toml.",
    references: &[],
    check: |_| Vec::new(),
};

#[derive(Deserialize, Default)]
struct List {
    #[serde(default)]
    accept: Vec<Entry>,
}

#[derive(Clone, Deserialize)]
struct Entry {
    rule: String,
    path: Option<String>,
    /// On a platform: the source, the service and the environment.
    source: Option<String>,
    service: Option<String>,
    environment: Option<String>,
    fingerprint: Option<String>,
    #[serde(default)]
    reason: String,
}

/// Why a finding is accepted, and where that is said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reason {
    /// Beside it, in the file itself.
    Inline(Line),
    /// In the list.
    Listed(Line),
}

impl Reason {
    /// Returns the words.
    pub fn text(&self) -> &str {
        match self {
            Self::Inline(text) | Self::Listed(text) => text.as_str(),
        }
    }
}

/// What is accepted.
#[derive(Default)]
pub struct Accepted {
    entries: Vec<Entry>,
    broken: Option<String>,
}

impl Accepted {
    /// Reads the list of a tree.
    pub fn read(tree: &Tree) -> Self {
        match tree.text(FILE).map(toml::from_str::<List>) {
            None => Self::default(),
            Some(Ok(list)) => Self { entries: list.accept, broken: None },
            Some(Err(error)) => Self { entries: Vec::new(), broken: Some(error.message().to_owned()) },
        }
    }

    /// Returns what is wrong with the suppressions themselves.
    pub fn troubles(&self, tree: &Tree) -> Vec<Finding> {
        let mut all: Vec<Evidence> = Vec::new();
        if let Some(said) = &self.broken {
            all.push(Evidence::at(FILE, 1, format!("the list cannot be read, so nothing in it counts: {said}")));
        }
        for (number, entry) in self.entries.iter().enumerate() {
            let trouble = if super::rules::find(&entry.rule).is_none() {
                format!("entry {}: there is no rule `{}`", number + 1, entry.rule)
            } else if entry.reason.trim().is_empty() {
                format!("entry {}: `{}` is accepted without a reason, so it does not count", number + 1, entry.rule)
            } else {
                continue;
            };
            let line = tree.files().find(|file| file.path == FILE).map_or(1, |file| {
                file.lines().filter(|(_, line)| line.trim() == "[[accept]]").nth(number).map_or(1, |(line, _)| line)
            });
            all.push(Evidence::at(FILE, line, trouble));
        }
        for file in tree.files().filter(|file| file.text.contains(MARK) && !file.path.ends_with(".md")) {
            for (line, text) in file.lines() {
                let Some((rule, reason)) = inline(text) else { continue };
                if super::rules::find(rule).is_none() {
                    all.push(Evidence::at(file.path, line, format!("there is no rule `{rule}`")));
                } else if reason.is_empty() {
                    all.push(Evidence::at(
                        file.path,
                        line,
                        format!("`{rule}` is accepted without a reason, so it does not count"),
                    ));
                }
            }
        }
        all.into_iter().map(|evidence| Finding::new(&NO_REASON, evidence, tree)).collect()
    }

    /// Takes what is accepted out of the findings. Returns the rest, what was accepted, and entries that fit nothing.
    pub fn apart(&self, findings: Vec<Finding>, tree: &Tree) -> (Vec<Finding>, Vec<(Finding, Reason)>, Vec<String>) {
        let (mut kept, mut accepted) = (Vec::new(), Vec::new());
        let mut used = vec![false; self.entries.len()];
        for finding in findings {
            let entry = self.entries.iter().enumerate().find(|(_, entry)| entry.fits(&finding));
            if let Some((index, entry)) = entry {
                used[index] = true;
                accepted.push((finding, Reason::Listed(Line::from_text(&entry.reason))));
            } else if let Some(reason) = beside(&finding, tree) {
                accepted.push((finding, Reason::Inline(Line::from_text(&reason))));
            } else {
                kept.push(finding);
            }
        }
        let stale = self.entries.iter().zip(used).filter(|(entry, used)| !used && !entry.reason.trim().is_empty());
        let stale = stale.map(|(entry, _)| {
            let place = [&entry.path, &entry.source, &entry.service, &entry.environment];
            let place: Vec<&str> = place.into_iter().flatten().map(String::as_str).collect();
            let place = if place.is_empty() { String::new() } else { format!(" in {}", place.join(", ")) };
            format!("{}{place}", entry.rule)
        });
        (kept, accepted, stale.collect())
    }
}

impl Entry {
    fn fits(&self, finding: &Finding) -> bool {
        self.rule == finding.rule.id
            && !self.reason.trim().is_empty()
            && self.is_about(&finding.place)
            && self.fingerprint.as_ref().is_none_or(|print| *print == finding.fingerprint)
    }
}

impl Entry {
    fn is_about(&self, place: &Place) -> bool {
        let said = |wanted: &Option<String>, is: Option<&Line>| {
            wanted.as_ref().is_none_or(|wanted| is.is_some_and(|is| is.as_str() == wanted))
        };
        let (path, source, service, environment) = match place {
            Place::File { path, .. } => (Some(path), None, None, None),
            Place::Live(live) => (None, Some(&live.source), live.service.as_ref(), live.environment.as_ref()),
        };
        said(&self.path, path)
            && said(&self.source, source)
            && said(&self.service, service)
            && said(&self.environment, environment)
    }
}

/// Reads a suppression in a line: the rule, and the reason, which may be empty.
fn inline(line: &str) -> Option<(&str, &str)> {
    static END: Pattern = Pattern::new(r"^(.*?)\s*(?:-->|\*/)?\s*$");
    let rest = line.split_once(MARK)?.1;
    let (rule, reason) = rest.split_once(" -- ").unwrap_or((rest, ""));
    let rule = rule.trim().trim_end_matches("--").trim_end_matches("*/").trim();
    Some((rule, END.first(reason).unwrap_or_default().trim()))
}

/// Returns the reason that stands on the finding's line or on the one above it.
fn beside(finding: &Finding, tree: &Tree) -> Option<String> {
    let text = tree.text(finding.place.path()?.as_str())?;
    let from = finding.place.line().unwrap_or(0).saturating_sub(2);
    text.lines()
        .skip(from)
        .take(2)
        .filter_map(inline)
        .find_map(|(rule, reason)| (rule == finding.rule.id && !reason.is_empty()).then(|| reason.to_owned()))
}

/// Writes a list that accepts findings.
pub fn list(findings: &[Finding], reason: &str) -> String {
    let quoted = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
    let mut text = String::new();
    for finding in findings.iter().filter(|finding| finding.rule.id != NO_REASON.id) {
        text.push_str(&format!("\n[[accept]]\nrule = {}\n", quoted(finding.rule.id)));
        let place = match &finding.place {
            Place::File { path, .. } => vec![("path", Some(path))],
            Place::Live(live) => vec![
                ("source", Some(&live.source)),
                ("service", live.service.as_ref()),
                ("environment", live.environment.as_ref()),
            ],
        };
        for (key, value) in place.into_iter().filter_map(|(key, value)| Some((key, value?))) {
            text.push_str(&format!("{key} = {}\n", quoted(value.as_str())));
        }
        text.push_str(&format!("fingerprint = {}\nreason = {}\n", quoted(&finding.fingerprint), quoted(reason)));
    }
    text
}
