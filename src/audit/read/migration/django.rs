//! Django's migrations: operations with fields. What a field says to forms and admins only changes no table.

use super::calls::{Arguments, Call, Comments, Source, bare, inside};
use super::change::{Change, Column, Fallback, IndexKind, What};
use super::types::Type;
use crate::audit::read::Pattern;

static OPERATIONS: Pattern = Pattern::new(
    r"\b((?:migrations\.)?(?:CreateModel|DeleteModel|RenameModel|AlterModelTable|AddField|RemoveField|AlterField|RenameField|AddIndex|AddIndexConcurrently|RemoveIndex|RemoveIndexConcurrently|AddConstraint|AddConstraintNotValid|AlterUniqueTogether|RunPython))\b",
);
static FIELD: Pattern = Pattern::new(r"^(?:\w+\.)*(\w+)\s*\(");
static STATE: Pattern = Pattern::new(r"(state_operations)\s*=");
static REPLACES: Pattern = Pattern::new(r"(?m)^\s+(replaces|initial)\s*=\s*(\[|True)");
static NOW: Pattern = Pattern::new(r"auto_now(_add)?=True");

/// Reads a migration.
pub fn read(text: &str) -> Vec<Change> {
    // It stands for others that have run, or makes an empty database.
    if REPLACES.is_match(text) {
        return Vec::new();
    }
    let source = Source::new(&without_state(text), Comments::Hash);
    let renamed = text.contains("AddIndexConcurrently as AddIndex");
    let calls = source.calls(&OPERATIONS);
    let mut all: Vec<Change> = calls.iter().flat_map(operation).collect();
    for change in all.iter_mut().filter(|_| renamed) {
        if let What::AddsIndex { concurrently, .. } = &mut change.what {
            *concurrently = true;
        }
    }
    all
}

/// What is for the program's own picture of the tables is not run.
fn without_state(text: &str) -> String {
    let mut out = text.to_owned();
    for place in STATE.places(text).take(20) {
        let Some(open) = text[place.end..].find('[').map(|at| place.end + at) else { continue };
        let (_, end) = inside(text, open);
        let blank: String =
            text[open..end].chars().map(|c| if c == '\n' { "\n".into() } else { " ".repeat(c.len_utf8()) }).collect();
        out.replace_range(open..end, &blank);
    }
    out
}

fn operation(call: &Call<'_>) -> Vec<Change> {
    let (arguments, name) = (&call.arguments, call.name.trim_start_matches("migrations."));
    let model = bare(arguments.named("model_name", 0)).to_owned();
    let named = bare(arguments.named("name", 1)).to_owned();
    let field = arguments.named("field", 2);
    let mut table = model.clone();
    let what = match name {
        "CreateModel" => {
            table = bare(arguments.named("name", 0)).to_owned();
            What::MakesTable { columns: fields(arguments.named("fields", 1)) }
        }
        "DeleteModel" => {
            table = bare(arguments.named("name", 0)).to_owned();
            What::DropsTable
        }
        "RenameModel" => {
            table = bare(arguments.named("old_name", 0)).to_owned();
            What::RenamesTable
        }
        "AlterModelTable" => {
            table = bare(arguments.named("name", 0)).to_owned();
            What::RenamesTable
        }
        "AddField" => match column(&named, field) {
            // It is a table of its own.
            None => return Vec::new(),
            Some(column) => What::AddsColumn(column),
        },
        "AlterField" => match column(&named, field) {
            None => return Vec::new(),
            Some(column) => What::Restates(column),
        },
        "RemoveField" => What::DropsColumn(named),
        "RenameField" => What::RenamesColumn {
            from: bare(arguments.named("old_name", 1)).to_owned(),
            to: bare(arguments.named("new_name", 2)).to_owned(),
        },
        "AddIndex" | "AddIndexConcurrently" => {
            What::AddsIndex { unique: false, concurrently: name.ends_with("Concurrently"), kind: IndexKind::Usual }
        }
        "RemoveIndex" | "RemoveIndexConcurrently" => What::DropsIndex { concurrently: name.ends_with("Concurrently") },
        "AddConstraint" | "AddConstraintNotValid" => {
            let constraint = arguments.named("constraint", 1);
            if constraint.contains("UniqueConstraint") {
                // One with a condition is an index, and is built in the same way.
                What::AddsUnique { using_index: false }
            } else if constraint.contains("ExclusionConstraint") {
                What::AddsExclusion
            } else {
                What::AddsCheck { later: name.ends_with("NotValid"), not_null_of: None }
            }
        }
        "AlterUniqueTogether" => {
            table = bare(arguments.named("name", 0)).to_owned();
            let told = arguments.named("unique_together", 1);
            if !told.contains(['"', '\'']) {
                return Vec::new();
            }
            What::AddsUnique { using_index: false }
        }
        "RunPython" => {
            let back = arguments.get("reverse_code").is_some() || arguments.plain().nth(1).is_some();
            What::Runs { way_back: back }
        }
        _ => return Vec::new(),
    };
    vec![Change::new(call.line, &table, what)]
}

