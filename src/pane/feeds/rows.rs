//! The rows of the lists, and their order.

use super::words::{alert_role, instance_role, issue_role, release_role, release_word, state_word};
use super::{Key, Kind, found, is_about};
use crate::app::world::{Item, World};
use crate::model::alert::{Alert, AlertState, Severity};
use crate::model::id::FeedId;
use crate::model::issue::{ErrorIssue, IssueState};
use crate::model::release::Release;
use crate::model::source::{Feed, Found};
use crate::model::text::Line;
use crate::ui::paint::{Piece, piece};
use crate::ui::rows::Row;
use crate::ui::{Look, Role, format};

/// Returns what is listed, in its order.
pub fn order(world: &World, kind: Kind, feeds: &[&Feed], item: Option<&Item>) -> Vec<(FeedId, Line)> {
    match kind {
        Kind::Releases => {
            releases(world, feeds).into_iter().map(|(feed, release)| (feed.id.clone(), release.id.clone())).collect()
        }
        Kind::Errors => {
            issues(world, feeds).into_iter().map(|(feed, issue)| (feed.id.clone(), issue.id.clone())).collect()
        }
        Kind::Alerts => {
            alerts(world, feeds, item).into_iter().map(|(feed, alert)| (feed.id.clone(), alert.id.clone())).collect()
        }
    }
}

/// Returns the rows of what is listed.
pub fn entries(
    world: &World,
    kind: Kind,
    feeds: &[&Feed],
    item: Option<&Item>,
    width: u16,
    several: bool,
    look: &Look,
) -> Vec<(Key, Row<'static>)> {
    let key = |feed: &Feed, id: &Line| Key { feed: feed.id.clone(), id: id.clone() };
    match kind {
        Kind::Releases => releases(world, feeds)
            .into_iter()
            .map(|(feed, release)| (key(feed, &release.id), release_row(world, feed, release, width, several, look)))
            .collect(),
        Kind::Errors => issues(world, feeds)
            .into_iter()
            .map(|(feed, issue)| (key(feed, &issue.id), issue_row(world, issue, width, look)))
            .collect(),
        Kind::Alerts => alerts(world, feeds, item)
            .into_iter()
            .map(|(feed, alert)| {
                (key(feed, &alert.id), alert_row(world, feed, alert, is_about(alert, feed, item), width, look))
            })
            .collect(),
    }
}

/// Newest first, as platforms tell them.
fn releases<'a>(world: &'a World, feeds: &[&'a Feed]) -> Vec<(&'a Feed, &'a Release)> {
    let mut all = Vec::new();
    for feed in feeds.iter().copied() {
        if let Some((_, Found::Releases(releases))) = found(world, feed) {
            all.extend(releases.iter().map(|release| (feed, release)));
        }
    }
    if feeds.len() > 1 {
        all.sort_by_key(|(_, release)| std::cmp::Reverse(release.created_at));
    }
    all
}

/// Worst first: what came back, then what is new, then what comes most lately.
fn issues<'a>(world: &'a World, feeds: &[&'a Feed]) -> Vec<(&'a Feed, &'a ErrorIssue)> {
    let mut all = Vec::new();
    for feed in feeds.iter().copied() {
        if let Some((_, Found::Issues(issues))) = found(world, feed) {
            all.extend(issues.iter().map(|issue| (feed, issue)));
        }
    }
    let rank = |issue: &ErrorIssue| match issue.state {
        IssueState::Regressed | IssueState::Escalating | IssueState::New => 0,
        IssueState::Open | IssueState::Unknown => 1,
        IssueState::Ignored | IssueState::Resolved => 2,
    };
    all.sort_by_key(|(_, issue)| (rank(issue), std::cmp::Reverse(issue.last_seen)));
    all
}

/// What fires first, about what is selected first of all.
fn alerts<'a>(world: &'a World, feeds: &[&'a Feed], item: Option<&Item>) -> Vec<(&'a Feed, &'a Alert)> {
    let mut all = Vec::new();
    for feed in feeds.iter().copied() {
        if let Some((_, Found::Alerts(alerts))) = found(world, feed) {
            all.extend(alerts.iter().map(|alert| (feed, alert)));
        }
    }
    all.sort_by_key(|(feed, alert)| {
        (alert.state, !is_about(alert, feed, item), alert.severity, alert.since, alert.title.clone())
    });
    all
}

fn release_row(world: &World, feed: &Feed, release: &Release, width: u16, several: bool, look: &Look) -> Row<'static> {
    let style = look.style(release_role(release));
    let dim = look.style(Role::Dim);
    let mut left: Vec<Piece<'static>> = vec![piece(format!("{:<9} ", release_word(release)), style)];
    left.push(piece(
        format!("{} ", shortened(release.name().as_str(), 16)),
        look.style(if release.live { Role::Title } else { Role::Text }),
    ));
    if several && width >= 60 {
        left.push(piece(
            format!("{} ", feed.service.as_ref().map_or_else(|| feed.source.to_string(), ToString::to_string)),
            dim,
        ));
    }
    if width >= 60
        && let Some(commit) = release.short_commit()
        && commit != release.name().as_str()
    {
        left.push(piece(format!("{commit} "), dim));
    }
    if let Some(text) = release.message.as_ref().or(release.detail.as_ref()).or(release.image.as_ref()) {
        left.push(piece(text.to_string(), look.style(Role::Text)));
    }
    let mut right = Vec::new();
    if width >= 60
        && let Some(author) = &release.author
    {
        right.push(piece(format!("{}  ", shortened(author.as_str(), 18)), dim));
    }
    let age = release.created_at.map_or_else(|| "-".to_owned(), |at| format::age(world.now.since(at)));
    right.push(piece(format!("{age:>6} "), dim));
    Row { left, right, selected: false }
}

