//! What sources say, as lines of text.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::Answer;
use crate::model::metric::short;
use crate::model::source::Found;
use crate::model::text::{Line, measure};
use crate::model::time::Timestamp;
use crate::ui::format;

/// How the table looks.
pub struct Looks {
    pub now: Timestamp,
    pub zone: TimeZone,
    /// Columns of the terminal, when there is one.
    pub width: Option<usize>,
}

/// Draws every answer under its heading.
pub fn table(answers: &[Answer], looks: &Looks) -> String {
    let mut text = String::new();
    for (nth, answer) in answers.iter().enumerate() {
        if nth > 0 {
            text.push('\n');
        }
        let feed = &answer.feed;
        let who =
            feed.service.as_ref().map(ToString::to_string).or_else(|| feed.vendor.as_ref().map(ToString::to_string));
        let heading = match who {
            Some(who) if feed.title.as_str() != feed.source.as_str() && feed.title.as_str() != who => {
                format!("{who}: {} ({})", feed.title, feed.source)
            }
            Some(who) => format!("{who} ({})", feed.source),
            None => feed.source.to_string(),
        };
        let _ = writeln!(text, "{heading}");
        match &answer.found {
            Err(trouble) => {
                let _ = writeln!(text, "  ? {}\n    try: {}", trouble.message, trouble.hint);
            }
            Ok(mapped) => {
                let rows = rows(&mapped.found, looks);
                if rows.is_empty() {
                    text.push_str("  nothing\n");
                }
                text.push_str(&aligned(&rows, looks.width));
                for problem in &mapped.problems {
                    let _ = writeln!(text, "  ! {problem}");
                }
            }
        }
    }
    text
}

fn age(at: Option<Timestamp>, looks: &Looks) -> String {
    at.map(|at| format!("{} ago", format::age(looks.now.since(at)))).unwrap_or_default()
}

fn line(text: &Option<Line>) -> String {
    text.as_ref().map(ToString::to_string).unwrap_or_default()
}

fn word<T: serde::Serialize>(state: &T) -> String {
    serde_json::to_value(state)
        .ok()
        .and_then(|word| word.as_str().map(|word| word.replace('_', " ")))
        .unwrap_or_default()
}

