//! What a platform is configured with, as its API tells it: names of variables, never their values.
//!
//! What a platform does not tell is absent, and absent means "not known": nobody may conclude anything from it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::secret::redact::Redactor;
use super::text::Line;

/// Longer than any name that a person gave a variable; shorter than many a key.
const LONGEST_NAME: usize = 80;
/// Longer texts than this are no word for a runtime, a version or a path.
const LONGEST_WORD: usize = 60;

/// The name of an environment variable. There is no way to make one of a text that is no name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VariableName(String);

impl VariableName {
    /// Returns the name that a text is: letters, digits, `_`, and behind the first also `.` and `-`. What looks like a token
    /// is none, whatever its letters.
    pub fn new(text: &str) -> Option<Self> {
        let fine = !text.is_empty()
            && text.len() <= LONGEST_NAME
            && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'));
        (fine && Redactor::default().redact(text) == text).then(|| Self(text.to_owned()))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for VariableName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text).ok_or("this is no name of a variable")
    }
}

impl From<VariableName> for String {
    fn from(name: VariableName) -> Self {
        name.0
    }
}

impl fmt::Display for VariableName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// A short word of a platform: a runtime, a version, a path, a name. What has other characters than such words have is none.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Word(String);

impl Word {
    /// Returns the word that a text is.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let fine = !text.is_empty()
            && text.len() <= LONGEST_WORD
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/: @()+,".contains(&byte));
        (fine && Redactor::default().redact(text) == text).then(|| Self(text.to_owned()))
    }

    /// Returns the word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Word {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text).ok_or("this is no short word")
    }
}

impl From<Word> for String {
    fn from(word: Word) -> Self {
        word.0
    }
}

impl fmt::Display for Word {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

/// How one thing on a platform is set up.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// The platform's name for it.
    pub name: Line,
    pub kind: SettingsKind,
    /// The platform's own environment, where it has several: production, preview.
    pub environment: Option<Word>,
    /// The names of all variables that are set, sorted. Absent when they could not be seen.
    pub variables: Option<Vec<VariableName>>,
    pub health_check: Option<HealthCheck>,
    /// How many instances it is meant to have at least.
    pub instances: Option<u64>,
    /// Whether a push is deployed by itself.
    pub automatic_deploys: Option<bool>,
    /// Whether something must say yes before a deploy: a person, a timer, tests.
    pub gate: Option<bool>,
    /// What it runs on: "node 22", "heroku-24".
    pub runtime: Option<Word>,
    /// Whether it is started again when it ends by itself.
    pub restarts: Option<bool>,
    pub memory_limit: Option<Limit>,
    /// Whether its log on the host stops growing at some size.
    pub log_bounded: Option<bool>,
    /// A database's engine: postgres, mysql, redis.
    pub engine: Option<Word>,
    /// A database's version.
    pub version: Option<Word>,
    /// Whether the platform makes backups of it.
    pub backups: Option<bool>,
    /// How many rules raise an alert.
    pub alert_rules: Option<u64>,
    /// Whether an alert reaches anybody.
    pub notifies: Option<bool>,
}

/// What kind of thing is set up.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingsKind {
    /// A program of one's own that serves or works.
    Service,
    Database,
    /// A place to deploy to, without the program itself.
    Environment,
    /// A system that watches.
    Monitoring,
}

/// Whether a platform asks a program how it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthCheck {
    /// It does not.
    Missing,
    /// It does; how is not told.
    Present,
    /// It asks for this path.
    At(Word),
}

/// How much something may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// All that there is.
    Unlimited,
    Bytes(u64),
}

impl Settings {
    /// Returns settings of which nothing is known.
    pub fn new(name: Line, kind: SettingsKind) -> Self {
        Self {
            name,
            kind,
            environment: None,
            variables: None,
            health_check: None,
            instances: None,
            automatic_deploys: None,
            gate: None,
            runtime: None,
            restarts: None,
            memory_limit: None,
            log_bounded: None,
            engine: None,
            version: None,
            backups: None,
            alert_rules: None,
            notifies: None,
        }
    }

    /// Returns whether a variable is set; nothing when the variables could not be seen.
    pub fn sets(&self, name: &str) -> Option<bool> {
        self.variables.as_ref().map(|all| all.iter().any(|one| one.as_str() == name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_name_and_a_value_is_none() {
        for name in ["DATABASE_URL", "_x", "A1", "spring.profiles.active", "node-env"] {
            assert_eq!(VariableName::new(name).map(String::from).as_deref(), Some(name));
        }
        let token = format!("ghp_{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
        let long = "A".repeat(81);
        for value in ["", "1X", "postgres://u:p@h/db", "A=b", "two words", "a\u{200b}b", "x\ny", &token, &long] {
            assert_eq!(VariableName::new(value), None, "{value:?}");
            assert!(serde_json::from_value::<VariableName>(value.into()).is_err(), "{value:?}");
        }
    }

    #[test]
    fn a_word_is_short_and_plain() {
        for word in ["node 22", "/health/live", "16.4", "registry.fly.io/shop:v1", "heroku-24"] {
            assert_eq!(Word::new(word).map(String::from).as_deref(), Some(word));
        }
        for other in ["", "a=b", "/health?token=1", "\u{1b}[2J", "{\"a\":1}", &"x".repeat(61)] {
            assert_eq!(Word::new(other), None, "{other:?}");
        }
    }

    #[test]
    fn what_could_not_be_seen_is_neither_set_nor_unset() {
        let mut settings = Settings::new(Line::from_text("web"), SettingsKind::Service);
        assert_eq!(settings.sets("A"), None);
        settings.variables = Some(vec![VariableName::new("A").unwrap()]);
        assert_eq!((settings.sets("A"), settings.sets("B")), (Some(true), Some(false)));
    }
}
