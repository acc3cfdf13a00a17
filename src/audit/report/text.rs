//! The findings for a person at a terminal of 80 columns: by blind spot, the worst first, the scores at the end.

use super::count;
use super::markdown::areas;
use crate::audit::Report;
use crate::audit::finding::Level;
use crate::model::text::measure;

const WIDTH: usize = 80;
/// Places that are shown of one rule; the others are counted.
const PLACES: usize = 5;

/// Returns the report. `trend` says what stands behind each score, in the order of the scores.
pub fn report(report: &Report, trend: &[String], all: bool) -> String {
    let mut text = String::new();
    for area in areas(report) {
        text.push_str(&format!("{}\n", area.title()));
        let mine: Vec<_> = report.findings.iter().filter(|finding| finding.rule.area == area).collect();
        for group in mine.chunk_by(|a, b| a.rule.id == b.rule.id) {
            let Some(first) = group.first() else { continue };
            let rule = first.rule;
            text.push_str(&format!("\n  {:<8}  {}\n", rule.level.word(), rule.title));
            text.push_str(&format!("            {}\n", rule.id));
            let most = if all { usize::MAX } else { PLACES };
            for finding in group.iter().take(most) {
                text.push_str(&wrapped(&format!("{}: {}", finding.place, finding.says), 4, WIDTH));
                if let Some(excerpt) = &finding.excerpt {
                    text.push_str(&format!("      | {}\n", measure::ellipsize(excerpt.as_str(), WIDTH - 8)));
                }
            }
            if group.len() > most {
                text.push_str(&format!("    and {} more (--all shows them)\n", group.len() - most));
            }
            text.push_str(&wrapped(&format!("Why: {}", rule.why), 4, WIDTH));
            text.push_str(&wrapped(&format!("Fix: {}", rule.fix), 4, WIDTH));
        }
        text.push('\n');
    }
    text.push_str("Scores\n");
    for (index, score) in report.scores.iter().enumerate() {
        let points = score.points.map_or_else(|| "  -".to_owned(), |points| format!("{points:>3}"));
        let bar = score.points.map_or(0, |points| usize::from(points) / 10);
        let bar = if score.points.is_some() {
            format!("{}{}", "#".repeat(bar), ".".repeat(10 - bar))
        } else {
            " ".repeat(10)
        };
        let trend = trend.get(index).map_or("", String::as_str);
        let said = if score.points.is_none() { "nothing here to look at" } else { trend };
        text.push_str(format!("  {:<26} {points}  {bar}  {said}", score.area.title()).trim_end());
        text.push('\n');
    }
    text.push_str(&format!("\n{}", foot(report)));
    text
}

fn foot(report: &Report) -> String {
    let by_level: Vec<String> = Level::ALL
        .iter()
        .rev()
        .map(|level| (report.findings.iter().filter(|finding| finding.rule.level == *level).count(), level))
        .filter(|(count, _)| *count > 0)
        .map(|(count, level)| format!("{count} {}", level.word()))
        .collect();
    let found = if by_level.is_empty() {
        "Nothing found".to_owned()
    } else {
        format!("{} ({})", count(report.findings.len(), "finding"), by_level.join(", "))
    };
    let mut text = format!("{found} in {}", count(report.files, "file"));
    if !report.accepted.is_empty() {
        text.push_str(&format!("; {} accepted", report.accepted.len()));
    }
    text.push_str(".\n");
    for stale in &report.stale {
        text.push_str(&wrapped(&format!("Accepted, and no longer found: {stale}"), 0, WIDTH));
    }
    for (rule, why) in &report.settled {
        text.push_str(&wrapped(&format!("No finding ({rule}), shown by the platform: {why}"), 0, WIDTH));
    }
    for skipped in &report.skipped {
        text.push_str(&wrapped(&format!("Not looked at: {skipped}"), 0, WIDTH));
    }
    text
}

/// Breaks a text at its spaces, indented; a word that is longer than a line stands alone.
pub(super) fn wrapped(text: &str, indent: usize, width: usize) -> String {
    let mut out = String::new();
    let mut line = " ".repeat(indent);
    let mut used = indent;
    for word in text.split_whitespace() {
        let cells = measure::width(word);
        if used > indent && used + 1 + cells > width {
            out.push_str(line.trim_end());
            out.push('\n');
            line = " ".repeat(indent + 2);
            used = indent + 2;
        } else if used > indent {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += cells;
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}
