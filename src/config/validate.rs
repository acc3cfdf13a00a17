//! From the file's shape to the model: names resolved, defaults filled in, and everything that contradicts noted.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

mod check;
pub mod contact;
mod log;
mod own_action;
mod paging;
pub mod secret;
mod source;

use super::diagnostic::Problems;
use super::document::{At, Named};
use super::leaf::{Filled, HostPort, Name};
use super::nearest::nearest;
use super::settings::Settings;
use super::shape::{ConsoleShape, EnvironmentShape, File, LogEntryShape, ServiceShape, VendorShape};
use super::{address, build};
use crate::model::catalog::Catalog;
use crate::model::id::{EnvironmentId, ServiceId, VendorId};
use crate::model::service::{Dependency, Environment, Service};
use crate::model::source::Purpose;
use crate::model::text::Line;
use crate::model::vendor::Vendor;
use secret::SecretUse;

/// Where relative paths begin, and what `~` means.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The directory of the configuration file.
    pub directory: &'a Path,
    pub home: Option<&'a Path>,
}

impl Place<'_> {
    /// Returns a path of the configuration as an absolute one.
    fn path(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => self.directory.join(text),
        }
    }
}

/// Checks what a file says and gives what is valid of it.
pub fn validate(file: File, place: Place<'_>, problems: &mut Problems) -> (Catalog, Settings, Vec<SecretUse>) {
    let File {
        project,
        environments,
        sources,
        services,
        vendors,
        contacts,
        senders,
        watch,
        console,
        keys,
        self_check,
        postmortem,
    } = file;
    let services = list(services);
    let vendors = list(vendors);
    let environments = environments.map_or_else(Vec::new, |At { value: Named(entries), .. }| entries);
    let sources = sources.map_or_else(Vec::new, |At { value: Named(entries), .. }| entries);
    let names = Names {
        services: named(&services, |service| service.name.as_ref()),
        vendors: named(&vendors, |vendor| vendor.name.as_ref()),
        environments: environments.iter().map(|(name, _)| name.value.clone()).collect(),
        sources: sources.iter().map(|(name, _)| name.value.clone()).collect(),
    };
    let mut secrets: Vec<SecretUse> =
        sources.iter().flat_map(|(name, source)| secret::secrets_of(&name.value, &source.value, place)).collect();
    note_duplicates(&services, &vendors, problems);
    note_cycles(&services, problems);

    let mut catalog = Catalog {
        project: project.and_then(|project| project.value.name).map(|name| Line::from_text(&name.value.0)),
        environments: environments.into_iter().map(environment).collect(),
        vendors: vendors.into_iter().filter_map(vendor).collect(),
        sources: sources.iter().filter_map(|(name, shape)| source::source(name, &shape.value, place)).collect(),
        contacts: contact::contacts_of(list(contacts), |name| names.knows(name), problems),
        senders: paging::senders(list(senders), &names, problems),
        ..Catalog::default()
    };
    for At { value: shape, .. } in services {
        let ServiceShape {
            name,
            environment,
            depends_on,
            checks,
            logs,
            runbooks,
            release,
            errors,
            alerts,
            monitors,
            metrics,
            actions,
        } = shape;
        let environment = environment.and_then(|name| names.environment(&name, problems));
        let depends_on: Vec<Dependency> =
            list(depends_on).iter().filter_map(|name| names.dependency(name, problems)).collect();
        // A service without a name has been noted; its checks are looked at all the same, under no name.
        let id = ServiceId::new(name.as_ref().map_or("", |name| name.value.0.as_str()));
        let mut uses = Vec::new();
        let single = [
            (release, Purpose::Release),
            (errors, Purpose::Errors),
            (alerts, Purpose::Alerts),
            (monitors, Purpose::Checks),
        ];
        for (used, purpose) in single {
            let Some(used) = used else { continue };
            uses.extend(source::source_use(&id, &used, |_, _| Some(purpose), &names, problems));
        }
        for used in list(metrics) {
            let metric = |params: &mut _, problems: &mut _| source::metric(&used, params, problems);
            uses.extend(source::source_use(&id, &used, metric, &names, problems));
        }
        let checks = check::checks(&id, list(checks), place, problems);
        let mut own_logs = Vec::new();
        for At { value: log, span } in list(logs) {
            match log {
                LogEntryShape::Own(log) => own_logs.push(At { value: log, span }),
                LogEntryShape::Source(used) => {
                    let used = At { value: used, span };
                    uses.extend(source::source_use(&id, &used, |_, _| Some(Purpose::Logs), &names, problems));
                }
            }
        }
        let logs = log::logs(&id, own_logs, place, &names, problems);
        // A second service of the same name has been noted too; its parts must not mix with the first's.
        if name.is_none() || catalog.service(&id).is_some() {
            continue;
        }
        for action in list(actions) {
            let Some((source, own)) = own_action::own_action(&id, &action, place, problems) else { continue };
            if catalog.source(&source.id).is_some() {
                problems.error(&action.span, format!("{} has two actions of this name", id), None);
                continue;
            }
            secrets.extend(own);
            catalog.sources.push(source);
        }
        let runbooks = list(runbooks).into_iter().map(|name| name.value.0).collect();
        let services = vec![Service { id, environment, depends_on, runbooks }];
        build::merge(&mut catalog, Catalog { services, checks, logs, uses, ..Catalog::default() });
    }
    let mut settings = settings(console.map(|console| console.value), keys, self_check.and_then(|at| at.value.vantage));
    settings.watch = paging::watch(watch, &names, problems);
    settings.postmortem_template =
        postmortem.and_then(|at| at.value.template).map(|template| place.path(&template.value.0));
    (catalog, settings, secrets)
}

