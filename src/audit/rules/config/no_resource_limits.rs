//! A pod that may take the whole node.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::yaml::{items, scalar};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.no-resource-limits",
    area: Area::Config,
    level: Level::Medium,
    title: "A container may use all memory of its host",
    why: "One leak takes down everything beside it: the kernel kills what it finds, often the database.",
    fix: "Set `resources.limits.memory` and `requests`; with compose `mem_limit` or `deploy.resources.limits`.",
    references: &["https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/"],
    check,
};

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for (document, pod) in repo.pods() {
        for one in items(&pod["containers"]).filter(|one| one["resources"]["limits"]["memory"].is_null()) {
            let name = scalar(&one["name"]).unwrap_or_default();
            all.push(Evidence::at(
                &document.path,
                document.line_with(&["spec", "template", "spec", "containers"], &name),
                format!("`{name}` has no limit of memory"),
            ));
        }
    }
    // In compose it matters where a database shares the host with a program.
    let mine: Vec<_> = repo.production().collect();
    let database =
        |path: &str| mine.iter().any(|one| one.path == path && crate::audit::read::versions::keeps_data(&one.image));
    let open = mine.iter().find(|one| {
        one.value.get("build").is_some()
            && one.value.get("mem_limit").is_none()
            && one.value["deploy"]["resources"]["limits"]["memory"].is_null()
            && database(&one.path)
    });
    if let Some(one) = open {
        all.push(Evidence::at(
            &one.path,
            one.line,
            format!("`{}` has no limit of memory, and a database runs beside it", one.name),
        ));
    }
    all
}
