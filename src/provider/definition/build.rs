//! From the tables of a definition file to a definition: words checked, templates read, programs compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use serde_json::Value;

mod action;
mod request;

use super::login::{LoginFormat, LoginPlace};
use super::program::Program;
use super::shape::{
    AuthShape, DefinitionShape, ErrorsShape, LoginShape, ParamShape, ProviderShape, ReadingShape, SecretSlotShape,
    Words,
};
use super::template::Template;
use super::{
    ACCESS_TOKEN, Auth, Capability, Definition, ErrorRules, Exchange, Kind, Param, Reading, Scheme, SecretSlot,
    Vocabulary,
};
use crate::config::diagnostic::{Diagnostic, Problems, Severity};
use crate::config::document::{At, Named, Shape, Table};
use crate::config::leaf::Filled;
use crate::config::nearest::nearest;

/// Reads a definition and says everything that is wrong with it.
///
/// # Errors
/// Errors and warnings in the order of the text, when there is an error. Warnings of a definition that can be used come
/// beside it.
pub fn read(text: &str) -> Result<(Definition, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut problems = Problems::default();
    let definition = match toml::de::DeTable::parse(text) {
        Err(error) => {
            problems.error(&error.span().unwrap_or(0..0), error.message().to_owned(), None);
            None
        }
        Ok(document) => {
            let mut table = Table::root(document.get_ref(), &mut problems);
            let shape = DefinitionShape::take(&mut table);
            table.finish(|_| None);
            Builder { problems: &mut problems }.definition(shape)
        }
    };
    let diagnostics = problems.locate(text);
    let failed = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    match definition {
        Some(definition) if !failed => Ok((definition, diagnostics)),
        _ => Err(diagnostics),
    }
}

/// What templates and programs may name.
type Names = Vec<String>;

struct Builder<'p> {
    problems: &'p mut Problems,
}

