//! Laravel's and Knex' migrations: chains of calls on a table, `$table->string('x')->nullable()`.

use super::calls::{Call, Comments, Source, bare};
use super::change::{Change, Column, Fallback, IndexKind, What};
use super::types::Type;
use crate::audit::read::Pattern;

static LARAVEL_SCOPE: Pattern =
    Pattern::new(r"\b(Schema::(?:\w+\([^)]*\)->)?(?:table|create|drop|dropIfExists|rename|dropColumns))\b");
static KNEX_SCOPE: Pattern =
    Pattern::new(r"\.(createTable|createTableIfNotExists|alterTable|table|dropTable|dropTableIfExists|renameTable)\b");
static LARAVEL_TABLE: Pattern = Pattern::new(r"(\$\w+)->\w+\(");
static KNEX_TABLE: Pattern = Pattern::new(r"\b((?:table|t|tbl|builder|tableBuilder|column))\s*\.\w+\(");
static PER_ROW: Pattern = Pattern::new(r"(?i)gen_random_uuid|uuid_generate_v|random\(|uuid\(\)|clock_timestamp");

/// Rows of a table: `DB::table('x')->delete()`, `knex('x').del()`, and the same behind a condition.
static ALL_ROWS: Pattern = Pattern::new(
    r#"(?:DB::table|\bknex|\btrx)\(\s*["'](\w+)["']\s*\)\s*(?:->|\.)\s*(?:truncate|delete|del)\(\s*\)\s*[;,)\n}]\s*(?:[^.\s-]|$)"#,
);
static ROWS: Pattern = Pattern::new(
    r#"(?:DB::table|\bknex|\btrx)\(\s*["'](\w+)["']\s*\)(?:\s*(?:->|\.)\s*(?:where\w*|whereNull|orWhere|whereIn|join)\([^;]{0,200}?\))*\s*(?:->|\.)\s*(?:update|updateOrInsert|delete|del)\([^)\s]"#,
);

struct Scope {
    at: usize,
    table: String,
    made: bool,
}

/// Reads a migration of Laravel.
pub fn laravel(text: &str) -> Vec<Change> {
    read(&Source::new(text, Comments::Both), &LARAVEL_SCOPE, &LARAVEL_TABLE, true)
}

/// Reads a migration of Knex.
pub fn knex(text: &str) -> Vec<Change> {
    read(&Source::new(text, Comments::Slashes), &KNEX_SCOPE, &KNEX_TABLE, false)
}

/// Laravel's columns must not be null unless they say otherwise; those of Knex may.
fn read(source: &Source, scopes: &Pattern, tables: &Pattern, strict: bool) -> Vec<Change> {
    let mut all = Vec::new();
    let mut opened: Vec<Scope> = Vec::new();
    for call in source.calls(scopes) {
        let word = call.name.rsplit(['>', ':']).next().unwrap_or(call.name);
        let table = bare(call.arguments.at(0)).to_owned();
        match word {
            "drop" | "dropIfExists" | "dropTable" | "dropTableIfExists" => {
                all.push(Change::new(call.line, &table, What::DropsTable));
            }
            "rename" | "renameTable" => all.push(Change::new(call.line, &table, What::RenamesTable)),
            "dropColumns" => {
                let column = bare(call.arguments.at(1)).to_owned();
                all.push(Change::new(call.line, &table, What::DropsColumn(column)));
            }
            word => {
                let made = word.starts_with("create");
                if made {
                    all.push(Change::new(call.line, &table, What::MakesTable { columns: Vec::new() }));
                }
                opened.push(Scope { at: call.at, table, made });
            }
        }
    }
    let mut behind = 0;
    for place in tables.places(&source.text).take(2_000) {
        if place.start < behind {
            continue;
        }
        let Some(scope) = opened.iter().rev().find(|scope| scope.at < place.start) else { continue };
        let chain = source.chain(place.end);
        let Some(first) = chain.first() else { continue };
        behind = chain.last().map_or(place.end, |call| call.end);
        for what in told(first, &chain, strict) {
            if !scope.made {
                all.push(Change::new(source.line(place.start), &scope.table, what));
            } else if let What::AddsColumn(column) = what {
                // What a new table is made of is remembered for later changes of it.
                let table = super::change::plain(&scope.table);
                let made = all.iter_mut().find_map(|one| match &mut one.what {
                    What::MakesTable { columns } if one.table == table => Some(columns),
                    _ => None,
                });
                if let Some(columns) = made {
                    columns.push(column);
                }
            }
        }
    }
    for (pattern, what) in [(&ALL_ROWS, What::DeletesAllRows), (&ROWS, What::ChangesRows)] {
        let found = pattern.places(&source.text).take(200);
        all.extend(found.map(|place| Change::new(source.line(place.start), &source.text[place], what.clone())));
    }
    all.sort_by_key(|change| change.line);
    all
}

