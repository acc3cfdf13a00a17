//! Reads Rust source as far as the rules need it: tokens with their lines, without comments, literals and test code;
//! and the paths that it names, spelled out from the crate's root.
//!
//! It is no parser. It errs on the side of seeing a path where there is none, never the other way.

use std::collections::{BTreeMap, BTreeSet};

/// A word or a mark, and the line it stands on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

impl Token {
    fn is_word(&self) -> bool {
        self.text.starts_with(|first: char| first.is_alphabetic() || first == '_')
    }
}

/// A path as written, spelled out: `crate::model::id::ServiceId`, `std::fs::read`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedPath {
    pub segments: Vec<String>,
    pub line: usize,
}

/// One file, read.
#[derive(Debug)]
pub struct Source {
    /// What is compiled into the program: everything but test code.
    pub code: Vec<Token>,
    /// Child modules that are declared for tests only (`#[cfg(test)] mod tests;`).
    pub test_children: BTreeSet<String>,
}

/// Reads one file.
pub fn read(text: &str) -> Source {
    let tokens = tokens(text);
    let mut test_children = BTreeSet::new();
    if has_inner_test_attribute(&tokens) {
        return Source { code: Vec::new(), test_children };
    }
    let mut code = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if let Some(after) = test_attribute(&tokens, at) {
            let end = item_end(&tokens, after);
            if let Some(name) = declared_module(&tokens[after..end]) {
                test_children.insert(name);
            }
            at = end;
        } else {
            code.push(tokens[at].clone());
            at += 1;
        }
    }
    Source { code, test_children }
}

