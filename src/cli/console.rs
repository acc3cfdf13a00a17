//! `crashcart` without a subcommand: the console.

use std::sync::Arc;

use super::Exit;
use super::args::{Cli, LookArgs};
use super::config_file::{self, Project};
use super::environment::Environment;
use super::failure::Failure;
use crate::app::Setup;
use crate::clock::Clock;
use crate::model::snapshot::Snapshot;
use crate::model::text::Line;
use crate::runtime::console::Ended;
use crate::runtime::open::{Opening, open};
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
    let opening = Opening {
        setup: setup(&project, &cli.console.look, cli.global.read_only, environment, &clock, depth),
        depth,
        in_multiplexer: environment.in_multiplexer,
        state_dir,
        record: cli.console.record.clone(),
        outside: Arc::new(super::outside::prober(&project, &clock)),
        reader: super::outside::engine(environment, &clock),
        machine: Box::new(super::outside::Host::default()),
        test_panic: environment.test_panic.clone(),
        notices: project.notices.iter().map(|text| Line::from_text(text)).collect(),
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
    }
}
