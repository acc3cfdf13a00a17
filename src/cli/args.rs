//! Everything that can be written on the command line. `--help`, the completions and the manual page come from here.

#![allow(rustdoc::bare_urls, reason = "these comments are what --help prints")]

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueHint};

use super::environment::VARIABLES;
use super::failure::Failure;
use crate::config::nearest::nearest;
use crate::model::check::RecordType;
use crate::model::log::Level;
use crate::ui::theme::THEMES;

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

const CHECK_EXAMPLES: &str = "\
Examples:
  crashcart check https://app.example.com/health --expect-status 2xx --slow 800ms
  crashcart check https://app.example.com/health --expect-json /status=ok
  crashcart check tls://app.example.com --warn 30d
  crashcart check tcp://db.internal:5432
  crashcart check dns://app.example.com --record AAAA --resolver 1.1.1.1";

const LOGS_EXAMPLES: &str = "\
Examples:
  crashcart logs /var/log/nginx/error.log --lines 50
  crashcart logs checkout --level warn --follow
  crashcart logs '/var/log/app/*.log' --grep 'timeout|refused' --exclude healthz
  crashcart logs ssh://web1/var/log/app.log --follow --json";

const TRUST_EXAMPLES: &str = "\
Examples:
  crashcart trust              Show what ./crashcart.toml would do, and ask
  crashcart trust --list       Show it and ask nothing; exit code 1 when it is not trusted
  crashcart trust --revoke     Take the approval back";

const FEEDS_EXAMPLES: &str = "\
Examples:
  crashcart releases checkout
  crashcart alerts --json
  crashcart metrics --query 'sum(rate(http_requests_total[1m]))' prom
  crashcart vendors stripe";

const TRY_EXAMPLES: &str = "\
Examples:
  crashcart providers try fly releases --set app=shop
  crashcart providers try prometheus alerts --url http://10.0.0.5:9090
  crashcart providers try statuspage vendor_status --url https://www.githubstatus.com";

const PROVIDERS_EXAMPLES: &str = "\
Examples:
  crashcart providers                    List them
  crashcart providers show render        What to write, what it reads, what it does
  crashcart providers check mine.toml    Is a definition right?";

const SECRET_EXAMPLES: &str = "\
Examples:
  crashcart secret set fly                    Ask for it, and keep it where it can be kept here
  fly tokens create deploy | crashcart secret set fly --store
  crashcart secret list                       Which there are, and whether they can be had
  crashcart secret unlock --for 8h            Open the encrypted store for a shift
  crashcart secret lock                       Close it";

mod audit;
mod contacts;
mod doctor;
mod incident;
mod init;
mod operations;
mod paging;
mod runbooks;
mod secret;
mod values;
mod watch;

pub use audit::AuditArgs;
use audit::{AUDIT_EXAMPLES, AUDIT_EXIT_CODES};
use contacts::{CONTACTS_EXAMPLES, CONTACTS_EXIT_CODES};
pub use contacts::{
    ContactAddArgs, ContactExportArgs, ContactImportArgs, ContactShowArgs, ContactsArgs, ContactsCommand, Day,
    ListArgs, QrWhat,
};
use doctor::DOCTOR_EXAMPLES;
pub use doctor::DoctorArgs;
pub use incident::{EvidenceArgs, ExportArgs, IncidentArgs, IncidentCommand, IncidentOpenArgs, NoteArgs, WhenArgs};
use incident::{INCIDENT_EXAMPLES, NOTE_EXAMPLES};
use init::INIT_EXAMPLES;
pub use init::InitArgs;
use operations::{ACT_EXAMPLES, JOURNAL_EXAMPLES, OPERATIONS_EXAMPLES, ROLLBACK_EXAMPLES};
pub use operations::{
    ActArgs, ActingArgs, JournalArgs, JournalCommand, OperationsArgs, OperationsCommand, RestartArgs, RollbackArgs,
    ScaleArgs, WorkerArgs,
};
use paging::{PAGE_EXAMPLES, TELL_EXAMPLES};
pub use paging::{PageArgs, TellArgs};
use runbooks::{RUN_EXAMPLES, RUNBOOKS_EXAMPLES};
pub use runbooks::{RunArgs, RunbooksArgs, RunbooksCommand};

pub use secret::{SecretArgs, SecretCommand, SecretPlaceArgs, SecretSetArgs};
use values::{duration, header, json_expectation, level, record_type, setting, size};
use watch::WATCH_EXAMPLES;
pub use watch::WatchArgs;

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

#[derive(Args, Clone, PartialEq, Debug)]
pub struct StatusArgs {
    /// Watch these too: https://app.example.com, db.internal:5432, ...
    #[arg(value_name = "ADDRESS", value_hint = ValueHint::Url)]
    pub addresses: Vec<String>,

    /// Print JSON: one document, or with --watch one line for each change
    #[arg(long)]
    pub json: bool,

