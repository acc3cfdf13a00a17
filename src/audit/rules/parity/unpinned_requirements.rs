//! Python requirements without versions.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;
use crate::audit::tree::{folder, is_aside};

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity.unpinned-requirements",
    area: Area::Parity,
    level: Level::High,
    title: "Python requirements name no exact versions",
    why: "Each build takes what is newest that day: a deploy without a change can break, and rolling back by rebuilding brings the new versions along.",
    fix: "Pin with `==`, for example through pip-compile or uv, and install with hashes.",
    references: &["https://pip.pypa.io/en/stable/topics/repeatable-installs/"],
    check,
};

static CONSTRAINED: Pattern = Pattern::new(r"pip3? (install|wheel)\b.*\s(-c|--constraint)\s");
static LOOSE: Pattern = Pattern::new(r"^([A-Za-z0-9_.-]+)(\[[^\]]*\])?\s*($|>=|>|~=|<|!=|;|#)");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if repo.service().is_none() {
        return Vec::new();
    }
    let locked = |path: &str| {
        // Constraints beside them say which versions; a list that is compiled has its source there.
        ["uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", "constraints.txt", "requirements.lock"].iter().any(
            |lock| {
                let place = folder(path);
                repo.tree.has(&if place.is_empty() { (*lock).to_owned() } else { format!("{place}/{lock}") })
            },
        )
    };
    let constrained =
        repo.dockerfiles.iter().any(|docker| docker.all("RUN").any(|run| CONSTRAINED.is_match(&run.rest)));
    if constrained {
        return Vec::new();
    }
    let mut all = Vec::new();
    for file in
        repo.tree.files().filter(|file| file.name() == "requirements.txt" && !is_aside(file.path) && !locked(file.path))
    {
        let loose: Vec<(usize, &str)> = file.lines().filter(|(_, line)| LOOSE.is_match(line.trim())).collect();
        let all_of_them =
            file.lines().filter(|(_, line)| line.starts_with(|c: char| c.is_ascii_alphanumeric())).count();
        // One that was forgotten among many is no habit.
        if let Some((line, _)) = loose.first().filter(|_| loose.len() * 3 >= all_of_them) {
            all.push(Evidence::at(
                file.path,
                *line,
                format!("{} of {all_of_them} requirements are open to newer versions", loose.len()),
            ));
        }
    }
    all
}
