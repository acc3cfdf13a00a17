//! What statements of SQL do to tables.

use super::change::{Change, Column, Fallback, IndexKind, What, plain};
use super::types::Type;
use crate::audit::read::Pattern;

/// Reads statements, each on one line with quoted texts emptied.
pub fn read(statements: &[(usize, String)]) -> Vec<Change> {
    statements.iter().flat_map(|(line, text)| statement(*line, text)).collect()
}

macro_rules! named {
    ($($part:literal),*) => {
        Pattern::new(concat!($($part, r#"((?:[`"\[]?[\w$]+[`"\]]?\.)*[`"\[]?[\w$]+[`"\]]?)"#),*))
    };
}

static ALTERS: Pattern = named!(r"(?i)^alter table (?:if exists )?(?:only )?");
static MAKES: Pattern =
    named!(r"(?i)^create (?:global |local )?(?:temp(?:orary)? |unlogged )?(?:foreign )?table (?:if not exists )?");
static DROPS_TABLE: Pattern = named!(r"(?i)^drop table (?:if exists )?");
static INDEX_ON: Pattern = named!(r"(?i)^create .*?\bindex\b.*?\bon (?:only )?");
static UPDATES: Pattern = named!(r"(?i)^update (?:only )?");
static DELETES: Pattern = named!(r"(?i)^delete from (?:only )?");
static TRUNCATES: Pattern = named!(r"(?i)^truncate (?:table )?(?:only )?");
static REFRESHES: Pattern = named!(r"(?i)^refresh materialized view ");
static LOCKS: Pattern = named!(r"(?i)^lock tables? (?:only )?");
static RENAMES: Pattern = named!(r"(?i)^rename table ");
static TYPE: Pattern = Pattern::new(
    r"(?i)^((?:double precision|character varying|timestamp(?:\s*\(\d+\))? with(?:out)? time zone|[\w.]+)(?:\s*\([^)]*\))?(?:\[\])?)",
);
static PER_ROW: Pattern = Pattern::new(
    r"(?i)\bdefault \(*\s*(?:\w+\.)?(gen_random_uuid|uuid_generate_v\d\w*|random|clock_timestamp|timeofday|nextval|uuid|rand|gen_random_bytes|cuid|nanoid|uuidv7)\s*\(",
);

/// Reads one statement.
fn statement(line: usize, text: &str) -> Vec<Change> {
    let small = text.to_ascii_lowercase();
    let one = |table: &str, what: What| vec![Change::new(line, table, what)];
    if let Some(table) = ALTERS.first(text) {
        let rest = text.find(table).map_or("", |at| &text[at + table.len()..]);
        return alter(line, table, rest.trim_start_matches(['*', ' ']));
    }
    if let Some(table) = MAKES.first(text) {
        let temporary = small.starts_with("create temp") || small.contains(" temporary table");
        let inner = text.find('(').map_or("", |at| inside(&text[at..]));
        let columns = if temporary { Vec::new() } else { clauses(inner).into_iter().filter_map(column).collect() };
        return one(table, What::MakesTable { columns });
    }
    if let Some(table) = DROPS_TABLE.first(text) {
        let names = small.trim_start_matches("drop table ").trim_start_matches("if exists ");
        let names = names.trim_end_matches(" cascade").trim_end_matches(" restrict").to_owned();
        let several: Vec<&str> = names.split(',').collect();
        return if several.len() > 1 {
            several.into_iter().map(|name| Change::new(line, name, What::DropsTable)).collect()
        } else {
            one(table, What::DropsTable)
        };
    }
    if small.starts_with("create ") && INDEX_ON.is_match(text) && !small.starts_with("create or ") {
        let table = INDEX_ON.first(text).unwrap_or_default();
        let kind = if small.starts_with("create fulltext") || small.starts_with("create spatial") {
            IndexKind::FullText
        } else {
            IndexKind::Usual
        };
        // On a partitioned table `ONLY` makes an index that is not filled.
        if small.contains(" on only ") || lets_write(&small) {
            return Vec::new();
        }
        let concurrently = small.contains(" concurrently ");
        return one(table, What::AddsIndex { unique: small.starts_with("create unique"), concurrently, kind });
    }
    if small.starts_with("drop index") {
        let table = small.split_once(" on ").map_or("", |(_, table)| table);
        return one(table, What::DropsIndex { concurrently: small.contains(" concurrently") });
    }
    if let Some(dropped) = small.strip_prefix("drop ") {
        for word in ["schema", "database"] {
            if dropped.starts_with(word) {
                return one("", What::Drops(if word == "schema" { "a schema" } else { "a database" }));
            }
        }
        return Vec::new();
    }
    if let Some(table) = TRUNCATES.first(text) {
        return one(table, What::DeletesAllRows);
    }
    if let Some(table) = DELETES.first(text) {
        let all = !small.contains(" where ") && !small.contains(" using ") && !small.contains(" limit ");
        return one(table, if all { What::DeletesAllRows } else { What::ChangesRows });
    }
    if let Some(table) = UPDATES.first(text) {
        return one(table, What::ChangesRows);
    }
    if let Some(view) = REFRESHES.first(text).filter(|_| !small.contains(" concurrently")) {
        return one(view, What::Locks("REFRESH MATERIALIZED VIEW without CONCURRENTLY lets nobody read the view"));
    }
    if small.starts_with("vacuum full") || (small.starts_with("vacuum (") && small.contains("full")) {
        return one("", What::Locks("VACUUM FULL writes the table anew"));
    }
    if small == "cluster" || small.starts_with("cluster ") {
        return one("", What::Locks("CLUSTER writes the table anew"));
    }
    if small.starts_with("reindex ") && !small.contains("concurrently") {
        return one("", What::Locks("REINDEX without CONCURRENTLY lets nobody write"));
    }
    if let Some(table) = LOCKS.first(text) {
        let weak = small.contains(" share mode") && !small.contains("exclusive") || small.contains("access share");
        return if weak { Vec::new() } else { one(table, What::Locks("LOCK TABLE holds it until the migration ends")) };
    }
    if small.starts_with("alter type ") && small.contains(" add value ") {
        return one("", What::AddsEnumValue);
    }
    if let Some(table) = RENAMES.first(text) {
        return one(table, What::RenamesTable);
    }
    if small.starts_with("exec sp_rename") || small.starts_with("execute sp_rename") {
        return one("", What::RenamesColumn { from: String::new(), to: String::new() });
    }
    Vec::new()
}

/// MySQL refuses a statement that cannot keep what it promises.
fn lets_write(small: &str) -> bool {
    let small = small.replace(" = ", "=");
    small.contains("algorithm=instant") || small.contains("lock=none")
}

fn alter(line: usize, table: &str, rest: &str) -> Vec<Change> {
    let whole = rest.to_ascii_lowercase();
    let promised = lets_write(&whole);
    let mut parts = clauses(rest);
    // MySQL: `ADD (a int, b int)`.
    if let [only] = parts.as_slice()
        && let Some(inner) = only.to_ascii_lowercase().strip_prefix("add (").map(|_| inside(&only[4..]))
    {
        return clauses(inner)
            .into_iter()
            .filter_map(column)
            .map(|column| Change::new(line, table, What::AddsColumn(column)))
            .collect();
    }
    let adds_key = parts.iter().any(|part| part.to_ascii_lowercase().contains("add primary key"));
    let mut all = Vec::new();
    for part in parts.drain(..) {
        for what in clause(part, adds_key) {
            let kept = !promised
                || matches!(
                    what,
                    What::DropsColumn(_) | What::RenamesColumn { .. } | What::RenamesTable | What::AddsColumn(_)
                );
            if kept {
                all.push(Change::new(line, table, what));
            }
        }
    }
    all
}

static ADDS_COLUMN: Pattern = Pattern::new(r"(?i)^add (?:column )?(?:if not exists )?(.+)$");
static CONSTRAINT: Pattern = Pattern::new(r#"(?i)^add (?:constraint (?:if not exists )?[`"\[]?[\w$-]+[`"\]]? )?(.+)$"#);
static ALTERS_COLUMN: Pattern = Pattern::new(r#"(?i)^alter (?:column )?(?:if exists )?[`"\[]?([\w$]+)[`"\]]?\s"#);
static DROPS_COLUMN: Pattern = Pattern::new(r#"(?i)^drop (?:column )?(?:if exists )?[`"\[]?([\w$]+)[`"\]]?"#);
static MODIFIES: Pattern = Pattern::new(r"(?i)^modify (?:column )?(?:if exists )?(.+)$");
static CHANGES: Pattern = Pattern::new(r#"(?i)^change (?:column )?[`"]?([\w$]+)[`"]? (.+)$"#);
static RENAMES_COLUMN: Pattern = Pattern::new(r#"(?i)^rename (?:column )?[`"\[]?([\w$]+)[`"\]]? to [`"\[]?[\w$]+"#);
static SETS_TYPE: Pattern = Pattern::new(r"(?i)(?:set data )?\btype (.+)$");
static NOT_NULL_OF: Pattern = Pattern::new(r#"(?i)check \(*\s*[`"]?([\w$]+)[`"]? is not null"#);
static LISTED: Pattern = Pattern::new(r"(?i)foreign key (?:\S+ )?\(([^)]*)\)");

/// Reads a clause of an `ALTER TABLE`.
fn clause(text: &str, adds_key: bool) -> Vec<What> {
    let small = text.to_ascii_lowercase();
    if small.starts_with("add ") {
        return added(text, &small);
    }
    if small.starts_with("drop ") {
        let other = ["constraint", "foreign key", "index", "key", "partition", "check", "system versioning"];
        if small.starts_with("drop primary key") {
            return if adds_key { Vec::new() } else { vec![What::DropsPrimaryKey] };
        }
        if other.iter().any(|word| small[5..].starts_with(word)) {
            return Vec::new();
        }
        return DROPS_COLUMN.first(text).map(|name| What::DropsColumn(plain(name))).into_iter().collect();
    }
    if small.starts_with("alter ") && !small.starts_with("alter constraint") && !small.starts_with("alter index") {
        let Some(name) = ALTERS_COLUMN.first(text).map(plain) else { return Vec::new() };
        if small.contains(" set not null") {
            return vec![What::SetsNotNull { column: name }];
        }
        if small.contains(" drop not null") {
            return vec![What::AllowsNull { column: name }];
        }
        if small.contains(" drop default") {
            return vec![What::DropsDefault { column: name }];
        }
        if let Some(kind) = SETS_TYPE.first(text).and_then(|rest| TYPE.first(rest)) {
            let (to, using) = (Type::read(kind), small.contains(" using "));
            return vec![What::ChangesType { column: name, from: None, to, using }];
        }
        // SQL Server says the whole column again.
        let rest = text.split_whitespace().skip_while(|word| plain(word) != name).skip(1).collect::<Vec<_>>().join(" ");
        let says_type =
            !["set", "drop", "add", "restart", "reset"].iter().any(|word| rest.to_ascii_lowercase().starts_with(word));
        return if says_type {
            column(&format!("{name} {rest}")).map(What::Restates).into_iter().collect()
        } else {
            Vec::new()
        };
    }
    if let Some(rest) = MODIFIES.first(text) {
        return column(rest).map(What::Restates).into_iter().collect();
    }
    if let Some(from) = CHANGES.first(text) {
        let rest = text[text.find(from).unwrap_or(0) + from.len()..].trim_start_matches(['`', '"', ' ']);
        let Some(column) = column(rest) else { return Vec::new() };
        let (from, to) = (plain(from), column.name.clone());
        let renamed = (from != to).then_some(What::RenamesColumn { from, to });
        return renamed.into_iter().chain(Some(What::Restates(column))).collect();
    }
    if small.starts_with("rename constraint") || small.starts_with("rename index") || small.starts_with("rename key") {
        return Vec::new();
    }
    if let Some(from) = RENAMES_COLUMN.first(text).filter(|_| !small.starts_with("rename to ")) {
        let to = small.rsplit(" to ").next().map(plain).unwrap_or_default();
        return vec![What::RenamesColumn { from: plain(from), to }];
    }
    if small.starts_with("rename ") || small.starts_with("set schema") {
        return vec![What::RenamesTable];
    }
    if small.starts_with("attach partition") {
        return vec![What::AttachesPartition];
    }
    if small.starts_with("set logged") || small.starts_with("set unlogged") || small.starts_with("set tablespace") {
        return vec![What::Locks("it writes the table anew")];
    }
    if small.starts_with("convert to character set") || small.starts_with("convert to charset") {
        return vec![What::Copies("CONVERT TO CHARACTER SET copies the table, and nobody writes to it meanwhile")];
    }
    if small.starts_with("algorithm=copy") || small.starts_with("algorithm = copy") {
        return vec![What::Copies("ALGORITHM=COPY copies the table, and nobody writes to it meanwhile")];
    }
    Vec::new()
}

fn added(text: &str, small: &str) -> Vec<What> {
    let constraint = CONSTRAINT.first(text).unwrap_or_default();
    let kind = constraint.to_ascii_lowercase();
    let later = small.contains(" not valid") || small.contains(" not enforced");
    let using_index = small.contains(" using index ");
    let starts =
        |word: &str| kind.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '(']));
    if starts("check") {
        return vec![What::AddsCheck { later, not_null_of: NOT_NULL_OF.first(&kind).map(plain) }];
    }
    if starts("foreign key") {
        let columns = LISTED.first(text).unwrap_or_default().split(',').map(plain).collect();
        return vec![What::AddsForeignKey { columns, later }];
    }
    if starts("unique") {
        return vec![What::AddsUnique { using_index }];
    }
    if starts("primary key") {
        return vec![What::AddsPrimaryKey { using_index }];
    }
    if starts("exclude") {
        return vec![What::AddsExclusion];
    }
    if starts("index") || starts("key") {
        return vec![What::AddsIndex { unique: false, concurrently: false, kind: IndexKind::Usual }];
    }
    if starts("fulltext") || starts("spatial") {
        return vec![What::AddsIndex { unique: false, concurrently: false, kind: IndexKind::FullText }];
    }
    // A constraint that says nothing that we know, or a partition, which is new and empty.
    if starts("partition") || starts("generated") || small.starts_with("add constraint") || starts("not null") {
        return Vec::new();
    }
    // With the word `COLUMN` a name may be any word.
    let told = ADDS_COLUMN.first(text);
    let read = if small.starts_with("add column ") { told.and_then(any_column) } else { told.and_then(column) };
    read.map(What::AddsColumn).into_iter().collect()
}

/// Reads what is said of a column: `name type NOT NULL DEFAULT ...`.
pub fn column(text: &str) -> Option<Column> {
    let text = text.trim();
    const NO_COLUMN: &[&str] = &[
        "constraint",
        "primary",
        "unique",
        "foreign",
        "check",
        "exclude",
        "key",
        "index",
        "fulltext",
        "like",
        "period",
    ];
    let word = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_ascii_lowercase();
    if NO_COLUMN.contains(&word.as_str()) && text.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return None;
    }
    any_column(text)
}

fn any_column(text: &str) -> Option<Column> {
    let text = text.trim();
    let (name, rest) = match text.chars().next()? {
        quote @ ('"' | '`' | '[') => {
            let close = if quote == '[' { ']' } else { quote };
            let (name, rest) = text[1..].split_once(close)?;
            (name, rest.trim())
        }
        _ => text.split_once(char::is_whitespace).map_or((text, ""), |(name, rest)| (name, rest.trim())),
    };
    let small = rest.to_ascii_lowercase();
    let kind = Type::read(TYPE.first(rest.trim_start_matches(['"', '`', '['])).unwrap_or_default());
    let numbers_itself = small.contains("auto_increment")
        || small.contains("generated ")
        || small.contains(" identity")
        || kind.name.contains("serial");
    let fallback = if PER_ROW.is_match(rest)
        || kind.name.contains("serial")
        || small.contains("as identity")
        || small.contains(" stored")
    {
        Fallback::PerRow
    } else if small.contains("default") && !small.contains("default null") || numbers_itself {
        Fallback::Constant
    } else {
        Fallback::None
    };
    Some(Column {
        name: plain(name),
        not_null: small.contains("not null") || small.contains("primary key"),
        fallback,
        unique: small.contains(" unique"),
        index: false,
        references: small.contains(" references ") || small.starts_with("references "),
        primary: small.contains("primary key"),
        counts: numbers_itself,
        kind,
    })
}

/// Returns what stands in the brackets that begin here.
fn inside(text: &str) -> &str {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return &text[1..at];
                }
            }
            _ => {}
        }
    }
    text.strip_prefix('(').unwrap_or(text)
}

/// Cuts a text at the commas that stand in no bracket.
fn clauses(text: &str) -> Vec<&str> {
    let (mut all, mut depth, mut from) = (Vec::new(), 0_usize, 0);
    for (at, character) in text.char_indices() {
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                all.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    all.push(text[from..].trim());
    all.retain(|part| !part.is_empty());
    all
}
