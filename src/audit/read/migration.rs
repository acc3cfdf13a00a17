//! Migrations, statement by statement: those of `operation::migrations`, with what the audit asks beside.

use crate::audit::tree::Tree;
use crate::model::operation::MigrationKind;
use crate::model::release::{ChangedFile, FileChange};
use crate::model::text::Line;
use crate::operation::migrations::{self, Framework};

/// A migration that may still have to run somewhere.
#[derive(Clone, Debug)]
pub struct Migration {
    pub path: String,
    pub framework: Framework,
    pub text: String,
    /// Its SQL: its own, or what it hands over.
    pub statements: Vec<Statement>,
    pub says: Vec<(MigrationKind, usize, String)>,
    /// Tables that it makes itself: nobody waits for a lock on them.
    pub made: Vec<String>,
}

/// One statement of SQL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    pub line: usize,
    /// On one line, without comments and quoted texts.
    pub text: String,
    /// The table that it is about, in small letters.
    pub table: Option<String>,
}

static TABLE: super::Pattern = super::Pattern::new(
    r#"(?i)\b(?:alter table(?: if exists)?(?: only)?|create (?:unlogged )?table(?: if not exists)?|drop table(?: if exists)?|update(?: only)?|delete from|truncate(?: table)?|\bon(?: only)?)\s+([`"\[]?\w+[`"\]]?(?:\.[`"\[]?\w+[`"\]]?)?)"#,
);
static MADE: super::Pattern = super::Pattern::new(
    r#"(?im)(?:create table(?: if not exists)?\s+|create_table\s*\(?\s*:?|createTable\(\s*|Schema::create\(\s*|create table\(:)([`"'\[]?\w+[`"'\]]?(?:\.[`"\[]?\w+[`"\]]?)?)"#,
);

fn plain(table: &str) -> String {
    table.rsplit('.').next().unwrap_or(table).trim_matches(['`', '"', '[', ']', '\'', ':']).to_ascii_lowercase()
}

/// Returns the newest migrations of each folder, and never the first: it makes an empty database.
pub fn newest(tree: &Tree, most: usize) -> Vec<Migration> {
    let files: Vec<ChangedFile> = tree
        .files()
        .filter(|file| {
            !file.path.split('/').any(|part| matches!(part, "test" | "tests" | "fixtures" | "testdata" | "docs"))
        })
        .map(|file| ChangedFile {
            path: Line::from_text(file.path),
            before: None,
            change: FileChange::Added,
            added: None,
            removed: None,
        })
        .collect();
    let found = migrations::find_migrations(&files);
    let mut folders: std::collections::BTreeMap<String, Vec<(String, Framework)>> = std::collections::BTreeMap::new();
    for one in found {
        let path = one.path.to_string();
        // Prisma and Diesel give each a folder of its own.
        let own = path.ends_with("/migration.sql") || path.ends_with("/up.sql");
        let place = super::super::tree::folder(&path);
        let place = if own { super::super::tree::folder(place) } else { place }.to_owned();
        folders.entry(place).or_default().push((path, one.framework));
    }
    let mut all = Vec::new();
    for list in folders.into_values() {
        let later = list.len().saturating_sub(1).min(most);
        for (path, framework) in list.into_iter().rev().take(later) {
            all.extend(tree.text(&path).map(|text| read(path, framework, text)));
        }
    }
    all
}

fn read(path: String, framework: Framework, text: &str) -> Migration {
    let (says, statements) = migrations::statements(framework, &path, text);
    let statements = statements
        .into_iter()
        .map(|(line, text)| Statement { line, table: TABLE.first(&text).map(plain), text })
        .collect();
    let made = MADE.all(text).into_iter().map(plain).collect();
    Migration { path, framework, text: text.to_owned(), statements, says, made }
}

impl Migration {
    /// Returns the statements about tables that were there before.
    pub fn on_old_tables(&self) -> impl Iterator<Item = &Statement> {
        self.statements
            .iter()
            .filter(|statement| statement.table.as_ref().is_none_or(|table| !self.made.contains(table)))
    }
}
