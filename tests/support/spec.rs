//! A vendor's own description of its API, as judge and as stand-in: it says what is wrong with a request, and answers one as the
//! description promises.
//!
//! ```text
//!  request ──► check ──► sentences, each a violation
//!     └──────► answer, answers ──► an answer with everything in it that the description allows
//! ```
//!
//! Three kinds are read: OpenAPI (2.0, 3.0, 3.1), GraphQL schemas and botocore's service models. Nothing here knows a
//! provider definition, and nothing here touches the network.

mod body;
mod botocore;
mod generate;
mod graphql;
mod openapi;
mod parameter;
mod schema;
mod security;
mod target;
mod xml;

use std::path::Path;

use serde_json::Value;

pub use target::Target;

/// What would be sent: the whole address, with the base, and everything else as it goes over the wire.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// Returns the first header of that name, in whatever case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Returns the type of the body without its parameters, in lower case.
    pub fn media_type(&self) -> Option<String> {
        self.header("content-type").map(bare_media_type)
    }
}

/// What comes back.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    fn new(status: u16, media_type: &str, body: Vec<u8>) -> Self {
        Self { status, headers: vec![("content-type".to_owned(), media_type.to_owned())], body }
    }
}

/// Names with values, in order.
pub type Pairs = Vec<(String, String)>;

/// Which language a description is written in. The file decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    OpenApi,
    GraphQl,
    Botocore,
}

/// One place where a description is known to be wrong or silent, and who says so.
#[derive(Clone, Copy, Debug)]
pub struct Correction {
    /// A JSON pointer. Its parent must be there; a last part `-` appends to a list.
    pub pointer: &'static str,
    /// What stands there from now on, as JSON. Empty takes the place away.
    pub value: &'static str,
    /// The vendor's page or source that says so.
    pub source: &'static str,
}

/// A header that the vendor demands although its description does not say so.
#[derive(Clone, Copy, Debug)]
pub struct Demand {
    pub header: &'static str,
    /// One of these stands before the secret.
    pub prefixes: &'static [&'static str],
}

/// A description, ready to judge.
pub struct Spec {
    base: String,
    demand: Option<Demand>,
    language: Language,
}

enum Language {
    OpenApi(openapi::OpenApi),
    GraphQl(graphql::GraphQl),
    Botocore(botocore::Botocore),
}

impl Spec {
    /// Reads a description. `base` is the address that its root, or its server's path, has in the requests to come.
    pub fn load(path: &Path, base: &str) -> Result<Self, String> {
        Self::load_corrected(path, base, &[])
    }

