//! Which logs the arguments mean.

use std::ffi::OsStr;
use std::path::Path;

use jiff::tz::TimeZone;

use crate::cli::args::{Cli, LogsArgs};
use crate::cli::config_file::{self, Project};
use crate::cli::environment::Environment;
use crate::cli::failure::Failure;
use crate::config::nearest::nearest;
use crate::model::catalog::Catalog;
use crate::model::id::ServiceId;
use crate::model::log::LogSourceSpec;
use crate::provider::registry::Beside;

/// Logs, the time zone, what else the configuration says, and the definitions beside it.
type Named = (Vec<LogSourceSpec>, TimeZone, Catalog, Vec<Beside>);

/// Returns the logs that the arguments name, all of the configuration's when there are none, and the time zone.
pub fn named(cli: &Cli, args: &LogsArgs, environment: &Environment) -> Result<Named, Failure> {
    let here = environment.current_dir.clone().unwrap_or_default();
    let (files, words): (Vec<_>, Vec<_>) = args.sources.iter().cloned().partition(|argument| is_a_log(argument, &here));
    // Files are read also where a configuration is broken.
    if words.is_empty() && !files.is_empty() && cli.global.config.is_none() {
        let bare = Environment { config: None, config_dir: None, current_dir: None, ..environment.clone() };
        let absolute: Vec<_> = files.iter().map(|file| absolute(file, &here)).collect();
        let project = config_file::open(&cli.global, &[], &absolute, &bare)?;
        return Ok((project.catalog.logs, project.time_zone, Catalog::default(), Vec::new()));
    }
    let project = config_file::open(&cli.global, &[], &files, environment)?;
    for notice in project.notices.iter().chain(&project.withheld) {
        super::print::note(notice);
    }
    let mut specs = Vec::new();
    for word in &words {
        specs.extend(of_word(&word.to_string_lossy(), &project)?);
    }
    if args.sources.is_empty() {
        specs.clone_from(&project.catalog.logs);
    } else {
        // What stands on the command line belongs to no service.
        let from_files = project.catalog.logs.iter().filter(|log| log.service.is_none());
        specs.extend(from_files.filter(|_| !files.is_empty()).cloned());
    }
    if specs.is_empty() {
        let message = match &project.file {
            Some(file) if args.sources.is_empty() => format!("`{}` names no logs that may be read", file.display()),
            _ => "no log is named, and there is no configuration that names one".to_owned(),
        };
        return Err(Failure::usage(anyhow::anyhow!(message)).hint("name a file: crashcart logs /var/log/syslog"));
    }
    Ok((specs, project.time_zone, project.catalog, project.definitions))
}

/// `-`, `ssh://..`, `*.log`, anything with a slash, anything that exists.
fn is_a_log(argument: &OsStr, here: &Path) -> bool {
    let Some(text) = argument.to_str() else { return true };
    text == "-" || text.contains(['/', '*', '?', '[']) || here.join(text).exists()
}

fn absolute(file: &OsStr, here: &Path) -> std::ffi::OsString {
    match file.to_str() {
        Some(text) if text == "-" || text.contains("://") => file.to_owned(),
        _ => here.join(file).into_os_string(),
    }
}

/// Returns the logs of a service, or the log of that title.
fn of_word(word: &str, project: &Project) -> Result<Vec<LogSourceSpec>, Failure> {
    let catalog = &project.catalog;
    let service = ServiceId::new(word);
    if catalog.service(&service).is_some() {
        let logs: Vec<_> = catalog.logs_of(&service).cloned().collect();
        if logs.is_empty() {
            return Err(Failure::usage(anyhow::anyhow!("the service `{word}` has no logs that may be read"))
                .hint("give it some in the configuration: logs = [ { file = \"/var/log/app.log\" } ]"));
        }
        return Ok(logs);
    }
    let titled: Vec<_> = catalog.logs.iter().filter(|log| log.title.as_str() == word).cloned().collect();
    if !titled.is_empty() {
        return Ok(titled);
    }
    let services = catalog.services.iter().map(|service| service.id.as_str());
    let names: Vec<&str> = services.chain(catalog.logs.iter().map(|log| log.title.as_str())).collect();
    let failure = Failure::usage(anyhow::anyhow!("`{word}` is neither a service, nor a log of one, nor a file here"));
    Err(match nearest(word, &names) {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint(format!("for a file that does not exist yet write ./{word}")),
    })
}