/// Reads one chain on a table.
fn told(first: &Call<'_>, chain: &[Call<'_>], strict: bool) -> Vec<What> {
    let has = |name: &str| chain.iter().find(|call| call.name == name);
    let names = || -> Vec<String> {
        let list = first.arguments.at(0);
        let inner = super::calls::object(list).filter(|_| list.starts_with('['));
        match inner {
            Some(inner) => super::calls::split(inner).into_iter().map(|one| bare(one).to_owned()).collect(),
            None => first.arguments.plain().map(|one| bare(one).to_owned()).collect(),
        }
    };
    let one = bare(first.arguments.at(0)).to_owned();
    match first.name {
        "dropColumn" | "dropColumns" => names().into_iter().map(What::DropsColumn).collect(),
        "dropSoftDeletes" => vec![What::DropsColumn("deleted_at".to_owned())],
        "dropTimestamps" => {
            vec![What::DropsColumn("created_at".to_owned()), What::DropsColumn("updated_at".to_owned())]
        }
        "dropRememberToken" => vec![What::DropsColumn("remember_token".to_owned())],
        "dropMorphs" => vec![What::DropsColumn(format!("{one}_id")), What::DropsColumn(format!("{one}_type"))],
        "dropConstrainedForeignId" => vec![What::DropsColumn(one)],
        "renameColumn" => vec![What::RenamesColumn { from: one, to: bare(first.arguments.at(1)).to_owned() }],
        "rename" => vec![What::RenamesTable],
        "setNullable" => vec![What::AllowsNull { column: one }],
        "dropNullable" => vec![What::SetsNotNull { column: one }],
        "dropPrimary" => vec![What::DropsPrimaryKey],
        "dropIndex" | "dropUnique" | "dropFullText" => vec![What::DropsIndex { concurrently: false }],
        "dropForeign" | "dropSpatialIndex" | "engine" | "charset" | "collation" | "comment" | "renameIndex"
        | "after" | "queryContext" | "inherits" | "hasColumn" | "then" | "catch" => Vec::new(),
        "index" | "rawIndex" | "spatialIndex" | "fullText" => {
            let kind =
                if first.name == "index" || first.name == "rawIndex" { IndexKind::Usual } else { IndexKind::FullText };
            vec![What::AddsIndex { unique: false, concurrently: false, kind }]
        }
        "unique" => vec![What::AddsUnique { using_index: false }],
        "primary" => vec![What::AddsPrimaryKey { using_index: false }],
        "check" => vec![What::AddsCheck { later: false, not_null_of: None }],
        "foreign" => vec![What::AddsForeignKey { columns: names(), later: false }],
        "foreignIdFor" | "timestamps" | "timestampsTz" | "nullableTimestamps" | "softDeletes" | "softDeletesTz"
        | "rememberToken" | "nullableMorphs" | "nullableUuidMorphs" => Vec::new(),
        kind => {
            let changes = has("change").is_some() || has("alter").is_some();
            let column = column(one, kind, first, chain, strict);
            if column.name.is_empty() || !column.name.chars().all(|c| c.is_alphanumeric() || c == '_') {
                return Vec::new();
            }
            vec![if changes { What::Restates(column) } else { What::AddsColumn(column) }]
        }
    }
}

fn column(name: String, kind: &str, first: &Call<'_>, chain: &[Call<'_>], strict: bool) -> Column {
    let has = |names: &[&str]| chain.iter().find(|call| names.contains(&call.name));
    let not_null = match has(&["nullable"]) {
        Some(call) => call.arguments.at(0).eq_ignore_ascii_case("false"),
        None => strict || has(&["notNullable"]).is_some(),
    };
    let default = has(&["default", "defaultTo", "useCurrent", "storedAs", "virtualAs", "generatedAs", "autoIncrement"]);
    let fallback = match default {
        None => Fallback::None,
        Some(call) if call.arguments.plain().any(|value| PER_ROW.is_match(value)) || call.name == "storedAs" => {
            Fallback::PerRow
        }
        Some(call) if matches!(call.arguments.at(0), "null" | "NULL") => Fallback::None,
        Some(_) => Fallback::Constant,
    };
    let told = if kind == "specificType" { bare(first.arguments.at(1)) } else { kind };
    let mut kind = Type::read(told);
    if !matches!(kind.name.as_str(), "int" | "bigint" | "smallint" | "enum" | "set") {
        kind.numbers.extend(first.arguments.plain().skip(1).filter_map(|value| value.trim().parse::<u32>().ok()));
    }
    if kind.name == "varchar" && kind.numbers.is_empty() && told != "autostring" {
        kind.numbers.push(255);
    }
    let increments = told.to_ascii_lowercase().contains("increments");
    Column {
        name,
        not_null,
        fallback: if increments { Fallback::PerRow } else { fallback },
        unique: has(&["unique"]).is_some(),
        index: has(&["index"]).is_some(),
        references: has(&["constrained", "references"]).is_some(),
        primary: has(&["primary"]).is_some() || increments,
        counts: increments,
        kind,
    }
}