    /// Reads a description and puts right what is known to be wrong in it.
    pub fn load_corrected(path: &Path, base: &str, corrections: &[Correction]) -> Result<Self, String> {
        let name = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| format!("{name} cannot be read: {error}"))?;
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let language = if extension == "graphql" {
            if !corrections.is_empty() {
                return Err(format!("{name} is no JSON document: corrections cannot be applied to it"));
            }
            Language::GraphQl(graphql::GraphQl::read(&text).map_err(|error| format!("{name}: {error}"))?)
        } else {
            let mut document: Value = if extension == "json" {
                serde_json::from_str(&text).map_err(|error| format!("{name} is not JSON: {error}"))?
            } else {
                yaml(&text).map_err(|error| format!("{name} is not YAML: {error}"))?
            };
            for correction in corrections {
                correct(&mut document, correction).map_err(|error| format!("{name}: {error}"))?;
            }
            if document.get("paths").is_some() {
                Language::OpenApi(openapi::OpenApi::read(document).map_err(|error| format!("{name}: {error}"))?)
            } else if document.get("shapes").is_some() {
                Language::Botocore(botocore::Botocore::read(document).map_err(|error| format!("{name}: {error}"))?)
            } else {
                return Err(format!("{name} is neither OpenAPI nor a botocore model"));
            }
        };
        Ok(Self { base: base.trim_end_matches('/').to_owned(), demand: None, language })
    }

    /// Returns the description with a header demanded on top of what it says itself.
    pub fn demanding(mut self, demand: Option<Demand>) -> Self {
        self.demand = demand;
        self
    }

    /// Returns the description with values for members of a name, as JSON, where it does not say itself what stands there.
    pub fn hinted<'a>(mut self, hints: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let hints =
            hints.map(|(name, json)| (name.to_owned(), serde_json::from_str(json).expect("a hint is JSON"))).collect();
        match &mut self.language {
            Language::OpenApi(document) => document.hints = hints,
            Language::GraphQl(document) => document.hints = hints,
            Language::Botocore(document) => document.hints = hints,
        }
        self
    }

    pub fn kind(&self) -> Kind {
        match &self.language {
            Language::OpenApi(_) => Kind::OpenApi,
            Language::GraphQl(_) => Kind::GraphQl,
            Language::Botocore(_) => Kind::Botocore,
        }
    }

    /// Returns what is wrong with a request, one sentence each; nothing means that the vendor would understand it.
    pub fn check(&self, request: &Request) -> Vec<String> {
        let target = match Target::of(&request.url, &self.base) {
            Ok(target) => target,
            Err(violation) => return vec![violation],
        };
        let mut violations = match &self.language {
            Language::OpenApi(document) => document.check(request, &target),
            Language::GraphQl(document) => document.check(request, &target),
            Language::Botocore(document) => document.check(request, &target),
        };
        if let Some(demand) = self.demand {
            violations.extend(security::header_begins(request, demand.header, demand.prefixes));
        }
        violations
    }

    /// Returns which operation a request is for: its id, or its method and path where the description gives it none.
    pub fn operation(&self, request: &Request) -> Option<String> {
        let target = Target::of(&request.url, &self.base).ok()?;
        match &self.language {
            Language::OpenApi(document) => document.operation(request, &target),
            Language::GraphQl(document) => document.operation(request),
            Language::Botocore(document) => document.operation(request, &target),
        }
    }

    /// Returns the answer that the description promises, with everything in it; 404 for an operation that it does not know.
    pub fn answer(&self, request: &Request) -> Answer {
        self.answers(request).into_iter().next().unwrap_or(Answer { status: 404, ..Answer::default() })
    }

    /// Returns one answer for every word that a state in it can have.
    pub fn answers(&self, request: &Request) -> Vec<Answer> {
        let Ok(target) = Target::of(&request.url, &self.base) else { return Vec::new() };
        match &self.language {
            Language::OpenApi(document) => document.answers(request, &target),
            Language::GraphQl(document) => document.answers(request),
            Language::Botocore(document) => document.answers(request, &target),
        }
    }

    /// Returns what is wrong with an answer, one sentence each: the description's schema is the judge.
    pub fn check_answer(&self, request: &Request, answer: &Answer) -> Vec<String> {
        let Ok(target) = Target::of(&request.url, &self.base) else { return vec!["not under the base".to_owned()] };
        match &self.language {
            Language::OpenApi(document) => document.check_answer(request, &target, answer),
            Language::GraphQl(document) => document.check_answer(request, answer),
            Language::Botocore(document) => document.check_answer(request, &target, answer),
        }
    }

    /// Returns a request that is as complete as the description allows, for every operation that it has; only OpenAPI and
    /// botocore describe requests well enough.
    pub fn samples(&self) -> Vec<Request> {
        let mut samples = match &self.language {
            Language::OpenApi(document) => document.samples(&root(&self.base)),
            Language::GraphQl(_) => Vec::new(),
            Language::Botocore(document) => document.samples(&root(&self.base)),
        };
        samples.iter_mut().for_each(|sample| self.authenticate(sample));
        samples
    }

    /// Adds a made-up secret in every place where the operation demands one.
    pub fn authenticate(&self, request: &mut Request) {
        if let Ok(target) = Target::of(&request.url, &self.base) {
            let (headers, query) = match &self.language {
                Language::OpenApi(document) => document.secrets(request, &target),
                Language::GraphQl(_) => (Vec::new(), Vec::new()),
                Language::Botocore(document) => (vec![document.signature()], Vec::new()),
            };
            let demanded =
                self.demand.map(|demand| (demand.header.to_owned(), format!("{}a-secret", demand.prefixes[0])));
            for (name, value) in demanded.into_iter().chain(headers) {
                if request.header(&name).is_none() {
                    request.headers.push((name, value));
                }
            }
            for (name, value) in
                query.into_iter().filter(|(name, _)| !target.query.iter().any(|(given, _)| given == name))
            {
                let separator = if request.url.contains('?') { '&' } else { '?' };
                request.url = format!("{}{separator}{name}={value}", request.url);
            }
        }
    }

    /// Returns what the description says that could not be used: patterns that no engine here reads, for one.
    pub fn notes(&self) -> Vec<String> {
        match &self.language {
            Language::OpenApi(document) => document.notes(),
            Language::GraphQl(_) | Language::Botocore(_) => Vec::new(),
        }
    }
}

