//! Where things stand on the screen: a pure function of size and state, read by update and view alike.

use ratatui::layout::Rect;

use crate::pane::PaneId;

/// How much room there is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Room {
    /// One pane at a time.
    Phone,
    Standard,
    Wide,
}

/// What layout depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    pub width: u16,
    pub height: u16,
    pub focus: PaneId,
    pub zoom: bool,
    /// Whether a banner must not be overlooked.
    pub banner: bool,
    /// What the lower part of the screen shows, if there is anything for it.
    pub lower: Option<PaneId>,
    /// How many rows the services would like.
    pub services: u16,
}

/// Where each part stands. A part that is not shown has no place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LayoutMap {
    pub room: Room,
    pub header: Rect,
    pub banner: Option<Rect>,
    pub footer: Rect,
    pub triage: Option<Rect>,
    pub service: Option<Rect>,
    /// The lower part, and what it shows.
    pub lower: Option<(PaneId, Rect)>,
    /// Where a modal opens.
    pub modal: Rect,
    /// Everything but the status line: where a plan stands.
    pub full: Rect,
}

/// Below this width two columns would both be too narrow to read.
const STANDARD_WIDTH: u16 = 70;
const WIDE_WIDTH: u16 = 110;
/// Below this height three panes would all be too short to read.
const STANDARD_HEIGHT: u16 = 20;

/// Places everything.
pub fn layout(shape: &Shape) -> LayoutMap {
    let screen = Rect::new(0, 0, shape.width, shape.height);
    let room = match (shape.width, shape.height) {
        (WIDE_WIDTH.., STANDARD_HEIGHT..) => Room::Wide,
        (STANDARD_WIDTH.., STANDARD_HEIGHT..) => Room::Standard,
        _ => Room::Phone,
    };
    let (header, rest) = top(screen, 1);
    let full = rest;
    let (banner, rest) = match shape.banner {
        true => {
            let (banner, rest) = top(rest, 1);
            (Some(banner), rest)
        }
        false => (None, rest),
    };
    // On a screen of a few rows, content is worth more than the keys.
    let (body, footer) = if rest.height >= 4 { bottom(rest, 1) } else { (rest, Rect { height: 0, ..rest }) };
    let modal = match room {
        Room::Phone | Room::Standard => body,
        Room::Wide => inset(body, body.width / 8, body.height / 10),
    };
    let mut map = LayoutMap { room, header, banner, footer, triage: None, service: None, lower: None, modal, full };
    if shape.zoom || room == Room::Phone {
        match shape.focus {
            PaneId::Triage => map.triage = Some(body),
            PaneId::Service => map.service = Some(body),
            lower => map.lower = Some((lower, body)),
        }
        return map;
    }
    let upper = if let Some(lower) = shape.lower {
        let (least, share) = if room == Room::Wide { (8, 42) } else { (7, 38) };
        let rows = (u32::from(body.height) * share / 100) as u16;
        let (upper, place) = bottom(body, rows.max(least));
        map.lower = Some((lower, place));
        upper
    } else {
        body
    };
    let left = if room == Room::Wide { (shape.width / 3).clamp(38, 64) } else { 30 };
    map.triage = Some(Rect { width: left, ..upper });
    // One column between them holds the separator.
    map.service = Some(Rect { x: upper.x + left + 1, width: upper.width - left - 1, ..upper });
    map
}

fn top(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    (Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area })
}

fn bottom(area: Rect, height: u16) -> (Rect, Rect) {
    let height = height.min(area.height);
    let rest = area.height - height;
    (Rect { height: rest, ..area }, Rect { y: area.y + rest, height, ..area })
}

fn inset(area: Rect, by_x: u16, by_y: u16) -> Rect {
    Rect {
        x: area.x + by_x,
        y: area.y + by_y,
        width: area.width.saturating_sub(by_x * 2),
        height: area.height.saturating_sub(by_y * 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn nothing_ever_stands_outside_the_screen_or_on_top_of_another(
            width in 1u16..300, height in 1u16..120, zoom: bool, banner: bool, lower: bool, focus in 0usize..10, services in 0u16..2000,
        ) {
            let lower = lower.then_some(PaneId::Logs);
            let shape = Shape { width, height, focus: PaneId::ALL[focus], zoom, banner, lower, services };
            let map = layout(&shape);
            let screen = Rect::new(0, 0, width, height);
            let parts: Vec<_> = [Some(map.header), map.banner, Some(map.footer), map.triage, map.service, map.lower.map(|(_, place)| place)]
                .into_iter().flatten().filter(|part| part.width > 0 && part.height > 0).collect();
            for (index, part) in parts.iter().enumerate() {
                proptest::prop_assert_eq!(part.intersection(screen), *part);
                for other in &parts[index + 1..] {
                    proptest::prop_assert!(part.intersection(*other).area() == 0);
                }
            }
            proptest::prop_assert_eq!(map.modal.intersection(screen), map.modal);
            proptest::prop_assert_eq!(map.full.intersection(screen), map.full);
        }
    }
}
