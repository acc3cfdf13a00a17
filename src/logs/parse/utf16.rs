//! Logs that a Windows shell saved as UTF-16, split at line feeds as if they were bytes.
//!
//! What comes here begins with the second half of the line feed before it, or with a byte order mark.

/// Returns the text if the line is UTF-16 of either byte order with mostly ASCII text.
pub(super) fn decode(bytes: &[u8]) -> Option<String> {
    // Ordinary lines have no NUL in their first bytes.
    memchr::memchr(0, &bytes[..bytes.len().min(4)])?;
    let bytes = bytes.strip_prefix(b"\xff\xfe").or_else(|| bytes.strip_prefix(b"\xfe\xff")).unwrap_or(bytes);
    // In little-endian text the line feed's NUL was left to this line.
    let (little, units) = match bytes {
        [0, rest @ ..] if rest.get(1) == Some(&0) => (!rest.len().is_multiple_of(2) || is_little(rest), rest),
        _ => (is_little(bytes), bytes),
    };
    let (little, units) = if little { (true, units) } else { (false, bytes) };
    let zeros = units.iter().skip(usize::from(little)).step_by(2).filter(|byte| **byte == 0).count();
    if units.len() < 8 || zeros * 4 < units.len() {
        return None;
    }
    let units = units.chunks_exact(2).map(|pair| {
        let pair = [pair[0], pair[1]];
        if little { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
    });
    let text: String = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Some(text.trim_end_matches(['\r', '\n', '\0']).to_owned())
}

/// Whether NULs stand at odd places.
fn is_little(bytes: &[u8]) -> bool {
    let zeros = |skip: usize| bytes.iter().skip(skip).step_by(2).take(32).filter(|byte| **byte == 0).count();
    zeros(1) > zeros(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(units: impl Fn(u16) -> [u8; 2], mark: &[u8]) -> Vec<Option<String>> {
        let mut bytes = mark.to_vec();
        bytes.extend("first line\r\nsecond größer\r\nthird\r\n".encode_utf16().flat_map(units));
        bytes.split(|byte| *byte == b'\n').map(decode).collect()
    }

    #[test]
    fn both_byte_orders_are_read_line_by_line() {
        let expected = ["first line", "second größer", "third"];
        for found in [lines(u16::to_le_bytes, b"\xff\xfe"), lines(u16::to_be_bytes, b"\xfe\xff")] {
            let found: Vec<_> = found.iter().flatten().map(String::as_str).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn ordinary_bytes_are_left_alone() {
        for bytes in [&b"plain text"[..], b"", b"\0", b"\0\0\0\0\0\0\0\0\0\0\0 after a truncation", b"a\0b"] {
            assert_eq!(decode(bytes), None, "{bytes:?}");
        }
    }
}
