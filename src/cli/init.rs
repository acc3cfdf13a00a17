//! `crashcart init`: recognises the repository, asks what it cannot know, and writes a configuration.
//!
//! ```text
//!   tree --recognise--> what is there --draft--> what to say --ask, try--> crashcart.toml, shown before it is written
//! ```
//!
//! Whatever is asked can also be left open: the file then says what to fill in. Without a terminal nothing is asked, and
//! without --yes nothing is written.

mod ask;
mod diff;
mod look;
mod show;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use serde_json::json;

use super::args::{Cli, InitArgs, SecretPlaceArgs, SecretSetArgs};
use super::config_file::{self, ConfigFile, FILE_NAME, Found, Origin};
use super::environment::Environment;
use super::failure::Failure;
use super::trust_store::{self, TrustStore};
use super::{Exit, output, outside, secret};
use crate::clock::Clock;
use crate::config::{self, Place as Beside};
use crate::model::secret::SecretRef;
use crate::provider::definition::Definition;
use crate::provider::engine::Engine;
use crate::recognise::draft::{Address, Draft, Person, Place, draft, likely, platforms};
use crate::recognise::write::{secret_name, write};
use crate::recognise::{Recognised, recognise};
use crate::repository::{Repository, tree};
use crate::secret::{Existing, write_file};
use ask::Questions;
use look::{LoggedIn, Said};

/// Everything that one run works with.
struct Session<'a> {
    cli: &'a Cli,
    args: &'a InitArgs,
    environment: &'a Environment,
    clock: Clock,
    engine: Arc<Engine>,
    runtime: tokio::runtime::Runtime,
    /// Secrets that were kept in this run, by source and name.
    kept: BTreeMap<(String, String), SecretRef>,
    /// What was seen, a line each.
    seen: Vec<String>,
}

/// What was seen before anything was asked.
struct Looked<'a> {
    found: &'a [Recognised],
    tools: &'a [LoggedIn],
    containers: Option<Vec<String>>,
}

/// What became of the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Became {
    Written,
    /// It says the same already.
    Same,
    NotWritten,
    /// There is another one, and nobody said to write over it.
    Kept,
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
    let named = named.chain(look::TOOLS.iter().copied());
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
        seen: Vec::new(),
    };
    let mut input = io::stdin().lock();
    let mut stderr = io::stderr();
    let mut questions = Questions { input: &mut input, output: &mut stderr };
    let tools = session.runtime.block_on(look::tools(&registry, &environment.surroundings));
    let containers = session.runtime.block_on(look::containers(&session.engine));
    if !args.json && !args.dry_run {
        let mut looked = show::found(&folder, &read, &found, &find);
        looked.push_str(&show::here(&tools, containers.as_ref()));
        output::print(&looked)?;
    }
    let chosen = chosen(args, &found, &tools, &find, asks.then_some(&mut questions))?;
    let chosen: Vec<&str> = chosen.iter().map(String::as_str).collect();
    let mut drafted = draft(&read.tree.name, &found, &chosen, find);
    add_unrecognised(&mut drafted, &chosen, &find);
    session.runtime.block_on(look::logins(&mut drafted, find, &environment.surroundings));
    session.fill(&mut drafted, asks.then_some(&mut questions))?;
    let text = write(&drafted);
    let place = folder.join(FILE_NAME);
    sound(&text, &folder)?;
    let became = session.finish(&place, &text, asks.then_some(&mut questions), writes)?;
    let looked = Looked { found: &found, tools: &tools, containers: containers.and_then(Result::ok) };
    session.told(&drafted, &looked, &place, &text, became)
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

