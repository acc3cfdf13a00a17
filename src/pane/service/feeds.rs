//! What sources say about one service, below its checks: what runs, what fires, how its numbers are, what was released.

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::world::World;
use crate::diagnosis::feeds::{alert_is_about, is_ill, monitor_is_about};
use crate::model::alert::{Alert, AlertState, MonitorState};
use crate::model::id::{FeedId, ServiceId};
use crate::model::issue::IssueState;
use crate::model::metric::{Series, short};
use crate::model::release::{InstanceState, Release, ReleaseState};
use crate::model::source::{Capability, Feed, Found};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::pane::feeds::words::{alert_role, issue_role, release_role, release_word, state_word};
use crate::pane::feeds::{found, instance_row, trouble_rows};
use crate::ui::paint::{self, piece};
use crate::ui::rows::Row;
use crate::ui::{Look, Role, chart, format};

/// How far back a chart looks.
const HOUR: Duration = Duration::from_secs(3_600);
/// Instances that are listed although they are well.
const WELL_SHOWN: usize = 3;
/// Errors that are listed; the pane of errors has all.
const ERRORS_SHOWN: usize = 3;

/// Returns the charts of a service, in configured order.
pub fn metrics<'a>(world: &'a World, service: &'a ServiceId) -> impl Iterator<Item = &'a Feed> {
    world.catalog.feeds_of(service).filter(|feed| feed.capability == Capability::Metrics)
}

/// Returns the rows of everything that sources say about a service.
pub fn rows(
    world: &World,
    service: &ServiceId,
    selected: Option<&FeedId>,
    width: u16,
    look: &Look,
) -> Vec<Row<'static>> {
    let mut rows = Vec::new();
    for feed in metrics(world, service) {
        rows.extend(metric_rows(world, feed, selected == Some(&feed.id), width, look));
    }
    for feed in world.catalog.feeds_of(service) {
        match feed.capability {
            Capability::Instances => rows.extend(instances(world, feed, width, look)),
            Capability::Releases => rows.extend(releases(world, feed, width, look)),
            Capability::Issues => rows.extend(issues(world, feed, width, look)),
            Capability::Checks => rows.extend(monitors(world, feed, service, true, look)),
            _ => {}
        }
    }
    let reach = |feed: &&Feed| feed.service.is_none() || feed.service.as_ref() == Some(service);
    rows.extend(alerts(world, world.catalog.feeds.iter().filter(reach), service, look));
    for feed in
        world.catalog.feeds.iter().filter(|feed| feed.capability == Capability::Checks && feed.service.is_none())
    {
        rows.extend(monitors(world, feed, service, false, look));
    }
    for feed in world.catalog.feeds_of(service).filter(|feed| feed.capability != Capability::Logs) {
        rows.extend(trouble_rows(world, feed, width, look));
    }
    rows
}

fn heading(label: &'static str, look: &Look) -> crate::ui::paint::Piece<'static> {
    piece(format!("   {label:<9}"), look.style(Role::Faint))
}

fn metric_rows(world: &World, feed: &Feed, selected: bool, width: u16, look: &Look) -> Vec<Row<'static>> {
    let dim = look.style(Role::Dim);
    let mark = if selected { look.glyphs.selected } else { " " };
    let Some((state, Found::Metrics(series))) = found(world, feed) else {
        // Why it is not there stands with the other troubles.
        let waits = world.snapshot.feed(&feed.id).is_none();
        let left = vec![
            piece(mark, look.style(Role::Accent)),
            piece("? ", look.style(Role::Unknown)),
            piece(feed.title.to_string(), dim),
        ];
        let right = vec![piece(if waits { "asking " } else { "no data " }, look.style(Role::Unknown))];
        return vec![Row { left, right, selected }];
    };
    let live = state.is_live(feed, world.now);
    let latest = worst(feed, series);
    let role = match latest {
        _ if !live => Role::Unknown,
        Some(value) => level(feed, value),
        None => Role::Unknown,
    };
    let unit = feed
        .unit
        .as_ref()
        .or(series.first().and_then(|series| series.unit.as_ref()))
        .map(ToString::to_string)
        .unwrap_or_default();
    let glyph = match role {
        Role::Down => look.glyphs.down,
        Role::Degraded => look.glyphs.degraded,
        Role::Unknown => look.glyphs.unknown,
        _ => look.glyphs.healthy,
    };
    let name_role = if role == Role::Healthy { Role::Text } else { role };
    let mut left = vec![
        piece(mark, look.style(Role::Accent)),
        piece(format!("{glyph} "), look.style(role)),
        piece(feed.title.to_string(), look.style(name_role)),
    ];
    let value = latest.map_or_else(
        || "no value".to_owned(),
        |value| {
            format!("{}{}{unit}", short(value), if unit.is_empty() || unit.starts_with(['/', '%']) { "" } else { " " })
        },
    );
    let age = if live {
        String::new()
    } else {
        state.last.seen.map(|seen| format!("{} old ", format::age(world.now.since(seen)))).unwrap_or_default()
    };
    let cells = usize::from(width).saturating_sub(paint::pieces_width(&left) + value.len() + age.len() + 4).min(40);
    if cells >= 8 {
        let values = spark_values(series, world.now, cells);
        left.push(piece("  ", dim));
        left.push(chart::spark(&values, cells, if role == Role::Healthy { Role::Dim } else { role }, look));
    }
    let right = vec![piece(age, look.style(Role::Unknown)), piece(format!("{value} "), look.style(name_role))];
    vec![Row { left, right, selected }]
}

