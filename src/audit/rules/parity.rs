//! Environment parity: what differs between the machine where it works and the one where it does not.

pub mod database_engine_differs;
pub mod database_versions_differ;
pub mod development_image_differs;
pub mod end_of_life_runtime;
pub mod live_database_differs;
pub mod live_variable_missing;
pub mod live_variables_differ;
pub mod lock_file_not_used;
pub mod no_database_in_ci;
pub mod no_lock_file;
pub mod no_staging;
pub mod runtime_versions_differ;
pub mod service_mocked;
pub mod stages_differ;
pub mod two_lock_files;
pub mod unpinned_base_image;
pub mod unpinned_requirements;
pub mod unpinned_service_image;
pub mod variables_differ;

use super::super::finding::Evidence;
use super::super::read::versions::Named;
use super::super::tree::{folder, name};

/// Finds what is named in two versions: the odd ones out, each beside the first that says otherwise.
fn differing(named: &[Named], what: &[&str]) -> Vec<Evidence> {
    let mut all = Vec::new();
    for what in what {
        let mine: Vec<&Named> = named.iter().filter(|one| one.what == *what).collect();
        let Some(first) = mine.first() else { continue };
        // One place that says it several times is a matrix or several stages.
        let others = mine.iter().filter(|one| one.version != first.version && one.path != first.path);
        // Images in two folders are two programs.
        let image = |path: &str| name(path).to_ascii_lowercase().contains("dockerfile");
        let others =
            others.filter(|one| !(image(&one.path) && image(&first.path) && folder(&one.path) != folder(&first.path)));
        for other in others.take(3) {
            let says =
                format!("{what} {} here, {what} {} in {}:{}", other.version, first.version, first.path, first.line);
            all.push(Evidence::at(&other.path, other.line, says));
        }
    }
    all
}