    /// Go on, and print what changes
    #[arg(long, short)]
    pub watch: bool,

    /// Wait at most this long for the first answers; what has not answered by then is unknown
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "20s")]
    pub timeout: Duration,
}

/// One probe. Options that do not fit the kind of address are refused.
#[derive(Args, Clone, PartialEq, Debug)]
pub struct CheckArgs {
    /// https://..., http://..., tcp://host:port, tls://host:port, dns://name, or without a scheme as for the console
    #[arg(value_name = "ADDRESS", value_hint = ValueHint::Url)]
    pub address: String,

    /// Print JSON
    #[arg(long)]
    pub json: bool,

    /// Give up after this long
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,

    /// Warn when the answer takes longer (http, tcp)
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub slow: Option<Duration>,

    /// Request method
    #[arg(long, value_name = "METHOD", help_heading = "HTTP")]
    pub method: Option<String>,

    /// Request header `Name: value`; may be repeated
    #[arg(long, short = 'H', value_name = "HEADER", value_parser = header, help_heading = "HTTP")]
    pub header: Vec<(String, String)>,

    /// Request body
    #[arg(long, value_name = "TEXT", help_heading = "HTTP")]
    pub body: Option<String>,

    /// Accept these status codes: 200, 2xx, 200-399; may be repeated
    #[arg(long, value_name = "STATUS", help_heading = "HTTP")]
    pub expect_status: Vec<String>,

    /// The body must contain this text
    #[arg(long, value_name = "TEXT", help_heading = "HTTP")]
    pub expect_body: Option<String>,

    /// The body must match this regular expression
    #[arg(long, value_name = "REGEX", help_heading = "HTTP")]
    pub expect_match: Option<String>,

    /// The value that must stand at a JSON pointer: /status=ok; may be repeated
    #[arg(long, value_name = "POINTER=VALUE", value_parser = json_expectation, help_heading = "HTTP")]
    pub expect_json: Vec<(String, serde_json::Value)>,

    /// Follow at most this many redirects
    #[arg(long, value_name = "N", help_heading = "HTTP")]
    pub redirects: Option<u8>,

    /// Accept a certificate that does not verify
    #[arg(long, help_heading = "HTTP")]
    pub insecure: bool,

    /// Warn when the certificate expires within this time (https, tls)
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Certificate")]
    pub warn: Option<Duration>,

    /// Fail when the certificate expires within this time (tls)
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Certificate")]
    pub critical: Option<Duration>,

    /// The name to ask for, when it differs from the address (tls)
    #[arg(long, value_name = "NAME", help_heading = "Certificate")]
    pub server_name: Option<String>,

    /// Which record to ask for
    #[arg(long, value_name = "TYPE", value_parser = record_type, help_heading = "DNS")]
    pub record: Option<RecordType>,

    /// Which server to ask, instead of the system's resolvers
    #[arg(long, value_name = "ADDRESS", help_heading = "DNS")]
    pub resolver: Option<String>,

    /// An answer that must be there; may be repeated
    #[arg(long, value_name = "ANSWER", help_heading = "DNS")]
    pub expect_answer: Vec<String>,
}

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
}

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct FeedsArgs {
    /// Services, vendors or sources; all when none
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,

    /// Print JSON
    #[arg(long)]
    pub json: bool,

    /// Ask for this instead of what is configured: a metric's expression, a search in issues
    #[arg(long, value_name = "TEXT")]
    pub query: Option<String>,

    /// Ask for at most so many
    #[arg(long, short = 'n', value_name = "N")]
    pub limit: Option<u32>,

    /// Wait at most this long for each
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "30s")]
    pub timeout: Duration,
}

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct ProvidersArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,

    #[command(subcommand)]
    pub command: Option<ProvidersCommand>,
}

#[derive(Subcommand, Clone, PartialEq, Eq, Debug)]
pub enum ProvidersCommand {
    /// List them, by kind
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },

    /// Show what one needs, reads and does, and what to know before
    Show {
        /// Its name, as in the list
        name: String,

        /// Print JSON
        #[arg(long)]
        json: bool,
    },

    /// Ask once, and show the request, the answer and what is made of it
    ///
    /// NAME is a source of the configuration, or a provider. Nothing is changed: only what reads can be tried. Secrets are
    /// never shown.
    #[command(after_help = TRY_EXAMPLES)]
    Try {
        /// A source or a provider
        name: String,

        /// What to read: releases, instances, logs, checks, metrics, alerts, issues, vendor_status, on_call, identity
        capability: String,

        /// A parameter or an input: app=shop; may be repeated
        #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
        set: Vec<(String, String)>,

        /// Where it answers, instead of the definition's own address
        #[arg(long)]
        url: Option<String>,

        /// Print JSON: what was found, or the failure
        #[arg(long)]
        json: bool,
    },

    /// Print a JSON Schema of definition files, for editors
    Schema,

    /// Check definition files, and replay their fixtures
    Check {
        /// The definitions
        #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,

        /// Replay the fixtures in DIR/NAME/*.json and compare with what is recorded beside them
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        fixtures: Option<PathBuf>,

        /// Record what comes of the fixtures
        #[arg(long, requires = "fixtures")]
        update: bool,
    },
}

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Says what a misspelt subcommand was meant to be, when clap stumbled over what stands behind it.
pub(super) fn misspelt_command(arguments: &[OsString]) -> Option<Failure> {
    use clap::CommandFactory as _;
    let command = Cli::command();
    let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let word = arguments.iter().skip(1).filter_map(|word| word.to_str()).find(|word| !word.starts_with('-'))?;
    let is_near = is_bare_word(word) && !names.contains(&word) && nearest(word, &names).is_some();
    is_near.then(|| not_an_address(word, &[]))
}

