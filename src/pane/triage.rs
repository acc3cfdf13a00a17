//! Services, worst first: what is broken, and since when.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::feeds::words::vendor_health;
use super::operations;
use super::service::vendor;
use super::under_rule;
use crate::app::world::{Item, World};
use crate::diagnosis::ServiceHealth;
use crate::model::check::Cause;
use crate::model::id::VendorId;
use crate::model::service::Health;
use crate::ui::paint::{self, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role, format, health_role};

/// Where the user is in the list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TriageState {
    selected: Option<Item>,
    /// The user moved the selection; until then it stays on the worst service.
    moved: bool,
    top: usize,
    /// Only services whose name contains this are shown.
    pub filter: String,
}

impl TriageState {
    /// Returns the selected item: the user's choice while it exists, else the worst.
    pub fn selected(&self, items: &[Item]) -> Option<Item> {
        let chosen = self.selected.as_ref().filter(|chosen| self.moved && items.contains(chosen));
        chosen.or_else(|| items.first()).cloned()
    }

    /// Selects an item.
    pub fn select(&mut self, item: Item) {
        self.selected = Some(item);
        self.moved = true;
    }

    /// Moves the selection by some items.
    pub fn step(&mut self, items: &[Item], by: isize) {
        let here = self.selected(items).and_then(|item| items.iter().position(|other| *other == item)).unwrap_or(0);
        let there = here.saturating_add_signed(by).min(items.len().saturating_sub(1));
        if let Some(item) = items.get(there) {
            self.select(item.clone());
        }
    }

    /// Lets the selection follow the worst service again.
    pub fn release(&mut self) {
        self.moved = false;
    }

    /// Returns whether the user chose the selection.
    pub fn is_chosen(&self) -> bool {
        self.moved
    }

    /// Scrolls so that the selection is visible.
    pub fn keep_in_view(&mut self, world: &World, area: Rect) {
        let inner = under_rule(area);
        let items = items(world, &self.filter);
        let selected = self.selected(&items);
        let slots = slots(world, &items, inner);
        let is_selected = |slot: &Slot| slot.index().is_some_and(|at| items.get(at) == selected.as_ref());
        let first = slots.iter().position(is_selected).unwrap_or(0);
        let last = slots.iter().rposition(is_selected).unwrap_or(0);
        self.top = paint::scroll(self.top, last, usize::from(inner.height), slots.len()).min(first);
        // A heading above the first item is worth showing.
        if first <= 1 {
            self.top = 0;
        }
    }

    /// Returns the item drawn at a row of the pane, for the mouse.
    pub fn item_at(&self, world: &World, area: Rect, y: u16) -> Option<Item> {
        let inner = under_rule(area);
        let items = items(world, &self.filter);
        let slots = slots(world, &items, inner);
        let slot = slots.get(self.top + usize::from(y.checked_sub(inner.y)?))?;
        slot.index().and_then(|at| items.get(at)).cloned()
    }

    /// Draws the pane.
    pub fn view(&self, world: &World, focused: bool, area: Rect, buf: &mut Buffer, look: &Look) {
        let title_style = look.style(if focused { Role::Accent } else { Role::Dim });
        let mut title = vec![piece("Services", title_style)];
        if !self.filter.is_empty() {
            title.push(piece(format!(" /{}", self.filter), look.style(Role::Accent)));
        }
        let inner = under_rule(area);
        let items = items(world, &self.filter);
        let slots = slots(world, &items, inner);
        let shown_to = (self.top + usize::from(inner.height)).min(slots.len());
        let end = match slots.len() > usize::from(inner.height) {
            true => vec![piece(format!("{shown_to}/{}", slots.len()), look.style(Role::Dim))],
            false => Vec::new(),
        };
        let selected = self.selected(&items);
        let explained = slots.iter().any(|slot| matches!(slot, Slot::Why(_)));
        let visible = slots.get(self.top..shown_to).unwrap_or_default();
        let rows: Vec<_> = visible
            .iter()
            .map(|slot| slot_row(world, &items, *slot, selected.as_ref(), inner.width, explained, look))
            .collect();
        paint::rule(buf, area, &title, &end, focused, look);
        if world.catalog.services.is_empty() && self.filter.is_empty() {
            let dim = look.style(Role::Dim);
            let mut all = vec![Row::of(vec![piece(" nothing is watched yet", dim)])];
            for text in ["crashcart https://...", "or write crashcart.toml"] {
                all.push(Row::of(vec![piece(format!("   {text}"), look.style(Role::Accent))]));
            }
            all.push(Row::default());
            all.extend(rows);
            draw_rows(buf, inner, &all, 0, focused, look);
            return;
        }
        draw_rows(buf, inner, &rows, 0, focused, look);
        explain(world, rows.len(), inner, buf, look);
    }
}

