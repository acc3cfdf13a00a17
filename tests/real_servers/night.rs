//! The night when the checkout breaks, on one screen.

use super::CRASHCART;
use super::support::pty::{Start, Terminal};
use super::support::servers::night::Night;

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
