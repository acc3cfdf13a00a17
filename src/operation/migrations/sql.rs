//! What SQL does to tables, read from its statements. Comments, quoted texts and function bodies are no statements.

use std::sync::LazyLock;

use regex::Regex;

use super::Saying;
use crate::model::operation::MigrationKind;

/// A statement, in one line, and where it begins.
struct Statement {
    line: usize,
    text: String,
}

/// Reads a script.
pub fn read(text: &str) -> Vec<Saying> {
    statements(text).into_iter().flat_map(|statement| sort(&statement)).collect()
}

/// Reads SQL that stands in a program, at a line of it.
pub fn read_at(text: &str, line: usize) -> Vec<Saying> {
    let mut told = read(text);
    told.iter_mut().for_each(|saying| saying.line += line - 1);
    told
}

/// Returns the statements of a script that begins at a line, each on one line.
pub fn cut(text: &str, line: usize) -> Vec<(usize, String)> {
    statements(text).into_iter().map(|statement| (statement.line + line - 1, statement.text)).collect()
}

/// Cuts a script at its semicolons, with comments taken out and quoted texts emptied.
fn statements(text: &str) -> Vec<Statement> {
    let mut statements = Vec::new();
    let (mut current, mut begun, mut line) = (String::new(), 1, 1);
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let taken = if rest.starts_with("--") || (character == '#' && current.trim().is_empty()) {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if character == '\'' {
            current.push_str("''");
            quoted(rest, '\'')
        } else if let Some(length) = dollar_quoted(rest) {
            if current.trim_start().get(..3).is_some_and(|word| word.eq_ignore_ascii_case("do ")) {
                statements.append(&mut in_block(&rest[..length], line));
            }
            current.push_str("''");
            length
        } else if character == ';' {
            push(&mut statements, &mut current, begun);
            1
        } else {
            if current.trim().is_empty() && !character.is_whitespace() {
                begun = line;
            }
            current.push(if character.is_whitespace() { ' ' } else { character });
            character.len_utf8()
        };
        line += rest[..taken].matches('\n').count();
        rest = &rest[taken..];
    }
    push(&mut statements, &mut current, begun);
    statements
}

/// Reads the statements in the body of a `DO`, which runs on the spot: a function's body runs later, or never.
fn in_block(quoted: &str, line: usize) -> Vec<Statement> {
    static CONTROL: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"(?i)\b(begin|then|loop|else|declare)\b(\s)").ok());
    let Some(tag_end) = quoted[1..].find('$').map(|at| at + 2) else { return Vec::new() };
    let body = quoted.get(tag_end..quoted.len().saturating_sub(tag_end)).unwrap_or_default();
    // A statement begins behind these words, on its own line.
    let Some(control) = CONTROL.as_ref() else { return Vec::new() };
    let mut inner = statements(&control.replace_all(body, "$1;$2"));
    inner.iter_mut().for_each(|statement| statement.line += line - 1);
    // What is left of control and variables is no statement.
    inner.retain(|one| one.text.split(' ').count() > 2);
    inner
}

fn push(statements: &mut Vec<Statement>, current: &mut String, line: usize) {
    let text = current.split_whitespace().collect::<Vec<_>>().join(" ");
    if !text.is_empty() {
        statements.push(Statement { line, text });
    }
    current.clear();
}

/// Returns the length of a quoted text; a doubled quote is part of it.
fn quoted(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if character == quote {
            if characters.peek().is_some_and(|(_, next)| *next == quote) {
                characters.next();
            } else {
                return at + quote.len_utf8();
            }
        }
    }
    text.len()
}

/// Returns the length of PostgreSQL's `$tag$ ... $tag$`, if it begins here.
fn dollar_quoted(text: &str) -> Option<usize> {
    let tag_end = text.strip_prefix('$')?.find('$')? + 2;
    let tag = &text[..tag_end];
    let plain = tag[1..tag_end - 1].chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
    if !plain || tag[1..].starts_with(|character: char| character.is_ascii_digit()) {
        return None;
    }
    Some(text[tag_end..].find(tag).map_or(text.len(), |end| tag_end + end + tag_end))
}

struct Rule {
    kind: MigrationKind,
    pattern: Regex,
}

