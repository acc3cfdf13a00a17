//! An imitation where production has the real thing.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "parity.service-mocked",
    area: Area::Parity,
    level: Level::Low,
    title: "Tests run against an imitation of a service",
    why: "The imitation takes what the real one refuses (transactions, types, scripts, expiry), and the difference is found in production.",
    fix: "Start the real one for the tests that touch it: a service of the job, a compose file, testcontainers.",
    references: &["https://12factor.net/dev-prod-parity", "https://testcontainers.com/"],
    check,
};

/// What imitates, and what the real thing is called where it is used.
const IMITATIONS: &[(&str, &str)] = &[
    ("fakeredis", "Redis"),
    ("ioredis-mock", "Redis"),
    ("redis-mock", "Redis"),
    ("mock_redis", "Redis"),
    ("miniredis", "Redis"),
    ("pg-mem", "PostgreSQL"),
    ("mongomock", "MongoDB"),
    ("elasticmock", "Elasticsearch"),
    ("com.h2database", "the database"),
];
static STARTED: Pattern = Pattern::new(r"(?i)testcontainers|docker[ -]compose");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if repo.service().is_none() || repo.depends_on(&STARTED) || repo.containers().any(|one| one.ci) {
        return Vec::new();
    }
    let mut all = Vec::new();
    for file in repo.manifests_of_packages() {
        for (word, real) in IMITATIONS {
            if let Some((line, _)) = file.lines().find(|(_, text)| text.contains(word)) {
                all.push(Evidence::at(
                    file.path,
                    line,
                    format!("{word} stands in for {real}, and CI starts no real one"),
                ));
            }
        }
    }
    all
}
