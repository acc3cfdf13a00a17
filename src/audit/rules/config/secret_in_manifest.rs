//! A Secret of Kubernetes in plain text.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::read::yaml::{entries, scalar};
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.secret-in-manifest",
    area: Area::Config,
    level: Level::High,
    title: "A Kubernetes Secret is committed in plain text",
    why: "base64 is no encryption: whoever reads the repository has production's passwords.",
    fix: "Sealed Secrets, SOPS, or External Secrets; then change the values.",
    references: &["https://kubernetes.io/docs/concepts/configuration/secret/"],
    check,
};

static HARMLESS: Pattern = Pattern::new(r"(?i)change|your|placeholder|example|replace|<|\$|xxx|todo|redacted|dummy");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    let is_example = |path: &str| ["example", "sample", "template"].iter().any(|word| path.contains(word));
    for one in repo
        .manifests
        .iter()
        .filter(|one| one.value["kind"] == "Secret" && !is_example(&one.path) && one.value.get("sops").is_none())
    {
        let filled = entries(&one.value["data"])
            .chain(entries(&one.value["stringData"]))
            .find(|(_, value)| scalar(value).is_some_and(|value| value.len() > 3 && !HARMLESS.is_match(&value)));
        all.extend(filled.map(|(name, _)| {
            Evidence::hidden(&one.path, one.line_with(&[], &format!("{name}:")), format!("`{name}` has a value here"))
        }));
    }
    all
}
