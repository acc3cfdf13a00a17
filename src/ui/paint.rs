//! Putting text into cells: cut to width, aligned, marked as cut.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

use super::{Look, Role};

/// A piece of text with a style.
pub type Piece<'a> = (std::borrow::Cow<'a, str>, Style);

/// Returns a piece of text.
pub fn piece<'a>(text: impl Into<std::borrow::Cow<'a, str>>, style: Style) -> Piece<'a> {
    (text.into(), style)
}

/// Returns how many cells a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// Returns how many cells some pieces take.
pub fn pieces_width(pieces: &[Piece<'_>]) -> usize {
    pieces.iter().map(|(text, _)| width(text)).sum()
}

/// Returns as much of the beginning as fits into `cells`; a cut text ends in an ellipsis.
pub fn cut<'a>(text: &'a str, cells: usize, look: &Look) -> std::borrow::Cow<'a, str> {
    if text.len() <= cells || width(text) <= cells {
        return text.into();
    }
    let Some(room) = cells.checked_sub(1) else { return "".into() };
    let (mut used, mut end) = (0, 0);
    for (at, grapheme) in text.grapheme_indices(true) {
        let wide = grapheme.width();
        if used + wide > room {
            break;
        }
        used += wide;
        end = at + grapheme.len();
    }
    format!("{}{}", &text[..end], look.glyphs.ellipsis).into()
}

