//! One service: why it is what it is, its checks over time, what it depends on, what changed.

mod axis;
pub mod feeds;
pub mod vendor;

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::feeds::words::vendor_health;
use super::operations;
use super::triage::verdict;
use super::under_rule;
use crate::app::world::{Item, World};
use crate::diagnosis::health::judge_check;
use crate::model::check::{CheckSpec, Facts, ProbeSpec};
use crate::model::check_state::CheckState;
use crate::model::feed_state::News;
use crate::model::history::Status;
use crate::model::id::{CheckId, FeedId, ServiceId, VendorId};
use crate::model::service::{Dependency, Health};
use crate::model::snapshot::{Change, Difference};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::model::vendor::VendorState;
use crate::operation::Standing;
use crate::ui::paint::{self, Piece, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role, chart, format, health_role};

/// What can be selected in the pane.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Spot {
    Check(CheckId),
    /// A chart.
    Metric(FeedId),
    /// The end of the pane: what stands below everything that can be selected.
    End,
}

/// Where the user is in the pane.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServiceState {
    selected: Option<Spot>,
    top: usize,
}

/// How far back the strips look, smallest that covers what has been watched.
const WINDOWS: [Duration; 5] = [
    Duration::from_secs(10 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3_600),
    Duration::from_secs(8 * 3_600),
    Duration::from_secs(24 * 3_600),
];

/// More than these is a history, which belongs into a timeline.
const CHANGES_SHOWN: usize = 8;

impl ServiceState {
    /// Returns what is selected: the user's choice, else the check in most trouble, else the first chart.
    pub fn spot(&self, world: &World, service: &ServiceId) -> Option<Spot> {
        let spots = spots(world, service);
        if let Some(chosen) = self.selected.clone().filter(|chosen| spots.contains(chosen)) {
            return Some(chosen);
        }
        let mut checks: Vec<_> = world.catalog.checks_of(service).collect();
        checks.sort_by_key(|check| judge_check(check, world.snapshot.check(&check.id), world.now).health);
        checks.first().map(|check| Spot::Check(check.id.clone())).or_else(|| spots.into_iter().next())
    }

    /// Returns the selected check, when it is one.
    pub fn selected<'a>(&self, world: &'a World, service: &'a ServiceId) -> Option<&'a CheckSpec> {
        match self.spot(world, service)? {
            Spot::Check(id) => world.catalog.check(&id),
            Spot::Metric(_) | Spot::End => None,
        }
    }

    /// Moves to the next or previous check.
    pub fn step(&mut self, world: &World, service: &ServiceId, by: isize) {
        let spots = spots(world, service);
        let here = self.spot(world, service).and_then(|at| spots.iter().position(|spot| *spot == at)).unwrap_or(0);
        let there = here.saturating_add_signed(by).min(spots.len().saturating_sub(1));
        self.selected = spots.get(there).cloned();
    }

    /// Forgets where the user was: another service is shown.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Scrolls so that the selected check is visible.
    pub fn keep_in_view(&mut self, world: &World, service: &ServiceId, area: Rect, look: &Look) {
        let inner = under_rule(area);
        let rows = self.rows(world, service, inner, look);
        let last = rows.iter().rposition(|row| row.selected).unwrap_or(0);
        let first = rows.iter().position(|row| row.selected).unwrap_or(0);
        self.top = paint::scroll(self.top, last, usize::from(inner.height), rows.len()).min(first);
        if last < usize::from(inner.height) {
            self.top = 0;
        }
        if self.selected == Some(Spot::End) {
            self.top = rows.len().saturating_sub(usize::from(inner.height));
        }
    }

    /// Draws the pane for what is selected in the services.
    pub fn view(&self, world: &World, item: Option<&Item>, focused: bool, area: Rect, buf: &mut Buffer, look: &Look) {
        match item {
            Some(Item::Service(service)) => self.view_service(world, service, focused, area, buf, look),
            Some(Item::Host) => super::host::view(world, focused, area, buf, look),
            Some(Item::Vendor(id)) => {
                let status = vendor::status(world, id);
                let end = status.map(|status| {
                    let health = vendor_health(status.state);
                    let text = format!("{} {}", look.health_glyph(health), format::vendor_state(status.state));
                    piece(text, look.style(health_role(health)))
                });
                let end: Vec<Piece<'static>> = end.into_iter().collect();
                paint::rule(buf, area, &[piece(id.to_string(), title(focused, look))], &end, focused, look);
                let inner = under_rule(area);
                draw_rows(buf, inner, &vendor::rows(world, id, inner.width, look), 0, focused, look);
            }
            None => paint::rule(buf, area, &[piece("Nothing selected", title(focused, look))], &[], focused, look),
        }
    }

