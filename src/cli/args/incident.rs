//! `crashcart incident` and `crashcart note` on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueHint};

use super::values::{duration, figure, figure_name, severity};
use crate::model::incident::{Figure, Severity};

pub(super) const INCIDENT_EXAMPLES: &str = "Examples:
  crashcart incident open 'Checkout answers 500' --severity sev1 --service checkout --ago 14m
  crashcart incident                        how the open one stands, and its timeline
  crashcart incident ack                    somebody is on it
  crashcart incident mitigate --at 02:31    users were well again at that time
  crashcart incident evidence               before anybody restarts anything
  crashcart incident resolve
  crashcart incident figure impact '9 min' --because 'the first five were slow only'
  crashcart incident export > postmortem.md
  crashcart incident list --search redis    what was there before, and what helped";

pub(super) const NOTE_EXAMPLES: &str = "Examples:
  crashcart note 'kim restarts the queue by hand'
  crashcart note --ago 10m 'the first customer wrote'
  kubectl get pods | crashcart note 'pods before the restart'";

#[derive(Args, Clone, PartialEq, Debug)]
pub struct IncidentArgs {
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,

    /// Which one: its number, or the open one
    #[arg(long, short, value_name = "NUMBER", global = true, default_value = "last")]
    pub incident: String,

    #[command(subcommand)]
    pub command: Option<IncidentCommand>,
}

/// When something happened, where that was not just now.
#[derive(Args, Clone, PartialEq, Eq, Debug, Default)]
pub struct WhenArgs {
    /// When it happened: 02:14, 2026-11-25T02:14:00Z
    #[arg(long, value_name = "TIME", conflicts_with = "ago")]
    pub at: Option<String>,

    /// How long ago it happened
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub ago: Option<Duration>,
}

#[derive(Args, Clone, PartialEq, Debug)]
pub struct IncidentOpenArgs {
    /// What is wrong, in a few words
    #[arg(required = true)]
    pub title: Vec<String>,

    /// How bad: sev1 (everybody, everything) to sev4
    #[arg(long, value_parser = severity, default_value = "sev2")]
    pub severity: Severity,

    /// The services that it is about; may be repeated
    #[arg(long = "service", value_name = "SERVICE")]
    pub services: Vec<String>,

    #[command(flatten)]
    pub when: WhenArgs,
}

#[derive(Args, Clone, PartialEq, Debug, Default)]
pub struct ExportArgs {
    /// A template of your own, in the syntax of Jinja
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub template: Option<PathBuf>,

    /// A figure for this document only (`incident figure` keeps it), and why: impact='2 h|the shop answered, and nobody could pay'
    #[arg(long = "set", value_name = "FIGURE=VALUE|WHY", value_parser = figure)]
    pub figures: Vec<(Figure, String, String)>,

    /// What part of thirty days the services may be away: 99.9
    #[arg(long, value_name = "PERCENT")]
    pub objective: Option<f64>,
}

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct EvidenceArgs {
    /// Write it here instead of into the state directory; a file that is there already stays as it is
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,

    /// How far back logs go
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "1h")]
    pub since: Duration,

    /// How long each source may take; one that hangs costs itself only
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "20s")]
    pub timeout: Duration,
}

#[derive(Subcommand, Clone, PartialEq, Debug)]
pub enum IncidentCommand {
    /// List them, the latest first
    List {
        /// Only those in whose title or timeline this stands
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
    },

    /// Open one
    Open(IncidentOpenArgs),

    /// Show how one stands, and its timeline
    Show {
        /// Only lines with this text
        #[arg(long, value_name = "TEXT")]
        grep: Option<String>,
    },

    /// Somebody is on it
    Ack(WhenArgs),

    /// Users are well again, and the cause is still there
    Mitigate(WhenArgs),

    /// It is over
    Resolve(WhenArgs),

    /// It is over and written up: nothing more is added by itself
    Close(WhenArgs),

    /// It is not over after all
    Reopen,

    /// How bad it is now
    Severity {
        #[arg(value_parser = severity)]
        severity: Severity,
    },

    /// Call it something else
    Title { title: Vec<String> },

    /// Say which services it is about
    Services { services: Vec<String> },

    /// Say who has which part: crashcart incident role commander kim
    Role { role: String, who: String },

    /// Say that an entry was wrong, and what is right
    Correct {
        /// The entry's id, or the end of it
        entry: String,
        text: Vec<String>,
    },

    /// Take an entry out of what is shown and exported; that something stood there stays
    Redact {
        entry: String,
        /// Why
        #[arg(required = true)]
        why: Vec<String>,
    },

    /// Say that a figure of the postmortem is another than the computed one, and why; every export has it from then on
    Figure {
        /// One of impact, detected, acknowledged, mitigated, resolved
        #[arg(value_parser = figure_name)]
        name: Figure,
        /// How long: '2 h', '9 min'
        value: String,
        /// Why the computed one is wrong
        #[arg(long, value_name = "WHY")]
        because: String,
    },

    /// Put aside what a restart destroys: logs, metrics, states, processes, in one file
    Evidence(EvidenceArgs),

    /// Print the postmortem as Markdown, or with --json everything that it is made of
    Export(ExportArgs),
}

#[derive(Args, Clone, PartialEq, Debug)]
pub struct NoteArgs {
    /// What happened; what is piped in becomes a part of it
    pub text: Vec<String>,

    /// Which incident: its number, or the open one
    #[arg(long, short, value_name = "NUMBER", default_value = "last")]
    pub incident: String,

    #[command(flatten)]
    pub when: WhenArgs,
}
