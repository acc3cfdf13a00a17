//! Documents that are written from the code's own tables. `CRASHCART_UPDATE=1 cargo test --test docs` writes them anew.

mod support;

use std::path::Path;

fn check(path: &str, expected: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if support::environment("CRASHCART_UPDATE").is_some() {
        std::fs::write(&file, expected).expect("the document can be written");
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(found == expected, "{path} is out of step; run CRASHCART_UPDATE=1 cargo test --test docs");
}

/// Compares what stands between two marks of a document, or writes it.
fn check_part(path: &str, mark: &str, expected: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let (begin, end) = (format!("<!-- {mark}: begin -->\n"), format!("<!-- {mark}: end -->"));
    let whole = std::fs::read_to_string(&file).unwrap();
    let (before, rest) = whole.split_once(&begin).unwrap_or_else(|| panic!("{path} has no {begin}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{path} has no {end}"));
    check(path, &format!("{before}{begin}\n{expected}\n{end}{after}"));
}

#[test]
fn the_table_of_proofs_is_in_step() {
    let table = crashcart::provider::proof::Proofs::built_in().markdown();
    check_part("docs/providers.md", "proofs", &table);
}

#[test]
fn the_list_of_keys_is_in_step() {
    check("docs/keys.md", &crashcart::action::docs::keys_markdown());
}

#[test]
fn the_table_of_audit_rules_is_in_step() {
    check_part("docs/audit.md", "rules", &crashcart::audit::report::explain::table());
}
