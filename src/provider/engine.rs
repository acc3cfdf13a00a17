//! Asking systems: credentials, limits, retries, rest after failures, and everything in between that no definition has to say.
//!
//! ```text
//!   read(source, capability) --> may it be asked? --> credentials --> Run: plan --> transport --> answer --> ... --> Mapped
//!                                 rest, rate,          secret, login,          signature,  cache
//!                                 one host's turn      token exchange          redirects
//! ```
//!
//! An engine is given sources and secrets; it knows nothing of panes, of the journal or of the configuration file. Reading is
//! retried once where that is harmless; what acts is never retried here.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use serde_json::Value;
use tokio::sync::Semaphore;
use url::Url;

mod breaker;
mod credentials;
mod link;

use super::definition::template::Encoding;
use super::definition::{Action, Definition, Permission, Request, Target};
use super::map::{Mapped, Problems, log_entries};
use super::registry::Registry;
use super::run::{
    Answer, Call, Failure, FailureKind, Permitted, Plan, Run, RunError, Sequence, Values, judge, permitted, prepare,
    seconds,
};
use super::transport::command::{RunRequest, run};
use super::transport::http::HttpRequest;
use super::transport::mail;
use super::transport::stream;
use crate::clock::Clock;
use crate::model::secret::{Secret, SecretRef};
use crate::model::source::{Capability, LogEntry, Source};
use crate::model::surroundings::Surroundings;
use crate::model::text::Line;
use crate::model::time::Timestamp;
pub use credentials::service_of;
use credentials::{Caches, Used, misconfigured};
use link::{Clients, Link};

/// How long a request may take when its definition does not say.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The pause before the one retry of a read.
const RETRY_AFTER: Duration = Duration::from_millis(700);
/// More than this at one host at once is a load on it.
const AT_ONCE_PER_HOST: usize = 4;
/// As many as a screen can show; each holds a connection.
const MOST_STREAMS: usize = 50;
/// How long a read may wait for its turn.
const TURN: Duration = Duration::from_secs(30);

/// Where secrets come from.
pub trait Secrets: Send + Sync {
    /// Returns a secret, or why there is none and what to try.
    fn get<'a>(&'a self, place: &'a SecretRef) -> BoxFuture<'a, Result<Secret, NoSecret>>;
    /// A system did not accept it: ask again the next time.
    fn forget(&self, place: &SecretRef);
    /// A secret came from elsewhere (a vendor's login, an exchange): it must not be shown either.
    fn learn(&self, secret: &Secret);
}

/// Why there is no secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NoSecret {
    pub why: String,
    pub hint: String,
}

/// Asks systems. Cheap to share.
pub struct Engine {
    registry: Arc<Registry>,
    secrets: Arc<dyn Secrets>,
    surroundings: Surroundings,
    clock: Clock,
    links: Mutex<HashMap<Configured, Arc<Link>>>,
    caches: Caches,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
    clients: Arc<Clients>,
}

/// Everything that is configured of a source: a link is for that, and not for its name.
type Configured = String;

impl fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Engine").field("registry", &self.registry).finish_non_exhaustive()
    }
}

/// What is asked of a source.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    pub source: &'a Source,
    pub capability: Capability,
    pub params: &'a BTreeMap<String, Value>,
    pub input: &'a BTreeMap<String, Value>,
    /// Ask also while the source rests after failures: the user wants to know now.
    pub now: bool,
}

/// Sees every request and its answer.
pub type Witness<'w> = &'w mut (dyn FnMut(&Plan, Result<&Answer, &Failure>) + Send);

/// Log lines as they come.
pub type LogStream = BoxStream<'static, Result<Vec<LogEntry>, Failure>>;

impl Engine {
    /// Makes an engine. Nothing is asked yet.
    pub fn new(registry: Arc<Registry>, secrets: Arc<dyn Secrets>, surroundings: Surroundings, clock: Clock) -> Self {
        let caches = Caches::new(&clock);
        let (links, hosts, clients) = Default::default();
        Self { registry, secrets, surroundings, clock, links, caches, hosts, clients }
    }

