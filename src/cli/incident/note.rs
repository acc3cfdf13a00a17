//! `crashcart note`: a line in the timeline, from any shell or pipe.

use std::io::Read as _;

use anyhow::anyhow;

use super::Desk;
use crate::cli::args::{Cli, NoteArgs};
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::{Exit, output};
use crate::model::incident::IncidentEvent;
use crate::model::text::Line;

/// More than this of a pipe is a log, and not a note.
const LARGEST: u64 = 64 * 1024;
const LINES: usize = 400;

pub fn run(cli: &Cli, args: &NoteArgs, environment: &Environment) -> Result<Exit, Failure> {
    let mut piped = Vec::new();
    if !environment.stdin_is_terminal {
        std::io::stdin().take(LARGEST).read_to_end(&mut piped)?;
    }
    let mut more = Line::lines_of(&String::from_utf8_lossy(&piped), LINES);
    while more.last().is_some_and(Line::is_empty) {
        more.pop();
    }
    let mut text = Line::from_text(args.text.join(" ").trim());
    if text.is_empty() && !more.is_empty() {
        text = more.remove(0);
    }
    if text.is_empty() {
        return Err(Failure::usage(anyhow!("there is nothing to write"))
            .hint("crashcart note 'what happened', or pipe something in"));
    }
    let mut desk = Desk::open(cli, environment)?;
    let incident = desk.find(&args.incident)?;
    let happened_at = desk.when(&args.when)?;
    desk.write(&incident, &IncidentEvent::Noted { text, more, happened_at })?;
    output::tell(&format!("noted in #{} {}\n", incident.number, incident.title));
    Ok(Exit::Healthy)
}
