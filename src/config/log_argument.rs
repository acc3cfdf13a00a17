//! Logs as the command line names them.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::address::{self, AddressError};
use super::build;
use crate::model::log::{LogCommand, LogOrigin};

/// A log that the command line names. Paths are absolute already: nothing here knows a directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LogArgument {
    File(PathBuf),
    Glob(String),
    Ssh(LogCommand),
    Stdin,
}

/// Lines of a remote file that are fetched before it is followed: some screens full, and quick over a slow line.
const REMOTE_LINES: u32 = 500;

impl LogArgument {
    /// Reads `-`, `ssh://host/path`, a pattern or a path.
    pub fn parse(argument: &OsStr) -> Result<Self, ArgumentError> {
        let Some(text) = argument.to_str() else { return Ok(Self::File(PathBuf::from(argument))) };
        if text == "-" {
            return Ok(Self::Stdin);
        }
        if let Some(rest) = text.strip_prefix("ssh://") {
            return remote(text, rest);
        }
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(ArgumentError {
                message: format!("`{text}` begins with `{scheme}:`, which is not a log"),
                help: "a log is a file, a quoted 'glob*', ssh://host/path, or - for standard input".to_owned(),
            });
        }
        if text.is_empty() {
            return Err(ArgumentError {
                message: "an empty name is not a log".to_owned(),
                help: "a log is a file, a quoted 'glob*', ssh://host/path, or - for standard input".to_owned(),
            });
        }
        Ok(if build::is_glob(text) { Self::Glob(text.to_owned()) } else { Self::File(PathBuf::from(text)) })
    }

    /// Puts `directory` before a relative path, and takes a pattern that is the name of an existing file as that file.
    #[must_use]
    pub fn absolute(self, directory: &Path, is_file: impl Fn(&Path) -> bool) -> Self {
        match self {
            Self::File(path) => Self::File(directory.join(path)),
            Self::Glob(pattern) => {
                let path = directory.join(&pattern);
                match path.to_str() {
                    Some(text) if !is_file(&path) => Self::Glob(text.to_owned()),
                    _ => Self::File(path),
                }
            }
            other => other,
        }
    }

    pub(super) fn origin(self) -> LogOrigin {
        match self {
            Self::File(path) => LogOrigin::File(path),
            Self::Glob(pattern) => LogOrigin::Glob(pattern),
            Self::Ssh(command) => LogOrigin::Command(command),
            Self::Stdin => LogOrigin::Stdin,
        }
    }
}

fn remote(text: &str, rest: &str) -> Result<LogArgument, ArgumentError> {
    let wrong = |message: String| ArgumentError { message, help: "write ssh://host/var/log/app.log".to_owned() };
    let Some((host, path)) = rest.split_once('/').filter(|(_, path)| !path.is_empty()) else {
        return Err(wrong(format!("`{text}` names no file")));
    };
    let destination = ssh_host(host).map_err(|error| wrong(error.message))?;
    Ok(LogArgument::Ssh(LogCommand { command: remote_tail(&format!("/{path}")), ssh: Some(destination) }))
}

/// Returns the command that follows a file, or every file that matches, on another host.
pub fn remote_tail(path: &str) -> String {
    format!("tail -n {REMOTE_LINES} -q -F -- {}", shell_pattern(path))
}

/// Reads the host that the system's `ssh` is to be given: `host`, `user@host`, an alias of its configuration, or
/// `user@host:port`, which becomes the URL form because that is the only one with a port.
pub fn ssh_host(text: &str) -> Result<String, ArgumentError> {
    let bare = text.strip_prefix("ssh://").unwrap_or(text);
    let (_, host) = bare.rsplit_once('@').unwrap_or(("", bare));
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '/';
    // What begins with a dash would be an option, and options of ssh run commands.
    if host.is_empty() || bare.contains(odd) || [bare, host].iter().any(|part| part.starts_with('-')) {
        return Err(ArgumentError {
            message: format!("`{text}` is not a host for ssh"),
            help: "write a name, user@name, or an alias of ~/.ssh/config".to_owned(),
        });
    }
    match address::split_port(host) {
        (_, Some(port)) if port.parse::<u16>().is_ok() => Ok(format!("ssh://{bare}")),
        _ => Ok(bare.to_owned()),
    }
}

/// Quotes a path for a POSIX shell so that only its wildcards keep their meaning.
fn shell_pattern(path: &str) -> String {
    let mut quoted = String::new();
    let mut literal = String::new();
    let flush = |literal: &mut String, quoted: &mut String| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%=,".contains(c);
        if literal.chars().all(plain) {
            quoted.push_str(literal);
        } else {
            quoted.push('\'');
            quoted.push_str(&literal.replace('\'', r"'\''"));
            quoted.push('\'');
        }
        literal.clear();
    };
    for c in path.chars() {
        if matches!(c, '*' | '?' | '[' | ']') {
            flush(&mut literal, &mut quoted);
            quoted.push(c);
        } else {
            literal.push(c);
        }
    }
    flush(&mut literal, &mut quoted);
    quoted
}

/// Why an argument cannot be followed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ArgumentError {
    pub message: String,
    pub help: String,
}

impl From<AddressError> for ArgumentError {
    fn from(error: AddressError) -> Self {
        Self { message: error.to_string(), help: error.help() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_a_file_a_pattern_a_remote_file_or_what_is_piped_in() {
        let origin =
            |text: &str| LogArgument::parse(OsStr::new(text)).unwrap().absolute(Path::new("/here"), |_| false).origin();
        assert_eq!(origin("app.log"), LogOrigin::File("/here/app.log".into()));
        assert_eq!(origin("/var/log/*.log"), LogOrigin::Glob("/var/log/*.log".into()));
        assert_eq!(origin("-"), LogOrigin::Stdin);
        let ssh = |command: &str, host: &str| {
            LogOrigin::Command(LogCommand { command: command.to_owned(), ssh: Some(host.to_owned()) })
        };
        assert_eq!(origin("ssh://web1/var/log/x"), ssh("tail -n 500 -q -F -- /var/log/x", "web1"));
        assert_eq!(
            origin("ssh://kim@web1:2222/var/my log/it's*.log"),
            ssh(r"tail -n 500 -q -F -- '/var/my log/it'\''s'*.log", "ssh://kim@web1:2222")
        );
    }

    #[test]
    fn a_file_whose_name_looks_like_a_pattern_is_that_file() {
        let log = LogArgument::parse(OsStr::new("a[1].log")).unwrap().absolute(Path::new("/here"), |_| true);
        assert_eq!(log, LogArgument::File("/here/a[1].log".into()));
    }

    #[test]
    fn a_host_that_ssh_would_take_for_an_option_is_refused() {
        for text in [
            "ssh://-oProxyCommand=x/var/log/x",
            "ssh://kim@-x/var/log/x",
            "ssh:///var/log/x",
            "ssh://web1/",
            "http://x/y",
        ] {
            assert!(LogArgument::parse(OsStr::new(text)).is_err(), "{text}");
        }
    }
}
