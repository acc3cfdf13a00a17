//! A release, an issue or an alert in full: everything that its source told, with the stack trace of an issue and what lies
//! between two releases.

use crate::app::world::World;
use crate::model::alert::Alert;
use crate::model::id::FeedId;
use crate::model::issue::{ErrorIssue, Exception, Frame, IssueDetail};
use crate::model::metric::short;
use crate::model::operation::Target;
use crate::model::release::{ChangedFile, Changes, Commit, FileChange, Release};
use crate::model::source::{Found, Trouble};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::pane::feeds::words::{alert_role, issue_role, release_role, release_word, state_word};
use crate::pane::feeds::{Key, Kind};
use crate::ui::told::{Told, told};
use crate::ui::{Role, format};

/// Returns the title of a thing.
pub fn title(world: &World, kind: Kind, key: &Key) -> String {
    let title = match kind {
        Kind::Releases => release(world, key).map(|release| format!("release {}", release.name())),
        Kind::Errors => issue(world, key).map(|issue| issue.title.to_string()),
        Kind::Alerts => alert(world, key).map(|alert| alert.title.to_string()),
    };
    title.unwrap_or_else(|| key.id.to_string())
}

fn value<'a>(world: &'a World, key: &Key) -> Option<&'a Found> {
    world.snapshot.feed(&key.feed)?.last.value.as_ref()
}

/// Returns a release of a list.
pub fn release<'a>(world: &'a World, key: &Key) -> Option<&'a Release> {
    match value(world, key)? {
        Found::Releases(releases) => releases.iter().find(|release| release.id == key.id),
        _ => None,
    }
}

/// Returns an issue of a list.
pub fn issue<'a>(world: &'a World, key: &Key) -> Option<&'a ErrorIssue> {
    match value(world, key)? {
        Found::Issues(issues) => issues.iter().find(|issue| issue.id == key.id),
        _ => None,
    }
}

fn alert<'a>(world: &'a World, key: &Key) -> Option<&'a Alert> {
    match value(world, key)? {
        Found::Alerts(alerts) => alerts.iter().find(|alert| alert.id == key.id),
        _ => None,
    }
}

/// Returns a release and the one to compare it with: the live one, or for the live one what was before it. The older comes
/// first.
pub fn release_and_live(world: &World, key: &Key) -> Option<(Release, Release)> {
    let Found::Releases(releases) = value(world, key)? else { return None };
    let this = releases.iter().position(|release| release.id == key.id)?;
    let other = match releases.iter().position(|release| release.live) {
        Some(live) if live != this => live,
        _ => releases.iter().enumerate().skip(this + 1).find(|(_, release)| release.commit.is_some())?.0,
    };
    let (newer, older) = (this.min(other), this.max(other));
    Some((releases[older].clone(), releases[newer].clone()))
}

/// Returns a thing as what an action is done to.
pub fn target(world: &World, kind: Kind, key: &Key) -> Option<Target> {
    Some(match kind {
        Kind::Releases => Target::Release(Box::new(release(world, key)?.clone())),
        Kind::Errors => Target::Issue(Box::new(issue(world, key)?.clone())),
        Kind::Alerts => Target::Alert(Box::new(alert(world, key)?.clone())),
    })
}

/// Returns everything about a thing.
pub fn tell(world: &World, kind: Kind, key: &Key) -> Vec<Told> {
    let lines = match kind {
        Kind::Releases => release(world, key).map(|release| tell_release(world, key, release)),
        Kind::Errors => issue(world, key).map(|issue| tell_issue(world, key, issue)),
        Kind::Alerts => alert(world, key).map(|alert| tell_alert(world, key, alert)),
    };
    lines.unwrap_or_else(|| vec![told("", "its source does not tell it any more", Role::Dim)])
}

fn when(world: &World, at: Timestamp) -> String {
    format!("{} ({} ago)", format::moment(at, world.now, &world.zone), format::age(world.now.since(at)))
}

fn push(lines: &mut Vec<Told>, label: &'static str, text: Option<impl ToString>) {
    if let Some(text) = text {
        lines.push(told(label, text.to_string(), Role::Text));
    }
}

fn source(world: &World, key: &Key) -> String {
    let Some(feed) = world.catalog.feed(&key.feed) else { return String::new() };
    let seen = world.snapshot.feed(&feed.id).and_then(|state| state.last.seen);
    let age = seen.map(|seen| format!(", {} ago", format::age(world.now.since(seen)))).unwrap_or_default();
    format!("{}{age}", feed.source)
}

