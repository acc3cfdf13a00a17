//! An incident on the command line, from its opening to its postmortem.

mod support;

use std::process::{Command, Output, Stdio};

use crashcart::app::effect::Effect;
use crashcart::app::event::{Event, EventKind};
use crashcart::model::id::{EntryId, IncidentId, ServiceId};
use crashcart::model::incident::{IncidentEvent, Severity};
use crashcart::model::journal::{Body, Entry, News};
use crashcart::model::text::Line;

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
    ok(&["incident", "figure", "impact", "9 min", "--because", "the first five were slow only"]);
    let document = ok(&["incident", "export", "--objective", "99.9"]);
    let once = ok(&["incident", "export", "--set", "impact=7 min|for this document only"]);
    assert!(once.contains("**7 min**") && !ok(&["incident", "export"]).contains("7 min"));
    // A template of one's own: by flag, by configuration, and with its mistake's line.
    std::fs::write(folder.join("own.md"), "{{ title }}: {{ impact }}\n").unwrap();
    assert_eq!(ok(&["incident", "export", "--template", "own.md"]), "Checkout answers 500: 9 min\n");
    let config = folder.join("config.toml");
    std::fs::write(&config, "[postmortem]\ntemplate = \"own.md\"\n").unwrap();
    let config = config.to_str().unwrap();
    assert_eq!(ok(&["--config", config, "incident", "export"]), "Checkout answers 500: 9 min\n");
    std::fs::write(folder.join("own.md"), "one\n{{ titel }}\n").unwrap();
    let wrong_template = call(folder, &["--config", config, "incident", "export"]);
    assert_eq!(wrong_template.status.code(), Some(2));
    assert!(
        said(&wrong_template).contains("own.md: the template cannot be used at line 2"),
        "{}",
        said(&wrong_template)
    );
    for part in [
        ": Checkout answers 500",
        "#1, SEV1, resolved",
        "**9 min**",
        "computed: 14 min",
        "21 %",
        "an entry was taken out: it names a customer",
    ] {
        assert!(document.contains(part), "{part:?} is not in\n{document}");
    }
    assert!(!document.contains("wrong"), "{document}");
    assert!(ok(&["incident", "list", "--search", "customer wrote"]).contains("#1"));
    ok(&["journal", "verify"]);
}

#[test]
fn what_the_console_sees_is_written_once_while_an_incident_is_open() {
    let mut app = support::demo_operations::night((80, 24));
    let (at, by) = (app.world().now, app.world().by.clone());
    let id = IncidentId::new("01a2-incident");
    let opened = IncidentEvent::Opened {
        number: 12,
        title: Line::from_text("Checkout answers 500"),
        severity: Severity::Sev1,
        services: vec![ServiceId::new("checkout")],
        began_at: at,
        by: by.clone(),
    };
    let entry = |seq: u64, event: &IncidentEvent| Entry {
        seq,
        id: EntryId::new(format!("i{seq}")),
        at,
        by: by.clone(),
        service: None,
        operation: Some(id.in_journal()),
        body: Body::Incident(event.clone()),
    };
    let tell = |entries| EventKind::Journal(News { entries, leases: Vec::new() });
    let effects = app.update(Event { at, kind: tell(vec![entry(1, &opened)]) });
    let seen: Vec<IncidentEvent> = effects
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::Record(command) => Some(command.event),
            _ => None,
        })
        .collect();
    let texts: Vec<String> = seen
        .iter()
        .map(|event| match event {
            IncidentEvent::Saw { text, .. } => text.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    for part in ["checkout is down", "fires", "release v42"] {
        assert!(texts.iter().any(|text| text.contains(part)), "{part:?} is not among {texts:#?}");
    }
    assert!(
        support::console::screen(&app).contains("SEV1 #12 Checkout answers 500"),
        "{}",
        support::console::screen(&app)
    );
    // The journal has it now, and nothing of it is asked for again.
    let entries = seen.iter().zip(2..).map(|(event, seq)| entry(seq, event)).collect();
    let again = app.update(Event { at, kind: tell(entries) });
    assert!(!again.iter().any(|effect| matches!(effect, Effect::Record(_))), "{again:?}");
}

/// Ten write at once, and some of them die in the middle. What was said to be written is there once.
#[test]
fn ten_writers_lose_nothing_and_write_nothing_twice() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    assert!(call(folder, &["incident", "open", "many hands"]).status.success());
    let write = |text: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crashcart"));
        command
            .args(["note", text])
            .current_dir(folder)
            .env("CRASHCART_STATE_DIR", folder.join("state"))
            .env("HOME", folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let (mut promised, mut tried) = (Vec::new(), Vec::new());
    for round in 0..6_u32 {
        let mut writers: Vec<_> =
            (0..10_u32).map(|writer| format!("note {round}/{writer}")).map(|text| (write(&text), text)).collect();
        // Three of each round are killed, each at another moment of its life.
        for (victim, (child, _)) in writers.iter_mut().enumerate().take(3) {
            let moment =
                std::time::Instant::now() + std::time::Duration::from_millis(u64::from(round) * 4 + victim as u64 * 3);
            while std::time::Instant::now() < moment {
                std::hint::spin_loop();
            }
            let _ = child.kill();
        }
        for (mut child, text) in writers {
            if child.wait().unwrap().success() {
                promised.push(text.clone());
            }
            tried.push(text);
        }
    }
    let shown: serde_json::Value =
        serde_json::from_slice(&call(folder, &["incident", "show", "--json"]).stdout).unwrap();
    let texts: Vec<&str> =
        shown["timeline"].as_array().unwrap().iter().filter_map(|entry| entry["text"].as_str()).collect();
    for text in &promised {
        assert_eq!(texts.iter().filter(|other| *other == text).count(), 1, "{text} in {texts:?}");
    }
    for text in &tried {
        assert!(texts.iter().filter(|other| *other == text).count() <= 1, "{text} twice");
    }
    assert!(promised.len() >= 42, "seven of ten were left alone in six rounds: {}", promised.len());
    let verified = call(folder, &["journal", "verify"]);
    assert!(verified.status.success(), "{}", said(&verified));
}

/// Several open one at once: each has a number of its own.
#[test]
fn incidents_that_are_opened_at_once_have_numbers_of_their_own() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    let children: Vec<_> = (0..8)
        .map(|at| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_crashcart"));
            command.args(["incident", "open", &format!("outage {at}")]).current_dir(folder);
            command.env("CRASHCART_STATE_DIR", folder.join("state")).env("HOME", folder);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let listed: serde_json::Value =
        serde_json::from_slice(&call(folder, &["incident", "list", "--json"]).stdout).unwrap();
    let mut numbers: Vec<u64> = listed.as_array().unwrap().iter().filter_map(|row| row["number"].as_u64()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=8).collect::<Vec<u64>>());
}

/// A broken configuration is no reason not to write down what happens.
#[test]
fn a_broken_configuration_does_not_hinder_a_note() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path();
    std::fs::write(folder.join("crashcart.toml"), "[[services]\nname = ").unwrap();
    for arguments in
        [&["incident", "open", "all is down"][..], &["note", "we look"], &["incident", "ack"], &["incident", "export"]]
    {
        let output = call(folder, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    }
}
