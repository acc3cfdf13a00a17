//! Logs that platforms have, in the same stream of events as files and commands.

use std::sync::Arc;

use tokio::sync::mpsc::{Sender, channel};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Session;
use crate::app::event::EventKind;
use crate::model::id::FeedId;
use crate::model::log::{LogOrigin, LogSourceSpec};
use crate::model::snapshot::Update;
use crate::runtime::feeds::Feeds;
use crate::tail::TailEvent;

/// Follows those of the sources that platforms have. Ends with `cancel`.
pub fn follow(session: &Session<'_>, specs: &[LogSourceSpec], events: Sender<TailEvent>, cancel: &CancellationToken) {
    let wanted = |id: &FeedId| specs.iter().any(|spec| matches!(&spec.origin, LogOrigin::Feed(feed) if feed == id));
    let mut catalog = session.catalog.clone();
    catalog.feeds.retain(|feed| wanted(&feed.id));
    if catalog.feeds.is_empty() {
        return;
    }
    let (sender, mut received) = channel(8);
    let tasks = TaskTracker::new();
    Feeds::start(&catalog, Arc::clone(&session.reader), sender, session.clock.clone(), &tasks, cancel);
    let cancel = cancel.clone();
    tokio::spawn(cancel.run_until_cancelled_owned(async move {
        while let Some(event) = received.recv().await {
            let event = match event.kind {
                EventKind::Lines(batch) => TailEvent::Lines(batch),
                EventKind::Update(Update::LogSource { source, state }) => TailEvent::State(source, state),
                _ => continue,
            };
            if events.send(event).await.is_err() {
                return;
            }
        }
    }));
}
