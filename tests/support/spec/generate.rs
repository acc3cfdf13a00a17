//! Values from schemas: everything that a schema allows is there, so that what a mapping loses is seen.
//!
//! The same schema gives the same value every time. Examples of the description are used where they fit; text without one
//! says the name of its member, so that a value shows where it came from.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Map, Number, Value, json};

use super::schema::Compiled;

/// A hint of this name says that of alternatives only the first comes.
const FIRST_ONLY: &str = "*";

/// Objects inside objects, after which only what is required is still made.
const DEEP: usize = 14;
/// How often a definition may stand inside itself.
const RECURSION: usize = 2;

/// Answers to one request; more say nothing new.
const MANY: usize = 28;

/// One way to fill a schema.
pub struct Generator<'a> {
    whole: &'a Value,
    hints: &'a Hints,
    /// Which word states take: the first, the second, ...
    choice: usize,
    /// How many words the state with the most of them has.
    choices: usize,
    examples: bool,
    vary: bool,
    /// The definitions that we are inside of.
    inside: Vec<String>,
    depth: usize,
    /// Which item of its list the value belongs to.
    item: usize,
    /// Which alternative the next choice takes; the first, if nothing is said.
    alternative: usize,
}

/// What members of a name have where the description does not say it: `{n}` in a text is the number of the item; a list where
/// the schema wants a text holds the words that a state can have, and that items of other names have in turn. Null leaves out
/// what need not be there.
pub type Hints = BTreeMap<String, Value>;

/// Puts the number of the item into a hint's texts.
pub fn numbered(hint: &Value, number: usize) -> Value {
    match hint {
        Value::String(text) => Value::String(text.replace("{n}", &number.to_string())),
        Value::Array(items) => Value::Array(items.iter().map(|item| numbered(item, number)).collect()),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), numbered(value, number))).collect())
        }
        other => other.clone(),
    }
}

/// Returns one value for every word that states in it can have; at least one.
pub fn values(compiled: &Compiled, example: Option<&Value>, hints: &Hints) -> Vec<Value> {
    let (first, choices, examples) = begin(compiled, example, hints);
    let mut values = vec![first];
    for choice in 1..choices {
        let (value, _) = make(compiled, example, hints, choice, examples, true);
        // An alternative that the rest of the schema forbids is none.
        values.push(if compiled.fits(&value) {
            value
        } else {
            make(compiled, example, hints, choice, examples, false).0
        });
    }
    values
}

/// Returns the first of the values.
pub fn first(compiled: &Compiled, example: Option<&Value>) -> Value {
    begin(compiled, example, &Hints::new()).0
}

/// Returns the first value, how many there are, and whether the description's examples fit its own schema.
fn begin(compiled: &Compiled, example: Option<&Value>, hints: &Hints) -> (Value, usize, bool) {
    let (first, choices) = make(compiled, example, hints, 0, true, true);
    let examples = compiled.fits(&first);
    (if examples { first } else { make(compiled, example, hints, 0, false, true).0 }, choices, examples)
}

/// `vary` lets each kind of object come in one of the answers.
fn make(
    compiled: &Compiled,
    example: Option<&Value>,
    hints: &Hints,
    choice: usize,
    examples: bool,
    vary: bool,
) -> (Value, usize) {
    let whole = &compiled.schema;
    let vary = vary && !hints.contains_key(FIRST_ONLY);
    let inside = Vec::new();
    let mut generator =
        Generator { whole, hints, choice, choices: 1, examples, vary, inside, depth: 0, item: 0, alternative: 0 };
    let value = generator.value(whole, "value", example.filter(|_| examples)).unwrap_or(Value::Null);
    (value, generator.choices)
}

/// How many answers are needed so that two lists of words meet in every way they can, within reason.
pub fn both(first: usize, second: usize) -> usize {
    let (mut a, mut b) = (first, second);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (first / a * second).min(MANY).max(first).max(second)
}

