//! The time zones that contacts name, as this machine knows them.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::model::contact::Contact;

/// Returns the zones by their names. One that this machine does not know is left out: its hours are then unknown.
pub fn zones_of(contacts: &[Contact]) -> BTreeMap<String, TimeZone> {
    let named = contacts.iter().flat_map(Contact::ways).filter_map(|way| way.zone.as_ref());
    named.filter_map(|name| Some((name.to_string(), TimeZone::get(name.as_str()).ok()?))).collect()
}
