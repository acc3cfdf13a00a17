//! Whom to call.

use std::time::Duration;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::check::maybe_micros;
use super::id::ContactId;
use super::text::Line;

pub mod call;
pub mod hours;

pub use call::{Call, Outcome};
pub use hours::{Hours, HoursError};

/// A person or a vendor's support desk, as configured.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Contact {
    pub id: ContactId,
    pub name: Line,
    pub kind: ContactKind,
    /// In the order in which they are tried.
    #[serde(default)]
    pub phones: Vec<Way>,
    #[serde(default)]
    pub emails: Vec<Way>,
    /// Channels and handles: text for people, or a link.
    #[serde(default)]
    pub chat: Vec<Way>,
    #[serde(default)]
    pub urls: Vec<Way>,
    #[serde(default)]
    pub languages: Vec<Line>,
    /// The services and vendors for which this contact is called; all when there are none.
    #[serde(default)]
    pub services: Vec<Line>,
    /// The account number that support will ask for.
    pub account: Option<Line>,
    /// The number of the support contract.
    #[serde(default)]
    pub contract: Option<Line>,
    #[serde(default)]
    pub notes: Vec<Line>,
    /// The place in the order of escalation; those without one come after, as they were written.
    #[serde(default)]
    pub order: Option<u32>,
    /// How long to wait for this contact before the next one is tried.
    #[serde(with = "maybe_micros")]
    pub escalate_after: Option<Duration>,
    /// The day on which somebody made sure that all this is right.
    #[serde(default)]
    pub verified: Option<Date>,
}

impl Contact {
    /// Returns a contact of which only the name is known.
    pub fn named(name: &str) -> Self {
        Self {
            id: ContactId::new(name),
            name: Line::from_text(name),
            kind: ContactKind::Person,
            phones: Vec::new(),
            emails: Vec::new(),
            chat: Vec::new(),
            urls: Vec::new(),
            languages: Vec::new(),
            services: Vec::new(),
            account: None,
            contract: None,
            notes: Vec::new(),
            order: None,
            escalate_after: None,
            verified: None,
        }
    }

    /// Returns every way to reach it, the fastest kinds first.
    pub fn ways(&self) -> impl Iterator<Item = &Way> {
        self.phones.iter().chain(&self.chat).chain(&self.emails).chain(&self.urls)
    }
}

/// What kind of contact it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContactKind {
    Person,
    Vendor,
}

/// One number or address of a contact.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Way {
    /// As it was written: a telephone number, an e-mail address, a link, a handle.
    pub address: Line,
    #[serde(default)]
    pub kind: WayKind,
    /// When somebody answers; at all times unless said.
    #[serde(default)]
    pub hours: Option<Hours>,
    /// The time zone of the hours, as in `Europe/Berlin`; the reader's own unless said.
    #[serde(default)]
    pub zone: Option<Line>,
    #[serde(default)]
    pub note: Option<Line>,
}

impl Way {
    /// Returns an address of which nothing else is known.
    pub fn to(address: &str) -> Self {
        Self { address: Line::from_text(address), kind: WayKind::Other, hours: None, zone: None, note: None }
    }
}

/// What a number or an address is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WayKind {
    Mobile,
    Work,
    Home,
    /// A switchboard.
    Main,
    Support,
    /// For when it burns.
    Emergency,
    Pager,
    /// Nobody answers it at night; it is kept, and not called.
    Fax,
    #[default]
    Other,
}

impl WayKind {
    /// Every kind and its word.
    pub const WORDS: &'static [(&'static str, Self)] = &[
        ("mobile", Self::Mobile),
        ("work", Self::Work),
        ("home", Self::Home),
        ("main", Self::Main),
        ("support", Self::Support),
        ("emergency", Self::Emergency),
        ("pager", Self::Pager),
        ("fax", Self::Fax),
        ("other", Self::Other),
    ];

    /// Returns its word.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, kind)| *kind == self).map_or("other", |(word, _)| word)
    }
}
