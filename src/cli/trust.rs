//! `crashcart trust`: shows everything that a configuration would run, contact and read, and keeps the answer.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::PathBuf;

use anyhow::Context as _;

mod ask;
mod listing;

use super::args::{Cli, TrustArgs};
use super::config_file::{self, ConfigFile, FILE_NAME, Found, Origin};
use super::environment::Environment;
use super::failure::Failure;
use super::foreign;
use super::runbooks::shelf;
use super::trust_store::{Standing, TrustStore};
use super::{Exit, output};
use crate::config::effects::TrustKind;
use crate::runtime::terminal;
use ask::{Answer, Person};
use listing::Subject;

/// Shows what a configuration and the runbooks beside it would do and approves them, or takes approvals back.
pub(super) fn run(cli: &Cli, args: &TrustArgs, environment: &Environment) -> Result<Exit, Failure> {
    let store = config_file::state_dir(&cli.global, environment).map(TrustStore::new).ok_or_else(|| {
        Failure::usage(anyhow::anyhow!("there is no place to keep approvals: this user has no home directory"))
            .hint("name one with --state-dir or $CRASHCART_STATE_DIR")
    })?;
    let (file, runbooks) = subjects(cli, args, environment)?;
    if args.revoke {
        return revoke(file.as_ref(), &runbooks, &store);
    }
    let mut shown: Vec<Subject> = Vec::new();
    let mut wanted: Vec<Wanted> = Vec::new();
    if let Some(file) = &file {
        file.refuse_errors()?;
        let subject = of_config(file, file.standing(Some(&store))?, environment);
        if subject.standing != Standing::Trusted {
            wanted.push(Wanted { path: file.path.clone(), sha256: file.sha256.clone(), place: shown.len() });
        }
        shown.push(subject);
    }
    for found in runbooks.iter().filter(|found| found.withheld.is_some()) {
        let Some(path) = found.path.as_ref().and_then(|path| fs::canonicalize(path).ok()) else { continue };
        wanted.push(Wanted { path, sha256: found.sha256(), place: shown.len() });
        shown.push(of_runbook(found));
    }
    if args.json {
        let rows: Vec<_> = shown.iter().map(Subject::json).collect();
        output::print(format!("{:#}\n", serde_json::json!({ "files": rows })))?;
    }
    let asks = !args.yes && !args.list && !args.json && !wanted.is_empty();
    let has_terminal = environment.stdin_is_terminal && environment.stderr_is_terminal;
    if !(args.json || asks && has_terminal) {
        let width = environment.stdout_is_terminal.then(|| usize::from(terminal::size().0));
        output::print(text_of(&shown, width))?;
    }
    if wanted.is_empty() {
        return Ok(Exit::Healthy);
    }
    if args.list || args.json && !args.yes {
        return Ok(Exit::Wrong);
    }
    if asks {
        if !has_terminal {
            return Err(Failure::usage(anyhow::anyhow!("there is no terminal to ask whether to trust this"))
                .hint("read the list above, then run `crashcart trust --yes`"));
        }
        if decide(&shown, &wanted).context("cannot read the answer")? == Answer::No {
            output::print("Not trusted. Nothing has changed.\n")?;
            return Ok(Exit::Wrong);
        }
    }
    for Wanted { path, sha256, place } in wanted {
        let subject = &shown[place];
        store.approve(&path, &sha256, subject.lines())?;
        // Who reads JSON reads nothing else on standard output.
        let told = format!("Trusted, until {} changes.\n", subject.name);
        if args.json { output::tell(&told) } else { output::print(told)? }
    }
    Ok(Exit::Healthy)
}

/// What is to be approved: these bytes at this place, as it was shown.
struct Wanted {
    path: PathBuf,
    sha256: String,
    /// Its place among what is shown.
    place: usize,
}

fn text_of(shown: &[Subject], width: Option<usize>) -> String {
    let texts: Vec<String> = shown.iter().map(|subject| subject.text(width)).collect();
    texts.join("\n")
}

/// Shows everything by the screenful and asks.
fn decide(shown: &[Subject], wanted: &[Wanted]) -> std::io::Result<Answer> {
    let (columns, rows) = terminal::size();
    let width = Some(usize::from(columns));
    let asked: Vec<&Subject> = wanted.iter().map(|one| &shown[one.place]).collect();
    let sum = listing::wrapped(&listing::summary(&asked), "", width);
    let (mut input, mut stderr) = (io::stdin().lock(), io::stderr());
    let mut person =
        Person { input: &mut input, output: &mut stderr, rows: usize::from(rows), forget: &mut ask::forget_typed };
    person.decide(&format!("{}\n{sum}", text_of(shown, width)), "Trust it? [y/N] ")
}

