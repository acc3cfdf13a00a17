//! All contacts that can be read here: from their own file first, then from the configuration, however broken it is.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::super::args::{Cli, ContactsArgs};
use super::super::config_file::{self, ConfigFile};
use super::super::environment::Environment;
use super::super::failure::Failure;
use super::super::trust_store::{Standing, TrustStore};
use super::super::{Exit, output};
use crate::clock::Clock;
use crate::config::diagnostic::render_all;
use crate::config::{Diagnostic, Severity};
use crate::contacts::{Moment, join};
use crate::model::catalog::Catalog;
use crate::model::contact::Contact;
use crate::model::text::Line;
use crate::secret::{Existing, WriteError, write_file};

/// The name of the file of contacts.
const FILE_NAME: &str = "contacts.toml";

/// Thousands of contacts fit; whatever is larger is something else.
const LARGEST: u64 = 4 << 20;

/// The contacts, and where they come from.
pub(super) struct Book {
    pub contacts: Vec<Contact>,
    pub file: ContactsFile,
    /// What the configuration says beside them. Empty when it cannot be followed.
    pub catalog: Catalog,
    /// The names of services and vendors, when the configuration could be followed.
    pub services: Option<Vec<String>>,
    pub moment: Moment,
    /// The configuration file that has errors, or cannot be read.
    pub broken_config: bool,
}

/// The file of contacts, as it was read.
pub(super) struct ContactsFile {
    /// Nothing when this system has no place for it.
    pub path: Option<PathBuf>,
    pub text: String,
    pub contacts: Vec<Contact>,
    pub diagnostics: Vec<Diagnostic>,
    /// Why it could not be read at all.
    pub trouble: Option<String>,
    /// Whether others on this machine may read it.
    pub open_to_others: bool,
}

impl Book {
    /// Reads everything. What cannot be read is said on standard error.
    pub fn open(cli: &Cli, args: &ContactsArgs, environment: &Environment, clock: &Clock) -> Result<Self, Failure> {
        let here = environment.current_dir.clone().unwrap_or_default();
        let named = args.file.as_ref().map(|path| here.join(path));
        let file = ContactsFile::read(named.or_else(|| own_path(environment)));
        let (catalog, zone, broken_config) = configuration(cli, environment);
        let names = catalog.services.iter().map(|service| service.id.to_string());
        let names: Vec<String> = names.chain(catalog.vendors.iter().map(|vendor| vendor.id.to_string())).collect();
        // Half of a configuration, or none, does not say which there are.
        let services = Some(names).filter(|names| !broken_config && !names.is_empty());
        let contacts = join(file.contacts.clone(), catalog.contacts.clone());
        let mut notices = Vec::new();
        let here = config_file::time_zone(zone.as_deref(), &mut notices);
        let zones = crate::runtime::zones::zones_of(&contacts);
        file.tell();
        Ok(Self { contacts, file, catalog, services, moment: Moment { now: clock.now(), here, zones }, broken_config })
    }

    /// Returns how a command ends that had to leave something out.
    pub fn exit(&self) -> Exit {
        match &self.file.trouble {
            Some(_) if self.contacts.is_empty() => Exit::CouldNotTell,
            Some(_) => Exit::Wrong,
            None if self.file.has_errors() => Exit::Wrong,
            None => Exit::Healthy,
        }
    }
}

impl ContactsFile {
    fn read(path: Option<PathBuf>) -> Self {
        let mut file = Self {
            path: path.clone(),
            text: String::new(),
            contacts: Vec::new(),
            diagnostics: Vec::new(),
            trouble: None,
            open_to_others: false,
        };
        let Some(path) = path else { return file };
        match text_of(&path) {
            Ok((text, mode)) => {
                (file.contacts, file.diagnostics) = crate::config::contacts::load(&text);
                file.text = text;
                file.open_to_others = mode & 0o077 != 0;
            }
            // Most people have none.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => file.trouble = Some(format!("cannot read `{}`: {error}", path.display())),
        }
        file
    }

    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    pub fn shown_path(&self) -> String {
        self.path.as_ref().map_or_else(|| FILE_NAME.to_owned(), |path| path.display().to_string())
    }

    /// Draws its errors.
    pub fn drawn(&self) -> String {
        drawn(&self.diagnostics, &self.shown_path(), &self.text)
    }

    fn tell(&self) {
        if let Some(trouble) = &self.trouble {
            output::tell(&format!("error: {trouble}\n"));
        }
        output::tell(&self.drawn());
        if self.open_to_others {
            let path = self.shown_path();
            output::tell(&format!("warning: others on this machine may read `{path}`\nhint: chmod 600 {path}\n"));
        }
    }

    /// Refuses to change a file that cannot be read as it is: what is added behind a mistake may become a part of it.
    pub fn to_be_changed(&self) -> Result<&Path, Failure> {
        let Some(path) = &self.path else {
            return Err(Failure::usage(anyhow::anyhow!("this system has no place for your configuration"))
                .hint("name a file: --file FILE"));
        };
        if let Some(trouble) = &self.trouble {
            return Err(Failure::from(anyhow::anyhow!("{trouble}")));
        }
        if self.has_errors() {
            return Err(Failure::usage(anyhow::anyhow!("`{}` has to be mended before it is changed", path.display()))
                .hint("crashcart contacts edit"));
        }
        Ok(path)
    }

