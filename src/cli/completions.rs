//! `crashcart completions SHELL`: what the shell needs to complete our arguments.

use clap::CommandFactory as _;

use super::args::{Cli, CompletionsArgs};
use super::failure::Failure;
use super::{Exit, output};

/// Prints the completion script for a shell.
pub(super) fn run(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "crashcart", &mut script);
    output::print(script)?;
    Ok(Exit::Healthy)
}
