//! What the columns were before a migration, from all the migrations before it.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, Column, What, plain};
use super::types::Type;
use crate::operation::migrations::Framework;

/// The columns as the migrations that were read so far have made them.
#[derive(Debug, Default)]
pub struct History {
    columns: BTreeMap<(String, String), Column>,
    /// Columns of which a check says that they are not null.
    checked: BTreeSet<(String, String)>,
}

impl History {
    /// Takes the changes of the next migration, and returns them with what stood there before filled in.
    pub fn follow(&mut self, framework: Framework, changes: Vec<Change>) -> Vec<Change> {
        let mut all = Vec::new();
        for change in changes {
            let Change { line, table, what } = change;
            let told = match what {
                What::Restates(column) => self.restated(framework, &table, &column),
                What::ChangesType { column, from, to, using } => {
                    let from = from.or_else(|| self.kind(&table, &column));
                    vec![What::ChangesType { column, from, to, using }]
                }
                other => vec![other],
            };
            for what in told {
                self.note(&table, &what);
                all.push(Change { line, table: table.clone(), what });
            }
        }
        all
    }

    /// Returns whether PostgreSQL need not look at the rows, because a check has told it already.
    pub fn is_checked(&self, change: &Change) -> bool {
        matches!(&change.what, What::SetsNotNull { column } if self.checked.contains(&(change.table.clone(), plain(column))))
    }

    fn kind(&self, table: &str, column: &str) -> Option<Type> {
        self.columns.get(&(table.to_owned(), plain(column))).map(|column| column.kind.clone()).filter(Type::is_known)
    }

    /// Returns what a column that is told once more becomes. Of one that was never seen only what is sure.
    fn restated(&mut self, framework: Framework, table: &str, new: &Column) -> Vec<What> {
        let key = (table.to_owned(), plain(&new.name));
        let column = || new.name.clone();
        let change =
            |from: Option<Type>| What::ChangesType { column: column(), from, to: new.kind.clone(), using: false };
        let Some(old) = self.columns.insert(key, new.clone()) else {
            // It may say the same once more, with another default or a comment. Sequelize adds what it says of uniqueness.
            let adds = new.unique && framework == Framework::Knex;
            return if adds { vec![What::AddsUnique { using_index: false }] } else { Vec::new() };
        };
        let mut all = Vec::new();
        if new.kind.is_known() && old.kind != new.kind {
            all.push(change(Some(old.kind).filter(Type::is_known)));
        }
        if new.not_null && !old.not_null && !old.primary {
            all.push(What::SetsNotNull { column: column() });
        } else if !new.not_null && old.not_null {
            all.push(What::AllowsNull { column: column() });
        }
        if new.unique && !old.unique && !old.primary {
            all.push(What::AddsUnique { using_index: false });
        } else if new.index && !old.index && !old.unique {
            all.push(What::AddsIndex { unique: false, concurrently: false, kind: super::change::IndexKind::Usual });
        }
        if new.references && !old.references {
            all.push(What::AddsForeignKey { columns: vec![column()], later: false });
        }
        all
    }

    fn note(&mut self, table: &str, what: &What) {
        let key = |column: &str| (table.to_owned(), plain(column));
        match what {
            What::MakesTable { columns } => {
                for column in columns {
                    self.columns.insert(key(&column.name), column.clone());
                }
            }
            What::AddsColumn(column) => {
                self.columns.insert(key(&column.name), column.clone());
            }
            What::ChangesType { column, to, .. } => {
                self.columns.entry(key(column)).or_default().kind = to.clone();
            }
            What::SetsNotNull { column } => self.columns.entry(key(column)).or_default().not_null = true,
            What::AllowsNull { column } => self.columns.entry(key(column)).or_default().not_null = false,
            What::DropsColumn(column) => {
                self.columns.remove(&key(column));
            }
            What::RenamesColumn { from, to } => {
                if let Some(column) = self.columns.remove(&key(from)) {
                    self.columns.insert(key(to), column);
                }
            }
            What::DropsTable => self.columns.retain(|(of, _), _| of != table),
            What::AddsCheck { not_null_of: Some(column), .. } => {
                self.checked.insert(key(column));
            }
            _ => {}
        }
    }
}
