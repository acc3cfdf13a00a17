//! The status as a table: worst first, one row a service, then this machine.

use super::Known;
use crate::cli::check::{fit, sgr};
use crate::diagnosis::{Assessment, ServiceHealth};
use crate::model::self_check::Network;
use crate::model::service::Health;
use crate::model::text::measure;
use crate::ui::format;
use crate::ui::glyphs::{ASCII, UNICODE};

/// What the last row is about.
const MACHINE: &str = "this machine";
/// A longer name pushes its own row to the right, not everybody's.
const WIDEST_NAME: usize = 32;

/// How the table looks.
#[derive(Clone, Copy, Debug)]
pub struct Looks {
    pub colour: bool,
    pub unicode: bool,
    /// Rows are cut to this; `None` for a pipe.
    pub width: Option<usize>,
}

impl Looks {
    fn glyph(self, health: Health) -> &'static str {
        let set = if self.unicode { &UNICODE } else { &ASCII };
        match health {
            Health::Down => set.down,
            Health::Degraded => set.degraded,
            Health::Unknown => set.unknown,
            Health::Maintenance => set.maintenance,
            Health::Healthy => set.healthy,
        }
    }

    fn row(self, health: Health, text: &str) -> String {
        let text = fit(text, self.width);
        if self.colour { format!("{}{text}\x1b[0m\n", sgr(health)) } else { format!("{text}\n") }
    }
}

/// Returns the word for a health.
pub fn word(health: Health) -> &'static str {
    match health {
        Health::Down => "DOWN",
        Health::Degraded => "degraded",
        Health::Unknown => "unknown",
        Health::Maintenance => "paused",
        Health::Healthy => "ok",
    }
}

/// Returns the whole table.
pub fn table(known: &Known, assessment: &Assessment, looks: &Looks) -> String {
    let now = known.clock.now();
    let mut text = String::new();
    if let Some(withheld) = &known.project.withheld {
        text.push_str(&looks.row(Health::Unknown, &format!("{} {withheld}", looks.glyph(Health::Unknown))));
    }
    for trouble in [&assessment.network.trouble, &assessment.network.clock].into_iter().flatten() {
        text.push_str(&looks.row(Health::Down, &format!("{} {trouble}", looks.glyph(Health::Degraded))));
    }
    let services = assessment.worst_first();
    let widest = services.iter().map(|found| measure::width(found.service.as_str())).max().unwrap_or(0);
    let name_width = widest.clamp(MACHINE.len(), WIDEST_NAME);
    for found in services {
        let since = match (found.health, found.since) {
            (Health::Healthy, _) | (_, None) => String::new(),
            (_, Some(since)) => format::age(now.since(since)),
        };
        let name = padded(found.service.as_str(), name_width);
        let (sign, word) = (looks.glyph(found.health), word(found.health));
        let row = format!("{sign} {name}  {word:<8} {since:>6}  {}", why(found));
        text.push_str(&looks.row(found.health, row.trim_end()));
    }
    text.push_str(&host(known, assessment, looks, name_width));
    text
}

fn why(found: &ServiceHealth) -> String {
    match (&found.because_of, found.reasons.as_slice()) {
        (Some(cause), _) => format!("because {cause} is down"),
        (None, [reason]) => reason.text.to_string(),
        (None, [reason, others @ ..]) => format!("{} (and {} more)", reason.text, others.len()),
        (None, []) if found.health == Health::Unknown => "no checks are configured".to_owned(),
        (None, []) => String::new(),
    }
}

fn padded(text: &str, cells: usize) -> String {
    format!("{text}{}", " ".repeat(cells.saturating_sub(measure::width(text))))
}

fn host(known: &Known, assessment: &Assessment, looks: &Looks, name_width: usize) -> String {
    let health = assessment.host.health;
    let mut parts: Vec<String> = assessment.host.reasons.iter().map(|(_, text)| text.to_string()).collect();
    match known.snapshot.host.value.as_ref().filter(|_| health != Health::Unknown) {
        None => parts.push("not looked at yet".to_owned()),
        Some(sample) if parts.is_empty() => {
            parts.push(format!("cpu {}", sample.cpu.map_or_else(|| "-".to_owned(), format::percent)));
            parts.push(format!("mem {}", sample.memory.share().map_or_else(|| "-".to_owned(), format::percent)));
            let fullest = sample.disks.iter().max_by(|a, b| a.share().total_cmp(&b.share()));
            parts.extend(fullest.map(|disk| format!("disk {} {}", disk.mount, format::percent(disk.share()))));
        }
        Some(_) => {}
    }
    let network = match assessment.network.network {
        Network::Fine => "ok",
        Network::NoRoute => "none",
        Network::NoNames => "resolves no names",
        Network::Unknown => "unknown",
    };
    parts.push(format!("network {network}"));
    let (sign, word) = (looks.glyph(health), word(health));
    let row = format!("{sign} {}  {word:<8} {:>6}  {}", padded(MACHINE, name_width), "", parts.join("  "));
    looks.row(health, &row)
}
