//! What can be written behind `crashcart status` and `crashcart check`.

use std::time::Duration;

use clap::{Args, ValueHint};

use super::values::{duration, header, json_expectation, record_type};
use crate::model::check::RecordType;

pub(in crate::cli) const CHECK_EXAMPLES: &str = "\
Examples:
  crashcart check https://app.example.com/health --expect-status 2xx --slow 800ms
  crashcart check https://app.example.com/health --expect-json /status=ok
  crashcart check tls://app.example.com --warn 30d
  crashcart check tcp://db.internal:5432
  crashcart check dns://app.example.com --record AAAA --resolver 1.1.1.1";

#[derive(Args, Clone, PartialEq, Debug)]
pub struct StatusArgs {
    /// Watch these too: https://app.example.com, db.internal:5432, ...
    #[arg(value_name = "ADDRESS", value_hint = ValueHint::Url)]
    pub addresses: Vec<String>,

    /// Print JSON: one document, or with --watch one line for each change
    #[arg(long)]
    pub json: bool,

    /// Go on, and print what changes
    #[arg(long, short)]
    pub watch: bool,

    /// Wait at most this long for the first answers; what has not answered by then is unknown
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "20s")]
    pub timeout: Duration,
}

/// One probe. Options that do not fit the kind of address are refused.
#[derive(Args, Clone, PartialEq, Debug)]
pub struct CheckArgs {
    /// https://..., http://..., tcp://host:port, tls://host:port, dns://name, or without a scheme as for the console
    #[arg(value_name = "ADDRESS", value_hint = ValueHint::Url)]
    pub address: String,

    /// Print JSON
    #[arg(long)]
    pub json: bool,

    /// Give up after this long
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,

    /// Warn when the answer takes longer (http, tcp)
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub slow: Option<Duration>,

    /// Request method
    #[arg(long, value_name = "METHOD", help_heading = "HTTP")]
    pub method: Option<String>,

    /// Request header `Name: value`; may be repeated
    #[arg(long, short = 'H', value_name = "HEADER", value_parser = header, help_heading = "HTTP")]
    pub header: Vec<(String, String)>,

    /// Request body
    #[arg(long, value_name = "TEXT", help_heading = "HTTP")]
    pub body: Option<String>,

    /// Accept these status codes: 200, 2xx, 200-399; may be repeated
    #[arg(long, value_name = "STATUS", help_heading = "HTTP")]
    pub expect_status: Vec<String>,

    /// The body must contain this text
    #[arg(long, value_name = "TEXT", help_heading = "HTTP")]
    pub expect_body: Option<String>,

    /// The body must match this regular expression
    #[arg(long, value_name = "REGEX", help_heading = "HTTP")]
    pub expect_match: Option<String>,

    /// The value that must stand at a JSON pointer: /status=ok; may be repeated
    #[arg(long, value_name = "POINTER=VALUE", value_parser = json_expectation, help_heading = "HTTP")]
    pub expect_json: Vec<(String, serde_json::Value)>,

    /// Follow at most this many redirects
    #[arg(long, value_name = "N", help_heading = "HTTP")]
    pub redirects: Option<u8>,

    /// Accept a certificate that does not verify
    #[arg(long, help_heading = "HTTP")]
    pub insecure: bool,

    /// Warn when the certificate expires within this time (https, tls)
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Certificate")]
    pub warn: Option<Duration>,

    /// Fail when the certificate expires within this time (tls)
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Certificate")]
    pub critical: Option<Duration>,

    /// The name to ask for, when it differs from the address (tls)
    #[arg(long, value_name = "NAME", help_heading = "Certificate")]
    pub server_name: Option<String>,

    /// Which record to ask for
    #[arg(long, value_name = "TYPE", value_parser = record_type, help_heading = "DNS")]
    pub record: Option<RecordType>,

    /// Which server to ask, instead of the system's resolvers
    #[arg(long, value_name = "ADDRESS", help_heading = "DNS")]
    pub resolver: Option<String>,

    /// An answer that must be there; may be repeated
    #[arg(long, value_name = "ANSWER", help_heading = "DNS")]
    pub expect_answer: Vec<String>,
}