fn tell_release(world: &World, key: &Key, release: &Release) -> Vec<Told> {
    let stated = release.stated.as_ref().map(|stated| format!(" ({stated})")).unwrap_or_default();
    let mut lines = vec![told("state", format!("{}{stated}", release_word(release)), release_role(release))];
    push(&mut lines, "id", Some(&release.id).filter(|id| *id != release.name()));
    push(&mut lines, "message", release.message.as_ref());
    push(&mut lines, "author", release.author.as_ref());
    push(&mut lines, "created", release.created_at.map(|at| when(world, at)));
    push(&mut lines, "finished", release.finished_at.map(|at| when(world, at)));
    push(&mut lines, "commit", release.commit.as_ref());
    push(&mut lines, "branch", release.branch.as_ref());
    push(&mut lines, "image", release.image.as_ref());
    push(&mut lines, "cause", release.cause.as_ref());
    push(&mut lines, "detail", release.detail.as_ref());
    if let Some(can) = release.can_roll_back {
        let text = if can { "the platform can go back to it" } else { "the platform cannot go back to it" };
        lines.push(told("roll back", text, if can { Role::Text } else { Role::Degraded }));
    }
    push(&mut lines, "page", release.url.as_ref());
    lines.push(told("source", source(world, key), Role::Dim));
    if let Some((from, to)) = release_and_live(world, key) {
        let about = Line::from_text(&format!("{}..{}", from.id, to.id));
        lines.push(told("", "", Role::Text));
        lines.push(told("", format!("between {} and {}", from.name(), to.name()), Role::Accent));
        match world.details.get(&key.feed, &about) {
            None => lines.push(told("", "asking for commits and files", Role::Dim)),
            Some(Err(trouble)) => lines.push(told("", unknown_changes(trouble), Role::Dim)),
            Some(Ok(Found::Changes(changes))) => tell_changes(world, changes, &mut lines),
            Some(Ok(_)) => {}
        }
    }
    lines
}

fn unknown_changes(trouble: &Trouble) -> String {
    format!("what lies between is not known here: {}", trouble.message)
}

fn tell_changes(world: &World, changes: &Changes, lines: &mut Vec<Told>) {
    lines.extend(changes.commits.iter().map(|one| told("", commit(one, world.now), Role::Text)));
    if !changes.files.is_empty() {
        lines.push(told("", "", Role::Text));
        lines.push(told("", format::count(changes.files.len(), "file"), Role::Accent));
    }
    lines.extend(changes.files.iter().map(|changed| told("", file(changed), Role::Text)));
    if changes.truncated {
        lines.push(told("", "there is more that the source did not tell", Role::Degraded));
    }
    if changes.commits.is_empty() && changes.files.is_empty() {
        lines.push(told("", "nothing differs", Role::Dim));
    }
}

/// Returns a commit in a line: `a1b2c3d Retry logic  kim  14m`.
pub fn commit(commit: &Commit, now: Timestamp) -> String {
    let age = commit.at.map(|at| format!("  {}", format::age(now.since(at)))).unwrap_or_default();
    let author = commit.author.as_ref().map(|author| format!("  {author}")).unwrap_or_default();
    let id: String = commit.id.as_str().chars().take(7).collect();
    let message = commit.message.as_ref().map(ToString::to_string).unwrap_or_default();
    format!("{id} {message}{author}{age}")
}

/// Returns a changed file in a line: `M src/charge.rs  +3 -1`.
pub fn file(file: &ChangedFile) -> String {
    let sign = match file.change {
        FileChange::Added => "A",
        FileChange::Modified => "M",
        FileChange::Removed => "D",
        FileChange::Renamed => "R",
        FileChange::Unknown => "?",
    };
    let size = match (file.added, file.removed) {
        (None, None) => String::new(),
        (added, removed) => format!("  +{} -{}", added.unwrap_or(0), removed.unwrap_or(0)),
    };
    format!("{sign} {}{size}", file.path)
}

fn tell_issue(world: &World, key: &Key, issue: &ErrorIssue) -> Vec<Told> {
    let stated = issue.stated.as_ref().map(|stated| format!(" ({stated})")).unwrap_or_default();
    let mut lines = vec![told("state", format!("{}{stated}", state_word(&issue.state)), issue_role(issue))];
    push(&mut lines, "id", issue.short_id.as_ref().or(Some(&issue.id)));
    push(&mut lines, "where", issue.culprit.as_ref());
    let users = issue
        .users
        .map(|users| format!(", {}", format::count(usize::try_from(users).unwrap_or(usize::MAX), "user")))
        .unwrap_or_default();
    push(&mut lines, "seen", issue.count.map(|count| format!("{} times{users}", format::thousands(count))));
    push(&mut lines, "first", issue.first_seen.map(|at| when(world, at)));
    push(&mut lines, "last", issue.last_seen.map(|at| when(world, at)));
    push(&mut lines, "release", issue.release.as_ref());
    push(&mut lines, "assigned", issue.assigned_to.as_ref());
    push(&mut lines, "page", issue.url.as_ref());
    lines.push(told("source", source(world, key), Role::Dim));
    lines.push(told("", "", Role::Text));
    match world.details.get(&key.feed, &issue.id) {
        None => lines.push(told("", "asking for its latest occurrence", Role::Dim)),
        Some(Err(trouble)) => {
            lines.push(told("", format!("its stack is not known: {}", trouble.message), Role::Unknown));
            lines.push(told("", format!("try: {}", trouble.hint), Role::Accent));
        }
        Some(Ok(Found::Issue(detail))) => tell_occurrence(world, detail, &mut lines),
        Some(Ok(_)) => {}
    }
    lines
}

