//! Arguments in, exit code out. Everything else is `crashcart::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    crashcart::cli::run(std::env::args_os())
}
