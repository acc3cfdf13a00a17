//! The list on a terminal: by the screenful, and answered by nobody but the person who has read it.

use std::collections::BTreeSet;

use super::place::{CRASHCART, Place};
use super::support::pty::{Start, Terminal};

#[test]
fn a_long_list_is_shown_by_the_screenful_and_what_was_typed_ahead_is_no_answer() {
    let place = Place::new();
    let checks: Vec<String> = (0..60).map(|number| format!("{{ tcp = \"127.0.0.1:{}\" }}", number + 1)).collect();
    let config = format!(
        "[[services]]\nname = \"a\"\nchecks = [{}, {{ command = \"curl evil.example\" }}]\n",
        checks.join(", ")
    );
    place.write("repo/crashcart.toml", &config);
    let script = format!("cd {} && read go && exec {CRASHCART} trust", place.path("repo").display());
    let start = Start { size: (80, 24), environment: place.environment(), ..Start::default() };
    let mut terminal = Terminal::spawn("/bin/sh", ["-c", script.as_str()], &start);
    // The shell takes the first line; the others wait in the terminal.
    terminal.type_text("go\ny\ny\n\n\n\n\ny\n");
    let first = terminal.wait_for("more: Enter; q leaves --");
    assert!(first.contains("curl evil.example"), "the worst comes first: {first}");
    let mut page = first;
    while !page.contains("Trust it? [y/N]") {
        terminal.type_text("\n");
        let before = page.clone();
        page = terminal.wait_until("the next page", |screen| {
            screen != before && (screen.trim_end().ends_with("--") || screen.contains("Trust it? [y/N]"))
        });
    }
    assert!(page.contains("Altogether: 1 command here, 60 addresses."), "{page}");
    terminal.type_text("n\n");
    assert_eq!(terminal.exit_code(), 1);
    assert_eq!(place.run(&["trust", "--list"]).code, Some(1), "nothing was approved");
}

#[test]
fn an_approval_is_for_the_bytes_that_were_shown() {
    let place = Place::new();
    place.write("repo/crashcart.toml", "[[services]]\nname = \"a\"\nchecks = [{ command = \"true\" }]\n");
    let script = format!("cd {} && exec {CRASHCART} trust", place.path("repo").display());
    let start = Start { size: (80, 24), environment: place.environment(), ..Start::default() };
    let mut terminal = Terminal::spawn("/bin/sh", ["-c", script.as_str()], &start);
    terminal.wait_for("Trust it? [y/N]");
    // While the person reads, somebody puts another file there.
    place.write(
        "repo/crashcart.toml",
        "[[services]]\nname = \"a\"\nchecks = [{ command = \"touch ROOT/ran/swapped\" }]\n",
    );
    terminal.type_text("y\n");
    assert_eq!(terminal.exit_code(), 0);
    let text = place.run(&["status"]).text;
    assert!(text.contains("has changed since you trusted it"), "{text}");
    assert_eq!(place.ran(), BTreeSet::new());
}
