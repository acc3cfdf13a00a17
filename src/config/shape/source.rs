//! Hosting and monitoring systems: accepted, looked at from afar, and kept for later.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::SecretShape;
use crate::config::diagnostic::Problems;
use crate::config::document::{At, Node, Read, Table};
use crate::config::leaf::{Name, WebUrl, json};

/// A hosting or monitoring system. Only its shape is looked at: what a provider needs, its definition knows.
#[derive(Clone, PartialEq, Debug)]
pub struct SourceShape {
    pub provider: Option<At<Name>>,
    pub url: Option<At<WebUrl>>,
    pub token: Option<At<SecretShape>>,
    /// Everything else, for the provider.
    pub parameters: serde_json::Map<String, serde_json::Value>,
}

impl Read for SourceShape {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let mut table = Table::of(node, problems)?;
        let (provider, url, token) = (table.required("provider"), table.optional("url"), table.optional("token"));
        if let Some(At { value: SecretShape { env, keyring, command, file, store }, span }) = &token {
            let ways = [env.is_some(), keyring.is_some(), command.is_some(), file.is_some(), store.is_some()];
            if ways.into_iter().filter(|way| *way).count() != 1 {
                let help = "write one of { env = \"NAME\" }, { keyring = \"name\" }, { command = \"...\" }, { file = \"path\" }, \
                            { store = \"name\" }";
                table.problems.error(span, "a secret is kept in exactly one place", Some(help.to_owned()));
            }
        }
        Some(Self { provider, url, token, parameters: others(&table, &["provider", "url", "token"]) })
    }
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
            "description": "A hosting or monitoring system. Kept for later: nothing asks it yet.",
            "required": ["provider"],
            "properties": {
                "provider": described(generator.subschema_for::<Name>(), "What kind of system it is."),
                "url": described(generator.subschema_for::<WebUrl>(), "Where it answers, when that is yours to say."),
                "token": described(generator.subschema_for::<SecretShape>(), "Where the token is kept."),
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
            "description": "What a service takes from a source. Kept for later: nothing asks it yet.",
            "required": ["source"],
            "properties": { "source": source },
        })
    }
}

fn others(table: &Table<'_, '_>, known: &[&str]) -> serde_json::Map<String, serde_json::Value> {
    let unknown = table.table.iter().filter(|(key, _)| !known.contains(&key.get_ref().as_ref()));
    unknown.map(|(key, node)| (key.get_ref().to_string(), json(node))).collect()
}
