//! The real servers that other tests build on, and what the program makes of them.
//!
//! Each is started and asked something with the plainest client first (`docker`, `messages`, `metrics`, `aws`): what breaks
//! there is the ground, and not what stands on it.

mod support;

#[path = "real_servers/aws.rs"]
mod aws;
#[path = "real_servers/docker.rs"]
mod docker;
#[path = "real_servers/docker_audit.rs"]
mod docker_audit;
#[path = "real_servers/docker_provider.rs"]
mod docker_provider;
#[path = "real_servers/messages.rs"]
mod messages;
#[path = "real_servers/metrics.rs"]
mod metrics;
#[path = "real_servers/metrics_providers.rs"]
mod metrics_providers;
#[path = "real_servers/night.rs"]
mod night;
#[path = "real_servers/silence.rs"]
mod silence;
#[path = "real_servers/swarm_provider.rs"]
mod swarm_provider;

use support::servers::{DEADLINE, until};

const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");

/// Waits until a condition holds, or fails with what was seen last.
#[track_caller]
fn wait_for<T: std::fmt::Debug>(what: &str, mut look: impl FnMut() -> T, holds: impl Fn(&T) -> bool) -> T {
    let mut last = None;
    let seen = until(DEADLINE, || {
        let now = look();
        let held = holds(&now);
        last = Some(now);
        held.then_some(())
    });
    let last = last.expect("it was looked at");
    assert!(seen.is_some(), "waited for {what}; last seen: {last:?}");
    last
}
