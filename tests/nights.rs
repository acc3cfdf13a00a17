//! Whole nights on real servers: a bad release is live, its check is red, somebody goes back, and plugs are pulled.

mod support;

#[path = "operations/bench.rs"]
mod bench;
#[path = "nights/compose.rs"]
mod compose;
#[path = "nights/links_over_ssh.rs"]
mod links_over_ssh;
#[path = "nights/runbook.rs"]
mod runbook;
#[path = "nights/swarm.rs"]
mod swarm;
#[path = "nights/watched.rs"]
mod watched;

use serde_json::Value;

/// A worker that ends as if it were killed before the operation's second request, on any of these systems.
const IN_THE_MIDDLE: &str = "7";

/// How an operation ended.
fn verdict(last: &Value) -> &str {
    last["verdict"]["verdict"].as_str().unwrap_or("none yet")
}
