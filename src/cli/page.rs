//! `crashcart page`: wake the next person, by the first sender that reaches them.

mod text;

use std::io::{Read as _, Write as _};

use anyhow::anyhow;
use serde_json::json;

use super::args::{Cli, PageArgs};
use super::environment::Environment;
use super::failure::Failure;
use super::{Exit, acting, incident, output};
use crate::desk::paging::{Attempt, Post, Preview, has_arrived, preview, send, time_of};
use crate::incident::Incident;
use crate::incident::timeline::Moment;
use crate::model::contact::Contact;
use crate::model::id::ContactId;
use crate::model::message::SendOutcome;
use crate::model::source::Trouble;
use crate::model::text::Line;
use crate::paging::plan::Ground;
use crate::paging::turn::Policy;
use crate::paging::{PagePlan, PageWish, plan_page};
use crate::runtime::redaction::redact;

/// No plan is larger.
const LARGEST: u64 = 1 << 20;

/// Everything that messages about an incident need.
pub(super) struct Office {
    pub acting: acting::Desk,
    pub desk: incident::Desk,
    pub incident: Incident,
    pub moments: Vec<Moment>,
}

/// What is done with a plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct How {
    pub dry_run: bool,
    pub json: bool,
    /// No question is asked.
    pub yes: bool,
    /// Without a terminal to ask on it is an error.
    pub must_ask: bool,
}

impl Office {
    pub fn open(cli: &Cli, wanted: &str, environment: &Environment) -> Result<Self, Failure> {
        let acting = acting::Desk::open(cli, environment)?;
        if cli.global.read_only {
            return Err(Failure::usage(anyhow!("nothing may go out (--read-only)")));
        }
        let mut desk = incident::Desk::open(cli, environment)?;
        desk.zone = acting.project.time_zone.clone();
        let incident = desk.find(wanted)?;
        let moments = desk.moments(&incident)?;
        Ok(Self { acting, desk, incident, moments })
    }

    /// Makes a plan of what is known now.
    pub fn plan(&self, make: impl FnOnce(&Ground<'_>) -> Result<PagePlan, Trouble>) -> Result<PagePlan, Failure> {
        let project = &self.acting.project;
        let time = time_of(&project.catalog.contacts, &project.time_zone, self.desk.clock.now());
        let rules = &project.settings.watch;
        let ground = Ground {
            incident: &self.incident,
            moments: &self.moments,
            contacts: &project.catalog.contacts,
            senders: &project.catalog.senders,
            policy: Policy { escalate_after: rules.escalate_after, rounds: rules.rounds },
            time: &time,
            by: &self.desk.by,
        };
        make(&ground).map_err(|trouble| {
            let mut failure = acting::failed(trouble);
            failure.exit = Exit::Usage;
            failure
        })
    }

    /// Shows a plan, asks, sends it, and says what came of it.
    pub fn carry(mut self, plan: &PagePlan, how: How) -> Result<Exit, Failure> {
        let clock = self.desk.clock.clone();
        let zone = self.acting.project.time_zone.clone();
        let post = Post {
            engine: &self.acting.engine,
            catalog: &self.acting.project.catalog,
            by: &self.desk.by,
            clock: &clock,
        };
        if how.dry_run {
            let previews = self.acting.runtime.block_on(preview(post, plan));
            let shown = if how.json {
                format!("{:#}\n", json!({ "plan": plan, "requests": previews }))
            } else {
                format!("{}{}", text::plan(plan, &zone), text::requests(&previews))
            };
            output::print(redact(&shown).as_ref())?;
            return Ok(if plan.stops.is_empty() { sound(&previews) } else { Exit::Wrong });
        }
        output::tell(&redact(&text::plan(plan, &zone)));
        if plan.routes.is_empty() {
            output::tell("Nothing was sent.\n");
            return Ok(Exit::Wrong);
        }
        if !how.yes && (self.acting.is_interactive || how.must_ask) && !self.confirmed(plan)? {
            output::tell("Nothing was sent.\n");
            return Ok(Exit::Wrong);
        }
        let journal = &mut self.desk.journal;
        let attempts = self.acting.runtime.block_on(async {
            // Whoever loses their connection now has paged all the same: it goes on to the sender that takes it.
            let _hangup = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup());
            send(journal, post, plan, &mut |attempt| output::tell(&redact(&text::attempt(attempt)))).await
        });
        let attempts = attempts.map_err(acting::failed)?;
        let arrived = has_arrived(&attempts);
        output::tell(&text::ended(plan, arrived, &zone));
        if how.json {
            let told = json!({ "plan": plan, "attempts": attempts, "arrived": arrived, "next": plan.next });
            output::print(redact(&format!("{told:#}\n")).as_ref())?;
        }
        Ok(exit(&attempts))
    }

    /// Asks on the terminal. Whatever is not exactly what is asked for means no.
    fn confirmed(&self, plan: &PagePlan) -> Result<bool, Failure> {
        if !self.acting.is_interactive {
            return Err(Failure::usage(anyhow!("there is no terminal to ask on"))
                .hint("--yes sends it without a question; --dry-run only shows it"));
        }
        // What was typed before the question was not an answer to it.
        let _ = rustix::termios::tcflush(std::io::stdin(), rustix::termios::QueueSelector::IFlush);
        output::tell(&text::question(plan));
        std::io::stderr().flush()?;
        let mut typed = String::new();
        std::io::stdin().read_line(&mut typed)?;
        Ok(typed.trim() == "yes")
    }
}

/// Whether the first sender that would be tried can be asked at all.
fn sound(previews: &[Preview]) -> Exit {
    if previews.iter().any(|preview| preview.trouble.is_none()) { Exit::Healthy } else { Exit::Wrong }
}

fn exit(attempts: &[Attempt]) -> Exit {
    if attempts.iter().any(|attempt| attempt.outcome == SendOutcome::Taken) {
        Exit::Healthy
    } else if has_arrived(attempts) {
        Exit::CouldNotTell
    } else {
        Exit::Wrong
    }
}

pub(super) fn run(cli: &Cli, args: &PageArgs, environment: &Environment) -> Result<Exit, Failure> {
    let office = Office::open(cli, &args.incident, environment)?;
    if args.planned {
        let mut text = Vec::new();
        std::io::stdin().take(LARGEST).read_to_end(&mut text)?;
        let plan: PagePlan = serde_json::from_slice(&text)
            .map_err(|error| Failure::usage(anyhow!("what is to be sent cannot be read: {error}")))?;
        return office.carry(&plan, How { dry_run: false, json: false, yes: true, must_ask: false });
    }
    let contact =
        args.contact.as_deref().map(|name| named(&office.acting.project.catalog.contacts, name)).transpose()?;
    let wish = PageWish { contact, text: args.message.as_deref().map(Line::from_text) };
    let plan = office.plan(|ground| plan_page(&wish, ground))?;
    office.carry(&plan, How { dry_run: args.dry_run, json: args.json, yes: args.yes, must_ask: true })
}

/// Finds the one contact that is meant.
fn named(contacts: &[Contact], name: &str) -> Result<ContactId, Failure> {
    match crate::contacts::find(contacts, name).as_slice() {
        [one] => Ok(one.id.clone()),
        [] => Err(Failure::usage(anyhow!("there is no contact `{name}`")).hint("crashcart contacts lists them")),
        several => {
            let names: Vec<&str> = several.iter().map(|contact| contact.name.as_str()).collect();
            Err(Failure::usage(anyhow!("several contacts are called so: {}", names.join(", ")))
                .hint("write the whole name"))
        }
    }
}
