//! Rails' migrations: commands that need no brackets, and the block of a table.

use super::calls::{Arguments, Comments, Source, bare, object, split};
use super::change::{Change, Column, Fallback, IndexKind, What};
use super::types::Type;
use crate::audit::read::Pattern;

static COMMAND: Pattern = Pattern::new(
    r"^(?:safety_assured\s*(?:\{|do)\s*|dir\.up\s*(?:\{|do)\s*|reversible do \|dir\| )?((?:[a-z]\w*\.)?[a-z_]\w*[!?]?)",
);
/// Rows that are changed through a model: `User.where(...).update_all(...)`.
static ROWS: Pattern = Pattern::new(
    r"^(?:::)?([A-Z]\w*(?:::[A-Z]\w*)*)\.(?:\w.*\.)?(?:update_all|delete_all|destroy_all|find_each|find_in_batches|in_batches|update_column|insert_all|upsert_all)\b",
);
static ALL_ROWS: Pattern =
    Pattern::new(r"^(?:::)?([A-Z]\w*(?:::[A-Z]\w*)*)(?:\.unscoped|\.all)?\.(?:delete_all|destroy_all)$");
/// A block is somebody's word that the one command in it was looked at.
static ASSURED: Pattern = Pattern::new(r"\bsafety_assured\b");
static PER_ROW: Pattern = Pattern::new(r"gen_random_uuid|uuid_generate_v|random\(|clock_timestamp|nextval");

/// Reads a migration.
pub fn read(text: &str) -> Vec<Change> {
    let source = Source::new(text, Comments::Hash);
    let mut reader = Reader { table: None, made: false, depth: 0, assured: None, all: Vec::new() };
    for (line, command) in source.commands() {
        reader.command(line, &command);
    }
    reader.all
}

struct Reader {
    /// The table whose block is open, and how deep it was opened.
    table: Option<(String, usize)>,
    made: bool,
    depth: usize,
    assured: Option<usize>,
    all: Vec<Change>,
}

impl Reader {
    fn command(&mut self, line: usize, text: &str) {
        let opens = text.ends_with(" do") || text.ends_with("do |t|") || text.contains(" do |");
        let opens = opens
            || ["def ", "class ", "if ", "unless ", "begin", "case ", "module "].iter().any(|w| text.starts_with(w));
        let assured = self.assured.is_some() || ASSURED.is_match(text);
        if ASSURED.is_match(text) && opens {
            self.assured.get_or_insert(self.depth);
        }
        self.one(line, text, assured);
        if opens && !text.ends_with(" end") {
            self.depth += 1;
        }
        if text == "end" {
            self.depth = self.depth.saturating_sub(1);
            if self.table.as_ref().is_some_and(|(_, depth)| *depth >= self.depth) {
                self.table = None;
            }
            if self.assured.is_some_and(|depth| depth >= self.depth) {
                self.assured = None;
            }
        }
    }

    fn one(&mut self, line: usize, text: &str, assured: bool) {
        if let Some(model) = ROWS.first(text).filter(|_| ROWS.is_match(text)) {
            let what = if ALL_ROWS.is_match(text) { What::DeletesAllRows } else { What::ChangesRows };
            self.push(line, &table_of(model), what);
            return;
        }
        let Some(name) = COMMAND.first(text) else { return };
        let behind = text.find(name).map_or("", |at| &text[at + name.len()..]);
        // A guard behind a command, or the end of a block on one line.
        let behind = behind.split(" unless ").next().unwrap_or(behind).split(" if ").next().unwrap_or(behind);
        let behind = behind.trim().trim_end_matches('}').trim();
        let behind = match behind.strip_prefix('(') {
            Some(rest) => rest.rsplit_once(')').map_or(rest, |(rest, _)| rest),
            None => behind.trim_end_matches(" do |t|").trim_end_matches(" do"),
        };
        let arguments = Arguments::read(behind);
        let table = bare(arguments.at(0)).to_owned();
        match name {
            "create_table" | "create_join_table" => {
                let columns = Vec::new();
                self.push(line, &table, What::MakesTable { columns });
                self.made = true;
                self.table = Some((table, self.depth));
                return;
            }
            "change_table" => {
                self.made = false;
                self.table = Some((table, self.depth));
                return;
            }
            _ => {}
        }
        if assured {
            return;
        }
        if let Some(word) = name.strip_prefix("t.") {
            if let (Some((table, _)), false) = (self.table.clone(), self.made) {
                self.in_table(line, &table, word, &arguments);
            } else if let Some(Change { what: What::MakesTable { columns }, .. }) = self.all.last_mut() {
                let kind = if word == "column" { bare(arguments.at(1)) } else { word };
                columns.push(column(bare(arguments.at(0)), kind, &arguments));
            }
            return;
        }
        for what in command(name, &arguments, 1) {
            self.push(line, &table, what);
        }
    }

    /// A line in the block of `change_table`.
    fn in_table(&mut self, line: usize, table: &str, word: &str, arguments: &Arguments<'_>) {
        let name = match word {
            "remove" => "remove_columns",
            "rename" => "rename_column",
            "change" => "change_column",
            "change_null" => "change_column_null",
            "change_default" => "change_column_default",
            "index" => "add_index",
            "remove_index" => "remove_index",
            "references" | "belongs_to" => "add_reference",
            "remove_references" | "remove_belongs_to" => "remove_reference",
            "timestamps" => "add_timestamps",
            "foreign_key" => "add_foreign_key",
            "check_constraint" => "add_check_constraint",
            "column" => "add_column",
            kind => {
                for name in arguments.plain() {
                    let column = column(bare(name), kind, arguments);
                    self.push(line, table, What::AddsColumn(column));
                }
                return;
            }
        };
        for what in command(name, arguments, 0) {
            self.push(line, table, what);
        }
    }