    fn view_service(
        &self,
        world: &World,
        service: &ServiceId,
        focused: bool,
        area: Rect,
        buf: &mut Buffer,
        look: &Look,
    ) {
        let Some(found) = world.assessment.service(service) else { return };
        let (word, since) = verdict(world, found);
        let style = look.style(health_role(found.health));
        let environment = world.catalog.service(service).and_then(|it| it.environment.as_ref());
        let mut head = vec![piece(service.to_string(), title(focused, look))];
        if let Some(environment) = environment {
            head.push(piece(format!(" {environment}"), look.style(Role::Dim)));
        }
        let end = [
            piece(format!("{} {word}", look.health_glyph(found.health)), style),
            piece(if since.is_empty() { String::new() } else { format!(" {since}") }, style),
        ];
        paint::rule(buf, area, &head, &end, focused, look);
        let inner = under_rule(area);
        let rows = self.rows(world, service, inner, look);
        draw_rows(buf, inner, &rows, self.top, focused, look);
        self.view_chart(world, service, inner, rows.len().saturating_sub(self.top), buf, look);
    }

    /// Draws the latency of the selected check where the rows leave room for it.
    fn view_chart(&self, world: &World, service: &ServiceId, inner: Rect, rows: usize, buf: &mut Buffer, look: &Look) {
        let rows = u16::try_from(rows).unwrap_or(u16::MAX);
        let left = inner.height.saturating_sub(rows);
        if let Some(Spot::Metric(feed)) = self.spot(world, service).filter(|_| left >= 6) {
            let height = (left - 1).min(14);
            let place =
                Rect { x: inner.x + 1, y: inner.bottom() - height, width: inner.width.saturating_sub(2), height };
            let caption = world.catalog.feed(&feed).map(|feed| feed.title.to_string()).unwrap_or_default();
            paint::row(buf, Rect { height: 1, ..place }, &[piece(caption, look.style(Role::Dim))], look);
            let plot = Rect { y: place.y + 1, height: place.height - 1, ..place };
            feeds::view_chart(world, service, &feed, plot, buf, look);
            return;
        }
        let Some(check) = self.selected(world, service).filter(|_| left >= 6) else { return };
        let Some(state) = world.snapshot.check(&check.id).filter(|state| state.history.samples().len() > 1) else {
            return;
        };
        let height = (left - 1).min(12);
        let place = Rect { x: inner.x + 1, y: inner.bottom() - height, width: inner.width.saturating_sub(2), height };
        let caption = format!("latency of {}", check.title);
        paint::row(buf, Rect { height: 1, ..place }, &[piece(caption, look.style(Role::Dim))], look);
        let from = world.now - window(state, world.now);
        let plot = Rect { y: place.y + 1, height: place.height - 1, ..place };
        chart::latency(buf, plot, &state.history, from, world.now, look);
    }

