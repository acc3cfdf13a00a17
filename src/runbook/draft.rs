//! Writes a runbook from what was just done: the commands that worked, and the operations, in their order.

use crate::model::operation::Verdict;
use crate::model::run::{Purpose, StepVerdict};
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::operation::Ledger;
use crate::runbook::runs::Runs;

/// What is looked at.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Span<'a> {
    pub from: Timestamp,
    pub service: Option<&'a str>,
}

/// Returns the document; nothing when nothing was done that a runbook could be made of.
pub fn from_what_was_done(name: &str, span: &Span<'_>, runs: &Runs, operations: &Ledger) -> Option<String> {
    let mut steps: Vec<(Timestamp, String)> = Vec::new();
    let fits = |service: Option<&str>| span.service.is_none_or(|wanted| service == Some(wanted));
    for run in runs.latest_first().filter(|run| fits(run.beginning.service.as_ref().map(|service| service.as_str()))) {
        for execution in &run.executions {
            let worked = matches!(execution.settled, Some((_, StepVerdict::Done, _)));
            if !worked || execution.asked_at < span.from || execution.purpose == Purpose::Undo {
                continue;
            }
            let title = run.step(execution.step).map_or_else(String::new, |step| step.title.to_string());
            let mut attributes = Vec::new();
            if let Some(host) = &execution.script.host {
                attributes.push(format!("host={host}"));
            }
            if let Some(check) = execution.script.check.as_ref().filter(|check| !check.contains('"')) {
                attributes.push(format!("check=\"{check}\""));
            }
            let attributes =
                if attributes.is_empty() { String::new() } else { format!(" {{{}}}", attributes.join(" ")) };
            let text = format!(
                "{title}\n\n   ```{}{attributes}\n{}\n   ```\n",
                execution.script.shell,
                indented(&execution.script.text)
            );
            steps.push((execution.asked_at, text));
        }
    }
    for operation in operations.latest_first() {
        let intent = &operation.plan.intent;
        let service = intent.service.as_ref().map(|service| service.as_str());
        let worked = operation.ended.as_ref().is_some_and(|ended| {
            matches!(ended.verdict, Verdict::Recovered { .. } | Verdict::Done | Verdict::Unverified)
        });
        if !fits(service) || operation.plan.planned_at < span.from || !worked || intent.undoes.is_some() {
            continue;
        }
        let place = service.map(|service| format!("/{service}")).unwrap_or_default();
        let link = match intent.action.as_str() {
            "roll_back" => format!("crashcart:rollback{place}"),
            action @ ("restart" | "scale") => format!("crashcart:{action}{place}"),
            action => format!("crashcart:act{place}/{action}"),
        };
        steps.push((
            operation.plan.planned_at,
            format!("{}: [{}]({link})\n", operation.plan.title, intent.action.replace('_', " ")),
        ));
    }
    if steps.is_empty() {
        return None;
    }
    steps.sort_by_key(|(at, _)| *at);
    steps.dedup_by(|one, other| one.1 == other.1);
    let title = Line::from_text(&name.replace(['-', '_'], " "));
    let services = span.service.map(|service| format!("services: [{service}]\n")).unwrap_or_default();
    let mut text = format!(
        "---\ntitle: {title}\n{services}matches:\n  alerts: []\n---\n\n# {title}\n\n## Symptoms\n\nWhat one sees when this happens.\n\n## What helped\n\n"
    );
    for (number, (_, step)) in steps.iter().enumerate() {
        text.push_str(&format!("{}. {step}", number + 1));
        text.push('\n');
    }
    text.push_str(ENDING);
    Some(text)
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("   {line}")).collect::<Vec<_>>().join("\n")
}

const ENDING: &str =
    "## Verify\n\n- [ ] What was red is green, and stays so\n\n## Prevention\n\n- What would have stopped it\n";

/// Returns a document to begin from.
pub fn template(name: &str, service: Option<&str>) -> String {
    let title = Line::from_text(&name.replace(['-', '_'], " "));
    let services = service.map(|service| format!("services: [{service}]\n")).unwrap_or_default();
    format!(
        "---\ntitle: {title}\n{services}matches:\n  alerts: []\nvariables:\n  URL: {{ prompt: the address that is red }}\n---\n\n# {title}\n\n## Symptoms\n\nWhat one sees when this happens.\n\n## Look\n\n1. Is it really down?\n\n   ```sh {{name=look timeout=30s}}\n   curl -sS -o /dev/null -w '%{{http_code}}\\n' --max-time 10 \"$URL\"\n   ```\n\n## Mend\n\n1. Go back to the release that worked: [roll back](crashcart:rollback)\n\n## Verify\n\n1. The address answers.\n\n   ```sh {{name=verify timeout=30s retry=5 interval=5s}}\n   curl -fsS -o /dev/null --max-time 10 \"$URL\"\n   ```\n\n## Prevention\n\n- What would have stopped it\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::Runbook;

    #[test]
    fn the_template_is_a_runbook_without_a_complaint() {
        let runbook = Runbook::read("slow-queue", &template("slow-queue", Some("shop")));
        assert!(runbook.diagnostics.is_empty(), "{:?}", runbook.diagnostics);
        assert_eq!((runbook.title.as_str(), runbook.steps().count()), ("slow queue", 3));
    }
}
