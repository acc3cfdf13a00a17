//! Calls in the text of a program: their names and what is handed to them, over several lines, without the comments.
//!
//! No language's grammar is read. Brackets and quotes are enough for what generators of migrations write.

use super::super::Pattern;

/// Calls that are read of one file, and how much of each: more is data, or made to keep us busy.
const MOST_CALLS: usize = 2_000;
const LONGEST: usize = 20_000;

/// A program's text, with comments blanked out so that places stay what they are.
pub struct Source {
    pub text: String,
    starts: Vec<usize>,
}

/// Something that is handed over.
#[derive(Clone, Copy, Debug)]
pub struct Argument<'t> {
    /// Its name, where it has one: `null: false`, `nullable=False`, `:null => false`.
    pub key: Option<&'t str>,
    pub value: &'t str,
}

/// What is handed over to a call.
#[derive(Clone, Debug, Default)]
pub struct Arguments<'t>(pub Vec<Argument<'t>>);

/// A call.
#[derive(Clone, Debug)]
pub struct Call<'t> {
    pub name: &'t str,
    pub at: usize,
    pub line: usize,
    /// Where the text goes on.
    pub end: usize,
    pub arguments: Arguments<'t>,
}

/// How comments begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comments {
    Hash,
    Slashes,
    Both,
}

impl Source {
    /// Reads a program.
    pub fn new(text: &str, comments: Comments) -> Self {
        let text = blanked(text, comments);
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// Returns the line of a place, counted from 1.
    pub fn line(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at)
    }

    /// Returns the calls whose names a pattern takes with its first group, and which an opening bracket follows.
    pub fn calls(&self, names: &Pattern) -> Vec<Call<'_>> {
        let mut all = Vec::new();
        for name in names.places(&self.text).take(MOST_CALLS) {
            let behind = &self.text[name.end..];
            let generic = if behind.starts_with('<') {
                behind.find('>').filter(|end| *end < 80).map_or(0, |end| end + 1)
            } else {
                0
            };
            let spaces = behind[generic..].len() - behind[generic..].trim_start().len();
            let open = name.end + generic + spaces;
            if !self.text[open..].starts_with('(') {
                continue;
            }
            let (inner, end) = inside(&self.text, open);
            all.push(Call {
                name: &self.text[name.clone()],
                at: name.start,
                line: self.line(name.start),
                end,
                arguments: Arguments::read(inner),
            });
        }
        all
    }

    /// Returns the lines of a language that needs no brackets: each with those that go on below it.
    pub fn commands(&self) -> Vec<(usize, String)> {
        let mut all: Vec<(usize, String)> = Vec::new();
        let mut goes_on = false;
        for (index, line) in self.text.lines().enumerate() {
            let trimmed = line.trim();
            if trimmed.is_empty() {
                continue;
            }
            match all.last_mut() {
                Some((_, text)) if goes_on && text.len() < LONGEST => {
                    text.push(' ');
                    text.push_str(trimmed);
                }
                _ => all.push((index + 1, trimmed.to_owned())),
            }
            let text = all.last().map_or("", |(_, text)| text.as_str());
            let braces = text.strip_suffix('{').is_some_and(|before| before.trim_end().ends_with([':', '>', '(']));
            goes_on = text.ends_with([',', '\\', '(', '[']) || braces || opens(text);
        }
        all
    }

    /// Returns what stands behind a place: `.name(...)` or `->name(...)`, one after the other.
    pub fn chain(&self, mut at: usize) -> Vec<Call<'_>> {
        let mut all = Vec::new();
        while all.len() < 40 {
            let rest = &self.text[at..];
            let trimmed = rest.trim_start();
            let begin = at + rest.len() - trimmed.len();
            let Some(word) = trimmed.strip_prefix("->").or_else(|| trimmed.strip_prefix('.')) else { break };
            let skip = trimmed.len() - word.len();
            let word = word.trim_start_matches('?');
            let length = word.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(word.len());
            let name_at = begin + skip;
            let open = name_at + length;
            if length == 0 || !self.text[open..].trim_start().starts_with('(') {
                break;
            }
            let open = open + self.text[open..].find('(').unwrap_or(0);
            let (inner, end) = inside(&self.text, open);
            all.push(Call {
                name: &self.text[name_at..name_at + length],
                at: name_at,
                line: self.line(name_at),
                end,
                arguments: Arguments::read(inner),
            });
            at = end;
        }
        all
    }
}

