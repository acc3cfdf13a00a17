//! A number or an address of a contact: only itself, or a table with what is known of it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::de::DeValue;

use super::{AddressShape, PhoneShape};
use crate::config::diagnostic::Problems;
use crate::config::document::{At, Node, Read};
use crate::config::leaf::Filled;

macro_rules! entries {
    ($($(#[$doc:meta])* $name:ident($shape:ident, $key:ident);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Debug)]
        pub struct $name(pub $shape);

        impl Read for $name {
            fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
                let DeValue::String(_) = node.get_ref() else { return $shape::read(node, problems).map(Self) };
                let value = Filled::read(node, problems)?;
                let way = super::WayShape { kind: None, hours: None, zone: None, note: None };
                Some(Self($shape { $key: Some(At { value, span: node.span() }), way }))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                let (text, table) = (generator.subschema_for::<Filled>(), generator.subschema_for::<$shape>());
                json_schema!({ "anyOf": [text, table] })
            }
        }
    )*};
}

entries! {
    /// A telephone number: text, or { number, kind, hours, zone, note }.
    PhoneEntry(PhoneShape, number);
    /// An address: text, or { address, kind, hours, zone, note }.
    AddressEntry(AddressShape, address);
}
