//! What was written elsewhere, made harmless for Markdown; and a template, rendered.

use serde_json::Value;

use crate::model::text::Line;

/// Writes the document.
///
/// # Errors
/// What is wrong with the template, with its line.
pub fn document(template: &str, facts: &Value) -> Result<String, String> {
    let mut environment = minijinja::Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_keep_trailing_newline(true);
    // A slip of the pen is an error, and not a gap in the document.
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::SemiStrict);
    // What people wrote must not become a heading or a table.
    environment.add_filter("md", escaped);
    environment.add_template("postmortem", template).map_err(told)?;
    let template = environment.get_template("postmortem").map_err(told)?;
    template.render(facts).map_err(told)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn told(error: minijinja::Error) -> String {
    let line = error.line().map(|line| format!(" at line {line}")).unwrap_or_default();
    let detail = error.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("the template cannot be used{line}: {}{detail}", error.kind())
}

/// Makes text harmless for Markdown.
#[expect(clippy::needless_pass_by_value, reason = "filters are given values")]
fn escaped(text: String) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let begins = at == 0 && matches!(c, '#' | '>' | '-' | '+' | '=');
        // An underscore within a word is no emphasis, and names are full of them.
        let within = |at: usize| {
            let before = text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
            before && text[at + 1..].chars().next().is_some_and(char::is_alphanumeric)
        };
        let means = match c {
            '`' | '*' | '[' | ']' | '<' | '|' | '\\' | '~' | '&' | '$' => true,
            '_' => !within(at),
            _ => begins,
        };
        if means {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Returns a fence that no line of what it holds can end.
pub fn fence(lines: &[Line]) -> String {
    let longest = lines.iter().map(|line| {
        let body = line.as_str().trim_start();
        body.len() - body.trim_start_matches('`').len()
    });
    "`".repeat(longest.max().unwrap_or(0).max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_text() {
        for (text, expected) in [
            ("# no heading", "\\# no heading"),
            ("a_b_c and _so_", "a_b_c and \\_so\\_"),
            ("<img src=x> | [x](javascript:1)", "\\<img src=x> \\| \\[x\\](javascript:1)"),
            ("`rm` & *", "\\`rm\\` \\& \\*"),
            ("ä_ö", "ä_ö"),
        ] {
            assert_eq!(escaped(text.to_owned()), expected);
        }
    }

    #[test]
    fn a_template_that_cannot_be_used_names_its_line() {
        for template in ["one\n{{ title|nothing }}", "one\n{% if %}", "one\n{{ titel.x }}", "one\n{{ titel }}"] {
            let error = document(template, &serde_json::json!({ "title": "x" })).unwrap_err();
            assert!(error.contains("at line 2"), "{template:?}: {error}");
        }
    }
}
