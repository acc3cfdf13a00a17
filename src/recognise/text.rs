//! Reading the formats in which repositories say things, without ever failing.

use serde_json::Value;

/// Returns a file's name.
pub fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns the name of the folder that a file lies in, or nothing at the top.
pub fn folder(path: &str) -> Option<&str> {
    path.rsplit('/').nth(1)
}

/// Returns the number, from one, of the first line that contains a text; one when none does.
pub fn line_of(text: &str, needle: &str) -> usize {
    text.lines().position(|line| line.contains(needle)).map_or(1, |index| index + 1)
}

/// Returns lines that are no comments, with their numbers.
pub fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> + Clone {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#') && !line.starts_with("//"))
}

/// Reads TOML as JSON.
pub fn toml(text: &str) -> Value {
    toml::from_str(text).unwrap_or_default()
}

/// Reads JSON, with comments and commas at ends.
pub fn json(text: &str) -> Value {
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&without_comments(text))).unwrap_or_default()
}

/// Reads the documents of a YAML file, as far as they can be read.
pub fn yaml(text: &str) -> Vec<Value> {
    use serde::Deserialize as _;
    let read = |text: &str| -> (Vec<Value>, bool) {
        let mut whole = true;
        let documents = yaml_serde::Deserializer::from_str(text).map_while(|document| {
            let read = Value::deserialize(document);
            whole = read.is_ok();
            read.ok()
        });
        (documents.collect(), whole)
    };
    match read(text) {
        (documents, true) => documents,
        // Tags of a tool's own (`!reset`, `!Ref`) mean nothing here.
        _ => read(&without_tags(text)).0,
    }
}

fn without_tags(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for line in text.lines() {
        let tag = [": !", "- !"].iter().find_map(|begin| line.find(begin));
        match tag {
            Some(at) => {
                let rest = &line[at + 2..];
                let end = rest.find(' ').unwrap_or(rest.len());
                cleaned.push_str(&line[..at + 2]);
                cleaned.push_str(&rest[end..]);
            }
            None => cleaned.push_str(line),
        }
        cleaned.push('\n');
    }
    cleaned
}

/// Returns a text at a JSON pointer, unless it is a placeholder.
pub fn at(value: &Value, pointer: &str) -> Option<String> {
    let text = value.pointer(pointer)?.as_str()?.trim();
    plain(text).then(|| text.to_owned())
}

/// Returns whether a text is itself: no template, no variable, nothing to be filled in.
pub fn plain(text: &str) -> bool {
    !text.is_empty() && text.len() < 200 && !text.contains(['{', '}', '$', '<', '>', '*', ' ', '\n', '"', '\''])
}

/// Returns whether a text is the name of a host that could be anybody's own.
pub fn is_public_host(host: &str) -> bool {
    let legal = |character: char| character.is_ascii_alphanumeric() || character == '-' || character == '.';
    let reserved = ["example.com", "example.org", "example.net", "localhost"];
    let ends = [".local", ".internal", ".test", ".example", ".invalid", ".localhost"];
    let last = host.rsplit('.').next().unwrap_or_default();
    host.contains('.')
        && host.chars().all(legal)
        && last.len() >= 2
        && last.chars().all(|character| character.is_ascii_alphabetic())
        && !reserved.iter().any(|name| host == *name || host.ends_with(&format!(".{name}")))
        && !ends.iter().any(|end| host.ends_with(end))
}

/// Returns whether a text is an IPv4 address that could be reached from outside.
pub fn is_address(host: &str) -> bool {
    host.parse::<std::net::Ipv4Addr>().is_ok_and(|it| !it.is_private() && !it.is_loopback() && !it.is_unspecified())
}

/// Returns the path of the first address in a text whose host is this machine: `http://localhost:3000/up` gives `/up`.
pub fn local_route(text: &str) -> Option<String> {
    const HOSTS: &[&str] = &["http://localhost", "http://127.0.0.1", "http://0.0.0.0"];
    let rest = HOSTS.iter().find_map(|host| text.split_once(host)).map(|(_, rest)| rest)?;
    let rest = rest.strip_prefix(':').map_or(rest, |port| {
        port.trim_start_matches(|digit: char| {
            digit.is_ascii_digit() || "${}_ABCDEFGHIJKLMNOPQRSTUVWXYZ:-".contains(digit)
        })
    });
    let end = rest.find(|end: char| end.is_whitespace() || "\\\"'|;)],".contains(end)).unwrap_or(rest.len());
    // An address without a path asks for the first page.
    route(if end == 0 { "/" } else { &rest[..end] })
}

/// Returns a path as a health check's, when it is one.
pub fn route(path: &str) -> Option<String> {
    (path.starts_with('/') && plain(path)).then(|| path.to_owned())
}

fn without_comments(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut in_text = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' if in_text => {
                cleaned.push(character);
                cleaned.extend(characters.next());
            }
            '"' => {
                in_text = !in_text;
                cleaned.push(character);
            }
            '/' if !in_text && characters.peek() == Some(&'/') => {
                while characters.peek().is_some_and(|next| *next != '\n') {
                    characters.next();
                }
            }
            '/' if !in_text && characters.peek() == Some(&'*') => {
                let mut before = ' ';
                for next in characters.by_ref() {
                    if before == '*' && next == '/' {
                        break;
                    }
                    before = next;
                }
            }
            _ => cleaned.push(character),
        }
    }
    without_last_commas(&cleaned)
}

fn without_last_commas(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for (index, character) in text.char_indices() {
        let ends = || text[index + 1..].trim_start().starts_with(['}', ']']);
        if !(character == ',' && ends()) {
            cleaned.push(character);
        }
    }
    cleaned
}
