//! What can be written behind `crashcart providers`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::values::setting;

pub(in crate::cli) const PROVIDERS_EXAMPLES: &str = "\
Examples:
  crashcart providers                    List them
  crashcart providers show render        What to write, what it reads, what it does
  crashcart providers check mine.toml    Is a definition right?";

const TRY_EXAMPLES: &str = "\
Examples:
  crashcart providers try fly releases --set app=shop
  crashcart providers try prometheus alerts --url http://10.0.0.5:9090
  crashcart providers try statuspage vendor_status --url https://www.githubstatus.com";

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct ProvidersArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,

    #[command(subcommand)]
    pub command: Option<ProvidersCommand>,
}

#[derive(Subcommand, Clone, PartialEq, Eq, Debug)]
pub enum ProvidersCommand {
    /// List them, by kind
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },

    /// Show what one needs, reads and does, and what to know before
    Show {
        /// Its name, as in the list
        name: String,

        /// Print JSON
        #[arg(long)]
        json: bool,
    },

    /// Ask once, and show the request, the answer and what is made of it
    ///
    /// NAME is a source of the configuration, or a provider. Nothing is changed: only what reads can be tried. Secrets are
    /// never shown.
    #[command(after_help = TRY_EXAMPLES)]
    Try {
        /// A source or a provider
        name: String,

        /// What to read: releases, instances, logs, checks, metrics, alerts, issues, vendor_status, on_call, identity
        capability: String,

        /// A parameter or an input: app=shop; may be repeated
        #[arg(long, value_name = "NAME=VALUE", value_parser = setting)]
        set: Vec<(String, String)>,

        /// Where it answers, instead of the definition's own address
        #[arg(long)]
        url: Option<String>,

        /// Print JSON: what was found, or the failure
        #[arg(long)]
        json: bool,
    },

    /// Print a JSON Schema of definition files, for editors
    Schema,

    /// Check definition files, and replay their fixtures
    Check {
        /// The definitions
        #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,

        /// Replay the fixtures in DIR/NAME/*.json and compare with what is recorded beside them
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        fixtures: Option<PathBuf>,

        /// Record what comes of the fixtures
        #[arg(long, requires = "fixtures")]
        update: bool,
    },
}
