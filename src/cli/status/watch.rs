//! `status --watch`: a line for each change, until somebody ends it.

use std::time::Duration;

use serde_json::json;
use tokio::signal::unix::Signal;
use tokio::sync::mpsc;

use super::table::{Looks, word};
use super::{Known, save};
use crate::app::event::Event;
use crate::cli::check::{fit, sgr};
use crate::cli::failure::Failure;
use crate::cli::{Exit, output};
use crate::diagnosis::ServiceHealth;
use crate::model::service::Health;
use crate::runtime::store::Store;

/// How often a value is looked at whether it has become stale, and the state is written.
const TICK: Duration = Duration::from_secs(5);

/// Prints what changes. Ends by a signal only.
pub async fn watch(
    known: &mut Known,
    mut received: mpsc::Receiver<Event>,
    mut interrupt: Signal,
    as_json: bool,
    looks: &Looks,
    store: Option<&Store>,
) -> Result<Exit, Failure> {
    let mut before = known.assessment().services;
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            Some(event) = received.recv() => { known.take(event); }
            _ = tick.tick() => save(known, store),
            _ = interrupt.recv() => return Ok(Exit::Signal(2)),
        }
        let after = known.assessment().services;
        for (old, new) in before.iter().zip(&after).filter(|(old, new)| old.health != new.health) {
            output::print(line(known, old, new, as_json, looks))?;
        }
        before = after;
    }
}

fn line(known: &Known, old: &ServiceHealth, new: &ServiceHealth, as_json: bool, looks: &Looks) -> String {
    let now = known.clock.now();
    let why = new.reasons.first().map(|reason| reason.text.to_string());
    if as_json {
        let line = json!({ "at": now, "service": new.service, "from": old.health, "to": new.health, "since": new.since, "because_of": new.because_of, "text": why });
        return format!("{line}\n");
    }
    let when = now.in_zone(&known.project.time_zone).strftime("%Y-%m-%d %H:%M:%S %Z").to_string();
    let after = match (new.health, why) {
        (Health::Healthy, _) | (_, None) => String::new(),
        (_, Some(why)) => format!(": {why}"),
    };
    let text = fit(&format!("{when}  {} {}{after}", new.service, word(new.health)), looks.width);
    if looks.colour { format!("{}{text}\x1b[0m\n", sgr(new.health)) } else { format!("{text}\n") }
}
