//! What AWS's query protocol answers: XML as the model's shapes say.

use serde_json::Value;

/// Writes a value as the content of an element.
pub fn write(shapes: &Value, shape: &str, value: &Value, out: &mut String) {
    let raw = shapes.get(shape).unwrap_or(&Value::Null);
    let kind = raw.get("type").and_then(Value::as_str).unwrap_or_default();
    match (kind, value) {
        ("structure", Value::Object(members)) => {
            for (name, value) in members {
                let member = raw.pointer(&format!("/members/{name}")).unwrap_or(&Value::Null);
                let inner = member.get("shape").and_then(Value::as_str).unwrap_or_default();
                let tag = member.get("locationName").and_then(Value::as_str).unwrap_or(name);
                element(tag, out, |out| write(shapes, inner, value, out));
            }
        }
        ("list", Value::Array(items)) => {
            let member = raw.get("member").unwrap_or(&Value::Null);
            let inner = member.get("shape").and_then(Value::as_str).unwrap_or_default();
            let tag = member.get("locationName").and_then(Value::as_str).unwrap_or("member");
            for item in items {
                element(tag, out, |out| write(shapes, inner, item, out));
            }
        }
        ("map", Value::Object(members)) => {
            let inner = raw.pointer("/value/shape").and_then(Value::as_str).unwrap_or_default();
            for (key, value) in members {
                element("entry", out, |out| {
                    element("key", out, |out| text(key, out));
                    element("value", out, |out| write(shapes, inner, value, out));
                });
            }
        }
        (_, Value::String(plain)) => text(plain, out),
        (_, other) => text(&other.to_string(), out),
    }
}

fn element(tag: &str, out: &mut String, content: impl FnOnce(&mut String)) {
    out.push_str(&format!("<{tag}>"));
    content(out);
    out.push_str(&format!("</{tag}>"));
}

fn text(plain: &str, out: &mut String) {
    out.push_str(&plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
}
