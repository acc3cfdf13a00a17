//! `crashcart replay`: a recorded night, as the screen was.
//!
//! Without a terminal, or with `--print`, the last screen as text.

mod show;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Exit;
use super::args::{Cli, ReplayArgs};
use super::environment::Environment;
use super::failure::Failure;
use super::output;
use crate::app::event::{Event, EventKind, Input};
use crate::app::{App, Setup};
use crate::model::time::Timestamp;
use crate::runtime::paint::Depth;
use crate::runtime::recorder;

pub(super) fn run(cli: &Cli, args: &ReplayArgs, environment: &Environment) -> Result<Exit, Failure> {
    let (mut setup, events) = recorder::read(&args.file)?;
    let depth = Depth::detect(
        super::console::no_color(cli, environment),
        environment.term.as_deref(),
        environment.colorterm.as_deref(),
    );
    if let Some(theme) = &args.look.theme {
        setup.theme.clone_from(theme);
    }
    let prints = args.print || !environment.stdout_is_terminal || !environment.stdin_is_terminal;
    setup.ascii |= args.look.ascii || (!prints && !environment.is_utf8());
    let mut recording = Recording::new(setup, events);
    if prints {
        let until = args.at.map_or(recording.end, |at| recording.start() + at);
        let (app, size) = recording.play(until, args.size);
        return Ok(output::print(text(&app, size)).map(|()| Exit::Healthy)?);
    }
    if depth == Depth::None {
        "mono".clone_into(&mut recording.setup.theme);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let from = recording.start() + args.at.unwrap_or_default();
    let ended = runtime.block_on(show::show(&recording, from.min(recording.end), depth))?;
    Ok(ended.map_or(Exit::Healthy, |signal| Exit::Signal(signal.as_raw_value())))
}

/// What was recorded, with the moment at which each event is due.
struct Recording {
    setup: Setup,
    events: Vec<Event>,
    /// Never falling: two events that were on their way at the same time may be recorded in the other order.
    due: Vec<Timestamp>,
    end: Timestamp,
}

impl Recording {
    fn new(setup: Setup, events: Vec<Event>) -> Self {
        let mut end = setup.now;
        let due = events
            .iter()
            .map(|event| {
                end = end.max(event.at);
                end
            })
            .collect();
        Self { setup, events, due, end }
    }

    fn start(&self) -> Timestamp {
        self.setup.now
    }

    /// Returns the console as it began.
    fn open(&self, size: Option<(u16, u16)>) -> (App, Place) {
        let follows = size.is_none();
        let size = size.unwrap_or(self.setup.size);
        let (app, _) = App::new(Setup { size, ..self.setup.clone() });
        (app, Place { next: 0, size, follows })
    }

    /// Returns the console as it was at a time, and its size: the recorded one, or the one that is asked for.
    fn play(&self, until: Timestamp, size: Option<(u16, u16)>) -> (App, (u16, u16)) {
        let (mut app, mut place) = self.open(size);
        self.go_on(&mut app, &mut place, until);
        (app, place.size)
    }

    /// Plays on until a time.
    fn go_on(&self, app: &mut App, place: &mut Place, until: Timestamp) {
        let until = until.min(self.end);
        while let Some(event) = self.events.get(place.next).filter(|_| self.due[place.next] <= until) {
            place.next += 1;
            if let EventKind::Input(Input::Resize { width, height }) = event.kind {
                if !place.follows {
                    continue;
                }
                place.size = (width, height);
            }
            app.update(event.clone());
        }
        // Between two events ages go on. At the very end the screen is what the user saw last.
        if until < self.end {
            app.update(Event { at: until, kind: EventKind::Tick });
        }
    }
}

/// How far a recording is played.
struct Place {
    next: usize,
    size: (u16, u16),
    /// The recorded terminal's sizes count.
    follows: bool,
}

fn text(app: &App, (width, height): (u16, u16)) -> String {
    let area = Rect::new(0, 0, width, height);
    let mut buffer = Buffer::empty(area);
    app.view(area, &mut buffer);
    let mut text = String::new();
    for y in 0..height {
        let mut row = String::new();
        let mut x = 0;
        while x < width {
            let symbol = buffer[(x, y)].symbol();
            row.push_str(symbol);
            x += u16::try_from(unicode_width::UnicodeWidthStr::width(symbol).max(1)).unwrap_or(1);
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::app::event::Notice;
    use crate::model::catalog::Catalog;
    use crate::model::snapshot::Snapshot;
    use crate::model::text::Line;

    fn recording(events: &[(i64, EventKind)]) -> Recording {
        let setup = Setup {
            catalog: Arc::new(Catalog::default()),
            snapshot: Snapshot::default(),
            now: Timestamp::from_secs(100),
            zone: jiff::tz::TimeZone::UTC,
            size: (60, 10),
            theme: "mono".to_owned(),
            ascii: true,
            mouse: false,
            keys: Default::default(),
            read_only: false,
            inert: None,
            runbooks: Arc::default(),
            by: crate::model::operation::Actor::default(),
            patience: Default::default(),
            readiness: None,
            audited: None,
            update_every: std::time::Duration::from_secs(1_800),
            zones: Arc::default(),
            seed: 0,
        };
        let event = |(secs, kind): &(i64, EventKind)| Event { at: Timestamp::from_secs(*secs), kind: kind.clone() };
        Recording::new(setup, events.iter().map(event).collect())
    }

    fn notice(text: &str) -> EventKind {
        EventKind::Notice(Notice { text: Line::from_text(text), trouble: false })
    }

    fn shown(recording: &Recording, secs: i64, size: Option<(u16, u16)>) -> String {
        let (app, size) = recording.play(Timestamp::from_secs(secs), size);
        text(&app, size)
    }

    #[test]
    fn events_that_were_recorded_in_the_other_order_are_all_played() {
        let recording = recording(&[(102, notice("first")), (101, notice("second"))]);
        assert_eq!(recording.end, Timestamp::from_secs(102));
        assert!(!shown(&recording, 101, None).contains("second"), "it was recorded after the first");
        assert!(shown(&recording, 102, None).contains("second"));
    }

    #[test]
    fn a_moment_between_two_events_has_its_own_age() {
        let recording = recording(&[(101, notice("sent")), (200, EventKind::Tick)]);
        assert!(shown(&recording, 103, None).contains("sent"));
        assert!(!shown(&recording, 150, None).contains("sent"), "a notice is gone by then");
    }

    #[test]
    fn the_size_is_the_recorded_one_unless_another_is_asked_for() {
        let resize = EventKind::Input(Input::Resize { width: 40, height: 12 });
        let recording = recording(&[(101, resize)]);
        assert_eq!(shown(&recording, 100, None).lines().count(), 10);
        assert_eq!(shown(&recording, 101, None).lines().count(), 12);
        assert_eq!(shown(&recording, 101, Some((50, 20))).lines().count(), 20);
    }
}
