//! Putting a console together: what is known, what is probed, what is followed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::console::{Console, Ended, run};
use super::effects::{Hands, Operator};
use super::feeds::{Feeds, Reader, Reads};
use super::guard::Guard;
use super::host::{self, Machine};
use super::paint::Depth;
use super::poll::{Outside, Poller};
use super::recorder::Recorder;
use super::store::Store;
use super::terminal;
use crate::app::event::{Event, EventKind, Notice};
use crate::app::{App, Setup};
use crate::clock::Clock;
use crate::model::text::Line;
use crate::tail::files::Files;
use crate::tail::{Options, follow};

/// What the command line and the configuration decide.
pub struct Opening {
    pub setup: Setup,
    pub depth: Depth,
    pub in_multiplexer: bool,
    pub state_dir: Option<PathBuf>,
    pub record: Option<PathBuf>,
    pub outside: Arc<dyn Outside>,
    /// What reads feeds.
    pub reader: Arc<dyn Reader>,
    pub machine: Box<dyn Machine>,
    /// Where to panic on purpose, for tests: `loop` at the first key, `task` at once in the background.
    pub test_panic: Option<String>,
    /// Who makes plans and has them carried out, once there is a queue for what comes of it.
    pub operator: Option<Hire>,
    /// What the user should see once, in this order.
    pub notices: Vec<Line>,
}

/// Begins to serve the console that has this queue.
pub type Hire = Box<dyn FnOnce(mpsc::Sender<Event>) -> anyhow::Result<Box<dyn Operator>>>;

/// Events wait here for the loop: a second of what 1,000 checks say, and no more, so that memory stays bounded.
const EVENTS: usize = 256;
/// Each of these may hold thousands of lines: the follower stops reading when the loop is behind.
const TAILS: usize = 8;
/// How long commands that print logs get to end.
const FAREWELL: Duration = Duration::from_secs(2);

/// Opens the console on this terminal and runs it until it ends.
///
/// # Errors
/// When the terminal cannot be taken, or a file that the user named cannot be written.
pub async fn open(mut opening: Opening, clock: Clock) -> anyhow::Result<Ended> {
    let log = opening.state_dir.as_deref().and_then(super::log::start);
    let store = opening.state_dir.as_deref().map(|directory| Store::new(directory, &opening.setup.catalog));
    let (events, to_loop) = mpsc::channel::<Event>(EVENTS);
    tell_panics(events.clone(), clock.clone());
    if let Some(store) = &store {
        let (snapshot, trouble) = store.load(clock.now());
        opening.setup.snapshot = snapshot.unwrap_or_default();
        opening.notices.extend(trouble.map(|trouble| Line::from_text(&trouble.to_string())));
    }
    opening.setup.now = clock.now();
    let recorder = opening.record.as_deref().map(|path| Recorder::start(path, &opening.setup)).transpose()?;
    let catalog = Arc::clone(&opening.setup.catalog);
    let mouse = opening.setup.mouse;
    let zone = opening.setup.zone.clone();
    let (app, problems) = App::new(opening.setup);
    let mut notices = opening.notices;
    notices
        .extend(problems.iter().map(|problem| Line::from_text(&format!("key {}: {}", problem.name, problem.message))));
    for text in notices {
        let kind = EventKind::Notice(Notice { text, trouble: true });
        // There is room for the first of them; the log has all.
        let _ = events.try_send(Event { at: clock.now(), kind });
    }
    let (tasks, cancel) = (TaskTracker::new(), CancellationToken::new());
    let (answers_to, answers) = mpsc::channel(TAILS);
    let mut hands = Hands::new(
        &catalog.logs,
        Files::new(clock.clone(), answers_to).in_zone(zone.clone()),
        events.clone(),
        clock.clone(),
    );
    hands.in_multiplexer = opening.in_multiplexer;
    hands.poller =
        Some(Poller::start(&catalog.checks, opening.outside, events.clone(), clock.clone(), &tasks, &cancel));
    hands.feeds =
        Some(Feeds::start(&catalog, Arc::clone(&opening.reader), events.clone(), clock.clone(), &tasks, &cancel));
    hands.reads = Some(Reads::new(opening.reader, Arc::clone(&catalog), events.clone(), clock.clone(), tasks.clone()));
    if let Some(hire) = opening.operator {
        match hire(events.clone()) {
            Ok(operator) => hands.operator = Some(operator),
            Err(error) => {
                let text = Line::from_text(&format!("nothing can be done from here: {error:#}"));
                let _ =
                    events.try_send(Event { at: clock.now(), kind: EventKind::Notice(Notice { text, trouble: true }) });
            }
        }
    }
    host::watch(opening.machine, events, clock.clone(), &tasks, &cancel);
    let (tails_to, tails) = mpsc::channel(TAILS);
    let guard = Guard::new()?;
    let followed = follow(
        catalog.logs.clone(),
        Options { zone: zone.clone(), groups: Some(guard.pipe()), ..Options::default() },
        clock.clone(),
        tails_to,
        cancel.clone(),
    )?;
    if opening.test_panic.as_deref() == Some("task") {
        tasks.spawn(async { panic!("a task that a test asked to panic") });
    }
    let console = Console {
        test_panic: opening.test_panic.as_deref() == Some("loop"),
        app,
        clock,
        depth: opening.depth,
        hands,
        events: to_loop,
        tails,
        answers,
        store,
        recorder,
        log,
        mouse,
        guard,
    };
    let ended = run(console).await;
    cancel.cancel();
    tasks.close();
    // The terminal is the user's again already; what takes longer than this is left to itself.
    let _ = tokio::time::timeout(FAREWELL, followed.ended()).await;
    Ok(ended?)
}

fn tell_panics(events: mpsc::Sender<Event>, clock: Clock) {
    terminal::tell_panics(move |place| {
        let text = format!("a part of crashcart failed ({place}); the rest goes on, crashcart.log has more");
        let kind = EventKind::Notice(Notice { text: Line::from_text(&text), trouble: true });
        // A panic hook cannot wait for room in the queue; the log has it in any case.
        let _ = events.try_send(Event { at: clock.now(), kind });
    });
}
