//! From each dialect's schema to JSON Schema 2020-12, and the judgement by it.
//!
//! What is put right on the way: `nullable`, boolean `exclusiveMinimum`, `type: file`, siblings of `$ref` that a dialect
//! ignores, properties that only one direction has. In requests an object that lists its properties and says nothing about
//! others takes no others: vendors ignore a misspelt member silently, so we must not.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::{Map, Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Swagger2,
    OpenApi30,
    OpenApi31,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    Request,
    Response,
}

/// Formats that mean the same to everybody. Others (`duration` is ISO 8601 to one and `5m` to the next) are not judged.
const FORMATS: [&str; 8] = ["date-time", "date", "uuid", "uri", "email", "ipv4", "ipv6", "hostname"];

/// Keywords that go over as they are.
const PLAIN: [&str; 22] = [
    "enum",
    "const",
    "multipleOf",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "default",
    "example",
    "examples",
    "description",
    "title",
    "dependentRequired",
    "minContains",
    "maxContains",
    "contentEncoding",
    "readOnly",
];

/// Follows a reference inside the document.
pub fn resolve<'a>(document: &'a Value, mut value: &'a Value) -> &'a Value {
    // Longer chains than this are circles.
    for _ in 0..32 {
        let Some(reference) = value.get("$ref").and_then(Value::as_str) else { return value };
        match find(document, reference) {
            Some(target) => value = target,
            None => return &Value::Null,
        }
    }
    &Value::Null
}

fn find<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    let pointer = reference.strip_prefix('#')?;
    document
        .pointer(pointer)
        .or_else(|| document.pointer(&pointer.replace("%7B", "{").replace("%7D", "}").replace("%20", " ")))
}

/// Turns a schema of the document into one that stands for itself, with all that it refers to under `$defs`.
pub fn convert(
    document: &Value,
    dialect: Dialect,
    direction: Direction,
    raw: &Value,
    notes: &RefCell<BTreeSet<String>>,
) -> Value {
    let mut converter =
        Converter { document, dialect, direction, names: BTreeMap::new(), definitions: Map::new(), notes };
    let mut schema = converter.schema(raw, direction == Direction::Request);
    if let Value::Object(members) = &mut schema {
        members.insert("$defs".to_owned(), Value::Object(converter.definitions));
    }
    schema
}

struct Converter<'a> {
    document: &'a Value,
    dialect: Dialect,
    direction: Direction,
    names: BTreeMap<(String, bool), String>,
    definitions: Map<String, Value>,
    notes: &'a RefCell<BTreeSet<String>>,
}

