//! TypeORM's, Sequelize's and EF Core's migrations: one call for each change, with what it says in an object or by name.

use super::calls::{Arguments, Call, Comments, Source, bare, object};
use super::change::{Change, Column, Fallback, IndexKind, What};
use super::types::Type;
use crate::audit::read::Pattern;

static RUNNER: Pattern = Pattern::new(
    r"(?i)\b((?:\w*queryRunner|queryInterface|q|migration)\.(?:addColumns?|removeColumn|dropColumns?|changeColumns?|renameColumn|renameTable|dropTable|createTable|createIndex|createIndices|addIndex|removeIndex|dropIndex|createForeignKeys?|addConstraint|createUniqueConstraint|createCheckConstraint|createPrimaryKey|dropPrimaryKey|createExclusionConstraint|bulkUpdate|bulkDelete|clearTable))\b",
);
static BUILDER: Pattern = Pattern::new(
    r"\b(migrationBuilder\.(?:AddColumn|DropColumn|AlterColumn|RenameColumn|RenameTable|DropTable|CreateTable|CreateIndex|DropIndex|AddForeignKey|AddUniqueConstraint|AddPrimaryKey|DropPrimaryKey|AddCheckConstraint|DropSchema|DeleteData|UpdateData))\b",
);
static PER_ROW: Pattern =
    Pattern::new(r"(?i)gen_random_uuid|uuid_generate|newid\(|random\(|uuidv4|uuidv1|clock_timestamp");

/// Reads a migration of TypeORM or Sequelize.
pub fn javascript(text: &str) -> Vec<Change> {
    let source = Source::new(text, Comments::Slashes);
    source.calls(&RUNNER).iter().flat_map(|call| run(call)).collect()
}

