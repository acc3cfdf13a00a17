//! `crashcart audit`: the four blind spots of a repository and of the platforms that it runs on.

mod ask;
mod files;

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use serde_json::json;

use super::args::{AuditArgs, Cli};
use super::environment::Environment;
use super::failure::Failure;
use super::{Exit, config_file, output};
use crate::audit::finding::Level;
use crate::audit::repo::Options;
use crate::audit::report::{explain, json as as_json, markdown, sarif, text};
use crate::audit::{Report, accept, audit, rules};
use crate::clock::Clock;
use crate::config::nearest::nearest;
use crate::model::audit::{LastRun, Run, Worst};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::runtime::audits;
use crate::runtime::redaction::redact;

/// As many of the worst rules are kept for the console.
const WORST: usize = 5;

pub(super) fn run(cli: &Cli, args: &AuditArgs, environment: &Environment) -> Result<Exit, Failure> {
    if let Some(id) = &args.explain {
        return explained(id, args.json);
    }
    let here = environment.current_dir.clone().unwrap_or_default();
    let root = here.join(args.path.as_deref().unwrap_or_else(|| Path::new(".")));
    let tree = files::read(&root)?;
    if tree.is_empty() {
        return Err(Failure::from(anyhow::anyhow!("there is no file in `{}`", root.display()))
            .hint("name the folder of a repository: crashcart audit PATH"));
    }
    let live = ask::live(cli, args, &root, environment)?;
    let report = audit(&tree, &live, &Options { migrations: args.migrations });
    if let Some(reason) = &args.accept {
        return accepted(&root, &report.findings, reason);
    }
    let now = Clock::system().now();
    let trend = config_file::state_dir(&cli.global, environment)
        .map(|place| audits::remember(&place, &root, scores(&report, now), last(&report, now)))
        .unwrap_or_default();
    let printed = if args.json {
        let mut value = as_json::report(&report);
        value["trend"] = json!(trend);
        format!("{value:#}\n")
    } else if args.sarif {
        format!("{:#}\n", sarif::report(&report))
    } else if args.markdown {
        markdown::report(&report)
    } else {
        text::report(&report, &trend, args.all)
    };
    output::print(redact(&printed).as_ref())?;
    let fails = Level::of_word(&args.fail_on).is_some_and(|limit| report.worst().is_some_and(|worst| worst >= limit));
    Ok(if fails { Exit::Wrong } else { Exit::Healthy })
}

fn scores(report: &Report, at: Timestamp) -> Run {
    Run { at, scores: report.scores.iter().map(|score| (score.area, score.points)).collect() }
}

/// Returns what the console shows of an audit: one place of each of the worst rules.
fn last(report: &Report, at: Timestamp) -> LastRun {
    let mut counts = [0; 4];
    let mut worst: Vec<Worst> = Vec::new();
    for finding in &report.findings {
        let rule = finding.rule;
        counts[rule.level as usize] += 1;
        match worst.iter_mut().find(|one| one.rule.as_str() == rule.id) {
            Some(one) => one.others += 1,
            None => worst.push(Worst {
                level: rule.level,
                rule: Line::from_text(rule.id),
                title: Line::from_text(rule.title),
                place: Line::from_text(&redact(&finding.place.to_string())),
                says: Line::from_text(&redact(finding.says.as_str())),
                fix: Line::from_text(rule.fix),
                others: 0,
            }),
        }
    }
    worst.truncate(WORST);
    let skipped = report.skipped.iter().map(|text| Line::from_text(&redact(text))).collect();
    LastRun { at, counts, worst, skipped }
}

fn explained(id: &str, as_json: bool) -> Result<Exit, Failure> {
    let Some(rule) = rules::find(id) else {
        let names: Vec<&str> = rules::all().map(|rule| rule.id).collect();
        // The area may be left out: `drops`.
        let bare = names.iter().find(|name| name.split_once('.').is_some_and(|(_, bare)| bare == id));
        let hint = bare.copied().or_else(|| nearest(id, &names)).map_or_else(
            || "docs/audit.md lists the rules, and every finding names its own".to_owned(),
            |name| format!("did you mean `{name}`?"),
        );
        return Err(Failure::usage(anyhow::anyhow!("there is no rule `{id}`")).hint(hint));
    };
    let text = if as_json {
        let value = json!({ "rule": rule.id, "area": rule.area.word(), "level": rule.level.word(), "title": rule.title,
                            "why": rule.why, "fix": rule.fix, "references": rule.references });
        format!("{value:#}\n")
    } else {
        explain::explain(rule)
    };
    output::print(text)?;
    Ok(Exit::Healthy)
}

/// Adds findings to the list of what is accepted. Nothing that stands there is changed.
fn accepted(root: &Path, findings: &[crate::audit::finding::Finding], reason: &str) -> Result<Exit, Failure> {
    if reason.trim().is_empty() {
        return Err(Failure::usage(anyhow::anyhow!("a finding is accepted with a reason, and this one is empty"))
            .hint("write what makes it right here, or where the work is tracked"));
    }
    let path = root.join(accept::FILE);
    let cannot = || format!("cannot write `{}`", path.display());
    // A link could lead out of the repository.
    if path.is_symlink() {
        return Err(Failure::from(anyhow::anyhow!("`{}` is a link, and links are not followed", path.display()))
            .hint("replace it by a file"));
    }
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path).with_context(cannot)?;
    file.write_all(accept::list(findings, reason).as_bytes()).with_context(cannot)?;
    output::tell(&format!("{} accepted in {}\n", crate::ui::format::count(findings.len(), "finding"), path.display()));
    Ok(Exit::Healthy)
}
