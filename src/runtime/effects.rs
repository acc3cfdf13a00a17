//! What effects reach: the poller, the log files.

use std::collections::HashMap;
use std::path::PathBuf;

use tokio::sync::mpsc;

use super::feeds::{Feeds, Reads};
use super::poll::Poller;
use crate::app::effect::{LogRequest, ProbeWhich, ReadRequest, TerminalRequest};
use crate::app::event::{Event, EventKind, LogEvent};
use crate::clock::Clock;
use crate::model::id::{CheckId, FeedId, IncidentId, LogSourceId, ServiceId};
use crate::model::incident::{IncidentCommand, Opening};
use crate::model::log::{LogOrigin, LogSourceSpec};
use crate::model::operation::{OperationCommand, Plan, PlanRequest};
use crate::model::run::RunCommand;
use crate::model::text::Line;
use crate::paging::PagePlan;
use crate::tail::Case;
use crate::tail::files::{Answer, Ask, Files, Found, Question};

/// Whoever makes plans and has them carried out. All return at once; outcomes come back as events.
pub trait Operator: std::fmt::Debug + Send {
    /// Finds out how something would be done.
    fn plan(&self, request: Box<PlanRequest>);
    /// Has a plan carried out.
    fn approve(&self, plan: Box<Plan>);
    /// Has something happen to an operation that exists.
    fn operate(&self, command: OperationCommand);
    /// Has something happen to a run of a runbook.
    fn run(&self, command: Box<RunCommand>);
    /// Puts the terminal of a command through.
    fn terminal(&self, request: TerminalRequest);
    /// Writes what was seen of an incident.
    fn record(&self, command: Box<IncidentCommand>);
    /// Opens an incident.
    fn open_incident(&self, opening: Box<Opening>);
    /// Sends a message that was read.
    fn send(&self, plan: Box<PagePlan>);
    /// Keeps what a restart would destroy.
    fn evidence(&self, incident: IncidentId);
    /// Writes the postmortem into a file.
    fn export(&self, incident: IncidentId);
    /// Writes a runbook from what was just done.
    fn draft(&self, service: Option<ServiceId>);
}

/// The hands of the console. All return at once; outcomes come back as events.
#[derive(Debug)]
pub struct Hands {
    /// Nothing is probed without one: the configuration is not trusted, or a recording is shown.
    pub poller: Option<Poller>,
    /// Nothing is read without them.
    pub feeds: Option<Feeds>,
    pub reads: Option<Reads>,
    pub files: Files,
    /// Nothing is acted on without one: a recording is shown, or there is no journal.
    pub operator: Option<Box<dyn Operator>>,
    pub in_multiplexer: bool,
    paths: HashMap<LogSourceId, PathBuf>,
    asked: HashMap<u64, LogSourceId>,
    events: mpsc::Sender<Event>,
    clock: Clock,
}

/// Questions that were never answered are forgotten when there are so many: their answers would come too late anyway.
const ASKED: usize = 64;

impl Hands {
    /// Returns hands that can read the files among these sources.
    pub fn new(sources: &[LogSourceSpec], files: Files, events: mpsc::Sender<Event>, clock: Clock) -> Self {
        let mut hands = Self {
            poller: None,
            feeds: None,
            reads: None,
            files,
            operator: None,
            in_multiplexer: false,
            paths: HashMap::new(),
            asked: HashMap::new(),
            events,
            clock,
        };
        sources.iter().for_each(|source| hands.learn(source));
        hands
    }

    /// Notes where a source's lines can be read again.
    pub fn learn(&mut self, source: &LogSourceSpec) {
        if let LogOrigin::File(path) = &source.origin {
            self.paths.insert(source.id.clone(), path.clone());
        }
    }

    /// Probes now.
    pub fn probe(&self, which: &ProbeWhich) {
        if let Some(poller) = &self.poller {
            poller.probe_now(which);
        }
        if let (Some(feeds), ProbeWhich::All) = (&self.feeds, which) {
            feeds.read_now();
        }
    }

    /// Reads feeds now.
    pub fn read_feeds(&self, which: &[FeedId]) {
        if let Some(feeds) = &self.feeds {
            feeds.read_these(which);
        }
    }

    /// Reads something once that no feed brings.
    pub fn read_once(&self, request: ReadRequest) {
        if let Some(reads) = &self.reads {
            reads.start(request);
        }
    }

    /// Probes what is looked at more often.
    pub fn focus(&self, checks: &[CheckId], looked_at: &[FeedId]) {
        if let Some(poller) = &self.poller {
            poller.focus(checks);
        }
        if let Some(feeds) = &self.feeds {
            feeds.focus(looked_at);
        }
    }

    /// Asks a file what the log pane wants to know. Answers come as events, also the one that it cannot be read.
    pub fn logs(&mut self, request: LogRequest) {
        let case = |ignore: bool| if ignore { Case::Ignore } else { Case::Sensitive };
        let (number, source, ask) = match request {
            LogRequest::CancelSearch => return self.files.cancel_search(),
            LogRequest::Window { request, source, offset, before, after } => {
                (request, source, Ask::Window { offset, before, after })
            }
            LogRequest::Search { request, source, pattern, ignore_case } => {
                (request, source, Ask::Search { pattern, case: case(ignore_case) })
            }
            LogRequest::Find { request, source, pattern, ignore_case, from, backwards } => {
                (request, source, Ask::Find { pattern, case: case(ignore_case), from, backwards })
            }
        };
        let Some(path) = self.paths.get(&source).cloned() else {
            let why =
                Line::from_text(&format!("{source} is not a file: what is gone from memory cannot be read again"));
            let kind = EventKind::Logs(LogEvent::Failed { request: number, why });
            // A full queue only loses the sentence, not the loop.
            let _ = self.events.try_send(Event { at: self.clock.now(), kind });
            return;
        };
        if self.asked.len() >= ASKED {
            self.asked.clear();
        }
        self.asked.insert(number, source);
        self.files.ask(Question { number, path, ask });
    }

    /// Turns a file's answer into an event, if anybody still waits for it.
    pub fn answered(&mut self, answer: Answer) -> Option<EventKind> {
        let request = answer.number;
        let source = self.asked.get(&request)?.clone();
        let event = match answer.found {
            Found::Window(window) => {
                let (lines, at_start, at_end) = (window.lines, window.at_start, window.at_end);
                LogEvent::Window { request, source, lines, at_start, at_end }
            }
            Found::Searched(so_far) => LogEvent::SearchProgress {
                request,
                matches: so_far.matches,
                read: so_far.read,
                total: so_far.total,
                done: so_far.done,
            },
            Found::At(offset) => LogEvent::SearchHit { request, source, offset },
            Found::Failed(why) => LogEvent::Failed { request, why },
        };
        let goes_on = matches!(event, LogEvent::SearchProgress { done: false, .. });
        if !goes_on {
            self.asked.remove(&request);
        }
        Some(EventKind::Logs(event))
    }
}
