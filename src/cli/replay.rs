//! `crashcart replay`: a recorded night, as the screen was.
//!
//! Without a terminal, or with `--print`, the last screen as text.

use std::io::Write as _;
use std::time::{Duration, Instant};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc;

use super::Exit;
use super::args::{Cli, ReplayArgs};
use super::environment::Environment;
use super::failure::Failure;
use super::output;
use crate::app::event::{Event, EventKind, Input, Key, KeyCode};
use crate::app::{App, Setup};
use crate::model::time::Timestamp;
use crate::runtime::input::{Parsed, Parser};
use crate::runtime::paint::{Depth, difference};
use crate::runtime::recorder;
use crate::runtime::terminal::{self, Terminal};
use crate::runtime::tty::{FromTty, Reader};

/// How far one key jumps.
const JUMP: Duration = Duration::from_secs(10);
const SPEEDS: [f64; 6] = [0.5, 1.0, 2.0, 5.0, 20.0, 60.0];

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
    setup.ascii |= args.look.ascii;
    let start = setup.now;
    let end = events.last().map_or(start, |event| event.at);
    let at = args.at.map_or(end, |at| start + at);
    if args.print || !environment.stdout_is_terminal || !environment.stdin_is_terminal {
        let size = args.size.unwrap_or(setup.size);
        let app = played(&setup, &events, at, size);
        return Ok(output::print(text(&app, size)).map(|()| Exit::Healthy)?);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let from = args.at.map_or(start, |at| start + at);
    runtime.block_on(show(&setup, &events, from, end, depth))?;
    Ok(Exit::Healthy)
}

/// Returns the console as it was at a time, on a screen of this size.
fn played(setup: &Setup, events: &[Event], until: Timestamp, size: (u16, u16)) -> App {
    let (mut app, _) = App::new(Setup { size, ..setup.clone() });
    for event in events.iter().take_while(|event| event.at <= until) {
        // The recorded terminal's sizes are not this one's.
        if !matches!(event.kind, EventKind::Input(Input::Resize { .. })) {
            app.update(event.clone());
        }
    }
    app
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

/// Plays in the recorded time: space pauses, arrows jump, + and - change the speed, q ends it.
async fn show(setup: &Setup, events: &[Event], from: Timestamp, end: Timestamp, depth: Depth) -> anyhow::Result<()> {
    let _terminal = Terminal::enter(None)?;
    let (to, mut keys) = mpsc::unbounded_channel();
    let _reader = Reader::start(to)?;
    let mut parser = Parser::default();
    let (mut at, mut paused, mut speed) = (from, false, 1_usize);
    let mut shown: Option<Buffer> = None;
    let mut position: Option<(App, usize, (u16, u16), Timestamp)> = None;
    let mut last = Instant::now();
    loop {
        let size = terminal::size();
        // Going back means from the beginning: the state of an hour is played in milliseconds.
        let again = position.as_ref().is_none_or(|(_, _, before, until)| *before != size || *until > at);
        if again {
            position =
                Some((played(setup, events, at, size), events.partition_point(|event| event.at <= at), size, at));
        }
        if let Some((app, next, _, until)) = &mut position {
            while let Some(event) = events.get(*next).filter(|event| event.at <= at) {
                if !matches!(event.kind, EventKind::Input(Input::Resize { .. })) {
                    app.update(event.clone());
                }
                *next += 1;
            }
            *until = at;
            app.update(Event { at, kind: EventKind::Tick });
            let area = Rect::new(0, 0, size.0, size.1);
            let mut wanted = Buffer::empty(area);
            app.view(area, &mut wanted);
            let state = if paused { "paused" } else { "playing" };
            let line = format!(
                " replay {} of {}  {state} x{}  space pause  arrows 10s  + - speed  q end ",
                clock(at.since(setup.now)),
                clock(end.since(setup.now)),
                SPEEDS[speed]
            );
            wanted.set_stringn(
                0,
                size.1.saturating_sub(1),
                format!("{line:<width$}", width = usize::from(size.0)),
                usize::from(size.0),
                ratatui::style::Style::new().add_modifier(ratatui::style::Modifier::REVERSED),
            );
            let bytes = difference(shown.as_ref(), &wanted, depth);
            shown = Some(wanted);
            let mut stdout = std::io::stdout().lock();
            stdout.write_all(bytes.as_bytes())?;
            stdout.flush()?;
        }
        let heard = tokio::time::timeout(Duration::from_millis(100), keys.recv()).await;
        let passed = last.elapsed();
        last = Instant::now();
        if !paused && at < end {
            at = (at + passed.mul_f64(SPEEDS[speed])).min(end);
        }
        let parsed = match heard {
            Ok(Some(FromTty::Bytes(bytes))) => parser.feed(&bytes),
            Ok(Some(FromTty::HungUp) | None) => break,
            Err(_) => parser.pause(),
        };
        for found in parsed {
            let Parsed::Input(Input::Key(Key { code, ctrl, .. })) = found else { continue };
            match code {
                KeyCode::Char('q') | KeyCode::Esc => return Ok(()),
                KeyCode::Char('c') if ctrl => return Ok(()),
                KeyCode::Char(' ') => paused = !paused,
                KeyCode::Right | KeyCode::Char('l') => at = (at + JUMP).min(end),
                KeyCode::Left | KeyCode::Char('h') => at = (at - JUMP).max(setup.now),
                KeyCode::Home | KeyCode::Char('g') => at = setup.now,
                KeyCode::End | KeyCode::Char('G') => at = end,
                KeyCode::Char('+') => speed = (speed + 1).min(SPEEDS.len() - 1),
                KeyCode::Char('-') => speed = speed.saturating_sub(1),
                _ => {}
            }
        }
    }
    Ok(())
}

fn clock(span: Duration) -> String {
    let secs = span.as_secs();
    format!("{}:{:02}:{:02}", secs / 3_600, secs % 3_600 / 60, secs % 60)
}
