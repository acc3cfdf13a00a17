//! Migrations, read into changes: what each does to which table, whatever it is written in.
//!
//! ```text
//!   file -> SQL statements, calls -> Change -> History fills in what stood there before -> rules
//! ```

pub mod calls;
pub mod change;
pub mod types;

mod alembic;
mod chains;
mod django;
mod ecto;
mod history;
mod liquibase;
mod objects;
mod order;
mod rails;
mod sql;

use std::collections::BTreeMap;

use self::change::{Change, What};
use crate::audit::tree::{Tree, folder};
use crate::model::release::{ChangedFile, FileChange};
use crate::model::text::Line;
use crate::operation::migrations::{self, Framework};

/// A migration that may still have to run somewhere.
#[derive(Clone, Debug)]
pub struct Migration {
    pub path: String,
    pub framework: Framework,
    pub text: String,
    /// What it does on its way forward, in the order of the file.
    pub changes: Vec<Change>,
    pub transaction: Transaction,
    /// Tables that it makes itself: nobody waits for a lock on them.
    pub made: Vec<String>,
}

/// Whether the tool that runs a migration puts a transaction around it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transaction {
    Around,
    None,
    /// It depends on the tool, which the file does not tell.
    Unknown,
}

/// Reads the migrations of a tree: the newest of each folder, and never the first, which makes an empty database.
pub fn newest(tree: &Tree, most: usize) -> Vec<Migration> {
    let mut folders: BTreeMap<String, Vec<(String, Framework)>> = BTreeMap::new();
    for found in migrations::find_migrations(&candidates(tree)) {
        let path = found.path.to_string();
        // Prisma and Diesel give each a folder of its own.
        let own = path.ends_with("/migration.sql") || path.ends_with("/up.sql");
        let place = if own { folder(folder(&path)) } else { folder(&path) }.to_owned();
        folders.entry(place).or_default().push((path, found.framework));
    }
    let mut all = Vec::new();
    for mut list in folders.into_values() {
        order::sort(tree, &mut list);
        let first_wanted = list.len() - list.len().saturating_sub(1).min(most);
        let mut history = history::History::default();
        let mut newest = Vec::new();
        for (index, (path, framework)) in list.into_iter().enumerate() {
            let Some(text) = tree.text(&path) else { continue };
            let mut migration = read(path, framework, text);
            migration.changes = history.follow(framework, std::mem::take(&mut migration.changes));
            if index >= first_wanted {
                newest.push(migration);
            }
        }
        for migration in &mut newest {
            migration.changes.retain(|change| !history.is_checked(change));
        }
        all.extend(newest.into_iter().rev());
    }
    all
}

fn candidates(tree: &Tree) -> Vec<ChangedFile> {
    let aside = |path: &str| {
        path.split('/').any(|part| {
            matches!(
                part,
                "test" | "tests" | "fixtures" | "testdata" | "docs" | "examples" | "example" | "spec" | "vendor"
            )
        })
    };
    let file = |path: &str| ChangedFile {
        path: Line::from_text(path),
        before: None,
        change: FileChange::Added,
        added: None,
        removed: None,
    };
    tree.files().filter(|one| !aside(one.path)).map(|one| file(one.path)).collect()
}

fn read(path: String, framework: Framework, text: &str) -> Migration {
    let statements = migrations::statements(framework, &path, text);
    let mut changes = sql::read(&statements);
    let whole = migrations::forwards(framework, &path, text);
    if !framework.is_sql(&path) {
        changes.extend(match framework {
            Framework::Rails => rails::read(whole),
            Framework::Django => django::read(whole),
            Framework::Alembic => alembic::read(whole),
            Framework::Laravel => chains::laravel(whole),
            Framework::Knex | Framework::TypeOrm => {
                let mut all = objects::javascript(whole);
                all.extend(chains::knex(whole));
                all
            }
            Framework::Ecto => ecto::read(whole),
            Framework::EfCore => objects::ef_core(whole),
            Framework::Liquibase => liquibase::read(&path, whole),
            _ => Vec::new(),
        });
        changes.sort_by_key(|change| change.line);
    }
    let lines: Vec<&str> = text.lines().collect();
    changes.retain(|change| !is_waved_through(&lines, change.line));
    rebuilds_aside(&mut changes);
    let made =
        changes.iter().filter(|one| matches!(one.what, What::MakesTable { .. })).map(|one| one.table.clone()).collect();
    let transaction = transaction(framework, text, statements.len());
    Migration { path, framework, text: text.to_owned(), changes, transaction, made }
}

