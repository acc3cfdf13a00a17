//! What is not said twice, and not too often: decided from what the journal says, so that it holds across consoles.

use std::time::Duration;

use crate::model::id::ContactId;
use crate::model::message::{MessageKind, Sending};
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// The same words within this time are the same message.
const SAME: Duration = Duration::from_secs(30 * 60);
/// So many status updates a sender in this time; more is noise, and systems begin to refuse it.
const UPDATES: usize = 6;
const WITHIN: Duration = Duration::from_secs(10 * 60);
/// Two who page at once mean one page.
const JUST_PAGED: Duration = Duration::from_secs(60);

/// Says why a status update should not go out by a sender now.
pub fn update(sent: &[Sending], sender: &Line, title: &Line, text: &[Line], now: Timestamp) -> Option<String> {
    let of_sender: Vec<&Sending> = sent
        .iter()
        .filter(|sent| sent.kind == MessageKind::Update && sent.sender == *sender && sent.may_have_arrived())
        .collect();
    let same = |sent: &&&Sending| sent.title == *title && sent.text == text && now.since(sent.at) < SAME;
    if let Some(same) = of_sender.iter().rev().find(same) {
        return Some(format!("{sender} was told the same {} s ago", now.since(same.at).as_secs()));
    }
    let recent: Vec<&&Sending> = of_sender.iter().filter(|sent| now.since(sent.at) < WITHIN).collect();
    let oldest = recent.first().filter(|_| recent.len() >= UPDATES)?;
    let wait = (oldest.at + WITHIN).since(now).as_secs();
    Some(format!("{sender} was told {} times within {} min; again in {wait} s", recent.len(), WITHIN.as_secs() / 60))
}

/// Says why a page to somebody should not go out now.
pub fn page(sent: &[Sending], contact: Option<&ContactId>, now: Timestamp) -> Option<String> {
    let last = sent
        .iter()
        .rev()
        .find(|sent| sent.kind == MessageKind::Page && sent.contact.as_ref() == contact && sent.may_have_arrived())?;
    let ago = now.since(last.at);
    let who = contact.map_or_else(|| last.sender.to_string(), ToString::to_string);
    (ago < JUST_PAGED).then(|| format!("{who} was paged {} s ago by {}", ago.as_secs(), last.by))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::message::SendOutcome;
    use crate::model::operation::Actor;

    fn sent(kind: MessageKind, title: &str, at: i64, outcome: SendOutcome) -> Sending {
        Sending {
            key: format!("{at}"),
            kind,
            sender: Line::from_text("push"),
            attempt: 1,
            contact: (kind == MessageKind::Page).then(|| ContactId::new("Kim")),
            title: Line::from_text(title),
            text: Vec::new(),
            at: Timestamp::from_secs(at),
            by: Actor { user: Line::from_text("sam"), host: Line::from_text("web1") },
            outcome: Some((outcome, Line::default())),
        }
    }

    fn told(sent: &[Sending], title: &str, now: i64) -> Option<String> {
        update(sent, &Line::from_text("push"), &Line::from_text(title), &[], Timestamp::from_secs(now))
    }

    #[test]
    fn the_same_words_are_told_once_and_others_not_without_end() {
        let once = [sent(MessageKind::Update, "down", 0, SendOutcome::Taken)];
        assert_eq!(told(&once, "down", 10).unwrap(), "push was told the same 10 s ago");
        assert_eq!(told(&once, "up again", 10), None);
        assert_eq!(told(&once, "down", 1_800), None);
        let refused = [sent(MessageKind::Update, "down", 0, SendOutcome::Refused)];
        assert_eq!(told(&refused, "down", 10), None);
        let many: Vec<Sending> =
            (0..6).map(|at| sent(MessageKind::Update, &at.to_string(), at * 10, SendOutcome::Taken)).collect();
        assert_eq!(told(&many, "seventh", 60).unwrap(), "push was told 6 times within 10 min; again in 540 s");
        assert_eq!(told(&many, "seventh", 600), None);
    }

    #[test]
    fn two_who_page_at_once_mean_one_page() {
        let kim = ContactId::new("Kim");
        let paged = [sent(MessageKind::Page, "down", 0, SendOutcome::Unknown)];
        assert_eq!(page(&paged, Some(&kim), Timestamp::from_secs(5)).unwrap(), "Kim was paged 5 s ago by sam@web1");
        assert_eq!(page(&paged, Some(&kim), Timestamp::from_secs(60)), None);
        assert_eq!(page(&paged, None, Timestamp::from_secs(5)), None);
        let failed = [sent(MessageKind::Page, "down", 0, SendOutcome::NotSent)];
        assert_eq!(page(&failed, Some(&kim), Timestamp::from_secs(5)), None);
    }
}
