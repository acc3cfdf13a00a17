//! The evidence of an incident, end to end: real files and loopback servers with secrets in them, read back by the crate
//! and by the system's own `tar`.

mod support;

use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use sha2::{Digest as _, Sha256};
use support::web::Web;

const TOKEN: &str = "plain-words-that-look-like-nothing";
const SHAPED: &str = "ghp_0123456789abcdefghijklmnopqrstuvwxyz";

fn call(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crashcart"));
    command.args(["--config", "crashcart.toml"]).args(arguments).current_dir(folder);
    command.env("CRASHCART_STATE_DIR", folder.join("state")).env("TZ", "UTC").env("CRASHCART_USER", "kim");
    command.env("HOME", folder).env("PROM_TOKEN", TOKEN).stdin(Stdio::null()).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What is in a bundle, by name.
fn unpack(path: &Path) -> BTreeMap<String, String> {
    let file = std::fs::File::open(path).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let mut files = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        files.insert(name, text);
    }
    files
}

#[test]
fn what_a_restart_destroys_is_put_aside_without_secrets_and_what_hangs_costs_its_own_line() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    let (prometheus, hung) = (Web::start(), Web::start());
    prometheus.answer(
        200,
        &format!(
            r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{"code":"500","leak":"{TOKEN}"}},"values":[[1764032440,"18.2"],[1764032500,"17"]]}}]}}}}"#
        ),
    );
    hung.hang();
    let now = crashcart::clock::Clock::system().now();
    let old = now - std::time::Duration::from_secs(5 * 3_600);
    let log =
        format!("{old} INFO long ago\n{now} ERROR charge failed token={SHAPED}\n{now} ERROR upstream said {TOKEN}\n");
    std::fs::write(folder.join("app.log"), log).unwrap();
    let config = format!(
        r#"
[sources.prom]
provider = "prometheus"
url = "http://{}"
token = {{ env = "PROM_TOKEN" }}

[sources.slow]
provider = "prometheus"
url = "http://{}"

[[services]]
name = "checkout"
checks = [ {{ http = "http://{}/health", every = "15s" }} ]
metrics = [
  {{ source = "prom", title = "5xx/s", query = "up", warn = 1, critical = 5 }},
  {{ source = "slow", title = "hangs", query = "up" }},
]
logs = [ {{ file = "app.log" }}, {{ file = "missing.log" }}, {{ command = "echo from a command; echo {SHAPED}" }} ]

[[services]]
name = "billing"
logs = [ {{ file = "billing.log" }} ]
"#,
        prometheus.address, hung.address, prometheus.address
    );
    std::fs::write(folder.join("crashcart.toml"), config).unwrap();
    std::fs::write(folder.join("billing.log"), "not asked for\n").unwrap();
    assert!(call(folder, &["incident", "open", "Checkout answers 500", "--service", "checkout"]).status.success());
    assert!(call(folder, &["note", "kim looks"]).status.success());

    let output = call(folder, &["incident", "evidence", "--output", "night.tar.gz", "--timeout", "5s", "--json"]);
    // Not everything could be got, and what could be is there.
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let path = folder.join("night.tar.gz");
    let bytes = std::fs::read(&path).unwrap();
    let hex = |bytes: &[u8]| -> String { Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect() };
    assert_eq!(told["sha256"], hex(&bytes));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let files = unpack(&path);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    let find = |part: &str| {
        let name =
            names.iter().find(|name| name.contains(part)).unwrap_or_else(|| panic!("{part} is not in {names:?}"));
        &files[*name]
    };
    let app = find("logs/checkout/app.log");
    assert!(app.contains("charge failed") && !app.contains("long ago"), "{app}");
    assert!(
        names.iter().any(|name| name.contains("logs/checkout/") && files[*name].contains("from a command")),
        "{names:?}"
    );
    assert!(find("metrics/").contains("18.2"), "{}", find("metrics/"));
    assert!(find("checks/").contains("checkout"));
    assert!(find("host/state.json").contains("memory"));
    assert!(find("journal.jsonl").contains("kim looks"));
    assert!(!names.iter().any(|name| name.contains("billing")), "it is about checkout: {names:?}");
    for (name, text) in &files {
        assert!(!text.contains(TOKEN) && !text.contains(SHAPED), "a secret is in {name}: {text}");
        assert!(!text.contains('\u{1b}'), "{name}");
    }

    let manifest: serde_json::Value = serde_json::from_str(&files["incident-1/MANIFEST.json"]).unwrap();
    let rows = manifest["entries"].as_array().unwrap();
    for row in rows.iter().filter(|row| !row["file"].is_null()) {
        let text = &files[&format!("incident-1/{}", row["file"].as_str().unwrap())];
        assert_eq!(row["sha256"], hex(text.as_bytes()), "{row}");
        assert_eq!(row["bytes"], text.len(), "{row}");
        assert!(row["taken_at"].is_string());
    }
    let trouble = |part: &str| {
        let row = rows.iter().find(|row| row["wanted"].as_str().is_some_and(|wanted| wanted.contains(part)));
        row.unwrap_or_else(|| panic!("{part}: {manifest:#}"))["trouble"].as_str().unwrap().to_owned()
    };
    assert!(trouble("missing").to_lowercase().contains("no such file"), "{}", trouble("missing"));
    assert!(!trouble("hangs").is_empty());
    let log = rows.iter().find(|row| row["file"].as_str().is_some_and(|file| file.ends_with("app.log"))).unwrap();
    assert_eq!(log["truncated"], true, "{log}");
    assert!(log["left_out"].as_str().unwrap().contains("bytes before"), "{log}");

    // The timeline and the postmortem say where it is.
    let shown = said(&call(folder, &["incident", "show"]));
    assert!(shown.contains("evidence put aside") && shown.contains("night.tar.gz"), "{shown}");
    let document = said(&call(folder, &["incident", "export"]));
    assert!(document.contains(&hex(&bytes)), "{document}");

    // What is there stays, and nothing is asked for in vain.
    let again = call(folder, &["incident", "evidence", "--output", "night.tar.gz"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(said(&again).contains("never written over"), "{}", said(&again));
    assert_eq!(std::fs::read(&path).unwrap(), bytes);

    let listed = Command::new("tar").arg("-tzf").arg(&path).output();
    match listed {
        Ok(listed) if listed.status.success() => {
            assert_eq!(String::from_utf8_lossy(&listed.stdout).lines().count(), files.len());
        }
        _ => support::require("tar", "this system has no tar"),
    }
}

#[test]
fn a_broken_configuration_costs_its_sources_and_not_the_rest() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    std::fs::write(folder.join("crashcart.toml"), "[[services]\nname = banana").unwrap();
    assert!(call(folder, &["incident", "open", "Everything"]).status.success());
    let output = call(folder, &["incident", "evidence", "--json"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let path = told["path"].as_str().unwrap();
    assert!(path.starts_with(folder.join("state/evidence").to_str().unwrap()), "{path}");
    let files = unpack(Path::new(path));
    assert!(files.contains_key("incident-1/journal.jsonl") && files.contains_key("incident-1/host/state.json"));
    assert!(files["incident-1/MANIFEST.json"].contains("the sources of the configuration"));
}