/// Returns the platforms that run it: those that were named, those that a person chose, or the likely ones.
fn chosen<'d>(
    args: &InitArgs,
    found: &[Recognised],
    tools: &[LoggedIn],
    find: &impl Fn(&str) -> Option<&'d Definition>,
    questions: Option<&mut Questions<'_>>,
) -> Result<Vec<String>, Failure> {
    if !args.platform.is_empty() {
        return Ok(args.platform.clone());
    }
    let likely = likely(found);
    let all = platforms(found);
    let others: Vec<&LoggedIn> = tools
        .iter()
        .filter(|tool| tool.is_hosting && !all.iter().any(|(provider, _)| *provider == tool.provider))
        .collect();
    let is_clear = all.len() == 1 || all.is_empty() && others.is_empty();
    let Some(questions) = questions.filter(|_| !is_clear) else {
        return Ok(likely.into_iter().map(str::to_owned).collect());
    };
    let mut rows: Vec<(String, String, bool)> = all
        .iter()
        .map(|(provider, evidence)| {
            let title = find(provider).map_or(*provider, |definition| definition.title.as_str());
            (format!("{title}  {evidence}"), (*provider).to_owned(), likely.contains(provider))
        })
        .collect();
    let logged_in = |tool: &&LoggedIn| {
        (format!("{}  its tool is logged in here ({})", tool.title, tool.place), tool.provider.clone(), false)
    };
    rows.extend(others.iter().map(logged_in));
    Ok(questions.some("Which of these run it in production?", &rows)?)
}

/// A platform that was named and left no trace in the repository still is one.
fn add_unrecognised<'d>(draft: &mut Draft, chosen: &[&str], find: &impl Fn(&str) -> Option<&'d Definition>) {
    for provider in chosen {
        let known = draft.services.iter().any(|service| service.provider.as_deref() == Some(provider));
        let Some(definition) = find(provider).filter(|_| !known) else { continue };
        crate::recognise::draft::add_platform(draft, definition, "--platform");
    }
}

/// What we write ourselves must be right; whatever the repository holds.
fn sound(text: &str, folder: &Path) -> Result<(), Failure> {
    let loaded = config::load(text, Beside { directory: folder, home: None });
    match loaded.diagnostics.first() {
        None => Ok(()),
        Some(first) => Err(Failure::from(anyhow!(
            "the configuration that was drafted would not load (line {}: {}); nothing was written",
            first.line,
            first.message
        ))
        .hint("this is a mistake of crashcart's; `crashcart init --dry-run --json` shows what was recognised")),
    }
}

