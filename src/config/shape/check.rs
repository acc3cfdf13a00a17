//! The kinds of checks, told apart by the key that names what is probed.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{CommandShape, DnsShape, HeartbeatShape, HttpShape, TcpShape, TlsShape};
use crate::config::diagnostic::Problems;
use crate::config::document::{Key, Node, Read, Shape, Table};
use crate::config::nearest::nearest;

/// How a service is probed. The key that names what is probed tells which kind of check it is.
#[derive(Clone, PartialEq, Debug)]
pub enum CheckShape {
    Http(Box<HttpShape>),
    Tcp(TcpShape),
    Tls(TlsShape),
    Dns(DnsShape),
    Heartbeat(HeartbeatShape),
    Command(CommandShape),
}

/// One kind of check.
struct Kind {
    /// The key that tells.
    name: &'static str,
    read: fn(&mut Table<'_, '_>) -> CheckShape,
    keys: fn(&mut SchemaGenerator) -> Vec<Key>,
    schema: fn(&mut SchemaGenerator) -> Schema,
}

/// Returns the row of a shape.
const fn kind<S: Shape + JsonSchema>(name: &'static str, read: fn(&mut Table<'_, '_>) -> CheckShape) -> Kind {
    Kind { name, read, keys: S::keys, schema: SchemaGenerator::subschema_for::<S> }
}

const KINDS: &[Kind] = &[
    kind::<HttpShape>("http", |table| CheckShape::Http(Box::new(HttpShape::take(table)))),
    kind::<TcpShape>("tcp", |table| CheckShape::Tcp(TcpShape::take(table))),
    kind::<TlsShape>("tls", |table| CheckShape::Tls(TlsShape::take(table))),
    kind::<DnsShape>("dns", |table| CheckShape::Dns(DnsShape::take(table))),
    kind::<HeartbeatShape>("heartbeat", |table| CheckShape::Heartbeat(HeartbeatShape::take(table))),
    kind::<CommandShape>("command", |table| CheckShape::Command(CommandShape::take(table))),
];

impl Read for CheckShape {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let mut table = Table::of(node, problems)?;
        let mut found = KINDS.iter().filter(|kind| table.table.contains_key(kind.name));
        let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        let Some(kind) = found.next() else {
            let meant = table.table.keys().find_map(|key| Some((key.span(), nearest(key.get_ref(), &names)?)));
            let span = meant.as_ref().map_or_else(|| table.span.clone(), |(span, _)| span.clone());
            let help = match meant {
                Some((_, near)) => format!("did you mean `{near}`?"),
                None => format!("give it one of {}", names.join(", ")),
            };
            table.problems.error(&span, "this check does not say what it probes", Some(help));
            return None;
        };
        if let Some(other) = found.next() {
            let message = format!("this check probes two things: `{}` and `{}`", kind.name, other.name);
            table.problems.error(&table.span, message, Some("make two checks of it".to_owned()));
            return None;
        }
        let check = (kind.read)(&mut table);
        table.finish(|key| {
            let has_key =
                |kind: &&Kind| (kind.keys)(&mut SchemaGenerator::default()).iter().any(|known| known.name == key);
            let owners: Vec<&str> = KINDS.iter().filter(has_key).map(|kind| kind.name).collect();
            (!owners.is_empty()).then(|| format!("it belongs to another kind of check: {}", owners.join(", ")))
        });
        Some(check)
    }
}

impl JsonSchema for CheckShape {
    fn schema_name() -> Cow<'static, str> {
        "CheckShape".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let kinds: Vec<Schema> = KINDS.iter().map(|kind| (kind.schema)(generator)).collect();
        json_schema!({ "description": "How a service is probed.", "anyOf": kinds })
    }
}
