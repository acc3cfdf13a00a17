//! A JSON Schema of the configuration.

/// Returns the schema.
pub fn text() -> String {
    "{}\n".to_owned()
}
