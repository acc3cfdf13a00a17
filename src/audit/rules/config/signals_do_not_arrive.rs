//! A program that never hears that it should end.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "config.signals-do-not-arrive",
    area: Area::Config,
    level: Level::Medium,
    title: "The program is started in a way that swallows SIGTERM",
    why: "A shell or npm as the first process does not pass the signal on: each deploy and restart cuts requests off and waits ten seconds for the kill.",
    fix: "Write the command as a list: `CMD [\"node\", \"server.js\"]`; end a script with `exec`.",
    references: &[
        "https://docs.docker.com/reference/build-checks/json-args-recommended/",
        "https://github.com/nodejs/docker-node/blob/main/docs/BestPractices.md#cmd",
    ],
    check,
};

static SHELL: Pattern = Pattern::new(r#"^\[\s*"(/bin/)?(ba)?sh"\s*,\s*"-\w*c""#);
static WRAPPED: Pattern = Pattern::new(r#"^\[\s*"(npm|yarn|pnpm)"\s*,"#);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for docker in &repo.dockerfiles {
        let entry = docker.last_stage().any(|one| one.word == "ENTRYPOINT");
        let Some(command) = docker.command().filter(|_| !entry) else { continue };
        let shell =
            !command.rest.starts_with('[') && !command.rest.starts_with("exec ") && !command.rest.contains("&& exec ");
        let says = if shell { "a shell is the first process" } else { "the package manager is the first process" };
        // A shell that has more than one thing to do stays.
        let list =
            SHELL.is_match(&command.rest) && command.rest.contains(['&', ';']) && !command.rest.contains("exec ");
        let says = if list { "a shell is the first process" } else { says };
        if shell || list || WRAPPED.is_match(&command.rest) {
            all.push(Evidence::at(&docker.path, command.line, says));
        }
    }
    all
}
