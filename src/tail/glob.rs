//! Which files a glob matches, now and later.

use std::collections::{HashMap, HashSet};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use glob::{MatchOptions, glob_with};

use crate::model::id::LogSourceId;
use crate::model::log::{LogSourceSpec, LogSourceState};
use crate::model::text::Line;

use super::event::{TailEvent, reason};
use super::opened::{Identity, Start};
use super::options::Options;

/// The files of one glob.
#[derive(Debug)]
pub struct GlobFollower {
    spec: LogSourceSpec,
    pattern: String,
    members: HashMap<PathBuf, Member>,
    /// Files that were followed under any name. A rotated file that still matches is not new.
    known: HashSet<Identity>,
    scanned: bool,
    due: Instant,
    told: Option<LogSourceState>,
}

#[derive(Debug)]
struct Member {
    source: LogSourceId,
    /// Since when the path does not exist.
    missing: Option<Instant>,
}

/// What a scan found.
#[derive(Debug, Default)]
pub struct Scan {
    pub joined: Vec<(LogSourceId, PathBuf, Start)>,
    pub left: Vec<LogSourceId>,
    pub events: Vec<TailEvent>,
}

impl GlobFollower {
    /// The pause between two scans.
    const PAUSE: Duration = Duration::from_secs(2);

    /// A scan of a large tree takes at most one part in this many of the time.
    const SHARE: u32 = 100;

    /// The pause after the kernel said that something happened: a rotation is several steps.
    const SETTLE: Duration = Duration::from_millis(50);

    /// Each file is a file descriptor and a watch; the usual limit of descriptors is 1024.
    const MOST: usize = 256;

    /// How long a file that vanished is still followed: it may be in the middle of a rotation.
    const MISSING: Duration = Duration::from_secs(10);

    /// The backlog of all files of the first scan together.
    const BACKLOG: u64 = 4 * 1024 * 1024;

    /// Returns a follower that has not looked yet.
    pub fn new(spec: LogSourceSpec, pattern: String, now: Instant) -> Self {
        let (members, known) = (HashMap::new(), HashSet::new());
        Self { spec, pattern, members, known, scanned: false, due: now, told: None }
    }

    /// Returns the directory above the first wildcard.
    pub fn base(&self) -> &Path {
        let wild = self.pattern.find(['*', '?', '[']).unwrap_or(self.pattern.len());
        match self.pattern[..wild].rfind('/') {
            Some(0) => Path::new("/"),
            Some(slash) => Path::new(&self.pattern[..slash]),
            None => Path::new("."),
        }
    }

    /// Returns whether a source is one of its files.
    pub fn has(&self, source: &LogSourceId) -> bool {
        self.members.values().any(|member| &member.source == source)
    }

    /// Returns when to scan.
    pub fn due(&self) -> Instant {
        self.due
    }

    /// Notes that the kernel told of a name in the base directory.
    pub fn something_happened(&mut self, now: Instant) {
        self.due = self.due.min(now + Self::SETTLE);
    }

