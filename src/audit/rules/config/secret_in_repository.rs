//! A secret in a file of the repository, by its shape.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;
use crate::audit::tree::is_aside;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.secret-in-repository",
    area: Area::Config,
    level: Level::Critical,
    title: "A secret stands in the repository",
    why: "Everybody who ever cloned it has it, bots find it within minutes when it becomes public, and taking it back stops production unless the new one is in place first.",
    fix: "Make a new one, put it where the platform keeps secrets, and let the old one end. Deleting the line is not enough: history keeps it.",
    references: &["https://docs.github.com/en/code-security/secret-scanning/introduction/about-secret-scanning"],
    check,
};

/// Tokens that nothing else looks like. Test keys and publishable ones are no secrets.
static TOKENS: Pattern = Pattern::new(
    r"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,}|glpat-[A-Za-z0-9_-]{20,}|(?:sk|rk)_live_[A-Za-z0-9]{20,}|xox[abprs]-[0-9]{8,}-[A-Za-z0-9-]{16,}|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}|SG\.[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{30,}|npm_[A-Za-z0-9]{36}|pypi-AgEIcHlwaS[A-Za-z0-9_-]{50,}|dop_v1_[0-9a-f]{64}|hvs\.[A-Za-z0-9_-]{24,}|sntrys_[A-Za-z0-9+/=_-]{40,}|sk-(?:ant|proj)-[A-Za-z0-9_-]{40,}|AGE-SECRET-KEY-1[0-9A-Z]{50,}|FlyV1 fm[12][ar]?_[A-Za-z0-9+/=_-]{40,}|-----BEGIN (?:RSA |EC |OPENSSH |DSA )?PRIVATE KEY-----)",
);
static PLACEHOLDER: Pattern =
    Pattern::new(r"(?i)example|xxxx|0000000|1234567|your[-_]|placeholder|dummy|fake|redacted|\.\.\.");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for file in repo.tree.files().filter(|file| !is_aside(file.path)) {
        for (line, text) in file.lines().filter(|(_, text)| text.len() < 4000) {
            let Some(token) = TOKENS.first(text) else { continue };
            // A key's first line alone is a pattern or a message; its body stands behind it.
            let key = token.starts_with("-----");
            let body = file.text.lines().nth(line).unwrap_or_default().trim_start_matches([' ', '"', '\'']);
            let has_body =
                text.contains("\\nMII") || (body.len() > 40 && body.starts_with(|c: char| c.is_ascii_alphanumeric()));
            // A key for browsers is public by design.
            let public = token.starts_with("AIza") && (text.contains("PUBLIC") || file.text.contains("firebase"));
            if (key && !has_body) || public || PLACEHOLDER.is_match(token) {
                continue;
            }
            let kind: String = token.chars().take(4).collect();
            let what = if key { "a private key".to_owned() } else { format!("a token that begins with `{kind}`") };
            all.push(Evidence::hidden(file.path, line, what));
        }
    }
    all
}