impl Converter<'_> {
    /// `closed` says that members which the schema does not list are refused.
    fn schema(&mut self, raw: &Value, closed: bool) -> Value {
        let Some(members) = raw.as_object() else { return if raw.is_boolean() { raw.clone() } else { json!({}) } };
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            let mut referred = self.reference(reference, closed);
            // 3.0 ignores what stands beside a reference; its tools write this nevertheless, and mean it.
            if self.dialect == Dialect::OpenApi30 && members.get("nullable") == Some(&Value::Bool(true)) {
                referred = json!({ "anyOf": [referred, { "type": "null" }] });
            }
            let mut siblings = members.clone();
            siblings.remove("$ref");
            siblings.retain(|key, _| {
                !["description", "title", "summary", "example", "default", "deprecated", "readOnly"]
                    .contains(&key.as_str())
            });
            return if self.dialect == Dialect::OpenApi31 && !siblings.is_empty() {
                json!({ "allOf": [referred, self.schema(&Value::Object(siblings), false)] })
            } else {
                referred
            };
        }
        let mut out = Map::new();
        for (key, value) in members {
            if PLAIN.contains(&key.as_str()) {
                out.insert(key.clone(), value.clone());
            }
        }
        if self.dialect == Dialect::OpenApi31 && out.get("examples").is_some_and(|examples| !examples.is_array()) {
            out.remove("examples");
        }
        self.kind(members, &mut out);
        self.bounds(members, &mut out);
        self.text(members, &mut out);
        self.object(members, &mut out);
        let composed = self.composed(members, closed, &mut out);
        if closed && !composed && closable(self.document, raw, 0) == Closable::Yes {
            out.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
        }
        self.nullable(members, out)
    }

    fn reference(&mut self, reference: &str, closed: bool) -> Value {
        let key = (reference.to_owned(), closed);
        let name = match self.names.get(&key) {
            Some(name) => name.clone(),
            None => {
                let last: String = reference
                    .rsplit('/')
                    .next()
                    .unwrap_or_default()
                    .chars()
                    .filter(char::is_ascii_alphanumeric)
                    .collect();
                let name = format!("{last}{}", self.names.len());
                self.names.insert(key, name.clone());
                let Some(target) = find(self.document, reference) else {
                    self.notes
                        .borrow_mut()
                        .insert(format!("{reference} is referred to, but not there: anything passes"));
                    self.definitions.insert(name.clone(), json!({}));
                    return json!({ "$ref": format!("#/$defs/{name}") });
                };
                let target = target.clone();
                let schema = self.schema(&target, closed);
                self.definitions.insert(name.clone(), schema);
                name
            }
        };
        json!({ "$ref": format!("#/$defs/{name}") })
    }

    fn kind(&mut self, members: &Map<String, Value>, out: &mut Map<String, Value>) {
        match members.get("type") {
            Some(Value::String(kind)) if kind == "file" => out.insert("type".to_owned(), json!("string")),
            Some(Value::String(kind)) if kind == "any" => None,
            Some(Value::String(kind)) => {
                let known = kind.to_ascii_lowercase();
                if known != *kind {
                    self.notes.borrow_mut().insert(format!("the type {kind} is read as {known}"));
                }
                out.insert("type".to_owned(), json!(known))
            }
            Some(kind) => out.insert("type".to_owned(), kind.clone()),
            None => None,
        };
        match members.get("format").and_then(Value::as_str) {
            Some("dateTime") => out.insert("format".to_owned(), json!("date-time")),
            Some(format) if FORMATS.contains(&format) => out.insert("format".to_owned(), json!(format)),
            Some(format) => out.insert("x-format".to_owned(), json!(format)),
            None => None,
        };
    }

    fn bounds(&mut self, members: &Map<String, Value>, out: &mut Map<String, Value>) {
        for (exclusive, inclusive) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
            match members.get(exclusive) {
                Some(Value::Bool(true)) => {
                    if let Some(bound) = out.remove(inclusive) {
                        out.insert(exclusive.to_owned(), bound);
                    }
                }
                Some(Value::Number(bound)) => {
                    out.insert(exclusive.to_owned(), Value::Number(bound.clone()));
                }
                _ => {}
            }
        }
    }

    fn text(&mut self, members: &Map<String, Value>, out: &mut Map<String, Value>) {
        if let Some(pattern) = members.get("pattern").and_then(Value::as_str) {
            if jsonschema::options().build(&json!({ "pattern": pattern })).is_ok() {
                out.insert("pattern".to_owned(), json!(pattern));
            } else {
                self.notes.borrow_mut().insert(format!("the pattern {pattern} cannot be read: any text passes"));
            }
        }
    }

    fn object(&mut self, members: &Map<String, Value>, out: &mut Map<String, Value>) {
        let inner = self.direction == Direction::Request;
        if let Some(Value::Object(properties)) = members.get("properties") {
            let mut converted: Map<String, Value> =
                properties.iter().map(|(name, raw)| (name.clone(), self.schema(raw, inner))).collect();
            // Some demand a member that they do not list.
            for name in
                members.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
            {
                converted.entry(name).or_insert_with(|| json!({}));
            }
            out.insert("properties".to_owned(), Value::Object(converted));
        }
        if let Some(Value::Object(patterns)) = members.get("patternProperties") {
            let converted = patterns.iter().map(|(name, raw)| (name.clone(), self.schema(raw, inner))).collect();
            out.insert("patternProperties".to_owned(), Value::Object(converted));
        }
        if let Some(Value::Array(required)) = members.get("required") {
            let other = if self.direction == Direction::Request { "readOnly" } else { "writeOnly" };
            let demanded = required
                .iter()
                .filter(|name| {
                    let property = members.get("properties").and_then(|properties| properties.get(name.as_str()?));
                    let flagged = |value: &Value| value.get(other) == Some(&Value::Bool(true));
                    !property.is_some_and(|property| flagged(property) || flagged(resolve(self.document, property)))
                })
                .cloned()
                .collect();
            out.insert("required".to_owned(), Value::Array(demanded));
        }
        for key in
            ["items", "additionalProperties", "additionalItems", "contains", "propertyNames", "unevaluatedProperties"]
        {
            match members.get(key) {
                // 3.0 tools write lists of schemas here now and then; only 2020-12's `prefixItems` means that.
                Some(Value::Array(_)) | None => {}
                Some(raw) => {
                    let converted = self.schema(raw, inner);
                    out.insert(key.to_owned(), converted);
                }
            }
        }
        if let Some(Value::Array(items)) = members.get("prefixItems") {
            let converted = items.iter().map(|raw| self.schema(raw, inner)).collect();
            out.insert("prefixItems".to_owned(), Value::Array(converted));
        }
    }

    /// Converts what a schema is put together from; returns whether closing was handed on to the alternatives.
    fn composed(&mut self, members: &Map<String, Value>, closed: bool, out: &mut Map<String, Value>) -> bool {
        let alone = !members.contains_key("properties")
            && !members.contains_key("allOf")
            && !members.contains_key("additionalProperties");
        let mut handed_on = false;
        for key in ["allOf", "anyOf", "oneOf"] {
            let Some(Value::Array(parts)) = members.get(key) else { continue };
            // What only lists required members beside nothing else narrows the whole; it is no alternative of its own.
            let whole = parts
                .iter()
                .all(|part| closable(self.document, part, 0) != Closable::Neutral || part.get("type").is_some());
            let hand_on = key != "allOf" && closed && alone && whole;
            handed_on |= hand_on;
            if parts.is_empty() {
                self.notes.borrow_mut().insert(format!("an empty {key} lets anything pass"));
                continue;
            }
            let converted: Vec<Value> = parts.iter().map(|part| self.schema(part, hand_on)).collect();
            // Alternatives that overlap are the description's ambiguity; no vendor refuses a request for it.
            let key = if key == "oneOf" { "anyOf" } else { key };
            match out.get_mut(key) {
                Some(Value::Array(_)) => {
                    let both = json!({ key: converted });
                    let all = out.entry("allOf").or_insert_with(|| json!([]));
                    if let Value::Array(all) = all {
                        all.push(both);
                    }
                }
                _ => {
                    out.insert(key.to_owned(), Value::Array(converted));
                }
            }
        }
        if let Some(raw) = members.get("not") {
            let converted = self.schema(raw, false);
            out.insert("not".to_owned(), converted);
        }
        handed_on
    }

    fn nullable(&mut self, members: &Map<String, Value>, mut out: Map<String, Value>) -> Value {
        let flagged = |key: &str| members.get(key) == Some(&Value::Bool(true));
        let nullable = match self.dialect {
            Dialect::OpenApi31 => false,
            Dialect::OpenApi30 => flagged("nullable"),
            Dialect::Swagger2 => flagged("x-nullable") || flagged("nullable"),
        };
        if !nullable {
            return Value::Object(out);
        }
        if let Some(Value::String(kind)) = out.get("type") {
            let kind = kind.clone();
            out.insert("type".to_owned(), json!([kind, "null"]));
            if let Some(Value::Array(words)) = out.get_mut("enum")
                && !words.contains(&Value::Null)
            {
                words.push(Value::Null);
            }
            if !["allOf", "anyOf", "oneOf"].iter().any(|key| out.contains_key(*key)) {
                return Value::Object(out);
            }
        }
        json!({ "anyOf": [Value::Object(out), { "type": "null" }] })
    }
}