    /// Returns a source's definition.
    ///
    /// # Errors
    /// When there is none, or it has mistakes.
    pub fn definition(&self, source: &Source) -> Result<Arc<Definition>, Failure> {
        self.registry.of(source).map_err(|error| Failure {
            kind: FailureKind::Misconfigured,
            request: String::new(),
            message: Line::from_text(&error.to_string()),
        })
    }

    /// Reads a capability.
    ///
    /// # Errors
    /// The failure, sorted by what to do about it.
    pub async fn read(&self, ask: &Ask<'_>) -> Result<Mapped, Failure> {
        self.read_seen(ask, &mut |_, _| {}).await
    }

    /// Reads a capability, with somebody who sees every request and answer.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn read_seen(&self, ask: &Ask<'_>, witness: Witness<'_>) -> Result<Mapped, Failure> {
        let definition = self.definition(ask.source)?;
        let link = self.link(ask.source, &definition)?;
        let begun = self.clock.now();
        if !ask.now
            && let Some(until) = link.rests_until(begun)
        {
            let message = format!("tried again in {} s", until.since(begun).as_secs());
            return Err(Failure {
                kind: FailureKind::Resting,
                request: String::new(),
                message: Line::from_text(&message),
            });
        }
        let mut used = Used::default();
        let mut read = self.read_once(&definition, &link, ask, witness, &mut used).await;
        if is_unauthorised(&read) {
            self.refused(ask.source, &link, &used).await;
            // What was accepted until now has expired: a fresh one is as good. Once, or an account may be locked.
            if used.may_be_renewed() && link.is_untroubled() {
                used = Used::default();
                read = self.read_once(&definition, &link, ask, witness, &mut used).await;
                if is_unauthorised(&read) {
                    self.refused(ask.source, &link, &used).await;
                }
            }
        }
        link.learned(read.as_ref().err().map(|failure| failure.kind), self.clock.now());
        read
    }

    /// Forgets everything that a system has refused.
    async fn refused(&self, source: &Source, link: &Link, used: &Used) {
        self.forget(used).await;
        link.forget_answers();
        source.secrets.values().for_each(|place| self.secrets.forget(place));
    }

    async fn read_once(
        &self,
        definition: &Definition,
        link: &Link,
        ask: &Ask<'_>,
        witness: Witness<'_>,
        used: &mut Used,
    ) -> Result<Mapped, Failure> {
        let mut values = self.values(definition, link, ask.source, ask.params, used).await?;
        for (name, value) in ask.input {
            values.set(name.clone(), value.clone());
        }
        let mut run = Run::read(definition, ask.capability, values, self.clock.now()).map_err(failure_of)?;
        let read = self.exchange(definition, link, &mut run, witness).await;
        read.map_err(|failure| run.values().without_secrets(failure))?;
        Ok(run.finish())
    }

    /// Returns whether a source's credential may do an action, as the system says; nothing when the definition has no way to
    /// ask. Nothing is done.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn permitted(
        &self,
        source: &Source,
        params: &BTreeMap<String, Value>,
        action: &str,
    ) -> Result<Option<Permitted>, Failure> {
        let definition = self.definition(source)?;
        let Some(action) = definition.actions.get(action) else { return Ok(None) };
        let Some(permission) = &action.permission else { return Ok(None) };
        let link = self.link(source, &definition)?;
        let mut used = Used::default();
        let mut values = self.values(&definition, &link, source, params, &mut used).await?;
        let asked = self.ask_permission(&definition, &link, action, permission, &mut values, source).await;
        asked.map(Some).map_err(|failure| values.without_secrets(failure))
    }

    async fn ask_permission(
        &self,
        definition: &Definition,
        link: &Link,
        action: &Action,
        permission: &Permission,
        values: &mut Values,
        source: &Source,
    ) -> Result<Permitted, Failure> {
        values
            .complete(definition, |name| {
                definition.auth_uses(name) || permission.requests.iter().any(|request| request.uses(name))
            })
            .map_err(failure_of)?;
        for input in action.inputs.iter().filter(|input| !input.default.is_null()) {
            values.set(input.name.clone(), input.default.clone());
        }
        values.set("now", seconds(self.clock.now()));
        values.set("url", source.url.clone().map_or(Value::Null, Value::from));
        let mut sequence = Sequence::new(definition, &permission.requests);
        let mut last = Answer::default();
        while let Some(plan) = sequence.next_plan(values).map_err(failure_of)? {
            last = self.asked(definition, link, &plan, values, true).await?;
            sequence.answer(&last, values).map_err(failure_of)?;
        }
        permitted(permission, &sequence.last_body(), values, &last).map_err(failure_of)
    }

    async fn exchange(
        &self,
        definition: &Definition,
        link: &Link,
        run: &mut Run<'_>,
        witness: Witness<'_>,
    ) -> Result<(), Failure> {
        while let Some(plan) = run.next_plan().map_err(failure_of)? {
            let answer = self.asked(definition, link, &plan, run.values(), true).await;
            let answer = answer.map_err(|failure| run.values().without_secrets(failure));
            witness(&plan, answer.as_ref());
            run.answer(&answer?).map_err(failure_of)?;
        }
        Ok(())
    }

    /// Returns everything that requests to a source may need: parameters, address, secrets, tokens.
    ///
    /// # Errors
    /// When a credential cannot be got.
    pub async fn source_values(&self, source: &Source, params: &BTreeMap<String, Value>) -> Result<Values, Failure> {
        let definition = self.definition(source)?;
        let link = self.link(source, &definition)?;
        self.values(&definition, &link, source, params, &mut Used::default()).await
    }

    /// Sends one request that acts. It is never sent twice.
    ///
    /// # Errors
    /// When no answer came: then nobody knows what has happened.
    pub async fn act(&self, source: &Source, plan: &Plan, values: &Values) -> Result<Answer, Failure> {
        let definition = self.definition(source)?;
        let link = self.link(source, &definition)?;
        self.asked(&definition, &link, plan, values, false).await.map_err(|failure| values.without_secrets(failure))
    }

    /// Follows a source's log.
    ///
    /// # Errors
    /// When the stream cannot be opened. Later failures come as its last item.
    pub async fn follow(&self, source: &Source, params: &BTreeMap<String, Value>) -> Result<LogStream, Failure> {
        let definition = self.definition(source)?;
        let link = self.link(source, &definition)?;
        let mut used = Used::default();
        let mut values = self.values(&definition, &link, source, params, &mut used).await?;
        let followed = self.follow_with(&definition, &link, &mut values).await;
        if is_unauthorised(&followed) {
            self.refused(source, &link, &used).await;
        }
        let streams = followed.map_err(|failure| values.without_secrets(failure))?;
        let shown = streams.map(move |entries| entries.map_err(|failure| values.without_secrets(failure)));
        Ok(shown.boxed())
    }

    async fn follow_with(
        &self,
        definition: &Arc<Definition>,
        link: &Link,
        values: &mut Values,
    ) -> Result<LogStream, Failure> {
        let Some(stream) = &definition.stream else {
            let capability = format!("{} that can be followed", Capability::Logs);
            return Err(failure_of(RunError::NoCapability { definition: definition.title.clone(), capability }));
        };
        values
            .complete(definition, |name| {
                stream.before.iter().chain([&stream.request]).any(|request| request.uses(name))
                    || definition.auth_uses(name)
            })
            .map_err(failure_of)?;
        let now = self.clock.now();
        values.set("now", seconds(now));
        values.set("until", Value::Null);
        for (name, value) in [("since", Value::from(seconds(now - Duration::from_secs(300)))), ("limit", 100.into())] {
            if !values.has(name) {
                values.set(name, value);
            }
        }
        let mut before = Sequence::new(definition, &stream.before);
        while let Some(plan) = before.next_plan(values).map_err(failure_of)? {
            let answer = self.asked(definition, link, &plan, values, true).await?;
            before.answer(&answer, values).map_err(failure_of)?;
        }
        let mut streams = Vec::new();
        for item in items(&stream.request, values)? {
            let mut values = values.clone();
            values.set("item", item);
            let plan = prepare(definition, &stream.request, &values).map_err(failure_of)?;
            let messages = match self.open(definition, link, stream, &plan, &values).await {
                // It has gone since the list was made.
                Err(failure) if plan.optional && failure.kind == FailureKind::NotFound => continue,
                messages => messages?,
            };
            let map = stream.map.clone();
            let summary = plan.summary();
            let entries = messages.map(move |message| {
                let message = message?;
                let outputs = map.run(&message, |name| values.get(name)).map_err(|error| Failure {
                    kind: FailureKind::Malformed,
                    request: summary.clone(),
                    message: Line::from_text(&format!("a message of the stream: {error}")),
                })?;
                Ok(log_entries(&outputs, &mut Problems::default()))
            });
            streams.push(entries.boxed());
        }
        Ok(futures_util::stream::select_all(streams).boxed())
    }

    async fn open(
        &self,
        definition: &Definition,
        link: &Link,
        stream: &super::definition::Stream,
        plan: &Plan,
        values: &Values,
    ) -> Result<stream::Messages, Failure> {
        let summary = plan.summary();
        match &plan.call {
            Call::Mail { .. } => Err(misconfigured("a mail cannot be followed".to_owned())),
            Call::Run { argv, .. } => follow_program(argv, link.ssh_host(), &self.surroundings, &summary),
            Call::Http { method, url, headers, body } => {
                let headers = self.signed(definition, link, method, url, headers, body.as_deref(), values).await?;
                if stream.frames == super::definition::Frames::WebSocket {
                    let first = match &stream.subscribe {
                        None => Vec::new(),
                        Some(program) => {
                            let told = program.first(&Value::Null, |name| values.get(name)).map_err(|source| {
                                failure_of(RunError::Program { request: summary.clone(), what: "subscribe", source })
                            })?;
                            texts(&told)
                        }
                    };
                    let reply = stream.reply.clone().map(|program| {
                        let values = values.clone();
                        let reply = move |message: &Value| {
                            program.first(message, |name| values.get(name)).map(|told| texts(&told)).unwrap_or_default()
                        };
                        Arc::new(reply) as stream::Reply
                    });
                    let talk = stream::Talk { first, reply };
                    return stream::websocket(&link.trust(), url, &headers, stream.protocol.as_deref(), talk, &summary)
                        .await;
                }
                let request = HttpRequest {
                    method,
                    url,
                    headers: &headers,
                    body: body.as_deref(),
                    timeout: plan.timeout.unwrap_or(TIMEOUT),
                    summary: &summary,
                };
                match stream::http(&link.http().map_err(misconfigured)?, &request, stream.frames).await? {
                    Ok(messages) => Ok(messages),
                    Err(answer) => {
                        judge(&definition.errors, &plan.accept, &summary, &answer, values)?;
                        let message = Line::from_text("the stream did not begin");
                        Err(Failure { kind: FailureKind::Malformed, request: summary, message })
                    }
                }
            }
        }
    }

    /// Sends a request when it is its turn, and returns the answer, whatever it says.
    async fn asked(
        &self,
        definition: &Definition,
        link: &Link,
        plan: &Plan,
        values: &Values,
        may_retry: bool,
    ) -> Result<Answer, Failure> {
        let summary = plan.summary();
        let waited = |message: &str| Failure {
            // What acts must know that nothing went out.
            kind: if may_retry { FailureKind::TimedOut } else { FailureKind::Resting },
            request: summary.clone(),
            message: Line::from_text(message),
        };
        let host = self.place(link, plan);
        let permit = tokio::time::timeout(TURN, async {
            link.turn().await;
            host.acquire_owned().await.ok()
        });
        let _permit = permit
            .await
            .map_err(|_| waited("it was not its turn in time: the system's rate limit, or slow answers before"))?;
        let first = self.send(definition, link, plan, values, &summary, may_retry).await;
        let again = match &first {
            Err(failure) => matches!(failure.kind, FailureKind::Unreachable | FailureKind::CutOff),
            Ok(answer) => {
                !answer.printed && matches!(answer.status, 502..=504) && answer.header("retry-after").is_none()
            }
        };
        if !may_retry || !again {
            return first;
        }
        tokio::time::sleep(RETRY_AFTER).await;
        self.send(definition, link, plan, values, &summary, may_retry).await
    }

    async fn send(
        &self,
        definition: &Definition,
        link: &Link,
        plan: &Plan,
        values: &Values,
        summary: &str,
        reads: bool,
    ) -> Result<Answer, Failure> {
        let timeout = plan.timeout.unwrap_or(TIMEOUT);
        match &plan.call {
            Call::Mail { server, mail } => mail::send(server, mail, &link.trust(), timeout, summary).await,
            Call::Run { argv, input } => {
                let request = RunRequest { argv, input: input.as_deref(), host: link.ssh_host(), timeout, summary };
                run(&request, &self.surroundings).await
            }
            Call::Http { method, url, headers, body } => {
                let mut headers = if plan.anonymous {
                    headers.clone()
                } else {
                    self.signed(definition, link, method, url, headers, body.as_deref(), values).await?
                };
                if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("accept")) {
                    headers.push(("accept".to_owned(), "application/json, text/plain;q=0.8, */*;q=0.5".to_owned()));
                }
                let url: &str = &self.endpoint(definition, url);
                // Other headers may mean another answer at the same address.
                let asked = kept_as(url, &headers);
                let kept = (reads && *method == "GET").then(|| link.kept(asked)).flatten();
                if let Some(kept) = &kept {
                    headers.extend(kept.conditions());
                }
                let request = HttpRequest { method, url, headers: &headers, body: body.as_deref(), timeout, summary };
                let answer = link.http().map_err(misconfigured)?.ask(&request).await?;
                match kept {
                    Some(kept) if answer.status == 304 => Ok(kept.answer),
                    _ => {
                        if reads && *method == "GET" {
                            link.keep(asked, &answer);
                        }
                        Ok(answer)
                    }
                }
            }
        }
    }

    /// Returns the turns at the place that a request goes to. Two servers of one host, and two programs here, are two
    /// places: one that hangs must not keep the other's turns.
    fn place(&self, link: &Link, plan: &Plan) -> Arc<Semaphore> {
        let name = match (&plan.call, link.socket()) {
            (Call::Http { .. }, Some(socket)) => format!("unix:{socket}"),
            (Call::Http { url, .. }, None) => {
                Url::parse(url).map(|url| url.origin().ascii_serialization()).unwrap_or_default()
            }
            (Call::Run { argv, .. }, _) => {
                let program = argv.first().map(String::as_str).unwrap_or_default();
                link.ssh_host().map_or_else(|| format!("program:{program}"), str::to_owned)
            }
            (Call::Mail { server, .. }, _) => server.clone(),
        };
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(hosts.entry(name).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE_PER_HOST))))
    }

    fn link(&self, source: &Source, definition: &Arc<Definition>) -> Result<Arc<Link>, Failure> {
        let key = serde_json::to_string(source).unwrap_or_else(|_| source.id.to_string());
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(link) = links.get(&key) {
            return Ok(Arc::clone(link));
        }
        // Only a plain address of the definition's own can name a socket.
        let own_base = definition.base_url.as_ref().and_then(|base| base.render(Encoding::Plain, |_| Value::Null).ok());
        let link = Link::new(source, definition, own_base.as_deref(), Arc::clone(&self.clients));
        let link = Arc::new(link.map_err(misconfigured)?);
        links.insert(key, Arc::clone(&link));
        Ok(link)
    }

    /// Returns when a source that rests is asked again.
    pub fn rests_until(&self, source: &Source) -> Option<Timestamp> {
        let definition = self.definition(source).ok()?;
        self.link(source, &definition).ok()?.rests_until(self.clock.now())
    }
}

