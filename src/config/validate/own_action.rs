//! Actions of the user's own, made into definitions of the same form as every other system's.
//!
//! Plans, previews, workers, the journal and undoing know definitions only. The text of this one goes along with the source,
//! so that what was approved is what is carried out, whatever becomes of the configuration in between.

use std::collections::BTreeMap;

use serde_json::Value;
use toml::{Table, Value as Toml};

use super::secret::{SecretUse, secret_ref};
use super::{Place, list};
use crate::config::build::SHELL;
use crate::config::diagnostic::Problems;
use crate::config::document::{At, Named};
use crate::config::effects::{EffectKind, quoted, words};
use crate::config::shape::{OwnActionShape, OwnRequestShape};
use crate::model::id::{ServiceId, SourceId};
use crate::model::source::{OwnAction, Source};

/// What every action is given: why it is done, by whom, and the operation's id, which no other has.
const GIVEN: &[&str] = &["reason", "user", "operation"];

/// What a request is made of, and what it does to the world.
struct Made {
    table: Table,
    /// Where it goes: `ssh://host`, an origin, or nothing for this machine.
    place: Option<String>,
    does: (EffectKind, String),
}

/// Returns an action as a source with a definition of its own, and the secret that it needs.
pub fn own_action(
    service: &ServiceId,
    shape: &At<OwnActionShape>,
    place: Place<'_>,
    problems: &mut Problems,
) -> Option<(Source, Vec<SecretUse>)> {
    let At { value: shape, span } = shape;
    let name = shape.name.as_ref()?;
    if !is_word(&name.value.0) {
        let help = "letters, digits and _, beginning with a letter: it is typed on the command line".to_owned();
        problems.error(&name.span, format!("`{}` is no name for an action", name.value.0), Some(help));
        return None;
    }
    let inputs = inputs(shape, problems)?;
    let names: Vec<&str> = inputs.keys().map(String::as_str).collect();
    let made = request(&shape.request, span, &names, service, place, problems)?;
    let undo = match &shape.undo {
        Some(undo) => Some(request(&undo.value, &undo.span, &names, service, place, problems)?),
        None => None,
    };
    if let Some(undo) = undo.as_ref().filter(|undo| undo.place != made.place && !is_web(&made, undo)) {
        let there = |made: &Made| made.place.clone().unwrap_or_else(|| "this machine".to_owned());
        let message = format!("it is done on {}, and taken back on {}", there(&made), there(undo));
        problems.error(
            span,
            message,
            Some("both happen in one place; write `ssh` into both, or into neither".to_owned()),
        );
        return None;
    }
    let title = shape.title.as_ref().map_or_else(|| name.value.0.replace('_', " "), |title| title.value.0.clone());
    let token = shape.token.as_ref().and_then(|token| secret_ref(&token.value, place));
    let used_by = format!("services.{service}.actions.{}.token", name.value.0);
    let secrets = token.iter().map(|place| SecretUse { place: place.clone(), used_by: used_by.clone() }).collect();
    let does = std::iter::once(&made).chain(&undo).map(|made| made.does.clone()).collect();
    let url = made.place.clone();
    let definition = definition(&name.value.0, &title, shape, inputs, made, undo, token.is_some());
    let own = OwnAction {
        service: service.clone(),
        folder: place.directory.to_path_buf(),
        definition,
        confirm: shape.confirm.as_ref().map(|confirm| confirm.value.0),
        does,
    };
    let source = Source {
        id: SourceId::new(format!("{service}/{}", name.value.0)),
        provider: "own".to_owned(),
        url,
        params: BTreeMap::new(),
        secrets: token.map(|token| ("token".to_owned(), token)).into_iter().collect(),
        ca: None,
        insecure: false,
        every: None,
        own: Some(Box::new(own)),
    };
    Some((source, secrets))
}

/// Both are requests: each has its whole address.
fn is_web(one: &Made, other: &Made) -> bool {
    let web = |made: &Made| made.place.as_ref().is_some_and(|place| place.starts_with("http"));
    web(one) && web(other)
}

