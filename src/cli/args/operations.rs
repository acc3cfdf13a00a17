//! The arguments of what acts: `rollback`, `restart`, `scale`, `act`, `operations`.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::values::{duration, setting};

pub(in crate::cli) const ROLLBACK_EXAMPLES: &str = "\
Examples:
  crashcart rollback checkout --dry-run      What would be done, down to the exact requests
  crashcart rollback checkout                The same, then ask, then do it
  crashcart rollback checkout --to v41 --yes --wait
      Without a question; wait for the verdict: exit code 0 recovered or done, 1 not, 3 nobody knows";

pub(in crate::cli) const ACT_EXAMPLES: &str = "\
Examples:
  crashcart act                              Everything that can be done
  crashcart act checkout                     What can be done to checkout
  crashcart act checkout restart_instance web.1
  crashcart act alertmanager silence HighErrorRate --set duration=2h --reason 'known, see #12'";

pub(in crate::cli) const SILENCE_EXAMPLES: &str = "\
Examples:
  crashcart silence                          What fires and can be silenced
  crashcart silence HighErrorRate --for 2h --reason 'known, see #12'";

pub(in crate::cli) const OPERATIONS_EXAMPLES: &str = "\
Examples:
  crashcart operations                       What was and is being done
  crashcart operations show last             Its steps, and how it ended
  crashcart operations resume last           Go on after an interruption; the platform is asked first
  crashcart operations undo last             Take back what it has done, as an operation of its own";

/// What every command that acts understands.
#[derive(Args, Clone, PartialEq, Eq, Debug, Default)]
pub struct ActingArgs {
    /// Show what would be done, down to the exact requests, and do nothing
    #[arg(long, short = 'n')]
    pub dry_run: bool,

    /// Do it without asking; needed where there is no terminal to ask on
    #[arg(long, short)]
    pub yes: bool,

    /// Wait for the verdict; the exit code tells it
    #[arg(long, short)]
    pub wait: bool,

    /// How long it may take until what was red is green, before it counts as not recovered
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub watch_for: Option<Duration>,

    /// Why: platforms that keep a reason are told it
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,

    /// Something that the action is told: count=3, hours=2; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
    pub set: Vec<(String, String)>,

    /// Print JSON: the plan with --dry-run, else the operation
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct RollbackArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub service: String,

    /// The release to go back to, by id, version or commit; without it the last one that was healthy while it was live
    #[arg(long, value_name = "RELEASE")]
    pub to: Option<String>,

    #[command(flatten)]
    pub acting: ActingArgs,
}

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct RestartArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub service: String,

    #[command(flatten)]
    pub acting: ActingArgs,
}

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct ScaleArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    pub service: String,

    /// How many instances
    #[arg(value_name = "COUNT")]
    pub count: u32,

    #[command(flatten)]
    pub acting: ActingArgs,
}

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct ActArgs {
    /// A service, or a source for what belongs to none
    #[arg(value_name = "SERVICE|SOURCE")]
    pub whose: Option<String>,

    /// The action, as the list names it
    #[arg(value_name = "ACTION")]
    pub action: Option<String>,

    /// What it acts on: the id or name of an instance, alert, issue, check or release
    #[arg(value_name = "TARGET")]
    pub target: Option<String>,

    #[command(flatten)]
    pub acting: ActingArgs,
}

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct SilenceArgs {
    /// The alert: its name or id, or the beginning of one; without it, what fires is listed
    #[arg(value_name = "ALERT")]
    pub alert: Option<String>,

    /// How long; as long as the system's definition says when left out
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub length: Option<Duration>,

    /// Only alerts of this source
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,

    #[command(flatten)]
    pub acting: ActingArgs,
}

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct OperationsArgs {
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,

    #[command(subcommand)]
    pub command: Option<OperationsCommand>,
}

#[derive(Subcommand, Clone, PartialEq, Eq, Debug)]
pub enum OperationsCommand {
    /// List them, the latest first
    List {
        /// Only those of this service
        #[arg(long, value_name = "SERVICE")]
        service: Option<String>,

        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: usize,
    },

    /// Show one: its steps, what was said, how it ended
    Show {
        /// Its id, the end of it, or `last`
        #[arg(value_name = "OPERATION", default_value = "last")]
        operation: String,

        /// Wait for its end; the exit code tells the verdict
        #[arg(long, short)]
        wait: bool,

        /// Wait at most this long
        #[arg(long, value_name = "DURATION", value_parser = duration, requires = "wait")]
        timeout: Option<Duration>,
    },

    /// Go on with one whose worker has gone, or that waits for a decision
    ///
    /// What was under way is not simply done again: the platform is asked first what has become of it. A step that is known
    /// not to be done, or of which nobody knows, is done again with --repeat only, unless doing it twice is the same as once.
    Resume {
        /// Its id, the end of it, or `last`
        #[arg(value_name = "OPERATION")]
        operation: String,

        /// Do the step again that failed, was not done, or is not known
        #[arg(long)]
        repeat: bool,

        /// Go on without asking
        #[arg(long, short)]
        yes: bool,

        /// Wait for the verdict
        #[arg(long, short)]
        wait: bool,
    },

    /// Stop one between two steps. What was done stays done: see undo
    Cancel {
        /// Its id, the end of it, or `last`
        #[arg(value_name = "OPERATION")]
        operation: String,

        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },

    /// Take back what one has done, the last step first, as an operation of its own
    Undo {
        /// Its id, the end of it, or `last`
        #[arg(value_name = "OPERATION")]
        operation: String,

        #[command(flatten)]
        acting: ActingArgs,
    },

    /// Leave one as it stands: what is not known stays so
    Close {
        /// Its id, the end of it, or `last`
        #[arg(value_name = "OPERATION")]
        operation: String,
    },
}

/// The hidden command of the process that carries an operation out.
#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct WorkerArgs {
    /// The operation's id
    pub operation: String,

    /// Why it is taken over from another worker
    #[arg(long)]
    pub take_over: Option<String>,

    /// It is a run, and this script of it is wanted
    #[arg(long)]
    pub execution: Option<u32>,

    /// Read secrets from standard input
    #[arg(long)]
    pub secrets: bool,

    /// Only start it, in the background
    #[arg(long)]
    pub detach: bool,
}

pub(in crate::cli) const JOURNAL_EXAMPLES: &str = "\
Examples:
  crashcart journal show --since 2h          What happened in the last two hours
  crashcart journal show --operation last    One operation, line by line
  crashcart journal verify                   Is it as it was written? Exit code 1 when not
  crashcart journal export > night.jsonl     All of it, with hashes";

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct JournalArgs {
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,

    #[command(subcommand)]
    pub command: Option<JournalCommand>,
}

#[derive(Subcommand, Clone, PartialEq, Eq, Debug)]
pub enum JournalCommand {
    /// Print entries, the oldest first
    Show {
        /// Only those of this operation: its id, the end of it, or `last`
        #[arg(long, value_name = "OPERATION")]
        operation: Option<String>,

        /// Only those of this service
        #[arg(long, value_name = "SERVICE")]
        service: Option<String>,

        /// Only those of the last so long
        #[arg(long, value_name = "DURATION", value_parser = duration)]
        since: Option<Duration>,

        /// Go on with what is written from now on
        #[arg(long, short)]
        follow: bool,
    },

    /// Compare every entry with its hash, and replay every operation
    Verify,

    /// Print every entry with its hashes, a JSON object each
    Export,
}
