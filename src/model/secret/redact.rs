//! Secrets out of text, wherever text leaves: the screen, a file, a log, an export, a request that is shown.
//!
//! ```text
//!   text --> what looks like a secret (shapes) --> the secrets we know, in every form (forms) --> text with [redacted]
//! ```
//!
//! A [`Redactor`] is plain data, cheap to clone, and never changes: who learns a new secret makes a new one
//! ([`Redactor::with`]). What it cannot do: find a secret of fewer than six characters (it would take half of every text
//! with it), one that was cut in two, or the inside of a private key that comes line by line and that nobody told us.

mod forms;
mod shapes;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use regex::Regex;

use super::Secret;

/// What stands where a secret stood.
pub const REDACTED: &str = "[redacted]";

/// A secret with fewer characters is not searched for: words are as short, and every text has them.
pub const SHORTEST: usize = 6;

/// Takes secrets out of text: those that it knows, and what looks like one.
///
/// The patterns it keeps hold the secrets, in memory that is not wiped.
#[derive(Clone, Default)]
pub struct Redactor {
    known: Arc<Known>,
}

#[derive(Default)]
struct Known {
    secrets: Vec<Secret>,
    /// The secrets as they are, escaped for JSON, URLs and HTML. `None` when there are none.
    plain: Option<Regex>,
    /// The part of a base64 text that a secret in it decides, whatever stands before and behind it.
    base64: Option<Regex>,
}

impl Redactor {
    /// Returns a redactor that knows these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut known: Vec<Secret> = Vec::new();
        for secret in secrets {
            if !known.contains(secret) {
                known.push(secret.clone());
            }
        }
        let texts = || known.iter().flat_map(|secret| forms::parts(secret.expose()));
        let plain = any_of(texts().flat_map(forms::plain).collect());
        let base64 = any_of(texts().flat_map(forms::base64_cores).collect());
        Self { known: Arc::new(Known { plain, base64, secrets: known }) }
    }

    /// Returns a redactor that knows one more secret.
    #[must_use]
    pub fn with(&self, secret: &Secret) -> Self {
        if self.knows(secret) { self.clone() } else { Self::new(self.known.secrets.iter().chain([secret])) }
    }

    /// Returns whether it knows a secret.
    pub fn knows(&self, secret: &Secret) -> bool {
        self.known.secrets.contains(secret)
    }

    /// Returns a text without secrets. Redacting it again changes nothing.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        // What we know goes first: a shape must not cut a secret in two.
        let text = match &self.known.base64 {
            Some(cores) => then(Cow::Borrowed(text), |text| without_base64(cores, text)),
            None => Cow::Borrowed(text),
        };
        let text = match &self.known.plain {
            Some(plain) => then(text, |text| plain.replace_all(text, regex::NoExpand(REDACTED))),
            None => text,
        };
        then(text, shapes::without)
    }
}

/// Says how many it knows.
impl fmt::Debug for Redactor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Redactor({} secrets)", self.known.secrets.len())
    }
}

/// Goes on with a text, without copying what did not change.
fn then<'a>(text: Cow<'a, str>, change: impl Fn(&str) -> Cow<'_, str>) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => change(text),
        Cow::Owned(text) => match change(&text) {
            Cow::Borrowed(_) => Cow::Owned(text),
            Cow::Owned(changed) => Cow::Owned(changed),
        },
    }
}

/// Returns a pattern for any of some texts, the longest first: a secret may begin with another.
fn any_of(mut texts: Vec<String>) -> Option<Regex> {
    texts.retain(|text| text.chars().count() >= SHORTEST);
    texts.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    texts.dedup();
    if texts.is_empty() {
        return None;
    }
    let escaped: Vec<String> = texts.iter().map(|text| regex::escape(text)).collect();
    // A key of 64 KiB in ten forms still fits; what does not would make the process larger than it may be.
    regex::RegexBuilder::new(&escaped.join("|")).size_limit(256 << 20).build().ok()
}

/// Takes out the whole base64 word around each core: `dXNlcjpodW50ZXIy` goes, not only its end.
fn without_base64<'a>(cores: &Regex, text: &'a str) -> Cow<'a, str> {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let bytes = text.as_bytes();
    let mut kept = String::new();
    let mut from = 0;
    for core in cores.find_iter(text) {
        if core.start() < from {
            continue;
        }
        let before = bytes[from..core.start()].iter().rev().take_while(|byte| is_base64(byte)).count();
        let behind = bytes[core.end()..].iter().take_while(|byte| is_base64(byte)).count();
        let end = core.end() + behind;
        let padding = bytes[end..].iter().take(2).take_while(|byte| **byte == b'=').count();
        // Every byte that was counted is ASCII, so these are boundaries of characters.
        kept.push_str(&text[from..core.start() - before]);
        kept.push_str(REDACTED);
        from = end + padding;
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    kept.push_str(&text[from..]);
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests;
