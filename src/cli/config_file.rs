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
use super::foreign;
use super::trust_store::{self, Standing, TrustStore};
use crate::config::effects::TrustKind;
use crate::config::log_argument::{ArgumentError, LogArgument};
use crate::config::{self, Diagnostic, Loaded, Place, Settings, Severity, TrustItem};
use crate::desk::start::UsedConfig;
use crate::model::catalog::Catalog;
use crate::provider::reach::{self, Author};
use crate::provider::registry::{Beside, Registry};
use crate::provider::{feeds, offers};

mod beside;
mod find;

pub use beside::Definitions;
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
    /// It was found, and neither named nor one's own.
    pub found: bool,
    /// Definitions beside the file. None of a file that is not trusted.
    pub definitions: Vec<Beside>,
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
            found: false,
            definitions: Vec::new(),
            withheld: None,
            notices: Vec::new(),
        }
    }

    /// Returns the configuration, for another process that is to follow the same.
    pub fn used(&self) -> Option<UsedConfig> {
        self.file.clone().map(|path| UsedConfig { path, found: self.found })
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
    let project = match find(global, environment)? {
        Some(found) => ConfigFile::read(found, environment)?.into_project(global, environment)?,
        None => Project::empty(),
    };
    Ok(complete(project, from_command_line, environment))
}

/// Returns the configuration that counts here, for another process that is to follow the same.
pub fn used(global: &GlobalArgs, environment: &Environment) -> Result<Option<UsedConfig>, Failure> {
    let Some(Found { shown, origin }) = find(global, environment)? else { return Ok(None) };
    let path = environment.current_dir.clone().unwrap_or_default().join(shown);
    let path = fs::canonicalize(&path).unwrap_or(path);
    Ok(Some(UsedConfig { path, found: origin == Origin::Found }))
}

/// Adds what a file does not say: the command line, the user's own contacts, and what follows from sources.
fn complete(mut project: Project, from_command_line: Catalog, environment: &Environment) -> Project {
    config::build::merge(&mut project.catalog, from_command_line);
    if project.withheld.is_some() {
        super::contacts::behind_ones_own(&mut project.catalog);
    }
    let (own, trouble) = super::contacts::own_contacts(environment);
    project.catalog.contacts = crate::contacts::join(own, std::mem::take(&mut project.catalog.contacts));
    project.notices.extend(trouble);
    if project.withheld.is_none() {
        let registry = super::providers::registry(environment).with(project.definitions.clone());
        let problems =
            feeds::derive(&mut project.catalog, |source| registry.of(source).map_err(|error| error.to_string()));
        project.notices.extend(problems.iter().map(ToString::to_string));
        offers::derive(&mut project.catalog, |source| registry.of(source).map_err(|error| error.to_string()));
    }
    project.time_zone = time_zone(project.settings.time_zone.as_deref(), &mut project.notices);
    project
}

/// Returns the state directory: the flag's, the environment's, or this system's place for it.
pub fn state_dir(global: &GlobalArgs, environment: &Environment) -> Option<PathBuf> {
    let here = environment.current_dir.clone().unwrap_or_default();
    global.state_dir.as_ref().or(environment.state_dir.as_ref()).map(|directory| here.join(directory))
}

fn cannot_read(path: &Path, error: io::Error) -> Failure {
    Failure::usage(anyhow::Error::new(error).context(format!("cannot read the configuration `{}`", path.display())))
}

/// A configuration file that was read, with the definitions beside it: their bytes are read once, so that what is approved
/// is what is followed.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    pub shown: PathBuf,
    /// Where it really lies.
    pub path: PathBuf,
    pub origin: Origin,
    /// Of its bytes, and of the definitions beside it where there are some.
    pub sha256: String,
    pub loaded: Loaded,
    pub definitions: Definitions,
    text: String,
}

