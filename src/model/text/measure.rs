//! How many cells harmless text takes, and how to cut it to fit.
//!
//! All of it works on text that was sanitised before: no controls, no cluster without a cell. Widths are those that
//! `ratatui` lays out by, so a pane that cuts with these functions never paints over its neighbour.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Returns the cells that the text takes.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.graphemes(true).map(UnicodeWidthStr::width).sum() }
}

/// Splits the text after at most that many cells. A wide character is never cut in half.
pub fn split_at(text: &str, cells: usize) -> (&str, &str) {
    // Up to here every byte is a cell. Long lines of plain text are cut without looking at the rest of them.
    let ascii = text.as_bytes().iter().take(cells.saturating_add(1)).take_while(|byte| byte.is_ascii()).count();
    if ascii > cells {
        return text.split_at(cells);
    }
    if ascii == text.len() {
        return (text, "");
    }
    // The last of them may carry marks.
    let mut at = ascii.saturating_sub(1);
    let mut left = cells - at;
    for cluster in text[at..].graphemes(true) {
        let width = cluster.width();
        if width > left {
            break;
        }
        left -= width;
        at += cluster.len();
    }
    text.split_at(at)
}

/// Returns the beginning of the text, at most that many cells of it.
pub fn head(text: &str, cells: usize) -> &str {
    split_at(text, cells).0
}

/// Returns what is left of the text after scrolling that many cells to the right.
///
/// A wide character that straddles the edge is dropped, and the cells that it leaves behind are the second value.
pub fn scroll(text: &str, cells: usize) -> (&str, usize) {
    let (before, after) = split_at(text, cells);
    let missing = cells - width(before).min(cells);
    if missing == 0 || after.is_empty() {
        return (after, 0);
    }
    let straddling = after.graphemes(true).next().unwrap_or_default();
    (&after[straddling.len()..], straddling.width().saturating_sub(missing))
}

/// Returns the text if it fits, or its beginning with `…` at the end.
pub fn ellipsize(text: &str, cells: usize) -> Cow<'_, str> {
    let (before, after) = split_at(text, cells);
    if after.is_empty() {
        return Cow::Borrowed(text);
    }
    match cells {
        0 => Cow::Borrowed(""),
        _ => Cow::Owned(format!("{}…", head(before, cells - 1))),
    }
}

/// Cuts the text into rows of at most that many cells, at any character: what a terminal's own wrapping would do.
pub fn rows(text: &str, cells: usize) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let (row, after) = split_at(rest?, cells);
        // A row too narrow for the next wide character still has to move on.
        let (row, after) = if row.is_empty() && !after.is_empty() {
            after.split_at(after.graphemes(true).next().map_or(after.len(), str::len))
        } else {
            (row, after)
        };
        rest = (!after.is_empty()).then_some(after);
        Some(row)
    })
}
