//! The system's keyring: the Secret Service on Linux, the keychain on a Mac.
//!
//! Asking it can hang for ever, when it shows a window that nobody sees. So one thread asks, one question after the
//! other, and nobody waits for it longer than they said: a question whose asker has gone is not asked any more. The
//! thread is never joined.
//!
//! Over SSH there is often no session bus; that is looked up before anything is started. The library finds the bus in
//! the environment of the process, and remembers for as long as the process lives that there was no service.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use tokio::sync::oneshot;

use super::error::KeyringTrouble;
use crate::model::secret::Secret;
use crate::model::surroundings::Surroundings;

/// Under this name our entries stand in the keyring: the attribute `service`. `username` is the secret's name.
#[cfg(feature = "keyring")]
const SERVICE: &str = "crashcart";

type Question = Box<dyn FnOnce() + Send>;

/// The keyring, as far as this process can reach it.
#[derive(Clone)]
pub struct Keyring {
    /// Whoever asks first starts the thread.
    thread: Arc<Mutex<Option<mpsc::Sender<Question>>>>,
    bus: Result<(), KeyringTrouble>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keyring").field("bus", &self.bus).finish_non_exhaustive()
    }
}

impl Keyring {
    /// Returns the keyring of these surroundings, without asking it anything.
    pub fn new(surroundings: &Surroundings) -> Self {
        Self { thread: Arc::default(), bus: bus(surroundings) }
    }

    /// Returns an entry, or nothing when there is none of that name.
    pub async fn get(&self, name: &str, limit: Duration) -> Result<Option<Vec<u8>>, KeyringTrouble> {
        let name = name.to_owned();
        self.ask(limit, move || asked::get(&name)).await
    }

    /// Writes an entry, over the one of that name if there is one.
    pub async fn set(&self, name: &str, secret: &Secret, limit: Duration) -> Result<(), KeyringTrouble> {
        let (name, secret) = (name.to_owned(), secret.clone());
        self.ask(limit, move || asked::set(&name, &secret)).await
    }

    /// Removes an entry. Returns whether there was one.
    pub async fn remove(&self, name: &str, limit: Duration) -> Result<bool, KeyringTrouble> {
        let name = name.to_owned();
        self.ask(limit, move || asked::remove(&name)).await
    }

    /// Returns the names of our entries.
    pub async fn names(&self, limit: Duration) -> Result<Vec<String>, KeyringTrouble> {
        self.ask(limit, asked::names).await
    }

    /// Finds out whether it can be written to here and now, by writing an entry and removing it.
    pub async fn try_out(&self, limit: Duration) -> Result<(), KeyringTrouble> {
        self.ask(limit, || {
            asked::set(TRIAL, &Secret::new("trial"))?;
            asked::remove(TRIAL).map(|_| ())
        })
        .await
    }

    async fn ask<T: Send + 'static>(
        &self,
        limit: Duration,
        question: impl FnOnce() -> Result<T, KeyringTrouble> + Send + 'static,
    ) -> Result<T, KeyringTrouble> {
        self.bus.clone()?;
        let (answer, answered) = oneshot::channel();
        self.hand_over(Box::new(move || {
            if !answer.is_closed() {
                let _ = answer.send(question());
            }
        }))?;
        match tokio::time::timeout(limit, answered).await {
            Ok(Ok(result)) => result,
            // It has panicked.
            Ok(Err(_)) => Err(KeyringTrouble::Other("its library failed".to_owned())),
            Err(_) => Err(KeyringTrouble::Silent(limit)),
        }
    }

    fn hand_over(&self, question: Question) -> Result<(), KeyringTrouble> {
        let mut thread = self.thread.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(to) = thread.as_ref() {
            // It listens for as long as there is somebody who can ask.
            let _ = to.send(question);
            return Ok(());
        }
        let (to, questions) = mpsc::channel::<Question>();
        std::thread::Builder::new()
            .name("keyring".to_owned())
            .spawn(move || {
                for question in questions {
                    // A library that panics has not answered; the next question may go better.
                    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(question));
                }
            })
            .map_err(|_| KeyringTrouble::Other("this machine gives no more threads".to_owned()))?;
        let _ = to.send(question);
        *thread = Some(to);
        Ok(())
    }
}

/// The entry that is written to find out whether one can be.
const TRIAL: &str = "(trial)";

/// Returns whether there is a session bus, where the library looks for it.
fn bus(surroundings: &Surroundings) -> Result<(), KeyringTrouble> {
    if !cfg!(feature = "keyring") {
        return Err(KeyringTrouble::NotBuilt);
    }
    if cfg!(target_os = "macos") || surroundings.variable("DBUS_SESSION_BUS_ADDRESS").is_some() {
        return Ok(());
    }
    let runtime = surroundings
        .variable("XDG_RUNTIME_DIR")
        .map_or_else(|| format!("/run/user/{}", rustix::process::geteuid().as_raw()), str::to_owned);
    if Path::new(&runtime).join("bus").exists() {
        return Ok(());
    }
    let over_ssh = ["SSH_CONNECTION", "SSH_TTY"].iter().any(|name| surroundings.variable(name).is_some());
    Err(KeyringTrouble::NoBus { over_ssh })
}

#[cfg(feature = "keyring")]
mod asked {
    use std::collections::HashMap;

    use keyring::{Entry, Error};

    use super::{KeyringTrouble, SERVICE, Secret, TRIAL};

