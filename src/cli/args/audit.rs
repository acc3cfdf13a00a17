//! `crashcart audit` on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueHint};

use super::values::duration;

pub(super) const AUDIT_EXAMPLES: &str = "Examples:
  crashcart audit                              This folder, the worst first
  crashcart audit --offline                    The same, without asking the platforms of crashcart.toml
  crashcart audit --fail-on high               As a gate before a deploy
  crashcart audit --sarif > audit.sarif        For the forge's list of findings
  crashcart audit --explain data.drops         Why a rule is one, and what to do
  crashcart audit --accept 'known, and mended in the next release'    Accept what is there, with the reason, and look at what is new";

pub(super) const AUDIT_EXIT_CODES: &str = "Exit codes:
  0  nothing at or above --fail-on
  1  something at or above --fail-on
  2  the command line is wrong
  3  the folder could not be read";

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct AuditArgs {
    /// The repository's folder; this one when none
    #[arg(value_name = "PATH", value_hint = ValueHint::DirPath)]
    pub path: Option<PathBuf>,

    /// Print JSON
    #[arg(long, group = "form")]
    pub json: bool,

    /// Print SARIF 2.1.0
    #[arg(long, group = "form")]
    pub sarif: bool,

    /// Print Markdown
    #[arg(long, group = "form")]
    pub markdown: bool,

    /// End with exit code 1 from this level on: low, medium, high, critical, or never
    #[arg(long, value_name = "LEVEL", default_value = "high",
          value_parser = PossibleValuesParser::new(["low", "medium", "high", "critical", "never"]))]
    pub fail_on: String,

    /// Ask no platform: files and the configuration only
    #[arg(long)]
    pub offline: bool,

    /// How long a platform may take to answer
    #[arg(long, value_name = "DURATION", default_value = "20s", value_parser = duration)]
    pub timeout: Duration,

    /// Show every place of a finding, not only the first ones
    #[arg(long)]
    pub all: bool,

    /// How many of the newest migrations of each folder may still have to run somewhere
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub migrations: usize,

    /// Say why a rule is one and what to do about it, and look at nothing
    #[arg(long, value_name = "RULE", conflicts_with_all = ["path", "accept"])]
    pub explain: Option<String>,

    /// Add everything that is found to crashcart-audit.toml, with this reason
    #[arg(long, value_name = "REASON")]
    pub accept: Option<String>,
}
