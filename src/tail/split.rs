//! Cuts a stream of bytes into lines, with the byte at which each begins.
//!
//! Bounded: however long a line is, only its first bytes are kept and the rest is counted. A last line without a
//! newline can be shown early ([`Splitter::take_partial`]); what follows it is then a continuation, so that no byte
//! is given twice. UTF-16 becomes UTF-8 here, offsets stay those of the file.

use std::borrow::Cow;

use memchr::memchr;

use super::encoding::Encoding;

/// One line as it stands in its source, without its line ending.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RawLine<'a> {
    /// The byte at which it begins.
    pub offset: u64,
    /// UTF-8 as far as the source was well-formed.
    pub bytes: Cow<'a, [u8]>,
    /// How many bytes of the source were left out at its end because the line is too long to keep.
    pub elided: u64,
    /// Whether its beginning was already given as a partial line.
    pub continues: bool,
}

/// Cuts bytes into lines.
#[derive(Debug)]
pub struct Splitter {
    encoding: Encoding,
    longest: usize,
    /// The beginning of the line whose end has not come yet, as raw bytes.
    pending: Vec<u8>,
    /// How many more bytes of that line were left out.
    elided: u64,
    /// The byte at which the pending line begins.
    begins: u64,
    /// Whether what is pending continues a line that was partly shown.
    continues: bool,
}

impl Splitter {
    /// Longer than most lines; more is given back to the system after a long one.
    const KEPT_CAPACITY: usize = 4096;

    /// Returns a splitter for a stream whose next byte is at `offset`; of a line it keeps `longest` bytes at most.
    pub fn new(encoding: Encoding, offset: u64, longest: usize) -> Self {
        Self { encoding, longest, pending: Vec::new(), elided: 0, begins: offset, continues: false }
    }