    fn rows(&self, world: &World, service: &ServiceId, inner: Rect, look: &Look) -> Vec<Row<'static>> {
        let Some(found) = world.assessment.service(service) else { return Vec::new() };
        let dim = look.style(Role::Dim);
        let mut rows = Vec::new();
        if let Some(cause) = &found.because_of {
            let style = look.style(Role::Down);
            rows.push(Row::of(vec![piece(format!(" {} because {cause} is down", look.glyphs.down), style)]));
        }
        let cells = usize::from(inner.width.saturating_sub(4)).max(8);
        // Reasons that no check row below tells as well: all but the ages. The worst is told in full.
        if let Some(worst) = found.reasons.first().filter(|reason| reason.since.is_some()) {
            let style = look.style(health_role(worst.health));
            for (index, text) in paint::wrap(worst.text.as_str(), cells).into_iter().enumerate() {
                let mark = if index == 0 { look.health_glyph(worst.health) } else { " " };
                rows.push(Row::of(vec![piece(format!(" {mark} {text}"), style)]));
            }
            for (index, text) in
                worst.hint.iter().flat_map(|hint| paint::wrap(hint.as_str(), cells.saturating_sub(5))).enumerate()
            {
                let lead = if index == 0 { "try: " } else { "     " };
                rows.push(Row::of(vec![piece(format!("   {lead}"), dim), piece(text, look.style(Role::Accent))]));
            }
        }
        if let Some(row) = dependencies(world, service, look) {
            rows.push(row);
        }
        rows.extend(operations::of_service(world, service, look));
        if !rows.is_empty() {
            rows.push(Row::default());
        }
        rows.extend(axis::rows(world, service, inner.width, look));
        let spot = self.spot(world, service);
        for check in world.catalog.checks_of(service) {
            let selected = matches!(&spot, Some(Spot::Check(id)) if *id == check.id);
            rows.extend(check_rows(world, check, selected, inner.width, look));
        }
        let chart = match &spot {
            Some(Spot::Metric(feed)) => Some(feed),
            _ => None,
        };
        let told = feeds::rows(world, service, chart, inner.width, look);
        let silent = told.is_empty();
        rows.extend(told);
        if world.catalog.checks_of(service).next().is_none() && silent {
            rows.push(Row::of(vec![piece(" no checks are configured: its health is not known", dim)]));
        }
        let changes = what_changed(world, service, look);
        if !changes.is_empty() {
            rows.push(Row::default());
            rows.push(Row::of(vec![piece(" what changed", look.style(Role::Faint))]));
            rows.extend(changes);
        }
        rows
    }
}

/// Returns how far back a check's strip looks.
pub fn window(state: &CheckState, now: Timestamp) -> Duration {
    let watched = state.history.segments().next().map_or(Duration::ZERO, |first| now.since(first.from));
    WINDOWS.into_iter().find(|window| *window >= watched).unwrap_or(WINDOWS[4])
}

/// Everything that can be selected, in the order of the pane.
fn spots(world: &World, service: &ServiceId) -> Vec<Spot> {
    let checks = world.catalog.checks_of(service).map(|check| Spot::Check(check.id.clone()));
    let charts = feeds::metrics(world, service).map(|feed| Spot::Metric(feed.id.clone()));
    checks.chain(charts).chain([Spot::End]).collect()
}

fn title(focused: bool, look: &Look) -> ratatui::style::Style {
    look.style(if focused { Role::Accent } else { Role::Title })
}

fn dependencies(world: &World, service: &ServiceId, look: &Look) -> Option<Row<'static>> {
    let depends = &world.catalog.service(service)?.depends_on;
    if depends.is_empty() {
        return None;
    }
    let mut pieces = vec![piece(" needs ", look.style(Role::Dim))];
    for dependency in depends {
        let (name, health) = match dependency {
            Dependency::Service(id) => {
                (id.to_string(), world.assessment.service(id).map_or(Health::Unknown, |found| found.health))
            }
            Dependency::Vendor(id) => (
                id.to_string(),
                vendor::status(world, id).map_or(Health::Unknown, |status| vendor_health(status.state)),
            ),
        };
        let style = look.style(health_role(health));
        pieces.push(piece(format!(" {} {name} ", look.health_glyph(health)), style));
    }
    Some(Row::of(pieces))
}

fn check_rows(world: &World, check: &CheckSpec, selected: bool, width: u16, look: &Look) -> Vec<Row<'static>> {
    let state = world.snapshot.check(&check.id);
    let judged = judge_check(check, state, world.now);
    let style = look.style(health_role(judged.health));
    let dim = look.style(Role::Dim);
    let mark = if selected { look.glyphs.selected } else { " " };
    let name_style = if judged.health == Health::Healthy { look.style(Role::Text) } else { style };
    let left = vec![
        piece(mark, look.style(Role::Accent)),
        piece(format!("{} ", look.health_glyph(judged.health)), style),
        piece(check.title.to_string(), name_style),
    ];
    let mut right = Vec::new();
    if let Some(text) = format::freshness(judged.freshness) {
        right.push(piece(format!("{text} "), look.style(Role::Unknown)));
    } else if let Some(told) = told(check, state, world.now) {
        right.push(piece(format!("{told} "), if judged.health == Health::Healthy { dim } else { style }));
    }
    let mut rows = vec![Row { left, right, selected }];
    let Some(state) = state.filter(|state| state.history.segments().next().is_some()) else { return rows };
    let window = window(state, world.now);
    let from = world.now - window;
    let uptime = state
        .history
        .uptime(from, world.now, state.known_until(check.cadence, world.now))
        .map_or_else(|| "    -".to_owned(), format::uptime);
    let label = format!("{uptime:>7} {:<4}", format::span(window));
    let cells = usize::from(width).saturating_sub(4 + label.len());
    if cells >= 8 {
        let mut left: Vec<Piece<'static>> = vec![piece("   ", dim)];
        left.extend(chart::strip(state, check.cadence, from, world.now, cells, look));
        rows.push(Row { left, right: vec![piece(label, dim)], selected });
    }
    if selected && let Some(text) = phases(state) {
        rows.push(Row { left: vec![piece(format!("   {text}"), dim)], right: Vec::new(), selected });
    }
    rows
}

