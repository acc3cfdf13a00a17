//! From a command in a document to exactly what is run: its variables, its placeholders, its limits.
//!
//! Nothing that somebody types is spliced into a shell's text. A placeholder (`<pod>`) becomes a variable with the quotes that
//! its place needs, and its value goes along in the environment.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use regex::Regex;
use thiserror::Error;

use super::{Command, Runbook, Variable};
use crate::config::duration;
use crate::model::run::{Branch, Purpose, Script};

/// How long a command may take when it does not say: long enough for a dump, short enough to notice that it hangs.
pub const TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// Between two tries.
const INTERVAL: Duration = Duration::from_secs(5);
/// Shells that are run; the words of sessions and others mean `sh`.
const SHELLS: &[&str] = &["sh", "bash", "zsh", "dash", "ksh"];

/// Why a command cannot be run as it is written.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum ScriptError {
    #[error("`{name}={value}` behind the fence at line {line} is not understood: {why}")]
    Attribute { name: String, value: String, line: usize, why: String },
    #[error("the command at line {line} says no way back; add undo=\"...\" behind its fence")]
    NoUndo { line: usize },
    #[error("`{host}` at line {line} is not a host that ssh can be given")]
    Host { host: String, line: usize },
}

/// Something that a command must be told before it can be run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Need {
    /// The variable.
    pub name: String,
    /// What is asked.
    pub prompt: String,
    pub default: Option<String>,
    pub secret: bool,
}

/// Returns what a command needs and is not known yet: placeholders, and declared variables that it uses.
///
/// A variable with a default is known, unless it says with a prompt that a person should look at it: then it is asked once.
pub fn needs(runbook: &Runbook, command: &Command, known: &BTreeMap<String, String>) -> Vec<Need> {
    let texts = [Some(command.text.as_str()), command.attributes.get("check"), command.attributes.get("undo")];
    let mut needs: Vec<Need> = Vec::new();
    for text in texts.into_iter().flatten() {
        let mut used: Vec<_> = runbook.front.variables.iter().filter(|variable| uses(text, &variable.name)).collect();
        // In the order in which one meets them.
        used.sort_by_key(|variable| {
            text.find(&format!("${}", variable.name)).or(text.find(&format!("${{{}", variable.name)))
        });
        for variable in used {
            push(&mut needs, known, need_of(variable));
        }
        for place in super::placeholders(text) {
            let name = variable_of(&place);
            let declared = runbook.front.variables.iter().find(|variable| variable.name == name);
            let need = declared.map_or_else(
                || Need { name: name.clone(), prompt: place.clone(), default: None, secret: false },
                need_of,
            );
            push(&mut needs, known, need);
        }
    }
    needs
}

fn push(needs: &mut Vec<Need>, known: &BTreeMap<String, String>, need: Need) {
    let is_known = !need.secret && known.contains_key(&need.name);
    if !is_known && !needs.iter().any(|other| other.name == need.name) {
        needs.push(need);
    }
}

fn need_of(variable: &Variable) -> Need {
    Need {
        name: variable.name.clone(),
        prompt: variable.prompt.clone().unwrap_or_else(|| variable.name.clone()),
        default: variable.default.clone(),
        secret: variable.secret,
    }
}

/// Returns what is known before anybody is asked: defaults of variables that ask for nothing.
pub fn defaults(runbook: &Runbook) -> BTreeMap<String, String> {
    let plain = runbook.front.variables.iter().filter(|variable| variable.prompt.is_none() && !variable.secret);
    plain.filter_map(|variable| Some((variable.name.clone(), variable.default.clone()?))).collect()
}

fn uses(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + name.len()..].chars().next();
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        matches!(before, Some('$' | '{')) && !is_word(after)
    })
}

/// Returns the variable for a placeholder: `<pod name>` is `$POD_NAME`.
pub fn variable_of(place: &str) -> String {
    let mut name: String =
        place.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    while name.contains("__") {
        name = name.replace("__", "_");
    }
    let name = name.trim_matches('_').to_owned();
    // Names that a shell or a loader reads itself must not come from a document's placeholder.
    if matches!(name.as_str(), "PATH" | "HOME" | "USER" | "SHELL" | "IFS" | "ENV" | "BASH_ENV")
        || name.starts_with("LD_")
        || name.is_empty()
    {
        return format!("THE_{name}");
    }
    name
}

