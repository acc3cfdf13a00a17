//! Doing what was decided: incidents are written at once, messages go out beside the watching.

use std::sync::Arc;
use std::time::Duration;

use super::rules::{ABOUT_THIS_MACHINE, Decision};
use super::{Notice, Watcher, notice};
use crate::clock::Clock;
use crate::config::build;
use crate::desk::incidents::{open, write};
use crate::desk::paging::{Attempt, Post, send, time_of};
use crate::diagnosis::Assessment;
use crate::incident::Incident;
use crate::incident::timeline::{Moment, timeline};
use crate::incident::watching::unseen;
use crate::journal::Journal;
use crate::model::check::{CheckSpec, Outcome, ProbeSpec};
use crate::model::id::{CheckId, IncidentId, ServiceId};
use crate::model::incident::Opening;
use crate::model::incident::{IncidentEvent, IncidentState, SeenKind};
use crate::model::message::SendOutcome;
use crate::model::observed::Cadence;
use crate::model::source::Trouble;
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::paging::draft::names;
use crate::paging::plan::Ground;
use crate::paging::turn::Policy;
use crate::paging::{PagePlan, PageWish, plan_page, plan_update};

/// A dead man's switch that does not answer by then is asked again the next time.
const BEAT_WITHIN: Duration = Duration::from_secs(10);
/// How far before its incident a page looks for what led to it.
const BEFORE: Duration = Duration::from_secs(6 * 3_600);

impl Watcher {
    pub(super) fn carry_out(&mut self, decision: Decision, now: Timestamp, told: &mut dyn FnMut(&Notice)) {
        match decision {
            Decision::Beat if self.writes => self.beat(),
            Decision::Beat => {}
            Decision::Page { incident, contact, why } => {
                let wish = PageWish { contact, text: None };
                self.send(&incident, "page", why, move |ground| plan_page(&wish, ground));
            }
            Decision::Tell { incident, key, text } => {
                let own: Vec<Line> = Some(text.clone()).filter(|text| !text.is_empty()).into_iter().collect();
                let named = key.clone();
                self.send(&incident, &key, text, move |ground| {
                    let mut plan = plan_update(&own, &[], false, ground)?;
                    // What it is called makes sure that it is told once, also where its words differ.
                    plan.key = named;
                    Ok(plan)
                });
            }
            decision => match self.file(&decision, now) {
                Ok((what, number, text)) => {
                    self.trouble = None;
                    told(&notice(now, what, number, &text));
                }
                Err(trouble) => {
                    self.writes = false;
                    self.tell_trouble(trouble.message, now, told);
                }
            },
        }
    }

    /// Writes what becomes of an incident.
    fn file(&mut self, decision: &Decision, now: Timestamp) -> Result<(&'static str, Option<u32>, String), Trouble> {
        let by = self.by.clone();
        let number = |incident: &Option<&Incident>| incident.map(|incident| incident.number);
        let found = |id: &IncidentId| self.incidents.get(id);
        match decision {
            Decision::Open { title, severity, services, this_machine, began_at } => {
                let opening = Opening {
                    title: title.clone(),
                    severity: *severity,
                    services: services.clone(),
                    began_at: (*began_at).min(now),
                };
                let id = open(&mut self.journal, &opening, &by, now)?;
                let seen = |key: String, text: String| IncidentEvent::Saw {
                    key,
                    kind: SeenKind::Health,
                    text: Line::from_text(&text),
                    service: None,
                    happened_at: now,
                };
                let host = self.supplies.host.clone();
                write(
                    &mut self.journal,
                    &id,
                    &seen(self.memory.mark(), format!("the watcher on {host} sees it")),
                    &by,
                    now,
                )?;
                if *this_machine {
                    let event = seen(ABOUT_THIS_MACHINE.to_owned(), format!("it is about {host} itself"));
                    write(&mut self.journal, &id, &event, &by, now)?;
                }
                let number = self.journal.incidents().ok().and_then(|all| all.get(&id).map(|incident| incident.number));
                Ok(("opened", number, format!("{} {title}", severity.word())))
            }
            Decision::Extend { incident: id, services, severity, title } => {
                let incident = found(id);
                let number = number(&incident);
                let (same_services, same_severity) = incident.map_or((false, false), |incident| {
                    (incident.services == *services, incident.severity == *severity)
                });
                let incident_services = incident.map(|incident| incident.services.clone()).unwrap_or_default();
                if !same_services {
                    write(&mut self.journal, id, &IncidentEvent::Services { services: services.clone() }, &by, now)?;
                }
                if !same_severity {
                    write(&mut self.journal, id, &IncidentEvent::Severity { severity: *severity }, &by, now)?;
                }
                if let Some(title) = title {
                    write(&mut self.journal, id, &IncidentEvent::Titled { title: title.clone() }, &by, now)?;
                }
                let known = incident_services.len();
                let new =
                    services.get(known..).filter(|new| !new.is_empty()).map(|new| format!(", {} too", names(new)));
                Ok(("extended", number, format!("{}{}", severity.word(), new.unwrap_or_default())))
            }
            Decision::Reopen { incident: id } => {
                let number = number(&found(id));
                let event = IncidentEvent::State { state: IncidentState::Triggered, happened_at: now };
                write(&mut self.journal, id, &event, &by, now)?;
                Ok(("reopened", number, "it began anew".to_owned()))
            }
            Decision::Resolve { incident: id, happened_at } => {
                let number = number(&found(id));
                let event = IncidentEvent::State { state: IncidentState::Resolved, happened_at: *happened_at };
                write(&mut self.journal, id, &event, &by, now)?;
                Ok(("resolved", number, "everything is well again".to_owned()))
            }
            Decision::Page { .. } | Decision::Tell { .. } | Decision::Beat => Ok(("trouble", None, String::new())),
        }
    }

