//! What public status pages say.

use serde_json::Value;

use super::fields::{Item, Problems, objects};
use crate::model::vendor::{VendorComponent, VendorIncident, VendorIncidentState, VendorState, VendorStatus};
use crate::provider::definition::Vocabulary;

/// Reads a status page. Several outputs add up.
///
/// A page may say "none" while an incident is open, so the worst of the page, its unwell components and its open
/// incidents' impact counts.
pub fn vendor_status(
    outputs: &[Value],
    states: &Vocabulary,
    impacts: &Vocabulary,
    problems: &mut Problems,
) -> VendorStatus {
    let mut status = VendorStatus {
        state: VendorState::Unknown,
        summary: None,
        components: Vec::new(),
        components_total: None,
        incidents: Vec::new(),
        url: None,
    };
    let mut stated = None;
    for object in objects(outputs, "a status page", problems) {
        let mut item = Item::of("a status page", object, problems);
        if let Some(word) = item.text("state") {
            let word = Value::String(impacts.translate(&states.translate(word.trim())).into_owned());
            stated = Some(serde_json::from_value(word).unwrap_or(VendorState::Unknown));
        }
        status.summary = status.summary.or(item.line("summary"));
        status.components_total = status.components_total.or(item.count("components_total"));
        status.url = status.url.or(item.url("url"));
        let (components, incidents) = (item.list("components"), item.list("incidents"));
        item.finish();
        for component in components.into_iter().filter_map(Value::as_object) {
            let mut item = Item::of("a component", component, problems);
            let name = item.required("name");
            let (state, stated) = item.state("state", states, VendorState::Unknown);
            item.finish();
            status.components.extend(name.map(|name| VendorComponent { name, state, stated }));
        }
        for incident in incidents.into_iter().filter_map(Value::as_object) {
            let mut item = Item::of("a vendor's incident", incident, problems);
            let (id, title) = (item.line("id"), item.required("title"));
            let (state, stated) = item.state("state", states, VendorIncidentState::Unknown);
            let (impact, _) = item.state("impact", impacts, VendorState::Unknown);
            let (started_at, updated_at) = (item.time("started_at"), item.time("updated_at"));
            let (update, url) = (item.line("update"), item.url("url"));
            item.finish();
            status.incidents.extend(title.map(|title| VendorIncident {
                id: id.unwrap_or_else(|| title.clone()),
                title,
                state,
                stated,
                impact,
                started_at,
                updated_at,
                update,
                url,
            }));
        }
    }
    let total = status.components.len() as u64;
    status.components_total = status.components_total.or((total > 0).then_some(total));
    status.components.retain(|component| component.state != VendorState::Operational);
    status.state = worst(stated, &status);
    status
}

fn worst(stated: Option<VendorState>, status: &VendorStatus) -> VendorState {
    let open = status
        .incidents
        .iter()
        .filter(|incident| !matches!(incident.state, VendorIncidentState::Resolved | VendorIncidentState::Scheduled));
    let impacts = open.map(|incident| match (incident.state, incident.impact) {
        (VendorIncidentState::Maintenance, VendorState::Unknown | VendorState::Operational) => VendorState::Maintenance,
        // It says that something is going on, and not how bad it is.
        (_, VendorState::Unknown | VendorState::Operational) => VendorState::Degraded,
        (_, impact) => impact,
    });
    let known = |state: &VendorState| *state != VendorState::Unknown;
    let found = impacts.chain(status.components.iter().map(|component| component.state)).filter(known).min();
    match (stated, found) {
        (Some(VendorState::Unknown) | None, None) => VendorState::Unknown,
        (Some(VendorState::Unknown) | None, Some(found)) => found,
        (Some(stated), None) => stated,
        (Some(stated), Some(found)) => stated.min(found),
    }
}
