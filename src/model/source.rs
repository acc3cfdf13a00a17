//! Hosting and monitoring systems as configured here, and what is read from them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::alert::{Alert, Monitor, OnCall};
use super::id::{FeedId, ServiceId, SourceId, VendorId};
use super::identity::{App, Identity};
use super::issue::{ErrorIssue, IssueDetail};
use super::log::Level;
use super::metric::Series;
use super::observed::Cadence;
use super::operation::ConfirmLevel;
use super::platform::Settings;
use super::release::{Changes, Instance, Release};
use super::secret::SecretRef;
use super::text::Line;
use super::time::Timestamp;
use super::vendor::VendorStatus;

/// A provider as configured here: with an address, credentials and parameters.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Source {
    pub id: SourceId,
    /// The name of its definition.
    pub provider: String,
    /// Where it answers, when that is not the definition's own address.
    pub url: Option<String>,
    pub params: BTreeMap<String, Value>,
    /// Where its secrets are kept.
    pub secrets: BTreeMap<String, SecretRef>,
    /// Certificate authorities in PEM to trust beside the system's.
    pub ca: Option<PathBuf>,
    /// Its certificate is not verified. Said on the screen.
    #[serde(default)]
    pub insecure: bool,
    /// The time between two polls, when it is not the definition's own.
    pub every: Option<Duration>,
    /// It is one action of the user's own, with its definition.
    #[serde(default)]
    pub own: Option<Box<OwnAction>>,
}

/// An action that the user wrote into the configuration. Its definition goes along with it: who carries it out later reads
/// neither the configuration nor the list of definitions for it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OwnAction {
    pub service: ServiceId,
    /// The folder of the configuration that has it: services of the same name elsewhere are others.
    pub folder: PathBuf,
    /// The text of a definition.
    pub definition: String,
    pub confirm: Option<ConfirmLevel>,
    /// What it would do to the world, doing and undoing, for those who judge whether it is to be trusted.
    pub does: Vec<(EffectKind, String)>,
}

/// What kind of thing would be done, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    /// A command on this machine.
    Run,
    /// A command on another one.
    Ssh,
    /// A packet to somebody.
    Contact,
    /// A file that is read.
    Read,
}

/// What one service takes from a source, as configured.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SourceUse {
    pub service: ServiceId,
    pub source: SourceId,
    pub purpose: Purpose,
    pub params: BTreeMap<String, Value>,
}

/// What a service takes from a source for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Releases and instances.
    Release,
    Errors,
    Alerts,
    Checks,
    Logs,
    Metric {
        title: Option<Line>,
        query: String,
        warn: Option<f64>,
        critical: Option<f64>,
        unit: Option<Line>,
    },
}

/// Something that is read again and again: a capability of a source, for a service, a vendor or everybody.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Feed {
    pub id: FeedId,
    pub source: SourceId,
    pub capability: Capability,
    pub service: Option<ServiceId>,
    pub vendor: Option<VendorId>,
    pub params: BTreeMap<String, Value>,
    /// What it is given beside parameters: a metric's query.
    pub input: BTreeMap<String, Value>,
    pub title: Line,
    pub cadence: Cadence,
    /// Where a metric becomes a warning, and where it is critical.
    pub warn: Option<f64>,
    pub critical: Option<f64>,
    pub unit: Option<Line>,
}

/// Something that can be read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    Releases,
    Instances,
    Changes,
    Logs,
    Checks,
    Metrics,
    Alerts,
    Issues,
    /// One issue's latest occurrence.
    Issue,
    OnCall,
    VendorStatus,
    Identity,
    /// What it is configured with: names of variables, never values.
    Settings,
    /// What a credential sees there that could be watched.
    Apps,
}

impl Capability {
    /// Every capability, in the order in which they are listed.
    pub const ALL: &[Self] = &[
        Self::Releases,
        Self::Instances,
        Self::Changes,
        Self::Logs,
        Self::Checks,
        Self::Metrics,
        Self::Alerts,
        Self::Issues,
        Self::Issue,
        Self::OnCall,
        Self::VendorStatus,
        Self::Identity,
        Self::Settings,
        Self::Apps,
    ];

    /// Returns the word in definitions and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Releases => "releases",
            Self::Instances => "instances",
            Self::Changes => "changes",
            Self::Logs => "logs",
            Self::Checks => "checks",
            Self::Metrics => "metrics",
            Self::Alerts => "alerts",
            Self::Issues => "issues",
            Self::Issue => "issue",
            Self::OnCall => "on_call",
            Self::VendorStatus => "vendor_status",
            Self::Identity => "identity",
            Self::Settings => "settings",
            Self::Apps => "apps",
        }
    }

    /// Returns the capability of that word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|capability| capability.word() == word)
    }

    /// Returns what its requests and programs are given beside parameters and secrets.
    ///
    /// Times are epoch seconds, with a fraction.
    pub fn inputs(self) -> &'static [&'static str] {
        match self {
            Self::Releases | Self::Alerts => &["limit"],
            Self::Instances
            | Self::Checks
            | Self::OnCall
            | Self::VendorStatus
            | Self::Identity
            | Self::Settings
            | Self::Apps => &[],
            Self::Changes => &["from", "to"],
            Self::Logs => &["since", "until", "limit", "query"],
            Self::Metrics => &["query", "start", "end", "step"],
            Self::Issues => &["limit", "query"],
            Self::Issue => &["issue"],
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.word())
    }
}

