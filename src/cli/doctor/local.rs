//! What lies on this machine: secrets, runbooks, contacts, the terminal, the journal.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::FutureExt as _;
use jiff::tz::TimeZone;

use super::{Look, Ward};
use crate::cli::{runbooks, secret};
use crate::config::diagnostic::Severity;
use crate::contacts::Moment;
use crate::contacts::check::{Weight, check};
use crate::journal::{Journal, JournalError};
use crate::model::contact::Contact;
use crate::model::readiness::{Area, Proof, Verdict};
use crate::model::secret::SecretRef;
use crate::runtime::terminal;
use crate::ui::format;

/// Fewer cells than this show one thing at a time, and not all of it.
const SMALLEST: (u16, u16) = (40, 20);

/// Returns everything here that is read at once.
pub(super) fn all(ward: &Ward<'_>) -> Vec<Proof> {
    let mut lines = runbooks_of(ward);
    lines.extend(contacts(ward));
    lines.push(screen(ward));
    lines.extend(journal(ward));
    lines
}

/// Returns a look at every place where the configuration says that a secret is.
pub(super) fn secrets<'a>(ward: &'a Ward<'_>) -> Vec<Look<'a>> {
    let keeper = secret::keeper(ward.environment);
    let mut places: Vec<(SecretRef, BTreeSet<String>)> = Vec::new();
    for source in &ward.project.catalog.sources {
        for place in source.secrets.values() {
            match places.iter_mut().find(|(known, _)| known == place) {
                Some((_, users)) => {
                    users.insert(source.id.to_string());
                }
                None => places.push((place.clone(), [source.id.to_string()].into())),
            }
        }
    }
    places
        .into_iter()
        .map(|(place, users)| {
            let subject = place.to_string();
            let (shown, keeper) = (subject.clone(), keeper.clone());
            let work = async move {
                let users: Vec<String> = users.into_iter().collect();
                let line = match keeper.get(&place, ward.clock.now()).await {
                    Ok(_) => {
                        Proof::new(Area::Secret, &shown, Verdict::Ok, &format!("it is had, for {}", users.join(", ")))
                    }
                    Err(error) => {
                        Proof::new(Area::Secret, &shown, Verdict::Failure, &error.to_string()).fix(&error.hint())
                    }
                };
                vec![line]
            };
            Look { area: Area::Secret, subject, work: work.boxed() }
        })
        .collect()
}

/// Those that services name must be there; all of one's own must be sound.
fn runbooks_of(ward: &Ward<'_>) -> Vec<Proof> {
    let told = |name: &str, verdict, evidence: &str| Proof::new(Area::Runbook, name, verdict, evidence);
    let all = match runbooks::shelf::all(ward.cli, ward.environment) {
        Ok(all) => all,
        Err(failure) => {
            let evidence = format!("{:#}", failure.error);
            return vec![told("all", Verdict::Failure, &evidence).fix("crashcart runbooks lint")];
        }
    };
    let mut lines = Vec::new();
    let named: BTreeSet<&String> = ward.project.catalog.services.iter().flat_map(|service| &service.runbooks).collect();
    for name in &named {
        if !all.iter().any(|found| found.runbook.name == **name) {
            let users = ward.project.catalog.services.iter().filter(|service| service.runbooks.contains(name));
            let users: Vec<&str> = users.map(|service| service.id.as_str()).collect();
            let evidence = format!("{} names it, and there is none", users.join(", "));
            lines.push(told(name, Verdict::Failure, &evidence).fix(&format!("crashcart runbooks new {name}")));
        }
    }
    let mut sound = 0;
    for found in all.iter().filter(|found| found.path.is_some() || named.contains(&found.runbook.name)) {
        let name = &found.runbook.name;
        if let Some(why) = &found.withheld {
            lines.push(told(name, Verdict::Warning, why).fix("crashcart trust"));
        }
        let problems = runbooks::linted(found, ward.environment);
        let worst = problems.iter().filter(|problem| problem.severity >= Severity::Warning);
        let worst: Vec<_> = worst.collect();
        match worst.first() {
            None => sound += 1,
            Some(first) => {
                let more = if worst.len() > 1 { format!(", and {} more", worst.len() - 1) } else { String::new() };
                let evidence = format!("line {}: {}{more}", first.line, first.message);
                // Not every program of a built-in runbook is on every machine.
                lines.push(told(name, Verdict::Warning, &evidence).fix(&format!("crashcart runbooks lint {name}")));
            }
        }
    }
    if sound > 0 {
        lines.push(told("all others", Verdict::Ok, &format!("{} sound", format::count(sound, "runbook"))));
    }
    lines
}

