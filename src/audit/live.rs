//! What the live platforms say: the trusted configuration, and the answers of its sources. Model types only.
//!
//! Everything here may be absent. What a platform does not tell, and what could not be asked, is never a finding; what could
//! not be asked stands in [`Live::skipped`].

use super::finding::{Area, Evidence};
use super::repo::Repo;
use crate::model::catalog::Catalog;
use crate::model::id::{ServiceId, SourceId};
use crate::model::platform::{HealthCheck, Settings, SettingsKind};
use crate::model::service::Service;
use crate::model::source::{Found, Purpose};
use crate::model::text::Line;

/// The file whose lines stand for the services in it.
pub const CONFIG: &str = "crashcart.toml";

/// What is known of the platforms.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// The configuration of the folder, when there is one and it is trusted.
    pub catalog: Option<Catalog>,
    pub answers: Vec<Answer>,
    /// What could not be asked, and why.
    pub skipped: Vec<String>,
}

/// What a source said.
#[derive(Clone, Debug)]
pub struct Answer {
    pub source: SourceId,
    /// For which service it was asked.
    pub service: Option<ServiceId>,
    pub found: Found,
}

/// A place on a platform.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LivePlace {
    pub source: Line,
    pub service: Option<Line>,
    pub environment: Option<Line>,
}

/// Settings, with who told them and about what.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'l> {
    pub source: &'l SourceId,
    pub service: Option<&'l Service>,
    pub settings: &'l Settings,
}

impl Live {
    /// Returns whether anything is known.
    pub fn is_empty(&self) -> bool {
        self.catalog.is_none() && self.answers.is_empty()
    }

    /// Returns the services of the configuration.
    pub fn services(&self) -> &[Service] {
        self.catalog.as_ref().map_or(&[], |catalog| &catalog.services)
    }

    /// Returns the service of that id.
    pub fn service(&self, id: &ServiceId) -> Option<&Service> {
        self.catalog.as_ref()?.service(id)
    }

    /// Returns all settings that were told.
    pub fn seen(&self) -> impl Iterator<Item = Seen<'_>> {
        self.answers.iter().flat_map(move |answer| {
            let all = if let Found::Settings(all) = &answer.found { all.as_slice() } else { &[] };
            let service = answer.service.as_ref().and_then(|id| self.service(id));
            all.iter().map(move |settings| Seen { source: &answer.source, service, settings })
        })
    }

    /// Returns what runs programs in production, or nobody knows where.
    pub fn programs(&self) -> impl Iterator<Item = Seen<'_>> {
        self.seen().filter(|seen| seen.settings.kind == SettingsKind::Service && seen.is_production())
    }

    /// Returns the databases of production.
    pub fn databases(&self) -> impl Iterator<Item = Seen<'_>> {
        self.seen().filter(|seen| seen.settings.kind == SettingsKind::Database && seen.is_production())
    }

    /// Returns whether there is something to look at for a blind spot.
    pub fn shows(&self, area: Area) -> bool {
        let any = |found: fn(&Found) -> bool| self.answers.iter().any(|answer| found(&answer.found));
        match area {
            Area::Data => self.databases().next().is_some(),
            Area::Delivery => {
                any(|found| matches!(found, Found::Releases(_)))
                    || self.catalog.as_ref().is_some_and(|it| !it.uses.is_empty())
            }
            Area::Parity => {
                self.seen().any(|seen| seen.settings.variables.is_some() || seen.settings.version.is_some())
            }
            Area::Config => self.programs().next().is_some(),
            Area::Observability | Area::Readiness => !self.services().is_empty(),
        }
    }

    /// Returns whether a service is a program of one's own: something releases it, or answers for it.
    pub fn is_own(&self, service: &Service) -> bool {
        let Some(catalog) = &self.catalog else { return false };
        let released =
            catalog.uses.iter().any(|used| used.service == service.id && matches!(used.purpose, Purpose::Release));
        let answers = catalog.checks_of(&service.id).any(|check| check.probe.kind() == "http");
        released || answers
    }

    /// Returns why a rule about what stands in no file is no finding: a platform shows it.
    pub fn settles(&self, rule: &str) -> Option<String> {
        let told = |what: &str, seen: Option<Seen<'_>>| seen.map(|seen| format!("{}: {what}", seen.place().words()));
        let all = |right: &dyn Fn(&Settings) -> Option<bool>| {
            let known: Vec<(Seen<'_>, bool)> =
                self.programs().filter_map(|seen| Some((seen, right(seen.settings)?))).collect();
            known.iter().all(|(_, right)| *right).then(|| known.first().map(|(seen, _)| *seen)).flatten()
        };
        match rule {
            "config.no-health-check" | "config.no-container-health" => {
                let right = |one: &Settings| Some(!matches!(one.health_check.as_ref()?, HealthCheck::Missing));
                told("there is a health check", all(&right))
            }
            "config.no-restart-policy" => told("it is started again when it ends", all(&|one| one.restarts)),
            "config.no-resource-limits" => {
                let right = |one: &Settings| Some(matches!(one.memory_limit?, crate::model::platform::Limit::Bytes(_)));
                told("its memory is limited", all(&right))
            }
            "observability.logs-fill-the-disk" => told("its log is bounded", all(&|one| one.log_bounded)),
            "data.no-backup" => {
                let known: Vec<Seen<'_>> = self.databases().filter(|seen| seen.settings.backups.is_some()).collect();
                let right = known.iter().all(|seen| seen.settings.backups == Some(true));
                told("backups are made", known.first().copied().filter(|_| right))
            }
            "delivery.no-gate" => told(
                "something must say yes before a deploy",
                self.seen().find(|seen| seen.is_production() && seen.settings.gate == Some(true)),
            ),
            "observability.no-alert-rules" => told(
                "there are alert rules",
                self.seen().find(|seen| seen.settings.alert_rules.is_some_and(|count| count > 0)),
            ),
            "observability.no-uptime-check" => self
                .answers
                .iter()
                .find(|answer| matches!(&answer.found, Found::Checks(monitors) if !monitors.is_empty()))
                .map(|answer| format!("{}: it watches from outside", answer.source)),
            _ => None,
        }
    }
}

