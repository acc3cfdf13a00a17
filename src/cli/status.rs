//! `crashcart status`: everything once, as text or JSON, and an exit code that says how it is.
//!
//! What was last known is the beginning, so that "since when" survives between two runs. A check that fails is asked
//! again within the run, until its failures are enough to call it down.

mod document;
mod table;
mod watch;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Exit;
use super::args::{Cli, StatusArgs};
use super::config_file::{self, Project};
use super::environment::Environment;
use super::failure::Failure;
use super::{output, outside};
use crate::app::event::{Event, EventKind};
use crate::clock::Clock;
use crate::diagnosis::Assessment;
use crate::model::history::Status;
use crate::model::service::Health;
use crate::model::snapshot::{Change, Snapshot, Update};
use crate::runtime::host;
use crate::runtime::poll::Poller;
use crate::runtime::store::Store;

/// Events wait here; more than a round of a thousand checks brings at once.
const EVENTS: usize = 256;
/// After this long a person wonders whether anything happens.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is known so far.
struct Known {
    project: Project,
    snapshot: Snapshot,
    clock: Clock,
    /// Host samples so far: the first has no processor share.
    samples: u32,
}

impl Known {
    fn take(&mut self, event: Event) -> Vec<Change> {
        match event.kind {
            EventKind::Update(update) => {
                self.samples += u32::from(matches!(update, Update::Host(_)));
                self.snapshot.apply(&self.project.catalog, update)
            }
            _ => Vec::new(),
        }
    }

    fn assessment(&self) -> Assessment {
        Assessment::of(&self.project.catalog, &self.snapshot, self.clock.now())
    }

    /// Whether every check was asked in this run, and every failure was asked about often enough.
    fn is_complete(&self, begun: crate::model::time::Timestamp) -> bool {
        let settled = |id| {
            self.snapshot.check(id).is_some_and(|state| {
                let asked = state.last.seen.is_some_and(|seen| seen >= begun);
                // Degraded by a failure that is not confirmed yet: one more probe will tell.
                let doubtful = state.status == Status::Degraded && state.failures > 0;
                asked && !doubtful
            })
        };
        self.samples >= 2
            && self.snapshot.self_check.seen >= Some(begun)
            && self.project.catalog.checks.iter().all(|check| settled(&check.id))
    }
}

pub(super) fn run(cli: &Cli, args: &StatusArgs, environment: &Environment) -> Result<Exit, Failure> {
    let project = config_file::open(&cli.global, &args.addresses, &[], environment)?;
    if project.catalog.services.is_empty() && project.withheld.is_none() {
        let error = anyhow::anyhow!("there is nothing to watch: no address and no crashcart.toml");
        return Err(Failure::usage(error).hint("name an address, as in `crashcart status https://app.example.com`"));
    }
    for notice in &project.notices {
        output::tell(&format!("{notice}\n"));
    }
    let clock = Clock::system();
    let store = config_file::state_dir(&cli.global, environment)
        .map(|directory| Store::new(Path::new(&directory), &project.catalog));
    let (snapshot, trouble) = store.as_ref().map_or((None, None), |store| store.load(clock.now()));
    if let Some(trouble) = trouble {
        output::tell(&format!("{trouble}\n"));
    }
    let mut snapshot = snapshot.unwrap_or_default();
    snapshot.resume(&project.catalog, clock.now());
    let known = Known { project, snapshot, clock, samples: 0 };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let looks = table::Looks {
        colour: environment.stdout_is_terminal && !environment.no_color && !cli.global.no_color,
        unicode: environment.is_utf8(),
        width: environment.stdout_is_terminal.then(|| usize::from(crate::runtime::terminal::size().0)),
    };
    let ended = runtime.block_on(look(known, args, &looks, environment.stderr_is_terminal, store.as_ref()));
    runtime.shutdown_background();
    ended
}

async fn look(
    mut known: Known,
    args: &StatusArgs,
    looks: &table::Looks,
    progress: bool,
    store: Option<&Store>,
) -> Result<Exit, Failure> {
    let (events, mut received) = mpsc::channel(EVENTS);
    let (tasks, cancel) = (TaskTracker::new(), CancellationToken::new());
    let begun = known.clock.now();
    let world = Arc::new(outside::prober(&known.project, &known.clock));
    let checks = known.project.catalog.checks.clone();
    let _poller = Poller::start(&checks, world, events.clone(), known.clock.clone(), &tasks, &cancel);
    host::watch(Box::new(outside::Host::default()), events, known.clock.clone(), &tasks, &cancel);
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    let deadline = tokio::time::sleep(args.timeout);
    let patience = tokio::time::sleep(PATIENCE);
    tokio::pin!(deadline, patience);
    let mut told = false;
    while !known.is_complete(begun) {
        tokio::select! {
            Some(event) = received.recv() => { known.take(event); }
            () = &mut deadline => break,
            _ = interrupt.recv() => return Ok(Exit::Signal(2)),
            () = &mut patience, if progress && !told => {
                told = true;
                let left = checks.iter().filter(|check| known.snapshot.check(&check.id).is_none_or(|state| state.last.seen < Some(begun))).count();
                output::tell(&format!("{} of {} checks have answered; waiting at most {}\n", checks.len() - left, checks.len(), crate::config::duration::text(args.timeout)));
            }
        }
    }
    let assessment = known.assessment();
    save(&known, store);
    if args.json && !args.watch {
        output::print(format!("{:#}\n", document::document(&known, &assessment)))?;
    } else if args.json {
        output::print(format!("{}\n", document::document(&known, &assessment)))?;
    } else {
        output::print(table::table(&known, &assessment, looks))?;
    }
    if !args.watch {
        cancel.cancel();
        return Ok(exit(&known, &assessment));
    }
    let ended = watch::watch(&mut known, received, interrupt, args.json, looks, store).await;
    cancel.cancel();
    ended
}

fn save(known: &Known, store: Option<&Store>) {
    if let Some(Err(error)) = store.map(|store| store.save(&known.snapshot.for_disk(), known.clock.now())) {
        output::tell(&format!("{error}\n"));
    }
}

/// What the assessment means as an exit code. Wrong wins over unknown: it is what somebody must act on.
fn exit(known: &Known, assessment: &Assessment) -> Exit {
    let worst = assessment.worst();
    if matches!(worst, Some(Health::Down | Health::Degraded))
        || matches!(assessment.host.health, Health::Down | Health::Degraded)
    {
        return Exit::Wrong;
    }
    if known.project.withheld.is_some() || !matches!(worst, Some(Health::Healthy | Health::Maintenance)) {
        return Exit::CouldNotTell;
    }
    Exit::Healthy
}
