//! The watcher: the console's monitoring without a console. It opens incidents, tells others, and pages people until one takes it.
//!
//! ```text
//!   probes, feeds, this machine --sight--> snapshot --assessment--> rules::step <--- the journal's incidents
//!                                                                       |
//!             journal: opened, joined, over <---------------------------+---> desk::paging: pages, status updates
//! ```
//!
//! Several watchers may run on one journal: one holds the lease and acts, the others look on and take over when it is gone. What
//! each decides follows from the journal, and the journal takes a message once.

mod act;
mod memory;
pub mod rules;
mod sight;
pub mod unit;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::desk::paging::time_of;
use crate::diagnosis::Assessment;
use crate::incident::{Incident, Incidents};
use crate::journal::{Journal, JournalError, Taken};
use crate::model::catalog::Catalog;
use crate::model::id::OperationId;
use crate::model::operation::{Actor, Worker};
use crate::model::self_check::Network;
use crate::model::snapshot::Snapshot;
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::model::watch::WatchRules;
use crate::provider::engine::Engine;
use crate::runtime::host::Machine;
use crate::runtime::poll::Outside;
use crate::runtime::store::Store;
use memory::Memory;
use rules::{State, WATCHER, World, is_about, is_ours, step, subjects};

/// How often everything is judged. What is seen comes in between.
const TICK: Duration = Duration::from_secs(1);
/// How often the lease is shown to be alive, or wanted: six times as often as it would count as dead.
const BEAT: Duration = Duration::from_secs(2);
/// How often what was seen is written to the disk.
const SAVE: Duration = Duration::from_secs(10);
/// What ended so long ago does not matter any more.
const PAST: Duration = Duration::from_secs(24 * 3_600);
/// What is going out when the watcher is told to end has so long.
const LAST_WORDS: Duration = Duration::from_secs(30);

/// What a watcher works with.
pub struct Supplies {
    pub catalog: Arc<Catalog>,
    pub rules: WatchRules,
    pub engine: Arc<Engine>,
    pub outside: Arc<dyn Outside>,
    pub clock: Clock,
    pub zone: TimeZone,
    /// This machine's name.
    pub host: Line,
    pub state_dir: PathBuf,
}

/// Something that the watcher did, for whoever reads what it prints.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Notice {
    pub at: Timestamp,
    /// opened, extended, reopened, resolved, paged, told, heartbeat, lease or trouble.
    pub what: &'static str,
    pub incident: Option<u32>,
    pub text: Line,
}

/// A running watcher.
pub struct Watcher {
    supplies: Supplies,
    journal: Journal,
    incidents: Incidents,
    state: State,
    memory: Memory,
    snapshot: Snapshot,
    store: Store,
    by: Actor,
    worker: Worker,
    /// It holds the lease: what it decides is done.
    acts: bool,
    /// The journal took the last thing that was written: without it nothing is sent, and the watcher must not say that it lives.
    writes: bool,
    /// What was told of last, so that a full disk is told of once.
    trouble: Option<Line>,
    beat_at: Option<Timestamp>,
    saved_at: Option<Timestamp>,
    /// What goes out now.
    going: BTreeSet<String>,
    sending: JoinSet<(String, Vec<Notice>)>,
}

impl Watcher {
    /// Opens the journal and takes up what the last watcher knew.
    ///
    /// # Errors
    /// When the journal cannot be opened.
    pub fn new(supplies: Supplies) -> Result<Self, JournalError> {
        let now = supplies.clock.now();
        let journal = Journal::open(&supplies.state_dir, now)?.journal;
        let memory = Memory::new(&supplies.state_dir, &supplies.catalog);
        let store = Store::new(&supplies.state_dir, &supplies.catalog);
        let mut snapshot = store.load(now).0.unwrap_or_default();
        snapshot.resume(&supplies.catalog, now);
        let by = Actor { user: Line::from_text(WATCHER), host: supplies.host.clone() };
        let worker = Worker {
            by: by.clone(),
            pid: std::process::id(),
            holder: Line::from_text(&uuid::Uuid::now_v7().to_string()),
            version: Line::from_text(env!("CARGO_PKG_VERSION")),
        };
        let incidents = journal.incidents()?;
        journal.changed()?;
        let (state, going) = (memory.load(), BTreeSet::new());
        Ok(Self {
            supplies,
            journal,
            incidents,
            state,
            memory,
            snapshot,
            store,
            by,
            worker,
            acts: false,
            writes: false,
            trouble: None,
            beat_at: None,
            saved_at: None,
            going,
            sending: JoinSet::new(),
        })
    }