impl Session<'_> {
    /// Fills in what is open: by asking people, platforms and addresses.
    fn fill(&mut self, draft: &mut Draft, mut questions: Option<&mut Questions<'_>>) -> Result<(), Failure> {
        // Guessed addresses are asked first, so that a person is not.
        if !self.args.offline {
            let progress = self.progress("looking which addresses answer");
            let seen = self.runtime.block_on(look::addresses(draft, &self.clock));
            drop(progress);
            self.seen.extend(seen);
        }
        if let Some(questions) = questions.as_deref_mut() {
            self.ask_services(draft, questions)?;
            self.ask_tokens(draft, questions)?;
        }
        if !self.args.offline {
            let progress = self.progress("asking the platforms whose the credentials are");
            let said = self.runtime.block_on(look::identities(draft, &self.kept, &self.engine));
            drop(progress);
            self.seen.extend(said.iter().filter_map(|(title, said)| show::said(title, said)));
        }
        if let Some(questions) = questions {
            for line in std::mem::take(&mut self.seen) {
                questions.tell(&line)?;
            }
            draft.people.extend(person(questions)?);
        }
        Ok(())
    }

    fn progress(&self, what: &str) -> Option<output::Progress> {
        self.environment.stderr_is_terminal.then(|| {
            let mut progress = output::Progress::default();
            progress.show(what);
            progress
        })
    }

    fn ask_services(&mut self, draft: &mut Draft, questions: &mut Questions<'_>) -> Result<(), Failure> {
        for service in &mut draft.services {
            for missing in std::mem::take(&mut service.missing) {
                let question = format!("{}: {}, as in {} (Enter: later)", service.name, missing.help, missing.example);
                match questions.line(&question)? {
                    Some(value) => {
                        service.params.insert(missing.name, value);
                    }
                    None => service.missing.push(missing),
                }
            }
            if service.address.as_ref().is_some_and(|address| !address.guess) {
                continue;
            }
            let question = format!("{}: where does it answer? https://... (Enter: later)", service.name);
            let Some(answer) = questions.line(&question)? else { continue };
            let url = if answer.contains("://") { answer } else { format!("https://{answer}") };
            if config::from_arguments(std::slice::from_ref(&url), Vec::new()).is_err() {
                questions.tell(&format!("{url} is no address that can be asked; it stays open."))?;
                continue;
            }
            service.address = Some(Address { url, evidence: "as you said".to_owned(), guess: false });
        }
        if !self.args.offline {
            let seen = self.runtime.block_on(look::addresses(draft, &self.clock));
            self.seen = seen;
        }
        for source in &mut draft.sources {
            for missing in std::mem::take(&mut source.missing) {
                let question = format!("{}: {}, as in {} (Enter: later)", source.title, missing.help, missing.example);
                match questions.line(&question)? {
                    Some(value) => {
                        source.params.insert(missing.name, value);
                    }
                    None => source.missing.push(missing),
                }
            }
        }
        Ok(())
    }

    fn ask_tokens(&mut self, draft: &mut Draft, questions: &mut Questions<'_>) -> Result<(), Failure> {
        let keeper = secret::keeper(self.environment);
        for source in &mut draft.sources {
            let open: Vec<(String, String)> =
                source.secrets.iter().filter(|(slot, _)| !source.places.contains_key(slot)).cloned().collect();
            for (slot, help) in open {
                questions.tell(&format!("{} wants this: {help}", source.title))?;
                if !questions.yes("Keep one now?")? {
                    continue;
                }
                let wanted = SecretSetArgs {
                    name: secret_name(&source.provider, &slot),
                    place: SecretPlaceArgs::default(),
                    argument: Vec::new(),
                    replace: false,
                };
                match secret::set::keep(&wanted, &keeper, &self.clock, self.environment) {
                    Ok(place) => {
                        source.places.insert(slot.clone(), Place::Written(secret::set::written(&place)));
                        self.kept.insert((source.provider.clone(), slot), place);
                    }
                    // One token that cannot be kept is no reason to lose all answers.
                    Err(failure) => {
                        questions.tell(&format!("It was not kept: {:#}", failure.error))?;
                        continue;
                    }
                }
            }
            if !self.args.offline && !self.kept.is_empty() {
                let said = self.runtime.block_on(look::identity(source, &self.kept, &self.engine));
                if let (Said::Refused(_), Some(line)) = (&said, show::said(&source.title, &said)) {
                    questions.tell(&line)?;
                }
            }
        }
        Ok(())
    }

    /// Shows what would be written, and writes it when that was said.
    fn finish(
        &self,
        place: &Path,
        text: &str,
        questions: Option<&mut Questions<'_>>,
        writes: bool,
    ) -> Result<Became, Failure> {
        let before = match fs::symlink_metadata(place) {
            Ok(metadata) if metadata.is_file() => {
                Some(fs::read_to_string(place).context("the configuration that is there")?)
            }
            Ok(_) => {
                return Err(Failure::usage(anyhow!("`{}` is there, and no plain file", place.display()))
                    .hint("move it away, or name another folder"));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Failure::from(anyhow!("cannot look at `{}`: {error}", place.display()))),
        };
        if before.as_deref() == Some(text) {
            return Ok(Became::Same);
        }
        if !writes {
            return Ok(Became::NotWritten);
        }
        let change = before.as_deref().map(|before| diff::diff(before, text));
        match questions {
            Some(questions) => {
                questions.tell("")?;
                questions.tell(change.as_deref().unwrap_or(text))?;
                questions.tell("")?;
                let question = match &change {
                    Some(_) => format!("Change {} like this?", place.display()),
                    None => format!("Write this to {}?", place.display()),
                };
                // What was typed before the text was there is no answer to it.
                let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
                if !questions.yes(&question)? {
                    return Ok(Became::NotWritten);
                }
            }
            None => {
                if let Some(change) = &change {
                    output::tell(&crate::runtime::redaction::redact(change));
                    if !self.args.replace {
                        return Ok(Became::Kept);
                    }
                }
            }
        }
        put(place, text)?;
        Ok(Became::Written)
    }

    /// Says how it ended, and what comes next.
    fn told(
        &self,
        draft: &Draft,
        looked: &Looked<'_>,
        place: &Path,
        text: &str,
        became: Became,
    ) -> Result<Exit, Failure> {
        let exit = if became == Became::Kept { Exit::Wrong } else { Exit::Healthy };
        let mut trusted = false;
        if became == Became::Written && !self.args.yes {
            trusted = self.trust(place, text).is_ok();
        }
        let next = show::next(draft, became == Became::Written || became == Became::Same, trusted);
        if self.args.json {
            let document = json!({
                "recognised": looked.found,
                "logged_in": looked.tools,
                "containers": looked.containers,
                "seen": self.seen,
                "path": place,
                "written": became == Became::Written,
                "exists": matches!(became, Became::Kept | Became::Same),
                "config": text,
                "next": next,
            });
            output::print(format!("{document:#}\n"))?;
            return Ok(exit);
        }
        if self.args.dry_run {
            output::print(text)?;
            return Ok(exit);
        }
        let mut told: String = self.seen.iter().map(|line| format!("{line}\n")).collect();
        told.push_str(&match became {
            Became::Written => format!("{} is written.\n", place.display()),
            Became::Same => format!("{} says this already. Nothing has changed.\n", place.display()),
            Became::NotWritten => "Nothing was written.\n".to_owned(),
            Became::Kept => format!("{} is there already. Nothing was written.\n", place.display()),
        });
        if became == Became::Kept {
            told.push_str("hint: add --replace to change it as shown above\n");
        }
        for line in next.iter().filter(|_| became != Became::NotWritten) {
            told.push_str(&format!("  {line}\n"));
        }
        output::print(crate::runtime::redaction::redact(&told).as_ref())?;
        Ok(exit)
    }

    /// The person has just read the file and said yes to it.
    fn trust(&self, place: &Path, text: &str) -> Result<(), Failure> {
        let store = config_file::state_dir(&self.cli.global, self.environment).map(TrustStore::new);
        let found = Found { shown: place.to_path_buf(), origin: Origin::Found };
        let file = ConfigFile::read(found, self.environment)?;
        if file.sha256 != trust_store::hash(text.as_bytes()) {
            return Err(Failure::usage(anyhow!("`{}` is not what was read", place.display())));
        }
        let effects = file.effects(self.environment).iter().map(ToString::to_string).collect();
        store.context("there is no place to keep approvals")?.approve(&file.path, &file.sha256, effects)?;
        Ok(())
    }
}

