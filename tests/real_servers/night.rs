//! The night when the checkout breaks, on one screen.

use std::process::Command;

use serde_json::{Value, json};

use super::support::pty::{Start, Terminal};
use super::support::servers::night::Night;
use super::{CRASHCART, wait_for};

#[test]
fn a_broken_checkout_is_on_the_screen_with_its_log_and_is_gone_when_it_is_mended() {
    let Some(night) = Night::start() else { return };
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("crashcart.toml");
    std::fs::write(&config, night.config()).unwrap();
    let start = Start {
        size: (120, 40),
        environment: vec![("CRASHCART_STATE_DIR", directory.path().join("state").display().to_string())],
        ..Start::default()
    };
    let mut terminal = Terminal::spawn(CRASHCART, ["--config".to_owned(), config.display().to_string()], &start);
    terminal.wait_for("2 services ok");
    night.break_checkout();
    terminal.wait_until("the outage and its reason", |screen| {
        screen.contains("1 down")
            && screen.contains("404 Not Found")
            // What Docker says of the container, Prometheus of the error rate, Alertmanager of the alert, and the log.
            && screen.contains("unhealthy")
            && screen.contains("CheckoutFails")
            && screen.contains("errors/s")
            && screen.contains("checkout failed: payment refused")
    });
    night.mend_checkout();
    terminal.wait_for("2 services ok");
    terminal.type_text("q");
    assert_eq!(terminal.exit_code(), 0);
}

#[test]
fn each_command_tells_its_part_of_the_broken_night() {
    let Some(night) = Night::start() else { return };
    night.break_checkout();
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    std::fs::write(path("crashcart.toml"), night.config()).unwrap();
    let ask = |what: &str, part: (&str, &str)| -> Vec<Value> {
        let mut command = Command::new(CRASHCART);
        command.args([what, "--json", "--config", &path("crashcart.toml")]);
        let output = command.env("CRASHCART_STATE_DIR", path("state")).output().unwrap();
        let document: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{what}: {error}: {output:?}"));
        let parts = document.as_array().expect("a list").iter();
        let found = parts.filter(|one| one[part.0] == part.1).filter_map(|one| one["found"].as_array());
        found.flatten().cloned().collect()
    };

    for source in ["alertmanager", "prometheus"] {
        let alerts = ask("alerts", ("source", source));
        let alert = alerts.first().expect("an alert");
        let told = (&alert["title"], &alert["state"], &alert["severity"], &alert["service"]);
        let expected = (&json!("CheckoutFails"), &json!("firing"), &json!("critical"), &json!("checkout"));
        assert_eq!(told, expected, "{source}");
    }
    let container = &ask("instances", ("service", "checkout"))[0];
    assert_eq!((&container["name"], &container["healthy"]), (&json!("shop-checkout-1"), &json!(false)));
    let rate =
        || ask("metrics", ("service", "checkout"))[0]["points"].as_array().and_then(|points| points.last().cloned());
    wait_for("the error rate", rate, |point| point.as_ref().is_some_and(|point| point[1].as_f64() > Some(0.5)));
    let releases = ask("releases", ("service", "checkout"));
    let live: Vec<&Value> = releases.iter().filter(|release| release["live"] == true).collect();
    assert!(live.len() == 1 && live[0]["version"] == "2", "{releases:#?}");
}