impl ConfigFile {
    /// Reads a file. What is wrong with its content is in its diagnostics.
    pub fn read(found: Found, environment: &Environment) -> Result<Self, Failure> {
        let Found { shown, origin } = found;
        let here = environment.current_dir.clone().unwrap_or_default();
        let failed = |error| cannot_read(&shown, error);
        let path = fs::canonicalize(here.join(&shown)).map_err(failed)?;
        // A link to one's own file is one's own file.
        let own = environment.config_dir.as_ref().and_then(|directory| fs::canonicalize(directory).ok());
        let is_own = own.is_some_and(|directory| path.starts_with(directory));
        let is_own = is_own && !foreign::home_is_foreign(environment);
        let origin = if origin == Origin::Found && is_own { Origin::Own } else { origin };
        // Its mistakes would be shown with its lines, and what others wrote must not choose which file that is.
        if origin == Origin::Found && foreign::leads_out(&here.join(&shown)).is_some() {
            return Err(Failure::usage(anyhow::anyhow!(
                "`{}` is a link that leads out of its repository, to {}",
                foreign::shown(&shown),
                foreign::shown(&path)
            ))
            .hint("if that is the file you mean, name it: --config FILE"));
        }
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
        let mut sha256 = trust_store::hash(&bytes);
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
            Failure::usage(anyhow::anyhow!("`{}` is not UTF-8 text at line {line}", shown.display()))
        })?;
        let directory = path.parent().unwrap_or(&here);
        let loaded = config::load(&text, Place { directory, home: environment.home.as_deref() });
        let definitions = beside::read(directory, origin, &loaded.catalog)?;
        if !definitions.found.is_empty() {
            let each =
                definitions.found.iter().map(|it| format!("{} {}", it.name, trust_store::hash(it.text.as_bytes())));
            let all: Vec<String> = std::iter::once(sha256).chain(each).collect();
            sha256 = trust_store::hash(all.join("\n").as_bytes());
        }
        Ok(Self { shown, path, origin, sha256, loaded, definitions, text })
    }

    /// Returns whether following the file would do anything at all.
    fn has_effects(&self) -> bool {
        let Loaded { catalog, settings, secrets, diagnostics: _ } = &self.loaded;
        !config::effects_of(catalog, settings, secrets, |_| None).is_empty()
    }

    /// Returns what the file means, for whoever looks at it and follows nothing of it.
    pub fn meaning(&self, environment: &Environment) -> Catalog {
        let registry = super::providers::registry(environment).with(self.definitions.found.clone());
        let mut catalog = self.loaded.catalog.clone();
        feeds::derive(&mut catalog, |source| registry.of(source).map_err(|error| error.to_string()));
        offers::derive(&mut catalog, |source| registry.of(source).map_err(|error| error.to_string()));
        catalog
    }

    /// Returns what following the file would do.
    pub fn effects(&self, environment: &Environment) -> Vec<TrustItem> {
        effects_of(&self.loaded, &self.definitions.found, environment)
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
        if self.origin != Origin::Found || !self.has_effects() {
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
        let name = foreign::shown(&self.shown);
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
            settings = Settings {
                vantage: None,
                keys: Default::default(),
                watch: Default::default(),
                postmortem_template: None,
                ..settings
            };
        }
        let Definitions { found: definitions, notices } = self.definitions;
        Ok(Project {
            catalog,
            settings,
            time_zone: TimeZone::UTC,
            file: Some(self.path),
            found: self.origin == Origin::Found,
            definitions: if withheld.is_none() { definitions } else { Vec::new() },
            withheld,
            notices,
        })
    }
}

/// Returns what following a configuration would do, with these definitions beside it.
pub(super) fn effects_of(loaded: &Loaded, beside: &[Beside], environment: &Environment) -> Vec<TrustItem> {
    let registry = super::providers::registry(environment).with(beside.to_vec());
    let Loaded { catalog, settings, secrets, diagnostics: _ } = loaded;
    let mut catalog = catalog.clone();
    // Status pages of vendors are sources too.
    feeds::derive(&mut catalog, |source| registry.of(source).map_err(|error| error.to_string()));
    config::effects_of(&catalog, settings, secrets, |source| of_source(source, &catalog, &registry))
}

/// Returns what a source would do, as far as its definition is known.
fn of_source(source: &crate::model::source::Source, catalog: &Catalog, registry: &Registry) -> Option<Vec<TrustItem>> {
    let definition = registry.of(source).ok()?;
    let uses: Vec<_> = catalog.uses.iter().filter(|used| used.source == source.id).map(|used| &used.params).collect();
    let foreign = source.own.is_none() && registry.beside(&source.provider).is_some();
    let author = if foreign { Author::Repository } else { Author::Known };
    // Of a vendor's page nothing but that is asked.
    let of_vendor = catalog.feeds.iter().find(|feed| feed.source == source.id && feed.vendor.is_some());
    let only = of_vendor.map(|feed| feed.capability);
    let mut items = reach::items(&definition, source, &uses, author, only);
    if source.own.is_some() {
        // What it runs and asks stands in the list as it was written.
        items.retain(|item| item.kind == TrustKind::Send);
    }
    Some(items)
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
