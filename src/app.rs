//! The console: what it knows (`World`), what happens to it (`Event`), what it asks for (`Effect`).
//!
//! ```text
//! Event -> update(&mut self) -> Vec<Effect>        state changes here and nowhere else
//!          view(&self, &mut Buffer)                the same state and size draw the same cells
//! ```
//!
//! It refuses to know the clock (every event carries its time), the terminal and the network.

pub mod effect;
pub mod event;
pub mod layout;
mod update;
pub mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::action::keymap::{KeyProblem, Keymap};
use crate::diagnosis::Assessment;
use crate::incident::Incidents;
use crate::modal::Modal;
use crate::modal::glance::Glance;
use crate::modal::plan::PlanState;
use crate::modal::prompt::Prompt;
use crate::model::audit::Audited;
use crate::model::catalog::Catalog;
use crate::model::id::IncidentId;
use crate::model::operation::Actor;
use crate::model::readiness::Readiness;
use crate::model::snapshot::Snapshot;
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::operation::Ledger;
use crate::paging::turn::Policy;
use crate::pane::contacts::ContactsState;
use crate::pane::feeds::{Kind, ListState};
use crate::pane::logs::LogsState;
use crate::pane::operations::OperationsState;
use crate::pane::readiness::ReadinessState;
use crate::pane::service::ServiceState;
use crate::pane::timeline::TimelineState;
use crate::pane::triage::{self, TriageState};
use crate::pane::{PaneId, bars};
use crate::runbook::Document;
use crate::runbook::runs::Runs;
use crate::ui::glyphs::{ASCII, UNICODE};
use crate::ui::paint::{self};
use crate::ui::theme::THEMES;
use crate::ui::{Look, Role, Theme};
use effect::Effect;
use event::Event;
use layout::{LayoutMap, Shape, layout};
use world::{Details, Item, World};

/// What a console begins with.
#[derive(Clone, Debug)]
pub struct Setup {
    pub catalog: Arc<Catalog>,
    /// The world as it was last known; empty on the first run.
    pub snapshot: Snapshot,
    pub now: Timestamp,
    pub zone: jiff::tz::TimeZone,
    /// Columns and rows.
    pub size: (u16, u16),
    /// A theme's name; an unknown one is the first.
    pub theme: String,
    pub ascii: bool,
    pub mouse: bool,
    /// The configuration's `[keys]`.
    pub keys: BTreeMap<String, String>,
    pub read_only: bool,
    /// Why nothing is probed or followed, if so.
    pub inert: Option<Line>,
    /// The runbooks that can be opened, one's own first.
    pub runbooks: Arc<Vec<Document>>,
    /// Who is at the keyboard.
    pub by: Actor,
    /// What was proven to work, when somebody looked last.
    pub readiness: Option<Readiness>,
    /// What audits of the project's folder have found.
    pub audited: Option<Audited>,
    /// How patient pages are.
    pub patience: Policy,
    /// How long others may hear nothing of an open incident.
    pub update_every: std::time::Duration,
    /// The time zones that contacts name, as this machine knows them.
    pub zones: Arc<BTreeMap<String, jiff::tz::TimeZone>>,
    /// Something that no other console has: ids are made with it.
    pub seed: u64,
}

/// The console.
#[derive(Debug)]
pub struct App {
    world: World,
    look: Look,
    keymap: Keymap,
    size: (u16, u16),
    focus: PaneId,
    zoom: bool,
    mouse: bool,
    triage: TriageState,
    service: ServiceState,
    logs: LogsState,
    /// The lists of the lower part.
    releases: ListState,
    errors: ListState,
    alerts: ListState,
    operations: OperationsState,
    timeline: TimelineState,
    contacts: ContactsState,
    readiness: ReadinessState,
    /// What the lower part showed last.
    lower: PaneId,
    modals: Vec<Modal>,
    prompt: Option<Prompt>,
    /// How many events there were: a frame is known by that.
    generation: u64,
    /// How many plans were asked for.
    requests: u64,
    /// What is done without a question as soon as its plan is there.
    at_once: Option<PlanState>,
    /// Whether the journal has told anything yet.
    journal_read: bool,
    /// What the journal was asked to take of the open incident: it answers a moment later.
    recorded: BTreeSet<String>,
    /// The incident that a prompt is about.
    about: Option<IncidentId>,
    seed: u64,
}