fn person(questions: &mut Questions<'_>) -> Result<Option<Person>, Failure> {
    let Some(name) = questions.line("Who is called first? A name (Enter: later)")? else { return Ok(None) };
    let is_number = |text: &String| text.chars().filter(char::is_ascii_digit).count() >= 5;
    let is_address = |text: &String| text.split_once('@').is_some_and(|(who, at)| !who.is_empty() && at.contains('.'));
    let phone = questions.line("Their telephone number, as in +49 30 901820 (Enter: none)")?;
    if phone.as_ref().is_some_and(|phone| !is_number(phone)) {
        questions.tell("That is no telephone number; it stays open.")?;
    }
    let email = questions.line("Their e-mail address (Enter: none)")?;
    if email.as_ref().is_some_and(|email| !is_address(email)) {
        questions.tell("That is no e-mail address; it stays open.")?;
    }
    let (phone, email) = (phone.filter(is_number), email.filter(is_address));
    Ok(Some(Person { name, phone, email }))
}

/// Writes a file that is there whole or not at all. Everybody in the project may read it: no secret stands in it.
fn put(place: &Path, text: &str) -> anyhow::Result<()> {
    write_file(place, text.as_bytes(), Existing::Replace)?;
    Ok(fs::set_permissions(place, fs::Permissions::from_mode(0o644))?)
}
