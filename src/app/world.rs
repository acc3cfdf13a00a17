//! Everything that a pane may read.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::diagnosis::Assessment;
use crate::incident::Incidents;
use crate::model::catalog::Catalog;
use crate::model::id::{FeedId, ServiceId, VendorId};
use crate::model::journal::{Entry, News};
use crate::model::snapshot::Snapshot;
use crate::model::source::{Found, Trouble};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::operation::ledger::RESUME_DEPLOYS;
use crate::operation::{Ledger, Operation, Standing, words};

use crate::model::audit::Audited;
use crate::model::message::MessageKind;
use crate::model::operation::Actor;
use crate::model::readiness::Readiness;
use crate::paging::turn::Policy;
use crate::runbook::Document;
use crate::runbook::runs::{Runs, Standing as RunStanding};
use crate::ui::format;
use serde::{Deserialize, Serialize};

use super::event::Notice;

/// A sentence that must not be overlooked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alarm {
    pub text: String,
    /// Something is wrong now; else it only must not be forgotten.
    pub grave: bool,
}

/// Something that can be selected. The selection is one of these, so it stays on its service when rows move.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
pub enum Item {
    Service(ServiceId),
    Vendor(VendorId),
    Host,
}

/// What the console knows at `now`.
#[derive(Clone, Debug)]
pub struct World {
    pub now: Timestamp,
    pub zone: jiff::tz::TimeZone,
    pub catalog: Arc<Catalog>,
    pub snapshot: Snapshot,
    /// What was and is being done, as the journal tells it.
    pub operations: Ledger,
    /// What the snapshot adds up to; kept in step by `update`.
    pub assessment: Assessment,
    /// Everything that can be selected, worst first; kept in step by `update`.
    pub order: Vec<Item>,
    /// Why nothing is probed or followed: the configuration is not trusted yet.
    pub inert: Option<Line>,
    pub runbooks: Arc<Vec<Document>>,
    /// What was and is being followed, as the journal tells it.
    pub runs: Runs,
    pub incidents: Incidents,
    /// What the journal told, the latest of it: timelines are made of it.
    pub entries: Vec<Entry>,
    /// What was proven to work, when somebody looked last.
    pub readiness: Option<Readiness>,
    /// What audits of the project's folder have found.
    pub audited: Option<Audited>,
    /// How patient pages are.
    pub patience: Policy,
    /// How long others may hear nothing of an open incident.
    pub update_every: Duration,
    /// The time zones that contacts name.
    pub zones: Arc<BTreeMap<String, jiff::tz::TimeZone>>,
    /// Who is at the keyboard.
    pub by: Actor,
    /// Actions are disarmed.
    pub read_only: bool,
    /// How many checks the poller is behind with.
    pub overdue: u32,
    pub notice: Option<(Notice, Timestamp)>,
    /// What was read once, because somebody looked at it.
    pub details: Details,
}

/// What was read once, the latest of each thing.
#[derive(Clone, Debug, Default)]
pub struct Details(VecDeque<Detail>);

#[derive(Clone, Debug)]
struct Detail {
    feed: FeedId,
    about: Line,
    found: Result<Box<Found>, Trouble>,
}

impl Details {
    /// More than one goes back and forth between.
    const KEPT: usize = 24;

    /// Keeps an answer.
    pub fn insert(&mut self, feed: FeedId, about: Line, found: Result<Box<Found>, Trouble>) {
        self.0.retain(|detail| detail.feed != feed || detail.about != about);
        self.0.push_back(Detail { feed, about, found });
        while self.0.len() > Self::KEPT {
            self.0.pop_front();
        }
    }

    /// Returns an answer.
    pub fn get(&self, feed: &FeedId, about: &Line) -> Option<Result<&Found, &Trouble>> {
        let detail = self.0.iter().find(|detail| &detail.feed == feed && &detail.about == about)?;
        Some(detail.found.as_ref().map(|found| &**found))
    }
}

/// How long a notice stays: long enough to read on a phone, short enough not to cover the keys for long.
pub const NOTICE_STAYS: Duration = Duration::from_secs(8);

/// A run at which nothing has happened for longer is not what one is doing now.
const FOLLOWED: Duration = Duration::from_secs(12 * 3_600);

/// More than that is not kept in memory: `crashcart incident show` reads the journal itself.
const ENTRIES: usize = 20_000;

impl World {
    /// Keeps what timelines are made of.
    pub fn remember(&mut self, news: &News) {
        self.entries.extend(news.entries.iter().cloned());
        let over = self.entries.len().saturating_sub(ENTRIES);
        self.entries.drain(..over);
    }

