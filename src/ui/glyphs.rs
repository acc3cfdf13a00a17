//! The signs that the screen is drawn with: one set for terminals that show Unicode, one in ASCII.

use crate::model::history::Status;

/// A set of signs. All are one cell wide.
#[derive(Debug, PartialEq, Eq)]
pub struct Glyphs {
    pub healthy: &'static str,
    pub down: &'static str,
    pub degraded: &'static str,
    pub unknown: &'static str,
    pub maintenance: &'static str,
    pub horizontal: &'static str,
    pub vertical: &'static str,
    /// Corners of a modal: top left, top right, bottom left, bottom right.
    pub corners: [&'static str; 4],
    /// Eight heights, lowest first.
    pub bars: [&'static str; 8],
    /// Cells of the availability strip. Trouble stands tall, so that it is seen without colour.
    strip: [&'static str; 5],
    /// A column of a chart that failed, and one under a curve.
    pub shade: &'static str,
    pub stem: &'static str,
    pub meter_full: &'static str,
    pub meter_empty: &'static str,
    pub ellipsis: &'static str,
    pub selected: &'static str,
    /// Hangs a symptom under its cause.
    pub branch: &'static str,
    pub separator: &'static str,
    pub up: &'static str,
    pub down_arrow: &'static str,
    pub folded: &'static str,
}

/// For terminals with a UTF-8 locale.
pub static UNICODE: Glyphs = Glyphs {
    healthy: "✓",
    down: "✗",
    degraded: "!",
    unknown: "?",
    maintenance: "~",
    horizontal: "─",
    vertical: "│",
    corners: ["┌", "┐", "└", "┘"],
    bars: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    strip: ["█", "▅", "░", "·", "▂"],
    shade: "░",
    stem: " ",
    meter_full: "━",
    meter_empty: "─",
    ellipsis: "…",
    selected: "▌",
    branch: "└",
    separator: "·",
    up: "↑",
    down_arrow: "↓",
    folded: "▸",
};

/// For everything else.
pub static ASCII: Glyphs = Glyphs {
    healthy: "+",
    down: "x",
    degraded: "!",
    unknown: "?",
    maintenance: "~",
    horizontal: "-",
    vertical: "|",
    corners: ["+", "+", "+", "+"],
    bars: ["_", "_", ".", ".", ":", "+", "*", "#"],
    strip: ["#", "=", "?", ".", "_"],
    shade: "x",
    stem: " ",
    meter_full: "=",
    meter_empty: ".",
    ellipsis: "~",
    selected: ">",
    branch: "`",
    separator: "-",
    up: "^",
    down_arrow: "v",
    folded: ">",
};

impl Glyphs {
    /// Returns the sign of a status in an availability strip.
    pub fn strip(&self, status: Status) -> &'static str {
        match status {
            Status::Down => self.strip[0],
            Status::Degraded => self.strip[1],
            Status::Unknown => self.strip[2],
            Status::Unwatched => self.strip[3],
            Status::Up => self.strip[4],
        }
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::*;

    #[test]
    fn the_ascii_set_is_ascii_and_the_other_is_one_cell_wide() {
        let all = |set: &Glyphs| format!("{set:?}");
        assert!(all(&ASCII).is_ascii());
        for status in [Status::Down, Status::Degraded, Status::Unknown, Status::Unwatched, Status::Up] {
            assert_eq!(UNICODE.strip(status).width(), 1);
        }
        for sign in UNICODE.bars {
            assert_eq!(sign.width(), 1);
        }
    }
}
