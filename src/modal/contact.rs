//! One contact: every number and address, what support will ask for, and a picture that a phone dials.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::action::Action;
use crate::action::keymap::Keymap;
use crate::app::world::World;
use crate::contacts::mask::mask;
use crate::contacts::number::Number;
use crate::contacts::qr::{self, Ink};
use crate::contacts::words::way_words;
use crate::model::contact::{Contact, Outcome, Way};
use crate::model::id::ContactId;
use crate::model::text::Line;
use crate::pane::contacts::{best_way, moment};
use crate::ui::paint::{self, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role, format};

/// Which contact, and where in it the user is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContactState {
    pub contact: ContactId,
    /// The way that is selected, by its place among all.
    selected: Option<usize>,
    top: usize,
    /// Account and contract numbers are shown whole.
    pub revealed: bool,
    pub stage: Stage,
}

/// What is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    Facts,
    /// The picture of the selected number.
    Picture,
    /// What came of a call?
    Asking,
}

/// The letter of each outcome.
pub const OUTCOMES: [(char, Outcome); 6] = [
    ('r', Outcome::Reached),
    ('n', Outcome::NoAnswer),
    ('b', Outcome::Busy),
    ('v', Outcome::Voicemail),
    ('c', Outcome::Declined),
    ('w', Outcome::WrongNumber),
];

impl ContactState {
    /// Opens a contact.
    pub fn new(contact: ContactId) -> Self {
        Self { contact, selected: None, top: 0, revealed: false, stage: Stage::Facts }
    }

