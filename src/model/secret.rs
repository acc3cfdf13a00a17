//! Secrets and where they are kept. A secret never prints itself, is never serialised, and is wiped when it is dropped.

pub mod redact;

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub use redact::{REDACTED, Redactor};

/// A token, a password or a key.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes in a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Returns the secret itself: for the request that needs it, and for nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// Where a secret is kept. The configuration holds this and never the secret.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretRef {
    /// An environment variable.
    Env(String),
    /// An entry of the system's keyring.
    Keyring(String),
    /// A program and its arguments; what it prints is the secret.
    Command(Vec<String>),
    /// A file that nobody else may read.
    File(PathBuf),
    /// An entry of crashcart's own encrypted store.
    Store(String),
}

impl fmt::Display for SecretRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(formatter, "environment variable {name}"),
            Self::Keyring(name) => write!(formatter, "keyring entry {name}"),
            // Arguments of a password manager name the entry; they hold no secret.
            Self::Command(argv) => write!(formatter, "command {}", argv.join(" ")),
            Self::File(path) => write!(formatter, "file {}", path.display()),
            Self::Store(name) => write!(formatter, "store entry {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints_itself() {
        let secret = Secret::new("fo1_abcdef");
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "[redacted] Some([redacted])");
        assert_eq!(secret.expose(), "fo1_abcdef");
    }
}
