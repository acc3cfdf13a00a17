//! What the pollers ask of the outside world.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::config_file::Project;
use super::environment::Environment;
use crate::clock::Clock;
use crate::model::check::{CheckSpec, ProbeResult};
use crate::model::host::HostSample;
use crate::model::self_check::SelfCheck;
use crate::model::time::Timestamp;
use crate::probe::host::HostReader;
use crate::probe::{Prober, ProberOptions};
use crate::provider::engine::Engine;
use crate::provider::registry::Beside;
use crate::runtime::feeds;
use crate::runtime::host::Machine;
use crate::runtime::poll::Outside;
use crate::runtime::secrets::Kept;

/// Returns what probes the checks of a project.
pub fn prober(project: &Project, clock: &Clock) -> World {
    let options = ProberOptions { vantage: project.settings.vantage.clone(), ..ProberOptions::default() };
    World(Prober::new(clock.clone(), options))
}

/// The real outside world.
#[derive(Debug)]
pub struct World(Prober);

impl Outside for World {
    fn probe<'a>(&'a self, spec: &'a CheckSpec) -> BoxFuture<'a, ProbeResult> {
        Box::pin(self.0.probe(spec))
    }

    fn self_check(&self) -> BoxFuture<'_, SelfCheck> {
        Box::pin(self.0.self_check())
    }
}

/// The machine that this runs on.
#[derive(Debug, Default)]
pub struct Host(HostReader);

impl Machine for Host {
    fn sample(&mut self, now: Timestamp, with_processes: bool) -> HostSample {
        self.0.sample(now, with_processes)
    }
}

/// Returns what asks sources, with secrets from where the configuration says that they are, and with the definitions beside it.
pub fn engine(environment: &Environment, clock: &Clock, beside: &[Beside]) -> Arc<Engine> {
    let keeper = super::secret::keeper(environment);
    let registry = Arc::new(super::providers::registry(environment).with(beside.to_vec()));
    feeds::engine(registry, Kept { keeper, clock: clock.clone() }, environment.surroundings.clone(), clock.clone())
}