/// Makes what is run of a command.
///
/// # Errors
/// When something behind its fence is not understood, or there is no way back to run.
pub fn script(
    runbook: &Runbook,
    command: &Command,
    purpose: Purpose,
    text: Option<&str>,
    known: &BTreeMap<String, String>,
    folder: Option<&Path>,
) -> Result<Script, ScriptError> {
    let get = |name: &str| command.attributes.get(name).filter(|value| !value.is_empty());
    let bad = |name: &str, why: &str| ScriptError::Attribute {
        name: name.to_owned(),
        value: get(name).unwrap_or_default().to_owned(),
        line: command.line,
        why: why.to_owned(),
    };
    let time = |name: &str, otherwise: Duration| match get(name) {
        None => Ok(otherwise),
        Some(value) => duration::parse(value).map_err(|error| bad(name, &error.to_string())),
    };
    let flag = |name: &str| get(name).is_some_and(|value| value != "false");
    let raw = match (purpose, text) {
        (_, Some(text)) => text,
        (Purpose::Do, None) => &command.text,
        (Purpose::Undo, None) => get("undo").ok_or(ScriptError::NoUndo { line: command.line })?,
    };
    let host = get("host").map(str::to_owned);
    if let Some(host) = host.as_ref().filter(|host| host.starts_with('-') || host.contains(char::is_whitespace)) {
        return Err(ScriptError::Host { host: host.clone(), line: command.line });
    }
    let shell = get("shell").unwrap_or(&command.language);
    let shell = SHELLS.iter().find(|known| **known == shell).map_or("sh", |known| known);
    if get("shell").is_some_and(|wanted| !SHELLS.contains(&wanted)) {
        return Err(bad("shell", &format!("one of {}", SHELLS.join(", "))));
    }
    let is_undo = purpose == Purpose::Undo;
    let mut environment = known.clone();
    let secret =
        |name: &String| runbook.front.variables.iter().any(|variable| variable.secret && &variable.name == name);
    environment.retain(|name, _| !secret(name));
    let check = get("check").filter(|_| !is_undo).map(fill_places);
    let text = fill_places(raw);
    let secrets = runbook.front.variables.iter().filter(|variable| variable.secret);
    let secrets = secrets
        .filter(|variable| {
            uses(&text, &variable.name) || check.as_ref().is_some_and(|check| uses(check, &variable.name))
        })
        .map(|variable| variable.name.clone())
        .collect();
    let interactive = flag("interactive") && !is_undo;
    let retry = match get("retry").filter(|_| !is_undo) {
        None => 0,
        Some(value) => value.parse().map_err(|_| bad("retry", "a number of tries"))?,
    };
    let folder = match (get("cwd"), folder, &host) {
        // What lies on another machine is named as it is there.
        (Some(cwd), _, Some(_)) => Some(cwd.into()),
        (None, _, Some(_)) => None,
        (Some(cwd), Some(folder), None) => Some(folder.join(cwd)),
        (Some(cwd), None, None) => Some(cwd.into()),
        (None, folder, None) => folder.map(Path::to_path_buf),
    };
    Ok(Script {
        text,
        shell: shell.to_owned(),
        host,
        folder,
        environment,
        secrets,
        timeout: if interactive {
            time("timeout", Duration::from_secs(24 * 3_600))?
        } else {
            time("timeout", TIMEOUT)?
        },
        check,
        retry,
        interval: time("interval", INTERVAL)?,
        capture: get("capture").filter(|_| !is_undo).map(str::to_owned),
        interactive,
        next: if is_undo { Vec::new() } else { branches(runbook, get("next")).map_err(|why| bad("next", &why))? },
        wait: time("wait", Duration::ZERO)?,
    })
}

/// Reads `printed => step; other => step; step`. A step is its number, or the name of a command in it.
fn branches(runbook: &Runbook, text: Option<&str>) -> Result<Vec<Branch>, String> {
    let mut branches = Vec::new();
    for part in text.unwrap_or_default().split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (printed, step) = match part.rsplit_once("=>") {
            Some((printed, step)) => (Some(printed.trim()), step.trim()),
            None => (None, part),
        };
        if let Some(printed) = printed {
            Regex::new(printed).map_err(|error| error.to_string().replace('\n', " "))?;
        }
        let step = find_step(runbook, step).ok_or_else(|| format!("there is no step `{step}`"))?;
        branches.push(Branch { printed: printed.map(str::to_owned), step });
    }
    Ok(branches)
}

