//! `crashcart incident`: what is written of an outage, and the document that it becomes.

mod evidence;
mod memory;
pub mod note;

use anyhow::anyhow;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::acting::{failed, open_journal, state_dir};
use super::args::{Cli, ExportArgs, IncidentArgs, IncidentCommand, IncidentOpenArgs};
use super::environment::Environment;
use super::failure::Failure;
use super::{Exit, actor, config_file, output};
use crate::clock::Clock;
use crate::desk::incidents::{open, write};
use crate::incident::recall::Memory;
use crate::incident::timeline::{Moment, timeline};
use crate::incident::{Incident, Incidents, when};
use crate::journal::Journal;
use crate::model::id::{EntryId, ServiceId};
use crate::model::incident::{IncidentEvent, IncidentState, Opening};
use crate::model::journal::Entry;
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::postmortem::{self, Material, Override, TEMPLATE};
use crate::runtime::redaction::redact;

use memory::{recalled, with_memories};

/// A template that is larger is something else.
const LARGEST_TEMPLATE: u64 = 1 << 20;

/// Everything that a command about incidents works with.
pub(super) struct Desk {
    pub journal: Journal,
    pub clock: Clock,
    pub zone: TimeZone,
    pub by: crate::model::operation::Actor,
}

impl Desk {
    pub fn open(cli: &Cli, environment: &Environment) -> Result<Self, Failure> {
        let clock = Clock::system();
        let journal = open_journal(&state_dir(cli, environment)?, &clock)?;
        let zone = config_file::time_zone(None, &mut Vec::new());
        Ok(Self { journal, clock, zone, by: actor::actor(environment) })
    }

    /// Opens it for looking, where a full or read-only disk does not let it be opened otherwise.
    fn open_to_look(cli: &Cli, environment: &Environment) -> Result<Self, Failure> {
        let opened = Self::open(cli, environment);
        let Err(failure) = opened else { return opened };
        match Journal::open_to_read(&state_dir(cli, environment)?) {
            Ok(Some(journal)) => {
                output::tell(&format!("only what was written before can be shown: {:#}\n", failure.error));
                let zone = config_file::time_zone(None, &mut Vec::new());
                Ok(Self { journal, clock: Clock::system(), zone, by: actor::actor(environment) })
            }
            Ok(None) | Err(_) => Err(failure),
        }
    }

    pub fn find(&self, wanted: &str) -> Result<Incident, Failure> {
        let incidents = self.journal.incidents()?;
        incidents.find(wanted).cloned().ok_or_else(|| {
            let failure = match wanted {
                "last" => Failure::usage(anyhow!("no incident was ever opened")),
                _ => Failure::usage(anyhow!("there is no incident `{wanted}`")),
            };
            failure.hint("crashcart incident open TITLE opens one; crashcart incident list shows them")
        })
    }

    pub fn write(&mut self, incident: &Incident, event: &IncidentEvent) -> Result<(), Failure> {
        write(&mut self.journal, &incident.id, event, &self.by, self.clock.now()).map_err(failed)
    }

    pub fn moments(&self, incident: &Incident) -> Result<Vec<Moment>, Failure> {
        Ok(timeline(incident, &self.entries(incident)?))
    }

    /// Returns what the journal has of the time of an incident.
    pub fn entries(&self, incident: &Incident) -> Result<Vec<Entry>, Failure> {
        let from = incident.began_at.min(incident.opened_at) - std::time::Duration::from_secs(6 * 3_600);
        Ok(self.journal.between(from, self.clock.now() + std::time::Duration::from_secs(60))?)
    }

    /// Returns when something happened.
    pub fn when(&self, when: &super::args::WhenArgs) -> Result<Timestamp, Failure> {
        let now = self.clock.now();
        if let Some(ago) = when.ago {
            return Ok(now - ago);
        }
        match &when.at {
            None => Ok(now),
            Some(text) => when::moment(text, now, &self.zone).ok_or_else(|| {
                Failure::usage(anyhow!("`{text}` is not a time")).hint("write 02:14, 2026-11-25T02:14, or --ago 5m")
            }),
        }
    }
}

