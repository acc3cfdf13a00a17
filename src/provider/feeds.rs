//! What is to be read again and again: from what services take from sources, and from what each provider can do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::definition::Definition;
use super::vendors;
use crate::config::nearest::nearest;
use crate::model::catalog::Catalog;
use crate::model::id::{FeedId, LogSourceId, SourceId, VendorId};
use crate::model::log::{LogOrigin, LogSourceSpec};
use crate::model::observed::Cadence;
use crate::model::source::{Capability, Feed, Purpose, Source, SourceUse};
use crate::model::text::Line;

/// How long one read may take before it counts as overdue: several requests, each with its own limit.
const TIMEOUT: Duration = Duration::from_secs(45);

/// Returns the time between two reads of a capability, when neither definition nor source says.
fn usual(capability: Capability) -> Duration {
    Duration::from_secs(match capability {
        Capability::Instances | Capability::Alerts | Capability::Checks | Capability::Metrics => 30,
        Capability::Releases | Capability::Issues => 60,
        Capability::Logs => 5,
        Capability::VendorStatus => 120,
        Capability::OnCall => 300,
        Capability::Changes | Capability::Issue | Capability::Identity | Capability::Settings | Capability::Apps => {
            3_600
        }
    })
}

/// Fills in `catalog.feeds`, and adds the sources of vendors' status pages. Returns what is wrong, a sentence each.
pub fn derive(catalog: &mut Catalog, find: impl Fn(&Source) -> Result<Arc<Definition>, String>) -> Vec<Line> {
    let mut deriving = Deriving { catalog, find: &find, feeds: Vec::new(), problems: Vec::new() };
    deriving.services();
    deriving.sources();
    deriving.vendors();
    let Deriving { feeds, problems, .. } = deriving;
    for feed in feeds.iter().filter(|feed| feed.capability == Capability::Logs) {
        let title =
            feed.service.as_ref().map_or_else(|| feed.title.clone(), |service| Line::from_text(service.as_str()));
        let id = LogSourceId::new(feed.id.as_str());
        catalog.logs.push(LogSourceSpec {
            id,
            service: feed.service.clone(),
            title,
            origin: LogOrigin::Feed(feed.id.clone()),
        });
    }
    catalog.feeds = feeds;
    problems.into_iter().map(|problem| Line::from_text(&problem)).collect()
}

struct Deriving<'a, F> {
    catalog: &'a mut Catalog,
    find: &'a F,
    feeds: Vec<Feed>,
    problems: Vec<String>,
}

