//! A rule in full, and the table of all of them.

use crate::audit::finding::{Area, Rule};
use crate::audit::rules::RULES;

/// Returns what there is to know about a rule.
pub fn explain(rule: &Rule) -> String {
    let mut text = format!("{}  ({}, {})\n{}\n", rule.id, rule.level.word(), rule.area.title(), rule.title);
    for (title, body) in [("Why it bites", rule.why), ("What to do", rule.fix)] {
        text.push_str(&format!("\n{title}:\n{}", super::text::wrapped(body, 2, 78)));
    }
    if !rule.references.is_empty() {
        text.push_str("\nReferences:\n");
        rule.references.iter().for_each(|link| text.push_str(&format!("  {link}\n")));
    }
    text.push_str(&format!(
        "\nTo accept it, with a reason, on the line or the one above:\n  # crashcart-audit: accept {} -- REASON\n",
        rule.id
    ));
    text
}

/// Returns the table of all rules, for the documentation.
pub fn table() -> String {
    let mut text = String::new();
    for area in Area::ALL {
        text.push_str(&format!(
            "### {}\n\n| rule | level | what | why it bites | what to do |\n|---|---|---|---|---|\n",
            area.title()
        ));
        for rule in RULES.iter().filter(|rule| rule.area == area) {
            let cell = |text: &str| text.replace('|', "\\|");
            let row = [
                format!("`{}`", rule.id),
                rule.level.word().to_owned(),
                cell(rule.title),
                cell(rule.why),
                cell(rule.fix),
            ];
            text.push_str(&format!("| {} |\n", row.join(" | ")));
        }
        text.push('\n');
    }
    text
}
