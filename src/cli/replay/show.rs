//! A recording on a terminal: played in its own time, with keys to pause, jump and change the speed.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::{Place, Recording};
use crate::app::App;
use crate::app::event::{Input, Key, KeyCode};
use crate::model::text::measure;
use crate::model::time::Timestamp;
use crate::runtime::input::{Parsed, Parser};
use crate::runtime::paint::{Depth, difference};
use crate::runtime::terminal::{self, Terminal};
use crate::runtime::tty::{FromTty, Reader};

/// How far one key jumps.
const JUMP: Duration = Duration::from_secs(10);
const SPEEDS: [f64; 6] = [0.5, 1.0, 2.0, 5.0, 20.0, 60.0];
const NORMAL: usize = 1;
/// How often the screen is looked at. More often would show nothing new at normal speed.
const FRAME: Duration = Duration::from_millis(100);

/// Where the player is.
struct Player<'a> {
    recording: &'a Recording,
    at: Timestamp,
    paused: bool,
    speed: usize,
    /// The console at the moment that was drawn last.
    console: Option<(App, Place, Timestamp)>,
}

/// Plays a recording until the user ends it, or a signal does, which is returned.
pub async fn show(recording: &Recording, from: Timestamp, depth: Depth) -> io::Result<Option<SignalKind>> {
    let (mut terminate, mut hang_up, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?, signal(SignalKind::interrupt())?);
    let _terminal = Terminal::enter(None)?;
    let (to, mut keys) = mpsc::unbounded_channel();
    let _reader = Reader::start(to)?;
    let mut parser = Parser::default();
    let mut player = Player { recording, at: from, paused: false, speed: NORMAL, console: None };
    let mut shown: Option<Buffer> = None;
    let mut last = Instant::now();
    loop {
        let wanted = player.screen(terminal::size());
        let bytes = difference(shown.as_ref(), &wanted, depth);
        shown = Some(wanted);
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes.as_bytes())?;
        stdout.flush()?;
        drop(stdout);
        let parsed = tokio::select! {
            _ = terminate.recv() => return Ok(Some(SignalKind::terminate())),
            _ = hang_up.recv() => return Ok(Some(SignalKind::hangup())),
            _ = interrupt.recv() => return Ok(Some(SignalKind::interrupt())),
            heard = keys.recv() => match heard {
                Some(FromTty::Bytes(bytes)) => parser.feed(&bytes),
                Some(FromTty::HungUp) | None => return Ok(None),
            },
            () = tokio::time::sleep(FRAME) => parser.pause(),
        };
        player.pass(last.elapsed());
        last = Instant::now();
        for found in parsed {
            if let Parsed::Input(Input::Key(key)) = found
                && player.press(key)
            {
                return Ok(None);
            }
        }
    }
}

impl Player<'_> {
    fn pass(&mut self, time: Duration) {
        if !self.paused {
            self.at = (self.at + time.mul_f64(SPEEDS[self.speed])).min(self.recording.end);
        }
    }

    /// Does what a key says. Returns whether that is the end.
    fn press(&mut self, key: Key) -> bool {
        let (start, end) = (self.recording.start(), self.recording.end);
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => return true,
            KeyCode::Char('c') if key.ctrl => return true,
            KeyCode::Char(' ') => self.paused = !self.paused,
            KeyCode::Right | KeyCode::Char('l') => self.at = (self.at + JUMP).min(end),
            KeyCode::Left | KeyCode::Char('h') => self.at = (self.at - JUMP).max(start),
            KeyCode::Home | KeyCode::Char('g') => self.at = start,
            KeyCode::End | KeyCode::Char('G') => self.at = end,
            KeyCode::Char('+' | '=') => self.speed = (self.speed + 1).min(SPEEDS.len() - 1),
            KeyCode::Char('-') => self.speed = self.speed.saturating_sub(1),
            _ => {}
        }
        false
    }

    /// Draws the moment, with a last line that says which one it is.
    fn screen(&mut self, size: (u16, u16)) -> Buffer {
        let recording = self.recording;
        let kept = self.console.take().filter(|(_, place, at)| place.size == size && *at <= self.at);
        // Going back means from the beginning: an hour is played in milliseconds.
        let (mut app, mut place) = match kept {
            Some((app, place, _)) => (app, place),
            None => recording.open(Some(size)),
        };
        recording.go_on(&mut app, &mut place, self.at);
        let area = Rect::new(0, 0, size.0, size.1);
        let mut buffer = Buffer::empty(area);
        app.view(area, &mut buffer);
        self.console = Some((app, place, self.at));
        let cells = usize::from(size.0);
        let line = self.footer();
        let line = measure::head(&line, cells);
        let line = format!("{line}{}", " ".repeat(cells.saturating_sub(measure::width(line))));
        buffer.set_string(0, size.1.saturating_sub(1), line, Style::reset().add_modifier(Modifier::REVERSED));
        buffer
    }

    fn footer(&self) -> String {
        let (start, end) = (self.recording.start(), self.recording.end);
        let state = match (self.paused, self.at >= end) {
            (_, true) => "at its end",
            (true, false) => "paused",
            (false, false) => "playing",
        };
        let (at, all) = (clock(self.at.since(start)), clock(end.since(start)));
        format!(" replay {at} of {all}  {state} x{}  space pause  arrows 10 s  + - speed  q end ", SPEEDS[self.speed])
    }
}

fn clock(span: Duration) -> String {
    let secs = span.as_secs();
    format!("{}:{:02}:{:02}", secs / 3_600, secs % 3_600 / 60, secs % 60)
}
