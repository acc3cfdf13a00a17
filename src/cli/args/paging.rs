//! `crashcart page` and `crashcart tell` on the command line.

use clap::Args;

pub(super) const PAGE_EXAMPLES: &str = "Examples:
  crashcart page                        whoever is next, about the open incident; you see it first
  crashcart page Kim --message 'the database is the cause'
  crashcart page --dry-run              what would go out, to whom, by what, and who is next
  crashcart page --yes                  without a question, for scripts";

pub(super) const TELL_EXAMPLES: &str = "Examples:
  crashcart tell                        write a status update in your editor, from a template
  crashcart tell 'Payments work again, we keep watching.'
  crashcart tell --resolved 'All is well again.' --to push
  ./summary | crashcart tell            what is piped in";

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct PageArgs {
    /// Whom; the next in the order of escalation unless said
    pub contact: Option<String>,

    /// About which incident: its number, or the open one
    #[arg(long, short, value_name = "NUMBER", default_value = "last")]
    pub incident: String,

    /// Say this beside what is known
    #[arg(long, short, value_name = "TEXT")]
    pub message: Option<String>,

    /// Only show it: whom, by what, the exact requests
    #[arg(long)]
    pub dry_run: bool,

    /// Page without a question
    #[arg(long)]
    pub yes: bool,

    /// Send the plan that is piped in: for the console
    #[arg(long, hide = true)]
    pub planned: bool,

    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct TellArgs {
    /// What to say; in your editor from a template, or from a pipe, unless said
    pub text: Vec<String>,

    /// Tell only this sender; may be repeated
    #[arg(long, value_name = "SENDER")]
    pub to: Vec<String>,

    /// It is over: chats mark it so, and on-call systems close what they have open
    #[arg(long)]
    pub resolved: bool,

    /// About which incident: its number, or the open one
    #[arg(long, short, value_name = "NUMBER", default_value = "last")]
    pub incident: String,

    /// Only show it: to whom, and the exact requests
    #[arg(long)]
    pub dry_run: bool,

    /// Send without a question
    #[arg(long)]
    pub yes: bool,

    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