/// Finds a step by its number, which counts from 1, by the name of a command in it, or by its title.
pub fn find_step(runbook: &Runbook, wanted: &str) -> Option<usize> {
    if let Ok(number) = wanted.parse::<usize>() {
        return (number >= 1 && number <= runbook.steps().count()).then(|| number - 1);
    }
    let named = |step: &super::Step| step.commands.iter().any(|command| command.attributes.get("name") == Some(wanted));
    runbook
        .steps()
        .position(named)
        .or_else(|| runbook.steps().position(|step| step.title.as_str().eq_ignore_ascii_case(wanted)))
}

/// Returns where it goes on after something was printed.
pub fn branch(script: &Script, printed: &str) -> Option<usize> {
    let fits = |branch: &&Branch| match &branch.printed {
        None => true,
        Some(pattern) => Regex::new(&format!("(?m){pattern}")).is_ok_and(|pattern| pattern.is_match(printed)),
    };
    script.next.iter().find(fits).map(|branch| branch.step)
}

/// Where in a shell's text a placeholder stands.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Quote {
    None,
    Double,
    Single,
    /// In a here-document whose text the shell expands.
    Document(String),
    /// In one whose text it leaves alone.
    Verbatim(String),
}

/// Turns placeholders into variables. The quotes around each decide how.
fn fill_places(text: &str) -> String {
    let places = super::placeholders(text);
    if places.is_empty() {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut quote = Quote::None;
    let mut pending: Option<Quote> = None;
    for line in text.split_inclusive('\n') {
        if let Quote::Document(end) | Quote::Verbatim(end) = &quote
            && line.trim() == end
        {
            out.push_str(line);
            quote = Quote::None;
            continue;
        }
        let mut rest = line;
        while let Some(c) = rest.chars().next() {
            if let Some(place) = places
                .iter()
                .find(|place| {
                    rest[c.len_utf8()..].starts_with(place.as_str())
                        && rest[c.len_utf8() + place.len()..].starts_with('>')
                })
                .filter(|_| c == '<')
            {
                let name = variable_of(place);
                out.push_str(&match &quote {
                    Quote::None => format!("\"${{{name}}}\""),
                    Quote::Double | Quote::Document(_) => format!("${{{name}}}"),
                    Quote::Single => format!("'\"${{{name}}}\"'"),
                    // Nothing is expanded there: it stays as it was written.
                    Quote::Verbatim(_) => format!("<{place}>"),
                });
                rest = &rest[place.len() + 2..];
                continue;
            }
            match (&quote, c) {
                (Quote::None, '\\') | (Quote::Double, '\\') => {
                    out.push(c);
                    rest = &rest[1..];
                    if let Some(next) = rest.chars().next() {
                        out.push(next);
                        rest = &rest[next.len_utf8()..];
                    }
                    continue;
                }
                (Quote::None, '\'') => quote = Quote::Single,
                (Quote::Single, '\'') | (Quote::Double, '"') => quote = Quote::None,
                (Quote::None, '"') => quote = Quote::Double,
                (Quote::None, '<') if rest.starts_with("<<") && !rest.starts_with("<<<") => {
                    let after = rest[2..].trim_start_matches('-').trim_start();
                    let verbatim = after.starts_with(['\'', '"', '\\']);
                    let word: String = after
                        .trim_start_matches(['\'', '"', '\\'])
                        .chars()
                        .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                        .collect();
                    if !word.is_empty() {
                        pending = Some(if verbatim { Quote::Verbatim(word) } else { Quote::Document(word) });
                    }
                }
                _ => {}
            }
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
        if let Some(document) = pending.take() {
            quote = document;
        }
    }
    out
}

/// Returns a script's text with every variable that is known written out: for reading, never for running.
pub fn shown(script: &Script) -> String {
    let mut text = script.text.clone();
    let mut names: Vec<&String> = script.environment.keys().collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for name in names {
        let value = &script.environment[name];
        text = text.replace(&format!("${{{name}}}"), value);
        let pattern = format!("${name}");
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(&pattern) {
            let after = &rest[at + pattern.len()..];
            out.push_str(&rest[..at]);
            let goes_on = after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            out.push_str(if goes_on { &pattern } else { value });
            rest = after;
        }
        out.push_str(rest);
        text = out;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Runbook {
        Runbook::read("x", text)
    }

    fn first(runbook: &Runbook) -> Command {
        runbook.steps().next().unwrap().commands[0].clone()
    }

    fn made(text: &str) -> Script {
        let runbook = read(text);
        script(&runbook, &first(&runbook), Purpose::Do, None, &defaults(&runbook), Some(Path::new("/srv"))).unwrap()
    }

    #[test]
    fn a_placeholder_is_a_variable_whatever_quotes_it_stands_in() {
        for (text, filled) in [
            ("kubectl -n <name space> get pod", "kubectl -n \"${NAME_SPACE}\" get pod"),
            ("echo \"in <ns>\"", "echo \"in ${NS}\""),
            ("echo 'in <ns>'", "echo 'in '\"${NS}\"''"),
            ("cat <<EOF\nns: <ns>\nEOF\nls <ns>", "cat <<EOF\nns: ${NS}\nEOF\nls \"${NS}\""),
            ("cat <<'EOF'\nns: <ns>\nEOF\nls <ns>", "cat <<'EOF'\nns: <ns>\nEOF\nls \"${NS}\""),
            ("echo it\\'s <ns>", "echo it\\'s \"${NS}\""),
            ("sort < input > output", "sort < input > output"),
        ] {
            assert_eq!(fill_places(text), filled, "{text}");
        }
        assert_eq!(variable_of("PATH"), "THE_PATH");
    }

    #[test]
    fn what_is_needed_is_asked_once_and_a_secret_each_time() {
        let runbook = read(
            "---\nvariables:\n  URL: { prompt: the address }\n  TOKEN: { secret: true, prompt: the token }\n  QUEUE: jobs\n  OTHER: { prompt: unused }\n---\n# X\n\n## Do\n\n```sh {check=\"test -n <pod>\"}\ncurl -H \"$TOKEN\" \"$URL/$QUEUE\" <pod>\n```\n",
        );
        let command = first(&runbook);
        let mut known = defaults(&runbook);
        let names = |known: &BTreeMap<String, String>| {
            needs(&runbook, &command, known).into_iter().map(|need| need.name).collect::<Vec<_>>()
        };
        assert_eq!(names(&known), ["TOKEN", "URL", "POD"]);
        known.extend([("URL".to_owned(), "https://x".to_owned()), ("POD".to_owned(), "a b".to_owned())]);
        assert_eq!(names(&known), ["TOKEN"]);
        let script = script(&runbook, &command, Purpose::Do, None, &known, None).unwrap();
        assert_eq!(script.secrets, ["TOKEN"]);
        assert_eq!(script.check.as_deref(), Some("test -n \"${POD}\""));
        assert_eq!(shown(&script), "curl -H \"$TOKEN\" \"https://x/jobs\" \"a b\"");
    }

    #[test]
    fn what_stands_behind_the_fence_is_followed() {
        let script = made(
            "# X\n\n## One\n\n```bash {timeout=90s retry=3 interval=2s cwd=ops capture=N next=\"^0$ => 2; ^9 => last; 1\"}\ntrue\n```\n\n## Two\n\n```sh {name=last}\ntrue\n```\n",
        );
        assert_eq!((script.shell.as_str(), script.timeout, script.retry), ("bash", Duration::from_secs(90), 3));
        assert_eq!(script.folder.as_deref(), Some(Path::new("/srv/ops")));
        assert_eq!(branch(&script, "x\n0\n"), Some(1));
        assert_eq!(branch(&script, "95"), Some(1));
        assert_eq!(branch(&script, "5"), Some(0));
    }

    #[test]
    fn what_is_not_understood_is_told_with_its_place() {
        let failed = |info: &str| {
            let runbook = read(&format!("# X\n\n## One\n\n```sh {{{info}}}\ntrue\n```\n"));
            script(&runbook, &first(&runbook), Purpose::Do, None, &BTreeMap::new(), None).unwrap_err().to_string()
        };
        for (info, told) in [
            ("timeout=90", "`timeout=90` behind the fence at line 5"),
            ("next=7", "there is no step `7`"),
            ("retry=often", "a number of tries"),
            ("host=-oProxyCommand=x", "is not a host"),
            ("shell=fish", "one of sh, bash"),
        ] {
            assert!(failed(info).contains(told), "{info}: {}", failed(info));
        }
    }
}
