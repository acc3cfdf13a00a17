//! Types of columns, as far as a change from one to another costs something.

/// A type: its name in PostgreSQL's or MySQL's short form, and its numbers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Type {
    /// In small letters; empty when it is not known.
    pub name: String,
    pub numbers: Vec<u32>,
}

/// What it costs to change a type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cost {
    /// Only the catalogue is changed, or nothing at all.
    Free,
    /// The whole table is written anew.
    Rewrite,
    /// The type before is not known, and it depends on that.
    Unknown,
}

/// Names of one and the same type, in SQL and in the words of frameworks.
const NAMES: &[(&str, &[&str])] = &[
    (
        "varchar",
        &[
            "character varying",
            "varchar",
            "nvarchar",
            "string",
            "charfield",
            "slugfield",
            "emailfield",
            "urlfield",
            "varchar2",
            "unicode",
            "autostring",
            "filefield",
            "imagefield",
            "filepathfield",
        ],
    ),
    ("text", &["text", "textfield", "unicodetext", "clob"]),
    ("int", &["integer", "int", "int4", "integerfield", "positiveintegerfield", "unsignedinteger", "mediumint"]),
    (
        "bigint",
        &[
            "bigint",
            "int8",
            "biginteger",
            "bigintegerfield",
            "unsignedbiginteger",
            "big_integer",
            "foreignid",
            "positivebigintegerfield",
        ],
    ),
    (
        "smallint",
        &[
            "smallint",
            "int2",
            "smallinteger",
            "tinyint",
            "tinyinteger",
            "smallintegerfield",
            "unsignedtinyinteger",
            "unsignedsmallinteger",
            "positivesmallintegerfield",
        ],
    ),
    ("numeric", &["numeric", "decimal", "decimalfield", "dec"]),
    (
        "timestamp",
        &["timestamp", "timestamp without time zone", "datetime", "datetime2", "naive_datetime", "naive_datetime_usec"],
    ),
    (
        "timestamptz",
        &[
            "timestamptz",
            "timestamp with time zone",
            "datetimefield",
            "utc_datetime",
            "utc_datetime_usec",
            "datetimeoffset",
            "timestamptz",
        ],
    ),
    ("bool", &["boolean", "bool", "booleanfield", "nullbooleanfield", "bit"]),
    ("json", &["json"]),
    ("jsonb", &["jsonb", "jsonfield", "map"]),
    ("uuid", &["uuid", "uuidfield", "uniqueidentifier", "binary_id", "guid"]),
    ("float", &["double precision", "double", "float", "float8", "floatfield", "real", "float4"]),
    ("char", &["character", "char", "bpchar", "nchar"]),
    ("bytea", &["bytea", "blob", "longblob", "binary", "varbinary", "binaryfield", "largebinary"]),
    ("serial", &["serial", "serial4", "increments", "smallserial", "autofield", "smallautofield"]),
    ("bigserial", &["bigserial", "serial8", "bigincrements", "bigautofield"]),
];

impl Type {
    /// Reads a type as SQL or a framework writes it.
    pub fn read(text: &str) -> Self {
        let small = text.trim().trim_matches(['"', '`', '\'', ':']).to_ascii_lowercase();
        let (name, inside) = match small.split_once('(') {
            Some((name, rest)) => (name.trim(), rest.split(')').next().unwrap_or_default()),
            None => (small.trim(), ""),
        };
        // `timestamp(3) with time zone`
        let zoned = small.contains("with time zone") && !small.contains("without time zone");
        let array = small.trim_end().ends_with("[]") || small.contains(" array");
        let numbers = inside.split(',').filter_map(|part| part.trim().parse().ok()).collect();
        let name = if zoned && name.starts_with("timestamp") { "timestamp with time zone" } else { name };
        let name = name.trim_end_matches("[]").trim();
        let known = NAMES.iter().find(|(_, all)| all.contains(&name)).map_or(name, |(known, _)| known);
        Self { name: if array { format!("{known}[]") } else { known.to_owned() }, numbers }
    }

    /// Returns whether it is known at all.
    pub fn is_known(&self) -> bool {
        !self.name.is_empty()
    }

    /// Returns it as SQL writes it.
    pub fn sql(&self) -> String {
        if self.numbers.is_empty() {
            return self.name.clone();
        }
        let numbers: Vec<String> = self.numbers.iter().map(u32::to_string).collect();
        format!("{}({})", self.name, numbers.join(","))
    }

    fn is_free_text(&self) -> bool {
        matches!(self.name.as_str(), "text" | "citext" | "longtext" | "mediumtext" | "tinytext")
            || (self.name == "varchar" && self.numbers.is_empty())
    }

