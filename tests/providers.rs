//! Every built-in definition: it is right, it has fixtures for everything that it can do, and they come out as recorded. And
//! the one that the documentation teaches.

#[path = "providers/fixtures.rs"]
mod fixtures;
#[path = "providers/lesson.rs"]
mod lesson;
#[path = "providers/mistakes.rs"]
mod mistakes;
mod support;

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
