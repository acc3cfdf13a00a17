//! An incident on the command line, from its opening to its postmortem.

use std::process::{Command, Output, Stdio};

fn call(folder: &std::path::Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crashcart"));
    command.args(arguments).current_dir(folder).env("CRASHCART_STATE_DIR", folder.join("state")).env("TZ", "UTC");
    command.env("CRASHCART_USER", "kim").env("HOME", folder).stdin(Stdio::null()).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn what_is_said_of_an_outage_becomes_a_timeline_and_a_postmortem() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    assert_eq!(call(folder, &["note", "too early"]).status.code(), Some(2));
    let ok = |arguments: &[&str]| {
        let output = call(folder, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        said(&output)
    };
    ok(&["incident", "open", "Checkout answers 500", "--severity", "sev1", "--service", "shop", "--ago", "14m"]);
    ok(&["note", "--ago", "10m", "the first customer wrote"]);
    ok(&["note", "a *wrong* thing"]);
    ok(&["incident", "ack"]);
    ok(&["incident", "resolve"]);
    let shown: serde_json::Value =
        serde_json::from_slice(&call(folder, &["incident", "show", "--json"]).stdout).unwrap();
    let entries = shown["timeline"].as_array().unwrap();
    assert_eq!(entries[0]["text"], "the first customer wrote", "it happened before the incident was opened: {shown:#}");
    let wrong = entries.iter().find(|entry| entry["text"] == "a *wrong* thing").unwrap()["entry"].as_str().unwrap();
    ok(&["incident", "redact", wrong, "it names a customer"]);
    let document =
        ok(&["incident", "export", "--set", "impact=9 min|the first five were slow only", "--objective", "99.9"]);
    for part in [
        "# SEV1 #1: Checkout answers 500",
        "**9 min**",
        "computed: 14 min",
        "32 %",
        "an entry was taken out: it names a customer",
    ] {
        assert!(document.contains(part), "{part:?} is not in\n{document}");
    }
    assert!(!document.contains("wrong"), "{document}");
    assert!(ok(&["incident", "list", "--search", "customer wrote"]).contains("#1"));
    ok(&["journal", "verify"]);
}
