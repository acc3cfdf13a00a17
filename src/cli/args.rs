//! Everything that can be written on the command line. `--help`, the completions and the manual page come from here.

#![allow(rustdoc::bare_urls, reason = "these comments are what --help prints")]

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueHint};

use super::environment::VARIABLES;

pub(super) const EXAMPLES: &str = "\
Examples:
  crashcart https://app.example.com
      Watch a site, its certificate and its DNS name, and this machine.
  crashcart https://app.example.com --log /var/log/nginx/error.log
      The same with a log that is followed through rotation.
  crashcart --log '/var/log/app/*.log' --log ssh://web1/var/log/app.log
      Follow every file that matches, now or later, and one on another host.
  journalctl -fu app | crashcart app.example.com db.internal:5432 --log -
      Watch a site and a port, and read the log from a pipe.
  crashcart
      Open the console on ./crashcart.toml, or on your own configuration.
  crashcart status --json
      Probe everything once, print it, and say by the exit code how it is.";

pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0  healthy, or done
  1  something is wrong with what was looked at
  2  the command line or the configuration is wrong
  3  it could not be told";

const TRUST_EXAMPLES: &str = "\
Examples:
  crashcart trust              Show what ./crashcart.toml would do, and ask
  crashcart trust --list       Show it and ask nothing; exit code 1 when it is not trusted
  crashcart trust --revoke     Take the approval back";

mod audit;
mod check;
mod console;
mod contacts;
mod doctor;
mod feeds;
mod incident;
mod init;
mod logs;
mod operations;
mod paging;
mod providers;
mod runbooks;
mod secret;
mod values;
mod watch;
mod words;

pub use audit::AuditArgs;
use audit::{AUDIT_EXAMPLES, AUDIT_EXIT_CODES};
use check::CHECK_EXAMPLES;
pub use check::{CheckArgs, StatusArgs};
pub use console::{ConsoleArgs, LookArgs, ReplayArgs};
use contacts::{CONTACTS_EXAMPLES, CONTACTS_EXIT_CODES};
pub use contacts::{
    ContactAddArgs, ContactExportArgs, ContactImportArgs, ContactShowArgs, ContactsArgs, ContactsCommand, Day,
    ListArgs, QrWhat,
};
use doctor::DOCTOR_EXAMPLES;
pub use doctor::DoctorArgs;
use feeds::FEEDS_EXAMPLES;
pub use feeds::FeedsArgs;
pub use incident::{EvidenceArgs, ExportArgs, IncidentArgs, IncidentCommand, IncidentOpenArgs, NoteArgs, WhenArgs};
use incident::{INCIDENT_EXAMPLES, NOTE_EXAMPLES};
use init::INIT_EXAMPLES;
pub use init::InitArgs;
use logs::LOGS_EXAMPLES;
pub use logs::LogsArgs;
use operations::{ACT_EXAMPLES, JOURNAL_EXAMPLES, OPERATIONS_EXAMPLES, ROLLBACK_EXAMPLES, SILENCE_EXAMPLES};
pub use operations::{
    ActArgs, ActingArgs, JournalArgs, JournalCommand, OperationsArgs, OperationsCommand, RestartArgs, RollbackArgs,
    ScaleArgs, SilenceArgs, WorkerArgs,
};
use paging::{PAGE_EXAMPLES, TELL_EXAMPLES};
pub use paging::{PageArgs, TellArgs};
use providers::PROVIDERS_EXAMPLES;
pub use providers::{ProvidersArgs, ProvidersCommand};
use runbooks::{RUN_EXAMPLES, RUNBOOKS_EXAMPLES};
pub use runbooks::{RunArgs, RunbooksArgs, RunbooksCommand};
use secret::SECRET_EXAMPLES;
pub use secret::{SecretArgs, SecretCommand, SecretPlaceArgs, SecretSetArgs};
use watch::WATCH_EXAMPLES;
pub use watch::WatchArgs;
pub(super) use words::misspelt_command;

