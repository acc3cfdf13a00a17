//! Reading one object field by field: every key is asked for, and what nobody asked for is noted.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::model::time::forms::timestamp;
use crate::provider::definition::Vocabulary;

/// What could not be read, a sentence each. Equal ones are said once, with their count.
#[derive(Clone, Debug, Default)]
pub struct Problems(BTreeMap<String, usize>);

impl Problems {
    /// Notes a sentence.
    pub fn note(&mut self, sentence: String) {
        *self.0.entry(sentence).or_default() += 1;
    }

    /// Returns the sentences.
    pub fn into_lines(self) -> Vec<Line> {
        let line = |(sentence, times): (String, usize)| {
            Line::from_text(&if times == 1 { sentence } else { format!("{sentence} ({times} times)") })
        };
        self.0.into_iter().map(line).collect()
    }
}

/// One object that is being read.
pub struct Item<'a, 'p> {
    what: &'static str,
    object: &'a Map<String, Value>,
    asked: Vec<&'static str>,
    pub problems: &'p mut Problems,
}

/// Returns the objects that a program's outputs are: lists are opened, one level deep.
pub fn objects<'a>(outputs: &'a [Value], what: &'static str, problems: &mut Problems) -> Vec<&'a Map<String, Value>> {
    let mut objects = Vec::new();
    let mut take = |value: &'a Value, problems: &mut Problems| match value {
        Value::Object(object) => objects.push(object),
        Value::Null => {}
        other => problems.note(format!("{what} is {}, and not an object", kind_of(other))),
    };
    for output in outputs {
        match output {
            Value::Array(items) => items.iter().for_each(|item| take(item, problems)),
            other => take(other, problems),
        }
    }
    objects
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

impl<'a, 'p> Item<'a, 'p> {
    /// Begins to read an object.
    pub fn of(what: &'static str, object: &'a Map<String, Value>, problems: &'p mut Problems) -> Self {
        Self { what, object, asked: Vec::new(), problems }
    }

    /// Returns a value, whatever it is; null and absence are the same.
    pub fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.asked.push(key);
        self.object.get(key).filter(|value| !value.is_null())
    }

    fn wrong(&mut self, key: &str, value: &Value, wanted: &str) {
        self.problems.note(format!("`{key}` of {} is {}, and not {wanted}", self.what, kind_of(value)));
    }

    /// Returns a text, also from a number or a flag.
    pub fn text(&mut self, key: &'static str) -> Option<String> {
        match self.value(key)? {
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            other => {
                self.wrong(key, other, "a text");
                None
            }
        }
    }

    /// Returns a text, harmless and on one line.
    pub fn line(&mut self, key: &'static str) -> Option<Line> {
        self.text(key).map(|text| Line::from_text(text.trim())).filter(|line| !line.is_empty())
    }

    /// Returns a text that must be there.
    pub fn required(&mut self, key: &'static str) -> Option<Line> {
        let line = self.line(key);
        if line.is_none() {
            self.problems.note(format!("{} has no `{key}`", self.what));
        }
        line
    }

    /// Returns a web address. Others are left out: they would be opened.
    pub fn url(&mut self, key: &'static str) -> Option<String> {
        let text = self.text(key)?;
        let url = url::Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        url.map(|url| url.to_string())
    }

    /// Returns a number, also from a text. What is none ("NaN", "+Inf") is absent.
    pub fn number(&mut self, key: &'static str) -> Option<f64> {
        let value = self.value(key)?;
        let read = number_of(value);
        if read.is_none() && !matches!(value, Value::String(text) if is_no_number(text)) {
            self.wrong(key, value, "a number");
        }
        read
    }

    /// Returns a whole number that is not negative.
    pub fn count(&mut self, key: &'static str) -> Option<u64> {
        let number = self.number(key)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float saturates")]
        (number >= 0.0).then_some(number as u64)
    }

    /// Returns a flag, also from 0, 1, "true" and "false".
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        match value {
            Value::Bool(flag) => Some(*flag),
            Value::Number(number) => number.as_f64().map(|number| number != 0.0),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            other => {
                self.wrong(key, other, "true or false");
                None
            }
        }
    }

    /// Returns a time in any of the forms that systems use.
    pub fn time(&mut self, key: &'static str) -> Option<Timestamp> {
        let value = self.value(key)?;
        let read = timestamp(value);
        if read.is_none() && !is_no_time(value) {
            let shown = value.as_str().map_or_else(|| value.to_string(), |text| text.chars().take(40).collect());
            self.problems.note(format!("`{key}` of {} is `{shown}`, which is no time that we can read", self.what));
        }
        read
    }

    /// Returns our word for a state, and theirs.
    pub fn state<T: serde::de::DeserializeOwned>(
        &mut self,
        key: &'static str,
        words: &Vocabulary,
        unknown: T,
    ) -> (T, Option<Line>) {
        let Some(stated) = self.text(key) else { return (unknown, None) };
        let stated = stated.trim().to_owned();
        let ours = words.translate(&stated).into_owned();
        match serde_json::from_value(Value::String(ours.clone())) {
            Ok(state) => {
                let line = Line::from_text(&stated);
                let same = line.as_str() == ours;
                (state, (!same).then_some(line))
            }
            Err(_) => (unknown, Some(Line::from_text(&stated))),
        }
    }

    /// Returns the entries of a list; a single object is a list of one.
    pub fn list(&mut self, key: &'static str) -> Vec<&'a Value> {
        match self.value(key) {
            None => Vec::new(),
            Some(Value::Array(items)) => items.iter().filter(|item| !item.is_null()).collect(),
            Some(other) => vec![other],
        }
    }

    /// Returns texts by name.
    pub fn labels(&mut self, key: &'static str) -> BTreeMap<String, Line> {
        let Some(value) = self.value(key) else { return BTreeMap::new() };
        let Value::Object(object) = value else {
            self.wrong(key, value, "an object");
            return BTreeMap::new();
        };
        object
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                (Line::from_text(key).to_string(), Line::from_text(&text))
            })
            .collect()
    }

    /// Returns what is opaque to us.
    pub fn extra(&mut self) -> Value {
        self.value("extra").cloned().unwrap_or_default()
    }

    /// As [`Self::finish`], for objects whose keys may be anything: they are not repeated.
    pub fn finish_without_words(self) {
        let unknown = self.object.keys().filter(|key| !self.asked.contains(&key.as_str())).count();
        if unknown > 0 {
            self.problems.note(format!("{} has keys that are not known; it has {}", self.what, self.asked.join(", ")));
        }
    }

    /// Notes keys that nobody asked for.
    pub fn finish(self) {
        for key in self.object.keys().filter(|key| !self.asked.contains(&key.as_str())) {
            self.problems.note(format!("{} has no key `{key}`; it has {}", self.what, self.asked.join(", ")));
        }
    }
}

/// Returns the number that a value is or says.
pub fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse::<f64>().ok().filter(|number| number.is_finite()),
        _ => None,
    }
}

fn is_no_number(text: &str) -> bool {
    text.trim().is_empty()
        || text.trim().trim_start_matches(['+', '-']).parse::<f64>().is_ok_and(|number| !number.is_finite())
}

/// Returns whether a value is how systems write that there is no time: Go's year 1, zero, nothing.
fn is_no_time(value: &Value) -> bool {
    match value {
        Value::String(text) => text.trim().is_empty() || text.starts_with("0001-01-01"),
        Value::Number(number) => number.as_f64() == Some(0.0),
        _ => false,
    }
}
