//! Standard output and error, which may be pipes that their readers have closed.

use std::io::{self, Write as _};

use crate::model::text::measure;
use crate::runtime::terminal;

/// Writes text to standard output. A reader that has seen enough (`| head`) is no error.
pub fn print(text: impl AsRef<[u8]>) -> io::Result<()> {
    print_on(text).map(|_| ())
}

/// Writes text to standard output. Returns false when nobody reads any more: who goes on printing should end.
pub fn print_on(text: impl AsRef<[u8]>) -> io::Result<bool> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_ref()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

/// Writes text to standard error. When nobody is left to read it there is nobody left to tell.
pub fn tell(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// A line on standard error that says what is being waited for. It is gone when this is dropped.
#[derive(Debug, Default)]
pub struct Progress {
    shown: bool,
}

impl Progress {
    /// Shows a line instead of the one before.
    pub fn show(&mut self, text: &str) {
        // A line that wraps could not be taken back.
        let cells = usize::from(terminal::size().0).saturating_sub(1);
        tell(&format!("\r{}\x1b[K", measure::head(text, cells)));
        self.shown = true;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            tell("\r\x1b[K");
        }
    }
}
