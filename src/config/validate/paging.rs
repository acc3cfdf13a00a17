//! Senders and the watcher's rules: from what was written to the model.

use super::super::diagnostic::{Problems, Severity};
use super::super::document::At;
use super::super::shape::{MaintenanceShape, SenderShape, WatchShape};
use super::{Names, list};
use crate::model::id::{ContactId, ServiceId, SourceId};
use crate::model::message::{MessageKind, Sender};
use crate::model::text::Line;
use crate::model::watch::{Maintenance, WatchRules};

/// Returns what carries messages.
pub fn senders(shapes: Vec<At<SenderShape>>, names: &Names, problems: &mut Problems) -> Vec<Sender> {
    let mut senders: Vec<Sender> = Vec::new();
    for At { value: shape, span } in shapes {
        let SenderShape { source, name, reaches, to, contacts, sends } = shape;
        let Some(source) = source else { continue };
        names.source(&source, problems);
        let called = name.as_ref().unwrap_or(&source);
        let title = Line::from_text(&called.value.0);
        if senders.iter().any(|sender| sender.name == title) {
            let help = "give one of them a name = \"...\" of its own".to_owned();
            problems.error(&called.span, format!("there is already a sender `{title}`"), Some(help));
            continue;
        }
        let reaches = reaches.map(|reaches| reaches.value.0);
        if let (Some(_), Some(to)) = (reaches, &to) {
            let help = "leave out one of them".to_owned();
            problems.error(&to.span, "it reaches people's own addresses, and goes to one place", Some(help));
        }
        let sends = sends.map(|sends| sends.value.into_iter().map(|kind| kind.value.0).collect::<Vec<_>>());
        if sends.as_ref().is_some_and(Vec::is_empty) {
            problems.note(Severity::Warning, &span, "this sender sends nothing".to_owned(), None);
        }
        let carries = |kind| match &sends {
            Some(sends) => sends.contains(&kind),
            None => kind == MessageKind::Page || reaches.is_none(),
        };
        senders.push(Sender {
            name: title,
            source: SourceId::new(&source.value.0),
            reaches,
            to: to.into_iter().flat_map(|to| to.value.0).map(|to| Line::from_text(&to)).collect(),
            contacts: list(contacts).into_iter().map(|name| ContactId::new(&name.value.0)).collect(),
            pages: carries(MessageKind::Page),
            updates: carries(MessageKind::Update),
        });
    }
    senders
}

/// Returns the watcher's rules.
pub fn watch(shape: Option<At<WatchShape>>, names: &Names, problems: &mut Problems) -> WatchRules {
    let mut rules = WatchRules::default();
    let Some(At { value: shape, .. }) = shape else { return rules };
    let WatchShape {
        notify,
        page,
        quiet_hours,
        group,
        flap,
        escalate_after,
        rounds,
        update_every,
        heartbeat,
        heartbeat_every,
        maintenance,
    } = shape;
    if let Some(notify) = notify {
        rules.notify = notify.value.into_iter().map(|trouble| trouble.value.0).collect();
    }
    rules.page = page.map_or(rules.page, |page| page.value.0);
    rules.quiet_hours = quiet_hours.map(|hours| hours.value.0);
    rules.group = group.map_or(rules.group, |group| group.value.0);
    rules.flap = flap.map_or(rules.flap, |flap| flap.value.0);
    rules.escalate_after = escalate_after.map_or(rules.escalate_after, |after| after.value.0);
    rules.update_every = update_every.map_or(rules.update_every, |every| every.value.0);
    rules.rounds = rounds.map_or(rules.rounds, |rounds| rounds.value.0);
    rules.heartbeat = heartbeat.map(|url| url.value.0.to_string());
    rules.heartbeat_every = heartbeat_every.map_or(rules.heartbeat_every, |every| every.value.0);
    rules.maintenance =
        list(maintenance).into_iter().filter_map(|window| maintenance_of(window, names, problems)).collect();
    rules
}

fn maintenance_of(
    At { value: shape, span }: At<MaintenanceShape>,
    names: &Names,
    problems: &mut Problems,
) -> Option<Maintenance> {
    let MaintenanceShape { services, hours, from, until, why } = shape;
    let mut concerned = Vec::new();
    for service in list(services) {
        if !names.services.contains(&service.value.0) {
            problems.error(&service.span, format!("there is no service `{}`", service.value.0), None);
        }
        concerned.push(ServiceId::new(&service.value.0));
    }
    let (from, until) = (from.map(|at| at.value.0), until.map(|at| at.value.0));
    if hours.is_none() && until.is_none() {
        let help = "write hours = \"Sun 02:00-04:00\", or from and until".to_owned();
        problems.error(&span, "this maintenance has no end", Some(help));
        return None;
    }
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        problems.error(&span, "this maintenance ends before it begins", None);
    }
    let why = why.map(|why| Line::from_text(&why.value.0));
    Some(Maintenance { services: concerned, hours: hours.map(|hours| hours.value.0), from, until, why })
}
