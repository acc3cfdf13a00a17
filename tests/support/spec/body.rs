//! Bodies of requests: their type, and what stands in them.

use serde_json::{Map, Value, json};

use super::parameter::{allows, coerce, item_schema, member_schema};
use super::schema::Compiled;
use super::{Request, bare_media_type, schema, target};

/// Finds the declared type that a given type belongs to.
pub fn declared<'a>(types: impl Iterator<Item = &'a str>, given: &str) -> Option<&'a str> {
    let mut wildcard = None;
    for declared in types {
        let bare = bare_media_type(declared);
        if bare == given {
            return Some(declared);
        }
        let group = bare.strip_suffix("/*").is_some_and(|group| group == "*" || given.split('/').next() == Some(group));
        if group {
            wildcard = Some(declared);
        }
    }
    wildcard
}

/// Returns what is wrong with a body of this type.
pub fn judge(request: &Request, media_type: &str, compiled: &Compiled) -> Vec<String> {
    let schema = &compiled.schema;
    let value = match media_type {
        "application/x-www-form-urlencoded" => match std::str::from_utf8(&request.body) {
            Ok(text) => form(&target::form(text), schema),
            Err(_) => return vec!["body: it is not UTF-8".to_owned()],
        },
        "multipart/form-data" => match multipart(request, schema) {
            Ok(value) => value,
            Err(error) => return vec![format!("body: {error}")],
        },
        media_type if is_json(media_type) => match serde_json::from_slice(&request.body) {
            Ok(value) => value,
            Err(error) => return vec![format!("body: it is not JSON: {error}")],
        },
        _ => return Vec::new(),
    };
    compiled.judge(&value).into_iter().map(|violation| format!("body: {violation}")).collect()
}

pub fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type.ends_with("+json") || media_type == "text/json"
}

/// Puts the pairs of a form together as the schema wants them: lists from repeated names, objects from `name[member]`.
pub fn form(pairs: &[(String, String)], schema: &Value) -> Value {
    let mut out = Map::new();
    for (key, text) in pairs {
        let (name, member) = match key.split_once('[') {
            Some((name, rest)) if member_schema(schema, schema, key) == json!({}) => (name, rest.strip_suffix(']')),
            _ => (key.as_str(), None),
        };
        let wanted = schema::part(schema, &member_schema(schema, schema, name));
        match member {
            Some(member) if !member.is_empty() => {
                let inner = schema::part(schema, &member_schema(&wanted, &wanted, member));
                let object = out.entry(name).or_insert_with(|| json!({}));
                if let Value::Object(object) = object {
                    object.insert(member.to_owned(), coerce(text, &inner));
                }
            }
            _ if allows(&wanted, &wanted, "array") => {
                let item = schema::part(schema, &item_schema(&wanted, &wanted));
                // A list in a form is repeated, or one text that is JSON (Slack's `blocks`).
                let list = serde_json::from_str(text).ok().filter(Value::is_array);
                match (out.get_mut(name), list) {
                    (Some(Value::Array(items)), _) => items.push(coerce(text, &item)),
                    (_, Some(list)) => {
                        out.insert(name.to_owned(), list);
                    }
                    _ => {
                        out.insert(name.to_owned(), Value::Array(vec![coerce(text, &item)]));
                    }
                }
            }
            _ => {
                out.insert(name.to_owned(), coerce(text, &wanted));
            }
        }
    }
    Value::Object(out)
}

/// Reads the parts of a multipart body that are text.
fn multipart(request: &Request, schema: &Value) -> Result<Value, String> {
    let header = request.header("content-type").unwrap_or_default();
    let boundary = header
        .split(';')
        .filter_map(|part| part.trim().strip_prefix("boundary="))
        .map(|boundary| boundary.trim_matches('"'))
        .next()
        .ok_or("its content type names no boundary")?;
    let body = String::from_utf8_lossy(&request.body);
    let mut pairs = Vec::new();
    for part in body.split(&format!("--{boundary}")) {
        let Some((head, content)) = part.split_once("\r\n\r\n") else { continue };
        if let Some(name) = head.split("name=\"").nth(1).and_then(|rest| rest.split('"').next()) {
            pairs.push((name.to_owned(), content.trim_end_matches("\r\n").to_owned()));
        }
    }
    Ok(form(&pairs, schema))
}
