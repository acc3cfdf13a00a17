//! Rows of text, of which every list is made.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::paint::{self, Piece};
use super::{Look, Role};

/// One drawn row: text from the left, text against the right edge.
#[derive(Clone, Debug, Default)]
pub struct Row<'a> {
    pub left: Vec<Piece<'a>>,
    pub right: Vec<Piece<'a>>,
    /// Whether the row belongs to what is selected.
    pub selected: bool,
}

impl<'a> Row<'a> {
    /// Returns a row with text on the left only.
    pub fn of(left: Vec<Piece<'a>>) -> Self {
        Self { left, ..Self::default() }
    }
}

/// Draws rows from `top` on into an area; the right part wins over the left where both do not fit.
pub fn draw_rows(buf: &mut Buffer, area: Rect, rows: &[Row<'_>], top: usize, focused: bool, look: &Look) {
    for (row, y) in rows.iter().skip(top).zip(area.top()..area.bottom()) {
        let line = Rect { y, height: 1, ..area };
        let right = u16::try_from(paint::pieces_width(&row.right)).unwrap_or(u16::MAX);
        let shows_right = right > 0 && right.saturating_add(6) <= area.width;
        let room = if shows_right { area.width - right - 1 } else { area.width };
        paint::row(buf, Rect { width: room, ..line }, &row.left, look);
        if shows_right {
            paint::right(buf, line, 0, &row.right, look);
        }
        if row.selected {
            let role = if focused { Role::Selected } else { Role::SelectedElsewhere };
            paint::wash(buf, line, look.style(role));
        }
    }
}
