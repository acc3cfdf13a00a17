//! Parameters in query, path and headers: how a style writes a value, and whether the value is allowed.

use serde_json::{Map, Value, json};

use super::schema::{self, Compiled};

/// How the items of a list, or the members of an object, are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Commas, or one pair each when exploded.
    Form,
    Space,
    Pipe,
    /// `name[member]=value`.
    DeepObject,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Query,
    Path,
    Header,
    Cookie,
}

/// A parameter of an operation. Its schema stands as the document has it.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: String,
    pub place: Place,
    pub required: bool,
    pub style: Style,
    pub explode: bool,
    /// It has a media type of its own: its text is JSON.
    pub json: bool,
    pub schema: Value,
    pub example: Option<Value>,
}

impl Parameter {
    /// Reads a parameter as 3.x and 2.0 write it; nothing for bodies and forms.
    pub fn read(raw: &Value, swagger: bool) -> Option<Self> {
        let text = |key: &str| raw.get(key).and_then(Value::as_str);
        let place = match text("in")? {
            "query" => Place::Query,
            "path" => Place::Path,
            "header" => Place::Header,
            "cookie" => Place::Cookie,
            _ => return None,
        };
        let content = raw.get("content").and_then(Value::as_object).and_then(|content| content.values().next());
        let schema = if swagger {
            let mut members = raw.as_object()?.clone();
            for key in ["name", "in", "required", "collectionFormat", "allowEmptyValue"] {
                members.remove(key);
            }
            Value::Object(members)
        } else {
            content
                .and_then(|content| content.get("schema"))
                .or_else(|| raw.get("schema"))
                .cloned()
                .unwrap_or_else(|| json!({}))
        };
        let (style, explode) = if swagger {
            match text("collectionFormat") {
                Some("multi") => (Style::Form, true),
                Some("ssv" | "tsv") => (Style::Space, false),
                Some("pipes") => (Style::Pipe, false),
                _ => (Style::Form, false),
            }
        } else {
            let style = match text("style") {
                Some("spaceDelimited") => Style::Space,
                Some("pipeDelimited") => Style::Pipe,
                Some("deepObject") => Style::DeepObject,
                _ => Style::Form,
            };
            (
                style,
                raw.get("explode").and_then(Value::as_bool).unwrap_or(style == Style::Form && place == Place::Query),
            )
        };
        let example = raw
            .get("example")
            .cloned()
            .or_else(|| raw.get("examples")?.as_object()?.values().next()?.get("value").cloned());
        Some(Self {
            name: text("name")?.to_owned(),
            place,
            required: place == Place::Path || raw.get("required") == Some(&Value::Bool(true)),
            style,
            explode,
            json: content.is_some(),
            schema,
            example,
        })
    }

    /// Returns whether a pair of the query is for this parameter. `schema` is the converted one.
    pub fn takes(&self, key: &str, schema: &Value) -> bool {
        let member = || key.strip_prefix(&self.name).is_some_and(|rest| rest.starts_with('[') && rest.ends_with(']'));
        match (self.style, allows(schema, schema, "object")) {
            (Style::DeepObject, _) => member(),
            (Style::Form, true) if self.explode && !allows(schema, schema, "string") => {
                key == self.name || members(schema, schema).is_none_or(|members| members.contains(&key.to_owned()))
            }
            _ => key == self.name,
        }
    }

    /// Returns what is wrong with the texts given for this parameter.
    pub fn judge(&self, texts: &[(String, String)], compiled: &Compiled) -> Vec<String> {
        let schema = &compiled.schema;
        // `name[]` is a list in the name; the schema then speaks of one of its items, or of the whole.
        if self.name.ends_with("[]") && !allows(schema, schema, "array") {
            return texts.iter().flat_map(|(_, text)| compiled.judge(&coerce(text, schema))).collect();
        }
        match self.value(texts, schema) {
            Ok(value) => compiled.judge(&value),
            Err(error) => vec![error],
        }
    }

    fn value(&self, texts: &[(String, String)], schema: &Value) -> Result<Value, String> {
        let first = texts.first().map(|(_, text)| text.as_str()).unwrap_or_default();
        if self.json {
            return serde_json::from_str(first).map_err(|error| format!("is not JSON: {error}"));
        }
        // Where a text would do as well, only what is clearly a list is one.
        let listed = self.explode || texts.len() != 1 || first.contains([',', '|', ' ']);
        if allows(schema, schema, "array") && (listed || !allows(schema, schema, "string")) {
            let item = item_schema(schema, schema);
            let item = schema::part(schema, &item);
            let parts: Vec<String> = if self.explode {
                texts.iter().map(|(_, text)| text.clone()).collect()
            } else {
                if texts.len() > 1 {
                    return Err("is given more than once".to_owned());
                }
                let separator = match self.style {
                    Style::Space => ' ',
                    Style::Pipe => '|',
                    Style::Form | Style::DeepObject => ',',
                };
                first.split(separator).map(str::to_owned).collect()
            };
            return Ok(Value::Array(parts.iter().map(|text| coerce(text, &item)).collect()));
        }
        if self.style == Style::DeepObject
            || (self.explode && allows(schema, schema, "object") && !allows(schema, schema, "string"))
        {
            let mut members = Map::new();
            for (key, text) in texts {
                let name = key
                    .strip_prefix(&self.name)
                    .and_then(|rest| rest.strip_prefix('['))
                    .and_then(|rest| rest.strip_suffix(']'))
                    .unwrap_or(key);
                let wanted = schema::part(schema, &member_schema(schema, schema, name));
                if allows(&wanted, &wanted, "array") {
                    let item = coerce(text, &schema::part(schema, &item_schema(&wanted, &wanted)));
                    if let Value::Array(items) = members.entry(name).or_insert_with(|| json!([])) {
                        items.push(item);
                    }
                } else {
                    members.insert(name.to_owned(), coerce(text, &wanted));
                }
            }
            return Ok(Value::Object(members));
        }
        if texts.len() > 1 {
            return Err("is given more than once".to_owned());
        }
        Ok(coerce(first, schema))
    }