impl App {
    /// Opens the console on what is known, and says which key settings cannot be followed.
    pub fn new(setup: Setup) -> (Self, Vec<KeyProblem>) {
        let (keymap, problems) = Keymap::new(&setup.keys);
        let mut snapshot = setup.snapshot;
        snapshot.resume(&setup.catalog, setup.now);
        let assessment = Assessment::of(&setup.catalog, &snapshot, setup.now);
        let focus = if setup.catalog.services.is_empty() && !setup.catalog.logs.is_empty() {
            PaneId::Logs
        } else {
            PaneId::Triage
        };
        let logs = LogsState::new(&setup.catalog);
        let mut world = World {
            now: setup.now,
            zone: setup.zone,
            catalog: setup.catalog,
            snapshot,
            operations: Ledger::default(),
            assessment,
            inert: setup.inert,
            runbooks: setup.runbooks,
            runs: Runs::default(),
            incidents: Incidents::default(),
            by: setup.by,
            entries: Vec::new(),
            readiness: setup.readiness,
            audited: setup.audited,
            patience: setup.patience,
            update_every: setup.update_every,
            zones: setup.zones,
            read_only: setup.read_only,
            overdue: 0,
            notice: None,
            details: Details::default(),
            order: Vec::new(),
        };
        world.reorder();
        let mut app = Self {
            world,
            look: Look {
                theme: Theme::named(&setup.theme).unwrap_or(THEMES[0]),
                glyphs: if setup.ascii { &ASCII } else { &UNICODE },
            },
            keymap,
            size: setup.size,
            focus,
            zoom: false,
            mouse: setup.mouse,
            triage: TriageState::default(),
            service: ServiceState::default(),
            logs,
            releases: ListState::default(),
            errors: ListState::default(),
            alerts: ListState::default(),
            operations: OperationsState::default(),
            timeline: TimelineState::default(),
            contacts: ContactsState::default(),
            readiness: ReadinessState::default(),
            lower: PaneId::Logs,
            modals: Vec::new(),
            prompt: None,
            generation: 0,
            requests: 0,
            at_once: None,
            journal_read: false,
            recorded: BTreeSet::new(),
            about: None,
            seed: setup.seed,
        };
        let selected = app.selected();
        app.logs.show_for(&app.world, selected.as_ref());
        (app, problems)
    }

