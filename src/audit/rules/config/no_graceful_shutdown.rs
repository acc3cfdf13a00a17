//! Requests that are cut off by a deploy.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::read::variables::is_source;
use crate::audit::repo::Repo;
use crate::audit::tree::is_aside;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.no-graceful-shutdown",
    area: Area::Config,
    level: Level::Low,
    title: "A server does not end its requests when it is stopped",
    why: "Each deploy cuts off what is being answered: half a payment, half an upload.",
    fix: "On SIGTERM stop accepting, finish what runs, close the database, then exit.",
    references: &[
        "https://expressjs.com/en/advanced/healthcheck-graceful-shutdown.html",
        "https://pkg.go.dev/net/http#Server.Shutdown",
    ],
    check,
};

/// Servers that end at once on a signal. Those of Python, Ruby, Java and Elixir do the right thing by themselves.
static NODE: Pattern = Pattern::new(r"\b(app|server|fastify|httpServer)\.listen\(|\bserve\(\{");
static GO: Pattern = Pattern::new(r"\bhttp\.ListenAndServe(TLS)?\(");
static ENDS: Pattern = Pattern::new(
    r"(?i)sigterm|terminus|http-terminator|stoppable|close-with-grace|lightship|enableShutdownHooks|graceful|signal\.notify|\.shutdown\(",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if repo.deployed().is_none() || repo.depends_on(&ENDS) {
        return Vec::new();
    }
    let sources: Vec<_> = repo.tree.files().filter(|file| is_source(file.path) && !is_aside(file.path)).collect();
    for (extensions, starts) in [(&[".js", ".ts", ".mjs", ".cjs", ".mts"][..], &NODE), (&[".go"][..], &GO)] {
        let mine = || sources.iter().filter(|file| extensions.iter().any(|end| file.path.ends_with(end)));
        if mine().any(|file| ENDS.is_match(file.text)) {
            continue;
        }
        let desk = |path: &str| {
            ["dev", "mock", "script", "vite", "demo"].iter().any(|word| path.to_ascii_lowercase().contains(word))
        };
        let found = mine()
            .filter(|file| !desk(file.path))
            .find_map(|file| Some((file, file.lines().find(|(_, line)| starts.is_match(line))?.0)));
        if let Some((file, line)) = found {
            return vec![Evidence::at(file.path, line, "nothing in the program waits for SIGTERM")];
        }
    }
    Vec::new()
}
