//! Texts with variables in braces: `/apps/{app}/releases/{release.id}`.
//!
//! In a path or a query every value is percent-encoded whole, so that a name cannot become another path. `{app|raw}`
//! takes the value as it is, for values that are paths themselves. Two braces are one: `{{`.

use serde_json::Value;
use thiserror::Error;

/// A text with variables.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Text(String),
    Value { variable: String, path: Vec<String>, raw: bool },
}

/// Why a text is no template.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum TemplateError {
    #[error("a brace is opened and not closed")]
    Open,
    #[error("`{{{0}}}` is not a variable's name")]
    Name(String),
    #[error("there is no variable {name} here; there are {known}")]
    Unknown { name: String, known: String },
}

/// A variable that a template needs and that has no value.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("`{0}` has no value")]
pub struct Missing(pub String);

/// How values are written into the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// As they are: headers, bodies, arguments of programs.
    Plain,
    /// Percent-encoded, slashes too.
    Url,
}

impl Template {
    /// Reads a template that may use these variables.
    ///
    /// # Errors
    /// When braces do not match, or a name is not among them.
    pub fn parse(text: &str, variables: &[String]) -> Result<Self, TemplateError> {
        let mut parts = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            let after = &rest[at + 1..];
            if let Some(after) = after.strip_prefix(brace) {
                plain.push_str(brace);
                rest = after;
                continue;
            }
            // A single closing brace stands for itself: JSON bodies have many.
            if brace == "}" {
                plain.push('}');
                rest = after;
                continue;
            }
            let end = after.find('}').ok_or(TemplateError::Open)?;
            parts.push(Part::Text(std::mem::take(&mut plain)));
            parts.push(value(&after[..end], variables)?);
            rest = &after[end + 1..];
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        Ok(Self { parts })
    }

    /// Writes the text.
    ///
    /// # Errors
    /// When a variable has no value.
    pub fn render(&self, encoding: Encoding, variable: impl Fn(&str) -> Value) -> Result<String, Missing> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::Value { variable: name, path, raw } => {
                    let mut value = variable(name);
                    for step in path {
                        value = value.get_mut(step).map(Value::take).unwrap_or_default();
                    }
                    let missing = || {
                        Missing(
                            [name.as_str()]
                                .into_iter()
                                .chain(path.iter().map(String::as_str))
                                .collect::<Vec<_>>()
                                .join("."),
                        )
                    };
                    let written = match value {
                        Value::Null => return Err(missing()),
                        Value::String(text) if text.is_empty() => return Err(missing()),
                        Value::String(text) => text,
                        other => other.to_string(),
                    };
                    match (encoding, raw) {
                        (Encoding::Url, false) => text.push_str(&percent_encode(&written)),
                        (Encoding::Url, true) | (Encoding::Plain, _) => text.push_str(&written),
                    }
                }
            }
        }
        Ok(text)
    }

    /// Writes the text with what is known; what is not stands there in its braces.
    pub fn shown(&self, encoding: Encoding, variable: impl Fn(&str) -> Value) -> String {
        let mut text = String::new();
        for part in &self.parts {
            let alone = Self { parts: vec![part.clone()] };
            match (alone.render(encoding, &variable), part) {
                (Ok(written), _) => text.push_str(&written),
                (Err(_), Part::Text(plain)) => text.push_str(plain),
                (Err(_), Part::Value { variable, path, .. }) => {
                    text.push_str(&format!(
                        "{{{}}}",
                        [std::slice::from_ref(variable), path.as_slice()].concat().join(".")
                    ));
                }
            }
        }
        text
    }

    /// Returns whether the template names the variable.
    pub fn uses(&self, name: &str) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Value { variable, .. } if variable == name))
    }
}

fn value(inside: &str, variables: &[String]) -> Result<Part, TemplateError> {
    let (name, raw) = match inside.strip_suffix("|raw") {
        Some(name) => (name, true),
        None => (inside, false),
    };
    let mut steps = name.split('.').map(str::to_owned);
    let variable = steps.next().unwrap_or_default();
    let path: Vec<String> = steps.collect();
    let is_name = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    };
    if !is_name(&variable) || !path.iter().all(|step| is_name(step)) {
        return Err(TemplateError::Name(inside.to_owned()));
    }
    if !variables.contains(&variable) {
        return Err(TemplateError::Unknown { name: variable, known: variables.join(", ") });
    }
    Ok(Part::Value { variable, path, raw })
}

/// Writes a value so that it cannot end a path's segment or a part of a query (RFC 3986's unreserved stay).
pub fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte as char),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    // A segment of dots alone would climb.
    if encoded == "." || encoded == ".." { encoded.replace('.', "%2E") } else { encoded }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn render(text: &str, encoding: Encoding) -> Result<String, String> {
        let names: Vec<String> = ["app", "release", "empty"].map(str::to_owned).into();
        let template = Template::parse(text, &names).map_err(|error| error.to_string())?;
        template
            .render(encoding, |name| match name {
                "app" => json!("a b/../c"),
                "release" => json!({ "id": 7, "name": "v\u{e9}" }),
                _ => json!(""),
            })
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_value_cannot_become_another_path() {
        assert_eq!(render("/apps/{app}/r/{release.id}", Encoding::Url), Ok("/apps/a%20b%2F..%2Fc/r/7".into()));
        assert_eq!(render("/x/{app|raw}", Encoding::Url), Ok("/x/a b/../c".into()));
        assert_eq!(render("Token {release.name}", Encoding::Plain), Ok("Token v\u{e9}".into()));
        assert_eq!(percent_encode(".."), "%2E%2E");
    }

    #[test]
    fn what_is_not_known_is_shown_in_its_braces() {
        let names: Vec<String> = ["app", "release"].map(str::to_owned).into();
        let template = Template::parse("https://{app}.example/r/{release.id}", &names).unwrap();
        let known = |name: &str| if name == "app" { json!("a.b/") } else { Value::Null };
        assert_eq!(template.shown(Encoding::Url, known), "https://a.b%2F.example/r/{release.id}");
    }

    #[test]
    fn braces_that_are_none_of_ours_stay() {
        assert_eq!(render("{{app}} }", Encoding::Plain), Ok("{app} }".into()));
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(
            render("/{ap}", Encoding::Url),
            Err("there is no variable ap here; there are app, release, empty".into())
        );
        assert_eq!(render("/{app", Encoding::Url), Err("a brace is opened and not closed".into()));
        assert_eq!(render("/{a b}", Encoding::Url), Err("`{a b}` is not a variable's name".into()));
        assert_eq!(render("/{empty}", Encoding::Url), Err("`empty` has no value".into()));
        assert_eq!(render("/{release.none}", Encoding::Url), Err("`release.none` has no value".into()));
    }
}
