//! What a failure says of a request that acts: was it heeded?

use crate::model::source::FailureKind;

/// What became of a request that brought no success.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doubt {
    /// Nothing went out. It may be tried again.
    NeverSent,
    /// The system heard it, and asks to come back later: it was not heeded.
    Later,
    /// The system heard it, and says no.
    Refused,
    /// Nobody knows.
    Unknown,
}

/// Sorts a failure.
///
/// A server's own trouble (500, 502, 504) is no answer: what stands before it gives up while what stands behind it goes on.
pub fn doubt(kind: FailureKind) -> Doubt {
    match kind {
        FailureKind::Unreachable | FailureKind::Resting => Doubt::NeverSent,
        FailureKind::NoCredential | FailureKind::Misconfigured => Doubt::Refused,
        FailureKind::RateLimited { .. } => Doubt::Later,
        FailureKind::Unauthorised | FailureKind::Forbidden | FailureKind::NotFound | FailureKind::Refused => {
            Doubt::Refused
        }
        FailureKind::Unavailable | FailureKind::CutOff | FailureKind::TimedOut | FailureKind::Malformed => {
            Doubt::Unknown
        }
    }
}
