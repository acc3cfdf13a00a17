//! From a terminal's bytes to keys, pastes, mouse events and answers.
//!
//! Our own, because the console must see the terminal's answer to a query: it is what tells that a frame has arrived at
//! the other end of a slow line (see `frame`). Sequences that mean nothing to us vanish whole; none of their bytes ever
//! becomes a key.

use std::time::Duration;

use crate::app::event::{Input, Key, KeyCode, Mouse, MouseKind};

/// What some bytes meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Parsed {
    Input(Input),
    /// The answer to the status query that went with a frame.
    Answer,
}

/// An escape that is followed by nothing for so long is the key. Over SSH a sequence may come in two packets.
const ESCAPE_ALONE: Duration = Duration::from_millis(50);
/// A string sequence whose end has not come after so long a silence was a key with Alt.
const STRING_UNENDED: Duration = Duration::from_millis(500);
/// A paste longer than this is cut: nobody pastes a log into a prompt on purpose.
const LONGEST_PASTE: usize = 64 * 1024;
/// A sequence longer than this is garbage.
const LONGEST_SEQUENCE: usize = 64;
const PASTE_END: &[u8] = b"\x1b[201~";

/// Turns bytes into what they mean, however they are split into reads.
#[derive(Debug, Default)]
pub struct Parser {
    held: Vec<u8>,
    pasting: bool,
    /// The paste is longer than we keep.
    cut: bool,
    /// Inside a string sequence (DCS, OSC, APC, PM, SOS), which ends with ST or BEL.
    skipping: bool,
}

/// What the beginning of the held bytes is.
enum Step {
    /// That many bytes mean this, or nothing.
    Done(usize, Option<Parsed>),
    /// More bytes are needed.
    More,
}

