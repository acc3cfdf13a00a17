//! `crashcart check`: one probe, explained.
//!
//! With `--json` one object: `at`, `check` (what was asked), `verdict` (`ok`, `warning`, `failed`, `unknown`), `cause`,
//! `message`, `hint`, `took_ms`, and `facts` as the probe found them (phases in microseconds).

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::Exit;
use super::args::{CheckArgs, Cli};
use super::config_file::Project;
use super::environment::Environment;
use super::failure::Failure;
use super::{output, outside};
use crate::clock::Clock;
use crate::config::duration;
use crate::diagnosis::explain::{Fact, Tone, asked, explain};
use crate::model::check::{CheckSpec, Facts, Outcome, ProbeResult};
use crate::model::service::Health;
use crate::runtime::poll::Outside as _;
use crate::ui::paint;

/// After this long a person wonders whether anything happens; then as often they want to see that time goes on.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) fn run(cli: &Cli, args: &CheckArgs, environment: &Environment) -> Result<Exit, Failure> {
    let spec = args.spec()?;
    let clock = Clock::system();
    let world = Arc::new(outside::prober(&Project::empty(), &clock));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let result = runtime.block_on(async {
        let probe = world.probe(&spec);
        tokio::pin!(probe);
        let begun = Instant::now();
        let mut patience = tokio::time::interval_at(begun + PATIENCE, PATIENCE);
        let mut progress = output::Progress::default();
        let limit = duration::text(spec.cadence.timeout);
        loop {
            tokio::select! {
                result = &mut probe => return result,
                _ = patience.tick(), if environment.stderr_is_terminal => {
                    let waited = begun.elapsed().as_secs();
                    progress.show(&format!("{}: waiting, {waited}s of at most {limit}", asked(&spec.probe)));
                }
            }
        }
    });
    runtime.shutdown_background();
    if args.json {
        output::print(format!("{}\n", document(&spec, &result)))?;
    } else {
        let colour = environment.stdout_is_terminal && !super::console::no_color(cli, environment);
        let zone = jiff::tz::TimeZone::system();
        output::print(text(&explain(&spec, &result, clock.now(), &zone), colour))?;
    }
    Ok(match result.outcome {
        Outcome::Pass => Exit::Healthy,
        Outcome::Warn(_) | Outcome::Fail(_) => Exit::Wrong,
        Outcome::Unknown(_) => Exit::CouldNotTell,
    })
}

fn text(facts: &[Fact], colour: bool) -> String {
    let mut text = String::new();
    for fact in facts {
        let (on, off) = match (colour, fact.tone) {
            (true, Tone::Verdict(health)) => (sgr(health), "\x1b[0m"),
            (true, Tone::Advice) => ("\x1b[36m", "\x1b[0m"),
            _ => ("", ""),
        };
        text.push_str(&format!("{:<12} {on}{}{off}\n", fact.label, fact.text));
    }
    text
}

/// Returns the colour of a health on standard output: one of the sixteen that the user has chosen.
pub(super) fn sgr(health: Health) -> &'static str {
    match health {
        Health::Down => "\x1b[1;31m",
        Health::Degraded => "\x1b[33m",
        Health::Unknown => "\x1b[35m",
        Health::Maintenance => "\x1b[2m",
        Health::Healthy => "\x1b[32m",
    }
}

/// Returns the result as a document.
pub(super) fn document(spec: &CheckSpec, result: &ProbeResult) -> serde_json::Value {
    let verdict = match &result.outcome {
        Outcome::Pass => "ok",
        Outcome::Warn(_) => "warning",
        Outcome::Fail(_) => "failed",
        Outcome::Unknown(_) => "unknown",
    };
    let finding = result.outcome.finding();
    let facts = match &result.facts {
        Facts::None => serde_json::Value::Null,
        Facts::Http(facts) => json!({ "http": facts }),
        Facts::Tcp(facts) => json!({ "tcp": facts }),
        Facts::Tls(facts) => json!({ "tls": facts }),
        Facts::Dns(facts) => json!({ "dns": facts }),
        Facts::Heartbeat(facts) => json!({ "heartbeat": facts }),
        Facts::Command(facts) => json!({ "command": facts }),
    };
    json!({
        "at": result.at,
        "check": asked(&spec.probe),
        "kind": spec.probe.kind(),
        "verdict": verdict,
        "cause": finding.map(|finding| finding.cause),
        "message": finding.map(|finding| &finding.message),
        "hint": finding.and_then(|finding| finding.hint.as_ref()),
        "took_ms": u64::try_from(result.took.as_millis()).unwrap_or(u64::MAX),
        "facts": facts,
    })
}

/// Cuts a row to a terminal's width; a pipe gets all of it.
pub(super) fn fit(text: &str, width: Option<usize>) -> String {
    match width.filter(|width| paint::width(text) > *width) {
        Some(width) => {
            let (head, _) = crate::model::text::measure::split_at(text, width.saturating_sub(1));
            format!("{head}~")
        }
        None => text.to_owned(),
    }
}
