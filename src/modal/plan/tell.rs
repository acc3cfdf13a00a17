//! What a plan says, the most important first: a phone shows fifteen rows of it.

use crate::modal::things;
use crate::model::operation::{AutomaticDeploys, Migration, MigrationKind, Plan, Target};
use crate::model::release::Release;
use crate::model::time::Timestamp;
use crate::operation::words;
use crate::ui::told::{Told, told};
use crate::ui::{Role, format};

/// Commits, files and lines of evidence that are told; the rest is counted.
const COMMITS: usize = 12;
const FILES: usize = 20;
const EVIDENCE: usize = 3;

/// Returns everything that a plan says.
pub fn tell(plan: &Plan, now: Timestamp) -> Vec<Told> {
    let mut lines = Vec::new();
    for stop in &plan.stops {
        lines.push(told("STOP", stop.message.to_string(), Role::Down));
    }
    if let Target::Release(to) = &plan.intent.target {
        if let Some(from) = &plan.current {
            lines.push(told("from", release(from, now), Role::Text));
        }
        lines.push(told("to", release(to, now), Role::Title));
    }
    if let Some(because) = &plan.chosen_because {
        lines.push(told("why", because.to_string(), Role::Text));
    }
    migrations_in_short(&plan.between.migrations, &mut lines);
    for warning in &plan.warnings {
        lines.push(told("!", warning.to_string(), Role::Degraded));
    }
    if let Some(words) = words::automatic_deploys(plan.automatic_deploys) {
        let role = if plan.automatic_deploys == AutomaticDeploys::GoOn { Role::Degraded } else { Role::Text };
        lines.push(told("deploys", words.to_owned(), role));
    }
    if let Some(restarts) = plan.restarts {
        lines.push(told("restarts", format::count(restarts as usize, "instance"), Role::Text));
    }
    between_in_short(plan, &mut lines);
    for caveat in &plan.caveats {
        lines.push(told("stays", caveat.to_string(), Role::Text));
    }
    afterwards(plan, &mut lines);
    let by = format!("{} through {} ({})", plan.by, plan.source.id, plan.system);
    lines.push(told("by", by, Role::Dim));
    steps(plan, &mut lines);
    if !plan.between.migrations.is_empty() {
        lines.push(told("", "", Role::Text));
        lines.push(told("", "migrations between, which stay as they are", Role::Accent));
    }
    for migration in &plan.between.migrations {
        lines.push(told("", format!("{} ({})", migration.path, migration.framework), migration_role(migration)));
        lines.push(told("", format!("  {}", words::migration(migration)), Role::Text));
        for evidence in migration.evidence.iter().take(EVIDENCE) {
            lines.push(told("", format!("  {evidence}"), Role::Dim));
        }
    }
    commits_and_files(plan, now, &mut lines);
    lines
}

/// Returns a release in a line: what it is called, how old, which commit, whose, and what it says.
fn release(release: &Release, now: Timestamp) -> String {
    let mut parts = vec![release.name().to_string()];
    if let Some(at) = release.created_at {
        parts.push(format!("{} ago", format::age(now.since(at))));
    }
    parts.extend(release.short_commit().filter(|commit| *commit != release.name().as_str()).map(str::to_owned));
    parts.extend(release.author.as_ref().map(ToString::to_string));
    parts.extend(release.message.as_ref().map(|message| format!("\"{message}\"")));
    parts.join("  ")
}

fn migration_role(migration: &Migration) -> Role {
    match migration.kinds.first() {
        None | Some(MigrationKind::Drops | MigrationKind::Rewrites) => Role::Down,
        Some(MigrationKind::Data | MigrationKind::Unknown) => Role::Degraded,
        Some(MigrationKind::Adds) => Role::Text,
    }
}