    /// Takes in one event and returns what is to be done about it.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        update::update(self, event)
    }

    /// Draws the whole screen. Called twice it draws the same cells.
    pub fn view(&self, area: Rect, buf: &mut Buffer) {
        if area.width == 0 || area.height == 0 {
            return;
        }
        let (world, look) = (&self.world, &self.look);
        buf.set_style(area, look.style(Role::Text));
        let map = layout(&Shape { width: area.width, height: area.height, ..self.shape() });
        bars::header(world, map.header, buf, look);
        if let Some(banner) = map.banner {
            bars::banner(world, banner, buf, look);
        }
        let focused = |pane| self.focus == pane && self.modals.is_empty();
        let selected = self.selected();
        if let Some(place) = map.triage {
            self.triage.view(world, focused(PaneId::Triage), place, buf, look);
            if let Some(service) = map.service {
                separator(place.right(), service, buf, look);
            }
        }
        if let Some(place) = map.service {
            self.service.view(world, selected.as_ref(), focused(PaneId::Service), place, buf, look);
        }
        if let Some((pane, place)) = map.lower {
            match Kind::of(pane) {
                None if pane == PaneId::Operations => {
                    self.operations.view(world, focused(pane), place, buf, look);
                }
                None if pane == PaneId::Readiness => self.readiness.view(world, focused(pane), place, buf, look),
                None if pane == PaneId::Timeline => self.timeline.view(world, focused(pane), place, buf, look),
                None if pane == PaneId::Contacts => {
                    self.contacts.view(world, selected.as_ref(), focused(pane), place, buf, look);
                }
                None => self.logs.view(world, focused(PaneId::Logs), place, buf, look),
                Some(kind) => self.list(kind).view(world, kind, selected.as_ref(), focused(pane), place, buf, look),
            }
        }
        match &self.prompt {
            Some(prompt) => prompt.view(map.footer, buf, look),
            None => {
                bars::footer(world, self.focus, map.room == layout::Room::Phone, &self.keymap, map.footer, buf, look)
            }
        }
        // What opens above a plan covers it.
        let full = self.modals.iter().any(Modal::is_full);
        for modal in &self.modals {
            let place = if full { map.full } else { map.modal };
            modal.view(world, &self.keymap, place, buf, look);
        }
    }

    /// Returns when something on the screen changes although nothing happens: an age, the clock, a notice that goes.
    pub fn wake_at(&self) -> Timestamp {
        let micros = |secs: i64| secs * 1_000_000;
        let now = self.world.now.as_micros();
        // Ages below a minute move every five seconds; so do the moments at which a value turns stale.
        let step = micros(5);
        let next = Timestamp::from_micros((now.div_euclid(step) + 1) * step);
        let notice =
            self.world.notice.as_ref().map(|(_, at)| *at + world::NOTICE_STAYS).filter(|at| *at > self.world.now);
        let plan =
            self.modals.last().and_then(Modal::glance).map(Glance::counts_from).filter(|at| *at > self.world.now);
        notice.into_iter().chain(plan).fold(next, Timestamp::min)
    }

    /// Returns the world as last observed, for writing to disk.
    pub fn snapshot(&self) -> &Snapshot {
        &self.world.snapshot
    }

    /// Returns everything that panes read.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Puts on another theme.
    pub fn dress(&mut self, theme: &str, ascii: bool) {
        self.look.theme = Theme::named(theme).unwrap_or(self.look.theme);
        self.look.glyphs = if ascii { &ASCII } else { &UNICODE };
    }

    /// Returns how many events there were. A frame that is drawn now shows what all of them brought about.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Returns whether what is typed now is a secret: it is written down nowhere.
    pub fn types_a_secret(&self) -> bool {
        match self.modals.last() {
            Some(Modal::Step(state)) => state.is_secret(),
            // What goes to another terminal may be a password, and nobody here can tell.
            Some(Modal::Terminal(_)) => true,
            _ => false,
        }
    }

    /// Returns where addresses stand that a terminal can open, and what each opens: `tel:`, `mailto:`, a page.
    pub fn links(&self, area: Rect) -> Vec<(Rect, String)> {
        let map = layout(&Shape { width: area.width, height: area.height, ..self.shape() });
        match self.modals.last() {
            Some(Modal::Contact(state)) => state.links(&self.world, map.modal, &self.look),
            _ => Vec::new(),
        }
    }

    /// Returns whether it matters when the terminal shows what is drawn now.
    pub fn waits_to_be_seen(&self) -> bool {
        self.modals.last().and_then(Modal::glance).is_some_and(Glance::waits)
    }

    fn list(&self, kind: Kind) -> &ListState {
        match kind {
            Kind::Releases => &self.releases,
            Kind::Errors => &self.errors,
            Kind::Alerts => &self.alerts,
        }
    }

    fn list_mut(&mut self, kind: Kind) -> &mut ListState {
        match kind {
            Kind::Releases => &mut self.releases,
            Kind::Errors => &mut self.errors,
            Kind::Alerts => &mut self.alerts,
        }
    }

    /// Returns whether there is anything that a pane could show.
    fn has(&self, pane: PaneId) -> bool {
        match (pane, Kind::of(pane)) {
            (PaneId::Triage | PaneId::Service, _) => true,
            (PaneId::Operations, _) => {
                !self.world.catalog.offers.is_empty() || self.world.operations.latest_first().next().is_some()
            }
            (PaneId::Timeline, _) => self.world.incidents.latest_first().next().is_some(),
            (PaneId::Readiness, _) => self.world.readiness.is_some() || self.world.audited.is_some(),
            (PaneId::Contacts, _) => !self.world.catalog.contacts.is_empty(),
            (_, Some(kind)) => self.world.catalog.feeds.iter().any(|feed| feed.capability == kind.capability()),
            (_, None) => !self.world.catalog.logs.is_empty(),
        }
    }

    fn selected(&self) -> Option<Item> {
        self.triage.selected(&triage::items(&self.world, &self.triage.filter))
    }

    fn shape(&self) -> Shape {
        Shape {
            width: self.size.0,
            height: self.size.1,
            focus: self.focus,
            zoom: self.zoom,
            banner: self.world.alarm().is_some(),
            lower: self.lower_pane(),
            services: u16::try_from(self.world.catalog.services.len()).unwrap_or(u16::MAX),
        }
    }

    /// Returns what the lower part shows: the pane that has the focus, else what it showed last, else what there is.
    fn lower_pane(&self) -> Option<PaneId> {
        if self.focus.is_lower() {
            return Some(self.focus);
        }
        let mut panes = [self.lower].into_iter().chain(PaneId::ALL);
        panes.find(|pane| pane.is_lower() && self.has(*pane))
    }

    fn map(&self) -> LayoutMap {
        layout(&self.shape())
    }
}

fn separator(x: u16, beside: Rect, buf: &mut Buffer, look: &Look) {
    for y in beside.top()..beside.bottom() {
        let place = Rect { x, y, width: 1, height: 1 };
        paint::row(buf, place, &[paint::piece(look.glyphs.vertical, look.style(Role::Faint))], look);
    }
}
