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