impl<F: Fn(&Source) -> Result<Arc<Definition>, String>> Deriving<'_, F> {
    fn services(&mut self) {
        let uses = self.catalog.uses.clone();
        for used in &uses {
            let Some((source, definition)) = self.known(&used.source) else { continue };
            let mut params = used.params.clone();
            // What a service says once about its place in a source holds for all that it takes from there.
            for other in uses.iter().filter(|other| other.service == used.service && other.source == used.source) {
                for (key, value) in &other.params {
                    if definition.param(key).is_some() {
                        params.entry(key.clone()).or_insert_with(|| value.clone());
                    }
                }
            }
            let title = params.remove("title").and_then(|title| title.as_str().map(Line::from_text));
            self.check_params(&format!("service {}", used.service), &params, &definition);
            self.take(used, &source, &definition, params, title);
        }
    }

    fn take(
        &mut self,
        used: &SourceUse,
        source: &Source,
        definition: &Definition,
        params: BTreeMap<String, Value>,
        title: Option<Line>,
    ) {
        let able = |capability| definition.readings.contains_key(&capability);
        let capabilities: &[Capability] = match &used.purpose {
            Purpose::Release => &[Capability::Releases, Capability::Instances],
            Purpose::Errors => &[Capability::Issues],
            Purpose::Alerts => &[Capability::Alerts],
            Purpose::Checks => &[Capability::Checks],
            Purpose::Logs => &[Capability::Logs],
            Purpose::Metric { .. } => &[Capability::Metrics],
        };
        let can_follow = used.purpose == Purpose::Logs && definition.stream.is_some();
        if !can_follow && !capabilities.iter().any(|capability| able(*capability)) {
            self.problems.push(format!(
                "service {}: {} has no {}",
                used.service,
                definition.title,
                capabilities[0].word().replace('_', " ")
            ));
            return;
        }
        for capability in capabilities.iter().copied().filter(|capability| able(*capability) || can_follow) {
            let mut feed = self.feed(source, definition, capability, params.clone());
            feed.service = Some(used.service.clone());
            if let Some(title) = &title {
                feed.title = title.clone();
            }
            if let Purpose::Metric { title, query, warn, critical, unit } = &used.purpose {
                feed.input.insert("query".to_owned(), query.clone().into());
                feed.title = title.clone().unwrap_or_else(|| Line::from_text(query));
                (feed.warn, feed.critical, feed.unit) = (*warn, *critical, unit.clone());
            }
            feed.id = FeedId::new(format!("{}/{}@{} {}", used.service, capability, source.id, feed.title));
            self.add(feed);
        }
    }

    /// What a source says as a whole: alerts, checks of others, who is on call.
    fn sources(&mut self) {
        for source in self.catalog.sources.clone() {
            let Some((_, definition)) = self.known(&source.id) else { continue };
            let secrets: Vec<&str> = definition.secrets.iter().map(|slot| slot.name.as_str()).collect();
            for name in source.secrets.keys().filter(|name| !secrets.contains(&name.as_str())) {
                self.problems.push(format!(
                    "source {}: {} has no secret `{name}`; it has {}",
                    source.id,
                    definition.title,
                    secrets.join(", ")
                ));
            }
            self.check_params(&format!("source {}", source.id), &source.params, &definition);
            for capability in [Capability::Alerts, Capability::Checks, Capability::OnCall] {
                let Some(reading) = definition.readings.get(&capability) else { continue };
                let taken = self.feeds.iter().any(|feed| feed.source == source.id && feed.capability == capability);
                // Without the parameters that it needs it can only be read for a service that gives them.
                let complete = definition.params.iter().all(|param| {
                    param.optional
                        || !param.default.is_null()
                        || source.params.contains_key(&param.name)
                        || !(reading.requests.iter().any(|request| request.uses(&param.name))
                            || reading.map.uses(&param.name))
                });
                if !taken && complete {
                    let mut feed = self.feed(&source, &definition, capability, BTreeMap::new());
                    feed.id = FeedId::new(format!("{}@{}", capability, source.id));
                    self.add(feed);
                }
            }
        }
    }

    fn vendors(&mut self) {
        for vendor in self.catalog.vendors.clone() {
            let known = vendors::find(vendor.id.as_str(), vendor.status_url.as_deref());
            let url = match (&vendor.status_url, &known) {
                (Some(url), Some(known)) if vendor.provider.is_none() && !known.provider.is_empty() => {
                    // The page that people open and the address that a machine reads may differ.
                    let _ = url;
                    Some(known.status.clone())
                }
                (Some(url), _) => Some(url.trim_end_matches('/').to_owned()),
                (None, Some(known)) => Some(known.status.clone()),
                (None, None) => None,
            };
            let provider = vendor
                .provider
                .clone()
                .or_else(|| known.map(|known| known.provider))
                .unwrap_or_else(|| "statuspage".to_owned());
            let Some(url) = url else { continue };
            if provider.is_empty() {
                continue;
            }
            let source = Source {
                id: SourceId::new(format!("status of {}", vendor.id)),
                provider,
                url: Some(url),
                params: BTreeMap::new(),
                secrets: BTreeMap::new(),
                ca: None,
                insecure: false,
                every: None,
                own: None,
            };
            self.catalog.sources.push(source.clone());
            let Some((_, definition)) = self.known(&source.id) else { continue };
            let mut feed = self.feed(&source, &definition, Capability::VendorStatus, BTreeMap::new());
            feed.vendor = Some(VendorId::new(vendor.id.as_str()));
            feed.title = Line::from_text(vendor.id.as_str());
            feed.id = FeedId::new(format!("{}@{}", Capability::VendorStatus, vendor.id));
            self.add(feed);
        }
    }

    fn known(&mut self, id: &SourceId) -> Option<(Source, Arc<Definition>)> {
        let source = self.catalog.source(id)?.clone();
        match (self.find)(&source) {
            Ok(definition) => Some((source, definition)),
            Err(why) => {
                let problem = format!("source {}: {why}", source.id);
                if !self.problems.contains(&problem) {
                    self.problems.push(problem);
                }
                None
            }
        }
    }

    fn check_params(&mut self, whose: &str, params: &BTreeMap<String, Value>, definition: &Definition) {
        // What the engine itself takes for credentials that want more than a header.
        const OWN: &[&str] = &["profile", "region", "kubeconfig", "context", "namespace", "credentials_file"];
        let known: Vec<&str> = definition.params.iter().map(|param| param.name.as_str()).collect();
        for name in params.keys().filter(|name| !known.contains(&name.as_str()) && !OWN.contains(&name.as_str())) {
            let near = nearest(name, &known)
                .map_or_else(|| format!("it has {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
            let problem = format!("{whose}: {} has no parameter `{name}`; {near}", definition.title);
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
    }

    fn feed(
        &self,
        source: &Source,
        definition: &Definition,
        capability: Capability,
        params: BTreeMap<String, Value>,
    ) -> Feed {
        let every = source
            .every
            .or_else(|| definition.readings.get(&capability).and_then(|reading| reading.every))
            .unwrap_or_else(|| usual(capability));
        Feed {
            id: FeedId::new(""),
            source: source.id.clone(),
            capability,
            service: None,
            vendor: None,
            params,
            input: BTreeMap::new(),
            title: Line::from_text(source.id.as_str()),
            cadence: Cadence { every, timeout: TIMEOUT },
            warn: None,
            critical: None,
            unit: None,
        }
    }

    fn add(&mut self, mut feed: Feed) {
        let mut number = 2;
        let id = feed.id.clone();
        while self.feeds.iter().any(|other| other.id == feed.id) {
            feed.id = FeedId::new(format!("{id} ({number})"));
            number += 1;
        }
        self.feeds.push(feed);
    }
}
