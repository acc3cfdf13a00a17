//! Our own store: one file, encrypted with a passphrase, for machines that have no keyring.
//!
//! `secrets.age` is an age v1 file with one scrypt recipient, so `age -d secrets.age` opens it without us, and inside is
//! `{"version": 1, "secrets": {"fly": "fo1_..."}}`. Names are encrypted with the values. Whatever is wrong with the file,
//! it is never overwritten: it may be the only copy.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor, scrypt};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::reason;
use super::private::{self, Existing, WriteError};
use crate::model::secret::Secret;

/// scrypt's cost when we write: 2^16 with r = 8 takes 64 MB and a quarter of a second, on the small machine where
/// production is burning.
const WORK: u8 = 16;
/// The highest cost that we accept when reading: 2^18 takes 256 MB, and is what the age tool writes. More could take
/// the machine down.
const MOST_WORK: u8 = 18;
/// A thousand secrets fit in well.
const LARGEST: u64 = 4 << 20;
/// The only format so far.
const VERSION: u32 = 1;
/// How every age file begins.
const INTRODUCTION: &[u8] = b"age-encryption.org/v1\n";

/// What is wrong with the store.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StoreError {
    #[error("there is no store yet (`{}`)", path.display())]
    Absent { path: PathBuf },
    #[error("there is no place for a store: this user has no home directory")]
    NoPlace,
    #[error("this is not the passphrase of `{}`", path.display())]
    WrongPassphrase { path: PathBuf },
    #[error("`{}` is cut short or damaged", path.display())]
    Damaged { path: PathBuf },
    #[error("`{}` is not a store of crashcart: {reason}", path.display())]
    Foreign { path: PathBuf, reason: &'static str },
    #[error("`{}` was written by a newer crashcart", path.display())]
    Newer { path: PathBuf },
    #[error("`{}` takes more work to open than is safe here (2^{required} rounds of scrypt, at most 2^{MOST_WORK})", path.display())]
    TooMuchWork { path: PathBuf, required: u8 },
    #[error("`{}` is a symbolic link, and the store must be a file", path.display())]
    Symlink { path: PathBuf },
    #[error("cannot read `{}`: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl StoreError {
    /// Returns what to try next.
    pub fn hint(&self) -> String {
        match self {
            Self::Absent { .. } => "crashcart secret set NAME --store makes one".to_owned(),
            Self::NoPlace => "set HOME or XDG_CONFIG_HOME".to_owned(),
            Self::WrongPassphrase { .. } => "try again; nothing has changed".to_owned(),
            Self::Damaged { path } => {
                format!(
                    "nothing was overwritten: bring back a copy, or move {} away and set the secrets anew",
                    path.display()
                )
            }
            Self::Foreign { path, .. } => format!("nothing was overwritten: move {} away", path.display()),
            Self::Newer { .. } => "update crashcart on this machine".to_owned(),
            Self::TooMuchWork { path, .. } => {
                format!(
                    "write it anew with less: age -d {0} > plain, age -p plain > {0}, then remove plain",
                    path.display()
                )
            }
            Self::Symlink { .. } => "put the file itself there; a link to the whole directory is fine".to_owned(),
            Self::Unreadable { path, .. } => format!("ls -l {}", path.display()),
            Self::Write(error) => error.hint(),
        }
    }
}

/// What is in the store.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Contents(pub BTreeMap<String, Secret>);

/// A store that need not exist yet.
#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
    work: u8,
}

/// What changes when the file does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamp {
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Deserialize)]
struct Read {
    secrets: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Written<'a> {
    version: u32,
    secrets: BTreeMap<&'a str, &'a str>,
}

impl Store {
    /// Returns the store in that file.
    pub fn new(path: PathBuf) -> Self {
        Self { path, work: WORK }
    }

    #[cfg(test)]
    pub fn with_little_work(path: PathBuf) -> Self {
        Self { path, work: 2 }
    }

    /// Returns where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether there is a store, and a stamp that changes with it.
    ///
    /// # Errors
    /// When something else has its name.
    pub fn stamp(&self) -> Result<Option<Stamp>, StoreError> {
        let path = || self.path.clone();
        match fs::symlink_metadata(&self.path) {
            Ok(found) if found.is_symlink() => Err(StoreError::Symlink { path: path() }),
            Ok(found) if !found.is_file() => {
                Err(StoreError::Foreign { path: path(), reason: "it is not a regular file" })
            }
            Ok(found) => {
                Ok(Some(Stamp { inode: found.ino(), size: found.size(), changed: (found.ctime(), found.ctime_nsec()) }))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::Unreadable { path: path(), reason: reason(&error) }),
        }
    }

