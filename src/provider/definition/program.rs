//! jq programs, compiled once and run on many answers.
//!
//! The language is jq as `jaq` speaks it, without what would reach outside of it: no environment, no clock, no files, no
//! end of the process. A program is part of a definition and trusted like one: it can still loop for ever.

use std::fmt;
use std::sync::Arc;

use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Native, Vars, compile, data::JustLut};
use jaq_json::{Num, Val};
use serde_json::Value;
use thiserror::Error;

use super::plain::plain;
use crate::model::time::forms::timestamp;

type Data = JustLut<Val>;

/// Functions that reach outside: every secret of the environment, the end of the process, the clock, its zone.
const DENIED: &[&str] = &[
    "env",
    "halt",
    "halt_error",
    "stderr",
    "stderr_empty",
    "debug",
    "debug_empty",
    "now",
    "localtime",
    "strflocaltime",
    "input",
    "inputs",
    "input_filename",
    "input_line_number",
];

/// What definitions may use beside jq's own words. `docs/providers.md` lists them.
const PRELUDE: &str = include_str!("prelude.jq");

/// More outputs than this are a mistake in the program.
const MOST_OUTPUTS: usize = 50_000;

/// A longer message is no sentence any more.
const LONGEST_MESSAGE: usize = 200;

/// Why a program cannot be compiled.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{what}")]
pub struct ProgramError {
    pub what: String,
    /// Where in the program, in bytes.
    pub at: std::ops::Range<usize>,
}

/// Why a program gave nothing.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum RunError {
    #[error("{0}")]
    Failed(String),
    #[error("the program gives more than {MOST_OUTPUTS} values")]
    TooMany,
}

/// A compiled program.
#[derive(Clone)]
pub struct Program {
    source: Arc<str>,
    variables: Arc<[String]>,
    filter: Arc<compile::Filter<Native<Data>>>,
}

impl Program {
    /// Compiles a program that may use these variables.
    ///
    /// # Errors
    /// When it is not jq, or uses a function or variable that is not there.
    pub fn compile(source: &str, variables: &[String]) -> Result<Self, ProgramError> {
        let denied = |name: &str| DENIED.contains(&name);
        let prelude = load::parse(PRELUDE, |parser| parser.defs()).unwrap_or_default();
        let defs = jaq_core::defs()
            .chain(jaq_std::defs())
            .chain(jaq_json::defs())
            .filter(|definition| !denied(definition.name))
            .chain(prelude);
        let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs()).filter(|(name, ..)| !denied(name));
        let funs = funs.chain(native());
        let arena = Arena::default();
        let modules = Loader::new(defs)
            .load(&arena, File { code: source, path: () })
            .map_err(|errors| unreadable(source, &errors))?;
        let names: Vec<String> = variables.iter().map(|name| format!("${name}")).collect();
        let filter = Compiler::default()
            .with_funs(funs)
            .with_global_vars(names.iter().map(String::as_str))
            .compile(modules)
            .map_err(|errors| unknown(source, &errors, variables))?;
        Ok(Self { source: source.into(), variables: variables.into(), filter: Arc::new(filter) })
    }

    /// Runs it and returns everything that it gives.
    ///
    /// # Errors
    /// When the program raises an error, or gives too much.
    pub fn run(&self, input: &Value, variable: impl Fn(&str) -> Value) -> Result<Vec<Value>, RunError> {
        let variables: Vec<Val> = self.variables.iter().map(|name| from_json(&variable(name))).collect();
        let context = Ctx::<Data>::new(&self.filter.lut, Vars::new(variables));
        let mut outputs = Vec::new();
        for output in self.filter.id.run((context, from_json(input))) {
            if outputs.len() == MOST_OUTPUTS {
                return Err(RunError::TooMany);
            }
            match output {
                Ok(value) => outputs.push(to_json(&value)),
                Err(error) => {
                    let text = error.get_err().map_or_else(|_| "it ended early".to_owned(), |error| error.to_string());
                    return Err(RunError::Failed(shortened(&text)));
                }
            }
        }
        Ok(outputs)
    }

    /// Runs it and returns the first thing that it gives, or null.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn first(&self, input: &Value, variable: impl Fn(&str) -> Value) -> Result<Value, RunError> {
        Ok(self.run(input, variable)?.into_iter().next().unwrap_or(Value::Null))
    }

    /// Returns whether the program names the variable.
    pub fn uses(&self, variable: &str) -> bool {
        names_variable(&self.source, variable)
    }

    /// Returns the program's text.
    pub fn source(&self) -> &str {
        &self.source
    }
}

