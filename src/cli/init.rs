//! `crashcart init`: recognises the repository, asks what it cannot know, and writes a configuration.
//!
//! ```text
//!   tree --recognise--> what is there --draft--> what to say --ask, try--> crashcart.toml, shown before it is written
//! ```
//!
//! Whatever is asked can also be left open: the file then says what to fill in. Without a terminal nothing is asked, and
//! without --yes nothing is written.

mod ask;
mod choose;
mod diff;
mod discover;
mod fill;
mod finish;
mod look;
mod machine;
mod show;
mod token;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};

use super::args::{Cli, InitArgs};
use super::config_file::FILE_NAME;
use super::environment::Environment;
use super::failure::Failure;
use super::{Exit, output, outside};
use crate::clock::Clock;
use crate::model::secret::SecretRef;
use crate::provider::definition::Definition;
use crate::provider::engine::Engine;
use crate::recognise::draft::draft;
use crate::recognise::write::write;
use crate::recognise::{Recognised, What, recognise};
use crate::repository::{Repository, tree};
use ask::Questions;
use choose::{Choice, Seen};
use look::LoggedIn;
use machine::Docker;

/// Everything that one run works with.
struct Session<'a> {
    cli: &'a Cli,
    args: &'a InitArgs,
    environment: &'a Environment,
    clock: Clock,
    engine: Arc<Engine>,
    runtime: tokio::runtime::Runtime,
    /// Secrets that were typed in this run, by source and name, as the engine has them: a store that they went into may be
    /// locked until the next one.
    kept: BTreeMap<(String, String), SecretRef>,
    /// The variables under which the engine finds them.
    memory: BTreeMap<String, String>,
    /// Addresses that were asked.
    asked: BTreeSet<String>,
    /// What was seen, a line each.
    seen: Vec<String>,
    /// The repository's name on its forge, `acme/shop`; empty when nothing says it.
    repository: String,
    /// Whom git knows here: a name and an address.
    git: (Option<String>, Option<String>),
}

/// What was seen before anything was asked.
struct Looked<'a> {
    found: &'a [Recognised],
    tools: &'a [LoggedIn],
    docker: Option<&'a Docker>,
}

pub(super) fn run(cli: &Cli, args: &InitArgs, environment: &Environment) -> Result<Exit, Failure> {
    let writes = !args.dry_run && (args.yes || !args.json);
    if writes && cli.global.read_only {
        return Err(Failure::usage(anyhow!("--read-only changes nothing, and this would")).hint("add --dry-run"));
    }
    let has_terminal = environment.stdin_is_terminal && environment.stderr_is_terminal;
    let asks = writes && !args.yes;
    if asks && !has_terminal {
        return Err(Failure::usage(anyhow!("init asks, and there is no terminal to ask on"))
            .hint("add --yes to write what is known, or --dry-run to see it"));
    }
    let folder = folder(args, environment)?;
    let read = tree::read(&folder);
    let found = recognise(&read.tree);
    let registry = super::providers::registry(environment);
    // Each takes a moment to compile: only those that are needed.
    let named = found.iter().filter_map(|it| it.what.provider()).chain(args.platform.iter().map(String::as_str));
    let named = named.chain(look::TOOLS.iter().copied()).chain(["docker"]);
    let named: BTreeSet<&str> = named.collect();
    let definitions: Vec<Arc<Definition>> = named.iter().filter_map(|name| registry.find(name).ok()).collect();
    let find = |name: &str| definitions.iter().find(|definition| definition.name == name).map(AsRef::as_ref);
    for name in &args.platform {
        registry
            .find(name)
            .map_err(|error| Failure::usage(anyhow!("{error}")).hint("crashcart providers lists them"))?;
    }
    let clock = Clock::system();
    let mut session = Session {
        cli,
        args,
        environment,
        engine: outside::engine(environment, &clock, &[]),
        clock,
        runtime: tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?,
        kept: BTreeMap::new(),
        memory: BTreeMap::new(),
        asked: BTreeSet::new(),
        seen: Vec::new(),
        repository: repository(&found),
        git: machine::git_person(git_config(&read), &environment.surroundings),
    };
    let mut input = io::stdin().lock();
    let mut stderr = io::stderr();
    let mut questions = Questions { input: &mut input, output: &mut stderr };
    let tools = session.runtime.block_on(look::tools(&registry, &environment.surroundings));
    let units = machine::units(&folder, &environment.surroundings);
    let docker = machine::docker_url(&environment.surroundings)
        .map(|url| session.runtime.block_on(machine::docker(&session.engine, &url, projects(&found))));
    if !args.json && !args.dry_run {
        let size = rustix::termios::tcgetwinsize(rustix::stdio::stdout()).ok();
        let columns = size.map(|size| size.ws_col).filter(|columns| *columns > 0);
        let mut looked = show::found(&folder, &read, &found, &find, columns);
        looked.push_str(&show::here(&tools, &machine::profiles(&environment.surroundings), docker.as_ref(), &units));
        output::print(&looked)?;
    }
    let seen = Seen { found: &found, tools: &tools, docker: docker.as_ref(), units: &units };
    let choices = choose::choose(args, &seen, &find, asks.then_some(&mut questions))?;
    let chosen: Vec<&str> = choices
        .iter()
        .filter_map(|choice| match choice {
            Choice::Platform(provider) => Some(provider.as_str()),
            Choice::Containers | Choice::Unit(_) => None,
        })
        .collect();
    let mut drafted = draft(&read.tree.name, &found, &chosen, find);
    choose::complete(&mut drafted, &choices, &seen, &find);
    session.runtime.block_on(look::logins(&mut drafted, find, &environment.surroundings));
    session.fill(&mut drafted, asks.then_some(&mut questions))?;
    let text = write(&drafted);
    let place = folder.join(FILE_NAME);
    finish::sound(&text, &folder)?;
    let became = session.finish(&place, &text, asks.then_some(&mut questions), writes)?;
    let looked = Looked { found: &found, tools: &tools, docker: docker.as_ref() };
    session.told(&drafted, &looked, &place, &text, became)
}

/// Returns the compose projects that the repository names.
fn projects(found: &[Recognised]) -> BTreeSet<String> {
    let project = |it: &Recognised| match &it.what {
        What::Platform { provider: "docker", params, .. } | What::Store { params, .. } => {
            params.get("project").cloned()
        }
        _ => None,
    };
    found.iter().filter_map(project).collect()
}

/// Returns what the repository is called on its forge.
fn repository(found: &[Recognised]) -> String {
    let named = |it: &Recognised| match &it.what {
        What::Ci { params, .. } => params.get("repo").or_else(|| params.get("project")).cloned(),
        _ => None,
    };
    found.iter().find_map(named).unwrap_or_default()
}

/// Returns what the repository's own git says, as far as it was read.
fn git_config(read: &tree::Read) -> Option<&str> {
    read.tree.files.iter().find(|file| file.path == ".git/config").map(|file| file.text.as_str())
}

/// Returns the folder that the file belongs into.
fn folder(args: &InitArgs, environment: &Environment) -> Result<PathBuf, Failure> {
    let here = environment.current_dir.clone().context("the directory that one stands in was deleted")?;
    let folder = match &args.directory {
        Some(directory) => here.join(directory),
        None => Repository::find(&here).map_or(here, |repository| repository.folder().to_path_buf()),
    };
    let folder = fs::canonicalize(&folder)
        .map_err(|error| Failure::usage(anyhow!("cannot look into `{}`: {error}", folder.display())))?;
    if folder.is_dir() { Ok(folder) } else { Err(Failure::usage(anyhow!("`{}` is not a folder", folder.display()))) }
}