/// Returns the latest value that matters most among the series.
fn worst(feed: &Feed, series: &[Series]) -> Option<f64> {
    let low = feed.warn.zip(feed.critical).is_some_and(|(warn, critical)| critical < warn);
    let values = series.iter().filter_map(|series| series.latest().map(|(_, value)| value));
    values.max_by(|left, right| if low { right.total_cmp(left) } else { left.total_cmp(right) })
}

fn level(feed: &Feed, value: f64) -> Role {
    let low = feed.warn.zip(feed.critical).is_some_and(|(warn, critical)| critical < warn);
    let beyond = |line: Option<f64>| line.is_some_and(|line| if low { value <= line } else { value >= line });
    if beyond(feed.critical) {
        Role::Down
    } else if beyond(feed.warn) {
        Role::Degraded
    } else {
        Role::Healthy
    }
}

/// Returns the last hour in so many slices, as shares of the largest value; several series by their largest.
fn spark_values(series: &[Series], now: Timestamp, cells: usize) -> Vec<f32> {
    let columns = columns(series, now - HOUR, now, cells);
    let top = columns.iter().flatten().copied().fold(0.0_f64, f64::max);
    #[expect(clippy::cast_possible_truncation, reason = "a share")]
    columns.into_iter().map(|value| if top > 0.0 { (value.unwrap_or(0.0) / top) as f32 } else { 0.0 }).collect()
}

/// Returns the largest value of each slice of time.
fn columns(series: &[Series], from: Timestamp, now: Timestamp, cells: usize) -> Vec<Option<f64>> {
    let mut columns: Vec<Option<f64>> = vec![None; cells.max(1)];
    let span = now.since(from).as_micros().max(1);
    for (at, value) in series.iter().flat_map(|series| &series.points) {
        if let Some(value) = value
            && *at >= from
            && *at <= now
        {
            let index =
                usize::try_from(at.since(from).as_micros() * cells as u128 / span).unwrap_or(0).min(columns.len() - 1);
            columns[index] = Some(columns[index].map_or(*value, |held| held.max(*value)));
        }
    }
    // Points are rarer than cells on a wide screen: one stands until the next, for as long as two usual gaps.
    let filled = columns.iter().flatten().count().max(1);
    let reach = (cells / filled).max(1) * 2;
    let mut held: Option<(usize, f64)> = None;
    for (index, column) in columns.iter_mut().enumerate() {
        match column {
            Some(value) => held = Some((index, *value)),
            None => *column = held.filter(|(at, _)| index - at <= reach).map(|(_, value)| value),
        }
    }
    columns
}

