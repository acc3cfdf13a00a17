//! Which configuration counts: what was named, what was found, and what stands on the command line.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::args::GlobalArgs;
use super::environment::Environment;
use super::failure::Failure;
use crate::config::arguments::{ArgumentError, LogArgument};
use crate::config::{self, Settings};
use crate::model::catalog::Catalog;

/// What there is to watch, and how.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// Everything that may be shown, probed and followed. The checks and logs of a file that is not trusted are not
    /// in here.
    pub catalog: Catalog,
    pub settings: Settings,
    /// The configuration file that was read.
    pub file: Option<PathBuf>,
    /// What the user should know before anything else, as a sentence: the file is not trusted yet.
    pub withheld: Option<String>,
}

/// Opens what the command line, the environment and the configuration file say together.
pub fn open(
    global: &GlobalArgs,
    addresses: &[String],
    logs: &[OsString],
    environment: &Environment,
) -> Result<Project, Failure> {
    let _ = global;
    let catalog = from_command_line(addresses, logs, environment)?;
    Ok(Project { catalog, ..Project::default() })
}

/// Builds the catalog of what stands on the command line.
///
/// A path among the addresses is a log: a shell has expanded `--log *.log` before we see it.
fn from_command_line(addresses: &[String], logs: &[OsString], environment: &Environment) -> Result<Catalog, Failure> {
    let here = environment.current_dir.clone().unwrap_or_default();
    let is_file = |path: &Path| path.is_file();
    let (paths, addresses): (Vec<&String>, Vec<&String>) =
        addresses.iter().partition(|text| looks_like_a_path(text) || is_file(&here.join(text)));
    let mut errors = Vec::new();
    let mut sources = Vec::new();
    for log in logs.iter().map(OsString::as_os_str).chain(paths.iter().map(OsStr::new)) {
        match LogArgument::parse(log) {
            Ok(source) => sources.push(source.absolute(&here, is_file)),
            Err(error) => errors.push(error),
        }
    }
    let addresses: Vec<String> = addresses.into_iter().cloned().collect();
    match config::from_arguments(&addresses, sources) {
        Ok(catalog) if errors.is_empty() => Ok(catalog),
        Ok(_) => Err(refused(&errors)),
        Err(more) => Err(refused(&[more, errors].concat())),
    }
}

/// `/var/log/x`, `./x`, `../x`: never the beginning of an address.
fn looks_like_a_path(text: &str) -> bool {
    ["/", "./", "../", "~/"].iter().any(|start| text.starts_with(start))
}

/// Says everything that is wrong with the arguments at once.
fn refused(errors: &[ArgumentError]) -> Failure {
    let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
    let mut hints: Vec<&str> = Vec::new();
    for error in errors {
        if !hints.contains(&error.help.as_str()) {
            hints.push(&error.help);
        }
    }
    Failure::usage(anyhow::anyhow!("{}", messages.join("\nerror: "))).hint(hints.join("\nhint: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_with(addresses: &[&str], logs: &[&str], here: &Path) -> Result<Project, Failure> {
        let addresses: Vec<String> = addresses.iter().map(|&text| text.to_owned()).collect();
        let logs: Vec<OsString> = logs.iter().map(OsString::from).collect();
        let environment = Environment { current_dir: Some(here.to_path_buf()), ..Environment::default() };
        open(&GlobalArgs::default(), &addresses, &logs, &environment)
    }

    #[test]
    fn a_pattern_that_the_shell_expanded_still_means_logs() {
        let here = tempfile::tempdir().unwrap();
        std::fs::write(here.path().join("b.log"), "").unwrap();
        let project = open_with(&["b.log", "app.example", "/var/log/c.log"], &["a.log"], here.path()).unwrap();
        let logs: Vec<&str> = project.catalog.logs.iter().map(|log| log.title.as_str()).collect();
        assert_eq!(logs, ["a.log", "b.log", "c.log"]);
        assert_eq!(project.catalog.services.len(), 1);
    }

    #[test]
    fn every_argument_that_is_wrong_is_named() {
        let failure = open_with(&["ftp://a.example", "x.example:0"], &["gopher://y"], Path::new("/")).unwrap_err();
        let text = failure.error.to_string();
        assert!(text.contains("`ftp:`") && text.contains("`0` is not a port") && text.contains("`gopher:`"), "{text}");
        assert_eq!(failure.exit, super::super::Exit::Usage);
    }
}
