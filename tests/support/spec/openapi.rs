//! OpenAPI 2.0, 3.0 and 3.1: operations, and what they say of requests and answers.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::generate::Hints;
use super::parameter::{Parameter, Place};
use super::schema::{Compiled, Dialect, Direction, convert, resolve};
use super::security::{self, Alternatives};
use super::{Answer, Pairs, Request, Target, bare_media_type, body, generate, target};

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// A last place with one of these names takes slashes too, although OpenAPI has no way to say so.
const CATCH_ALL: [&str; 1] = ["datasource_proxy_route"];

pub struct OpenApi {
    pub hints: Hints,
    document: Value,
    dialect: Dialect,
    operations: Vec<Operation>,
    notes: RefCell<BTreeSet<String>>,
    /// By where the raw schema lies: the document never changes.
    compiled: RefCell<BTreeMap<(usize, Direction), Rc<Compiled>>>,
}

struct Operation {
    id: Option<String>,
    method: String,
    template: String,
    segments: Vec<Segment>,
    parameters: Vec<Parameter>,
    /// Media types and schemas as the document has them.
    bodies: Vec<(String, Value)>,
    body_required: bool,
    success: Success,
    security: Alternatives,
}

/// What stands in an answer that went well.
struct Success {
    status: u16,
    /// Media type, schema and example.
    content: Option<(String, Value, Option<Value>)>,
}

/// A segment of a path: text with places in it.
struct Segment {
    /// The text before each place, and after the last.
    texts: Vec<String>,
    names: Vec<String>,
}

impl Segment {
    fn read(text: &str) -> Self {
        let (mut texts, mut names, mut rest) = (Vec::new(), Vec::new(), text);
        while let Some((before, (name, after))) =
            rest.split_once('{').and_then(|(before, inner)| Some((before, inner.split_once('}')?)))
        {
            texts.push(before.to_owned());
            names.push(name.to_owned());
            rest = after;
        }
        texts.push(rest.to_owned());
        Self { texts, names }
    }

    /// Returns what stands in the places. A place takes at least one letter, and as few as it can but the last.
    fn values(&self, text: &str) -> Option<Vec<(String, String)>> {
        let mut rest = text.strip_prefix(&self.texts[0])?;
        let mut values = Vec::new();
        for (index, name) in self.names.iter().enumerate() {
            let after = &self.texts[index + 1];
            let end = if index + 1 == self.names.len() {
                rest.ends_with(after.as_str()).then(|| rest.len() - after.len())?
            } else {
                rest.char_indices().skip(1).map(|(at, _)| at).find(|at| rest[*at..].starts_with(after.as_str()))?
            };
            if end == 0 {
                return None;
            }
            values.push((name.clone(), rest[..end].to_owned()));
            rest = &rest[end + after.len()..];
        }
        rest.is_empty().then_some(values)
    }

    /// How much of it is fixed: a segment without places first, then by the length of its text.
    fn weight(&self) -> (bool, usize) {
        (self.names.is_empty(), self.texts.iter().map(String::len).sum())
    }
}

impl Operation {
    fn values(&self, segments: &[String]) -> Option<Vec<(String, String)>> {
        let mut values = Vec::new();
        if segments.len() > self.segments.len() && self.is_proxy() {
            let (fixed, rest) = segments.split_at(self.segments.len() - 1);
            return self.values(&[fixed, &[rest.join("/")]].concat());
        }
        if segments.len() != self.segments.len() {
            return None;
        }
        for (segment, text) in self.segments.iter().zip(segments) {
            values.extend(segment.values(text)?);
        }
        Some(values)
    }

    /// Whether what follows is somebody else's, query and all.
    fn is_proxy(&self) -> bool {
        self.segments.last().is_some_and(|last| last.names == CATCH_ALL)
    }

    fn weight(&self) -> Vec<(bool, usize)> {
        self.segments.iter().map(Segment::weight).collect()
    }

    fn name(&self) -> String {
        self.id.clone().unwrap_or_else(|| self.place())
    }

    fn place(&self) -> String {
        format!("{} {}", self.method, self.template)
    }
}

