//! What is said of runs, in the console, on the command line and in the journal's listing.

use crate::model::run::{ProcessEnd, Purpose, RunEvent};

/// Says how a process ended.
pub fn of_end(end: &ProcessEnd) -> String {
    match end {
        ProcessEnd::Exited(0) => "ended well".to_owned(),
        ProcessEnd::Exited(code) => format!("ended with exit status {code}"),
        ProcessEnd::Killed(signal) => format!("was ended by signal {signal}"),
        ProcessEnd::TimedOut => "took too long and was ended".to_owned(),
        ProcessEnd::Stopped => "was stopped".to_owned(),
        ProcessEnd::Lost => "ran on when the line to its host was cut, as far as one can tell".to_owned(),
        ProcessEnd::NotStarted(why) => format!("could not be started: {why}"),
    }
}

/// Says what an event says, in a line.
pub fn of_event(event: &RunEvent) -> String {
    let of_step = |step: &usize, rest: &str| format!("step {}{rest}", step + 1);
    match event {
        RunEvent::Begun { beginning } => {
            let why = beginning.why.as_ref().map(|why| format!(", because {why}")).unwrap_or_default();
            format!("{}{why}", beginning.name)
        }
        RunEvent::Joined { by } => by.to_string(),
        RunEvent::Told { name, value, .. } => format!("{name} = {value}"),
        RunEvent::Asked { step, purpose, script, edited, .. } => {
            let what = if *purpose == Purpose::Undo { " back" } else { "" };
            let edited = if *edited { " (edited)" } else { "" };
            let host = script.host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
            of_step(step, &format!("{what}{host}{edited}: {}", first_line(&script.text)))
        }
        RunEvent::Claimed { worker, took_over, .. } => match took_over {
            Some(why) => format!("process {}: {why}", worker.pid),
            None => format!("process {}", worker.pid),
        },
        RunEvent::Started { attempt, checks, .. } => {
            format!("{} {attempt}", if *checks { "check, try" } else { "try" })
        }
        RunEvent::Spawned { pid, .. } => format!("process {pid}"),
        RunEvent::Said { lines, left_out, .. } => {
            let first = lines.first().map(|line| line.text.to_string()).unwrap_or_default();
            let more = lines.len().saturating_sub(1);
            let more = if more > 0 { format!(" (and {more} more lines)") } else { String::new() };
            let gap = if *left_out > 0 { format!("{left_out} bytes not kept, then: ") } else { String::new() };
            format!("{gap}{first}{more}")
        }
        RunEvent::Finished { end, background, .. } => {
            let rest = if *background > 0 { format!("; {background} of its processes go on") } else { String::new() };
            format!("{}{rest}", of_end(end))
        }
        RunEvent::Settled { verdict, said, next, .. } => {
            let next = next.map(|next| format!("; goes on at step {}", next + 1)).unwrap_or_default();
            format!("{}: {said}{next}", verdict.word())
        }
        RunEvent::StopAsked { by, .. } => format!("{by} stops it"),
        RunEvent::Skipped { step, why, .. } => of_step(step, &format!(": {why}")),
        RunEvent::Marked { step, note, .. } => {
            of_step(step, &note.as_ref().map(|note| format!(": {note}")).unwrap_or_default())
        }
        RunEvent::Operated { step, operation, .. } => of_step(step, &format!(": operation {}", operation.short())),
        RunEvent::OperationEnded { step, said, .. } => of_step(step, &format!(": {said}")),
        RunEvent::WentTo { step, why, .. } => {
            of_step(step, &why.as_ref().map(|why| format!(": {why}")).unwrap_or_default())
        }
        RunEvent::Closed { said, .. } => said.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim()
}
