//! The one-line status that never leaves, the banner, and the keys at the bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::PaneId;
use crate::action::keymap::Keymap;
use crate::action::{ACTIONS, Action, Context};
use crate::app::world::World;
use crate::model::service::Health;
use crate::model::source::Capability;
use crate::operation::plan::ROLL_BACK;
use crate::ui::paint::{self, Piece, piece};
use crate::ui::{Look, Role, format, health_role};

/// The panes' names at the bottom of a phone.
const PHONE_ALL: &[(PaneId, &str)] = &[
    (PaneId::Triage, "all"),
    (PaneId::Service, "one"),
    (PaneId::Logs, "log"),
    (PaneId::Releases, "rel"),
    (PaneId::Errors, "err"),
    (PaneId::Alerts, "alert"),
    (PaneId::Operations, "op"),
];

/// What can be done in the timeline, at the bottom of a phone.
const PHONE_TIMELINE: &[(Action, &str)] = &[
    (Action::Note, "note"),
    (Action::Incident, "say"),
    (Action::Search, "find"),
    (Action::PaneTriage, "all"),
    (Action::Help, "help"),
];

/// What can be done with contacts, at the bottom of a phone.
const PHONE_CONTACTS: &[(Action, &str)] =
    &[(Action::Open, "open"), (Action::PaneTimeline, "time"), (Action::PaneTriage, "all"), (Action::Help, "help")];

/// What can be done, at the bottom of a phone. What helps at night comes before the names of panes; Tab goes through those.
fn phone_acts(world: &World, acts: bool) -> Vec<(Action, &'static str)> {
    let mut hints = Vec::new();
    if acts {
        hints.extend([(Action::RollBack, "back"), (Action::Actions, "act")]);
    } else {
        hints.extend([(Action::PaneLogs, "log"), (Action::PaneService, "one")]);
    }
    hints.push(match world.catalog.contacts.is_empty() {
        true => (Action::PaneOperations, "ops"),
        false => (Action::PaneContacts, "call"),
    });
    hints.push(match world.incidents.open() {
        Some(_) => (Action::Note, "note"),
        None => (Action::Incident, "open"),
    });
    hints.push((Action::Help, "help"));
    hints
}

/// Draws the status line: what is broken, how many, and what time it is.
pub fn header(world: &World, area: Rect, buf: &mut Buffer, look: &Look) {
    let text = look.style(Role::Text);
    let zone = if area.width >= 50 { format!(" {}", format::zone_name(world.now, &world.zone)) } else { String::new() };
    let mut right: Vec<Piece<'_>> = Vec::new();
    if world.overdue > 0 && area.width >= 60 {
        right.push(piece(
            format!("{} late  ", format::count(world.overdue as usize, "check")),
            look.style(Role::Degraded),
        ));
    }
    if world.read_only {
        right.push(piece("read-only  ", look.style(Role::Dim)));
    }
    right.push(piece(format!("{}{zone} ", format::clock(world.now, &world.zone)), look.style(Role::Dim)));
    let wide = area.width >= 60;
    let mut left = vec![piece(" ", text)];
    // The name gives way first: on a phone the counts matter more.
    let name = world.catalog.project.as_ref().map_or("crashcart", |name| name.as_str());
    if wide {
        left.push(piece(paint::cut(name, 24, look).into_owned(), look.style(Role::Title)));
        left.push(piece("  ", text));
    }
    let total = world.assessment.services.len();
    let healthy = world.assessment.count(Health::Healthy);
    if total == 0 {
        left.push(piece(if wide { "no services yet" } else { "crashcart" }, look.style(Role::Dim)));
    } else if healthy == total {
        let all = if total > 1 { "all " } else { "" };
        let words = format!("{} {all}{} ok", look.glyphs.healthy, format::count(total, "service"));
        left.push(piece(words, look.style(Role::Healthy)));
    } else {
        for (health, word) in [
            (Health::Down, "down"),
            (Health::Degraded, "degraded"),
            (Health::Unknown, "unknown"),
            (Health::Maintenance, "paused"),
            (Health::Healthy, "ok"),
        ] {
            let count = world.assessment.count(health);
            if count == 0 {
                continue;
            }
            let glyph = look.health_glyph(health);
            let words = if wide { format!("{glyph} {count} {word}") } else { format!("{glyph} {count}") };
            if health == Health::Down {
                left.push(piece(format!(" {words} "), look.style(Role::Alarm)));
            } else {
                left.push(piece(words, look.style(health_role(health))));
            }
            left.push(piece("  ", text));
        }
    }
    let used = paint::row(buf, area, &left, look);
    paint::right(buf, area, used.min(area.width), &right, look);
}