fn is_word(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first.is_ascii_lowercase())
        && chars.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn inputs(shape: &OwnActionShape, problems: &mut Problems) -> Option<BTreeMap<String, Table>> {
    let mut inputs = BTreeMap::new();
    let mut fine = true;
    for (name, input) in shape.inputs.iter().flat_map(|At { value: Named(entries), .. }| entries) {
        // What steps are given by themselves.
        const TAKEN: &[&str] = &["service", "release", "current", "reason", "user", "operation", "now", "token"];
        if !is_word(&name.value) || TAKEN.contains(&name.value.as_str()) {
            let help = format!("lower-case letters, digits and _, and none of {}", TAKEN.join(", "));
            problems.error(&name.span, format!("`{}` is no name for an input", name.value), Some(help));
            fine = false;
            continue;
        }
        let mut table = Table::new();
        let help = input.value.help.as_ref().map_or_else(String::new, |help| help.value.0.clone());
        table.insert("help".to_owned(), help.into());
        if let Some(default) = &input.value.default {
            match toml_of(&default.value.0) {
                Some(value) => {
                    table.insert("default".to_owned(), value);
                }
                None => {
                    problems.error(&default.span, "a default is a text, a number, true or false", None);
                    fine = false;
                }
            }
        }
        if input.value.optional.as_ref().is_some_and(|optional| optional.value) {
            table.insert("optional".to_owned(), true.into());
        }
        let one_of: Vec<Toml> =
            input.value.one_of.iter().flat_map(|all| &all.value).map(|one| one.value.0.clone().into()).collect();
        if !one_of.is_empty() {
            table.insert("one_of".to_owned(), Toml::Array(one_of));
        }
        inputs.insert(name.value.clone(), table);
    }
    fine.then_some(inputs)
}

fn request(
    shape: &OwnRequestShape,
    span: &std::ops::Range<usize>,
    inputs: &[&str],
    service: &ServiceId,
    place: Place<'_>,
    problems: &mut Problems,
) -> Option<Made> {
    let mut table = Table::new();
    let mut foreign = |keys: &[(&str, bool)], belongs: &str| {
        let key = keys.iter().find(|(_, there)| *there)?;
        problems.error(span, format!("`{}` belongs to {belongs}", key.0), None);
        Some(())
    };
    let mut made = match (&shape.run, &shape.http) {
        (Some(run), None) => {
            let keys = [
                ("method", shape.method.is_some()),
                ("headers", shape.headers.is_some()),
                ("json", shape.json.is_some()),
            ];
            if foreign(&keys, "a request, and this is a command").is_some() {
                return None;
            }
            let host = shape.ssh.as_ref().map(|host| host.value.0.clone());
            let directory = match (&shape.directory, &host) {
                (Some(directory), Some(_)) => Some(directory.value.0.clone()),
                (Some(directory), None) => Some(place.path(&directory.value.0).display().to_string()),
                (None, Some(_)) => None,
                (None, None) => Some(place.directory.display().to_string()),
            };
            let argv = argv(&run.value.0, directory.as_deref(), inputs, service);
            check_names(argv.iter(), inputs, &run.span, problems)?;
            table.insert("run".to_owned(), Toml::Array(argv.into_iter().map(Toml::from).collect()));
            // What a command prints is for people; nothing is read from it.
            table.insert("answer".to_owned(), "text".into());
            let shown = match run.value.0.as_slice() {
                [shell, flag, text] if [shell.as_str(), flag.as_str()] == SHELL => text.clone(),
                argv => words(argv),
            };
            let does = match &host {
                Some(host) => (EffectKind::Ssh, format!("{host}: {shown}")),
                None => (EffectKind::Run, shown),
            };
            let place = host.map(|host| format!("ssh://{}", host.strip_prefix("ssh://").unwrap_or(&host)));
            Made { table, place, does }
        }
        (None, Some(url)) => {
            let keys = [("ssh", shape.ssh.is_some()), ("directory", shape.directory.is_some())];
            if foreign(&keys, "a command, and this is a request").is_some() {
                return None;
            }
            let method = shape.method.as_ref().map_or("post", |method| method.value.0.0);
            let text = url.value.0.clone();
            check_names([&text].into_iter(), inputs, &url.span, problems)?;
            if let Err(why) = web_address(&text) {
                problems.error(&url.span, why, Some("write https://host/path".to_owned()));
                return None;
            }
            table.insert(method.to_owned(), text.clone().into());
            if let Some(At { value: Named(headers), span }) = &shape.headers {
                check_names(headers.iter().map(|(_, value)| &value.value), inputs, span, problems)?;
                let headers = headers.iter().map(|(name, value)| (name.value.clone(), Toml::from(value.value.clone())));
                table.insert("headers".to_owned(), Toml::Table(headers.collect()));
            }
            if let Some(json) = &shape.json {
                table.insert("json".to_owned(), program_of(&json.value.0, inputs).into());
            }
            let origin = text.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
            let does = (EffectKind::Contact, format!("{} {text}", method.to_uppercase()));
            Made { table, place: Some(origin), does }
        }
        (None, None) => {
            let help = "add run = \"...\", or http = \"https://...\"".to_owned();
            problems.error(span, "this does nothing: it has neither a command nor a request", Some(help));
            return None;
        }
        (Some(_), Some(_)) => {
            let help = "write two actions, or one script that does all of it".to_owned();
            problems.error(span, "this is a command and a request at once", Some(help));
            return None;
        }
    };
    if let Some(timeout) = &shape.timeout {
        let timeout = crate::config::duration::text(timeout.value.0);
        made.table.insert("timeout".to_owned(), timeout.into());
    }
    Some(made)
}

