//! Logs in a file that goes with the container.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.logs-in-the-container",
    area: Area::Observability,
    level: Level::Medium,
    title: "Logs are written to a file inside the container",
    why: "The file is gone with the container, which is replaced by the very restart that should be explained.",
    fix: "Write to standard output; or mount a volume there, and rotate.",
    references: &["https://12factor.net/logs"],
    check,
};

static FILE: Pattern =
    Pattern::new(r#"--(access-logfile|error-logfile|log-file|logfile)[= "',]+[^-\s"',]+|>>?\s*\S+\.log\b"#);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let commands = repo.dockerfiles.iter().filter_map(|docker| Some((docker, docker.command()?)));
    let files = commands.filter(|(_, command)| {
        FILE.is_match(&command.rest) && !command.rest.contains("/dev/std") && !command.rest.contains("/proc/")
    });
    files
        .map(|(docker, command)| Evidence::at(&docker.path, command.line, "this file is gone after a restart"))
        .collect()
}
