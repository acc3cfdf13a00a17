//! What audits of a folder have found before: a small file for each folder in the state directory.
//!
//! The folder is the key: the one that was audited, which for a console is that of its configuration. Losing a file loses a
//! trend and nothing else, so no failure here stops an audit.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::model::audit::{Area, Audited, LastRun, Run};
use crate::model::time::Timestamp;
use crate::ui::format;

/// More than a year of weeks.
const KEPT: usize = 60;

fn place(state: &Path, root: &Path) -> PathBuf {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    let digest = Sha256::digest(root.as_os_str().as_encoded_bytes());
    let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    state.join("audit").join(format!("{name}.json"))
}

/// Returns what is remembered of a folder.
pub fn load(state: &Path, root: &Path) -> Option<Audited> {
    let bytes = fs::read(place(state, root)).ok()?;
    serde_json::from_slice::<Audited>(&bytes).ok().filter(|audited| !audited.runs.is_empty())
}

/// Writes an audit down, and says of each score how it has changed.
pub fn remember(state: &Path, root: &Path, run: Run, last: LastRun) -> Vec<String> {
    let mut audited = load(state, root).unwrap_or_default();
    let now = run.at;
    // The last time that it was otherwise is what a person wants to compare with.
    let trend = Area::ALL.into_iter().map(|area| trend(&audited, area, &run, now)).collect();
    match audited.runs.last_mut() {
        Some(before) if before.scores == run.scores => before.at = now,
        _ => audited.runs.push(run),
    }
    let from = audited.runs.len().saturating_sub(KEPT);
    audited.runs.drain(..from);
    audited.last = Some(last);
    let _ = write(&place(state, root), &audited);
    trend
}

/// Under another name first: whoever reads it meanwhile gets the old one, whole. Readable by its owner only.
fn write(path: &Path, audited: &Audited) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let aside = path.with_extension(format!("{}.new", std::process::id()));
    let bytes = serde_json::to_vec(audited)?;
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
    let written = file.write_all(&bytes).and_then(|()| fs::rename(&aside, path));
    if written.is_err() {
        let _ = fs::remove_file(&aside);
    }
    written
}

fn trend(before: &Audited, area: Area, run: &Run, now: Timestamp) -> String {
    let Some(points) = run.scores.get(&area).copied().flatten() else { return String::new() };
    let Some((at, other)) = before.scores(area).rev().find(|(_, other)| *other != points) else {
        return if before.scores(area).next().is_none() { String::new() } else { "as before".to_owned() };
    };
    let ago = format::age(now.since(at));
    if points > other { format!("up {} in {ago}", points - other) } else { format!("down {} in {ago}", other - points) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_runs_are_one_and_damage_is_as_good_as_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (state, root) = (folder.path().join("state"), folder.path().join("work"));
        assert_eq!(load(&state, &root), None);
        let last =
            |secs| LastRun { at: Timestamp::from_secs(secs), counts: [0; 4], worst: Vec::new(), skipped: Vec::new() };
        let run = |secs, points| Run { at: Timestamp::from_secs(secs), scores: [(Area::Data, Some(points))].into() };
        for (secs, points, data) in [(1, 80, ""), (2, 80, "as before"), (62, 60, "down 20 in 1m")] {
            let trend = remember(&state, &root, run(secs, points), last(secs));
            assert_eq!(trend[Area::Data as usize], data);
        }
        let audited = load(&state, &root).unwrap();
        assert_eq!(
            audited.runs.iter().map(|run| run.at).collect::<Vec<_>>(),
            [Timestamp::from_secs(2), Timestamp::from_secs(62)]
        );
        assert_eq!(audited.last.unwrap().at, Timestamp::from_secs(62));
        fs::write(place(&state, &root), "{").unwrap();
        assert_eq!(load(&state, &root), None);
    }
}