pub(super) fn run(cli: &Cli, args: &IncidentArgs, environment: &Environment) -> Result<Exit, Failure> {
    let looks = matches!(
        args.command,
        None | Some(IncidentCommand::List { .. } | IncidentCommand::Show { .. } | IncidentCommand::Export(_))
    );
    let mut desk = if looks { Desk::open_to_look(cli, environment)? } else { Desk::open(cli, environment)? };
    let alone = IncidentCommand::Show { grep: None };
    let command = match &args.command {
        Some(command) => command,
        None if desk.journal.incidents()?.latest_first().next().is_none() => {
            output::print(if args.json { "null\n" } else { "No incident was ever opened.\n" })?;
            return Ok(Exit::Healthy);
        }
        None => &alone,
    };
    match command {
        IncidentCommand::List { search } => list(&desk, search.as_deref(), args.json),
        IncidentCommand::Open(open) => begin(cli, environment, &mut desk, open, args.json),
        command => {
            let incident = desk.find(&args.incident)?;
            if let IncidentCommand::Show { grep } = command {
                let recalled =
                    if incident.is_open() { recalled(cli, environment, &desk, &incident) } else { Vec::new() };
                return show(&desk, &incident, grep.as_deref(), &recalled, args.json);
            }
            if let IncidentCommand::Export(export_args) = command {
                return export(cli, environment, &desk, &incident, export_args, args.json);
            }
            if let IncidentCommand::Evidence(args_of_it) = command {
                return evidence::run(cli, environment, &mut desk, &incident, args_of_it, args.json);
            }
            about(&mut desk, &incident, command)
        }
    }
}

fn begin(
    cli: &Cli,
    environment: &Environment,
    desk: &mut Desk,
    args: &IncidentOpenArgs,
    as_json: bool,
) -> Result<Exit, Failure> {
    let opening = Opening {
        title: Line::from_text(&args.title.join(" ")),
        severity: args.severity,
        services: args.services.iter().map(ServiceId::new).collect(),
        began_at: desk.when(&args.when)?,
    };
    let id = open(&mut desk.journal, &opening, &desk.by, desk.clock.now()).map_err(failed)?;
    let incident = desk.find(id.as_str())?;
    // What helped before is what one wants to know first.
    let recalled = recalled(cli, environment, desk, &incident);
    let now = desk.clock.now();
    recalled.iter().for_each(|memory| output::tell(&format!("{}\n", redact(memory.sentence(now).as_str()))));
    let text = if as_json {
        format!("{:#}\n", with_memories(summary(&incident, desk), &recalled, now))
    } else {
        format!("incident #{}\n", incident.number)
    };
    output::print(text)?;
    Ok(Exit::Healthy)
}

fn about(desk: &mut Desk, incident: &Incident, command: &IncidentCommand) -> Result<Exit, Failure> {
    let state = |desk: &mut Desk, state: IncidentState, when| -> Result<Exit, Failure> {
        let happened_at = desk.when(when)?;
        desk.write(incident, &IncidentEvent::State { state, happened_at })?;
        output::tell(&format!("#{} is {}\n", incident.number, state.word()));
        Ok(Exit::Healthy)
    };
    match command {
        // They are about more than one, or only look.
        IncidentCommand::List { .. }
        | IncidentCommand::Open(_)
        | IncidentCommand::Show { .. }
        | IncidentCommand::Evidence(_)
        | IncidentCommand::Export(_) => Ok(Exit::Healthy),
        IncidentCommand::Ack(when) => state(desk, IncidentState::Acknowledged, when),
        IncidentCommand::Mitigate(when) => state(desk, IncidentState::Mitigated, when),
        IncidentCommand::Resolve(when) => state(desk, IncidentState::Resolved, when),
        IncidentCommand::Close(when) => state(desk, IncidentState::Closed, when),
        IncidentCommand::Reopen => {
            let when = super::args::WhenArgs::default();
            let to = if incident.reached.contains_key(&IncidentState::Acknowledged) {
                IncidentState::Acknowledged
            } else {
                IncidentState::Triggered
            };
            state(desk, to, &when)
        }
        IncidentCommand::Severity { severity } => {
            desk.write(incident, &IncidentEvent::Severity { severity: *severity })?;
            Ok(Exit::Healthy)
        }
        IncidentCommand::Title { title } => {
            desk.write(incident, &IncidentEvent::Titled { title: Line::from_text(&title.join(" ")) })?;
            Ok(Exit::Healthy)
        }
        IncidentCommand::Services { services } => {
            let services = services.iter().map(ServiceId::new).collect();
            desk.write(incident, &IncidentEvent::Services { services })?;
            Ok(Exit::Healthy)
        }
        IncidentCommand::Role { role, who } => {
            let event = IncidentEvent::Role { who: Line::from_text(who), role: Line::from_text(role) };
            desk.write(incident, &event)?;
            Ok(Exit::Healthy)
        }
        IncidentCommand::Correct { entry, text } => {
            let entry = entry_of(desk, incident, entry)?;
            desk.write(incident, &IncidentEvent::Corrected { entry, text: Line::from_text(&text.join(" ")) })?;
            Ok(Exit::Healthy)
        }
        IncidentCommand::Redact { entry, why } => {
            let entry = entry_of(desk, incident, entry)?;
            desk.write(incident, &IncidentEvent::Redacted { entry, why: Line::from_text(&why.join(" ")) })?;
            Ok(Exit::Healthy)
        }
        IncidentCommand::Figure { name, value, because } => {
            if value.trim().is_empty() || because.trim().is_empty() {
                return Err(Failure::usage(anyhow!("a figure needs its value and why"))
                    .hint("crashcart incident figure impact '9 min' --because 'the first five were slow only'"));
            }
            let event = IncidentEvent::Figure {
                figure: *name,
                value: Line::from_text(value.trim()),
                because: Line::from_text(because.trim()),
            };
            desk.write(incident, &event)?;
            output::tell(&format!("#{}: {} is {}\n", incident.number, name.word(), value.trim()));
            Ok(Exit::Healthy)
        }
    }
}

