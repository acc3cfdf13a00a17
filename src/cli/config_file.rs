//! Which configuration counts: what was named, what was found, and what stands on the command line.
//!
//! ```text
//!   --config, $CRASHCART_CONFIG ---------------------------.
//!   crashcart.toml here, or above up to the repository -.   |
//!   crashcart.toml in the user's own directory ------.   |   |
//!                                                    v   v   v
//!                              trusted <------------ own  |  named ----> trusted
//!                              trusted? ask trust.json <-'
//! ```
//!
//! A file that was merely found lies in a directory that somebody else may have written (`git clone`). What it says is
//! shown; its checks and logs are left out until the user has approved it, so that nothing can follow them by mistake.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::Exit;
use super::args::GlobalArgs;
use super::environment::Environment;
use super::failure::Failure;
use super::trust_store::{self, Standing, TrustStore};
use crate::config::log_argument::{ArgumentError, LogArgument};
use crate::config::{self, Diagnostic, Loaded, Place, Settings, Severity, TrustItem};
use crate::model::catalog::Catalog;
use crate::provider::{feeds, offers};

mod find;

pub use find::{FILE_NAME, Found, Origin, find};

/// A configuration is written by hand; whatever is larger is something else.
const LARGEST_FILE: u64 = 1 << 20;

/// What there is to watch, and how.
#[derive(Clone, Debug)]
pub struct Project {
    /// Everything that may be shown, probed and followed. The checks and logs of a file that is not trusted are not
    /// in here.
    pub catalog: Catalog,
    pub settings: Settings,
    /// The time zone of the times on the screen.
    pub time_zone: TimeZone,
    /// The configuration file that was read.
    pub file: Option<PathBuf>,
    /// Why the checks and logs of the file are left out, as a sentence for the screen.
    pub withheld: Option<String>,
    /// What else the user should know, as sentences.
    pub notices: Vec<String>,
}

impl Project {
    /// Returns a project with nothing in it.
    pub fn empty() -> Self {
        Self {
            catalog: Catalog::default(),
            settings: Settings::default(),
            time_zone: TimeZone::UTC,
            file: None,
            withheld: None,
            notices: Vec::new(),
        }
    }
}

/// Opens what the command line, the environment and the configuration file say together.
pub fn open(
    global: &GlobalArgs,
    addresses: &[String],
    logs: &[OsString],
    environment: &Environment,
) -> Result<Project, Failure> {
    // What was typed is looked at first: its mistakes are the nearest.
    let from_command_line = from_command_line(addresses, logs, environment)?;
    let mut project = match find(global, environment)? {
        Some(found) => ConfigFile::read(found, environment)?.into_project(global, environment)?,
        None => Project::empty(),
    };
    config::build::merge(&mut project.catalog, from_command_line);
    if project.withheld.is_some() {
        super::contacts::behind_ones_own(&mut project.catalog);
    }
    let (own, trouble) = super::contacts::own_contacts(environment);
    project.catalog.contacts = crate::contacts::join(own, std::mem::take(&mut project.catalog.contacts));
    project.notices.extend(trouble);
    if project.withheld.is_none() {
        let registry = super::providers::registry(environment);
        let problems =
            feeds::derive(&mut project.catalog, |source| registry.of(source).map_err(|error| error.to_string()));
        project.notices.extend(problems.iter().map(ToString::to_string));
        offers::derive(&mut project.catalog, |source| registry.of(source).map_err(|error| error.to_string()));
    }
    project.time_zone = time_zone(project.settings.time_zone.as_deref(), &mut project.notices);
    Ok(project)
}

/// Returns the state directory: the flag's, the environment's, or this system's place for it.
pub fn state_dir(global: &GlobalArgs, environment: &Environment) -> Option<PathBuf> {
    let here = environment.current_dir.clone().unwrap_or_default();
    global.state_dir.as_ref().or(environment.state_dir.as_ref()).map(|directory| here.join(directory))
}

fn cannot_read(path: &Path, error: io::Error) -> Failure {
    Failure::usage(anyhow::Error::new(error).context(format!("cannot read the configuration `{}`", path.display())))
}

/// A configuration file that was read: its bytes are read once, so that what is approved is what is followed.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    pub shown: PathBuf,
    /// Where it really lies.
    pub path: PathBuf,
    pub origin: Origin,
    pub sha256: String,
    pub loaded: Loaded,
    text: String,
}

