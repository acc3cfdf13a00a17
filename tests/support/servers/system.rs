//! A definition and a real server that it describes: what it says is asked, and what comes back is read.
//!
//! The requests go out with the plainest client, one connection each, and without any credentials. Limits, retries and
//! logins are not what is looked at: whether the definition fits the server is.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use crashcart::clock::Clock;
use crashcart::provider::definition::{Action, Capability, Definition, Scheme};
use crashcart::provider::registry::Registry;
use crashcart::provider::run::action::{StepOutcome, begin, step_answer, step_plan};
use crashcart::provider::run::{Answer, Call, Plan, Progress, Run, Sequence, Values, progress};
use serde_json::{Value, json};

use super::aws::moto_authorization;
use super::{DEADLINE, http, until};

/// One system, as a source in a configuration describes it.
pub struct System {
    definition: Arc<Definition>,
    values: Values,
    base: String,
}

impl System {
    /// Returns the built-in definition of that name, for a server at this address.
    #[track_caller]
    pub fn new(definition: &str, base: impl Into<String>) -> Self {
        let definition = Registry::new(Vec::new()).find(definition).unwrap_or_else(|error| panic!("{error}"));
        let base = base.into();
        let mut values = Values::default();
        values.base_url = Some(base.clone());
        Self { definition, values, base }
    }

    /// Sets a parameter.
    pub fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.values.set(name, value);
        self
    }

    /// Reads a capability, and returns its things as JSON. Everything must have been understood.
    #[track_caller]
    pub fn read(&self, capability: &str, given: &[(&str, Value)]) -> Value {
        match self.try_read(capability, given) {
            Ok(found) => found,
            Err(error) => panic!("{capability}: {error}"),
        }
    }

    /// Reads a capability. The error says what failed, or what was not understood.
    pub fn try_read(&self, capability: &str, given: &[(&str, Value)]) -> Result<Value, String> {
        let capability = Capability::of(capability).expect("a capability's word");
        let mut values = self.values.clone();
        for (name, value) in given {
            values.set(*name, value.clone());
        }
        let mut run = Run::read(&self.definition, capability, values, Clock::system().now())
            .map_err(|error| error.to_string())?;
        while let Some(plan) = run.next_plan().map_err(|error| error.to_string())? {
            run.answer(&self.ask(&plan)?).map_err(|error| error.to_string())?;
        }
        let mapped = run.finish();
        if !mapped.problems.is_empty() {
            return Err(format!("not understood: {:?}", mapped.problems));
        }
        let found = serde_json::to_value(&mapped.found).expect("the model is JSON");
        Ok(found[capability.word()].clone())
    }

    /// Does an action, and waits until the system says that it is done. Returns what each step came to.
    #[track_caller]
    pub fn act(&self, action: &str, given: &[(&str, Value)]) -> Vec<StepOutcome> {
        let found = match action {
            "send" => self.definition.send.as_ref(),
            name => self.definition.actions.get(name),
        };
        match self.perform(found.expect("the definition has the action"), given) {
            Ok(outcomes) => outcomes,
            Err(error) => panic!("{action}: {error}"),
        }
    }

    fn perform(&self, action: &Action, given: &[(&str, Value)]) -> Result<Vec<StepOutcome>, String> {
        let mut values = self.values.clone();
        for (name, value) in given {
            values.set(*name, value.clone());
        }
        begin(&self.definition, action, &mut values, Clock::system().now()).map_err(|error| error.to_string())?;
        let mut outcomes = Vec::new();
        for step in &action.steps {
            let plan = step_plan(&self.definition, step, &values).map_err(|error| error.to_string())?;
            let Some(plan) = plan else {
                outcomes.push(StepOutcome::Skipped);
                continue;
            };
            let answer = self.ask(&plan)?;
            let outcome = step_answer(&self.definition, step, &plan, &answer, &mut values);
            outcomes.push(outcome.map_err(|error| error.to_string())?);
        }
        let Some(done) = &action.done else { return Ok(outcomes) };
        let mut last = String::from("it did not answer");
        let ended = until(DEADLINE, || {
            let mut look = || {
                let mut sequence = Sequence::new(&self.definition, &done.requests);
                let mut answer = Answer::default();
                while let Some(plan) = sequence.next_plan(&mut values).map_err(|error| error.to_string())? {
                    answer = self.ask(&plan)?;
                    sequence.answer(&answer, &mut values).map_err(|error| error.to_string())?;
                }
                progress(done, &sequence.last_body(), &values, &answer).map_err(|error| error.to_string())
            };
            match look() {
                Ok(Progress::Succeeded(_)) => Some(Ok(())),
                Ok(Progress::Failed(why)) => Some(Err(format!("it failed: {why:?}"))),
                Ok(Progress::Running(why)) => {
                    last = format!("still running: {why:?}");
                    None
                }
                Err(why) => {
                    last = why;
                    None
                }
            }
        });
        ended.unwrap_or(Err(last)).map(|()| outcomes)
    }

    /// Returns the path that an address has on this server, and the service of AWS that is meant. All of AWS is one server
    /// here, so an address of another service's leads to it as well.
    fn place(&self, url: &str) -> Result<(String, Option<String>), String> {
        let service = match &self.definition.auth.scheme {
            Some(Scheme::SigV4 { service, .. }) => Some(service.clone()),
            _ => None,
        };
        if let Some(path) = url.strip_prefix(self.base.as_str()) {
            return Ok((path.to_owned(), service));
        }
        let host = url.strip_prefix("https://").filter(|_| service.is_some()).ok_or(format!("{url} is elsewhere"))?;
        let (host, path) = host.split_once('/').unwrap_or((host, ""));
        Ok((format!("/{path}"), host.split('.').next().map(str::to_owned)))
    }

    fn ask(&self, plan: &Plan) -> Result<Answer, String> {
        match &plan.call {
            Call::Http { method, url, headers, body } => {
                let (path, service) = self.place(url)?;
                let headers = headers.iter().map(|(name, value)| format!("{name}: {value}"));
                let headers: Vec<String> = headers.chain(service.map(|service| moto_authorization(&service))).collect();
                let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
                let body = body.as_deref().unwrap_or_default();
                let answer = match self.base.strip_prefix("unix://") {
                    Some(socket) => http::connect_unix(Path::new(socket))
                        .and_then(|stream| http::request(stream, method, &path, &headers, body)),
                    None => {
                        let address = self.base.trim_start_matches("http://");
                        http::connect(address.parse().map_err(|_| format!("{} is no address", self.base))?)
                            .and_then(|stream| http::request(stream, method, &path, &headers, body))
                    }
                };
                let answer = answer.ok_or(format!("{} does not answer", plan.summary()))?;
                Ok(Answer {
                    status: answer.status,
                    headers: answer.headers,
                    body: answer.bytes,
                    url: url.clone(),
                    printed: false,
                })
            }
            Call::Run { argv, .. } => {
                let output = Command::new(&argv[0]).args(&argv[1..]).output().map_err(|error| error.to_string())?;
                let status = output.status.code().and_then(|code| u16::try_from(code).ok()).unwrap_or(255);
                Ok(Answer { status, body: output.stdout, printed: true, ..Answer::default() })
            }
        }
    }
}

/// Returns a message as actions are given it.
pub fn message(title: &str, text: &str) -> Value {
    json!({ "title": title, "text": text, "severity": "critical", "key": "night/checkout", "service": "checkout",
            "at": "2025-11-25T02:14:09Z", "resolved": false })
}
