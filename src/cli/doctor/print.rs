//! The lines, as people read them: what is wrong last, where the eye is.

use crate::model::readiness::{Readiness, Verdict};
use crate::ui::format;

/// Columns for a subject; longer ones push their evidence.
const WIDEST: usize = 40;

/// Draws the lines.
pub(super) fn table(readiness: &Readiness, colour: bool) -> String {
    let subject = readiness.lines.iter().map(|line| line.subject.width()).max().unwrap_or(0).min(WIDEST);
    let mut text = String::new();
    for line in &readiness.lines {
        let word = format!("{:<8}", line.verdict.word());
        let word = if colour { painted(&word, line.verdict) } else { word };
        let gap = " ".repeat(subject.saturating_sub(line.subject.width()));
        text.push_str(&format!("{word}  {:<13}  {}{gap}  {}\n", line.area, line.subject, line.evidence));
        if let (Some(fix), true) = (&line.fix, line.verdict != Verdict::Ok) {
            text.push_str(&format!("{:8}  {:13}  -> {fix}\n", "", ""));
        }
    }
    let bad = [(Verdict::Failure, "failure"), (Verdict::Warning, "warning")];
    let told: Vec<String> = bad
        .iter()
        .map(|(verdict, word)| (readiness.count(*verdict), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format::count(count, word))
        .collect();
    let unproven = readiness.count(Verdict::Unproven);
    let mut sum = if told.is_empty() { "Everything that can be proven works".to_owned() } else { told.join(", ") };
    if unproven > 0 {
        sum.push_str(&format!("; {unproven} unproven"));
    }
    text.push_str(&format!("\n{sum}.\n"));
    text
}

fn painted(word: &str, verdict: Verdict) -> String {
    let code = match verdict {
        Verdict::Ok => "32",
        Verdict::Unproven => "2",
        Verdict::Warning => "33",
        Verdict::Failure => "1;31",
    };
    format!("\x1b[{code}m{word}\x1b[0m")
}