/// Returns whether a round or square bracket is left open.
fn opens(text: &str) -> bool {
    let mut depth = 0_i32;
    let mut quote = None;
    for character in text.chars() {
        match (quote, character) {
            (Some(open), close) if open == close => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth -= 1,
            _ => {}
        }
    }
    depth > 0
}

/// Returns what stands in the bracket at a place, and where it ends.
pub fn inside(text: &str, open: usize) -> (&str, usize) {
    let mut limit = text.len().min(open + LONGEST);
    while !text.is_char_boundary(limit) {
        limit -= 1;
    }
    let text = &text[..limit];
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut at = open;
    while at < limit {
        match bytes[at] {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return (&text[open + 1..at], at + 1);
                }
            }
            b'"' | b'\'' | b'`' => {
                at = quoted(text, at);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    (text.get(open + 1..).unwrap_or(""), limit)
}

/// Returns where a quoted text ends that begins at a place.
fn quoted(text: &str, from: usize) -> usize {
    let bytes = text.as_bytes();
    let quote = bytes[from];
    let triple = [quote; 3];
    if bytes[from..].starts_with(&triple) {
        let rest = bytes[from + 3..].windows(3).position(|part| part == triple);
        return rest.map_or(text.len(), |at| from + 3 + at + 3);
    }
    let mut at = from + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            byte if byte == quote => return at + 1,
            // A quote that is left open is an apostrophe.
            b'\n' if quote != b'`' => return at,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Puts blanks for comments.
fn blanked(text: &str, comments: Comments) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let hash =
            comments != Comments::Slashes && rest[0] == b'#' && !rest.starts_with(b"#[") && !rest.starts_with(b"#{");
        let slashes = comments != Comments::Hash && rest.starts_with(b"//");
        let block = comments != Comments::Hash && rest.starts_with(b"/*");
        let end = if hash || slashes {
            rest.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| at + length)
        } else if block {
            rest.windows(2).position(|pair| pair == b"*/").map_or(bytes.len(), |length| at + length + 2)
        } else if matches!(rest[0], b'"' | b'\'' | b'`') {
            at = quoted(text, at).max(at + 1);
            continue;
        } else {
            at += 1;
            continue;
        };
        out[at..end].iter_mut().filter(|byte| **byte != b'\n' && **byte != b'\r').for_each(|byte| *byte = b' ');
        at = end;
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// Cuts at the commas that stand in no bracket and no quotes.
pub fn split(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let (mut all, mut depth, mut from, mut at) = (Vec::new(), 0_usize, 0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' | b'\'' | b'`' => {
                at = quoted(text, at).max(at + 1);
                continue;
            }
            b',' if depth == 0 => {
                all.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    all.push(text[from..].trim());
    all.retain(|part| !part.is_empty());
    all
}

static KEYED: Pattern = Pattern::new(r"^([A-Za-z_]\w*)\s*(?::[^:]|=[^=>])");
static QUOTED_KEY: Pattern = Pattern::new(r#"^["']([A-Za-z_]\w*)["']\s*:[^:]"#);
static ARROW: Pattern = Pattern::new(r#"^:?["']?(\w+)["']?\s*=>"#);

impl<'t> Arguments<'t> {
    /// Reads what stands in the brackets of a call.
    pub fn read(inner: &'t str) -> Self {
        let argument = |part: &'t str| {
            let arrow = ARROW.first(part);
            match arrow.or_else(|| KEYED.first(part)).or_else(|| QUOTED_KEY.first(part)) {
                Some(key) => {
                    let behind = part.find(key).map_or(0, |at| at + key.len());
                    let value = part[behind..].trim_start_matches(['"', '\'', ' ', '\n', '\t', '\r']);
                    let value = value.strip_prefix("=>").unwrap_or_else(|| value.trim_start_matches([':', '=']));
                    Argument { key: Some(key), value: value.trim() }
                }
                None => Argument { key: None, value: part },
            }
        };
        Self(split(inner).into_iter().map(argument).collect())
    }

    /// Returns the values without a name.
    pub fn plain(&self) -> impl Iterator<Item = &'t str> {
        self.0.iter().filter(|one| one.key.is_none()).map(|one| one.value)
    }

    /// Returns the value at a place among those without a name.
    pub fn at(&self, index: usize) -> &'t str {
        self.plain().nth(index).unwrap_or("")
    }

    /// Returns a value by its name.
    pub fn get(&self, key: &str) -> Option<&'t str> {
        self.0.iter().find(|one| one.key == Some(key)).map(|one| one.value)
    }

    /// Returns a value by its name, or else by its place.
    pub fn named(&self, key: &str, index: usize) -> &'t str {
        self.get(key).unwrap_or_else(|| self.at(index))
    }

    /// Returns whether a value is there and true.
    pub fn is(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// Returns whether a value is there and false.
    pub fn is_not(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value.eq_ignore_ascii_case("false"))
    }
}

