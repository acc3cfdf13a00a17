//! An address of a desk as the default.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::read::variables;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.local-fallback",
    area: Area::Config,
    level: Level::Low,
    title: "An address falls back to this very host",
    why: "When the variable is missing in production nothing fails at the start: the program talks to itself, and the first request that needs the other one tells.",
    fix: "Refuse to start without it, at least when NODE_ENV or its like says production.",
    references: &["https://12factor.net/config"],
    check,
};

static LOCAL: Pattern = Pattern::new(r"(?i)^\w+://([^/@]*@)?(localhost|127\.0\.0\.1)\b");
static STORE: Pattern = Pattern::new(r"(?i)^(postgres(ql)?|mysql|redis|mongodb|amqp)://");
static GUARD: Pattern =
    Pattern::new(r#"(?i)=== ?["']production|required|throw new|raise |\.env\.validate|envalid|zod|panic"#);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if repo.service().is_none() {
        return Vec::new();
    }
    let found = variables::defaults(repo.tree).into_iter().filter(|one| {
        let guarded = repo.tree.text(&one.path).is_some_and(|text| GUARD.is_match(text));
        LOCAL.is_match(&one.value) && STORE.is_match(&one.value) && !guarded
    });
    found
        .map(|one| Evidence::hidden(&one.path, one.line, format!("without `{}` it uses this host", one.name)))
        .collect()
}