/// One terminal program for the next ten minutes of an outage.
///
/// Without a subcommand it opens the console: what is broken and since when, what the logs say, how this machine is.
/// With addresses or logs on the command line no configuration is needed.
#[derive(Parser, Clone, Debug)]
#[command(
    name = "crashcart",
    version,
    about,
    long_about,
    after_help = EXAMPLES,
    after_long_help = long_help(),
    max_term_width = 110,
    subcommand_value_name = "COMMAND",
    override_usage = "crashcart [OPTIONS] [ADDRESS]...\n       crashcart [OPTIONS] <COMMAND>"
)]
pub struct Cli {
    #[command(flatten)]
    pub global: GlobalArgs,
    #[command(flatten)]
    pub console: ConsoleArgs,
    #[command(subcommand)]
    pub command: Option<Command>,
}

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{EXIT_CODES}\n\n{}", environment_help())
}

/// Lists the environment variables that are read.
pub(super) fn environment_help() -> String {
    let width = VARIABLES.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let rows: Vec<String> = VARIABLES.iter().map(|(name, what)| format!("  {name:width$}  {what}")).collect();
    format!("Environment:\n{}", rows.join("\n"))
}

/// What every command understands.
#[derive(Args, Clone, PartialEq, Eq, Debug, Default)]
#[command(next_help_heading = "Everywhere")]
pub struct GlobalArgs {
    /// Use this configuration instead of looking for one
    ///
    /// Without it: $CRASHCART_CONFIG, then crashcart.toml here or in a parent directory up to the repository's root,
    /// then crashcart.toml in your own configuration directory. A file that was found in a repository runs nothing
    /// and contacts nobody until `crashcart trust` has shown you what it would do.
    #[arg(long, value_name = "FILE", global = true, value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,

    /// The configuration was found and not named: another crashcart hands it on
    #[arg(long, global = true, hide = true, requires = "config")]
    pub config_found: bool,

    /// Keep what is remembered (last known state, trust) in this directory
    #[arg(long, value_name = "DIR", global = true, value_hint = ValueHint::DirPath)]
    pub state_dir: Option<PathBuf>,

    /// Change nothing anywhere: actions are shown and not done
    #[arg(long, global = true)]
    pub read_only: bool,

    /// Print no colour
    #[arg(long, global = true)]
    pub no_color: bool,

    /// Say more: also what is merely worth knowing about the configuration
    #[arg(long, short, global = true)]
    pub verbose: bool,
}

#[derive(Subcommand, Clone, PartialEq, Debug)]
pub enum Command {
    /// Recognise this repository and write its crashcart.toml
    ///
    /// It looks at the files that say where a project runs and what it stands on, shows what it found with file and line, asks
    /// what it cannot know, tries the credentials, looks which addresses answer, and writes a configuration with comments.
    /// Nothing is written over without showing what changes. docs/init.md says more.
    #[command(after_help = format!("{INIT_EXAMPLES}\n\n{EXIT_CODES}"))]
    Init(InitArgs),

    /// Prove today that tokens, rollback targets, logs, runbooks and contacts work
    ///
    /// One line for each, with what was seen and the command that mends it. It only looks: what can be proven by nothing but
    /// doing it is called unproven. The result is kept, so that the console can show how old the proof is. docs/doctor.md says
    /// more.
    #[command(after_help = format!("{DOCTOR_EXAMPLES}\n\n{EXIT_CODES}"))]
    Doctor(DoctorArgs),

    /// Probe everything and print how it is
    #[command(after_help = EXIT_CODES)]
    Status(StatusArgs),

    /// Probe one address once and explain the answer
    #[command(after_help = format!("{CHECK_EXAMPLES}\n\n{EXIT_CODES}"))]
    Check(Box<CheckArgs>),

    /// Print logs: merged by time, filtered, followed
    #[command(after_help = LOGS_EXAMPLES)]
    Logs(LogsArgs),

    /// Show a recording again, as the screen was
    Replay(ReplayArgs),

