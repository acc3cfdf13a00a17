//! What the scores of a repository were before: a small file for each in the state directory.
//!
//! Losing it loses a trend and nothing else, so no failure here stops an audit.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::audit::score::Score;
use crate::model::time::Timestamp;
use crate::ui::format;

/// More than a year of weeks.
const KEPT: usize = 60;

#[derive(Serialize, Deserialize, Default)]
struct History {
    runs: Vec<Run>,
}

#[derive(Serialize, Deserialize, Clone, PartialEq)]
struct Run {
    at: Timestamp,
    /// By the area's name.
    scores: std::collections::BTreeMap<String, Option<u8>>,
}

/// Writes the scores down, and says of each how it has changed.
pub(super) fn remember(state: &Path, root: &Path, scores: &[Score], now: Timestamp) -> Vec<String> {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    let digest = Sha256::digest(root.as_os_str().as_encoded_bytes());
    let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let folder = state.join("audit");
    let path = folder.join(format!("{name}.json"));
    let mut history: History =
        fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let run =
        Run { at: now, scores: scores.iter().map(|score| (score.area.word().to_owned(), score.points)).collect() };
    // The last time that it was otherwise is what a person wants to compare with.
    let trend = scores.iter().map(|score| trend(&history, score, now)).collect();
    match history.runs.last_mut() {
        Some(last) if last.scores == run.scores => last.at = now,
        _ => history.runs.push(run),
    }
    let from = history.runs.len().saturating_sub(KEPT);
    history.runs.drain(..from);
    if let Ok(bytes) = serde_json::to_vec(&history) {
        // Under another name first: whoever reads it meanwhile gets the old one, whole.
        let aside = folder.join(format!("{name}.{}.new", std::process::id()));
        let written = fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&aside, bytes))
            .and_then(|()| fs::rename(&aside, &path));
        if written.is_err() {
            let _ = fs::remove_file(&aside);
        }
    }
    trend
}

fn trend(history: &History, score: &Score, now: Timestamp) -> String {
    let Some(points) = score.points else { return String::new() };
    let past = history.runs.iter().rev().filter_map(|run| Some((run.at, (*run.scores.get(score.area.word())?)?)));
    let Some((at, before)) = past.clone().find(|(_, before)| *before != points) else {
        return if past.count() == 0 { String::new() } else { "as before".to_owned() };
    };
    let ago = format::age(now.since(at));
    if points > before {
        format!("up {} in {ago}", points - before)
    } else {
        format!("down {} in {ago}", before - points)
    }
}
