//! AWS service models: the protocols `json`, `rest-json` and `query`. Shapes become JSON Schema, so that one judge and one
//! maker of values serve all.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map, Value, json};

use super::generate::Hints;
use super::parameter::coerce;
use super::schema::Compiled;
use super::{Answer, Request, Target, generate, target, xml};

pub struct Botocore {
    pub hints: Hints,
    model: Value,
    protocols: Vec<String>,
    compiled: RefCell<BTreeMap<Key, Rc<Compiled>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Protocol {
    Json,
    RestJson,
    Query,
}

/// A shape, in which protocol, and whether it takes only the members that it lists.
type Key = (Option<String>, Protocol, bool);

/// An operation of the model as a request speaks of it.
struct Call<'a> {
    name: String,
    protocol: Protocol,
    operation: &'a Value,
    labels: Vec<(String, String)>,
}

impl Botocore {
    pub fn read(model: Value) -> Result<Self, String> {
        let listed = model.pointer("/metadata/protocols").and_then(Value::as_array);
        let protocols: Vec<String> = match listed {
            Some(listed) => listed.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            None => {
                model.pointer("/metadata/protocol").and_then(Value::as_str).map(str::to_owned).into_iter().collect()
            }
        };
        if !protocols.iter().any(|protocol| ["json", "rest-json", "query"].contains(&protocol.as_str())) {
            return Err(format!("it speaks only {}", protocols.join(", ")));
        }
        Ok(Self { hints: Hints::new(), model, protocols, compiled: RefCell::default() })
    }

    fn speaks(&self, protocol: &str) -> bool {
        self.protocols.iter().any(|spoken| spoken == protocol)
    }

    fn metadata(&self, key: &str) -> &str {
        self.model
            .pointer("/metadata")
            .and_then(|metadata| metadata.get(key))
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn operations(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.model.get("operations").and_then(Value::as_object).into_iter().flatten()
    }

    fn call(&self, request: &Request, target: &Target) -> Result<Call<'_>, String> {
        let named = |name: &str, protocol: Protocol| {
            let found = self.operations().find(|(known, _)| *known == name);
            found
                .map(|(name, operation)| Call { name: name.clone(), protocol, operation, labels: Vec::new() })
                .ok_or_else(|| format!("operation: {name} is none of the model's"))
        };
        if self.speaks("rest-json") {
            let mut methods = Vec::new();
            for (name, operation) in self.operations() {
                let method = operation.pointer("/http/method").and_then(Value::as_str).unwrap_or_default();
                let template = operation.pointer("/http/requestUri").and_then(Value::as_str).unwrap_or_default();
                let path = template.split('?').next().unwrap_or_default();
                let Some(labels) = labels(path, &target.segments) else { continue };
                if method == request.method {
                    return Ok(Call { name: name.clone(), protocol: Protocol::RestJson, operation, labels });
                }
                methods.push(method.to_owned());
            }
            return Err(if methods.is_empty() {
                format!("path: {} is none of the model's", target.path())
            } else {
                format!("method: {} {} is not there, only {}", request.method, target.path(), methods.join(", "))
            });
        }
        if !target.is_root() {
            return Err(format!("path: {} is not /, where all operations are", target.path()));
        }
        if request.method != "POST" {
            return Err(format!("method: {} calls nothing, POST does", request.method));
        }
        if self.speaks("json") && (request.header("x-amz-target").is_some() || !self.speaks("query")) {
            let prefix = self.metadata("targetPrefix");
            let given = request.header("x-amz-target").ok_or("header: X-Amz-Target is missing")?;
            let name = given.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.'));
            return named(
                name.ok_or_else(|| format!("header: X-Amz-Target {given} does not begin with {prefix}."))?,
                Protocol::Json,
            );
        }
        let pairs = target::form(&String::from_utf8_lossy(&request.body));
        let action = pairs
            .iter()
            .find(|(name, _)| name == "Action")
            .map(|(_, action)| action.as_str())
            .ok_or("body: Action is missing")?;
        named(action, Protocol::Query)
    }

    pub fn operation(&self, request: &Request, target: &Target) -> Option<String> {
        self.call(request, target).ok().map(|call| call.name)
    }

