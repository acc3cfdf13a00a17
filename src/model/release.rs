//! What a hosting platform runs: releases, and the instances that run them.

use serde::{Deserialize, Serialize};

use super::text::Line;
use super::time::Timestamp;

/// One deployed version, as its platform tells it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Release {
    /// The platform's own identity of it; what an action names.
    pub id: Line,
    /// What people call it (`v42`, `41`), when that is not the id.
    pub version: Option<Line>,
    pub state: ReleaseState,
    /// The platform's own word for the state.
    pub stated: Option<Line>,
    /// Whether it serves traffic now. Several can, while traffic is split.
    pub live: bool,
    pub created_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub commit: Option<Line>,
    pub branch: Option<Line>,
    pub message: Option<Line>,
    pub author: Option<Line>,
    pub image: Option<Line>,
    /// What made it: a push, a rollback, a person.
    pub cause: Option<Line>,
    /// Share of the traffic in percent, where the platform splits it.
    pub traffic: Option<f64>,
    /// Whether the platform says that one can go back to it; `None` where it does not say.
    pub can_roll_back: Option<bool>,
    /// Why it failed, or what else the platform says about it.
    pub detail: Option<Line>,
    pub url: Option<String>,
    /// What actions on this platform need beside the id; opaque to everybody else.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub extra: serde_json::Value,
}

impl Release {
    /// Returns what people call it.
    pub fn name(&self) -> &Line {
        self.version.as_ref().unwrap_or(&self.id)
    }

    /// Returns the first characters of the commit, as people read them aloud.
    pub fn short_commit(&self) -> Option<&str> {
        let commit = self.commit.as_ref()?.as_str();
        let hexadecimal = commit.len() >= 12 && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        Some(if hexadecimal { &commit[..7] } else { commit })
    }
}

/// How far a release came.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseState {
    /// Waits for its turn, or for somebody's approval.
    Queued,
    Building,
    /// Being rolled out.
    Deploying,
    /// Went out; live or not.
    Succeeded,
    /// Went out once and is kept, or not, for going back.
    Superseded,
    Failed,
    Cancelled,
    /// Its files are gone: one cannot go back to it.
    Removed,
    /// The platform uses a word that we do not know.
    Unknown,
}

/// A machine, container or pod.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Instance {
    pub id: Line,
    pub name: Line,
    pub state: InstanceState,
    /// The platform's own word for the state.
    pub stated: Option<Line>,
    /// What its own health check says; `None` when it has none.
    pub healthy: Option<bool>,
    /// Why it is not well.
    pub detail: Option<Line>,
    pub started_at: Option<Timestamp>,
    pub region: Option<Line>,
    /// The kind of process it runs: `web`, `worker`.
    pub group: Option<Line>,
    /// The version or image that it runs.
    pub release: Option<Line>,
    pub restarts: Option<u64>,
    /// Processor use in percent of one core.
    pub cpu: Option<f64>,
    /// Memory in use, in bytes.
    pub memory: Option<u64>,
    /// What actions on this platform need beside the id.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub extra: serde_json::Value,
}

/// What an instance is doing, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstanceState {
    /// Ended by itself, or again and again.
    Failed,
    /// Its host cannot be reached.
    Lost,
    Unknown,
    Starting,
    Stopping,
    Running,
    /// Stopped or suspended on purpose.
    Stopped,
}

/// What lies between two releases.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Changes {
    pub commits: Vec<Commit>,
    pub files: Vec<ChangedFile>,
    /// The platform did not give everything.
    pub truncated: bool,
    pub url: Option<String>,
}

/// One commit.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Commit {
    pub id: Line,
    pub message: Option<Line>,
    pub author: Option<Line>,
    pub at: Option<Timestamp>,
    pub url: Option<String>,
}

/// One file that differs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ChangedFile {
    pub path: Line,
    /// Its earlier path, when it was renamed.
    pub before: Option<Line>,
    pub change: FileChange,
    pub added: Option<u64>,
    pub removed: Option<u64>,
}

/// What happened to a file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileChange {
    Added,
    Modified,
    Removed,
    Renamed,
    Unknown,
}