    pub fn get(name: &str) -> Result<Option<Vec<u8>>, KeyringTrouble> {
        match entry(name)?.get_secret() {
            Ok(secret) => Ok(Some(secret)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(trouble(&error)),
        }
    }

    pub fn set(name: &str, secret: &Secret) -> Result<(), KeyringTrouble> {
        entry(name)?.set_password(secret.expose()).map_err(|error| trouble(&error))
    }

    pub fn remove(name: &str) -> Result<bool, KeyringTrouble> {
        match entry(name)?.delete_credential() {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(error) => Err(trouble(&error)),
        }
    }

    pub fn names() -> Result<Vec<String>, KeyringTrouble> {
        reach()?;
        let found = keyring_core::Entry::search(&HashMap::from([("service", SERVICE)]));
        let found = found.map_err(|error| trouble(&error))?;
        let mut names: Vec<String> =
            found.iter().filter_map(|entry| entry.get_specifiers()).map(|(_, name)| name).collect();
        names.retain(|name| name != TRIAL);
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn reach() -> Result<(), KeyringTrouble> {
        Entry::store_status().as_ref().map(|&()| ()).map_err(unreachable)
    }

    fn entry(name: &str) -> Result<Entry, KeyringTrouble> {
        reach()?;
        Entry::new(SERVICE, name).map_err(|error| trouble(&error))
    }

    /// Why there is no connection. The library knows one word for everything; its text is the bus's own.
    fn unreachable(error: &Error) -> KeyringTrouble {
        let text = chain(error);
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        if says(&["ServiceUnknown", "NameHasNoOwner", "Spawn", "not provided by any"]) {
            KeyringTrouble::NoService
        } else if says(&["Failed to connect to address", "no secret service provider or dbus session"]) {
            // It is there by name only.
            KeyringTrouble::DeadBus
        } else {
            KeyringTrouble::Other(text)
        }
    }

    fn trouble(error: &Error) -> KeyringTrouble {
        match error {
            Error::NoStorageAccess(_) => KeyringTrouble::Locked,
            Error::Ambiguous(_) => KeyringTrouble::Ambiguous,
            // These hold what is kept there.
            Error::BadEncoding(_) | Error::BadDataFormat(..) => {
                KeyringTrouble::Other("its answer is garbled".to_owned())
            }
            other => KeyringTrouble::Other(chain(other)),
        }
    }

    fn chain(error: &dyn std::error::Error) -> String {
        // Their messages repeat their sources.
        error.to_string()
    }
}

#[cfg(not(feature = "keyring"))]
mod asked {
    use super::{KeyringTrouble, Secret};

    pub fn get(_: &str) -> Result<Option<Vec<u8>>, KeyringTrouble> {
        Err(KeyringTrouble::NotBuilt)
    }

    pub fn set(_: &str, _: &Secret) -> Result<(), KeyringTrouble> {
        Err(KeyringTrouble::NotBuilt)
    }

    pub fn remove(_: &str) -> Result<bool, KeyringTrouble> {
        Err(KeyringTrouble::NotBuilt)
    }

    pub fn names() -> Result<Vec<String>, KeyringTrouble> {
        Err(KeyringTrouble::NotBuilt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(variables: &[(&str, &str)]) -> Surroundings {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Surroundings { home: None, variables }
    }

    /// A keyring that is there, and whose answers are ours to give.
    fn reachable() -> Keyring {
        Keyring { thread: Arc::default(), bus: Ok(()) }
    }

    #[cfg(all(feature = "keyring", target_os = "linux"))]
    #[tokio::test]
    async fn without_a_session_bus_nothing_is_asked_and_ssh_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let runtime = directory.path().to_str().unwrap();
        let none = Keyring::new(&within(&[("XDG_RUNTIME_DIR", runtime)]));
        assert_eq!(none.get("fly", Duration::ZERO).await, Err(KeyringTrouble::NoBus { over_ssh: false }));
        let ssh = Keyring::new(&within(&[("XDG_RUNTIME_DIR", runtime), ("SSH_CONNECTION", "::1 1 ::1 22")]));
        let trouble = ssh.get("fly", Duration::ZERO).await.unwrap_err();
        assert_eq!(trouble.to_string(), "there is no session bus in this SSH session");
        assert!(trouble.hint().contains("--store"));
        assert!(none.thread.lock().unwrap().is_none() && ssh.thread.lock().unwrap().is_none());
    }

    #[tokio::test]
    async fn a_keyring_that_never_answers_holds_up_nobody_and_is_asked_nothing_that_nobody_waits_for() {
        let keyring = reachable();
        let (release, released) = mpsc::channel::<()>();
        let limit = Duration::from_millis(1);
        let stuck = keyring.ask(limit, move || {
            let _ = released.recv();
            Ok(())
        });
        assert_eq!(stuck.await, Err(KeyringTrouble::Silent(limit)));
        let late = keyring.ask(limit, || -> Result<(), _> { panic!("nobody waits for this answer") });
        assert_eq!(late.await, Err(KeyringTrouble::Silent(limit)));
        // Somebody answers its window: it is of use again.
        release.send(()).unwrap();
        assert_eq!(keyring.ask(Duration::from_secs(20), || Ok(7)).await, Ok(7));
    }

    #[tokio::test]
    async fn a_library_that_panics_has_not_answered_and_is_asked_again() {
        let keyring = reachable();
        let limit = Duration::from_secs(20);
        let failed = keyring.ask(limit, || -> Result<(), _> { panic!("as libraries do") }).await;
        assert!(matches!(failed, Err(KeyringTrouble::Other(_))));
        assert_eq!(keyring.ask(limit, || Ok(7)).await, Ok(7));
    }
}
