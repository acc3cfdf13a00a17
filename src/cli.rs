//! The command line: one file per subcommand.
//!
//! [`args`] says what can be written, [`environment`] what is read from outside, [`config_file`] which configuration
//! counts and whether it is trusted. A subcommand gets all three and gives an [`Exit`] or a [`Failure`].

pub mod acting;
pub mod actor;
pub mod args;
pub mod audit;
pub mod check;
pub mod check_options;
pub mod completions;
pub mod config_file;
pub mod console;
pub mod contacts;
pub mod doctor;
pub mod environment;
pub mod failure;
pub mod feeds;
mod foreign;
pub mod incident;
pub mod init;
pub mod journal;
pub mod logs;
pub mod man;
pub mod operations;
pub mod output;
pub mod outside;
pub mod page;
pub mod prompt;
pub mod providers;
pub mod replay;
pub mod run;
pub mod runbooks;
pub mod schema;
pub mod secret;
pub mod silence;
pub mod status;
pub mod tell;
pub mod trust;
pub mod trust_store;
pub mod watch;
pub mod worker;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::model::source::Capability;
use args::{Cli, Command};
use environment::Environment;
use failure::Failure;

/// How a command ended, as its exit code says it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    /// 0: what was asked for is done, and everything looked at is healthy.
    Healthy,
    /// 1: something is wrong with what was looked at.
    Wrong,
    /// 2: the command line or the configuration is wrong.
    Usage,
    /// 3: it could not be told.
    CouldNotTell,
    /// 128 and the signal's number: a signal ended it, as shells count.
    Signal(i32),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Healthy => 0,
            Exit::Wrong => 1,
            Exit::Usage => 2,
            Exit::CouldNotTell => 3,
            Exit::Signal(number) => u8::try_from(128 + number).unwrap_or(255),
        })
    }
}

/// Does what the arguments say and returns the exit code. Errors are printed here, once.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if arguments.get(1).is_some_and(|first| first == crate::runtime::guard::ARGUMENT) {
        crate::runtime::guard::stand();
        return ExitCode::SUCCESS;
    }
    // Before any TLS is spoken, and only here: a second crypto provider in the program would be a silent surprise.
    // It fails when one is installed already, which is what we want to be true.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let result = match Cli::try_parse_from(&arguments) {
        Ok(cli) => dispatch(&cli, &Environment::read()),
        Err(error) => refused(&error, &arguments),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.print();
            failure.exit.into()
        }
    }
}

/// Prints what clap has to say, which may also be `--help`.
fn refused(error: &clap::Error, arguments: &[OsString]) -> Result<Exit, Failure> {
    if error.kind() == ErrorKind::UnknownArgument
        && let Some(failure) = args::misspelt_command(arguments)
    {
        return Err(failure);
    }
    // A closed pipe is the reader's business.
    let _ = error.print();
    Ok(if error.use_stderr() { Exit::Usage } else { Exit::Healthy })
}

fn dispatch(cli: &Cli, environment: &Environment) -> Result<Exit, Failure> {
    cli.validate()?;
    match &cli.command {
        None => console::run(cli, environment),
        Some(Command::Doctor(args)) => doctor::run(cli, args, environment),
        Some(Command::Init(args)) => init::run(cli, args, environment),
        Some(Command::Status(args)) => status::run(cli, args, environment),
        Some(Command::Check(args)) => check::run(cli, args, environment),
        Some(Command::Logs(args)) => logs::run(cli, args, environment),
        Some(Command::Replay(args)) => replay::run(cli, args, environment),
        Some(Command::Releases(args)) => feeds::run(cli, args, Capability::Releases, environment),
        Some(Command::Instances(args)) => feeds::run(cli, args, Capability::Instances, environment),
        Some(Command::Alerts(args)) => feeds::run(cli, args, Capability::Alerts, environment),
        Some(Command::Issues(args)) => feeds::run(cli, args, Capability::Issues, environment),
        Some(Command::Metrics(args)) => feeds::run(cli, args, Capability::Metrics, environment),
        Some(Command::Monitors(args)) => feeds::run(cli, args, Capability::Checks, environment),
        Some(Command::Vendors(args)) => feeds::run(cli, args, Capability::VendorStatus, environment),
        Some(Command::OnCall(args)) => feeds::run(cli, args, Capability::OnCall, environment),
        Some(Command::Rollback(args)) => acting::rollback(cli, args, environment),
        Some(Command::Restart(args)) => acting::restart(cli, args, environment),
        Some(Command::Scale(args)) => acting::scale(cli, args, environment),
        Some(Command::Act(args)) => acting::act(cli, args, environment),
        Some(Command::Silence(args)) => silence::run(cli, args, environment),
        Some(Command::Operations(args)) => operations::run(cli, args, environment),
        Some(Command::Journal(args)) => journal::run(cli, args, environment),
        Some(Command::Runbooks(args)) => runbooks::run(cli, args, environment),
        Some(Command::Run(args)) => run::run(cli, args, environment),
        Some(Command::Incident(args)) => incident::run(cli, args, environment),
        Some(Command::Note(args)) => incident::note::run(cli, args, environment),
        Some(Command::Audit(args)) => audit::run(cli, args, environment),
        Some(Command::Contacts(args)) => contacts::run(cli, args, environment),
        Some(Command::Page(args)) => page::run(cli, args, environment),
        Some(Command::Tell(args)) => tell::run(cli, args, environment),
        Some(Command::Watch(args)) => watch::run(cli, args, environment),
        Some(Command::Worker(args)) => worker::run(cli, args, environment),
        Some(Command::Providers(args)) => providers::run(cli, args, environment),
        Some(Command::Secret(args)) => secret::run(cli, args, environment),
        Some(Command::Schema) => schema::run(),
        Some(Command::Trust(args)) => trust::run(cli, args, environment),
        Some(Command::Completions(args)) => completions::run(args),
        Some(Command::Man) => man::run(),
    }
}
