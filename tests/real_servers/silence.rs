//! `crashcart silence` on a real Alertmanager: what fires is listed, silenced for a while with a reason, and heard again.

use std::process::{Command, Stdio};

use super::support::servers::metrics::Alertmanager;
use super::{CRASHCART, wait_for};

#[test]
fn an_alert_is_silenced_by_its_name_and_heard_again() {
    let Some(alertmanager) = Alertmanager::start() else { return };
    alertmanager.fire(&[("alertname", "CheckoutFails"), ("service", "checkout")], "12% fail");
    alertmanager.fire(&[("alertname", "DiskFull"), ("instance", "a")], "95%");
    alertmanager.fire(&[("alertname", "DiskFull"), ("instance", "b")], "96%");
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("crashcart.toml");
    let text = format!("[sources.pager]\nprovider = \"alertmanager\"\nurl = \"{}\"\n", alertmanager.url(""));
    std::fs::write(&config, text).unwrap();
    let run = |arguments: &[&str]| {
        let mut command = Command::new(CRASHCART);
        command.args(arguments).arg("--config").arg(&config).current_dir(directory.path()).stdin(Stdio::null());
        command.env("CRASHCART_STATE_DIR", directory.path().join("state")).env("CRASHCART_USER", "kim");
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        (output.status.code(), said)
    };
    let listed = || run(&["silence"]).1;
    let all = wait_for("the alerts", listed, |said| said.matches("DiskFull").count() == 2);
    assert!(all.contains("CheckoutFails") && all.contains("pager"), "{all}");

    let (code, said) = run(&["silence", "CheckoutFale"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("there is no alert `CheckoutFale`") && said.contains("CheckoutFails (pager)"), "{said}");
    let (code, said) = run(&["silence", "DiskFull"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("means 2 alerts") && said.contains("by its id"), "{said}");
    let (code, said) = run(&["silence", "CheckoutFails", "--for", "2h", "--dry-run"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(listed().contains("CheckoutFails"), "a dry run silences nothing");

    let (code, said) = run(&["silence", "Checkout", "--for", "90m", "--reason", "rolling back", "--yes", "--wait"]);
    assert_eq!(code, Some(0), "{said}");
    let quiet = |said: &String| !said.contains("CheckoutFails");
    wait_for("silence", listed, quiet);
    let is_ours = |alert: &&serde_json::Value| alert["labels"]["alertname"] == "CheckoutFails";
    let alerts = alertmanager.alerts();
    let silence = alerts.iter().find(is_ours).unwrap()["status"]["silencedBy"][0].as_str().unwrap().to_owned();
    let told = super::support::servers::http::get(alertmanager.address, &format!("/api/v2/silence/{silence}")).unwrap();
    let told = told.json();
    assert_eq!((&told["comment"], &told["createdBy"]), (&"rolling back".into(), &"kim".into()), "{told:#}");
    let seconds = |at: &str| told[at].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second();
    assert!((seconds("endsAt") - seconds("startsAt") - 5_400).abs() <= 1, "{told:#}");

    let (code, said) = run(&["operations", "undo", "last", "--yes", "--wait"]);
    assert_eq!(code, Some(0), "{said}");
    wait_for("its voice", listed, |said| said.contains("CheckoutFails"));
}
