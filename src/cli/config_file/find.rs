//! Where a configuration is looked for.

use std::io;
use std::path::{Path, PathBuf};

use super::super::args::GlobalArgs;
use super::super::environment::Environment;
use super::super::failure::Failure;
use super::super::foreign;
use super::cannot_read;

/// The name under which a configuration is looked for.
pub const FILE_NAME: &str = "crashcart.toml";

/// How we came to a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// The user named it, now or in the environment.
    Named,
    /// It lies in the user's own configuration directory.
    Own,
    /// It lay in the working directory or above it.
    Found,
}

/// A configuration file that exists.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// As it is shown: the way in which we came to it.
    pub shown: PathBuf,
    pub origin: Origin,
}

/// Looks for the configuration file.
pub fn find(global: &GlobalArgs, environment: &Environment) -> Result<Option<Found>, Failure> {
    if let Some(path) = global.config.as_ref().or(environment.config.as_ref()) {
        // Another crashcart hands on what it found; that it is handed on makes it no more trustworthy.
        let origin = if global.config_found { Origin::Found } else { Origin::Named };
        return Ok(Some(Found { shown: path.clone(), origin }));
    }
    if let Some(here) = &environment.current_dir {
        for directory in up_to_the_repository(here) {
            let path = directory.join(FILE_NAME);
            if exists(&path)? {
                // Nearer to what the user sees than a path from the root.
                let shown = if directory == here { PathBuf::from(FILE_NAME) } else { path };
                return Ok(Some(Found { shown, origin: Origin::Found }));
            }
        }
    }
    let own = environment.config_dir.as_ref().map(|directory| directory.join(FILE_NAME));
    match own {
        Some(path) if exists(&path)? => {
            // One's home may be a repository that somebody else wrote.
            let origin = if foreign::home_is_foreign(environment) { Origin::Found } else { Origin::Own };
            Ok(Some(Found { shown: path, origin }))
        }
        _ => Ok(None),
    }
}

/// Returns the directory and those above it up to the repository's root; outside a repository only itself, because
/// what lies above it (`/tmp`, `/home`) is nobody's project.
fn up_to_the_repository(here: &Path) -> Vec<&Path> {
    let root = here.ancestors().position(|directory| directory.join(".git").exists());
    here.ancestors().take(root.map_or(1, |depth| depth + 1)).collect()
}

fn exists(path: &Path) -> Result<bool, Failure> {
    match path.try_exists() {
        // A directory that we may not enter hides its files from us as from the user.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
        other => other.map_err(|error| cannot_read(path, error)),
    }
}
