//! Definitions against descriptions: every request that a definition can make goes to the description that knows it, and the
//! description's own answers come back.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crashcart::model::time::Timestamp;
use crashcart::provider::definition::{ACCESS_TOKEN, Action, ActionTarget, Capability, Definition, Permission, Scheme};
use crashcart::provider::engine::service_of;
use crashcart::provider::run::action::{begin, step_answer, step_plan};
use crashcart::provider::run::{Answer, Call, Plan, Run, RunError, Sequence, Values, permitted, prepare};
use serde_json::{Map, Value, json};

use super::exceptions;
use super::table::{Proof, Row};
use crate::described::spec::{self, Kind, Spec};

/// 2026-03-01 12:00:00 UTC, which is when the answers' times are.
const NOW: i64 = 1_772_366_400;

/// A row of the table with its description, and the answers that it gave already.
pub struct Described {
    pub row: &'static Row,
    pub spec: Spec,
    answers: RefCell<BTreeMap<String, Rc<Vec<spec::Answer>>>>,
}

impl Described {
    pub fn new(row: &'static Row, spec: Spec) -> Self {
        Self { row, spec, answers: RefCell::default() }
    }
}

/// What came of one thing that a definition can do.
pub struct Outcome {
    pub what: String,
    /// Nothing where no description knows the requests.
    pub proof: Option<Proof>,
    pub troubles: Vec<String>,
    /// Requests that no description knows.
    pub undescribed: Vec<String>,
    /// Members that never had a value: the definition looks where nothing is, or the description leaves it open.
    pub absent: Vec<String>,
}

/// Plays everything that a definition can do.
pub fn everything(definition: &Definition, rows: &[Rc<Described>]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let mut found = BTreeMap::new();
    // What others need comes first: an issue's details need an issue, an action its target.
    for capability in definition.readings.keys() {
        if !matches!(capability, Capability::Issue | Capability::Changes) {
            let (outcome, items) = read(definition, *capability, rows, &found);
            outcomes.push(outcome);
            found.insert(*capability, items);
        }
    }
    for capability in definition.readings.keys() {
        if matches!(capability, Capability::Issue | Capability::Changes) {
            outcomes.push(read(definition, *capability, rows, &found).0);
        }
    }
    if let Some(stream) = &definition.stream {
        let mut ask = Asker::new(definition, rows, "logs.stream");
        let mut values = values(definition, &found);
        for (name, value) in
            [("since", json!(NOW - 3_600)), ("until", json!(NOW)), ("limit", json!(100)), ("query", Value::Null)]
        {
            values.set(name, value);
        }
        let outcome = ask.sequence(&stream.before, &mut values).and_then(|_| {
            let mut sequence = Sequence::new(definition, std::slice::from_ref(&stream.request));
            match sequence.next_plan(&mut values) {
                Ok(Some(plan)) => ask.ask(&plan).map(drop),
                Ok(None) => Err(ask.trouble("nothing is asked")),
                Err(error) => Err(ask.trouble(&error.to_string())),
            }
        });
        outcomes.push(ask.outcome(outcome.is_ok()));
    }
    for (name, action) in &definition.actions {
        outcomes.push(act(definition, &format!("actions.{name}"), action, rows, &found));
        if let Some(permission) = &action.permission {
            outcomes.push(may(definition, &format!("permission.{name}"), action, permission, rows, &found));
        }
    }
    if let Some(send) = &definition.send {
        outcomes.push(act(definition, "send", send, rows, &found));
    }
    outcomes
}

type Items = BTreeMap<Capability, Vec<Value>>;

/// Makes the requests of one thing, and answers them from the descriptions.
struct Asker<'a> {
    definition: &'a Definition,
    rows: &'a [Rc<Described>],
    what: String,
    /// Which of the answers each request gets.
    choice: usize,
    /// How many the request with the most has.
    choices: usize,
    proof: Option<Proof>,
    troubles: BTreeSet<String>,
    undescribed: BTreeSet<String>,
    absent: BTreeSet<String>,
    /// Whether an action was seen to succeed.
    succeeded: bool,
}

/// Why nothing can be asked any more; what it was has been noted.
struct Stopped;

impl<'a> Asker<'a> {
    fn new(definition: &'a Definition, rows: &'a [Rc<Described>], what: &str) -> Self {
        Self {
            definition,
            rows,
            what: what.to_owned(),
            choice: 0,
            choices: 1,
            proof: None,
            troubles: BTreeSet::new(),
            undescribed: BTreeSet::new(),
            absent: BTreeSet::new(),
            succeeded: false,
        }
    }

