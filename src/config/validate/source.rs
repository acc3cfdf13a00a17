//! Sources, and what services take from them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::secret::{secret_ref, written};
use super::{Names, Place};
use crate::config::diagnostic::Problems;
use crate::config::document::At;
use crate::config::shape::{self, SourceShape};
use crate::model::id::{ServiceId, SourceId};
use crate::model::source::{Purpose, Source, SourceUse};
use crate::model::text::Line;

/// Returns a source.
pub fn source(name: &At<String>, shape: &SourceShape, place: Place<'_>) -> Option<Source> {
    let mut params = BTreeMap::new();
    let mut secrets = BTreeMap::new();
    for (key, value) in &shape.parameters {
        match written(value, place) {
            Some(secret) => {
                secrets.insert(key.clone(), secret);
            }
            None => {
                params.insert(key.clone(), value.clone());
            }
        }
    }
    if let Some(token) = shape.token.as_ref().and_then(|token| secret_ref(&token.value, place)) {
        secrets.insert("token".to_owned(), token);
    }
    Some(Source {
        id: SourceId::new(&name.value),
        provider: shape.provider.as_ref()?.value.0.clone(),
        url: shape.url.as_ref().map(|url| url.value.0.clone()),
        params,
        secrets,
        ca: shape.ca.as_ref().map(|path| place.path(&path.value.0)),
        insecure: shape.insecure.as_ref().is_some_and(|insecure| insecure.value),
        every: shape.every.as_ref().map(|every| every.value.0),
        own: None,
    })
}

/// Returns what a service takes from a source, unless it names none.
pub fn source_use(
    service: &ServiceId,
    used: &At<shape::SourceUse>,
    purpose: impl FnOnce(&mut BTreeMap<String, Value>, &mut Problems) -> Option<Purpose>,
    names: &Names,
    problems: &mut Problems,
) -> Option<SourceUse> {
    let name = used.value.source.as_ref()?;
    names.source(name, problems);
    let mut params: BTreeMap<String, Value> =
        used.value.parameters.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    let purpose = purpose(&mut params, problems)?;
    Some(SourceUse { service: service.clone(), source: SourceId::new(&name.value.0), purpose, params })
}

/// Takes a chart's own keys out of its parameters.
pub fn metric(
    used: &At<shape::SourceUse>,
    params: &mut BTreeMap<String, Value>,
    problems: &mut Problems,
) -> Option<Purpose> {
    let mut number = |key: &str, params: &mut BTreeMap<String, Value>| {
        let value = params.remove(key)?;
        let number = value.as_f64();
        if number.is_none() {
            problems.error(&used.span, format!("`{key}` of this metric is not a number"), None);
        }
        number
    };
    let (warn, critical) = (number("warn", params), number("critical", params));
    let text = |key: &str, params: &mut BTreeMap<String, Value>| {
        params.remove(key).and_then(|value| value.as_str().map(Line::from_text))
    };
    let (title, unit) = (text("title", params), text("unit", params));
    let Some(query) = params.remove("query").and_then(|query| query.as_str().map(str::to_owned)) else {
        let help = "add query = \"...\", in the language of its source".to_owned();
        problems.error(&used.span, "this metric has no query", Some(help));
        return None;
    };
    Some(Purpose::Metric { title, query, warn, critical, unit })
}