fn contacts(ward: &Ward<'_>) -> Vec<Proof> {
    let catalog = &ward.project.catalog;
    let named = catalog.contacts.iter().flat_map(Contact::ways).filter_map(|way| way.zone.as_ref());
    let zones: BTreeMap<String, TimeZone> =
        named.filter_map(|name| Some((name.to_string(), TimeZone::get(name.as_str()).ok()?))).collect();
    let moment = Moment { now: ward.clock.now(), here: ward.project.time_zone.clone(), zones };
    let names = catalog.services.iter().map(|service| service.id.to_string());
    let names: Vec<String> = names.chain(catalog.vendors.iter().map(|vendor| vendor.id.to_string())).collect();
    let findings = check(&catalog.contacts, Some(&names), &moment);
    let mut lines: Vec<Proof> = findings
        .iter()
        .filter(|finding| finding.weight == Weight::Warning)
        .map(|finding| {
            let who = finding.contact.as_ref().map_or("list", |name| name.as_str());
            let fix = finding.help.as_ref().map_or("crashcart contacts check", |help| help.as_str());
            Proof::new(Area::Contacts, who, Verdict::Warning, finding.message.as_str()).fix(fix)
        })
        .collect();
    if lines.is_empty() {
        let evidence = format!("{}, complete and fresh", format::count(catalog.contacts.len(), "contact"));
        lines.push(Proof::new(Area::Contacts, "list", Verdict::Ok, &evidence));
    }
    lines
}

fn screen(ward: &Ward<'_>) -> Proof {
    let environment = ward.environment;
    let told = |verdict, evidence: &str| Proof::new(Area::Terminal, "here", verdict, evidence);
    if !environment.stdout_is_terminal {
        return told(Verdict::Unproven, "this is no terminal: run it in the one that you will open at night");
    }
    let (columns, rows) = terminal::size();
    let colours = if environment.has_true_color() { "24-bit colour" } else { "the terminal's own colours" };
    let letters = if environment.is_utf8() { "UTF-8" } else { "ASCII" };
    let place = if environment.over_ssh { ", over SSH" } else { "" };
    let evidence = format!("{columns}x{rows}, {colours}, {letters}{place}");
    if environment.term.as_deref().is_none_or(|term| term == "dumb") {
        return told(Verdict::Failure, "TERM is not set, or dumb: nothing can be drawn")
            .fix("export TERM=xterm-256color");
    }
    if columns < SMALLEST.0 || rows < SMALLEST.1 {
        return told(Verdict::Warning, &format!("{evidence}: less than 40x20 does not show all"))
            .fix("make the window larger, or its letters smaller");
    }
    if !environment.is_utf8() {
        return told(Verdict::Warning, &format!("{evidence}: lines are drawn with + and -")).fix("export LANG=C.UTF-8");
    }
    told(Verdict::Ok, &evidence)
}

fn journal(ward: &Ward<'_>) -> Vec<Proof> {
    let told = |verdict, evidence: &str| Proof::new(Area::Journal, "journal", verdict, evidence);
    let failed = |error: &JournalError| told(Verdict::Failure, &error.to_string()).fix(&error.hint());
    let Some(place) = &ward.state_dir else { return Vec::new() };
    let line = match Journal::open_to_read(place) {
        Err(error) => failed(&error),
        Ok(None) => told(Verdict::Ok, "nothing was done yet, so nothing was written"),
        Ok(Some(journal)) => match journal.verify() {
            Err(error) => failed(&error),
            Ok(verification) => match verification.damages.first() {
                None => {
                    let evidence = format!("{} entries are as they were written", verification.entries);
                    told(Verdict::Ok, &evidence)
                }
                Some(damage) => told(Verdict::Failure, &damage.what).fix("crashcart journal verify"),
            },
        },
    };
    vec![line]
}
