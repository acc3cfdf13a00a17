//! Where secrets are kept: the environment, the system's keyring, a command, a file, our own encrypted store.
//!
//! ```text
//!   SecretRef --> Keeper::get --> env       what the shell was given
//!                      |     \--> keyring   one thread that nobody waits for; a limit
//!                      |      \-> command   no shell, a group of its own, a limit
//!                      |       \> file      ours, regular, closed to others
//!                      |        > store     age file; the passphrase from the kernel's keyring, for a limited time
//!                      v
//!                  Redactor learns it
//! ```
//!
//! It refuses to ask anybody anything: what a person has to type is the command line's business. Nothing in here waits
//! longer than it says, whatever hangs.

mod aside;
mod command;
mod error;
mod file;
mod kernel;
mod keyring;
mod private;
mod store;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

pub use error::{CommandTrouble, Denial, KeyringTrouble, SecretError};
pub use kernel::KernelTrouble;
pub use private::{Existing, WriteError, remove as remove_file, write as write_file};
pub use store::{Contents, StoreError};

pub use crate::model::secret::Redactor;

use crate::model::secret::{Secret, SecretRef};
use crate::model::surroundings::Surroundings;
use crate::model::time::Timestamp;
use aside::{Missed, aside};
use keyring::Keyring;
use store::{Stamp, Store};

/// A secret is a token or a key; whatever is larger is something else.
pub const LARGEST: u64 = 64 * 1024;
/// How long what a keyring, a command or the store has said is remembered: asking is slow and may want a finger on a
/// sensor, and a token that was changed must not need a restart. Variables and files are looked at each time.
pub const REMEMBERED: Duration = Duration::from_secs(600);
/// A keyring answers in a tenth of a second. When it shows its window to nobody it never does.
pub const KEYRING_LIMIT: Duration = Duration::from_secs(4);
/// Opening the store takes a second of work, and many on a machine that has no time.
const STORE_LIMIT: Duration = Duration::from_secs(30);
/// The store's name in the configuration directory.
pub const STORE_FILE: &str = "secrets.age";

/// Where we may keep something.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Paths {
    /// The user's own configuration directory of crashcart. Without one there is no store.
    pub config_dir: Option<PathBuf>,
}

/// Finds secrets. Cheap to clone; the clones remember together.
#[derive(Clone)]
pub struct Keeper(Arc<Inner>);

struct Inner {
    surroundings: Surroundings,
    keyring: Keyring,
    store: Option<Store>,
    slots: Mutex<HashMap<SecretRef, Arc<Slot>>>,
    opened: tokio::sync::Mutex<Option<Opened>>,
    /// The passphrase, where the kernel keeps none.
    own: Mutex<Option<kernel::Kept>>,
    redactor: RwLock<Redactor>,
}

/// One place, which is asked by one at a time.
#[derive(Default)]
struct Slot {
    /// How often it was asked.
    asked: AtomicU64,
    last: tokio::sync::Mutex<Option<(Result<Secret, SecretError>, Timestamp)>>,
}

struct Opened {
    stamp: Stamp,
    at: Timestamp,
    contents: Contents,
}

/// How long the store stays open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unlocked {
    /// For every process of this user, until then.
    Until(Timestamp),
    /// For this process only, because the kernel keeps nothing.
    OnlyHere(KernelTrouble),
}

impl fmt::Debug for Keeper {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keeper").field("store", &self.0.store).finish_non_exhaustive()
    }
}

impl Keeper {
    /// Returns what finds secrets in these surroundings. Nothing is asked or opened yet.
    pub fn new(surroundings: Surroundings, paths: Paths) -> Self {
        let store = paths.config_dir.map(|directory| Store::new(directory.join(STORE_FILE)));
        Self::with_store(surroundings, store)
    }

    fn with_store(surroundings: Surroundings, store: Option<Store>) -> Self {
        Self(Arc::new(Inner {
            keyring: Keyring::new(&surroundings),
            surroundings,
            store,
            slots: Mutex::default(),
            opened: tokio::sync::Mutex::default(),
            own: Mutex::default(),
            redactor: RwLock::default(),
        }))
    }

    /// Returns a secret. It takes at most as long as its place is given; see the limits of each.
    ///
    /// Who asks for what is just being asked for gets the same answer, a refusal too: twenty sources whose password
    /// manager hangs wait ten seconds together, not one after the other.
    ///
    /// # Errors
    /// See [`SecretError`]; each has a [`hint`](SecretError::hint).
    pub async fn get(&self, place: &SecretRef, now: Timestamp) -> Result<Secret, SecretError> {
        let slot = Arc::clone(locked(&self.0.slots).entry(place.clone()).or_default());
        let asked = slot.asked.load(Ordering::SeqCst);
        let mut last = slot.last.lock().await;
        let meanwhile = slot.asked.load(Ordering::SeqCst) != asked;
        match &*last {
            Some((result, _)) if meanwhile => return result.clone(),
            Some((Ok(secret), at)) if is_remembered(place) && now.since(*at) < REMEMBERED => return Ok(secret.clone()),
            _ => {}
        }
        let result = self.ask(place, now).await;
        if let Ok(secret) = &result {
            self.learn(secret);
        }
        slot.asked.fetch_add(1, Ordering::SeqCst);
        *last = Some((result.clone(), now));
        result
    }

