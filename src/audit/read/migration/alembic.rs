//! Alembic's migrations: `op.*`, and the same in a batch for one table.

use super::calls::{Arguments, Call, Comments, Source, bare, inside};
use super::change::{Change, Column, Fallback, IndexKind, What};
use super::types::Type;
use crate::audit::read::Pattern;

static CALLS: Pattern = Pattern::new(
    r"\b((?:op|\w*batch_op|batch)\.(?:add_column|drop_column|alter_column|create_index|drop_index|create_foreign_key|create_check_constraint|create_unique_constraint|create_primary_key|create_exclude_constraint|rename_table|drop_table|create_table|batch_alter_table|bulk_insert))\b",
);
static PER_ROW: Pattern = Pattern::new(r"gen_random_uuid|uuid_generate_v|random\(|clock_timestamp|nextval");

/// Reads a migration.
pub fn read(text: &str) -> Vec<Change> {
    let source = Source::new(text, Comments::Hash);
    let mut batch = String::new();
    let mut all = Vec::new();
    for call in source.calls(&CALLS) {
        let (scope, name) = call.name.split_once('.').unwrap_or(("", call.name));
        if name == "batch_alter_table" {
            batch = bare(call.arguments.named("table_name", 0)).to_owned();
            continue;
        }
        let in_batch = scope != "op";
        all.extend(one(&call, name, in_batch.then_some(batch.as_str())));
    }
    all
}

fn one(call: &Call<'_>, name: &str, batch: Option<&str>) -> Vec<Change> {
    let arguments = &call.arguments;
    // In a batch the table is not said again.
    let skip = usize::from(batch.is_none());
    let first = batch.map_or_else(|| bare(arguments.named("table_name", 0)).to_owned(), str::to_owned);
    let second = batch.map_or_else(
        || {
            bare(arguments.get("table_name").or_else(|| arguments.get("source_table")).unwrap_or(arguments.at(1)))
                .to_owned()
        },
        str::to_owned,
    );
    let concurrently = arguments.is("postgresql_concurrently");
    let later = arguments.is("postgresql_not_valid");
    let one = |table: &str, what: What| vec![Change::new(call.line, table, what)];
    match name {
        "create_table" => {
            let columns = arguments.plain().skip(1).filter_map(column).collect();
            one(&first, What::MakesTable { columns })
        }
        "drop_table" => one(&first, What::DropsTable),
        "rename_table" => one(&first, What::RenamesTable),
        "add_column" => match column(arguments.get("column").unwrap_or(arguments.at(skip))) {
            Some(column) => one(&first, What::AddsColumn(column)),
            None => Vec::new(),
        },
        "drop_column" => one(&first, What::DropsColumn(bare(arguments.named("column_name", skip)).to_owned())),
        "alter_column" => {
            let column = bare(arguments.named("column_name", skip)).to_owned();
            altered(arguments, &column).into_iter().map(|what| Change::new(call.line, &first, what)).collect()
        }
        "create_index" => {
            one(&second, What::AddsIndex { unique: arguments.is("unique"), concurrently, kind: IndexKind::Usual })
        }
        "drop_index" => one(&second, What::DropsIndex { concurrently }),
        "create_foreign_key" => {
            let list = arguments.get("local_cols").unwrap_or(arguments.at(skip + 2));
            let columns =
                super::calls::object(list).map(|inner| inner.split(',').map(|one| bare(one).to_owned()).collect());
            one(&second, What::AddsForeignKey { columns: columns.unwrap_or_default(), later })
        }
        "create_check_constraint" => {
            static NOT_NULL: Pattern = Pattern::new(r"(?i)^\W*(\w+)\W+is not null\W*$");
            let told = arguments.get("condition").unwrap_or(arguments.at(skip + 1));
            one(&second, What::AddsCheck { later, not_null_of: NOT_NULL.first(told).map(str::to_ascii_lowercase) })
        }
        "create_unique_constraint" => one(&second, What::AddsUnique { using_index: false }),
        "create_primary_key" => one(&second, What::AddsPrimaryKey { using_index: false }),
        "create_exclude_constraint" => one(&second, What::AddsExclusion),
        _ => Vec::new(),
    }
}

fn altered(arguments: &Arguments<'_>, column: &str) -> Vec<What> {
    let mut all = Vec::new();
    let name = column.to_owned();
    if let Some(to) = arguments.get("new_column_name") {
        all.push(What::RenamesColumn { from: name.clone(), to: bare(to).to_owned() });
    }
    if let Some(to) = arguments.get("type_") {
        let from = arguments.get("existing_type").map(kind);
        let using = arguments.get("postgresql_using").is_some();
        all.push(What::ChangesType { column: name.clone(), from, to: kind(to), using });
    }
    if arguments.is_not("nullable") && !arguments.is_not("existing_nullable") {
        all.push(What::SetsNotNull { column: name.clone() });
    }
    if arguments.is("nullable") {
        all.push(What::AllowsNull { column: name.clone() });
    }
    if arguments.get("server_default") == Some("None") {
        all.push(What::DropsDefault { column: name });
    }
    all
}

/// Reads `sa.String(length=255)`.
fn kind(text: &str) -> Type {
    let name = text.split('(').next().unwrap_or(text);
    let name = name.rsplit('.').next().unwrap_or(name).trim();
    let arguments = text.find('(').map(|open| Arguments::read(inside(text, open).0)).unwrap_or_default();
    if name == "ARRAY" {
        let inner = kind(arguments.at(0));
        return Type { name: format!("{}[]", inner.name), numbers: inner.numbers };
    }
    let zoned = arguments.is("timezone");
    let mut kind = Type::read(if zoned { "timestamptz" } else { name });
    let numbers = ["length", "precision", "scale"].into_iter().filter_map(|key| arguments.get(key));
    kind.numbers = numbers.chain(arguments.plain()).filter_map(|value| value.trim().parse().ok()).collect();
    if matches!(kind.name.as_str(), "enum") {
        kind = Type { name: bare(arguments.get("name").unwrap_or("enum")).to_owned(), numbers: Vec::new() };
    }
    kind
}

/// Reads `sa.Column("name", sa.Type(), ...)`.
fn column(text: &str) -> Option<Column> {
    let at = text.find("Column(")?;
    let arguments = Arguments::read(inside(text, at + 6).0);
    let told = arguments.plain().nth(1).unwrap_or_default();
    let reference = arguments.plain().any(|one| one.contains("ForeignKey("));
    let fallback = match arguments.get("server_default") {
        None | Some("None") => Fallback::None,
        Some(value) if PER_ROW.is_match(value) => Fallback::PerRow,
        Some(_) => Fallback::Constant,
    };
    let computed = text.contains("Computed(") || text.contains("Identity(");
    Some(Column {
        name: bare(arguments.named("name", 0)).to_owned(),
        kind: kind(arguments.get("type_").unwrap_or(told)),
        not_null: arguments.is_not("nullable") || arguments.is("primary_key"),
        fallback: if computed { Fallback::PerRow } else { fallback },
        unique: arguments.is("unique"),
        index: arguments.is("index"),
        references: reference,
        primary: arguments.is("primary_key"),
        counts: arguments.is("autoincrement") || text.contains("Identity("),
    })
}
