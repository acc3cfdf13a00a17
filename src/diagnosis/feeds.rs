//! What platforms and monitoring systems say about a service, as far as it is recent enough to mean anything.
//!
//! An instance that fails, an alert that fires, a metric beyond its line and a check of somebody else's that is red make a service
//! degraded; no instance at all that runs makes it down. That a source cannot be asked says nothing about the service.

use super::health::{About, Reason};
use crate::model::alert::{Alert, AlertState, Monitor, MonitorState, Severity};
use crate::model::feed_state::FeedState;
use crate::model::id::ServiceId;
use crate::model::metric::{Series, short};
use crate::model::observed::Freshness;
use crate::model::release::{Instance, InstanceState};
use crate::model::service::Health;
use crate::model::snapshot::Snapshot;
use crate::model::source::{Capability, Feed, Found};
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// What feeds say about a service.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Told {
    pub reasons: Vec<Reason>,
    /// Since when something says that it is well; `None` when nothing does.
    pub healthy_since: Option<Timestamp>,
}

/// Judges what feeds say. `alone` when the service has no checks of ours: then a source that is silent matters.
pub fn judge(service: &ServiceId, feeds: &[&Feed], snapshot: &Snapshot, now: Timestamp, alone: bool) -> Told {
    let mut told = Told::default();
    for feed in feeds {
        let own = feed.service.as_ref() == Some(service);
        let anybodys = feed.service.is_none() && matches!(feed.capability, Capability::Alerts | Capability::Checks);
        if !own && !anybodys {
            continue;
        }
        let state = snapshot.feed(&feed.id);
        let live = state.filter(|state| state.is_live(feed, now));
        match live.and_then(|state| Some((state, state.last.value.as_ref()?))) {
            Some((state, found)) => one(service, feed, state, found, own, &mut told),
            None if own && alone && is_vital(feed) => told.reasons.push(silent(feed, state, now)),
            None => {}
        }
    }
    told
}

/// Whether health hangs on the feed where there is no check of ours.
fn is_vital(feed: &Feed) -> bool {
    matches!(feed.capability, Capability::Instances | Capability::Checks)
}

fn silent(feed: &Feed, state: Option<&FeedState>, now: Timestamp) -> Reason {
    let trouble = state.and_then(|state| state.trouble.as_ref());
    let text = match (trouble, state.map(|state| state.freshness(feed.cadence, now))) {
        (Some(trouble), _) => Line::from_text(&format!("{}: {}", feed.source, trouble.message)),
        (None, None | Some(Freshness::Never)) => Line::from_text(&format!("{} not asked yet", feed.source)),
        (None, Some(_)) => Line::from_text(&format!("nothing new from {}", feed.source)),
    };
    let since = state.and_then(|state| state.failing_since.or(state.last.seen));
    Reason {
        health: Health::Unknown,
        about: About::Feed(feed.id.clone()),
        since,
        text,
        hint: trouble.map(|trouble| trouble.hint.clone()),
    }
}

fn one(service: &ServiceId, feed: &Feed, state: &FeedState, found: &Found, own: bool, told: &mut Told) {
    let about = || About::Feed(feed.id.clone());
    match found {
        Found::Instances(instances) => match instances_reason(instances) {
            Some((health, text)) => {
                let since = instances
                    .iter()
                    .filter(|instance| is_ill(instance))
                    .filter_map(|instance| instance.started_at)
                    .max();
                told.reasons.push(Reason {
                    health,
                    about: about(),
                    since: since.or(state.last.seen),
                    text,
                    hint: None,
                });
            }
            None if !instances.is_empty() => {
                let since = instances.iter().filter_map(|instance| instance.started_at).max();
                told.healthy_since = told.healthy_since.max(since.or(state.last.seen));
            }
            None => {}
        },
        Found::Alerts(alerts) => {
            for alert in alerts.iter().filter(|alert| own || alert_is_about(alert, service)) {
                let bad = !matches!(alert.severity, Severity::Warning | Severity::Info);
                if matches!(alert.state, AlertState::Firing | AlertState::Acknowledged) && bad {
                    let text = match &alert.summary {
                        Some(summary) => format!("alert {}: {summary}", alert.title),
                        None => format!("alert {} fires", alert.title),
                    };
                    let reason = Reason {
                        health: Health::Degraded,
                        about: about(),
                        since: alert.since,
                        text: Line::from_text(&text),
                        hint: None,
                    };
                    told.reasons.push(reason);
                }
            }
        }
        Found::Checks(monitors) => {
            let about_it: Vec<&Monitor> =
                monitors.iter().filter(|monitor| own || monitor_is_about(monitor, service)).collect();
            for monitor in &about_it {
                if matches!(monitor.state, MonitorState::Down | MonitorState::Degraded) {
                    let word = if monitor.state == MonitorState::Down { "down" } else { "degraded" };
                    let detail = monitor.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
                    let text = Line::from_text(&format!("{} sees {} {word}{detail}", feed.source, monitor.name));
                    let reason =
                        Reason { health: Health::Degraded, about: about(), since: monitor.since, text, hint: None };
                    told.reasons.push(reason);
                } else if monitor.state == MonitorState::Up {
                    told.healthy_since = told.healthy_since.max(monitor.since.or(state.last.seen));
                }
            }
        }
        Found::Metrics(series) => {
            if let Some((since, text)) = metric_reason(feed, series) {
                told.reasons.push(Reason {
                    health: Health::Degraded,
                    about: about(),
                    since: Some(since),
                    text,
                    hint: None,
                });
            }
        }
        _ => {}
    }
}

