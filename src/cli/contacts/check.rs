//! `crashcart contacts check`: what is to be mended before the night.

use serde_json::{Value, json};

use super::super::failure::Failure;
use super::super::{Exit, output};
use super::book::Book;
use super::print_json;
use crate::contacts::check::{Weight, check};
use crate::ui::format;

pub(super) fn run(book: &Book, as_json: bool) -> Result<Exit, Failure> {
    let findings = check(&book.contacts, book.services.as_deref(), &book.moment);
    let path = book.file.shown_path();
    let is_wrong = findings.iter().any(|finding| finding.weight == Weight::Warning)
        || book.file.has_errors()
        || book.file.open_to_others
        || book.broken_config;
    if as_json {
        let errors: Vec<Value> = book
            .file
            .diagnostics
            .iter()
            .map(|it| json!({ "line": it.line, "column": it.column, "severity": it.severity.word(), "message": it.message, "help": it.help }))
            .collect();
        let file = json!({ "path": path, "trouble": book.file.trouble, "open_to_others": book.file.open_to_others, "diagnostics": errors });
        print_json(
            &json!({ "contacts": book.contacts.len(), "findings": findings, "file": file, "broken_config": book.broken_config }),
        )?;
    } else {
        let mut text = String::new();
        for finding in &findings {
            let word = match finding.weight {
                Weight::Warning => "warning",
                Weight::Note => "note",
            };
            let who = finding.contact.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
            text.push_str(&format!("{word}: {who}{}\n", finding.message));
            if let Some(help) = finding.help.as_ref().filter(|_| finding.weight == Weight::Warning) {
                text.push_str(&format!("  hint: {help}\n"));
            }
        }
        output::print(text)?;
        output::tell(&format!("{} looked at\n", format::count(book.contacts.len(), "contact")));
    }
    Ok(match book.exit() {
        Exit::Healthy if is_wrong => Exit::Wrong,
        exit => exit,
    })
}
