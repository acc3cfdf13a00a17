//! A program and whatever it has started.
//!
//! Programs are started in a process group of their own (`process_group(0)`), so that all of it can be ended.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;

/// Between asking a program to end and ending it.
const GRACE: Duration = Duration::from_millis(500);

/// The process group that a child leads. It is ended when this is dropped: whoever asked has gone.
#[derive(Debug)]
pub struct Group(Option<Pid>);

impl Group {
    /// Returns the group of a child that was started as the leader of one.
    pub fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)))
    }

    /// Asks all of it to end, and ends what has not done so after a while. One that hangs in the kernel does not even end
    /// then, and is not waited for.
    pub async fn end(&self, child: &mut Child) {
        self.signal(Signal::TERM);
        if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
            self.signal(Signal::KILL);
            let _ = tokio::time::timeout(GRACE, child.wait()).await;
        }
        self.signal(Signal::KILL);
    }

    /// Leaves what it has started running.
    pub fn leave(mut self) {
        self.0 = None;
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // Fails when there is nobody left, which is what we want.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}
