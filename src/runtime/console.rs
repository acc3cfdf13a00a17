//! The event loop: one queue in, one screen out.
//!
//! ```text
//!  keys ----> .--------------------.      draw when the queue is empty
//!  events --> | App::update        | ---> and the line is free
//!  ticks ---> '---------+----------'
//!                       v effects
//! ```
//!
//! Keys come first, always: no burst of log lines may keep a key from the screen for longer than a frame.

use std::io;
use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use super::effects::Hands;
use super::frame::{Flow, QUERY};
use super::guard::Guard;
use super::input::{Parsed, Parser};
use super::paint::{Depth, Link, difference, linked};
use super::recorder::Recorder;
use super::store::{Keeper, Store, StoreError};
use super::terminal::{self, Terminal};
use super::tty::{FromTty, Reader, Writer};
use crate::app::App;
use crate::app::effect::Effect;
use crate::app::event::{Event, EventKind, Input, Notice};
use crate::clock::Clock;
use crate::model::log::LogSourceState;
use crate::model::snapshot::Update;
use crate::model::source::{FailureKind, Trouble};
use crate::model::text::Line;
use crate::tail::TailEvent;
use crate::tail::files::Answer;

/// How long events may be taken in before the screen is looked at again.
const BURST: Duration = Duration::from_millis(8);
/// How long leaving may wait for the terminal's last answer: the prompt must be back within a second.
const LAST_ANSWER: Duration = Duration::from_millis(700);
/// How often the last known state is written, when there is something new.
const SAVE_EVERY: Duration = Duration::from_secs(10);
/// For the first time sooner: whoever is cut off in the first seconds wants to be told what ended without them, too.
const FIRST_SAVE: Duration = Duration::from_secs(2);

/// How long the last write may take, with the terminal given back already.
const LAST_SAVE: Duration = Duration::from_secs(1);

/// What the loop works with.
#[derive(Debug)]
pub struct Console {
    pub app: App,
    pub clock: Clock,
    pub depth: Depth,
    pub hands: Hands,
    pub events: mpsc::Receiver<Event>,
    /// What followed logs bring.
    pub tails: mpsc::Receiver<TailEvent>,
    /// What big files answer.
    pub answers: mpsc::Receiver<Answer>,
    pub store: Option<Store>,
    pub recorder: Option<Recorder>,
    /// Where standard error goes while the screen is ours.
    pub log: Option<std::fs::File>,
    pub mouse: bool,
    /// Panic at the first key, for tests.
    pub test_panic: bool,
    pub guard: Guard,
}

/// Why the console ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    Quit,
    /// The connection dropped.
    HungUp,
    /// A signal asked for it.
    Signal(i32),
}

struct Loop {
    app: App,
    clock: Clock,
    depth: Depth,
    hands: Hands,
    keeper: Option<Keeper>,
    recorder: Option<Recorder>,
    terminal: Terminal,
    to_loop: mpsc::UnboundedSender<FromTty>,
    reader: Option<Reader>,
    writer: Writer,
    parser: Parser,
    /// When the terminal sent something last.
    heard_at: Instant,
    flow: Flow,
    shown: Option<Buffer>,
    /// Where the terminal has links now.
    links: Vec<Link>,
    /// How many events the frame under way shows, where somebody waits for it.
    shows: Option<u64>,
    /// Something happened since the last frame.
    stirred: bool,
    unsaved: bool,
    trouble_told: bool,
    mouse: bool,
    test_panic: bool,
    guard: Guard,
    suspending: bool,
    ended: Option<Ended>,
}

