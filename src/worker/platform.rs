//! Waiting until the platform says that it is done, or that it failed.

use std::time::Duration;

use super::carry::{Carrying, end};
use super::{Left, WorkerError};
use crate::model::operation::{OperationEvent, PlatformEnd, Verdict};
use crate::model::release::{Release, ReleaseState};
use crate::model::text::Line;
use crate::operation::truth;
use crate::provider::definition::Done;
use crate::provider::engine::failure_of;
use crate::provider::run::{Answer, Failure, Progress, Sequence, progress};

/// Between two looks at releases, where no definition says how often.
const EVERY: Duration = Duration::from_secs(3);

/// One look.
enum Look {
    Going(Option<Line>),
    Over(PlatformEnd, Option<Line>),
}

impl Carrying {
    /// Watches the platform. Returns how the operation is left, if it ends here.
    pub(super) async fn platform(&mut self) -> Result<Option<Left>, WorkerError> {
        if self.operation.platform.is_none() {
            let (ended, said) = self.watch().await?;
            self.write(OperationEvent::PlatformDone { ended, said }).await?;
        }
        if self.operation.platform == Some(PlatformEnd::Failed) {
            let said =
                self.operation.said.clone().map_or_else(|| "it does not say why".to_owned(), |said| said.to_string());
            let text = format!("the platform says that it failed: {said}");
            return end(&mut self.scribe, Verdict::Failed, &text).await.map(Some);
        }
        Ok(None)
    }

    async fn watch(&mut self) -> Result<(PlatformEnd, Option<Line>), WorkerError> {
        let done = self.done();
        let (every, within) = match &done {
            Some(done) => (done.every.min(self.task.patience.platform), done.within),
            None => (EVERY.min(self.task.patience.between), self.task.patience.platform),
        };
        if done.is_none() && self.wanted().is_none() {
            return Ok((PlatformEnd::Untold, None));
        }
        let begun = self.operation.phase_since;
        let mut told = None;
        loop {
            let look = match &done {
                Some(done) => self.look(done).await,
                None => self.look_at_releases().await,
            };
            self.scribe.point();
            let said = match look {
                Ok(Look::Over(ended, said)) => return Ok((ended, said)),
                Ok(Look::Going(said)) => said,
                // It is asked again: a platform whose API is down may well go on deploying.
                Err(failure) => {
                    let failure = self.values.without_secrets(failure);
                    Some(Line::from_text(&format!("the platform cannot be asked: {failure}")))
                }
            };
            if said.is_some() && said != told {
                told.clone_from(&said);
                if let Some(said) = said {
                    self.write(OperationEvent::PlatformSaid { said }).await?;
                }
            }
            if self.is_cancelled()? {
                return Ok((PlatformEnd::Unknown, Some(Line::from_text("it was not watched to its end"))));
            }
            if self.task.clock.now().since(begun) > within {
                let last = told.map(|told| format!(", and last: {told}")).unwrap_or_default();
                let text = format!("the platform did not say that it is done within {} s{last}", within.as_secs());
                return Ok((PlatformEnd::Unknown, Some(Line::from_text(&text))));
            }
            tokio::time::sleep(every).await;
        }
    }

    /// Returns how the definition sees that it is done, when everything that it needs is known: an answer that never came
    /// brought nothing.
    fn done(&self) -> Option<Done> {
        if self.plan().intent.undoes.is_some() {
            return None;
        }
        let done = self.action.done.clone()?;
        let mut bound = self.action.steps.iter().flat_map(|step| step.request.bind.iter().map(|(name, _)| name));
        let missing = bound.any(|name| {
            !self.values.has(name) && (done.map.uses(name) || done.requests.iter().any(|request| request.uses(name)))
        });
        // Where releases show it, they are looked at instead.
        (!missing || truth::wanted(self.plan()).is_none()).then_some(done)
    }

    /// Returns the release that should be live in the end. What only resumes automatic deploys brings none back.
    fn wanted(&self) -> Option<Release> {
        let names = || (0..self.plan().steps.len()).any(|step| self.names_the_release(step));
        truth::wanted(self.plan()).filter(|_| self.plan().intent.undoes.is_none() || names())
    }

    async fn look(&mut self, done: &Done) -> Result<Look, Failure> {
        let mut values = self.values.clone();
        let mut sequence = Sequence::new(&self.definition, &done.requests);
        let mut last = Answer::default();
        while let Some(asked) = sequence.next_plan(&mut values).map_err(failure_of)? {
            last = self.task.engine.act(&self.source, &asked, &values).await?;
            sequence.answer(&last, &mut values).map_err(failure_of)?;
        }
        Ok(match progress(done, &sequence.last_body(), &values, &last).map_err(failure_of)? {
            Progress::Running(said) => Look::Going(said),
            Progress::Succeeded(said) => Look::Over(PlatformEnd::Succeeded, said),
            Progress::Failed(said) => Look::Over(PlatformEnd::Failed, said),
        })
    }

    async fn look_at_releases(&mut self) -> Result<Look, Failure> {
        let Some(wanted) = self.wanted() else { return Ok(Look::Over(PlatformEnd::Untold, None)) };
        let before = self.before();
        let since = self.operation.approved_at;
        let releases = self.releases().await?;
        if truth::is_live(&releases, &wanted, before.as_ref(), since) {
            let text = format!("{} is live", wanted.name());
            return Ok(Look::Over(PlatformEnd::Succeeded, Some(Line::from_text(&text))));
        }
        let newer = releases.iter().filter(|release| {
            release.created_at.is_some_and(|at| at >= since)
                && before.as_ref().is_none_or(|before| before.id != release.id)
        });
        for release in newer {
            if release.state == ReleaseState::Failed {
                let why = release.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
                let text = format!("{} failed{why}", release.name());
                return Ok(Look::Over(PlatformEnd::Failed, Some(Line::from_text(&text))));
            }
        }
        Ok(Look::Going(Some(Line::from_text(&format!("{} is not live yet", wanted.name())))))
    }
}