/// Returns the content of `{ ... }` or `[ ... ]`, if the value is one.
pub fn object(value: &str) -> Option<&str> {
    let value = value.trim();
    let open = value.find(['{', '['])?;
    Some(inside(value, open).0)
}

/// Returns a text without its quotes or colon.
pub fn bare(value: &str) -> &str {
    value.trim().trim_start_matches(':').trim_matches(['"', '\'', '`', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    static CALLS: Pattern = Pattern::new(r"\b(op\.\w+)");

    #[test]
    fn a_call_over_several_lines_is_one_and_comments_are_none() {
        let text = "# op.gone('a')\nop.alter_column(\n    'a, (b',  # don't\n    nullable=False,\n    type_=sa.String(length=3),\n)\n";
        let source = Source::new(text, Comments::Hash);
        let calls = source.calls(&CALLS);
        assert_eq!(calls.len(), 1, "{calls:?}");
        assert_eq!((calls[0].name, calls[0].line), ("op.alter_column", 2));
        assert_eq!(bare(calls[0].arguments.at(0)), "a, (b");
        assert!(calls[0].arguments.is_not("nullable"));
        assert_eq!(calls[0].arguments.get("type_"), Some("sa.String(length=3)"));
    }

    #[test]
    fn names_of_arguments_are_known_in_each_language() {
        let read = |text: &'static str, key: &str| Arguments::read(text).get(key).map(str::to_owned);
        assert_eq!(read(":users, null: false", "null").as_deref(), Some("false"));
        assert_eq!(read(":users, :null => false", "null").as_deref(), Some("false"));
        assert_eq!(read("nullable=False", "nullable").as_deref(), Some("False"));
        assert_eq!(read("type: Sequelize.STRING(3), 'allowNull': false", "allowNull").as_deref(), Some("false"));
        assert_eq!(read("a == b", "a"), None);
        assert_eq!(read("Schema::x", "Schema"), None);
    }

    #[test]
    fn a_bracket_that_is_never_closed_ends_somewhere() {
        let text = "op.a(".repeat(50_000);
        assert!(Source::new(&text, Comments::Hash).calls(&CALLS).len() <= MOST_CALLS);
        let text = "op.a('\u{1F600}".repeat(3_000);
        Source::new(&text, Comments::Hash).calls(&CALLS);
    }
}
