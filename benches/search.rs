//! Searching a big log, beside `rg -c` in the same run when ripgrep is installed.
//!
//! `cargo bench --bench search` makes a log of 1 GB in the temporary directory, `-- FILE` takes one that exists. Each
//! pattern is searched in turns with ripgrep, so that both see the same machine; printed are the medians and their ratio.

use std::fs::File;
use std::hint::black_box;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crashcart::tail::{self, Case, Pattern};
use tokio_util::sync::CancellationToken;

/// Odd, so that the median is one of them.
const ROUNDS: usize = 9;

const GIGABYTE: u64 = 1_000_000_000;

/// `(what it is, pattern, whether case is ignored)`.
const PATTERNS: &[(&str, &str, bool)] = &[
    ("rare literal", "needle", false),
    ("rare regex", r"needle-\d+", false),
    ("rare, case ignored", "charge failed", true),
    ("alternatives", "refused|undefined id|timed out", false),
    ("no literal prefix", r"\w+ failed: undefined", false),
    ("class at the end", r"id needle-[0-9]+$", false),
    ("absent", "xyzzy", false),
    ("one line in a hundred", " ERROR ", false),
    ("every line", "request", false),
];

fn main() -> io::Result<()> {
    // cargo passes --bench.
    let given = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let made = if given.is_none() { Some(tempfile::tempdir()?) } else { None };
    let log = match (&given, &made) {
        (Some(path), _) => PathBuf::from(path),
        (None, Some(place)) => make_log(&place.path().join("big.log"))?,
        (None, None) => return Ok(()),
    };
    let size = log.metadata()?.len();
    println!("{size} bytes, medians of {ROUNDS} rounds, in milliseconds");
    println!("{:24} {:>9} {:>8} {:>8} {:>6} {:>10}", "pattern", "lines", "ours", "rg -c", "ratio", "first hit");
    for (name, text, ignore) in PATTERNS {
        let case = if *ignore { Case::Ignore } else { Case::Sensitive };
        let pattern = Pattern::new(text, case).map_err(io::Error::other)?;
        let (mut ours, mut theirs, mut first, mut lines) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for _ in 0..ROUNDS {
            let cancel = CancellationToken::new();
            let begun = Instant::now();
            let found = tail::search(&log, &pattern, &cancel, |_| ()).map_err(io::Error::other)?;
            ours.push(begun.elapsed());
            lines = found.map_or(0, |found| found.matches);
            let begun = Instant::now();
            black_box(tail::find(&log, &pattern, 0, false, &cancel).map_err(io::Error::other)?);
            first.push(begun.elapsed());
            theirs.extend(ripgrep(&log, text, *ignore, lines));
        }
        let (ours, first) = (median(ours), median(first));
        let (theirs, ratio) = match theirs.len() {
            0 => ("-".to_owned(), "-".to_owned()),
            _ => {
                let theirs = median(theirs);
                (format!("{theirs:8.1}"), format!("{:6.2}", ours / theirs))
            }
        };
        println!("{name:24} {lines:>9} {ours:>8.1} {theirs:>8} {ratio:>6} {first:>10.1}");
    }
    Ok(())
}

fn ripgrep(log: &Path, text: &str, ignore: bool, lines: u64) -> Option<Duration> {
    let begun = Instant::now();
    let case = if ignore { "-i" } else { "-s" };
    let output = Command::new("rg").args(["-c", case, "--no-config", "-e", text]).arg(log).output().ok()?;
    let took = begun.elapsed();
    let theirs: u64 = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(0);
    assert_eq!(theirs, lines, "ripgrep counts other lines for {text}");
    Some(took)
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

/// Writes a gigabyte of lines as a web service logs them, with a rare one now and then.
fn make_log(path: &Path) -> io::Result<PathBuf> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let (mut written, mut number, mut random) = (0, 0_u64, 0x9e37_79b9_7f4a_7c15_u64);
    while written < GIGABYTE {
        // Good enough for text that does not repeat itself.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let level = match random % 100 {
            0 => "ERROR",
            1..5 => "WARN",
            5..10 => "DEBUG",
            _ => "INFO",
        };
        let (minute, second, milli) = (number / 60_000 % 60, number / 1000 % 60, number % 1000);
        let line = if number % 200_000 == 199_999 {
            format!(
                "2026-11-25T02:{minute:02}:{second:02}.{milli:03}Z ERROR charge failed: undefined id needle-{number}\n"
            )
        } else {
            format!(
                "2026-11-25T02:{minute:02}:{second:02}.{milli:03}Z {level:5} request id={random:016x} method=GET \
                 path=/api/v{}/orders status={} took={}ms user={}\n",
                random % 3,
                200 + random % 5 * 50,
                random >> 54,
                random >> 47 & 0xffff
            )
        };
        file.write_all(line.as_bytes())?;
        written += line.len() as u64;
        number += 1;
    }
    file.flush()?;
    Ok(path.to_owned())
}
