//! A JSON Schema of the configuration, for editors.

use schemars::generate::SchemaSettings;

use super::shape::File;

/// Returns the schema as JSON text.
///
/// Draft 7, because that is what the editors' TOML plug-ins understand.
pub fn text() -> String {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<File>();
    schema.insert("title".to_owned(), "crashcart.toml".into());
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON with text as keys");
    text.push('\n');
    text
}
