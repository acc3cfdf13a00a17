//! What a provider definition says, checked and compiled: what can be asked, how, and what the answer means.
//!
//! ```text
//!   TOML --shape--> tables --build--> Definition { readings, actions }   each problem with its line and column
//! ```
//!
//! It knows nothing of transports, of the configuration's sources or of the screen. `docs/providers.md` teaches the format.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

mod build;
pub mod login;
mod plain;
pub mod program;
pub mod schema;
pub mod shape;
pub mod template;
pub mod words;

pub use crate::model::source::Capability;
pub use build::read;
use login::LoginPlace;
use program::Program;
use template::Template;

/// One hosting or monitoring system.
#[derive(Clone, Debug)]
pub struct Definition {
    pub name: String,
    pub title: String,
    pub kind: Kind,
    /// The page that the facts come from.
    pub docs: Option<String>,
    pub base_url: Option<Template>,
    pub auth: Auth,
    pub headers: Fields,
    pub rate_limit: Option<RateLimit>,
    pub status_page: Option<String>,
    pub caveats: Vec<String>,
    pub params: Vec<Param>,
    pub secrets: Vec<SecretSlot>,
    pub errors: ErrorRules,
    pub readings: BTreeMap<Capability, Reading>,
    pub stream: Option<Stream>,
    pub send: Option<Action>,
    pub actions: BTreeMap<String, Action>,
}

/// What a system is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Hosting,
    Monitoring,
    Errors,
    Logs,
    OnCall,
    Messages,
    Status,
}

impl Kind {
    /// Every kind, in the order in which they are listed.
    pub const ALL: &[Self] =
        &[Self::Hosting, Self::Monitoring, Self::Errors, Self::Logs, Self::OnCall, Self::Messages, Self::Status];

    /// Returns the word in definitions.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hosting => "hosting",
            Self::Monitoring => "monitoring",
            Self::Errors => "errors",
            Self::Logs => "logs",
            Self::OnCall => "on_call",
            Self::Messages => "messages",
            Self::Status => "status",
        }
    }
}

/// Something that a source, or a service within it, says.
#[derive(Clone, PartialEq, Debug)]
pub struct Param {
    pub name: String,
    pub help: String,
    pub example: Value,
    pub default: Value,
    pub optional: bool,
    pub one_of: Vec<String>,
}

/// A secret that the system needs.
#[derive(Clone, PartialEq, Debug)]
pub struct SecretSlot {
    pub name: String,
    pub help: String,
    pub optional: bool,
    pub login: Vec<LoginPlace>,
    /// It is the base URL.
    pub is_url: bool,
}

/// How requests show who asks.
#[derive(Clone, Debug, Default)]
pub struct Auth {
    pub bearer: Option<String>,
    pub basic: Option<(Template, Template)>,
    pub headers: Fields,
    pub query: Fields,
    pub scheme: Option<Scheme>,
    /// Requests go out without it while none of its secrets is set.
    pub optional: bool,
}

/// Credentials that want more than a header.
#[derive(Clone, Debug)]
pub enum Scheme {
    SigV4 { service: String, region: Template },
    Kubeconfig,
    Google { scopes: Vec<String> },
    Azure { scope: String },
    Exchange(Box<Exchange>),
}

/// A request that trades a secret for a token.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub request: Request,
    pub token: Program,
    pub expires_in: Option<Program>,
}

/// The variable that a token from a scheme is in.
pub const ACCESS_TOKEN: &str = "access_token";

/// How many requests in how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RateLimit {
    pub requests: u32,
    pub per: Duration,
}

/// How errors look.
#[derive(Clone, Debug, Default)]
pub struct ErrorRules {
    pub message: Option<Program>,
    pub failed: Option<Program>,
    pub rate_limited: Vec<(u16, u16)>,
    pub unauthorised: Vec<(u16, u16)>,
    pub retry_after: Option<Program>,
}

/// How one capability is read.
#[derive(Clone, Debug)]
pub struct Reading {
    pub requests: Vec<Request>,
    pub map: Program,
    pub states: Vocabulary,
    pub severities: Vocabulary,
    pub paging: Option<Paging>,
    pub every: Option<Duration>,
    pub caveats: Vec<String>,
}

/// The system's words, in lower case, and ours.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Vocabulary(pub BTreeMap<String, String>);

impl Vocabulary {
    /// Returns our word for one of theirs; words that are ours already stay.
    pub fn translate<'a>(&'a self, word: &'a str) -> std::borrow::Cow<'a, str> {
        match self.0.get(word) {
            Some(ours) => ours.into(),
            None => match self.0.get(&word.to_lowercase()) {
                Some(ours) => ours.into(),
                None => word.to_lowercase().into(),
            },
        }
    }
}

