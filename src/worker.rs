//! The process that carries one operation out, and nothing else.
//!
//! ```text
//!   journal: Approved --> lease + host-wide lock --> Claimed
//!     each step:   StepStarted --> request --> StepFinished | StepFailed | StepUnknown --> ask the platform --> StepFound
//!     then:        until the platform says done --> PlatformDone --> watch checks and alerts --> Ended
//! ```
//!
//! It has no terminal and a session of its own, so no dropped connection reaches it. Every line is in the journal before
//! what it tells of goes out; what it learned and could not write, it goes on trying to write. Whenever it is killed, the
//! journal says what was under way, and the next worker begins by asking the platform.

mod beat;
mod carry;
mod find_out;
pub mod host_lock;
mod platform;
mod scribe;
pub mod step;
mod verify;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::clock::Clock;
use crate::journal::JournalError;
use crate::model::catalog::Catalog;
use crate::model::id::{OperationId, RunId};
use crate::model::operation::{Actor, Verdict};
use crate::operation::log::Illegal;
use crate::provider::engine::Engine;
use crate::runtime::poll::Outside;

pub use carry::work;
pub use scribe::replay;

/// What a worker is given.
pub struct Task {
    pub state_dir: PathBuf,
    pub operation: OperationId,
    pub engine: Arc<Engine>,
    /// What probes the checks afterwards.
    pub outside: Arc<dyn Outside>,
    /// The configuration as it is now, for what plans do not keep: headers of checks with secrets in them.
    pub catalog: Catalog,
    pub clock: Clock,
    pub by: Actor,
    /// Why it is taken over from another worker that has gone.
    pub take_over: Option<String>,
    pub patience: Patience,
    /// For tests: end as if killed when so many points were passed. Debug builds only.
    pub die_at: Option<u64>,
}

/// How long a worker waits for what.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Between two tries of something that does not answer.
    pub between: Duration,
    /// How long what is not reached is tried.
    pub unreached: Duration,
    /// How long the platform is asked what became of a request, once it answers.
    pub find_out: Duration,
    /// How long a platform that answers nothing at all is waited for, with a request of which nobody knows.
    pub away: Duration,
    /// Between two looks at checks afterwards.
    pub look: Duration,
    /// How long what was green must stay green.
    pub settle: Duration,
    /// How long the platform may take when its definition does not say.
    pub platform: Duration,
    /// How long an outcome that cannot be written is kept and tried again.
    pub write: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            between: Duration::from_secs(2),
            unreached: Duration::from_secs(60),
            find_out: Duration::from_secs(120),
            away: Duration::from_secs(30 * 60),
            look: Duration::from_secs(2),
            settle: Duration::from_secs(10),
            platform: Duration::from_secs(600),
            write: Duration::from_secs(600),
        }
    }
}

/// How a worker left an operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Left {
    Ended(Verdict),
    /// Somebody has to say how it goes on.
    Undecided,
}

/// Why a worker stopped without an end.
#[derive(Debug, Error)]
pub enum WorkerError {
    #[error("the journal does not take it")]
    Journal(#[from] JournalError),
    #[error("the journal has no operation {0}")]
    NoOperation(OperationId),
    #[error("the journal has no such step of run {0}")]
    NoRun(RunId),
    #[error(transparent)]
    Illegal(#[from] Illegal),
    #[error("{who} carries it out already")]
    Held { who: String },
    #[error("another user of this machine acts on the same thing: {who}")]
    HeldElsewhere { who: String },
}

/// Returns what a lease is for: the same place of the same system, whatever it is called here.
pub fn lease_key(plan: &crate::model::operation::Plan) -> String {
    use sha2::{Digest as _, Sha256};
    let mut hash = Sha256::new();
    // Own actions of a service are one place, wherever each of them happens.
    let own = plan.source.own.as_ref();
    let place = own.map(|own| serde_json::json!(["own", own.folder, own.service]));
    let place = place.unwrap_or_else(|| {
        serde_json::json!([plan.source.provider, plan.source.url, plan.source.params, plan.intent.params])
    });
    hash.update(place.to_string());
    // An alert is nobody's service: two people may acknowledge two alerts at once.
    let target = &plan.intent.target;
    if !matches!(
        target,
        crate::model::operation::Target::Service
            | crate::model::operation::Target::Release(_)
            | crate::model::operation::Target::Instance(_)
    ) {
        hash.update(format!("{} {:?}", target.word(), target.name()));
    }
    hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}
