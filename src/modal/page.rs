//! A page or a status update before it goes out: whom, by what, in which words. One key sends it, and not the one that opened it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::glance::Glance;
use super::operation::split;
use crate::action::Action;
use crate::action::keymap::Keymap;
use crate::app::event::Key;
use crate::app::world::World;
use crate::model::contact::Contact;
use crate::model::id::ContactId;
use crate::model::message::MessageKind;
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::paging::{PagePlan, Route};
use crate::ui::paint::{self, piece};
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role, format};

/// A message that is read.
#[derive(Clone, PartialEq, Debug)]
pub struct PageState {
    pub plan: PagePlan,
    pub glance: Glance,
    opened_by: Option<Key>,
    top: usize,
}

impl PageState {
    /// Opens a plan.
    pub fn new(plan: PagePlan, opened_by: Option<Key>, glance: Glance) -> Self {
        Self { plan, glance, opened_by, top: 0 }
    }

    /// Returns whether a yes counts.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn counts(&self, key: Option<Key>, now: Timestamp) -> Result<(), &'static str> {
        if key.is_some() && key == self.opened_by {
            return Err("the key that opened it does not send it");
        }
        if now < self.glance.counts_from() {
            return Err("that came before it could be read; read it, then press again");
        }
        if self.plan.routes.is_empty() { Err("there is nothing to send it by") } else { Ok(()) }
    }

    /// Scrolls by some rows.
    pub fn scroll(&mut self, by: isize, world: &World, inner: (u16, u16), look: &Look) {
        let rows = self.rows(world, usize::from(inner.0), look).len();
        self.top = self.top.saturating_add_signed(by).min(rows.saturating_sub(usize::from(inner.1).saturating_sub(2)));
    }

    /// Draws the modal.
    pub fn view(&self, world: &World, keymap: &Keymap, area: Rect, buf: &mut Buffer, look: &Look) {
        let title = match self.plan.kind {
            MessageKind::Page => format!("Page {}", who(world, self.plan.contact.as_ref())),
            MessageKind::Update => "Tell others how it stands".to_owned(),
        };
        let title = paint::cut(&title, usize::from(area.width.saturating_sub(8)), look).into_owned();
        let inner = super::frame(&title, "esc no", area, buf, look);
        let (body, foot) = split(inner, 2);
        let rows = self.rows(world, usize::from(body.width), look);
        let top = self.top.min(rows.len().saturating_sub(usize::from(body.height)));
        draw_rows(buf, body, &rows, top, true, look);
        let yes = keymap.key(Action::Confirm).map(|key| key.to_string()).unwrap_or_default();
        let line = match world.current_notice() {
            Some(notice) => vec![piece(notice.text.to_string(), look.style(Role::Degraded))],
            None if world.now < self.glance.counts_from() => {
                vec![piece("Read it. Keys count in a moment.", look.style(Role::Dim))]
            }
            None => {
                vec![piece(format!(" {yes} "), look.style(Role::Alarm)), piece(" send it", look.style(Role::Title))]
            }
        };
        let rule =
            Row::of(vec![piece(look.glyphs.horizontal.repeat(usize::from(foot.width)), look.style(Role::Faint))]);
        draw_rows(buf, foot, &[rule, Row::of(line)], 0, true, look);
    }

    fn rows(&self, world: &World, cells: usize, look: &Look) -> Vec<Row<'static>> {
        let mut rows = Vec::new();
        let mut say = |text: &str, role: Role| {
            rows.extend(paint::wrap(text, cells).into_iter().map(|line| Row::of(vec![piece(line, look.style(role))])));
        };
        for stop in &self.plan.stops {
            say(&format!("{} {stop}", look.glyphs.degraded), Role::Degraded);
        }
        if let Some(why) = &self.plan.why {
            say(why.as_str(), Role::Dim);
        }
        let update = self.plan.kind == MessageKind::Update;
        for (nth, route) in self.plan.routes.iter().enumerate() {
            let before = if nth == 0 || update { "by" } else { "then by" };
            say(&format!("{before} {}", way(route)), Role::Accent);
        }
        say("", Role::Text);
        say(self.plan.message.title.as_str(), Role::Title);
        for line in &self.plan.message.text {
            say(line.as_str(), Role::Text);
        }
        if let Some(next) = &self.plan.next {
            say("", Role::Text);
            let at = format::moment(next.at, world.now, &world.zone);
            say(&format!("If nobody acknowledges it, {} is next at {at}.", who(world, Some(&next.contact))), Role::Dim);
        }
        rows
    }
}

fn who(world: &World, contact: Option<&ContactId>) -> String {
    let Some(id) = contact else { return "whoever reads along".to_owned() };
    let known = world.catalog.contacts.iter().find(|contact: &&Contact| contact.id == *id);
    known.map_or_else(|| id.to_string(), |contact| contact.name.to_string())
}

fn way(route: &Route) -> String {
    let to: Vec<&str> = route.to.iter().map(Line::as_str).collect();
    let to = if to.is_empty() { String::new() } else { format!(" to {}", to.join(", ")) };
    let others = if route.is_personal { "" } else { ", where others read it" };
    format!("{}{to}{others}", route.sender)
}