/// One line as a platform gives it. Level and time may be absent; the text may say them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogEntry {
    /// The platform's identity of the line, where it has one: the same line is not shown twice.
    pub id: Option<Line>,
    pub at: Option<Timestamp>,
    pub level: Option<Level>,
    /// The instance, container or process that wrote it.
    pub instance: Option<Line>,
    pub text: Line,
}

/// What was read, in the model's words.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    Releases(Vec<Release>),
    Instances(Vec<Instance>),
    Changes(Changes),
    Logs(Vec<LogEntry>),
    Checks(Vec<Monitor>),
    Metrics(Vec<Series>),
    Alerts(Vec<Alert>),
    Issues(Vec<ErrorIssue>),
    Issue(IssueDetail),
    OnCall(Vec<OnCall>),
    VendorStatus(VendorStatus),
    Identity(Identity),
    Settings(Vec<Settings>),
    Apps(Vec<App>),
}

impl Found {
    /// Returns how many things there are.
    pub fn count(&self) -> usize {
        match self {
            Self::Releases(items) => items.len(),
            Self::Instances(items) => items.len(),
            Self::Changes(changes) => changes.commits.len() + changes.files.len(),
            Self::Logs(items) => items.len(),
            Self::Checks(items) => items.len(),
            Self::Metrics(items) => items.len(),
            Self::Alerts(items) => items.len(),
            Self::Issues(items) => items.len(),
            Self::Issue(issue) => issue.exceptions.len(),
            Self::OnCall(items) => items.len(),
            Self::Apps(items) => items.len(),
            Self::VendorStatus(_) | Self::Identity(_) => 1,
            Self::Settings(items) => items.len(),
        }
    }
}

/// Why a source could not be read: what happened, and what to try next.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Trouble {
    pub kind: FailureKind,
    pub message: Line,
    pub hint: Line,
}

/// The kinds of failure, sorted by what to do about them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// No credential, a wrong one, or one that has expired.
    Unauthorised,
    /// The credential is right and may not do this.
    Forbidden,
    NotFound,
    /// Asked too often; how long to wait, where it says so.
    RateLimited {
        wait_ms: Option<u64>,
    },
    /// The request is wrong, or the system's state does not allow it.
    Refused,
    /// The system itself is in trouble (5xx).
    Unavailable,
    /// No connection, no name, no route: nothing went out.
    Unreachable,
    /// A connection that ended before the answer was whole: nobody knows whether the request was heeded.
    CutOff,
    TimedOut,
    /// An answer that cannot be read.
    Malformed,
    /// No credential could be got.
    NoCredential,
    /// Too many failures lately: not asked.
    Resting,
    /// The configuration does not say enough, or the definition is wrong.
    Misconfigured,
}

impl FailureKind {
    /// Returns whether the same request may work a moment later.
    pub fn may_pass(self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Unavailable | Self::Unreachable | Self::CutOff | Self::TimedOut)
    }

    /// Returns the words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Unauthorised => "the credential is not accepted",
            Self::Forbidden => "the credential may not do this",
            Self::NotFound => "not found",
            Self::RateLimited { .. } => "asked too often",
            Self::Refused => "refused",
            Self::Unavailable => "the system is in trouble itself",
            Self::Unreachable | Self::CutOff => "unreachable",
            Self::TimedOut => "no answer in time",
            Self::Malformed => "the answer cannot be read",
            Self::NoCredential => "no credential",
            Self::Resting => "not asked for a while",
            Self::Misconfigured => "not configured right",
        }
    }

    /// Returns what to try next.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Unauthorised => {
                "check the token: it may have expired or belong to another account; `crashcart secret set` stores a new one"
            }
            Self::Forbidden => "give the token the permission that is named, or take one of somebody who has it",
            Self::NotFound => {
                "check the names and ids of this source and its services; some systems hide what a token may not see"
            }
            Self::RateLimited { .. } => {
                "polling slows down by itself; raise `every`, or stop other tools that use the same token"
            }
            Self::Refused => "read what the system says; `crashcart providers try` shows the exact request",
            Self::Unavailable => "see its status page; it is asked again by itself",
            Self::Unreachable | Self::CutOff => "check url, DNS, proxy and firewall; it is asked again by itself",
            Self::TimedOut => "it is asked again by itself; raise the timeout if it is always this slow",
            Self::Malformed => {
                "check that `url` points to the API and not to a login page or a proxy; `crashcart providers try` shows the answer"
            }
            Self::NoCredential => "store one with `crashcart secret set`, or log in with the vendor's own tool",
            Self::Resting => "it failed several times in a row; it is tried again shortly, and at once with `r`",
            Self::Misconfigured => "`crashcart providers show NAME` says what a source needs",
        }
    }
}