/// What statements say. All that fit count, of an `ALTER TABLE` each clause.
const RULES: &[(MigrationKind, &str)] = &[
    (
        MigrationKind::Drops,
        r"(?i)^drop (table|view|materialized view|schema|type|domain|sequence|function|procedure|extension|database)\b",
    ),
    (MigrationKind::Drops, r"(?i)^truncate\b"),
    (
        MigrationKind::Drops,
        r"(?i)^alter table\b.*\bdrop (column\b|(if exists )?[`\x22\[]?\w+[`\x22\]]?\s*(,|cascade|restrict|$))",
    ),
    (MigrationKind::Rewrites, r"(?i)^alter (table|view|type|index|schema|sequence)\b.*\brename\b"),
    (MigrationKind::Rewrites, r"(?i)^rename table\b"),
    (MigrationKind::Rewrites, r"(?i)^exec(ute)? sp_rename\b"),
    (MigrationKind::Rewrites, r"(?i)^alter table\b.*\balter (column )?\S+ (set data )?type\b"),
    (MigrationKind::Rewrites, r"(?i)^alter table\b.*\balter (column )?\S+ set not null\b"),
    (MigrationKind::Rewrites, r"(?i)^alter table\b.*\b(modify|change)( column)?\b"),
    (
        MigrationKind::Rewrites,
        r"(?i)^alter table\b.*\balter column \S+ \[?(n?(var)?char|n?text|(big|small|tiny)?int|bit|date\w*|decimal|numeric|float|money|uniqueidentifier)\b.*\bnot null\b",
    ),
    (MigrationKind::Rewrites, r"(?i)^alter table\b.*\badd (constraint \S+ )?(check|unique|foreign key|primary key)\b"),
    (MigrationKind::Rewrites, r"(?i)^create unique index\b"),
    (MigrationKind::Data, r"(?i)^(insert|update|delete|merge|replace|copy|with .*\b(insert|update|delete))\b"),
    (
        MigrationKind::Adds,
        r"(?i)^create (or replace )?(temp(orary)? |unlogged )?(table|view|materialized view|schema|type|domain|sequence|index|extension|function|procedure|trigger)\b",
    ),
    (MigrationKind::Adds, r"(?i)^alter table\b.*\badd (column )?(if not exists )?[`\x22\[]?\w+"),
    (MigrationKind::Adds, r"(?i)^alter type\b.*\badd value\b"),
    (MigrationKind::Adds, r"(?i)^drop (index|trigger)\b"),
    (
        MigrationKind::Adds,
        r"(?i)^alter table\b.*\b(drop (constraint|default|not null|foreign key|index|key)|alter (column )?\S+ drop|enable|set default|owner)\b",
    ),
    (
        MigrationKind::Adds,
        r"(?i)^(comment on|grant|revoke|analyze|vacuum|reindex|alter (index|default|function|sequence|view)|create policy|alter policy|drop policy)\b",
    ),
];

/// What says nothing about tables.
const SILENT: &str = r"(?i)^(begin|commit|start transaction|rollback|set|use|pragma|select|lock|end|go|do|delimiter|savepoint|release)\b";

static COMPILED: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let compile =
        |(kind, pattern): &(MigrationKind, &str)| Some(Rule { kind: *kind, pattern: Regex::new(pattern).ok()? });
    RULES.iter().filter_map(compile).collect()
});
static QUIET: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(SILENT).ok());
/// `ADD COLUMN x integer NOT NULL` without a default: the older release writes rows without it.
static DEMANDING: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\badd (column )?(if not exists )?[`\x22\[]?\w+[`\x22\]]? [^,]*\bnot null\b[^,]*").ok()
});
static CONSTRAINT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\badd (constraint|check|unique|foreign|primary|index|key)\b").ok());

fn sort(statement: &Statement) -> Vec<Saying> {
    let text = statement.text.as_str();
    let say = |kind| Saying { kind, line: statement.line, text: text.to_owned() };
    if QUIET.as_ref().is_some_and(|quiet| quiet.is_match(text)) {
        return if text.len() > 3 && text[..3].eq_ignore_ascii_case("do ") {
            vec![say(MigrationKind::Unknown)]
        } else {
            Vec::new()
        };
    }
    let mut kinds: Vec<MigrationKind> =
        COMPILED.iter().filter(|rule| rule.pattern.is_match(text)).map(|rule| rule.kind).collect();
    let demanding = DEMANDING.as_ref().into_iter().flat_map(|pattern| pattern.find_iter(text)).any(|found| {
        let clause = found.as_str().to_ascii_lowercase();
        !clause.contains("default")
            && !clause.contains("generated")
            && !clause.contains("serial")
            && !CONSTRAINT.as_ref().is_some_and(|constraint| constraint.is_match(found.as_str()))
    });
    if demanding {
        kinds.push(MigrationKind::Rewrites);
    }
    kinds.sort_unstable();
    kinds.dedup();
    // A column that is dropped is not merely "something altered".
    if kinds.len() > 1 {
        kinds.retain(|kind| *kind != MigrationKind::Adds);
    }
    if kinds.is_empty() {
        kinds.push(MigrationKind::Unknown);
    }
    kinds.into_iter().map(say).collect()
}
