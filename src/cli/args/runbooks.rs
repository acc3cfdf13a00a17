//! `crashcart runbooks` on the command line.

use clap::{Args, Subcommand};

pub(super) const RUNBOOKS_EXAMPLES: &str = "Examples:
  crashcart runbooks                   which there are: your own in `runbooks`, and those that are built in
  crashcart runbooks show bad-deploy   its steps, and what each would run
  crashcart runbooks lint docs/*.md    what has rotted in them: exit code 1 when there is something to mend";

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct RunbooksArgs {
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,

    #[command(subcommand)]
    pub command: Option<RunbooksCommand>,
}

#[derive(Subcommand, Clone, PartialEq, Eq, Debug)]
pub enum RunbooksCommand {
    /// List them
    List,

    /// Show the steps of one, and its commands as they would be run
    Show {
        /// Its name, or the path of a Markdown file
        #[arg(value_name = "RUNBOOK")]
        name: String,
    },

    /// Tell what has rotted: unknown programs, unset variables, dead links, steps without a check
    Lint {
        /// Names, or paths of Markdown files; all of them unless said
        #[arg(value_name = "RUNBOOK")]
        names: Vec<String>,
    },
}
