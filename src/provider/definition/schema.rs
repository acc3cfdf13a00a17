//! A JSON Schema of definition files, for editors.

use schemars::generate::SchemaSettings;

use super::shape::DefinitionShape;

/// Returns the schema as JSON text.
///
/// Draft 7, because that is what the editors' TOML plug-ins understand. It knows tables, keys and kinds of values; whether
/// programs and templates are right is for `crashcart providers check`.
pub fn text() -> String {
    let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<DefinitionShape>();
    schema.insert("title".to_owned(), "a provider of crashcart".into());
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON with text as keys");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::provider::registry::BUILT_IN;

    fn validator() -> jsonschema::Validator {
        let schema: Value = serde_json::from_str(&super::text()).unwrap();
        jsonschema::validator_for(&schema).unwrap()
    }

    #[test]
    fn every_built_in_definition_is_valid_by_the_schema() {
        let validator = validator();
        let mut wrong = Vec::new();
        for (name, text) in BUILT_IN {
            let document: Value = toml::from_str(text).unwrap();
            wrong.extend(
                validator.iter_errors(&document).map(|error| format!("{name}: {} {error}", error.instance_path())),
            );
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn the_schema_refuses_what_a_definition_cannot_be() {
        let acme = json!({ "provider": { "name": "acme", "title": "Acme", "kind": "hosting" } });
        let validator = validator();
        assert!(validator.is_valid(&acme));
        for (pointer, value) in [
            ("/provider", json!({ "name": "acme" })),
            ("/provider", json!({ "name": "acme", "title": "Acme", "kind": "hosting", "colour": "red" })),
            ("/provider", json!("acme")),
        ] {
            let mut wrong = acme.clone();
            *wrong.pointer_mut(pointer).unwrap() = value;
            assert!(!validator.is_valid(&wrong), "{wrong}");
        }
        let mut unmapped = acme;
        unmapped["releases"] = json!({ "get": "/releases" });
        assert!(!validator.is_valid(&unmapped), "a reading needs a map");
    }
}