/// Returns the number that matters most in a check's latest result.
fn told(check: &CheckSpec, state: Option<&CheckState>, now: Timestamp) -> Option<String> {
    let result = state?.last.value.as_ref()?;
    Some(match (&check.probe, &result.facts) {
        (ProbeSpec::Tls(_), Facts::Tls(tls)) => match &tls.certificate {
            Some(certificate) if certificate.not_after > now => {
                format!("expires {}", certificate.ends(now))
            }
            Some(certificate) => format!("expired {}", certificate.ends(now)),
            None => format::latency(result.took),
        },
        (_, Facts::Dns(dns)) => match dns.answers.as_slice() {
            [] => format::latency(result.took),
            [only] => only.to_string(),
            [first, rest @ ..] => format!("{first} +{}", rest.len()),
        },
        (_, Facts::Http(http)) => match http.status {
            Some(status) => format!("{status}  {}", format::latency(result.took)),
            None => format::latency(result.took),
        },
        (_, Facts::Command(command)) => {
            command.exit_code.map_or_else(|| format::latency(result.took), |code| format!("exit {code}"))
        }
        (_, Facts::Heartbeat(beat)) => {
            beat.last_beat.map_or_else(|| "never".to_owned(), |at| format!("{} ago", format::age(now.since(at))))
        }
        _ => format::latency(result.took),
    })
}

fn phases(state: &CheckState) -> Option<String> {
    let Facts::Http(http) = &state.last.value.as_ref()?.facts else { return None };
    let t = &http.timing;
    let parts: Vec<_> =
        [("dns", t.dns), ("connect", t.connect), ("tls", t.tls), ("first byte", t.first_byte), ("body", t.body)]
            .into_iter()
            .filter_map(|(name, took)| took.map(|took| format!("{name} {}", format::latency(took))))
            .collect();
    (!parts.is_empty()).then(|| parts.join("  "))
}

/// Returns the latest changes of a service and what was done to it, newest first.
fn what_changed(world: &World, service: &ServiceId, look: &Look) -> Vec<Row<'static>> {
    let found = changes(world, service).into_iter().map(|change| (change.at, change_row(world, change, look)));
    let mut rows: Vec<(Timestamp, Row<'static>)> = found.collect();
    for operation in world.operations.of(service).take(CHANGES_SHOWN) {
        let told = |at: Timestamp, role: Role, text: String| {
            let when = format::moment(at, world.now, &world.zone);
            (at, Row::of(vec![piece(format!(" {when}  "), look.style(Role::Dim)), piece(text, look.style(role))]))
        };
        let title = &operation.plan.title;
        let begun = format!("{title}, by {}", operation.approved_by.user);
        rows.push(told(operation.approved_at, Role::Accent, begun));
        if let Some(ended) = &operation.ended {
            let role = operations::role(Standing::Ended(ended.verdict));
            rows.push(told(ended.at, role, format!("{title}: {}", operations::verdict_words(ended.verdict))));
        }
    }
    rows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    rows.truncate(CHANGES_SHOWN);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Returns the latest changes of a service, newest first.
fn changes<'a>(world: &'a World, service: &ServiceId) -> Vec<&'a Change> {
    let mut shown: Vec<&Change> = Vec::new();
    for change in world.snapshot.changes.iter().rev().filter(|change| concerns(world, change, service)) {
        // The doubt before an outage is a part of it, and the first look at anything is no change.
        let repeated = shown.iter().any(|later| match (&later.what, &change.what) {
            (Difference::Check { check: one, .. }, Difference::Check { check: other, .. }) => {
                one == other && later.at == change.at
            }
            _ => false,
        });
        let first = matches!(&change.what, Difference::Check { turn, .. } if turn.from == Status::Unwatched && turn.to == Status::Up);
        if !repeated && !first {
            shown.push(change);
        }
        if shown.len() == CHANGES_SHOWN {
            break;
        }
    }
    shown
}