/// Returns a media type without its parameters, in lower case.
fn bare_media_type(text: &str) -> String {
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Returns an address that a base stands for: some host, some region.
pub fn root(base: &str) -> String {
    let base = base.replace('*', "any");
    if base.contains("://") { base } else { format!("https://example.com{base}") }
}

/// Reads YAML into JSON: keys that are numbers (status codes) and truth values become text.
fn yaml(text: &str) -> Result<Value, String> {
    let value: yaml_serde::Value = yaml_serde::from_str(text).map_err(|error| error.to_string())?;
    fn json(value: yaml_serde::Value) -> Result<Value, String> {
        Ok(match value {
            yaml_serde::Value::Null => Value::Null,
            yaml_serde::Value::Bool(truth) => Value::Bool(truth),
            yaml_serde::Value::Number(number) => serde_json::to_value(&number).map_err(|error| error.to_string())?,
            yaml_serde::Value::String(text) => Value::String(text),
            yaml_serde::Value::Sequence(items) => Value::Array(items.into_iter().map(json).collect::<Result<_, _>>()?),
            yaml_serde::Value::Mapping(members) => {
                let mut object = serde_json::Map::new();
                for (key, value) in members {
                    let key = match json(key)? {
                        Value::String(text) => text,
                        other => other.to_string(),
                    };
                    object.insert(key, json(value)?);
                }
                Value::Object(object)
            }
            yaml_serde::Value::Tagged(tagged) => json(tagged.value)?,
        })
    }
    json(value)
}

fn correct(document: &mut Value, correction: &Correction) -> Result<(), String> {
    let pointer = correction.pointer;
    let missing = || format!("the correction at {pointer} finds nothing there");
    let (parent, last) = pointer.rsplit_once('/').ok_or_else(missing)?;
    let last = last.replace("~1", "/").replace("~0", "~");
    let parent = document.pointer_mut(parent).ok_or_else(missing)?;
    if correction.value.is_empty() {
        return match parent {
            Value::Object(members) => members.remove(&last).map(|_| ()).ok_or_else(missing),
            Value::Array(items) => {
                let index: usize = last.parse().map_err(|_| missing())?;
                (index < items.len()).then(|| drop(items.remove(index))).ok_or_else(missing)
            }
            _ => Err(missing()),
        };
    }
    let value =
        serde_json::from_str(correction.value).map_err(|error| format!("the correction at {pointer}: {error}"))?;
    match parent {
        Value::Object(members) => {
            members.insert(last, value);
        }
        Value::Array(items) if last == "-" => items.push(value),
        Value::Array(items) => {
            let index: usize = last.parse().map_err(|_| missing())?;
            *items.get_mut(index).ok_or_else(missing)? = value;
        }
        _ => return Err(missing()),
    }
    Ok(())
}
