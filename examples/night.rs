//! The night when the checkout of a small shop breaks, on real servers, to look at:
//!
//! ```text
//! cargo build && cargo run --example night
//! ```
//!
//! It starts a Docker Engine of its own with two containers, Prometheus and Alertmanager (root is needed, and what
//! `just servers` brings), breaks the checkout, and opens the console on it. All of it ends with the console. With
//! `-- --hold` it opens no console: it says where everything is, and waits for Enter.

#[path = "../tests/support/mod.rs"]
mod support;

use std::process::{Command, ExitCode};

use support::servers::night::Night;

fn main() -> ExitCode {
    println!("opening the shop ...");
    let Some(night) = Night::start() else { return ExitCode::FAILURE };
    let directory = tempfile::tempdir().expect("a temporary folder can be made");
    let config = directory.path().join("crashcart.toml");
    std::fs::write(&config, night.config()).expect("its folder was just made");
    println!("it is open; now the checkout breaks ...");
    night.break_checkout();
    let mut console =
        Command::new(std::env::current_exe().expect("this program has a path").with_file_name("../crashcart"));
    console.arg("--config").arg(&config).env("CRASHCART_STATE_DIR", directory.path().join("state"));
    if !std::env::args().any(|argument| argument == "--hold") {
        let ended = console.status();
        return if ended.is_ok_and(|status| status.success()) { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    println!("docker        DOCKER_HOST={}", night.docker.host());
    println!("prometheus    {}", night.prometheus.url("/"));
    println!("alertmanager  {}", night.alertmanager.url("/"));
    println!("the console   {console:?}");
    println!("Enter ends all of it.");
    let _ = std::io::stdin().read_line(&mut String::new());
    ExitCode::SUCCESS
}