    /// Opens it. Takes a second or so, on purpose.
    ///
    /// # Errors
    /// When there is none, the passphrase is another one, or the file is not what we wrote.
    pub fn open(&self, passphrase: &Secret) -> Result<Contents, StoreError> {
        let path = || self.path.clone();
        if self.stamp()?.is_none() {
            return Err(StoreError::Absent { path: path() });
        }
        let unreadable = |error: io::Error| StoreError::Unreadable { path: path(), reason: reason(&error) };
        let mut bytes = Vec::new();
        super::file::open(&self.path)
            .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        if bytes.len() as u64 > LARGEST {
            return Err(StoreError::Foreign { path: path(), reason: "it is too large" });
        }
        if !bytes.starts_with(INTRODUCTION) {
            return Err(if INTRODUCTION.starts_with(&bytes) {
                StoreError::Damaged { path: path() }
            } else {
                StoreError::Foreign { path: path(), reason: "it is no age file" }
            });
        }
        let plain = decrypt(&bytes, passphrase).map_err(|trouble| match trouble {
            DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
                StoreError::WrongPassphrase { path: path() }
            }
            DecryptError::ExcessiveWork { required, .. } => StoreError::TooMuchWork { path: path(), required },
            DecryptError::NoMatchingKeys => {
                StoreError::Foreign { path: path(), reason: "it is encrypted with a key instead of a passphrase" }
            }
            DecryptError::UnknownFormat => StoreError::Foreign { path: path(), reason: "it is no age v1 file" },
            // A bad header, a bad seal, an early end; and whatever a newer library tells apart.
            _ => StoreError::Damaged { path: path() },
        })?;
        let foreign = |_| StoreError::Foreign { path: path(), reason: "something else is encrypted in it" };
        let Version { version } = serde_json::from_slice(&plain).map_err(foreign)?;
        if version > VERSION {
            return Err(StoreError::Newer { path: path() });
        }
        let Read { secrets } = serde_json::from_slice(&plain).map_err(foreign)?;
        Ok(Contents(secrets.into_iter().map(|(name, secret)| (name, Secret::new(secret))).collect()))
    }

    /// Changes what is in it, or makes it with that passphrase. Two who do so at once do not undo each other's change.
    ///
    /// # Errors
    /// As for [`Store::open`], and when it cannot be written. The old file stays.
    pub fn change<T>(&self, passphrase: &Secret, change: impl FnOnce(&mut Contents) -> T) -> Result<T, StoreError> {
        if let Some(directory) = self.path.parent() {
            private::prepare(directory)?;
        }
        let lock_path = self.path.with_extension("lock");
        let failed = |error: io::Error| {
            StoreError::Write(WriteError::Failed { path: lock_path.clone(), reason: reason(&error) })
        };
        let mut options = OpenOptions::new();
        let lock = options.write(true).create(true).truncate(false).mode(0o600).open(&lock_path).map_err(failed)?;
        lock.lock().map_err(failed)?;
        let mut contents = match self.open(passphrase) {
            Err(StoreError::Absent { .. }) => Contents::default(),
            other => other?,
        };
        let result = change(&mut contents);
        let encrypted = self.encrypt(&contents, passphrase).map_err(|error| {
            StoreError::Write(WriteError::Failed { path: self.path.clone(), reason: reason(&error) })
        })?;
        private::write(&self.path, &encrypted, Existing::Replace)?;
        Ok(result)
    }

    fn encrypt(&self, contents: &Contents, passphrase: &Secret) -> io::Result<Vec<u8>> {
        let secrets = contents.0.iter().map(|(name, secret)| (name.as_str(), secret.expose())).collect();
        let plain = Zeroizing::new(serde_json::to_vec(&Written { version: VERSION, secrets })?);
        let mut recipient = scrypt::Recipient::new(words(passphrase));
        recipient.set_work_factor(self.work);
        let encryptor = Encryptor::with_recipients(std::iter::once(&recipient as _))
            .map_err(|error| io::Error::other(error.to_string()))?;
        let mut encrypted = Vec::new();
        let mut writer = encryptor.wrap_output(&mut encrypted)?;
        writer.write_all(&plain)?;
        writer.finish()?;
        Ok(encrypted)
    }
}

fn words(passphrase: &Secret) -> SecretString {
    SecretString::from(passphrase.expose().to_owned())
}

fn decrypt(bytes: &[u8], passphrase: &Secret) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    let decryptor = Decryptor::new_buffered(bytes)?;
    let mut identity = scrypt::Identity::new(words(passphrase));
    identity.set_max_work_factor(MOST_WORK);
    let mut plain = Zeroizing::new(Vec::with_capacity(bytes.len()));
    decryptor.decrypt(std::iter::once(&identity as _))?.read_to_end(&mut plain)?;
    Ok(plain)
}

#[cfg(test)]
mod tests;
