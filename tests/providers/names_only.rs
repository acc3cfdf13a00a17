//! Settings bring names of variables, and never a value: not by any built-in definition, and not by one that is written to.

use crashcart::provider::fixture::play;
use crashcart::provider::registry::from_text;

/// Settings bring names. Each recorded answer that has values of variables has this one in them, and nothing of what comes of
/// an answer has it.
#[test]
fn no_value_of_a_variable_comes_through_a_definition() {
    const VALUE: &str = "hunter2-never-shown";
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/providers");
    let (mut with, mut all) = (0, 0);
    for provider in std::fs::read_dir(folder).unwrap().flatten() {
        for file in std::fs::read_dir(provider.path()).unwrap().flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            if !name.starts_with("settings") {
                continue;
            }
            let text = std::fs::read_to_string(file.path()).unwrap();
            if name.ends_with(".found.json") {
                assert!(!text.contains("never-shown"), "{}", file.path().display());
                all += 1;
            } else if text.contains(VALUE) {
                with += 1;
            }
        }
    }
    assert!(with >= 20 && all >= 25, "{with} with values, {all} in all");
}

/// Whatever a definition does with an answer, no value of a variable comes out of it: not as a name, not as another text, not in
/// what is told when its programs fail.
#[test]
fn a_definition_cannot_bring_a_value_of_a_variable() {
    const VALUE: &str = "hunter2_never_shown";
    let answer = serde_json::json!({ "name": "web", "env": [
        { "key": "API_KEY", "value": VALUE },
        { "key": "OTHER", "value": format!("postgres://u:{VALUE}@db/shop") },
    ] });
    let names = "variables: [.env[].key]";
    for map in [
        "{name, variables: [.env[].value]}".to_owned(),
        "{name, variables: [.env[] | .key + \"_\" + .value]}".to_owned(),
        "{name, variables: [.env[] | \"\\(.key)=\\(.value)\"]}".to_owned(),
        format!("{{name, {names}, runtime: .env[0].value, engine: .env[1].value, version: (\"v\" + .env[0].value)}}"),
        format!("{{name, {names}, environment: .env[0].value, health_check: (\"/\" + .env[0].value)}}"),
        format!("{{name: .env[0].value, {names}}}"),
        format!("{{name, {names}, (.env[0].value): 1}}"),
        format!("{{name, {names}, kind: .env[0].value}}"),
        "error(.env[0].value)".to_owned(),
        ".env[0].value | .x".to_owned(),
        ".env[0].value".to_owned(),
    ] {
        for bind in ["", "bind = { kept = \".env[0].value | .x\" }\n"] {
            let text = format!(
                "[provider]\nname = \"own\"\ntitle = \"Own\"\nkind = \"hosting\"\nbase_url = \"https://own.test\"\n\
                 [settings]\nget = \"/\"\nmap = '''{map}'''\n{bind}"
            );
            let (definition, _) = from_text("own.toml", &text).unwrap_or_else(|error| panic!("{map}: {error}"));
            let fixture =
                serde_json::from_value(serde_json::json!({ "exchanges": [{ "ask": "GET /", "answer": answer }] }));
            let played = play(&definition, "settings", &fixture.unwrap());
            let told = match played {
                Ok(value) => value.to_string(),
                Err(error) => error.to_string(),
            };
            assert!(!told.contains("never_shown"), "{map} {bind}: {told}");
        }
    }
}