impl Builder<'_> {
    fn definition(&mut self, shape: DefinitionShape) -> Option<Definition> {
        let own = own_names(&shape);
        let params = self.params(shape.params);
        let secrets = self.secrets(shape.secrets, &params);
        let provider = shape.provider?.value;
        let names: Names =
            params.iter().map(|param| param.name.clone()).chain(secrets.iter().map(|slot| slot.name.clone())).collect();
        let mut definition = self.provider(&provider, params, secrets, &names)?;
        let mut names = names;
        if matches!(
            definition.auth.scheme,
            Some(Scheme::Google { .. } | Scheme::Azure { .. } | Scheme::Kubeconfig | Scheme::Exchange(_))
        ) {
            names.push(ACCESS_TOKEN.to_owned());
        }
        names.push("now".to_owned());
        definition.errors = self.errors(shape.errors);
        let readings = [
            (Capability::Releases, shape.releases),
            (Capability::Instances, shape.instances),
            (Capability::Checks, shape.checks),
            (Capability::Metrics, shape.metrics),
            (Capability::Alerts, shape.alerts),
            (Capability::Issues, shape.issues),
            (Capability::Issue, shape.issue),
            (Capability::VendorStatus, shape.vendor_status),
            (Capability::OnCall, shape.on_call),
            (Capability::Changes, shape.changes),
            (Capability::Identity, shape.identity),
            (Capability::Settings, shape.settings),
            (Capability::Apps, shape.apps),
        ];
        for (capability, reading) in readings {
            if let Some(reading) = reading.and_then(|reading| self.reading(capability, reading, &names)) {
                definition.readings.insert(capability, reading);
            }
        }
        if let Some(logs) = shape.logs {
            self.logs(logs, &names, &mut definition);
        }
        definition.send = shape.send.and_then(|send| self.action("send", send, &names));
        for (name, action) in shape.actions.map(|actions| actions.value.0).unwrap_or_default() {
            self.check_name(&name);
            if let Some(action) = self.action(&name.value, action, &names) {
                definition.actions.insert(name.value, action);
            }
        }
        self.check_shadows(&own, &definition);
        let empty = definition.readings.is_empty() && definition.stream.is_none() && !definition.acts();
        // A capability with a mistake in it is missing for that reason, which is said already.
        if empty && !self.problems.has_errors() {
            self.problems.error(
                &(0..0),
                "the definition can neither read nor do anything",
                Some(format!(
                    "add one of {}",
                    Capability::ALL.iter().map(|capability| capability.word()).collect::<Vec<_>>().join(", ")
                )),
            );
        }
        Some(definition)
    }

    /// A parameter with the name of something that a capability or an action is given would never be seen.
    fn check_shadows(&mut self, own: &[At<String>], definition: &Definition) {
        let mut given: Vec<(String, &str)> = Vec::new();
        for capability in definition.readings.keys() {
            given.extend(capability.inputs().iter().map(|name| (capability.to_string(), *name)));
        }
        if definition.stream.is_some() {
            given.extend(Capability::Logs.inputs().iter().map(|name| (Capability::Logs.to_string(), *name)));
        }
        for action in definition.actions.values().chain(&definition.send) {
            given.extend(action.target.inputs().iter().map(|name| (action.name.clone(), *name)));
            given.extend(action.inputs.iter().map(|input| (action.name.clone(), input.name.as_str())));
        }
        for name in own {
            let to = if ALWAYS_GIVEN.contains(&name.value.as_str()) {
                Some("every program")
            } else {
                given.iter().find(|(_, given)| *given == name.value).map(|(to, _)| to.as_str())
            };
            if let Some(to) = to {
                self.problems.error(
                    &name.span,
                    format!("`{}` is what {to} is given, and hides this one", name.value),
                    Some("give it another name".to_owned()),
                );
            }
        }
    }

    fn provider(
        &mut self,
        shape: &ProviderShape,
        params: Vec<Param>,
        secrets: Vec<SecretSlot>,
        names: &Names,
    ) -> Option<Definition> {
        let name = shape.name.as_ref()?;
        self.check_name(&At { value: name.value.0.clone(), span: name.span.clone() });
        let kind = shape.kind.as_ref().and_then(|kind| {
            self.one_of(&kind.value.0, &kind.span, Kind::ALL, |kind| kind.word(), "a kind of system")
        })?;
        let rate_limit = shape.rate_limit.as_ref().and_then(|limit| {
            let read = rate_limit(&limit.value.0);
            if read.is_none() {
                self.problems.error(
                    &limit.span,
                    "this is no rate",
                    Some("write \"400/min\", \"5/s\" or \"360/h\"".to_owned()),
                );
            }
            read
        });
        let base_url = shape.base_url.as_ref().and_then(|url| self.template(&url.value.0, &url.span, names));
        let auth = shape.auth.as_ref().map(|auth| self.auth(&auth.value, names)).unwrap_or_default();
        let mut with_token = names.clone();
        with_token.push(ACCESS_TOKEN.to_owned());
        Some(Definition {
            name: name.value.0.clone(),
            title: shape.title.as_ref()?.value.0.clone(),
            kind,
            docs: shape.docs.as_ref().map(|docs| docs.value.0.clone()),
            base_url,
            headers: self.fields(shape.headers.as_ref(), &with_token),
            auth,
            rate_limit,
            status_page: shape.status_page.as_ref().map(|page| page.value.0.clone()),
            caveats: texts(shape.caveats.as_ref()),
            params,
            secrets,
            errors: ErrorRules::default(),
            readings: BTreeMap::new(),
            stream: None,
            send: None,
            actions: BTreeMap::new(),
        })
    }

    fn params(&mut self, shape: Option<At<Named<ParamShape>>>) -> Vec<Param> {
        let mut params = Vec::new();
        for (name, shape) in shape.map(|shape| shape.value.0).unwrap_or_default() {
            self.check_name(&name);
            if ["provider", "url", "source", "title", "warn", "critical", "name", "ssh", "ca"]
                .contains(&name.value.as_str())
            {
                self.problems.error(
                    &name.span,
                    format!("`{}` means something to every source already", name.value),
                    None,
                );
            }
            params.push(param(name.value, &shape.value));
        }
        params
    }

    fn secrets(&mut self, shape: Option<At<Named<SecretSlotShape>>>, params: &[Param]) -> Vec<SecretSlot> {
        let mut secrets = Vec::new();
        for (name, shape) in shape.map(|shape| shape.value.0).unwrap_or_default() {
            self.check_name(&name);
            if params.iter().any(|param| param.name == name.value) {
                self.problems.error(&name.span, format!("`{}` is a parameter already", name.value), None);
            }
            let login = shape.value.login.map(|places| places.value).unwrap_or_default();
            secrets.push(SecretSlot {
                name: name.value,
                help: shape.value.help.map(|help| help.value.0).unwrap_or_default(),
                optional: shape.value.optional.is_some_and(|optional| optional.value),
                is_url: shape.value.is_url.is_some_and(|is_url| is_url.value),
                login: login.into_iter().filter_map(|place| self.login(&place)).collect(),
            });
        }
        secrets
    }

    fn login(&mut self, place: &At<LoginShape>) -> Option<LoginPlace> {
        let LoginShape { env, file, format, pointer, netrc, command } = &place.value;
        let ways = [env.is_some(), file.is_some(), netrc.is_some(), command.is_some()];
        if ways.into_iter().filter(|way| *way).count() != 1 {
            self.problems.error(&place.span, "a login has exactly one of env, file, netrc and command", None);
            return None;
        }
        if let Some(file) = file {
            let path = file.value.0.clone();
            let word = format
                .as_ref()
                .map_or_else(|| path.rsplit('.').next().unwrap_or("").to_owned(), |format| format.value.0.clone());
            let format = match word.as_str() {
                "yml" | "yaml" => LoginFormat::Yaml,
                "toml" => LoginFormat::Toml,
                "json" => LoginFormat::Json,
                _ => {
                    self.problems.error(
                        &file.span,
                        "this file's name does not tell its format",
                        Some("add format = \"json\", \"yaml\" or \"toml\"".to_owned()),
                    );
                    return None;
                }
            };
            let pointer = pointer.as_ref().map(|pointer| pointer.value.0.clone()).unwrap_or_default();
            return Some(LoginPlace::File { path, format, pointer });
        }
        if let Some(env) = env {
            return Some(LoginPlace::Env(env.value.0.clone()));
        }
        if let Some(netrc) = netrc {
            return Some(LoginPlace::Netrc(netrc.value.0.clone()));
        }
        command
            .as_ref()
            .map(|command| LoginPlace::Command(command.value.iter().map(|word| word.value.0.clone()).collect()))
    }

    fn auth(&mut self, shape: &AuthShape, names: &Names) -> Auth {
        let scheme = self.scheme(shape, names);
        let mut names = names.clone();
        names.push(ACCESS_TOKEN.to_owned());
        let bearer = shape.bearer.as_ref().and_then(|bearer| {
            let known = names.contains(&bearer.value.0);
            if !known {
                let help = nearest(&bearer.value.0, &names.iter().map(String::as_str).collect::<Vec<_>>())
                    .map(|near| format!("did you mean `{near}`?"));
                self.problems.error(&bearer.span, format!("there is no secret `{}`", bearer.value.0), help);
            }
            known.then(|| bearer.value.0.clone())
        });
        let basic = shape.basic.as_ref().and_then(|basic| {
            let mut part = |part: &Option<At<String>>| match part {
                Some(part) => self.template(&part.value, &part.span, &names),
                None => Template::parse("", &[]).ok(),
            };
            Some((part(&basic.value.user)?, part(&basic.value.password)?))
        });
        Auth {
            bearer,
            basic,
            headers: self.fields(shape.headers.as_ref(), &names),
            query: self.fields(shape.query.as_ref(), &names),
            scheme,
            optional: shape.optional.as_ref().is_some_and(|optional| optional.value),
        }
    }

    fn scheme(&mut self, shape: &AuthShape, names: &Names) -> Option<Scheme> {
        if let Some(sigv4) = &shape.sigv4 {
            let region = sigv4.value.region.as_ref()?;
            return Some(Scheme::SigV4 {
                service: sigv4.value.service.as_ref()?.value.0.clone(),
                region: self.template(&region.value.0, &region.span, names)?,
            });
        }
        if shape.kubeconfig.as_ref().is_some_and(|wanted| wanted.value) {
            return Some(Scheme::Kubeconfig);
        }
        if let Some(google) = &shape.google {
            return Some(Scheme::Google { scopes: texts(google.value.scopes.as_ref()) });
        }
        if let Some(azure) = &shape.azure {
            return Some(Scheme::Azure { scope: azure.value.scope.as_ref()?.value.0.clone() });
        }
        let exchange = shape.exchange.as_ref()?;
        let request = self.request(&exchange.value.request, &exchange.span, names)?;
        let token = exchange.value.token.as_ref()?;
        Some(Scheme::Exchange(Box::new(Exchange {
            request,
            token: self.program(&token.value.0, &token.span, &answered(names))?,
            expires_in: self.maybe(exchange.value.expires_in.as_ref(), &answered(names)),
        })))
    }

    fn errors(&mut self, shape: Option<At<ErrorsShape>>) -> ErrorRules {
        let Some(At { value: shape, .. }) = shape else { return ErrorRules::default() };
        let names = answered(&vec!["now".to_owned()]);
        ErrorRules {
            message: self.maybe(shape.message.as_ref(), &names),
            failed: self.maybe(shape.failed.as_ref(), &names),
            retry_after: self.maybe(shape.retry_after.as_ref(), &names),
            rate_limited: shape.rate_limited.map(|codes| codes.value.0).unwrap_or_default(),
            unauthorised: shape.unauthorised.map(|codes| codes.value.0).unwrap_or_default(),
        }
    }

    fn reading(&mut self, capability: Capability, shape: At<ReadingShape>, names: &Names) -> Option<Reading> {
        let At { value: shape, span } = shape;
        let mut names = names.clone();
        names.extend(capability.inputs().iter().map(|name| (*name).to_owned()));
        if shape.paging.is_some() {
            names.extend(["page".to_owned(), "cursor".to_owned()]);
        }
        let (requests, names) = self.requests(shape.requests.as_ref(), &shape.request, &span, names);
        let map = shape.map.as_ref()?;
        let map = self.program(&map.value.0, &map.span, &answered(&names))?;
        Some(Reading {
            requests,
            map,
            states: self.vocabulary(shape.states.as_ref(), super::words::states(capability)),
            severities: self.vocabulary(shape.severities.as_ref(), super::words::severities(capability)),
            paging: shape.paging.as_ref().and_then(|paging| self.paging(paging, &names)),
            every: shape.every.map(|every| every.value.0),
            caveats: texts(shape.caveats.as_ref()),
        })
    }

    /// Reads a table of words, whose keys must be ours.
    fn vocabulary(&mut self, shape: Option<&At<Named<Words>>>, ours: &[&str]) -> Vocabulary {
        let mut words = BTreeMap::new();
        for (our, theirs) in shape.map(|shape| shape.value.0.as_slice()).unwrap_or_default() {
            if !ours.contains(&our.value.as_str()) {
                let help = if ours.is_empty() {
                    "nothing here has such words".to_owned()
                } else {
                    format!("ours are {}", ours.join(", "))
                };
                self.problems.error(&our.span, format!("`{}` is not one of our words", our.value), Some(help));
                continue;
            }
            for word in &theirs.value.0 {
                let key = word.to_lowercase();
                if words.insert(key, our.value.clone()).is_some_and(|before| before != our.value) {
                    self.problems.error(&theirs.span, format!("`{word}` is given two meanings"), None);
                }
            }
        }
        Vocabulary(words)
    }

    fn one_of<T: Copy>(
        &mut self,
        word: &str,
        span: &Range<usize>,
        all: &[T],
        name: fn(&T) -> &'static str,
        what: &str,
    ) -> Option<T> {
        let found = all.iter().copied().find(|one| name(one) == word);
        if found.is_none() {
            let words: Vec<&str> = all.iter().map(name).collect();
            let help = nearest(word, &words)
                .map_or_else(|| format!("write one of {}", words.join(", ")), |near| format!("did you mean `{near}`?"));
            self.problems.error(span, format!("`{word}` is not {what}"), Some(help));
        }
        found
    }

    fn check_name(&mut self, name: &At<String>) {
        let fine = !name.value.is_empty()
            && name.value.len() <= 40
            && name
                .value
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-');
        if !fine {
            self.problems.error(
                &name.span,
                format!("`{}` is not a name", name.value),
                Some("use lower-case letters, digits, - and _".to_owned()),
            );
        }
    }

    fn template(&mut self, text: &str, span: &Range<usize>, names: &Names) -> Option<Template> {
        match Template::parse(text, names) {
            Ok(template) => Some(template),
            Err(error) => {
                self.problems.error(span, error.to_string(), None);
                None
            }
        }
    }

    fn program(&mut self, source: &str, span: &Range<usize>, names: &Names) -> Option<Program> {
        match Program::compile(source, names) {
            Ok(program) => Some(program),
            Err(error) => {
                self.problems.error(span, error.to_string(), None);
                None
            }
        }
    }

    fn maybe(&mut self, program: Option<&At<Filled>>, names: &Names) -> Option<Program> {
        program.and_then(|program| self.program(&program.value.0, &program.span, names))
    }
}