    /// Returns the contact, if it is still known.
    pub fn contact<'w>(&self, world: &'w World) -> Option<&'w Contact> {
        world.catalog.contacts.iter().find(|contact| contact.id == self.contact)
    }

    /// Returns the number or address that is selected: at first the one to dial now.
    pub fn way<'w>(&self, world: &'w World) -> Option<&'w Way> {
        let contact = self.contact(world)?;
        match self.selected {
            Some(at) => contact.ways().nth(at),
            None => best_way(contact, &moment(world)),
        }
    }

    fn place(&self, world: &World) -> Option<usize> {
        let (contact, way) = (self.contact(world)?, self.way(world)?);
        contact.ways().position(|other| std::ptr::eq(other, way))
    }

    /// Moves the selection.
    pub fn step(&mut self, by: isize, world: &World, inner: (u16, u16), look: &Look) {
        let count = self.contact(world).map_or(0, |contact| contact.ways().count());
        let here = self.place(world).unwrap_or(0);
        self.selected = Some(here.saturating_add_signed(by).min(count.saturating_sub(1)));
        let rows = self.rows(world, inner.0, look);
        let last = rows.iter().rposition(|row| row.selected).unwrap_or(0);
        self.top = paint::scroll(self.top, last, usize::from(inner.1), rows.len());
        // What stands behind the last number is reached by going on.
        if here + 1 >= count && by > 0 {
            self.top = rows.len().saturating_sub(usize::from(inner.1));
        }
    }

    /// Returns what a phone opens for what is selected.
    pub fn link(&self, world: &World) -> Option<String> {
        let (contact, way) = (self.contact(world)?, self.way(world)?);
        Some(link(contact, way))
    }

    /// Draws the modal.
    pub fn view(&self, world: &World, keymap: &Keymap, area: Rect, buf: &mut Buffer, look: &Look) {
        let Some(contact) = self.contact(world) else {
            super::frame("A contact", "esc close", area, buf, look);
            return;
        };
        let key = |action| keymap.key(action).map(|key| key.to_string()).unwrap_or_default();
        match self.stage {
            Stage::Picture => self.picture(contact, world, area, buf, look),
            Stage::Asking => asking(contact, self.way(world), area, buf, look),
            Stage::Facts => {
                let hint = if area.width < 60 {
                    format!("{} log  {} QR  {} copy", key(Action::CallLog), key(Action::CallPicture), key(Action::Copy))
                } else {
                    format!(
                        "{} log a call  {} picture to scan  {} copy  {} numbers  esc close",
                        key(Action::CallLog),
                        key(Action::CallPicture),
                        key(Action::Copy),
                        key(Action::CallReveal)
                    )
                };
                let inner = super::frame(contact.name.as_str(), &hint, area, buf, look);
                draw_rows(buf, inner, &self.rows(world, inner.width, look), self.top, true, look);
            }
        }
    }

    fn picture(&self, contact: &Contact, world: &World, area: Rect, buf: &mut Buffer, look: &Look) {
        let Some(way) = self.way(world) else { return };
        let title = paint::cut(way.address.as_str(), usize::from(area.width.saturating_sub(8)), look).into_owned();
        let inner = super::frame(&title, "scan it  esc back", area, buf, look);
        let ascii = look.glyphs.horizontal.is_ascii();
        // The frame's own margin counts as light only where the picture keeps its own.
        let room = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..inner };
        let columns = usize::from(room.width) / if ascii { 2 } else { 1 };
        let rows = usize::from(room.height) * if ascii { 1 } else { 2 };
        match qr::draw(&link(contact, way), columns, rows / if ascii { 1 } else { 2 }) {
            Ok(picture) => {
                let lines = picture.rows(if ascii { Ink::Ascii } else { Ink::Light });
                let wide = lines.first().map_or(0, |line| paint::width(line));
                let x = room.x + room.width.saturating_sub(u16::try_from(wide).unwrap_or(0)) / 2;
                let tall = u16::try_from(lines.len()).unwrap_or(u16::MAX);
                let y = room.y + room.height.saturating_sub(tall) / 2;
                // White on black whatever the theme is: a camera looks at it.
                let style = ratatui::style::Style::new()
                    .fg(ratatui::style::Color::Rgb(0xff, 0xff, 0xff))
                    .bg(ratatui::style::Color::Rgb(0, 0, 0));
                for (line, y) in lines.iter().zip(y..room.bottom()) {
                    buf.set_stringn(x, y, line, usize::from(room.width), style);
                }
            }
            Err(error) => {
                let text = format!("{error}: make the terminal larger, or copy it with y");
                let rows: Vec<_> = paint::wrap(&text, usize::from(inner.width))
                    .into_iter()
                    .map(|line| Row::of(vec![piece(line, look.style(Role::Degraded))]))
                    .collect();
                draw_rows(buf, inner, &rows, 0, true, look);
            }
        }
    }

    /// Returns where the numbers stand that a terminal can open, and what each opens.
    pub fn links(&self, world: &World, area: Rect, look: &Look) -> Vec<(Rect, String)> {
        let Some(contact) = self.contact(world).filter(|_| self.stage == Stage::Facts) else { return Vec::new() };
        let inner = Rect {
            x: area.x + 2,
            y: area.y + 1,
            width: area.width.saturating_sub(4),
            height: area.height.saturating_sub(2),
        };
        let mut links = Vec::new();
        let mut y = 0;
        for (index, way) in contact.ways().enumerate() {
            let rows = self.way_rows(contact, index, way, world, inner.width, look).len();
            let wide = paint::width(way.address.as_str()).min(usize::from(inner.width.saturating_sub(COLUMN)));
            if y >= self.top && y - self.top < usize::from(inner.height) && wide > 0 {
                let place = Rect {
                    x: inner.x + COLUMN,
                    y: inner.y + u16::try_from(y - self.top).unwrap_or(0),
                    width: u16::try_from(wide).unwrap_or(0),
                    height: 1,
                };
                links.push((place, link(contact, way)));
            }
            y += rows;
        }
        links
    }

    fn way_rows(
        &self,
        contact: &Contact,
        index: usize,
        way: &Way,
        world: &World,
        width: u16,
        look: &Look,
    ) -> Vec<Row<'static>> {
        let selected = self.place(world) == Some(index);
        let title = title_of(contact, way);
        let (dim, text) = (look.style(Role::Dim), look.style(if selected { Role::Title } else { Role::Text }));
        let mark = if selected { look.glyphs.selected } else { " " };
        let cells = usize::from(width.saturating_sub(COLUMN)).max(8);
        let mut rows = Vec::new();
        for (nth, line) in paint::wrap(&way_words(way, &moment(world)), cells).into_iter().enumerate() {
            let (mark, title) = if nth == 0 { (mark, title) } else { (" ", "") };
            rows.push(Row {
                left: vec![piece(mark, look.style(Role::Accent)), piece(format!("{title:<9}"), dim), piece(line, text)],
                right: Vec::new(),
                selected,
            });
        }
        let hours = way
            .hours
            .as_ref()
            .map(|hours| format!("{hours}{}", way.zone.as_ref().map(|zone| format!(" {zone}")).unwrap_or_default()));
        for told in hours.into_iter().chain(way.note.as_ref().map(ToString::to_string)) {
            for line in paint::wrap(&told, cells) {
                rows.push(Row { left: vec![piece(format!("          {line}"), dim)], right: Vec::new(), selected });
            }
        }
        rows
    }

    fn rows(&self, world: &World, width: u16, look: &Look) -> Vec<Row<'static>> {
        let Some(contact) = self.contact(world) else { return Vec::new() };
        let cells = usize::from(width.saturating_sub(COLUMN)).max(8);
        let mut rows: Vec<Row<'static>> = contact
            .ways()
            .enumerate()
            .flat_map(|(index, way)| self.way_rows(contact, index, way, world, width, look))
            .collect();
        let dim = look.style(Role::Dim);
        let number = |number: &Line| if self.revealed { number.to_string() } else { mask(number).to_string() };
        let joined =
            |lines: &[Line]| (!lines.is_empty()).then(|| lines.iter().map(Line::as_str).collect::<Vec<_>>().join(", "));
        let facts = [
            ("account", contact.account.as_ref().map(number)),
            ("contract", contact.contract.as_ref().map(number)),
            ("for", joined(&contact.services)),
            ("speaks", joined(&contact.languages)),
            ("then", contact.escalate_after.map(|after| format!("the next one after {}", format::span(after)))),
            ("verified", contact.verified.map(|day| day.to_string())),
        ];
        let notes = contact.notes.iter().map(|note| ("note", Some(note.to_string())));
        for (title, value) in facts.into_iter().chain(notes) {
            let Some(value) = value else { continue };
            for (nth, line) in paint::wrap(&value, cells).into_iter().enumerate() {
                let title = if nth == 0 { title } else { "" };
                rows.push(Row::of(vec![piece(format!(" {title:<9}"), dim), piece(line, look.style(Role::Text))]));
            }
        }
        let calls = world.incidents.open().map(|incident| incident.calls.as_slice()).unwrap_or_default();
        for call in calls.iter().filter(|call| call.contact == contact.id) {
            let text = format!("{}  {}", format::clock(call.at, &world.zone), call.outcome.words());
            rows.push(Row::of(vec![piece(" called   ", dim), piece(text, look.style(Role::Accent))]));
        }
        rows
    }
}