    fn trouble(&mut self, text: &str) -> Stopped {
        if !exceptions::trouble(&self.definition.name, &self.what, text) {
            self.troubles.insert(format!("{} {}: {text}", self.definition.name, self.what));
        }
        Stopped
    }

    fn outcome(self, complete: bool) -> Outcome {
        let proof =
            if self.undescribed.is_empty() && complete { self.proof } else { self.proof.map(|_| Proof::Documentation) };
        Outcome {
            what: self.what,
            proof,
            troubles: self.troubles.into_iter().collect(),
            undescribed: self.undescribed.into_iter().collect(),
            absent: self.absent.into_iter().collect(),
        }
    }

    /// Judges a request, and returns the answer that its description gives.
    fn ask(&mut self, plan: &Plan) -> Result<Answer, Stopped> {
        let Call::Http { method, url, headers, body } = &plan.call else {
            self.undescribed.insert("a program".to_owned());
            return Err(Stopped);
        };
        let mut request = spec::Request {
            method: (*method).to_owned(),
            url: url
                .strip_prefix("unix://")
                .and_then(|path| path.split_once(".sock"))
                .map_or_else(|| url.clone(), |(_, path)| format!("http://localhost{path}")),
            headers: headers.clone(),
            body: body.clone().unwrap_or_default(),
        };
        if !plan.anonymous {
            sign(self.definition, &mut request);
        }
        let Some(described) = self.rows.iter().find(|described| described.spec.operation(&request).is_some()) else {
            let path = url.split(['?', '#']).next().unwrap_or(url);
            self.undescribed.insert(format!("{method} {path}"));
            return Err(Stopped);
        };
        let Described { row, spec, .. } = &**described;
        if row.is_hearsay() {
            for violation in spec.check(&request) {
                self.undescribed.insert(format!("{violation} (by {})", row.spec));
            }
            self.proof = Some(Proof::Documentation);
            return Err(Stopped);
        }
        self.proof = Some(self.proof.map_or(row.proof, |proof| proof.max(row.proof)));
        for violation in spec.check(&request) {
            // What others cut out of a documentation was never meant to be whole.
            if row.proof == Proof::Documentation
                && (violation.contains("is no parameter") || violation.contains("unexpected)"))
            {
                self.undescribed.insert(format!("{violation} (by {})", row.spec));
                continue;
            }
            let operation = spec.operation(&request).unwrap_or_default();
            let body = String::from_utf8_lossy(&request.body).into_owned();
            self.trouble(&format!("{operation}: {violation}\n      {method} {url} {body}"));
        }
        // What is answered depends on the operation, and for GraphQL on what is selected.
        let operation = spec.operation(&request).unwrap_or_default();
        let key =
            if spec.kind() == Kind::GraphQl { String::from_utf8_lossy(&request.body).into_owned() } else { operation };
        let answers =
            Rc::clone(described.answers.borrow_mut().entry(key).or_insert_with(|| Rc::new(spec.answers(&request))));
        if answers.is_empty() {
            return Err(self.trouble(&format!("{method} {url}: the description gives no answer")));
        }
        self.choices = self.choices.max(answers.len());
        let answer = answers[self.choice % answers.len()].clone();
        Ok(Answer {
            status: answer.status,
            headers: answer.headers,
            body: answer.body,
            url: url.clone(),
            printed: false,
        })
    }

    fn sequence(
        &mut self,
        requests: &[crashcart::provider::definition::Request],
        values: &mut Values,
    ) -> Result<(Value, Answer), Stopped> {
        let mut sequence = Sequence::new(self.definition, requests);
        let mut last = Answer::default();
        loop {
            match sequence.next_plan(values) {
                Ok(Some(plan)) => {
                    last = self.ask(&plan)?;
                    if let Err(error) = sequence.answer(&last, values) {
                        return Err(self.trouble(&error.to_string()));
                    }
                }
                Ok(None) => return Ok((sequence.last_body(), last)),
                Err(error) => return Err(self.trouble(&error.to_string())),
            }
        }
    }
}

