//! What can be written behind `crashcart doctor`.

use std::time::Duration;

use clap::Args;

use super::values::duration;

pub(in crate::cli) const DOCTOR_EXAMPLES: &str = "\
Examples:
  crashcart doctor                 Look at everything, and say what mends what does not work
  crashcart doctor --strict        Warnings count too: for a timer that writes to you
  crashcart doctor --json          The same for a program";

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,

    /// Exit with 1 for a warning as well
    #[arg(long)]
    pub strict: bool,

    /// Wait at most this long for each
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "20s")]
    pub timeout: Duration,
}
