//! Messages that go out, as data: who carries them, what is said, and what came of it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::id::{ContactId, SourceId};
use super::operation::Actor;
use super::text::Line;
use super::time::Timestamp;

/// Something that carries messages, as configured. The order in which they are written is the order in which they are tried.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sender {
    /// What it is called: the source's name unless said.
    pub name: Line,
    pub source: SourceId,
    /// Which numbers and addresses of a contact it reaches; nothing when it goes to one place, whoever is meant.
    pub reaches: Option<Reach>,
    /// Where it goes instead of a contact's own address.
    pub to: Vec<Line>,
    /// It reaches these only. Everybody when there are none.
    pub contacts: Vec<ContactId>,
    /// It carries pages.
    pub pages: bool,
    /// It carries status updates.
    pub updates: bool,
}

/// A kind of number or address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    Phone,
    Email,
    Chat,
}

impl Reach {
    /// Every kind and its word.
    pub const WORDS: &'static [(&'static str, Self)] =
        &[("phone", Self::Phone), ("email", Self::Email), ("chat", Self::Chat)];
}

/// What a message is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// It wakes somebody.
    Page,
    /// It says how things are.
    Update,
}

impl MessageKind {
    /// Every kind and its word.
    pub const WORDS: &'static [(&'static str, Self)] = &[("page", Self::Page), ("update", Self::Update)];
}

/// What goes out, in the words that providers' definitions know.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Message {
    pub title: Line,
    pub text: Vec<Line>,
    /// critical, error, warning or info.
    pub severity: String,
    pub resolved: bool,
    /// How far its incident is, in the incident's own word.
    pub state: String,
    pub service: Option<Line>,
    /// Messages about the same thing carry the same: a system that knows a key twice does not raise a second alarm.
    pub key: String,
    pub at: Timestamp,
}

impl Message {
    /// Returns what definitions read as `$message`. A text that is longer than a system takes is cut at its end.
    pub fn to_json(&self, longest: Option<usize>) -> Value {
        let text: Vec<&str> = self.text.iter().map(Line::as_str).collect();
        let mut text = text.join("\n");
        // Systems that put both into one text count the title too.
        let room = longest.map(|longest| longest.saturating_sub(self.title.as_str().chars().count() + 40));
        if let Some((cut, _)) = room.and_then(|room| text.char_indices().nth(room)) {
            text.truncate(cut);
            text.push_str("...");
        }
        json!({
            "title": self.title, "text": text, "severity": self.severity, "resolved": self.resolved,
            "service": self.service, "key": self.key, "link": null, "at": self.at, "state": self.state,
        })
    }
}

/// What came of a message that was handed to a sender.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendOutcome {
    /// The system has taken it.
    Taken,
    /// The system heard it, and asks to come back later.
    Later,
    /// The system heard it, and says no.
    Refused,
    /// Nothing went out.
    NotSent,
    /// The answer never came, or says nothing: nobody knows.
    Unknown,
}

impl SendOutcome {
    /// Returns the words for it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Taken => "sent",
            Self::Later => "not taken now",
            Self::Refused => "refused",
            Self::NotSent => "not sent",
            Self::Unknown => "not known whether it was sent",
        }
    }

    /// Whether it may have reached somebody.
    pub fn may_have_arrived(self) -> bool {
        matches!(self, Self::Taken | Self::Unknown)
    }
}

/// A message that was handed to a sender, as an incident remembers it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sending {
    /// What it is: `page/kim/1`. Only one of a key, a sender and a try is ever sent.
    pub key: String,
    pub kind: MessageKind,
    pub sender: Line,
    /// From 1. More than one only where the system tells equal messages apart.
    pub attempt: u32,
    /// Whom it is for, when it is for one person.
    pub contact: Option<ContactId>,
    pub title: Line,
    /// What was said in full, where others may want to know it: status updates.
    pub text: Vec<Line>,
    pub at: Timestamp,
    pub by: Actor,
    /// What came of it; nothing while nobody knows.
    pub outcome: Option<(SendOutcome, Line)>,
}

impl Sending {
    /// Whether it may have reached somebody: what has no outcome went out from a process that did not live to tell.
    pub fn may_have_arrived(&self) -> bool {
        self.outcome.as_ref().is_none_or(|(outcome, _)| outcome.may_have_arrived())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_cut_where_a_character_ends_and_says_so() {
        let text = vec![Line::from_text(&"\u{e4}".repeat(200))];
        let message = Message { title: Line::from_text("down"), text, ..Message::default() };
        let json = message.to_json(Some(100));
        let cut = json["text"].as_str().unwrap();
        assert_eq!(cut.chars().count(), 100 - 4 - 40 + 3);
        assert!(cut.ends_with("\u{e4}..."));
        assert_eq!(message.to_json(None)["text"].as_str().unwrap().chars().count(), 200);
    }
}
