//! Hosting and monitoring systems, and what services take from them. What a provider needs, its definition knows.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::SecretShape;
use crate::config::diagnostic::Problems;
use crate::config::document::{At, Node, Read, Table};
use crate::config::leaf::{Filled, Friendly, Name, json};

/// A hosting or monitoring system. Only its shape is looked at: what a provider needs, its definition knows.
#[derive(Clone, PartialEq, Debug)]
pub struct SourceShape {
    pub provider: Option<At<Name>>,
    pub url: Option<At<Filled>>,
    pub token: Option<At<SecretShape>>,
    pub ca: Option<At<Filled>>,
    pub insecure: Option<At<bool>>,
    pub every: Option<At<Friendly>>,
    /// Everything else, for the provider.
    pub parameters: serde_json::Map<String, serde_json::Value>,
}

impl Read for SourceShape {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let mut table = Table::of(node, problems)?;
        let (provider, token) = (table.required("provider"), table.optional("token"));
        let url: Option<At<Filled>> = table.optional("url");
        if let Some(url) = &url
            && let Err(why) = place(&url.value.0)
        {
            table.problems.error(&url.span, why, Some(PLACES.to_owned()));
        }
        let (ca, insecure, every) = (table.optional("ca"), table.optional("insecure"), table.optional("every"));
        if let Some(At { value: SecretShape { env, keyring, command, file, store }, span }) = &token {
            let ways = [env.is_some(), keyring.is_some(), command.is_some(), file.is_some(), store.is_some()];
            if ways.into_iter().filter(|way| *way).count() != 1 {
                let help = "write one of { env = \"NAME\" }, { keyring = \"name\" }, { command = \"...\" }, { file = \"path\" }, \
                            { store = \"name\" }";
                table.problems.error(span, "a secret is kept in exactly one place", Some(help.to_owned()));
            }
        }
        let parameters = others(&table, &["provider", "url", "token", "ca", "insecure", "every"]);
        Some(Self { provider, url, token, ca, insecure, every, parameters })
    }
}

const PLACES: &str = "write \"https://host/path\", \"http://...\", \"unix:///path/to/socket\" or \"ssh://user@host\"";

/// Looks whether a system can be at an address.
fn place(text: &str) -> Result<(), String> {
    let url = url::Url::parse(text).map_err(|error| format!("this is no address: {error}"))?;
    match url.scheme() {
        "http" | "https" | "unix" | "ssh" | "ws" | "wss" | "smtp" | "smtps" => {}
        other => return Err(format!("nothing is asked over `{other}`")),
    }
    // The password is not repeated: messages are shown.
    if url.password().is_some() {
        return Err("a password stands in this address; keep it in a secret".to_owned());
    }
    Ok(())
}

impl JsonSchema for SourceShape {
    fn schema_name() -> Cow<'static, str> {
        "SourceShape".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let described = |mut schema: Schema, doc: &str| {
            schema.insert("description".to_owned(), doc.into());
            schema
        };
        json_schema!({
            "type": "object",
            "description": "A hosting or monitoring system. Other keys are its provider's parameters and secrets: see `crashcart providers show NAME`.",
            "required": ["provider"],
            "properties": {
                "provider": described(generator.subschema_for::<Name>(), "What kind of system it is."),
                "url": described(generator.subschema_for::<Filled>(), "Where it answers, when that is yours to say: http(s)://, unix:// or ssh://."),
                "token": described(generator.subschema_for::<SecretShape>(), "Where the token is kept."),
                "ca": described(generator.subschema_for::<Filled>(), "Certificate authorities in PEM to trust beside the system's."),
                "insecure": described(generator.subschema_for::<bool>(), "Accept a certificate that does not verify."),
                "every": described(generator.subschema_for::<Friendly>(), "The time between two polls."),
            },
        })
    }
}

/// What one service takes from a source.
#[derive(Clone, PartialEq, Debug)]
pub struct SourceUse {
    pub source: Option<At<Name>>,
    /// Everything else, for the provider.
    pub parameters: serde_json::Map<String, serde_json::Value>,
}

impl Read for SourceUse {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let mut table = Table::of(node, problems)?;
        let source = table.required("source");
        Some(Self { source, parameters: others(&table, &["source"]) })
    }
}

impl JsonSchema for SourceUse {
    fn schema_name() -> Cow<'static, str> {
        "SourceUse".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut source = generator.subschema_for::<Name>();
        source.insert("description".to_owned(), "The name of one of the sources.".into());
        json_schema!({
            "type": "object",
            "description": "What a service takes from a source. Other keys are its provider's parameters.",
            "required": ["source"],
            "properties": { "source": source },
        })
    }
}

fn others(table: &Table<'_, '_>, known: &[&str]) -> serde_json::Map<String, serde_json::Value> {
    let unknown = table.table.iter().filter(|(key, _)| !known.contains(&key.get_ref().as_ref()));
    unknown.map(|(key, node)| (key.get_ref().to_string(), json(node))).collect()
}
