//! One thing wrong at a time.

use serde_json::Value;

use super::table::Row;
use crate::described::spec::Request;

pub const PATH: &str = "unknown path";
pub const METHOD: &str = "unknown method";
pub const QUERY_NAME: &str = "misspelt query parameter";
pub const QUERY_VALUE: &str = "nonsense in a query parameter";
pub const QUERY_LESS: &str = "query parameter left out";
pub const AUTHENTICATION: &str = "no authentication";
pub const CONTENT_TYPE: &str = "wrong content type";
pub const BODY_NAME: &str = "misspelt member of the body";
pub const BODY_VALUE: &str = "nonsense in the body";
pub const BODY_LESS: &str = "member of the body left out";
pub const BROKEN: &str = "body that is not JSON";

/// Returns every request that differs from this one in one thing, and in what.
pub fn all(request: &Request) -> Vec<(&'static str, Request)> {
    let mut out = vec![
        (METHOD, Request { method: "TRACE".to_owned(), ..request.clone() }),
        (
            PATH,
            with_url(request, |path, query| join(&format!("{}/no/such-thing/here", path.trim_end_matches('/')), query)),
        ),
    ];
    let secret = |name: &str| {
        ["authorization", "private-token", "x-captain-auth", "dd-api-key", "x-sentry-auth"]
            .contains(&name.to_ascii_lowercase().as_str())
    };
    if request.headers.iter().any(|(name, _)| secret(name)) {
        let headers = request.headers.iter().filter(|(name, _)| !secret(name)).cloned().collect();
        out.push((AUTHENTICATION, Request { headers, ..request.clone() }));
    }
    let pairs = pairs(request);
    for index in 0..pairs.len() {
        let (name, value) = &pairs[index];
        let with = |pair: Option<String>| {
            let others = pairs
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != index)
                .map(|(_, (name, value))| format!("{name}={value}"));
            let query: Vec<String> = others.chain(pair).collect();
            with_url(request, |path, _| join(path, &query.join("&")))
        };
        out.push((QUERY_NAME, with(Some(format!("{name}x={value}")))));
        out.push((QUERY_VALUE, with(Some(format!("{name}=no%20such%20thing")))));
        out.push((QUERY_LESS, with(None)));
    }
    if !request.body.is_empty() {
        let headers = request.headers.iter().map(|(name, value)| {
            let kind = name.eq_ignore_ascii_case("content-type");
            (name.clone(), if kind { "image/png".to_owned() } else { value.clone() })
        });
        out.push((CONTENT_TYPE, Request { headers: headers.collect(), ..request.clone() }));
    }
    if let Ok(Value::Object(members)) = serde_json::from_slice::<Value>(&request.body) {
        let with = |change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
            let mut members = members.clone();
            change(&mut members);
            Request { body: Value::Object(members).to_string().into_bytes(), ..request.clone() }
        };
        for (name, value) in &members {
            out.push((
                BODY_NAME,
                with(&|members| {
                    members.remove(name);
                    members.insert(format!("{name}x"), value.clone());
                }),
            ));
            out.push((
                BODY_VALUE,
                with(&|members| drop(members.insert(name.clone(), serde_json::json!([{ "no": ["such"] }])))),
            ));
            out.push((BODY_LESS, with(&|members| drop(members.remove(name)))));
        }
        if request.media_type().is_some_and(|media_type| media_type.ends_with("json")) {
            let mut body = request.body.clone();
            body.pop();
            out.push((BROKEN, Request { body, ..request.clone() }));
        }
    }
    out
}

/// Whether a mutation is wrong under all circumstances. Others are wrong only where the description is strict there.
pub fn must_be_refused(what: &str, row: &Row, request: &Request) -> bool {
    match what {
        METHOD => true,
        // Everything below a proxy is known.
        PATH | QUERY_NAME => !request.url.contains("/datasources/proxy/"),
        // Some let anybody in; their rows demand nothing.
        AUTHENTICATION => row.demand.is_some(),
        // Kubernetes takes options of a deletion in any type.
        CONTENT_TYPE | BROKEN => !(row.spec.contains("kubernetes") && request.method == "DELETE"),
        _ => false,
    }
}

fn pairs(request: &Request) -> Vec<(String, String)> {
    let query = request.url.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn with_url(request: &Request, change: impl FnOnce(&str, &str) -> String) -> Request {
    let (path, query) = request.url.split_once('?').unwrap_or((&request.url, ""));
    Request { url: change(path, query), ..request.clone() }
}

fn join(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}
