//! What migrations in Ruby, Python, PHP, TypeScript, Elixir, C# and Liquibase's formats do, by the calls that they make.
//!
//! Only the half that goes forward is read. SQL that they execute is read as SQL.

use std::sync::LazyLock;

use regex::Regex;

use super::frameworks::Framework;
use super::{Saying, sql};
use crate::model::operation::MigrationKind;

/// Calls, in the words of every framework: `remove_column`, `RemoveField`, `drop_column`, `dropColumn`, `DropColumn`.
const RULES: &[(MigrationKind, &str)] = &[
    // Rails
    (
        MigrationKind::Drops,
        r"\b(drop_table|remove_columns?|remove_reference|remove_belongs_to|remove_timestamps|drop_join_table|drop_enum|drop_view|t\.remove(_references|_belongs_to|_timestamps)?)\b",
    ),
    (
        MigrationKind::Rewrites,
        r"\b(rename_table|rename_column|rename_enum|change_column|change_column_null|change_column_type|t\.(rename|change|change_null))\b",
    ),
    (MigrationKind::Rewrites, r"\b(add_check_constraint|add_foreign_key|add_unique_constraint|validate_foreign_key)\b"),
    (
        MigrationKind::Adds,
        r"\b(create_table|add_columns?|add_reference|add_belongs_to|add_index|remove_index|add_timestamps|create_join_table|create_enum|enable_extension|change_column_default|change_column_comment|remove_foreign_key|remove_check_constraint|create_view|update_view|t\.(index|references|timestamps))\b",
    ),
    // Django
    (MigrationKind::Drops, r"\bmigrations\.(DeleteModel|RemoveField)\b"),
    (
        MigrationKind::Rewrites,
        r"\bmigrations\.(RenameModel|RenameField|AlterField|AlterModelTable|AlterUniqueTogether|AddConstraint)\b",
    ),
    (
        MigrationKind::Adds,
        r"\bmigrations\.(CreateModel|AddField|AddIndex|RemoveIndex|RenameIndex|RemoveConstraint|AlterModelOptions|AlterModelManagers|AlterIndexTogether|AlterOrderWithRespectTo)\b",
    ),
    (MigrationKind::Unknown, r"\bmigrations\.(RunPython|SeparateDatabaseAndState)\b"),
    // Alembic
    (MigrationKind::Drops, r"\b(op|batch_op)\.(drop_table|drop_column)\b"),
    (
        MigrationKind::Rewrites,
        r"\b(op|batch_op)\.(rename_table|alter_column|create_unique_constraint|create_foreign_key|create_check_constraint|create_primary_key)\b",
    ),
    (
        MigrationKind::Data,
        r"\b(op\.bulk_insert|bind\.execute|connection\.execute|session\.(execute|query|commit|add))\b",
    ),
    (
        MigrationKind::Adds,
        r"\b(op|batch_op)\.(create_table|add_column|create_index|drop_index|drop_constraint|create_table_comment)\b",
    ),
    // Laravel, Knex, Objection
    (
        MigrationKind::Drops,
        r"(->|\.|::)(drop|dropIfExists|dropTable|dropTableIfExists|dropColumns?|dropSoftDeletes|dropTimestamps|dropRememberToken|dropMorphs|dropView|dropSchema)\(",
    ),
    (
        MigrationKind::Rewrites,
        r"(->|\.|::)(rename|renameColumn|renameTable|change|alter|dropNullable|setNullable|notNullable\(\)\.alter|unique|foreign|setTable|modify)\(",
    ),
    (
        MigrationKind::Data,
        r"(->|\.)(insert|insertOrIgnore|insertGetId|update|updateOrInsert|upsert|delete|del|truncate|batchInsert)\(",
    ),
    (
        MigrationKind::Adds,
        r"(Schema::create|\.createTable|\.createTableIfNotExists|\.createView|\.hasTable|\.createSchema|->(string|integer|bigInteger|unsignedBigInteger|foreignId|foreignUuid|text|longText|json|jsonb|boolean|timestamp|timestamps|dateTime|date|decimal|enum|uuid|id|index|morphs|softDeletes|dropForeign|dropIndex|dropUnique)\(|\b(table|t)\.(string|integer|bigInteger|text|json|jsonb|boolean|timestamp|timestamps|dateTime|date|decimal|enum|uuid|increments|bigIncrements|float|specificType|index|dropForeign|dropIndex|dropUnique)\()",
    ),
    // TypeORM
    (MigrationKind::Drops, r"\bqueryRunner\.(dropTable|dropColumns?|dropDatabase|dropSchema|dropView|clearTable)\("),
    (
        MigrationKind::Rewrites,
        r"\bqueryRunner\.(renameTable|renameColumn|changeColumns?|createUniqueConstraint|createCheckConstraint|createForeignKeys?|createPrimaryKey)\(",
    ),
    (
        MigrationKind::Adds,
        r"\bqueryRunner\.(createTable|addColumns?|createIndex|createIndices|dropIndex|dropForeignKeys?|dropUniqueConstraint|createView|createSchema)\(",
    ),
    // Ecto
    (
        MigrationKind::Drops,
        r"(?m)^\s*(drop table|drop\(table|drop_if_exists table|drop_if_exists\(table|remove :|remove\(:|remove_if_exists)",
    ),
    (
        MigrationKind::Rewrites,
        r"(?m)^\s*(rename table|rename\(table|modify :|modify\(:|create constraint|create unique_index|create\(unique_index|create\(constraint)",
    ),
    (
        MigrationKind::Adds,
        r"(?m)^\s*(create table|create\(table|create_if_not_exists|add :|add\(:|add_if_not_exists|create index|create\(index|drop index|drop\(index|drop constraint|timestamps\(|alter table\()",
    ),
    // EF Core
    (MigrationKind::Drops, r"\bmigrationBuilder\.(DropTable|DropColumn|DropSchema|DropSequence)\b"),
    (
        MigrationKind::Rewrites,
        r"\bmigrationBuilder\.(RenameTable|RenameColumn|RenameSequence|AlterColumn|AddForeignKey|AddUniqueConstraint|AddCheckConstraint|AddPrimaryKey)\b",
    ),
    (MigrationKind::Data, r"\bmigrationBuilder\.(InsertData|UpdateData|DeleteData)\b"),
    (
        MigrationKind::Adds,
        r"\bmigrationBuilder\.(CreateTable|AddColumn|CreateIndex|DropIndex|DropForeignKey|DropPrimaryKey|DropUniqueConstraint|EnsureSchema|CreateSequence|RenameIndex|AlterDatabase|AlterTable)\b",
    ),
    // Liquibase
    (
        MigrationKind::Drops,
        r#"(<|\b|")(dropTable|dropColumn|dropView|dropSequence|dropAllForeignKeyConstraints|dropProcedure)\b"#,
    ),
    (
        MigrationKind::Rewrites,
        r#"(<|\b|")(renameTable|renameColumn|renameView|modifyDataType|addNotNullConstraint|addUniqueConstraint|addForeignKeyConstraint|addPrimaryKey|mergeColumns)\b"#,
    ),
    (
        MigrationKind::Data,
        r#"(<|")(insert|update|delete|loadData|loadUpdateData)\b|^\s*-\s*(insert|update|delete|loadData|loadUpdateData):"#,
    ),
    (
        MigrationKind::Adds,
        r#"(<|\b|")(createTable|addColumn|createIndex|dropIndex|createView|createSequence|addDefaultValue|dropDefaultValue|dropNotNullConstraint|dropForeignKeyConstraint|dropUniqueConstraint|setColumnRemarks)\b"#,
    ),
];