    /// Finds out which files match. `reading` are its files that are being read, under whatever name.
    pub fn scan(&mut self, reading: &HashSet<Identity>, options: &Options, now: Instant) -> Scan {
        let mut scan = Scan::default();
        let (mut found, trouble) = match find(&self.pattern) {
            Ok(found) => (found.files, found.trouble),
            Err(why) => {
                self.due = now + Duration::from_secs(3600);
                self.tell(LogSourceState::Failed(why), &mut scan);
                return scan;
            }
        };
        // Those that changed last matter most.
        found.sort_by_key(|(_, metadata)| std::cmp::Reverse(metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH)));
        let matches = found.len();
        found.truncate(Self::MOST);
        // What is read under an old name is known under its new one.
        self.known.extend(reading);
        let fair = (Self::BACKLOG / found.len().max(1) as u64).min(options.backlog_bytes);
        for (path, metadata) in &found {
            if let Some(member) = self.members.get_mut(path) {
                member.missing = None;
                continue;
            }
            let known = self.known.contains(&Identity::of(metadata));
            if known || self.members.len() >= Self::MOST {
                continue;
            }
            let spec = self.spec.member(path);
            let start = if self.scanned { Start::Beginning } else { Start::End { backlog: fair } };
            scan.joined.push((spec.id.clone(), path.clone(), start));
            self.members.insert(path.clone(), Member { source: spec.id.clone(), missing: None });
            scan.events.push(TailEvent::Joined(spec));
        }
        self.known.retain(|identity| {
            reading.contains(identity) || found.iter().any(|(_, metadata)| Identity::of(metadata) == *identity)
        });
        self.part_with_missing(&mut scan, now);
        self.scanned = true;
        let state = if matches > Self::MOST {
            let (pattern, most) = (&self.pattern, Self::MOST);
            let why = format!("{matches} files match {pattern}; the {most} that changed last are followed, narrow it");
            LogSourceState::Failed(Line::from_text(&why))
        } else if !self.members.is_empty() {
            LogSourceState::Following { bytes: None }
        } else if let Some(trouble) = trouble {
            LogSourceState::Failed(trouble)
        } else {
            LogSourceState::Waiting(Line::from_text(&format!("no file matches {} yet", self.pattern)))
        };
        self.tell(state, &mut scan);
        self.due = now + Self::PAUSE.max(now.elapsed() * Self::SHARE);
        scan
    }

    fn part_with_missing(&mut self, scan: &mut Scan, now: Instant) {
        self.members.retain(|path, member| {
            // Not `found`: a file beyond the limit is still there.
            if path.symlink_metadata().is_ok() {
                member.missing = None;
                return true;
            }
            let since = *member.missing.get_or_insert(now);
            let stays = now < since + Self::MISSING;
            if !stays {
                scan.left.push(member.source.clone());
                scan.events.push(TailEvent::Left(member.source.clone()));
            }
            stays
        });
    }

    fn tell(&mut self, state: LogSourceState, scan: &mut Scan) {
        if self.told.as_ref() != Some(&state) {
            self.told = Some(state.clone());
            scan.events.push(TailEvent::State(self.spec.id.clone(), state));
        }
    }
}

/// What a glob matches.
#[derive(Debug)]
pub struct Matches {
    pub files: Vec<(PathBuf, Metadata)>,
    /// The first thing that could not be looked at.
    pub trouble: Option<Line>,
}

/// Returns the regular files that match, but for compressed ones.
pub fn find(pattern: &str) -> Result<Matches, Line> {
    /// Not logs that somebody writes.
    const COMPRESSED: &[&str] = &["gz", "bz2", "xz", "zst", "lz4", "zip", "7z", "tgz"];

    let options =
        MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };
    let paths = glob_with(pattern, options)
        .map_err(|error| Line::from_text(&format!("{pattern} is not a valid glob: {}", error.msg)))?;
    let (mut files, mut trouble) = (Vec::new(), None);
    for path in paths {
        match path {
            Ok(path) => {
                let extension = path.extension().and_then(|extension| extension.to_str());
                if !extension.is_some_and(|extension| COMPRESSED.contains(&extension))
                    && let Ok(metadata) = path.metadata()
                    && metadata.is_file()
                {
                    files.push((path, metadata));
                }
            }
            Err(error) => {
                let why = format!("{} cannot be searched: {}", error.path().display(), reason(error.error()));
                trouble.get_or_insert(Line::from_text(&why));
            }
        }
    }
    Ok(Matches { files, trouble })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::log::LogOrigin;

    fn glob(pattern: &str) -> GlobFollower {
        let spec = LogSourceSpec {
            id: LogSourceId::new(pattern),
            service: None,
            title: Line::from_text(pattern),
            origin: LogOrigin::Glob(pattern.to_owned()),
        };
        GlobFollower::new(spec, pattern.to_owned(), Instant::now())
    }

    #[test]
    fn the_base_of_a_glob_is_the_directory_above_its_first_wildcard() {
        for (pattern, base) in
            [("/var/log/*.log", "/var/log"), ("/srv/*/log/a.log", "/srv"), ("*.log", "."), ("/*", "/"), ("a/b?", "a")]
        {
            assert_eq!(glob(pattern).base(), Path::new(base), "{pattern}");
        }
    }
}