fn run(call: &Call<'_>) -> Vec<Change> {
    let arguments = &call.arguments;
    let name = call.name.rsplit('.').next().unwrap_or(call.name);
    let table = bare(arguments.at(0)).to_owned();
    let second = arguments.at(1);
    let options = |index: usize| Arguments::read(object(arguments.at(index)).unwrap_or(""));
    let one = |what: What| vec![Change::new(call.line, &table, what)];
    match name {
        "createTable" => one(What::MakesTable { columns: Vec::new() }),
        "dropTable" => one(What::DropsTable),
        "renameTable" => one(What::RenamesTable),
        "dropColumn" | "removeColumn" => one(What::DropsColumn(bare(second).to_owned())),
        "dropColumns" => one(What::DropsColumn(second.to_owned())),
        "renameColumn" => {
            let to = bare(arguments.at(2)).to_owned();
            one(What::RenamesColumn { from: bare(second).to_owned(), to })
        }
        "addColumn" | "addColumns" if second.contains("TableColumn(") => {
            let columns: Vec<&str> = second.split("TableColumn(").skip(1).collect();
            let all = columns.into_iter().filter_map(|one| type_orm(&Arguments::read(object(one)?)));
            all.map(|column| Change::new(call.line, &table, What::AddsColumn(column))).collect()
        }
        "changeColumn" | "changeColumns"
            if second.contains("TableColumn(") || arguments.at(2).contains("TableColumn(") =>
        {
            let told = object(arguments.at(2)).map(Arguments::read).and_then(|told| type_orm(&told));
            told.map(|column| Change::new(call.line, &table, What::Restates(column))).into_iter().collect()
        }
        "addColumn" => one(What::AddsColumn(sequelize(bare(second), arguments.at(2), &options(2)))),
        "changeColumn" => one(What::Restates(sequelize(bare(second), arguments.at(2), &options(2)))),
        "createIndex" | "createIndices" | "addIndex" => {
            let whole = arguments.plain().skip(1).collect::<Vec<_>>().join(" ").replace(' ', "");
            let unique =
                whole.contains("unique:true") || whole.contains("isUnique:true") || whole.contains("type:'UNIQUE'");
            let concurrently = whole.contains("concurrently:true") || whole.contains("isConcurrent:true");
            one(What::AddsIndex { unique, concurrently, kind: IndexKind::Usual })
        }
        "dropIndex" | "removeIndex" => one(What::DropsIndex { concurrently: second.contains("concurrently: true") }),
        "createForeignKey" | "createForeignKeys" => {
            let told = Arguments::read(object(second).unwrap_or(""));
            let columns = told
                .get("columnNames")
                .and_then(object)
                .map(|list| list.split(',').map(|c| bare(c).to_owned()).collect());
            one(What::AddsForeignKey { columns: columns.unwrap_or_default(), later: false })
        }
        "addConstraint" => {
            let whole = arguments.plain().skip(1).collect::<Vec<_>>().join(" ").to_ascii_lowercase();
            if whole.contains("foreign key") {
                let told = [options(1), options(2)];
                let fields = told.iter().find_map(|told| told.get("fields").and_then(object));
                let columns =
                    fields.map(|list| list.split(',').map(|c| bare(c).to_owned()).collect()).unwrap_or_default();
                one(What::AddsForeignKey { columns, later: false })
            } else if whole.contains("unique") {
                one(What::AddsUnique { using_index: false })
            } else if whole.contains("check") {
                one(What::AddsCheck { later: false, not_null_of: None })
            } else if whole.contains("primary key") {
                one(What::AddsPrimaryKey { using_index: false })
            } else {
                Vec::new()
            }
        }
        "createUniqueConstraint" => one(What::AddsUnique { using_index: false }),
        "createCheckConstraint" => one(What::AddsCheck { later: false, not_null_of: None }),
        "createPrimaryKey" => one(What::AddsPrimaryKey { using_index: false }),
        "dropPrimaryKey" => one(What::DropsPrimaryKey),
        "createExclusionConstraint" => one(What::AddsExclusion),
        "clearTable" => one(What::DeletesAllRows),
        "bulkDelete" => {
            let all = matches!(second.trim(), "null" | "{}" | "");
            one(if all { What::DeletesAllRows } else { What::ChangesRows })
        }
        "bulkUpdate" => one(What::ChangesRows),
        _ => Vec::new(),
    }
}

fn fallback(value: Option<&str>) -> Fallback {
    match value.map(str::trim) {
        None | Some("null" | "undefined") => Fallback::None,
        Some(value) if PER_ROW.is_match(value) => Fallback::PerRow,
        Some(_) => Fallback::Constant,
    }
}

/// Reads what stands in `new TableColumn({ ... })`: not null unless it says otherwise.
fn type_orm(told: &Arguments<'_>) -> Option<Column> {
    let mut kind = Type::read(bare(told.get("type")?));
    kind.numbers.extend(told.get("length").and_then(|value| bare(value).parse::<u32>().ok()));
    Some(Column {
        name: bare(told.get("name")?).to_owned(),
        kind,
        not_null: !told.is("isNullable"),
        fallback: if told.get("generationStrategy").is_some() {
            Fallback::PerRow
        } else {
            fallback(told.get("default"))
        },
        unique: told.is("isUnique"),
        primary: told.is("isPrimary"),
        ..Column::default()
    })
}

/// Reads `{ type: Sequelize.STRING(20), allowNull: false }`, or the type alone.
fn sequelize(name: &str, whole: &str, told: &Arguments<'_>) -> Column {
    let kind = told.get("type").unwrap_or(if whole.starts_with('{') { "" } else { whole });
    let kind = kind.trim_start_matches("Sequelize.").trim_start_matches("DataTypes.").trim_start_matches("Sequelize.");
    let mut kind = Type::read(kind);
    match kind.name.as_str() {
        "varchar" if kind.numbers.is_empty() => kind.numbers.push(255),
        // Sequelize's dates have a zone in PostgreSQL.
        "date" => kind.name = "timestamptz".to_owned(),
        "dateonly" => kind.name = "date".to_owned(),
        _ => {}
    }
    Column {
        name: name.to_owned(),
        kind,
        not_null: told.is_not("allowNull"),
        fallback: if told.is("autoIncrement") { Fallback::PerRow } else { fallback(told.get("defaultValue")) },
        unique: told.is("unique"),
        references: told.get("references").is_some(),
        primary: told.is("primaryKey"),
        ..Column::default()
    }
}

