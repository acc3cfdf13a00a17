//! The one door: turns any text into text that only ever takes its own cells.
//!
//! Two passes. The first goes over the characters and replaces what must not pass. The second, needed only when marks,
//! joining scripts or flags are there, looks at grapheme clusters, because a cluster is what a screen puts into a cell:
//! none may be empty, endless, or of a width that terminals disagree about.

use std::borrow::Cow;

use super::class::{self, Class};
use super::escape::{self, Shown};
use super::marker::{Marker, push_control, push_count};
use super::{cluster, measure};

/// How much of one line is kept, in bytes. A line this long is data, not something that a person reads to its end.
pub const LINE_BYTES: usize = 64 * 1024;
/// What is looked at of an endless line, so that a gigabyte without a line break costs as much as a megabyte.
const LOOKED_AT: usize = 1024 * 1024;
/// Room for the longest note about a line's true length.
const NOTE_BYTES: usize = 48;
/// How much of a string's payload (a title, a clipboard's content, a picture) is shown as evidence.
const PAYLOAD_CHARS: usize = 200;
const TAB: usize = 8;

/// Sanitises bytes of any encoding.
pub(super) fn bytes(bytes: &[u8]) -> Box<str> {
    if is_plain(bytes)
        && bytes.len() <= LINE_BYTES
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return text.into();
    }
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LOOKED_AT)]);
    transform(&text, bytes.len()).into_boxed_str()
}

/// Sanitises text.
pub(super) fn text(text: &str) -> Box<str> {
    if is_plain(text.as_bytes()) && text.len() <= LINE_BYTES {
        return text.into();
    }
    let looked_at = text.floor_char_boundary(LOOKED_AT);
    transform(&text[..looked_at], text.len()).into_boxed_str()
}

/// Whether there is nothing but printable ASCII. Most lines of most logs are so.
fn is_plain(bytes: &[u8]) -> bool {
    let mut chunks = bytes.chunks_exact(64);
    // Without an early exit inside a chunk, so that the compiler uses vector instructions.
    chunks.all(|chunk| !chunk.iter().fold(false, |odd, &byte| odd | is_odd(byte)))
        && !chunks.remainder().iter().fold(false, |odd, &byte| odd | is_odd(byte))
}

fn is_odd(byte: u8) -> bool {
    byte.wrapping_sub(0x20) >= 0x5f
}

fn transform(text: &str, original_bytes: usize) -> String {
    let text = text.trim_end_matches(['\r', '\n']);
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut writer = Writer { out: String::with_capacity(text.len().min(LINE_BYTES) + 32), complex: false, tab: None };
    writer.characters(text);
    let Writer { mut out, complex, .. } = writer;
    if complex {
        out = cluster::clusters(&out);
    }
    if out.len() > LINE_BYTES {
        out.truncate(out.floor_char_boundary(LINE_BYTES - NOTE_BYTES));
        out.push_str(" … ");
        push_count(original_bytes, &mut out);
        out.push_str(" bytes");
    }
    out
}

/// The first pass.
struct Writer {
    out: String,
    /// Whether the second pass is needed.
    complex: bool,
    /// Up to which byte of `out` the column is known, and the column there.
    tab: Option<(usize, usize)>,
}

impl Writer {
    fn characters(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() && self.out.len() <= LINE_BYTES {
            let plain = bytes[at..].iter().take_while(|&&byte| !is_odd(byte)).count();
            if plain > 0 {
                self.out.push_str(&text[at..at + plain]);
                at += plain;
                continue;
            }
            at += match bytes[at] {
                b'\t' => self.expand_tab(),
                0x1b => self.sequence(&text[at..]),
                control @ (0..=0x1f | 0x7f) => {
                    let times = bytes[at..].iter().take_while(|&&byte| byte == control).count();
                    push_control(control, times, &mut self.out);
                    times
                }
                _ => self.beyond_ascii(&text[at..]),
            };
        }
    }

    /// Spaces up to the next column that is a multiple of eight, as every terminal would have shown it.
    fn expand_tab(&mut self) -> usize {
        let (from, column) = self.tab.unwrap_or_default();
        let column = column + measure::width(&self.out[from..]);
        let spaces = TAB - column % TAB;
        self.out.push_str(&"        "[..spaces]);
        self.tab = Some((self.out.len(), column + spaces));
        1
    }

