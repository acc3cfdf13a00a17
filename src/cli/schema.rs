//! `crashcart schema`: a JSON Schema of the configuration, for editors.

use super::failure::Failure;
use super::{Exit, output};

/// Prints the schema.
pub(super) fn run() -> Result<Exit, Failure> {
    output::print(crate::config::schema::text())?;
    Ok(Exit::Healthy)
}
