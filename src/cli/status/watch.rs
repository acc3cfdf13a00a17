//! `status --watch`: a line for each change, until somebody ends it or nobody reads any more.
//!
//! With `--json` the whole document first, then for each change one object: `at`, `what` (`service`, `host`,
//! `network`), `service` (its name, or null), `from`, `to`, `since`, `because_of`, `text`.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::signal::unix::{Signal, SignalKind};

use super::round::Round;
use super::table::{Looks, word};
use super::{Known, exit, save};
use crate::cli::check::{fit, sgr};
use crate::cli::failure::Failure;
use crate::cli::{Exit, output};
use crate::diagnosis::{Assessment, ServiceHealth};
use crate::model::self_check::Network;
use crate::model::service::Health;
use crate::runtime::store::Store;
use crate::ui::format;

/// How often a value is looked at whether it has become stale.
const TICK: Duration = Duration::from_secs(5);
/// Every how many of these the state is written.
const SAVE_EVERY: u32 = 2;

/// Something that became different.
struct Turn {
    health: Health,
    /// The rest of the line after the time.
    text: String,
    json: Value,
}

/// Prints what changes.
pub async fn watch(
    known: &mut Known,
    mut round: Round,
    mut interrupt: Signal,
    as_json: bool,
    looks: &Looks,
    store: Option<&Store>,
) -> Result<Exit, Failure> {
    let mut before = known.assessment();
    let mut tick = tokio::time::interval(TICK);
    let mut ticks = 0_u32;
    loop {
        tokio::select! {
            biased;
            _ = interrupt.recv() => {
                save(known, store);
                return Ok(Exit::Signal(SignalKind::interrupt().as_raw_value()));
            }
            _ = tick.tick() => {
                ticks = ticks.wrapping_add(1);
                if ticks.is_multiple_of(SAVE_EVERY) {
                    save(known, store);
                }
            }
            () = round.next(known) => {}
        }
        let after = known.assessment();
        for turn in turns(known, &before, &after) {
            if !output::print_on(line(known, &turn, as_json, looks))? {
                save(known, store);
                return Ok(exit(known, &after));
            }
        }
        before = after;
    }
}

fn turns(known: &Known, before: &Assessment, after: &Assessment) -> Vec<Turn> {
    let mut turns = Vec::new();
    for (old, new) in before.services.iter().zip(&after.services).filter(|(old, new)| old.health != new.health) {
        turns.push(service(known, old, new));
    }
    if before.network.network != after.network.network || before.network.clock != after.network.clock {
        let (from, to) = (before.network.network, after.network.network);
        let trouble: Vec<String> =
            [&after.network.trouble, &after.network.clock].into_iter().flatten().map(ToString::to_string).collect();
        let (health, text) = match (to, trouble.join("; ")) {
            (_, text) if !text.is_empty() => (Health::Down, text),
            (Network::Unknown, _) => (Health::Unknown, "this machine cannot tell whether it has a network".to_owned()),
            _ => (Health::Healthy, "this machine's network is fine".to_owned()),
        };
        let json = json!({
            "at": known.clock.now(), "what": "network", "service": null, "from": from, "to": to, "since": null,
            "because_of": null, "text": text,
        });
        turns.push(Turn { health, text, json });
    }
    if before.host.health != after.host.health {
        let why: Vec<String> = after.host.reasons.iter().map(|(_, text)| text.to_string()).collect();
        let why = (!why.is_empty()).then(|| why.join("; "));
        let json = json!({
            "at": known.clock.now(), "what": "host", "service": null, "from": before.host.health,
            "to": after.host.health, "since": null, "because_of": null, "text": why,
        });
        turns.push(Turn { health: after.host.health, text: told("this machine", after.host.health, why), json });
    }
    turns
}

fn service(known: &Known, old: &ServiceHealth, new: &ServiceHealth) -> Turn {
    let now = known.clock.now();
    let why = new.reasons.first().map(|reason| reason.text.to_string());
    let json = json!({
        "at": now, "what": "service", "service": new.service, "from": old.health, "to": new.health,
        "since": new.since, "because_of": new.because_of, "text": why,
    });
    let mut text = told(new.service.as_str(), new.health, why);
    if let (Health::Healthy, Some(since)) = (new.health, old.since) {
        text.push_str(&format!(" after {} {}", format::age(now.since(since)), word(old.health)));
    }
    if let Some(cause) = &new.because_of {
        text.push_str(&format!(" (because {cause} is down)"));
    }
    Turn { health: new.health, text, json }
}

fn told(who: &str, health: Health, why: Option<String>) -> String {
    match why {
        Some(why) => format!("{who} {}: {why}", word(health)),
        None => format!("{who} {}", word(health)),
    }
}

fn line(known: &Known, turn: &Turn, as_json: bool, looks: &Looks) -> String {
    if as_json {
        return format!("{}\n", turn.json);
    }
    let when = known.clock.now().in_zone(&known.project.time_zone).strftime("%Y-%m-%d %H:%M:%S %Z").to_string();
    let text = fit(&format!("{when}  {}", turn.text), looks.width);
    if looks.colour { format!("{}{text}\x1b[0m\n", sgr(turn.health)) } else { format!("{text}\n") }
}
