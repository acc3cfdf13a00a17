//! Escape sequences: where one ends, and what is shown in its place.
//!
//! Follows ECMA-48 closely enough that nothing which a terminal would have obeyed is taken for text, and loosely
//! enough that nothing is swallowed: a sequence that does not end within its line is shown as its introducer, and
//! what follows is ordinary text again. Otherwise eight bytes at the start of a line could hide all of it.

/// An escape sequence at the start of some text.
#[derive(Debug)]
pub(super) struct Sequence<'a> {
    /// How many bytes of the text it takes, introducer and terminator included.
    pub bytes: usize,
    pub shown: Shown<'a>,
}

/// What stands on the screen for a sequence.
#[derive(Debug)]
pub(super) enum Shown<'a> {
    /// It only coloured, or erased what nobody had written yet.
    Nothing,
    /// A lone escape character.
    Picture(char),
    /// A C1 control without a name that anybody knows.
    CodePoint(char),
    /// Its name and what it carried. The payload is foreign text still.
    Marker { name: &'static str, payload: &'a str },
    /// Marks text that a terminal would have hidden.
    Conceal,
}

/// Reads the sequence that `text` begins with. `text` begins with ESC or a C1 introducer (U+0080 to U+009F).
pub(super) fn read(text: &str) -> Sequence<'_> {
    let mut chars = text.chars();
    match chars.next() {
        Some('\u{1b}') => {}
        Some(c) => return read_c1(c, text),
        None => return Sequence { bytes: 0, shown: Shown::Nothing },
    }
    let after = chars.as_str();
    match after.bytes().next() {
        Some(b'[') => control(text, 2),
        Some(b']') => string(text, 2, "OSC"),
        Some(b'P') => string(text, 2, "DCS"),
        Some(b'X') => string(text, 2, "SOS"),
        Some(b'^') => string(text, 2, "PM"),
        Some(b'_') => string(text, 2, "APC"),
        Some(b'\\') => marker(2, "ST", ""),
        Some(0x20..=0x2f) => designation(text),
        Some(0x30..=0x7e) => marker(2, "ESC", &after[..1]),
        _ => Sequence { bytes: 1, shown: Shown::Picture('␛') },
    }
}

/// The 8-bit forms. In UTF-8 they are two bytes long, and some terminals obey them.
fn read_c1(introducer: char, text: &str) -> Sequence<'_> {
    let start = introducer.len_utf8();
    match introducer {
        '\u{9b}' => control(text, start),
        '\u{9d}' => string(text, start, "OSC"),
        '\u{90}' => string(text, start, "DCS"),
        '\u{98}' => string(text, start, "SOS"),
        '\u{9e}' => string(text, start, "PM"),
        '\u{9f}' => string(text, start, "APC"),
        '\u{9c}' => marker(start, "ST", ""),
        '\u{85}' => marker(start, "NEL", ""),
        '\u{84}' => marker(start, "IND", ""),
        '\u{8d}' => marker(start, "RI", ""),
        other => Sequence { bytes: start, shown: Shown::CodePoint(other) },
    }
}

fn marker<'a>(bytes: usize, name: &'static str, payload: &'a str) -> Sequence<'a> {
    Sequence { bytes, shown: Shown::Marker { name, payload } }
}

/// `CSI parameters intermediates final`.
fn control(text: &str, start: usize) -> Sequence<'_> {
    let body = &text.as_bytes()[start..];
    let parameters = body.iter().take_while(|byte| matches!(byte, 0x30..=0x3f)).count();
    let intermediates = body[parameters..].iter().take_while(|byte| matches!(byte, 0x20..=0x2f)).count();
    let length = parameters + intermediates;
    let Some(last @ 0x40..=0x7e) = body.get(length).copied() else {
        // Cut off by the line's end or by a character that has no place here.
        return marker(start + length, "CSI", &text[start..start + length]);
    };
    let bytes = start + length + 1;
    let parameters = &text[start..start + parameters];
    let shown = match last {
        b'm' if intermediates == 0 && parameters.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b';' | b':')) => {
            if conceals(parameters) {
                Shown::Conceal
            } else {
                Shown::Nothing
            }
        }
        // Erasing to the end of the line, as grep and build tools do behind every colour, hides nothing.
        b'K' if intermediates == 0 && matches!(parameters, "" | "0") => Shown::Nothing,
        _ => Shown::Marker { name: "CSI", payload: &text[start..bytes] },
    };
    Sequence { bytes, shown }
}

/// Whether the parameters of an SGR sequence make text invisible. `38;5;8` is a colour, not the number 8.
fn conceals(parameters: &str) -> bool {
    let mut rest = parameters.split(';');
    while let Some(parameter) = rest.next() {
        match parameter.trim_start_matches('0') {
            "8" => return true,
            "38" | "48" | "58" => match rest.next().map(|kind| kind.trim_start_matches('0')) {
                Some("5") => drop(rest.next()),
                Some("2") => drop(rest.nth(2)),
                _ => {}
            },
            _ => {}
        }
    }
    false
}

/// `ESC intermediates final`: character sets and the like.
fn designation(text: &str) -> Sequence<'_> {
    let body = &text.as_bytes()[1..];
    let intermediates = body.iter().take_while(|byte| matches!(byte, 0x20..=0x2f)).count();
    match body.get(intermediates) {
        // Back to ASCII: half of what `tput sgr0` prints to end a colour.
        Some(b'B') if &body[..intermediates] == b"(" => Sequence { bytes: 3, shown: Shown::Nothing },
        Some(0x30..=0x7e) => marker(intermediates + 2, "ESC", &text[1..intermediates + 2]),
        _ => marker(intermediates + 1, "ESC", &text[1..=intermediates]),
    }
}

/// A string with a payload, ended by BEL (OSC only), `ESC \` or U+009C; any other escape breaks it off.
fn string<'a>(text: &'a str, start: usize, name: &'static str) -> Sequence<'a> {
    let payload = &text[start..];
    let end =
        payload.char_indices().find(|&(_, c)| matches!(c, '\u{1b}' | '\u{9c}') || (c == '\u{7}' && name == "OSC"));
    let Some((length, terminator)) = end else { return marker(start, name, "") };
    let bytes = start
        + length
        + match terminator {
            '\u{1b}' if payload[length..].starts_with("\u{1b}\\") => 2,
            '\u{1b}' => 0,
            other => other.len_utf8(),
        };
    let payload = &payload[..length];
    let shown = match payload.split_once(';') {
        // A link whose text may show another address than it leads to: both are shown.
        Some(("8", link)) if name == "OSC" => match link.split_once(';') {
            Some((_, "")) => Shown::Nothing,
            Some((_, address)) => Shown::Marker { name: "link", payload: address },
            None => Shown::Marker { name, payload },
        },
        _ => Shown::Marker { name, payload },
    };
    Sequence { bytes, shown }
}