    pub fn check(&self, request: &Request, target: &Target) -> Vec<String> {
        let call = match self.call(request, target) {
            Ok(call) => call,
            Err(violation) => return vec![violation],
        };
        let mut violations: Vec<String> = self.check_signature(request).into_iter().collect();
        let shape = call.operation.pointer("/input/shape").and_then(Value::as_str);
        let input = self.schema(shape, call.protocol, true);
        let wanted = match call.protocol {
            Protocol::Json => format!("application/x-amz-json-{}", self.metadata("jsonVersion")),
            Protocol::RestJson => "application/json".to_owned(),
            Protocol::Query => "application/x-www-form-urlencoded".to_owned(),
        };
        let given = request.media_type().unwrap_or_default();
        if given != wanted && !(request.body.is_empty() && call.protocol == Protocol::RestJson) {
            violations.push(format!("body: content type {given:?} is not {wanted}"));
        }
        if call.protocol != Protocol::RestJson {
            violations
                .extend(target.query.iter().map(|(key, _)| format!("query: {key} is no parameter of {}", call.name)));
        }
        let value = match call.protocol {
            Protocol::Json => {
                serde_json::from_slice(&request.body).map_err(|error| format!("body: it is not JSON: {error}"))
            }
            Protocol::RestJson => self.rest_value(request, target, &call, shape, &mut violations),
            Protocol::Query => {
                let mut pairs = target::form(&String::from_utf8_lossy(&request.body));
                let version = self.metadata("apiVersion");
                if !pairs.iter().any(|(name, value)| name == "Version" && value == version) {
                    violations.push(format!("body: Version is not {version}"));
                }
                pairs.retain(|(name, _)| name != "Action" && name != "Version");
                self.query_value(shape.unwrap_or_default(), &pairs, &mut violations)
            }
        };
        match value {
            Ok(value) => violations.extend(
                input.judge(&value).into_iter().map(|violation| format!("input of {}: {violation}", call.name)),
            ),
            Err(violation) => violations.push(violation),
        }
        violations
    }

    fn check_signature(&self, request: &Request) -> Option<String> {
        let service = self.service();
        let Some(header) = request.header("authorization") else {
            return Some("authentication: the header Authorization is missing".to_owned());
        };
        let Some(rest) = header.strip_prefix("AWS4-HMAC-SHA256 ") else {
            return Some("authentication: the header Authorization does not begin with AWS4-HMAC-SHA256".to_owned());
        };
        let scope = rest.split(',').find_map(|part| part.trim().strip_prefix("Credential=")).unwrap_or_default();
        let parts: Vec<&str> = scope.split('/').collect();
        let named = parts.len() == 5 && parts[3] == service && parts[4] == "aws4_request";
        (!named).then(|| format!("authentication: the credential scope {scope:?} does not name {service}"))
    }

    /// Returns a header that looks like a signature for this service.
    pub fn signature(&self) -> (String, String) {
        let service = self.service();
        let scope = format!("AKID/20260301/eu-west-1/{service}/aws4_request");
        ("Authorization".to_owned(), format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00"))
    }

    fn service(&self) -> &str {
        Some(self.metadata("signingName")).filter(|name| !name.is_empty()).unwrap_or(self.metadata("endpointPrefix"))
    }

    fn shapes(&self) -> &Value {
        self.model.get("shapes").unwrap_or(&Value::Null)
    }

    fn members<'a>(&'a self, shape: Option<&str>) -> impl Iterator<Item = (&'a String, &'a Value)> {
        shape
            .and_then(|shape| self.shapes().get(shape))
            .and_then(|shape| shape.get("members"))
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
    }

