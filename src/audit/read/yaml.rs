//! YAML with a way back to its lines.

use serde_json::Value;

use super::Pattern;

/// One document of a YAML file.
#[derive(Clone, Debug)]
pub struct Document {
    pub path: String,
    pub value: Value,
    text: String,
    /// How many lines of the file stand before it.
    before: usize,
}

/// Reads the documents of a file. Templates and what is broken are left out.
pub fn documents(path: &str, text: &str) -> Vec<Document> {
    if is_too_deep(text) {
        return Vec::new();
    }
    let mut parts: Vec<(usize, String)> = vec![(0, String::new())];
    for (index, line) in text.lines().enumerate() {
        if line.trim_end() == "---" || line.starts_with("--- ") {
            parts.push((index + 1, String::new()));
        } else if let Some((_, part)) = parts.last_mut() {
            part.push_str(line);
            part.push('\n');
        }
    }
    parts
        .into_iter()
        .filter_map(|(before, text)| {
            let mut value: Value = yaml_serde::from_str(&untagged(&text)).ok()?;
            merge(&mut value, 0);
            value.is_object().then(|| Document { path: path.to_owned(), value, text, before })
        })
        .collect()
}

/// Takes tags away: compose's `!reset`, GitLab's `!reference`, CloudFormation's `!Ref`. What stands behind them is what counts.
fn untagged(text: &str) -> std::borrow::Cow<'_, str> {
    static TAG: Pattern = Pattern::new(r"(?m)(?::|-|^|,|\[)[ \t]+(![A-Za-z][\w./]*)(?:[ \t]|$)");
    if !text.contains(" !") {
        return text.into();
    }
    let mut plain = text.to_owned();
    let places: Vec<_> = TAG.places(text).collect();
    for place in places.into_iter().rev() {
        let blank = " ".repeat(place.len());
        plain.replace_range(place, &blank);
    }
    plain.into()
}

/// Deeper than anything that people write. The scanner below looks at all open brackets for each new one, so that a file of
/// nothing but brackets would take minutes.
const DEEPEST: usize = 300;

fn is_too_deep(text: &str) -> bool {
    let (mut open, mut deepest) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    let steep = |line: &str| depth(line) > 2 * DEEPEST && !line.trim().is_empty();
    deepest > DEEPEST || text.lines().any(steep)
}

/// Follows `<<: *anchor`.
fn merge(value: &mut Value, depth: usize) {
    if depth > 40 {
        return;
    }
    match value {
        Value::Object(map) => {
            if let Some(Value::Object(base)) = map.remove("<<") {
                for (key, value) in base {
                    map.entry(key).or_insert(value);
                }
            }
            map.values_mut().for_each(|value| merge(value, depth + 1));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| merge(value, depth + 1)),
        _ => {}
    }
}

impl Document {
    /// Returns the line of the last of some keys, each right below the one before; of the last that is there.
    pub fn line(&self, keys: &[&str]) -> usize {
        let lines: Vec<&str> = self.text.lines().collect();
        let (mut from, mut found, mut above) = (0, 0, None);
        for key in keys {
            // The first line that stands deeper says how deep the keys below stand.
            let below = |line: &&&str| !is_silent(line) && above.is_none_or(|above| depth(line) > above);
            let Some(deep) = lines.iter().skip(from).find(below).map(|line| depth(line)) else { break };
            let inside = lines
                .iter()
                .enumerate()
                .skip(from)
                .take_while(|(_, line)| is_silent(line) || above.is_none_or(|above| depth(line) > above));
            let at = inside.filter(|(_, line)| depth(line) == deep).find(|(_, line)| has_key(line, key));
            let Some((at, _)) = at else { break };
            (from, found, above) = (at + 1, at, Some(deep));
        }
        self.before + found + 1
    }

    /// Returns the line that holds a text, behind the line of some keys.
    pub fn line_with(&self, keys: &[&str], needle: &str) -> usize {
        let from = self.line(keys);
        let found = self.text.lines().enumerate().skip(from - self.before - 1).find(|(_, line)| line.contains(needle));
        found.map_or(from, |(index, _)| self.before + index + 1)
    }
}

/// Returns how far a line is indented; what stands in a list stands deeper than its dash.
fn depth(line: &str) -> usize {
    line.len() - line.trim_start().trim_start_matches("- ").len()
}

fn is_silent(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

fn has_key(line: &str, key: &str) -> bool {
    let line = line.trim_start().trim_start_matches("- ").trim_start_matches(['"', '\'']);
    line.strip_prefix(key).is_some_and(|rest| rest.trim_start_matches(['"', '\'']).starts_with(':'))
}

/// Returns a scalar as text.
pub fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Returns the entries of a map.
pub fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

/// Returns the items of a list.
pub fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

impl Document {
    /// Returns the first line behind another that holds a text.
    pub fn lines_behind(&self, line: usize, needle: &str) -> Option<usize> {
        let mut lines = self.text.lines().enumerate().skip((line - 1).saturating_sub(self.before) + 1);
        lines.find(|(_, text)| !needle.is_empty() && text.contains(needle)).map(|(index, _)| self.before + index + 1)
    }
}
