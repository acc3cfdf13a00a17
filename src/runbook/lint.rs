//! What has rotted in a runbook, or would bite at night.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::{Command, Runbook};
use crate::config::diagnostic::{Diagnostic, Problems, Severity};

/// What only the machine knows.
pub trait Looks {
    /// Returns whether a program of that name can be run.
    fn has_program(&self, name: &str) -> bool;
    /// Returns whether a file is there, seen from the runbook's folder.
    fn has_file(&self, path: &str) -> bool;
}

/// What every shell and every login has.
const GIVEN: &[&str] = &[
    "HOME",
    "USER",
    "PATH",
    "PWD",
    "OLDPWD",
    "SHELL",
    "TERM",
    "LANG",
    "TMPDIR",
    "HOSTNAME",
    "UID",
    "EDITOR",
    "KUBECONFIG",
    "RANDOM",
    "SECONDS",
    "IFS",
    "LINENO",
    "PPID",
    "BASH_SOURCE",
    "BASH_VERSION",
    "PS1",
    "SERVICE",
    "LOGNAME",
    "REPLY",
    "COLUMNS",
];
/// Words of the shell itself.
const BUILT_IN: &[&str] = &[
    "cd", "echo", "export", "set", "unset", "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done",
    "case", "esac", "in", "function", "return", "exit", "read", "source", ".", "test", "[", "[[", "{", "}", "(", ")",
    "true", "false", "eval", "exec", "trap", "wait", "kill", "printf", "local", "declare", "alias", "ulimit", "umask",
    "type", "command", "time", "!", "shift", "break", "continue", "pushd", "popd", "let", "hash", "jobs", "fg", "bg",
    "history", "pwd", "select",
];

/// Returns everything to say about a runbook: what reading it found, and what it would stumble over.
pub fn lint(runbook: &Runbook, text: &str, looks: &dyn Looks) -> Vec<Diagnostic> {
    let mut problems = Problems::default();
    let mut known: BTreeSet<String> = GIVEN.iter().map(|name| (*name).to_owned()).collect();
    known.extend(runbook.front.variables.iter().map(|variable| variable.name.clone()));
    for step in runbook.steps() {
        for command in &step.commands {
            variables(command, &mut known, &mut problems);
            programs(command, looks, &mut problems);
            dangers(command, &mut problems);
        }
        let unchecked = step
            .commands
            .iter()
            .any(|command| changes(&command.text).is_some() && command.attributes.get("check").is_none());
        if unchecked && let Some(first) = step.commands.first() {
            let help = "add check=\"...\" behind the fence: what shows that it worked".to_owned();
            problems.note(Severity::Info, &first.range, "this step changes something and has no check", help);
        }
    }
    links(text, runbook.head.end, looks, &mut problems);
    if runbook.steps().next().is_none() {
        let help = "steps are headings of level 2, numbered lists and task lists".to_owned();
        problems.note(Severity::Info, &(0..0), "it has no steps: it can only be read", help);
    }
    let mut all = runbook.diagnostics.clone();
    all.extend(problems.locate(text));
    all.sort_by_key(|one| (one.line, one.column));
    all
}

fn regex(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

fn variables(command: &Command, known: &mut BTreeSet<String>, problems: &mut Problems) {
    static USED: LazyLock<Option<Regex>> = LazyLock::new(|| regex(r"\$\{?([A-Z][A-Z0-9_]*)(\}|:?[-=?+])?"));
    static SET: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r"(?m)(?:^|[\s;&|(])(?:export |local |readonly |declare (?:-\w+ )?)?([A-Z][A-Z0-9_]*)(?:=|\+=)|\b(?:for|read(?: -\w+)*) ([A-Z][A-Z0-9_]*)",
        )
    });
    let (Some(used), Some(set)) = (USED.as_ref(), SET.as_ref()) else { return };
    let sets = |known: &mut BTreeSet<String>| {
        let names = set.captures_iter(&command.text).filter_map(|found| found.get(1).or(found.get(2)));
        known.extend(names.map(|name| name.as_str().to_owned()));
    };
    sets(known);
    known.extend(command.attributes.get("capture").map(str::to_owned));
    let mut told = BTreeSet::new();
    for found in used.captures_iter(&command.text) {
        let with_default = found.get(2).is_some_and(|mark| mark.as_str() != "}");
        let name = found[1].to_owned();
        if with_default || known.contains(&name) || !told.insert(name.clone()) {
            continue;
        }
        let help = format!("declare it in the front matter: variables: {{ {name}: ... }}");
        problems.note(Severity::Warning, &command.range, format!("nothing says what ${name} is"), help);
    }
}

