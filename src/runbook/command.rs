//! What of a code block is run: prompts and output are not.

use std::sync::LazyLock;

use regex::Regex;

/// Words behind a fence that mean a shell.
const SHELLS: &[&str] = &[
    "sh",
    "bash",
    "shell",
    "zsh",
    "ksh",
    "dash",
    "console",
    "shell-session",
    "shellsession",
    "terminal",
    "sh-session",
];
/// Those among them whose blocks are mostly copied from a terminal.
const SESSIONS: &[&str] = &["console", "shell-session", "shellsession", "terminal", "sh-session"];

/// What is run of a block, and whether it was shown as a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    pub text: String,
    pub is_transcript: bool,
}

/// Returns what is run; nothing for what is no command.
pub fn find(language: &str, text: &str) -> Option<Found> {
    let text = &flush(text);
    let is_shell = SHELLS.contains(&language);
    let prompted = text.lines().any(|line| prompt(line).is_some());
    if prompted && (is_shell || language.is_empty()) {
        let text = session(text);
        return (!text.trim().is_empty()).then_some(Found { text, is_transcript: true });
    }
    if !is_shell || text.trim().is_empty() || text.lines().all(waits) {
        return None;
    }
    if SESSIONS.contains(&language) && !begins_like_a_command(text) {
        return None;
    }
    Some(Found { text: text.trim_end().to_owned(), is_transcript: false })
}

/// Returns what stands behind a prompt.
fn prompt(line: &str) -> Option<&str> {
    static PROMPT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"^\s{0,3}(?:(?:\[?[\w.-]+@[\w.-]+[:~/\w. -]*\]?|(?:ba|z|k|da)?sh-\d[\d.]*)[$#❯➜]|[$❯➜]) +(.*)$")
            .ok()
    });
    PROMPT.as_ref()?.captures(line)?.get(1).map(|found| found.as_str())
}

/// Returns whether a line is empty, or a prompt behind which nothing was typed yet: `me@pod:/$`.
fn waits(line: &str) -> bool {
    let line = line.trim_end();
    line.is_empty() || (line.ends_with(['$', '#']) && line.contains('@') && line.contains(':'))
}

/// Takes away how far all of it is indented: many write a block further in than its fence.
fn flush(text: &str) -> String {
    let depth = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let least = text.lines().filter(|line| !line.trim().is_empty()).map(depth).min().unwrap_or(0);
    let lines: Vec<&str> = text.lines().map(|line| line.get(least..).unwrap_or_default()).collect();
    lines.join("\n")
}

/// Takes the commands out of a session: what follows a prompt, and the lines that go on with it.
fn session(text: &str) -> String {
    let mut commands: Vec<String> = Vec::new();
    let mut goes_on = false;
    let mut document: Option<String> = None;
    for line in text.lines() {
        if let Some(end) = &document {
            let over = line.trim() == end;
            commands.push(line.to_owned());
            if over {
                document = None;
            }
            continue;
        }
        let command = match (prompt(line), goes_on) {
            (Some(command), _) => command,
            (None, true) => line.strip_prefix("> ").unwrap_or(line),
            (None, false) => continue,
        };
        goes_on = command.trim_end().ends_with('\\');
        document = here_document(command);
        commands.push(command.to_owned());
    }
    commands.join("\n")
}

/// Returns the word that ends a here-document which begins in a line.
fn here_document(line: &str) -> Option<String> {
    static HERE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"<<-?\s*['"]?(\w+)['"]?"#).ok());
    HERE.as_ref()?.captures(line)?.get(1).map(|found| found.as_str().to_owned())
}

/// Log lines and tables begin with times, digits and capitals; commands with a word of a program.
fn begins_like_a_command(text: &str) -> bool {
    let Some(line) = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#')) else {
        return false;
    };
    let word = line.split_whitespace().next().unwrap_or_default();
    let assigns = word.split_once('=').is_some_and(|(name, _)| !name.is_empty());
    let first = word.chars().next().is_some_and(|c| c.is_ascii_lowercase() || matches!(c, '.' | '/' | '~'));
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "._/~+-".contains(c));
    assigns || (first && plain)
}

/// Returns what somebody has to fill in before it can be run: `<namespace>`.
pub fn placeholders(command: &str) -> Vec<String> {
    static PLACE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?:^|[^<\w])<([A-Za-z](?:[\w .:/-]*[\w])?)>").ok());
    let Some(place) = PLACE.as_ref() else { return Vec::new() };
    let mut found: Vec<String> = Vec::new();
    for captured in place.captures_iter(command) {
        let name = captured[1].to_owned();
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}
