//! `crashcart watch`: the monitoring without a console.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::anyhow;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::args::{Cli, WatchArgs};
use super::config_file::{self, Project};
use super::environment::Environment;
use super::failure::Failure;
use super::{Exit, acting, actor, output, outside, status};
use crate::clock::Clock;
use crate::desk::start::not_written;
use crate::model::text::Line;
use crate::watch::{Notice, Supplies, Watcher, unit};

pub(super) fn run(cli: &Cli, args: &WatchArgs, environment: &Environment) -> Result<Exit, Failure> {
    let project = config_file::open(&cli.global, &args.addresses, &[], environment)?;
    for notice in &project.notices {
        output::tell(&format!("{notice}\n"));
    }
    if let Some(withheld) = &project.withheld {
        return Err(Failure::usage(anyhow!("{withheld}")));
    }
    if args.install {
        return install(cli, args, &project, environment);
    }
    if cli.global.read_only {
        return Err(Failure::usage(anyhow!("a watcher writes into the journal and sends messages (--read-only)"))
            .hint("crashcart status --watch only looks"));
    }
    if project.catalog.services.is_empty() {
        let error = anyhow!("there is nothing to watch: no address and no crashcart.toml");
        return Err(Failure::usage(error).hint("name an address, as in `crashcart watch https://app.example.com`"));
    }
    if project.catalog.senders.is_empty() {
        output::tell("warning: there are no [[senders]]: incidents are opened, and nobody is told; docs/paging.md\n");
    }
    let clock = Clock::system();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let supplies = Supplies {
        catalog: Arc::new(project.catalog.clone()),
        rules: project.settings.watch.clone(),
        engine: outside::engine(environment, &clock, &project.definitions),
        outside: Arc::new(outside::prober(&project, &clock)),
        clock: clock.clone(),
        zone: project.time_zone.clone(),
        host: actor::actor(environment).host,
        state_dir: acting::state_dir(cli, environment)?,
    };
    let ended = if args.once {
        runtime.block_on(once(supplies, project, args, environment))
    } else {
        runtime.block_on(forever(supplies, args.json))
    };
    // A resolver or a file system that hangs must not keep it from ending.
    runtime.shutdown_background();
    ended
}

async fn forever(supplies: Supplies, as_json: bool) -> Result<Exit, Failure> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    // Who starts it in a shell and loses the connection wants it to go on.
    let _hangup = signal(SignalKind::hangup())?;
    let zone = supplies.zone.clone();
    let services = crate::ui::format::count(supplies.catalog.services.len(), "service");
    let senders = crate::ui::format::count(supplies.catalog.senders.len(), "sender");
    output::tell(&format!("watching {services}, with {senders}\n"));
    let watcher = Watcher::new(supplies).map_err(|error| acting::failed(not_written(&error)))?;
    let ends = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    let mut told = |notice: &Notice| {
        // Nobody may be left to read it.
        let _ = output::print(line(notice, &zone, as_json));
    };
    watcher.run(Box::new(outside::Host::default()), ends, &mut told).await?;
    Ok(Exit::Healthy)
}

fn line(notice: &Notice, zone: &jiff::tz::TimeZone, as_json: bool) -> String {
    if as_json {
        return format!("{}\n", json!(notice));
    }
    let at = notice.at.in_zone(zone).strftime("%Y-%m-%d %H:%M:%S %Z").to_string();
    let incident = notice.incident.map(|number| format!("#{number} ")).unwrap_or_default();
    format!("{at}  {:<9} {incident}{}\n", notice.what, notice.text)
}

async fn once(
    supplies: Supplies,
    project: Project,
    args: &WatchArgs,
    environment: &Environment,
) -> Result<Exit, Failure> {
    let (clock, zone, state_dir) = (supplies.clock.clone(), supplies.zone.clone(), supplies.state_dir.clone());
    let snapshot = status::one_round(project, &supplies, args.timeout, environment.stderr_is_terminal).await;
    let watcher = Watcher::new(supplies).map_err(|error| acting::failed(not_written(&error)))?;
    let mut done: Vec<Notice> = Vec::new();
    let acts = watcher.once(snapshot, &mut |notice: &Notice| done.push(notice.clone())).await?;
    let journal = acting::open_journal(&state_dir, &clock)?;
    let incidents = journal.incidents()?;
    let open: Vec<u32> =
        incidents.latest_first().filter(|incident| incident.is_open()).map(|incident| incident.number).collect();
    if args.json {
        output::print(format!("{:#}\n", json!({ "acts": acts, "done": done, "open_incidents": open })))?;
    } else {
        let lines: String = done.iter().map(|notice| line(notice, &zone, false)).collect();
        output::print(lines)?;
    }
    Ok(if open.is_empty() { Exit::Healthy } else { Exit::Wrong })
}

fn install(cli: &Cli, args: &WatchArgs, project: &Project, environment: &Environment) -> Result<Exit, Failure> {
    let state_dir = acting::state_dir(cli, environment)?;
    let variable = |name: &str| environment.surroundings.variable(name).map(PathBuf::from);
    let config = variable("XDG_CONFIG_HOME").or_else(|| environment.home.as_ref().map(|home| home.join(".config")));
    let Some(folder) = config.map(|config| config.join("systemd/user")) else {
        return Err(Failure::usage(anyhow!("this user has no home directory for the unit")));
    };
    let unit = unit::text(&std::env::current_exe()?, project.file.as_deref(), project.found, &state_dir);
    if !args.addresses.is_empty() {
        return Err(Failure::usage(anyhow!("a unit watches what the configuration says"))
            .hint("write the addresses into a crashcart.toml"));
    }
    let path = folder.join(unit::NAME);
    if !args.json {
        output::tell(&format!("{}:\n\n{unit}\n", path.display()));
    }
    if !args.yes {
        if !(environment.stdin_is_terminal && environment.stderr_is_terminal) {
            return Err(Failure::usage(anyhow!("there is no terminal to ask on")).hint("--yes writes it"));
        }
        let _ = rustix::termios::tcflush(std::io::stdin(), rustix::termios::QueueSelector::IFlush);
        output::tell("Type yes to write it: ");
        std::io::stderr().flush()?;
        let mut typed = String::new();
        std::io::stdin().read_line(&mut typed)?;
        if typed.trim() != "yes" {
            output::tell("Nothing was written.\n");
            return Ok(Exit::Wrong);
        }
    }
    if cli.global.read_only {
        return Err(Failure::usage(anyhow!("nothing may be changed (--read-only)")));
    }
    std::fs::create_dir_all(&folder)?;
    std::fs::write(&path, &unit)?;
    if args.json {
        let shown = Line::from_text(&path.display().to_string());
        output::print(format!("{:#}\n", json!({ "path": shown, "unit": unit })))?;
    } else {
        output::tell(&unit::commands(&folder));
    }
    Ok(Exit::Healthy)
}