    /// Show what a configuration would run, contact and read, and approve it
    ///
    /// A crashcart.toml that was found in a repository is not followed until it is approved. The approval is bound to
    /// the file's content: when it changes, you are shown what is new. A file that you name with --config, or that
    /// lies in your own configuration directory, needs no approval.
    #[command(after_help = TRUST_EXAMPLES)]
    Trust(TrustArgs),

    /// Releases of the services, as their platforms tell them
    #[command(after_help = FEEDS_EXAMPLES)]
    Releases(FeedsArgs),

    /// Machines, containers and pods that run the services
    Instances(FeedsArgs),

    /// Firing alerts and open incidents; exit code 1 when one fires
    Alerts(FeedsArgs),

    /// Grouped exceptions of the services, from their error trackers
    Issues(FeedsArgs),

    /// Charts of the services: their latest values; exit code 1 when one is beyond its line
    Metrics(FeedsArgs),

    /// Checks that others make: uptime services, exporters
    Monitors(FeedsArgs),

    /// How the vendors are that the services depend on; exit code 1 when one is not well
    Vendors(FeedsArgs),

    /// Whose turn it is
    OnCall(FeedsArgs),

    /// Go back to the release that worked
    ///
    /// The plan is shown first: from what to what, the commits and database migrations between, what stays as it is, and the
    /// exact requests. What is approved runs in a process of its own, which no dropped connection reaches, and is watched
    /// until the checks that were red are green. docs/rollback.md says more.
    #[command(after_help = format!("{ROLLBACK_EXAMPLES}\n\n{EXIT_CODES}"))]
    Rollback(RollbackArgs),

    /// Restart a service on its platform
    Restart(RestartArgs),

    /// Run so many instances of a service
    Scale(ScaleArgs),

    /// Do anything else that a system or your configuration offers: acknowledge, silence, stop automatic deploys, ...
    #[command(after_help = format!("{ACT_EXAMPLES}\n\n{EXIT_CODES}"))]
    Act(ActArgs),

    /// Hear no more of an alert that is known, for a while, and tell the others why
    ///
    /// It fires on, and the timeline keeps it; who silenced it until when stands beside it. `operations undo` takes it back.
    #[command(after_help = format!("{SILENCE_EXAMPLES}\n\n{EXIT_CODES}"))]
    Silence(SilenceArgs),

    /// What was and is being done: show, resume, cancel, undo
    #[command(after_help = format!("{OPERATIONS_EXAMPLES}\n\n{EXIT_CODES}"))]
    Operations(OperationsArgs),

    /// Everything that was done, in one file that only grows: show, verify, export
    #[command(after_help = format!("{JOURNAL_EXAMPLES}\n\n{EXIT_CODES}"))]
    Journal(JournalArgs),

    /// Runbooks: which there are, what their steps are, what has rotted in them
    ///
    /// A runbook is plain Markdown. Your own lie in the folder `runbooks` beside the configuration, or where you are, and come
    /// before those that are built in. docs/runbooks.md shows how to write one.
    #[command(after_help = format!("{RUNBOOKS_EXAMPLES}\n\n{EXIT_CODES}"))]
    Runbooks(RunbooksArgs),

    /// Follow a runbook, step by step
    ///
    /// Each command is shown with its variables before it runs, in a process of its own that no dropped connection reaches; its
    /// check says whether it worked, and everything goes into the journal. Without a terminal a question is an error and never
    /// a wait. Another person can go on from their own terminal.
    #[command(after_help = format!("{RUN_EXAMPLES}\n\n{EXIT_CODES}"))]
    Run(RunArgs),

    /// Incidents: open, acknowledge, resolve, their timelines, the postmortem
    ///
    /// While one is open, the console and everybody's commands write into the same timeline: what people said, what was seen, what
    /// was done. Entries stay as they were written; a correction is another entry.
    #[command(after_help = format!("{INCIDENT_EXAMPLES}\n\n{EXIT_CODES}"))]
    Incident(IncidentArgs),

    /// Write a note into the timeline of the open incident, from any shell or pipe
    #[command(after_help = NOTE_EXAMPLES)]
    Note(NoteArgs),

