//! The panes of the console. Each draws a part of the [`World`] and keeps where in it the user is.
//!
//! [`World`]: crate::app::world::World

pub mod bars;
pub mod contacts;
pub mod feeds;
pub mod host;
pub mod logs;
pub mod operations;
pub mod readiness;
pub mod service;
pub mod timeline;
pub mod triage;

use ratatui::layout::Rect;
use serde::{Deserialize, Serialize};

use crate::action::Context;

/// A pane.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
pub enum PaneId {
    Triage,
    Service,
    Logs,
    Releases,
    Errors,
    Alerts,
    Operations,
    Timeline,
    Contacts,
    Readiness,
}

impl PaneId {
    /// Every pane, in the order in which Tab goes through them.
    pub const ALL: [Self; 10] = [
        Self::Triage,
        Self::Service,
        Self::Logs,
        Self::Releases,
        Self::Errors,
        Self::Alerts,
        Self::Operations,
        Self::Timeline,
        Self::Contacts,
        Self::Readiness,
    ];

    /// Returns whether the pane shares the lower part of the screen with others of its kind.
    pub fn is_lower(self) -> bool {
        !matches!(self, Self::Triage | Self::Service)
    }

    /// Returns where the pane's own actions are valid.
    pub fn context(self) -> Context {
        match self {
            Self::Triage => Context::Triage,
            Self::Service => Context::Service,
            Self::Logs => Context::Logs,
            Self::Releases | Self::Errors | Self::Alerts => Context::Lists,
            Self::Operations => Context::Operations,
            Self::Timeline => Context::Timeline,
            Self::Contacts => Context::Contacts,
            // It only scrolls.
            Self::Readiness => Context::Moving,
        }
    }
}

/// Returns the area under a pane's rule.
pub fn under_rule(area: Rect) -> Rect {
    Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1), ..area }
}