impl OpenApi {
    pub fn read(document: Value) -> Result<Self, String> {
        let version =
            document.get("openapi").or_else(|| document.get("swagger")).and_then(Value::as_str).unwrap_or_default();
        let dialect = match version {
            version if version.starts_with("2.") => Dialect::Swagger2,
            version if version.starts_with("3.0") => Dialect::OpenApi30,
            version if version.starts_with("3.1") => Dialect::OpenApi31,
            other => return Err(format!("OpenAPI version {other:?} is none that we read")),
        };
        let mut operations = Vec::new();
        let paths = document.get("paths").and_then(Value::as_object).ok_or("it has no paths")?;
        for (template, item) in paths {
            let item = resolve(&document, item);
            for method in METHODS {
                if let Some(raw) = item.get(method) {
                    operations.push(operation(&document, dialect, template, item, method, raw));
                }
            }
        }
        Ok(Self {
            hints: Hints::new(),
            document,
            dialect,
            operations,
            notes: RefCell::default(),
            compiled: RefCell::default(),
        })
    }

    pub fn notes(&self) -> Vec<String> {
        self.notes.borrow().iter().cloned().collect()
    }

    /// `raw` must be a part of an operation: its place is remembered.
    fn convert(&self, direction: Direction, raw: &Value) -> Rc<Compiled> {
        let key = (std::ptr::from_ref(raw) as usize, direction);
        if let Some(compiled) = self.compiled.borrow().get(&key) {
            return Rc::clone(compiled);
        }
        let compiled = Rc::new(Compiled::new(convert(&self.document, self.dialect, direction, raw, &self.notes)));
        self.compiled.borrow_mut().insert(key, Rc::clone(&compiled));
        compiled
    }

    fn find(&self, request: &Request, target: &Target) -> Result<(&Operation, Pairs), String> {
        let mut known: Vec<_> = self
            .operations
            .iter()
            .filter_map(|operation| Some((operation, operation.values(&target.segments)?)))
            .collect();
        if known.is_empty() {
            return Err(format!("path: {} is none of the description's", target.path()));
        }
        let methods: Vec<&str> = known.iter().map(|(operation, _)| operation.method.as_str()).collect();
        let refused = format!("method: {} {} is not there, only {}", request.method, target.path(), methods.join(", "));
        known.retain(|(operation, _)| operation.method.eq_ignore_ascii_case(&request.method));
        known.sort_by_key(|(operation, _)| Reverse(operation.weight()));
        known.into_iter().next().ok_or(refused)
    }

    pub fn operation(&self, request: &Request, target: &Target) -> Option<String> {
        self.find(request, target).ok().map(|(operation, _)| operation.name())
    }

    pub fn check(&self, request: &Request, target: &Target) -> Vec<String> {
        let (operation, path_values) = match self.find(request, target) {
            Ok(found) => found,
            Err(violation) => return vec![violation],
        };
        let mut violations = Vec::new();
        violations.extend(security::check(request, target, &operation.security));
        let mut taken = vec![false; target.query.len()];
        for parameter in &operation.parameters {
            let schema = self.convert(Direction::Request, &parameter.schema);
            let (place, texts): (&str, Vec<(String, String)>) = match parameter.place {
                Place::Query => {
                    let mut texts = Vec::new();
                    for (index, (key, text)) in target.query.iter().enumerate() {
                        if !taken[index] && parameter.takes(key, &schema.schema) {
                            taken[index] = true;
                            texts.push((key.clone(), text.clone()));
                        }
                    }
                    ("query", texts)
                }
                Place::Path => {
                    ("path", path_values.iter().filter(|(name, _)| *name == parameter.name).cloned().collect())
                }
                Place::Header
                    if ["accept", "content-type", "authorization"]
                        .contains(&parameter.name.to_ascii_lowercase().as_str()) =>
                {
                    continue;
                }
                Place::Header => (
                    "header",
                    request
                        .header(&parameter.name)
                        .map(|text| (parameter.name.clone(), text.to_owned()))
                        .into_iter()
                        .collect(),
                ),
                Place::Cookie => continue,
            };
            let name = &parameter.name;
            if texts.is_empty() {
                if parameter.required && parameter.place != Place::Path {
                    violations.push(format!("{place}: {name} is required and missing"));
                }
                continue;
            }
            violations.extend(
                parameter.judge(&texts, &schema).into_iter().map(|violation| format!("{place}: {name}: {violation}")),
            );
        }
        let secrets: Vec<&str> = operation
            .security
            .iter()
            .flatten()
            .filter_map(|scheme| if let security::Scheme::Query(name) = scheme { Some(name.as_str()) } else { None })
            .collect();
        for (index, (key, _)) in target.query.iter().enumerate() {
            if !taken[index] && !secrets.contains(&key.as_str()) && !operation.is_proxy() {
                violations.push(format!("query: {key} is no parameter of {}", operation.place()));
            }
        }
        violations.extend(self.check_body(request, operation));
        violations
    }

