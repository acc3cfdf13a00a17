//! An error tracker that does not know the release.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::read::variables::is_source;
use crate::audit::repo::Repo;
use crate::audit::tree::is_aside;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.errors-without-release",
    area: Area::Observability,
    level: Level::Medium,
    title: "Errors are collected without the release they come from",
    why: "\"Since when?\" and \"is it the deploy?\" are the first two questions, and neither can be answered.",
    fix: "Give `release` (the commit) and `environment` to the tracker's init, or set SENTRY_RELEASE in the deploy.",
    references: &["https://docs.sentry.io/product/releases/"],
    check,
};

static STARTS: Pattern = Pattern::new(r"\b(Sentry|sentry_sdk|sentry)\.(init|Init)\(");
static TELLS: Pattern = Pattern::new(
    r"(?i)SENTRY_RELEASE|release\s*[:=]|sentry-cli|@sentry/(nextjs|sveltekit|nuxt|remix|vite-plugin|webpack-plugin|astro)|withSentryConfig|sentryVitePlugin|getsentry/action-release|sentry_release|with_release|set_release",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let sources =
        repo.tree.files().filter(|file| is_source(file.path) && !is_aside(file.path) && STARTS.is_match(file.text));
    let all: Vec<_> = sources.collect();
    if all.iter().any(|file| TELLS.is_match(file.text))
        || repo.depends_on(&TELLS)
        || repo.pipelines.iter().any(|one| repo.tree.text(&one.path).is_some_and(|text| TELLS.is_match(text)))
    {
        return Vec::new();
    }
    let line = |text: &str| text.lines().position(|line| STARTS.is_match(line)).map_or(1, |index| index + 1);
    all.first().map(|file| Evidence::at(file.path, line(file.text), "no release is given to it")).into_iter().collect()
}
