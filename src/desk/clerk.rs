//! The console's desk for operations: plans are made here, approvals are written, workers started, the journal followed.
//!
//! ```text
//!   Effect::Plan ----> desk (a thread with the journal) ---> planner (asks the platform) ---> Event::Planned
//!   Effect::Approve -> desk: journal, then a worker that outlives us
//!                      desk: what anybody wrote into the journal ---> Event::Journal
//! ```

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tokio::sync::mpsc;

use super::planning::{Known, Planner};
use super::start::{Starter, approve, command, not_written};
use super::terminals::Terminals;
use crate::app::effect::TerminalRequest;
use crate::app::event::{Event, EventKind, Notice};
use crate::clock::Clock;
use crate::journal::{Journal, JournalError, Opened};
use crate::model::id::{IncidentId, OperationId, ServiceId};
use crate::model::incident::{IncidentCommand, IncidentEvent, Opening};
use crate::model::operation::{OperationCommand, Plan, PlanRequest};
use crate::model::run::RunCommand;
use crate::model::source::{FailureKind, Trouble};
use crate::model::text::Line;
use crate::operation::Ledger;
use crate::paging::PagePlan;
use crate::runbook::draft::{Span, from_what_was_done};
use crate::runtime::effects::Operator;

/// How often the journal is looked at: what others do shows up as fast as one can read.
const LOOK: Duration = Duration::from_millis(250);
/// What was done in this time is what one has "just done".
const DRAFTED: Duration = Duration::from_secs(12 * 3_600);
/// Entries that are taken in at once.
const AT_ONCE: u32 = 500;

/// What is wanted of the desk.
#[derive(Debug)]
enum Wish {
    Plan(Box<PlanRequest>),
    Approve(Box<Plan>),
    Operate(OperationCommand),
    Run(Box<RunCommand>),
    Terminal(TerminalRequest),
    Draft(Option<ServiceId>),
    Record(Box<IncidentCommand>),
    Open(Box<Opening>),
    Send(Box<PagePlan>),
    Evidence(IncidentId),
    Export(IncidentId),
}

/// The desk. It ends when it is dropped, after everything that was wished for is written.
#[derive(Debug)]
pub struct Desk {
    wishes: Option<Sender<Wish>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Who quits waits no longer for what they wished for just before.
const LAST_WISHES: Duration = Duration::from_secs(3);

impl Drop for Desk {
    fn drop(&mut self) {
        self.wishes = None;
        let Some(thread) = self.thread.take() else { return };
        let mut waited = Duration::ZERO;
        while !thread.is_finished() && waited < LAST_WISHES {
            std::thread::park_timeout(Duration::from_millis(5));
            waited += Duration::from_millis(5);
        }
    }
}

/// What a desk works with.
pub struct Supplies {
    /// Where the journal lies. It is opened by the desk's own thread: nobody waits for a disk to see the first screen.
    pub state_dir: PathBuf,
    pub planner: Arc<Planner>,
    pub starter: Starter,
    pub events: mpsc::Sender<Event>,
    pub clock: Clock,
    pub runtime: tokio::runtime::Handle,
}

impl Operator for Desk {
    fn plan(&self, request: Box<PlanRequest>) {
        self.wish(Wish::Plan(request));
    }

    fn approve(&self, plan: Box<Plan>) {
        self.wish(Wish::Approve(plan));
    }

    fn operate(&self, command: OperationCommand) {
        self.wish(Wish::Operate(command));
    }

    fn run(&self, command: Box<RunCommand>) {
        self.wish(Wish::Run(command));
    }

    fn terminal(&self, request: TerminalRequest) {
        self.wish(Wish::Terminal(request));
    }

    fn record(&self, command: Box<IncidentCommand>) {
        self.wish(Wish::Record(command));
    }

    fn open_incident(&self, opening: Box<Opening>) {
        self.wish(Wish::Open(opening));
    }

    fn send(&self, plan: Box<PagePlan>) {
        self.wish(Wish::Send(plan));
    }

    fn evidence(&self, incident: IncidentId) {
        self.wish(Wish::Evidence(incident));
    }

    fn export(&self, incident: IncidentId) {
        self.wish(Wish::Export(incident));
    }

