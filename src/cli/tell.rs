//! `crashcart tell`: a status update to chats, webhooks and everybody else who is told.

use std::io::Read as _;

use anyhow::anyhow;

use super::args::{Cli, TellArgs};
use super::environment::Environment;
use super::failure::Failure;
use super::page::{How, Office};
use super::run::edited;
use super::{Exit, output};
use crate::model::text::Line;
use crate::paging::draft::{Material, template};
use crate::paging::plan_update;

/// More than this of a pipe is a log, and not a status update.
const LARGEST: u64 = 16 * 1024;
const LINES: usize = 60;

/// What stands below it in the editor is not sent.
const SCISSORS: &str = "# Everything below this line stays here. An empty text sends nothing.";

pub(super) fn run(cli: &Cli, args: &TellArgs, environment: &Environment) -> Result<Exit, Failure> {
    let office = Office::open(cli, &args.incident, environment)?;
    let own = match args.text.join(" ").trim() {
        "" => written(&office, environment)?,
        text => Line::lines_of(text, LINES),
    };
    if own.is_empty() {
        output::tell("Nothing was sent.\n");
        return Ok(Exit::Wrong);
    }
    let plan = office.plan(|ground| plan_update(&own, &args.to, args.resolved, ground))?;
    office.carry(&plan, How { dry_run: args.dry_run, json: args.json, yes: args.yes, must_ask: false })
}

/// What is piped in, or what somebody writes in their editor.
fn written(office: &Office, environment: &Environment) -> Result<Vec<Line>, Failure> {
    let material = Material {
        incident: &office.incident,
        moments: &office.moments,
        zone: &office.acting.project.time_zone,
        now: office.desk.clock.now(),
        by: &office.desk.by,
    };
    let begin = template(&material);
    let text = if office.acting.is_interactive {
        let latest: String =
            office.moments.iter().rev().take(20).map(|moment| format!("# {}\n", moment.text)).collect();
        let edited = edited(&format!("{begin}\n\n{SCISSORS}\n{latest}"), environment)?;
        edited.split(SCISSORS).next().unwrap_or_default().trim().to_owned()
    } else if environment.stdin_is_terminal {
        return Err(Failure::usage(anyhow!("there is nothing to tell")).hint("crashcart tell 'what is known by now'"));
    } else {
        let mut piped = Vec::new();
        std::io::stdin().take(LARGEST).read_to_end(&mut piped)?;
        let piped = String::from_utf8_lossy(&piped).trim().to_owned();
        if piped.is_empty() { begin } else { piped }
    };
    Ok(Line::lines_of(&text, LINES))
}
