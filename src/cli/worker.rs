//! `crashcart worker`: carries one operation out. Started by the console and by commands, not by people.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::args::{Cli, WorkerArgs};
use super::config_file::{self, Project};
use super::environment::Environment;
use super::failure::Failure;
use super::{Exit, outside};
use crate::clock::Clock;
use crate::desk::start::{Job, Starter, UsedConfig, secrets_from};
use crate::model::id::{OperationId, RunId};
use crate::model::run::StepVerdict;
use crate::model::secret::Redactor;
use crate::runtime::redaction::know;
use crate::worker::step::{self as steps, StepTask};
use crate::worker::{Left, Patience, Task, work};

/// A pipe takes so much at once (pipe(7)); no password is as long.
const LARGEST_SECRETS: u64 = 60_000;

pub(super) fn run(cli: &Cli, args: &WorkerArgs, environment: &Environment) -> Result<Exit, Failure> {
    let state_dir = config_file::state_dir(&cli.global, environment)
        .ok_or_else(|| Failure::usage(anyhow::anyhow!("there is no state directory; name one with --state-dir")))?;
    let operation = OperationId::new(&args.operation);
    let job = match args.execution {
        Some(execution) => Job::Step { run: RunId::new(&args.operation), execution },
        None => Job::Operation(operation.clone()),
    };
    let mut secrets = Zeroizing::new(Vec::new());
    if args.secrets {
        std::io::stdin().take(LARGEST_SECRETS).read_to_end(&mut secrets)?;
    }
    if args.detach {
        let config = cli.global.config.clone().map(|path| UsedConfig { path, found: cli.global.config_found });
        let starter = Starter { state_dir, config };
        let mut command = starter.command(&job, args.take_over.as_deref())?;
        if args.secrets {
            command.arg("--secrets").stdin(std::process::Stdio::piped());
        }
        let mut child = command.spawn()?;
        if let Some(mut pipe) = child.stdin.take() {
            // It fits into the pipe, and stays there when we have gone.
            pipe.write_all(&secrets)?;
        }
        return Ok(Exit::Healthy);
    }
    // No terminal, and no hang-up of one, reaches a session of its own. It fails when we lead one already.
    let _ = rustix::process::setsid();
    let clock = Clock::system();
    let subscriber = tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).finish();
    let _ = tracing::subscriber::set_global_default(subscriber);
    if let Job::Step { run, execution } = job {
        let secrets = secrets_from(&secrets);
        know(Arc::new(Redactor::new(secrets.iter().map(|(_, secret)| secret))));
        let task = StepTask {
            state_dir,
            run,
            execution,
            secrets,
            clock,
            by: super::actor::actor(environment),
            take_over: args.take_over.clone(),
            patience: Patience::default(),
            die_at: environment.test_die_at,
        };
        return step(task);
    }
    // The plan says all that is needed. What it must not keep, a check's credentials, is read from the configuration.
    let project = config_file::open(&cli.global, &[], &[], environment).unwrap_or_else(|failure| {
        tracing::warn!("the configuration is not followed: {:#}", failure.error);
        Project::empty()
    });
    let task = Task {
        state_dir,
        operation,
        engine: outside::engine(environment, &clock, &project.definitions),
        outside: Arc::new(outside::prober(&project, &clock)),
        catalog: project.catalog,
        clock,
        by: super::actor::actor(environment),
        take_over: args.take_over.clone(),
        patience: Patience::default(),
        die_at: environment.test_die_at,
    };
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

/// Runs a script of a runbook's step.
fn step(task: StepTask) -> Result<Exit, Failure> {
    let run = task.run.clone();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let settled = runtime.block_on(steps::work(task));
    runtime.shutdown_background();
    match settled {
        Ok(StepVerdict::Done) => Ok(Exit::Healthy),
        Ok(StepVerdict::Failed | StepVerdict::Stopped) => Ok(Exit::Wrong),
        Ok(StepVerdict::Unknown) => Ok(Exit::CouldNotTell),
        Err(error) => {
            tracing::error!("run {run}: {:#}", anyhow::Error::from(error));
            Ok(Exit::CouldNotTell)
        }
    }
}
