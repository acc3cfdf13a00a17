//! What a platform is configured with: names of variables, and a few words and numbers.

use serde_json::Value;

use super::fields::{Item, Problems, objects};
use crate::model::platform::{HealthCheck, Limit, Settings, SettingsKind, VariableName, Word};

const WHAT: &str = "a setting";

/// Reads settings. Problems never repeat what they are about: it could be a value.
pub fn settings(outputs: &[Value], problems: &mut Problems) -> Vec<Settings> {
    objects(outputs, WHAT, problems)
        .into_iter()
        .filter_map(|object| {
            let mut item = Item::of(WHAT, object, problems);
            let name = item.required("name");
            let kind = kind(&mut item);
            let mut settings = Settings::new(name?, kind);
            settings.environment = word(&mut item, "environment");
            settings.variables = variables(&mut item);
            settings.health_check = health_check(&mut item);
            settings.instances = item.count("instances");
            settings.automatic_deploys = item.flag("automatic_deploys");
            settings.gate = item.flag("gate");
            settings.runtime = word(&mut item, "runtime");
            settings.restarts = item.flag("restarts");
            settings.memory_limit = match item.value("memory_limit") {
                Some(Value::Bool(false)) => Some(Limit::Unlimited),
                Some(_) => item.count("memory_limit").filter(|bytes| *bytes > 0).map(Limit::Bytes),
                None => None,
            };
            settings.log_bounded = item.flag("log_bounded");
            settings.engine = word(&mut item, "engine");
            settings.version = word(&mut item, "version");
            settings.backups = item.flag("backups");
            settings.alert_rules = item.count("alert_rules");
            settings.notifies = item.flag("notifies");
            item.finish_without_words();
            Some(settings)
        })
        .collect()
}

fn kind(item: &mut Item<'_, '_>) -> SettingsKind {
    match item.text("kind").as_deref() {
        None | Some("service") => SettingsKind::Service,
        Some("database") => SettingsKind::Database,
        Some("environment") => SettingsKind::Environment,
        Some("monitoring") => SettingsKind::Monitoring,
        Some(_) => {
            item.problems.note("`kind` of a setting is none of service, database, environment and monitoring".into());
            SettingsKind::Service
        }
    }
}

fn word(item: &mut Item<'_, '_>, key: &'static str) -> Option<Word> {
    let text = item.text(key)?;
    let word = Word::new(&text);
    if word.is_none() {
        item.problems.note(format!("`{key}` of a setting is no short word, and was left out"));
    }
    word
}

fn variables(item: &mut Item<'_, '_>) -> Option<Vec<VariableName>> {
    // A list of nothing says that nothing is set; no list says nothing.
    item.value("variables")?;
    let listed = item.list("variables");
    let mut names = Vec::new();
    for value in listed {
        match value.as_str().and_then(VariableName::new) {
            Some(name) => names.push(name),
            None => item.problems.note("something among the variables is no name, and was left out".to_owned()),
        }
    }
    names.sort();
    names.dedup();
    Some(names)
}

/// False: there is none. True: there is one. A text: the path that it asks for, without what stands behind a `?`.
fn health_check(item: &mut Item<'_, '_>) -> Option<HealthCheck> {
    match item.value("health_check")? {
        Value::Bool(false) => Some(HealthCheck::Missing),
        Value::String(text) if text.trim().is_empty() => Some(HealthCheck::Missing),
        Value::String(text) => {
            let path = text.split(['?', '#']).next().unwrap_or_default();
            let path = Some(path).filter(|path| path.starts_with('/')).and_then(Word::new);
            Some(path.map_or(HealthCheck::Present, HealthCheck::At))
        }
        _ => Some(HealthCheck::Present),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_absent_is_not_known_and_what_is_false_is() {
        let mut problems = Problems::default();
        let read = settings(
            &[json!([{"name": "web"}, {"name": "api", "health_check": false, "variables": [],
            "memory_limit": false, "backups": "true"}, {"name": "db", "kind": "database", "memory_limit": "1024"}])],
            &mut problems,
        );
        assert_eq!(problems.into_lines(), []);
        assert_eq!((&read[0].health_check, &read[0].variables, read[0].backups), (&None, &None, None));
        assert_eq!((&read[1].health_check, &read[1].variables), (&Some(HealthCheck::Missing), &Some(Vec::new())));
        assert_eq!((read[1].memory_limit, read[1].backups), (Some(Limit::Unlimited), Some(true)));
        assert_eq!((read[2].memory_limit, read[2].kind), (Some(Limit::Bytes(1024)), SettingsKind::Database));
    }

    #[test]
    fn a_value_is_left_out_and_not_repeated() {
        let mut problems = Problems::default();
        let read = settings(
            &[json!({"name": "web", "variables": ["B", "A", "B", "postgres://u:hunter2@h/db", 7],
                "health_check": "/health?key=hunter2", "runtime": "key=hunter2", "kind": "hunter2", "hunter": 1})],
            &mut problems,
        );
        let names: Vec<&str> = read[0].variables.as_ref().unwrap().iter().map(VariableName::as_str).collect();
        assert_eq!(names, ["A", "B"]);
        assert_eq!(read[0].health_check, Some(HealthCheck::At(Word::new("/health").unwrap())));
        assert_eq!(read[0].runtime, None);
        let told = problems.into_lines();
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told.iter().all(|line| !line.as_str().contains("hunter2")), "{told:?}");
    }
}
