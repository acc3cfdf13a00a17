//! `crashcart secret`: puts secrets where they belong and shows where they are, never what they are.
//!
//! A secret comes from the keyboard or from a pipe, and never from an argument. Nothing that is printed here holds one.

mod list;
mod remove;
pub(super) mod set;

use std::future::Future;
use std::io::{self, Read as _};

use zeroize::Zeroizing;

use super::args::{Cli, SecretArgs, SecretCommand};
use super::config_file::{self, ConfigFile};
use super::environment::Environment;
use super::failure::Failure;
use super::prompt::{Hidden, PromptError};
use super::{Exit, output};
use crate::clock::Clock;
use crate::config::SecretUse;
use crate::model::secret::Secret;
use crate::secret::{Keeper, KeyringTrouble, LARGEST, Paths, SecretError, StoreError, Unlocked, secret_from};

/// Runs the subcommand.
pub(super) fn run(cli: &Cli, args: &SecretArgs, environment: &Environment) -> Result<Exit, Failure> {
    let keeper = keeper(environment);
    let clock = Clock::system();
    if cli.global.read_only && matches!(args.command, SecretCommand::Set(_) | SecretCommand::Rm { .. }) {
        return Err(Failure::usage(anyhow::anyhow!("--read-only changes nothing, and this would")));
    }
    match &args.command {
        SecretCommand::Set(args) => set::run(cli, args, &keeper, &clock, environment),
        SecretCommand::List { json } => list::run(cli, *json, &keeper, &clock, environment),
        SecretCommand::Rm { name, place } => remove::run(cli, name, place, &keeper, &clock, environment),
        SecretCommand::Unlock { lasting } => {
            if !keeper.has_store().map_err(store_failed)? {
                return Err(store_failed(StoreError::Absent { path: keeper.store_path().map_err(store_failed)? }));
            }
            let passphrase = if environment.stdin_is_terminal {
                Hidden::open().and_then(|mut hidden| hidden.ask("Passphrase of the store")).map_err(prompt_failed)?
            } else {
                piped("the passphrase")?
            };
            let unlocked = wait(keeper.unlock(&passphrase, *lasting, clock.now()))?.map_err(failed)?;
            match unlocked {
                Unlocked::Until(_) => {
                    let lasting = crate::config::duration::text(*lasting);
                    output::print(format!("The store is open for {lasting}. `crashcart secret lock` closes it.\n"))?;
                    Ok(Exit::Healthy)
                }
                Unlocked::OnlyHere(trouble) => {
                    Err(wrong(anyhow::anyhow!("the passphrase is right, but the store cannot stay open: {trouble}"))
                        .hint("on this machine keep secrets in private files or in the environment"))
                }
            }
        }
        SecretCommand::Lock => {
            let was_open = wait(keeper.lock())?.map_err(wrong)?;
            output::print(if was_open { "The store is locked.\n" } else { "The store was locked already.\n" })?;
            Ok(Exit::Healthy)
        }
    }
}

/// Returns what finds secrets for this user.
pub(super) fn keeper(environment: &Environment) -> Keeper {
    Keeper::new(environment.surroundings.clone(), Paths { config_dir: environment.config_dir.clone() })
}

/// Waits for something on this thread. What hangs is left behind.
fn wait<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    Ok(result)
}

/// Reads a secret from standard input.
fn piped(what: &str) -> Result<Secret, Failure> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.is_empty() {
        return Err(Failure::usage(anyhow::anyhow!("nothing came from standard input instead of {what}"))
            .hint("run it in a terminal to be asked, or pipe it in"));
    }
    secret_from(bytes).map_err(|reason| {
        Failure::usage(anyhow::anyhow!("what came from standard input instead of {what} cannot be used: {reason}"))
    })
}

/// Returns the passphrase of the store: the one that it is unlocked with, or the user's.
fn passphrase(keeper: &Keeper, clock: &Clock) -> Result<Secret, Failure> {
    // Where the kernel keeps nothing, one has to be asked each time.
    if let Ok(Some((passphrase, _))) = keeper.passphrase(clock.now()) {
        return Ok(passphrase);
    }
    let mut hidden = Hidden::open().map_err(|error| match error {
        PromptError::NoTerminal => {
            Failure::usage(anyhow::anyhow!("the store is locked, and there is no terminal to ask for its passphrase"))
                .hint("run crashcart secret unlock first")
        }
        other => prompt_failed(other),
    })?;
    let passphrase = hidden.ask("Passphrase of the store").map_err(prompt_failed)?;
    drop(hidden);
    // Before anything else is asked for.
    wait(keeper.open(&passphrase))?.map_err(failed)?;
    Ok(passphrase)
}

/// Returns the configuration that would be used here and the secrets that it names. One that cannot be read is the
/// business of other commands.
fn configuration(cli: &Cli, environment: &Environment) -> Result<Option<ConfigFile>, Failure> {
    match config_file::find(&cli.global, environment)? {
        Some(found) => ConfigFile::read(found, environment).map(Some),
        None => Ok(None),
    }
}

/// Returns what the configuration here uses secrets for, as far as it can be read.
fn uses(cli: &Cli, environment: &Environment) -> Vec<SecretUse> {
    configuration(cli, environment).ok().flatten().map_or_else(Vec::new, |file| file.loaded.secrets)
}

fn wrong(error: impl Into<anyhow::Error>) -> Failure {
    let mut failure = Failure::from(error);
    failure.exit = Exit::Wrong;
    failure
}

fn failed(error: SecretError) -> Failure {
    let hint = error.hint();
    let failure = match &error {
        SecretError::TimedOut { .. } | SecretError::NoThread { .. } | SecretError::Unreadable { .. } => {
            Failure::from(error)
        }
        _ => wrong(error),
    };
    failure.hint(hint)
}

fn store_failed(error: StoreError) -> Failure {
    failed(SecretError::Store(error))
}

fn keyring_failed(trouble: KeyringTrouble) -> Failure {
    failed(SecretError::NoKeyring(trouble))
}

fn prompt_failed(error: PromptError) -> Failure {
    match error {
        PromptError::NoTerminal => {
            Failure::usage(error).hint("pipe it in, or run it in a terminal (over SSH with a terminal: ssh -t)")
        }
        PromptError::Cancelled => wrong(error),
        PromptError::Lines => Failure::usage(error).hint("give it more than one line through a pipe: < file"),
        PromptError::Empty | PromptError::Unusable(_) => Failure::usage(error),
        PromptError::Terminal(_) => Failure::from(error),
    }
}
