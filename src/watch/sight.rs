//! What the watcher sees: the console's pollers, and nothing of its screen.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Supplies;
use crate::app::event::{Event, EventKind};
use crate::model::snapshot::Update;
use crate::model::source::Capability;
use crate::runtime::feeds::{Feeds, Reader};
use crate::runtime::host::{self, Machine};
use crate::runtime::poll::Poller;

/// Events wait here; more than a round of a thousand checks brings at once.
const EVENTS: usize = 256;

/// The pollers. They end when this is dropped.
pub(super) struct Sight {
    received: mpsc::Receiver<Event>,
    cancel: CancellationToken,
    _poller: Poller,
}

impl Drop for Sight {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

impl Sight {
    /// Starts to look.
    pub fn open(supplies: &Supplies, machine: Box<dyn Machine>) -> Self {
        let (events, received) = mpsc::channel(EVENTS);
        let (tasks, cancel) = (TaskTracker::new(), CancellationToken::new());
        let clock = &supplies.clock;
        // Logs are read by people, and whose turn it is by nobody here.
        let mut catalog = supplies.catalog.as_ref().clone();
        catalog.feeds.retain(|feed| !matches!(feed.capability, Capability::Logs | Capability::OnCall));
        let reader: Arc<dyn Reader> = Arc::clone(&supplies.engine) as Arc<dyn Reader>;
        Feeds::start(&catalog, reader, events.clone(), clock.clone(), &tasks, &cancel);
        let outside = Arc::clone(&supplies.outside);
        let poller = Poller::start(&catalog.checks, outside, events.clone(), clock.clone(), &tasks, &cancel);
        host::watch(machine, events, clock.clone(), &tasks, &cancel);
        Self { received, cancel, _poller: poller }
    }

    /// Returns the next thing that was seen.
    pub async fn next(&mut self) -> Update {
        loop {
            match self.received.recv().await {
                Some(Event { kind: EventKind::Update(update), .. }) => return update,
                Some(_) => {}
                None => std::future::pending::<()>().await,
            }
        }
    }
}