/// Whether an instance is not what it should be. One that was stopped on purpose is.
pub fn is_ill(instance: &Instance) -> bool {
    matches!(instance.state, InstanceState::Failed | InstanceState::Lost)
        || (instance.healthy == Some(false) && instance.state != InstanceState::Stopped)
}

fn instances_reason(instances: &[Instance]) -> Option<(Health, Line)> {
    let wanted = instances.iter().filter(|instance| instance.state != InstanceState::Stopped).count();
    let ill: Vec<&Instance> = instances.iter().filter(|instance| is_ill(instance)).collect();
    let first = ill.first()?;
    let detail = first.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
    let stated = first.stated.as_ref().map_or("fails", Line::as_str);
    let how = if detail.is_empty() { format!(" {stated}") } else { detail };
    let runs = instances.iter().any(|instance| instance.state == InstanceState::Running && !is_ill(instance));
    let (health, text) = if runs {
        (Health::Degraded, format!("{} of {wanted} instances ill, {}{how}", ill.len(), first.name))
    } else if ill.len() == 1 && wanted == 1 {
        (Health::Down, format!("{}{how}", first.name))
    } else {
        (Health::Down, format!("no instance of {wanted} is well, {}{how}", first.name))
    };
    Some((health, Line::from_text(&text)))
}

/// Returns how an alert names the service: in its own field, or in the labels that people use for that.
pub fn alert_is_about(alert: &Alert, service: &ServiceId) -> bool {
    const LABELS: &[&str] =
        &["service", "app", "application", "job", "component", "container", "deployment", "project", "name"];
    let same = |text: &str| text.eq_ignore_ascii_case(service.as_str());
    alert.service.as_ref().is_some_and(|name| same(name.as_str()))
        || LABELS.iter().any(|label| alert.labels.get(*label).is_some_and(|value| same(value.as_str())))
}

/// Returns whether a check of somebody else's carries the service's name.
pub fn monitor_is_about(monitor: &Monitor, service: &ServiceId) -> bool {
    monitor.name.as_str().eq_ignore_ascii_case(service.as_str())
}

/// Returns since when a metric is beyond its line, and how far.
fn metric_reason(feed: &Feed, series: &[Series]) -> Option<(Timestamp, Line)> {
    let line = feed.critical.or(feed.warn)?;
    let low = feed.warn.zip(feed.critical).is_some_and(|(warn, critical)| critical < warn);
    let beyond = |value: f64, line: f64| if low { value <= line } else { value >= line };
    let warn = feed.warn.unwrap_or(line);
    let worst = series
        .iter()
        .filter_map(|series| Some((series, series.latest()?)))
        .filter(|(_, (_, value))| beyond(*value, warn))
        .max_by(|left, right| {
            let order = left.1.1.total_cmp(&right.1.1);
            if low { order.reverse() } else { order }
        })?;
    let (series, (_, value)) = worst;
    let crossed = feed
        .critical
        .filter(|critical| beyond(value, *critical))
        .map_or(("warning", warn), |critical| ("critical", critical));
    // Back to where it crossed the line.
    let mut since = None;
    for (at, point) in series.points.iter().rev() {
        match point {
            Some(point) if beyond(*point, crossed.1) => since = Some(*at),
            Some(_) => break,
            None => {}
        }
    }
    let unit = feed.unit.as_ref().or(series.unit.as_ref()).map(|unit| format!(" {unit}")).unwrap_or_default();
    let text = format!("{} is {}{unit}, {} from {}", feed.title, short(value), crossed.0, short(crossed.1));
    Some((since?, Line::from_text(&text)))
}