    /// Puts everything in order, worst first, after the assessment changed.
    pub fn reorder(&mut self) {
        let order = self.assessment.worst_first();
        self.order = order.into_iter().map(|found| Item::Service(found.service.clone())).collect();
        self.order.extend(self.catalog.vendors.iter().map(|vendor| Item::Vendor(vendor.id.clone())));
        self.order.push(Item::Host);
    }

    /// Returns the sentence that must not be overlooked, if there is one.
    pub fn alarm(&self) -> Option<Alarm> {
        if let Some(why) = &self.inert {
            // On a phone the sentence is cut: what to do about it comes first.
            return Some(Alarm { text: format!("run crashcart trust: {why}"), grave: true });
        }
        let here = self.assessment.network.trouble.as_ref();
        if let Some(text) = here.or(self.assessment.network.clock.as_ref()) {
            return Some(Alarm { text: text.to_string(), grave: true });
        }
        self.unfinished().or_else(|| self.left()).or_else(|| self.frozen()).or_else(|| self.under_way())
    }

    /// A step of a runbook whose process has gone.
    fn left(&self) -> Option<Alarm> {
        let gone = |run: &&crate::runbook::run::Run| self.runs.standing(run, self.now) == RunStanding::Interrupted;
        let run = self.runs.latest_first().find(gone)?;
        Some(Alarm {
            text: format!("interrupted: {}, step {}; b shows it", run.runbook.title, run.current + 1),
            grave: true,
        })
    }

    /// The incident that is open, and the runbook that somebody follows.
    fn under_way(&self) -> Option<Alarm> {
        let incident = self.incidents.open().map(|incident| {
            let since = incident.began_at.in_zone(&self.zone).strftime("%H:%M");
            let others = match self.incidents.count_open() {
                0 | 1 => String::new(),
                open => format!(" (and {} more)", open - 1),
            };
            format!("{} #{}{others} {} since {since}", incident.severity.word(), incident.number, incident.title)
        });
        let parts: Vec<String> = incident.into_iter().chain(self.untold()).chain(self.followed()).collect();
        (!parts.is_empty()).then(|| Alarm { text: parts.join("; "), grave: false })
    }

    /// That others have heard nothing of the incident for too long.
    fn untold(&self) -> Option<String> {
        let incident = self.incidents.open()?;
        if !self.catalog.senders.iter().any(|sender| sender.updates) {
            return None;
        }
        let updates = incident.messages.iter().filter(|sent| sent.kind == MessageKind::Update);
        let last = updates.map(|sent| sent.at).max().unwrap_or(incident.opened_at);
        let silent = self.now.since(last);
        (silent >= self.update_every).then(|| format!("others heard nothing for {}: ! u", format::age(silent)))
    }

    /// A runbook that somebody follows.
    fn followed(&self) -> Option<String> {
        let open = |run: &&crate::runbook::run::Run| {
            run.closed.is_none() && self.now.since(run.last_at) < FOLLOWED && run.current < run.steps.len()
        };
        let run = self.runs.latest_first().find(open)?;
        let who = run.people.last().map(|actor| actor.user.to_string()).unwrap_or_default();
        Some(format!("{} {}/{} ({who}): b goes on", run.beginning.name, run.over(), run.steps.len()))
    }

    /// An operation that nobody carries on.
    fn unfinished(&self) -> Option<Alarm> {
        let waits = |operation: &&Operation| {
            let standing = self.operations.standing(operation, self.now);
            matches!(standing, Standing::Interrupted | Standing::Undecided)
        };
        let mut waiting = self.operations.latest_first().filter(waits);
        let first = waiting.next()?;
        let word = words::standing(self.operations.standing(first, self.now));
        let more = match waiting.count() {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        Some(Alarm { text: format!("{word}{more}: {}; o shows it", first.plan.title), grave: true })
    }

    /// Automatic deploys that were stopped and are off still: the fix of tomorrow would not go out.
    fn frozen(&self) -> Option<Alarm> {
        let frozen = self.operations.frozen();
        let first = frozen.first()?;
        let service = first.plan.intent.service.as_ref()?;
        let resumes = self.catalog.offers_of(service).any(|offer| offer.action == RESUME_DEPLOYS);
        let how = if resumes { "a resumes them" } else { "U in o undoes it" };
        let more = match frozen.len() {
            1 => String::new(),
            count => format!(" (and of {} more)", count - 1),
        };
        Some(Alarm { text: format!("{service}: automatic deploys are off{more}: {how}"), grave: false })
    }

    /// Returns the notice that is still to be shown.
    pub fn current_notice(&self) -> Option<&Notice> {
        self.notice.as_ref().filter(|(_, at)| self.now.since(*at) < NOTICE_STAYS).map(|(notice, _)| notice)
    }
}
