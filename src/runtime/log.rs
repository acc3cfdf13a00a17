//! Our own log: a file, because the screen and standard error are taken.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::filter::LevelFilter;

use super::redaction::redact;

/// A log that is larger than this is begun anew, with the old one kept beside it.
const LARGEST: u64 = 1024 * 1024;

/// Loses what cannot be written. A full disk must not end the console.
#[derive(Debug)]
struct Patient(File);

impl io::Write for Patient {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // One event comes in one piece. A request that failed may have its token in the URL.
        let text = String::from_utf8_lossy(bytes);
        let _ = io::Write::write_all(&mut self.0, redact(&text).as_bytes());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Starts to log into the state directory. Returns the file, or nothing when it cannot be written: a console without a
/// log is better than none.
pub fn start(state_dir: &Path) -> Option<File> {
    DirBuilder::new().recursive(true).mode(0o700).create(state_dir).ok()?;
    let path = state_dir.join("crashcart.log");
    if std::fs::metadata(&path).is_ok_and(|found| found.len() > LARGEST) {
        let _ = std::fs::rename(&path, state_dir.join("crashcart.log.old"));
    }
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path).ok()?;
    let writer = Mutex::new(Patient(file.try_clone().ok()?));
    let subscriber = tracing_subscriber::fmt()
        .with_writer(writer)
        .with_ansi(false)
        .log_internal_errors(false)
        .with_max_level(LevelFilter::INFO)
        .finish();
    // Only fails when somebody listens already.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Some(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_does_not_reach_the_log() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let mut log = Patient(File::create(&path).unwrap());
        let event = b"INFO request failed: https://api.example/x?token=hunter2hunter2 (Bearer 0123456789abcdef)\n";
        assert_eq!(io::Write::write(&mut log, event).unwrap(), event.len());
        let written = std::fs::read_to_string(&path).unwrap();
        assert_eq!(written, "INFO request failed: https://api.example/x?token=[redacted] (Bearer [redacted])\n");
    }
}
