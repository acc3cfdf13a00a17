//! What can be done, for the lists that people choose from: each service's place in its sources, and each action that the
//! source's definition has for that.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::definition::{Action, ActionTarget, Definition, Means};
use crate::model::catalog::Catalog;
use crate::model::id::ServiceId;
use crate::model::operation::{ConfirmLevel, Offer, OfferInput};
use crate::model::service::Confirm;
use crate::model::source::{Purpose, Source};
use crate::model::text::Line;

/// What comes first in lists; the rest follows by name.
const FIRST: &[&str] = &["roll_back", "restart", "scale", "stop_automatic_deploys", "resume_automatic_deploys"];

/// Fills in `catalog.offers`. Sources without a definition are left out: whoever derives the feeds says so.
pub fn derive(catalog: &mut Catalog, find: impl Fn(&Source) -> Result<Arc<Definition>, String>) {
    let mut offers: Vec<Offer> = Vec::new();
    // The user's own first: who wrote their own way to roll back means it.
    for source in &catalog.sources {
        let Some(own) = &source.own else { continue };
        let Ok(definition) = find(source) else { continue };
        let service = Some(&own.service);
        offers.extend(of_source(catalog, source, &definition, service, &BTreeMap::new(), &[ActionTarget::Service]));
    }
    for used in &catalog.uses {
        let targets: &[ActionTarget] = match used.purpose {
            Purpose::Release => {
                &[ActionTarget::Release, ActionTarget::Service, ActionTarget::Instance, ActionTarget::Check]
            }
            Purpose::Alerts => &[ActionTarget::Alert],
            Purpose::Errors => &[ActionTarget::Issue],
            Purpose::Checks => &[ActionTarget::Check],
            Purpose::Logs | Purpose::Metric { .. } => &[],
        };
        let Some((source, definition)) = of(catalog, &used.source, &find) else { continue };
        offers.extend(of_source(catalog, source, &definition, Some(&used.service), &used.params, targets));
    }
    for source in catalog.sources.iter().filter(|source| source.own.is_none()) {
        let taken = |target: ActionTarget| {
            catalog.uses.iter().any(|used| {
                used.source == source.id
                    && match used.purpose {
                        Purpose::Alerts => target == ActionTarget::Alert,
                        Purpose::Errors => target == ActionTarget::Issue,
                        Purpose::Checks => target == ActionTarget::Check,
                        _ => false,
                    }
            })
        };
        let targets: Vec<ActionTarget> = [ActionTarget::Alert, ActionTarget::Issue, ActionTarget::Check]
            .into_iter()
            .filter(|target| !taken(*target))
            .collect();
        let Some((source, definition)) = of(catalog, &source.id, &find) else { continue };
        let hosts = catalog.uses.iter().any(|used| used.source == source.id && used.purpose == Purpose::Release);
        if !hosts {
            offers.extend(of_source(catalog, source, &definition, None, &BTreeMap::new(), &targets));
        }
    }
    for offer in offers {
        if !catalog.offers.contains(&offer) {
            catalog.offers.push(offer);
        }
    }
}

fn of<'c>(
    catalog: &'c Catalog,
    id: &crate::model::id::SourceId,
    find: &impl Fn(&Source) -> Result<Arc<Definition>, String>,
) -> Option<(&'c Source, Arc<Definition>)> {
    let source = catalog.source(id)?;
    Some((source, find(source).ok()?))
}

fn of_source(
    catalog: &Catalog,
    source: &Source,
    definition: &Definition,
    service: Option<&ServiceId>,
    params: &BTreeMap<String, Value>,
    targets: &[ActionTarget],
) -> Vec<Offer> {
    let mut actions: Vec<&Action> =
        definition.actions.values().filter(|action| targets.contains(&action.target)).collect();
    let place = |action: &Action| FIRST.iter().position(|name| *name == action.name).unwrap_or(FIRST.len());
    actions.sort_by_key(|action| (place(action), action.name.clone()));
    let inputs = |action: &Action| -> Vec<OfferInput> {
        let input = |input: &super::definition::Param| OfferInput {
            name: input.name.clone(),
            help: Line::from_text(&input.help),
            default: input.default.clone(),
            optional: input.optional,
            one_of: input.one_of.clone(),
        };
        action.inputs.iter().map(input).collect()
    };
    let offer = |action: &Action| Offer {
        service: service.cloned(),
        source: source.id.clone(),
        action: action.name.clone(),
        title: Line::from_text(&action.title),
        target: action.target.word().to_owned(),
        params: params.clone(),
        inputs: inputs(action),
        confirm: source.own.as_ref().and_then(|own| own.confirm).unwrap_or_else(|| confirm(catalog, action, service)),
    };
    actions.into_iter().map(offer).collect()
}

/// What is reversible and done all the time needs no question.
fn confirm(catalog: &Catalog, action: &Action, service: Option<&ServiceId>) -> ConfirmLevel {
    let about_words = matches!(action.target, ActionTarget::Alert | ActionTarget::Issue);
    let ends_it = ["resolve", "ignore", "delete", "resolve_in_next_release"].contains(&action.name.as_str());
    if action.name == "acknowledge" || (about_words && action.means == Some(Means::Record) && !ends_it) {
        return ConfirmLevel::None;
    }
    let environment = service
        .and_then(|service| catalog.service(service)?.environment.clone())
        .and_then(|environment| catalog.environment(&environment));
    match environment.map(|environment| environment.confirm) {
        Some(Confirm::Name) => ConfirmLevel::Name,
        Some(Confirm::Key) | None => ConfirmLevel::Key,
    }
}