impl Parser {
    /// Takes bytes and returns what they mean.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Parsed> {
        self.held.extend_from_slice(bytes);
        self.drain(false)
    }

    /// Says that nothing has come for a moment: an escape that stands alone is the key, and a string that never ends was
    /// never one.
    pub fn pause(&mut self) -> Vec<Parsed> {
        self.skipping = false;
        self.drain(true)
    }

    /// Returns after how long a silence [`pause`](Self::pause) is right, or `None` when nothing is held back.
    ///
    /// A paste has no such time: read as keys, its rest would do things.
    pub fn patience(&self) -> Option<Duration> {
        match (self.pasting, self.skipping) {
            (true, _) => None,
            (false, true) => Some(STRING_UNENDED),
            (false, false) => (!self.held.is_empty()).then_some(ESCAPE_ALONE),
        }
    }

    fn drain(&mut self, paused: bool) -> Vec<Parsed> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.held.len() {
            if self.pasting {
                let (used, paste) = self.paste(at);
                at += used;
                found.extend(paste.map(|text| Parsed::Input(Input::Paste(text))));
                if self.pasting {
                    break;
                }
                continue;
            }
            if self.skipping {
                match string_end(&self.held[at..]) {
                    Some(used) => {
                        at += used;
                        self.skipping = false;
                    }
                    None => {
                        // Keep an escape at the very end: it may be the first half of the terminator.
                        at = self.held.len() - usize::from(self.held.last() == Some(&0x1b));
                        break;
                    }
                }
                continue;
            }
            match step(&self.held[at..], paused) {
                Step::Done(used, parsed) => {
                    let bytes = &self.held[at..at + used];
                    if bytes == b"\x1b[200~" {
                        self.pasting = true;
                    } else if matches!(bytes, [0x1b, b'P' | b']' | b'X' | b'^' | b'_']) {
                        self.skipping = true;
                    }
                    at += used;
                    found.extend(parsed);
                }
                Step::More => break,
            }
        }
        self.held.drain(..at);
        found
    }

    fn paste(&mut self, at: usize) -> (usize, Option<String>) {
        let rest = &self.held[at..];
        if let Some(end) = find(rest, PASTE_END) {
            self.pasting = false;
            self.cut = false;
            let text = String::from_utf8_lossy(&rest[..end.min(LONGEST_PASTE)]).replace('\r', "\n");
            let clean = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
            return (end + PASTE_END.len(), Some(clean));
        }
        if rest.len() > LONGEST_PASTE + PASTE_END.len() {
            // Forget the middle of an endless paste, but not the end, in which the terminator may begin.
            let keep = rest.len() - PASTE_END.len();
            self.held.drain(at + LONGEST_PASTE..at + keep);
            self.cut = true;
        }
        (0, None)
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

/// Returns how many bytes belong to a string sequence: through ST (`ESC \`) or BEL, or up to what cannot stand in one.
///
/// Alt and a letter look like the begin of a string that never ends. The next special key must get us out of it.
fn string_end(bytes: &[u8]) -> Option<usize> {
    let at = bytes.iter().position(|byte| *byte < 0x20)?;
    match (bytes[at], bytes.get(at + 1)) {
        (0x07, _) => Some(at + 1),
        (0x1b, Some(b'\\')) => Some(at + 2),
        (0x1b, None) => None,
        _ => Some(at),
    }
}

fn step(bytes: &[u8], paused: bool) -> Step {
    match bytes {
        [] => Step::More,
        [0x1b] => match paused {
            true => Step::Done(1, key(KeyCode::Esc)),
            false => Step::More,
        },
        [0x1b, 0x1b, ..] => Step::Done(1, key(KeyCode::Esc)),
        [0x1b, b'[', rest @ ..] => csi(rest, paused),
        [0x1b, b'O', rest @ ..] => match rest {
            [] if paused => Step::Done(2, alt(KeyCode::Char('O'))),
            [] => Step::More,
            [letter, ..] => Step::Done(3, letter_key(*letter, 1)),
        },
        [0x1b, b'P' | b']' | b'X' | b'^' | b'_', ..] => Step::Done(2, None),
        [0x1b, rest @ ..] => match step(rest, paused) {
            Step::Done(used, Some(Parsed::Input(Input::Key(key)))) => {
                Step::Done(used + 1, Some(Parsed::Input(Input::Key(Key { alt: true, ..key }))))
            }
            Step::Done(used, _) => Step::Done(used + 1, None),
            Step::More => Step::More,
        },
        [byte, ..] => single(*byte, bytes, paused),
    }
}

fn single(byte: u8, bytes: &[u8], paused: bool) -> Step {
    match byte {
        b'\r' | b'\n' => Step::Done(1, key(KeyCode::Enter)),
        b'\t' => Step::Done(1, key(KeyCode::Tab)),
        0x7f | 0x08 => Step::Done(1, key(KeyCode::Backspace)),
        0x00 => Step::Done(1, ctrl(' ')),
        0x01..=0x1a => Step::Done(1, ctrl(char::from(byte - 1 + b'a'))),
        0x1c..=0x1f => Step::Done(1, ctrl(char::from(byte - 0x1c + b'4'))),
        0x20..=0x7e => Step::Done(1, key(KeyCode::Char(char::from(byte)))),
        _ => utf8(bytes, paused),
    }
}

fn utf8(bytes: &[u8], paused: bool) -> Step {
    let length = match bytes[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Step::Done(1, None),
    };
    let there = &bytes[..bytes.len().min(length)];
    match std::str::from_utf8(there) {
        Ok(text) => match text.chars().next().filter(|c| !c.is_control()) {
            Some(c) => Step::Done(length, key(KeyCode::Char(c))),
            None => Step::Done(length, None),
        },
        // Cut off in the middle of a character: wait, unless nothing comes.
        Err(error) if error.error_len().is_none() && !paused => Step::More,
        Err(_) => Step::Done(1, None),
    }
}

/// Reads a control sequence behind its introducer.
fn csi(rest: &[u8], paused: bool) -> Step {
    // The Linux console's function keys have a second bracket.
    if let [b'[', letter, ..] = rest {
        let code = letter.checked_sub(b'A').filter(|nth| *nth < 5).map(|nth| KeyCode::F(nth + 1));
        return Step::Done(4, code.and_then(key));
    }
    let Some(end) = rest.iter().position(|byte| (0x40..=0x7e).contains(byte) && !(*byte == b'[' && rest.len() == 1))
    else {
        let garbage =
            rest.len() > LONGEST_SEQUENCE || rest.iter().any(|byte| !(0x20..=0x3f).contains(byte) && *byte != b'[');
        return match (garbage || paused, rest.is_empty()) {
            (true, true) => Step::Done(2, alt(KeyCode::Char('['))),
            (true, false) => Step::Done(2 + rest.len(), None),
            (false, _) => Step::More,
        };
    };
    let (parameters, last) = (&rest[..end], rest[end]);
    let used = 2 + end + 1;
    // A byte that cannot stand in a sequence: another one has begun in the middle of it.
    if let Some(odd) = parameters.iter().position(|byte| !(0x20..=0x3f).contains(byte)) {
        return Step::Done(2 + odd, None);
    }
    if last == b'n' && parameters == b"0" {
        return Step::Done(used, Some(Parsed::Answer));
    }
    if parameters.first() == Some(&b'<') && matches!(last, b'M' | b'm') {
        return Step::Done(used, mouse(&parameters[1..], last == b'M'));
    }
    if parameters.iter().any(|byte| !matches!(byte, b'0'..=b'9' | b';' | b':')) {
        return Step::Done(used, None);
    }
    let numbers = numbers(parameters);
    let number = |nth: usize| numbers.get(nth).copied().flatten();
    let modifiers = number(1).unwrap_or(1);
    let parsed = match last {
        b'~' => number(0).and_then(tilde).and_then(|code| with(code, modifiers)),
        b'u' => number(0).and_then(|code| unicode(code, modifiers)),
        b'Z' => key(KeyCode::BackTab),
        // `CSI 1;2R` may be F3 with Shift or a cursor position that nobody asked for: never a key.
        b'R' => None,
        letter => letter_key(letter, modifiers),
    };
    Step::Done(used, parsed)
}

fn numbers(parameters: &[u8]) -> Vec<Option<u32>> {
    let text = std::str::from_utf8(parameters).unwrap_or_default();
    text.split(';').map(|part| part.split(':').next().unwrap_or_default().parse().ok()).collect()
}

fn letter_key(letter: u8, modifiers: u32) -> Option<Parsed> {
    let code = match letter {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'P' => KeyCode::F(1),
        b'Q' => KeyCode::F(2),
        b'R' => KeyCode::F(3),
        b'S' => KeyCode::F(4),
        // The keypad's Enter in application mode.
        b'M' => KeyCode::Enter,
        _ => return None,
    };
    with(code, modifiers)
}

fn tilde(number: u32) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F(u8::try_from(number - 10).ok()?),
        17..=21 => KeyCode::F(u8::try_from(number - 11).ok()?),
        23 | 24 => KeyCode::F(u8::try_from(number - 12).ok()?),
        _ => return None,
    })
}