fn is_unauthorised<T>(read: &Result<T, Failure>) -> bool {
    matches!(read, Err(failure) if failure.kind == FailureKind::Unauthorised)
}

fn kept_as(url: &str, headers: &[(String, String)]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (url, headers).hash(&mut hasher);
    hasher.finish()
}

/// Returns a list's texts; what is no text is written as JSON.
fn texts(list: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    list.as_array().map(|list| list.iter().map(text).collect()).unwrap_or_default()
}

/// Returns what a stream is opened for: each item of a list, or once for nothing.
fn items(request: &Request, values: &Values) -> Result<Vec<Value>, Failure> {
    let Some(each) = &request.each else { return Ok(vec![Value::Null]) };
    let items = each
        .first(&Value::Null, |name| values.get(name))
        .map_err(|source| failure_of(RunError::Program { request: "following".to_owned(), what: "each", source }))?;
    Ok(items.as_array().map(|items| items.iter().take(MOST_STREAMS).cloned().collect()).unwrap_or_default())
}

/// Turns what stops a run into a failure.
pub fn failure_of(error: RunError) -> Failure {
    match error {
        RunError::Failed(failure) => failure,
        RunError::Program { .. } => Failure {
            kind: FailureKind::Malformed,
            request: String::new(),
            message: Line::from_text(&error.to_string()),
        },
        other => Failure {
            kind: FailureKind::Misconfigured,
            request: String::new(),
            message: Line::from_text(&other.to_string()),
        },
    }
}