/// Finds an entry of the timeline by its id or the end of it.
fn entry_of(desk: &Desk, incident: &Incident, wanted: &str) -> Result<EntryId, Failure> {
    let moments = desk.moments(incident)?;
    let mut found = moments.iter().filter(|moment| moment.entry.as_str().ends_with(wanted) && wanted.len() >= 4);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.entry.clone()),
        (Some(_), Some(_)) => Err(Failure::usage(anyhow!("several entries end with `{wanted}`"))),
        (None, _) => Err(Failure::usage(anyhow!("the timeline has no entry `{wanted}`"))
            .hint("crashcart incident show --json has the ids")),
    }
}

fn list(desk: &Desk, search: Option<&str>, as_json: bool) -> Result<Exit, Failure> {
    let incidents: Incidents = desk.journal.incidents()?;
    let mut rows = Vec::new();
    for incident in incidents.latest_first() {
        if let Some(search) = search {
            let wanted = search.to_lowercase();
            let fits = |text: &str| text.to_lowercase().contains(&wanted);
            let in_title = fits(incident.title.as_str());
            if !in_title
                && !desk
                    .moments(incident)?
                    .iter()
                    .any(|moment| fits(moment.text.as_str()) || moment.more.iter().any(|line| fits(line.as_str())))
            {
                continue;
            }
        }
        rows.push(incident);
    }
    if as_json {
        let rows: Vec<Value> = rows.iter().map(|incident| summary(incident, desk)).collect();
        output::print(redact(&format!("{:#}\n", Value::Array(rows))).as_ref())?;
        return Ok(Exit::Healthy);
    }
    let mut text = String::new();
    for incident in rows {
        let lasted = postmortem::span(incident.lasted(desk.clock.now()));
        let at = incident.began_at.in_zone(&desk.zone).strftime("%F %H:%M");
        text.push_str(&format!(
            "#{:<4} {}  {at}  {:<12} {lasted:<14} {}\n",
            incident.number,
            incident.severity.word(),
            incident.state.word(),
            incident.title
        ));
    }
    output::print(if text.is_empty() { "None.\n".to_owned() } else { text })?;
    Ok(Exit::Healthy)
}

fn summary(incident: &Incident, desk: &Desk) -> Value {
    let people: Vec<String> = incident.people.iter().map(ToString::to_string).collect();
    json!({
        "id": incident.id, "number": incident.number, "title": incident.title, "severity": incident.severity,
        "state": incident.state, "services": incident.services, "began_at": incident.began_at, "opened_at": incident.opened_at,
        "ended_at": incident.ended_at(), "lasted_seconds": incident.lasted(desk.clock.now()).as_secs(), "people": people, "roles": incident.roles,
    })
}

