//! Secrets that nobody has replaced yet.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "readiness.rotation-unwritten",
    area: Area::Readiness,
    level: Level::Low,
    title: "Nothing says how a leaked secret is replaced",
    why: "Taking a key back stops production unless the new one is in place first; the order is found out in a hurry.",
    fix: "Write down for each secret where it is made, where it is set and in which order; `crashcart runbooks` has one on leaked credentials.",
    references: &["https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html"],
    check,
};

static SECRET: Pattern = Pattern::new(r"(SECRET|TOKEN|PASSWORD|API_KEY|PRIVATE_KEY|ACCESS_KEY)");
static TOLD: Pattern =
    Pattern::new(r"(?i)\brotat(e|es|ed|ing|ion)\b|\brevok(e|es|ing)\b|leaked|replace the (key|secret|token)");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let secrets: Vec<_> = repo.used.iter().filter(|(name, _)| SECRET.is_match(name)).collect();
    let told = repo.tree.files().any(|file| file.path.ends_with(".md") && TOLD.is_match(file.text));
    if secrets.len() < 4 || told || repo.deployed().is_none() {
        return Vec::new();
    }
    let (name, (path, line)) = secrets[0];
    vec![Evidence::at(
        path,
        *line,
        format!("{} secrets are read (`{name}` first), and no document says how one is replaced", secrets.len()),
    )]
}