    /// Returns what PostgreSQL does for a change to another type, from its manual: "As an exception ... if the old type is
    /// binary coercible to the new type, a table rewrite is not needed", and the length functions of each type.
    pub fn cost_in_postgres(from: Option<&Self>, to: &Self, using: bool) -> Cost {
        let Some(from) = from.filter(|from| from.is_known()) else {
            // Nearly all that becomes text was text of some length before; the rest is written anew whatever it was.
            let grows = to.is_free_text() || matches!(to.name.as_str(), "varchar" | "numeric" | "timestamp");
            return if grows || !to.is_known() { Cost::Unknown } else { Cost::Rewrite };
        };
        if from == to && !using {
            return Cost::Free;
        }
        let textual = |one: &Self| {
            matches!(one.name.as_str(), "varchar" | "text" | "citext" | "longtext" | "mediumtext" | "tinytext")
        };
        let widens = |from: &[u32], to: &[u32]| to.is_empty() || from.first().is_some_and(|from| to[0] >= *from);
        let free = match (from.name.as_str(), to.name.as_str()) {
            _ if textual(from) && to.is_free_text() => true,
            ("varchar", "varchar")
            | ("varbit", "varbit")
            | ("timestamp", "timestamp")
            | ("timestamptz", "timestamptz") => widens(&from.numbers, &to.numbers),
            ("numeric", "numeric") => {
                to.numbers.is_empty()
                    || (from.numbers.get(1).unwrap_or(&0) == to.numbers.get(1).unwrap_or(&0)
                        && widens(&from.numbers, &to.numbers))
            }
            ("cidr", "inet") => true,
            ("serial", "int") | ("int", "serial") | ("bigserial", "bigint") | ("bigint", "bigserial") => true,
            (before, after) => before == after && from.numbers == to.numbers,
        };
        if free { Cost::Free } else { Cost::Rewrite }
    }

    /// Returns what MySQL 8 does: it copies the table for every other type, but lengthens a text in place as long as the
    /// length of its values takes as many bytes as before (255 bytes are 63 characters of utf8mb4).
    pub fn cost_in_mysql(from: Option<&Self>, to: &Self) -> Cost {
        let Some(from) = from.filter(|from| from.is_known()) else { return Cost::Unknown };
        if from == to || (from.name == to.name && matches!(to.name.as_str(), "enum" | "set")) {
            return Cost::Free;
        }
        if from.name == "varchar" && to.name == "varchar" {
            // Frameworks mean 255 when they say nothing.
            let (before, after) = (from.numbers.first().unwrap_or(&255), to.numbers.first().unwrap_or(&255));
            return if after >= before && (*before > 63) == (*after > 63) { Cost::Free } else { Cost::Rewrite };
        }
        // The width of a whole number is only shown.
        let whole = matches!(to.name.as_str(), "int" | "bigint" | "smallint");
        if from.name == to.name && whole { Cost::Free } else { Cost::Rewrite }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn postgres(from: &str, to: &str, expected: Cost) {
        let from = Some(Type::read(from)).filter(Type::is_known);
        assert_eq!(Type::cost_in_postgres(from.as_ref(), &Type::read(to), false), expected, "{from:?} to {to}");
    }

    #[test]
    fn what_postgresql_writes_anew_for_a_type_is_what_its_manual_says() {
        for (from, to) in [
            ("varchar(50)", "varchar(100)"),
            ("character varying(50)", "text"),
            ("text", "character varying"),
            ("numeric(10,2)", "numeric(12,2)"),
            ("numeric(10,2)", "numeric"),
            ("timestamp(3)", "timestamp(6)"),
            ("timestamp (3) with time zone", "timestamptz"),
            ("cidr", "inet"),
            ("int4", "integer"),
        ] {
            postgres(from, to, Cost::Free);
        }
        for (from, to) in [
            ("varchar(100)", "varchar(50)"),
            ("text", "varchar(255)"),
            ("numeric(10,2)", "numeric(12,4)"),
            ("integer", "bigint"),
            ("timestamp", "timestamptz"),
            ("json", "jsonb"),
            ("text", "uuid"),
            ("int", "text"),
            ("char(10)", "text"),
            ("text", "text[]"),
            ("", "bigint"),
            ("", "jsonb"),
        ] {
            postgres(from, to, Cost::Rewrite);
        }
        for to in ["varchar(255)", "text", "numeric(12,2)"] {
            postgres("", to, Cost::Unknown);
        }
    }

    #[test]
    fn mysql_lengthens_a_text_in_place_only_while_its_length_takes_as_many_bytes() {
        let cost = |from: &str, to: &str| Type::cost_in_mysql(Some(&Type::read(from)), &Type::read(to));
        assert_eq!(cost("varchar(100)", "varchar(255)"), Cost::Free);
        assert_eq!(cost("varchar(20)", "varchar(60)"), Cost::Free);
        assert_eq!(cost("varchar(20)", "varchar(100)"), Cost::Rewrite);
        assert_eq!(cost("varchar(255)", "varchar(100)"), Cost::Rewrite);
        assert_eq!(cost("varchar(255)", "text"), Cost::Rewrite);
        assert_eq!(cost("int", "bigint"), Cost::Rewrite);
        assert_eq!(cost("int(10)", "int(11)"), Cost::Free);
        assert_eq!(cost("enum", "enum"), Cost::Free);
    }
}