    /// Puts together what is spread over path, query, headers and body.
    fn rest_value(
        &self,
        request: &Request,
        target: &Target,
        call: &Call<'_>,
        shape: Option<&str>,
        violations: &mut Vec<String>,
    ) -> Result<Value, String> {
        let mut out = Map::new();
        if !request.body.is_empty() {
            let body: Value =
                serde_json::from_slice(&request.body).map_err(|error| format!("body: it is not JSON: {error}"))?;
            let Value::Object(members) = body else { return Err("body: it is no object".to_owned()) };
            for (name, value) in members {
                if self.members(shape).any(|(member, raw)| *member == name && raw.get("location").is_some()) {
                    violations.push(format!("body: {name} belongs elsewhere"));
                }
                out.insert(name, value);
            }
        }
        let mut known = Vec::new();
        for (name, raw) in self.members(shape) {
            let place = raw.get("location").and_then(Value::as_str).unwrap_or_default();
            let wire = raw.get("locationName").and_then(Value::as_str).unwrap_or(name);
            let text = match place {
                "uri" => call.labels.iter().find(|(label, _)| label == wire).map(|(_, text)| text.clone()),
                "querystring" => {
                    known.push(wire);
                    target.query.iter().find(|(key, _)| key == wire).map(|(_, text)| text.clone())
                }
                "header" => request.header(wire).map(str::to_owned),
                _ => None,
            };
            if let Some(text) = text {
                let inner = self.schema(raw.get("shape").and_then(Value::as_str), Protocol::RestJson, true);
                out.insert(name.clone(), coerce(&text, &inner.schema));
            }
        }
        for (key, _) in target.query.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
            violations.push(format!("query: {key} is no parameter of {}", call.name));
        }
        Ok(Value::Object(out))
    }

    /// Reads `Dimensions.member.1.Name=...` as the shape says. Pairs that fit no member are violations.
    fn query_value(
        &self,
        shape: &str,
        pairs: &[(String, String)],
        violations: &mut Vec<String>,
    ) -> Result<Value, String> {
        let raw = self.shapes().get(shape).unwrap_or(&Value::Null);
        let kind = raw.get("type").and_then(Value::as_str).unwrap_or("structure");
        let inner = |pointer: &str| raw.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let split = |pairs: &[(String, String)]| {
            let mut groups: Vec<(String, Vec<(String, String)>)> = Vec::new();
            for (key, text) in pairs {
                let (first, rest) = key.split_once('.').unwrap_or((key, ""));
                match groups.iter_mut().find(|(name, _)| name == first) {
                    Some((_, group)) => group.push((rest.to_owned(), text.clone())),
                    None => groups.push((first.to_owned(), vec![(rest.to_owned(), text.clone())])),
                }
            }
            groups
        };
        match kind {
            "structure" => {
                let mut out = Map::new();
                for (name, group) in split(pairs) {
                    match raw.pointer(&format!("/members/{name}/shape")).and_then(Value::as_str) {
                        Some(member) => {
                            out.insert(name, self.query_value(member, &group, violations)?);
                        }
                        None => violations.push(format!(
                            "body: {name} is no member of {}",
                            if shape.is_empty() { "the operation" } else { shape }
                        )),
                    }
                }
                Ok(Value::Object(out))
            }
            "list" => {
                let tag = Some(inner("/member/locationName"))
                    .filter(|tag| !tag.is_empty())
                    .unwrap_or_else(|| "member".to_owned());
                let mut items = Vec::new();
                for (name, group) in split(pairs) {
                    if name != tag {
                        return Err(format!("body: a list in {shape} is written {tag}.1, not {name}"));
                    }
                    for (_, group) in split(&group) {
                        items.push(self.query_value(&inner("/member/shape"), &group, violations)?);
                    }
                }
                Ok(Value::Array(items))
            }
            "map" => Err(format!("body: {shape} is a map, which no request of ours needs")),
            _ => {
                let text = pairs.first().map(|(_, text)| text.as_str()).unwrap_or_default();
                Ok(coerce(text, &self.schema(Some(shape), Protocol::Query, true).schema))
            }
        }
    }

    /// Returns a shape as JSON Schema; `closed` refuses members that it does not list.
    fn schema(&self, shape: Option<&str>, protocol: Protocol, closed: bool) -> Rc<Compiled> {
        let key = (shape.map(str::to_owned), protocol, closed);
        if let Some(compiled) = self.compiled.borrow().get(&key) {
            return Rc::clone(compiled);
        }
        let compiled = Rc::new(Compiled::new(self.raw_schema(shape, protocol, closed)));
        self.compiled.borrow_mut().insert(key, Rc::clone(&compiled));
        compiled
    }

    fn raw_schema(&self, shape: Option<&str>, protocol: Protocol, closed: bool) -> Value {
        let Some(shape) = shape else {
            return if closed {
                json!({ "type": "object", "additionalProperties": false })
            } else {
                json!({ "type": "object" })
            };
        };
        let mut definitions = Map::new();
        self.define(shape, protocol, closed, &mut definitions);
        json!({ "$ref": format!("#/$defs/{shape}"), "$defs": definitions })
    }

    fn define(&self, shape: &str, protocol: Protocol, closed: bool, definitions: &mut Map<String, Value>) {
        if definitions.contains_key(shape) {
            return;
        }
        definitions.insert(shape.to_owned(), json!({}));
        let raw = self.shapes().get(shape).cloned().unwrap_or_else(|| json!({}));
        let mut out = Map::new();
        let refer = |inner: Option<&Value>, definitions: &mut Map<String, Value>| {
            let inner = inner.and_then(Value::as_str).unwrap_or_default();
            self.define(inner, protocol, closed, definitions);
            json!({ "$ref": format!("#/$defs/{inner}") })
        };
        let copy = |from: &str, to: &str, out: &mut Map<String, Value>| {
            if let Some(value) = raw.get(from) {
                out.insert(to.to_owned(), value.clone());
            }
        };
        let kind = raw.get("type").and_then(Value::as_str).unwrap_or_default();
        match kind {
            "structure" => {
                out.insert("type".to_owned(), json!("object"));
                let mut properties = Map::new();
                for (name, member) in raw.get("members").and_then(Value::as_object).into_iter().flatten() {
                    properties.insert(name.clone(), refer(member.get("shape"), definitions));
                }
                // Only one member of a union may be given.
                if raw.get("union") == Some(&Value::Bool(true)) {
                    out.insert("maxProperties".to_owned(), json!(1));
                    if !closed {
                        properties.retain(|name, _| {
                            raw.get("members").and_then(Value::as_object).and_then(|members| members.keys().next())
                                == Some(name)
                        });
                    }
                }
                out.insert("properties".to_owned(), Value::Object(properties));
                copy("required", "required", &mut out);
                if closed {
                    out.insert("additionalProperties".to_owned(), Value::Bool(false));
                }
            }
            "list" => {
                out.insert("type".to_owned(), json!("array"));
                out.insert("items".to_owned(), refer(raw.pointer("/member/shape"), definitions));
                copy("min", "minItems", &mut out);
                copy("max", "maxItems", &mut out);
            }
            "map" => {
                out.insert("type".to_owned(), json!("object"));
                out.insert("additionalProperties".to_owned(), refer(raw.pointer("/value/shape"), definitions));
            }
            "string" => {
                out.insert("type".to_owned(), json!("string"));
                copy("enum", "enum", &mut out);
                copy("min", "minLength", &mut out);
                copy("max", "maxLength", &mut out);
                if let Some(pattern) = raw
                    .get("pattern")
                    .filter(|pattern| jsonschema::options().build(&json!({ "pattern": pattern })).is_ok())
                {
                    // The model's patterns are meant from end to end.
                    let pattern = pattern.as_str().unwrap_or_default();
                    out.insert(
                        "pattern".to_owned(),
                        json!(format!("^(?:{})$", pattern.trim_start_matches('^').trim_end_matches('$'))),
                    );
                }
            }
            "integer" | "long" | "float" | "double" => {
                out.insert(
                    "type".to_owned(),
                    json!(if kind == "integer" || kind == "long" { "integer" } else { "number" }),
                );
                copy("min", "minimum", &mut out);
                copy("max", "maximum", &mut out);
            }
            "boolean" => {
                out.insert("type".to_owned(), json!("boolean"));
            }
            "timestamp" if protocol == Protocol::Query => {
                out.insert("type".to_owned(), json!("string"));
                out.insert("format".to_owned(), json!("date-time"));
            }
            "timestamp" => {
                out.insert("type".to_owned(), json!("number"));
                out.insert("x-format".to_owned(), json!("unixtime"));
            }
            "blob" => {
                out.insert("type".to_owned(), json!("string"));
                out.insert("x-format".to_owned(), json!("byte"));
            }
            _ => {}
        }
        definitions.insert(shape.to_owned(), Value::Object(out));
    }

    pub fn answers(&self, request: &Request, target: &Target) -> Vec<Answer> {
        let Ok(call) = self.call(request, target) else { return Vec::new() };
        let shape = call.operation.pointer("/output/shape").and_then(Value::as_str);
        let status = call
            .operation
            .pointer("/http/responseCode")
            .and_then(Value::as_u64)
            .and_then(|status| u16::try_from(status).ok())
            .unwrap_or(200);
        let schema = self.schema(shape, call.protocol, false);
        generate::values(&schema, None, &self.hints)
            .into_iter()
            .map(|value| match call.protocol {
                Protocol::Json => Answer::new(
                    status,
                    &format!("application/x-amz-json-{}", self.metadata("jsonVersion")),
                    value.to_string().into_bytes(),
                ),
                Protocol::RestJson => Answer::new(status, "application/json", value.to_string().into_bytes()),
                Protocol::Query => Answer::new(status, "text/xml", self.envelope(&call, shape, &value).into_bytes()),
            })
            .collect()
    }

    fn envelope(&self, call: &Call<'_>, shape: Option<&str>, value: &Value) -> String {
        let name = &call.name;
        let mut content = String::new();
        if let Some(shape) = shape {
            xml::write(self.shapes(), shape, value, &mut content);
        }
        let result = match call.operation.pointer("/output/resultWrapper").and_then(Value::as_str) {
            Some(wrapper) => format!("<{wrapper}>{content}</{wrapper}>"),
            None => content,
        };
        let namespace = self.metadata("xmlNamespace");
        format!(
            "<{name}Response xmlns=\"{namespace}\">{result}<ResponseMetadata><RequestId>0b5a7c1e</RequestId></ResponseMetadata></{name}Response>"
        )
    }

    pub fn check_answer(&self, request: &Request, target: &Target, answer: &Answer) -> Vec<String> {
        let Ok(call) = self.call(request, target) else { return vec!["no such operation".to_owned()] };
        if call.protocol == Protocol::Query {
            return Vec::new();
        }
        let shape = call.operation.pointer("/output/shape").and_then(Value::as_str);
        match serde_json::from_slice(&answer.body) {
            Ok(value) => self.schema(shape, call.protocol, false).judge(&value),
            Err(error) => vec![format!("it is not JSON: {error}")],
        }
    }

    /// Makes a full request for every operation.
    pub fn samples(&self, base: &str) -> Vec<Request> {
        self.operations().map(|(name, operation)| self.sample(base, name, operation)).collect()
    }

    fn sample(&self, base: &str, name: &str, operation: &Value) -> Request {
        let mut headers = Vec::new();
        let shape = operation.pointer("/input/shape").and_then(Value::as_str);
        let protocol = if self.speaks("rest-json") {
            Protocol::RestJson
        } else if self.speaks("json") {
            Protocol::Json
        } else {
            Protocol::Query
        };
        let value = generate::first(&self.schema(shape, protocol, true), None);
        match protocol {
            Protocol::Json => {
                headers.push(("X-Amz-Target".to_owned(), format!("{}.{name}", self.metadata("targetPrefix"))));
                headers.push((
                    "Content-Type".to_owned(),
                    format!("application/x-amz-json-{}", self.metadata("jsonVersion")),
                ));
                Request {
                    method: "POST".to_owned(),
                    url: format!("{base}/"),
                    headers,
                    body: value.to_string().into_bytes(),
                }
            }
            Protocol::Query => {
                let mut pairs = vec![format!("Action={name}"), format!("Version={}", self.metadata("apiVersion"))];
                flatten("", &value, &mut pairs);
                headers
                    .push(("Content-Type".to_owned(), "application/x-www-form-urlencoded; charset=utf-8".to_owned()));
                Request {
                    method: "POST".to_owned(),
                    url: format!("{base}/"),
                    headers,
                    body: pairs.join("&").into_bytes(),
                }
            }
            Protocol::RestJson => {
                let template = operation.pointer("/http/requestUri").and_then(Value::as_str).unwrap_or_default();
                let (mut path, mut query) = (template.to_owned(), Vec::new());
                let mut body = value.as_object().cloned().unwrap_or_default();
                for (member, raw) in self.members(shape) {
                    let Some(place) = raw.get("location").and_then(Value::as_str) else { continue };
                    let wire = raw.get("locationName").and_then(Value::as_str).unwrap_or(member);
                    let value = body.remove(member).unwrap_or(Value::Null);
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    match place {
                        "uri" => path = path.replace(&format!("{{{wire}}}"), &target::encode(&text)),
                        "querystring" => query.push(format!("{wire}={}", target::encode(&text))),
                        _ => headers.push((wire.to_owned(), text)),
                    }
                }
                let method = operation.pointer("/http/method").and_then(Value::as_str).unwrap_or_default().to_owned();
                let mut bytes = Vec::new();
                if !body.is_empty() {
                    headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
                    bytes = Value::Object(body).to_string().into_bytes();
                }
                let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
                Request { method, url: format!("{base}{path}{query}"), headers, body: bytes }
            }
        }
    }
}

/// Writes a value as the query protocol does: `Name.member.1.Inner=...`.
fn flatten(prefix: &str, value: &Value, out: &mut Vec<String>) {
    let below = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| flatten(&below(name), value, out)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(index, value)| flatten(&below(&format!("member.{}", index + 1)), value, out)),
        Value::String(text) => out.push(format!("{prefix}={}", target::encode(text))),
        other => out.push(format!("{prefix}={other}")),
    }
}

fn labels(template: &str, segments: &[String]) -> Option<Vec<(String, String)>> {
    let parts: Vec<&str> = template.trim_start_matches('/').split('/').collect();
    if parts.len() != segments.len() {
        return None;
    }
    let mut labels = Vec::new();
    for (part, text) in parts.iter().zip(segments) {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) if !text.is_empty() => labels.push((name.trim_end_matches('+').to_owned(), text.clone())),
            Some(_) => return None,
            None if part == text => {}
            None => return None,
        }
    }
    Some(labels)
}