impl ConfigFile {
    /// Reads a file. What is wrong with its content is in its diagnostics.
    pub fn read(found: Found, environment: &Environment) -> Result<Self, Failure> {
        let Found { shown, origin } = found;
        let here = environment.current_dir.clone().unwrap_or_default();
        let failed = |error| cannot_read(&shown, error);
        let path = fs::canonicalize(here.join(&shown)).map_err(failed)?;
        // Opening a pipe waits for its writer. Who names one wants that; who finds one would hang.
        if origin != Origin::Named && !path.metadata().map_err(failed)?.is_file() {
            return Err(Failure::usage(anyhow::anyhow!("`{}` is not a file", shown.display())));
        }
        let file = fs::File::open(&path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(Failure::usage(anyhow::anyhow!("`{}` is a directory", shown.display()))
                .hint(format!("name the file: {}", shown.join(FILE_NAME).display())));
        }
        if metadata.is_file() && metadata.permissions().mode() & 0o002 != 0 {
            return Err(Failure::usage(anyhow::anyhow!(
                "everybody on this machine may change `{}`, and it can run commands",
                shown.display()
            ))
            .hint(format!("chmod o-w {}", shown.display())));
        }
        // A named pipe is fine (`--config <(sops -d ...)`); an endless one is not.
        let mut bytes = Vec::new();
        file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(Failure::usage(anyhow::anyhow!("`{}` is larger than a configuration can be", shown.display())));
        }
        let sha256 = trust_store::hash(&bytes);
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
            Failure::usage(anyhow::anyhow!("`{}` is not UTF-8 text at line {line}", shown.display()))
        })?;
        let directory = path.parent().unwrap_or(&here);
        let loaded = config::load(&text, Place { directory, home: environment.home.as_deref() });
        // A link to one's own file is one's own file.
        let own = environment.config_dir.as_ref().and_then(|directory| fs::canonicalize(directory).ok());
        let is_own = own.is_some_and(|directory| path.starts_with(directory));
        let origin = if origin == Origin::Found && is_own { Origin::Own } else { origin };
        Ok(Self { shown, path, origin, sha256, loaded, text })
    }

    /// Returns what following the file would do.
    pub fn effects(&self) -> Vec<TrustItem> {
        config::effects_of(&self.loaded.catalog, &self.loaded.settings, &self.loaded.secrets)
    }

    /// Refuses a file with errors, showing all of them.
    pub fn refuse_errors(&self) -> Result<(), Failure> {
        if self.loaded.has_errors() { Err(Failure::drawn(Exit::Usage, self.drawn(Severity::Error))) } else { Ok(()) }
    }

    /// Draws the diagnostics of at least some severity.
    pub fn drawn(&self, least: Severity) -> String {
        let told: Vec<&Diagnostic> = self.loaded.diagnostics.iter().filter(|it| it.severity >= least).collect();
        config::diagnostic::render_all(&told, &self.shown.display().to_string(), &self.text)
    }

    /// Returns what the user has said about the file, or that nothing has to be said.
    pub fn standing(&self, store: Option<&TrustStore>) -> Result<Standing, Failure> {
        if self.origin != Origin::Found || self.effects().is_empty() {
            return Ok(Standing::Trusted);
        }
        match store {
            Some(store) => Ok(store.standing(&self.path, &self.sha256)?),
            None => Ok(Standing::New),
        }
    }

    fn into_project(self, global: &GlobalArgs, environment: &Environment) -> Result<Project, Failure> {
        self.refuse_errors()?;
        let least = if global.verbose { Severity::Info } else { Severity::Warning };
        let told = self.drawn(least);
        if !told.is_empty() {
            super::output::tell(&told);
        }
        let store = state_dir(global, environment).map(TrustStore::new);
        let name = self.shown.display();
        let withheld = match self.standing(store.as_ref()) {
            Ok(Standing::Trusted) => None,
            Ok(Standing::New) => Some(format!(
                "{name} is not trusted yet: nothing in it is probed or followed until `crashcart trust` has shown \
                 you what it would do."
            )),
            Ok(Standing::Changed { .. }) => Some(format!(
                "{name} has changed since you trusted it: nothing in it is probed or followed until `crashcart trust` \
                 has shown you what is new."
            )),
            // The console still opens: it is needed most when the disk is the trouble.
            Err(failure) => Some(format!(
                "{name} cannot be trusted, because the approvals cannot be read ({:#}): nothing in it is probed or \
                 followed.",
                failure.error
            )),
        };
        let Loaded { mut catalog, mut settings, secrets: _, diagnostics: _ } = self.loaded;
        if withheld.is_some() {
            catalog.checks.clear();
            catalog.logs.clear();
            catalog.sources.clear();
            catalog.uses.clear();
            catalog.senders.clear();
            // Nor does it get to say what the user's keys do.
            settings = Settings { vantage: None, keys: Default::default(), watch: Default::default(), ..settings };
        }
        Ok(Project {
            catalog,
            settings,
            time_zone: TimeZone::UTC,
            file: Some(self.path),
            withheld,
            notices: Vec::new(),
        })
    }
}

/// Returns the time zone of that name, or the system's. A machine without time zone data still has to show times.
pub fn time_zone(name: Option<&str>, notices: &mut Vec<String>) -> TimeZone {
    let Some(name) = name else { return TimeZone::system() };
    TimeZone::get(name).unwrap_or_else(|_| {
        notices.push(format!("This machine knows no time zone `{name}`; times are shown in its own."));
        TimeZone::system()
    })
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
    let told: Vec<String> =
        errors.iter().map(|error| format!("error: {}\nhint: {}\n", error.message, error.help)).collect();
    Failure::drawn(Exit::Usage, told.concat())
}

#[cfg(test)]
mod tests;