/// Returns everything that a configuration would do, and how the user stands to it.
fn of_config(file: &ConfigFile, standing: Standing, environment: &Environment) -> Subject {
    let why = match file.origin {
        Origin::Found => "is trusted as it is",
        Origin::Named => "needs no trust, because you name it",
        Origin::Own => "needs no trust, because it is in your own configuration directory",
    };
    let items = file.effects(environment);
    let mut notes: Vec<String> = file
        .definitions
        .found
        .iter()
        .map(|it| format!("With it counts its provider definition {}.", foreign::shown(&it.path)))
        .collect();
    notes.extend(file.definitions.notices.iter().cloned());
    if items.iter().any(|item| matches!(item.kind, TrustKind::Run | TrustKind::Ssh)) {
        // A script beside the file can be changed without changing the file.
        notes.push(
            "The approval covers these words, not the content of the programs and scripts that they name.".to_owned(),
        );
    }
    Subject { name: foreign::shown(&file.shown).to_string(), items, standing, why, notes }
}

/// Returns everything that a runbook may run.
fn of_runbook(found: &shelf::Found) -> Subject {
    let standing = match &found.before {
        Some(before) => Standing::Changed { before: before.clone() },
        None => Standing::New,
    };
    Subject { name: found.place(), items: found.effects(), standing, why: "", notes: Vec::new() }
}

/// Returns what is asked about: the configuration and its runbooks, or the one file that was named.
fn subjects(
    cli: &Cli,
    args: &TrustArgs,
    environment: &Environment,
) -> Result<(Option<ConfigFile>, Vec<shelf::Found>), Failure> {
    if let Some(path) = &args.path
        && path.extension().is_some_and(|ending| ending == "md")
    {
        let wanted = fs::canonicalize(path).with_context(|| format!("cannot read `{}`", path.display()))?;
        let mut all = shelf::all(cli, environment)?;
        all.retain(|found| found.path.as_ref().and_then(|path| fs::canonicalize(path).ok()).as_ref() == Some(&wanted));
        return Ok((None, all));
    }
    if args.path.is_some() {
        // What is named is asked about, and nothing of where one happens to be.
        let file = ConfigFile::read(choose(cli, args, environment)?, environment)?;
        let beside = file.path.parent().map(|folder| folder.join("runbooks"));
        let runbooks = beside.map(|folder| shelf::in_folder(&folder, false, cli, environment)).unwrap_or_default();
        return Ok((Some(file), runbooks));
    }
    let mut runbooks = shelf::all(cli, environment)?;
    runbooks.retain(|found| found.path.is_some());
    match choose(cli, args, environment) {
        Ok(found) => Ok((Some(ConfigFile::read(found, environment)?), runbooks)),
        Err(_) if !runbooks.is_empty() => Ok((None, runbooks)),
        Err(failure) => Err(failure),
    }
}

fn choose(cli: &Cli, args: &TrustArgs, environment: &Environment) -> Result<Found, Failure> {
    if let Some(path) = &args.path {
        let here = environment.current_dir.clone().unwrap_or_default();
        let shown = if here.join(path).is_dir() { path.join(FILE_NAME) } else { path.clone() };
        // Asked about by name it is looked at as if it had been found: that is how it will be met.
        return Ok(Found { shown, origin: Origin::Found });
    }
    config_file::find(&cli.global, environment)?.ok_or_else(|| {
        Failure::usage(anyhow::anyhow!("there is no {FILE_NAME} here, nor above up to the repository's root"))
            .hint("name it: crashcart trust PATH")
    })
}

fn revoke(file: Option<&ConfigFile>, runbooks: &[shelf::Found], store: &TrustStore) -> Result<Exit, Failure> {
    let mut paths: Vec<(String, PathBuf)> = Vec::new();
    paths.extend(file.map(|file| (file.shown.display().to_string(), file.path.clone())));
    let real = |found: &shelf::Found| Some((found.place(), fs::canonicalize(found.path.as_ref()?).ok()?));
    paths.extend(runbooks.iter().filter_map(real));
    let mut told = String::new();
    for (number, (name, path)) in paths.iter().enumerate() {
        if store.revoke(path)? {
            let _ = writeln!(told, "{name} is no longer trusted.");
        } else if number == 0 && file.is_some() {
            let _ = writeln!(told, "{name} was not trusted. Nothing has changed.");
        }
    }
    output::print(told)?;
    Ok(Exit::Healthy)
}