/// Returns the whole command: in its directory, with inputs as variables where a shell reads it.
fn argv(run: &[String], directory: Option<&str>, inputs: &[&str], service: &ServiceId) -> Vec<String> {
    let literal = |text: &str| text.replace('{', "{{");
    if let [shell, flag, script] = run
        && [shell.as_str(), flag.as_str()] == SHELL
    {
        let mut argv = vec!["env".to_owned(), format!("SERVICE={}", literal(service.as_str()))];
        argv.extend(inputs.iter().map(|name| format!("{}={{{name}}}", name.to_uppercase())));
        let into = directory.map(|directory| format!("cd {} || exit 1\n", quoted(directory))).unwrap_or_default();
        argv.extend([shell.clone(), flag.clone(), literal(&format!("{into}{script}"))]);
        return argv;
    }
    match directory {
        Some(directory) => {
            let mut argv: Vec<String> = SHELL.iter().map(|word| (*word).to_owned()).collect();
            argv.extend(["cd \"$0\" && exec \"$@\"".to_owned(), literal(directory)]);
            argv.extend(run.iter().cloned());
            argv
        }
        None => run.to_vec(),
    }
}

/// Looks whether this is the address of a web server, whatever its inputs will be.
fn web_address(text: &str) -> Result<(), String> {
    let url =
        url::Url::parse(&text.replace(['{', '}'], "x")).map_err(|error| format!("this is no address: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("nothing is asked over `{}`", url.scheme()));
    }
    // Whoever chose the host would get the token.
    if text.split('/').nth(2).is_some_and(|host| host.contains('{')) {
        return Err("the host of an address is no input".to_owned());
    }
    match url.password() {
        Some(_) => Err("a password stands in this address; keep it in a secret: token = { ... }".to_owned()),
        None => Ok(()),
    }
}

/// Notes a `{name}` that nobody knows.
fn check_names<'t>(
    texts: impl Iterator<Item = &'t String>,
    inputs: &[&str],
    span: &std::ops::Range<usize>,
    problems: &mut Problems,
) -> Option<()> {
    for text in texts {
        for name in named(text) {
            if !inputs.contains(&name.as_str()) && !GIVEN.contains(&name.as_str()) {
                let known = if inputs.is_empty() {
                    "it has no inputs".to_owned()
                } else {
                    format!("there are {}", inputs.join(", "))
                };
                let help = format!("{known}; a { } that is meant as such is written twice", '{');
                problems.error(span, format!("nothing is called `{name}` here"), Some(help));
                return None;
            }
        }
    }
    Some(())
}

/// Returns the names in braces; `{{` is a brace.
fn named(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('{') {
            rest = after;
            continue;
        }
        let Some(end) = rest.find('}') else { break };
        names.push(rest[..end].to_owned());
        rest = &rest[end + 1..];
    }
    names
}

/// Returns a jq program that gives a value with its inputs filled in.
fn program_of(value: &Value, inputs: &[&str]) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| program_of(item, inputs)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), program_of(value, inputs)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::String(text) => {
            if let Some(name) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'))
                && (inputs.contains(&name) || GIVEN.contains(&name))
            {
                return format!("${name}");
            }
            let mut program = Value::from(text.as_str()).to_string();
            for name in inputs.iter().chain(GIVEN) {
                program = program.replace(&format!("{{{name}}}"), &format!("\\(${name} // \"\")"));
            }
            program
        }
        other => other.to_string(),
    }
}

