//! The promise of `docs/providers.md`: a system that nobody knows takes one file of fewer than sixty lines.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use super::support::web::Web;

/// More lines than this are not ten minutes any more.
const FEWER_THAN: usize = 60;

/// Returns the first block of the document in a language.
fn block(language: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/providers.md");
    let text = fs::read_to_string(path).unwrap();
    let (_, rest) = text.split_once(&format!("```{language}\n")).expect("the document shows one");
    rest.split_once("```").expect("the block ends").0.to_owned()
}

/// A home with the definition of the document in the folder for the user's own.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".config/crashcart/providers");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("acme.toml"), block("toml")).unwrap();
        Self(home)
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output: Output = Command::new(env!("CARGO_BIN_EXE_crashcart"))
            .args(arguments)
            .current_dir(self.0.path())
            .env_clear()
            .env("HOME", self.0.path())
            .env("PATH", "/usr/bin:/bin")
            .env("ACME_TOKEN", "walnut-4471")
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout) + &text(output.stderr))
    }
}

#[test]
fn the_definition_of_the_document_is_short_and_right() {
    let lines = block("toml").lines().count();
    assert!(lines < FEWER_THAN, "it has {lines} lines");
    let home = Home::new();
    let (code, said) = home.run(&["providers", "check", ".config/crashcart/providers/acme.toml"]);
    assert_eq!((code, said.as_str()), (Some(0), ".config/crashcart/providers/acme.toml: fine\n"));
    let (_, list) = home.run(&["providers"]);
    let row = list.lines().find(|line| line.trim_start().starts_with("acme ")).unwrap_or_else(|| panic!("{list}"));
    assert!(row.contains("not proven") && row.contains("releases"), "{row}");
}

#[test]
fn the_system_of_the_document_is_asked_as_the_document_says() {
    let web = Web::start();
    web.answer(200, &block("json"));
    let home = Home::new();
    let try_it = |more: &[&str]| {
        let url = web.url("/v2");
        let mut arguments = vec!["providers", "try", "acme", "releases", "--set", "app=shop", "--url", &url];
        arguments.extend(more);
        home.run(&arguments)
    };

    let (code, said) = try_it(&[]);
    assert_eq!(code, Some(0), "{said}");
    // The answer names a next page, and two are read: this server has the same on both.
    let asked = ["/v2/apps/shop/deployments?limit=20", "/v2/apps/shop/deployments?after=7"];
    for part in asked.into_iter().chain(["< 200", "2 found", "authorization: Bearer [redacted]"]) {
        assert!(said.contains(part), "no {part:?} in:\n{said}");
    }
    assert!(!said.contains("walnut-4471"), "{said}");

    let (code, said) = try_it(&["--json"]);
    assert_eq!(code, Some(0), "{said}");
    let document: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(document["problems"], Value::Array(Vec::new()), "{document:#}");
    let release = &document["found"]["releases"][0];
    for (field, expected) in [
        ("id", "7"),
        ("commit", "9b1f0c2d"),
        ("message", "Retry logic"),
        ("author", "kim"),
        ("created_at", "2025-11-25T02:00:11Z"),
        ("state", "succeeded"),
    ] {
        assert_eq!(release[field], expected, "{field} of {release:#}");
    }
    assert_eq!(release["live"], true, "{release:#}");
}

#[test]
fn a_refusal_of_the_system_of_the_document_says_what_to_try() {
    let web = Web::start();
    web.answer(401, "{\"message\": \"no such token\"}");
    let url = web.url("/v2");
    let (code, said) = Home::new().run(&["providers", "try", "acme", "releases", "--set", "app=shop", "--url", &url]);
    assert_ne!(code, Some(0), "{said}");
    assert!(said.contains("the credential is not accepted: no such token") && said.contains("try: "), "{said}");
    assert!(!said.contains("walnut-4471"), "{said}");
}
