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

#[test]
fn the_list_of_keys_is_in_step() {
    check("docs/keys.md", &crashcart::action::docs::keys_markdown());
}
