//! A real server behind the engine that the console asks with: its definition, the transports, the credentials.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crashcart::clock::Clock;
use crashcart::model::id::SourceId;
use crashcart::model::secret::{Secret, SecretRef};
use crashcart::model::source::{Capability, LogEntry, Source};
use crashcart::model::surroundings::Surroundings;
use crashcart::provider::definition::{Action, Definition};
use crashcart::provider::engine::{Ask, Engine, NoSecret, Secrets};
use crashcart::provider::registry::Registry;
use crashcart::provider::run::action::{StepOutcome, begin, step_answer, step_plan};
use crashcart::provider::run::{Answer, Progress, Sequence, Values, progress};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::aws::REGION;
use super::{DEADLINE, until};

/// One system, as a source in a configuration describes it.
pub struct System {
    definition: Arc<Definition>,
    engine: Engine,
    source: Source,
    runtime: Runtime,
}

impl System {
    /// Returns a system of that provider, whose server is at this address.
    #[track_caller]
    pub fn new(provider: &str, url: impl Into<String>) -> Self {
        Self::with(provider, Some(url.into()), &[])
    }

    /// Returns a system of AWS, all of which is at this address, where every key is right.
    #[track_caller]
    pub fn aws(provider: &str, endpoint: &str) -> Self {
        let environment = [
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_REGION", REGION),
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
        ];
        Self::with(provider, None, &environment)
    }

    #[track_caller]
    fn with(provider: &str, url: Option<String>, environment: &[(&str, &str)]) -> Self {
        let registry = Arc::new(Registry::new(Vec::new()));
        let definition = match registry.find(provider) {
            Ok(definition) => definition,
            Err(error) => panic!("{error}"),
        };
        // Programs that a definition runs are found as they are by the user.
        let path = crate::support::environment("PATH").map(|path| ("PATH".to_owned(), path));
        let given = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let variables = path.into_iter().chain(given).collect();
        let surroundings = Surroundings { home: None, variables };
        let source = Source {
            id: SourceId::new("night"),
            provider: provider.to_owned(),
            url,
            params: BTreeMap::new(),
            secrets: BTreeMap::new(),
            ca: None,
            insecure: false,
            every: None,
            own: None,
        };
        let engine = Engine::new(registry, Arc::new(Given), surroundings, Clock::system());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        Self { definition, engine, source, runtime }
    }

    /// Sets a parameter.
    pub fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.source.params.insert(name.to_owned(), value.into());
        self
    }

    /// Gives it a secret.
    pub fn secret(mut self, name: &str, secret: &str) -> Self {
        self.source.secrets.insert(name.to_owned(), SecretRef::Env(secret.to_owned()));
        self
    }

    /// Lets it trust the authorities in a file.
    pub fn trusting(mut self, file: &Path) -> Self {
        self.source.ca = Some(file.to_owned());
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
        let (params, input) = (BTreeMap::new(), inputs(given));
        let ask = Ask { source: &self.source, capability, params: &params, input: &input, now: true };
        let mapped = self.runtime.block_on(self.engine.read(&ask)).map_err(|failure| failure.to_string())?;
        if !mapped.problems.is_empty() {
            return Err(format!("not understood: {:?}", mapped.problems));
        }
        let found = serde_json::to_value(&mapped.found).expect("the model is JSON");
        Ok(found[capability.word()].clone())
    }

    /// Follows the log until a line contains a text, and returns the lines until then.
    #[track_caller]
    pub fn follow_until(&self, text: &str) -> Vec<LogEntry> {
        let mut lines = Vec::new();
        let follow = async {
            let stream = self.engine.follow(&self.source, &BTreeMap::new()).await;
            let mut stream = stream.map_err(|failure| failure.to_string())?;
            while let Some(entries) = stream.next().await {
                for entry in entries.map_err(|failure| failure.to_string())? {
                    let last = entry.text.as_str().contains(text);
                    lines.push(entry);
                    if last {
                        return Ok(());
                    }
                }
            }
            Err("the stream has ended".to_owned())
        };
        let followed = self.runtime.block_on(async { tokio::time::timeout(DEADLINE, follow).await });
        assert_eq!(followed, Ok(Ok(())), "{text:?} did not come; these did: {lines:#?}");
        lines
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
        let mut values = self
            .runtime
            .block_on(self.engine.source_values(&self.source, &inputs(given)))
            .map_err(|failure| failure.to_string())?;
        begin(&self.definition, action, &mut values, Clock::system().now()).map_err(|error| error.to_string())?;
        let mut outcomes = Vec::new();
        for step in &action.steps {
            let plan = step_plan(&self.definition, step, &values).map_err(|error| error.to_string())?;
            let Some(plan) = plan else {
                outcomes.push(StepOutcome::Skipped);
                continue;
            };
            let answer = self.send(&plan, &values)?;
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
                    answer = self.send(&plan, &values)?;
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

    fn send(&self, plan: &crashcart::provider::run::Plan, values: &Values) -> Result<Answer, String> {
        self.runtime.block_on(self.engine.act(&self.source, plan, values)).map_err(|failure| failure.to_string())
    }
}

fn inputs(given: &[(&str, Value)]) -> BTreeMap<String, Value> {
    given.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

/// The secrets of a test: their places are the secrets themselves.
struct Given;

impl Secrets for Given {
    fn get<'a>(&'a self, place: &'a SecretRef) -> BoxFuture<'a, Result<Secret, NoSecret>> {
        let SecretRef::Env(secret) = place else { panic!("a test's secrets are given as they are") };
        Box::pin(std::future::ready(Ok(Secret::new(secret.clone()))))
    }

    fn forget(&self, _: &SecretRef) {}

    fn learn(&self, _: &Secret) {}
}

/// Returns a message as actions are given it.
pub fn message(title: &str, text: &str) -> Value {
    json!({ "title": title, "text": text, "severity": "critical", "key": "night/checkout", "service": "checkout",
            "at": "2025-11-25T02:14:09Z", "resolved": false })
}