    /// Writes it anew, for its owner only. What was read before must still be there.
    pub fn replace(&self, text: &str) -> Result<(), Failure> {
        let path = self.to_be_changed()?;
        // What is written must be what can be read.
        if text.len() as u64 > LARGEST {
            return Err(Failure::usage(anyhow::anyhow!(
                "`{}` would become larger than a file of contacts can be",
                path.display()
            ))
            .hint("import only those whom you would call"));
        }
        let (_, diagnostics) = crate::config::contacts::load(text);
        if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
            let drawn = drawn(&diagnostics, &self.shown_path(), text);
            return Err(Failure::drawn(Exit::Usage, format!("{drawn}error: nothing was written\n")));
        }
        let now = match text_of(path) {
            Ok((text, _)) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Failure::from(error)),
        };
        if now != self.text {
            return Err(Failure::from(anyhow::anyhow!("`{}` was changed by somebody else meanwhile", path.display()))
                .hint("do it again"));
        }
        write_file(path, text.as_bytes(), Existing::Replace).map_err(write_failed)
    }
}

/// Says why a file was not written.
pub(super) fn write_failed(error: WriteError) -> Failure {
    let hint = error.hint();
    Failure::from(error).hint(hint)
}

/// Draws the errors among diagnostics.
fn drawn(diagnostics: &[Diagnostic], path: &str, text: &str) -> String {
    let errors: Vec<&Diagnostic> =
        diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).collect();
    render_all(&errors, path, text)
}

fn text_of(path: &Path) -> io::Result<(String, u32)> {
    let metadata = fs::metadata(path)?;
    // Opening a pipe waits for its writer.
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::other("it is larger than a file of contacts can be"));
    }
    // A letter that is broken takes no number away.
    Ok((String::from_utf8_lossy(&bytes).into_owned(), metadata.permissions().mode()))
}

fn own_path(environment: &Environment) -> Option<PathBuf> {
    environment.config_dir.as_ref().map(|directory| directory.join(FILE_NAME))
}

/// Returns the contacts of the user's own file, for those who show them beside other things, and what was wrong with it.
pub(in super::super) fn own_contacts(environment: &Environment) -> (Vec<Contact>, Option<String>) {
    let file = ContactsFile::read(own_path(environment));
    let trouble = file.trouble.clone().or_else(|| {
        file.has_errors().then(|| {
            format!(
                "{} has mistakes, and some contacts may be missing: `crashcart contacts check` shows them.",
                file.shown_path()
            )
        })
    });
    (file.contacts, trouble)
}

/// Returns what the configuration says, its time zone, and whether something in it is wrong. It is not followed: nothing of
/// it is run or asked.
fn configuration(cli: &Cli, environment: &Environment) -> (Catalog, Option<String>, bool) {
    let found = match config_file::find(&cli.global, environment) {
        Ok(Some(found)) => found,
        Ok(None) => return (Catalog::default(), None, false),
        Err(failure) => return left_out(&failure.error),
    };
    let shown = found.shown.display().to_string();
    match ConfigFile::read(found, environment) {
        Ok(mut file) => {
            let broken = file.loaded.has_errors();
            if broken {
                let count = file.loaded.diagnostics.iter().filter(|it| it.severity == Severity::Error).count();
                let errors = crate::ui::format::count(count, "error");
                output::tell(&format!(
                    "warning: {shown} has {errors}; its contacts are shown as far as they can be read\n"
                ));
            }
            let store = config_file::state_dir(&cli.global, environment).map(TrustStore::new);
            let is_trusted = matches!(file.standing(store.as_ref()), Ok(Standing::Trusted));
            if !is_trusted && !file.loaded.catalog.contacts.is_empty() {
                // Nothing is run or asked for it; but a number that somebody else wrote here should not be the first to call.
                output::tell(&format!(
                    "warning: {shown} is not trusted yet: whoever wrote it chose the numbers in it\n"
                ));
                behind_ones_own(&mut file.loaded.catalog);
            }
            (file.loaded.catalog, file.loaded.settings.time_zone, broken)
        }
        Err(failure) => left_out(&failure.error),
    }
}

/// Puts the contacts of a configuration that is not trusted behind those that the user wrote.
pub(in super::super) fn behind_ones_own(catalog: &mut Catalog) {
    for contact in &mut catalog.contacts {
        contact.order = None;
        contact.notes.insert(0, Line::from_text("not trusted: whoever wrote this configuration chose the number"));
    }
}

fn left_out(error: &anyhow::Error) -> (Catalog, Option<String>, bool) {
    let error = Line::from_text(&format!("{error:#}"));
    output::tell(&format!("warning: the contacts of the configuration are left out: {error}\n"));
    (Catalog::default(), None, true)
}
