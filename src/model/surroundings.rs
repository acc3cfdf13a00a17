//! What the system gave this process: its home and its environment, read once by the shell and handed down.
//!
//! Adapters look here and never at the environment itself, so that a test can stand anywhere.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Home directory and environment variables.
#[derive(Clone, Default)]
pub struct Surroundings {
    /// The user's home directory, when there is one.
    pub home: Option<PathBuf>,
    /// The environment. Values that are not UTF-8 are left out.
    pub variables: BTreeMap<String, String>,
}

impl Surroundings {
    /// Returns an environment variable that is set and not empty.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns a path with a leading `~/` replaced by the home directory, or nothing when there is no home.
    pub fn expand(&self, path: &str) -> Option<PathBuf> {
        match path.strip_prefix("~/") {
            Some(rest) => self.home.as_ref().map(|home| home.join(rest)),
            None => Some(PathBuf::from(path)),
        }
    }
}

/// Names only: half of all secrets live in environments.
impl fmt::Debug for Surroundings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.variables.keys().collect();
        formatter.debug_struct("Surroundings").field("home", &self.home).field("variables", &names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_printed_by_name_only_and_a_tilde_is_the_home() {
        let variables = [("FLY_API_TOKEN".to_owned(), "fo1_x".to_owned()), ("EMPTY".to_owned(), String::new())].into();
        let surroundings = Surroundings { home: Some("/home/kim".into()), variables };
        assert!(!format!("{surroundings:?}").contains("fo1_x"));
        assert_eq!(surroundings.variable("FLY_API_TOKEN"), Some("fo1_x"));
        assert_eq!(surroundings.variable("EMPTY"), None);
        assert_eq!(surroundings.expand("~/.netrc"), Some("/home/kim/.netrc".into()));
        assert_eq!(surroundings.expand("/etc/x"), Some("/etc/x".into()));
    }
}