/// Runs the console until the user quits, the connection drops or a signal ends it. The terminal is given back.
///
/// # Errors
/// When the terminal cannot be taken, or the system gives no threads.
pub async fn run(console: Console) -> io::Result<Ended> {
    let mut signals = Signals::listen()?;
    let terminal = Terminal::enter(console.log)?;
    let (to_loop, mut from_tty) = mpsc::unbounded_channel();
    let mut this = Loop {
        app: console.app,
        clock: console.clock,
        depth: console.depth,
        hands: console.hands,
        keeper: console.store.map(Keeper::new),
        recorder: console.recorder,
        terminal,
        reader: Some(Reader::start(to_loop.clone())?),
        writer: Writer::start(to_loop.clone())?,
        to_loop,
        parser: Parser::default(),
        heard_at: Instant::now(),
        flow: Flow::default(),
        shown: None,
        links: Vec::new(),
        shows: None,
        stirred: true,
        unsaved: false,
        trouble_told: false,
        mouse: console.mouse,
        test_panic: console.test_panic,
        guard: console.guard,
        suspending: false,
        ended: None,
    };
    if this.mouse {
        this.writer.send(terminal::MOUSE_ON.to_vec());
    }
    let (mut events, mut tails, mut answers) = (console.events, console.tails, console.answers);
    let mut save = tokio::time::interval_at(tokio::time::Instant::now() + FIRST_SAVE, SAVE_EVERY);
    save.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while this.ended.is_none() {
        if std::mem::take(&mut this.suspending) {
            this.last_answer(&mut from_tty).await;
            this.suspend()?;
        }
        this.draw_if_possible();
        let draw_at = this.stirred.then(|| this.flow.wait_until(Instant::now())).flatten();
        // Counted from the last byte: a log that pours in must not put it off for ever.
        let silent_at = this.parser.patience().map(|patience| this.heard_at + patience);
        let tick_in = this.app.wake_at().since(this.clock.now());
        tokio::select! {
            biased;
            found = signals.next() => this.signal(found)?,
            Some(found) = from_tty.recv() => this.heard(found)?,
            () = at(silent_at) => {
                let found = this.parser.pause();
                this.parsed(found)?;
            }
            Some(event) = events.recv() => this.burst(event, &mut events, &mut from_tty)?,
            Some(answer) = answers.recv() => {
                if let Some(kind) = this.hands.answered(answer) {
                    this.event(kind)?;
                }
            }
            Some(tail) = tails.recv() => this.followed(tail)?,
            () = at(draw_at) => {}
            () = tokio::time::sleep(tick_in) => this.event(EventKind::Tick)?,
            _ = save.tick(), if this.unsaved => this.save(),
            kept = kept(&mut this.keeper) => this.kept(kept),
        }
    }
    this.save();
    if matches!(this.ended, Some(Ended::Quit)) {
        this.last_answer(&mut from_tty).await;
    }
    // Nobody may read on when the shell does, and nobody waits for a disk in front of a dead screen.
    this.reader = None;
    this.terminal.lend();
    this.guard.lent();
    let _ = tokio::time::timeout(LAST_SAVE, this.last_save()).await;
    let ended = this.ended.unwrap_or(Ended::Quit);
    Ok(ended)
}

async fn at(when: Option<Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when.into()).await,
        None => std::future::pending().await,
    }
}

async fn kept(keeper: &mut Option<Keeper>) -> Result<(), StoreError> {
    match keeper {
        Some(keeper) => keeper.kept().await,
        None => std::future::pending().await,
    }
}

impl Loop {
    fn event(&mut self, kind: EventKind) -> io::Result<()> {
        self.take(Event { at: self.clock.now(), kind })
    }

    fn take(&mut self, event: Event) -> io::Result<()> {
        if let Some(recorder) = self.recorder.as_ref().filter(|_| !self.is_private(&event)) {
            recorder.record(&event);
        }
        self.unsaved |= matches!(event.kind, EventKind::Update(_));
        self.stirred = true;
        for effect in self.app.update(event) {
            self.effect(effect)?;
        }
        Ok(())
    }

    /// Returns whether an event is not written down: a secret is typed, or a terminal shows what may be one.
    fn is_private(&self, event: &Event) -> bool {
        match &event.kind {
            EventKind::Input(Input::Key(_) | Input::Paste(_)) => self.app.types_a_secret(),
            EventKind::Terminal { .. } => true,
            _ => false,
        }
    }