/// Somebody has looked at it and told another linter so.
fn is_waved_through(lines: &[&str], line: usize) -> bool {
    let marks = ["squawk-ignore", "atlas:nolint", "noqa: MIG", "migration-linter: ignore"];
    let near = line.saturating_sub(2)..line.min(lines.len());
    lines.get(near).unwrap_or_default().iter().any(|text| marks.iter().any(|mark| text.contains(mark)))
}

/// SQLite cannot change a column: Prisma, Drizzle and Django copy the rows into a new table, drop the old one, and give its
/// name to the new one. Nothing is taken away by that.
fn rebuilds_aside(changes: &mut Vec<Change>) {
    let copies: Vec<String> = changes
        .iter()
        .filter(|one| matches!(one.what, What::MakesTable { .. }))
        .filter_map(|one| {
            let name = one.table.trim_start_matches('_');
            name.strip_prefix("new_")
                .or_else(|| name.strip_suffix("_new"))
                .or_else(|| name.strip_prefix("new__"))
                .map(str::to_owned)
        })
        .collect();
    if copies.is_empty() {
        return;
    }
    let is_copy = |table: &str| {
        let name = table.trim_start_matches('_');
        copies.iter().any(|copy| {
            name == copy || name.strip_prefix("new_") == Some(copy) || name.strip_suffix("_new") == Some(copy)
        })
    };
    changes.retain(|one| {
        !(is_copy(&one.table)
            && matches!(
                one.what,
                What::DropsTable
                    | What::RenamesTable
                    | What::AddsIndex { .. }
                    | What::ChangesRows
                    | What::DropsIndex { .. }
            ))
    });
}

/// Returns whether the tool runs the file in one transaction, from the tools' own manuals.
fn transaction(framework: Framework, text: &str, statements: usize) -> Transaction {
    let small = text.to_ascii_lowercase();
    let outside = [
        "disable_ddl_transaction",
        "no-transaction",
        "no transaction",
        "notransaction",
        "transaction:false",
        "transaction: false",
        "transaction = false",
        "autocommit_block",
        "autocommit=true",
        "withintransaction = false",
        "suppresstransaction: true",
        "runintransaction=\"false\"",
        "runintransaction:false",
        "executeintransaction=false",
    ];
    // `atomic = IS_SQLITE` and the like.
    let told = |line: &str| {
        line.trim_start().strip_prefix("atomic").is_some_and(|rest| !rest.replace([' ', '='], "").starts_with("true"))
    };
    if framework == Framework::Django && small.lines().any(told) {
        return Transaction::None;
    }
    if outside.iter().any(|word| small.contains(word)) {
        return Transaction::None;
    }
    if small.lines().any(|line| matches!(line.trim(), "begin;" | "begin transaction;" | "start transaction;")) {
        return Transaction::Around;
    }
    let around = match framework {
        Framework::Rails | Framework::Django | Framework::Alembic | Framework::Ecto | Framework::Laravel => true,
        Framework::EfCore | Framework::Drizzle | Framework::TypeOrm | Framework::Liquibase => true,
        // Sequelize has Knex' folders and no transaction of its own.
        Framework::Knex => small.contains("knex") && !small.contains("queryinterface"),
        // Several statements that are sent at once are one transaction of the server's.
        Framework::Prisma => statements > 1,
        _ => small.contains("-- +goose up") || small.contains("-- migrate:up"),
    };
    if around { Transaction::Around } else { Transaction::Unknown }
}

impl Migration {
    /// Returns the part of its text that goes forward.
    pub fn forwards(&self) -> &str {
        migrations::forwards(self.framework, &self.path, &self.text)
    }

    /// Returns what it does to tables that were there before.
    pub fn on_old_tables(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.table.is_empty() || !self.made.contains(&change.table))
    }

    /// Returns whether a column is new in it.
    pub fn adds(&self, table: &str, column: &str) -> bool {
        self.changes.iter().any(|one| {
            one.table == table
                && matches!(&one.what, What::AddsColumn(added) if added.name.eq_ignore_ascii_case(column))
        })
    }
}
