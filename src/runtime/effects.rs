//! What effects reach: the poller, the log files.

use tokio::sync::mpsc;

use super::poll::Poller;
use crate::app::effect::{LogRequest, ProbeWhich};
use crate::app::event::Event;
use crate::model::id::CheckId;

/// The hands of the console. All return at once; outcomes come back as events.
#[derive(Debug)]
pub struct Hands {
    /// Nothing is probed without one: the configuration is not trusted, or a recording is shown.
    pub poller: Option<Poller>,
    pub events: mpsc::Sender<Event>,
    pub in_multiplexer: bool,
}

impl Hands {
    /// Probes now.
    pub fn probe(&self, which: &ProbeWhich) {
        if let Some(poller) = &self.poller {
            poller.probe_now(which);
        }
    }

    /// Probes what is looked at more often.
    pub fn focus(&self, checks: &[CheckId]) {
        if let Some(poller) = &self.poller {
            poller.focus(checks);
        }
    }

    /// Reads from a file what the log pane asks for.
    pub fn logs(&self, request: LogRequest) {
        let _ = request;
    }
}
