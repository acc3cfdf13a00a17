//! From bytes to logical lines: characters of two bytes, line ends of all kinds, folding of all kinds.

/// A line as it was before it was folded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Logical {
    /// Of its first physical line; counts from 1.
    pub number: usize,
    pub bytes: Vec<u8>,
}

/// Returns the logical lines of a file. A character that folding cut in two is whole again.
pub fn logical(bytes: &[u8]) -> Vec<Logical> {
    let bytes = decoded(bytes);
    let mut lines: Vec<Logical> = Vec::new();
    let mut encoding = Encoding::Unknown;
    // Old Macs ended lines with a carriage return alone.
    let end = if bytes.contains(&b'\n') { b'\n' } else { b'\r' };
    for (index, line) in bytes.split(|byte| *byte == end).enumerate() {
        let line = trim_end(line);
        if let Some(last) = lines.last_mut() {
            if encoding == Encoding::Unknown {
                encoding = Encoding::of(&last.bytes);
            }
            if encoding == Encoding::QuotedPrintable && last.bytes.ends_with(b"=") {
                // The rest of a soft line end; a space at its beginning is content.
                last.bytes.pop();
                last.bytes.extend_from_slice(line);
                continue;
            }
            if let [b' ' | b'\t', rest @ ..] = line {
                last.bytes.extend_from_slice(rest);
                continue;
            }
            // Some programs fold base64 without the space that says so.
            if encoding == Encoding::Base64 && !line.is_empty() && line.iter().all(|byte| is_base64_byte(*byte)) {
                last.bytes.extend_from_slice(line);
                continue;
            }
        }
        if !line.trim_ascii().is_empty() {
            encoding = Encoding::Unknown;
            lines.push(Logical { number: index + 1, bytes: line.to_vec() });
        }
    }
    lines
}

/// How the value of a line is encoded: that decides where it ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Encoding {
    /// The part before the value has not been seen to its end.
    Unknown,
    Plain,
    QuotedPrintable,
    Base64,
}

impl Encoding {
    /// Longer than the parameters of any property. Who looks further at every line looks at megabytes for ever.
    const LONGEST_HEAD: usize = 4096;

    fn of(line: &[u8]) -> Self {
        let start = &line[..line.len().min(Self::LONGEST_HEAD)];
        let Some(colon) = start.iter().position(|byte| *byte == b':') else {
            return if line.len() < Self::LONGEST_HEAD { Self::Unknown } else { Self::Plain };
        };
        let head = String::from_utf8_lossy(&start[..colon]).to_ascii_uppercase();
        match () {
            () if head.contains("QUOTED-PRINTABLE") => Self::QuotedPrintable,
            () if head.contains("BASE64") || head.contains("ENCODING=B") => Self::Base64,
            () => Self::Plain,
        }
    }
}

fn trim_end(line: &[u8]) -> &[u8] {
    let length = line.iter().rposition(|byte| *byte != b'\r').map_or(0, |at| at + 1);
    &line[..length]
}

/// Returns the file as UTF-8, if a mark at its beginning says that it is something else.
fn decoded(bytes: &[u8]) -> Vec<u8> {
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = rest.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>()
    };
    match bytes {
        [0xef, 0xbb, 0xbf, rest @ ..] => rest.to_vec(),
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes).into_bytes(),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes).into_bytes(),
        _ => bytes.to_vec(),
    }
}

fn is_base64_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)
}
