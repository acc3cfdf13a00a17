//! What can be written behind the commands that ask systems: `crashcart releases`, `alerts`, `metrics`, ...

use std::time::Duration;

use clap::Args;

use super::values::duration;

pub(in crate::cli) const FEEDS_EXAMPLES: &str = "\
Examples:
  crashcart releases checkout
  crashcart alerts --json
  crashcart metrics --query 'sum(rate(http_requests_total[1m]))' prom
  crashcart vendors stripe";

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct FeedsArgs {
    /// Services, vendors or sources; all when none
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,

    /// Print JSON
    #[arg(long)]
    pub json: bool,

    /// Ask for this instead of what is configured: a metric's expression, a search in issues
    #[arg(long, value_name = "TEXT")]
    pub query: Option<String>,

    /// Ask for at most so many
    #[arg(long, short = 'n', value_name = "N")]
    pub limit: Option<u32>,

    /// Wait at most this long for each
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "30s")]
    pub timeout: Duration,
}