    /// Writes a value as the style demands it: the pairs of a query, or one pair for path and header.
    pub fn write(&self, value: &Value) -> Vec<(String, String)> {
        let plain = |value: &Value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let one = |text: String| vec![(self.name.clone(), text)];
        if self.json {
            return one(value.to_string());
        }
        match value {
            Value::Array(items) if self.explode => items.iter().map(|item| (self.name.clone(), plain(item))).collect(),
            Value::Array(items) => {
                let separator = match self.style {
                    Style::Space => " ",
                    Style::Pipe => "|",
                    Style::Form | Style::DeepObject => ",",
                };
                one(items.iter().map(plain).collect::<Vec<_>>().join(separator))
            }
            Value::Object(members) if self.style == Style::DeepObject => {
                members.iter().map(|(name, value)| (format!("{}[{name}]", self.name), plain(value))).collect()
            }
            Value::Object(members) if self.explode => members
                .iter()
                .flat_map(|(name, value)| match value {
                    Value::Array(items) => items.iter().map(|item| (name.clone(), plain(item))).collect(),
                    other => vec![(name.clone(), plain(other))],
                })
                .collect(),
            other => one(plain(other)),
        }
    }
}

/// Reads a text as what the schema wants: a number, a truth value or nothing where only that fits, else the text itself.
pub fn coerce(text: &str, schema: &Value) -> Value {
    let as_text = Value::String(text.to_owned());
    if schema::judge(schema, &as_text).is_empty() {
        return as_text;
    }
    if let Ok(value @ (Value::Bool(_) | Value::Number(_) | Value::Null)) = serde_json::from_str(text)
        && (schema::judge(schema, &value).is_empty() || !allows(schema, schema, "string"))
    {
        return value;
    }
    as_text
}

fn follow<'a>(whole: &'a Value, mut schema: &'a Value) -> &'a Value {
    for _ in 0..32 {
        let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { break };
        match whole.pointer(reference.trim_start_matches('#')) {
            Some(target) => schema = target,
            None => break,
        }
    }
    schema
}

fn parts(schema: &Value) -> impl Iterator<Item = &Value> {
    ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|key| schema.get(key)?.as_array()).flatten()
}

/// Returns whether a schema speaks of that type, in itself or in what it is put together from.
pub fn allows(whole: &Value, schema: &Value, kind: &str) -> bool {
    let schema = follow(whole, schema);
    let own = match schema.get("type") {
        Some(Value::String(own)) => own == kind,
        Some(Value::Array(own)) => own.contains(&json!(kind)),
        _ => {
            (kind == "object" && schema.get("properties").is_some())
                || (kind == "array" && schema.get("items").is_some())
        }
    };
    own || parts(schema).any(|part| allows(whole, part, kind))
}

/// Returns the schema of a list's items.
pub fn item_schema(whole: &Value, schema: &Value) -> Value {
    let schema = follow(whole, schema);
    schema
        .get("items")
        .cloned()
        .or_else(|| parts(schema).find(|part| allows(whole, part, "array")).map(|part| item_schema(whole, part)))
        .unwrap_or_else(|| json!({}))
}

/// Returns the schema of a member.
pub fn member_schema(whole: &Value, schema: &Value, name: &str) -> Value {
    fn find(whole: &Value, schema: &Value, name: &str) -> Option<Value> {
        let schema = follow(whole, schema);
        schema
            .get("properties")
            .and_then(|properties| properties.get(name))
            .cloned()
            .or_else(|| parts(schema).find_map(|part| find(whole, part, name)))
    }
    find(whole, schema, name)
        .or_else(|| follow(whole, schema).get("additionalProperties").filter(|extra| extra.is_object()).cloned())
        .unwrap_or_else(|| json!({}))
}

/// Returns the members that a schema lists; nothing when it takes any.
pub fn members(whole: &Value, schema: &Value) -> Option<Vec<String>> {
    let schema = follow(whole, schema);
    if schema.get("additionalProperties").is_some_and(|extra| *extra != Value::Bool(false)) {
        return None;
    }
    let mut names: Vec<String> = schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|properties| properties.keys().cloned())
        .collect();
    for part in parts(schema) {
        names.extend(members(whole, part)?);
    }
    Some(names)
}