fn programs(command: &Command, looks: &dyn Looks, problems: &mut Problems) {
    if command.attributes.get("host").is_some() {
        return;
    }
    let mut told = BTreeSet::new();
    let mut goes_on = false;
    for line in command.text.lines() {
        let here = std::mem::replace(&mut goes_on, line.trim_end().ends_with(['\\', '|']) || line.contains("<<"));
        let words = line
            .split_whitespace()
            .skip_while(|word| word.contains('=') || matches!(*word, "sudo" | "then" | "do" | "else"));
        let Some(word) = words.into_iter().next().filter(|_| !here) else { continue };
        let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c))
            && word.starts_with(|c: char| c.is_ascii_lowercase());
        if !plain || BUILT_IN.contains(&word) || looks.has_program(word) || !told.insert(word.to_owned()) {
            continue;
        }
        let help = "install it where the runbook is followed, or say host=... behind the fence".to_owned();
        problems.note(Severity::Info, &command.range, format!("`{word}` is not on this machine's PATH"), help);
    }
}

/// Returns the words with which a command takes something away or overwrites it.
fn changes(text: &str) -> Option<String> {
    static DANGER: LazyLock<Option<Regex>> = LazyLock::new(|| {
        regex(
            r"(?mi)\b(rm\s+-\w*[rf]\w*|mkfs\S*|dd\s+if=|drop\s+(?:table|database|schema|index)|truncate\s+(?:table\b|-s)|delete\s+from|kubectl\s+delete|docker\s+(?:rm|rmi|system\s+prune|volume\s+rm)|git\s+(?:push\s+(?:-f|--force)|reset\s+--hard)|terraform\s+destroy|helm\s+(?:uninstall|delete)|systemctl\s+(?:stop|disable)|shutdown|reboot|flushall|flushdb|kill\s+-9|fly\s+apps\s+destroy)\b",
        )
    });
    let danger = DANGER.as_ref()?;
    let line = text.lines().find(|line| !line.trim_start().starts_with('#') && danger.is_match(line))?;
    danger.find(line).map(|found| found.as_str().to_owned())
}

fn dangers(command: &Command, problems: &mut Problems) {
    if command.attributes.get("confirm").is_some() {
        return;
    }
    if let Some(words) = changes(&command.text) {
        let help = "add confirm=\"...\" behind the fence: what somebody should know before they say yes".to_owned();
        problems.note(
            Severity::Warning,
            &command.range,
            format!("`{words}` takes something away, and nobody is asked"),
            help,
        );
    }
}

fn links(text: &str, from: usize, looks: &dyn Looks, problems: &mut Problems) {
    use pulldown_cmark::{Event, Parser, Tag};
    for (event, range) in Parser::new(&text[from..]).into_offset_iter() {
        let Event::Start(Tag::Link { dest_url, .. }) = event else { continue };
        let target = dest_url.split(['#', '?']).next().unwrap_or_default();
        let elsewhere =
            target.is_empty() || target.contains(':') || target.starts_with('/') || target.contains(['{', '<']);
        if !elsewhere && !looks.has_file(target) {
            let place: Range<usize> = range.start + from..range.end + from;
            let message = format!("this link leads nowhere: {target}");
            problems.note(Severity::Warning, &place, message, None);
        }
    }
}