fn issue_row(world: &World, issue: &ErrorIssue, width: u16, look: &Look) -> Row<'static> {
    let dim = look.style(Role::Dim);
    let mut left = vec![piece(format!("{:<9} ", state_word(&issue.state)), look.style(issue_role(issue)))];
    left.push(piece(issue.title.to_string(), look.style(Role::Text)));
    if width >= 100
        && let Some(culprit) = &issue.culprit
    {
        left.push(piece(format!("  {culprit}"), dim));
    }
    let mut right = Vec::new();
    if width >= 60 {
        let users = issue
            .users
            .map(|users| format!("{}  ", format::count(usize::try_from(users).unwrap_or(usize::MAX), "user")))
            .unwrap_or_default();
        right.push(piece(users, dim));
    }
    let count = issue.count.map(|count| format!("{}x", format::thousands(count))).unwrap_or_default();
    right.push(piece(format!("{count:>6} "), look.style(Role::Text)));
    let age = issue.last_seen.map_or_else(|| "-".to_owned(), |at| format::age(world.now.since(at)));
    right.push(piece(format!("{age:>5} "), dim));
    Row { left, right, selected: false }
}

fn alert_row(world: &World, feed: &Feed, alert: &Alert, about: bool, width: u16, look: &Look) -> Row<'static> {
    let dim = look.style(Role::Dim);
    let role = alert_role(alert);
    let severity = match alert.severity {
        Severity::Unknown => String::new(),
        severity => state_word(&severity),
    };
    let state = match alert.state {
        AlertState::Firing => {
            if severity.is_empty() {
                "firing".to_owned()
            } else {
                severity
            }
        }
        AlertState::Acknowledged => "acked".to_owned(),
        state => state_word(&state),
    };
    let mut left = vec![piece(format!("{state:<9} "), look.style(role))];
    left.push(piece(alert.title.to_string(), look.style(if about { Role::Accent } else { Role::Text })));
    if let Some(summary) = alert.summary.as_ref().filter(|_| width >= 60) {
        left.push(piece(format!("  {summary}"), dim));
    }
    let mut right = Vec::new();
    if width >= 60 {
        right.push(piece(format!("{}  ", feed.source), dim));
    }
    let age = alert.since.map_or_else(|| "-".to_owned(), |at| format::age(world.now.since(at)));
    right.push(piece(format!("{age:>6} "), dim));
    Row { left, right, selected: false }
}

/// Returns the beginning of a name, or its end for digests: what tells it from others stands there.
fn shortened(name: &str, cells: usize) -> String {
    let digest = name.strip_prefix("sha256:").unwrap_or(name);
    if crate::ui::paint::width(digest) <= cells {
        digest.to_owned()
    } else {
        crate::model::text::measure::head(digest, cells).to_owned()
    }
}

/// Returns the row of an instance, for the service pane.
pub fn instance_row(
    world: &World,
    instance: &crate::model::release::Instance,
    width: u16,
    look: &Look,
) -> Row<'static> {
    let (role, glyph) = instance_role(instance, look);
    let style = look.style(role);
    let dim = look.style(Role::Dim);
    let mut left =
        vec![piece(format!("  {glyph} "), style), piece(format!("{} ", instance.name), look.style(Role::Text))];
    if let Some(detail) = instance.detail.as_ref().filter(|_| role != Role::Healthy || width >= 70) {
        left.push(piece(detail.to_string(), if role == Role::Healthy { dim } else { style }));
    }
    let mut right = Vec::new();
    if let Some(restarts) = instance.restarts.filter(|restarts| *restarts > 0) {
        right.push(piece(
            format!("{} ", format::count(usize::try_from(restarts).unwrap_or(usize::MAX), "restart")),
            look.style(Role::Degraded),
        ));
    }
    if let Some(cpu) = instance.cpu.filter(|_| width >= 60) {
        right.push(piece(format!("cpu {cpu:.0}% "), dim));
    }
    if let Some(memory) = instance.memory.filter(|_| width >= 60) {
        right.push(piece(format!("{} ", format::bytes(memory)), dim));
    }
    let age = instance.started_at.map(|at| format!("{} ", format::age(world.now.since(at)))).unwrap_or_default();
    right.push(piece(
        format!("{} {age}", instance.stated.as_ref().map_or_else(|| state_word(&instance.state), ToString::to_string)),
        style,
    ));
    Row { left, right, selected: false }
}
