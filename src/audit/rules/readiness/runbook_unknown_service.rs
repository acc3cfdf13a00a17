//! A runbook with the names of yesterday.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::read::yaml::entries;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "readiness.runbook-unknown-service",
    area: Area::Readiness,
    level: Level::Medium,
    title: "A runbook names a service that nothing runs",
    why: "Whoever follows it restarts or reads the log of something that has another name by now.",
    fix: "Write the name that the compose file or the manifest has.",
    references: &["https://sre.google/sre-book/being-on-call/"],
    check,
};

static COMPOSE: Pattern = Pattern::new(
    r"docker[ -]compose(?: -f \S+)* (?:restart|logs|stop|start|pull|exec|rm)(?: -{1,2}[\w-]+(?:[ =]\d+)?)* ([a-z][\w-]*)",
);
static KUBE: Pattern = Pattern::new(r"kubectl [^|;&]*?\b(?:deployments?|deploy)[/ ]([a-z][\w-]*)");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let services: Vec<&str> =
        repo.composes.iter().flat_map(|one| entries(&one.value["services"]).map(|(name, _)| name)).collect();
    let deployed: Vec<&str> = repo.pods().filter_map(|(one, _)| one.value["metadata"]["name"].as_str()).collect();
    let mut all = Vec::new();
    for runbook in super::runbooks(repo) {
        for (line, text) in super::commands(runbook.text) {
            for (pattern, known, what) in
                [(&COMPOSE, &services, "service in a compose file"), (&KUBE, &deployed, "Deployment")]
            {
                let Some(name) = pattern.first(text).filter(|_| pattern.is_match(text)) else { continue };
                if !known.is_empty() && !known.contains(&name) && !text.contains(['$', '<', '{']) {
                    all.push(Evidence::at(runbook.path, line, format!("`{name}` is no {what} here")));
                }
            }
        }
    }
    all
}
