//! Why there is no credential, and the command that helps.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::model::text::Line;
use crate::model::time::Timestamp;

/// Why there is no credential.
///
/// No variant holds one, nor a piece of a file that may hold one. Cheap to clone: one refusal answers all who wait.
#[derive(Clone, thiserror::Error, Debug)]
pub enum AuthError {
    /// Nobody is logged in.
    #[error("not logged in to {what}{}", Tried(tried))]
    NotLoggedIn {
        /// The vendor or the place, as people call it.
        what: String,
        /// Each place that was looked at and what was found there, in order.
        tried: Vec<String>,
        /// The command that logs in.
        login: Option<String>,
    },
    /// Somebody was logged in, and is no longer.
    #[error("the login to {what} {}", Ended(*at))]
    Expired {
        /// The vendor or the profile.
        what: String,
        /// When it ended, where that is known.
        at: Option<Timestamp>,
        /// The command that logs in again.
        login: Option<String>,
    },
    /// The vendor, or a program, said no.
    #[error("{who} refused: {said}")]
    Refused {
        /// Who said no.
        who: String,
        /// What it said, made harmless.
        said: Line,
        /// What to do about it, where that is known.
        hint: Option<String>,
    },
    /// A name that does not exist, where others do.
    #[error("there is no {kind} {name:?} in {place}{}", Known(known))]
    Unknown {
        /// What kind of thing was named: a profile, a context.
        kind: &'static str,
        /// The name.
        name: String,
        /// Where it was looked for.
        place: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// A file or an answer is not what it should be.
    #[error("{path}: {why}")]
    Malformed {
        /// The file, or who answered.
        path: String,
        /// What is wrong with it; never a piece of it.
        why: String,
    },
    /// A way of logging in that crashcart does not have.
    #[error("{what} is not supported")]
    Unsupported {
        /// The way.
        what: String,
        /// What does work.
        instead: String,
    },
    /// A program is not installed.
    #[error("cannot run {program}: there is no such program")]
    Missing {
        /// Its name.
        program: String,
        /// How to get it, where somebody said so.
        hint: Option<String>,
    },
    /// A file cannot be read, a program cannot be started, a server cannot be reached.
    #[error("{doing}")]
    Io {
        /// What was tried.
        doing: String,
        /// Why it failed.
        #[source]
        source: Arc<io::Error>,
    },
    /// An answer did not come.
    #[error("{what} did not answer within {} s", limit.as_secs())]
    Timeout {
        /// Who was asked.
        what: String,
        /// How long it had.
        limit: Duration,
        /// What to do about it, where that is known.
        hint: Option<String>,
    },
}

impl AuthError {
    pub(super) fn io(doing: impl Into<String>, source: io::Error) -> Self {
        Self::Io { doing: doing.into(), source: Arc::new(source) }
    }

    pub(super) fn malformed(path: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Malformed { path: path.into(), why: why.into() }
    }

    pub(super) fn malformed_file(path: &Path, why: impl Into<String>) -> Self {
        Self::malformed(path.display().to_string(), why)
    }

    /// Returns the whole error as one harmless line, with its cause: names and paths in it were written by others.
    pub fn line(&self) -> Line {
        match self {
            Self::Io { doing, source } => Line::from_text(&format!("{doing}: {source}")),
            _ => Line::from_text(&self.to_string()),
        }
    }

    /// Returns what to try next, as a piece of a sentence: usually the command that logs in.
    pub fn hint(&self) -> Option<Cow<'_, str>> {
        let run = |login: &Option<String>| login.as_ref().map(|login| Cow::Owned(format!("run {login}")));
        match self {
            Self::NotLoggedIn { login, .. } | Self::Expired { login, .. } => run(login),
            Self::Refused { hint, .. } | Self::Timeout { hint, .. } => hint.as_deref().map(Cow::Borrowed),
            Self::Unknown { kind, .. } => Some(Cow::Owned(format!("name one of the {kind}s that there are"))),
            Self::Malformed { path, .. } => Some(Cow::Owned(format!("repair {path}, or log in again"))),
            Self::Unsupported { instead, .. } => Some(Cow::Borrowed(instead)),
            Self::Missing { hint, .. } => {
                Some(Cow::Borrowed(hint.as_deref().unwrap_or("is it installed, and on PATH?")))
            }
            Self::Io { source, .. } => Some(Cow::Borrowed(match source.kind() {
                io::ErrorKind::PermissionDenied => "who owns it, and who may read it?",
                io::ErrorKind::NotFound => "is this still the right path?",
                _ => "can this machine reach it?",
            })),
        }
    }
}

struct Tried<'a>(&'a [String]);

impl fmt::Display for Tried<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " (looked at: {})", self.0.join("; ")) }
    }
}

struct Ended(Option<Timestamp>);

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(at) => write!(f, "expired at {at}"),
            None => f.write_str("has expired or was revoked"),
        }
    }
}

struct Known<'a>(&'a [String]);

/// As many names as a sentence bears.
const NAMES: usize = 12;

impl fmt::Display for Known<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str(": there is none"),
            names if names.len() <= NAMES => write!(f, "; there are: {}", names.join(", ")),
            names => write!(f, "; there are: {} and {} more", names[..NAMES].join(", "), names.len() - NAMES),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_was_tried_and_what_to_run() {
        let error = AuthError::NotLoggedIn {
            what: "Fly.io".to_owned(),
            tried: vec!["FLY_API_TOKEN is not set".to_owned(), "there is no ~/.fly/config.yml".to_owned()],
            login: Some("fly auth login".to_owned()),
        };
        assert_eq!(
            error.to_string(),
            "not logged in to Fly.io (looked at: FLY_API_TOKEN is not set; there is no ~/.fly/config.yml)"
        );
        assert_eq!(error.hint().unwrap(), "run fly auth login");
        let error = AuthError::io("cannot read ~/.x\u{1b}[2J", io::ErrorKind::PermissionDenied.into());
        assert_eq!(error.line().as_str(), "cannot read ~/.x‹CSI 2J›: permission denied");
    }

    #[test]
    fn a_wrong_name_is_answered_with_the_right_ones_but_not_with_hundreds() {
        let unknown = |count: usize| AuthError::Unknown {
            kind: "context",
            name: "prod".to_owned(),
            place: "~/.kube/config".to_owned(),
            known: (0..count).map(|index| format!("c{index}")).collect(),
        };
        assert_eq!(unknown(2).to_string(), "there is no context \"prod\" in ~/.kube/config; there are: c0, c1");
        assert!(unknown(0).to_string().ends_with(": there is none"));
        assert!(unknown(300).to_string().ends_with("c11 and 288 more"));
    }
}
