//! `crashcart runbooks runs`: what was followed and is being followed.

use anyhow::anyhow;
use serde_json::{Value, json};

use crate::cli::acting::state_dir;
use crate::cli::args::Cli;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::{Exit, config_file, output};
use crate::clock::Clock;
use crate::journal::Journal;
use crate::runbook::run::{Run, StepStanding};
use crate::runbook::runs::{Runs, Standing};
use crate::runtime::redaction::redact;
use crate::ui::format;

pub fn run(cli: &Cli, wanted: Option<&str>, as_json: bool, environment: &Environment) -> Result<Exit, Failure> {
    let clock = Clock::system();
    let Some(journal) = Journal::open_to_read(&state_dir(cli, environment)?)? else {
        output::print(if as_json { "[]\n" } else { "Nothing was followed yet.\n" })?;
        return Ok(Exit::Healthy);
    };
    let runs = journal.runs()?;
    let Some(wanted) = wanted else {
        let rows: Vec<&Run> = runs.latest_first().take(30).collect();
        if as_json {
            let rows: Vec<Value> = rows.iter().map(|run| summary(&runs, run, &clock)).collect();
            output::print(redact(&format!("{:#}\n", Value::Array(rows))).as_ref())?;
            return Ok(Exit::Healthy);
        }
        let mut text = String::new();
        for run in &rows {
            let word = word(runs.standing(run, clock.now()), run);
            let age = format::age(clock.now().since(run.begun_at));
            let people: Vec<String> = run.people.iter().map(|actor| actor.user.to_string()).collect();
            text.push_str(&format!(
                "{}  {:<20} {word:<22} step {} of {}  {age} ago  {}\n",
                run.id.short(),
                run.beginning.name,
                (run.current + 1).min(run.steps.len()),
                run.steps.len(),
                people.join(", ")
            ));
        }
        output::print(if text.is_empty() { "Nothing was followed yet.\n".to_owned() } else { text })?;
        return Ok(Exit::Healthy);
    };
    let found = runs.latest_first().find(|run| {
        wanted == "last" || run.id.as_str() == wanted || (wanted.len() >= 3 && run.id.as_str().ends_with(wanted))
    });
    // The journal has all of it, and what is kept at hand is less.
    let found = found.ok_or_else(|| {
        Failure::usage(anyhow!("there is no run `{wanted}`")).hint("crashcart runbooks runs lists them")
    })?;
    let run = journal.run(&found.id)?.unwrap_or_else(|| found.clone());
    if as_json {
        let mut document = summary(&runs, &run, &clock);
        document["values"] = json!(run.values);
        document["steps"] = run
            .runbook
            .steps()
            .zip(&run.steps)
            .enumerate()
            .map(|(number, (step, state))| {
                let executions: Vec<Value> = run.executions_of(number).map(execution).collect();
                json!({ "step": number + 1, "title": step.title, "standing": state.standing.word(), "note": state.note,
                    "by": state.by.as_ref().map(|(by, _)| by.to_string()), "at": state.by.as_ref().map(|(_, at)| at),
                    "operation": state.operation, "executions": executions })
            })
            .collect();
        output::print(redact(&format!("{document:#}\n")).as_ref())?;
    } else {
        output::print(redact(&text(&run, &clock, &runs)).as_ref())?;
    }
    let bad = run.steps.iter().any(|state| matches!(state.standing, StepStanding::Failed | StepStanding::Unknown));
    Ok(if bad { Exit::Wrong } else { Exit::Healthy })
}

fn word(standing: Standing, run: &Run) -> String {
    match standing {
        Standing::Waits => "open".to_owned(),
        Standing::Starting => "starting".to_owned(),
        Standing::Running => "running".to_owned(),
        Standing::Interrupted => "interrupted".to_owned(),
        Standing::Closed if run.is_through() => "gone through".to_owned(),
        Standing::Closed => format!("closed, {} of {}", run.over(), run.steps.len()),
    }
}

fn summary(runs: &Runs, run: &Run, clock: &Clock) -> Value {
    let people: Vec<String> = run.people.iter().map(ToString::to_string).collect();
    json!({ "run": run.id, "runbook": run.beginning.name, "title": run.runbook.title, "service": run.beginning.service,
            "standing": word(runs.standing(run, clock.now()), run), "begun_at": run.begun_at, "last_at": run.last_at,
            "people": people, "step": run.current + 1, "count": run.steps.len(), "why": run.beginning.why })
}

fn execution(one: &crate::runbook::run::Execution) -> Value {
    let lines: Vec<&str> = one.output.lines().map(|line| line.text.as_str()).collect();
    let settled = one.settled.as_ref().map(|(at, verdict, said)| json!({ "at": at, "verdict": verdict, "said": said }));
    json!({ "text": one.script.text, "host": one.script.host, "edited": one.edited, "purpose": one.purpose, "by": one.by.to_string(),
            "asked_at": one.asked_at, "attempt": one.attempt, "settled": settled, "output": lines,
            "left_out_bytes": one.output.left_out, "left_out_lines": one.output.dropped_lines })
}

fn text(run: &Run, clock: &Clock, runs: &Runs) -> String {
    let zone = config_file::time_zone(None, &mut Vec::new());
    let at = |at: crate::model::time::Timestamp| at.in_zone(&zone).strftime("%F %T %Z").to_string();
    let people: Vec<String> = run.people.iter().map(ToString::to_string).collect();
    let why = run.beginning.why.as_ref().map(|why| format!(", because {why}")).unwrap_or_default();
    let mut text = format!(
        "{}  (run {}, {})\nbegun {}{why}; with {}\n",
        run.runbook.title,
        run.id.short(),
        word(runs.standing(run, clock.now()), run),
        at(run.begun_at),
        people.join(", ")
    );
    for (number, (step, state)) in run.runbook.steps().zip(&run.steps).enumerate() {
        let by = state.by.as_ref().map(|(by, when)| format!("  {} {by}", at(*when))).unwrap_or_default();
        text.push_str(&format!("\n{:>3}. {}: {}{by}\n", number + 1, step.title, state.standing.word()));
        if let Some(note) = &state.note {
            text.push_str(&format!("     {note}\n"));
        }
        for one in run.executions_of(number) {
            for line in crate::model::text::Line::lines_of(&one.script.text, 100) {
                text.push_str(&format!("     $ {line}\n"));
            }
            for line in &one.output.head {
                text.push_str(&format!("       {}\n", line.text));
            }
            if one.output.has_gap() {
                text.push_str(&format!(
                    "       ... {} and {} lines are not shown ...\n",
                    format::bytes(one.output.left_out),
                    one.output.dropped_lines
                ));
            }
            for line in &one.output.tail {
                text.push_str(&format!("       {}\n", line.text));
            }
            if let Some((_, verdict, said)) = &one.settled {
                text.push_str(&format!("       {}: {said}\n", verdict.word()));
            }
        }
    }
    text
}