    /// Examine a repository and its platforms for the four blind spots: parity, data, configuration, observability
    ///
    /// The files are read and nothing is run. The platforms of a trusted crashcart.toml are asked how they are set up: names of
    /// variables, never values. Each finding has its place, why it bites in production, and what to do.
    /// A finding is accepted, with a reason, by `# crashcart-audit: accept RULE -- REASON` beside it, or in
    /// crashcart-audit.toml. docs/audit.md has every rule.
    #[command(after_help = format!("{AUDIT_EXAMPLES}\n\n{AUDIT_EXIT_CODES}"))]
    Audit(AuditArgs),

    /// Whom to call: people and vendors' support desks, in the order of escalation
    ///
    /// Contacts stand in the configuration as `[[contacts]]`, or in a file of their own, contacts.toml in your configuration
    /// directory, which is read with no network, no keyring and a broken configuration. Account and contract numbers are
    /// shown by their end only, unless --reveal is given. docs/contacts.md says what can be written.
    #[command(after_help = format!("{CONTACTS_EXAMPLES}\n\n{CONTACTS_EXIT_CODES}"))]
    Contacts(Box<ContactsArgs>),

    /// Page somebody about an incident: the next in the order of escalation, by the first sender that reaches them
    ///
    /// Senders stand in the configuration as `[[senders]]`. You see whom, by what and in which words before it goes out. That it
    /// goes out is in the journal before it does, and what came of it after; docs/paging.md says more.
    #[command(after_help = format!("{PAGE_EXAMPLES}\n\n{EXIT_CODES}"))]
    Page(PageArgs),

    /// Tell others how it stands: a status update to chats, webhooks and on-call systems
    #[command(after_help = format!("{TELL_EXAMPLES}\n\n{EXIT_CODES}"))]
    Tell(TellArgs),

    /// Watch without a console: open incidents, tell others, page people until one takes it
    ///
    /// The same monitoring as the console's, by the rules of `[watch]`: what belongs together is one incident, what comes and goes
    /// does not wake anybody twice, and the next person is paged until somebody acknowledges. docs/watch.md says more.
    #[command(after_help = format!("{WATCH_EXAMPLES}\n\n{EXIT_CODES}"))]
    Watch(WatchArgs),

    #[command(hide = true)]
    Worker(WorkerArgs),

    /// List the hosting and monitoring systems that are known, show one, check a definition
    ///
    /// A provider is a TOML file. Your own lie in the folder `providers` of your configuration directory and come before
    /// those that are built in. docs/providers.md shows how to write one.
    #[command(after_help = PROVIDERS_EXAMPLES)]
    Providers(ProvidersArgs),

    /// Keep tokens safe: in the keyring, in an encrypted store or in a private file
    ///
    /// The configuration only says where a secret is kept: { keyring = "fly" }, { store = "fly" }, { file = "path" },
    /// { env = "NAME" } or { command = ["pass", "show", "fly"] }. docs/secrets.md says which to take where.
    #[command(after_help = format!("{SECRET_EXAMPLES}\n\n{EXIT_CODES}"))]
    Secret(SecretArgs),

    /// Print a JSON Schema of the configuration, for editors
    Schema,

    /// Print the completion script for a shell
    #[command(
        after_help = "Example:\n  crashcart completions bash > ~/.local/share/bash-completion/completions/crashcart"
    )]
    Completions(CompletionsArgs),

    /// Print the manual page
    #[command(after_help = "Example:\n  crashcart man | man -l -")]
    Man,
}

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct TrustArgs {
    /// The file, or its directory; the one that would be used here when there is none
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub path: Option<PathBuf>,

    /// Approve without asking
    #[arg(long, short)]
    pub yes: bool,

    /// Only show it
    #[arg(long, conflicts_with_all = ["yes", "revoke"])]
    pub list: bool,

    /// Take the approval back
    #[arg(long, conflicts_with = "yes")]
    pub revoke: bool,

    /// Print JSON: what it would do, and how that has changed
    #[arg(long, conflicts_with = "revoke")]
    pub json: bool,
}

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}
