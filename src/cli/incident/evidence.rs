//! `crashcart incident evidence`: what a restart destroys, put aside in one file.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::anyhow;
use serde_json::json;

use super::Desk;
use crate::cli::acting::state_dir;
use crate::cli::args::{Cli, EvidenceArgs};
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::output::Progress;
use crate::cli::{Exit, config_file, output, outside};
use crate::desk::evidence::{Means, Piece, Request, default_path, event, gather, pack};
use crate::incident::Incident;
use crate::model::catalog::Catalog;
use crate::runtime::feeds::Reader;
use crate::runtime::redaction::redact;
use crate::runtime::store::Store;
use crate::ui::format;

pub fn run(
    cli: &Cli,
    environment: &Environment,
    desk: &mut Desk,
    incident: &Incident,
    args: &EvidenceArgs,
    as_json: bool,
) -> Result<Exit, Failure> {
    let now = desk.clock.now();
    let here = environment.current_dir.clone().unwrap_or_default();
    let path: PathBuf = match &args.output {
        Some(path) => here.join(path),
        None => default_path(&state_dir(cli, environment)?, incident.number, now),
    };
    // Before anybody waits for what then cannot be written.
    if path.symlink_metadata().is_ok() {
        return Err(Failure::usage(anyhow!("{} is there already, and evidence is never written over", path.display()))
            .hint("name another file: --output FILE"));
    }
    let (project, troubles) = project(cli, environment);
    let clock = desk.clock.clone();
    let store = config_file::state_dir(&cli.global, environment).map(|place| Store::new(&place, &project.catalog));
    let last_known = store.and_then(|store| store.load(now).0).and_then(|known| serde_json::to_value(known).ok());
    let means = Means {
        reader: outside::engine(environment, &clock, &project.definitions) as Arc<dyn Reader>,
        outside: Arc::new(outside::prober(&project, &clock)),
        machine: Box::new(outside::Host::default()),
        clock: clock.clone(),
    };
    let request = Request {
        number: incident.number,
        services: incident.services.clone(),
        catalog: project.catalog,
        zone: project.time_zone,
        since: args.since,
        deadline: args.timeout,
        entries: desk.entries(incident)?,
        last_known,
        troubles,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut progress = Progress::default();
    let tells = environment.stderr_is_terminal;
    let pieces = runtime.block_on(async {
        let mut waits = |done: usize, all: usize, last: &str| {
            if tells {
                progress.show(&format!("{done} of {all} put aside {last}"));
            }
        };
        tokio::select! {
            pieces = gather(&request, means, &mut waits) => Ok(pieces),
            _ = tokio::signal::ctrl_c() => Err(Failure::usage(anyhow!("nothing was put aside: it was interrupted"))),
        }
    });
    drop(progress);
    // A file system that hangs must not keep the prompt from coming back.
    runtime.shutdown_background();
    let pieces = pieces?;
    let taken = pack(&path, incident.number, &pieces, desk.clock.now()).map_err(|error| {
        Failure::usage(anyhow::Error::new(error)).hint("name a place with room: --output FILE; nothing was left behind")
    })?;
    let event = event(&taken, desk.clock.now());
    desk.write(incident, &event).inspect_err(|_| {
        output::tell(&format!("the evidence is in {}, and the timeline does not say so\n", path.display()));
    })?;
    let failed: Vec<&Piece> = pieces.iter().filter(|piece| piece.content.is_err()).collect();
    if as_json {
        let document = json!({
            "path": taken.path, "sha256": taken.sha256, "bytes": taken.bytes, "files": taken.files,
            "missing": taken.missing, "manifest": taken.manifest,
        });
        output::print(redact(&format!("{document:#}\n")).as_ref())?;
    } else {
        output::print(redact(&text(&pieces, &taken.path, &taken.sha256, taken.bytes)).as_ref())?;
    }
    Ok(if failed.is_empty() { Exit::Healthy } else { Exit::CouldNotTell })
}

/// What is configured; and what could not be looked at because the configuration cannot be used.
fn project(cli: &Cli, environment: &Environment) -> (config_file::Project, Vec<(String, String)>) {
    let of = |why: String| vec![("the sources of the configuration".to_owned(), why)];
    match config_file::open(&cli.global, &[], &[], environment) {
        Ok(project) => {
            let withheld = project.withheld.clone();
            let project = match &withheld {
                Some(_) => config_file::Project { catalog: Catalog::default(), ..project },
                None => project,
            };
            (project, withheld.map(of).unwrap_or_default())
        }
        Err(failure) => {
            let error = format!("{:#}", failure.error);
            let first = error.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().to_owned();
            (config_file::Project::empty(), of(first))
        }
    }
}

fn text(pieces: &[Piece], path: &std::path::Path, sha256: &str, bytes: u64) -> String {
    let mut text = String::new();
    for piece in pieces {
        let name = if piece.file.is_empty() { &piece.from } else { &piece.file };
        let row = match &piece.content {
            Ok(got) => {
                let left = got.left_out.as_ref().map(|left| format!(" (left out: {left})")).unwrap_or_default();
                format!("  {:<10} {name}{left}\n", format::bytes(got.text.len() as u64))
            }
            Err(why) => format!("! {:<10} {name}: {why}\n", "missing"),
        };
        text.push_str(&row);
    }
    let files = pieces.iter().filter(|piece| piece.content.is_ok()).count();
    text.push_str(&format!(
        "\n{}, {} in {}\nsha256 {sha256}\n",
        format::count(files, "file"),
        format::bytes(bytes),
        path.display()
    ));
    text
}
