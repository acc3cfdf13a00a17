//! A git repository that lies on this machine: what lies between two commits, and files as they were.
//!
//! Through the `git` program, which knows every kind of repository. It only reads, never fetches, and nothing that a
//! repository says about programs to run (hooks, external diffs, filters, a file system monitor) is heeded: somebody else
//! may have written it.

pub mod tree;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use thiserror::Error;
use tokio::io::AsyncReadExt as _;

use crate::model::release::{ChangedFile, Changes, Commit, FileChange};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::process::Group;

/// Two releases with more between them are years apart.
const MOST_COMMITS: usize = 500;
/// More than a person or a plan can read.
const LARGEST: u64 = 16 << 20;
/// A migration that is larger is data.
const LARGEST_FILE: u64 = 1 << 20;
const PATIENCE: Duration = Duration::from_secs(15);

/// A repository.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Repository(PathBuf);

/// Why a repository did not tell.
#[derive(Debug, Error)]
pub enum RepositoryError {
    #[error("git is not installed here, or not in PATH")]
    NoGit,
    #[error("`{0}` is not the name of a commit")]
    NotACommit(String),
    #[error("{repository} does not have the commit {commit}; git fetch there brings it")]
    Unknown { repository: String, commit: String },
    #[error("git in {repository}: {said}")]
    Failed { repository: String, said: String },
    #[error("git in {repository} did not answer within {} s", PATIENCE.as_secs())]
    Late { repository: String },
}

impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the repository in {}", self.0.display())
    }
}

impl Repository {
    /// Returns the repository that a directory lies in.
    pub fn find(from: &Path) -> Option<Self> {
        from.ancestors().find(|place| place.join(".git").exists()).map(|place| Self(place.to_path_buf()))
    }

    /// Returns its folder.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Returns what is left behind when one goes back from one commit to another: the commits that `to` does not have, and
    /// the files that differ, as they changed from `to` to `from`.
    ///
    /// # Errors
    /// When a commit is not in this repository, or git fails.
    pub async fn between(&self, from: &str, to: &str) -> Result<Changes, RepositoryError> {
        let (from, to) = (self.commit(from).await?, self.commit(to).await?);
        let range = format!("{to}..{from}");
        let limit = format!("--max-count={}", MOST_COMMITS + 1);
        let log = self
            .git(&["log", "-z", "--no-show-signature", &limit, "--format=%H%x09%an%x09%cI%x09%s", &range], LARGEST)
            .await?;
        let mut commits: Vec<Commit> =
            log.split(|byte| *byte == 0).filter(|line| !line.is_empty()).filter_map(commit).collect();
        let truncated = commits.len() > MOST_COMMITS;
        commits.truncate(MOST_COMMITS);
        let diff = ["diff", "-z", "--no-ext-diff", "--no-textconv", "--find-renames", "--ignore-submodules=all"];
        let status = self.git(&[&diff[..], &["--name-status", &to, &from, "--"]].concat(), LARGEST).await?;
        let counts = self.git(&[&diff[..], &["--numstat", &to, &from, "--"]].concat(), LARGEST).await?;
        let mut files = files(&status);
        count(&mut files, &counts);
        Ok(Changes { commits, files, truncated, url: None })
    }

    /// Returns a file as it was in a commit; nothing when it was not there, is no text, or is larger than a migration is.
    ///
    /// # Errors
    /// When the commit is not in this repository, or git fails.
    pub async fn text_at(&self, commit: &str, path: &str) -> Result<Option<String>, RepositoryError> {
        let commit = self.commit(commit).await?;
        let place = format!("{commit}:{path}");
        let Ok(size) = self.git(&["cat-file", "-s", &place], 64).await else { return Ok(None) };
        let size: u64 = String::from_utf8_lossy(&size).trim().parse().unwrap_or(u64::MAX);
        if size > LARGEST_FILE {
            return Ok(None);
        }
        Ok(self
            .git(&["cat-file", "blob", &place], LARGEST_FILE)
            .await
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// Returns a commit's full name.
    async fn commit(&self, name: &str) -> Result<String, RepositoryError> {
        let plain = |character: char| character.is_ascii_alphanumeric() || "._-/+".contains(character);
        if name.is_empty() || name.starts_with('-') || name.contains("..") || !name.chars().all(plain) {
            return Err(RepositoryError::NotACommit(Line::from_text(name).to_string()));
        }
        let wanted = format!("{name}^{{commit}}");
        match self.git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted], 256).await {
            Ok(found) => Ok(String::from_utf8_lossy(&found).trim().to_owned()),
            Err(RepositoryError::Failed { .. }) => {
                Err(RepositoryError::Unknown { repository: self.to_string(), commit: name.chars().take(12).collect() })
            }
            Err(error) => Err(error),
        }
    }

