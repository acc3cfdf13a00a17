//! `crashcart` without a subcommand: the console: moves in when what it needs stands.

use super::Exit;
use super::args::Cli;
use super::environment::Environment;
use super::failure::Failure;

pub(super) fn run(_cli: &Cli, _environment: &Environment) -> Result<Exit, Failure> {
    Err(anyhow::anyhow!("this part is not built yet").into())
}
