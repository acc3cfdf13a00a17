//! The configuration: text in, a validated catalog and settings out, with located diagnostics.
//!
//! ```text
//!   crashcart.toml --parse--> shape --validate--> Catalog + Settings + diagnostics
//!   https://... --log FILE -------arguments-----> Catalog
//! ```
//!
//! Pure: which file it is, and whether it may be believed, is decided by the command line.

pub mod address;
pub mod arguments;
pub mod build;
pub mod contacts;
pub mod defaults;
pub mod diagnostic;
pub mod document;
pub mod duration;
pub mod effects;
pub mod leaf;
pub mod log_argument;
pub mod nearest;
pub mod schema;
pub mod settings;
pub mod shape;
mod validate;

use toml::de::DeTable;

use crate::model::catalog::Catalog;

pub use arguments::from_arguments;
pub use diagnostic::{Diagnostic, Severity};
pub use effects::{TrustItem, effects_of};
pub use settings::Settings;
pub use validate::Place;
pub use validate::secret::{SecretUse, secret_ref};

use diagnostic::Problems;
use document::{Shape as _, Table};

/// What a configuration file says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Loaded {
    /// Everything in it that is valid. With errors it is not what the user meant: a check that could not be read is
    /// missing, and its service would look better than it is.
    pub catalog: Catalog,
    pub settings: Settings,
    /// Where it says that secrets are kept.
    pub secrets: Vec<SecretUse>,
    /// In the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Loaded {
    /// Returns whether the file can be followed.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Reads a configuration file. Odd input gives diagnostics, all of them at once, and never a panic.
pub fn load(text: &str, place: Place<'_>) -> Loaded {
    let mut problems = Problems::default();
    let (document, errors) = DeTable::parse_recoverable(text);
    let first_error = errors.iter().filter_map(|error| error.span()).map(|span| span.start).min();
    for error in &errors {
        problems.error(&error.span().unwrap_or(0..0), error.message(), None);
    }
    let mut reading = Problems::default();
    let mut table = Table::root(document.get_ref(), &mut reading);
    let file = shape::File::take(&mut table);
    table.finish(|_| None);
    let mut meaning = Problems::default();
    let (catalog, settings, secrets) = validate::validate(file, place, &mut meaning);
    // Behind a slip of the pen everything may be read as something else, and a name that seems to be missing may
    // stand there: what follows from it is noise.
    problems.append(reading, first_error);
    if first_error.is_none() {
        problems.append(meaning, None);
    }
    Loaded { catalog, settings, secrets, diagnostics: problems.locate(text) }
}

#[cfg(test)]
mod tests;
