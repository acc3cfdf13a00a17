//! Whether what is asked was before one's eyes: an answer counts a moment after the terminal has shown the question.

use std::time::Duration;

use crate::model::time::Timestamp;

/// Nobody takes in even the first line of a plan in less.
const GLANCE: Duration = Duration::from_millis(400);
/// A terminal that does not answer has had the plan by then, as far as one can tell.
const UNANSWERED: Duration = Duration::from_secs(5);

/// When something could be seen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Glance {
    /// When it could be drawn for the first time.
    at: Timestamp,
    /// Frames of this many events or more show it.
    generation: u64,
    /// When the terminal answered a frame that shows it.
    seen_at: Option<Timestamp>,
}

impl Glance {
    /// Begins with what is drawn from now on.
    pub fn new(now: Timestamp, generation: u64) -> Self {
        Self { at: now, generation, seen_at: None }
    }

    /// Notes that the terminal shows the frame of that many events.
    pub fn seen(&mut self, generation: u64, now: Timestamp) {
        if generation >= self.generation && self.seen_at.is_none() {
            self.seen_at = Some(now);
        }
    }

    /// Returns whether it is not known yet whether the terminal shows it.
    pub fn waits(&self) -> bool {
        self.seen_at.is_none()
    }

    /// Returns from when on an answer counts.
    pub fn counts_from(&self) -> Timestamp {
        let unanswered = self.at + UNANSWERED;
        self.seen_at.map_or(unanswered, |seen| (seen + GLANCE).min(unanswered))
    }
}