/// Reads a migration of EF Core.
pub fn ef_core(text: &str) -> Vec<Change> {
    let source = Source::new(text, Comments::Slashes);
    let calls = source.calls(&BUILDER);
    calls
        .iter()
        .flat_map(|call| {
            build(call, source.chain(call.end).iter().any(|one| one.arguments.at(0).contains("Concurrent")))
        })
        .collect()
}

fn build(call: &Call<'_>, concurrently: bool) -> Vec<Change> {
    let arguments = &call.arguments;
    let word = call.name.rsplit('.').next().unwrap_or(call.name);
    let name = bare(arguments.get("name").unwrap_or("")).to_owned();
    let table = bare(arguments.get("table").unwrap_or("")).to_owned();
    let all = match word {
        "CreateTable" => return vec![Change::new(call.line, &name, What::MakesTable { columns: Vec::new() })],
        "DropTable" => return vec![Change::new(call.line, &name, What::DropsTable)],
        "RenameTable" => return vec![Change::new(call.line, &name, What::RenamesTable)],
        "DropSchema" => vec![What::Drops("a schema")],
        "AddColumn" => vec![What::AddsColumn(ef_column(arguments))],
        "DropColumn" => vec![What::DropsColumn(name)],
        "RenameColumn" => {
            let to = bare(arguments.get("newName").unwrap_or("")).to_owned();
            vec![What::RenamesColumn { from: name, to }]
        }
        "AlterColumn" => {
            let column = ef_column(arguments);
            let from = arguments.get("oldType").map(|kind| Type::read(bare(kind)));
            let mut all = Vec::new();
            if from.is_some() && column.kind.is_known() {
                all.push(What::ChangesType { column: name.clone(), from, to: column.kind, using: false });
            }
            if column.not_null && arguments.is("oldNullable") {
                all.push(What::SetsNotNull { column: name });
            } else if !column.not_null {
                all.push(What::AllowsNull { column: name });
            }
            all
        }
        "CreateIndex" => vec![What::AddsIndex { unique: arguments.is("unique"), concurrently, kind: IndexKind::Usual }],
        "DropIndex" => vec![What::DropsIndex { concurrently: false }],
        "AddForeignKey" => {
            let column = bare(arguments.get("column").unwrap_or("")).to_ascii_lowercase();
            vec![What::AddsForeignKey { columns: vec![column], later: false }]
        }
        "AddUniqueConstraint" => vec![What::AddsUnique { using_index: false }],
        "AddPrimaryKey" => vec![What::AddsPrimaryKey { using_index: false }],
        "DropPrimaryKey" => vec![What::DropsPrimaryKey],
        "AddCheckConstraint" => vec![What::AddsCheck { later: false, not_null_of: None }],
        "UpdateData" | "DeleteData" => vec![What::ChangesRows],
        _ => Vec::new(),
    };
    all.into_iter().map(|what| Change::new(call.line, &table, what)).collect()
}

fn ef_column(arguments: &Arguments<'_>) -> Column {
    let told = arguments
        .get("defaultValue")
        .or_else(|| arguments.get("defaultValueSql"))
        .or_else(|| arguments.get("computedColumnSql"));
    Column {
        name: bare(arguments.get("name").unwrap_or("")).to_owned(),
        kind: Type::read(bare(arguments.get("type").unwrap_or(""))),
        not_null: arguments.is_not("nullable"),
        fallback: fallback(told),
        ..Column::default()
    }
}
