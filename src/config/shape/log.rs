//! A log of a service: a file, a command, or what a source has.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::{LogShape, SourceUse};
use crate::config::diagnostic::Problems;
use crate::config::document::{Node, Read, Shape, Table};

/// A log of a service.
#[derive(Clone, PartialEq, Debug)]
pub enum LogEntryShape {
    Own(LogShape),
    Source(SourceUse),
}

impl Read for LogEntryShape {
    fn read(node: &Node<'_>, problems: &mut Problems) -> Option<Self> {
        let mut table = Table::of(node, problems)?;
        let has = |key: &str| table.table.contains_key(key);
        // Both at once is a mistake that the other shape knows how to tell.
        if has("source") && !["file", "command", "ssh"].into_iter().any(has) {
            return SourceUse::read(node, problems).map(Self::Source);
        }
        let log = LogShape::take(&mut table);
        table.finish(|_| None);
        Some(Self::Own(log))
    }
}

impl JsonSchema for LogEntryShape {
    fn schema_name() -> Cow<'static, str> {
        LogShape::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = LogShape::json_schema(generator);
        // A source's own parameters stand beside it.
        schema.remove("additionalProperties");
        schema
    }
}