    /// Forgets what is remembered of a place: the token was refused, and there may be a new one.
    pub fn forget(&self, place: &SecretRef) {
        locked(&self.0.slots).remove(place);
        if matches!(place, SecretRef::Store(_))
            && let Ok(mut opened) = self.0.opened.try_lock()
        {
            *opened = None;
        }
    }

    /// Returns what takes every secret out of a text that was found until now.
    pub fn redactor(&self) -> Redactor {
        self.0.redactor.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes a secret known to the redactor that came in another way.
    pub fn learn(&self, secret: &Secret) {
        if self.redactor().knows(secret) {
            return;
        }
        let mut redactor = self.0.redactor.write().unwrap_or_else(PoisonError::into_inner);
        *redactor = redactor.with(secret);
    }

    async fn ask(&self, place: &SecretRef, now: Timestamp) -> Result<Secret, SecretError> {
        let missing = || SecretError::Missing { place: place.clone() };
        match place {
            SecretRef::Env(name) => {
                let value = self.0.surroundings.variable(name).ok_or_else(missing)?;
                usable(Zeroizing::new(value.as_bytes().to_vec()), place)
            }
            SecretRef::Keyring(name) => {
                let found = self.0.keyring.get(name, KEYRING_LIMIT).await.map_err(SecretError::NoKeyring)?;
                usable(Zeroizing::new(found.ok_or_else(missing)?), place)
            }
            SecretRef::Command(argv) => command::get(argv, &self.0.surroundings.variables, command::LIMIT, place).await,
            SecretRef::File(path) => {
                let expanded = path.to_str().and_then(|text| self.0.surroundings.expand(text));
                file::get(expanded.unwrap_or_else(|| path.clone()), place).await
            }
            SecretRef::Store(name) => self.stored(name, now).await?.ok_or_else(missing),
        }
    }
}

/// The keyring, for who changes what is in it.
impl Keeper {
    /// Finds out whether the keyring can be written to here and now.
    ///
    /// # Errors
    /// Why it cannot.
    pub async fn try_keyring(&self, limit: Duration) -> Result<(), KeyringTrouble> {
        self.0.keyring.try_out(limit).await
    }

    /// Writes an entry of the keyring, over the one of that name if there is one.
    ///
    /// # Errors
    /// Why the keyring does not take it.
    pub async fn set_in_keyring(&self, name: &str, secret: &Secret, limit: Duration) -> Result<(), KeyringTrouble> {
        self.0.keyring.set(name, secret, limit).await?;
        self.forget(&SecretRef::Keyring(name.to_owned()));
        Ok(())
    }

    /// Removes an entry of the keyring. Returns whether there was one.
    ///
    /// # Errors
    /// Why the keyring cannot be asked.
    pub async fn remove_from_keyring(&self, name: &str, limit: Duration) -> Result<bool, KeyringTrouble> {
        self.forget(&SecretRef::Keyring(name.to_owned()));
        self.0.keyring.remove(name, limit).await
    }

    /// Returns the names of crashcart's entries in the keyring.
    ///
    /// # Errors
    /// Why the keyring cannot be asked.
    pub async fn names_in_keyring(&self, limit: Duration) -> Result<Vec<String>, KeyringTrouble> {
        self.0.keyring.names(limit).await
    }
}

/// The store.
impl Keeper {
    /// Returns where the store lies or would lie.
    ///
    /// # Errors
    /// When this user has no place for one.
    pub fn store_path(&self) -> Result<PathBuf, StoreError> {
        Ok(self.store()?.path().to_owned())
    }

    /// Returns whether there is a store.
    ///
    /// # Errors
    /// When something else lies in its place.
    pub fn has_store(&self) -> Result<bool, StoreError> {
        Ok(self.store()?.stamp()?.is_some())
    }

    /// Returns the passphrase, if the store is unlocked, and until when it is.
    ///
    /// # Errors
    /// When the kernel keeps nothing for us.
    pub fn passphrase(&self, now: Timestamp) -> Result<Option<(Secret, Timestamp)>, KernelTrouble> {
        let Ok(store) = self.store() else { return Ok(None) };
        if let Some(own) = locked(&self.0.own).as_ref().filter(|own| own.until > now) {
            return Ok(Some((own.passphrase.clone(), own.until)));
        }
        let kept = kernel::recall(&key_name(store))?;
        Ok(kept.map(|kept| (kept.passphrase, kept.until)))
    }

