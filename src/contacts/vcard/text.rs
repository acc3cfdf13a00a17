//! Values: quoted-printable, character sets, and what is escaped with a backslash.

/// Undoes quoted-printable. What is no escape stays as it is.
pub fn quoted_printable(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    loop {
        match rest {
            [] => return plain,
            [b'=', high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                plain.push(hex(*high) << 4 | hex(*low));
                rest = after;
            }
            [byte, after @ ..] => {
                plain.push(*byte);
                rest = after;
            }
        }
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit.to_ascii_lowercase() - b'a') + 10,
    }
}

/// Returns the characters of a value, and what was wrong with it.
pub fn characters(bytes: &[u8], charset: Option<&str>) -> (String, Option<String>) {
    let name = charset.unwrap_or_default().trim().to_ascii_lowercase();
    let western = ["iso-8859-1", "iso8859-1", "latin1", "iso-8859-15", "windows-1252", "cp1252", "ansi"];
    if western.contains(&name.as_str()) {
        return (windows_1252(bytes), None);
    }
    // Whatever it says: what can be read as UTF-8 by accident is rare.
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (text.to_owned(), None);
    }
    match name.as_str() {
        "" => (windows_1252(bytes), Some("it is not UTF-8 text; it was read as Windows-1252".to_owned())),
        "utf-8" | "utf8" | "us-ascii" | "ascii" => {
            (String::from_utf8_lossy(bytes).into_owned(), Some("some of its characters are broken".to_owned()))
        }
        _ => (
            String::from_utf8_lossy(bytes).into_owned(),
            Some(format!("the character set {name} is not known: convert the file to UTF-8")),
        ),
    }
}

/// Between 0x80 and 0x9f this set has letters and signs, where Latin-1 has controls that nobody writes.
const WINDOWS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn windows_1252(bytes: &[u8]) -> String {
    let letter = |byte: &u8| match byte {
        0x80..=0x9f => WINDOWS[usize::from(*byte - 0x80)],
        _ => char::from(*byte),
    };
    bytes.iter().map(letter).collect()
}

/// Undoes what is escaped with a backslash. A backslash before anything else stays: 2.1 knows none of this.
pub fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            plain.push(letter);
            continue;
        }
        match letters.next() {
            Some('n' | 'N') => plain.push('\n'),
            Some(escaped @ (',' | ';' | ':' | '\\' | '"')) => plain.push(escaped),
            Some(other) => plain.extend(['\\', other]),
            None => plain.push('\\'),
        }
    }
    plain
}

/// Splits a structured value and undoes the escaping of its parts.
pub fn parts(text: &str, at: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for letter in text.chars() {
        if letter == at && !escaped {
            parts.push(String::new());
            continue;
        }
        escaped = letter == '\\' && !escaped;
        if let Some(last) = parts.last_mut() {
            last.push(letter);
        }
    }
    parts.iter().map(|part| unescape(part).trim().to_owned()).collect()
}

/// Escapes a value.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | ',' | ';' => escaped.extend(['\\', letter]),
            '\n' => escaped.push_str("\\n"),
            other => escaped.push(other),
        }
    }
    escaped
}
