//! How logs are followed.

use std::io::PipeWriter;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::opened::Limits;

/// How logs are followed. The default is right for a screen.
#[derive(Clone, Debug)]
pub struct Options {
    /// What a time without an offset means.
    pub zone: TimeZone,
    /// How much of a file that exists already is read before its end.
    pub backlog_bytes: u64,
    /// The shortest time between two batches of one source.
    pub pace: Duration,
    /// How long a line without a newline is waited for before it is shown as it is.
    pub partial_after: Duration,
    pub limits: Limits,
    /// Whether the kernel is asked to tell what happens to files. Where it cannot, they are looked at by time.
    pub listen: bool,
    /// How often a path is looked up although nothing was heard of it: what changes on a network file system, or
    /// above the directory (a switched symbolic link), is not heard of.
    pub look_up: Duration,
    /// The first and the longest pause before a command that ended is started again; `None` runs it once.
    pub restart: Option<(Duration, Duration)>,
    /// Who is told which process groups commands run in: `+123` when one begins, `-123` when it has ended. Whoever reads
    /// it can end them when this program is killed and cannot.
    pub groups: Option<Arc<PipeWriter>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            // Most machines log in the time zone that they have.
            zone: TimeZone::system(),
            // Two thousand lines: several screens, read in a few milliseconds.
            backlog_bytes: 256 * 1024,
            // One frame of a screen.
            pace: Duration::from_millis(16),
            // Longer than a writer's pause within a line, short enough for a prompt that never gets its newline.
            partial_after: Duration::from_secs(1),
            limits: Limits {
                longest_line: 64 * 1024,
                batch_lines: 4096,
                batch_bytes: 1024 * 1024,
                // At full speed that is read in a quarter of a second.
                behind_bytes: 16 * 1024 * 1024,
                resume_bytes: 1024 * 1024,
            },
            listen: true,
            look_up: Duration::from_secs(2),
            restart: Some((Duration::from_secs(1), Duration::from_secs(30))),
            groups: None,
        }
    }
}
