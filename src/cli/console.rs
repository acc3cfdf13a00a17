//! `crashcart` without a subcommand: the console.

use std::path::Path;
use std::sync::Arc;

use super::Exit;
use super::args::{Cli, LookArgs};
use super::config_file::{self, Project};
use super::environment::Environment;
use super::failure::Failure;
use crate::app::Setup;
use crate::clock::Clock;
use crate::desk::start::Starter;
use crate::desk::{Desk, Supplies};
use crate::model::snapshot::Snapshot;
use crate::model::text::Line;
use crate::provider::engine::Engine;
use crate::recognise::{draft, recognise};
use crate::repository::{Repository, tree};
use crate::runbook::Document;
use crate::runtime::console::Ended;
use crate::runtime::effects::Operator;
use crate::runtime::open::{Hire, Opening, open};
use crate::runtime::paint::Depth;
use crate::runtime::terminal;

pub(super) fn run(cli: &Cli, environment: &Environment) -> Result<Exit, Failure> {
    if !environment.stdout_is_terminal || !environment.stdin_is_terminal {
        let piped = !environment.stdin_is_terminal && cli.console.logs.iter().any(|log| log == "-");
        if !(piped && environment.stdout_is_terminal) {
            let error = anyhow::anyhow!("the console needs a terminal");
            return Err(Failure::usage(error)
                .hint("without one, `crashcart status` prints the same once, and `crashcart logs` the logs"));
        }
    }
    let project = config_file::open(&cli.global, &cli.console.addresses, &cli.console.logs, environment)?;
    let state_dir = config_file::state_dir(&cli.global, environment);
    let clock = Clock::system();
    let depth =
        Depth::detect(no_color(cli, environment), environment.term.as_deref(), environment.colorterm.as_deref());
    let engine = super::outside::engine(environment, &clock, &project.definitions);
    let mut setup = setup(
        &project,
        &cli.console.look,
        cli.global.read_only,
        environment,
        &clock,
        depth,
        super::runbooks::shelf::documents(cli, environment),
    );
    setup.readiness = state_dir.as_ref().and_then(|folder| crate::runtime::readiness::load(folder, &project.catalog));
    // The audit belongs to a folder: that of the configuration, else the one where the user is.
    let folder = project.file.as_deref().and_then(std::path::Path::parent).or(environment.current_dir.as_deref());
    setup.audited =
        state_dir.as_ref().zip(folder).and_then(|(state, folder)| crate::runtime::audits::load(state, folder));
    let opening = Opening {
        setup,
        depth,
        in_multiplexer: environment.in_multiplexer,
        state_dir: state_dir.clone(),
        record: cli.console.record.clone(),
        outside: Arc::new(super::outside::prober(&project, &clock)),
        reader: Arc::clone(&engine) as Arc<dyn crate::runtime::feeds::Reader>,
        machine: Box::new(super::outside::Host::default()),
        test_panic: environment.test_panic.clone(),
        operator: state_dir.as_ref().map(|state_dir| operator(cli, &project, &engine, state_dir, &clock, environment)),
        notices: project
            .notices
            .iter()
            .cloned()
            .chain(offer(&project, environment))
            .map(|text| Line::from_text(&text))
            .collect(),
    };
    // Two threads of their own are enough: one probes while the other draws.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ended = runtime.block_on(open(opening, clock));
    // A resolver or a file system that hangs must not keep the prompt from coming back.
    runtime.shutdown_background();
    match ended? {
        Ended::Quit | Ended::HungUp => Ok(Exit::Healthy),
        Ended::Signal(number) => Ok(Exit::Signal(number)),
    }
}

/// Returns who makes plans and has them carried out.
fn operator(
    cli: &Cli,
    project: &Project,
    engine: &Arc<Engine>,
    state_dir: &Path,
    clock: &Clock,
    environment: &Environment,
) -> Hire {
    let planner = super::acting::planner(cli, project, engine, environment);
    let starter = Starter { state_dir: state_dir.to_path_buf(), config: project.used() };
    let (state_dir, clock) = (state_dir.to_path_buf(), clock.clone());
    Box::new(move |events| {
        let runtime = tokio::runtime::Handle::current();
        let supplies = Supplies { state_dir, planner: Arc::new(planner), starter, events, clock, runtime };
        Ok(Box::new(Desk::open(supplies)?) as Box<dyn Operator>)
    })
}

/// Says what the repository that one stands in seems to be, when no configuration says what to watch.
fn offer(project: &Project, environment: &Environment) -> Option<String> {
    if project.file.is_some() || !project.catalog.services.is_empty() {
        return None;
    }
    let repository = Repository::find(environment.current_dir.as_deref()?)?;
    let found = recognise(&tree::glance(repository.folder()).tree);
    let platforms: Vec<String> =
        draft::platforms(&found).into_iter().map(|(provider, evidence)| format!("{provider} ({evidence})")).collect();
    let seen = if platforms.is_empty() { String::new() } else { format!(" It says: {}.", platforms.join(", ")) };
    Some(format!("This repository has no crashcart.toml.{seen} `crashcart init` writes one in a few minutes."))
}

pub(super) fn no_color(cli: &Cli, environment: &Environment) -> bool {
    cli.global.no_color || environment.no_color
}

fn setup(
    project: &Project,
    look: &LookArgs,
    read_only: bool,
    environment: &Environment,
    clock: &Clock,
    depth: Depth,
    runbooks: Vec<Document>,
) -> Setup {
    let settings = &project.settings;
    let chosen = look.theme.clone().or_else(|| settings.theme.clone());
    let fallback = match depth {
        Depth::None => "mono",
        Depth::Sixteen => "16",
        Depth::Indexed | Depth::True => "dark",
    };
    Setup {
        catalog: Arc::new(project.catalog.clone()),
        snapshot: Snapshot::default(),
        now: clock.now(),
        zone: project.time_zone.clone(),
        size: terminal::size(),
        theme: if depth == Depth::None { "mono".to_owned() } else { chosen.unwrap_or_else(|| fallback.to_owned()) },
        ascii: look.ascii || settings.ascii.unwrap_or(!environment.is_utf8()),
        mouse: settings.mouse.unwrap_or(false),
        keys: settings.keys.clone(),
        read_only,
        inert: project.withheld.as_deref().map(Line::from_text),
        runbooks: Arc::new(runbooks),
        by: super::actor::actor(environment),
        readiness: None,
        audited: None,
        update_every: settings.watch.update_every,
        patience: crate::paging::turn::Policy {
            escalate_after: settings.watch.escalate_after,
            rounds: settings.watch.rounds,
        },
        zones: Arc::new(crate::runtime::zones::zones_of(&project.catalog.contacts)),
        // The random part of such an id.
        seed: uuid::Uuid::now_v7().as_u64_pair().1,
    }
}
