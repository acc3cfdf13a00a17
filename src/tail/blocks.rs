//! Looking for newlines in parts of a file, block by block, without keeping what is read.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use memchr::memchr_iter;

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
    fn newlines_of_utf_16_are_whole_characters() {
        let bytes: Vec<u8> = "a\u{0a0a}\nb\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let file = file(&bytes);
        assert_eq!(count_newlines(&file, Encoding::Utf16Le, 0..10, &mut [0; 4]).unwrap(), 2);
        assert_eq!(line_start_after(&file, Encoding::Utf16Le, 1, 10, &mut [0; 4]).unwrap(), Some(6));
    }
}