    fn check_body(&self, request: &Request, operation: &Operation) -> Vec<String> {
        if request.body.is_empty() {
            return if operation.body_required {
                vec![format!("body: {} demands one", operation.place())]
            } else {
                Vec::new()
            };
        }
        if operation.bodies.is_empty() {
            // An empty object says nothing; several vendors' own clients send it.
            return if request.body == b"{}" {
                Vec::new()
            } else {
                vec![format!("body: {} takes none", operation.place())]
            };
        }
        let Some(given) = request.media_type() else { return vec!["body: its content type is missing".to_owned()] };
        let types = || operation.bodies.iter().map(|(media_type, _)| media_type.as_str());
        let Some(declared) = body::declared(types(), &given) else {
            return vec![format!("body: content type {given} is none of {}", types().collect::<Vec<_>>().join(", "))];
        };
        let raw = operation.bodies.iter().find(|(media_type, _)| media_type == declared).map(|(_, raw)| raw);
        raw.map_or_else(Vec::new, |raw| body::judge(request, &given, &self.convert(Direction::Request, raw)))
    }

    pub fn answers(&self, request: &Request, target: &Target) -> Vec<Answer> {
        let Ok((operation, _)) = self.find(request, target) else { return Vec::new() };
        let Success { status, content } = &operation.success;
        let Some((media_type, raw, example)) = content else {
            return vec![Answer { status: *status, ..Answer::default() }];
        };
        let schema = self.convert(Direction::Response, raw);
        generate::values(&schema, example.as_ref(), &self.hints)
            .into_iter()
            .map(|value| Answer::new(*status, media_type, write(media_type, &value)))
            .collect()
    }

    pub fn check_answer(&self, request: &Request, target: &Target, answer: &Answer) -> Vec<String> {
        let Ok((operation, _)) = self.find(request, target) else { return vec!["no such operation".to_owned()] };
        let Some((media_type, raw, _)) = &operation.success.content else {
            return if answer.body.is_empty() { Vec::new() } else { vec!["there should be no body".to_owned()] };
        };
        let bare = bare_media_type(media_type);
        let schema = self.convert(Direction::Response, raw);
        let judge = |text: &[u8]| match serde_json::from_slice(text) {
            Ok(value) => schema.judge(&value),
            Err(error) => vec![format!("it is not JSON: {error}")],
        };
        if is_lines(&bare) {
            answer.body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).flat_map(judge).collect()
        } else if body::is_json(&bare) {
            judge(&answer.body)
        } else {
            Vec::new()
        }
    }

    /// Returns the headers and query parameters in which secrets go.
    pub fn secrets(&self, request: &Request, target: &Target) -> (Pairs, Pairs) {
        self.find(request, target).map(|(operation, _)| security::sample(&operation.security)).unwrap_or_default()
    }

    /// Makes a full request for every operation.
    pub fn samples(&self, base: &str) -> Vec<Request> {
        self.operations.iter().map(|operation| self.sample(base, operation)).collect()
    }

    fn sample(&self, base: &str, operation: &Operation) -> Request {
        let (mut headers, mut query) = (Vec::new(), Vec::new());
        let mut path = operation.template.clone();
        for parameter in &operation.parameters {
            let schema = self.convert(Direction::Request, &parameter.schema);
            let value = generate::first(&schema, parameter.example.as_ref());
            let pairs = parameter.write(&value);
            match parameter.place {
                Place::Query => query.extend(pairs),
                Place::Path => {
                    let text = pairs.first().map(|(_, text)| text.as_str()).unwrap_or_default();
                    path = path.replace(&format!("{{{}}}", parameter.name), &target::encode(text));
                }
                Place::Header if parameter.required => headers.extend(pairs),
                Place::Header | Place::Cookie => {}
            }
        }
        let mut body = Vec::new();
        let preferred = ["application/json", "application/x-www-form-urlencoded"];
        let chosen = preferred
            .iter()
            .find_map(|wanted| operation.bodies.iter().find(|(media_type, _)| bare_media_type(media_type) == *wanted))
            .or_else(|| operation.bodies.iter().find(|(media_type, _)| body::is_json(&bare_media_type(media_type))))
            .or_else(|| operation.bodies.first());
        if let Some((media_type, raw)) = chosen {
            let value = generate::first(&self.convert(Direction::Request, raw), None);
            let boundary = if media_type.starts_with("multipart/") { "; boundary=part" } else { "" };
            headers.push(("Content-Type".to_owned(), format!("{media_type}{boundary}")));
            body = write(media_type, &value);
        }
        let query: Vec<String> =
            query.iter().map(|(name, value)| format!("{}={}", target::encode(name), target::encode(value))).collect();
        let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
        Request { method: operation.method.clone(), url: format!("{base}{path}{query}"), headers, body }
    }
}