/// Reads the fields of a new model.
fn fields(list: &str) -> Vec<Column> {
    let inner = list.trim().strip_prefix('[').map_or("", |_| inside(list.trim(), 0).0);
    let pairs = super::calls::split(inner).into_iter().filter_map(|pair| {
        let pair = pair.strip_prefix('(')?.strip_suffix(')')?;
        let (name, field) = pair.split_once(',')?;
        column(bare(name), field.trim())
    });
    pairs.collect()
}

/// Reads a field; nothing when it makes no column.
pub fn column(name: &str, field: &str) -> Option<Column> {
    let class = FIELD.first(field)?;
    if matches!(class, "ManyToManyField" | "GenericRelation" | "GenericForeignKey" | "TaggableManager") {
        return None;
    }
    let open = field.find('(')?;
    let arguments = Arguments::read(inside(field, open).0);
    let reference = matches!(class, "ForeignKey" | "OneToOneField" | "TreeForeignKey" | "ParentalKey");
    let unchecked = arguments.is_not("db_constraint");
    let mut kind = Type::read(if reference { "bigint" } else { class });
    let number = |key: &str| arguments.get(key).and_then(|value| value.trim().parse::<u32>().ok());
    let length = match class {
        "CharField" | "EmailField" | "URLField" | "SlugField" | "FileField" | "ImageField" | "FilePathField" => {
            let usual = match class {
                "EmailField" => Some(254),
                "URLField" => Some(200),
                "SlugField" => Some(50),
                "CharField" => None,
                _ => Some(100),
            };
            number("max_length").or(usual)
        }
        _ => None,
    };
    kind.numbers.extend(length);
    if let (Some(digits), Some(places)) = (number("max_digits"), number("decimal_places")) {
        kind.numbers = vec![digits, places];
    }
    let in_database = arguments.get("db_default").is_some() || class == "GeneratedField";
    let fallback = if in_database {
        Fallback::Constant
    } else if arguments.get("default").is_some()
        || NOW.is_match(field)
        || arguments.is("blank")
        || reference
        || kind.name.contains("auto")
    {
        // Django writes a default for the rows that are there, and takes it away again.
        Fallback::InCode
    } else {
        Fallback::None
    };
    let indexed = arguments.is("db_index")
        || class == "SlugField" && !arguments.is_not("db_index")
        || (class.ends_with("ForeignKey") && !arguments.is_not("db_index"));
    Some(Column {
        name: name.to_owned(),
        not_null: !arguments.is("null") && !arguments.is("primary_key"),
        fallback,
        unique: arguments.is("unique") || class == "OneToOneField",
        index: indexed,
        references: reference && !unchecked,
        primary: arguments.is("primary_key"),
        counts: class.ends_with("AutoField"),
        kind,
    })
}
