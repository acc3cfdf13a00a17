//! Facts as labelled lines: what a modal tells of one thing, wrapped into rows.

use super::paint::{self, piece};
use super::rows::Row;
use super::{Look, Role};

/// One line of such a text.
#[derive(Clone, PartialEq, Debug)]
pub struct Told {
    /// Empty for what takes the whole width.
    pub label: &'static str,
    pub text: String,
    pub role: Role,
}

/// Returns a line.
pub fn told(label: &'static str, text: impl Into<String>, role: Role) -> Told {
    Told { label, text: text.into(), role }
}

/// Returns the lines as rows of `cells`, with labels in a column of `column` cells.
pub fn rows(lines: &[Told], cells: usize, column: usize, look: &Look) -> Vec<Row<'static>> {
    let mut rows = Vec::new();
    for line in lines {
        let style = look.style(line.role);
        // What has no label takes the whole width: stack frames, source lines, requests. Its indent stays when it wraps.
        if line.label.is_empty() {
            let body = line.text.trim_start_matches(' ');
            let indent = line.text.len() - body.len();
            for text in paint::wrap(body, cells.saturating_sub(indent)) {
                rows.push(Row::of(vec![piece(format!("{:indent$}{text}", ""), style)]));
            }
            continue;
        }
        for (index, text) in paint::wrap(&line.text, cells.saturating_sub(column + 1)).into_iter().enumerate() {
            let label = if index == 0 { line.label } else { "" };
            rows.push(Row::of(vec![piece(format!("{label:<column$} "), look.style(Role::Dim)), piece(text, style)]));
        }
    }
    rows
}