impl Seen<'_> {
    /// Returns the environment: the platform's own word, or the configuration's.
    pub fn environment(&self) -> Option<&str> {
        let own = self.settings.environment.as_ref().map(|word| word.as_str());
        own.or_else(|| self.service?.environment.as_ref().map(|id| id.as_str()))
    }

    /// Returns whether it is production. What has no environment is: it is what is watched.
    pub fn is_production(&self) -> bool {
        self.environment().is_none_or(is_production)
    }

    /// Returns the name under which it is known: the service's, and the platform's where that is another.
    pub fn name(&self) -> String {
        match self.service {
            Some(service) if service.id.as_str() != self.settings.name.as_str() => {
                format!("{} ({})", service.id, self.settings.name)
            }
            Some(service) => service.id.to_string(),
            None => self.settings.name.to_string(),
        }
    }

    /// Returns where this is.
    pub fn place(&self) -> LivePlace {
        LivePlace::new(self.source.as_str(), Some(&self.name()), self.environment())
    }
}

impl LivePlace {
    /// Returns a place.
    pub fn new(source: &str, service: Option<&str>, environment: Option<&str>) -> Self {
        Self {
            source: Line::from_text(source),
            service: service.map(Line::from_text),
            environment: environment.map(Line::from_text),
        }
    }

    /// Returns its words: `web on render (production)`.
    pub fn words(&self) -> String {
        let service = self.service.as_ref().map_or_else(String::new, |service| format!("{service} on "));
        let environment = self.environment.as_ref().map_or_else(String::new, |environment| format!(" ({environment})"));
        format!("{service}{}{environment}", self.source)
    }

    /// Returns its words for what compares: no names that a release changes.
    pub fn path(&self) -> String {
        let part = |part: &Option<Line>| part.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        format!("{}/{}/{}", self.source, part(&self.service), part(&self.environment))
    }
}

/// Returns whether an environment is the one that users meet.
pub fn is_production(environment: &str) -> bool {
    let word = environment.to_ascii_lowercase();
    word.contains("prod") && !word.contains("preprod") && !word.contains("nonprod") && !word.contains("non-prod")
        || ["live", "main", "master", "default", "*"].contains(&word.as_str())
}

/// Returns evidence about a service of the configuration: at its line where that file is part of what is audited.
pub fn about(repo: &Repo<'_>, service: &Service, says: &str) -> Evidence {
    match line_of(repo, service.id.as_str()) {
        Some(line) => Evidence::at(CONFIG, line, says),
        None => {
            let environment = service.environment.as_ref().map(|id| id.as_str());
            Evidence::live(LivePlace::new(CONFIG, Some(service.id.as_str()), environment), says)
        }
    }
}

/// Returns the line of the configuration that names something.
pub fn line_of(repo: &Repo<'_>, name: &str) -> Option<usize> {
    line_in(repo.tree, name)
}

/// As [`line_of`], of a tree.
pub fn line_in(tree: &super::tree::Tree, name: &str) -> Option<usize> {
    let text = tree.text(CONFIG)?;
    let wants = format!("\"{name}\"");
    let named = |line: &str| {
        line.split('#').next().is_some_and(|code| code.trim_start().starts_with("name") && code.contains(&wants))
    };
    Some(text.lines().position(named).map_or(1, |index| index + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn production_is_known_by_its_words() {
        for word in ["production", "Prod", "live", "main", "eu-prod-1"] {
            assert!(is_production(word), "{word}");
        }
        for word in ["staging", "preview", "preprod", "development", "delivery"] {
            assert!(!is_production(word), "{word}");
        }
    }
}
