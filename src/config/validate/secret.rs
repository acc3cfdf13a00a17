//! Where the configuration says that secrets are kept, and what needs them.

use serde_json::Value;

use super::Place;
use crate::config::build;
use crate::config::shape::{SecretShape, SourceShape};
use crate::model::secret::SecretRef;

/// A place of a secret, and what needs it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecretUse {
    pub place: SecretRef,
    /// The key of the configuration: `sources.fly.token`.
    pub used_by: String,
}

/// Returns what a shape means, unless it names no place or several, which has been noted.
pub fn secret_ref(shape: &SecretShape, place: Place<'_>) -> Option<SecretRef> {
    let SecretShape { env, keyring, command, file, store } = shape;
    match (env, keyring, command, file, store) {
        (Some(name), None, None, None, None) => Some(SecretRef::Env(name.value.0.clone())),
        (None, Some(name), None, None, None) => Some(SecretRef::Keyring(name.value.0.clone())),
        (None, None, Some(command), None, None) => Some(SecretRef::Command(command.value.0.clone())),
        (None, None, None, Some(path), None) => Some(SecretRef::File(place.path(&path.value.0))),
        (None, None, None, None, Some(name)) => Some(SecretRef::Store(name.value.0.clone())),
        _ => None,
    }
}

/// Returns the secrets of a source: its token, and whatever among its other parameters is written like one. Which
/// parameters a provider has, its definition knows.
pub fn secrets_of(name: &str, source: &SourceShape, place: Place<'_>) -> Vec<SecretUse> {
    let token = source.token.as_ref().and_then(|token| secret_ref(&token.value, place));
    let token = token.map(|token| ("token", token));
    let others = source.parameters.iter().filter_map(|(key, value)| Some((key.as_str(), written(value, place)?)));
    let used_by = |key| format!("sources.{}.{key}", super::bare_or_quoted(name));
    token.into_iter().chain(others).map(|(key, place)| SecretUse { place, used_by: used_by(key) }).collect()
}

/// Reads `{ env = "NAME" }` and its like where nobody has said what is expected.
pub fn written(value: &Value, place: Place<'_>) -> Option<SecretRef> {
    let table = value.as_object().filter(|table| table.len() == 1)?;
    let (key, value) = table.iter().next()?;
    let text = value.as_str();
    match key.as_str() {
        "env" => text.map(|name| SecretRef::Env(name.to_owned())),
        "keyring" => text.map(|name| SecretRef::Keyring(name.to_owned())),
        "store" => text.map(|name| SecretRef::Store(name.to_owned())),
        "file" => text.map(|path| SecretRef::File(place.path(path))),
        "command" => match (text, value.as_array()) {
            (Some(script), _) => {
                Some(SecretRef::Command(build::SHELL.iter().copied().chain([script]).map(str::to_owned).collect()))
            }
            (None, Some(words)) => {
                words.iter().map(|word| word.as_str().map(str::to_owned)).collect::<Option<_>>().map(SecretRef::Command)
            }
            (None, None) => None,
        },
        _ => None,
    }
}
