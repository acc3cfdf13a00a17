//! Alerts, checks of others, series, issues, who is on call.

use serde_json::Value;

use super::fields::{Item, Problems, number_of, objects};
use crate::model::alert::{Alert, AlertState, Monitor, MonitorState, OnCall, Severity};
use crate::model::identity::{App, Identity};
use crate::model::issue::{ErrorIssue, Exception, Frame, IssueDetail, IssueState};
use crate::model::metric::Series;
use crate::model::text::Line;
use crate::model::time::forms::timestamp;
use crate::provider::definition::Vocabulary;

/// Reads alerts.
pub fn alerts(outputs: &[Value], states: &Vocabulary, severities: &Vocabulary, problems: &mut Problems) -> Vec<Alert> {
    objects(outputs, "an alert", problems)
        .into_iter()
        .filter_map(|object| {
            let mut item = Item::of("an alert", object, problems);
            let (id, title) = (item.required("id"), item.line("title"));
            let (state, stated) = item.state("state", states, AlertState::Unknown);
            let alert = Alert {
                title: title.or_else(|| id.clone())?,
                id: id?,
                state,
                stated,
                severity: item.state("severity", severities, Severity::Unknown).0,
                since: item.time("since"),
                until: item.time("until"),
                summary: item.line("summary"),
                labels: item.labels("labels"),
                value: item.number("value"),
                service: item.line("service"),
                acknowledged_by: item.line("acknowledged_by"),
                runbook_url: item.url("runbook_url"),
                url: item.url("url"),
                extra: item.extra(),
            };
            item.finish();
            Some(alert)
        })
        .collect()
}

/// Reads checks that another system makes.
pub fn monitors(outputs: &[Value], states: &Vocabulary, problems: &mut Problems) -> Vec<Monitor> {
    objects(outputs, "a check", problems)
        .into_iter()
        .filter_map(|object| {
            let mut item = Item::of("a check", object, problems);
            let (id, name) = (item.required("id"), item.line("name"));
            let (state, stated) = item.state("state", states, MonitorState::Unknown);
            let monitor = Monitor {
                name: name.or_else(|| id.clone())?,
                id: id?,
                state,
                stated,
                since: item.time("since"),
                checked_at: item.time("checked_at"),
                detail: item.line("detail"),
                response_ms: item.number("response_ms"),
                uptime: item.number("uptime"),
                certificate_days: item.number("certificate_days"),
                target: item.line("target"),
                url: item.url("url"),
                extra: item.extra(),
            };
            item.finish();
            Some(monitor)
        })
        .collect()
}

/// Reads time series: `points` is a list of `[time, value]`.
pub fn series(outputs: &[Value], problems: &mut Problems) -> Vec<Series> {
    objects(outputs, "a series", problems)
        .into_iter()
        .map(|object| {
            let mut item = Item::of("a series", object, problems);
            let (labels, unit, list) = (item.labels("labels"), item.line("unit"), item.list("points"));
            item.finish();
            let mut points = Vec::with_capacity(list.len());
            for point in list {
                match point.as_array().map(Vec::as_slice) {
                    Some([at, value]) => match timestamp(at) {
                        Some(at) => points.push((at, number_of(value))),
                        None => problems.note(format!("a point's time is `{at}`, which is no time that we can read")),
                    },
                    _ => problems.note("a point is not [time, value]".to_owned()),
                }
            }
            points.sort_by_key(|(at, _)| *at);
            Series { labels, unit, points }
        })
        .collect()
}

/// Reads grouped exceptions.
pub fn issues(
    outputs: &[Value],
    states: &Vocabulary,
    severities: &Vocabulary,
    problems: &mut Problems,
) -> Vec<ErrorIssue> {
    objects(outputs, "an issue", problems)
        .into_iter()
        .filter_map(|object| {
            let mut item = Item::of("an issue", object, problems);
            let (id, title) = (item.required("id"), item.line("title"));
            let (state, stated) = item.state("state", states, IssueState::Unknown);
            let issue = ErrorIssue {
                title: title.or_else(|| id.clone())?,
                id: id?,
                short_id: item.line("short_id"),
                state,
                stated,
                severity: item.state("severity", severities, Severity::Unknown).0,
                culprit: item.line("culprit"),
                count: item.count("count"),
                users: item.count("users"),
                first_seen: item.time("first_seen"),
                last_seen: item.time("last_seen"),
                release: item.line("release"),
                project: item.line("project"),
                assigned_to: item.line("assigned_to"),
                unhandled: item.flag("unhandled"),
                url: item.url("url"),
                extra: item.extra(),
            };
            item.finish();
            Some(issue)
        })
        .collect()
}

