//! Plans and operations as text.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use crate::model::operation::{ConfirmLevel, Plan, StepOutcome, Target};
use crate::model::release::Release;
use crate::model::time::Timestamp;
use crate::operation::{Operation, Standing, StepState, undo, words};
use crate::ui::format;

/// Commits and files that are listed; the rest is counted.
const LISTED: usize = 10;

/// Writes a plan as it is read before it is approved.
pub fn plan(plan: &Plan, now: Timestamp) -> String {
    let mut text = String::new();
    let mut line = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    line(&format!("{}  ({}, operation {})", plan.title, plan.system, plan.id.short()));
    if let (Target::Release(to), Some(from)) = (&plan.intent.target, &plan.current) {
        line(&format!("  from  {}", release(from, now)));
        line(&format!("  to    {}", release(to, now)));
    }
    if let Some(because) = &plan.chosen_because {
        line(&format!("  chosen because {because}"));
    }
    for stop in &plan.stops {
        line(&format!("  STOP  {}", stop.message));
    }
    for warning in &plan.warnings {
        line(&format!("  !     {warning}"));
    }
    for migration in &plan.between.migrations {
        let kinds = words::migration(migration);
        line(&format!("  migration that stays: {} ({}): {kinds}", migration.path, migration.framework));
        for evidence in migration.evidence.iter().take(3) {
            line(&format!("          {evidence}"));
        }
    }
    match &plan.between.changes {
        Some(changes) => {
            let more = if changes.truncated { ", and more that was not told" } else { "" };
            let counts = format!(
                "{}, {}",
                format::count(changes.commits.len(), "commit"),
                format::count(changes.files.len(), "file")
            );
            line(&format!("  between: {counts}{more} (from {})", plan.between.told_by));
            for commit in changes.commits.iter().take(LISTED) {
                let id: String = commit.id.as_str().chars().take(8).collect();
                let message = commit.message.as_ref().map(ToString::to_string).unwrap_or_default();
                let author = commit.author.as_ref().map(|author| format!("  {author}")).unwrap_or_default();
                line(&format!("    {id}  {message}{author}"));
            }
            if changes.commits.len() > LISTED {
                line(&format!("    and {} more", changes.commits.len() - LISTED));
            }
        }
        None if !plan.between.told_by.is_empty() => line(&format!("  between: not known: {}", plan.between.told_by)),
        None => {}
    }
    if let Some(restarts) = plan.restarts {
        line(&format!("  restarts {}", format::count(restarts as usize, "instance")));
    }
    if let Some(words) = words::automatic_deploys(plan.automatic_deploys) {
        line(&format!("  automatic deploys {words}"));
    }
    for caveat in &plan.caveats {
        line(&format!("  stays: {caveat}"));
    }
    line("  steps");
    for (number, step) in plan.steps.iter().enumerate() {
        let undo = words::way_back(step);
        line(&format!("    {}. {}  ({undo})", number + 1, step.name));
        if step.preview.is_empty() {
            line("         left out: its condition does not hold");
        }
        for preview in &step.preview {
            line(&format!("         {preview}"));
        }
    }
    let verification = &plan.verification;
    if !verification.checks.is_empty() || !verification.alerts.is_empty() {
        let red = match verification.red.len() {
            0 => String::new(),
            red => format!(", {red} of them red now"),
        };
        line(&format!(
            "  then watched for {}: {}{red}, {}",
            crate::config::duration::text(verification.within),
            format::count(verification.checks.len(), "check"),
            format::count(verification.alerts.len(), "alert"),
        ));
    } else if plan.intent.service.is_some() && !verification.within.is_zero() {
        line("  nothing will tell whether it helped: the service has no checks");
    }
    text
}

fn release(release: &Release, now: Timestamp) -> String {
    let mut text = release.name().to_string();
    if let Some(at) = release.created_at {
        let _ = write!(text, "  {} ago", format::age(now.since(at)));
    }
    for part in [release.short_commit(), release.author.as_ref().map(|author| author.as_str())].into_iter().flatten() {
        let _ = write!(text, "  {part}");
    }
    if let Some(message) = &release.message {
        let _ = write!(text, "  \"{message}\"");
    }
    text
}

/// Says how a plan is confirmed on a terminal.
pub fn question(plan: &Plan) -> String {
    match (plan.confirm, &plan.intent.service) {
        (ConfirmLevel::Name, Some(service)) => format!("Type {service} to do it: "),
        _ => "Type yes to do it: ".to_owned(),
    }
}

/// Writes one operation.
pub fn operation(operation: &Operation, stands: Standing, now: Timestamp, zone: &TimeZone) -> String {
    let mut text =
        format!("{}  {}  {}\n", operation.id().short(), operation.plan.title, words::standing(stands).to_uppercase());
    let clock = |at: Timestamp| at.in_zone(zone).strftime("%F %T %Z").to_string();
    let _ = writeln!(text, "  approved by {} at {}", operation.approved_by, clock(operation.approved_at));
    if let Some(took_over) = &operation.took_over {
        let _ = writeln!(text, "  taken over: {took_over}");
    }
    for (number, (planned, state)) in operation.plan.steps.iter().zip(&operation.steps).enumerate() {
        let (mark, words) = step(state);
        let _ = writeln!(text, "  [{mark}] {}. {}{words}", number + 1, planned.name);
    }
    if let Some(by) = &operation.cancelled_by {
        let _ = writeln!(text, "  {by} wants it to stop");
    }
    if let Some(said) = operation.said.as_ref().filter(|_| operation.ended.is_none()) {
        let _ = writeln!(text, "  {said}");
    }
    match &operation.ended {
        Some(ended) => {
            let _ = writeln!(text, "  {}", ended.said);
            let _ = writeln!(text, "  ended at {} after {}", clock(ended.at), format::age(operation.lasted(now)));
            if undo::intent(operation).is_some() {
                let _ = writeln!(text, "  crashcart operations undo {} takes it back", operation.id().short());
            }
        }
        None => {
            let id = operation.id().short();
            let next = match stands {
                Standing::Interrupted => {
                    format!("crashcart operations resume {id} asks the platform what is true, and goes on")
                }
                Standing::Undecided => format!(
                    "crashcart operations resume {id} --repeat does the step again; undo takes back what was done; close leaves it"
                ),
                _ => String::new(),
            };
            if !next.is_empty() {
                let _ = writeln!(text, "  {next}");
            }
        }
    }
    text
}

fn step(state: &StepState) -> (char, String) {
    let (mark, said) = words::step(state);
    let took = match state {
        StepState::Finished { took, outcome: StepOutcome::Done, .. } => format!("  {}", format::latency(*took)),
        _ => String::new(),
    };
    (mark, format!("{took}{}", said.map(|said| format!(": {said}")).unwrap_or_default()))
}
