//! What this process knows of secrets, for every place where text leaves it: the log, recordings, messages, JSON.
//!
//! One for the process: who writes a log line has no other way to know what a keyring said a moment ago.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use crate::model::secret::Redactor;

static KNOWN: RwLock<Option<Arc<Redactor>>> = RwLock::new(None);

/// Takes over what is known now.
pub fn know(redactor: Arc<Redactor>) {
    *KNOWN.write().unwrap_or_else(PoisonError::into_inner) = Some(redactor);
}

/// Returns a text without what is known to be secret, and without what looks like it.
pub fn redact(text: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner).clone();
    match known {
        Some(redactor) => redactor.redact(text).into_owned().into(),
        None => Redactor::default().redact(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::secret::Secret;

    #[test]
    fn what_was_learned_leaves_nowhere() {
        know(Arc::new(Redactor::new([&Secret::new("plain-words-of-ours")])));
        assert_eq!(redact("they said plain-words-of-ours!"), "they said [redacted]!");
    }
}
