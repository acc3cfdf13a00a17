//! Why a secret cannot be had, and what to do about it.

use std::path::PathBuf;
use std::time::Duration;

use super::kernel::KernelTrouble;
use super::store::StoreError;
use crate::model::secret::SecretRef;

/// Why a secret cannot be had. No message holds a secret, nor what a command has printed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SecretError {
    /// The place is there, or could be, and has no such secret.
    #[error("{}", missing(.place))]
    Missing { place: SecretRef },
    /// The secret is there, and is nothing that can be sent.
    #[error("the secret in {place} cannot be used: {reason}")]
    Unusable { place: SecretRef, reason: &'static str },
    /// A file that others could have read or written, or that is not ours.
    #[error("`{}` is not used: {reason}", path.display())]
    Denied { path: PathBuf, reason: Denial },
    #[error("cannot read `{}`: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("{place} has not answered within {} s", limit.as_secs())]
    TimedOut { place: SecretRef, limit: Duration },
    #[error("{place} {trouble}")]
    Command { place: SecretRef, trouble: CommandTrouble },
    /// There is no keyring that could be asked.
    #[error("the keyring cannot be used: {0}")]
    NoKeyring(KeyringTrouble),
    /// The store is encrypted, and nobody has said its passphrase lately.
    #[error("the store is locked")]
    Locked { kernel: Option<KernelTrouble> },
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system gives no thread.
    #[error("cannot look into {place}: this machine gives no more threads")]
    NoThread { place: SecretRef },
}

/// What is wrong with a file that should hold a secret.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Denial {
    #[error("others may read or change it (mode {mode:04o})")]
    OpenToOthers { mode: u32 },
    #[error("it belongs to another user (uid {owner})")]
    NotOurs { owner: u32 },
    #[error("it is not a regular file")]
    NotAFile,
}

/// How a command ended without giving a secret.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CommandTrouble {
    #[error("cannot be run: {0}")]
    CannotRun(String),
    #[error("ended with exit status {0}")]
    Exit(i32),
    #[error("was ended by signal {0}")]
    Signal(i32),
}

/// Why there is no keyring here.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyringTrouble {
    #[error("this crashcart was built without it")]
    NotBuilt,
    #[error("there is no session bus{}", if *over_ssh { " in this SSH session" } else { " here" })]
    NoBus { over_ssh: bool },
    #[error("the session bus does not answer")]
    DeadBus,
    #[error("there is no secret service on the session bus")]
    NoService,
    #[error("it is locked, and nobody answered its question for the password")]
    Locked,
    #[error("it has not answered within {} s", .0.as_secs())]
    Silent(Duration),
    #[error("it holds more than one entry of this name")]
    Ambiguous,
    #[error("{0}")]
    Other(String),
}

fn missing(place: &SecretRef) -> String {
    match place {
        SecretRef::Env(name) => format!("the environment variable {name} is not set"),
        SecretRef::Keyring(name) => format!("there is no {name} in the keyring"),
        SecretRef::Command(_) => format!("{place} printed nothing"),
        SecretRef::File(path) => format!("there is no file `{}`", path.display()),
        SecretRef::Store(name) => format!("there is no {name} in the store"),
    }
}

impl SecretError {
    /// Returns what to try next: one clause for behind `hint:`.
    pub fn hint(&self) -> String {
        match self {
            Self::Missing { place } => match place {
                SecretRef::Env(name) => {
                    format!("export {name} before crashcart starts; services need it in their unit")
                }
                SecretRef::Keyring(name) => format!("crashcart secret set {name} --keyring"),
                SecretRef::Command(_) => "run it by hand: it should print the secret and nothing else".to_owned(),
                SecretRef::File(path) => format!("crashcart secret set NAME --file {}", path.display()),
                SecretRef::Store(name) => format!("crashcart secret set {name} --store"),
            },
            Self::Unusable { .. } => "a secret is text of at most 64 KiB; look at what is kept there".to_owned(),
            Self::Denied { path, reason: Denial::OpenToOthers { .. } } => {
                format!("chmod 600 {}, and change the secret: others may have seen it", path.display())
            }
            Self::Denied { path, reason: Denial::NotOurs { .. } } => {
                format!("keep it in a file of the user who runs crashcart, instead of {}", path.display())
            }
            Self::Denied { reason: Denial::NotAFile, .. } => {
                "name a file; for a program write command = [...]".to_owned()
            }
            Self::Unreadable { path, .. } => format!("ls -l {}", path.display()),
            Self::TimedOut { place: SecretRef::Command(_), .. } => {
                "run it by hand: it may ask something, and nobody can answer it here".to_owned()
            }
            Self::TimedOut { .. } => "the disk or the network behind it may hang".to_owned(),
            Self::Command { trouble: CommandTrouble::CannotRun(_), .. } => {
                "name the program by its whole path, or add its directory to PATH".to_owned()
            }
            Self::Command { .. } => "run it by hand: what it prints is shown nowhere by crashcart".to_owned(),
            Self::NoKeyring(trouble) => trouble.hint().to_owned(),
            Self::Locked { kernel: None } => "run crashcart secret unlock".to_owned(),
            Self::Locked { kernel: Some(trouble) } => {
                format!(
                    "it cannot stay unlocked here ({trouble}): keep the secret in a file or an environment variable"
                )
            }
            Self::Store(error) => error.hint(),
            Self::NoThread { .. } => "too many processes (ulimit -u)".to_owned(),
        }
    }
}

impl KeyringTrouble {
    /// Returns what to try next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotBuilt => "use the store: crashcart secret set NAME --store",
            Self::NoBus { over_ssh: true } => {
                "over SSH there is often none: use the store (crashcart secret set NAME --store) or a password manager's \
                 command"
            }
            Self::NoBus { over_ssh: false } | Self::NoService => {
                "start a secret service (gnome-keyring, KWallet, KeePassXC) and crashcart anew, or use the store: \
                 crashcart secret set NAME --store"
            }
            Self::DeadBus => {
                "DBUS_SESSION_BUS_ADDRESS may be left over from a session that has ended: unset it, or log in anew"
            }
            Self::Locked | Self::Silent(_) => {
                "unlock it on the desktop it belongs to, or use the store: crashcart secret set NAME --store"
            }
            Self::Ambiguous => "remove what is too much: secret-tool clear service crashcart username NAME",
            Self::Other(_) => {
                "if the keyring was restarted, start crashcart anew; or use the store: crashcart secret set NAME --store"
            }
        }
    }
}

/// Returns what the system says about a failed operation, without the number that it appends.
pub(super) fn reason(error: &std::io::Error) -> String {
    error.to_string().split(" (os error").next().unwrap_or_default().to_lowercase()
}
