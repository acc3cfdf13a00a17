//! Asking the platform what is true, when an answer never came.

use super::WorkerError;
use super::carry::Carrying;
use crate::model::operation::StepFound;
use crate::model::release::Release;
use crate::model::source::{Capability, Found};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::operation::truth;
use crate::provider::engine::Ask;
use crate::provider::run::Failure;

impl Carrying {
    /// Returns what the platform shows of a step whose request may have gone out at `since`.
    pub(super) async fn find_out(&mut self, step: usize, since: Timestamp) -> Result<(StepFound, Line), WorkerError> {
        let planned = &self.plan().steps[step];
        if planned.reads {
            return Ok((StepFound::NotDone, Line::from_text("it only looks: it is asked again")));
        }
        // Releases show only whether the step was done that names one. Of what comes before (automatic deploys are stopped)
        // and behind (a unit is restarted) they say nothing.
        let said = self.action.steps.get(planned.number).and_then(|of| of.releases_show).filter(|_| !planned.undo);
        let shows = said.unwrap_or_else(|| {
            let shown_by_later = (step + 1..self.plan().steps.len()).any(|later| self.names_the_release(later));
            self.names_the_release(step) && !shown_by_later
        });
        let Some(wanted) = truth::wanted(self.plan()).filter(|_| shows) else {
            let text = "nothing that the platform tells shows whether this was done";
            return Ok((StepFound::Unclear, Line::from_text(text)));
        };
        let before = self.before();
        let begun = self.task.clock.now();
        // Counted from its first answer: a platform that is away has shown nothing yet.
        let mut answers_since = None;
        loop {
            let seen = match self.releases().await {
                Ok(releases) => {
                    let now = self.task.clock.now();
                    answers_since.get_or_insert(now);
                    truth::of_releases(&releases, &wanted, before.as_ref(), since, now)
                }
                Err(failure) => {
                    let failure = self.values.without_secrets(failure);
                    (StepFound::Unclear, Line::from_text(&format!("the platform cannot be asked: {failure}")))
                }
            };
            let now = self.task.clock.now();
            let patience = &self.task.patience;
            let over = match answers_since {
                Some(first) => now.since(first) > patience.find_out,
                None => now.since(begun) > patience.away,
            };
            if seen.0 != StepFound::Unclear || over || self.is_cancelled()? {
                return Ok(seen);
            }
            tokio::time::sleep(self.task.patience.between).await;
        }
    }

    /// Returns whether a step of the plan says which release it is about.
    pub(super) fn names_the_release(&self, step: usize) -> bool {
        let planned = &self.plan().steps[step];
        let Some(of) = self.action.steps.get(planned.number) else { return false };
        if !planned.undo {
            return of.request.uses("release");
        }
        let bound =
            self.operation.plan.values.keys().filter(|name| of.request.bind.iter().any(|(bound, _)| bound == *name));
        let mut names = bound.map(String::as_str).chain(["current", "release"]);
        names.any(|name| of.undo.as_ref().is_some_and(|undo| undo.uses(name)))
    }

    /// Returns the release that was live before the operation.
    pub(super) fn before(&self) -> Option<Release> {
        let plan = self.plan();
        // What is taken back was live when this was planned.
        plan.current.as_deref().cloned()
    }

    /// Reads the platform's releases now.
    pub(super) async fn releases(&self) -> Result<Vec<Release>, Failure> {
        let input = std::collections::BTreeMap::new();
        let params = &self.plan().intent.params;
        let ask = Ask { source: &self.source, capability: Capability::Releases, params, input: &input, now: true };
        match self.task.engine.read(&ask).await?.found {
            Found::Releases(releases) => Ok(releases),
            _ => Ok(Vec::new()),
        }
    }
}
