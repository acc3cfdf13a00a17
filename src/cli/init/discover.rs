//! What a credential sees: the ids that services need, and where they answer, are taken from the platform and not asked for.
//!
//! An app is a service's when it is called like it, or is the only one that is built from this repository. Where several
//! could be, a person chooses; where there is no person, nothing is guessed.

use std::collections::BTreeMap;

use super::ask::Questions;
use super::look;
use super::{Session, show};
use crate::cli::failure::Failure;
use crate::model::identity::App;
use crate::provider::definition::Kind;
use crate::recognise::draft::{Address, Draft, DraftService};

/// More apps than this are not listed on a screen.
const LISTED: usize = 20;

impl Session<'_> {
    /// Fills in what the platforms know of the services that are open.
    pub(super) fn discover(
        &mut self,
        draft: &mut Draft,
        mut questions: Option<&mut Questions<'_>>,
    ) -> Result<(), Failure> {
        if self.args.offline {
            return Ok(());
        }
        for index in 0..draft.sources.len() {
            let source = &draft.sources[index];
            let is_open = |service: &DraftService| {
                let unknown = service.address.as_ref().is_none_or(|address| address.guess) && !service.is_private;
                service.provider.as_deref() == Some(&source.provider) && (!service.missing.is_empty() || unknown)
            };
            if source.kind != Kind::Hosting || !draft.services.iter().any(is_open) {
                continue;
            }
            let progress = self.progress(&format!("asking {} what runs there", source.title));
            let apps = self.runtime.block_on(look::apps(source, &self.kept, &self.engine));
            drop(progress);
            let (title, provider) = (source.title.clone(), source.provider.clone());
            let apps = match apps {
                None => continue,
                Some(Ok(apps)) => apps,
                Some(Err(failure)) => {
                    self.seen.push(format!("{title} does not tell what runs there: {}", show::failure(&failure)));
                    continue;
                }
            };
            for service in draft.services.iter_mut().filter(|service| service.provider.as_deref() == Some(&provider)) {
                let chosen = match matching(service, &self.repository, &apps).as_slice() {
                    [one] => Some((*one).clone()),
                    several => self.choose_app(&title, service, several, &apps, questions.as_deref_mut())?,
                };
                if let Some(app) = chosen {
                    take(service, &app, &title);
                    let id = app.params.values().next().cloned().unwrap_or_default();
                    self.seen.push(format!("{title}: {} is {} there ({id})", service.name, app.name));
                }
            }
        }
        Ok(())
    }

    fn choose_app(
        &self,
        title: &str,
        service: &DraftService,
        several: &[&App],
        all: &[App],
        questions: Option<&mut Questions<'_>>,
    ) -> Result<Option<App>, Failure> {
        let offered: Vec<&App> = if several.is_empty() { all.iter().collect() } else { several.to_vec() };
        let Some(questions) = questions.filter(|_| !offered.is_empty() && !service.missing.is_empty()) else {
            return Ok(None);
        };
        let rows: Vec<(String, App, bool)> = offered
            .iter()
            .take(LISTED)
            .map(|app| {
                let environment = app.environment.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
                let url = app.url.as_deref().map(|url| format!("  {url}")).unwrap_or_default();
                (format!("{}{environment}{url}", app.name), (*app).clone(), false)
            })
            .collect();
        let chosen = questions.some(&format!("Which of these is {} at {title}?", service.name), &rows)?;
        Ok(chosen.into_iter().next())
    }
}

/// Returns the apps that could be a service: those of its name and environment, or those of its repository.
fn matching<'a>(service: &DraftService, repository: &str, apps: &'a [App]) -> Vec<&'a App> {
    // What the files say of it counts: an app that says otherwise is another one.
    let agrees = |app: &&App| {
        let params: &BTreeMap<String, String> = &service.params;
        params.iter().all(|(key, value)| app.params.get(key).is_none_or(|known| known == value))
            && app.environment.as_ref().is_none_or(|it| it.as_str().eq_ignore_ascii_case(&service.environment))
    };
    let agreeing: Vec<&App> = apps.iter().filter(agrees).collect();
    let is_named = |app: &&&App| app.name.as_str().eq_ignore_ascii_case(&service.name);
    let is_known = |app: &&&App| service.params.iter().any(|(key, value)| app.params.get(key) == Some(value));
    let is_built_from = |app: &&&App| {
        let plain = app.repository.as_ref().map(|it| it.as_str().trim_end_matches(".git").to_lowercase());
        let wanted = repository.to_lowercase();
        plain.is_some_and(|plain| !wanted.is_empty() && (plain == wanted || plain.ends_with(&format!("/{wanted}"))))
    };
    let ways: [&dyn Fn(&&&App) -> bool; 3] = [&is_known, &is_named, &is_built_from];
    let found = ways.into_iter().map(|way| agreeing.iter().filter(|app| way(app)).copied().collect::<Vec<_>>());
    found.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
}

/// Takes over what the platform says of an app.
fn take(service: &mut DraftService, app: &App, title: &str) {
    for (key, value) in &app.params {
        service.params.entry(key.clone()).or_insert_with(|| value.clone());
    }
    service.missing.retain(|missing| !app.params.contains_key(&missing.name));
    let known = service.address.as_ref().is_some_and(|address| !address.guess);
    if let Some(url) = app.url.clone().filter(|_| !known) {
        service.is_private = false;
        service.address = Some(Address { url, evidence: format!("as {title} says"), guess: false });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::text::Line;
    use crate::recognise::{Tree, TreeFile, draft::draft, recognise};

    fn app(name: &str, id: &str, repository: Option<&str>, environment: Option<&str>) -> App {
        App {
            name: Line::from_text(name),
            params: [("service".to_owned(), id.to_owned())].into(),
            url: Some(format!("https://{name}.example.dev")),
            repository: repository.map(Line::from_text),
            environment: environment.map(Line::from_text),
        }
    }

    fn service(file: (&str, &str)) -> DraftService {
        let file = TreeFile { path: file.0.to_owned(), text: file.1.to_owned() };
        let found = recognise(&Tree { name: "shop".to_owned(), files: vec![file] });
        draft("shop", &found, &["render", "railway", "kubernetes"], |_| None).services.remove(0)
    }

    #[test]
    fn an_app_is_a_services_by_its_name_or_its_repository_and_never_of_another_environment() {
        let apps = [
            app("shop", "1", None, Some("staging")),
            app("shop", "2", None, Some("production")),
            app("web", "3", Some("https://github.com/Acme/Shop.git"), Some("production")),
        ];
        let ids = |service: &DraftService, repository: &str| -> Vec<String> {
            matching(service, repository, &apps).iter().map(|app| app.params["service"].clone()).collect()
        };
        let mut shop = service(("railway.json", "{}"));
        assert_eq!(ids(&shop, "acme/shop"), ["2"]);
        shop.name = "api".to_owned();
        assert_eq!(ids(&shop, "acme/shop"), ["3"]);
        assert!(ids(&shop, "acme/other").is_empty() && ids(&shop, "").is_empty());
        shop.params.insert("service".to_owned(), "3".to_owned());
        assert_eq!(ids(&shop, ""), ["3"], "what the files name is that one");
        take(&mut shop, &apps[2], "Railway");
        assert_eq!(shop.address.as_ref().unwrap().url, "https://web.example.dev");
    }
}