    fn draft(&self, service: Option<ServiceId>) {
        self.wish(Wish::Draft(service));
    }
}

impl Desk {
    /// Opens the desk.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn open(supplies: Supplies) -> std::io::Result<Self> {
        let (wishes, to_desk) = channel();
        let thread = std::thread::Builder::new().name("operations".to_owned()).spawn(move || {
            match Journal::open(&supplies.state_dir, supplies.clock.now()) {
                Ok(Opened { journal, set_aside }) => {
                    let mut clerk = Clerk {
                        supplies,
                        journal,
                        ledger: Ledger::default(),
                        read: 0,
                        terminals: Terminals::default(),
                    };
                    if let Some(told) = set_aside {
                        clerk.tell(&told);
                    }
                    clerk.serve(&to_desk);
                }
                Err(error) => closed(&supplies, &to_desk, &error),
            }
        })?;
        Ok(Self { wishes: Some(wishes), thread: Some(thread) })
    }

    fn wish(&self, wish: Wish) {
        // The thread ends with the console only.
        if let Some(wishes) = &self.wishes {
            let _ = wishes.send(wish);
        }
    }
}

impl Supplies {
    fn send(&self, kind: EventKind) {
        let event = Event { at: self.clock.now(), kind };
        // A console that has gone has no use for it, and one that is going takes nothing in any more: this must not wait then.
        let mut event = event;
        while let Err(mpsc::error::TrySendError::Full(back)) = self.events.try_send(event) {
            event = back;
            std::thread::park_timeout(Duration::from_millis(2));
        }
    }
}

/// Says to everybody who comes that there is no journal, and why.
fn closed(supplies: &Supplies, wishes: &Receiver<Wish>, error: &JournalError) {
    let why = not_written(error);
    let text = Line::from_text(&format!("nothing can be done from here: {error}; {}", why.hint));
    supplies.send(EventKind::Notice(Notice { text, trouble: true }));
    for wish in wishes {
        let why = why.clone();
        supplies.send(match wish {
            Wish::Plan(request) => EventKind::Planned { number: request.number, plan: Err(why) },
            Wish::Approve(plan) => EventKind::NotOperated { operation: plan.id, why },
            Wish::Operate(command) => EventKind::NotOperated { operation: command.operation().clone(), why },
            Wish::Run(command) => EventKind::NotRun { run: command.run().clone(), why },
            Wish::Terminal(_) => continue,
            Wish::Record(_) | Wish::Open(_) | Wish::Send(_) | Wish::Evidence(_) | Wish::Export(_) | Wish::Draft(_) => {
                EventKind::Notice(Notice { text: why.message, trouble: true })
            }
        });
    }
}

struct Clerk {
    supplies: Supplies,
    journal: Journal,
    ledger: Ledger,
    /// The last entry that was taken in.
    read: u64,
    terminals: Terminals,
}