/// Returns every path that the code of `module` names. `modules` are all modules of the crate, for relative paths.
pub fn paths(code: &[Token], module: &[String], modules: &BTreeSet<Vec<String>>) -> Vec<NamedPath> {
    let mut found = Vec::new();
    let mut aliases: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut here = module.to_vec();
    // The depth of braces at which each inline module was opened.
    let mut opened = Vec::new();
    let (mut depth, mut at) = (0_usize, 0);
    while at < code.len() {
        let token = &code[at];
        match token.text.as_str() {
            "{" => depth += 1,
            "}" => {
                depth = depth.saturating_sub(1);
                if opened.last() == Some(&depth) {
                    opened.pop();
                    here.pop();
                }
            }
            "mod" if code.get(at + 2).is_some_and(|next| next.text == "{") => {
                here.push(code[at + 1].text.clone());
                opened.push(depth);
                at += 1;
            }
            "use" => {
                let end = code[at..].iter().position(|token| token.text == ";").map_or(code.len(), |more| at + more);
                let mut tree = UseTree { found: Vec::new() };
                tree.walk(&code[at + 1..end], Vec::new());
                for (path, name) in tree.found {
                    let path = NamedPath { segments: spell_out(path.segments, &here, modules), line: path.line };
                    if let Some(name) = name {
                        aliases.insert(name, path.segments.clone());
                    }
                    found.push(path);
                }
                at = end;
            }
            _ if token.is_word() && !follows_path(code, at) => {
                let mut segments = vec![token.text.clone()];
                let mut last = at;
                while code.get(last + 1).is_some_and(|next| next.text == "::")
                    && code.get(last + 2).is_some_and(Token::is_word)
                {
                    last += 2;
                    segments.push(code[last].text.clone());
                }
                if segments.len() > 1 || aliases.contains_key(&segments[0]) {
                    if let Some(full) = aliases.get(&segments[0]) {
                        segments.splice(..1, full.iter().cloned());
                    } else {
                        segments = spell_out(segments, &here, modules);
                    }
                    found.push(NamedPath { segments, line: token.line });
                }
                at = last;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

fn follows_path(code: &[Token], at: usize) -> bool {
    // A leading `::` starts a path; one behind a word or a generic argument goes on with it.
    let before = |back: usize| at.checked_sub(back).map(|index| &code[index]);
    match before(1).map(|token| token.text.as_str()) {
        Some(".") => true,
        Some("::") => before(2).is_some_and(|token| token.is_word() || token.text == ">"),
        _ => false,
    }
}

/// Turns a path as written in `here` into one from the crate's root or from an external crate.
fn spell_out(segments: Vec<String>, here: &[String], modules: &BTreeSet<Vec<String>>) -> Vec<String> {
    let root = || vec!["crate".to_owned()];
    let mut base: Vec<String> = here.to_vec();
    let mut rest = segments.as_slice();
    match rest.first().map(String::as_str) {
        Some("crate" | "crashcart") => return [root(), rest[1..].to_vec()].concat(),
        Some("self") => rest = &rest[1..],
        Some("super") => {
            while rest.first().is_some_and(|segment| segment == "super") {
                base.pop();
                rest = &rest[1..];
            }
        }
        Some(first) if modules.contains(&[here, &[first.to_owned()]].concat()) => {}
        _ => return segments,
    }
    [root(), base, rest.to_vec()].concat()
}

struct UseTree {
    found: Vec<(NamedPath, Option<String>)>,
}

impl UseTree {
    fn walk(&mut self, tokens: &[Token], mut prefix: Vec<String>) {
        let mut at = 0;
        while at < tokens.len() {
            let token = &tokens[at];
            match token.text.as_str() {
                "::" => {}
                "{" => {
                    let (mut depth, mut start) = (0_usize, at + 1);
                    for (index, token) in tokens.iter().enumerate().skip(at) {
                        match token.text.as_str() {
                            "{" => depth += 1,
                            "}" => depth -= 1,
                            _ => {}
                        }
                        if (token.text == "," && depth == 1) || depth == 0 {
                            self.walk(&tokens[start..index], prefix.clone());
                            start = index + 1;
                        }
                        if depth == 0 {
                            break;
                        }
                    }
                    return;
                }
                "as" => {
                    self.keep(prefix, tokens.get(at + 1).map(|token| token.text.clone()), token.line);
                    return;
                }
                "self" if !prefix.is_empty() => {}
                word => prefix.push(word.to_owned()),
            }
            at += 1;
        }
        if let Some(first) = tokens.first() {
            let name = prefix.last().cloned();
            self.keep(prefix, name, first.line);
        }
    }

    fn keep(&mut self, segments: Vec<String>, name: Option<String>, line: usize) {
        self.found.push((NamedPath { segments, line }, name));
    }
}

/// Splits a file into words and marks. Comments vanish, literals become `""`.
fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    let starts = |at: usize, what: &str| what.chars().enumerate().all(|(ahead, c)| chars.get(at + ahead) == Some(&c));
    while at < chars.len() {
        let begun = (at, line);
        let c = chars[at];
        let word = |end: usize| chars[begun.0..end].iter().collect::<String>();
        let text = if c.is_whitespace() {
            at += 1;
            None
        } else if starts(at, "//") {
            at += chars[at..].iter().position(|&c| c == '\n').unwrap_or(chars.len() - at);
            None
        } else if starts(at, "/*") {
            let mut depth = 0;
            while at < chars.len() {
                if starts(at, "/*") {
                    depth += 1;
                    at += 2;
                } else if starts(at, "*/") {
                    depth -= 1;
                    at += 2;
                    if depth == 0 {
                        break;
                    }
                } else {
                    at += 1;
                }
            }
            None
        } else if let Some(end) = raw_string_end(&chars, at) {
            at = end;
            Some("\"\"".to_owned())
        } else if c == '"' {
            at = quoted_end(&chars, at, '"');
            Some("\"\"".to_owned())
        } else if c == '\'' && (chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\'')) {
            at = quoted_end(&chars, at, '\'');
            Some("\"\"".to_owned())
        } else if c.is_alphanumeric() || c == '_' || c == '\'' {
            at += 1;
            while chars.get(at).is_some_and(|&c| c.is_alphanumeric() || c == '_') {
                at += 1;
            }
            // `b"..."` and `c"..."`: the prefix is no word.
            let prefix = matches!(word(at).as_str(), "b" | "c") && matches!(chars.get(at), Some('"' | '\''));
            (!prefix).then(|| word(at))
        } else if starts(at, "::") {
            at += 2;
            Some("::".to_owned())
        } else {
            at += 1;
            Some(c.to_string())
        };
        line += chars[begun.0..at.min(chars.len())].iter().filter(|&&c| c == '\n').count();
        found.extend(text.map(|text| Token { text, line: begun.1 }));
    }
    found
}

/// Returns where a raw string that starts at `at` ends: `r"..."`, `br#"..."#`, `cr"..."`.
fn raw_string_end(chars: &[char], at: usize) -> Option<usize> {
    let mut next = at;
    if matches!(chars[next], 'b' | 'c') {
        next += 1;
    }
    if chars.get(next) != Some(&'r') {
        return None;
    }
    next += 1;
    let hashes = chars[next..].iter().take_while(|&&c| c == '#').count();
    next += hashes;
    if chars.get(next) != Some(&'"') {
        return None;
    }
    next += 1;
    while next < chars.len() {
        if chars[next] == '"' && chars[next + 1..].iter().take_while(|&&c| c == '#').count() >= hashes {
            return Some(next + 1 + hashes);
        }
        next += 1;
    }
    Some(next)
}

fn quoted_end(chars: &[char], at: usize, quote: char) -> usize {
    let mut next = at + 1;
    while next < chars.len() && chars[next] != quote {
        next += if chars[next] == '\\' { 2 } else { 1 };
    }
    next + 1
}

fn has_inner_test_attribute(tokens: &[Token]) -> bool {
    tokens.windows(7).any(|window| {
        let words: Vec<&str> = window.iter().map(|token| token.text.as_str()).collect();
        words == ["#", "!", "[", "cfg", "(", "test", ")"]
    })
}

/// Returns where the item behind a test attribute at `at` begins: `#[cfg(test)]`, `#[test]`, `#[tokio::test]`.
fn test_attribute(tokens: &[Token], at: usize) -> Option<usize> {
    if tokens[at].text != "#" || tokens.get(at + 1)?.text != "[" {
        return None;
    }
    let end = bracket_end(tokens, at + 1);
    let inside: Vec<&str> = tokens[at + 2..end - 1].iter().map(|token| token.text.as_str()).collect();
    let test = match *inside.first()? {
        "cfg" => inside.contains(&"test") && !inside.contains(&"not"),
        "test" => true,
        "tokio" => inside.contains(&"test"),
        _ => false,
    };
    test.then(|| {
        let mut next = end;
        while tokens.get(next).is_some_and(|token| token.text == "#") {
            next = bracket_end(tokens, next + 1);
        }
        next
    })
}

/// Returns the index behind the bracket that closes the one at `at`.
fn bracket_end(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth -= 1;
                if depth == 0 {
                    return index + 1;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

/// Returns the index behind the item that starts at `at`.
fn item_end(tokens: &[Token], at: usize) -> usize {
    const ITEMS: [&str; 13] = [
        "mod",
        "fn",
        "impl",
        "struct",
        "enum",
        "trait",
        "async",
        "unsafe",
        "extern",
        "macro_rules",
        "pub",
        "use",
        "const",
    ];
    let word = |index: usize| tokens.get(index).map_or("", |token| token.text.as_str());
    let keyword = if word(at) != "pub" {
        word(at)
    } else if word(at + 1) == "(" {
        word(bracket_end(tokens, at + 1))
    } else {
        word(at + 1)
    };
    let until_semicolon = matches!(keyword, "use" | "const" | "static" | "type" | "let") && word(at + 1) != "fn";
    let is_item = until_semicolon || ITEMS.contains(&keyword);
    let mut next = at;
    while next < tokens.len() {
        match word(next) {
            ";" => return next + 1,
            // A field, a variant or an arm.
            "," if !is_item => return next + 1,
            "}" => return next,
            "{" if !until_semicolon => return bracket_end(tokens, next),
            "(" | "[" | "{" => next = bracket_end(tokens, next),
            _ => next += 1,
        }
    }
    tokens.len()
}

fn declared_module(item: &[Token]) -> Option<String> {
    let at = item.iter().position(|token| token.text == "mod")?;
    (item.last()?.text == ";").then(|| item[at + 1].text.clone())
}
