//! `crashcart contacts list --vendors`: status pages and support of vendors that are built in.

use serde_json::{Value, json};

use super::super::failure::Failure;
use super::super::{Exit, output};
use super::book::Book;
use super::print_json;
use crate::model::text::measure;
use crate::provider::vendors::{KnownVendor, find, known};

pub(super) fn list(book: &Book, all: bool, as_json: bool) -> Result<Exit, Failure> {
    let vendors = if all { known() } else { relevant(book) };
    if as_json {
        print_json(&vendors.iter().map(row).collect::<Value>())?;
        return Ok(Exit::Healthy);
    }
    if vendors.is_empty() {
        output::tell("The configuration names no vendor that is built in.\nhint: --all lists those that are\n");
        return Ok(Exit::Healthy);
    }
    let width = vendors.iter().map(|vendor| measure::width(&vendor.title)).max().unwrap_or(0);
    let mut text = String::new();
    for vendor in &vendors {
        let gap = " ".repeat(width - measure::width(&vendor.title));
        let support = [&vendor.support, &vendor.phone].into_iter().flatten().map(|text| format!("  support {text}"));
        let support: String = support.collect();
        text.push_str(&format!("{}{gap}  {}{support}\n", vendor.title, page(vendor)));
    }
    output::print(text)?;
    Ok(Exit::Healthy)
}

pub(super) fn show(vendor: &KnownVendor, as_json: bool) -> Result<Exit, Failure> {
    if as_json {
        print_json(&row(vendor))?;
        return Ok(Exit::Healthy);
    }
    let mut text = format!("{}  (built in)\n  status     {}\n", vendor.title, page(vendor));
    for (title, value) in [("support", &vendor.support), ("phone", &vendor.phone), ("note", &vendor.note)] {
        if let Some(value) = value {
            text.push_str(&format!("  {title:<10} {value}\n"));
        }
    }
    output::print(text)?;
    Ok(Exit::Healthy)
}

/// The page for people.
fn page(vendor: &KnownVendor) -> &str {
    vendor.page.as_deref().unwrap_or(&vendor.status)
}

fn row(vendor: &KnownVendor) -> Value {
    json!({ "name": vendor.name, "title": vendor.title, "status": page(vendor), "support": vendor.support,
            "phone": vendor.phone, "note": vendor.note })
}

/// Those that the configuration names: as a vendor, as what a service stands on, or as the provider of a source.
fn relevant(book: &Book) -> Vec<KnownVendor> {
    let catalog = &book.catalog;
    let vendors = catalog.vendors.iter().filter_map(|vendor| {
        find(vendor.id.as_str(), None).or_else(|| find(vendor.id.as_str(), Some(vendor.status_url.as_deref()?)))
    });
    let sources = catalog.sources.iter().filter_map(|source| find(&source.provider, None));
    let mut relevant: Vec<KnownVendor> = Vec::new();
    for vendor in vendors.chain(sources) {
        if !relevant.iter().any(|known| known.name == vendor.name) {
            relevant.push(vendor);
        }
    }
    relevant
}
