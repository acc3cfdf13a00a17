//! A service whose errors nobody collects.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.no-error-tracking",
    area: Area::Observability,
    level: Level::Low,
    title: "Nothing collects the program's errors",
    why: "You hear of an error from a user, without the stack trace, the release or how many others have it.",
    fix: "Add an error tracker (Sentry, GlitchTip, Bugsnag, Rollbar) or OpenTelemetry, and give it the release.",
    references: &["https://docs.sentry.io/platforms/"],
    check,
};

static TRACKS: Pattern = Pattern::new(
    r"(?i)sentry|\braven\b|bugsnag|rollbar|honeybadger|airbrake|raygun|glitchtip|highlight\.io|@highlight-run|appsignal|newrelic|new-relic|dd-trace|ddtrace|datadog|opentelemetry|elastic-apm|posthog|logrocket|scout_apm|skylight|trackjs|axiom|betterstack|logtail|honeycomb|applicationinsights|exception_notification|errsole|logfire|insights-js",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let Some(place) = repo.deployed() else { return Vec::new() };
    if repo.mentions(&TRACKS) {
        return Vec::new();
    }
    vec![Evidence::at(&place, 0, "this is deployed, and no dependency or file names an error tracker")]
}
