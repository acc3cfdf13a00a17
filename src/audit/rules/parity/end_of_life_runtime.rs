//! A runtime or database that gets no repairs any more.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::versions::named;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity.end-of-life-runtime",
    area: Area::Parity,
    level: Level::Medium,
    title: "A version is in use that gets no fixes any more",
    why: "The next hole in it stays open, base images stop being rebuilt, and platforms switch it off on a day that they choose.",
    fix: "Move to a version that is maintained, first in CI.",
    references: &[
        "https://endoflife.date/nodejs",
        "https://endoflife.date/python",
        "https://www.postgresql.org/support/versioning/",
    ],
    check,
};

/// The last versions whose makers had ended all free support by November 2025.
const ENDED: &[(&str, &[u32])] = &[
    ("node", &[18]),
    ("python", &[3, 9]),
    ("ruby", &[3, 1]),
    ("php", &[8, 0]),
    ("go", &[1, 22]),
    ("postgres", &[13]),
    ("redis", &[5]),
    ("mongo", &[5]),
    ("mysql", &[5, 7]),
];

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let named = named(repo);
    let ended = named.iter().filter(|one| {
        let limit = ENDED.iter().find(|(what, _)| *what == one.what).map(|(_, limit)| *limit);
        let version: Vec<u32> = one.version.split('.').filter_map(|part| part.parse().ok()).collect();
        // Software that supports old databases tests with them.
        let tested = one.path.contains("workflows/") && !matches!(one.what, "node" | "python" | "ruby" | "go" | "php");
        !tested && limit.is_some_and(|limit| !version.is_empty() && version.as_slice() <= limit)
    });
    // What runs in production is named first; a list of links or a library ends with its own users.
    let mut ended: Vec<_> = ended.collect();
    let image = |path: &str| path.to_ascii_lowercase().contains("dockerfile");
    if repo.service().is_none() && !ended.iter().any(|one| image(&one.path)) && repo.deploys().next().is_none() {
        return Vec::new();
    }
    ended.sort_by_key(|one| (!image(&one.path), one.path.contains("workflows/")));
    let mut all: Vec<Evidence> = Vec::new();
    for one in &ended {
        let says = format!("{} {} is no longer maintained", one.what, one.version);
        let places = ended.iter().filter(|other| other.what == one.what && other.version == one.version).count();
        if all.iter().any(|known| known.says.starts_with(&says)) {
            continue;
        }
        let says = if places > 1 { format!("{says}; it is named in {places} places") } else { says };
        all.push(Evidence::at(&one.path, one.line, says));
    }
    all
}