impl Cli {
    /// Refuses what clap cannot: options of the console beside a subcommand, and words that are nothing we know.
    pub fn validate(&self) -> Result<(), Failure> {
        let console = &self.console;
        if self.command.is_some() {
            let option = match console {
                ConsoleArgs { logs, .. } if !logs.is_empty() => "--log",
                ConsoleArgs { look: LookArgs { theme: Some(_), .. }, .. } => "--theme",
                ConsoleArgs { look: LookArgs { ascii: true, .. }, .. } => "--ascii",
                ConsoleArgs { record: Some(_), .. } => "--record",
                _ => return Ok(()),
            };
            return Err(Failure::usage(anyhow::anyhow!("`{option}` before a subcommand belongs to the console"))
                .hint("leave it out, or write it behind the subcommand if that has it (see its --help)"));
        }
        match console.addresses.iter().find(|word| is_bare_word(word)) {
            Some(word) => Err(not_an_address(word, &console.addresses)),
            None => Ok(()),
        }
    }
}

/// An address has a dot, a colon or a slash; everything else is a subcommand that was misspelt or stands too late.
fn is_bare_word(word: &str) -> bool {
    !word.contains(['.', ':', '/'])
}

fn not_an_address(word: &str, addresses: &[String]) -> Failure {
    use clap::CommandFactory as _;
    let command = Cli::command();
    let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let mut trouble = "is neither a command nor an address";
    let hint = if word == "localhost" {
        "write http://localhost, or localhost:PORT for a port".to_owned()
    } else if names.contains(&word) {
        trouble = "stands too late to be a command";
        let address = addresses.iter().find(|address| *address != word).map_or("", String::as_str);
        format!("a subcommand comes first: crashcart {word} {address}")
    } else if let Some(name) = nearest(word, &names) {
        format!("did you mean `crashcart {name}`? `crashcart --help` lists all commands")
    } else {
        format!("an address has a dot or a scheme: https://{word}; `crashcart --help` lists the commands")
    };
    Failure::usage(anyhow::anyhow!("`{word}` {trouble}")).hint(hint.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    fn parse(arguments: &[&str]) -> Result<Cli, String> {
        let cli = Cli::try_parse_from(std::iter::once(&"crashcart").chain(arguments)).map_err(|e| e.to_string())?;
        cli.validate().map_err(|failure| format!("{} / {}", failure.error, failure.hint.unwrap_or_default()))?;
        Ok(cli)
    }

    #[test]
    fn the_table_of_arguments_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn addresses_and_logs_need_no_subcommand() {
        let cli = parse(&["https://a.example", "--log", "x.log", "db.internal:5432", "--log", "-"]).unwrap();
        assert_eq!(cli.console.addresses, ["https://a.example", "db.internal:5432"]);
        assert_eq!(cli.console.logs, ["x.log", "-"]);
        assert_eq!(cli.command, None);
    }

    #[test]
    fn a_subcommand_is_known_by_its_name_and_takes_the_global_options() {
        let cli = parse(&["--config", "a.toml", "status", "--json", "--state-dir", "/srv"]).unwrap();
        assert!(matches!(cli.command, Some(Command::Status(StatusArgs { json: true, .. }))));
        assert_eq!(cli.global.config, Some(PathBuf::from("a.toml")));
        assert_eq!(cli.global.state_dir, Some(PathBuf::from("/srv")));
    }

    #[test]
    fn a_word_that_is_nothing_we_know_gets_help() {
        let says = |arguments: &[&str]| parse(arguments).unwrap_err();
        assert!(says(&["stauts"]).contains("did you mean `crashcart status`?"));
        assert!(says(&["https://a.example", "status"]).contains("crashcart status https://a.example"));
        assert!(says(&["localhost"]).contains("http://localhost"));
        assert!(says(&["zzzzzzzz"]).contains("https://zzzzzzzz"));
        assert!(says(&["--ascii", "status"]).contains("`--ascii` before a subcommand"));
    }
}