/// Follows what a program prints.
fn follow_program(
    argv: &[String],
    host: Option<&str>,
    surroundings: &Surroundings,
    summary: &str,
) -> Result<stream::Messages, Failure> {
    use std::process::Stdio;

    use crate::process::Group;
    use tokio::io::AsyncReadExt as _;

    use super::transport::command::{not_started, words};

    let failed =
        |kind, message: String| Failure { kind, request: summary.to_owned(), message: Line::from_text(&message) };
    let argv = words(argv, host);
    let Some((program, arguments)) = argv.split_first() else {
        return Err(failed(FailureKind::Misconfigured, "there is nothing to run".to_owned()));
    };
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(&surroundings.variables)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(FailureKind::Unreachable, not_started(program, &error)))?;
    let group = Group::of(&child);
    let Some(stdout) = child.stdout.take() else {
        return Err(failed(FailureKind::Unreachable, format!("{program} has no output")));
    };
    let chunks = futures_util::stream::unfold((stdout, child, group), |(mut stdout, child, group)| async move {
        let mut chunk = vec![0; 16 * 1_024];
        match stdout.read(&mut chunk).await {
            Ok(0) | Err(_) => None,
            Ok(read) => {
                chunk.truncate(read);
                Some((Ok(bytes::Bytes::from(chunk)), (stdout, child, group)))
            }
        }
    });
    Ok(stream::lines(chunks, true))
}

/// Returns whether anything of a definition is run as a program.
pub fn runs_programs(definition: &Definition) -> bool {
    let readings = definition.readings.values().flat_map(|reading| &reading.requests);
    let streams = definition.stream.iter().flat_map(|stream| stream.before.iter().chain([&stream.request]));
    let actions =
        definition.actions.values().chain(&definition.send).flat_map(|action| &action.steps).map(|step| &step.request);
    readings.chain(streams).chain(actions).any(|request| matches!(request.target, Target::Run(_)))
}