/// Writes a value in a media type.
fn write(media_type: &str, value: &Value) -> Vec<u8> {
    let bare = bare_media_type(media_type);
    let json = |value: &Value| serde_json::to_vec(value).expect("JSON values can be written");
    match bare.as_str() {
        "application/x-www-form-urlencoded" => {
            let mut pairs = Vec::new();
            for (name, value) in value.as_object().into_iter().flatten() {
                let items = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
                for item in items {
                    let text = item.as_str().map_or_else(|| item.to_string(), str::to_owned);
                    pairs.push(format!("{}={}", target::encode(name), target::encode(&text)));
                }
            }
            pairs.join("&").into_bytes()
        }
        "multipart/form-data" => {
            let part = |(name, value): (&String, &Value)| {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                format!("--part\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
            };
            let parts: String = value.as_object().into_iter().flatten().map(part).collect();
            format!("{parts}--part--\r\n").into_bytes()
        }
        lines if is_lines(lines) => {
            let line = json(value);
            [line.as_slice(), b"\n", line.as_slice(), b"\n"].concat()
        }
        _ if body::is_json(&bare) || bare == "*/*" => json(value),
        _ => value.as_str().map_or_else(|| json(value), |text| text.as_bytes().to_vec()),
    }
}

/// Whether a body is one JSON value a line.
fn is_lines(media_type: &str) -> bool {
    ["application/x-ndjson", "application/stream+json", "application/x-json-stream", "application/jsonl"]
        .contains(&media_type)
}

fn operation(document: &Value, dialect: Dialect, template: &str, item: &Value, method: &str, raw: &Value) -> Operation {
    let swagger = dialect == Dialect::Swagger2;
    let mut raw_parameters: BTreeMap<(String, String), &Value> = BTreeMap::new();
    for owner in [item, raw] {
        for parameter in owner.get("parameters").and_then(Value::as_array).into_iter().flatten() {
            let parameter = resolve(document, parameter);
            let text = |key: &str| parameter.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            raw_parameters.insert((text("in"), text("name")), parameter);
        }
    }
    let (bodies, body_required) =
        if swagger { swagger_body(document, raw, &raw_parameters) } else { body_of(document, raw) };
    let path = template.split('?').next().unwrap_or(template);
    Operation {
        id: raw.get("operationId").and_then(Value::as_str).map(str::to_owned),
        method: method.to_ascii_uppercase(),
        template: path.to_owned(),
        segments: path.trim_start_matches('/').split('/').map(Segment::read).collect(),
        parameters: raw_parameters.values().filter_map(|parameter| Parameter::read(parameter, swagger)).collect(),
        bodies,
        body_required,
        success: success(document, swagger, raw),
        security: security::read(document, raw),
    }
}

fn body_of(document: &Value, raw: &Value) -> (Vec<(String, Value)>, bool) {
    let Some(body) = raw.get("requestBody") else { return (Vec::new(), false) };
    let body = resolve(document, body);
    let content = body.get("content").and_then(Value::as_object);
    let bodies = content
        .into_iter()
        .flatten()
        .map(|(media_type, content)| (media_type.clone(), content.get("schema").cloned().unwrap_or_else(|| json!({}))));
    (bodies.collect(), body.get("required") == Some(&Value::Bool(true)))
}

fn media_types(document: &Value, raw: &Value, key: &str) -> Vec<String> {
    let listed = raw.get(key).or_else(|| document.get(key)).and_then(Value::as_array);
    let types: Vec<String> = listed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    if types.is_empty() { vec!["application/json".to_owned()] } else { types }
}

fn swagger_body(
    document: &Value,
    raw: &Value,
    parameters: &BTreeMap<(String, String), &Value>,
) -> (Vec<(String, Value)>, bool) {
    let types = media_types(document, raw, "consumes");
    if let Some((_, body)) = parameters.iter().find(|((place, _), _)| place == "body") {
        let schema = body.get("schema").cloned().unwrap_or_else(|| json!({}));
        return (
            types.into_iter().map(|media_type| (media_type, schema.clone())).collect(),
            body.get("required") == Some(&Value::Bool(true)),
        );
    }
    let fields: Vec<(&str, &Value)> = parameters
        .iter()
        .filter(|((place, _), _)| place == "formData")
        .map(|((_, name), raw)| (name.as_str(), *raw))
        .collect();
    if fields.is_empty() {
        return (Vec::new(), false);
    }
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (name, field) in fields {
        let mut members = field.as_object().cloned().unwrap_or_default();
        members.retain(|key, _| !["name", "in", "required", "collectionFormat"].contains(&key.as_str()));
        properties.insert(name.to_owned(), Value::Object(members));
        if field.get("required") == Some(&Value::Bool(true)) {
            required.push(json!(name));
        }
    }
    let demanded = !required.is_empty();
    let mut schema = json!({ "type": "object", "properties": properties });
    if demanded {
        schema["required"] = Value::Array(required);
    }
    let mut types = types;
    // Fields of a form go as a form whatever else is listed.
    if !types.iter().any(|media_type| media_type.contains("form")) {
        types.push("application/x-www-form-urlencoded".to_owned());
    }
    (types.into_iter().map(|media_type| (media_type, schema.clone())).collect(), demanded)
}

fn success(document: &Value, swagger: bool, raw: &Value) -> Success {
    let responses = raw.get("responses").and_then(Value::as_object);
    let mut known: Vec<(u16, &Value)> = responses
        .into_iter()
        .flatten()
        .filter_map(|(status, response)| match status.as_str() {
            "2XX" | "2xx" => Some((200, response)),
            "default" => Some((999, response)),
            status => Some((status.parse().ok()?, response)),
        })
        .filter(|(status, _)| (200..300).contains(status) || *status == 999)
        .collect();
    known.sort_by_key(|(status, _)| *status);
    // The first that says something; else the first.
    let says = |response: &Value| resolve(document, response).get(if swagger { "schema" } else { "content" }).is_some();
    let chosen = known.iter().find(|(status, response)| *status != 999 && says(response)).or_else(|| known.first());
    let Some((status, response)) = chosen else { return Success { status: 204, content: None } };
    let status = if *status == 999 { 200 } else { *status };
    let response = resolve(document, response);
    let content = if swagger {
        response.get("schema").map(|schema| {
            let types = media_types(document, raw, "produces");
            let media_type = types
                .iter()
                .find(|media_type| body::is_json(&bare_media_type(media_type)))
                .unwrap_or(&types[0])
                .clone();
            let example = response.get("examples").and_then(|examples| examples.get(&media_type)).cloned();
            (media_type, schema.clone(), example)
        })
    } else {
        let contents = response.get("content").and_then(Value::as_object);
        let chosen = contents.and_then(|contents| {
            contents
                .iter()
                .find(|(media_type, _)| bare_media_type(media_type) == "application/json")
                .or_else(|| contents.iter().next())
        });
        chosen.map(|(media_type, content)| {
            let named =
                || resolve(document, content.get("examples")?.as_object()?.values().next()?).get("value").cloned();
            let example = content.get("example").cloned().or_else(named);
            (media_type.clone(), content.get("schema").cloned().unwrap_or_else(|| json!({})), example)
        })
    };
    Success { status, content }
}
