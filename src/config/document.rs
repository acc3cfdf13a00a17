//! Reading a TOML document so that everything wrong with it is said at once, each at its place.
//!
//! Serde stops at the first error and forgets places behind untagged enums, so the tree that the TOML parser keeps
//! (`DeTable`, every node with its byte range) is walked here. A `shape!` is a struct whose fields are the keys of a
//! table: the reader, the list of known keys and the JSON Schema all come from that one declaration.

use std::borrow::Cow;
use std::ops::{Deref, Range};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::Problems;
use super::nearest::nearest;

/// A value and the bytes where it stands.
#[derive(Clone, PartialEq, Debug)]
pub struct At<T> {
    pub value: T,
    pub span: Range<usize>,
}

impl<T> Deref for At<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.value
    }
}

/// One node of the document.
pub type Node<'a> = Spanned<DeValue<'a>>;

/// Something that a node can be read as. What it cannot be read as is noted, and gives nothing.
pub trait Read: JsonSchema + Sized {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self>;
}

/// A table with known keys.
pub trait Shape: Sized {
    /// Takes its keys out of a table.
    fn take(table: &mut Table<'_, '_>) -> Self;
    /// Returns its keys for the schema.
    fn keys(generator: &mut SchemaGenerator) -> Vec<Key>;
}

/// One known key, for the schema.
pub struct Key {
    pub name: &'static str,
    pub doc: String,
    pub schema: Schema,
    pub required: bool,
}

/// A table that is being read.
pub struct Table<'a, 'p> {
    pub table: &'a DeTable<'a>,
    pub span: Range<usize>,
    asked: Vec<&'static str>,
    pub problems: &'p mut Problems,
}

impl<'a, 'p> Table<'a, 'p> {
    /// Returns the table that a node is, or notes that it is none.
    pub fn of(node: &'a Node<'_>, problems: &'p mut Problems) -> Option<Self> {
        match node.get_ref() {
            DeValue::Table(table) => Some(Self { table, span: node.span(), asked: Vec::new(), problems }),
            other => {
                wrong_type(other, &node.span(), "a table", problems);
                None
            }
        }
    }

    /// Returns the table that the whole document is.
    pub fn root(table: &'a DeTable<'a>, problems: &'p mut Problems) -> Self {
        Self { table, span: 0..0, asked: Vec::new(), problems }
    }

    /// Reads a key that may be absent.
    pub fn optional<T: Read>(&mut self, key: &'static str) -> Option<At<T>> {
        self.asked.push(key);
        let node = self.table.get(key)?;
        T::read(node, self.problems).map(|value| At { value, span: node.span() })
    }

    /// Reads a key that must be there.
    pub fn required<T: Read>(&mut self, key: &'static str) -> Option<At<T>> {
        if !self.table.contains_key(key) {
            self.problems.error(&self.span, format!("`{key}` is missing"), None);
        }
        self.optional(key)
    }

    /// Notes the keys that nobody asked for, with the nearest key that somebody would have.
    pub fn finish(self, elsewhere: impl Fn(&str) -> Option<String>) {
        for (key, _) in self.table.iter().filter(|(key, _)| !self.asked.contains(&key.get_ref().as_ref())) {
            let name = key.get_ref();
            let help =
                elsewhere(name).or_else(|| nearest(name, &self.asked).map(|near| format!("did you mean `{near}`?")));
            let help = help.unwrap_or_else(|| format!("known here: {}", self.asked.join(", ")));
            self.problems.error(&key.span(), format!("unknown key `{}`", short(name)), Some(help));
        }
    }
}

/// Returns a word that is short enough for a message.
pub fn short(word: &str) -> Cow<'_, str> {
    const LONGEST: usize = 60;
    match word.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}...", &word[..at]).into(),
        None => word.into(),
    }
}

/// Notes that a node is of another type than it should be.
pub fn wrong_type(value: &DeValue<'_>, span: &Range<usize>, expected: &str, problems: &mut Problems) {
    let found = match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    problems.error(span, format!("this is {found}; it should be {expected}"), None);
}

