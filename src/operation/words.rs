//! What plans and operations are called, for the screen and the command line alike.

use super::log::{Operation, Phase, Standing, StepState};
use crate::model::operation::{AutomaticDeploys, Migration, MigrationKind, PlannedStep, StepOutcome};

/// Returns what a kind of migration means for the older release.
pub fn migration_kind(kind: MigrationKind) -> &'static str {
    match kind {
        MigrationKind::Drops => "DROPS something that the older release may need",
        MigrationKind::Rewrites => "REWRITES something that the older release may not be able to use",
        MigrationKind::Data => "changes rows",
        MigrationKind::Adds => "adds",
        MigrationKind::Unknown => "not recognised",
    }
}

/// Returns what a migration does: `adds, changes rows`; `not read` where its file was not at hand.
pub fn migration(migration: &Migration) -> String {
    let kinds: Vec<&str> = migration.kinds.iter().map(|kind| migration_kind(*kind)).collect();
    if kinds.is_empty() { "not read".to_owned() } else { kinds.join(", ") }
}

/// Returns what becomes of automatic deploys, after these words, where that is known and there are any.
pub fn automatic_deploys(deploys: AutomaticDeploys) -> Option<&'static str> {
    match deploys {
        AutomaticDeploys::None | AutomaticDeploys::Unknown => None,
        AutomaticDeploys::GoOn => Some("go on: the next push overwrites this"),
        AutomaticDeploys::StoppedByPlan => Some("are stopped first, and stay off until you resume them"),
        AutomaticDeploys::StoppedByPlatform => Some("are stopped by the platform, and stay off until you resume them"),
    }
}

/// Returns what becomes of a planned step when it is taken back.
pub fn way_back(step: &PlannedStep) -> String {
    match (&step.undone_by, step.reads, step.undo) {
        (_, true, _) => "only looks".to_owned(),
        (_, _, true) => "takes a step back".to_owned(),
        (Some(undo), ..) => format!("undone by: {undo}"),
        (None, ..) => "cannot be taken back".to_owned(),
    }
}

/// Returns how an operation stands.
pub fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Starting => "starting",
        Standing::Running => "running",
        Standing::Interrupted => "interrupted",
        Standing::Undecided => "waits for a decision",
        Standing::Ended(verdict) => verdict.words(),
    }
}

/// Returns a step's mark, in one cell of ASCII, and what there is to say of it.
pub fn step(state: &StepState) -> (char, Option<String>) {
    match state {
        StepState::Waiting => (' ', None),
        StepState::Started { .. } => ('>', Some("under way".to_owned())),
        StepState::Finished { outcome, said, .. } => {
            let word = match outcome {
                StepOutcome::Done => None,
                StepOutcome::Already => Some("was so already"),
                StepOutcome::Skipped => Some("left out"),
            };
            let said = said.as_ref().map(ToString::to_string);
            let text = match (word, said) {
                (Some(word), Some(said)) => Some(format!("{word}: {said}")),
                (Some(word), None) => Some(word.to_owned()),
                (None, said) => said,
            };
            ('x', text)
        }
        StepState::Failed { why, .. } => ('!', Some(format!("{}: {}", why.kind.words(), why.message))),
        StepState::Unknown { why, .. } => ('?', Some(format!("nobody knows: {}", why.message))),
        StepState::NotDone { evidence, .. } => ('-', Some(format!("not done: {evidence}"))),
    }
}

/// Returns what is being done now: `step 1 of 2: stop automatic deploys`.
pub fn doing(operation: &Operation) -> String {
    let said = operation.said.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
    match operation.phase {
        Phase::Approved => "approved".to_owned(),
        Phase::Steps => match operation.next_step() {
            Some(step) => {
                format!("step {} of {}: {}", step + 1, operation.steps.len(), operation.plan.steps[step].name)
            }
            None => "steps".to_owned(),
        },
        Phase::Platform => format!("{} works on it{said}", operation.plan.system),
        Phase::Verifying => format!("looking whether it helped{said}"),
        Phase::Ended => operation.ended.as_ref().map(|ended| ended.said.to_string()).unwrap_or_default(),
    }
}
