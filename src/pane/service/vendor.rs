//! One vendor: what its status page says.

use crate::app::world::World;
use crate::model::id::VendorId;
use crate::model::source::{Capability, Feed, Found};
use crate::model::vendor::VendorStatus;
use crate::pane::feeds::words::{state_word, vendor_health};
use crate::pane::feeds::{found, trouble_rows};
use crate::ui::paint::{self, piece};
use crate::ui::rows::Row;
use crate::ui::{Look, Role, format, health_role};

/// Returns the feed of a vendor's status page.
pub fn feed<'a>(world: &'a World, vendor: &VendorId) -> Option<&'a Feed> {
    world
        .catalog
        .feeds
        .iter()
        .find(|feed| feed.capability == Capability::VendorStatus && feed.vendor.as_ref() == Some(vendor))
}

/// Returns what a vendor's page last said, when that can be believed now.
pub fn status<'a>(world: &'a World, vendor: &VendorId) -> Option<&'a VendorStatus> {
    let feed = feed(world, vendor)?;
    match found(world, feed)? {
        (state, Found::VendorStatus(status)) if state.is_live(feed, world.now) => Some(status),
        _ => None,
    }
}

/// Returns the rows of the pane.
pub fn rows(world: &World, vendor: &VendorId, width: u16, look: &Look) -> Vec<Row<'static>> {
    let dim = look.style(Role::Dim);
    let url = world.catalog.vendors.iter().find(|known| known.id == *vendor).and_then(|known| known.status_url.clone());
    let mut rows = Vec::new();
    let cells = usize::from(width.saturating_sub(6)).max(10);
    match feed(world, vendor) {
        None => {
            let text = if url.is_some() { "no machine can read its status page" } else { "no status page is known" };
            rows.push(Row::of(vec![piece(format!(" {text}"), dim)]));
        }
        Some(feed) => {
            rows.extend(trouble_rows(world, feed, width, look));
            match found(world, feed) {
                Some((_, Found::VendorStatus(status))) => rows.extend(status_rows(world, status, cells, look)),
                _ if rows.is_empty() => rows.push(Row::of(vec![piece(" asking", dim)])),
                _ => {}
            }
        }
    }
    if let Some(url) = url {
        rows.push(Row::default());
        rows.push(Row::of(vec![piece(format!(" page {url}"), look.style(Role::Text))]));
    }
    rows
}

fn status_rows(world: &World, status: &VendorStatus, cells: usize, look: &Look) -> Vec<Row<'static>> {
    let dim = look.style(Role::Dim);
    let mut rows = Vec::new();
    if let Some(summary) = &status.summary {
        let style = look.style(health_role(vendor_health(status.state)));
        rows.push(Row::of(vec![piece(format!(" {summary}"), style)]));
    }
    for incident in &status.incidents {
        let style = look.style(health_role(vendor_health(incident.impact)));
        let age = incident.started_at.map(|at| format!("{} ", format::age(world.now.since(at)))).unwrap_or_default();
        rows.push(Row::default());
        rows.push(Row {
            left: vec![
                piece(format!(" {} ", state_word(&incident.state)), style),
                piece(incident.title.to_string(), look.style(Role::Text)),
            ],
            right: vec![piece(age, dim)],
            selected: false,
        });
        let update = incident.update.as_ref().map(ToString::to_string).unwrap_or_default();
        rows.extend(
            paint::wrap(&update, cells).into_iter().take(6).map(|line| Row::of(vec![piece(format!("   {line}"), dim)])),
        );
    }
    if !status.components.is_empty() {
        rows.push(Row::default());
    }
    for component in &status.components {
        let style = look.style(health_role(vendor_health(component.state)));
        rows.push(Row::of(vec![
            piece(format!(" {} ", look.health_glyph(vendor_health(component.state))), style),
            piece(component.name.to_string(), look.style(Role::Text)),
            piece(format!("  {}", state_word(&component.state)), style),
        ]));
    }
    if let Some(total) = status.components_total.filter(|_| status.components.is_empty() && status.incidents.is_empty())
    {
        rows.push(Row::of(vec![piece(
            format!(" all {} well", format::count(usize::try_from(total).unwrap_or(usize::MAX), "component")),
            dim,
        )]));
    }
    rows
}