/// Reads the kitty keyboard protocol's form, which some terminals send unasked for ambiguous keys.
fn unicode(code: u32, modifiers: u32) -> Option<Parsed> {
    let code = match code {
        9 => KeyCode::Tab,
        13 => KeyCode::Enter,
        27 => KeyCode::Esc,
        127 => KeyCode::Backspace,
        _ => KeyCode::Char(char::from_u32(code).filter(|c| !c.is_control())?),
    };
    with(code, modifiers)
}

/// Modifiers count from 1: Shift 1, Alt 2, Ctrl 4.
fn with(code: KeyCode, modifiers: u32) -> Option<Parsed> {
    let bits = modifiers.saturating_sub(1);
    let code = match code {
        KeyCode::Tab if bits & 1 != 0 => KeyCode::BackTab,
        KeyCode::Char(c) if bits & 1 != 0 => KeyCode::Char(c.to_uppercase().next().unwrap_or(c)),
        code => code,
    };
    Some(Parsed::Input(Input::Key(Key { code, ctrl: bits & 4 != 0, alt: bits & 2 != 0 })))
}

fn key(code: KeyCode) -> Option<Parsed> {
    with(code, 1)
}

fn alt(code: KeyCode) -> Option<Parsed> {
    with(code, 3)
}

fn ctrl(c: char) -> Option<Parsed> {
    with(KeyCode::Char(c), 5)
}

