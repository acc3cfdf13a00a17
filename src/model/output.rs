//! What a program printed: harmless lines, with the colours that it gave them.

use serde::{Deserialize, Serialize};

use super::text::Line;

/// A longer line goes on in the next.
const LONGEST: usize = 4_096;

/// A line, and which parts of it are coloured.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct OutputLine {
    pub text: Line,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inks: Vec<Inked>,
}

/// A coloured part of a line, as bytes of its text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Inked {
    pub from: u16,
    pub to: u16,
    pub ink: Ink,
}

/// A colour as programs name it: the theme says how it looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Ink {
    /// One of the eight; the bright ones are those with `bold`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<u8>,
    #[serde(default, skip_serializing_if = "is_false")]
    pub bold: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl OutputLine {
    /// Returns a line without colours.
    pub fn plain(text: &str) -> Self {
        Self { text: Line::from_text(text), inks: Vec::new() }
    }
}

/// Cuts a stream of bytes into lines. Colours go on from line to line, as they do on a terminal.
#[derive(Clone, Debug, Default)]
pub struct Splitter {
    rest: Vec<u8>,
    ink: Ink,
    /// The last byte was a carriage return: a line feed after it ends the same line.
    after_return: bool,
}

impl Splitter {
    /// Takes bytes, and returns the lines that are whole now. What overwrites a line (a carriage return) is a new one: nothing
    /// that was printed is lost.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<OutputLine> {
        let mut lines = Vec::new();
        for &byte in bytes {
            let was_return = std::mem::take(&mut self.after_return);
            match byte {
                b'\n' if was_return => {}
                b'\n' => lines.push(self.line()),
                b'\r' => {
                    self.after_return = true;
                    lines.push(self.line());
                }
                _ => {
                    self.rest.push(byte);
                    // Not in the middle of a character, where one can help it.
                    let cut = if byte < 0x80 { LONGEST } else { LONGEST + 8 };
                    if self.rest.len() >= cut {
                        lines.push(self.line());
                    }
                }
            }
        }
        lines
    }

    /// Returns what was printed after the last line's end.
    pub fn finish(&mut self) -> Option<OutputLine> {
        (!self.rest.is_empty()).then(|| self.line())
    }

    fn line(&mut self) -> OutputLine {
        let bytes = std::mem::take(&mut self.rest);
        let raw = String::from_utf8_lossy(&bytes);
        let mut text = String::new();
        let mut inks = Vec::new();
        let mut rest = raw.as_ref();
        while !rest.is_empty() {
            let (piece, colour, after) = match next_colour(rest) {
                Some((at, codes, length)) => (&rest[..at], Some(codes), &rest[at + length..]),
                None => (rest, None, ""),
            };
            if !piece.is_empty() {
                let clean = Line::from_text(piece);
                let from = text.len();
                text.push_str(clean.as_str());
                if self.ink != Ink::default()
                    && let (Ok(from), Ok(to)) = (u16::try_from(from), u16::try_from(text.len()))
                {
                    inks.push(Inked { from, to, ink: self.ink });
                }
            }
            if let Some(codes) = colour {
                self.ink = inked(self.ink, codes);
            }
            rest = after;
        }
        let line = Line::from_text(&text);
        // Pieces that only together had to be made harmless: better plain than coloured in the wrong place.
        if line.as_str() != text {
            inks.clear();
        }
        OutputLine { text: line, inks }
    }
}

/// Finds the next `ESC [ ... m`: where, its codes, its length.
fn next_colour(text: &str) -> Option<(usize, &str, usize)> {
    let mut from = 0;
    while let Some(found) = text[from..].find("\u{1b}[") {
        let at = from + found;
        let codes = &text[at + 2..];
        let end = codes.find(|c: char| !(c.is_ascii_digit() || c == ';' || c == ':'))?;
        if codes[end..].starts_with('m') {
            // Concealed text stays what the door makes of it.
            if codes[..end].split([';', ':']).any(|code| code == "8")
                && !codes[..end].contains("38")
                && !codes[..end].contains("48")
            {
                from = at + 2;
                continue;
            }
            return Some((at, &codes[..end], 2 + end + 1));
        }
        from = at + 2;
    }
    None
}

