//! A call that was made, and what came of it.

use serde::{Deserialize, Serialize};

use crate::model::id::ContactId;
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// One call, as it was written down.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Call {
    pub contact: ContactId,
    /// The number that was dialled, when it is known.
    pub number: Option<Line>,
    pub at: Timestamp,
    pub outcome: Outcome,
}

/// What came of a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Somebody answered and takes it.
    Reached,
    NoAnswer,
    Busy,
    /// A message was left.
    Voicemail,
    /// Somebody answered and cannot help.
    Declined,
    /// It is somebody else's number, or nobody's.
    WrongNumber,
}

impl Outcome {
    /// Every outcome, the best first.
    pub const ALL: [Self; 6] =
        [Self::Reached, Self::NoAnswer, Self::Busy, Self::Voicemail, Self::Declined, Self::WrongNumber];

    /// Returns its words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::NoAnswer => "no answer",
            Self::Busy => "busy",
            Self::Voicemail => "left a message",
            Self::Declined => "cannot help",
            Self::WrongNumber => "wrong number",
        }
    }

    /// Whether they may still call back.
    pub fn may_call_back(self) -> bool {
        matches!(self, Self::NoAnswer | Self::Busy | Self::Voicemail)
    }
}