impl Clerk {
    fn serve(&mut self, wishes: &Receiver<Wish>) {
        self.look(true);
        loop {
            match wishes.recv_timeout(LOOK) {
                Ok(wish) => {
                    self.look(false);
                    self.grant(wish);
                    self.look(false);
                }
                Err(RecvTimeoutError::Timeout) => {
                    if self.supplies.events.is_closed() {
                        return;
                    }
                    self.look(false);
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn send(&self, kind: EventKind) {
        self.supplies.send(kind);
    }

    fn tell(&self, text: &str) {
        self.say(text, true);
    }

    fn say(&self, text: &str, trouble: bool) {
        self.send(EventKind::Notice(Notice { text: Line::from_text(text), trouble }));
    }

    /// Takes in what is new in the journal.
    fn look(&mut self, first: bool) {
        match self.journal.changed() {
            Ok(true) => {}
            Ok(false) if first => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!("{error}");
                return;
            }
        }
        loop {
            match self.journal.news(self.read, AT_ONCE) {
                Ok(news) => {
                    let full = news.entries.len() >= AT_ONCE as usize;
                    self.read = news.entries.last().map_or(self.read, |entry| entry.seq);
                    self.ledger.learn(&news);
                    self.send(EventKind::Journal(news));
                    if !full {
                        return;
                    }
                }
                Err(error) => {
                    tracing::warn!("{error}");
                    return;
                }
            }
        }
    }

    fn grant(&mut self, wish: Wish) {
        match wish {
            Wish::Plan(request) => self.plan(request),
            Wish::Approve(plan) => {
                let now = self.supplies.clock.now();
                let by = plan.by.clone();
                let started = approve(&mut self.journal, &plan, &by, now)
                    .and_then(|_| self.supplies.starter.start(&plan.id, None));
                if let Err(why) = started {
                    self.send(EventKind::NotOperated { operation: plan.id, why });
                }
            }
            Wish::Operate(wanted) => self.operate(&wanted),
            Wish::Run(wanted) => {
                let (run, by) = (wanted.run().clone(), self.supplies.planner.by.clone());
                let now = self.supplies.clock.now();
                if let Err(why) = super::runs::command(&mut self.journal, &self.supplies.starter, *wanted, &by, now) {
                    self.send(EventKind::NotRun { run, why });
                }
            }
            Wish::Terminal(request) => {
                let Supplies { state_dir, events, clock, runtime, .. } = &self.supplies;
                self.terminals.wish(request, state_dir, events, clock, runtime);
            }
            Wish::Draft(service) => self.draft(service.as_ref()),
            Wish::Record(wanted) => {
                let (by, now) = (self.supplies.planner.by.clone(), self.supplies.clock.now());
                let IncidentCommand { incident, event } = *wanted;
                let written = super::incidents::write(&mut self.journal, &incident, &event, &by, now);
                match (written, said_by_somebody(&event)) {
                    (Ok(()), Some(word)) => self.say(word, false),
                    (Ok(()), None) => {}
                    (Err(why), Some(_)) => self.say(&format!("{}; {}", why.message, why.hint), true),
                    (Err(why), None) => tracing::warn!("{}", why.message),
                }
            }
            Wish::Open(opening) => {
                let (by, now) = (self.supplies.planner.by.clone(), self.supplies.clock.now());
                match super::incidents::open(&mut self.journal, &opening, &by, now) {
                    Ok(_) => self.say("the incident is open: what happens goes into its timeline", false),
                    Err(why) => self.say(&format!("{}; {}", why.message, why.hint), true),
                }
            }
            Wish::Send(plan) => self.send_message(&plan),
            Wish::Evidence(id) => self.evidence(&id),
            Wish::Export(id) => self.export(&id),
        }
    }

    /// Has a process of its own send a message: it goes on to the sender that takes it when this console ends.
    fn send_message(&self, plan: &PagePlan) {
        let going = super::paging::by_itself(&self.supplies.starter, plan);
        self.say_when(async move { going.await.map(|()| "it was taken: the timeline says by what".to_owned()) });
    }

    /// Has a process of its own keep what a restart would destroy: it goes on when this console ends.
    fn evidence(&self, id: &IncidentId) {
        self.say("keeping evidence: it may take half a minute, and is told here", false);
        let going = super::evidence::by_itself(self.supplies.starter.clone(), id.clone());
        self.say_when(async move { going.await.map(|path| format!("evidence kept: {path}")) });
    }

    /// Has a process of its own tell the incident, with the configuration's template and zone.
    fn export(&self, id: &IncidentId) {
        let number = self.journal.incidents().map(|incidents| incidents.get(id).map(|incident| incident.number));
        let number = match number {
            Ok(Some(number)) => number,
            Ok(None) => return self.say("the journal has no such incident", true),
            Err(error) => return self.say(&error.to_string(), true),
        };
        let going = super::incidents::export(self.supplies.starter.clone(), id.clone(), number);
        self.say_when(async move {
            let (path, remarks) = going.await?;
            let remarks: String = remarks.iter().map(|remark| format!("; {remark}")).collect();
            Ok(format!("written: {}{remarks}", path.display()))
        });
    }

    /// Says what something comes to, when it does.
    fn say_when(&self, going: impl Future<Output = Result<String, String>> + Send + 'static) {
        let (events, clock) = (self.supplies.events.clone(), self.supplies.clock.clone());
        self.supplies.runtime.spawn(async move {
            let (text, trouble) = going.await.map_or_else(|why| (why, true), |said| (said, false));
            let notice = Notice { text: Line::from_text(&text), trouble };
            let _ = events.send(Event { at: clock.now(), kind: EventKind::Notice(notice) }).await;
        });
    }

    /// Writes a runbook from what was done in the last hours, and says where it lies.
    fn draft(&self, service: Option<&ServiceId>) {
        let now = self.supplies.clock.now();
        let span = Span { from: now - DRAFTED, service: service.map(ServiceId::as_str) };
        let name = format!(
            "{}-{}",
            service.map_or("what-helped", ServiceId::as_str),
            now.in_zone(&jiff::tz::TimeZone::UTC).date()
        );
        let written = self
            .journal
            .runs()
            .map_err(|error| error.to_string())
            .and_then(|runs| {
                from_what_was_done(&name, &span, &runs, &self.ledger)
                    .ok_or_else(|| "nothing was done that a runbook could be made of".to_owned())
            })
            .and_then(|text| {
                super::runs::keep(&self.supplies.planner.places, &name, &text).map_err(|error| error.to_string())
            });
        let (text, trouble) = match written {
            Ok(path) => (format!("written: {}; read it before you trust it", path.display()), false),
            Err(why) => (why, true),
        };
        self.send(EventKind::Notice(Notice { text: Line::from_text(&text), trouble }));
    }

    fn operate(&mut self, wanted: &OperationCommand) {
        let now = self.supplies.clock.now();
        let by = self.supplies.planner.by.clone();
        let operation = wanted.operation();
        let leases = self.ledger.leases().to_vec();
        let done = command(&mut self.journal, wanted, &by, &leases, now).and_then(|start| {
            if start { self.supplies.starter.start(operation, Some(&format!("{by} resumed it"))) } else { Ok(()) }
        });
        if let Err(why) = done {
            self.send(EventKind::NotOperated { operation: operation.clone(), why });
        }
    }

    fn plan(&self, request: Box<PlanRequest>) {
        let known = match known(&self.ledger, request.intent.undoes.as_ref()) {
            Ok(known) => known,
            Err(why) => return self.send(EventKind::Planned { number: request.number, plan: Err(why) }),
        };
        let (planner, events, clock) =
            (Arc::clone(&self.supplies.planner), self.supplies.events.clone(), self.supplies.clock.clone());
        self.supplies.runtime.spawn(async move {
            let plan = planner.plan(&request, known, clock.now()).await.map(Box::new);
            let kind = EventKind::Planned { number: request.number, plan };
            let _ = events.send(Event { at: clock.now(), kind }).await;
        });
    }
}

/// Returns what to tell of an event that a person wished for. What was only seen is written without a word.
fn said_by_somebody(event: &IncidentEvent) -> Option<&'static str> {
    Some(match event {
        IncidentEvent::Saw { .. } | IncidentEvent::Joined { .. } => return None,
        IncidentEvent::Noted { .. } => "noted",
        IncidentEvent::Pinned { .. } => "pinned to the timeline",
        IncidentEvent::Called { .. } => "the call is written down",
        IncidentEvent::Corrected { .. } => "corrected: what stood there stays in the journal",
        IncidentEvent::Redacted { .. } => "taken out of what is shown and exported",
        IncidentEvent::State { state, .. } => state.word(),
        _ => "written",
    })
}

/// Returns what a plan must know of the journal.
///
/// # Errors
/// When the operation that is to be taken back is not in it.
pub fn known(ledger: &Ledger, undoes: Option<&OperationId>) -> Result<Known, Trouble> {
    let undoes = match undoes {
        None => None,
        Some(id) => Some(ledger.get(id).cloned().ok_or_else(|| Trouble {
            kind: FailureKind::NotFound,
            message: Line::from_text(&format!("the journal has no operation {id}")),
            hint: Line::from_text("crashcart operations lists them"),
        })?),
    };
    let title = |operation: &OperationId| ledger.get(operation).map(|operation| operation.plan.title.clone());
    let leases = ledger.leases().iter().map(|lease| (lease.clone(), title(&lease.operation))).collect();
    Ok(Known { leases, undoes })
}