fn migrations_in_short(migrations: &[Migration], lines: &mut Vec<Told>) {
    let count = |kind: MigrationKind| migrations.iter().filter(|one| one.kinds.first() == Some(&kind)).count();
    let unread = migrations.iter().filter(|migration| migration.kinds.is_empty()).count();
    if migrations.is_empty() {
        return;
    }
    let kinds = [
        (count(MigrationKind::Drops), "DROPS"),
        (count(MigrationKind::Rewrites), "REWRITES"),
        (unread, "not read"),
        (count(MigrationKind::Data), "changes rows"),
        (count(MigrationKind::Unknown), "not recognised"),
        (count(MigrationKind::Adds), "adds"),
    ];
    let told_kinds: Vec<String> =
        kinds.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    let worst = migrations.iter().map(migration_role).fold(Role::Text, |worst, role| match (worst, role) {
        (Role::Down, _) | (_, Role::Down) => Role::Down,
        (Role::Degraded, _) | (_, Role::Degraded) => Role::Degraded,
        _ => Role::Text,
    });
    let stay = if migrations.len() == 1 { "STAYS" } else { "STAY" };
    let text = format!("{} {stay}: {}", format::count(migrations.len(), "migration"), told_kinds.join(", "));
    lines.push(told("database", text, worst));
}

fn between_in_short(plan: &Plan, lines: &mut Vec<Told>) {
    match &plan.between.changes {
        Some(changes) => {
            let more = if changes.truncated { ", and more that was not told" } else { "" };
            let (commits, files) = (changes.commits.len(), changes.files.len());
            let text = format!(
                "{}, {}{more} (from {})",
                format::count(commits, "commit"),
                format::count(files, "file"),
                plan.between.told_by
            );
            lines.push(told("between", text, Role::Text));
        }
        None if !plan.between.told_by.is_empty() => {
            lines.push(told("between", format!("not known: {}", plan.between.told_by), Role::Degraded));
        }
        None => {}
    }
}

fn afterwards(plan: &Plan, lines: &mut Vec<Told>) {
    let verification = &plan.verification;
    if verification.checks.is_empty() && verification.alerts.is_empty() {
        if plan.intent.service.is_some() && !verification.within.is_zero() {
            let text = "nothing will tell whether it helped: the service has no checks";
            lines.push(told("then", text, Role::Degraded));
        }
        return;
    }
    let red = match verification.red.len() {
        0 => String::new(),
        red => format!(" ({red} red now)"),
    };
    let alerts = match verification.alerts.len() {
        0 => String::new(),
        alerts => format!(" and {}", format::count(alerts, "alert")),
    };
    let text = format!(
        "{}{red}{alerts} watched for {}",
        format::count(verification.checks.len(), "check"),
        format::span(verification.within)
    );
    lines.push(told("then", text, Role::Text));
}

fn steps(plan: &Plan, lines: &mut Vec<Told>) {
    lines.push(told("", "", Role::Text));
    lines.push(told("", "steps", Role::Accent));
    for (number, step) in plan.steps.iter().enumerate() {
        let undo = words::way_back(step);
        lines.push(told("", format!("{}. {}  ({undo})", number + 1, step.name), Role::Text));
        if step.preview.is_empty() {
            lines.push(told("", "   left out: its condition does not hold", Role::Dim));
        }
        lines.extend(step.preview.iter().map(|line| told("", format!("   {line}"), Role::Dim)));
    }
}

fn commits_and_files(plan: &Plan, now: Timestamp, lines: &mut Vec<Told>) {
    let Some(changes) = &plan.between.changes else { return };
    if !changes.commits.is_empty() {
        lines.push(told("", "", Role::Text));
        lines.push(told("", format::count(changes.commits.len(), "commit"), Role::Accent));
    }
    lines.extend(changes.commits.iter().take(COMMITS).map(|commit| told("", things::commit(commit, now), Role::Text)));
    rest(changes.commits.len(), COMMITS, lines);
    if !changes.files.is_empty() {
        lines.push(told("", "", Role::Text));
        lines.push(told("", format::count(changes.files.len(), "file"), Role::Accent));
    }
    lines.extend(changes.files.iter().take(FILES).map(|file| told("", things::file(file), Role::Text)));
    rest(changes.files.len(), FILES, lines);
}

fn rest(total: usize, shown: usize, lines: &mut Vec<Told>) {
    if total > shown {
        lines.push(told("", format!("and {} more", total - shown), Role::Dim));
    }
}
