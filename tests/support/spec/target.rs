//! What a request's address asks for, below the base: path segments and query, decoded.

/// The part of an address that a description speaks about.
#[derive(Debug)]
pub struct Target {
    /// Decoded one by one, so that an encoded slash stays inside its segment. A trailing slash is an empty last segment.
    pub segments: Vec<String>,
    /// In order, decoded; a name may come twice.
    pub query: Vec<(String, String)>,
}

impl Target {
    /// Takes the base off an address. A base without a scheme is looked for behind any host; `*` in a base stands for
    /// anything but a slash: a region, a tenant, a version.
    pub fn of(url: &str, base: &str) -> Result<Self, String> {
        let rest = if base.contains("://") {
            Some(url)
        } else {
            url.split_once("://").map(|(_, rest)| &rest[rest.find(['/', '?']).unwrap_or(rest.len())..])
        };
        let rest =
            rest.and_then(|rest| without(rest, base)).ok_or_else(|| format!("address: {url} is not below {base}"))?;
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        if !(path.is_empty() || path.starts_with('/')) {
            return Err(format!("address: {url} is not below {base}"));
        }
        let segments = if path.is_empty() {
            Vec::new()
        } else {
            path[1..].split('/').map(|segment| decode(segment, false)).collect()
        };
        Ok(Self { segments, query: form(query) })
    }

    /// Returns the path, for messages.
    pub fn path(&self) -> String {
        format!("/{}", self.segments.join("/"))
    }

    /// Returns whether the base itself is meant.
    pub fn is_root(&self) -> bool {
        self.segments.iter().all(String::is_empty)
    }
}

fn without<'a>(url: &'a str, base: &str) -> Option<&'a str> {
    let mut pieces = base.split('*');
    let mut rest = url.strip_prefix(pieces.next()?)?;
    for piece in pieces {
        let end = rest.find('/').unwrap_or(rest.len());
        // The piece behind the star begins in this segment; a piece that is empty takes all of it.
        let at = if piece.is_empty() { end } else { rest.find(piece).filter(|at| *at <= end)? };
        rest = &rest[at + piece.len()..];
    }
    Some(rest)
}

/// Reads `a=1&b=2` as forms and queries write it.
pub fn form(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name, true), decode(value, true))
        })
        .collect()
}

/// Undoes percent encoding; a plus is a space in queries and forms only.
fn decode(text: &str, plus: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |index: usize| bytes.get(index).and_then(|byte| char::from(*byte).to_digit(16));
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).expect("two hex digits fit a byte"));
                at += 2;
            }
            (b'+', ..) if plus => out.push(b' '),
            (byte, ..) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Encodes everything but what is always safe in a path segment or a query value.
pub fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("a string takes everything");
        }
    }
    out
}
