//! What a configuration would do to this machine and to others, as a list that a person can judge.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::address;
use super::build::record_name;
use super::settings::Settings;
use super::validate::secret::SecretUse;
use crate::model::catalog::Catalog;
use crate::model::check::{HeartbeatPlace, ProbeSpec};
use crate::model::log::{LogCommand, LogOrigin};
use crate::model::secret::SecretRef;
pub use crate::model::source::EffectKind;
use crate::model::source::Source;
use crate::model::text::Line;
use crate::model::vendor::Vendor;

/// What kind of thing would be done, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrustKind {
    /// A command on this machine.
    Run,
    /// A command on another one.
    Ssh,
    /// A secret that goes to somebody.
    Send,
    /// A packet to somebody.
    Contact,
    /// A file or a secret that is read.
    Read,
    /// What the console does or tells its user.
    Change,
}

impl TrustKind {
    /// Every kind, worst first.
    pub const ALL: &[Self] = &[Self::Run, Self::Ssh, Self::Send, Self::Contact, Self::Read, Self::Change];

    /// Returns the word with which a line of the list begins.
    pub fn word(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Ssh => "ssh",
            Self::Send => "send",
            Self::Contact => "contact",
            Self::Read => "read",
            Self::Change => "change",
        }
    }
}

impl From<EffectKind> for TrustKind {
    fn from(kind: EffectKind) -> Self {
        match kind {
            EffectKind::Run => Self::Run,
            EffectKind::Ssh => Self::Ssh,
            EffectKind::Contact => Self::Contact,
            EffectKind::Read => Self::Read,
        }
    }
}

/// One thing that a configuration would do.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct TrustItem {
    pub kind: TrustKind,
    /// The command, address or path, whole: what is cut off could be what matters.
    pub what: Line,
    /// The secret that is read or sent, in words. Never the secret itself.
    pub secret: Option<Line>,
    /// Who is asked or told.
    pub host: Option<Line>,
}

impl fmt::Display for TrustItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:8}{}", self.kind.word(), self.what)
    }
}

impl TrustItem {
    /// Returns an item without a secret.
    pub fn new(kind: TrustKind, what: &str) -> Self {
        Self { kind, what: Line::from_text(what), secret: None, host: None }
    }

    /// Says who is asked or told.
    pub fn at(self, host: &str) -> Self {
        Self { host: Some(Line::from_text(host)), ..self }
    }

    /// Returns an item for a secret that goes to somebody.
    pub fn send(secret: &str, host: &str, why: &str) -> Self {
        let what = format!("{secret} -> {host} ({why})");
        Self { secret: Some(Line::from_text(secret)), ..Self::new(TrustKind::Send, &what) }.at(host)
    }
}

