//! Links in a document: to the console's own actions, to other runbooks, to the rest of the world.

use std::ops::Range;
use std::time::Duration;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use crate::config::duration;

/// A link, and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    pub text: String,
    pub address: String,
    /// Bytes of the text that was looked at.
    pub range: Range<usize>,
    pub meaning: Meaning,
}

/// What following it does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// An action of a service: `crashcart:rollback/checkout`, `crashcart:act/checkout/flush`.
    Act {
        action: String,
        service: Option<String>,
    },
    Logs(Option<String>),
    Service(Option<String>),
    Contact(Option<String>),
    Page(Option<String>),
    /// Another runbook, by its name.
    Runbook(String),
    Wait(Duration),
    /// Anywhere else: shown, copied, never opened by us.
    Elsewhere,
    /// Our scheme, and nothing that we know.
    Unknown,
}

/// The scheme of our own links.
pub const SCHEME: &str = "crashcart:";

/// Returns the links of a stretch of Markdown, in their order.
pub fn links(text: &str) -> Vec<Link> {
    let mut found: Vec<Link> = Vec::new();
    let mut open = false;
    for (event, range) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                let address = dest_url.to_string();
                if address.is_empty() || address.starts_with('#') {
                    continue;
                }
                let meaning = meaning(&address);
                found.push(Link { text: String::new(), address, range, meaning });
                open = true;
            }
            Event::End(TagEnd::Link) => open = false,
            Event::Text(piece) | Event::Code(piece) if open => {
                if let Some(link) = found.last_mut() {
                    link.text.push_str(&piece);
                }
            }
            _ => {}
        }
    }
    found
}

/// Returns what an address means.
pub fn meaning(address: &str) -> Meaning {
    let Some(rest) = address.strip_prefix(SCHEME) else {
        let path = address.split(['#', '?']).next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        return match name.strip_suffix(".md") {
            Some(name) if !address.contains("://") && !name.is_empty() => Meaning::Runbook(name.to_owned()),
            _ => Meaning::Elsewhere,
        };
    };
    let mut parts = rest.trim_start_matches('/').split('/').map(decoded);
    let what = parts.next().unwrap_or_default();
    let (first, second) = (parts.next().filter(|part| !part.is_empty()), parts.next().filter(|part| !part.is_empty()));
    let act = |action: &str, service| Meaning::Act { action: action.to_owned(), service };
    match what.as_str() {
        "rollback" | "roll_back" | "roll-back" => act("roll_back", first),
        "restart" | "scale" | "silence" | "acknowledge" | "resolve" => act(&what, first),
        "act" => match (first, second) {
            (service, Some(action)) => act(&action, service),
            (Some(action), None) => act(&action, None),
            (None, None) => Meaning::Unknown,
        },
        "logs" | "tail" => Meaning::Logs(first),
        "service" => Meaning::Service(first),
        "contact" | "call" => Meaning::Contact(first),
        "page" => Meaning::Page(first),
        "runbook" => first.map_or(Meaning::Unknown, Meaning::Runbook),
        "wait" => first.and_then(|time| duration::parse(&time).ok()).map_or(Meaning::Unknown, Meaning::Wait),
        _ => Meaning::Unknown,
    }
}

fn decoded(part: &str) -> String {
    let bytes = part.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let byte = (bytes[at] == b'%')
            .then(|| part.get(at + 1..at + 3))
            .flatten()
            .and_then(|two| u8::from_str_radix(two, 16).ok());
        match byte {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_scheme_and_everything_else() {
        let act = |action: &str, service: Option<&str>| Meaning::Act {
            action: action.to_owned(),
            service: service.map(str::to_owned),
        };
        for (address, wanted) in [
            ("crashcart:rollback", act("roll_back", None)),
            ("crashcart:rollback/checkout", act("roll_back", Some("checkout"))),
            ("crashcart:act/api%20eu/flush", act("flush", Some("api eu"))),
            ("crashcart:logs/api", Meaning::Logs(Some("api".to_owned()))),
            ("crashcart:contact/stripe", Meaning::Contact(Some("stripe".to_owned()))),
            ("crashcart:wait/5m", Meaning::Wait(Duration::from_secs(300))),
            ("crashcart:wait/long", Meaning::Unknown),
            ("crashcart:dance", Meaning::Unknown),
            ("../db/failing-migration.md#look", Meaning::Runbook("failing-migration".to_owned())),
            ("https://example.com/x.md", Meaning::Elsewhere),
            ("mailto:a@b.c", Meaning::Elsewhere),
        ] {
            assert_eq!(meaning(address), wanted, "{address}");
        }
        let found = links("See [**roll** back](crashcart:rollback) or <https://x.y>, [here](#there).");
        let told: Vec<(&str, &str)> = found.iter().map(|link| (link.text.as_str(), link.address.as_str())).collect();
        assert_eq!(told, [("roll back", "crashcart:rollback"), ("https://x.y", "https://x.y")]);
    }
}
