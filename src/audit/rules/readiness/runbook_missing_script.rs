//! A runbook that has rotted.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;
use crate::audit::tree::folder;

/// The rule.
pub static RULE: Rule = Rule {
    id: "readiness.runbook-missing-script",
    area: Area::Readiness,
    level: Level::Medium,
    title: "A runbook names a script that is not there",
    why: "The command is typed in the middle of an outage, and answers that there is no such file.",
    fix: "Put the script back or take the line out; `crashcart runbooks lint` finds such rot.",
    references: &["https://sre.google/sre-book/being-on-call/"],
    check,
};

static SCRIPT: Pattern =
    Pattern::new(r"(?:^|[\s;&|(])((?:\./|bin/|script/|scripts/|ops/|tools/|deploy/|infra/)[\w./-]*\w)");
static TASK: Pattern = Pattern::new(r"(?:^|[\s;&|(])(?:make ([a-z][\w-]*)|(?:npm|pnpm|yarn|bun) run ([a-z][\w:-]*))");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for runbook in super::runbooks(repo) {
        for (line, text) in super::commands(runbook.text) {
            // What stands on another host is not ours to know.
            if ["ssh ", "cd ", "curl ", "kubectl exec", "docker exec"].iter().any(|word| text.contains(word)) {
                continue;
            }
            for path in SCRIPT.all(text) {
                let plain = path.trim_start_matches("./");
                let beside = format!("{}/{plain}", folder(runbook.path));
                let known = [plain, beside.as_str()].iter().any(|path| {
                    repo.tree.has(path) || repo.tree.paths().any(|one| one.starts_with(&format!("{path}/")))
                });
                if !known {
                    all.push(Evidence::at(runbook.path, line, format!("there is no `{path}` in the repository")));
                }
            }
            for task in TASK.all(text) {
                let rule = text.contains("make ");
                if !has_task(repo, task, rule) {
                    let kind = if rule { "target in a Makefile" } else { "script in a package.json" };
                    all.push(Evidence::at(runbook.path, line, format!("there is no {kind} `{task}`")));
                }
            }
        }
    }
    all
}

fn has_task(repo: &Repo<'_>, task: &str, rule: bool) -> bool {
    if !rule {
        return repo.packages.is_empty() || repo.packages.iter().any(|one| one.value["scripts"][task].is_string());
    }
    let mut files = repo.tree.files().filter(|file| file.name().eq_ignore_ascii_case("makefile")).peekable();
    let includes = |text: &str| text.lines().any(|line| line.starts_with("include ") || line.starts_with('%'));
    files.peek().is_none()
        || files.any(|file| {
            includes(file.text)
                || file
                    .lines()
                    .any(|(_, line)| line.strip_prefix(task).is_some_and(|rest| rest.trim_start().starts_with(':')))
        })
}
