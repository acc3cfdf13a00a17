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
pub mod defaults;
pub mod duration;
pub mod nearest;
pub mod schema;
pub mod settings;

pub use arguments::from_arguments;
pub use settings::Settings;