/// Whether a member says in which state something is.
pub fn is_state(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    // AWS says StateValue and StatusCode.
    let name = lower.strip_suffix("value").or_else(|| lower.strip_suffix("code")).unwrap_or(&lower);
    ["state", "status", "phase", "severity", "level", "health", "conclusion", "priority", "urgency", "suspended"]
        .iter()
        .any(|word| name.ends_with(word))
}

fn is_time(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["_at", "_on", "timestamp", "date", "_time", "_datetime", "_ts", "_seen", "firstseen", "lastseen", "changesat"]
        .iter()
        .any(|end| lower.ends_with(end))
        || ["At", "Time", "On", "Seen"].iter().any(|end| name.ends_with(end))
        || name.strip_prefix("date").is_some_and(|rest| rest.starts_with(char::is_uppercase))
        || ["time", "created", "updated", "started", "finished", "ts"].contains(&lower.as_str())
}

impl Generator<'_> {
    /// Returns nothing where a definition would stand inside itself once too often.
    fn value(&mut self, raw: &Value, name: &str, hint: Option<&Value>) -> Option<Value> {
        if raw == &Value::Bool(true) {
            return Some(hint.cloned().unwrap_or_else(|| json!("anything")));
        }
        let entered = self.inside.len();
        let flat = self.flatten(raw.clone(), 0);
        let value = flat.and_then(|flat| self.flat_value(&flat, name, hint));
        self.inside.truncate(entered);
        value
    }

    /// Follows references and merges what a schema is put together from, the first alternative of each.
    fn flatten(&mut self, raw: Value, depth: usize) -> Option<Map<String, Value>> {
        let Value::Object(mut members) = raw else { return Some(Map::new()) };
        if depth > 40 {
            return None;
        }
        if let Some(Value::String(reference)) = members.remove("$ref") {
            let limit = if self.depth > DEEP { 1 } else { RECURSION };
            if self.inside.iter().filter(|name| **name == reference).count() >= limit {
                return None;
            }
            let target = self.whole.pointer(reference.trim_start_matches('#')).cloned().unwrap_or(Value::Null);
            self.inside.push(reference);
            let target = self.flatten(target, depth + 1)?;
            return Some(merge(target, members));
        }
        for key in ["allOf", "oneOf", "anyOf"] {
            let Some(Value::Array(parts)) = members.remove(key) else { continue };
            if key == "allOf" {
                for part in parts {
                    let part = self.flatten(part, depth + 1)?;
                    members = merge(members, part);
                }
                continue;
            }
            let before = self.inside.len();
            let wanted = std::mem::take(&mut self.alternative);
            let mut known = Vec::new();
            let mut words: Vec<Value> = Vec::new();
            for part in parts {
                self.inside.truncate(before);
                let Some(flat) = self.flatten(part, depth + 1) else { continue };
                if let Some(word) = flat.get("const") {
                    words.push(word.clone());
                } else if let Some(Value::Array(more)) = flat.get("enum") {
                    words.extend(more.iter().cloned());
                }
                if flat.get("type") != Some(&json!("null")) {
                    known.push((flat, self.inside.clone()));
                }
            }
            // Each kind of object is in one of the answers; of anything else the first is enough.
            let objects = known.iter().take_while(|(flat, _)| flat.contains_key("properties")).count();
            let index = if wanted > 0 || objects < 2 || !self.vary {
                wanted.min(known.len().saturating_sub(1))
            } else {
                self.choices = self.choices.max(objects.min(MANY));
                self.choice % objects
            };
            let (flat, inside) = known.into_iter().nth(index)?;
            members = merge(members, flat);
            self.inside = inside;
            // Several constants side by side are an enumeration.
            if words.len() > 1 && (members.contains_key("const") || members.contains_key("enum")) {
                members.remove("const");
                members.insert("enum".to_owned(), Value::Array(words));
            }
        }
        Some(members)
    }

    fn flat_value(&mut self, flat: &Map<String, Value>, name: &str, hint: Option<&Value>) -> Option<Value> {
        let own = flat.get("example").or_else(|| flat.get("examples").and_then(|examples| examples.get(0)));
        let told = self.hints.get(name).map(|hint| numbered(hint, self.item + 1));
        if let (Some(Value::Array(words)), "string") = (&told, kind(flat)) {
            let mut words = words.clone();
            // Of an enumeration the words that are told come first.
            if let Some(Value::Array(all)) = flat.get("enum") {
                words.retain(|word| all.contains(word));
                let others: Vec<Value> = all.iter().filter(|word| !words.contains(word)).cloned().collect();
                words.extend(others);
            }
            return self.word(&words, name, Some(&json!("each")));
        }
        if let (Some(Value::String(_)), Some(Value::Array(words))) = (&told, flat.get("enum"))
            && words.contains(told.as_ref().unwrap_or(&Value::Null))
        {
            return told;
        }
        let hint = told.as_ref().or(if self.examples { hint.or(own) } else { None });
        if let Some(constant) = flat.get("const") {
            return Some(constant.clone());
        }
        if let Some(Value::Array(words)) = flat.get("enum") {
            return self.word(words, name, hint);
        }
        match kind(flat) {
            "object" => self.object(flat, hint),
            "array" => Some(self.array(flat, name, hint)),
            "null" => Some(Value::Null),
            _ if hint.is_some_and(|hint| !hint.is_null() && Self::judge(flat).fits(hint)) => hint.cloned(),
            "boolean" => {
                Some(flat.get("default").filter(|value| value.is_boolean()).cloned().unwrap_or(Value::Bool(true)))
            }
            "integer" => Some(Value::Number(self.number(flat, name, true))),
            "number" => Some(Value::Number(self.number(flat, name, false))),
            "string" => Some(Value::String(self.text(flat, name))),
            _ => Some(hint.cloned().unwrap_or_else(|| json!(format!("{name}-{}", self.item + 1)))),
        }
    }

    /// Returns the judge of a schema for text, numbers or truth values: it needs no definitions.
    fn judge(flat: &Map<String, Value>) -> Compiled {
        let mut own = flat.clone();
        own.retain(|key, _| !["items", "properties", "additionalProperties", "not"].contains(&key.as_str()));
        Compiled::new(Value::Object(own))
    }

    fn word(&mut self, words: &[Value], name: &str, hint: Option<&Value>) -> Option<Value> {
        let words: Vec<&Value> = words.iter().filter(|word| !word.is_null()).collect();
        if words.is_empty() {
            return Some(Value::Null);
        }
        if is_state(name) {
            self.choices = both(self.choices, words.len());
            return Some(words[self.choice % words.len()].clone());
        }
        if hint.is_some_and(|hint| hint == "each") {
            return Some(words[self.item % words.len()].clone());
        }
        Some(hint.filter(|hint| words.contains(hint)).unwrap_or(words[0]).clone())
    }

    fn object(&mut self, flat: &Map<String, Value>, hint: Option<&Value>) -> Option<Value> {
        let empty = Map::new();
        let properties = flat.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        let required: Vec<&str> =
            flat.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let mut out = Map::new();
        self.depth += 1;
        for (name, raw) in properties {
            let needed = required.contains(&name.as_str());
            if (self.depth > DEEP || self.hints.get(name) == Some(&Value::Null)) && !needed {
                continue;
            }
            match self.value(raw, name, hint.and_then(|hint| hint.get(name))) {
                Some(value) => {
                    out.insert(name.clone(), value);
                }
                None if needed => {
                    self.depth -= 1;
                    return None;
                }
                None => {}
            }
        }
        let extra = flat.get("additionalProperties").filter(|extra| extra.is_object());
        for name in required.iter().filter(|name| !properties.contains_key(**name)) {
            let value = extra.and_then(|extra| self.value(extra, name, None)).unwrap_or_else(|| json!(*name));
            out.insert((*name).to_owned(), value);
        }
        if properties.is_empty() {
            match (hint, extra) {
                (Some(Value::Object(members)), None) => out.extend(members.clone()),
                (Some(Value::Object(members)), Some(extra)) => {
                    for (name, value) in members {
                        if let Some(value) = self.value(extra, name, Some(value)) {
                            out.insert(name.clone(), value);
                        }
                    }
                }
                (_, Some(extra)) => {
                    let fewest = flat.get("minProperties").and_then(Value::as_u64).unwrap_or(1).max(1);
                    let named = flat
                        .get("propertyNames")
                        .and_then(|names| names.get("const").or_else(|| names.get("enum")?.get(0)))
                        .and_then(Value::as_str);
                    for number in 1..=fewest {
                        let name = named.map_or_else(|| format!("key-{number}"), str::to_owned);
                        if let Some(value) = self.value(extra, &name, None) {
                            out.insert(name, value);
                        }
                    }
                }
                (_, None) => {}
            }
        }
        self.depth -= 1;
        Some(Value::Object(out))
    }

    fn array(&mut self, flat: &Map<String, Value>, name: &str, hint: Option<&Value>) -> Value {
        let bound = |key: &str| flat.get(key).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
        let least = bound("minItems").unwrap_or(0);
        // One item for each alternative that an item can be, so that all kinds of entries are seen.
        let kinds = flat.get("items").map_or(1, |items| self.alternatives(items)).min(24);
        let size = 2.max(least).max(kinds).min(bound("maxItems").unwrap_or(usize::MAX));
        let singular = name.strip_suffix('s').unwrap_or(name);
        let mut out = Vec::new();
        if let Some(Value::Array(places)) = flat.get("prefixItems") {
            for place in places {
                out.push(self.value(place, singular, None).unwrap_or(Value::Null));
            }
            return Value::Array(out);
        }
        let Some(items) = flat.get("items") else {
            return hint
                .filter(|hint| hint.is_array())
                .cloned()
                .unwrap_or_else(|| json!(["item-1", "item-2"][..size.min(2)].to_vec()));
        };
        let outer = self.item;
        for index in 0..size {
            self.item = index;
            let hint = hint
                .and_then(|hint| if hint.is_array() { hint.get(index).or_else(|| hint.get(0)) } else { Some(hint) });
            if self.depth > DEEP && index >= least {
                break;
            }
            self.alternative = if kinds > 1 { index } else { 0 };
            let value = self.value(items, singular, hint);
            self.alternative = 0;
            let Some(mut value) = value else { break };
            if flat.get("uniqueItems") == Some(&Value::Bool(true)) && out.contains(&value) {
                let flat = self.flatten(items.clone(), 0).unwrap_or_default();
                let other = flat
                    .get("enum")
                    .and_then(Value::as_array)
                    .and_then(|words| words.iter().find(|word| !out.contains(word)))
                    .cloned();
                match other {
                    Some(other) => value = other,
                    None => break,
                }
            }
            out.push(value);
        }
        self.item = outer;
        Value::Array(out)
    }

    /// Returns how many kinds of objects a schema chooses from.
    fn alternatives(&self, raw: &Value) -> usize {
        let mut raw = raw;
        while let Some(reference) = raw.get("$ref").and_then(Value::as_str) {
            raw = self.whole.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null);
        }
        let parts = raw.get("anyOf").and_then(Value::as_array);
        parts.map_or(1, |parts| {
            parts
                .iter()
                .filter(|part| {
                    part.get("$ref").is_some() || part.get("properties").is_some() || part.get("allOf").is_some()
                })
                .count()
                .max(1)
        })
    }

    fn number(&mut self, flat: &Map<String, Value>, name: &str, whole: bool) -> Number {
        let bound = |key: &str| flat.get(key).and_then(Value::as_f64);
        let step = bound("multipleOf").unwrap_or(1.0);
        let least = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|bound| bound + step));
        let most = bound("maximum").or_else(|| bound("exclusiveMaximum").map(|bound| bound - step));
        #[expect(clippy::cast_precision_loss, reason = "lists have two items")]
        let item = self.item as f64;
        let mut wanted = if is_time(name) || flat.get("x-format") == Some(&json!("unixtime")) {
            // 2026-03-01 12:00:00 UTC, a minute earlier for each further item: lists are newest first.
            let seconds = 1_772_366_400.0 - 60.0 * item;
            let described = flat.get("description").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
            if described.contains("nanosecond") {
                seconds * 1e9
            } else if described.contains("millisecond") || flat.get("x-format") == Some(&json!("milliseconds")) {
                seconds * 1e3
            } else {
                seconds
            }
        } else {
            (item + 1.0) * step
        };
        if let Some(least) = least {
            wanted = wanted.max((least / step).ceil() * step);
        }
        if let Some(most) = most {
            wanted = wanted.min((most / step).floor() * step);
        }
        if whole || wanted.fract() == 0.0 {
            #[expect(clippy::cast_possible_truncation, reason = "what does not fit is no integer of an API")]
            return Number::from(wanted as i64);
        }
        Number::from_f64(wanted).unwrap_or_else(|| Number::from(0))
    }

    /// Returns a text that matches a pattern. Finding one is slow, so what was found is kept.
    fn patterned(&self, flat: &Map<String, Value>, pattern: &str, name: &str) -> Option<String> {
        thread_local! {
            static FOUND: RefCell<BTreeMap<(String, String, usize), Option<String>>> = RefCell::default();
        }
        let item = self.item + 1;
        let bound = |key: &str| flat.get(key).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
        let (least, most) = (bound("minLength"), bound("maxLength"));
        let key = (format!("{pattern} {least:?} {most:?}"), name.to_owned(), item);
        if let Some(found) = FOUND.with_borrow(|found| found.get(&key).cloned()) {
            return found;
        }
        let judge = Self::judge(flat);
        let fits = |text: &String| judge.fits(&json!(text));
        let uuid = format!("0b5a7c1e-6d2f-4c3a-9e8b-{item:012}");
        let simple = [format!("{name}-{item}"), format!("{name}{item}"), item.to_string(), uuid];
        let text = simple.into_iter().find(fits).or_else(|| matching(pattern, item, least, most).find(fits));
        FOUND.with_borrow_mut(|found| found.insert(key, text.clone()));
        text
    }

    fn text(&mut self, flat: &Map<String, Value>, name: &str) -> String {
        let item = self.item + 1;
        let minute = 59 - self.item.min(59);
        let bound = |key: &str| flat.get(key).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
        let format = flat.get("format").or_else(|| flat.get("x-format")).and_then(Value::as_str).unwrap_or_default();
        if let Some(pattern) = flat.get("pattern").and_then(Value::as_str)
            && let Some(text) = self.patterned(flat, pattern, name)
        {
            return text;
        }
        let text = match format {
            "date-time" => format!("2026-03-01T12:{minute:02}:00Z"),
            "date" => "2026-03-01".to_owned(),
            "date-time-rfc-2822" => format!("Sun, 01 Mar 2026 12:{minute:02}:00 +0000"),
            "time" | "partial-time" => format!("12:{minute:02}:00"),
            "uuid" => format!("0b5a7c1e-6d2f-4c3a-9e8b-{item:012}"),
            "uri" | "url" | "uri-reference" => format!("https://example.com/{name}/{item}"),
            "email" => format!(
                "{}{item}@example.com",
                name.to_ascii_lowercase().replace(|letter: char| !letter.is_ascii_alphanumeric(), "")
            ),
            "hostname" => format!("host-{item}.example.com"),
            "ipv4" | "ip-address" => format!("192.0.2.{item}"),
            "ipv6" => format!("2001:db8::{item}"),
            "byte" => "Ynl0ZXM=".to_owned(),
            // Google and gRPC gateways write large integers as text.
            "int64" | "uint64" | "int32" => item.to_string(),
            "duration" => "5m".to_owned(),
            _ if is_time(name) => format!("2026-03-01T12:{minute:02}:00Z"),
            _ => format!("{name}-{item}"),
        };
        let text = match bound("maxLength") {
            Some(most) if text.chars().count() > most => text.chars().skip(text.chars().count() - most).collect(),
            _ => text,
        };
        let missing = bound("minLength").unwrap_or(0).saturating_sub(text.chars().count());
        format!("{text}{}", "x".repeat(missing))
    }
}

