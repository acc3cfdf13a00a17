//! What can be written behind `crashcart secret`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueHint};

use super::values::{secret_name, unlock_time};

pub(in crate::cli) const SECRET_EXAMPLES: &str = "\
Examples:
  crashcart secret set fly                    Ask for it, and keep it where it can be kept here
  fly tokens create deploy | crashcart secret set fly --store
  crashcart secret list                       Which there are, and whether they can be had
  crashcart secret unlock --for 8h            Open the encrypted store for a shift
  crashcart secret lock                       Close it";

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct SecretArgs {
    #[command(subcommand)]
    pub command: SecretCommand,
}

#[derive(Subcommand, Clone, PartialEq, Eq, Debug)]
pub enum SecretCommand {
    /// Read a secret from the terminal, without showing it, or from a pipe, and keep it
    ///
    /// Never give a secret as an argument: others see it in the list of processes, and the shell remembers it. Without
    /// --keyring, --store or --file it goes into the keyring when that works here and now, and into the encrypted
    /// store when not. A secret of the same name in the same place is replaced.
    Set(SecretSetArgs),

    /// Show which secrets there are, what uses them and whether they can be had; never the secrets
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },

    /// Remove a secret
    #[command(visible_alias = "remove")]
    Rm {
        /// Its name
        #[arg(value_name = "NAME", value_parser = secret_name)]
        name: String,

        #[command(flatten)]
        place: SecretPlaceArgs,
    },

    /// Open the encrypted store for a while, for all your processes on this machine
    ///
    /// The passphrase is asked for, or read from a pipe. The kernel keeps it in memory and forgets it when the time is
    /// over.
    Unlock {
        /// How long: 30m, 8h; at most 7d
        #[arg(long = "for", value_name = "DURATION", value_parser = unlock_time, default_value = "1h")]
        lasting: Duration,
    },

    /// Close the encrypted store
    Lock,
}

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct SecretSetArgs {
    /// What to call it, as the configuration will: { keyring = "NAME" }
    #[arg(value_name = "NAME", value_parser = secret_name)]
    pub name: String,

    #[command(flatten)]
    pub place: SecretPlaceArgs,

    // Somebody will try. Whoever catches it does not repeat it, as the parser would.
    #[arg(hide = true, value_name = "SECRET")]
    pub argument: Vec<std::ffi::OsString>,

    /// Overwrite the file if there is one
    #[arg(long, requires = "file")]
    pub replace: bool,
}

/// Where a secret is kept.
#[derive(Args, Clone, PartialEq, Eq, Debug, Default)]
#[group(multiple = false)]
pub struct SecretPlaceArgs {
    /// In the system's keyring
    #[arg(long)]
    pub keyring: bool,

    /// In crashcart's own encrypted store
    #[arg(long)]
    pub store: bool,

    /// In a file that nobody else may read
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
}
