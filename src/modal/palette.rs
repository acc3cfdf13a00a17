//! One line that finds everything: services, logs, actions.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::prompt::Input;
use crate::action::keymap::Keymap;
use crate::action::{ACTIONS, Action};
use crate::app::world::{Item, World};
use crate::model::id::LogSourceId;
use crate::model::operation::Offer;
use crate::ui::paint::{self, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role};

/// What is typed, and which match is selected.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PaletteState {
    pub input: Input,
    pub selected: usize,
}

/// What a match leads to.
#[derive(Clone, PartialEq, Debug)]
pub enum Target {
    Item(Item),
    Log(LogSourceId),
    Action(Action),
    Offer(Offer),
    /// By its name.
    Runbook(String),
}

/// Something that can be found.
#[derive(Clone, Debug)]
pub struct Entry {
    pub target: Target,
    kind: &'static str,
    name: String,
    key: String,
}

impl PaletteState {
    /// Returns what matches, best first.
    pub fn matches(&self, world: &World, keymap: &Keymap) -> Vec<Entry> {
        let entries = entries(world, keymap);
        if self.input.text.trim().is_empty() {
            return entries;
        }
        let pattern = Pattern::parse(&self.input.text, CaseMatching::Smart, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut chars = Vec::new();
        let mut scored: Vec<_> = entries
            .into_iter()
            .filter_map(|entry| {
                let text = format!("{} {}", entry.name, entry.kind);
                let score = pattern.score(Utf32Str::new(&text, &mut chars), &mut matcher)?;
                Some((std::cmp::Reverse(score), entry))
            })
            .collect();
        scored.sort_by_key(|(score, _)| *score);
        // Letters strewn over a long sentence match too: far behind the best, they are noise.
        let best = scored.first().map_or(0, |(score, _)| score.0);
        scored.retain(|(score, _)| score.0 * 2 >= best);
        scored.into_iter().map(|(_, entry)| entry).collect()
    }

    /// Moves the selection.
    pub fn step(&mut self, by: isize, matches: usize) {
        self.selected = self.selected.saturating_add_signed(by).min(matches.saturating_sub(1));
    }

    /// Draws the modal.
    pub fn view(&self, world: &World, keymap: &Keymap, area: Rect, buf: &mut Buffer, look: &Look) {
        let inner = super::frame("Go to, or do", "enter choose  esc close", area, buf, look);
        let line = Rect { height: 1.min(inner.height), ..inner };
        let pieces = [
            piece(": ", look.style(Role::Accent)),
            piece(self.input.text.as_str(), look.style(Role::Title)),
            piece(" ", look.style(Role::MatchHere)),
        ];
        paint::row(buf, line, &pieces, look);
        let list = Rect { y: inner.y + 2.min(inner.height), height: inner.height.saturating_sub(2), ..inner };
        let matches = self.matches(world, keymap);
        let selected = self.selected.min(matches.len().saturating_sub(1));
        let rows: Vec<_> = matches
            .iter()
            .enumerate()
            .map(|(index, entry)| Row {
                left: vec![
                    piece(format!("{:<8} ", entry.kind), look.style(Role::Dim)),
                    piece(entry.name.clone(), look.style(Role::Text)),
                ],
                right: vec![piece(format!("{} ", entry.key), look.style(Role::Accent))],
                selected: index == selected,
            })
            .collect();
        if rows.is_empty() {
            paint::row(buf, list, &[piece("nothing matches", look.style(Role::Dim))], look);
        }
        let top = paint::scroll(0, selected, usize::from(list.height), rows.len());
        draw_rows(buf, list, &rows, top, true, look);
    }
}

fn entries(world: &World, keymap: &Keymap) -> Vec<Entry> {
    let services = world.catalog.services.iter().map(|service| Entry {
        target: Target::Item(Item::Service(service.id.clone())),
        kind: "service",
        name: service.id.to_string(),
        key: String::new(),
    });
    let vendors = world.catalog.vendors.iter().map(|vendor| Entry {
        target: Target::Item(Item::Vendor(vendor.id.clone())),
        kind: "vendor",
        name: vendor.id.to_string(),
        key: String::new(),
    });
    let host = std::iter::once(Entry {
        target: Target::Item(Item::Host),
        kind: "host",
        name: "this machine".to_owned(),
        key: String::new(),
    });
    let logs = world.catalog.logs.iter().map(|log| Entry {
        target: Target::Log(log.id.clone()),
        kind: "log",
        name: log.title.to_string(),
        key: String::new(),
    });
    let actions = ACTIONS.iter().filter(|row| row.action != Action::Palette).map(|row| Entry {
        target: Target::Action(row.action),
        kind: "do",
        name: row.help.to_owned(),
        key: keymap.key(row.action).map_or_else(String::new, |key| key.to_string()),
    });
    let runbooks = world.runbooks.iter().map(|document| Entry {
        target: Target::Runbook(document.runbook.name.clone()),
        kind: "runbook",
        name: document.runbook.title.to_string(),
        key: String::new(),
    });
    let offers = world.catalog.offers.iter().filter_map(|offer| {
        let service = offer.service.as_ref()?;
        let target = Target::Offer(offer.clone());
        Some(Entry { target, kind: "do", name: format!("{} {service}", offer.title), key: String::new() })
    });
    services.chain(vendors).chain(host).chain(logs).chain(actions).chain(offers).chain(runbooks).collect()
}
