//! Everything the user told us exists: the validated content of a configuration, in the model's words.

use serde::{Deserialize, Serialize};

use super::check::CheckSpec;
use super::contact::Contact;
use super::id::{CheckId, EnvironmentId, FeedId, ServiceId, SourceId};
use super::log::LogSourceSpec;
use super::message::Sender;
use super::operation::Offer;
use super::service::{Environment, Service};
use super::source::{Feed, Source, SourceUse};
use super::text::Line;
use super::vendor::Vendor;

/// The services, checks, logs, vendors and contacts of one project.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Catalog {
    /// The project's name, shown at the top of the screen.
    pub project: Option<Line>,
    pub environments: Vec<Environment>,
    pub services: Vec<Service>,
    /// All checks, grouped by service in the order of `services`.
    pub checks: Vec<CheckSpec>,
    /// All followed logs.
    pub logs: Vec<LogSourceSpec>,
    pub vendors: Vec<Vendor>,
    pub contacts: Vec<Contact>,
    /// Hosting and monitoring systems.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// What services take from them, as configured.
    #[serde(default)]
    pub uses: Vec<SourceUse>,
    /// What is read from them: derived from `uses` and from what each provider can do.
    #[serde(default)]
    pub feeds: Vec<Feed>,
    /// What carries pages and status updates, in the order in which it is tried.
    #[serde(default)]
    pub senders: Vec<Sender>,
    /// What can be done: derived from `uses` and from what each provider can do.
    #[serde(default)]
    pub offers: Vec<Offer>,
}

impl Catalog {
    /// Returns the service with that id.
    pub fn service(&self, id: &ServiceId) -> Option<&Service> {
        self.services.iter().find(|service| &service.id == id)
    }

    /// Returns the check with that id.
    pub fn check(&self, id: &CheckId) -> Option<&CheckSpec> {
        self.checks.iter().find(|check| &check.id == id)
    }

    /// Returns the checks of one service, in configured order.
    pub fn checks_of<'a>(&'a self, service: &'a ServiceId) -> impl Iterator<Item = &'a CheckSpec> {
        self.checks.iter().filter(move |check| &check.service == service)
    }

    /// Returns the logs of one service, in configured order.
    pub fn logs_of<'a>(&'a self, service: &'a ServiceId) -> impl Iterator<Item = &'a LogSourceSpec> {
        self.logs.iter().filter(move |log| log.service.as_ref() == Some(service))
    }

    /// Returns the source with that id.
    pub fn source(&self, id: &SourceId) -> Option<&Source> {
        self.sources.iter().find(|source| &source.id == id)
    }

    /// Returns the feed with that id.
    pub fn feed(&self, id: &FeedId) -> Option<&Feed> {
        self.feeds.iter().find(|feed| &feed.id == id)
    }

    /// Returns the feeds of one service, in configured order.
    pub fn feeds_of<'a>(&'a self, service: &'a ServiceId) -> impl Iterator<Item = &'a Feed> {
        self.feeds.iter().filter(move |feed| feed.service.as_ref() == Some(service))
    }

    /// Returns what can be done to a service, in the order of its sources.
    pub fn offers_of<'a>(&'a self, service: &'a ServiceId) -> impl Iterator<Item = &'a Offer> {
        self.offers.iter().filter(move |offer| offer.service.as_ref() == Some(service))
    }

    /// Returns the environment with that id.
    pub fn environment(&self, id: &EnvironmentId) -> Option<&Environment> {
        self.environments.iter().find(|environment| &environment.id == id)
    }
}
