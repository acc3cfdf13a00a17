//! A migration without a way back.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::repo::Repo;
use crate::operation::migrations::Framework;

/// The rule.
pub static RULE: Rule = Rule {
    id: "data.no-way-down",
    area: Area::Data,
    level: Level::Medium,
    title: "A migration has no way down",
    why: "When the release fails there is a way back for the code and none for the schema; it gets written at night.",
    fix: "Write the way down, or say in the migration that it cannot be taken back, and what to do instead.",
    references: &["https://guides.rubyonrails.org/active_record_migrations.html#reverting-previous-migrations"],
    check,
};

static EMPTY: Pattern = Pattern::new(
    r"(?s)def downgrade\(\)[^\n]*:\s*\n\s*(?:#[^\n]*\n\s*)*(?:\x22\x22\x22[^\x22]*\x22\x22\x22\s*)?(pass)\b|down\s*[:=]?\s*(?:async\s*)?(?:function\s*)?\([^)]*\)(?::\s*Promise<void>)?\s*(?:=>)?\s*(\{\s*\})",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    let mut all = Vec::new();
    for migration in &repo.migrations {
        let says = match migration.framework {
            Framework::GolangMigrate if !repo.tree.has(&migration.path.replace(".up.sql", ".down.sql")) => {
                "its .down.sql is missing"
            }
            Framework::Diesel if !repo.tree.has(&migration.path.replace("up.sql", "down.sql")) => {
                "its down.sql is missing"
            }
            Framework::Alembic | Framework::Knex | Framework::TypeOrm if EMPTY.is_match(&migration.text) => {
                "its way down is empty"
            }
            Framework::Rails if migration.text.contains("def up") && !migration.text.contains("def down") => {
                "it has `up` and no `down`"
            }
            Framework::Django
                if migration.text.contains("RunPython(")
                    && !migration.text.contains("reverse_code")
                    && !migration.text.contains("noop")
                    && super::one_argument(&migration.text) =>
            {
                "`RunPython` has no way back"
            }
            _ => continue,
        };
        all.push(Evidence::at(&migration.path, 1, says));
    }
    all
}