/// Returns everything that following a configuration would run, send, contact, read and change; each once, worst first.
///
/// What a source runs and asks in detail its provider's definition says: `of_source` is asked for that. Nothing of it means
/// that nobody knows the definition, and the source is listed with what its configuration says.
pub fn effects_of(
    catalog: &Catalog,
    settings: &Settings,
    secrets: &[SecretUse],
    of_source: impl Fn(&Source) -> Option<Vec<TrustItem>>,
) -> Vec<TrustItem> {
    let mut items = BTreeSet::new();
    for source in &catalog.sources {
        if let Some(own) = &source.own {
            items.extend(own.does.iter().map(|(kind, what)| item(*kind, format!("{what} (action {})", source.id))));
        }
        match of_source(source) {
            Some(found) => items.extend(found),
            None if source.own.is_some() => {}
            None => {
                let place = source.url.clone().unwrap_or_else(|| "at its own address".to_owned());
                let what = format!("{} {place} (source {})", source.provider, source.id);
                let kind = if place.starts_with("ssh://") { EffectKind::Ssh } else { EffectKind::Contact };
                items.insert(item(kind, what));
            }
        }
        if let Some(path) = &source.ca {
            items.insert(item(EffectKind::Read, format!("{} (authorities of source {})", path.display(), source.id)));
        }
        if source.insecure {
            let what = format!(
                "any certificate is accepted from source {}: whoever is in between gets what it is sent",
                source.id
            );
            items.insert(TrustItem::new(TrustKind::Change, &what));
        }
    }
    let is_sent = |words: &str| {
        items.iter().any(|item| {
            item.kind == TrustKind::Send && item.secret.as_ref().is_some_and(|secret| secret.as_str() == words)
        })
    };
    let mut read = Vec::new();
    for SecretUse { place, used_by } in secrets {
        // A stranger's file that reads a secret may mean to send it somewhere.
        let words = Line::from_text(&place.to_string());
        let (kind, what) = match place {
            SecretRef::Command(argv) => (EffectKind::Run, format!("{} (for {used_by})", self::words(argv))),
            SecretRef::File(path) => (EffectKind::Read, format!("{} (for {used_by})", path.display())),
            SecretRef::Env(_) | SecretRef::Keyring(_) | SecretRef::Store(_) if is_sent(words.as_str()) => continue,
            SecretRef::Env(_) | SecretRef::Keyring(_) | SecretRef::Store(_) => {
                (EffectKind::Read, format!("{place} (for {used_by})"))
            }
        };
        read.push(TrustItem { secret: Some(words), ..item(kind, what) });
    }
    items.extend(read);
    // A vendor's page that is a source already stands in the list.
    let is_source = |vendor: &Vendor| {
        let id = format!("status of {}", vendor.id);
        catalog.sources.iter().any(|source| source.id.as_str() == id)
    };
    for vendor in catalog.vendors.iter().filter(|vendor| !is_source(vendor)) {
        items.extend(
            vendor
                .status_url
                .as_ref()
                .map(|url| item(EffectKind::Contact, format!("GET {url} (status of {})", vendor.id))),
        );
    }
    for check in &catalog.checks {
        items.insert(effects_of_probe(&check.probe));
    }
    for log in &catalog.logs {
        items.extend(match &log.origin {
            LogOrigin::File(path) => Some(item(EffectKind::Read, path.display().to_string())),
            LogOrigin::Glob(pattern) => Some(item(EffectKind::Read, pattern.clone())),
            LogOrigin::Command(LogCommand { command, ssh: None }) => Some(item(EffectKind::Run, command.clone())),
            LogOrigin::Command(LogCommand { command, ssh: Some(host) }) => {
                Some(item(EffectKind::Ssh, format!("{host}: {command}")).at(host))
            }
            // Its source stands in the list already.
            LogOrigin::Stdin | LogOrigin::Feed(_) => None,
        });
    }
    items.extend(settings.vantage.as_ref().map(|vantage| item(EffectKind::Contact, vantage.clone())));
    let beat = settings.watch.heartbeat.as_ref();
    items.extend(beat.map(|url| item(EffectKind::Contact, format!("GET {url} (sign of life of crashcart watch)"))));
    for sender in &catalog.senders {
        let to: Vec<&str> = sender.to.iter().map(Line::as_str).collect();
        let to = if to.is_empty() { String::new() } else { format!(" to {}", to.join(", ")) };
        items.insert(item(EffectKind::Contact, format!("messages through {}{to}", sender.source)));
    }
    if let Some(path) = &settings.postmortem_template {
        items.insert(item(EffectKind::Read, format!("{} (template of postmortems)", path.display())));
    }
    for (action, key) in &settings.keys {
        items.insert(TrustItem::new(TrustKind::Change, &format!("the key of {action} is {key}")));
    }
    for contact in &catalog.contacts {
        let ways: Vec<&str> = contact.ways().map(|way| way.address.as_str()).collect();
        let what = format!("whom you are told to call: {}, {}", contact.name, ways.join(", "));
        items.insert(TrustItem::new(TrustKind::Change, what.trim_end_matches(", ")));
    }
    items.into_iter().collect()
}

fn item(kind: EffectKind, what: String) -> TrustItem {
    TrustItem::new(kind.into(), &what)
}

fn effects_of_probe(probe: &ProbeSpec) -> TrustItem {
    match probe {
        ProbeSpec::Http(http) => {
            let mut what = format!("{} {}", http.method, http.url);
            if !http.headers.is_empty() {
                let names: Vec<&str> = http.headers.iter().map(|(name, _)| name.as_str()).collect();
                what.push_str(&format!(", with {}", names.join(", ")));
            }
            if let Some(body) = &http.body {
                what.push_str(&format!(", with a body: {body}"));
            }
            let host = address::http_url(&http.url).map(|url| address::host_of(&url)).unwrap_or_default();
            item(EffectKind::Contact, what).at(&host)
        }
        ProbeSpec::Tcp { host, port, slow: _ } => item(EffectKind::Contact, address::join(host, *port)).at(host),
        ProbeSpec::Tls(tls) => {
            let place = address::join(&tls.host, tls.port);
            let what = if tls.server_name == tls.host { place } else { format!("{place} as {}", tls.server_name) };
            item(EffectKind::Contact, what).at(&tls.host)
        }
        ProbeSpec::Dns(dns) => {
            let question = format!("{} {}", dns.name, record_name(dns.record));
            let server = dns.resolver.map_or_else(|| "the system's resolvers".to_owned(), |server| server.to_string());
            item(EffectKind::Contact, format!("{server}, asked for {question}"))
        }
        ProbeSpec::Heartbeat(heartbeat) => match &heartbeat.place {
            HeartbeatPlace::File(path) => item(EffectKind::Read, path.display().to_string()),
            HeartbeatPlace::Url(url) => item(EffectKind::Contact, format!("GET {url}")),
        },
        ProbeSpec::Command(command) => {
            let place = command.directory.as_ref().map(|path| format!(" (in {})", path.display())).unwrap_or_default();
            item(EffectKind::Run, format!("{}{place}", words(&command.argv)))
        }
    }
}

/// Returns a command as one would type it.
pub fn words(argv: &[String]) -> String {
    argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

/// Shows where an argument begins and ends.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