struct Rule {
    kind: MigrationKind,
    pattern: Regex,
}

static COMPILED: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let compile =
        |(kind, pattern): &(MigrationKind, &str)| Some(Rule { kind: *kind, pattern: Regex::new(pattern).ok()? });
    RULES.iter().filter_map(compile).collect()
});

/// Where SQL is handed over: `execute "..."`, `op.execute("""...""")`, `RunSQL("...")`, `queryRunner.query(`...`)`.
static EXECUTES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(execute|exec_query|RunSQL|statement|unprepared|raw|query|Sql)\b\s*(\(|\s)\s*(sql\s*=\s*|sa\.text\(|text\(|sql`?)?\s*").ok()
});

/// Where the half that goes back begins, in each language.
static BACKWARDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?m)^\s*(def (self\.)?down\b|def downgrade\b|def (self\.)?backwards?\b|public function down\b|public async down\b|async down\b|down\s*[:=(]|exports\.down\b|export (async )?function down\b|export const down\b|module\.exports\.down\b|protected override void Down\b)",
    )
    .ok()
});

/// Liquibase says beside each change how it is taken back.
static ROLLBACKS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?s)<rollback\b.*?(</rollback>|/>)|(?m)^\s*-?\s*rollback:[^\n]*$").ok());

/// Reads a migration.
pub fn read(framework: Framework, text: &str) -> Vec<Saying> {
    let without = match ROLLBACKS.as_ref().filter(|_| framework == Framework::Liquibase) {
        // The lines stay where they are.
        Some(rollbacks) => {
            rollbacks.replace_all(text, |found: &regex::Captures<'_>| "\n".repeat(found[0].matches('\n').count()))
        }
        None => text.into(),
    };
    let text = without.as_ref();
    let forwards = forwards(text);
    let mut told = Vec::new();
    let mut demanding = demanding(framework, forwards);
    for (index, line) in forwards.lines().enumerate() {
        let trimmed = line.trim();
        let comment = ["#", "//", "*", "/*", "<!--"].iter().any(|mark| trimmed.starts_with(mark));
        if trimmed.is_empty() || comment {
            continue;
        }
        let mut kinds: Vec<MigrationKind> =
            COMPILED.iter().filter(|rule| rule.pattern.is_match(line)).map(|rule| rule.kind).collect();
        kinds.sort_unstable();
        // The worst of a line is what it does; a chain of calls has several words.
        if let Some(kind) = kinds.first() {
            told.push(Saying { kind: *kind, line: index + 1, text: trimmed.to_owned() });
        }
    }
    told.append(&mut demanding);
    told.append(&mut executed(forwards));
    told
}

/// Returns the half that goes forward.
pub fn forwards(text: &str) -> &str {
    let forwards = BACKWARDS.as_ref().and_then(|down| down.find(text)).map_or(text, |found| &text[..found.start()]);
    // A file may put the way back first.
    if forwards.trim().len() < 40 { text } else { forwards }
}

/// Finds columns that are added and must not be null, and have no default: the older release writes rows without them.
fn demanding(framework: Framework, text: &str) -> Vec<Saying> {
    let wanted: fn(&str) -> bool = match framework {
        Framework::Rails => {
            |line| line.contains("add_column") && line.contains("null: false") && !line.contains("default:")
        }
        Framework::Ecto => {
            |line| line.trim_start().starts_with("add ") && line.contains("null: false") && !line.contains("default:")
        }
        Framework::Alembic => {
            |line| line.contains("add_column") && line.contains("nullable=False") && !line.contains("server_default")
        }
        _ => return Vec::new(),
    };
    let lines = text.lines().enumerate();
    // Columns of a table that is made here are nobody's yet.
    let makes_a_table = text.contains("create_table") || text.contains("create table");
    if makes_a_table && framework == Framework::Ecto {
        return Vec::new();
    }
    lines
        .filter(|(_, line)| wanted(line))
        .map(|(index, line)| Saying { kind: MigrationKind::Rewrites, line: index + 1, text: line.trim().to_owned() })
        .collect()
}

/// Returns the statements of SQL that a program hands over on its way forward.
pub fn handed_over(text: &str) -> Vec<(usize, String)> {
    let forwards = forwards(text);
    literals(forwards).into_iter().flat_map(|(line, inner)| sql::cut(&unescaped(inner), line)).collect()
}

/// Reads the SQL that a program hands over.
fn executed(text: &str) -> Vec<Saying> {
    literals(text).into_iter().flat_map(|(line, inner)| sql::read_at(&unescaped(inner), line)).collect()
}

/// Quotes of SQL stand behind a backslash where the language has the same ones, and twice in C#.
fn unescaped(inner: &str) -> String {
    inner.replace("\\`", "`").replace("\\\"", "\"").replace("\"\"", "\"")
}

/// Returns the texts that a program hands over to the database, with the line of each.
fn literals(text: &str) -> Vec<(usize, &str)> {
    let Some(pattern) = EXECUTES.as_ref() else { return Vec::new() };
    let mut found_texts = Vec::new();
    let (mut from, mut line, mut counted) = (0, 1, 0);
    while let Some(found) = pattern.find_at(text, from) {
        from = found.end().max(from + 1);
        let rest = &text[found.end()..];
        line += text[counted..found.end()].matches('\n').count();
        counted = found.end();
        let Some((inner, length)) = literal(rest) else { continue };
        from = found.end() + length;
        found_texts.push((line, inner));
        if from >= text.len() || !text.is_char_boundary(from) {
            break;
        }
    }
    found_texts
}

/// Returns what stands in the quotes that begin here, and how long it is with them.
fn literal(text: &str) -> Option<(&str, usize)> {
    let letters = text.len() - text.trim_start_matches(['r', 'R', 'f', 'F']).len();
    for quote in ["\"\"\"", "'''"] {
        if let Some(rest) = text[letters..].strip_prefix(quote) {
            let end = rest.find(quote)?;
            return Some((&rest[..end], letters + end + 6));
        }
    }
    if let Some(rest) =
        text.strip_prefix("<<~").or_else(|| text.strip_prefix("<<-")).or_else(|| text.strip_prefix("<<<"))
    {
        let word_end = rest.find('\n')?;
        let word = rest[..word_end].trim_matches(|character: char| !character.is_alphanumeric() && character != '_');
        let word = word.split(|character: char| !character.is_alphanumeric() && character != '_').next()?;
        let body = &rest[word_end..];
        let end = body.lines().scan(0, |at, line| {
            let begin = *at;
            *at += line.len() + 1;
            Some((begin, line))
        });
        let end =
            end.into_iter().find(|(_, line)| !word.is_empty() && line.trim().trim_end_matches([';', ')']) == word)?.0;
        return Some((&body[..end], 3 + word_end + end));
    }
    let text_at = text.trim_start_matches(['r', 'R', 'f', 'F', '@', '$']);
    let skipped = text.len() - text_at.len();
    let quote = text_at.chars().next().filter(|quote| matches!(quote, '"' | '\'' | '`'))?;
    let verbatim = text.starts_with('@');
    let mut escaped = false;
    for (at, character) in text_at.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if character == '\\' || (verbatim && character == quote && text_at[at + 1..].starts_with(quote)) {
            escaped = true;
        } else if character == quote {
            return Some((&text_at[1..at], skipped + at + 1));
        }
    }
    None
}
