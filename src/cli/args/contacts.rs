//! `crashcart contacts` on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use jiff::civil::Date;

use super::values::duration;

pub(super) const CONTACTS_EXAMPLES: &str = "Examples:
  crashcart contacts                                 whom to call, in order, and who answers at this hour
  crashcart contacts list --service checkout         for one service
  crashcart contacts show kim --qr                   a picture that your phone's camera dials
  crashcart contacts add Kim --phone '+49 30 901820' --escalate-after 10m --verified today
  crashcart contacts import team.vcf                 from a phone or a mail program
  crashcart contacts export --output team.vcf        for a phone
  crashcart contacts list --vendors                  status pages and support of your vendors";

pub(super) const CONTACTS_EXIT_CODES: &str = "\
Exit codes:
  0  done, and nothing is wrong
  1  something is to be mended: `check` found it, or a part of a file could not be read
  2  the command line is wrong, or a file that was to be changed is
  3  a file could not be read or written at all";

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct ContactsArgs {
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,

    /// Show account and contract numbers in full
    #[arg(long, global = true)]
    pub reveal: bool,

    /// The file of contacts; contacts.toml in your configuration directory unless said
    #[arg(long, value_name = "FILE", global = true, value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,

    #[command(subcommand)]
    pub command: Option<ContactsCommand>,
}

#[derive(Subcommand, Clone, PartialEq, Eq, Debug)]
pub enum ContactsCommand {
    /// List them in the order of escalation, and say who answers at this hour
    List(ListArgs),

    /// Show everything that is known of one, or a QR code of its number
    Show(ContactShowArgs),

    /// Write a new one into the file of contacts
    ///
    /// It is put behind those that are there; nothing else in the file is touched.
    Add(Box<ContactAddArgs>),

    /// Open the file of contacts in your editor, and look at it afterwards
    Edit,

    /// Read vCards (2.1, 3.0, 4.0) into the file of contacts
    ///
    /// Who is there already stays as it is; numbers that would be new are told. Pictures and postal addresses are left out.
    Import(ContactImportArgs),

    /// Print contacts as vCards for a phone, or as JSON with --json
    ///
    /// Account and contract numbers are left out unless --reveal is given.
    Export(ContactExportArgs),

    /// Say what is to be mended: old, unreachable, malformed numbers, no second contact
    Check,
}

#[derive(Args, Clone, PartialEq, Eq, Debug, Default)]
pub struct ListArgs {
    /// Only those who are called for this service or vendor
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,

    /// The status pages and support addresses of the vendors that the configuration names
    #[arg(long, conflicts_with = "service")]
    pub vendors: bool,

    /// With --vendors: of all vendors that are built in
    #[arg(long, requires = "vendors")]
    pub all: bool,
}

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct ContactShowArgs {
    /// The name, or a piece of it; or a vendor that is built in
    #[arg(value_name = "NAME")]
    pub name: String,

    /// Draw a QR code: of the number to call, or of the whole card
    #[arg(long, value_name = "WHAT", num_args = 0..=1, require_equals = true, default_missing_value = "tel", conflicts_with = "json")]
    pub qr: Option<QrWhat>,

    /// Draw it for a light background, when there is no colour
    #[arg(long, requires = "qr")]
    pub invert: bool,
}

/// What a QR code is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum QrWhat {
    /// The number that answers at this hour: the phone offers to dial it
    Tel,
    /// Name, numbers and addresses: the phone offers to keep them
    Vcard,
}

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct ContactAddArgs {
    /// What they are called
    #[arg(value_name = "NAME")]
    pub name: String,

    /// A telephone number, best as '+49 30 901820'; may be repeated, in the order in which they are tried
    #[arg(long, value_name = "NUMBER")]
    pub phone: Vec<String>,

    /// An e-mail address; may be repeated
    #[arg(long, value_name = "ADDRESS")]
    pub email: Vec<String>,

    /// A channel, a handle or a link; may be repeated
    #[arg(long, value_name = "TEXT")]
    pub chat: Vec<String>,

    /// A page; may be repeated
    #[arg(long, value_name = "URL")]
    pub url: Vec<String>,

    /// It is a vendor's support desk
    #[arg(long)]
    pub vendor: bool,

    /// When somebody answers the telephone: 'Mon-Fri 09:00-17:00'
    #[arg(long, value_name = "HOURS", requires = "phone")]
    pub hours: Option<String>,

    /// The time zone of the hours: Europe/Berlin
    #[arg(long, value_name = "ZONE", requires = "hours")]
    pub zone: Option<String>,

    /// A service or vendor for which they are called; may be repeated, all unless said
    #[arg(long, value_name = "NAME")]
    pub service: Vec<String>,

    /// A language that they speak; may be repeated
    #[arg(long, value_name = "LANGUAGE")]
    pub language: Vec<String>,

    /// The account number that they will ask for
    #[arg(long, value_name = "NUMBER")]
    pub account: Option<String>,

    /// The number of the support contract
    #[arg(long, value_name = "NUMBER")]
    pub contract: Option<String>,

    /// What else one should know at 2 AM; may be repeated
    #[arg(long, value_name = "TEXT")]
    pub note: Vec<String>,

    /// The place in the order of escalation
    #[arg(long, value_name = "N")]
    pub order: Option<u32>,

    /// How long to wait for them before the next one is tried
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub escalate_after: Option<Duration>,

    /// The day on which you made sure that all this is right: 2026-05-01, or today
    #[arg(long, value_name = "DAY", value_parser = day)]
    pub verified: Option<Day>,
}

/// A day as it is typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Day {
    Today,
    Of(Date),
}

fn day(text: &str) -> Result<Day, String> {
    if text.eq_ignore_ascii_case("today") {
        return Ok(Day::Today);
    }
    text.parse().map(Day::Of).map_err(|_| "write year, month and day: 2026-05-01; or today".to_owned())
}

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct ContactImportArgs {
    /// The files; - for what is piped in
    #[arg(value_name = "FILE", required = true, value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,

    /// Only say what would be added
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Args, Clone, PartialEq, Eq, Debug)]
pub struct ContactExportArgs {
    /// Names, or pieces of them; all unless said
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,

    /// As vCards of this version: 2.1, 3.0 (what every phone takes) or 4.0
    #[arg(
        long,
        value_name = "VERSION",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "3.0",
        value_parser = ["2.1", "3.0", "4.0"],
        conflicts_with = "json"
    )]
    pub vcard: Option<String>,

    /// Write a file that only you can read, instead of printing
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
}