/// Draws a chart of the selected metric, with its lines and when releases went live.
pub fn view_chart(world: &World, service: &ServiceId, feed: &FeedId, area: Rect, buf: &mut Buffer, look: &Look) {
    let Some(feed) = world.catalog.feed(feed) else { return };
    let Some((_, Found::Metrics(series))) = found(world, feed) else { return };
    let from = world.now - HOUR;
    let marks = super::axis::marks(world, service, look);
    let markers: Vec<(Timestamp, String)> = marks.into_iter().map(|mark| (mark.at, mark.text)).collect();
    let plot = chart::Plot { from, now: world.now, warn: feed.warn, critical: feed.critical, markers: &markers };
    chart::series(buf, area, &plot, |cells| columns(series, from, world.now, cells), look);
}

fn instances(world: &World, feed: &Feed, width: u16, look: &Look) -> Vec<Row<'static>> {
    let Some((state, Found::Instances(instances))) = found(world, feed) else { return Vec::new() };
    let running =
        instances.iter().filter(|instance| instance.state == InstanceState::Running && !is_ill(instance)).count();
    let wanted = instances.iter().filter(|instance| instance.state != InstanceState::Stopped).count();
    let role = if !state.is_live(feed, world.now) {
        Role::Unknown
    } else if wanted == 0 {
        Role::Dim
    } else if running == 0 {
        Role::Down
    } else if running < wanted {
        Role::Degraded
    } else {
        Role::Healthy
    };
    let text = match wanted {
        0 => "no instances".to_owned(),
        wanted => format!("{running} of {} well", format::count(wanted, "instance")),
    };
    let mut rows = vec![Row {
        left: vec![heading("runs", look), piece(text, look.style(role))],
        right: vec![piece(format!("{} ", feed.source), look.style(Role::Dim))],
        selected: false,
    }];
    let mut shown: Vec<_> = instances.iter().collect();
    shown.sort_by_key(|instance| (!is_ill(instance), instance.state));
    let ill = shown.iter().filter(|instance| is_ill(instance)).count();
    rows.extend(
        shown.into_iter().take(ill.clamp(WELL_SHOWN, 8)).map(|instance| instance_row(world, instance, width, look)),
    );
    rows
}

fn releases(world: &World, feed: &Feed, width: u16, look: &Look) -> Vec<Row<'static>> {
    let Some((_, Found::Releases(releases))) = found(world, feed) else { return Vec::new() };
    let newest = releases.first();
    let mut shown: Vec<&Release> = releases.iter().filter(|release| release.live).take(2).collect();
    // One that is on its way, or that failed, is what one looks for at night.
    let is_told = |release: &&Release| {
        use ReleaseState::{Building, Deploying, Failed, Queued};
        !release.live && matches!(release.state, Queued | Building | Deploying | Failed)
    };
    if let Some(newest) = newest.filter(is_told) {
        shown.insert(0, newest);
    }
    shown.into_iter().map(|release| release_line(world, release, width, look)).collect()
}

fn release_line(world: &World, release: &Release, width: u16, look: &Look) -> Row<'static> {
    let dim = look.style(Role::Dim);
    let mut left =
        vec![heading("release", look), piece(format!("{} ", release_word(release)), look.style(release_role(release)))];
    left.push(piece(
        format!("{} ", crate::model::text::measure::head(release.name().as_str(), 20)),
        look.style(Role::Text),
    ));
    if width >= 60
        && let Some(commit) = release.short_commit()
    {
        left.push(piece(format!("{commit} "), dim));
    }
    if let Some(message) = release.message.as_ref().or(release.image.as_ref()) {
        left.push(piece(message.to_string(), dim));
    }
    let age = release.created_at.map(|at| format!("{} ", format::age(world.now.since(at)))).unwrap_or_default();
    Row { left, right: vec![piece(age, dim)], selected: false }
}