fn rows(found: &Found, looks: &Looks) -> Vec<Vec<String>> {
    match found {
        Found::Releases(releases) => releases
            .iter()
            .map(|release| {
                let live = match release.traffic {
                    Some(share) if release.live => format!("live {share:.0}%"),
                    _ if release.live => "live".to_owned(),
                    _ => word(&release.state),
                };
                let commit = release.short_commit().unwrap_or_default().to_owned();
                vec![
                    live,
                    release.name().to_string(),
                    commit,
                    age(release.created_at, looks),
                    line(&release.author),
                    line(&release.message),
                ]
            })
            .collect(),
        Found::Instances(instances) => instances
            .iter()
            .map(|instance| {
                let health = match instance.healthy {
                    Some(true) => "healthy",
                    Some(false) => "unhealthy",
                    None => "",
                };
                let restarts = instance
                    .restarts
                    .filter(|restarts| *restarts > 0)
                    .map(|restarts| format::count(restarts as usize, "restart"))
                    .unwrap_or_default();
                vec![
                    word(&instance.state),
                    instance.name.to_string(),
                    health.to_owned(),
                    line(&instance.release),
                    restarts,
                    line(&instance.detail),
                ]
            })
            .collect(),
        Found::Alerts(alerts) => alerts
            .iter()
            .map(|alert| {
                vec![
                    word(&alert.state),
                    word(&alert.severity),
                    alert.title.to_string(),
                    age(alert.since, looks),
                    line(&alert.summary),
                ]
            })
            .collect(),
        Found::Issues(issues) => issues
            .iter()
            .map(|issue| {
                let count = issue.count.map(|count| format!("{}x", format::thousands(count))).unwrap_or_default();
                let users = issue.users.map(|users| format::count(users as usize, "user")).unwrap_or_default();
                vec![
                    word(&issue.state),
                    issue.short_id.as_ref().unwrap_or(&issue.id).to_string(),
                    count,
                    users,
                    age(issue.last_seen, looks),
                    issue.title.to_string(),
                ]
            })
            .collect(),
        Found::Metrics(series) => series
            .iter()
            .map(|series| {
                let latest = series.latest().map_or_else(|| "no value".to_owned(), |(_, value)| short(value));
                vec![
                    latest,
                    line(&series.unit),
                    series.name().to_string(),
                    age(series.latest().map(|(at, _)| at), looks),
                ]
            })
            .collect(),
        Found::Checks(monitors) => monitors
            .iter()
            .map(|monitor| {
                let uptime = monitor.uptime.map(|uptime| format!("{uptime:.2}%")).unwrap_or_default();
                vec![
                    word(&monitor.state),
                    monitor.name.to_string(),
                    age(monitor.since, looks),
                    uptime,
                    line(&monitor.detail),
                ]
            })
            .collect(),
        Found::VendorStatus(status) => {
            let mut rows = vec![vec![word(&status.state), line(&status.summary)]];
            rows.extend(
                status.components.iter().map(|component| vec![word(&component.state), component.name.to_string()]),
            );
            rows.extend(status.incidents.iter().map(|incident| {
                vec![word(&incident.state), format!("{} ({})", incident.title, age(incident.started_at, looks))]
            }));
            rows
        }
        Found::OnCall(people) => people
            .iter()
            .map(|person| {
                let level = person.level.map(|level| format!("level {level}")).unwrap_or_default();
                let until = person
                    .until
                    .map(|until| format!("until {}", format::moment(until, looks.now, &looks.zone)))
                    .unwrap_or_default();
                vec![
                    level,
                    person.name.to_string(),
                    line(&person.phone),
                    line(&person.email),
                    line(&person.schedule),
                    until,
                ]
            })
            .collect(),
        Found::Logs(entries) => entries
            .iter()
            .map(|entry| vec![age(entry.at, looks), line(&entry.instance), entry.text.to_string()])
            .collect(),
        Found::Changes(changes) => {
            let commits = changes
                .commits
                .iter()
                .map(|commit| vec![commit.id.to_string(), line(&commit.author), line(&commit.message)]);
            let files = changes.files.iter().map(|file| vec![word(&file.change), file.path.to_string()]);
            commits.chain(files).collect()
        }
        Found::Issue(issue) => issue
            .exceptions
            .iter()
            .flat_map(|exception| {
                let head = vec![line(&exception.kind), line(&exception.message)];
                let frames = exception.frames.iter().map(|frame| {
                    vec![
                        String::new(),
                        format!("{}:{} {}", line(&frame.file), frame.line.unwrap_or(0), line(&frame.function)),
                    ]
                });
                std::iter::once(head).chain(frames).collect::<Vec<_>>()
            })
            .collect(),
        Found::Apps(apps) => apps
            .iter()
            .map(|app| {
                let params: Vec<String> = app.params.iter().map(|(key, value)| format!("{key} = {value}")).collect();
                vec![
                    app.name.to_string(),
                    line(&app.environment).to_string(),
                    params.join(", "),
                    app.url.clone().unwrap_or_default(),
                ]
            })
            .collect(),
        Found::Identity(identity) => {
            let scopes: Vec<&str> = identity.scopes.iter().map(Line::as_str).collect();
            vec![vec![
                identity.name.to_string(),
                scopes.join(" "),
                identity.expires_at.map(|at| format!("until {at}")).unwrap_or_default(),
            ]]
        }
        Found::Settings(all) => all
            .iter()
            .map(|one| {
                let names = one.variables.iter().flatten().map(|name| name.as_str()).collect::<Vec<_>>();
                let environment = one.environment.as_ref().map(|word| word.as_str().to_owned()).unwrap_or_default();
                vec![one.name.to_string(), environment, names.join(" ")]
            })
            .collect(),
    }
}

/// Puts cells below each other. Columns without anything in them take no room; the last one takes what is left.
fn aligned(rows: &[Vec<String>], width: Option<usize>) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| measure::width(cell)).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut drawn = String::from(" ");
        for (column, cell) in row.iter().enumerate() {
            if widths[column] == 0 {
                continue;
            }
            let pad = widths[column].saturating_sub(measure::width(cell));
            let _ = write!(drawn, " {cell}{} ", " ".repeat(if column + 1 == row.len() { 0 } else { pad }));
        }
        let drawn = drawn.trim_end();
        match width {
            Some(width) => text.push_str(measure::head(drawn, width)),
            None => text.push_str(drawn),
        }
        text.push('\n');
    }
    text
}