    fn push(&mut self, line: usize, table: &str, what: What) {
        self.all.push(Change::new(line, table, what));
    }
}

/// Returns the table that a model has unless it says otherwise.
fn table_of(model: &str) -> String {
    let mut table = String::new();
    for character in model.rsplit("::").next().unwrap_or(model).chars() {
        if character.is_ascii_uppercase() && !table.is_empty() {
            table.push('_');
        }
        table.extend(character.to_lowercase());
    }
    match table.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{table}s"),
    }
}

/// Reads a command whose own arguments begin at a place: behind the table, or at the front in a table's block.
fn command(name: &str, arguments: &Arguments<'_>, first: usize) -> Vec<What> {
    let at = |index: usize| bare(arguments.at(first + index)).to_owned();
    let concurrently = arguments.get("algorithm").is_some_and(|value| bare(value) == "concurrently");
    let later = arguments.is_not("validate");
    match name {
        "drop_table" | "drop_join_table" => vec![What::DropsTable],
        "rename_table" => vec![What::RenamesTable],
        "remove_column" if first == 1 => vec![What::DropsColumn(at(0))],
        "remove_column" | "remove_columns" => {
            arguments.plain().skip(first).map(|name| What::DropsColumn(bare(name).to_owned())).collect()
        }
        "remove_reference" | "remove_belongs_to" => vec![What::DropsColumn(format!("{}_id", at(0)))],
        "remove_timestamps" => {
            vec![What::DropsColumn("created_at".to_owned()), What::DropsColumn("updated_at".to_owned())]
        }
        "rename_column" => vec![What::RenamesColumn { from: at(0), to: at(1) }],
        "change_column" => {
            let column = column(&at(0), &at(1), arguments);
            vec![What::Restates(column)]
        }
        "change_column_null" => {
            let column = at(0);
            if at(1) == "false" { vec![What::SetsNotNull { column }] } else { vec![What::AllowsNull { column }] }
        }
        "add_column" => vec![What::AddsColumn(column(&at(0), &at(1), arguments))],
        "add_timestamps" => {
            let names = ["created_at", "updated_at"];
            // They must not be null unless that is said.
            let column = |name: &str| {
                let told = column(name, "datetime", arguments);
                Column { not_null: !arguments.is("null"), ..told }
            };
            names.into_iter().map(|name| What::AddsColumn(column(name))).collect()
        }
        "add_index" => {
            let unique = arguments.is("unique");
            vec![What::AddsIndex { unique, concurrently, kind: IndexKind::Usual }]
        }
        "remove_index" => vec![What::DropsIndex { concurrently }],
        "add_reference" | "add_belongs_to" => {
            let index = arguments.get("index");
            let inner = index.and_then(object).map(Arguments::read).unwrap_or_default();
            let aside = inner.get("algorithm").is_some_and(|value| bare(value) == "concurrently");
            let key = arguments.get("foreign_key");
            let checked = key.is_some_and(|key| key != "false" && !key.contains("validate: false"));
            let plain = column(&format!("{}_id", at(0)), "bigint", arguments);
            let column =
                Column { index: index.is_none_or(|index| index != "false") && !aside, references: checked, ..plain };
            vec![What::AddsColumn(column)]
        }
        "add_foreign_key" => {
            let other = arguments.at(first);
            let column = arguments
                .get("column")
                .map_or_else(|| format!("{}_id", bare(other).trim_end_matches('s')), |c| bare(c).to_owned());
            vec![What::AddsForeignKey { columns: vec![column], later }]
        }
        "add_check_constraint" => {
            static NOT_NULL: Pattern = Pattern::new(r"(?i)^\W*(\w+)\W+is not null\W*$");
            let not_null_of = NOT_NULL.first(arguments.at(first)).map(str::to_ascii_lowercase);
            vec![What::AddsCheck { later, not_null_of }]
        }
        "add_exclusion_constraint" => vec![What::AddsExclusion],
        "add_unique_constraint" => vec![What::AddsUnique { using_index: arguments.get("using_index").is_some() }],
        _ => Vec::new(),
    }
}

fn column(name: &str, kind: &str, arguments: &Arguments<'_>) -> Column {
    let mut kind = Type::read(kind);
    let number = |key: &str| arguments.get(key).and_then(|value| value.trim().parse().ok());
    match number("limit") {
        // Eight bytes.
        Some(8) if kind.name == "int" => kind.name = "bigint".to_owned(),
        limit => kind.numbers.extend(limit.filter(|_| kind.name != "int")),
    }
    if let Some(precision) = number("precision").filter(|_| kind.name == "numeric") {
        kind.numbers = vec![precision, number("scale").unwrap_or(0)];
    }
    if arguments.is("array") {
        kind.name.push_str("[]");
    }
    let fallback = match arguments.get("default") {
        None | Some("nil") => Fallback::None,
        Some(value) if PER_ROW.is_match(value) => Fallback::PerRow,
        Some(_) => Fallback::Constant,
    };
    let not_null = arguments.is_not("null");
    let unique = arguments.get("index").is_some_and(|index| split(index).join(" ").contains("unique: true"));
    let index = arguments.get("index").is_some_and(|index| index != "false");
    Column { name: name.to_owned(), kind, not_null, fallback, unique, index, ..Column::default() }
}