/// Draws the sentence that must not be overlooked.
pub fn banner(world: &World, area: Rect, buf: &mut Buffer, look: &Look) {
    let Some(alarm) = world.alarm() else { return };
    let style = look.style(if alarm.grave { Role::Alarm } else { Role::Degraded });
    buf.set_style(area, style);
    paint::row(buf, area, &[piece(format!(" {} {}", look.glyphs.degraded, alarm.text), style)], look);
}

/// Draws the keys that make sense here, or a notice while there is one.
pub fn footer(world: &World, focus: PaneId, phone: bool, keymap: &Keymap, area: Rect, buf: &mut Buffer, look: &Look) {
    if let Some(notice) = world.current_notice() {
        let role = if notice.trouble { Role::Degraded } else { Role::Accent };
        paint::row(buf, area, &[piece(format!(" {}", notice.text), look.style(role))], look);
        return;
    }
    let mut pieces = vec![piece(" ", look.style(Role::Text))];
    let acts = world.catalog.offers.iter().any(|offer| offer.action == ROLL_BACK);
    let helps = acts || !world.catalog.contacts.is_empty() || world.incidents.open().is_some();
    if phone && helps && matches!(focus, PaneId::Triage | PaneId::Service) {
        for (action, word) in phone_acts(world, acts) {
            hint(&mut pieces, action, word, keymap, look);
        }
        paint::row(buf, area, &pieces, look);
        return;
    }
    let here: &[(Action, &str)] = match focus {
        PaneId::Timeline => PHONE_TIMELINE,
        PaneId::Contacts => PHONE_CONTACTS,
        _ => &[],
    };
    if phone && !here.is_empty() {
        for (action, word) in here {
            hint(&mut pieces, *action, word, keymap, look);
        }
        paint::row(buf, area, &pieces, look);
        return;
    }
    if phone {
        let lists = [Capability::Releases, Capability::Issues, Capability::Alerts];
        let has = |capability: Capability| world.catalog.feeds.iter().any(|feed| feed.capability == capability);
        // Seven names only fit close together; without sources there are three.
        let (names, gap): (&[(PaneId, &str)], &str) =
            if lists.into_iter().any(has) || acts { (PHONE_ALL, " ") } else { (&PHONE_ALL[..3], "  ") };
        for (index, (pane, name)) in names.iter().enumerate() {
            let role = if *pane == focus { Role::Accent } else { Role::Dim };
            let name = if gap == "  " && *pane == PaneId::Logs { "logs" } else { name };
            pieces.push(piece(format!("{}{}", index + 1, if gap == " " { "" } else { " " }), look.style(Role::Accent)));
            pieces.push(piece(format!("{name}{gap}"), look.style(role)));
        }
        if gap == " " {
            let help = keymap.key(Action::Help).map(|key| key.to_string()).unwrap_or_default();
            pieces.push(piece(help, look.style(Role::Accent)));
            paint::row(buf, area, &pieces, look);
            return;
        }
        hint(&mut pieces, Action::Palette, "do", keymap, look);
        hint(&mut pieces, Action::Help, "help", keymap, look);
        paint::row(buf, area, &pieces, look);
        return;
    }
    let context = focus.context();
    let valid = |row: &&crate::action::ActionInfo| {
        row.context == context || matches!(row.context, Context::Moving | Context::Everywhere)
    };
    for row in ACTIONS.iter().filter(valid) {
        let Some(word) = row.footer else { continue };
        // The last hints are the ones that lead to all others: they must not fall off a narrow screen.
        let more: usize = if row.action == Action::Help || row.action == Action::Quit { 0 } else { 16 };
        if paint::pieces_width(&pieces) + word.len() + 4 + more > usize::from(area.width) {
            continue;
        }
        hint(&mut pieces, row.action, word, keymap, look);
    }
    paint::row(buf, area, &pieces, look);
}

fn hint(pieces: &mut Vec<Piece<'_>>, action: Action, word: &str, keymap: &Keymap, look: &Look) {
    let Some(key) = keymap.key(action) else { return };
    pieces.push(piece(format!("{key} "), look.style(Role::Accent)));
    pieces.push(piece(format!("{word}  "), look.style(Role::Dim)));
}
