//! `crashcart runbooks new`: writes one, from a template or from what was just done.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;

use crate::cli::acting::state_dir;
use crate::cli::args::Cli;
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::cli::foreign;
use crate::cli::{Exit, config_file, operations, output};
use crate::clock::Clock;
use crate::journal::Journal;
use crate::runbook::draft::{Span, from_what_was_done, template};
use crate::runtime::redaction::redact;

/// What is wanted.
pub struct Wanted<'a> {
    pub name: &'a str,
    pub since: Option<Duration>,
    pub service: Option<&'a str>,
    pub print: bool,
}

pub fn run(cli: &Cli, wanted: &Wanted<'_>, environment: &Environment) -> Result<Exit, Failure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if wanted.name.is_empty() || wanted.name.starts_with('.') || !wanted.name.chars().all(plain) {
        return Err(Failure::usage(anyhow!("`{}` cannot be a runbook's name", wanted.name))
            .hint("letters, digits, - and _: crashcart runbooks new slow-queue"));
    }
    let text = match wanted.since {
        None => template(wanted.name, wanted.service),
        Some(since) => {
            let nothing = || {
                Failure::usage(anyhow!("nothing was done in that time that a runbook could be made of"))
                    .hint("commands run with crashcart run and operations count; take a longer --since")
            };
            let journal = Journal::open_to_read(&state_dir(cli, environment)?)?.ok_or_else(nothing)?;
            let span = Span { from: Clock::system().now() - since, service: wanted.service };
            let (runs, ledger) = (journal.runs()?, operations::ledger(&journal)?);
            from_what_was_done(wanted.name, &span, &runs, &ledger).ok_or_else(nothing)?
        }
    };
    let text = redact(&text);
    if wanted.print {
        output::print(text.as_ref())?;
        return Ok(Exit::Healthy);
    }
    let config = config_file::find(&cli.global, environment)?;
    let beside = config.and_then(|found| Some(found.shown.parent()?.to_path_buf()));
    let folder =
        beside.or_else(|| environment.current_dir.clone()).unwrap_or_else(|| PathBuf::from(".")).join("runbooks");
    std::fs::create_dir_all(&folder)?;
    if let Some(real) = foreign::leads_out(&folder) {
        let (folder, real) = (foreign::shown(&folder), foreign::shown(&real));
        return Err(Failure::usage(anyhow!("{folder} is a link that leads out of this repository, to {real}"))
            .hint("replace it by a folder, or --print"));
    }
    let path = folder.join(format!("{}.md", wanted.name));
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(&path);
    match file {
        Ok(mut file) => file.write_all(text.as_bytes())?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(
                Failure::usage(anyhow!("{} is there already", path.display())).hint("take another name, or --print")
            );
        }
        Err(error) => return Err(error.into()),
    }
    output::print(format!("{}\n", path.display()))?;
    output::tell(&format!("crashcart runbooks lint {} says what it still lacks\n", wanted.name));
    Ok(Exit::Healthy)
}