/// Adds what the engine adds to a request that the definition only names: a signature, a token.
fn sign(definition: &Definition, request: &mut spec::Request) {
    let value = match &definition.auth.scheme {
        Some(Scheme::SigV4 { service, .. }) => {
            // As the engine does: other hosts of AWS are other services.
            let url = url::Url::parse(&request.url).ok();
            let service = url.as_ref().and_then(service_of).filter(|other| *other != "monitoring").unwrap_or(service);
            format!(
                "AWS4-HMAC-SHA256 Credential=AKID/20260301/eu-west-1/{service}/aws4_request, SignedHeaders=host, Signature=00"
            )
        }
        Some(Scheme::Kubeconfig | Scheme::Google { .. } | Scheme::Azure { .. }) => {
            "Bearer test-access-token".to_owned()
        }
        Some(Scheme::Exchange(_)) | None => return,
    };
    if request.header("authorization").is_none() {
        request.headers.push(("authorization".to_owned(), value));
    }
}

/// Returns example parameters, made-up secrets, and what was read before.
fn values(definition: &Definition, found: &Items) -> Values {
    let mut values = Values::default();
    for slot in &definition.secrets {
        if slot.is_url {
            values.base_url = Some(
                exceptions::address(&definition.name)
                    .map_or_else(|| format!("https://{}.test", slot.name), str::to_owned),
            );
        } else {
            values.set_secret(
                slot.name.clone(),
                exceptions::secret(&definition.name, &slot.name).unwrap_or("test-secret"),
            );
        }
    }
    if definition.auth.scheme.is_some() {
        values.set_secret(ACCESS_TOKEN, "test-access-token");
    }
    if definition.base_url.is_none() && values.base_url.is_none() {
        values.base_url = Some(exceptions::address(&definition.name).unwrap_or("https://system.test").to_owned());
    }
    for param in &definition.params {
        let value = exceptions::param(&definition.name, &param.name)
            .unwrap_or_else(|| if param.example.is_null() { param.default.clone() } else { param.example.clone() });
        if !value.is_null() {
            values.set(param.name.clone(), value);
        }
    }
    let first =
        |capability: Capability| found.get(&capability).and_then(|items| items.first()).cloned().unwrap_or(Value::Null);
    values.set("release", first(Capability::Releases));
    values.set("current", first(Capability::Releases));
    // A mail's sender has the name of the release before.
    if definition.param("from").is_none() {
        let before = found.get(&Capability::Releases).and_then(|items| items.get(1)).cloned();
        values.set("from", before.unwrap_or(Value::Null));
    }
    values.set("to", first(Capability::Releases));
    values.set("instance", first(Capability::Instances));
    values.set("alert", first(Capability::Alerts));
    values.set("issue", first(Capability::Issues));
    values.set("check", first(Capability::Checks));
    values.set("reason", "rehearsal");
    values.set("user", "ann");
    values
}

/// Reads a capability once for each word that states in the answers can have. Returns what was read first.
fn read(
    definition: &Definition,
    capability: Capability,
    rows: &[Rc<Described>],
    found: &Items,
) -> (Outcome, Vec<Value>) {
    let what = capability.word();
    let mut asker = Asker::new(definition, rows, what);
    // What it is about could not be read, which has been said already.
    let needs = match capability {
        Capability::Issue => Some(Capability::Issues),
        Capability::Changes => Some(Capability::Releases),
        _ => None,
    };
    if needs.is_some_and(|needed| found.get(&needed).is_none_or(Vec::is_empty)) {
        return (asker.outcome(false), Vec::new());
    }
    let mut first = Vec::new();
    let mut most = 0;
    // For each member that the programs give, whether it ever had a value.
    let mut given: BTreeMap<String, bool> = BTreeMap::new();
    let mut complete = true;
    while asker.choice < asker.choices {
        match once(&mut asker, capability, found) {
            Ok((items, count)) => {
                most = most.max(count);
                for member in items.iter().filter_map(Value::as_object).flatten() {
                    let has = !member.1.is_null() && member.1 != &json!([]);
                    let ever = given.entry(member.0.clone()).or_default();
                    *ever |= has;
                }
                first.extend(items);
                first.truncate(200);
            }
            Err(Stopped) => {
                complete = false;
                break;
            }
        }
        asker.choice += 1;
    }
    if complete {
        if most == 0 {
            asker.trouble("a full answer brings nothing");
        }
        for (name, _) in given.iter().filter(|(_, ever)| !**ever) {
            asker.absent.insert(name.clone());
        }
    }
    (asker.outcome(complete), first)
}