/// Says whole, below the list, why nothing of the configuration is followed: the banner has one row for it.
fn explain(world: &World, taken: usize, inner: Rect, buf: &mut Buffer, look: &Look) {
    let Some(why) = &world.inert else { return };
    let lines = paint::wrap(why.as_str(), usize::from(inner.width).saturating_sub(2));
    // A row between the list and the sentence; half of a sentence is none.
    let room = usize::from(inner.height).saturating_sub(taken + 1);
    if lines.len() > room {
        return;
    }
    let style = look.style(Role::Degraded);
    let below = (taken + 1).min(usize::from(u16::MAX));
    for (line, y) in lines.iter().zip(inner.y + u16::try_from(below).unwrap_or(u16::MAX)..) {
        paint::row(buf, Rect { y, height: 1, ..inner }, &[piece(format!(" {line}"), style)], look);
    }
}

/// One row of the list, before it is drawn: with a thousand services only the visible ones are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Slot {
    Heading(&'static str),
    Item(usize),
    /// The second row of an item: why.
    Why(usize),
}

impl Slot {
    fn index(&self) -> Option<usize> {
        match self {
            Self::Heading(_) => None,
            Self::Item(at) | Self::Why(at) => Some(*at),
        }
    }
}

fn slots(world: &World, items: &[Item], inner: Rect) -> Vec<Slot> {
    let height = usize::from(inner.height);
    // A second row says why, as long as there is room for everything.
    let mut explain = items.len() <= height;
    if explain {
        let ill = items.iter().filter(|item| reason(world, item).is_some()).count();
        explain = items.len() + ill + 1 + usize::from(!world.catalog.vendors.is_empty()) <= height;
    }
    let mut slots = Vec::with_capacity(items.len() + 2);
    let mut section = "";
    for (at, item) in items.iter().enumerate() {
        let its_section = match item {
            Item::Service(_) => "",
            Item::Vendor(_) => "vendors",
            Item::Host => "this machine",
        };
        if its_section != section {
            section = its_section;
            slots.push(Slot::Heading(section));
        }
        slots.push(Slot::Item(at));
        if explain && reason(world, item).is_some() {
            slots.push(Slot::Why(at));
        }
    }
    slots
}

fn slot_row(
    world: &World,
    items: &[Item],
    slot: Slot,
    selected: Option<&Item>,
    width: u16,
    explained: bool,
    look: &Look,
) -> Row<'static> {
    let (at, mut row) = match slot {
        Slot::Heading(name) => return Row::of(vec![piece(format!(" {name}"), look.style(Role::Faint))]),
        Slot::Item(at) => (at, item_row(world, &items[at], width, !explained, look)),
        Slot::Why(at) => {
            let (role, why) = reason(world, &items[at]).unwrap_or((Role::Dim, String::new()));
            (at, Row::of(vec![piece(format!("  {why}"), look.style(role))]))
        }
    };
    row.selected = selected == Some(&items[at]);
    let mark = if row.selected && matches!(slot, Slot::Item(_)) { look.glyphs.selected } else { " " };
    row.left.insert(0, piece(mark, look.style(Role::Accent)));
    row
}

