//! The shared look: theme, glyphs, formats, and the few shapes that every pane draws with.
//!
//! One accent per meaning, and every meaning also has a glyph or a word, so that a screen without colour says the same.

pub mod chart;
pub mod code;
pub mod format;
pub mod glyphs;
pub mod paint;
pub mod rows;
pub mod theme;
pub mod told;

pub use glyphs::Glyphs;
pub use theme::{Role, Theme};

use crate::model::history::Status;
use crate::model::log::Level;
use crate::model::service::Health;

/// How things look: what a view needs beside what it shows.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub theme: &'static Theme,
    pub glyphs: &'static Glyphs,
}

impl Look {
    /// Returns the style of a role.
    pub fn style(&self, role: Role) -> ratatui::style::Style {
        self.theme.style(role)
    }

    /// Returns the glyph of a health.
    pub fn health_glyph(&self, health: Health) -> &'static str {
        match health {
            Health::Down => self.glyphs.down,
            Health::Degraded => self.glyphs.degraded,
            Health::Unknown => self.glyphs.unknown,
            Health::Maintenance => self.glyphs.maintenance,
            Health::Healthy => self.glyphs.healthy,
        }
    }
}

/// Returns the role that colours a health.
pub fn health_role(health: Health) -> Role {
    match health {
        Health::Down => Role::Down,
        Health::Degraded => Role::Degraded,
        Health::Unknown => Role::Unknown,
        Health::Maintenance => Role::Dim,
        Health::Healthy => Role::Healthy,
    }
}

/// Returns the role that colours a status in charts and strips.
pub fn status_role(status: Status) -> Role {
    match status {
        Status::Down => Role::Down,
        Status::Degraded => Role::Degraded,
        Status::Unknown => Role::Unknown,
        Status::Unwatched => Role::Faint,
        Status::Up => Role::Healthy,
    }
}

/// Returns the role that colours a log level.
pub fn level_role(level: Option<Level>) -> Role {
    match level {
        Some(Level::Fatal | Level::Error) => Role::Down,
        Some(Level::Warn) => Role::Degraded,
        Some(Level::Debug | Level::Trace) => Role::Dim,
        Some(Level::Info) | None => Role::Text,
    }
}