fn once(asker: &mut Asker<'_>, capability: Capability, found: &Items) -> Result<(Vec<Value>, usize), Stopped> {
    let definition = asker.definition;
    let mut values = values(definition, found);
    if capability == Capability::Metrics {
        values.set("query", exceptions::query(&definition.name));
    }
    let mut run = Run::read(definition, capability, values, Timestamp::from_secs(NOW))
        .map_err(|error| asker.trouble(&error.to_string()))?;
    loop {
        match run.next_plan() {
            Ok(Some(plan)) => {
                let answer = asker.ask(&plan)?;
                if let Err(error) = run.answer(&answer) {
                    return Err(asker.trouble(&format!(
                        "{error}\n      {}",
                        String::from_utf8_lossy(&answer.body).chars().take(600).collect::<String>()
                    )));
                }
            }
            Ok(None) => break,
            Err(error) => return Err(asker.trouble(&error.to_string())),
        }
    }
    let items: Vec<Value> = run
        .outputs()
        .iter()
        .flat_map(|output| output.as_array().cloned().unwrap_or_else(|| vec![output.clone()]))
        .collect();
    let mapped = run.finish();
    for problem in &mapped.problems {
        asker.trouble(problem.as_str());
    }
    let count = mapped.found.count();
    let json = serde_json::to_value(&mapped.found).expect("what was found can be written");
    let mut unknown = Vec::new();
    unknown_states(&json, &mut unknown);
    let mapped_items: Vec<&Value> =
        json.as_object().into_iter().flat_map(Map::values).filter_map(Value::as_array).flatten().collect();
    if mapped_items.len() == items.len() {
        for (mapped, item) in mapped_items.iter().zip(&items) {
            if let (Some("unknown"), Some(word)) =
                (mapped.get("severity").and_then(Value::as_str), item.get("severity").and_then(Value::as_str))
            {
                unknown.push(word.to_owned());
            }
        }
    }
    for word in unknown.iter().filter(|word| is_word(word)) {
        asker.trouble(&format!("the word {word:?} is not known"));
    }
    Ok((items, count))
}

/// Collects the system's own words beside states that we do not know.
fn unknown_states(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let word = |name: &str| members.get(name).and_then(Value::as_str);
            if let (Some("unknown"), Some(stated)) = (word("state"), word("stated")) {
                out.push(stated.to_owned());
            }
            members.values().for_each(|value| unknown_states(value, out));
        }
        Value::Array(items) => items.iter().for_each(|value| unknown_states(value, out)),
        _ => {}
    }
}

/// Whether a text is a word of the description: not made up where the description allows any text, and not a word that
/// says itself that nothing is known.
fn is_word(text: &str) -> bool {
    let made_up = text.rsplit_once('-').is_some_and(|(_, number)| ["1", "2"].contains(&number));
    let lower = text.to_ascii_lowercase();
    !made_up && !lower.ends_with("unknown") && !lower.ends_with("unspecified")
}

/// Makes an action's requests, and looks whether it is done, once for each word that can be answered.
fn act(definition: &Definition, what: &str, action: &Action, rows: &[Rc<Described>], found: &Items) -> Outcome {
    let mut asker = Asker::new(definition, rows, what);
    let capability = match action.target {
        ActionTarget::Release => Some(Capability::Releases),
        ActionTarget::Instance => Some(Capability::Instances),
        ActionTarget::Alert => Some(Capability::Alerts),
        ActionTarget::Issue => Some(Capability::Issues),
        ActionTarget::Check => Some(Capability::Checks),
        ActionTarget::Service | ActionTarget::Message => None,
    };
    let mut targets = vec![Value::Null];
    if let Some(capability) = capability {
        targets = found.get(&capability).cloned().unwrap_or_default();
        // Nothing was read that it could act on, which has been said already.
        if targets.is_empty() {
            return asker.outcome(false);
        }
    }
    let mut target = None;
    let mut refusal = None;
    for candidate in targets {
        let mut values = action_values(definition, action, found, &candidate, false);
        match begin(definition, action, &mut values, Timestamp::from_secs(NOW)) {
            Ok(()) => {
                target = Some(candidate);
                break;
            }
            Err(error) => refusal = Some(error.to_string()),
        }
    }
    let Some(target) = target else {
        asker.trouble(&format!("everything is refused, at last: {}", refusal.unwrap_or_default()));
        return asker.outcome(false);
    };
    let mut complete = true;
    for resolved in if action.target == ActionTarget::Message { vec![false, true] } else { vec![false] } {
        asker.choice = 0;
        while complete && asker.choice < asker.choices {
            complete = act_once(&mut asker, action, found, &target, resolved).is_ok();
            asker.choice += 1;
        }
    }
    if complete && action.done.is_some() && !asker.succeeded {
        asker.trouble("no answer says that it is done");
    }
    asker.outcome(complete)
}