/// How one gets to the next page.
#[derive(Clone, Debug)]
pub struct Paging {
    pub way: PagingWay,
    pub pages: u32,
}

/// Where the next page is named.
#[derive(Clone, Debug)]
pub enum PagingWay {
    Link,
    Url(Program),
    Cursor(Program),
}

/// How logs are followed.
#[derive(Clone, Debug)]
pub struct Stream {
    /// What is asked before the stream.
    pub before: Vec<Request>,
    pub request: Request,
    pub frames: Frames,
    pub map: Program,
    pub subscribe: Option<Program>,
    pub reply: Option<Program>,
    pub protocol: Option<String>,
}

/// How messages of a stream are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Frames {
    Lines,
    /// A JSON document a line.
    Json,
    ServerSentEvents,
    WebSocket,
    /// Docker's eight-byte headers, or plain lines when there is a terminal.
    Docker,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    pub name: Option<String>,
    pub target: Target,
    pub query: Fields,
    pub headers: Fields,
    pub body: Body,
    pub content_type: Option<String>,
    pub base: Option<Template>,
    pub bind: Vec<(String, Program)>,
    pub each: Option<Program>,
    pub when: Option<Program>,
    pub optional: bool,
    pub answer: AnswerFormat,
    pub accept: Vec<(u16, u16)>,
    pub anonymous: bool,
    pub timeout: Option<Duration>,
}

/// Whom a request goes to.
#[derive(Clone, Debug)]
pub enum Target {
    Http {
        method: &'static str,
        path: Template,
    },
    /// A program, here or through ssh.
    Run(Vec<Template>),
    /// A mail, through the SMTP server that is the base URL: a program gives its parts.
    Mail(Program),
}

/// Named values of a query, a form or headers.
#[derive(Clone, Debug, Default)]
pub enum Fields {
    #[default]
    None,
    Table(Vec<(String, Template)>),
    Program(Program),
}

/// What a request carries.
#[derive(Clone, Debug, Default)]
pub enum Body {
    #[default]
    None,
    Json(Program),
    Form(Fields),
    Text(Template),
    GraphQl {
        document: String,
        variables: Option<Program>,
    },
}

/// What an answer is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AnswerFormat {
    /// JSON when it is JSON, nothing when it is empty, text otherwise.
    #[default]
    Auto,
    Json,
    Lines,
    Text,
    Xml,
    Prometheus,
    Docker,
}

/// Something that can be done.
#[derive(Clone, Debug)]
pub struct Action {
    pub name: String,
    pub title: String,
    pub target: ActionTarget,
    pub means: Option<Means>,
    pub environment: Option<String>,
    pub automatic_deploys: Option<String>,
    pub caveats: Vec<String>,
    pub inputs: Vec<Param>,
    pub refuse: Option<Program>,
    pub steps: Vec<Step>,
    pub done: Option<Done>,
    pub permission: Option<Permission>,
    pub max_length: Option<usize>,
    pub deduplicates: bool,
}

/// What an action acts on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionTarget {
    Release,
    Instance,
    Service,
    Alert,
    Issue,
    Check,
    Message,
}

impl ActionTarget {
    /// Every target.
    pub const ALL: &[Self] =
        &[Self::Release, Self::Instance, Self::Service, Self::Alert, Self::Issue, Self::Check, Self::Message];

    /// Returns the word in definitions, which is also the variable that holds it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Instance => "instance",
            Self::Service => "service",
            Self::Alert => "alert",
            Self::Issue => "issue",
            Self::Check => "check",
            Self::Message => "message",
        }
    }

    /// Returns the variables of an action on it, beside parameters, secrets and the action's own inputs.
    pub fn inputs(self) -> &'static [&'static str] {
        match self {
            Self::Release => &["release", "current", "reason", "user"],
            Self::Instance => &["instance", "reason", "user"],
            Self::Service => &["current", "reason", "user"],
            Self::Alert => &["alert", "reason", "user"],
            Self::Issue => &["issue", "reason", "user"],
            Self::Check => &["check", "reason", "user"],
            Self::Message => &["message", "to"],
        }
    }
}

/// How an action comes about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// Traffic goes elsewhere at once; nothing restarts.
    Reroute,
    /// A kept image or build is started again.
    Restart,
    /// Everything is built anew: minutes, and it may come out differently.
    Rebuild,
    /// Only the system's own record changes.
    Record,
}

impl Means {
    /// Every means.
    pub const ALL: &[Self] = &[Self::Reroute, Self::Restart, Self::Rebuild, Self::Record];

    /// Returns the word in definitions.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reroute => "reroute",
            Self::Restart => "restart",
            Self::Rebuild => "rebuild",
            Self::Record => "record",
        }
    }
}

