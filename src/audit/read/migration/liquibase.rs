//! Liquibase's change logs in XML, YAML and JSON.

use serde_json::Value;

use super::change::{Change, Column, Fallback, IndexKind, What};
use super::types::Type;
use crate::audit::read::Pattern;
use crate::audit::read::yaml::{self, entries, items, scalar};

static ELEMENTS: Pattern = Pattern::new(
    r"<((?:\w+:)?(?:createTable|addColumn|column|constraints|dropColumn|dropTable|renameColumn|renameTable|modifyDataType|addNotNullConstraint|dropNotNullConstraint|createIndex|dropIndex|addForeignKeyConstraint|addUniqueConstraint|addPrimaryKey|dropPrimaryKey|delete|update|rollback)\b[^>]*>|/rollback>|/createTable>|/addColumn>)",
);

/// Reads a change log.
pub fn read(path: &str, text: &str) -> Vec<Change> {
    if path.ends_with(".xml") { xml(text) } else { structured(path, text) }
}

/// Returns an attribute of an element.
fn attribute<'t>(element: &'t str, name: &str) -> Option<&'t str> {
    let at = element.match_indices(name).find(|(at, _)| {
        element[..*at].ends_with(char::is_whitespace) && element[at + name.len()..].trim_start().starts_with('=')
    })?;
    let rest = element[at.0 + name.len()..].trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    rest[1..].split(quote).next()
}

fn xml(text: &str) -> Vec<Change> {
    let mut all: Vec<Change> = Vec::new();
    let (mut line, mut seen) = (1, 0);
    let (mut table, mut adds, mut back) = (String::new(), false, false);
    for place in ELEMENTS.places(text).take(5_000) {
        line += text[seen..place.start].matches('\n').count();
        seen = place.start;
        let element = &text[place];
        let word = element.split(|c: char| !(c.is_alphanumeric() || c == ':' || c == '/')).next().unwrap_or("");
        let word = word.rsplit(':').next().unwrap_or(word);
        if word == "rollback" || word == "/rollback" {
            back = word == "rollback" && !element.ends_with("/>");
            continue;
        }
        if back {
            continue;
        }
        let get = |name: &str| attribute(element, name).map(str::to_owned);
        match word {
            "addColumn" => (table, adds) = (get("tableName").unwrap_or_default(), true),
            "/addColumn" | "/createTable" => adds = false,
            "column" if adds => {
                let column = column(&get, element.contains("autoIncrement=\"true\""));
                all.push(Change::new(line, &table, What::AddsColumn(column)));
            }
            "constraints" => match all.last_mut().map(|change| &mut change.what) {
                Some(What::AddsColumn(column)) if adds => constrain(column, &get),
                _ => {}
            },
            word => {
                let name = get("tableName")
                    .or_else(|| get("baseTableName"))
                    .or_else(|| get("oldTableName"))
                    .unwrap_or_default();
                all.extend(one(word, &get).map(|what| Change::new(line, &name, what)));
            }
        }
    }
    all
}

fn column(get: &dyn Fn(&str) -> Option<String>, increments: bool) -> Column {
    let default =
        ["defaultValue", "defaultValueNumeric", "defaultValueBoolean", "defaultValueDate", "defaultValueComputed"]
            .into_iter()
            .find_map(get);
    let per_row = increments || default.as_ref().is_some_and(|value| value.contains("uuid"));
    Column {
        name: get("name").unwrap_or_default(),
        kind: Type::read(&get("type").unwrap_or_default()),
        fallback: match default {
            _ if per_row => Fallback::PerRow,
            Some(_) => Fallback::Constant,
            None => Fallback::None,
        },
        ..Column::default()
    }
}

fn constrain(column: &mut Column, get: &dyn Fn(&str) -> Option<String>) {
    let is = |name: &str, wanted: &str| get(name).is_some_and(|value| value == wanted);
    column.not_null |= is("nullable", "false");
    column.unique |= is("unique", "true");
    column.primary |= is("primaryKey", "true");
    column.references |= get("references").is_some() || get("foreignKeyName").is_some();
}

fn one(word: &str, get: &dyn Fn(&str) -> Option<String>) -> Option<What> {
    let named = |name: &str| get(name).unwrap_or_default();
    Some(match word {
        "createTable" => What::MakesTable { columns: Vec::new() },
        "dropTable" => What::DropsTable,
        "renameTable" => What::RenamesTable,
        "dropColumn" => What::DropsColumn(named("columnName")),
        "renameColumn" => What::RenamesColumn { from: named("oldColumnName"), to: named("newColumnName") },
        "modifyDataType" => {
            let to = Type::read(&named("newDataType"));
            What::ChangesType { column: named("columnName"), from: None, to, using: false }
        }
        "addNotNullConstraint" => What::SetsNotNull { column: named("columnName") },
        "dropNotNullConstraint" => What::AllowsNull { column: named("columnName") },
        "createIndex" => {
            let unique = get("unique").is_some_and(|value| value == "true");
            What::AddsIndex { unique, concurrently: false, kind: IndexKind::Usual }
        }
        "dropIndex" => What::DropsIndex { concurrently: false },
        "addForeignKeyConstraint" => {
            let columns = named("baseColumnNames").split(',').map(|one| one.trim().to_ascii_lowercase()).collect();
            What::AddsForeignKey { columns, later: get("validate").is_some_and(|value| value == "false") }
        }
        "addUniqueConstraint" => What::AddsUnique { using_index: get("forIndexName").is_some() },
        "addPrimaryKey" => What::AddsPrimaryKey { using_index: get("forIndexName").is_some() },
        "dropPrimaryKey" => What::DropsPrimaryKey,
        "update" | "delete" => What::ChangesRows,
        _ => return None,
    })
}

fn structured(path: &str, text: &str) -> Vec<Change> {
    let documents = yaml::documents(path, text);
    let mut all = Vec::new();
    for document in &documents {
        for entry in items(&document.value["databaseChangeLog"]) {
            let set = &entry["changeSet"];
            let line = scalar(&set["id"]).map_or(1, |id| document.line_with(&[], &id));
            for change in items(&set["changes"]) {
                for (word, told) in entries(change) {
                    all.extend(changes(word, told).into_iter().map(|(table, what)| Change::new(line, &table, what)));
                }
            }
        }
    }
    all
}

fn changes(word: &str, told: &Value) -> Vec<(String, What)> {
    let get = |name: &str| scalar(&told[name]);
    let table = get("tableName").or_else(|| get("baseTableName")).or_else(|| get("oldTableName")).unwrap_or_default();
    if word != "addColumn" {
        return one(word, &get).map(|what| (table, what)).into_iter().collect();
    }
    let columns = items(&told["columns"]).map(|entry| {
        let of = |name: &str| scalar(&entry["column"][name]);
        let mut column = column(&of, false);
        constrain(&mut column, &|name| scalar(&entry["column"]["constraints"][name]));
        (table.clone(), What::AddsColumn(column))
    });
    columns.collect()
}