/// Whether members that a schema does not list can be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closable {
    /// It lists members and says nothing of others.
    Yes,
    /// It says itself what else may come, or takes any object.
    No,
    /// It does not speak of members.
    Neutral,
}

fn closable(document: &Value, raw: &Value, depth: usize) -> Closable {
    if depth > 12 {
        return Closable::No;
    }
    let raw = resolve(document, raw);
    let Some(members) = raw.as_object() else { return Closable::No };
    if ["additionalProperties", "patternProperties", "unevaluatedProperties"]
        .iter()
        .any(|key| members.contains_key(*key))
    {
        return Closable::No;
    }
    let lists = members.get("properties").and_then(Value::as_object).is_some_and(|properties| !properties.is_empty());
    let mut parts = Vec::new();
    for key in ["allOf", "anyOf", "oneOf"] {
        for part in members.get(key).and_then(Value::as_array).into_iter().flatten() {
            parts.push(closable(document, part, depth + 1));
        }
    }
    if parts.contains(&Closable::No) {
        return Closable::No;
    }
    if lists || parts.contains(&Closable::Yes) {
        return Closable::Yes;
    }
    let kind = members.get("type");
    let free = parts.is_empty()
        && (kind == Some(&json!("object"))
            || (kind.is_none() && !members.contains_key("enum") && !members.contains_key("required")));
    if free { Closable::No } else { Closable::Neutral }
}

