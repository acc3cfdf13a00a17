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

    /// List what was followed and is being followed, or show one run with everything that was printed
    Runs {
        /// A run's id, the end of it, or `last`
        #[arg(value_name = "RUN")]
        run: Option<String>,
    },

    /// Write a new one: from a template, or from what was just done
    New {
        /// Its name: it becomes runbooks/NAME.md
        name: String,

        /// Take the commands and operations of the last hours, from the journal
        #[arg(long, value_name = "DURATION", value_parser = super::values::duration)]
        since: Option<std::time::Duration>,

        /// Only what was done for this service
        #[arg(long, value_name = "SERVICE")]
        service: Option<String>,

        /// Print it instead of writing a file
        #[arg(long)]
        print: bool,
    },
}

pub(super) const RUN_EXAMPLES: &str = "Examples:
  crashcart run bad-deploy --service checkout    Step by step, each command shown before it runs
  crashcart run bad-deploy --dry-run             Print everything that would be run, and run nothing
  crashcart run bad-deploy --var URL=https://acme.com/health --yes
      Without questions: commands and links are run, and what only a person can do is skipped and said
  crashcart run --resume                         Go on where somebody was, on this or another terminal";

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct RunArgs {
    /// The runbook's name, or the path of a Markdown file
    #[arg(value_name = "RUNBOOK", required_unless_present = "resume")]
    pub name: Option<String>,

    /// Only this step: its number, or the name of a command in it
    #[arg(long, value_name = "STEP")]
    pub step: Option<String>,

    /// Print everything with its variables, and run nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Ask nothing: run every command and every link, skip what only a person can do
    #[arg(long, short)]
    pub yes: bool,

    /// What a variable or a placeholder stands for; may be repeated
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = super::values::setting)]
    pub variables: Vec<(String, String)>,

    /// Whose trouble it is about
    #[arg(long, value_name = "SERVICE")]
    pub service: Option<String>,

    /// Go on with a run: its id, the end of it, or the latest that is open
    #[arg(long, value_name = "RUN", num_args = 0..=1, default_missing_value = "last", conflicts_with = "dry_run")]
    pub resume: Option<String>,

    /// Print what happens as JSON, a line for each entry of the journal
    #[arg(long)]
    pub json: bool,
}
