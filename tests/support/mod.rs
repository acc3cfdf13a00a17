//! What several test files share.
#![allow(dead_code, reason = "each test file uses a part")]

pub mod demo;
pub mod dns;
pub mod pty;
pub mod tls;
pub mod web;

/// Returns what the environment tells the tests.
#[expect(clippy::disallowed_methods, reason = "tests have no other way to be told")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