/// Makes the requests that ask whether an action is permitted, and looks whether their answers are understood.
fn may(
    definition: &Definition,
    what: &str,
    action: &Action,
    permission: &Permission,
    rows: &[Rc<Described>],
    found: &Items,
) -> Outcome {
    let mut asker = Asker::new(definition, rows, what);
    let mut values = action_values(definition, action, found, &Value::Null, false);
    values.set("url", Value::Null);
    let Ok((body, last)) = asker.sequence(&permission.requests, &mut values) else { return asker.outcome(false) };
    if let Err(error) = permitted(permission, &body, &values, &last) {
        asker.trouble(&error.to_string());
        return asker.outcome(false);
    }
    asker.outcome(true)
}

fn action_values(definition: &Definition, action: &Action, found: &Items, target: &Value, resolved: bool) -> Values {
    let mut values = values(definition, found);
    if action.target == ActionTarget::Message {
        values.set(
            "message",
            json!({ "title": "Shop is down", "text": "502 since 02:13", "severity": "critical", "key": "shop", "service": "shop",
                "link": "https://example.com/incidents/7", "at": "2026-03-01T12:00:00Z", "resolved": resolved }),
        );
        values.set("to", exceptions::to(&definition.name));
    } else if !target.is_null() {
        values.set(action.target.word(), target.clone());
    }
    let live = |item: &&Value| item.get("live") == Some(&Value::Bool(true)) && *item != target;
    if let Some(releases) = found.get(&Capability::Releases)
        && let Some(current) = releases.iter().find(live).or(releases.iter().find(|item| *item != target))
    {
        values.set("current", current.clone());
    }
    for input in &action.inputs {
        let value = if input.default.is_null() { input.example.clone() } else { input.default.clone() };
        if !value.is_null() {
            values.set(input.name.clone(), value);
        }
    }
    values
}

fn act_once(
    asker: &mut Asker<'_>,
    action: &Action,
    found: &Items,
    target: &Value,
    resolved: bool,
) -> Result<(), Stopped> {
    let definition = asker.definition;
    let mut values = action_values(definition, action, found, target, resolved);
    match begin(definition, action, &mut values, Timestamp::from_secs(NOW)) {
        Ok(()) => {}
        // Some systems cannot be told that it is over.
        Err(RunError::Failed(_)) if resolved => return Ok(()),
        Err(error) => return Err(asker.trouble(&error.to_string())),
    }
    for step in &action.steps {
        let plan = step_plan(definition, step, &values).map_err(|error| asker.trouble(&error.to_string()))?;
        let Some(plan) = plan else { continue };
        let answer = asker.ask(&plan)?;
        step_answer(definition, step, &plan, &answer, &mut values)
            .map_err(|error| asker.trouble(&error.to_string()))?;
        if let Some(undo) = &step.undo {
            let plan = prepare(definition, undo, &values).map_err(|error| asker.trouble(&error.to_string()))?;
            asker.ask(&plan)?;
        }
    }
    let Some(done) = &action.done else { return Ok(()) };
    let (body, last) = asker.sequence(&done.requests, &mut values)?;
    let variable = |name: &str| last.variable(name).unwrap_or_else(|| values.get(name));
    match done.map.first(&body, variable) {
        Ok(output) => {
            let word = output.get("state").and_then(Value::as_str).unwrap_or_default().to_owned();
            let ours = done.states.translate(&word).into_owned();
            asker.succeeded |= ours == "succeeded";
            // Words that nobody knows mean that it goes on: that must not be so for those that say that it went wrong.
            let wrong = ["fail", "error", "cancel", "crash", "reject", "abort"]
                .iter()
                .any(|part| word.to_ascii_lowercase().contains(part));
            if wrong && ours != "failed" {
                asker.trouble(&format!("one waits on although {word:?} says that it went wrong"));
            }
        }
        Err(error) => {
            asker.trouble(&format!("done: {error}"));
        }
    }
    Ok(())
}
