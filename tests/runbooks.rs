//! The built-in runbooks, and the command that lists, shows and checks runbooks.

mod support;

use std::process::{Command, Output};

use serde_json::Value;

const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");

fn run(folder: &std::path::Path, arguments: &[&str]) -> Output {
    Command::new(CRASHCART)
        .arg("runbooks")
        .args(arguments)
        .current_dir(folder)
        .env_remove("CRASHCART_CONFIG")
        .env("XDG_CONFIG_HOME", folder)
        .env("HOME", folder)
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn nothing_has_rotted_in_those_that_are_built_in() {
    let directory = tempfile::tempdir().unwrap();
    let told = json(&run(directory.path(), &["lint", "--json"]));
    // Which programs this machine has is not theirs to say.
    let told: Vec<&Value> = told.as_array().unwrap().iter().filter(|one| one["severity"] != "info").collect();
    assert!(told.is_empty(), "{told:#?}");
    let all = json(&run(directory.path(), &["list", "--json"]));
    assert!(
        all.as_array().unwrap().iter().all(|one| one["steps"].as_u64() > Some(3) && one["path"].is_null()),
        "{all:#}"
    );
}

#[test]
fn ones_own_come_first_and_a_mistake_is_told_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("runbooks");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(
        folder.join("bad-deploy.md"),
        "# Ours\n\n## Go back\n\n```sh {tiemout=5s}\nrm -rf \"$WHERE\"\n```\n",
    )
    .unwrap();
    let all = json(&run(directory.path(), &["--json"]));
    let ours = all.as_array().unwrap().iter().find(|one| one["name"] == "bad-deploy").unwrap();
    assert_eq!((&ours["title"], &ours["steps"]), (&"Ours".into(), &1.into()));
    let shown = String::from_utf8(run(directory.path(), &["show", "bad-deploy"]).stdout).unwrap();
    assert!(shown.contains("1. Go back") && shown.contains("rm -rf \"$WHERE\""), "{shown}");
    let output = run(directory.path(), &["lint", "bad-deploy"]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    for part in ["bad-deploy.md:5", "did you mean `timeout`?", "nothing says what $WHERE is", "takes something away"] {
        assert!(told.contains(part), "{part:?} is not in\n{told}");
    }
    let output = run(directory.path(), &["show", "bad-deplo"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `bad-deploy`?"), "{output:?}");
}

/// The commands that look and change nothing are run here as they stand.
#[test]
fn what_only_looks_is_run_as_it_stands() {
    let directory = tempfile::tempdir().unwrap();
    let web = support::web::Web::start();
    let looking = [
        ("disk-full", &["which", "large", "held", "verify"][..]),
        ("first-five-minutes", &["look", "machine"]),
        ("bad-deploy", &["verify"]),
    ];
    for (name, commands) in looking {
        let shown = json(&run(directory.path(), &["show", name, "--json"]));
        let steps = shown["steps"].as_array().unwrap();
        for wanted in commands {
            let mut all = steps.iter().flat_map(|step| step["commands"].as_array().unwrap());
            let command = all.find(|command| command["attributes"]["name"] == *wanted).unwrap();
            let output = Command::new("sh")
                .arg("-c")
                .arg(command["text"].as_str().unwrap())
                .env("MOUNT", directory.path())
                .env("URL", web.url("/"))
                .output()
                .unwrap();
            assert!(output.status.success(), "{name}, {wanted}: {output:?}");
        }
    }
}
