//! Looking for newlines in parts of a file, block by block, without keeping what is read.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use memchr::{memchr_iter, memrchr_iter};

use super::encoding::Encoding;

/// Returns the beginning of the first line that begins after `from`, if one begins at or before `end`.
///
/// A line that begins exactly at `from` cannot be told from the middle of one, so it does not count.
pub fn line_start_after(
    file: &File,
    encoding: Encoding,
    from: u64,
    end: u64,
    buffer: &mut [u8],
) -> io::Result<Option<u64>> {
    let unit = encoding.unit() as u64;
    let mut at = from - from % unit;
    while at < end {
        let want = usize::try_from(end - at).unwrap_or(usize::MAX).min(buffer.len());
        let read = read_whole(file, &mut buffer[..want], at)?;
        if let Some(after) = newline_ends(encoding, &buffer[..read]).next() {
            return Ok(Some(at + after as u64));
        }
        if read < want {
            break;
        }
        at += (read - read % encoding.unit()) as u64;
    }
    Ok(None)
}

/// Returns the beginning of the line that is `lines` lines before the one that begins at `end`, and how many lines
/// there are from it to `end`: fewer at the beginning of the file, or when they take more than `limit` bytes.
pub fn line_start_before(
    file: &File,
    encoding: Encoding,
    end: u64,
    lines: u64,
    limit: u64,
    buffer: &mut [u8],
) -> io::Result<(u64, u64)> {
    let (mut found, mut start, mut block_end) = (0, end, end);
    while found < lines && block_end > 0 && end - block_end < limit {
        let block = (buffer.len() as u64).min(block_end);
        let from = (block_end - block).next_multiple_of(encoding.unit() as u64).min(block_end - 1);
        let length = usize::try_from(block_end - from).unwrap_or(0);
        let read = read_whole(file, &mut buffer[..length], from)?;
        for after in newline_ends_backwards(encoding, &buffer[..read]) {
            let begins = from + after as u64;
            if begins < end && found < lines {
                (start, found) = (begins, found + 1);
            }
        }
        block_end = from;
    }
    if block_end == 0 && found < lines && start > 0 {
        return Ok((0, found + 1));
    }
    Ok((start, found))
}

/// Counts the newlines in a part of a file: exactly up to a limit, and beyond it by the density up to there.
pub fn count_newlines(file: &File, encoding: Encoding, part: Range<u64>, buffer: &mut [u8]) -> io::Result<u64> {
    /// Counted in the time of one screen frame when it is in the page cache.
    const EXACT: u64 = 64 * 1024 * 1024;

    let exact_end = part.end.min(part.start.saturating_add(EXACT));
    let (mut at, mut found) = (part.start, 0);
    while at < exact_end {
        let want = usize::try_from(exact_end - at).unwrap_or(usize::MAX).min(buffer.len());
        let read = read_whole(file, &mut buffer[..want], at)?;
        found += newline_ends(encoding, &buffer[..read]).count() as u64;
        at += read as u64;
        if read < want {
            break;
        }
    }
    let counted = u128::from((at - part.start).max(1));
    let all = u128::from(part.end - part.start);
    Ok(u64::try_from(u128::from(found) * all / counted).unwrap_or(u64::MAX))
}

/// Fills the buffer from a place in the file, and returns how much there was.
pub fn read_whole(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], at + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Returns the indices after each newline. `bytes` begin with a whole character.
fn newline_ends(encoding: Encoding, bytes: &[u8]) -> impl Iterator<Item = usize> {
    memchr_iter(b'\n', bytes).filter_map(move |at| newline_end(encoding, bytes, at))
}

fn newline_ends_backwards(encoding: Encoding, bytes: &[u8]) -> impl Iterator<Item = usize> {
    memrchr_iter(b'\n', bytes).filter_map(move |at| newline_end(encoding, bytes, at))
}

fn newline_end(encoding: Encoding, bytes: &[u8], at: usize) -> Option<usize> {
    let begins = at - at % encoding.unit();
    let end = begins + encoding.unit();
    (bytes.get(begins..end) == Some(encoding.newline())).then_some(end)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(content: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file
    }

    #[test]
    fn the_next_line_is_found_across_blocks() {
        let file = file(b"one\ntwo\nthree");
        let after = |from| line_start_after(&file, Encoding::Utf8, from, 13, &mut [0; 2]).unwrap();
        assert_eq!([after(0), after(3), after(4), after(8)], [Some(4), Some(4), Some(8), None]);
    }

    #[test]
    fn lines_are_counted_backwards_from_any_line_across_blocks() {
        let file = file(b"one\ntwo\n\nthree\n");
        for block in [1, 2, 3, 100] {
            let before =
                |end, lines| line_start_before(&file, Encoding::Utf8, end, lines, 100, &mut vec![0; block]).unwrap();
            assert_eq!(before(15, 1), (9, 1));
            assert_eq!(before(15, 2), (8, 2));
            assert_eq!(before(15, 3), (4, 3));
            assert_eq!(before(15, 9), (0, 4));
            assert_eq!(before(9, 1), (8, 1));
            assert_eq!(before(4, 5), (0, 1));
            assert_eq!(before(0, 5), (0, 0));
        }
    }

    #[test]
    fn newlines_of_utf_16_are_whole_characters() {
        let bytes: Vec<u8> = "a\u{0a0a}\nb\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let file = file(&bytes);
        assert_eq!(count_newlines(&file, Encoding::Utf16Le, 0..10, &mut [0; 4]).unwrap(), 2);
        assert_eq!(line_start_after(&file, Encoding::Utf16Le, 1, 10, &mut [0; 4]).unwrap(), Some(6));
        assert_eq!(line_start_before(&file, Encoding::Utf16Le, 10, 1, 100, &mut [0; 4]).unwrap(), (6, 1));
    }
}