fn issues(world: &World, feed: &Feed, width: u16, look: &Look) -> Vec<Row<'static>> {
    let Some((_, Found::Issues(issues))) = found(world, feed) else { return Vec::new() };
    let open = issues.iter().filter(|issue| !matches!(issue.state, IssueState::Resolved | IssueState::Ignored));
    let mut open: Vec<_> = open.collect();
    open.sort_by_key(|issue| (issue.state, std::cmp::Reverse(issue.last_seen)));
    let text = if open.is_empty() { "none open".to_owned() } else { format!("{} open", open.len()) };
    let role = if open.is_empty() { Role::Healthy } else { Role::Text };
    let mut rows = vec![Row {
        left: vec![heading("errors", look), piece(text, look.style(role))],
        right: vec![piece(format!("{} ", feed.source), look.style(Role::Dim))],
        selected: false,
    }];
    for issue in open.into_iter().take(ERRORS_SHOWN) {
        let count = issue.count.map(|count| format!("{}x ", format::thousands(count))).unwrap_or_default();
        let age = issue.last_seen.map(|at| format!("{} ", format::age(world.now.since(at)))).unwrap_or_default();
        let mut left = vec![piece(format!("     {} ", state_word(&issue.state)), look.style(issue_role(issue)))];
        left.push(piece(issue.title.to_string(), look.style(Role::Text)));
        let right = if width >= 50 { format!("{count}{age}") } else { age };
        rows.push(Row { left, right: vec![piece(right, look.style(Role::Dim))], selected: false });
    }
    rows
}

/// Alerts about the service. The rule of one system is often the alert of another: the same title is told once.
fn alerts<'a>(
    world: &'a World,
    feeds: impl Iterator<Item = &'a Feed>,
    service: &ServiceId,
    look: &Look,
) -> Vec<Row<'static>> {
    let mut about: Vec<(&Alert, bool)> = Vec::new();
    for feed in feeds {
        let Some((state, Found::Alerts(alerts))) = found(world, feed) else { continue };
        let (own, live) = (feed.service.as_ref() == Some(service), state.is_live(feed, world.now));
        let mine = alerts.iter().filter(|alert| own || alert_is_about(alert, service));
        about.extend(mine.filter(|alert| alert.state != AlertState::Resolved).map(|alert| (alert, live)));
    }
    about.sort_by_key(|(alert, live)| (!live, alert.state, alert.severity, alert.since));
    let mut told: Vec<&Line> = Vec::new();
    about.retain(|(alert, _)| {
        let first = !told.contains(&&alert.title);
        told.push(&alert.title);
        first
    });
    about
        .into_iter()
        .take(4)
        .map(|(alert, live)| {
            let role = if live { alert_role(alert) } else { Role::Unknown };
            let word =
                if alert.state == AlertState::Firing { state_word(&alert.severity) } else { state_word(&alert.state) };
            let mut left = vec![
                heading("alert", look),
                piece(format!("{word} "), look.style(role)),
                piece(format!("{} ", alert.title), look.style(Role::Text)),
            ];
            left.extend(alert.summary.as_ref().map(|summary| piece(summary.to_string(), look.style(Role::Dim))));
            let age = alert.since.map(|at| format!("{} ", format::age(world.now.since(at)))).unwrap_or_default();
            Row { left, right: vec![piece(age, look.style(Role::Dim))], selected: false }
        })
        .collect()
}

fn monitors(world: &World, feed: &Feed, service: &ServiceId, own: bool, look: &Look) -> Vec<Row<'static>> {
    let Some((state, Found::Checks(monitors))) = found(world, feed) else { return Vec::new() };
    let live = state.is_live(feed, world.now);
    let mut about: Vec<_> = monitors.iter().filter(|monitor| own || monitor_is_about(monitor, service)).collect();
    about.sort_by_key(|monitor| monitor.state);
    about
        .into_iter()
        .take(3)
        .map(|monitor| {
            let role = match monitor.state {
                _ if !live => Role::Unknown,
                MonitorState::Down => Role::Down,
                MonitorState::Degraded => Role::Degraded,
                MonitorState::Up => Role::Healthy,
                MonitorState::Unknown => Role::Unknown,
                MonitorState::Pending | MonitorState::Maintenance | MonitorState::Paused => Role::Dim,
            };
            let mut left = vec![
                heading("seen by", look),
                piece(format!("{} ", feed.source), look.style(Role::Dim)),
                piece(format!("{} ", state_word(&monitor.state)), look.style(role)),
                piece(monitor.name.to_string(), look.style(Role::Text)),
            ];
            left.extend(monitor.detail.as_ref().map(|detail| piece(format!("  {detail}"), look.style(Role::Dim))));
            let age = monitor.since.map(|at| format!("{} ", format::age(world.now.since(at)))).unwrap_or_default();
            Row { left, right: vec![piece(age, look.style(Role::Dim))], selected: false }
        })
        .collect()
}
