//! What the pollers ask of the outside world.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::config_file::Project;
use crate::clock::Clock;
use crate::model::check::{CheckSpec, ProbeResult};
use crate::model::host::HostSample;
use crate::model::self_check::{ClockState, Resolvers, Route, SelfCheck};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::probe::{Prober, ProberOptions};
use crate::runtime::host::Machine;
use crate::runtime::poll::Outside;

/// Returns what probes the checks of a project.
pub fn prober(_project: &Project, clock: &Clock) -> World {
    World { clock: clock.clone(), prober: Prober::new(clock.clone(), ProberOptions::default()) }
}

/// The real outside world.
#[derive(Debug)]
pub struct World {
    clock: Clock,
    prober: Prober,
}

impl Outside for World {
    fn probe<'a>(&'a self, spec: &'a CheckSpec) -> BoxFuture<'a, ProbeResult> {
        Box::pin(self.prober.probe(spec))
    }

    fn self_check(&self) -> BoxFuture<'_, SelfCheck> {
        Box::pin(async move {
            let resolvers = Resolvers::NoneConfigured;
            SelfCheck {
                at: self.clock.now(),
                route: Route::Unknown,
                resolvers,
                clock: ClockState::Unknown,
                vantage: None,
            }
        })
    }
}

#[derive(Default)]
pub struct Host;
impl Machine for Host {
    fn sample(&mut self, now: Timestamp, _with: bool) -> HostSample {
        HostSample {
            at: now,
            name: Line::from_text("x"),
            cpu: None,
            cores: 1,
            load: [0.0; 3],
            memory: Default::default(),
            swap: Default::default(),
            disks: vec![],
            top: vec![],
            failed_units: None,
            uptime: Duration::ZERO,
        }
    }
}