    async fn git(&self, arguments: &[&str], largest: u64) -> Result<Vec<u8>, RepositoryError> {
        const SAFE: &[&str] = &[
            "--no-pager",
            "--no-replace-objects",
            "-c",
            "core.fsmonitor=false",
            "-c",
            "core.hooksPath=/dev/null",
            "-c",
            "core.quotePath=false",
            "-c",
            "log.showSignature=false",
            "-c",
            "diff.external=",
            "-c",
            "protocol.allow=never",
        ];
        let failed = |said: String| RepositoryError::Failed { repository: self.to_string(), said };
        let mut child = tokio::process::Command::new("git")
            .arg("-C")
            .arg(&self.0)
            .args(SAFE)
            .args(arguments)
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("LC_ALL", "C")
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .env_remove("GIT_INDEX_FILE")
            .env_remove("GIT_EXTERNAL_DIFF")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => RepositoryError::NoGit,
                _ => failed(error.to_string()),
            })?;
        let group = Group::of(&child);
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let whole = async {
            let (mut printed, mut told) = (Vec::new(), Vec::new());
            let read = async {
                if let Some(stdout) = stdout {
                    let _ = stdout.take(largest + 1).read_to_end(&mut printed).await;
                }
            };
            let hear = async {
                if let Some(stderr) = stderr {
                    let _ = stderr.take(LARGEST_FILE).read_to_end(&mut told).await;
                }
            };
            tokio::join!(read, hear);
            if printed.len() as u64 > largest {
                return Err(failed("it prints more than a plan can hold".to_owned()));
            }
            Ok((child.wait().await, printed, told))
        };
        let (status, printed, told) = match tokio::time::timeout(PATIENCE, whole).await {
            Ok(ended) => ended?,
            Err(_) => return Err(RepositoryError::Late { repository: self.to_string() }),
        };
        match status {
            Ok(status) if status.success() => {
                group.leave();
                Ok(printed)
            }
            _ => {
                let said = String::from_utf8_lossy(&told);
                let said = said.lines().next().unwrap_or("it failed and does not say why");
                Err(failed(Line::from_text(said).to_string()))
            }
        }
    }
}

fn commit(line: &[u8]) -> Option<Commit> {
    let text = String::from_utf8_lossy(line);
    let mut parts = text.trim_start_matches('\n').splitn(4, '\t');
    let id = Line::from_text(parts.next()?);
    let author = parts.next().map(Line::from_text);
    let at = parts.next().and_then(Timestamp::parse_rfc3339);
    let message = parts.next().map(Line::from_text);
    Some(Commit { id, message, author, at, url: None })
}

/// Reads `--name-status -z`: a letter, then a path, or two for a rename.
fn files(status: &[u8]) -> Vec<ChangedFile> {
    let mut parts = status.split(|byte| *byte == 0).map(|part| String::from_utf8_lossy(part).into_owned());
    let mut files = Vec::new();
    while let (Some(letter), Some(path)) = (parts.next(), parts.next()) {
        let change = match letter.chars().next() {
            Some('A' | 'C') => FileChange::Added,
            Some('M' | 'T') => FileChange::Modified,
            Some('D') => FileChange::Removed,
            Some('R') => FileChange::Renamed,
            _ => FileChange::Unknown,
        };
        let two = letter.starts_with(['R', 'C']);
        let (path, before) = match two.then(|| parts.next()).flatten() {
            Some(new) => (new, Some(path)),
            None => (path, None),
        };
        let before = before.map(|path| Line::from_text(&path));
        files.push(ChangedFile { path: Line::from_text(&path), before, change, added: None, removed: None });
    }
    files
}

/// Reads `--numstat -z`, whose order is the same: two counts and a path, or nothing there and two paths behind for a rename.
fn count(files: &mut [ChangedFile], counts: &[u8]) {
    let mut parts = counts.split(|byte| *byte == 0).map(|part| String::from_utf8_lossy(part).into_owned());
    for file in files {
        let Some(line) = parts.next() else { return };
        let mut fields = line.splitn(3, '\t');
        let mut number = || fields.next().and_then(|count| count.parse().ok());
        (file.added, file.removed) = (number(), number());
        if line.ends_with('\t') {
            let _ = (parts.next(), parts.next());
        }
    }
}
