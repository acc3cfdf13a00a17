//! The forms in which a secret turns up: as it is, and as URLs, JSON, HTML, forms and base64 write it.

use std::fmt::Write as _;

/// A line of a secret with many lines is searched for by itself when it is at least this long: a key is printed line by
/// line, and a brace on its own line is no secret.
const LINE: usize = 16;

/// Returns the texts to look for: the secret without the space around it, and each long line of it.
pub fn parts(secret: &str) -> Vec<&str> {
    let whole = secret.trim();
    let mut parts = vec![whole];
    if whole.contains('\n') {
        let lines = whole.lines().map(str::trim);
        // The fence of a key says only that there is one.
        parts.extend(lines.filter(|line| line.len() >= LINE && !line.starts_with("-----")));
    }
    parts
}

/// Returns a text as it is and in the escapes of those who print it.
pub fn plain(text: &str) -> Vec<String> {
    let json = json(text);
    let mut forms = vec![
        text.to_owned(),
        // PHP's encoder and others escape the slash; Python's everything beyond ASCII.
        json.replace('/', "\\/"),
        ascii_json(&json),
        json,
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;"),
    ];
    // What stays as it is differs: nothing but letters and digits; RFC 3986's unreserved; what a query, a path, a user
    // or a form may hold.
    for kept in ["", "-._~", "-._~!$'()*+,;:@/?", "-._~!$&'()*+,;=:@", "-._~!$&'()*+,;=", "*-._"] {
        forms.push(percent(text, kept, false));
        forms.push(percent(text, kept, true));
    }
    forms.push(percent(text, "*-._ ", false).replace(' ', "+"));
    forms.push(percent(text, "*-._ ", true).replace(' ', "+"));
    forms
}

/// Returns what is the same in every base64 text that a secret stands in, for each of the three ways in which it can be
/// aligned there and for both alphabets. `user:password` needs no more: the user only decides the alignment.
pub fn base64_cores(text: &str) -> Vec<String> {
    let mut cores = Vec::new();
    // Six bytes give seven characters at least: chance does not find those in a text.
    if text.len() < super::SHORTEST {
        return cores;
    }
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend_from_slice(text.as_bytes());
        let encoded = base64(&bytes);
        // Characters that also hold bits of a neighbour.
        let begins = [0, 2, 3][before];
        let ends = bytes.len() * 8 / 6;
        let core = &encoded[begins..ends];
        cores.push(core.to_owned());
        cores.push(core.replace('+', "-").replace('/', "_"));
    }
    cores
}

/// Returns base64 without padding.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for three in bytes.chunks(3) {
        let byte = |index: usize| u32::from(three.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for shift in [18, 12, 6, 0].into_iter().take(three.len() + 1) {
            encoded.push(char::from(ALPHABET[(bits >> shift & 63) as usize]));
        }
    }
    encoded
}

/// Returns the inside of a JSON string.
fn json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

fn ascii_json(json: &str) -> String {
    let mut ascii = String::new();
    for character in json.chars() {
        if character.is_ascii() {
            ascii.push(character);
            continue;
        }
        let mut units = [0; 2];
        for unit in character.encode_utf16(&mut units) {
            let _ = write!(ascii, "\\u{unit:04x}");
        }
    }
    ascii
}

fn percent(text: &str, kept: &str, lower: bool) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) {
            encoded.push(char::from(byte));
        } else if lower {
            let _ = write!(encoded, "%{byte:02x}");
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
