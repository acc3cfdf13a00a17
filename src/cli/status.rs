//! `crashcart status`: everything once, as text or JSON, and an exit code that says how it is.
//!
//! What was last known is the beginning, so that "since when" survives between two runs. What does not answer in this
//! run is unknown, whatever was known before.

mod document;
mod round;
mod table;
mod watch;

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use super::Exit;
use super::args::{Cli, StatusArgs};
use super::config_file::{self, Project};
use super::environment::Environment;
use super::failure::Failure;
use super::{output, outside};
use crate::clock::Clock;
use crate::diagnosis::Assessment;
use crate::model::service::Health;
use crate::model::snapshot::Snapshot;
use crate::runtime::feeds::Reader;
use crate::runtime::store::Store;
use round::{Heard, Round};

/// What is known so far.
struct Known {
    project: Project,
    snapshot: Snapshot,
    clock: Clock,
    heard: Heard,
}

impl Known {
    fn assessment(&self) -> Assessment {
        Assessment::of(&self.project.catalog, &self.snapshot, self.clock.now())
    }
}

pub(super) fn run(cli: &Cli, args: &StatusArgs, environment: &Environment) -> Result<Exit, Failure> {
    let project = config_file::open(&cli.global, &args.addresses, &[], environment)?;
    if project.catalog.services.is_empty() && project.withheld.is_none() {
        let error = anyhow::anyhow!("there is nothing to watch: no address and no crashcart.toml");
        return Err(Failure::usage(error).hint("name an address, as in `crashcart status https://app.example.com`, or run `crashcart init` in the repository"));
    }
    for notice in &project.notices {
        output::tell(&format!("{notice}\n"));
    }
    let clock = Clock::system();
    let store = config_file::state_dir(&cli.global, environment).map(|place| Store::new(&place, &project.catalog));
    let (snapshot, trouble) = store.as_ref().map_or((None, None), |store| store.load(clock.now()));
    if let Some(trouble) = trouble {
        output::tell(&format!("{trouble}\n"));
    }
    let mut snapshot = snapshot.unwrap_or_default();
    snapshot.resume(&project.catalog, clock.now());
    let known = Known { project, snapshot, clock, heard: Heard::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let looks = table::Looks {
        colour: environment.stdout_is_terminal && !super::console::no_color(cli, environment),
        unicode: environment.is_utf8(),
        width: environment.stdout_is_terminal.then(|| usize::from(crate::runtime::terminal::size().0)),
    };
    let reader: Arc<dyn Reader> = outside::engine(environment, &known.clock, &known.project.definitions);
    let ended = runtime.block_on(look(known, reader, args, &looks, environment.stderr_is_terminal, store.as_ref()));
    // A resolver or a file system that hangs must not keep the prompt from coming back.
    runtime.shutdown_background();
    ended
}

async fn look(
    mut known: Known,
    reader: Arc<dyn Reader>,
    args: &StatusArgs,
    looks: &table::Looks,
    tells: bool,
    store: Option<&Store>,
) -> Result<Exit, Failure> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let world = Arc::new(outside::prober(&known.project, &known.clock));
    let mut round = Round::start(&known, world, Some(reader), Box::new(outside::Host::default()));
    tokio::select! {
        biased;
        _ = interrupt.recv() => return Ok(Exit::Signal(SignalKind::interrupt().as_raw_value())),
        () = round.finish(&mut known, args.timeout, tells) => {}
    }
    // Before giving up on what is silent: that it had no time here is no news for the next run.
    save(&known, store);
    known.give_up(args.timeout);
    let assessment = known.assessment();
    let text = match (args.json, args.watch) {
        (false, _) => table::table(&known, &assessment, looks),
        (true, false) => format!("{:#}\n", document::document(&known, &assessment)),
        (true, true) => format!("{}\n", document::document(&known, &assessment)),
    };
    let is_read = output::print_on(text)?;
    if args.watch && is_read {
        return watch::watch(&mut known, round, interrupt, args.json, looks, store).await;
    }
    Ok(exit(&known, &assessment))
}

/// Asks everything once, for others: each check until its answer counts, or the time is over.
pub(super) async fn one_round(
    project: Project,
    supplies: &crate::watch::Supplies,
    timeout: std::time::Duration,
    tells: bool,
) -> Snapshot {
    let (clock, now) = (supplies.clock.clone(), supplies.clock.now());
    let mut snapshot = Store::new(&supplies.state_dir, &project.catalog).load(now).0.unwrap_or_default();
    snapshot.resume(&project.catalog, now);
    let mut known = Known { project, snapshot, clock, heard: Heard::default() };
    let reader: Arc<dyn Reader> = Arc::clone(&supplies.engine) as Arc<dyn Reader>;
    let outside = Arc::clone(&supplies.outside);
    let mut round = Round::start(&known, outside, Some(reader), Box::new(outside::Host::default()));
    round.finish(&mut known, timeout, tells).await;
    drop(round);
    known.give_up(timeout);
    known.snapshot
}

fn save(known: &Known, store: Option<&Store>) {
    if let Some(Err(error)) = store.map(|store| store.save(&known.snapshot.for_disk(), known.clock.now())) {
        output::tell(&format!("{error}\n"));
    }
}

/// What the assessment means as an exit code. Wrong wins over unknown: it is what somebody must act on.
fn exit(known: &Known, assessment: &Assessment) -> Exit {
    let worst = assessment.worst().into_iter().chain([assessment.host.health]).min();
    match worst {
        Some(Health::Down | Health::Degraded) => Exit::Wrong,
        Some(Health::Unknown) | None => Exit::CouldNotTell,
        Some(Health::Maintenance | Health::Healthy) if known.project.withheld.is_some() => Exit::CouldNotTell,
        Some(Health::Maintenance | Health::Healthy) => Exit::Healthy,
    }
}
