//! What the configuration says about the console itself. Names and numbers: others turn them into styles and keys.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::model::watch::WatchRules;

/// Settings of the console. What is not said is `None`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// The name of a theme.
    pub theme: Option<String>,
    /// Draw with ASCII characters only.
    pub ascii: Option<bool>,
    pub mouse: Option<bool>,
    /// An IANA time zone: `Europe/Berlin`.
    pub time_zone: Option<String>,
    /// Action to key, as written: `action::keymap` knows what they mean.
    pub keys: BTreeMap<String, String>,
    /// `host:port` that answers whenever this machine has a network.
    pub vantage: Option<String>,
    /// By which rules the watcher speaks up.
    pub watch: WatchRules,
    /// The template of postmortems.
    pub postmortem_template: Option<PathBuf>,
}