fn concerns(world: &World, change: &Change, service: &ServiceId) -> bool {
    match &change.what {
        Difference::Check { check, .. } | Difference::Certificate { check, .. } | Difference::Dns { check, .. } => {
            world.catalog.check(check).is_some_and(|spec| spec.service == *service)
        }
        Difference::Feed { feed, .. } => {
            world.catalog.feed(feed).is_some_and(|feed| match (&feed.service, &feed.vendor) {
                (Some(own), _) => own == service,
                (None, Some(vendor)) => depends_on(world, service, vendor),
                (None, None) => true,
            })
        }
        Difference::Network { .. } => true,
    }
}

/// Returns whether a service names the vendor as something that it needs.
fn depends_on(world: &World, service: &ServiceId, vendor: &VendorId) -> bool {
    let service = world.catalog.service(service);
    service.is_some_and(|service| {
        service.depends_on.iter().any(|needs| matches!(needs, Dependency::Vendor(id) if id == vendor))
    })
}

/// Returns what became different on the other side, in words.
fn news_words(news: &News) -> (Role, String) {
    let more = |text: &Option<Line>| text.as_ref().map(|text| format!("  {text}")).unwrap_or_default();
    match news {
        News::Live { release, message, author, .. } => {
            (Role::Accent, format!("release {release}{}{}", more(message), more(author)))
        }
        News::ReleaseFailed { release, message } => {
            (Role::Degraded, format!("release {release} failed{}", more(message)))
        }
        News::AlertFires { title } => (Role::Down, format!("alert {title} fires")),
        News::AlertEnds { title } => (Role::Healthy, format!("alert {title} ended")),
        News::NewIssue { title } => (Role::Degraded, format!("first seen: {title}")),
        News::Vendor { after, what, .. } => {
            let role = if *after == VendorState::Operational { Role::Healthy } else { Role::Degraded };
            (
                role,
                format!(
                    "{}{}",
                    format::vendor_state(*after),
                    what.as_ref().map(|what| format!(": {what}")).unwrap_or_default()
                ),
            )
        }
    }
}

fn change_row(world: &World, change: &Change, look: &Look) -> Row<'static> {
    let name =
        |check: &CheckId| world.catalog.check(check).map_or_else(|| check.to_string(), |spec| spec.title.to_string());
    let (role, text) = match &change.what {
        Difference::Check { check, turn, why } => {
            let why = why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            let (role, word) = match turn.to {
                Status::Up => (Role::Healthy, "up"),
                Status::Down => (Role::Down, "down"),
                Status::Degraded => (Role::Degraded, "degraded"),
                Status::Unknown | Status::Unwatched => (Role::Unknown, "unknown"),
            };
            (role, format!("{} {word}{why}", name(check)))
        }
        Difference::Certificate { check, issuer } => {
            (Role::Text, format!("{} has a new certificate, issued by {issuer}", name(check)))
        }
        Difference::Dns { check, before, after } => {
            let list = |lines: &[crate::model::text::Line]| {
                lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
            };
            (Role::Degraded, format!("{} changed from {} to {}", name(check), list(before), list(after)))
        }
        Difference::Feed { feed, news } => {
            let (role, text) = news_words(news);
            let who = world.catalog.feed(feed).and_then(|feed| feed.vendor.as_ref());
            (role, who.map_or(text.clone(), |vendor| format!("{vendor}: {text}")))
        }
        Difference::Network { before: _, after } => {
            let (role, text) = match after {
                crate::model::self_check::Network::Fine => (Role::Healthy, "this machine has a network again"),
                crate::model::self_check::Network::NoRoute => (Role::Unknown, "this machine lost its network"),
                crate::model::self_check::Network::NoNames => (Role::Unknown, "this machine cannot resolve names"),
                crate::model::self_check::Network::Unknown => (Role::Unknown, "this machine's network is unknown"),
            };
            (role, text.to_owned())
        }
    };
    let when = format::moment(change.at, world.now, &world.zone);
    Row::of(vec![piece(format!(" {when}  "), look.style(Role::Dim)), piece(text, look.style(role))])
}
