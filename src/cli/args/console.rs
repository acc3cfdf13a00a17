//! What can be written behind `crashcart` alone, and behind `crashcart replay`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueHint};

use super::values::{duration, size};
use crate::ui::theme::THEMES;

/// What the console understands.
#[derive(Args, Clone, PartialEq, Debug, Default)]
#[command(next_help_heading = "Options")]
pub struct ConsoleArgs {
    /// What to watch: https://app.example.com, app.example.com, db.internal:5432, tcp://, tls://, dns://
    ///
    /// An address without a scheme is watched over HTTPS; one with a port over TCP, unless the port is 443 or 80.
    /// Addresses on the same host become one service. They are added to what the configuration says.
    #[arg(value_name = "ADDRESS", value_hint = ValueHint::Url)]
    pub addresses: Vec<String>,

    /// Follow a log: a file, a quoted 'glob*', ssh://host/path, or - for what is piped in; may be repeated
    #[arg(long = "log", short = 'l', value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub logs: Vec<OsString>,

    #[command(flatten)]
    pub look: LookArgs,

    /// Record everything that happens, for `crashcart replay`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub record: Option<PathBuf>,
}

/// How the screen looks.
#[derive(Args, Clone, PartialEq, Eq, Debug, Default)]
pub struct LookArgs {
    /// Colours of the screen
    #[arg(long, value_name = "NAME", value_parser = theme_names())]
    pub theme: Option<String>,

    /// Draw with ASCII characters only
    #[arg(long)]
    pub ascii: bool,
}

fn theme_names() -> PossibleValuesParser {
    PossibleValuesParser::new(THEMES.iter().map(|theme| theme.name))
}

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct ReplayArgs {
    /// A file written by --record
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,

    #[command(flatten)]
    pub look: LookArgs,

    /// Begin (or with --print, stop) this long after the recording's beginning
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub at: Option<Duration>,

    /// Print the screen as text instead of playing the recording
    #[arg(long)]
    pub print: bool,

    /// The size of the printed screen instead of the recorded one: 80x24
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = size, requires = "print")]
    pub size: Option<(u16, u16)>,
}
