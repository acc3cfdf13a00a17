//! `crashcart incident evidence`: what a restart would destroy, in one file.

use std::path::Path;

use serde_json::json;

use super::Desk;
use crate::cli::acting::state_dir;
use crate::cli::args::Cli;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::output::Progress;
use crate::cli::{Exit, output};
use crate::desk::evidence::{Order, keep};
use crate::incident::Incident;
use crate::model::incident::IncidentEvent;
use crate::model::text::Line;
use crate::ui::format;

pub fn run(
    cli: &Cli,
    desk: &mut Desk,
    incident: &Incident,
    to: Option<&Path>,
    as_json: bool,
    environment: &Environment,
) -> Result<Exit, Failure> {
    let state_dir = state_dir(cli, environment)?;
    let stamp = desk.clock.now().in_zone(&jiff::tz::TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
    let named = to.map(|path| environment.current_dir.clone().unwrap_or_default().join(path));
    let to = named
        .unwrap_or_else(|| state_dir.join("evidence").join(format!("incident-{}-{stamp}.tar.gz", incident.number)));
    let order = Order { state_dir, config: cli.global.config.clone(), number: incident.number, to: to.clone() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut progress = Progress::default();
    let tells = environment.stderr_is_terminal;
    let kept = runtime.block_on(keep(&order, &desk.clock, |piece, done, total| {
        if tells {
            progress.show(&format!("{done} of {total}: {}", piece.file));
        }
    }));
    drop(progress);
    let bundle = kept.map_err(|error| {
        Failure::usage(anyhow::anyhow!("evidence cannot be written to `{}`: {error}", to.display()))
            .hint("write it elsewhere: crashcart incident evidence --output FILE")
    })?;
    let missed: Vec<Line> = bundle
        .pieces
        .iter()
        .filter(|piece| !piece.not_set_up)
        .filter_map(|piece| {
            Some(Line::from_text(&format!("{} ({}): {}", piece.file, piece.from, piece.trouble.as_ref()?)))
        })
        .collect();
    let files = bundle.pieces.iter().filter(|piece| piece.bytes > 0).count();
    let event = IncidentEvent::Kept {
        path: Line::from_text(&bundle.path.display().to_string()),
        sha256: Line::from_text(&bundle.sha256),
        files: u32::try_from(files).unwrap_or(u32::MAX),
        missed: missed.clone(),
        happened_at: desk.clock.now(),
    };
    desk.write(incident, &event)?;
    if as_json {
        output::print(format!("{:#}\n", json!(bundle)))?;
        return Ok(Exit::Healthy);
    }
    let mut text = format!("{}\n  {files} files, {}\n", bundle.path.display(), format::bytes(bundle.bytes));
    for line in &missed {
        text.push_str(&format!("  not got: {line}\n"));
    }
    output::print(text)?;
    Ok(Exit::Healthy)
}
