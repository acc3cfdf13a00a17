//! Every key, from the table of actions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::action::keymap::Keymap;
use crate::action::{ACTIONS, Context};
use crate::ui::paint::piece;
use crate::ui::rows::{Row, draw_rows};
use crate::ui::{Look, Role};

/// How far the user has scrolled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HelpState {
    pub top: usize,
}

impl HelpState {
    /// Draws the modal.
    pub fn view(&self, keymap: &Keymap, area: Rect, buf: &mut Buffer, look: &Look) {
        let inner = super::frame("Keys", "esc or q close", area, buf, look);
        let rows = rows(keymap, inner.width, look);
        let top = self.top.min(rows.len().saturating_sub(usize::from(inner.height)));
        draw_rows(buf, inner, &rows, top, true, look);
    }

    /// Scrolls by some rows.
    pub fn scroll(&mut self, by: isize, height: u16) {
        // Two columns or one: the longest that it can be is one row for each action and two for each heading.
        let longest = (ACTIONS.len() + Context::ALL.len() * 2).saturating_sub(usize::from(height) / 2);
        self.top = self.top.saturating_add_signed(by).min(longest);
    }
}

fn rows(keymap: &Keymap, width: u16, look: &Look) -> Vec<Row<'static>> {
    let mut rows = vec![
        Row::of(vec![piece(
            "✓ ok  ✗ down  ! degraded  ? not known".replace(['✓'], look.glyphs.healthy).replace('✗', look.glyphs.down),
            look.style(Role::Dim),
        )]),
        Row::of(vec![piece("A value without an age is live; every other says how old it is.", look.style(Role::Dim))]),
    ];
    let column = if width >= 60 { 18 } else { 12 };
    for context in Context::ALL {
        rows.push(Row::default());
        rows.push(Row::of(vec![piece(context.title(), look.style(Role::Title))]));
        for row in ACTIONS.iter().filter(|row| row.context == context) {
            let keys: Vec<_> = keymap.keys(row.action).map(|key| key.to_string()).collect();
            let keys = if keys.is_empty() { "(none)".to_owned() } else { keys.join(" ") };
            rows.push(Row::of(vec![
                piece(format!("{keys:<column$} "), look.style(Role::Accent)),
                piece(row.help, look.style(Role::Text)),
            ]));
        }
    }
    rows
}
