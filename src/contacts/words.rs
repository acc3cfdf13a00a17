//! A number or an address in a few words, with whether somebody answers now.

use super::{Moment, Open};
use crate::model::contact::{Way, WayKind};
use crate::model::text::measure;

/// A number or address with what is to be known before dialling.
pub fn way_words(way: &Way, moment: &Moment) -> String {
    let mut words = way.address.to_string();
    if way.kind != WayKind::Other {
        words.push(' ');
        words.push_str(way.kind.word());
    }
    match moment.open(way) {
        Open::Yes => {}
        Open::Unknown => words.push_str(" (hours unknown)"),
        Open::No { opens: None } => words.push_str(" (closed)"),
        Open::No { opens: Some(opens) } => {
            let local = opens.in_zone(&moment.here);
            words.push_str(&format!(" (closed until {} {:02}:{:02})", weekday(&local), local.hour(), local.minute()));
        }
    }
    measure::head(&words, 200).to_owned()
}

fn weekday(at: &jiff::Zoned) -> String {
    at.strftime("%a").to_string()
}
