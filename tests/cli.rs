//! The command line from outside: what is printed where, and with which exit code.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A home and a repository of their own for each test, and nothing of the environment that the tests run in.
struct Place {
    root: TempDir,
}

struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("repo/.git")).unwrap();
        fs::create_dir_all(root.path().join("repo/deep")).unwrap();
        Self { root }
    }

    fn run_in(&self, directory: &str, arguments: &[&str]) -> Ran {
        let home = self.root.path().join("home");
        let output: Output = Command::new(env!("CARGO_BIN_EXE_crashcart"))
            .args(arguments)
            .current_dir(self.root.path().join(directory))
            .env_clear()
            .env("HOME", &home)
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_in("repo", arguments)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.root.path().join(path), text).unwrap();
    }
}

impl Ran {
    /// Asserts a good end and returns what was printed.
    fn good(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{}", self.out);
        self.out
    }

    /// Asserts an exit code, and that the last thing said contains a text.
    fn says(&self, code: i32, text: &str) {
        assert_eq!(self.code, Some(code), "out: {}\nerr: {}", self.out, self.err);
        assert!(self.err.contains(text), "{:?} is not in:\n{}", text, self.err);
    }
}

#[test]
fn help_shows_examples_exit_codes_and_the_environment() {
    let help = Place::new().run(&["--help"]).good();
    for part in ["Examples:", "crashcart https://app.example.com --log", "Exit codes:", "NO_COLOR", "CRASHCART_CONFIG"]
    {
        assert!(help.contains(part), "no {part:?} in:\n{help}");
    }
    let short = Place::new().run(&["-h"]).good();
    assert!(short.len() < help.len() && short.contains("Examples:"));
}

#[test]
fn every_subcommand_has_help_and_stands_in_the_manual_and_the_completions() {
    let place = Place::new();
    let manual = place.run(&["man"]).good();
    let bash = place.run(&["completions", "bash"]).good();
    for name in ["status", "check", "logs", "replay", "trust", "secret", "schema", "completions", "man"] {
        assert!(place.run(&[name, "--help"]).good().contains(&format!("Usage: crashcart {name}")), "{name}");
        assert!(manual.contains(&format!(".SH \"CRASHCART {}\"", name.to_uppercase())), "{name}");
        assert!(bash.contains(name), "{name}");
    }
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert!(place.run(&["completions", shell]).good().contains("crashcart"), "{shell}");
    }
}

#[test]
fn the_schema_is_the_one_in_the_assets() {
    let stored = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/schema.json")).unwrap();
    assert_eq!(Place::new().run(&["schema"]).good(), stored);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_crashcart"))
        .arg("schema")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn what_cannot_be_meant_is_explained_and_ends_with_2() {
    let place = Place::new();
    place.run(&["stauts"]).says(2, "did you mean `crashcart status`?");
    place.run(&["stauts", "--json"]).says(2, "did you mean `crashcart status`?");
    place.run(&["https://a.example", "status"]).says(2, "crashcart status https://a.example");
    place.run(&["--thme", "dark"]).says(2, "--theme");
}

#[test]
fn a_found_configuration_is_listed_approved_and_asked_about_again_when_it_changes() {
    let place = Place::new();
    let config = |command: &str| {
        place.write(
            "repo/crashcart.toml",
            &format!(
                "[[services]]\nname = \"web\"\nchecks = [{{ command = \"{command}\" }}, {{ tcp = \"127.0.0.1:1\" }}]\n"
            ),
        );
    };
    config("true");
    // Without a terminal there is nobody to ask: the list, an error, and never a wait.
    let asked = place.run_in("repo/deep", &["trust"]);
    asked.says(2, "there is no terminal to ask");
    assert!(
        asked.out.contains("Run on this machine:\n  /bin/sh -c true") && asked.out.contains("Contact:\n  127.0.0.1:1"),
        "{}",
        asked.out
    );
    assert_eq!(place.run(&["trust", "--list"]).code, Some(1));

    assert!(place.run(&["trust", "--yes"]).good().contains("Trusted, until crashcart.toml changes."));
    assert!(place.run(&["trust", "--list"]).good().contains("is trusted as it is"));

    config("curl evil.example");
    let changed = place.run(&["trust", "--list"]);
    assert_eq!(changed.code, Some(1));
    assert!(changed.out.contains("has changed since you trusted it"), "{}", changed.out);
    assert!(changed.out.contains("+ /bin/sh -c 'curl evil.example'"), "{}", changed.out);
    assert!(changed.out.contains("- /bin/sh -c true"), "{}", changed.out);
    assert!(changed.out.contains("  127.0.0.1:1"), "{}", changed.out);

    config("true");
    assert!(place.run(&["trust", "--revoke"]).good().contains("is no longer trusted"));
    assert_eq!(place.run(&["trust", "--list"]).code, Some(1));
}

#[test]
fn a_configuration_with_mistakes_cannot_be_trusted_and_shows_them_all() {
    let place = Place::new();
    place.write(
        "repo/crashcart.toml",
        "[[services]]\nname = \"web\"\nchecks = [{ http = \"https://a\", slo = \"1s\" }, { tcp = \"b\" }]\n",
    );
    let ran = place.run(&["trust", "--yes"]);
    ran.says(2, "crashcart.toml:3:33");
    ran.says(2, "did you mean `slow`?");
    ran.says(2, "`b` names no port");
    assert_eq!(ran.out, "");
}

#[test]
fn where_there_is_no_configuration_trust_says_so() {
    Place::new().run(&["trust"]).says(2, "there is no crashcart.toml here");
}