/// Returns what passes a filter, worst first.
pub fn items(world: &World, filter: &str) -> Vec<Item> {
    let needle = filter.to_lowercase();
    let passes = |name: &str| needle.is_empty() || name.to_lowercase().contains(&needle);
    let shown = |item: &&Item| match item {
        Item::Service(id) => passes(id.as_str()),
        Item::Vendor(id) => passes(id.as_str()),
        Item::Host => passes("this machine") || passes("host"),
    };
    world.order.iter().filter(shown).cloned().collect()
}

/// Returns the word and the age that stand at the right of a service's row.
pub fn verdict(world: &World, found: &ServiceHealth) -> (String, String) {
    let cause = cause(world, found);
    let word = match (found.health, cause) {
        (Health::Down, _) => "DOWN",
        (Health::Degraded, Some(Cause::Slow)) => "slow",
        (Health::Degraded, Some(Cause::CertificateExpiring)) => "expiring",
        (Health::Degraded, Some(Cause::AnswerChanged)) => "changed",
        (Health::Degraded, _) => "failing",
        (Health::Unknown, _) if found.since.is_none() && found.reasons.is_empty() => "no checks",
        (Health::Unknown, _) if found.since.is_none() => "checking",
        (Health::Unknown, Some(Cause::NoNetwork | Cause::NoResolver)) => "no network",
        (Health::Unknown, _) => "no data",
        (Health::Maintenance, _) => "paused",
        (Health::Healthy, _) => "ok",
    };
    let since = match (found.health, found.since) {
        (Health::Healthy, _) | (_, None) => String::new(),
        (_, Some(since)) => format::age(world.now.since(since)),
    };
    (word.to_owned(), since)
}

/// Returns the class of a service's worst trouble.
fn cause(world: &World, found: &ServiceHealth) -> Option<Cause> {
    let result = world.snapshot.check(found.reasons.first()?.about.check()?)?.last.value.as_ref()?;
    result.outcome.finding().map(|finding| finding.cause)
}

/// Returns the second row of an item: what is being done about it, or why it is what it is.
fn reason(world: &World, item: &Item) -> Option<(Role, String)> {
    if let Item::Service(id) = item
        && let Some(done) = operations::under_way(world, id)
    {
        return Some(done);
    }
    trouble(world, item).map(|text| (Role::Dim, text))
}

fn trouble(world: &World, item: &Item) -> Option<String> {
    match item {
        Item::Service(id) => {
            let found = world.assessment.service(id)?;
            if let Some(root) = &found.because_of {
                return Some(format!("because {root} is down"));
            }
            let affects = match found.affects {
                0 => String::new(),
                n => format!(" ({} affected)", format::count(n, "service")),
            };
            // The banner says it once for all of them.
            if matches!(cause(world, found), Some(Cause::NoNetwork | Cause::NoResolver)) {
                return None;
            }
            let worst =
                found.reasons.first().filter(|reason| reason.since.is_some() || reason.health != Health::Unknown)?;
            Some(format!("{}{affects}", worst.text))
        }
        Item::Vendor(id) => {
            let status = vendor::status(world, id)?;
            let incident = status.incidents.first().map(|incident| incident.title.to_string());
            incident.filter(|_| vendor_health(status.state) != Health::Healthy)
        }
        Item::Host => world.assessment.host.reasons.first().map(|(_, text)| text.to_string()),
    }
}

