//! `crashcart worker`: carries one operation out. Started by the console and by commands, not by people.

use std::sync::Arc;

use super::args::{Cli, WorkerArgs};
use super::config_file::{self, Project};
use super::environment::Environment;
use super::failure::Failure;
use super::{Exit, outside};
use crate::clock::Clock;
use crate::desk::start::Starter;
use crate::model::id::OperationId;
use crate::worker::{Left, Patience, Task, work};

pub(super) fn run(cli: &Cli, args: &WorkerArgs, environment: &Environment) -> Result<Exit, Failure> {
    let state_dir = config_file::state_dir(&cli.global, environment)
        .ok_or_else(|| Failure::usage(anyhow::anyhow!("there is no state directory; name one with --state-dir")))?;
    let operation = OperationId::new(&args.operation);
    if args.detach {
        let starter = Starter { state_dir, config: cli.global.config.clone() };
        starter.command(&operation, args.take_over.as_deref()).and_then(|mut command| command.spawn())?;
        return Ok(Exit::Healthy);
    }
    // No terminal, and no hang-up of one, reaches a session of its own. It fails when we lead one already.
    let _ = rustix::process::setsid();
    let clock = Clock::system();
    // The plan says all that is needed. What it must not keep, a check's credentials, is read from the configuration.
    let project = config_file::open(&cli.global, &[], &[], environment).unwrap_or_else(|_| Project::empty());
    let task = Task {
        state_dir,
        operation,
        engine: outside::engine(environment, &clock),
        outside: Arc::new(outside::prober(&project, &clock)),
        catalog: project.catalog,
        clock,
        by: super::actor::actor(environment),
        take_over: args.take_over.clone(),
        patience: Patience::default(),
        die_at: environment.test_die_at,
    };
    let subscriber = tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).finish();
    let _ = tracing::subscriber::set_global_default(subscriber);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let left = runtime.block_on(work(task));
    runtime.shutdown_background();
    match left {
        Ok(Left::Ended(verdict)) => Ok(super::operations::exit_of(Some(verdict))),
        Ok(Left::Undecided) => Ok(Exit::CouldNotTell),
        Err(error) => {
            tracing::error!("operation {}: {:#}", args.operation, anyhow::Error::from(error));
            Ok(Exit::CouldNotTell)
        }
    }
}
