//! A line's identity, which is also its place.

use crate::model::time::Timestamp;

/// A line's identity and its place in the order of all lines.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LineId {
    /// The time by which the entry is ordered: what its head states, made plausible.
    pub(super) at: Timestamp,
    /// The arrival number of the entry's head.
    pub(super) entry: u64,
    /// 0 for the head, then its continuations.
    pub(super) nth: u32,
}

impl LineId {
    /// Returns the identity that the entry's head has or had.
    #[must_use]
    pub fn head(self) -> Self {
        Self { nth: 0, ..self }
    }

    /// Whether this is the first line of its entry.
    pub fn is_head(self) -> bool {
        self.nth == 0
    }

    /// Whether both lines belong to the same entry.
    pub fn same_entry(self, other: Self) -> bool {
        self.head() == other.head()
    }

    /// Returns an identity behind all lines of this entry and before the next entry.
    pub(in crate::logs) fn end_of_entry(self) -> Self {
        Self { nth: u32::MAX, ..self }
    }
}