    /// Watches until `ends` is ready. `told` hears of everything that is done.
    ///
    /// # Errors
    /// When the journal cannot be read any more.
    pub async fn run(
        mut self,
        machine: Box<dyn Machine>,
        ends: impl Future<Output = ()>,
        told: &mut dyn FnMut(&Notice),
    ) -> Result<(), JournalError> {
        let mut sight = sight::Sight::open(&self.supplies, machine);
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        tokio::pin!(ends);
        loop {
            tokio::select! {
                biased;
                () = &mut ends => break,
                Some(done) = self.sending.join_next() => self.heard(done.ok(), told),
                _ = tick.tick() => self.look(told)?,
                update = sight.next() => {
                    self.snapshot.apply(&self.supplies.catalog, update);
                }
            }
        }
        drop(sight);
        let _ = tokio::time::timeout(LAST_WORDS, async {
            while let Some(done) = self.sending.join_next().await {
                self.heard(done.ok(), told);
            }
        })
        .await;
        self.save(true);
        if self.acts {
            // A lease that cannot be given back turns stale by itself.
            let _ = self.journal.release(&self.memory.lease(), self.worker.holder.as_str());
        }
        Ok(())
    }

    /// Judges once what was seen elsewhere, does what follows from it, and returns when all of it is done.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn once(mut self, snapshot: Snapshot, told: &mut dyn FnMut(&Notice)) -> Result<bool, JournalError> {
        self.snapshot = snapshot;
        // What one look decides may follow from what another has done: opened, then told.
        for _ in 0..MOST_LOOKS {
            self.beat_at = None;
            self.look(told)?;
            if self.sending.is_empty() {
                break;
            }
            while let Some(done) = self.sending.join_next().await {
                self.heard(done.ok(), told);
            }
        }
        self.save(true);
        let acts = self.acts;
        if acts {
            let _ = self.journal.release(&self.memory.lease(), self.worker.holder.as_str());
        }
        Ok(acts)
    }

    fn heard(&mut self, done: Option<(String, Vec<Notice>)>, told: &mut dyn FnMut(&Notice)) {
        let Some((key, notices)) = done else {
            // It ended without a word: it may be tried again, and the journal knows what went out.
            self.going.clear();
            return;
        };
        self.going.remove(&key);
        notices.iter().for_each(told);
    }

    /// Judges everything as of now, and does what follows.
    fn look(&mut self, told: &mut dyn FnMut(&Notice)) -> Result<(), JournalError> {
        let now = self.supplies.clock.now();
        self.hold_the_lease(now, told);
        if self.journal.changed()? {
            self.incidents = self.journal.incidents()?;
        }
        let assessment = Assessment::of(&self.supplies.catalog, &self.snapshot, now);
        let decisions = self.decide(&assessment, now);
        if self.acts {
            for decision in decisions {
                self.carry_out(decision, now, told);
            }
            self.write_what_is_seen(&assessment, now);
        }
        self.save(self.saved_at.is_none_or(|at| now.since(at) >= SAVE));
        Ok(())
    }

    fn decide(&mut self, assessment: &Assessment, now: Timestamp) -> Vec<rules::Decision> {
        let Supplies { catalog, rules, zone, .. } = &self.supplies;
        let subjects = subjects(catalog, &self.snapshot, assessment, now);
        let mark = self.memory.mark();
        let ours = |incident: &&Incident| {
            let recent = incident.is_open() || now.since(incident.last_at) < PAST;
            // Another project's watcher writes into the same journal.
            let marked = incident.has_seen(&mark)
                || (!incident.has_seen_any(memory::MARK)
                    && subjects.iter().any(|subject| is_about(incident, &subject.who)));
            recent && (!is_ours(incident) || marked)
        };
        let incidents: Vec<&Incident> = self.incidents.latest_first().filter(ours).collect();
        let time = time_of(&catalog.contacts, zone, now);
        let world = World {
            blind: matches!(assessment.network.network, Network::NoRoute | Network::NoNames),
            subjects,
            incidents,
            contacts: &catalog.contacts,
            senders: &catalog.senders,
            time: &time,
        };
        step(&mut self.state, &world, rules)
    }

    /// Takes the lease, shows that its holder lives, or notices that somebody else has it.
    fn hold_the_lease(&mut self, now: Timestamp, told: &mut dyn FnMut(&Notice)) {
        if self.beat_at.is_some_and(|at| now.since(at) < BEAT && at <= now) {
            return;
        }
        self.beat_at = Some(now);
        let lease = self.memory.lease();
        if self.acts {
            match self.journal.beat(&lease, self.worker.holder.as_str(), now) {
                Ok(()) => {
                    self.writes = true;
                    return;
                }
                Err(JournalError::LostLease { .. }) => {
                    self.acts = false;
                    told(&notice(now, "lease", None, "another watcher has taken over; this one looks on"));
                }
                // A full disk: nothing can be written, and so nothing is sent.
                Err(error) => return self.cannot_write(&error, now, told),
            }
        }
        match self.journal.take_lease(&lease, &OperationId::new("watch"), &self.worker, now, true) {
            Ok(Taken::Ours { replaced }) => {
                (self.acts, self.writes) = (true, true);
                if let Some(before) = replaced {
                    let text = format!("taken over from process {} of {}", before.worker.pid, before.worker.by);
                    told(&notice(now, "lease", None, &text));
                }
            }
            Ok(Taken::Held(other)) if self.saved_at.is_none() => {
                let text =
                    format!("process {} of {} watches already; this one looks on", other.worker.pid, other.worker.by);
                told(&notice(now, "lease", None, &text));
            }
            Ok(Taken::Held(_)) => {}
            Err(error) => self.cannot_write(&error, now, told),
        }
    }

    /// A full disk: nothing can be written, and so nothing is sent. The dead man's switch will tell.
    fn cannot_write(&mut self, error: &JournalError, now: Timestamp, told: &mut dyn FnMut(&Notice)) {
        self.writes = false;
        self.tell_trouble(Line::from_text(&error.to_string()), now, told);
    }

    fn tell_trouble(&mut self, text: Line, now: Timestamp, told: &mut dyn FnMut(&Notice)) {
        if self.trouble.as_ref() != Some(&text) {
            told(&notice(now, "trouble", None, text.as_str()));
            self.trouble = Some(text);
        }
    }

    fn save(&mut self, due: bool) {
        if !due {
            return;
        }
        let now = self.supplies.clock.now();
        self.saved_at = Some(now);
        if !self.acts {
            return;
        }
        if let Err(error) = self.memory.save(&self.state) {
            tracing::warn!("what the watcher remembers could not be written: {error}");
        }
        if let Err(error) = self.store.save(&self.snapshot.for_disk(), now) {
            tracing::warn!("{error}");
        }
    }
}

/// Opened, told, paged, and a pause for what is left over.
const MOST_LOOKS: usize = 6;

fn notice(at: Timestamp, what: &'static str, incident: Option<u32>, text: &str) -> Notice {
    Notice { at, what, incident, text: Line::from_text(&crate::runtime::redaction::redact(text)) }
}
