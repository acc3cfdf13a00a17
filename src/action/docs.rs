//! `docs/keys.md`, written from the rows.

use super::{ACTIONS, Context};

/// Returns the whole document.
pub fn keys_markdown() -> String {
    let mut text = String::from(
        "# Keys\n\n\
         Generated from the table of actions; a test keeps it in step. Change a key in the configuration's `[keys]`:\n\n\
         ```toml\n[keys]\nrefresh = \"f5\"\n\"logs.pause\" = \"p\"\n```\n\n\
         A key is written as `x`, `G`, `ctrl-x`, `alt-x`, `enter`, `space`, `f5`. Clashes are reported when the console opens.\n",
    );
    for context in Context::ALL {
        text.push_str(&format!("\n## {}\n\n| key | what it does | name |\n|---|---|---|\n", context.title()));
        for row in ACTIONS.iter().filter(|row| row.context == context) {
            let keys: Vec<_> = row.keys.iter().map(|key| format!("`{key}`")).collect();
            text.push_str(&format!("| {} | {} | `{}` |\n", keys.join(" "), row.help, row.name));
        }
    }
    text
}
