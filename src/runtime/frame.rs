//! When a frame may be sent, so that frames never queue on a slow line.
//!
//! A write returns long before the other end has seen the bytes: SSH and TCP take up to a megabyte. So a status query
//! goes with every frame, and the next frame waits for the answer. A terminal that never answers gets frames at a
//! fixed, careful rate instead.
//!
//! ```text
//!  frame + CSI 5 n ---> terminal ---> CSI 0 n      one round trip: at most one frame is under way
//! ```

use std::time::{Duration, Instant};

/// Asks the terminal for its status. Goes with frames, never with keys.
pub const QUERY: &str = "\x1b[5n";
/// No faster than a screen is refreshed.
const SHORTEST: Duration = Duration::from_millis(16);
/// Longer than the round trip of a very bad line with a full screen under way. After it we stop waiting.
const PATIENCE: Duration = Duration::from_secs(4);
/// How often a terminal that does not answer gets a frame: bearable at 9,600 baud for small changes.
const UNANSWERED_PACE: Duration = Duration::from_millis(100);
/// A terminal that has never answered within this time is taken for one that does not.
const FIRST_PATIENCE: Duration = Duration::from_millis(1_500);

/// The state of the line to the terminal.
#[derive(Debug)]
pub struct Flow {
    /// When the frame was sent whose answer we wait for.
    under_way: Option<Instant>,
    last: Option<Instant>,
    answers: Answers,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answers {
    NotYetKnown,
    Yes,
    No,
}

impl Default for Flow {
    fn default() -> Self {
        Self { under_way: None, last: None, answers: Answers::NotYetKnown }
    }
}

impl Flow {
    /// Returns when the next frame may be sent, or `None` when that is now.
    pub fn wait_until(&self, now: Instant) -> Option<Instant> {
        let mut due = self.last.map(|last| last + self.pace());
        if let Some(sent) = self.under_way {
            let patience = if self.answers == Answers::Yes { PATIENCE } else { FIRST_PATIENCE };
            due = due.max(Some(sent + patience));
        }
        due.filter(|due| *due > now)
    }

    /// Notes that a frame goes out now. Returns whether the query should go with it.
    pub fn sent(&mut self, now: Instant) -> bool {
        if self.under_way.take().is_some() {
            // The last one was never answered.
            self.answers = Answers::No;
        }
        self.last = Some(now);
        if self.answers == Answers::No {
            return false;
        }
        self.under_way = Some(now);
        true
    }

    /// Notes that the terminal answered: what was sent has arrived.
    pub fn answered(&mut self) {
        // A late answer still shows that it answers.
        self.answers = Answers::Yes;
        self.under_way = None;
    }

    /// Returns whether an answer is still to come.
    pub fn is_under_way(&self) -> bool {
        self.under_way.is_some() && self.answers != Answers::No
    }

    /// Forgets what was under way: the terminal was away.
    pub fn restart(&mut self) {
        *self = Self { answers: self.answers, ..Self::default() };
    }

    fn pace(&self) -> Duration {
        if self.answers == Answers::No { UNANSWERED_PACE } else { SHORTEST }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_frame_waits_for_the_answer() {
        let start = Instant::now();
        let mut flow = Flow::default();
        assert_eq!(flow.wait_until(start), None);
        assert!(flow.sent(start));
        let later = start + Duration::from_millis(500);
        assert!(flow.wait_until(later).is_some());
        flow.answered();
        assert_eq!(flow.wait_until(later), None);
    }

    #[test]
    fn a_terminal_that_never_answers_gets_frames_at_a_careful_rate_without_queries() {
        let mut now = Instant::now();
        let mut flow = Flow::default();
        assert!(flow.sent(now));
        now = flow.wait_until(now).unwrap();
        assert!(!flow.sent(now));
        assert_eq!(flow.wait_until(now), Some(now + UNANSWERED_PACE));
        flow.answered();
        assert!(flow.sent(now + UNANSWERED_PACE));
    }

    #[test]
    fn frames_are_never_faster_than_a_screen() {
        let now = Instant::now();
        let mut flow = Flow::default();
        flow.sent(now);
        flow.answered();
        assert_eq!(flow.wait_until(now), Some(now + SHORTEST));
    }
}
