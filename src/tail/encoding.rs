//! How the characters of a file are written: UTF-8 (or anything like it), or UTF-16 when a byte order mark says so.

use std::borrow::Cow;

use memchr::memchr;

/// The encoding of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// Or any other encoding in which a newline is the byte 10.
    Utf8,
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    /// Returns the encoding that the first bytes of a file declare, and the length of the mark that declares it.
    pub fn sniff(head: &[u8]) -> (Self, usize) {
        match head {
            [0xef, 0xbb, 0xbf, ..] => (Self::Utf8, 3),
            [0xff, 0xfe, ..] => (Self::Utf16Le, 2),
            [0xfe, 0xff, ..] => (Self::Utf16Be, 2),
            _ => (Self::Utf8, 0),
        }
    }

    /// Returns the number of bytes of the smallest character.
    pub fn unit(self) -> usize {
        match self {
            Self::Utf8 => 1,
            Self::Utf16Le | Self::Utf16Be => 2,
        }
    }

    /// Returns a newline in this encoding.
    pub fn newline(self) -> &'static [u8] {
        match self {
            Self::Utf8 => b"\n",
            Self::Utf16Le => b"\n\0",
            Self::Utf16Be => b"\0\n",
        }
    }

    /// Returns the index after the first newline that begins at `from` or after it. `bytes` begin with a whole
    /// character, and so do those at `from`.
    pub fn line_end_in(self, bytes: &[u8], from: usize) -> Option<usize> {
        let rest = bytes.get(from..)?;
        match self {
            Self::Utf8 => memchr(b'\n', rest).map(|at| from + at + 1),
            Self::Utf16Le | Self::Utf16Be => {
                rest.chunks_exact(2).position(|pair| pair == self.newline()).map(|at| from + 2 * at + 2)
            }
        }
    }

    /// Returns raw bytes without the newline, or carriage return and newline, that they end with.
    pub fn without_ending(self, raw: &[u8]) -> &[u8] {
        let carriage_return: &[u8] = match self {
            Self::Utf8 => b"\r",
            Self::Utf16Le => b"\r\0",
            Self::Utf16Be => b"\0\r",
        };
        let Some(line) = raw.strip_suffix(self.newline()) else { return raw };
        line.strip_suffix(carriage_return).unwrap_or(line)
    }

    /// Returns raw bytes as UTF-8, as far as they are well-formed.
    pub fn decode(self, raw: &[u8]) -> Cow<'_, [u8]> {
        let unit = match self {
            Self::Utf8 => return Cow::Borrowed(raw),
            Self::Utf16Le => u16::from_le_bytes,
            Self::Utf16Be => u16::from_be_bytes,
        };
        let units = raw.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
        let text: String = char::decode_utf16(units).map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        Cow::Owned(text.into_bytes())
    }
}