    /// Takes in what has arrived, as long as no key waits and a frame is not due.
    fn burst(
        &mut self,
        first: Event,
        events: &mut mpsc::Receiver<Event>,
        tty: &mut mpsc::UnboundedReceiver<FromTty>,
    ) -> io::Result<()> {
        let begun = Instant::now();
        self.take(first)?;
        while begun.elapsed() < BURST && self.ended.is_none() {
            if let Ok(found) = tty.try_recv() {
                self.heard(found)?;
            }
            match events.try_recv() {
                Ok(event) => self.take(event)?,
                Err(_) => break,
            }
        }
        Ok(())
    }

    fn followed(&mut self, tail: TailEvent) -> io::Result<()> {
        let kind = match tail {
            TailEvent::Joined(source) => {
                self.hands.learn(&source);
                EventKind::LogJoined(source)
            }
            TailEvent::Left(source) => {
                let state = LogSourceState::Ended(Line::from_text("the file is gone"));
                EventKind::Update(Update::LogSource { source, state })
            }
            TailEvent::Lines(batch) => EventKind::Lines(batch),
            TailEvent::State(source, state) => EventKind::Update(Update::LogSource { source, state }),
        };
        self.event(kind)
    }

    fn heard(&mut self, found: FromTty) -> io::Result<()> {
        match found {
            FromTty::Bytes(bytes) => {
                self.heard_at = Instant::now();
                let found = self.parser.feed(&bytes);
                self.parsed(found)
            }
            FromTty::HungUp => {
                self.ended = Some(Ended::HungUp);
                Ok(())
            }
        }
    }

    fn parsed(&mut self, found: Vec<Parsed>) -> io::Result<()> {
        for parsed in found {
            match parsed {
                Parsed::Answer => {
                    self.flow.answered();
                    if let Some(generation) = self.shows.take() {
                        self.event(EventKind::Seen { generation })?;
                    }
                }
                Parsed::Input(_) if self.test_panic => panic!("a key that a test asked to panic at"),
                Parsed::Input(input) => self.event(EventKind::Input(input))?,
            }
        }
        Ok(())
    }