/// A converted schema with its judge, which is made once.
pub struct Compiled {
    pub schema: Value,
    validator: OnceCell<Result<jsonschema::Validator, String>>,
}

impl Compiled {
    pub fn new(schema: Value) -> Self {
        Self { schema, validator: OnceCell::new() }
    }

    fn validator(&self) -> &Result<jsonschema::Validator, String> {
        self.validator.get_or_init(|| {
            jsonschema::options()
                .with_draft(jsonschema::Draft::Draft202012)
                .should_validate_formats(true)
                .should_ignore_unknown_formats(true)
                .build(&self.schema)
                .map_err(|error| error.to_string())
        })
    }

    pub fn fits(&self, value: &Value) -> bool {
        self.validator().as_ref().is_ok_and(|validator| validator.is_valid(value))
    }

    /// Returns what is wrong with a value, each with its place.
    pub fn judge(&self, value: &Value) -> Vec<String> {
        let validator = match self.validator() {
            Ok(validator) => validator,
            Err(error) => return vec![format!("the description's schema cannot be used: {error}")],
        };
        let errors: Vec<_> = validator.iter_errors(value).collect();
        // Where one part of a composition fails, its members count as unknown: that says nothing new.
        let unknown =
            |error: &ValidationError<'_>| matches!(error.kind(), ValidationErrorKind::UnevaluatedProperties { .. });
        let all_unknown = errors.iter().all(unknown);
        errors.iter().filter(|error| all_unknown || !unknown(error)).map(sentence).collect()
    }
}

/// Says what is wrong and where; of alternatives, what is wrong with the nearest.
fn sentence(error: &ValidationError<'_>) -> String {
    let nearest = match error.kind() {
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            context.iter().min_by_key(|errors| errors.len())
        }
        _ => None,
    };
    if let Some(errors) = nearest.filter(|errors| !errors.is_empty()) {
        return format!(
            "no alternative fits; of the nearest: {}",
            errors.iter().map(sentence).collect::<Vec<_>>().join(", and ")
        );
    }
    let place = error.instance_path().to_string();
    let mut text = error.to_string();
    if text.len() > 240 {
        let end = (0..=240).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
    if place.is_empty() { text } else { format!("{place}: {text}") }
}

/// Returns what is wrong with a value by a schema that is used once.
pub fn judge(schema: &Value, value: &Value) -> Vec<String> {
    Compiled::new(schema.clone()).judge(value)
}

/// Returns a part of a converted schema as a schema of its own: it keeps what it may refer to.
pub fn part(whole: &Value, part: &Value) -> Value {
    let mut part = part.clone();
    if let (Value::Object(members), Some(definitions)) = (&mut part, whole.get("$defs")) {
        members.insert("$defs".to_owned(), definitions.clone());
    }
    part
}