/// The cells before a number.
const COLUMN: u16 = 10;

fn title_of(contact: &Contact, way: &Way) -> &'static str {
    let is_in = |ways: &[Way]| ways.iter().any(|other| std::ptr::eq(other, way));
    if is_in(&contact.phones) {
        "phone"
    } else if is_in(&contact.chat) {
        "chat"
    } else if is_in(&contact.emails) {
        "e-mail"
    } else {
        "page"
    }
}

/// Returns what a phone or a terminal opens: `tel:`, `mailto:`, a page, or the text itself.
fn link(contact: &Contact, way: &Way) -> String {
    let address = way.address.as_str();
    match title_of(contact, way) {
        "phone" => Number::read(address).map_or_else(|_| address.to_owned(), |number| number.link()),
        "e-mail" => format!("mailto:{address}"),
        _ => address.to_owned(),
    }
}

fn asking(contact: &Contact, way: Option<&Way>, area: Rect, buf: &mut Buffer, look: &Look) {
    let inner = super::frame(&format!("You called {}", contact.name), "esc back", area, buf, look);
    let number = way.map(|way| format!("{}: what came of it?", way.address)).unwrap_or_default();
    let mut rows = vec![Row::of(vec![piece(number, look.style(Role::Dim))]), Row::default()];
    for (letter, outcome) in OUTCOMES {
        rows.push(Row::of(vec![
            piece(format!(" {letter}  "), look.style(Role::Accent)),
            piece(outcome.words(), look.style(Role::Text)),
        ]));
    }
    draw_rows(buf, inner, &rows, 0, true, look);
}