/// What is not well said in jq: `plain` (HTML to text) and `epoch` (a time in any form to epoch seconds), null for others.
fn native() -> [jaq_core::native::Fun<Data>; 2] {
    use jaq_core::native::{bome, run, v};
    [
        run::<Data>(("plain", v(0), |(_, value)| {
            bome(Ok(match &value {
                Val::TStr(text) => Val::utf8_str(plain(&String::from_utf8_lossy(text)).into_bytes()),
                _ => Val::Null,
            }))
        })),
        run::<Data>(("epoch", v(0), |(_, value)| {
            #[expect(clippy::cast_precision_loss, reason = "microseconds of this century fit")]
            let seconds = timestamp(&to_json(&value)).map(|at| at.as_micros() as f64 / 1e6);
            bome(Ok(match seconds {
                // Whole seconds stay whole: they are written into addresses.
                #[expect(clippy::cast_possible_truncation, reason = "it is whole and fits")]
                Some(seconds) if seconds.fract() == 0.0 => Val::Num(Num::from_integral(seconds as i64)),
                Some(seconds) => Val::Num(Num::Float(seconds)),
                None => Val::Null,
            }))
        })),
    ]
}

impl fmt::Debug for Program {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Program({})", self.source)
    }
}

/// Leaves out the middle of a message: it repeats the value that it is about, and an answer may have megabytes.
fn shortened(text: &str) -> String {
    let length = text.chars().count();
    if length <= LONGEST_MESSAGE {
        return text.to_owned();
    }
    let start: String = text.chars().take(LONGEST_MESSAGE / 2).collect();
    let end: String = text.chars().skip(length - LONGEST_MESSAGE / 2).collect();
    format!("{start} ... {end}")
}

fn names_variable(source: &str, variable: &str) -> bool {
    source.match_indices('$').any(|(at, _)| {
        source[at + 1..]
            .strip_prefix(variable)
            .is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_'))
    })
}

fn unreadable(source: &str, errors: &load::Errors<&str, ()>) -> ProgramError {
    for (_, error) in errors {
        match error {
            load::Error::Lex(errors) => {
                if let Some((expected, at)) = errors.first() {
                    return told(source, at, format!("expected {}", expected.as_str()));
                }
            }
            load::Error::Parse(errors) => {
                if let Some((expected, at)) = errors.first() {
                    return told(source, at, format!("expected {}", expected.as_str()));
                }
            }
            load::Error::Io(_) => {}
        }
    }
    ProgramError { what: "it cannot be read as jq".to_owned(), at: 0..source.len() }
}

fn unknown(source: &str, errors: &compile::Errors<&str, ()>, variables: &[String]) -> ProgramError {
    let first = errors.iter().flat_map(|(_, errors)| errors).next();
    let Some((name, undefined)) = first else {
        return ProgramError { what: "it cannot be compiled".to_owned(), at: 0..source.len() };
    };
    let what = match undefined {
        compile::Undefined::Var => format!("there is no {name} here; there are ${}", variables.join(", $")),
        compile::Undefined::Filter(arity) => format!("there is no function {name}/{arity}"),
        other => format!("unknown {} {name}", other.as_str()),
    };
    told(source, name, what)
}

/// Finds the place of a part that points into the program, or into the prelude.
fn told(source: &str, part: &str, what: String) -> ProgramError {
    let begin = source.as_ptr() as usize;
    let at = (part.as_ptr() as usize).wrapping_sub(begin);
    let at = if at <= source.len() { at..(at + part.len()).min(source.len()) } else { 0..source.len() };
    let found: String = source[at.clone()].chars().take(20).collect();
    let what = if found.is_empty() { format!("{what}, at the end") } else { format!("{what}, at `{found}`") };
    ProgramError { what: format!("this is not jq: {what}").replace("this is not jq: there is", "there is"), at }
}

/// Turns JSON into the language's values.
fn from_json(value: &Value) -> Val {
    match value {
        Value::Null => Val::Null,
        Value::Bool(value) => Val::Bool(*value),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Val::Num(Num::from_integral(whole)),
            (None, float) => match number.as_u64() {
                Some(whole) => Val::Num(Num::from_integral(whole)),
                None => Val::Num(Num::Float(float.unwrap_or(f64::NAN))),
            },
        },
        Value::String(text) => Val::utf8_str(text.clone().into_bytes()),
        Value::Array(items) => items.iter().map(from_json).collect(),
        Value::Object(fields) => Val::obj(
            fields.iter().map(|(key, value)| (Val::utf8_str(key.clone().into_bytes()), from_json(value))).collect(),
        ),
    }
}

/// Turns the language's values into JSON. What JSON has no number for becomes its name: "NaN", "Infinity".
fn to_json(value: &Val) -> Value {
    match value {
        Val::Null => Value::Null,
        Val::Bool(value) => Value::Bool(*value),
        Val::Num(number) => number_to_json(number),
        Val::Arr(items) => Value::Array(items.iter().map(to_json).collect()),
        Val::Obj(fields) => Value::Object(fields.iter().map(|(key, value)| (text_of(key), to_json(value))).collect()),
        Val::TStr(text) | Val::BStr(text) => Value::String(String::from_utf8_lossy(text).into_owned()),
    }
}

