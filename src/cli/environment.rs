//! The environment, read once. Everything else gets it as a value.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use directories::{BaseDirs, ProjectDirs};

use crate::model::surroundings::Surroundings;

/// What this process was given beside its arguments.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// `NO_COLOR` is set to something: no colour (no-color.org).
    pub no_color: bool,
    /// `TERM`: what the terminal calls itself.
    pub term: Option<String>,
    /// `COLORTERM`: `truecolor` or `24bit` when the terminal shows all colours.
    pub colorterm: Option<String>,
    /// The first of `LC_ALL`, `LC_CTYPE`, `LANG` that is set: it names the character encoding.
    pub locale: Option<String>,
    /// `TZ`: the time zone for this process, when the user set one.
    pub time_zone: Option<String>,
    /// `SSH_CONNECTION` or `SSH_TTY` is set: the terminal is far away.
    pub over_ssh: bool,
    /// `TMUX` or `STY` is set: there is a multiplexer (tmux, screen) between us and the terminal.
    pub in_multiplexer: bool,
    /// `CRASHCART_CONFIG`: the configuration that the user names.
    pub config: Option<PathBuf>,
    /// Where what we remember lies: `CRASHCART_STATE_DIR`, or this system's place for it.
    pub state_dir: Option<PathBuf>,
    /// This system's place for the user's own configuration of crashcart.
    pub config_dir: Option<PathBuf>,
    /// The user's home.
    pub home: Option<PathBuf>,
    /// Where the user is. `None` when the directory was deleted under us.
    pub current_dir: Option<PathBuf>,
    /// `CRASHCART_TEST_PANIC`: where to panic, so that a test can see the terminal given back. Debug builds only.
    pub test_panic: Option<String>,
    /// `CRASHCART_TEST_DIE_AT`: at which of its points a worker is to end as if killed. Debug builds only.
    pub test_die_at: Option<u64>,
    pub stdin_is_terminal: bool,
    pub stdout_is_terminal: bool,
    pub stderr_is_terminal: bool,
    /// What adapters may look up themselves: the home and all variables.
    pub surroundings: Surroundings,
}

/// The environment variables that crashcart reads, and what they do; for `--help`.
pub const VARIABLES: &[(&str, &str)] = &[
    ("CRASHCART_CONFIG", "the configuration to use, as --config"),
    ("CRASHCART_STATE_DIR", "where to keep what is remembered, as --state-dir"),
    ("CRASHCART_USER", "who you are, for the journal, where several people share a login"),
    ("VISUAL, EDITOR", "the editor of `crashcart contacts edit`; vi unless said"),
    ("NO_COLOR", "no colour, as --no-color, when set to anything"),
    ("TZ", "the time zone of the times on the screen"),
    ("LC_ALL, LC_CTYPE, LANG", "ASCII is drawn, as with --ascii, unless UTF-8 is named"),
    ("SSL_CERT_FILE, SSL_CERT_DIR", "certificate authorities to trust instead of the system's"),
];

impl Environment {
    /// Reads the environment of this process.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub fn read() -> Self {
        let home = BaseDirs::new().map(|dirs| dirs.home_dir().to_path_buf());
        let variables =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self {
            surroundings: Surroundings { home: home.clone(), variables: variables.collect() },
            home,
            current_dir: std::env::current_dir().ok(),
            stdin_is_terminal: std::io::stdin().is_terminal(),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            ..Self::from_variables(|name| std::env::var_os(name), ProjectDirs::from("", "", "crashcart").as_ref())
        }
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>, directories: Option<&ProjectDirs>) -> Self {
        // An empty variable means the same as none, everywhere.
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let text = |name: &str| set(name).map(|value| value.to_string_lossy().into_owned());
        let state_dir = |dirs: &ProjectDirs| dirs.state_dir().unwrap_or(dirs.data_local_dir()).to_path_buf();
        Self {
            no_color: set("NO_COLOR").is_some(),
            term: text("TERM"),
            colorterm: text("COLORTERM"),
            locale: ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(text),
            time_zone: text("TZ"),
            test_panic: text("CRASHCART_TEST_PANIC").filter(|_| cfg!(debug_assertions)),
            test_die_at: text("CRASHCART_TEST_DIE_AT")
                .filter(|_| cfg!(debug_assertions))
                .and_then(|text| text.parse().ok()),
            over_ssh: set("SSH_CONNECTION").or_else(|| set("SSH_TTY")).is_some(),
            in_multiplexer: set("TMUX").or_else(|| set("STY")).is_some(),
            config: set("CRASHCART_CONFIG").map(PathBuf::from),
            state_dir: set("CRASHCART_STATE_DIR").map(PathBuf::from).or_else(|| directories.map(state_dir)),
            config_dir: directories.map(|dirs| dirs.config_dir().to_path_buf()),
            ..Self::default()
        }
    }

    /// Returns whether the terminal is known to show UTF-8.
    pub fn is_utf8(&self) -> bool {
        self.locale.as_ref().is_some_and(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        })
    }

    /// Returns whether the terminal says that it shows 24-bit colour.
    pub fn has_true_color(&self) -> bool {
        let says = |name: &Option<String>, words: &[&str]| {
            name.as_ref().is_some_and(|value| words.iter().any(|word| value.contains(word)))
        };
        says(&self.colorterm, &["truecolor", "24bit"]) || says(&self.term, &["direct", "truecolor"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &'static [(&str, &str)]) -> Environment {
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value));
        Environment::from_variables(find, None)
    }

    #[test]
    fn an_empty_variable_is_as_good_as_none() {
        let read = environment(&[("NO_COLOR", ""), ("CRASHCART_CONFIG", ""), ("SSH_TTY", "")]);
        assert!(!read.no_color && read.config.is_none() && !read.over_ssh);
    }

    #[test]
    fn the_encoding_comes_from_the_variable_that_wins() {
        assert!(environment(&[("LANG", "en_GB.UTF-8")]).is_utf8());
        assert!(!environment(&[("LANG", "en_GB.UTF-8"), ("LC_ALL", "C")]).is_utf8());
        assert!(environment(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8"), ("LANG", "C")]).is_utf8());
        assert!(!environment(&[]).is_utf8());
    }

    #[test]
    fn the_users_own_state_directory_wins() {
        let read = environment(&[("CRASHCART_STATE_DIR", "/srv/state"), ("TMUX", "/tmp/tmux-0/default,1,0")]);
        assert_eq!(read.state_dir, Some(PathBuf::from("/srv/state")));
        assert!(read.in_multiplexer);
    }
}
