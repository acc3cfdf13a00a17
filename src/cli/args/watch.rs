//! `crashcart watch` on the command line.

use std::time::Duration;

use clap::{Args, ValueHint};

use super::values::duration;

pub(super) const WATCH_EXAMPLES: &str = "Examples:
  crashcart watch                       until it is stopped: opens incidents, tells others, pages people
  crashcart watch --install             show a systemd unit that keeps it running, and write it
  crashcart watch --once --json         one look, for cron; exit code 1 when an incident is open";

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct WatchArgs {
    /// Watch these too: https://app.example.com, db.internal:5432, ...
    #[arg(value_name = "ADDRESS", value_hint = ValueHint::Url)]
    pub addresses: Vec<String>,

    /// Look once, do what follows from it, and end
    #[arg(long, conflicts_with = "install")]
    pub once: bool,

    /// With --once: wait at most this long for answers
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "20s")]
    pub timeout: Duration,

    /// Show a systemd unit for this user, and write it
    #[arg(long)]
    pub install: bool,

    /// With --install: write it without a question
    #[arg(long, requires = "install")]
    pub yes: bool,

    /// Print JSON: a line for everything that is done, or one document with --once and --install
    #[arg(long)]
    pub json: bool,
}