fn text_of(value: &Val) -> String {
    match value {
        Val::TStr(text) | Val::BStr(text) => String::from_utf8_lossy(text).into_owned(),
        other => other.to_string(),
    }
}

fn number_to_json(number: &Num) -> Value {
    match number {
        Num::Int(whole) => Value::from(i64::try_from(*whole).unwrap_or_default()),
        Num::Float(float) => serde_json::Number::from_f64(*float).map_or_else(
            || {
                let name = if float.is_nan() {
                    "NaN"
                } else if *float > 0.0 {
                    "Infinity"
                } else {
                    "-Infinity"
                };
                Value::String(name.to_owned())
            },
            Value::Number,
        ),
        other => {
            let text = other.to_string();
            text.parse::<i64>()
                .map(Value::from)
                .or_else(|_| text.parse::<u64>().map(Value::from))
                .or_else(|_| text.parse::<f64>().map(Value::from))
                .unwrap_or(Value::String(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(source: &str, input: Value) -> Result<Vec<Value>, String> {
        let names = ["app".to_owned(), "limit".to_owned()];
        let program = Program::compile(source, &names).map_err(|error| error.to_string())?;
        program
            .run(&input, |name| if name == "app" { json!("shop") } else { json!(20) })
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_program_maps_json_and_sees_its_variables() {
        assert_eq!(run("[.[] | {id, app: $app}]", json!([{ "id": 1 }])), Ok(vec![json!([{ "id": 1, "app": "shop" }])]));
        assert_eq!(run("$limit + 1", json!(null)), Ok(vec![json!(21)]));
    }

    #[test]
    fn big_numbers_and_what_json_cannot_say_survive() {
        assert_eq!(run(".", json!(9_007_199_254_740_993_i64)), Ok(vec![json!(9_007_199_254_740_993_i64)]));
        assert_eq!(run(".", json!(u64::MAX)), Ok(vec![json!(u64::MAX)]));
        assert_eq!(
            run("nan, infinite, -infinite", json!(null)),
            Ok(vec![json!("NaN"), json!("Infinity"), json!("-Infinity")])
        );
    }

    #[test]
    fn nothing_reaches_outside() {
        for source in ["env", "$ENV", "halt", "halt_error", "now", "input", "debug", "stderr", "localtime"] {
            assert!(run(source, json!(null)).is_err(), "{source}");
        }
    }

    #[test]
    fn a_message_does_not_repeat_the_whole_answer() {
        let error = run(".items", json!("x".repeat(1_000_000))).unwrap_err();
        assert!(error.starts_with("cannot index \"xxx") && error.ends_with("with \"items\""), "{error}");
        assert!(error.chars().count() < 220, "{error}");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        assert_eq!(run(".a |", json!(null)), Err("this is not jq: expected term, at the end".to_owned()));
        assert_eq!(run("$ap", json!(null)), Err("there is no $ap here; there are $app, $limit, at `$ap`".to_owned()));
        assert_eq!(run("foo(1)", json!(null)), Err("there is no function foo/1, at `foo`".to_owned()));
    }

    #[test]
    fn helpers_read_numbers_and_times_however_they_are_written() {
        assert_eq!(
            run("map(number)", json!(["1.5", "NaN", 2, null, "x", "+Inf"])),
            Ok(vec![json!([1.5, null, 2, null, null, null])])
        );
        assert_eq!(
            run("1700000000.5 | rfc3339, millis, nanos", json!(null)),
            Ok(vec![json!("2023-11-14T22:13:20Z"), json!(1_700_000_000_500_i64), json!("1700000000500000000")])
        );
    }

    #[test]
    fn html_becomes_text_and_a_time_in_any_form_becomes_seconds() {
        assert_eq!(run("plain", json!("<p>5 &gt; 4</p> ok")), Ok(vec![json!("5 > 4 ok")]));
        assert_eq!(run("map(plain)", json!([null, 7])), Ok(vec![json!([null, null])]));
        let times = json!([
            "2022-06-11T18:55:50Z",
            "Sat, 11 Jun 2022 18:55:50 GMT",
            1_654_973_750_500_i64,
            "2022-06-11 18:55:50",
            "soon",
            null
        ]);
        let seconds = json!([1_654_973_750, 1_654_973_750, 1_654_973_750.5, 1_654_973_750, null, null]);
        assert_eq!(run("map(epoch)", times), Ok(vec![seconds]));
        // A definition's own word of that name counts.
        assert_eq!(run("def plain: 7; plain", json!("x")), Ok(vec![json!(7)]));
    }

    #[test]
    fn a_variable_is_found_by_its_whole_name() {
        let program = Program::compile("$app | .x", &["app".to_owned(), "ap".to_owned()]).unwrap();
        assert!(program.uses("app"));
        assert!(!program.uses("ap"));
    }
}