    /// Opens the store with a passphrase and keeps it open for that long.
    ///
    /// # Errors
    /// When it cannot be opened; nothing is kept then.
    pub async fn unlock(
        &self,
        passphrase: &Secret,
        lasting: Duration,
        now: Timestamp,
    ) -> Result<Unlocked, SecretError> {
        self.open(passphrase).await?;
        self.learn(passphrase);
        let store = self.store()?;
        Ok(match kernel::keep(&key_name(store), passphrase, lasting, now) {
            Ok(until) => Unlocked::Until(until),
            Err(trouble) => {
                let own = kernel::Kept { passphrase: passphrase.clone(), until: now + lasting };
                *locked(&self.0.own) = Some(own);
                Unlocked::OnlyHere(trouble)
            }
        })
    }

    /// Locks the store again, and forgets what came from it. Returns whether it was unlocked.
    ///
    /// Other processes that have opened it remember what they have read for as long as [`REMEMBERED`] says.
    ///
    /// # Errors
    /// When the kernel does not forget.
    pub async fn lock(&self) -> Result<bool, KernelTrouble> {
        *self.0.opened.lock().await = None;
        locked(&self.0.slots).retain(|place, _| !matches!(place, SecretRef::Store(_)));
        let own = locked(&self.0.own).take().is_some();
        let Ok(store) = self.store() else { return Ok(own) };
        match kernel::forget(&key_name(store)) {
            Err(KernelTrouble::None | KernelTrouble::Refused) => Ok(own),
            other => other.map(|kept| kept || own),
        }
    }

    /// Returns everything that is in the store.
    ///
    /// # Errors
    /// When it cannot be opened with that passphrase.
    pub async fn open(&self, passphrase: &Secret) -> Result<Contents, SecretError> {
        let (store, passphrase) = (self.store()?.clone(), passphrase.clone());
        self.work(move || store.open(&passphrase)).await
    }

    /// Changes what is in the store, or makes it with that passphrase.
    ///
    /// # Errors
    /// When it cannot be opened or written; it stays as it was.
    pub async fn change<T: Send + 'static>(
        &self,
        passphrase: &Secret,
        change: impl FnOnce(&mut Contents) -> T + Send + 'static,
    ) -> Result<T, SecretError> {
        let (store, passphrase) = (self.store()?.clone(), passphrase.clone());
        let result = self.work(move || store.change(&passphrase, change)).await;
        locked(&self.0.slots).retain(|place, _| !matches!(place, SecretRef::Store(_)));
        result
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, SecretError> {
        let place = || SecretRef::File(self.store_path().unwrap_or_default());
        match aside(STORE_LIMIT, work).await {
            Ok(result) => Ok(result?),
            Err(Missed::Late) => Err(SecretError::TimedOut { place: place(), limit: STORE_LIMIT }),
            Err(Missed::NoThread) => Err(SecretError::NoThread { place: place() }),
        }
    }

    fn store(&self) -> Result<&Store, StoreError> {
        self.0.store.as_ref().ok_or(StoreError::NoPlace)
    }

    /// Returns one secret of the store. Opening it is work, so what was read is kept until the file changes.
    async fn stored(&self, name: &str, now: Timestamp) -> Result<Option<Secret>, SecretError> {
        let Some(stamp) = self.store()?.stamp()? else { return Ok(None) };
        let mut opened = self.0.opened.lock().await;
        if let Some(found) = &*opened
            && found.stamp == stamp
            && now.since(found.at) < REMEMBERED
        {
            return Ok(found.contents.0.get(name).cloned());
        }
        let passphrase = match self.passphrase(now) {
            Ok(Some((passphrase, _))) => passphrase,
            Ok(None) => return Err(SecretError::Locked { kernel: None }),
            Err(trouble) => return Err(SecretError::Locked { kernel: Some(trouble) }),
        };
        let contents = self.open(&passphrase).await?;
        let found = contents.0.get(name).cloned();
        *opened = Some(Opened { stamp, at: now, contents });
        Ok(found)
    }
}

/// Returns the name of the store's key in the kernel: another store has another.
fn key_name(store: &Store) -> String {
    let path = std::fs::canonicalize(store.path()).unwrap_or_else(|_| store.path().to_owned());
    let hash: String =
        Sha256::digest(path.as_os_str().as_encoded_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("crashcart:store:{hash}")
}

fn is_remembered(place: &SecretRef) -> bool {
    match place {
        SecretRef::Env(_) | SecretRef::File(_) => false,
        SecretRef::Keyring(_) | SecretRef::Command(_) | SecretRef::Store(_) => true,
    }
}

fn usable(bytes: Zeroizing<Vec<u8>>, place: &SecretRef) -> Result<Secret, SecretError> {
    secret_from(bytes).map_err(|reason| SecretError::Unusable { place: place.clone(), reason })
}

/// Returns what was read as a secret: text, without the newline that editors and `echo` put at its end.
///
/// # Errors
/// Why it is none, as a clause.
pub fn secret_from(mut bytes: Zeroizing<Vec<u8>>) -> Result<Secret, &'static str> {
    if bytes.len() as u64 > LARGEST {
        return Err("it is larger than 64 KiB");
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    if bytes.is_empty() {
        return Err("it is empty");
    }
    if bytes.contains(&0) {
        return Err("it holds a zero byte");
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Secret::new(text)),
        Err(_) => Err("it is not UTF-8 text"),
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