fn list<T>(list: Option<At<Vec<At<T>>>>) -> Vec<At<T>> {
    list.map_or_else(Vec::new, |list| list.value)
}

/// The names that other places may refer to.
struct Names {
    services: Vec<String>,
    vendors: Vec<String>,
    environments: Vec<String>,
    sources: Vec<String>,
}

fn named<T>(list: &[At<T>], name: impl Fn(&T) -> Option<&At<Name>>) -> Vec<String> {
    list.iter().filter_map(|item| name(&item.value)).map(|name| name.value.0.clone()).collect()
}

impl Names {
    fn knows(&self, name: &str) -> bool {
        self.services.iter().chain(&self.vendors).any(|known| known == name)
    }

    fn dependency(&self, name: &At<Name>, problems: &mut Problems) -> Option<Dependency> {
        let text = &name.value.0;
        if self.services.contains(text) {
            return Some(Dependency::Service(ServiceId::new(text)));
        }
        if self.vendors.contains(text) {
            return Some(Dependency::Vendor(VendorId::new(text)));
        }
        let known: Vec<&str> = self.services.iter().chain(&self.vendors).map(String::as_str).collect();
        let help = match nearest(text, &known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("add [[services]] or [[vendors]] with name = \"{text}\""),
        };
        problems.error(&name.span, format!("there is no service and no vendor `{text}`"), Some(help));
        None
    }

    fn environment(&self, name: &At<Name>, problems: &mut Problems) -> Option<EnvironmentId> {
        let text = &name.value.0;
        // How actions are confirmed hangs on it, so a slip must not quietly make a new environment.
        if !self.environments.contains(text) {
            let known: Vec<&str> = self.environments.iter().map(String::as_str).collect();
            let help = match nearest(text, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("add [environments.{}]", bare_or_quoted(text)),
            };
            problems.error(&name.span, format!("there is no environment `{text}`"), Some(help));
            return None;
        }
        Some(EnvironmentId::new(text))
    }

    fn source(&self, name: &At<Name>, problems: &mut Problems) {
        let text = &name.value.0;
        if !self.sources.contains(text) {
            let known: Vec<&str> = self.sources.iter().map(String::as_str).collect();
            let help = match nearest(text, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("add [sources.{}] with provider = \"...\"", bare_or_quoted(text)),
            };
            problems.error(&name.span, format!("there is no source `{text}`"), Some(help));
        }
    }
}