fn show(
    desk: &Desk,
    incident: &Incident,
    grep: Option<&str>,
    recalled: &[Memory],
    as_json: bool,
) -> Result<Exit, Failure> {
    let mut moments = desk.moments(incident)?;
    if let Some(wanted) = grep.map(str::to_lowercase) {
        moments.retain(|moment| moment.text.as_str().to_lowercase().contains(&wanted));
    }
    if as_json {
        let mut document = with_memories(summary(incident, desk), recalled, desk.clock.now());
        document["timeline"] = moments
            .iter()
            .map(|moment| {
                json!({ "at": moment.at, "written_at": moment.written_at, "entry": moment.entry, "by": moment.by, "kind": moment.kind.word(),
                        "text": moment.text, "more": moment.more, "service": moment.service, "corrected": moment.corrected })
            })
            .collect();
        output::print(redact(&format!("{document:#}\n")).as_ref())?;
    } else {
        let mut text = text(incident, &moments, desk);
        let now = desk.clock.now();
        recalled.iter().for_each(|memory| text.push_str(&format!("\n{}\n", memory.sentence(now))));
        output::print(redact(&text).as_ref())?;
    }
    Ok(if incident.is_open() { Exit::Wrong } else { Exit::Healthy })
}

fn text(incident: &Incident, moments: &[Moment], desk: &Desk) -> String {
    let people: Vec<&str> = incident.people.iter().map(|actor| actor.user.as_str()).collect();
    let zone = incident.began_at.in_zone(&desk.zone).strftime("%Z").to_string();
    let mut text = format!(
        "#{} {} {}: {}, {}; with {}\n\n",
        incident.number,
        incident.severity.word(),
        incident.title,
        incident.state.word(),
        postmortem::span(incident.lasted(desk.clock.now())),
        people.join(", ")
    );
    let mut day = String::new();
    for moment in moments {
        let at = moment.at.in_zone(&desk.zone);
        let today = at.strftime("%F").to_string();
        if today != day {
            text.push_str(&format!("{today} {zone}\n"));
            day = today;
        }
        let late = moment
            .written_at
            .map(|at| format!("  (written {})", at.in_zone(&desk.zone).strftime("%H:%M:%S")))
            .unwrap_or_default();
        let corrected = if moment.corrected { "  (corrected)" } else { "" };
        text.push_str(&format!(
            "{}  {:<8} {}  [{}]{corrected}{late}\n",
            at.strftime("%H:%M:%S"),
            moment.kind.word(),
            moment.text,
            moment.by
        ));
        for line in &moment.more {
            text.push_str(&format!("                    {line}\n"));
        }
    }
    text
}

fn export(
    cli: &Cli,
    environment: &Environment,
    desk: &Desk,
    incident: &Incident,
    args: &ExportArgs,
    as_json: bool,
) -> Result<Exit, Failure> {
    let moments = desk.moments(incident)?;
    let overrides: Vec<Override> = args
        .figures
        .iter()
        .map(|(figure, value, because)| Override { figure: *figure, value: value.clone(), because: because.clone() })
        .collect();
    let budget = match args.objective {
        None => None,
        Some(percent) if (0.0..100.0).contains(&percent) => {
            Some(std::time::Duration::from_secs_f64(30.0 * 86_400.0 * (100.0 - percent) / 100.0))
        }
        Some(percent) => return Err(Failure::usage(anyhow!("{percent} is not a share of time; write 99.9"))),
    };
    let material = Material {
        incident,
        moments: &moments,
        zone: &desk.zone,
        now: desk.clock.now(),
        budget,
        overrides: &overrides,
    };
    let facts = postmortem::facts(&material);
    let text = if as_json {
        format!("{facts:#}\n")
    } else {
        let configured = || configured_template(cli, environment);
        let (template, path) = match args.template.clone().or_else(configured) {
            None => (TEMPLATE.to_owned(), None),
            Some(path) => {
                let read = super::foreign::read(&path, LARGEST_TEMPLATE);
                let text = read
                    .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
                    .map_err(|error| Failure::usage(anyhow!("cannot read the template {}: {error}", path.display())))?;
                (text, Some(path))
            }
        };
        let place = path.map(|path| format!("{}: ", path.display())).unwrap_or_default();
        postmortem::document(&template, &facts).map_err(|error| {
            Failure::usage(anyhow!("{place}{error}"))
                .hint("crashcart incident export --json shows what a template is given")
        })?
    };
    output::print(redact(&text).as_ref())?;
    Ok(Exit::Healthy)
}

/// The configuration's template. A configuration that is broken or not trusted costs the template, and not the document.
fn configured_template(cli: &Cli, environment: &Environment) -> Option<std::path::PathBuf> {
    match config_file::open(&cli.global, &[], &[], environment) {
        Ok(project) if project.withheld.is_none() => project.settings.postmortem_template,
        Ok(_) => None,
        Err(failure) => {
            let error = format!("{:#}", failure.error);
            let first = error.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
            output::tell(&format!("the built-in template is used, because the configuration cannot be: {first}\n"));
            None
        }
    }
}
