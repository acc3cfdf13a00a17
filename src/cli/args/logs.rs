//! What can be written behind `crashcart logs`.

use std::ffi::OsString;

use clap::{Args, ValueHint};

use super::values::level;
use crate::model::log::Level;

pub(in crate::cli) const LOGS_EXAMPLES: &str = "\
Examples:
  crashcart logs /var/log/nginx/error.log --lines 50
  crashcart logs checkout --level warn --follow
  crashcart logs '/var/log/app/*.log' --grep 'timeout|refused' --exclude healthz
  crashcart logs ssh://web1/var/log/app.log --follow --json";

#[derive(Args, Clone, PartialEq, Debug)]
pub struct LogsArgs {
    /// Services of the configuration, files, quoted 'globs*', ssh://host/path, or - for what is piped in; all when none
    #[arg(value_name = "SERVICE|FILE", value_hint = ValueHint::FilePath)]
    pub sources: Vec<OsString>,

    /// Only lines of at least this level
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    pub level: Option<Level>,

    /// Only lines that match this regular expression; may be repeated, any of them will do
    #[arg(long, short = 'e', value_name = "REGEX")]
    pub grep: Vec<String>,

    /// No lines that match this regular expression; may be repeated
    #[arg(long, value_name = "REGEX")]
    pub exclude: Vec<String>,

    /// Go on with what is written from now on
    #[arg(long, short)]
    pub follow: bool,

    /// Begin with this many lines of each source
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    pub lines: usize,

    /// Print one JSON object for each line
    #[arg(long)]
    pub json: bool,
}
