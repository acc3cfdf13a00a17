//! A list to choose from: what can be done, or what it is to be done to.
//!
//! The list stays as it was when it opened: rows that move under a finger act on the wrong thing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::world::World;
use crate::model::operation::{ConfirmLevel, Offer, Target};
use crate::model::release::Release;
use crate::operation::plan::ROLL_BACK;
use crate::operation::target::eligible;
use crate::pane::feeds::words::{release_role, release_word, state_word};
use crate::ui::paint::{self, Piece, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role, format};

/// What is chosen from, and where the user is in it.
#[derive(Clone, PartialEq, Debug)]
pub struct ChooseState {
    pub title: String,
    pub choices: Vec<Choice>,
    pub selected: usize,
}

/// One row: an action, and what it is done to where that is known.
#[derive(Clone, PartialEq, Debug)]
pub struct Choice {
    pub offer: Offer,
    /// Nothing: the action itself is what is chosen.
    pub target: Option<Target>,
}

impl ChooseState {
    /// Opens the list of what can be done.
    pub fn actions(whose: &str, choices: Vec<Choice>) -> Self {
        Self { title: format!("What to do with {whose}"), choices, selected: 0 }
    }

    /// Opens the list of what an action can be done to, on the one that was meant so far.
    pub fn targets(offer: &Offer, targets: Vec<Target>, meant: Option<&Target>) -> Self {
        let id = |target: &Target| target.value()["id"].clone();
        let meant = meant.and_then(|meant| targets.iter().position(|target| id(target) == id(meant)));
        let first = targets.iter().position(|target| matches!(target, Target::Release(to) if can_go(to)));
        let choices = targets.into_iter().map(|target| Choice { offer: offer.clone(), target: Some(target) }).collect();
        let to = if offer.action == ROLL_BACK { " to" } else { "" };
        let title = format!("{}{to} which {}", offer.title, offer.target);
        Self { title, choices, selected: meant.or(first).unwrap_or(0) }
    }

    /// Moves the selection.
    pub fn step(&mut self, by: isize) {
        self.selected = self.selected.saturating_add_signed(by).min(self.choices.len().saturating_sub(1));
    }

    /// Draws the modal.
    pub fn view(&self, world: &World, area: Rect, buf: &mut Buffer, look: &Look) {
        let title = paint::cut(&self.title, usize::from(area.width.saturating_sub(8)), look).into_owned();
        let inner = super::frame(&title, "enter choose  esc back", area, buf, look);
        if self.choices.is_empty() {
            paint::row(buf, inner, &[piece("there is none now", look.style(Role::Dim))], look);
            return;
        }
        let tall = usize::from(inner.height) >= self.choices.len() * 2;
        let rows: Vec<Row<'_>> = self
            .choices
            .iter()
            .enumerate()
            .flat_map(|(index, choice)| {
                let mut rows = row(world, choice, inner.width, look);
                if !tall {
                    rows.truncate(1);
                }
                for (nth, row) in rows.iter_mut().enumerate() {
                    row.selected = index == self.selected;
                    let mark = if row.selected && nth == 0 { look.glyphs.selected } else { " " };
                    row.left.insert(0, piece(mark, look.style(Role::Accent)));
                }
                rows
            })
            .collect();
        let last = rows.iter().rposition(|row| row.selected).unwrap_or(0);
        let top = paint::scroll(0, last, usize::from(inner.height), rows.len());
        draw_rows(buf, inner, &rows, top, true, look);
    }
}

fn can_go(release: &Release) -> bool {
    !release.live && eligible(release).is_ok()
}

fn row(world: &World, choice: &Choice, width: u16, look: &Look) -> Vec<Row<'static>> {
    match &choice.target {
        Some(Target::Release(release)) if choice.offer.target == "release" => release_rows(world, release, width, look),
        target => offer_rows(choice, target.as_ref(), look),
    }
}

fn offer_rows(choice: &Choice, target: Option<&Target>, look: &Look) -> Vec<Row<'static>> {
    let dim = look.style(Role::Dim);
    let offer = &choice.offer;
    let mut left = vec![piece(offer.title.to_string(), look.style(Role::Text))];
    match (target, offer.target.as_str()) {
        (Some(target), _) => {
            let name = target.name().map(ToString::to_string).unwrap_or_default();
            left.push(piece(format!(" {name}"), look.style(Role::Title)));
            left.extend(state_of(target).map(|state| piece(format!("  {state}"), dim)));
        }
        (None, "service") => {}
        (None, other) => left.push(piece(format!(" ({other})"), dim)),
    }
    let how = if offer.confirm == ConfirmLevel::None { "at once  " } else { "" };
    vec![Row { left, right: vec![piece(format!("{how}{} ", offer.source), dim)], selected: false }]
}

fn state_of(target: &Target) -> Option<String> {
    match target {
        Target::Instance(instance) => Some(state_word(&instance.state)),
        Target::Alert(alert) => Some(state_word(&alert.state)),
        Target::Issue(issue) => Some(state_word(&issue.state)),
        Target::Check(monitor) => Some(state_word(&monitor.state)),
        Target::Service | Target::Release(_) => None,
    }
}

fn release_rows(world: &World, release: &Release, width: u16, look: &Look) -> Vec<Row<'static>> {
    let dim = look.style(Role::Dim);
    let can = can_go(release);
    let name = if can { Role::Text } else { Role::Faint };
    let age = release.created_at.map_or_else(|| "-".to_owned(), |at| format::age(world.now.since(at)));
    let mut first: Vec<Piece<'static>> = vec![
        piece(format!("{:<9} ", release_word(release)), look.style(release_role(release))),
        piece(format!("{} ", release.name()), look.style(name)),
    ];
    if let Some(commit) = release.short_commit().filter(|commit| width >= 60 && *commit != release.name().as_str()) {
        first.push(piece(format!("{commit} "), dim));
    }
    if let Some(message) = release.message.as_ref().filter(|_| width >= 60) {
        first.push(piece(message.to_string(), look.style(name)));
    }
    let author = release.author.as_ref().map(|author| format!("{author}  ")).unwrap_or_default();
    let right = vec![piece(format!("{author}{age:>5} "), dim)];
    let mut second = vec![piece("          ", dim)];
    match eligible(release) {
        _ if release.live => second.push(piece("it is live now", dim)),
        Err(why) => second.push(piece(why.to_string(), dim)),
        Ok(()) if width < 60 => second.extend(release.message.as_ref().map(|text| piece(text.to_string(), dim))),
        Ok(()) => {}
    }
    let mut rows = vec![Row { left: first, right, selected: false }];
    if second.len() > 1 {
        rows.push(Row::of(second));
    }
    rows
}