/// Returns a name as TOML wants it as a key.
fn bare_or_quoted(name: &str) -> String {
    let bare = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if bare { name.to_owned() } else { format!("{name:?}") }
}

/// Services and vendors share their names: `depends_on` must mean one thing.
fn note_duplicates(services: &[At<ServiceShape>], vendors: &[At<VendorShape>], problems: &mut Problems) {
    let services = services.iter().filter_map(|service| Some(("service", service.value.name.as_ref()?)));
    let vendors = vendors.iter().filter_map(|vendor| Some(("vendor", vendor.value.name.as_ref()?)));
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for (what, name) in services.chain(vendors) {
        if let Some(other) = seen.insert(&name.value.0, what) {
            let message = format!("there is already a {other} `{}`", name.value.0);
            problems.error(&name.span, message, Some("give one of them another name".to_owned()));
        }
    }
}

/// Notes every dependency that leads back to where it came from, once for each circle.
fn note_cycles(services: &[At<ServiceShape>], problems: &mut Problems) {
    type Edges<'a> = HashMap<&'a str, Vec<(&'a str, &'a Range<usize>)>>;
    let mut edges: Edges<'_> = HashMap::new();
    let mut order = Vec::new();
    for service in services {
        let Some(name) = &service.value.name else { continue };
        order.push(name.value.0.as_str());
        let needs = service.value.depends_on.iter().flat_map(|list| &list.value);
        edges.entry(&name.value.0).or_default().extend(needs.map(|need| (need.value.0.as_str(), &need.span)));
    }
    let mut done: Vec<&str> = Vec::new();
    for start in order {
        // The way from the start to where we are, and for each place on it how many of its edges were taken.
        let mut way: Vec<(&str, usize)> = vec![(start, 0)];
        while let Some((here, taken)) = way.last_mut() {
            let here = *here;
            let next = edges.get(here).and_then(|needs| needs.get(*taken)).copied();
            *taken += 1;
            let Some((need, span)) = next.filter(|_| !done.contains(&here)) else {
                done.push(here);
                way.pop();
                continue;
            };
            if let Some(at) = way.iter().position(|(place, _)| *place == need) {
                let circle: Vec<&str> = way[at..].iter().map(|(place, _)| *place).chain([need]).collect();
                let message = format!("`{need}` depends on itself: {}", circle.join(" -> "));
                problems.error(
                    span,
                    message,
                    Some("take one of these out: a cause cannot be its own symptom".to_owned()),
                );
            } else if !done.contains(&need) {
                way.push((need, 0));
            }
        }
    }
}

fn environment((name, shape): (At<String>, At<EnvironmentShape>)) -> Environment {
    let EnvironmentShape { confirm } = shape.value;
    Environment {
        id: EnvironmentId::new(&name.value),
        confirm: confirm.map_or_else(Default::default, |confirm| confirm.value.0),
    }
}

fn vendor(shape: At<VendorShape>) -> Option<Vendor> {
    let VendorShape { name, status, provider } = shape.value;
    Some(Vendor {
        id: VendorId::new(name?.value.0),
        status_url: status.map(|url| url.value.0.to_string()),
        provider: provider.map(|provider| provider.value.0),
    })
}

fn settings(console: Option<ConsoleShape>, keys: Option<At<Named<Filled>>>, vantage: Option<At<HostPort>>) -> Settings {
    let mut settings = Settings {
        keys: keys.map_or_else(Default::default, |keys| {
            keys.value.0.into_iter().map(|(action, key)| (action.value, key.value.0)).collect()
        }),
        postmortem_template: None,
        vantage: vantage.map(|at| address::join(&at.value.host, at.value.port)),
        ..Settings::default()
    };
    if let Some(ConsoleShape { theme, ascii, mouse, time_zone }) = console {
        settings.theme = theme.map(|theme| theme.value.0.0.to_owned());
        settings.ascii = ascii.map(|ascii| ascii.value);
        settings.mouse = mouse.map(|mouse| mouse.value);
        settings.time_zone = time_zone.map(|zone| zone.value.0);
    }
    settings
}
