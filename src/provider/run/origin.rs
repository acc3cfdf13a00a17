//! Where the names of variables stand in answers: what stands anywhere else is no name, whatever a program makes of it.
//!
//! ```text
//!   {"key": "API_KEY", "value": "hunter2"}     API_KEY is a name: it is the `key` of something
//!   {"API_KEY": "hunter2"}                     API_KEY is a name: it is a member
//!   "API_KEY=hunter2"                          API_KEY is a name: it stands before the first `=`
//! ```
//!
//! A definition with a mistake in it (`.value` where it meant `.key`) brings nothing here instead of everybody's passwords. It is
//! the second door: the first is that the model has no place for a value.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::platform::{HealthCheck, Settings, Word};
use crate::model::text::Line;

/// Members that hold the name of what stands beside them.
const NAMES: &[&str] = &["key", "name", "Key", "Name"];
/// A value that is shorter is a word that anything may have: `web`, `8080`.
const SHORTEST: usize = 6;
/// What environments are called everywhere; that some variable has the same value says nothing.
const ENVIRONMENTS: &[&str] =
    &["production", "preview", "development", "staging", "testing", "branch-deploy", "deploy-preview"];

/// What was seen in the answers to one reading. It holds values, so it is never shown.
#[derive(Default)]
pub struct Origin {
    names: BTreeSet<String>,
    values: BTreeMap<String, BTreeSet<String>>,
}

/// Values are in it.
impl std::fmt::Debug for Origin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Origin").finish_non_exhaustive()
    }
}

impl Origin {
    /// Looks through an answer.
    pub fn see(&mut self, answer: &Value) {
        match answer {
            Value::Array(items) => items.iter().for_each(|item| self.see(item)),
            Value::Object(object) => {
                let named = NAMES.iter().filter_map(|key| object.get(*key)?.as_str());
                for name in named {
                    self.names.insert(name.to_owned());
                    for (key, value) in object {
                        if !NAMES.contains(&key.as_str()) {
                            self.value(name, value);
                        }
                    }
                }
                for (key, value) in object {
                    self.names.insert(key.clone());
                    self.value(key, value);
                    self.see(value);
                }
            }
            Value::String(text) => self.text(text),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// What a program printed is one name a line, or one assignment. A line of neither is the rest of a value, where there are
    /// assignments.
    fn text(&mut self, text: &str) {
        let assigns = text.contains('=');
        for line in text.lines() {
            match line.split_once('=') {
                Some((name, value)) => {
                    let name = name.trim().trim_start_matches("export ");
                    self.names.insert(name.to_owned());
                    self.value(name, &Value::String(value.trim().trim_matches(['"', '\'']).to_owned()));
                }
                None if !assigns && text.lines().nth(1).is_some() => {
                    self.names.insert(line.trim().to_owned());
                }
                None => {}
            }
        }
    }

    fn value(&mut self, name: &str, value: &Value) {
        match value {
            Value::String(text) if text.len() >= SHORTEST => {
                self.values.entry(name.to_owned()).or_default().insert(text.clone());
            }
            Value::Array(items) => items.iter().for_each(|item| self.value(name, item)),
            Value::Object(object) => object.values().for_each(|item| self.value(name, item)),
            _ => {}
        }
    }

    /// Leaves out whatever is no name, and every word that has the value of a variable in it. Returns what was left out, without
    /// repeating it.
    pub fn keep(&self, all: &mut Vec<Settings>) -> Vec<Line> {
        let mut strangers = 0;
        for settings in all.iter_mut() {
            if let Some(variables) = &mut settings.variables {
                let before = variables.len();
                variables.retain(|name| self.names.contains(name.as_str()));
                strangers += before - variables.len();
            }
        }
        let variables = all.iter().flat_map(|settings| settings.variables.iter().flatten());
        let values: BTreeSet<&str> = variables
            .filter_map(|name| self.values.get(name.as_str()))
            .flat_map(|values| values.iter().map(String::as_str))
            .collect();
        let tells = |text: &str| {
            !self.names.contains(text)
                && !ENVIRONMENTS.contains(&text)
                && values.iter().any(|value| text.contains(value))
        };
        let mut told = 0;
        for settings in all.iter_mut() {
            let words = [&mut settings.environment, &mut settings.runtime, &mut settings.engine, &mut settings.version];
            for word in words {
                if word.as_ref().is_some_and(|word: &Word| tells(word.as_str())) {
                    *word = None;
                    told += 1;
                }
            }
            if matches!(&settings.health_check, Some(HealthCheck::At(path)) if tells(path.as_str())) {
                settings.health_check = Some(HealthCheck::Present);
            }
        }
        let before = all.len();
        all.retain(|settings| {
            !values.iter().any(|value| *value == settings.name.as_str()) || self.names.contains(settings.name.as_str())
        });
        told += before - all.len();
        let mut problems = Vec::new();
        if strangers > 0 {
            let text =
                format!("{strangers} of the variables stand in the answer where no name stands, and were left out");
            problems.push(Line::from_text(&text));
        }
        if told > 0 {
            problems
                .push(Line::from_text(&format!("{told} of the settings had a variable's value, and were left out")));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::platform::{SettingsKind, VariableName};

    fn kept(answers: &[Value], names: &[&str], runtime: &str) -> (Vec<String>, Option<String>, usize) {
        let mut origin = Origin::default();
        answers.iter().for_each(|answer| origin.see(answer));
        let mut settings = Settings::new(Line::from_text("web"), SettingsKind::Service);
        settings.variables = Some(names.iter().filter_map(|name| VariableName::new(name)).collect());
        settings.runtime = Word::new(runtime);
        let mut all = vec![settings];
        let problems = origin.keep(&mut all);
        let settings = all.remove(0);
        let names = settings.variables.into_iter().flatten().map(String::from).collect();
        (names, settings.runtime.map(String::from), problems.len())
    }

    #[test]
    fn a_name_counts_only_where_names_stand() {
        for answer in [
            json!([{"envVar": {"key": "API_KEY", "value": "hunter2hunter2"}}]),
            json!({"API_KEY": "hunter2hunter2"}),
            json!({"Config": {"Env": ["API_KEY=hunter2hunter2"]}}),
            json!("export API_KEY='hunter2hunter2'\nmore"),
            json!({"vars": {"API_KEY": {"type": "plain", "value": "hunter2hunter2"}}}),
        ] {
            let wants = (vec!["API_KEY".to_owned()], Some("node".to_owned()), 0);
            assert_eq!(kept(std::slice::from_ref(&answer), &["API_KEY"], "node"), wants, "{answer}");
            // A program that takes the value for the name, or that puts it elsewhere.
            let wants = (Vec::new(), Some("node".to_owned()), 1);
            assert_eq!(
                kept(std::slice::from_ref(&answer), &["hunter2hunter2", "more"], "node"),
                match answer {
                    Value::String(_) => (Vec::new(), Some("node".to_owned()), 1),
                    _ => wants,
                }
            );
            let wants = (vec!["API_KEY".to_owned()], None, 1);
            assert_eq!(kept(std::slice::from_ref(&answer), &["API_KEY"], "on hunter2hunter2"), wants, "{answer}");
        }
        let names = vec!["A".to_owned(), "B".to_owned()];
        assert_eq!(kept(&[json!("A\nB\n")], &["A", "B"], "x").0, names);
    }
}
