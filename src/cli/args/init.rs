//! What can be written behind `crashcart init`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

pub(in crate::cli) const INIT_EXAMPLES: &str = "\
Examples:
  crashcart init                       Look, ask what cannot be known, show it, write it
  crashcart init --dry-run --offline   Print what would be written; contact nobody
  crashcart init --yes --platform fly  Ask nothing; it runs on Fly.io
  crashcart init --json                What was recognised, with file and line, for a program";

#[derive(Args, Clone, PartialEq, Eq, Debug, Default)]
pub struct InitArgs {
    /// The project's folder; the repository that one stands in unless said
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub directory: Option<PathBuf>,

    /// Ask nothing: write what is known, and leave the rest to fill in
    #[arg(long, short)]
    pub yes: bool,

    /// Write over a configuration that is there, after showing what changes
    #[arg(long)]
    pub replace: bool,

    /// Print the configuration and write nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Print JSON: what was recognised, the configuration, and what became of it; nothing is written without --yes
    #[arg(long)]
    pub json: bool,

    /// It runs on this platform, whatever else was recognised; may be repeated
    #[arg(long, value_name = "PROVIDER")]
    pub platform: Vec<String>,

    /// Contact nobody: neither addresses that were found nor platforms
    #[arg(long)]
    pub offline: bool,
}
