//! From two buffers to the bytes that turn one screen into the other: few, since every one crosses a bad line.

use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// How many colours the terminal shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Depth {
    None,
    Sixteen,
    Indexed,
    True,
}

impl Depth {
    /// Returns what the environment promises.
    pub fn detect(no_color: bool, term: Option<&str>, colorterm: Option<&str>) -> Self {
        let term = term.unwrap_or_default();
        match colorterm {
            _ if no_color => Self::None,
            Some("truecolor" | "24bit") => Self::True,
            _ if term.ends_with("-direct") => Self::True,
            _ if term.contains("256color") => Self::Indexed,
            _ if term == "dumb" => Self::None,
            _ => Self::Sixteen,
        }
    }

    fn reduce(self, color: Color) -> Color {
        match (self, color) {
            (Self::None, _) => Color::Reset,
            (Self::Indexed, Color::Rgb(r, g, b)) => Color::Indexed(to_256(r, g, b)),
            (Self::Sixteen, Color::Rgb(r, g, b)) => to_16(r, g, b),
            (Self::Sixteen, Color::Indexed(16..)) => Color::Reset,
            (_, color) => color,
        }
    }
}

/// Returns the nearest colour of the 6x6x6 cube or the grey ramp.
fn to_256(r: u8, g: u8, b: u8) -> u8 {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let level = |value: u8| (0..6u8).min_by_key(|at| LEVELS[usize::from(*at)].abs_diff(value)).unwrap_or(0);
    let distance = |x: [u8; 3]| {
        let part = |one: u8, other: u8| u32::from(one.abs_diff(other)).pow(2);
        part(x[0], r) + part(x[1], g) + part(x[2], b)
    };
    let (lr, lg, lb) = (level(r), level(g), level(b));
    let cube = [LEVELS[usize::from(lr)], LEVELS[usize::from(lg)], LEVELS[usize::from(lb)]];
    let average = ((u16::from(r) + u16::from(g) + u16::from(b)) / 3) as u8;
    let step = average.saturating_sub(3) / 10;
    let step = step.min(23);
    let grey = 8 + step * 10;
    if distance([grey; 3]) < distance(cube) { 232 + step } else { 16 + 36 * lr + 6 * lg + lb }
}

