//! The status as a table: worst first, one row a service, then this machine.

use super::Known;
use crate::cli::check::{fit, sgr};
use crate::diagnosis::{Assessment, ServiceHealth};
use crate::model::host::Disk;
use crate::model::service::Health;
use crate::ui::format;
use crate::ui::glyphs::{ASCII, UNICODE};

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
        text.push_str(&looks.row(Health::Unknown, withheld));
    }
    for trouble in [&assessment.network.trouble, &assessment.network.clock].into_iter().flatten() {
        text.push_str(&looks.row(Health::Unknown, &format!("{} {trouble}", looks.glyph(Health::Degraded))));
    }
    let mut services: Vec<&ServiceHealth> = assessment.services.iter().collect();
    services.sort_by_key(|found| (found.health, found.because_of.is_some(), found.since));
    let name_width = services.iter().map(|found| found.service.as_str().chars().count()).max().unwrap_or(0).max(12);
    for found in services {
        let since = match (found.health, found.since) {
            (Health::Healthy, _) | (_, None) => String::new(),
            (_, Some(since)) => format::age(now.since(since)),
        };
        let why = match (&found.because_of, found.reasons.first()) {
            (Some(cause), _) => format!("because {cause} is down"),
            (None, Some(reason)) => reason.text.to_string(),
            (None, None) if found.health == Health::Unknown => "no checks are configured".to_owned(),
            (None, None) => String::new(),
        };
        let row = format!(
            "{} {:<name_width$}  {:<8} {since:>6}  {why}",
            looks.glyph(found.health),
            found.service,
            word(found.health)
        );
        text.push_str(&looks.row(found.health, row.trim_end()));
    }
    text.push_str(&host(known, assessment, looks, name_width));
    text
}

fn host(known: &Known, assessment: &Assessment, looks: &Looks, name_width: usize) -> String {
    let Some(sample) = &known.snapshot.host.value else { return String::new() };
    let health = assessment.host.health;
    let fullest = sample.disks.iter().max_by(|a, b| a.share().total_cmp(&b.share()));
    let disk = fullest
        .map_or_else(String::new, |disk: &Disk| format!("  disk {} {}", disk.mount, format::percent(disk.share())));
    let numbers = format!(
        "cpu {}  mem {}{disk}",
        sample.cpu.map_or_else(|| "-".to_owned(), format::percent),
        sample.memory.share().map_or_else(|| "-".to_owned(), format::percent),
    );
    let why: Vec<_> = assessment.host.reasons.iter().map(|(_, text)| text.to_string()).collect();
    let text = if why.is_empty() { numbers } else { why.join("; ") };
    let row = format!("{} {:<name_width$}  {:<8} {:>6}  {text}", looks.glyph(health), "this machine", word(health), "");
    looks.row(health, &row)
}
