//! `crashcart trust`: shows everything that a configuration would run, contact and read, and keeps the answer.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;

use anyhow::Context as _;

use super::args::{Cli, TrustArgs};
use super::config_file::{self, ConfigFile, FILE_NAME, Found, Origin};
use super::environment::Environment;
use super::failure::Failure;
use super::runbooks::shelf;
use super::trust_store::{Standing, TrustStore};
use super::{Exit, output};
use crate::config::effects::EffectKind;

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
    let mut wanted: Vec<(String, PathBuf, String, Vec<String>)> = Vec::new();
    if let Some(file) = &file {
        file.refuse_errors()?;
        let effects: Vec<String> = file.effects().iter().map(ToString::to_string).collect();
        let standing = file.standing(Some(&store))?;
        output::print(listing(file, &effects, &standing))?;
        if standing != Standing::Trusted {
            wanted.push((file.shown.display().to_string(), file.path.clone(), file.sha256.clone(), effects));
        }
    }
    for found in runbooks.iter().filter(|found| found.withheld.is_some()) {
        let Some(path) = found.path.as_ref().and_then(|path| fs::canonicalize(path).ok()) else { continue };
        let effects = found.effects();
        let standing = match &found.before {
            Some(before) => Standing::Changed { before: before.clone() },
            None => Standing::New,
        };
        output::print(listed(&found.place(), "", &effects, &standing))?;
        wanted.push((found.place(), path, found.sha256(), effects));
    }
    if wanted.is_empty() {
        return Ok(Exit::Healthy);
    }
    if args.list {
        return Ok(Exit::Wrong);
    }
    if !args.yes {
        if !(environment.stdin_is_terminal && environment.stderr_is_terminal) {
            return Err(Failure::usage(anyhow::anyhow!("there is no terminal to ask whether to trust this"))
                .hint("read the list above, then run `crashcart trust --yes`"));
        }
        if !ask(&mut io::stdin().lock(), &mut io::stderr()).context("cannot read the answer")? {
            output::print("Not trusted. Nothing has changed.\n")?;
            return Ok(Exit::Wrong);
        }
    }
    for (name, path, sha256, effects) in wanted {
        store.approve(&path, &sha256, effects)?;
        output::print(format!("Trusted, until {name} changes.\n"))?;
    }
    Ok(Exit::Healthy)
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

/// Shows everything that a file would do and how the user stands to it.
fn listing(file: &ConfigFile, effects: &[String], standing: &Standing) -> String {
    let why = match file.origin {
        Origin::Found => "is trusted as it is",
        Origin::Named => "needs no trust, because you name it",
        Origin::Own => "needs no trust, because it is in your own configuration directory",
    };
    let mut text = listed(&file.shown.display().to_string(), why, effects, standing);
    if file.effects().iter().any(|effect| matches!(effect.kind, EffectKind::Run | EffectKind::Ssh)) {
        // A script beside the file can be changed without changing the file.
        text.push_str(
            "\nThe approval covers these words, not the content of the programs and scripts that they name.\n",
        );
    }
    text
}

fn listed(name: &str, why: &str, effects: &[String], standing: &Standing) -> String {
    let mut text = String::new();
    let lines = |text: &mut String, sign: &str, lines: &[&String]| {
        for line in lines {
            let _ = writeln!(text, "{sign} {line}");
        }
    };
    let all: Vec<&String> = effects.iter().collect();
    match standing {
        _ if effects.is_empty() => {
            let _ = writeln!(text, "{name} runs, contacts and reads nothing: it needs no trust.");
        }
        Standing::Trusted => {
            let _ = writeln!(text, "{name} {why}. It would:\n");
            lines(&mut text, " ", &all);
        }
        Standing::New => {
            let _ = writeln!(text, "{name} is not trusted yet. It would:\n");
            lines(&mut text, " ", &all);
        }
        Standing::Changed { before } => {
            let (old, new): (Vec<&String>, Vec<&String>) = effects.iter().partition(|line| before.contains(line));
            let gone: Vec<&String> = before.iter().filter(|line| !effects.contains(line)).collect();
            if new.is_empty() && gone.is_empty() {
                let _ = writeln!(text, "{name} has changed since you trusted it, and would still do the same:\n");
            } else {
                let _ = writeln!(
                    text,
                    "{name} has changed since you trusted it. What it would do now (+ new, - no more):\n"
                );
            }
            lines(&mut text, "+", &new);
            lines(&mut text, "-", &gone);
            lines(&mut text, " ", &old);
        }
    }
    text
}

/// Asks on a terminal. Everything but a clear yes is a no, and so is the end of input.
fn ask(input: &mut impl BufRead, output: &mut impl Write) -> io::Result<bool> {
    write!(output, "\nTrust it? [y/N] ")?;
    output.flush()?;
    let mut answer = String::new();
    input.read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_is_a_yes() {
        let answer = |text: &str| ask(&mut text.as_bytes(), &mut io::sink()).unwrap();
        assert!(answer("y\n") && answer("YES\n"));
        assert!(!answer("\n") && !answer("") && !answer("n\n") && !answer("yep\n") && !answer("\u{1b}y\n"));
    }
}