/// Returns the nearest of the sixteen, or the terminal's own for what is nearly black (a background wash).
fn to_16(r: u8, g: u8, b: u8) -> Color {
    let (high, low) = (r.max(g).max(b), r.min(g).min(b));
    if high < 0x50 {
        return Color::Black;
    }
    if high - low < 0x30 {
        return match high {
            0xe0.. => Color::White,
            0x90..0xe0 => Color::Gray,
            _ => Color::DarkGray,
        };
    }
    // A channel that is near the strongest is part of the hue.
    let is_on = |value: u8| u16::from(value) * 10 >= u16::from(high) * 7;
    match (is_on(r), is_on(g), is_on(b)) {
        (true, true, _) => Color::Yellow,
        (true, false, true) => Color::Magenta,
        (true, false, false) => Color::LightRed,
        (false, true, true) => Color::Cyan,
        (false, true, false) => Color::Green,
        (false, false, _) => Color::LightBlue,
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Pen {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl Pen {
    const PLAIN: Self = Self { fg: Color::Reset, bg: Color::Reset, modifier: Modifier::empty() };

    fn of(cell: &Cell, depth: Depth) -> Self {
        let shown = Modifier::BOLD | Modifier::DIM | Modifier::UNDERLINED | Modifier::REVERSED;
        Self { fg: depth.reduce(cell.fg), bg: depth.reduce(cell.bg), modifier: cell.modifier & shown }
    }

    /// A blank looks the same whatever colour and weight its text has.
    fn for_blank(self) -> Self {
        if self.modifier.intersects(Modifier::UNDERLINED | Modifier::REVERSED) {
            return self;
        }
        Self { fg: Color::Reset, modifier: Modifier::empty(), ..self }
    }
}

/// Returns the bytes that turn `shown` into `wanted`. Nothing when they look the same.
///
/// With `shown` of another size or `None` the whole screen is drawn.
pub fn difference(shown: Option<&Buffer>, wanted: &Buffer, depth: Depth) -> String {
    let mut text = String::new();
    let whole = shown.is_none_or(|shown| shown.area != wanted.area);
    let blank = Cell::default();
    if whole {
        text.push_str("\x1b[0m\x1b[2J");
    }
    let mut pen = Pen::PLAIN;
    // Where the terminal's cursor is; `None` when that is not certain.
    let mut cursor: Option<(u16, u16)> = None;
    for y in 0..wanted.area.height {
        let row_end = tail_blank_from(wanted, y, depth);
        let mut x = 0;
        while x < wanted.area.width {
            let cell = &wanted[(x, y)];
            let before = shown.filter(|_| !whole).map_or(&blank, |shown| &shown[(x, y)]);
            let wide = unicode_width::UnicodeWidthStr::width(cell.symbol()).max(1);
            // Below the second half of a wide character the terminal shows nothing of what the buffer has there.
            let hidden = shown
                .filter(|_| !whole && x > 0)
                .is_some_and(|shown| unicode_width::UnicodeWidthStr::width(shown[(x - 1, y)].symbol()) > 1);
            if !hidden && same(cell, before, depth) {
                x += u16::try_from(wide).unwrap_or(1);
                continue;
            }
            move_to(&mut text, &mut cursor, x, y);
            // The rest of the row is blank: one short sequence instead of spaces.
            if row_end.is_some_and(|from| x >= from) && wanted.area.width - x > 4 {
                let plain = Pen::of(cell, depth).for_blank();
                change_pen(&mut text, &mut pen, plain);
                text.push_str("\x1b[K");
                break;
            }
            let wants = Pen::of(cell, depth);
            let next = if cell.symbol() == " " { blank_pen(wants, pen) } else { wants };
            change_pen(&mut text, &mut pen, next);
            text.push_str(cell.symbol());
            x += u16::try_from(wide).unwrap_or(1);
            // Behind a wide character terminals do not agree, and behind the last column none does.
            cursor = (wide == 1 && cell.symbol().is_ascii() && x < wanted.area.width).then_some((x, y));
            if wide == 1 && !cell.symbol().is_ascii() && x < wanted.area.width {
                cursor = Some((x, y));
            }
        }
    }
    if pen != Pen::PLAIN {
        text.push_str("\x1b[0m");
    }
    text
}

/// A place on the screen that opens something when the user's own terminal is asked to.
pub type Link = (ratatui::layout::Rect, String);

/// Returns the bytes that make places of the screen into links (OSC 8): what stands there is drawn once more, as a link.
///
/// A place that showed the same link and the same cells before costs nothing.
pub fn linked(shown: Option<(&Buffer, &[Link])>, wanted: &Buffer, links: &[Link], depth: Depth) -> String {
    let mut text = String::new();
    for link in links {
        let (place, target) = link;
        let place = place.intersection(wanted.area);
        if let Some((before, known)) = shown
            && before.area == wanted.area
            && known.contains(link)
            && place.positions().all(|at| before[at] == wanted[at])
        {
            continue;
        }
        // What ends the sequence, or is no part of an address, would end the link early.
        let target: String = target.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, ';' | '\\')).collect();
        for y in place.top()..place.bottom() {
            let (mut pen, mut cursor) = (Pen::PLAIN, None);
            move_to(&mut text, &mut cursor, place.x, y);
            let _ = write!(text, "\x1b]8;;{target}\x1b\\");
            for x in place.left()..place.right() {
                let cell = &wanted[(x, y)];
                change_pen(&mut text, &mut pen, Pen::of(cell, depth));
                text.push_str(cell.symbol());
            }
            text.push_str("\x1b]8;;\x1b\\");
            if pen != Pen::PLAIN {
                text.push_str("\x1b[m");
            }
        }
    }
    text
}

/// A blank keeps the current pen as long as it looks right with it.
fn blank_pen(wants: Pen, current: Pen) -> Pen {
    if wants.for_blank() == current.for_blank() { current } else { wants.for_blank() }
}

fn same(one: &Cell, other: &Cell, depth: Depth) -> bool {
    one.symbol() == other.symbol() && {
        let (a, b) = (Pen::of(one, depth), Pen::of(other, depth));
        a == b || (one.symbol() == " " && a.for_blank() == b.for_blank())
    }
}

/// Returns from which column on a row is blank in one background, if it ends so.
fn tail_blank_from(buffer: &Buffer, y: u16, depth: Depth) -> Option<u16> {
    let width = buffer.area.width;
    let last = &buffer[(width.checked_sub(1)?, y)];
    let pen = Pen::of(last, depth).for_blank();
    if last.symbol() != " " || pen.modifier != Modifier::empty() {
        return None;
    }
    let is_blank = |x: u16| {
        let cell = &buffer[(x, y)];
        cell.symbol() == " " && Pen::of(cell, depth).for_blank() == pen
    };
    (0..width).rev().take_while(|x| is_blank(*x)).last()
}

fn move_to(text: &mut String, cursor: &mut Option<(u16, u16)>, x: u16, y: u16) {
    match *cursor {
        Some(here) if here == (x, y) => {}
        Some((column, row)) if row == y && column < x => {
            let by = x - column;
            let _ = if by == 1 { write!(text, "\x1b[C") } else { write!(text, "\x1b[{by}C") };
        }
        _ if x == 0 => {
            let _ = write!(text, "\x1b[{}H", y + 1);
        }
        _ => {
            let _ = write!(text, "\x1b[{};{}H", y + 1, x + 1);
        }
    }
    *cursor = Some((x, y));
}

fn change_pen(text: &mut String, pen: &mut Pen, to: Pen) {
    if *pen == to {
        return;
    }
    let mut codes: Vec<String> = Vec::new();
    let removed = pen.modifier - to.modifier;
    let mut from = *pen;
    // Bold and dim end with the same code, so what is removed is removed with everything.
    if !removed.is_empty() {
        codes.push("0".to_owned());
        from = Pen::PLAIN;
    }
    for (modifier, code) in
        [(Modifier::BOLD, "1"), (Modifier::DIM, "2"), (Modifier::UNDERLINED, "4"), (Modifier::REVERSED, "7")]
    {
        if to.modifier.contains(modifier) && !from.modifier.contains(modifier) {
            codes.push(code.to_owned());
        }
    }
    if to.fg != from.fg {
        codes.push(color_code(to.fg, false));
    }
    if to.bg != from.bg {
        codes.push(color_code(to.bg, true));
    }
    let _ = match codes.as_slice() {
        [only] if only == "0" => write!(text, "\x1b[m"),
        _ => write!(text, "\x1b[{}m", codes.join(";")),
    };
    *pen = to;
}

fn color_code(color: Color, background: bool) -> String {
    let base = if background { 40 } else { 30 };
    let basic = |nth: u8| (base + nth).to_string();
    let bright = |nth: u8| (base + 60 + nth).to_string();
    match color {
        Color::Reset => (base + 9).to_string(),
        Color::Black => basic(0),
        Color::Red => basic(1),
        Color::Green => basic(2),
        Color::Yellow => basic(3),
        Color::Blue => basic(4),
        Color::Magenta => basic(5),
        Color::Cyan => basic(6),
        Color::Gray => basic(7),
        Color::DarkGray => bright(0),
        Color::LightRed => bright(1),
        Color::LightGreen => bright(2),
        Color::LightYellow => bright(3),
        Color::LightBlue => bright(4),
        Color::LightMagenta => bright(5),
        Color::LightCyan => bright(6),
        Color::White => bright(7),
        Color::Indexed(index) => format!("{};5;{index}", base + 8),
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", base + 8),
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn buffer(rows: &[&str]) -> Buffer {
        Buffer::with_lines(rows.iter().copied())
    }

    /// Lets a terminal emulator show the bytes, and compares it with the buffer cell by cell.
    fn assert_shows(terminal: &mut vt100::Parser, wanted: &Buffer) {
        for y in 0..wanted.area.height {
            for x in 0..wanted.area.width {
                let cell = &wanted[(x, y)];
                let found = terminal.screen().cell(y, x).unwrap();
                if found.is_wide_continuation() {
                    continue;
                }
                let symbol = if found.contents().is_empty() { " " } else { found.contents() };
                assert_eq!(symbol, cell.symbol(), "at {x},{y}");
                if cell.symbol() != " " {
                    assert_eq!(found.bold(), cell.modifier.contains(Modifier::BOLD), "bold at {x},{y}");
                    assert_eq!(found.inverse(), cell.modifier.contains(Modifier::REVERSED), "inverse at {x},{y}");
                }
                if let Color::Rgb(r, g, b) = cell.bg {
                    assert_eq!(found.bgcolor(), vt100::Color::Rgb(r, g, b), "background at {x},{y}");
                }
            }
        }
    }

    #[test]
    fn a_number_is_drawn_once_more_as_a_link_and_then_left_alone() {
        let screen = buffer(&["phone +49 30 1 "]);
        let links = vec![(Rect::new(6, 0, 8, 1), "tel:+49301;\u{1b}]8;;evil".to_owned())];
        let bytes = linked(None, &screen, &links, Depth::True);
        assert_eq!(bytes, "\x1b[1;7H\x1b]8;;tel:+49301]8evil\x1b\\+49 30 1\x1b]8;;\x1b\\");
        let mut terminal =
            vt100::Parser::new(std::num::NonZeroU16::new(1).unwrap(), std::num::NonZeroU16::new(15).unwrap(), 0);
        terminal.process(difference(None, &screen, Depth::True).as_bytes());
        terminal.process(bytes.as_bytes());
        assert_shows(&mut terminal, &screen);
        assert_eq!(linked(Some((&screen, &links)), &screen, &links, Depth::True), "");
        let other = buffer(&["phone +49 30 2 "]);
        assert_ne!(linked(Some((&screen, &links)), &other, &links, Depth::True), "");
    }

    #[test]
    fn nothing_changed_is_no_byte() {
        let screen = buffer(&["checkout DOWN", "web      ok"]);
        assert_eq!(difference(Some(&screen), &screen, Depth::True), "");
    }

    #[test]
    fn one_digit_changed_is_a_few_bytes() {
        let (before, after) = (buffer(&["DOWN 14m", ""]), buffer(&["DOWN 15m", ""]));
        assert_eq!(difference(Some(&before), &after, Depth::True), "\x1b[1;7H5");
    }

    #[test]
    fn what_stood_below_a_wide_character_is_drawn_when_that_goes() {
        let mut first = buffer(&[" ─ok     "]);
        let second = first.clone();
        first.set_stringn(0, 0, "日", 2, Style::new());
        first[(1, 0)].set_symbol("─");
        let mut terminal =
            vt100::Parser::new(std::num::NonZeroU16::new(1).unwrap(), std::num::NonZeroU16::new(9).unwrap(), 0);
        terminal.process(difference(None, &first, Depth::True).as_bytes());
        terminal.process(difference(Some(&first), &second, Depth::True).as_bytes());
        assert_shows(&mut terminal, &second);
    }

    #[test]
    fn colours_are_mapped_to_what_the_terminal_has() {
        let red = Color::Rgb(0xf7, 0x6d, 0x6d);
        assert_eq!(Depth::Sixteen.reduce(red), Color::LightRed);
        assert_eq!(Depth::Indexed.reduce(red), Color::Indexed(203));
        assert_eq!(Depth::None.reduce(red), Color::Reset);
        assert_eq!(Depth::Sixteen.reduce(Color::Rgb(0x86, 0xc1, 0x7e)), Color::Green);
        assert_eq!(Depth::Sixteen.reduce(Color::Rgb(0xe8, 0xb9, 0x5a)), Color::Yellow);
        assert_eq!(Depth::Sixteen.reduce(Color::Rgb(0x2c, 0x36, 0x48)), Color::Black);
    }

    proptest::proptest! {
        #[test]
        fn a_terminal_that_shows_one_screen_shows_the_other_after_the_bytes(
            first in screens(), second in screens(), third in screens(),
        ) {
            let mut terminal = vt100::Parser::new(std::num::NonZeroU16::new(4).unwrap(), std::num::NonZeroU16::new(20).unwrap(), 0);
            let mut shown: Option<Buffer> = None;
            for wanted in [first, second, third] {
                terminal.process(difference(shown.as_ref(), &wanted, Depth::True).as_bytes());
                assert_shows(&mut terminal, &wanted);
                shown = Some(wanted);
            }
        }
    }

    fn screens() -> impl proptest::strategy::Strategy<Value = Buffer> {
        use proptest::prelude::*;
        let style = (0u8..4, 0u8..3).prop_map(|(fg, bg)| {
            let style = match fg {
                0 => Style::new(),
                1 => Style::new().fg(Color::Rgb(200, 10, 10)).add_modifier(Modifier::BOLD),
                2 => Style::new().add_modifier(Modifier::REVERSED),
                _ => Style::new().fg(Color::Rgb(1, 2, 3)),
            };
            if bg == 1 { style.bg(Color::Rgb(9, 9, 9)) } else { style }
        });
        let text = prop_oneof!["[a-z ]{0,20}", "[ ]{0,20}", Just("日本 ab".to_owned()), Just("─│✗ ok".to_owned())];
        proptest::collection::vec((0u16..20, 0u16..4, text, style), 0..8).prop_map(|texts| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 4));
            for (x, y, text, style) in texts {
                buffer.set_stringn(x, y, text, usize::from(20 - x), style);
            }
            buffer
        })
    }
}