/// Draws the schema of a table with known keys.
pub fn table_schema(doc: &str, keys: Vec<Key>) -> Schema {
    let required: Vec<&str> = keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut schema = json_schema!({ "type": "object", "description": doc.trim(), "additionalProperties": false });
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    let properties = keys.into_iter().map(|key| {
        let mut schema = key.schema;
        schema.insert("description".to_owned(), key.doc.trim().into());
        (key.name.to_owned(), schema.to_value())
    });
    schema.insert("properties".to_owned(), serde_json::Value::Object(properties.collect()));
    schema
}

/// Declares the table of a configuration file: a struct of optional located values, its reader and its schema.
///
/// `key: Type` may be absent, `key: Type, required` may not, and `..name: Type` takes the keys of another shape into
/// the same table. Everything is kept as an option even when it is required: what is missing has been noted, and the
/// rest is still worth looking at.
macro_rules! shape {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident {
            $($(#[doc = $key_doc:literal])+ $key:ident: $type:ty $(, $required:ident)?;)*
            $(..$part:ident: $part_type:ty;)?
        }
    )+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, PartialEq, Debug)]
        pub struct $name {
            $($(#[doc = $key_doc])+ pub $key: Option<$crate::config::document::At<$type>>,)*
            $(pub $part: $part_type,)?
        }

        impl $crate::config::document::Shape for $name {
            fn take(table: &mut $crate::config::document::Table<'_, '_>) -> Self {
                Self {
                    $($key: shape!(@read table $key $($required)?),)*
                    $($part: <$part_type as $crate::config::document::Shape>::take(table),)?
                }
            }

            fn keys(generator: &mut schemars::SchemaGenerator) -> Vec<$crate::config::document::Key> {
                #[allow(unused_mut, reason = "only a shape with a part adds to it")]
                let mut keys = vec![$($crate::config::document::Key {
                    name: stringify!($key),
                    doc: concat!($($key_doc),+).to_owned(),
                    schema: generator.subschema_for::<$type>(),
                    required: shape!(@is_required $($required)?),
                },)*];
                $(keys.extend(<$part_type as $crate::config::document::Shape>::keys(generator));)?
                keys
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let keys = <Self as $crate::config::document::Shape>::keys(generator);
                $crate::config::document::table_schema(concat!($($doc),+), keys)
            }
        }

        impl $crate::config::document::Read for $name {
            fn read(
                node: &$crate::config::document::Node<'_>,
                problems: &mut $crate::config::diagnostic::Problems,
            ) -> Option<Self> {
                let mut table = $crate::config::document::Table::of(node, problems)?;
                let read = <Self as $crate::config::document::Shape>::take(&mut table);
                table.finish(|_| None);
                Some(read)
            }
        }
    )+};
    (@read $table:ident $key:ident) => { $table.optional(stringify!($key)) };
    (@read $table:ident $key:ident required) => { $table.required(stringify!($key)) };
    (@is_required) => { false };
    (@is_required required) => { true };
}
pub(crate) use shape;

/// A list. What cannot be read of it is noted and left out.
impl<T: Read> Read for Vec<At<T>>
where
    Self: JsonSchema,
{
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        match node.get_ref() {
            DeValue::Array(array) => Some(
                array
                    .iter()
                    .filter_map(|item| T::read(item, problems).map(|value| At { value, span: item.span() }))
                    .collect(),
            ),
            DeValue::Table(_) => {
                let help = "write [[two brackets]] around the name of each entry, or [{ ... }] around inline tables";
                problems.error(&node.span(), "this is one table; it should be a list of them", Some(help.to_owned()));
                None
            }
            other => {
                wrong_type(other, &node.span(), "a list", problems);
                None
            }
        }
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A table whose keys are names that the user chooses, in the order of the file.
#[derive(Clone, PartialEq, Debug)]
pub struct Named<T>(pub Vec<(At<String>, At<T>)>);

impl<T: Read> Read for Named<T> {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let table = Table::of(node, problems)?;
        let mut entries: Vec<_> = table.table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        Some(Self(
            entries
                .into_iter()
                .filter_map(|(key, node)| {
                    let value = At { value: T::read(node, table.problems)?, span: node.span() };
                    Some((At { value: key.get_ref().to_string(), span: key.span() }, value))
                })
                .collect(),
        ))
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Named{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": generator.subschema_for::<T>() })
    }
}
