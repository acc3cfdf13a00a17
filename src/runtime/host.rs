//! Looking at this machine at its own pace, away from the loop.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::event::{Event, EventKind};
use crate::clock::Clock;
use crate::diagnosis::host::CADENCE;
use crate::model::host::HostSample;
use crate::model::snapshot::Update;
use crate::model::time::Timestamp;

/// Something that can look at this machine.
pub trait Machine: Send + 'static {
    /// Looks now. Reading the list of processes is the dearest part, so it is not done every time.
    fn sample(&mut self, now: Timestamp, with_processes: bool) -> HostSample;
}

/// Every how many looks the processes are read.
const PROCESSES_EVERY: u32 = 3;
/// The first look has nothing to compare with: the second comes soon, so that the screen has a number.
const SECOND_LOOK: Duration = Duration::from_millis(500);

/// Starts to look. Ends when `cancel` is cancelled.
pub fn watch(
    machine: Box<dyn Machine>,
    events: mpsc::Sender<Event>,
    clock: Clock,
    tasks: &TaskTracker,
    cancel: &CancellationToken,
) {
    tasks.spawn(cancel.clone().run_until_cancelled_owned(look(machine, events, clock)));
}

async fn look(mut machine: Box<dyn Machine>, events: mpsc::Sender<Event>, clock: Clock) {
    let mut round = 0_u32;
    loop {
        let now = clock.now();
        let with_processes = round % PROCESSES_EVERY <= 1;
        // A file system that hangs makes this hang as well: its own thread, and the console goes on and says so.
        let looked = tokio::task::spawn_blocking(move || {
            let sample = machine.sample(now, with_processes);
            (machine, sample)
        });
        let Ok((back, sample)) = looked.await else { return };
        machine = back;
        if events.send(Event { at: clock.now(), kind: EventKind::Update(Update::Host(sample)) }).await.is_err() {
            return;
        }
        tokio::time::sleep(if round == 0 { SECOND_LOOK } else { CADENCE.every }).await;
        round = round.wrapping_add(1);
    }
}
