//! The store's passphrase in the kernel's keyring, for a limited time.
//!
//! The key lies in the user keyring (`@u`): every process of this user finds it, in another terminal, in cron, in a
//! service, until its time is over or the machine restarts, whichever login it came from. The kernel itself forgets it.
//! Some session keyrings do not lead to `@u` (systemd's services, `su`); then nothing in it counts as possessed and may
//! be read. So we link it into the keyring of our own process, which ends with us.
//!
//! Containers often have no such keyring: Docker's and Podman's seccomp profiles refuse the system calls.

use std::time::Duration;

use crate::model::secret::Secret;
use crate::model::time::Timestamp;

/// Why the kernel keeps nothing for us.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KernelTrouble {
    #[error("this system has no kernel keyring")]
    None,
    #[error("the kernel's keyring is closed to us, as in most containers")]
    Refused,
    #[error("this user's part of the kernel's keyring is full")]
    Full,
    #[error("the kernel's keyring fails: {0}")]
    Other(String),
}

/// A passphrase that the kernel keeps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    pub passphrase: Secret,
    pub until: Timestamp,
}

#[cfg(target_os = "linux")]
mod linux {
    use linux_keyutils::{Key, KeyError, KeyRing, KeyRingIdentifier};
    use zeroize::Zeroizing;

    use super::{Duration, Kept, KernelTrouble, Secret, Timestamp};

    /// Keeps a passphrase for a time, which the kernel counts in whole seconds. Returns when it is over.
    pub fn keep(
        name: &str,
        passphrase: &Secret,
        lasting: Duration,
        now: Timestamp,
    ) -> Result<Timestamp, KernelTrouble> {
        let until = now + lasting;
        let payload = Zeroizing::new(format!("{}\n{}", until.as_micros(), passphrase.expose()));
        let key = ring()?.add_key(name, payload.as_bytes()).map_err(trouble)?;
        let seconds = usize::try_from(lasting.as_secs().max(1)).unwrap_or(usize::MAX);
        if let Err(error) = key.set_timeout(seconds) {
            // Without an end it must not stay.
            let _ = key.invalidate();
            return Err(trouble(error));
        }
        Ok(until)
    }

    /// Returns the passphrase if the kernel still has it.
    pub fn recall(name: &str) -> Result<Option<Kept>, KernelTrouble> {
        let Some(key) = find(name)? else { return Ok(None) };
        let payload = match key.read_to_vec() {
            Ok(payload) => Zeroizing::new(payload),
            // It has just run out.
            Err(error) if is_gone(error) => return Ok(None),
            Err(error) => return Err(trouble(error)),
        };
        let kept = std::str::from_utf8(&payload).ok().and_then(|text| {
            let (until, passphrase) = text.split_once('\n')?;
            Some(Kept { passphrase: Secret::new(passphrase), until: Timestamp::from_micros(until.parse().ok()?) })
        });
        Ok(kept)
    }

    /// Lets the kernel forget it. Returns whether it had it.
    pub fn forget(name: &str) -> Result<bool, KernelTrouble> {
        let Some(key) = find(name)? else { return Ok(false) };
        match key.invalidate() {
            Ok(()) => Ok(true),
            Err(error) if is_gone(error) => Ok(false),
            Err(error) => Err(trouble(error)),
        }
    }

    fn find(name: &str) -> Result<Option<Key>, KernelTrouble> {
        match ring()?.search(name) {
            Ok(key) => Ok(Some(key)),
            Err(error) if is_gone(error) => Ok(None),
            Err(error) => Err(trouble(error)),
        }
    }

    fn ring() -> Result<KeyRing, KernelTrouble> {
        let user = KeyRing::from_special_id(KeyRingIdentifier::User, true).map_err(trouble)?;
        // Where it fails the session's keyring may lead there all the same; what follows tells.
        if let Ok(process) = KeyRing::from_special_id(KeyRingIdentifier::Process, true) {
            let _ = process.link_keyring(user);
        }
        Ok(user)
    }

    fn is_gone(error: KeyError) -> bool {
        matches!(error, KeyError::KeyDoesNotExist | KeyError::KeyExpired | KeyError::KeyRevoked)
    }

    /// ENOSYS: a kernel that was built without it, or a sandbox that says so.
    const NOT_BUILT: i32 = 38;

    fn trouble(error: KeyError) -> KernelTrouble {
        match error {
            KeyError::PermissionDenied | KeyError::AccessDenied => KernelTrouble::Refused,
            KeyError::QuotaExceeded => KernelTrouble::Full,
            KeyError::OperationNotSupported | KeyError::Unknown(NOT_BUILT) => KernelTrouble::None,
            other => KernelTrouble::Other(other.to_string()),
        }
    }
}

#[cfg(target_os = "linux")]
pub use linux::{forget, keep, recall};

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::{Duration, Kept, KernelTrouble, Secret, Timestamp};

    pub fn keep(_: &str, _: &Secret, _: Duration, _: Timestamp) -> Result<Timestamp, KernelTrouble> {
        Err(KernelTrouble::None)
    }

    pub fn recall(_: &str) -> Result<Option<Kept>, KernelTrouble> {
        Err(KernelTrouble::None)
    }

    pub fn forget(_: &str) -> Result<bool, KernelTrouble> {
        Err(KernelTrouble::None)
    }
}

#[cfg(not(target_os = "linux"))]
pub use elsewhere::{forget, keep, recall};
