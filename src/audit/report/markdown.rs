//! The findings as Markdown, for a comment or a job's summary.

use crate::audit::Report;
use crate::audit::finding::Area;

/// Returns the report.
pub fn report(report: &Report) -> String {
    let mut text =
        String::from("# Audit\n\n| blind spot | score | critical | high | medium | low |\n|---|---|---|---|---|---|\n");
    for score in &report.scores {
        let points = score.points.map_or_else(|| "nothing to look at".to_owned(), |points| points.to_string());
        let [low, medium, high, critical] = score.counts;
        text.push_str(&format!("| {} | {points} | {critical} | {high} | {medium} | {low} |\n", score.area.title()));
    }
    for area in areas(report) {
        text.push_str(&format!("\n## {}\n", area.title()));
        let mut last = "";
        for finding in report.findings.iter().filter(|finding| finding.rule.area == area) {
            let rule = finding.rule;
            if rule.id != last {
                text.push_str(&format!(
                    "\n### {} ({}, `{}`)\n\n{} **Fix:** {}\n\n",
                    rule.title,
                    rule.level.word(),
                    rule.id,
                    rule.why,
                    rule.fix
                ));
                last = rule.id;
            }
            let place = finding.place.to_string();
            text.push_str(&format!("- {}: {}\n", code(&place), escape(finding.says.as_str())));
        }
    }
    if !report.accepted.is_empty() {
        text.push_str("\n## Accepted\n\n");
        for (finding, reason) in &report.accepted {
            text.push_str(&format!(
                "- `{}` in {}: {}\n",
                finding.rule.id,
                code(&finding.place.to_string()),
                escape(reason.text())
            ));
        }
    }
    if !report.settled.is_empty() {
        text.push_str("\n## Shown by a platform\n\n");
        for (rule, why) in &report.settled {
            text.push_str(&format!("- `{rule}` is no finding: {}\n", escape(why)));
        }
    }
    if !report.skipped.is_empty() {
        text.push_str("\n## Not looked at\n\n");
        report.skipped.iter().for_each(|skipped| text.push_str(&format!("- {}\n", escape(skipped))));
    }
    text
}

/// Returns the areas with findings, that with the worst first.
pub fn areas(report: &Report) -> Vec<Area> {
    let mut areas: Vec<Area> = Vec::new();
    for finding in &report.findings {
        if !areas.contains(&finding.rule.area) {
            areas.push(finding.rule.area);
        }
    }
    areas
}

/// Returns a text as code, whatever marks it holds.
fn code(text: &str) -> String {
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// Returns a text that makes no links, images, mentions or markup: paths and images come from somebody else. Our own marks of
/// code stay.
fn escape(text: &str) -> String {
    let mut out = String::new();
    let mut in_code = false;
    for character in text.chars() {
        in_code ^= character == '`';
        if !in_code && matches!(character, '<' | '>' | '[' | ']' | '*' | '_' | '@' | '!' | '\\' | '#') {
            out.push('\\');
        }
        out.push(character);
    }
    out
}