fn mouse(parameters: &[u8], press: bool) -> Option<Parsed> {
    let numbers = numbers(parameters);
    let [Some(button), Some(column), Some(row)] = numbers.as_slice() else { return None };
    let kind = match button {
        0 if press => MouseKind::Press,
        64 => MouseKind::ScrollUp,
        65 => MouseKind::ScrollDown,
        _ => return None,
    };
    let cell = |value: u32| u16::try_from(value.saturating_sub(1)).unwrap_or(u16::MAX);
    Some(Parsed::Input(Input::Mouse(Mouse { column: cell(*column), row: cell(*row), kind })))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Vec<Parsed> {
        let mut parser = Parser::default();
        let mut found = parser.feed(bytes);
        found.extend(parser.pause());
        found
    }

    fn keys(bytes: &[u8]) -> String {
        let name = |parsed: &Parsed| match parsed {
            Parsed::Input(Input::Key(key)) => key.to_string(),
            Parsed::Input(Input::Paste(text)) => format!("paste:{text}"),
            Parsed::Input(Input::Mouse(mouse)) => format!("{:?}@{},{}", mouse.kind, mouse.column, mouse.row),
            other => format!("{other:?}"),
        };
        parse(bytes).iter().map(name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn keys_in_every_form_that_terminals_send() {
        let cases: &[(&[u8], &str)] = &[
            (b"jG?", "j G ?"),
            ("é漢".as_bytes(), "é 漢"),
            (b"\r\n\t\x7f\x08", "enter enter tab backspace backspace"),
            (b"\x03\x1a\x0c", "ctrl-c ctrl-z ctrl-l"),
            (b"\x1b", "esc"),
            (b"\x1bx", "alt-x"),
            (b"\x1b[A\x1bOB\x1b[1;5C\x1b[H\x1bOF", "up down ctrl-right home end"),
            (b"\x1b[5~\x1b[6~\x1b[3~\x1b[1~\x1b[8~", "pageup pagedown delete home end"),
            (b"\x1bOP\x1b[15~\x1b[24~\x1b[[A", "f1 f5 f12 f1"),
            (b"\x1b[Z\x1b[9;2u\x1b[99;5u\x1b[27u", "shift-tab shift-tab ctrl-c esc"),
            (b"\x1b[<0;5;3M\x1b[<0;5;3m\x1b[<65;1;1M", "Press@4,2 ScrollDown@0,0"),
            (b"\x1b[0n", "Answer"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(keys(bytes), *expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn what_terminals_say_unasked_is_never_a_key() {
        for bytes in [
            &b"\x1b[?62;22c"[..],
            b"\x1b[12;40R",
            b"\x1b]11;rgb:0000/0000/0000\x07",
            b"\x1bP1$r0m\x1b\\",
            b"\x1b[I",
            b"\x1b[?2026;2$y",
            b"\x1b[>0;276;0c",
            b"\xff\xfe\x80",
        ] {
            assert_eq!(parse(bytes), [], "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_letter_with_alt_that_looks_like_the_begin_of_a_string_does_not_make_us_deaf() {
        for letter in *b"P]X^_" {
            let begun = |then: &[u8]| {
                let mut parser = Parser::default();
                assert_eq!(parser.feed(&[0x1b, letter]), []);
                assert_eq!(parser.patience(), Some(STRING_UNENDED));
                let found = parser.feed(then);
                (parser, found)
            };
            // Silence ends it, and so does whatever cannot stand in a string.
            let (mut parser, _) = begun(b"");
            assert_eq!(parser.pause(), []);
            assert_eq!(parser.feed(b"j"), keys_of("j"));
            for (then, expected) in
                [(&b"\x1b[A"[..], KeyCode::Up), (b"\r", KeyCode::Enter), (b"text\x1bOB", KeyCode::Down)]
            {
                let (_, found) = begun(then);
                assert_eq!(found, key(expected).into_iter().collect::<Vec<_>>(), "{}", then.escape_ascii());
            }
            let (_, found) = begun(b"\x03");
            assert_eq!(found, ctrl('c').into_iter().collect::<Vec<_>>());
            let (mut parser, _) = begun(b"\x1b");
            assert_eq!(parser.pause(), key(KeyCode::Esc).into_iter().collect::<Vec<_>>());
        }
    }

    fn keys_of(text: &str) -> Vec<Parsed> {
        text.chars().filter_map(|c| key(KeyCode::Char(c))).collect()
    }

    #[test]
    fn a_paste_is_one_text_without_controls() {
        assert_eq!(keys(b"\x1b[200~rm -rf /\rq\x1b[31m\x1b[201~j"), "paste:rm -rf /\nq[31m j");
    }

    #[test]
    fn an_endless_paste_is_cut_and_the_keys_after_it_are_read() {
        let mut parser = Parser::default();
        assert_eq!(parser.feed(b"\x1b[200~"), []);
        for _ in 0..100 {
            assert_eq!(parser.feed(&[b'x'; 4_096]), []);
        }
        let found = parser.feed(b"\x1b[201~q");
        assert_eq!(found.len(), 2);
        assert!(matches!(&found[0], Parsed::Input(Input::Paste(text)) if text.len() == LONGEST_PASTE));
    }

    proptest::proptest! {
        #[test]
        fn however_the_bytes_are_split_they_mean_the_same(
            pieces in proptest::collection::vec(proptest::prop_oneof![
                proptest::collection::vec(proptest::num::u8::ANY, 0..8),
                proptest::sample::select(vec![b"\x1b[A".to_vec(), b"\x1b[200~ab\x1b[201~".to_vec(), b"\x1b]0;t\x07".to_vec(), b"\x1b[0n".to_vec(), "é".as_bytes().to_vec(), b"j".to_vec()]),
            ], 0..12),
            cuts in proptest::collection::vec(1usize..6, 1..40),
        ) {
            let bytes: Vec<u8> = pieces.concat();
            let whole = { let mut parser = Parser::default(); parser.feed(&bytes) };
            let mut parser = Parser::default();
            let (mut rest, mut split) = (&bytes[..], Vec::new());
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (head, tail) = rest.split_at((*cut).min(rest.len()));
                split.extend(parser.feed(head));
                rest = tail;
            }
            proptest::prop_assert_eq!(whole, split);
        }
    }
}
