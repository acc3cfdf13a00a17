//! What carries messages, and by which rules the watcher speaks up.

use crate::config::document::{At, shape};
use crate::config::leaf::{Count, DayAndTime, Filled, Friendly, Name, OneOf, OneOrMany, OpenHours, WebUrl, Word};
use crate::model::incident::Severity;
use crate::model::message::{MessageKind, Reach};
use crate::model::watch::Trouble;

shape! {
    /// What carries pages and status updates. They are tried in the order in which they are written.
    SenderShape {
        /// The name of one of the sources.
        source: Name, required;
        /// What it is called; the source's name unless said.
        name: Name;
        /// Which of a contact's addresses it reaches: phone, email or chat. Without it everything goes to one place.
        reaches: OneOf<Reach>;
        /// Where it goes instead: a topic, a channel, a number, an address, or a list of addresses.
        to: OneOrMany;
        /// The contacts that it reaches; all unless said.
        contacts: Vec<At<Name>>;
        /// page, update or both: both unless said, and only pages where it reaches people.
        sends: Vec<At<OneOf<MessageKind>>>;
    }

    /// By which rules `crashcart watch` speaks up.
    WatchShape {
        /// What is told of: down, degraded, unknown, host; everything unless said.
        notify: Vec<At<OneOf<Trouble>>>;
        /// People are paged for what is at least so bad, sev2 unless said; everything else is only told.
        page: OneOf<Severity>;
        /// Only what is paged for is told in these hours; the rest waits for their end.
        quiet_hours: OpenHours;
        /// Troubles that begin within this time are one incident, and the first message waits for so long.
        group: Friendly;
        /// How long something must be well again, or only half well, before that counts.
        flap: Friendly;
        /// How long a person has to acknowledge before the next one is paged, where their contact says nothing else.
        escalate_after: Friendly;
        /// How often the whole list of contacts is paged at most.
        rounds: Count<1, 100>;
        /// While an incident is open the console reminds of telling others how it stands, when nobody has for so long; 30m unless said.
        update_every: Friendly;
        /// An address that is asked again and again while the watcher lives, as Healthchecks gives them out.
        heartbeat: WebUrl;
        /// How often.
        heartbeat_every: Friendly;
        /// When somebody works on something, and nobody is told.
        maintenance: Vec<At<MaintenanceShape>>;
    }

    /// Somebody works on something: what happens to it meanwhile is told to nobody.
    MaintenanceShape {
        /// Which services; all of them, and this machine, unless said.
        services: Vec<At<Name>>;
        /// Every week: "Sun 02:00-04:00".
        hours: OpenHours;
        /// From here, as in "2026-12-01 02:00".
        from: DayAndTime;
        /// Up to here.
        until: DayAndTime;
        /// What is done.
        why: Filled;
    }
}

impl Word for Reach {
    const NAME: &'static str = "Reach";
    fn words() -> Vec<(&'static str, Self)> {
        Self::WORDS.to_vec()
    }
}

impl Word for MessageKind {
    const NAME: &'static str = "MessageKind";
    fn words() -> Vec<(&'static str, Self)> {
        Self::WORDS.to_vec()
    }
}

impl Word for Trouble {
    const NAME: &'static str = "Trouble";
    fn words() -> Vec<(&'static str, Self)> {
        Self::WORDS.to_vec()
    }
}

impl Word for Severity {
    const NAME: &'static str = "Severity";
    fn words() -> Vec<(&'static str, Self)> {
        ["sev1", "sev2", "sev3", "sev4"].into_iter().zip(Self::ALL).collect()
    }
}
