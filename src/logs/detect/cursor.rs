//! Reading bytes at a place: digits, words, and the prefixes that platforms put before lines.

/// Returns the number that `count` digits at `at` make.
pub(super) fn digits(bytes: &[u8], at: usize, count: usize) -> Option<i64> {
    let mut number = 0;
    for &byte in bytes.get(at..at + count)? {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i64::from(byte - b'0');
    }
    Some(number)
}

/// Returns the length of the run of digits at `at`.
pub(super) fn digit_run(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..).map_or(0, |rest| rest.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

/// Returns the length of the run of letters at `at`.
pub(super) fn letter_run(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..).map_or(0, |rest| rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count())
}

pub(super) fn spaces(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..).map_or(0, |rest| rest.iter().take_while(|&&byte| byte == b' ').count())
}

/// Returns where the line begins behind `web-1  | `, the prefix of composed services, or 0.
pub(super) fn platform_prefix(bytes: &[u8]) -> usize {
    let name = bytes
        .iter()
        .take(48)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/'))
        .count();
    if name == 0 {
        return 0;
    }
    let bar = name + spaces(bytes, name);
    match bytes.get(bar..bar + 2) {
        Some(b"| ") => bar + 2,
        _ => 0,
    }
}

/// Returns where the program's own line begins behind a time that the platform put first: behind `stdout F `,
/// `app[web.1]: `, `app[287e557c693368] iad [info]`, or at the one space that ends the time.
pub(super) fn body_after_stamp(bytes: &[u8], end: usize) -> usize {
    let rest = bytes.get(end..).unwrap_or_default();
    for stream in [&b" stdout F "[..], b" stderr F ", b" stdout P ", b" stderr P "] {
        if rest.starts_with(stream) {
            return end + stream.len();
        }
    }
    if let Some(process) = rest.strip_prefix(b" ") {
        let word = process
            .iter()
            .take(64)
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
            .count();
        if word > 0
            && process.get(word) == Some(&b'[')
            && let Some(closing) = memchr::memchr(b']', process)
        {
            let after = end + 1 + closing + 1;
            if bytes.get(after..after + 2) == Some(b": ") {
                return after + 2;
            }
            // Fly: a region and a level follow.
            let region = after + 1;
            let level = region + letter_run(bytes, region) + 1;
            if bytes.get(after) == Some(&b' ') && bytes.get(level) == Some(&b'[') {
                let closing = level + 1 + letter_run(bytes, level + 1);
                if bytes.get(closing) == Some(&b']') {
                    return closing + 1;
                }
            }
        }
        return end + 1;
    }
    end
}
