//! Keys of a cloud that never expire, in CI.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "delivery.long-lived-cloud-keys",
    area: Area::Delivery,
    level: Level::High,
    title: "CI holds cloud keys that do not expire",
    why: "A leaked key of this kind works until somebody notices; taking it back stops every deploy on that day.",
    fix: "Let CI prove who it is (OpenID Connect): `role-to-assume`, `workload_identity_provider`, federated credentials.",
    references: &[
        "https://docs.github.com/en/actions/security-for-github-actions/security-hardening-your-deployments/about-security-hardening-with-openid-connect",
    ],
    check,
};

static KEYS: Pattern = Pattern::new(
    r"(?i)secrets\.(AWS_SECRET_ACCESS_KEY|GCP_SA_KEY|GCP_SERVICE_ACCOUNT_KEY|GCP_CREDENTIALS|GOOGLE_CREDENTIALS|AZURE_CREDENTIALS)\b",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for pipeline in repo.pipelines.iter().filter(|one| one.github) {
        let Some(text) = repo.tree.text(&pipeline.path) else { continue };
        let found = text.lines().enumerate().find(|(_, line)| KEYS.is_match(line));
        all.extend(found.map(|(index, line)| {
            Evidence::at(&pipeline.path, index + 1, format!("`{}` never expires", KEYS.first(line).unwrap_or_default()))
        }));
    }
    all
}
