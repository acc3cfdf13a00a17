//! Every run that the journal tells of, and which of them somebody carries on now.

use std::collections::BTreeMap;
use std::time::Duration;

use super::run::{Execution, Run};
use crate::model::id::RunId;
use crate::model::journal::{Body, Entry, News};
use crate::model::operation::Lease;
use crate::model::run::StepVerdict;
use crate::model::time::Timestamp;

/// Runs by their ids, which sort by time.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Runs {
    runs: BTreeMap<RunId, Run>,
    leases: Vec<Lease>,
}

/// Of older runs the output is not kept at hand.
const WITH_OUTPUT: usize = 20;
/// A worker comes within this time after it was asked for, or it does not come.
const COMES_WITHIN: Duration = Duration::from_secs(15);

/// How what runs in a run stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Nothing runs: it waits for a person.
    Waits,
    /// A process was asked for and has not come yet.
    Starting,
    Running,
    /// Its process gives no sign of life.
    Interrupted,
    Closed,
}

impl Runs {
    /// Takes in what is new in the journal.
    pub fn learn(&mut self, news: &News) {
        self.leases.clone_from(&news.leases);
        for entry in &news.entries {
            self.add(entry);
        }
    }

    /// Takes in an entry. What is not about a run is left alone, and so is what cannot have happened.
    pub fn add(&mut self, entry: &Entry) {
        let (Some(id), Body::Run(event)) = (&entry.operation, &entry.body) else { return };
        let id = RunId::new(id.as_str());
        match self.runs.get_mut(&id) {
            Some(run) => {
                let _ = run.apply(entry.at, event);
            }
            None => {
                if let Ok(run) = Run::begin(&id, entry.at, event) {
                    self.runs.insert(id, run);
                    if self.runs.len() > WITH_OUTPUT {
                        let old = self.runs.len() - WITH_OUTPUT - 1;
                        if let Some(run) = self.runs.values_mut().nth(old) {
                            run.executions.iter_mut().for_each(Execution::forget_output);
                        }
                    }
                }
            }
        }
    }

    /// Returns a run.
    pub fn get(&self, id: &RunId) -> Option<&Run> {
        self.runs.get(id)
    }

    /// Returns every run, the latest first.
    pub fn latest_first(&self) -> impl Iterator<Item = &Run> {
        self.runs.values().rev()
    }

    /// Returns the latest run of a runbook that is not closed.
    pub fn open_of(&self, name: &str) -> Option<&Run> {
        self.latest_first().find(|run| run.closed.is_none() && run.beginning.name == name)
    }

    /// Returns how what runs in it stands.
    pub fn standing(&self, run: &Run, now: Timestamp) -> Standing {
        standing(run, &self.leases, now)
    }

    /// Returns when a runbook was followed last, and when it was last gone through without a step that failed.
    pub fn last_of(&self, name: &str) -> (Option<Timestamp>, Option<Timestamp>) {
        let of = || self.latest_first().filter(|run| run.beginning.name == name);
        let good = |run: &&Run| {
            run.is_through()
                && !run
                    .executions
                    .iter()
                    .any(|one| matches!(one.settled, Some((_, StepVerdict::Failed | StepVerdict::Unknown, _))))
        };
        (of().next().map(|run| run.begun_at), of().find(good).map(|run| run.last_at))
    }
}

/// Returns how what runs in a run stands, with everybody who acts now.
pub fn standing(run: &Run, leases: &[Lease], now: Timestamp) -> Standing {
    if run.closed.is_some() {
        return Standing::Closed;
    }
    let Some((_, open)) = run.open() else { return Standing::Waits };
    let id = run.id.in_journal();
    if leases.iter().any(|lease| lease.operation == id && lease.is_live(now)) {
        return Standing::Running;
    }
    match &open.worker {
        None if now.since(open.asked_at) < COMES_WITHIN => Standing::Starting,
        // The lease comes a moment before the claim, and goes a moment after the end: what is seen may be from between.
        Some(_) if now.since(run.last_at) < Lease::STALE_AFTER && open.started_at.is_none() => Standing::Starting,
        _ => Standing::Interrupted,
    }
}