/// Names that the engine sets by itself.
const ALWAYS_GIVEN: &[&str] = &["page", "cursor", "now", "item", "status", "headers", ACCESS_TOKEN];

/// Returns the names of parameters and secrets.
fn own_names(shape: &DefinitionShape) -> Vec<At<String>> {
    let copy = |name: &At<String>| At { value: name.value.clone(), span: name.span.clone() };
    let params = shape.params.iter().flat_map(|params| params.value.0.iter().map(|(name, _)| copy(name)));
    let secrets = shape.secrets.iter().flat_map(|secrets| secrets.value.0.iter().map(|(name, _)| copy(name)));
    params.chain(secrets).collect()
}

/// Returns the names that a program over an answer may use.
fn answered(names: &Names) -> Names {
    let more = ["status", "headers"].map(str::to_owned);
    names.iter().cloned().chain(more).collect()
}

fn param(name: String, shape: &ParamShape) -> Param {
    let value = |anything: Option<&At<crate::config::leaf::Anything>>| {
        anything.map_or(Value::Null, |anything| anything.value.0.clone())
    };
    Param {
        name,
        help: shape.help.as_ref().map(|help| help.value.0.clone()).unwrap_or_default(),
        example: value(shape.example.as_ref()),
        default: value(shape.default.as_ref()),
        optional: shape.optional.as_ref().is_some_and(|optional| optional.value),
        one_of: texts(shape.one_of.as_ref()),
    }
}

fn texts(list: Option<&At<Vec<At<Filled>>>>) -> Vec<String> {
    list.map(|list| list.value.iter().map(|text| text.value.0.clone()).collect()).unwrap_or_default()
}

/// Reads "400/min".
fn rate_limit(text: &str) -> Option<super::RateLimit> {
    let (requests, per) = text.split_once('/')?;
    let per = match per.trim() {
        "s" => Duration::from_secs(1),
        "min" => Duration::from_secs(60),
        "h" => Duration::from_secs(3_600),
        "d" => Duration::from_secs(86_400),
        _ => return None,
    };
    let requests = requests.trim().parse().ok().filter(|requests| *requests > 0)?;
    Some(super::RateLimit { requests, per })
}

/// Returns names that are given twice.
fn twice(names: &[String]) -> Option<&String> {
    let mut seen = BTreeSet::new();
    names.iter().find(|name| !seen.insert(*name))
}
