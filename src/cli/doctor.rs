//! `crashcart doctor`: proves today what is needed at night.
//!
//! ```text
//!   sources, rollbacks, checks, logs ---asked at once, a deadline each---.
//!   secrets, runbooks, contacts, terminal, journal, state, clock --------+--> Proof, a line each --> state directory
//! ```
//!
//! It only looks. What can be proven by nothing but doing it is called unproven, and never ok.

mod clock;
mod local;
mod logs;
mod print;
mod services;
mod sources;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use serde_json::json;

use super::args::{Cli, DoctorArgs};
use super::config_file::{self, Project};
use super::environment::Environment;
use super::failure::Failure;
use super::output::{self, Progress};
use super::{Exit, outside};
use crate::clock::Clock;
use crate::model::readiness::{Area, Proof, Readiness, Verdict};
use crate::model::text::Line;
use crate::provider::engine::Engine;
use crate::runtime::readiness;
use crate::runtime::redaction::redact;

/// Everything that is looked at, and with what.
pub(super) struct Ward<'a> {
    pub cli: &'a Cli,
    pub environment: &'a Environment,
    pub project: Project,
    pub engine: Arc<Engine>,
    pub clock: Clock,
    pub state_dir: Option<PathBuf>,
    pub timeout: Duration,
}

/// Something that is being looked at: who it is, and what comes of it.
struct Look<'a> {
    area: Area,
    subject: String,
    work: BoxFuture<'a, Vec<Proof>>,
}

pub(super) fn run(cli: &Cli, args: &DoctorArgs, environment: &Environment) -> Result<Exit, Failure> {
    let project = config_file::open(&cli.global, &[], &[], environment)?;
    let clock = Clock::system();
    let engine = outside::engine(environment, &clock, &project.definitions);
    let state_dir = config_file::state_dir(&cli.global, environment);
    let ward = Ward { cli, environment, project, engine, clock, state_dir, timeout: args.timeout };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut lines = vec![configuration(&ward)];
    lines.extend(
        ward.project.notices.iter().map(|notice| Proof::new(Area::Configuration, "notice", Verdict::Warning, notice)),
    );
    let told = clock::Told::default();
    lines.extend(runtime.block_on(examine(&ward, &told)));
    lines.extend(local::all(&ward));
    lines.push(told.proof());
    // A keyring or a file system that hangs must not keep the prompt from coming back.
    runtime.shutdown_background();
    lines.sort_by_key(|line| line.area);
    let mut readiness = Readiness { at: ward.clock.now(), lines };
    keep(&ward, &mut readiness);
    let text = if args.json {
        let worst = readiness.worst();
        format!("{:#}\n", json!({ "at": readiness.at, "worst": worst, "lines": readiness.lines }))
    } else {
        let colour = environment.stdout_is_terminal && !super::console::no_color(cli, environment);
        print::table(&readiness, colour)
    };
    output::print(redact(&text).as_ref())?;
    Ok(exit(&ward, &readiness, args.strict))
}

/// A file that was not trusted was not followed: nothing of it is proven.
fn exit(ward: &Ward<'_>, readiness: &Readiness, strict: bool) -> Exit {
    match readiness.worst() {
        _ if ward.project.withheld.is_some() => Exit::CouldNotTell,
        Verdict::Failure => Exit::Wrong,
        Verdict::Warning if strict => Exit::Wrong,
        _ if ward.project.file.is_none() => Exit::CouldNotTell,
        _ => Exit::Healthy,
    }
}

fn configuration(ward: &Ward<'_>) -> Proof {
    let project = &ward.project;
    let Some(file) = &project.file else {
        return Proof::new(
            Area::Configuration,
            "crashcart.toml",
            Verdict::Failure,
            "there is none: nothing is watched",
        )
        .fix("crashcart init");
    };
    let subject = file.display().to_string();
    match &project.withheld {
        Some(why) => Proof::new(Area::Configuration, &subject, Verdict::Failure, why).fix("crashcart trust"),
        None => {
            let count = crate::ui::format::count;
            let catalog = &project.catalog;
            let evidence = format!(
                "{}, {}, {}",
                count(catalog.services.len(), "service"),
                count(catalog.checks.len(), "check"),
                count(catalog.sources.len(), "source")
            );
            let verdict = if catalog.services.is_empty() { Verdict::Warning } else { Verdict::Ok };
            Proof::new(Area::Configuration, &subject, verdict, &evidence)
        }
    }
}

/// Asks everything that may take a while, at once.
async fn examine(ward: &Ward<'_>, told: &clock::Told) -> Vec<Proof> {
    let mut looks: Vec<Look<'_>> = Vec::new();
    looks.extend(sources::looks(ward, told));
    looks.extend(services::rollbacks(ward));
    looks.extend(services::checks(ward));
    looks.extend(logs::looks(ward));
    looks.extend(local::secrets(ward));
    let mut open: BTreeSet<String> = looks.iter().map(|look| format!("{} {}", look.area, look.subject)).collect();
    let all = open.len();
    let mut running: FuturesUnordered<_> = looks.into_iter().map(|look| bounded(look, ward.timeout)).collect();
    let mut progress = ward.environment.stderr_is_terminal.then(Progress::default);
    let mut lines = Vec::new();
    while let Some((who, proofs)) = running.next().await {
        open.remove(&who);
        lines.extend(proofs);
        if let (Some(progress), Some(next)) = (&mut progress, open.first()) {
            let next = Line::from_text(next);
            progress.show(&format!("{} of {all} looked at; waiting for {next}", all - open.len()));
        }
    }
    lines
}

/// Gives up on what takes longer than it may. A panic is a failure of this look alone.
async fn bounded(look: Look<'_>, limit: Duration) -> (String, Vec<Proof>) {
    let Look { area, subject, work } = look;
    let failed = |why: &str, fix: &str| vec![Proof::new(area, &subject, Verdict::Failure, why).fix(fix)];
    let proofs = match tokio::time::timeout(limit, std::panic::AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(proofs)) => proofs,
        Ok(Err(_)) => failed("crashcart itself failed at looking at this", "report it"),
        Err(_) => {
            let within = crate::config::duration::text(limit);
            failed(&format!("no answer within {within}"), "crashcart doctor --timeout 60s")
        }
    };
    (format!("{area} {subject}"), proofs)
}

/// Keeps what was found for the console, and proves by it that the state directory can be written.
fn keep(ward: &Ward<'_>, readiness: &mut Readiness) {
    let Some(place) = &ward.state_dir else {
        let line = Proof::new(Area::State, "directory", Verdict::Failure, "there is no place to remember anything");
        readiness.lines.push(line.fix("name one with --state-dir or $CRASHCART_STATE_DIR"));
        return;
    };
    let shown = place.display().to_string();
    let good = Proof::new(Area::State, &shown, Verdict::Ok, "it can be written, and this result is kept in it");
    let index = readiness.lines.iter().position(|line| line.area > Area::State).unwrap_or(readiness.lines.len());
    readiness.lines.insert(index, good);
    if let Err(error) = readiness::save(place, &ward.project.catalog, readiness) {
        let evidence = format!("nothing can be kept in it: {error}");
        readiness.lines[index] = Proof::new(Area::State, &shown, Verdict::Failure, &evidence)
            .fix("free some space, or name another place with --state-dir");
    }
}