fn tell_occurrence(world: &World, detail: &IssueDetail, lines: &mut Vec<Told>) {
    for (nth, exception) in detail.exceptions.iter().enumerate() {
        if nth > 0 {
            lines.push(told("", "", Role::Text));
            lines.push(told("", "caused by", Role::Dim));
        }
        tell_exception(exception, lines);
    }
    if detail.exceptions.is_empty() {
        lines.push(told("", "it came without a stack", Role::Dim));
    }
    lines.push(told("", "", Role::Text));
    push(lines, "at", detail.at.map(|at| when(world, at)));
    push(lines, "request", detail.request.as_ref());
    push(lines, "release", detail.release.as_ref());
    for (key, tag) in &detail.tags {
        lines.push(told("tag", format!("{key} = {tag}"), Role::Dim));
    }
    if !detail.breadcrumbs.is_empty() {
        lines.push(told("", "", Role::Text));
        lines.push(told("", "what it did before", Role::Accent));
        lines.extend(detail.breadcrumbs.iter().map(|crumb| told("", crumb.to_string(), Role::Dim)));
    }
}

fn tell_exception(exception: &Exception, lines: &mut Vec<Told>) {
    let kind = exception.kind.as_ref().map(ToString::to_string).unwrap_or_default();
    let message = exception
        .message
        .as_ref()
        .map(|message| if kind.is_empty() { message.to_string() } else { format!(": {message}") });
    lines.push(told("", format!("{kind}{}", message.unwrap_or_default()), Role::Down));
    // The first frame of ours is where to look; its source lines are worth their room.
    let ours = exception
        .frames
        .iter()
        .position(|frame| frame.in_app == Some(true))
        .or((!exception.frames.is_empty()).then_some(0));
    for (nth, frame) in exception.frames.iter().enumerate() {
        let role = if frame.in_app == Some(false) { Role::Dim } else { Role::Text };
        lines.push(told("", format!("  {}", place(frame)), role));
        if Some(nth) == ours {
            for (number, text) in &frame.context {
                let here = Some(*number) == frame.line;
                let mark = if here { ">" } else { " " };
                lines.push(told(
                    "",
                    format!("   {mark}{number:>5}  {text}"),
                    if here { Role::Accent } else { Role::Faint },
                ));
            }
        }
    }
}

fn place(frame: &Frame) -> String {
    let file = frame.file.as_ref().or(frame.module.as_ref()).map(ToString::to_string).unwrap_or_else(|| "?".to_owned());
    let line = frame.line.map(|line| format!(":{line}")).unwrap_or_default();
    let function = frame.function.as_ref().map(|function| format!("  {function}")).unwrap_or_default();
    format!("{file}{line}{function}")
}

fn tell_alert(world: &World, key: &Key, alert: &Alert) -> Vec<Told> {
    let stated = alert.stated.as_ref().map(|stated| format!(" ({stated})")).unwrap_or_default();
    let mut lines = vec![told("state", format!("{}{stated}", state_word(&alert.state)), alert_role(alert))];
    lines.push(told("severity", state_word(&alert.severity), Role::Text));
    push(&mut lines, "summary", alert.summary.as_ref());
    push(&mut lines, "since", alert.since.map(|at| when(world, at)));
    push(&mut lines, "until", alert.until.map(|at| format::moment(at, world.now, &world.zone)));
    push(&mut lines, "value", alert.value.map(short));
    push(&mut lines, "service", alert.service.as_ref());
    push(&mut lines, "taken by", alert.acknowledged_by.as_ref());
    push(&mut lines, "runbook", alert.runbook_url.as_ref());
    push(&mut lines, "page", alert.url.as_ref());
    lines.push(told("source", source(world, key), Role::Dim));
    for (name, value) in &alert.labels {
        lines.push(told("label", format!("{name} = {value}"), Role::Dim));
    }
    lines
}

/// More series than this are not told one by one.
const SERIES: usize = 8;

/// Returns the latest value of each series of a chart, and what was asked.
pub fn tell_series(world: &World, feed: &FeedId) -> Vec<Told> {
    let Some(feed) = world.catalog.feed(feed) else { return Vec::new() };
    let mut lines = Vec::new();
    if let Some(query) = feed.input.get("query").and_then(serde_json::Value::as_str) {
        lines.push(told("", query, Role::Dim));
    }
    let Some(state) = world.snapshot.feed(&feed.id) else { return lines };
    if let Some(trouble) = &state.trouble {
        lines.push(told("", format!("{}: {}", feed.source, trouble.message), Role::Unknown));
        lines.push(told("", format!("try: {}", trouble.hint), Role::Accent));
    }
    if let Some(Found::Metrics(series)) = &state.last.value {
        let unit = feed.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
        for one in series.iter().take(SERIES) {
            let value = one.latest().map_or_else(|| "no value".to_owned(), |(_, value)| short(value));
            lines.push(told("", format!("{value}{unit}  {}", one.name()), Role::Text));
        }
        if series.len() > SERIES {
            lines.push(told("", format!("and {} more", series.len() - SERIES), Role::Dim));
        }
    }
    lines
}