    fn signal(&mut self, found: Option<SignalKind>) -> io::Result<()> {
        match found {
            Some(kind) if kind == SignalKind::window_change() => self.resized(),
            Some(kind) if kind == continued() => {
                // Somebody stopped us and the shell has used the terminal since. Or the connection dropped: then this
                // signal comes together with the hang-up, in either order.
                if !self.retake()? {
                    return Ok(());
                }
                self.redraw();
                self.resized()?;
                self.event(EventKind::Input(Input::Resumed))
            }
            Some(kind) if kind == SignalKind::hangup() => {
                self.ended = Some(Ended::HungUp);
                Ok(())
            }
            Some(kind) => {
                self.ended = Some(Ended::Signal(kind.as_raw_value()));
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn resized(&mut self) -> io::Result<()> {
        let (width, height) = terminal::size();
        self.event(EventKind::Input(Input::Resize { width, height }))
    }

    fn effect(&mut self, effect: Effect) -> io::Result<()> {
        match effect {
            Effect::Quit => self.ended = Some(Ended::Quit),
            Effect::Suspend => self.suspending = true,
            Effect::Redraw => self.redraw(),
            Effect::Copy(text) => {
                let (bytes, told) = super::clipboard::copy(&text, self.hands.in_multiplexer);
                self.writer.send(bytes.into_bytes());
                self.notice(&told, false)?;
            }
            Effect::SetMouse(on) => {
                self.mouse = on;
                self.writer.send(if on { terminal::MOUSE_ON } else { terminal::MOUSE_OFF }.to_vec());
            }
            Effect::Probe(which) => self.hands.probe(&which),
            Effect::Focus { checks, feeds } => self.hands.focus(&checks, &feeds),
            Effect::ReadFeeds(feeds) => self.hands.read_feeds(&feeds),
            Effect::Read(request) => self.hands.read_once(request),
            Effect::Logs(request) => self.hands.logs(request),
            Effect::Plan(request) => match &self.hands.operator {
                Some(operator) => operator.plan(request),
                None => self.event(EventKind::Planned { number: request.number, plan: Err(no_journal()) })?,
            },
            Effect::Approve(plan) => match &self.hands.operator {
                Some(operator) => operator.approve(plan),
                None => self.event(EventKind::NotOperated { operation: plan.id, why: no_journal() })?,
            },
            Effect::Operate(command) => match &self.hands.operator {
                Some(operator) => operator.operate(command),
                None => {
                    let operation = command.operation().clone();
                    self.event(EventKind::NotOperated { operation, why: no_journal() })?;
                }
            },
            Effect::Run(command) => match &self.hands.operator {
                Some(operator) => operator.run(command),
                None => {
                    let run = command.run().clone();
                    self.event(EventKind::NotRun { run, why: no_journal() })?;
                }
            },
            Effect::Terminal(request) => {
                if let Some(operator) = &self.hands.operator {
                    operator.terminal(request);
                }
            }
            Effect::Record(command) => {
                if let Some(operator) = &self.hands.operator {
                    operator.record(command);
                }
            }
            Effect::OpenIncident(opening) => match &self.hands.operator {
                Some(operator) => operator.open_incident(opening),
                None => self.notice(no_journal().message.as_str(), true)?,
            },
            Effect::Send(plan) => match &self.hands.operator {
                Some(operator) => operator.send(plan),
                None => self.notice(no_journal().message.as_str(), true)?,
            },
            Effect::Evidence(incident) => match &self.hands.operator {
                Some(operator) => operator.evidence(incident),
                None => self.notice(no_journal().message.as_str(), true)?,
            },
            Effect::Export(incident) => match &self.hands.operator {
                Some(operator) => operator.export(incident),
                None => self.notice(no_journal().message.as_str(), true)?,
            },
            Effect::Draft(service) => match &self.hands.operator {
                Some(operator) => operator.draft(service),
                None => self.notice(no_journal().message.as_str(), true)?,
            },
        }
        Ok(())
    }

    fn notice(&mut self, text: &str, trouble: bool) -> io::Result<()> {
        self.event(EventKind::Notice(Notice { text: Line::from_text(text), trouble }))
    }

    /// Waits for the answer that is still under way: the shell would take it for something typed.
    async fn last_answer(&mut self, tty: &mut mpsc::UnboundedReceiver<FromTty>) {
        let until = tokio::time::Instant::now() + LAST_ANSWER;
        while self.flow.is_under_way() {
            match tokio::time::timeout_at(until, tty.recv()).await {
                Ok(Some(FromTty::Bytes(bytes))) => {
                    // Keys that come now were meant for what is not there any more.
                    if self.parser.feed(&bytes).contains(&Parsed::Answer) {
                        self.flow.answered();
                    }
                }
                Ok(Some(FromTty::HungUp) | None) | Err(_) => return,
            }
        }
    }

    /// Gives the terminal to the shell and stops, until the user says `fg`.
    fn suspend(&mut self) -> io::Result<()> {
        // Nobody may read while the shell does.
        self.reader = None;
        self.terminal.lend();
        self.guard.lent();
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TSTP);
        self.guard.ours();
        if !self.retake()? {
            return Ok(());
        }
        self.reader = Some(Reader::start(self.to_loop.clone())?);
        self.redraw();
        self.resized()?;
        self.event(EventKind::Input(Input::Resumed))
    }

    /// Takes the terminal again, or ends when there is none any more.
    fn retake(&mut self) -> io::Result<bool> {
        match self.terminal.retake() {
            // It says EIO, or ENXIO where even its name is gone. One that takes nothing is slow, not gone.
            Err(error) if error.kind() != io::ErrorKind::TimedOut => {
                self.ended = Some(Ended::HungUp);
                Ok(false)
            }
            taken => taken.map(|()| true),
        }
    }

    fn redraw(&mut self) {
        self.shown = None;
        self.stirred = true;
        self.flow.restart();
        if self.mouse {
            self.writer.send(terminal::MOUSE_ON.to_vec());
        }
    }

    fn draw_if_possible(&mut self) {
        let now = Instant::now();
        if !self.stirred || self.flow.wait_until(now).is_some() || self.writer.pending() > 0 {
            return;
        }
        self.stirred = false;
        let (width, height) = terminal::size();
        let area = Rect::new(0, 0, width, height);
        let mut wanted = Buffer::empty(area);
        self.app.view(area, &mut wanted);
        let mut text = difference(self.shown.as_ref(), &wanted, self.depth);
        let links = self.app.links(area);
        // Cells that were a link and are drawn anew are none any more; cells that stay below would be one still.
        if self.links.iter().any(|link| !links.contains(link)) {
            text = difference(None, &wanted, self.depth);
            self.links.clear();
            self.shown = None;
        }
        let shown = self.shown.as_ref().map(|shown| (shown, self.links.as_slice()));
        text.push_str(&linked(shown, &wanted, &links, self.depth));
        self.links = links;
        self.shown = Some(wanted);
        let awaited = self.app.waits_to_be_seen();
        // A frame that changes nothing still has to be known to be there, when somebody waits for that.
        if text.is_empty() && (!awaited || self.shows.is_some()) {
            return;
        }
        if self.flow.sent(now) {
            text.push_str(QUERY);
            self.shows = awaited.then(|| self.app.generation());
        }
        if text.is_empty() {
            return;
        }
        self.writer.send(text.into_bytes());
        // After the first paint: starting a process takes longer than that.
        self.guard.start();
    }

    fn save(&mut self) {
        let Some(keeper) = self.keeper.as_mut().filter(|keeper| self.unsaved && !keeper.is_busy()) else { return };
        self.unsaved = false;
        keeper.keep(self.app.snapshot().for_disk(), self.clock.now());
    }

    fn kept(&mut self, result: Result<(), StoreError>) {
        match result {
            Ok(()) => self.trouble_told = false,
            Err(error) if !self.trouble_told => {
                self.trouble_told = true;
                tracing::warn!("{error}");
                let _ = self.notice(&error.to_string(), true);
            }
            Err(_) => {}
        }
    }

    /// Waits until what is known is on the disk.
    async fn last_save(&mut self) {
        while self.keeper.as_ref().is_some_and(Keeper::is_busy) {
            let _ = kept(&mut self.keeper).await;
            // Something may have come in while that was being written.
            self.save();
        }
    }
}

fn no_journal() -> Trouble {
    Trouble {
        kind: FailureKind::Misconfigured,
        message: Line::from_text("nothing can be done here: there is no journal to write it into"),
        hint: Line::from_text("start crashcart with a state directory: --state-dir"),
    }
}

/// The signals that a console answers.
struct Signals {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
    quit: Signal,
    resize: Signal,
    go_on: Signal,
}

fn continued() -> SignalKind {
    SignalKind::from_raw(rustix::process::Signal::CONT.as_raw())
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            resize: signal(SignalKind::window_change())?,
            go_on: signal(continued())?,
        })
    }

    async fn next(&mut self) -> Option<SignalKind> {
        tokio::select! {
            _ = self.terminate.recv() => Some(SignalKind::terminate()),
            _ = self.hang_up.recv() => Some(SignalKind::hangup()),
            _ = self.interrupt.recv() => Some(SignalKind::interrupt()),
            _ = self.quit.recv() => Some(SignalKind::quit()),
            _ = self.resize.recv() => Some(SignalKind::window_change()),
            _ = self.go_on.recv() => Some(continued()),
        }
    }
}
