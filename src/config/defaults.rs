//! What holds when nothing is said, in one table, each with its reason.

use std::time::Duration;

use crate::model::check::ProbeSpec;
use crate::model::observed::Cadence;

/// How a kind of check is probed unless the configuration says otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    /// As [`ProbeSpec::kind`] names it.
    pub kind: &'static str,
    pub every: Duration,
    pub timeout: Duration,
    pub failures_to_down: u32,
}

/// Passes in a row until a check is up again: one, because the check itself says that it works. A check that goes up
/// and down is damped by its state, which asks for more.
pub const PASSES_TO_UP: u32 = 1;

/// Redirects that are followed: as many as browsers' users would tolerate, few enough to end a loop soon.
pub const REDIRECTS: u8 = 5;

/// Certificates are renewed a month before they end, so two weeks before it somebody has overlooked a failure.
pub const CERTIFICATE_WARN: Duration = DAY.saturating_mul(14);

/// Two days are a weekend: the last moment to act without an outage.
pub const CERTIFICATE_CRITICAL: Duration = DAY.saturating_mul(2);

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

const TABLE: &[Defaults] = &[
    // Down within half a minute, four requests a minute: no server notices them. Ten seconds are longer than any
    // visitor waits and shorter than the interval, so probes never overlap.
    Defaults {
        kind: "http",
        every: SECOND.saturating_mul(15),
        timeout: SECOND.saturating_mul(10),
        failures_to_down: 2,
    },
    // A port answers at once or not at all; three seconds allow for two lost packets (1 s and 2 s until sent again).
    Defaults { kind: "tcp", every: SECOND.saturating_mul(15), timeout: SECOND.saturating_mul(5), failures_to_down: 2 },
    // A certificate changes once in weeks, but the one that was just installed wrongly must be seen tonight.
    Defaults { kind: "tls", every: MINUTE.saturating_mul(5), timeout: SECOND.saturating_mul(10), failures_to_down: 2 },
    // Most records live for a minute or more; asking a cache more often tells nothing new. Resolvers try again
    // after 5 s, and 10 s let that second try answer.
    Defaults { kind: "dns", every: MINUTE, timeout: SECOND.saturating_mul(10), failures_to_down: 2 },
    // Looking at a file costs nothing. The age that `within` allows is the patience: one late beat is down.
    Defaults {
        kind: "heartbeat",
        every: SECOND.saturating_mul(15),
        timeout: SECOND.saturating_mul(10),
        failures_to_down: 1,
    },
    // A command may be expensive; monitoring plugins run once a minute elsewhere, with ten seconds each.
    Defaults { kind: "command", every: MINUTE, timeout: SECOND.saturating_mul(10), failures_to_down: 2 },
];

/// Returns the row for a probe.
pub fn of(probe: &ProbeSpec) -> &'static Defaults {
    let kind = probe.kind();
    TABLE.iter().find(|row| row.kind == kind).expect("every kind of probe has a row; a test goes through them")
}

impl Defaults {
    /// Returns the interval and the time-out, with what the configuration says in their place.
    ///
    /// A time-out of its own accord never exceeds the interval: the next probe would start before this one ended.
    pub fn cadence(&self, every: Option<Duration>, timeout: Option<Duration>) -> Cadence {
        let every = every.unwrap_or(self.every);
        Cadence { every, timeout: timeout.unwrap_or_else(|| self.timeout.min(every)) }
    }
}
