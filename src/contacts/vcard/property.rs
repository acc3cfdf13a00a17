//! One logical line: `item1.TEL;TYPE="home,voice";PREF=1:+49 30 901820`.

use super::text;

/// A property, its value not yet decoded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Property {
    /// In capitals, as names have no case.
    pub group: Option<String>,
    /// In capitals.
    pub name: String,
    /// Names in capitals; several values of one name are several entries. What has no name, as in 2.1, is a TYPE.
    pub params: Vec<(String, String)>,
    pub value: Vec<u8>,
}

impl Property {
    /// Reads a logical line; nothing when there is no colon or no name in it.
    pub fn read(line: &[u8]) -> Option<Self> {
        let at = colon(line)?;
        let head = String::from_utf8_lossy(&line[..at]).into_owned();
        let mut pieces = split(&head, ';').into_iter();
        let name = pieces.next()?.trim().to_ascii_uppercase();
        let (group, name) = match name.rsplit_once('.') {
            Some((group, name)) => (Some(group.to_owned()), name.to_owned()),
            None => (None, name),
        };
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_ /".contains(&byte))
        };
        if !is_name(&name) {
            return None;
        }
        let mut params = Vec::new();
        for piece in pieces {
            // Quotes hide an equals sign only behind the name.
            let (name, values) = match piece.split_once('=') {
                Some((name, values)) => (name.trim().to_ascii_uppercase(), values),
                None => (bare(piece.trim()).to_owned(), piece),
            };
            if name == "TYPE" {
                // A list in quotes is a list all the same: TYPE="home,voice".
                let values = values.replace('"', "");
                params.extend(values.split(',').map(|value| ("TYPE".to_owned(), value.trim().to_ascii_uppercase())));
            } else {
                let values =
                    split(values, ',').into_iter().map(|value| (name.clone(), caret(value.trim().trim_matches('"'))));
                params.extend(values);
            }
        }
        Some(Self { group, name, params, value: line[at + 1..].to_vec() })
    }

    /// Returns the values of a parameter.
    pub fn param<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.params.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether it is of a type; in capitals.
    pub fn is(&self, kind: &str) -> bool {
        self.param("TYPE").any(|known| known == kind)
    }

    /// Whether it is the one that is to be used first.
    pub fn preferred(&self) -> u32 {
        match self.param("PREF").find_map(|value| value.parse::<u32>().ok()) {
            Some(place) => place,
            None if self.is("PREF") => 1,
            None => 101,
        }
    }

    /// Returns the value's characters, before anything is unescaped, and what was wrong with them.
    pub fn text(&self) -> (String, Option<String>) {
        let encoding = self.param("ENCODING").next().map(str::to_ascii_uppercase).unwrap_or_default();
        let bytes = match encoding.as_str() {
            "QUOTED-PRINTABLE" | "Q" => text::quoted_printable(&self.value),
            _ => self.value.clone(),
        };
        text::characters(&bytes, self.param("CHARSET").next())
    }

    /// Whether the value is a file: a picture, a sound, a key.
    pub fn is_binary(&self) -> bool {
        let encoding = |value: &str| ["B", "BASE64"].iter().any(|known| value.eq_ignore_ascii_case(known));
        self.param("ENCODING").any(encoding)
    }
}

/// Finds the colon before the value: the first one outside of quotes, or the first at all when quotes never end.
fn colon(line: &[u8]) -> Option<usize> {
    let mut quoted = false;
    let outside = line.iter().position(|byte| {
        quoted ^= *byte == b'"';
        *byte == b':' && !quoted
    });
    outside.or_else(|| line.iter().position(|byte| *byte == b':'))
}

/// Splits outside of quotes.
fn split(text: &str, at: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(|letter: char| {
        quoted ^= letter == '"';
        letter == at && !quoted
    })
    .collect()
}

/// Says which parameter a bare word of 2.1 is a value of.
fn bare(word: &str) -> &'static str {
    match word.to_ascii_uppercase().as_str() {
        "QUOTED-PRINTABLE" | "BASE64" | "8BIT" | "7BIT" => "ENCODING",
        "INLINE" | "URL" | "CONTENT-ID" | "CID" => "VALUE",
        _ => "TYPE",
    }
}

/// Undoes the escaping of parameters (RFC 6868).
fn caret(text: &str) -> String {
    text.replace("^n", "\n").replace("^'", "\"").replace("^^", "^")
}
