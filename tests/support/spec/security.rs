//! Who asks: which header, query parameter or prefix an operation demands.

use serde_json::Value;

use super::{Pairs, Request, Target};

/// One way to say who asks.
#[derive(Clone, Debug)]
pub enum Scheme {
    Header(String),
    Query(String),
    Cookie(String),
    /// `Authorization` with this word before the secret.
    Authorization(String),
    /// Something that leaves no trace in a request: a client certificate.
    Elsewhere,
}

/// Each alternative is enough; all schemes of an alternative are needed. No alternative at all: nothing is demanded.
pub type Alternatives = Vec<Vec<Scheme>>;

/// Reads `security` of an operation, or else of the document.
pub fn read(document: &Value, operation: &Value) -> Alternatives {
    let schemes = document.pointer("/components/securitySchemes").or_else(|| document.get("securityDefinitions"));
    let demanded = operation.get("security").or_else(|| document.get("security")).and_then(Value::as_array);
    let Some(demanded) = demanded else { return Vec::new() };
    demanded
        .iter()
        .filter_map(Value::as_object)
        .map(|alternative| {
            alternative.keys().filter_map(|name| schemes.and_then(|schemes| schemes.get(name))).map(scheme).collect()
        })
        .collect()
}

fn scheme(raw: &Value) -> Scheme {
    let text = |key: &str| raw.get(key).and_then(Value::as_str).unwrap_or_default();
    match (text("type"), text("in")) {
        ("apiKey", "query") => Scheme::Query(text("name").to_owned()),
        ("apiKey", "cookie") => Scheme::Cookie(text("name").to_owned()),
        ("apiKey", _) => Scheme::Header(text("name").to_owned()),
        ("basic", _) => Scheme::Authorization("Basic".to_owned()),
        ("http", _) => Scheme::Authorization(match text("scheme") {
            "basic" => "Basic".to_owned(),
            "bearer" => "Bearer".to_owned(),
            other => other.to_owned(),
        }),
        ("oauth2" | "openIdConnect", _) => Scheme::Authorization("Bearer".to_owned()),
        _ => Scheme::Elsewhere,
    }
}

/// Returns the nearest miss when none of the alternatives is met.
pub fn check(request: &Request, target: &Target, alternatives: &Alternatives) -> Option<String> {
    let misses: Vec<Vec<String>> = alternatives
        .iter()
        .map(|schemes| schemes.iter().filter_map(|scheme| miss(request, target, scheme)).collect())
        .collect();
    if misses.iter().any(Vec::is_empty) {
        return None;
    }
    misses.into_iter().min_by_key(Vec::len).map(|nearest| format!("authentication: {}", nearest.join(", and ")))
}

fn miss(request: &Request, target: &Target, scheme: &Scheme) -> Option<String> {
    match scheme {
        Scheme::Elsewhere => None,
        Scheme::Header(name) => request
            .header(name)
            .is_none_or(|value| value.trim().is_empty())
            .then(|| format!("the header {name} is missing")),
        Scheme::Query(name) => (!target.query.iter().any(|(key, value)| key == name && !value.is_empty()))
            .then(|| format!("the query parameter {name} is missing")),
        Scheme::Cookie(name) => request
            .header("cookie")
            .is_none_or(|cookies| !cookies.contains(&format!("{name}=")))
            .then(|| format!("the cookie {name} is missing")),
        Scheme::Authorization(word) => {
            let begins = request
                .header("authorization")
                .and_then(|value| value.split_once(' '))
                .is_some_and(|(first, secret)| first.eq_ignore_ascii_case(word) && !secret.trim().is_empty());
            (!begins).then(|| format!("the header Authorization does not say {word} and a secret"))
        }
    }
}

/// Returns a violation when a header is missing, or begins with none of the words that it may begin with.
pub fn header_begins(request: &Request, header: &str, prefixes: &[&str]) -> Option<String> {
    let Some(value) = request.header(header) else {
        return Some(format!("authentication: the header {header} is missing"));
    };
    let fits = |prefix: &&str| value.strip_prefix(*prefix).is_some_and(|secret| !secret.trim().is_empty());
    (!prefixes.iter().any(fits))
        .then(|| format!("authentication: the header {header} does not say {} and a secret", prefixes.join(" or ")))
}

/// Returns what has to be added to a request so that its first alternative is met: headers and query parameters.
pub fn sample(alternatives: &Alternatives) -> (Pairs, Pairs) {
    let (mut headers, mut query) = (Vec::new(), Vec::new());
    for scheme in alternatives.first().into_iter().flatten() {
        match scheme {
            Scheme::Header(name) => headers.push((name.clone(), "a-secret".to_owned())),
            Scheme::Query(name) => query.push((name.clone(), "a-secret".to_owned())),
            Scheme::Cookie(name) => headers.push(("Cookie".to_owned(), format!("{name}=a-secret"))),
            Scheme::Authorization(word) => headers.push(("Authorization".to_owned(), format!("{word} a-secret"))),
            Scheme::Elsewhere => {}
        }
    }
    (headers, query)
}