/// Reads the latest occurrence of an issue.
pub fn issue(outputs: &[Value], problems: &mut Problems) -> IssueDetail {
    let mut detail = IssueDetail::default();
    let Some(object) = objects(outputs, "an occurrence", problems).into_iter().next() else { return detail };
    let mut item = Item::of("an occurrence", object, problems);
    detail.at = item.time("at");
    detail.release = item.line("release");
    detail.tags = item.labels("tags");
    detail.request = item.line("request");
    detail.url = item.url("url");
    let (exceptions, breadcrumbs) = (item.list("exceptions"), item.list("breadcrumbs"));
    item.finish();
    detail.breadcrumbs = breadcrumbs.into_iter().filter_map(Value::as_str).map(Line::from_text).collect();
    for exception in exceptions {
        let Some(object) = exception.as_object() else { continue };
        let mut item = Item::of("an exception", object, problems);
        let (kind, message, frames) = (item.line("kind"), item.line("message"), item.list("frames"));
        item.finish();
        let frames = frames.into_iter().filter_map(Value::as_object).map(|object| {
            let mut item = Item::of("a frame", object, problems);
            let frame = Frame {
                file: item.line("file"),
                line: item.count("line"),
                column: item.count("column"),
                function: item.line("function"),
                module: item.line("module"),
                in_app: item.flag("in_app"),
                context: item.list("context").into_iter().filter_map(context).collect(),
            };
            item.finish();
            frame
        });
        let frames = frames.collect();
        detail.exceptions.push(Exception { kind, message, frames });
    }
    detail
}

fn context(line: &Value) -> Option<(u64, Line)> {
    match line.as_array()?.as_slice() {
        [number, text] => {
            Some((number_of(number).map_or(0, |number| number.max(0.0) as u64), Line::from_text(text.as_str()?)))
        }
        _ => None,
    }
}

/// Reads whose turn it is.
pub fn on_call(outputs: &[Value], problems: &mut Problems) -> Vec<OnCall> {
    objects(outputs, "a person on call", problems)
        .into_iter()
        .filter_map(|object| {
            let mut item = Item::of("a person on call", object, problems);
            let person = OnCall {
                name: item.required("name")?,
                email: item.line("email"),
                phone: item.line("phone"),
                level: item.count("level"),
                schedule: item.line("schedule"),
                since: item.time("since"),
                until: item.time("until"),
                url: item.url("url"),
            };
            item.finish();
            Some(person)
        })
        .collect()
}

/// Reads whose credential it is.
pub fn identity(outputs: &[Value], problems: &mut Problems) -> Identity {
    let mut identity = Identity { name: Line::from_text("?"), scopes: Vec::new(), expires_at: None };
    if let Some(object) = objects(outputs, "an identity", problems).into_iter().next() {
        let mut item = Item::of("an identity", object, problems);
        if let Some(name) = item.required("name") {
            identity.name = name;
        }
        identity.scopes = item.list("scopes").into_iter().filter_map(Value::as_str).map(Line::from_text).collect();
        identity.expires_at = item.time("expires_at");
        item.finish();
    }
    identity
}

/// Reads what a credential sees there that could be watched.
pub fn apps(outputs: &[Value], problems: &mut Problems) -> Vec<App> {
    let objects = objects(outputs, "an app", problems);
    objects
        .into_iter()
        .filter_map(|object| {
            let mut item = Item::of("an app", object, problems);
            let name = item.required("name");
            let params = item.labels("params");
            let app = App {
                name: name?,
                params: params.into_iter().map(|(key, value)| (key, value.to_string())).collect(),
                url: item.url("url"),
                repository: item.line("repository"),
                environment: item.line("environment"),
            };
            item.finish();
            Some(app)
        })
        .collect()
}