    /// Writes what is seen while incidents are open, as the console does.
    pub(super) fn write_what_is_seen(&mut self, assessment: &Assessment, now: Timestamp) {
        let open: Vec<Incident> =
            self.incidents.latest_first().filter(|incident| incident.is_open()).cloned().collect();
        for incident in open {
            for event in unseen(&incident, &self.supplies.catalog, &self.snapshot, assessment, now) {
                if let Err(trouble) = write(&mut self.journal, &incident.id, &event, &self.by, now) {
                    return tracing::warn!("{}", trouble.message);
                }
            }
        }
    }

    /// Plans a message and lets it go out beside the watching. One of a kind at a time for each incident.
    fn send(
        &mut self,
        id: &IncidentId,
        key: &str,
        why: Line,
        make: impl FnOnce(&Ground<'_>) -> Result<PagePlan, Trouble> + Send + 'static,
    ) {
        let going = format!("{id}/{key}");
        let Some(incident) = self.incidents.get(id).cloned() else { return };
        if !self.going.insert(going.clone()) {
            return;
        }
        let Self { supplies, by, .. } = self;
        let (catalog, engine, clock, by) =
            (Arc::clone(&supplies.catalog), Arc::clone(&supplies.engine), supplies.clock.clone(), by.clone());
        let (state_dir, zone, rules) = (supplies.state_dir.clone(), supplies.zone.clone(), supplies.rules.clone());
        self.sending.spawn(async move {
            let now = clock.now();
            let number = Some(incident.number);
            let sent = async {
                let mut journal =
                    Journal::open(&state_dir, now).map_err(|error| crate::desk::start::not_written(&error))?.journal;
                let moments = moments(&journal, &incident, &clock);
                let time = time_of(&catalog.contacts, &zone, now);
                let ground = Ground {
                    incident: &incident,
                    moments: &moments,
                    contacts: &catalog.contacts,
                    senders: &catalog.senders,
                    policy: Policy { escalate_after: rules.escalate_after, rounds: rules.rounds },
                    time: &time,
                    by: &by,
                };
                let plan = make(&ground)?;
                let post = Post { engine: &engine, catalog: &catalog, by: &by, clock: &clock };
                let attempts = send(&mut journal, post, &plan, &mut |_| {}).await?;
                Ok::<_, Trouble>((plan, attempts))
            };
            let notices = match sent.await {
                Ok((plan, attempts)) => attempts
                    .iter()
                    .map(|attempt| notice(clock.now(), what(&plan), number, &words(&plan, attempt, &why)))
                    .collect(),
                Err(trouble) => vec![notice(clock.now(), "trouble", number, trouble.message.as_str())],
            };
            (going, notices)
        });
    }

    /// Tells the dead man's switch that the watcher lives.
    fn beat(&mut self) {
        let Some(url) = self.supplies.rules.heartbeat.as_deref().and_then(|url| url.parse().ok()) else { return };
        let probe = CheckSpec {
            id: CheckId::new("heartbeat"),
            service: ServiceId::new("heartbeat"),
            title: Line::from_text("heartbeat"),
            probe: ProbeSpec::Http(build::http(&url)),
            cadence: Cadence { every: BEAT_WITHIN, timeout: BEAT_WITHIN },
            failures_to_down: 1,
            passes_to_up: 1,
        };
        let (outside, clock) = (Arc::clone(&self.supplies.outside), self.supplies.clock.clone());
        if !self.going.insert("heartbeat".to_owned()) {
            return;
        }
        self.sending.spawn(async move {
            let result = outside.probe(&probe).await;
            let notices = match &result.outcome {
                Outcome::Pass | Outcome::Warn(_) => Vec::new(),
                Outcome::Fail(finding) | Outcome::Unknown(finding) => {
                    vec![notice(clock.now(), "heartbeat", None, finding.message.as_str())]
                }
            };
            ("heartbeat".to_owned(), notices)
        });
    }
}

fn moments(journal: &Journal, incident: &Incident, clock: &Clock) -> Vec<Moment> {
    let from = incident.began_at.min(incident.opened_at) - BEFORE;
    journal.between(from, clock.now() + BEFORE).map(|entries| timeline(incident, &entries)).unwrap_or_default()
}

fn what(plan: &PagePlan) -> &'static str {
    match plan.kind {
        crate::model::message::MessageKind::Page => "paged",
        crate::model::message::MessageKind::Update => "told",
    }
}

fn words(plan: &PagePlan, attempt: &Attempt, why: &Line) -> String {
    let who = plan.contact.as_ref().map(|contact| format!("{contact} by ")).unwrap_or_default();
    match attempt.outcome {
        SendOutcome::Taken => format!("{who}{}: {why}", attempt.sender),
        outcome if attempt.said.is_empty() => format!("{who}{}: {}", attempt.sender, outcome.words()),
        outcome => format!("{who}{}: {}, {}", attempt.sender, outcome.words(), attempt.said),
    }
}
