//! What a migration does, in one language for all frameworks: the rules read this, not the calls and the SQL.

use super::types::Type;

/// One thing that a migration does on its way forward.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Change {
    /// Counted from 1.
    pub line: usize,
    /// In small letters, without its schema; empty when it is not known.
    pub table: String,
    pub what: What,
}

/// What is done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum What {
    MakesTable {
        columns: Vec<Column>,
    },
    DropsTable,
    RenamesTable,
    AddsColumn(Column),
    DropsColumn(String),
    RenamesColumn {
        from: String,
        to: String,
    },
    ChangesType {
        column: String,
        from: Option<Type>,
        to: Type,
        using: bool,
    },
    SetsNotNull {
        column: String,
    },
    AllowsNull {
        column: String,
    },
    /// The default that stood in the database is taken away.
    DropsDefault {
        column: String,
    },
    /// What is said of a column once more, in whole: MySQL's `MODIFY`, Django's `AlterField`, Laravel's `change()`.
    Restates(Column),
    AddsIndex {
        unique: bool,
        concurrently: bool,
        kind: IndexKind,
    },
    DropsIndex {
        concurrently: bool,
    },
    /// `later`: without reading the rows that are there.
    AddsForeignKey {
        columns: Vec<String>,
        later: bool,
    },
    AddsCheck {
        later: bool,
        not_null_of: Option<String>,
    },
    AddsUnique {
        using_index: bool,
    },
    AddsPrimaryKey {
        using_index: bool,
    },
    DropsPrimaryKey,
    AddsExclusion,
    AttachesPartition,
    /// Holds the whole table for as long as it works; with the words that say so.
    Locks(&'static str),
    /// MySQL writes the whole table anew for it.
    Copies(&'static str),
    AddsEnumValue,
    DeletesAllRows,
    ChangesRows,
    /// Code of the program's own.
    Runs {
        way_back: bool,
    },
    /// What was there already, and only gets a shape in the program.
    Drops(&'static str),
}

/// What an index is for, as far as it changes how it is built.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum IndexKind {
    #[default]
    Usual,
    /// MySQL lets nobody write while it is built.
    FullText,
}

/// Where a new row's value comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Fallback {
    #[default]
    None,
    /// The same for all rows: PostgreSQL since 11 and MySQL since 8.0 write nothing for it.
    Constant,
    /// Another one for each row: all rows are written.
    PerRow,
    /// Only the program knows it: rows that an older release writes have none.
    InCode,
}

/// A column as it is told.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Column {
    pub name: String,
    pub kind: Type,
    pub not_null: bool,
    pub fallback: Fallback,
    /// Whether the column brings a unique index of its own.
    pub unique: bool,
    /// Whether the column brings an index of its own.
    pub index: bool,
    /// Whether the column points to another table.
    pub references: bool,
    pub primary: bool,
    /// Whether the database counts it up.
    pub counts: bool,
}

impl Change {
    /// Returns a change.
    pub fn new(line: usize, table: &str, what: What) -> Self {
        Self { line, table: plain(table), what }
    }
}

/// Returns a name without quotes, schema and capitals.
pub fn plain(name: &str) -> String {
    let name = name.trim().trim_matches([':', ' ']);
    let last = name.rsplit('.').next().unwrap_or(name);
    let last = last.trim_matches(['`', '"', '[', ']', '\'', ':', ' ', ';', ',']);
    // What the program puts in there is not known.
    if last.starts_with(['$', '#', '{']) { String::new() } else { last.to_ascii_lowercase() }
}
