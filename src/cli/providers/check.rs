//! `crashcart providers check`: is a definition right, and does it do what its fixtures say?

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{json_files, text_of};
use crate::cli::failure::Failure;
use crate::cli::{Exit, output};
use crate::config::diagnostic::render_all;
use crate::provider::definition::{Definition, read};
use crate::provider::fixture::{Fixture, play};

/// What is beside a fixture: what comes of it.
const FOUND: &str = ".found.json";

pub(super) fn run(files: &[PathBuf], fixtures: Option<&Path>, update: bool) -> Result<Exit, Failure> {
    let mut all_right = true;
    for file in files {
        let text = text_of(file)?;
        let name = file.display().to_string();
        match read(&text) {
            Err(diagnostics) => {
                output::tell(&render_all(&diagnostics.iter().collect::<Vec<_>>(), &name, &text));
                all_right = false;
            }
            Ok((definition, warnings)) => {
                if !warnings.is_empty() {
                    output::tell(&render_all(&warnings.iter().collect::<Vec<_>>(), &name, &text));
                }
                output::print(format!("{name}: fine\n"))?;
                if let Some(folder) = fixtures {
                    all_right &= replay(&definition, &folder.join(&definition.name), update)?;
                }
            }
        }
    }
    Ok(if all_right { Exit::Healthy } else { Exit::Wrong })
}

/// Replays every fixture of a folder, and says what each gives.
fn replay(definition: &Definition, folder: &Path, update: bool) -> Result<bool, Failure> {
    let mut all_right = true;
    let files: Vec<PathBuf> =
        json_files(folder).into_iter().filter(|path| !path.to_string_lossy().ends_with(FOUND)).collect();
    if files.is_empty() {
        output::print(format!("  no fixtures in {}\n", folder.display()))?;
    }
    for file in files {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        match one(definition, &file, &stem) {
            Err(why) => {
                all_right = false;
                output::print(format!("  {stem}: {why}\n"))?;
            }
            Ok(found) => {
                let beside = folder.join(format!("{stem}{FOUND}"));
                let drawn = serde_json::to_string_pretty(&found).unwrap_or_default() + "\n";
                let expected = std::fs::read_to_string(&beside).ok();
                if expected.as_deref() == Some(drawn.as_str()) {
                    output::print(format!("  {stem}: as recorded\n"))?;
                } else if update {
                    std::fs::write(&beside, &drawn)?;
                    output::print(format!("  {stem}: recorded in {}\n{drawn}", beside.display()))?;
                } else {
                    all_right = false;
                    let what = if expected.is_some() { "differs from what is recorded" } else { "is not recorded yet" };
                    output::print(format!("  {stem}: {what} (--update records it)\n{drawn}"))?;
                }
            }
        }
    }
    Ok(all_right)
}

/// `releases.paged.json` is a fixture of `releases`, `actions.roll_back.json` one of that action.
fn one(definition: &Definition, file: &Path, stem: &str) -> Result<Value, String> {
    let mut parts = stem.split('.');
    let first = parts.next().unwrap_or_default();
    let what = match (first, parts.next()) {
        ("actions" | "permission", Some(name)) => format!("{first}.{name}"),
        _ => first.to_owned(),
    };
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let fixture: Fixture = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    play(definition, &what, &fixture).map_err(|error| error.to_string())
}