fn toml_of(value: &Value) -> Option<Toml> {
    match value {
        Value::Bool(value) => Some((*value).into()),
        Value::Number(number) => number.as_i64().map(Toml::from).or_else(|| number.as_f64().map(Toml::from)),
        Value::String(text) => Some(text.clone().into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn definition(
    name: &str,
    title: &str,
    shape: &OwnActionShape,
    inputs: BTreeMap<String, Table>,
    made: Made,
    undo: Option<Made>,
    has_token: bool,
) -> String {
    let mut provider = Table::new();
    for (key, value) in [("name", "own"), ("title", "your own action"), ("kind", "hosting"), ("docs", "crashcart.toml")]
    {
        provider.insert(key.to_owned(), value.into());
    }
    let mut document = Table::new();
    if let Some(place) = made.place.as_ref().filter(|place| place.starts_with("http")) {
        provider.insert("base_url".to_owned(), place.clone().into());
    }
    if has_token {
        let auth = Table::from_iter([("bearer".to_owned(), Toml::from("token"))]);
        provider.insert("auth".to_owned(), Toml::Table(auth));
        let slot = Table::from_iter([("help".to_owned(), Toml::from("the token of this action"))]);
        document.insert("secrets".to_owned(), Toml::Table(Table::from_iter([("token".to_owned(), Toml::Table(slot))])));
    }
    document.insert("provider".to_owned(), Toml::Table(provider));
    let mut step = made.table;
    step.insert("name".to_owned(), title.into());
    if shape.repeatable.as_ref().is_some_and(|repeatable| repeatable.value) {
        step.insert("repeatable".to_owned(), true.into());
    }
    if let Some(undo) = undo {
        let mut undo = undo.table;
        undo.insert("name".to_owned(), format!("take back: {title}").into());
        step.insert("undo".to_owned(), Toml::Table(undo));
    }
    let mut action = Table::new();
    action.insert("target".to_owned(), "service".into());
    action.insert("title".to_owned(), title.into());
    action.insert("means".to_owned(), "restart".into());
    let caveats: Vec<Toml> = list(shape.caveats.clone()).into_iter().map(|caveat| caveat.value.0.into()).collect();
    if !caveats.is_empty() {
        action.insert("caveats".to_owned(), Toml::Array(caveats));
    }
    if !inputs.is_empty() {
        let inputs = inputs.into_iter().map(|(name, input)| (name, Toml::Table(input)));
        action.insert("inputs".to_owned(), Toml::Table(inputs.collect()));
    }
    action.insert("steps".to_owned(), Toml::Array(vec![Toml::Table(step)]));
    let actions = Table::from_iter([(name.to_owned(), Toml::Table(action))]);
    document.insert("actions".to_owned(), Toml::Table(actions));
    document.to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::config::{Place, load};

    fn definition(text: &str) -> String {
        let place = Place { directory: std::path::Path::new("/srv/a {b}'s"), home: None };
        let loaded = load(&format!("[[services]]\nname = \"s {{x}}\"\nactions = [{text}]\n"), place);
        let told: Vec<_> = loaded.diagnostics.iter().map(|one| &one.message).collect();
        assert_eq!(loaded.catalog.sources.len(), 1, "{told:?}");
        loaded.catalog.sources[0].own.as_ref().map(|own| own.definition.clone()).unwrap_or_default()
    }

    #[track_caller]
    fn is_read(definition: &str) {
        if let Err(diagnostics) = crate::provider::definition::read(definition) {
            panic!("{diagnostics:?}\n{definition}");
        }
    }

    proptest! {
        /// Whatever stands in a script or a body, what becomes of it is a definition.
        #[test]
        fn every_script_becomes_a_definition(script in "[^\u{0}]{1,60}", word in "[^{}\u{0}]{1,20}", body in "[^\u{0}]{0,40}") {
            let quoted = |text: &str| toml::Value::from(text).to_string();
            prop_assume!(!script.trim().is_empty() && !word.trim().is_empty());
            let inputs = "inputs = { n = { help = \"h\", default = 3 } }";
            is_read(&definition(&format!("{{ name = \"x\", run = {}, {inputs}, undo = {{ run = {} }} }}", quoted(&script), quoted(&script))));
            is_read(&definition(&format!("{{ name = \"x\", run = [{}, \"{{n}}\"], {inputs} }}", quoted(&word))));
            let json = format!("{{ a = {}, b = \"{{n}}\", c = \"is {{n}}\", d = [1, true, {{ e = {} }}] }}", quoted(&body), quoted(&body));
            is_read(&definition(&format!("{{ name = \"x\", http = \"https://a.example/{{n}}\", json = {json}, token = {{ env = \"T\" }}, {inputs} }}")));
        }
    }
}
