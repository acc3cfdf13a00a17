//! Text of strangers in a shell script.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "delivery.script-injection",
    area: Area::Delivery,
    level: Level::High,
    title: "Text that anybody can write is put into a script",
    why: "A title or branch name with `$(...)` in it becomes a command, with this job's token and secrets.",
    fix: "Hand it over as an environment variable and quote it: `env: TITLE: ${{ ... }}`, then `\"$TITLE\"`.",
    references: &[
        "https://docs.github.com/en/actions/security-for-github-actions/security-guides/security-hardening-for-github-actions#understanding-the-risk-of-script-injections",
    ],
    check,
};

static SPLICED: Pattern = Pattern::new(
    r"\$\{\{\s*(github\.event\.(?:issue\.(?:title|body)|pull_request\.(?:title|body|head\.(?:ref|label))|comment\.body|review\.body|discussion\.(?:title|body)|head_commit\.message)|github\.head_ref)\s*\}\}",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for pipeline in &repo.pipelines {
        for (_, step) in pipeline.steps() {
            let Some(what) = SPLICED.first(&step.run) else { continue };
            let line = pipeline.document.lines_behind(step.line - 1, what).unwrap_or(step.line);
            all.push(Evidence::at(&pipeline.path, line, format!("`{what}` is spliced into a shell script")));
        }
    }
    all
}
