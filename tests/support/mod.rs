//! What several test files share.
#![allow(dead_code, reason = "each test file uses a part")]

pub mod console;
pub mod demo;
pub mod demo_incidents;
pub mod demo_operations;
pub mod demo_runs;
pub mod demo_sources;
pub mod dns;
pub mod fault_server;
pub mod platform;
pub mod plug;
pub mod points;
pub mod pty;
pub mod servers;
pub mod small_disk;
pub mod tls;
pub mod web;

/// Returns what the environment tells the tests.
#[expect(clippy::disallowed_methods, reason = "tests have no other way to be told")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Says that a test was skipped because something is not there, or fails when the environment demands it.
///
/// `CRASHCART_REQUIRE` is a list of names with commas between them.
#[track_caller]
pub fn require(what: &str, why: &str) {
    let required = environment("CRASHCART_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|name| name == what), "required, but {why}");
    println!("skipped: {why}");
}