/// Returns texts that may match a pattern. Anchors and look-aheads are taken away first: the maker knows none.
fn matching(pattern: &str, item: usize, least: Option<usize>, most: Option<usize>) -> impl Iterator<Item = String> {
    use proptest::strategy::{Strategy as _, ValueTree as _};
    use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
    let mut bare = pattern.to_owned();
    while let Some(start) = ["(?=", "(?!", "(?<=", "(?<!"].iter().find_map(|look| bare.find(look)) {
        let mut open = 0;
        let end = bare[start..].char_indices().find_map(|(at, letter)| {
            open += match letter {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            (open == 0).then_some(start + at)
        });
        match end {
            Some(end) => bare.replace_range(start..=end, ""),
            None => break,
        }
    }
    let bare = bare.replace("\\A", "").replace("\\z", "").replace("\\Z", "").replace("(^|", "(|");
    let bare = bare
        .trim_start_matches('^')
        .trim_end_matches('$')
        .replace("|^", "|")
        .replace("$|", "|")
        .replace("(^", "(")
        .replace("$)", ")");
    let seed = [u8::try_from(item % 200).expect("below 200"); 32];
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    // Word characters and digits of all scripts would match too; ASCII is what vendors mean.
    let ascii = bare.replace("\\d", "[0-9]").replace("\\w", "[0-9A-Za-z_]").replace("\\S", "[!-~]");
    let strategy =
        [format!("(?-u:{bare})"), ascii].iter().find_map(|pattern| proptest::string::string_regex(pattern).ok());
    (0..200).filter_map(move |_| strategy.as_ref()?.new_tree(&mut runner).ok().map(|tree| tree.current())).filter(
        move |text| {
            text.len() >= least.unwrap_or(0)
                && text.len() <= most.unwrap_or(usize::MAX)
                && !text.chars().any(char::is_control)
        },
    )
}

/// Which type a flat schema has: the first that is not null, or what its keywords speak of.
fn kind(flat: &Map<String, Value>) -> &str {
    let named = match flat.get("type") {
        Some(Value::String(kind)) => Some(kind.as_str()),
        Some(Value::Array(kinds)) => {
            kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").or(Some("null"))
        }
        _ => None,
    };
    named.unwrap_or_else(|| {
        if flat.contains_key("properties") || flat.contains_key("additionalProperties") || flat.contains_key("required")
        {
            "object"
        } else if flat.contains_key("items") {
            "array"
        } else if flat.contains_key("pattern") || flat.contains_key("format") || flat.contains_key("minLength") {
            "string"
        } else {
            "anything"
        }
    })
}

/// Merges two schemas that both hold.
fn merge(mut first: Map<String, Value>, second: Map<String, Value>) -> Map<String, Value> {
    for (key, value) in second {
        match (key.as_str(), first.get_mut(&key), value) {
            ("properties", Some(Value::Object(mine)), Value::Object(theirs)) => {
                for (name, raw) in theirs {
                    let both = match mine.remove(&name) {
                        Some(other) if other != raw => json!({ "allOf": [other, raw] }),
                        Some(same) => same,
                        None => raw,
                    };
                    mine.insert(name, both);
                }
            }
            ("required", Some(Value::Array(mine)), Value::Array(theirs)) => {
                for name in theirs {
                    if !mine.contains(&name) {
                        mine.push(name);
                    }
                }
            }
            ("enum", Some(Value::Array(mine)), Value::Array(theirs)) => mine.retain(|word| theirs.contains(word)),
            ("type", Some(Value::Array(mine)), Value::String(theirs)) if mine.contains(&json!(theirs)) => {
                first.insert(key, Value::String(theirs));
            }
            ("minimum" | "minLength" | "minItems", Some(mine), theirs) => {
                if theirs.as_f64() > mine.as_f64() {
                    *mine = theirs;
                }
            }
            ("maximum" | "maxLength" | "maxItems", Some(mine), theirs) => {
                if theirs.as_f64() < mine.as_f64() {
                    *mine = theirs;
                }
            }
            ("items", Some(mine), theirs) if *mine != theirs => {
                *mine = json!({ "allOf": [mine.clone(), theirs] });
            }
            (_, Some(_), _) => {}
            (_, None, value) => {
                first.insert(key, value);
            }
        }
    }
    first
}