/// Draws pieces from the left edge of a row, cut where the row ends. Returns the cells used.
pub fn row(buf: &mut Buffer, area: Rect, pieces: &[Piece<'_>], look: &Look) -> u16 {
    if area.height == 0 || area.width == 0 {
        return 0;
    }
    let total = usize::from(area.width);
    let cut_off = pieces_width(pieces) > total;
    let room = total - usize::from(cut_off);
    let (mut used, mut last) = (0, Style::new());
    for (text, style) in pieces {
        if used >= room {
            break;
        }
        let x = area.x + u16::try_from(used).unwrap_or(0);
        let (end, _) = buf.set_stringn(x, area.y, text, room - used, *style);
        used = usize::from(end.saturating_sub(area.x));
        last = *style;
    }
    if cut_off {
        buf.set_stringn(area.x + u16::try_from(used).unwrap_or(0), area.y, look.glyphs.ellipsis, 1, last);
        used += 1;
    }
    u16::try_from(used).unwrap_or(area.width)
}

/// Draws pieces against the right edge of a row, if they fit beside `taken` cells on the left.
pub fn right(buf: &mut Buffer, area: Rect, taken: u16, pieces: &[Piece<'_>], look: &Look) -> bool {
    let wide = pieces_width(pieces);
    let Ok(wide) = u16::try_from(wide) else { return false };
    if area.height == 0 || wide == 0 || taken.saturating_add(wide) > area.width {
        return false;
    }
    let place = Rect { x: area.right() - wide, width: wide, ..area };
    row(buf, place, pieces, look);
    true
}

/// Draws a rule with a title in it, the head of a pane: `── Services ─────── 3 ok ──`.
pub fn rule(buf: &mut Buffer, area: Rect, title: &[Piece<'_>], end: &[Piece<'_>], focused: bool, look: &Look) {
    if area.height == 0 {
        return;
    }
    let line = look.style(if focused { Role::Accent } else { Role::Faint });
    for x in area.left()..area.right() {
        buf[(x, area.y)].set_symbol(look.glyphs.horizontal).set_style(line);
    }
    let inside = |from: u16, to: u16| Rect { x: area.x + from, y: area.y, width: to.saturating_sub(from), height: 1 };
    let mut pieces = vec![piece(" ", line)];
    pieces.extend(title.iter().cloned());
    pieces.push(piece(" ", line));
    let used = row(buf, inside(1.min(area.width), area.width.saturating_sub(1)), &pieces, look) + 1;
    if !end.is_empty() {
        let mut pieces = vec![piece(" ", line)];
        pieces.extend(end.iter().cloned());
        pieces.push(piece(" ", line));
        right(buf, inside(0, area.width.saturating_sub(1)), used + 1, &pieces, look);
    }
}

/// Adds a style to a whole row: the selection.
pub fn wash(buf: &mut Buffer, area: Rect, style: Style) {
    buf.set_style(area, style);
}

/// Breaks text into rows of at most `cells`, at spaces where there are any.
pub fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(1);
    let mut rows = Vec::new();
    let (mut row, mut used) = (String::new(), 0);
    for word in text.split_inclusive(' ').flat_map(space_apart) {
        let wide = word.width();
        if used + wide <= cells {
            row.push_str(word);
            used += wide;
            continue;
        }
        if !row.trim_end().is_empty() {
            rows.push(std::mem::take(&mut row).trim_end().to_owned());
        }
        (row, used) = (String::new(), 0);
        if word.trim().is_empty() {
            continue;
        }
        for grapheme in word.graphemes(true) {
            let wide = grapheme.width();
            if used + wide > cells && used > 0 {
                rows.push(std::mem::take(&mut row));
                used = 0;
            }
            row.push_str(grapheme);
            used += wide;
        }
    }
    if !row.trim_end().is_empty() || rows.is_empty() {
        rows.push(row.trim_end().to_owned());
    }
    rows
}

/// Splits the space off the end of a word, so that it may hang over the edge.
fn space_apart(word: &str) -> impl Iterator<Item = &str> {
    let (word, space) = word.split_at(word.trim_end_matches(' ').len());
    [word, space].into_iter().filter(|part| !part.is_empty())
}

/// Returns the first visible index so that `selected` stays in view, moving as little as possible from `top`.
pub fn scroll(top: usize, selected: usize, height: usize, total: usize) -> usize {
    let lowest = (selected + 1).saturating_sub(height.max(1));
    top.clamp(lowest, selected).min(total.saturating_sub(height))
}

#[cfg(test)]
mod tests {
    use super::super::glyphs;
    use super::super::theme::Theme;
    use super::*;

    fn look() -> Look {
        Look { theme: Theme::named("mono").unwrap(), glyphs: &glyphs::UNICODE }
    }

    fn drawn(cells: u16, pieces: &[&str]) -> String {
        let area = Rect::new(0, 0, cells, 1);
        let mut buf = Buffer::empty(area);
        let pieces: Vec<_> = pieces.iter().map(|text| piece(*text, Style::new())).collect();
        row(&mut buf, area, &pieces, &look());
        (0..cells).map(|x| buf[(x, 0)].symbol().to_owned()).collect()
    }

    #[test]
    fn text_that_does_not_fit_is_marked_as_cut() {
        assert_eq!(drawn(8, &["checkout"]), "checkout");
        assert_eq!(drawn(7, &["checkout"]), "checko…");
        assert_eq!(drawn(8, &["checkout", " is down"]), "checkou…");
        assert_eq!(drawn(12, &["checkout", " is down"]), "checkout is…");
        assert_eq!(drawn(1, &["checkout"]), "…");
    }

    #[test]
    fn a_wide_character_is_never_halved() {
        assert_eq!(cut("日本語", 4, &look()), "日…");
        assert_eq!(cut("日本語", 5, &look()), "日本…");
    }

    #[test]
    fn wrapping_prefers_spaces_and_breaks_what_has_none() {
        assert_eq!(wrap("connection refused by peer", 11), ["connection", "refused by", "peer"]);
        assert_eq!(wrap("aaaaaaaaaa bb", 4), ["aaaa", "aaaa", "aa", "bb"]);
        assert_eq!(wrap("", 4), [""]);
    }

    #[test]
    fn scrolling_moves_as_little_as_possible() {
        assert_eq!(scroll(0, 4, 5, 20), 0);
        assert_eq!(scroll(0, 5, 5, 20), 1);
        assert_eq!(scroll(10, 4, 5, 20), 4);
        assert_eq!(scroll(18, 19, 5, 20), 15);
        assert_eq!(scroll(7, 0, 5, 3), 0);
    }
}
