//! Ecto's migrations: commands, some in the block of a table.

use super::calls::{Arguments, Comments, Source, bare};
use super::change::{Change, Column, Fallback, IndexKind, What};
use super::types::Type;
use crate::audit::read::Pattern;

static TABLE: Pattern = Pattern::new(r#"\btable\(?\s*(:?"?\w+)"#);
static FRAGMENT: Pattern = Pattern::new(r"gen_random_uuid|uuid_generate_v|random\(|clock_timestamp|nextval");

/// Reads a migration.
pub fn read(text: &str) -> Vec<Change> {
    let source = Source::new(text, Comments::Hash);
    let mut all = Vec::new();
    let (mut table, mut made) = (String::new(), false);
    for (line, command) in source.commands() {
        let text = command.trim_start_matches("create(").trim();
        let name = || bare(TABLE.first(text).unwrap_or_default()).to_owned();
        if command.starts_with("create table")
            || command.starts_with("create(table")
            || command.starts_with("create_if_not_exists table")
        {
            (table, made) = (name(), true);
            all.push(Change::new(line, &table, What::MakesTable { columns: Vec::new() }));
        } else if command.starts_with("alter table") || command.starts_with("alter(table") {
            (table, made) = (name(), false);
        } else if command.starts_with("drop table")
            || command.starts_with("drop(table")
            || command.starts_with("drop_if_exists table")
        {
            all.push(Change::new(line, &name(), What::DropsTable));
        } else if command.starts_with("rename table") || command.starts_with("rename(table") {
            let column = command.split_once("),").is_some_and(|(_, rest)| rest.trim_start().starts_with(':'));
            let what = if column {
                let words: Vec<&str> = command.split(',').collect();
                let from = bare(words.get(1).unwrap_or(&"")).to_owned();
                What::RenamesColumn {
                    from,
                    to: bare(command.rsplit("to:").next().unwrap_or_default().trim_end_matches(')')).to_owned(),
                }
            } else {
                What::RenamesTable
            };
            all.push(Change::new(line, &name(), what));
        } else if let Some(at) = ["unique_index(", "index(", "constraint("].iter().find_map(|word| command.find(word)) {
            let (inner, _) = super::calls::inside(&command, command[at..].find('(').unwrap_or(0) + at);
            let arguments = Arguments::read(inner);
            let of = bare(arguments.at(0)).to_owned();
            let concurrently = arguments.is("concurrently");
            let constraint = command[at..].starts_with("constraint");
            let unique = command[at..].starts_with("unique_index") || arguments.is("unique");
            let what = match (command.starts_with("drop"), constraint) {
                (true, true) => continue,
                (true, false) => What::DropsIndex { concurrently },
                (false, true) if arguments.get("exclude").is_some() => What::AddsExclusion,
                (false, true) => What::AddsCheck { later: arguments.is_not("validate"), not_null_of: None },
                (false, false) => What::AddsIndex { unique, concurrently, kind: IndexKind::Usual },
            };
            if command.starts_with("create") || command.starts_with("drop") {
                all.push(Change::new(line, &of, what));
            }
        } else if let Some(what) = in_table(&command) {
            if !made {
                all.push(Change::new(line, &table, what));
            } else if let (Some(Change { what: What::MakesTable { columns }, .. }), What::AddsColumn(column)) =
                (all.last_mut(), what)
            {
                columns.push(column);
            }
        }
    }
    all
}

fn in_table(command: &str) -> Option<What> {
    let (word, rest) = command.split_once([' ', '('])?;
    let arguments = Arguments::read(rest.trim_end_matches(')'));
    // A bracket that was cut off matters nowhere below but in a function's own.
    let whole = Arguments::read(rest);
    let name = bare(arguments.at(0)).to_owned();
    let kind = whole.at(1);
    let reference = kind.contains("references(");
    let column = Column {
        name: name.clone(),
        kind: Type::read(if reference { "bigint" } else { kind }),
        not_null: rest.contains("null: false"),
        fallback: match arguments.get("default") {
            None | Some("nil") => Fallback::None,
            Some(value) if FRAGMENT.is_match(value) => Fallback::PerRow,
            Some(_) => Fallback::Constant,
        },
        references: reference && !rest.contains("validate: false"),
        ..Column::default()
    };
    Some(match word {
        "add" | "add_if_not_exists" => What::AddsColumn(column),
        "remove" | "remove_if_exists" if command.contains(':') => What::DropsColumn(name),
        "modify" => What::Restates(column),
        _ => return None,
    })
}