    /// Takes in the bytes that follow those taken in before, and gives every line that ends in them.
    pub fn feed(&mut self, bytes: &[u8], mut give: impl FnMut(RawLine<'_>)) {
        let mut rest = self.without_hole(bytes);
        while let Some(end) = self.line_end(rest) {
            let (head, tail) = rest.split_at(end);
            if self.at_line_start() {
                self.give(head, 0, true, &mut give);
                rest = self.without_hole(tail);
                continue;
            }
            self.keep(head);
            let (mut pending, elided) = (std::mem::take(&mut self.pending), std::mem::take(&mut self.elided));
            self.give(&pending, elided, true, &mut give);
            // The allocation serves the next line, unless a monster made it huge.
            if pending.capacity() <= Self::KEPT_CAPACITY {
                pending.clear();
                self.pending = pending;
            }
            rest = self.without_hole(tail);
        }
        self.keep(rest);
    }

    /// Returns whether there is a beginning of a line whose end has not come.
    pub fn has_partial(&self) -> bool {
        self.pending.len() >= self.encoding.unit()
    }

    /// Gives what there is of the unfinished line. What comes later of it will be marked as continuing it.
    pub fn take_partial(&mut self, mut give: impl FnMut(RawLine<'_>)) {
        if !self.has_partial() {
            return;
        }
        let mut pending = std::mem::take(&mut self.pending);
        let odd = pending.split_off(pending.len() - pending.len() % self.encoding.unit());
        let elided = std::mem::take(&mut self.elided);
        self.give(&pending, elided, false, &mut give);
        self.pending = odd;
        self.continues = true;
    }

    fn at_line_start(&self) -> bool {
        self.pending.is_empty() && self.elided == 0
    }

    /// Passes over zeros at the beginning of a line. A file that was truncated under a writer that does not append
    /// begins with a hole as long as the file was, which reads as zeros.
    fn without_hole<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        if !self.at_line_start() || self.encoding != Encoding::Utf8 {
            return bytes;
        }
        let hole = bytes.iter().take_while(|byte| **byte == 0).count();
        self.begins += hole as u64;
        &bytes[hole..]
    }

    /// Returns the index after the first line ending in `bytes`, which follow what is pending.
    fn line_end(&self, bytes: &[u8]) -> Option<usize> {
        let wide = match self.encoding {
            Encoding::Utf8 => return memchr(b'\n', bytes).map(|at| at + 1),
            Encoding::Utf16Le | Encoding::Utf16Be => self.encoding.newline(),
        };
        // Cut in the middle of a character, the first byte stands at the end of what is pending.
        let half = if (self.pending.len() as u64 + self.elided).is_multiple_of(2) { None } else { self.pending.last() };
        let Some(half) = half else { return bytes.chunks_exact(2).position(|pair| pair == wide).map(|at| 2 * at + 2) };
        let (first, rest) = bytes.split_first()?;
        if [*half, *first] == *wide {
            return Some(1);
        }
        rest.chunks_exact(2).position(|pair| pair == wide).map(|at| 2 * at + 3)
    }

    fn keep(&mut self, bytes: &[u8]) {
        // The line ending has room beside the longest line, so that a line is too long or not wherever it is cut.
        let room = (self.longest + 2 * self.encoding.unit()).saturating_sub(self.pending.len()).min(bytes.len());
        self.pending.extend_from_slice(&bytes[..room]);
        self.elided += (bytes.len() - room) as u64;
    }

    /// Gives one raw line, its line ending included when it has `ended`.
    fn give(&mut self, raw: &[u8], elided: u64, ended: bool, give: &mut impl FnMut(RawLine<'_>)) {
        let offset = self.begins;
        self.begins += raw.len() as u64 + elided;
        let continues = std::mem::take(&mut self.continues);
        let mut kept = self.encoding.without_ending(raw);
        let mut left_out = 0;
        if elided > 0 || kept.len() > self.longest {
            let newline = if ended { self.encoding.unit() } else { 0 };
            let longest = self.longest - self.longest % self.encoding.unit();
            left_out = (raw.len() - longest - newline) as u64 + elided;
            kept = &raw[..longest];
        }
        let bytes = self.encoding.decode(kept);
        // The end of a line that was shown whole before its newline came is no line of its own.
        if bytes.is_empty() && continues {
            return;
        }
        give(RawLine { offset, bytes, elided: left_out, continues });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines(splitter: &mut Splitter, chunks: &[&[u8]]) -> Vec<(u64, String, u64, bool)> {
        let mut out = Vec::new();
        for chunk in chunks {
            splitter.feed(chunk, |line| {
                let text = String::from_utf8_lossy(&line.bytes).into_owned();
                out.push((line.offset, text, line.elided, line.continues));
            });
        }
        out
    }

    fn utf8() -> Splitter {
        Splitter::new(Encoding::Utf8, 0, 16)
    }

    fn line(offset: u64, text: &str) -> (u64, String, u64, bool) {
        (offset, text.to_owned(), 0, false)
    }

    #[test]
    fn lines_carry_the_byte_at_which_they_begin() {
        assert_eq!(lines(&mut utf8(), &[b"one\ntw", b"o\r\n\nthree"]), [line(0, "one"), line(4, "two"), line(9, "")]);
    }

    #[test]
    fn a_partial_line_is_shown_once_and_its_rest_continues_it() {
        let mut splitter = utf8();
        assert_eq!(lines(&mut splitter, &[b"half"]), []);
        let mut partial = Vec::new();
        splitter.take_partial(|line| partial.push(line.bytes.into_owned()));
        assert_eq!(partial, [b"half".to_vec()]);
        assert!(!splitter.has_partial());
        assert_eq!(lines(&mut splitter, &[b" more\nnext\n"]), [(4, " more".into(), 0, true), line(10, "next")]);
    }

    #[test]
    fn a_newline_after_a_shown_partial_line_gives_nothing_more() {
        let mut splitter = utf8();
        lines(&mut splitter, &[b"prompt"]);
        splitter.take_partial(|_| ());
        assert_eq!(lines(&mut splitter, &[b"\nnext\n"]), [line(7, "next")]);
    }

    #[test]
    fn a_long_line_keeps_its_beginning_and_counts_the_rest() {
        let long = [b'x'; 40];
        let mut splitter = utf8();
        let found = lines(&mut splitter, &[&long, &long, b"\nshort\n"]);
        assert_eq!(found, [(0, "x".repeat(16), 64, false), line(81, "short")]);
        assert!(splitter.pending.capacity() <= Splitter::KEPT_CAPACITY);
    }

    #[test]
    fn zeros_at_the_beginning_of_a_line_are_a_hole_and_not_text() {
        assert_eq!(lines(&mut utf8(), &[b"\0\0\0\0after\n\0\0\nx\n"]), [line(4, "after"), line(12, ""), line(13, "x")]);
    }

    #[test]
    fn utf_16_is_decoded_whatever_the_cut() {
        let text = "één\r\nzwei\u{10a}\nlast\n";
        for big in [false, true] {
            let bytes: Vec<u8> = text
                .encode_utf16()
                .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect();
            for cut in 0..bytes.len() {
                let encoding = if big { Encoding::Utf16Be } else { Encoding::Utf16Le };
                let mut splitter = Splitter::new(encoding, 0, 64);
                let found = lines(&mut splitter, &[&bytes[..cut], &bytes[cut..]]);
                assert_eq!(found, [line(0, "één"), line(10, "zwei\u{10a}"), line(22, "last")], "cut at {cut}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_lines(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(0), any::<u8>()], 0..200), cut in 0usize..200) {
            let cut = cut.min(bytes.len());
            let (mut whole, mut halves) = (utf8(), utf8());
            prop_assert_eq!(lines(&mut whole, &[&bytes]), lines(&mut halves, &[&bytes[..cut], &bytes[cut..]]));
        }
    }
}
