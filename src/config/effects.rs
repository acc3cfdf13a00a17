//! What a configuration would do to this machine and to others, as a list that a person can judge.

use std::collections::BTreeSet;
use std::fmt;

use super::address;
use super::build::record_name;
use super::settings::Settings;
use super::validate::secret::SecretUse;
use crate::model::catalog::Catalog;
use crate::model::check::{HeartbeatPlace, ProbeSpec};
use crate::model::log::{LogCommand, LogOrigin};
use crate::model::secret::SecretRef;
pub use crate::model::source::EffectKind;
use crate::model::text::Line;

/// One thing that a configuration would do.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TrustItem {
    pub kind: EffectKind,
    /// The command, address or path, whole: what is cut off could be what matters.
    pub what: Line,
}

impl fmt::Display for TrustItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            EffectKind::Run => "run",
            EffectKind::Ssh => "ssh",
            EffectKind::Contact => "contact",
            EffectKind::Read => "read",
        };
        write!(f, "{kind:8}{}", self.what)
    }
}

/// Returns everything that following a configuration would run, contact and read; each once, worst first.
///
/// What a source runs and asks in detail, its provider's definition says.
pub fn effects_of(catalog: &Catalog, settings: &Settings, secrets: &[SecretUse]) -> Vec<TrustItem> {
    let mut items = BTreeSet::new();
    for SecretUse { place, used_by } in secrets {
        // A stranger's file that reads a secret may mean to send it somewhere.
        items.insert(match place {
            SecretRef::Command(argv) => item(EffectKind::Run, format!("{} (for {used_by})", words(argv))),
            SecretRef::File(path) => item(EffectKind::Read, format!("{} (for {used_by})", path.display())),
            SecretRef::Env(_) | SecretRef::Keyring(_) | SecretRef::Store(_) => {
                item(EffectKind::Read, format!("{place} (for {used_by})"))
            }
        });
    }
    for source in &catalog.sources {
        if let Some(own) = &source.own {
            items.extend(own.does.iter().map(|(kind, what)| item(*kind, format!("{what} (action {})", source.id))));
            continue;
        }
        let place = source.url.clone().unwrap_or_else(|| "at its own address".to_owned());
        let what = format!("{} {place} (source {})", source.provider, source.id);
        items.insert(item(if place.starts_with("ssh://") { EffectKind::Ssh } else { EffectKind::Contact }, what));
    }
    for vendor in &catalog.vendors {
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
                Some(item(EffectKind::Ssh, format!("{host}: {command}")))
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
    items.into_iter().collect()
}

fn item(kind: EffectKind, what: String) -> TrustItem {
    TrustItem { kind, what: Line::from_text(&what) }
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
            item(EffectKind::Contact, what)
        }
        ProbeSpec::Tcp { host, port, slow: _ } => item(EffectKind::Contact, address::join(host, *port)),
        ProbeSpec::Tls(tls) => {
            let place = address::join(&tls.host, tls.port);
            let what = if tls.server_name == tls.host { place } else { format!("{place} as {}", tls.server_name) };
            item(EffectKind::Contact, what)
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