fn item_row(world: &World, item: &Item, width: u16, inline: bool, look: &Look) -> Row<'static> {
    let (health, name, word, since) = match item {
        Item::Service(id) => {
            let Some(found) = world.assessment.service(id) else { return Row::default() };
            let (word, since) = verdict(world, found);
            let name = match &found.because_of {
                Some(_) => format!("{} {id}", look.glyphs.branch),
                None => id.to_string(),
            };
            (found.health, name, word, since)
        }
        Item::Vendor(id) => vendor_verdict(world, id),
        Item::Host => return host_row(world, width, look),
    };
    let style = look.style(health_role(health));
    let name_style = if health == Health::Healthy { look.style(Role::Text) } else { style };
    let mut left = vec![piece(format!("{} ", look.health_glyph(health)), style), piece(name, name_style)];
    if inline
        && width >= 56
        && let Some((role, why)) = reason(world, item)
    {
        left.push(piece(format!("  {why}"), look.style(role)));
    }
    let right = vec![piece(word, style), piece(format!("{since:>6} "), style)];
    Row { left, right, selected: false }
}

/// Returns health, name, word and age of a vendor's row.
fn vendor_verdict(world: &World, id: &VendorId) -> (Health, String, String, String) {
    let Some(feed) = vendor::feed(world, id) else {
        return (Health::Unknown, id.to_string(), "see page".to_owned(), String::new());
    };
    match vendor::status(world, id) {
        Some(status) => {
            let incident = status.incidents.iter().filter_map(|incident| incident.started_at).min();
            let since = incident.map(|at| format::age(world.now.since(at))).unwrap_or_default();
            let health = vendor_health(status.state);
            let word = if health == Health::Healthy { "ok" } else { format::vendor_state(status.state) };
            (health, id.to_string(), word.to_owned(), if health == Health::Healthy { String::new() } else { since })
        }
        None => {
            let state = world.snapshot.feed(&feed.id);
            let word = if state.is_some() { "no data" } else { "asking" };
            let since = state
                .and_then(|state| state.failing_since)
                .map(|at| format::age(world.now.since(at)))
                .unwrap_or_default();
            (Health::Unknown, id.to_string(), word.to_owned(), since)
        }
    }
}

/// The processor share over the last minute. That of the last moment jumps about, and every jump crosses the line.
fn steady_cpu(world: &World) -> Option<f32> {
    let since = world.now - std::time::Duration::from_secs(60);
    let recent: Vec<f32> =
        world.snapshot.host_history.load.iter().filter(|(at, ..)| *at >= since).map(|(_, cpu, _)| *cpu).collect();
    #[expect(clippy::cast_precision_loss, reason = "a handful of samples")]
    (!recent.is_empty()).then(|| recent.iter().sum::<f32>() / recent.len() as f32)
}

fn host_row(world: &World, width: u16, look: &Look) -> Row<'static> {
    let judged = &world.assessment.host;
    let style = look.style(health_role(judged.health));
    let sample = world.snapshot.host.value.as_ref().filter(|_| judged.freshness.is_live());
    let Some(sample) = sample else {
        let text = format::freshness(judged.freshness).unwrap_or_default();
        let left = vec![piece(format!("{} ", look.health_glyph(Health::Unknown)), style), piece("host", style)];
        return Row { left, right: vec![piece(format!("{text} "), style)], selected: false };
    };
    let fullest = sample.disks.iter().map(crate::model::host::Disk::share).fold(0.0, f32::max);
    let part = |label: &str, share: Option<f32>| match share {
        Some(share) => vec![
            piece(format!(" {label} "), look.style(Role::Dim)),
            piece(format::percent(share), look.style(Role::Text)),
        ],
        None => Vec::new(),
    };
    let mut numbers = part("cpu", steady_cpu(world).or(sample.cpu));
    numbers.extend(part("mem", sample.memory.share()));
    numbers.extend(part("disk", Some(fullest)));
    let mut left = vec![piece(look.health_glyph(judged.health), style)];
    // On a narrow screen the numbers matter more than the name.
    if width < 36 {
        left.extend(numbers);
        return Row::of(left);
    }
    left.push(piece(format!(" {}", sample.name), look.style(Role::Text)));
    numbers.push(piece(" ", look.style(Role::Text)));
    Row { left, right: numbers, selected: false }
}