    /// An escape sequence or a C1 control at the start of `text`.
    fn sequence(&mut self, text: &str) -> usize {
        let sequence = escape::read(text);
        match sequence.shown {
            Shown::Nothing => {}
            Shown::Picture(picture) => self.out.push(picture),
            Shown::CodePoint(c) => self.code_point(c),
            Shown::Conceal => Marker::text("conceal").write(&mut self.out),
            Shown::Marker { name, payload: "" } => Marker::text(name).write(&mut self.out),
            Shown::Marker { name, payload } => {
                let kept = payload.char_indices().nth(PAYLOAD_CHARS).map_or(payload.len(), |(at, _)| at);
                self.out.push('‹');
                self.out.push_str(name);
                self.out.push(' ');
                self.characters(&payload[..kept]);
                if kept < payload.len() {
                    self.out.push_str("… ");
                    push_count(payload.len(), &mut self.out);
                    self.out.push_str(" bytes");
                }
                self.out.push('›');
            }
        }
        sequence.bytes
    }

    /// Takes a run of characters that are not ASCII, or as much of it as is of one kind.
    fn beyond_ascii(&mut self, text: &str) -> usize {
        let mut taken = 0;
        for c in text.chars() {
            if c.is_ascii() {
                break;
            }
            match class::classify(c) {
                Class::Plain => self.out.push(c),
                Class::Complex => {
                    self.complex = true;
                    self.out.push(c);
                }
                _ if taken > 0 => break,
                Class::Control => return self.sequence(text),
                Class::Invisible => return self.invisible(text),
                Class::SkinTone if self.out.chars().next_back().is_some_and(class::is_picture) => {
                    return self.invisible(text);
                }
                Class::SkinTone => {
                    self.complex = true;
                    self.out.push(c);
                }
                Class::Tag => return self.tags(text),
                Class::Doubtful => self.code_point(c),
            }
            taken += c.len_utf8();
            if self.out.len() > LINE_BYTES {
                break;
            }
        }
        taken
    }

    fn code_point(&mut self, c: char) {
        Marker::text(&format!("U+{:04X}", u32::from(c))).write(&mut self.out);
    }

    /// A run of characters that show nothing. What orthography or a picture needs goes silently; anything else is
    /// a trick or an accident, and is shown.
    fn invisible(&mut self, text: &str) -> usize {
        let before = self.out.chars().next_back().unwrap_or(' ');
        let run = text.chars().take_while(|&c| is_invisible(c, before));
        let (count, bytes) = run.clone().fold((0, 0), |(count, bytes), c| (count + 1, bytes + c.len_utf8()));
        let after = text[bytes..].chars().next().unwrap_or(' ');
        let first = text.chars().next().unwrap_or_default();
        if is_orthography(&text[..bytes], before, after) {
            return bytes;
        }
        let name = class::short_name(first).map_or_else(|| format!("U+{:04X}", u32::from(first)).into(), Cow::Borrowed);
        if run.clone().all(|c| c == first) {
            Marker::text(&name).times(count).write(&mut self.out);
        } else {
            Marker::text("invisible").times(count).write(&mut self.out);
        }
        bytes
    }

    /// Invisible copies of ASCII are shown as what they spell.
    fn tags(&mut self, text: &str) -> usize {
        self.out.push_str("‹TAG ");
        let mut bytes = 0;
        for c in text.chars().take_while(|c| matches!(c, '\u{e0000}'..='\u{e007f}')) {
            bytes += c.len_utf8();
            // The rest are the language tag and the cancel tag: brackets around the others.
            if let Ok(ascii @ 0x20..=0x7e) = u8::try_from(u32::from(c) - 0xe0000) {
                self.out.push(char::from(ascii));
            }
        }
        self.out.push('›');
        bytes
    }
}

fn is_invisible(c: char, before: char) -> bool {
    !c.is_ascii()
        && (class::classify(c) == Class::Invisible
            || (class::classify(c) == Class::SkinTone && class::is_picture(before)))
}

/// Whether a run of invisible characters only spells or draws what stands beside it: a joiner between pictures or
/// within Arabic and Indic words, one variation selector, one skin tone.
///
/// They go, because terminals disagree about the width of what they make: a family is two, four or eight cells.
fn is_orthography(run: &str, before: char, after: char) -> bool {
    let mut run = run.chars().peekable();
    if class::is_picture(before) {
        run.next_if(|&c| class::classify(c) == Class::SkinTone);
        run.next_if(|&c| class::is_selector(c));
        if class::is_picture(after) {
            run.next_if_eq(&'\u{200d}');
        }
    } else if class::is_joining_script(before) {
        run.next_if(|c| matches!(c, '\u{200c}' | '\u{200d}'));
        run.next_if(|&c| class::is_selector(c));
    } else if !before.is_ascii() || after == '\u{20e3}' {
        run.next_if(|&c| class::is_selector(c));
    }
    run.next().is_none()
}
