//! Is it us? The verdict on this machine's own network, and on its clock.

use std::time::Duration;

use crate::model::observed::Cadence;
use crate::model::self_check::{ClockState, Network, Resolvers, Route};
use crate::model::snapshot::Snapshot;
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// How often this machine looks at itself.
pub const CADENCE: Cadence = Cadence { every: Duration::from_secs(10), timeout: Duration::from_secs(3) };

/// What this machine can say of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NetworkVerdict {
    pub network: Network,
    /// The sentence for the banner when the network is not fine.
    pub trouble: Option<Line>,
    /// The sentence for a clock that is off: every age and every timeline would be wrong.
    pub clock: Option<Line>,
}

/// Judges the last self-check, if it is recent enough to mean anything.
pub fn verdict(snapshot: &Snapshot, now: Timestamp) -> NetworkVerdict {
    let fresh = snapshot.self_check.freshness(CADENCE, now).is_live();
    let Some(found) = snapshot.self_check.value.as_ref().filter(|_| fresh) else {
        return NetworkVerdict { network: Network::Unknown, trouble: None, clock: None };
    };
    let network = found.network();
    let trouble = match network {
        Network::Fine | Network::Unknown => None,
        Network::NoRoute => {
            let why = match (&found.route, &found.vantage) {
                (Route::Missing { why }, _) => format!(": {why}"),
                (_, Some(vantage)) => {
                    vantage.trouble.as_ref().map_or_else(String::new, |why| format!(": {} {why}", vantage.target))
                }
                _ => String::new(),
            };
            Some(Line::from_text(&format!("this machine has no network{why}")))
        }
        Network::NoNames => {
            let why = match &found.resolvers {
                Resolvers::Silent { why, .. } => why.as_str(),
                Resolvers::NoneConfigured => "no resolver is configured",
                Resolvers::Answering { .. } => "",
            };
            Some(Line::from_text(&format!("this machine cannot resolve names: {why}")))
        }
    };
    let clock = match found.clock {
        ClockState::Off { behind_ms } => {
            let (seconds, side) = (behind_ms.unsigned_abs() / 1_000, if behind_ms > 0 { "behind" } else { "ahead" });
            Some(Line::from_text(&format!("this machine's clock is {seconds} s {side}")))
        }
        ClockState::Synchronised | ClockState::Unsynchronised | ClockState::Unknown => None,
    };
    NetworkVerdict { network, trouble, clock }
}