/// One step of an action.
#[derive(Clone, Debug)]
pub struct Step {
    pub request: Request,
    pub undo: Option<Request>,
    pub already: Vec<(u16, u16)>,
    pub already_when: Option<Program>,
    /// It only looks.
    pub reads: bool,
    /// Whether doing it twice is the same as doing it once, where the definition says so.
    pub repeatable: Option<bool>,
    /// Whether the list of releases shows that it was done, where the definition says so.
    pub releases_show: Option<bool>,
}

/// How one sees whether an action is permitted, without doing it.
#[derive(Clone, Debug)]
pub struct Permission {
    pub requests: Vec<Request>,
    pub map: Program,
}

/// How one sees that an action is done.
#[derive(Clone, Debug)]
pub struct Done {
    pub requests: Vec<Request>,
    pub map: Program,
    pub states: Vocabulary,
    pub every: Duration,
    pub within: Duration,
}

impl Definition {
    /// Returns everything that it can do: capabilities' words, `actions.NAME` and `send`.
    pub fn abilities(&self) -> Vec<String> {
        let reads = self.readings.keys().map(|capability| capability.word().to_owned());
        let actions = self.actions.keys().map(|name| format!("actions.{name}"));
        reads.chain(actions).chain(self.send.iter().map(|_| "send".to_owned())).collect()
    }

    /// Returns whether it can do anything beside reading.
    pub fn acts(&self) -> bool {
        !self.actions.is_empty() || self.send.is_some()
    }

    /// Returns every request that it may make, and what each is for.
    pub fn requests(&self) -> Vec<(String, &Request)> {
        let mut all: Vec<(String, &Request)> = Vec::new();
        if let Some(Scheme::Exchange(exchange)) = &self.auth.scheme {
            all.push(("login".to_owned(), &exchange.request));
        }
        for (capability, reading) in &self.readings {
            all.extend(reading.requests.iter().map(|request| (capability.word().to_owned(), request)));
        }
        if let Some(stream) = &self.stream {
            all.extend(stream.before.iter().chain([&stream.request]).map(|request| ("logs".to_owned(), request)));
        }
        let send = self.send.iter().map(|action| ("send".to_owned(), action));
        let actions = self.actions.values().map(|action| (format!("action {}", action.name), action));
        for (purpose, action) in send.chain(actions) {
            let steps = action.steps.iter().flat_map(|step| [Some(&step.request), step.undo.as_ref()]).flatten();
            let done = action.done.iter().flat_map(|done| &done.requests);
            let permission = action.permission.iter().flat_map(|permission| &permission.requests);
            all.extend(steps.chain(done).chain(permission).map(|request| (purpose.clone(), request)));
        }
        all
    }

    /// Returns whether a variable comes from an answer: an address that a system gave must not come from a configuration.
    pub fn is_bound(&self, name: &str) -> bool {
        name == "item"
            || name == ACCESS_TOKEN
            || self.param(name).is_none()
                && self.requests().iter().any(|(_, request)| request.bind.iter().any(|(bound, _)| bound == name))
    }

    /// Returns the parameter of that name.
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.iter().find(|param| param.name == name)
    }

    /// Returns the secret of that name.
    pub fn secret(&self, name: &str) -> Option<&SecretSlot> {
        self.secrets.iter().find(|slot| slot.name == name)
    }
}

impl Request {
    /// Returns whether it names the variable anywhere.
    pub fn uses(&self, name: &str) -> bool {
        let target = match &self.target {
            Target::Http { path, .. } => path.uses(name),
            Target::Run(argv) => argv.iter().any(|word| word.uses(name)),
            Target::Mail(program) => program.uses(name),
        };
        let body = match &self.body {
            Body::None => false,
            Body::Json(program) => program.uses(name),
            Body::Form(fields) => fields.uses(name),
            Body::Text(template) => template.uses(name),
            Body::GraphQl { variables, .. } => variables.as_ref().is_some_and(|program| program.uses(name)),
        };
        let program = |program: &Option<Program>| program.as_ref().is_some_and(|program| program.uses(name));
        target
            || body
            || self.query.uses(name)
            || self.headers.uses(name)
            || self.base.as_ref().is_some_and(|base| base.uses(name))
            || self.bind.iter().any(|(_, program)| program.uses(name))
            || program(&self.each)
            || program(&self.when)
    }
}

impl Fields {
    /// Returns whether they name the variable anywhere.
    pub fn uses(&self, name: &str) -> bool {
        match self {
            Self::None => false,
            Self::Table(table) => table.iter().any(|(_, template)| template.uses(name)),
            Self::Program(program) => program.uses(name),
        }
    }
}
