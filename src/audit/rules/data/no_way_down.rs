//! A migration without a way back.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::read::migration::Migration;
use crate::audit::read::migration::calls::{Comments, Source};
use crate::audit::read::migration::change::What;
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

/// Commands that Rails cannot turn round in `change`.
static ONE_WAY: Pattern = Pattern::new(
    r"^\s*(remove_column :\w+, :\w+\s*$|remove_columns [^:]*(?::\w+,\s*)+:\w+\s*$|change_column :|execute\b|drop_table :\w+\s*$|change_column_default [^#]*$|remove_index :\w+, name: \S+\s*$)",
);
/// SQL that is handed over without what takes it back.
static RUN_SQL: Pattern = Pattern::new(r"\b((?:migrations\.)?RunSQL)\b");

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    repo.migrations.iter().filter_map(|migration| look(repo, migration)).collect()
}

fn look(repo: &Repo<'_>, migration: &Migration) -> Option<Evidence> {
    let (path, text) = (migration.path.as_str(), migration.text.as_str());
    let whole = |says: &str| Some(Evidence::at(path, 1, says));
    match migration.framework {
        Framework::GolangMigrate if !repo.tree.has(&path.replace(".up.sql", ".down.sql")) => {
            whole("its .down.sql is missing")
        }
        Framework::Diesel if !repo.tree.has(&path.replace("up.sql", "down.sql")) => whole("its down.sql is missing"),
        Framework::Alembic | Framework::Knex | Framework::TypeOrm
            if EMPTY.is_match(text) && !migration.changes.is_empty() =>
        {
            whole("its way down is empty")
        }
        Framework::Rails => rails(path, text),
        Framework::Django => {
            let bare = migration.changes.iter().find(|one| one.what == What::Runs { way_back: false });
            if let Some(change) = bare {
                return Some(Evidence::at(path, change.line, "`RunPython` has no way back"));
            }
            let source = Source::new(text, Comments::Hash);
            let calls = source.calls(&RUN_SQL);
            let bare = calls.iter().find(|call| call.arguments.named("reverse_sql", 1).is_empty())?;
            Some(Evidence::at(path, bare.line, "`RunSQL` has no `reverse_sql`"))
        }
        _ => None,
    }
}

fn rails(path: &str, text: &str) -> Option<Evidence> {
    if text.contains("def up") && !text.contains("def down") {
        return Some(Evidence::at(path, 1, "it has `up` and no `down`"));
    }
    if !text.contains("def change")
        || text.contains("reversible")
        || text.contains("up_only")
        || text.contains("def down")
    {
        return None;
    }
    let reversible = |line: &str| line.contains("from:") && line.contains("to:");
    let line =
        text.lines().position(|line| ONE_WAY.is_match(line) && !reversible(line) && !line.trim_end().ends_with(','))?;
    Some(Evidence::at(path, line + 1, "Rails cannot turn this round, so `change` goes one way only"))
}
