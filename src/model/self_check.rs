//! Is it me? What this machine can say about its own network and clock.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::check::maybe_micros;
use super::text::Line;
use super::time::Timestamp;

/// One look at this machine's own route, resolvers and clock.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SelfCheck {
    pub at: Timestamp,
    pub route: Route,
    pub resolvers: Resolvers,
    pub clock: ClockState,
    /// Another place that was configured to be reachable whenever this machine has a network.
    pub vantage: Option<Vantage>,
}

/// Whether packets have a way out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Route {
    /// A default route over an interface that is up.
    Present { interface: Line },
    /// No default route, or its interface has no carrier.
    Missing { why: Line },
    /// This system does not tell.
    Unknown,
}

/// Whether names can be resolved.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Resolvers {
    /// At least one answered, whatever it said.
    Answering {
        server: Line,
        #[serde(with = "maybe_micros")]
        took: Option<Duration>,
    },
    /// None answered within the time given.
    Silent { servers: Vec<Line>, why: Line },
    /// None is configured.
    NoneConfigured,
}

/// Whether this machine's clock can be believed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ClockState {
    /// Several servers' `Date` headers agree with it, within seconds.
    Synchronised,
    /// It is known that nobody keeps it in step. No adapter says so yet.
    Unsynchronised,
    /// Several servers' `Date` headers agree that it is off by that many milliseconds (positive: we are behind).
    Off {
        behind_ms: i64,
    },
    Unknown,
}

/// A configured place that answers whenever this machine has a network.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Vantage {
    pub target: Line,
    /// Why it did not answer; `None` when it did.
    pub trouble: Option<Line>,
}

/// The verdict on this machine's network.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    Fine,
    /// No way out: nothing remote can be judged from here.
    NoRoute,
    /// Addresses may be reachable, names are not.
    NoNames,
    Unknown,
}

impl SelfCheck {
    /// Returns the verdict on this machine's network.
    pub fn network(&self) -> Network {
        let vantage_dead = self.vantage.as_ref().is_some_and(|vantage| vantage.trouble.is_some());
        let vantage_alive = self.vantage.as_ref().is_some_and(|vantage| vantage.trouble.is_none());
        match (&self.route, &self.resolvers) {
            (_, Resolvers::Answering { .. }) if vantage_dead => Network::NoRoute,
            (Route::Missing { .. }, _) if !vantage_alive => Network::NoRoute,
            (_, Resolvers::Silent { .. } | Resolvers::NoneConfigured) if vantage_dead => Network::NoRoute,
            (_, Resolvers::Silent { .. }) => Network::NoNames,
            (Route::Present { .. }, _) | (_, Resolvers::Answering { .. }) => Network::Fine,
            _ => Network::Unknown,
        }
    }
}