fn inked(mut ink: Ink, codes: &str) -> Ink {
    let mut codes = codes.split([';', ':']).map(|code| code.parse::<u16>().unwrap_or(0));
    while let Some(code) = codes.next() {
        match code {
            0 => ink = Ink::default(),
            1 => ink.bold = true,
            22 => ink.bold = false,
            30..=37 => ink.colour = u8::try_from(code - 30).ok(),
            90..=97 => ink.colour = u8::try_from(code - 90).ok(),
            39 => ink.colour = None,
            38 | 48 => {
                // Of 256 and of all colours only the first eight have a name here.
                let kind = codes.next();
                let first = codes.next();
                if kind == Some(2) {
                    codes.next();
                    codes.next();
                }
                if code == 38 {
                    ink.colour = first.filter(|_| kind == Some(5)).and_then(|first| match first {
                        0..=7 => u8::try_from(first).ok(),
                        8..=15 => u8::try_from(first - 8).ok(),
                        _ => None,
                    });
                }
            }
            _ => {}
        }
    }
    ink
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(bytes: &[u8]) -> Vec<OutputLine> {
        let mut splitter = Splitter::default();
        let mut lines = splitter.feed(bytes);
        lines.extend(splitter.finish());
        lines
    }

    #[test]
    fn colours_stay_and_everything_else_that_moves_a_terminal_does_not() {
        let found = lines(b"ok \x1b[1;31mred\nstill\x1b[0m plain\x1b[2J\x1b]0;title\x07\nlast");
        assert_eq!(found.len(), 3);
        assert_eq!(found[0].text.as_str(), "ok red");
        let red = Ink { colour: Some(1), bold: true };
        assert_eq!(found[0].inks, [Inked { from: 3, to: 6, ink: red }]);
        assert_eq!(found[1].inks, [Inked { from: 0, to: 5, ink: red }]);
        assert!(found[1].text.as_str().starts_with("still plain\u{2039}"), "{:?}", found[1].text);
        assert_eq!(found[2].text.as_str(), "last");
    }

    #[test]
    fn what_is_overwritten_stays_as_a_line_of_its_own() {
        let found = lines(b"10%\r50%\r100%\r\ndone\r\n");
        let texts: Vec<&str> = found.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["10%", "50%", "100%", "done"]);
    }

    #[test]
    fn a_line_without_an_end_is_cut() {
        let found = lines(&vec![b'x'; 3 * LONGEST]);
        assert_eq!(found.iter().map(|line| line.text.as_str().len()).sum::<usize>(), 3 * LONGEST);
        assert!(found.len() >= 3);
    }

    #[test]
    fn concealed_text_is_shown_as_such() {
        assert!(lines(b"\x1b[8mhidden")[0].text.as_str().contains("conceal"));
    }

    proptest! {
        #[test]
        fn bytes_of_any_kind_are_harmless_and_their_inks_lie_within(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 0_usize..400) {
            let mut splitter = Splitter::default();
            let cut = cut.min(bytes.len());
            let mut found = splitter.feed(&bytes[..cut]);
            found.extend(splitter.feed(&bytes[cut..]));
            found.extend(splitter.finish());
            prop_assert_eq!(&found, &lines(&bytes), "how it arrives makes no difference");
            for line in &found {
                let text = line.text.as_str();
                prop_assert!(text.chars().all(|c| !c.is_control()));
                for inked in &line.inks {
                    let (from, to) = (usize::from(inked.from), usize::from(inked.to));
                    prop_assert!(text.is_char_boundary(from) && text.is_char_boundary(to) && from <= to);
                }
            }
        }
    }
}
