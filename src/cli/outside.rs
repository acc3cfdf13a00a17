//! What the pollers ask of the outside world.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::config_file::Project;
use crate::clock::Clock;
use crate::model::check::{Cause, CheckSpec, Facts, Finding, Outcome, ProbeResult};
use crate::model::host::HostSample;
use crate::model::self_check::{ClockState, Resolvers, Route, SelfCheck};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::runtime::host::Machine;
use crate::runtime::poll::Outside;

pub struct Prober(Clock);
pub fn prober(_project: &Project, clock: &Clock) -> Prober {
    Prober(clock.clone())
}
impl Outside for Prober {
    fn probe<'a>(&'a self, _spec: &'a CheckSpec) -> BoxFuture<'a, ProbeResult> {
        Box::pin(async move {
            ProbeResult {
                at: self.0.now(),
                took: Duration::ZERO,
                outcome: Outcome::Unknown(Finding::new(Cause::CannotRun, Line::from_text("no probe"))),
                facts: Facts::None,
            }
        })
    }
    fn self_check(&self) -> BoxFuture<'_, SelfCheck> {
        Box::pin(async move {
            SelfCheck {
                at: self.0.now(),
                route: Route::Unknown,
                resolvers: Resolvers::NoneConfigured,
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
