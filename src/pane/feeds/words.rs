//! The words and colours of what sources say.

use serde::Serialize;

use crate::diagnosis::feeds::is_ill;
use crate::model::alert::{Alert, AlertState, Severity};
use crate::model::issue::{ErrorIssue, IssueState};
use crate::model::release::{Instance, InstanceState, Release, ReleaseState};
use crate::model::service::Health;
use crate::model::vendor::VendorState;
use crate::ui::{Look, Role};

/// Returns the word of a state, as the model writes it.
pub fn state_word<T: Serialize>(state: &T) -> String {
    let value = serde_json::to_value(state).unwrap_or_default();
    value.as_str().unwrap_or_default().replace('_', " ")
}

/// Returns what a release is, in one word.
pub fn release_word(release: &Release) -> String {
    match release.traffic {
        Some(share) if release.live && share < 99.5 => format!("live {share:.0}%"),
        _ if release.live => "live".to_owned(),
        _ => match release.state {
            ReleaseState::Succeeded | ReleaseState::Superseded => "kept".to_owned(),
            ReleaseState::Unknown => release.stated.as_ref().map_or_else(|| "?".to_owned(), ToString::to_string),
            state => state_word(&state),
        },
    }
}

/// Returns the colour of a release.
pub fn release_role(release: &Release) -> Role {
    match release.state {
        _ if release.live => Role::Healthy,
        ReleaseState::Failed => Role::Down,
        ReleaseState::Queued | ReleaseState::Building | ReleaseState::Deploying => Role::Accent,
        ReleaseState::Unknown => Role::Unknown,
        ReleaseState::Succeeded | ReleaseState::Superseded | ReleaseState::Cancelled | ReleaseState::Removed => {
            Role::Dim
        }
    }
}

/// Returns the colour of an issue.
pub fn issue_role(issue: &ErrorIssue) -> Role {
    match issue.state {
        IssueState::Regressed | IssueState::Escalating | IssueState::New => Role::Down,
        IssueState::Open => Role::Degraded,
        IssueState::Unknown => Role::Unknown,
        IssueState::Ignored | IssueState::Resolved => Role::Dim,
    }
}

/// Returns the colour of an alert.
pub fn alert_role(alert: &Alert) -> Role {
    match (alert.state, alert.severity) {
        (AlertState::Firing, Severity::Warning | Severity::Info) => Role::Degraded,
        (AlertState::Firing, _) => Role::Down,
        (AlertState::Acknowledged | AlertState::Pending, _) => Role::Degraded,
        (AlertState::Unknown, _) => Role::Unknown,
        (AlertState::Silenced | AlertState::Resolved, _) => Role::Dim,
    }
}

/// Returns the colour and the sign of an instance.
pub fn instance_role(instance: &Instance, look: &Look) -> (Role, &'static str) {
    if is_ill(instance) {
        return (Role::Down, look.glyphs.down);
    }
    match instance.state {
        InstanceState::Running => (Role::Healthy, look.glyphs.healthy),
        InstanceState::Starting | InstanceState::Stopping => (Role::Degraded, look.glyphs.degraded),
        InstanceState::Stopped => (Role::Dim, look.glyphs.maintenance),
        InstanceState::Failed | InstanceState::Lost => (Role::Down, look.glyphs.down),
        InstanceState::Unknown => (Role::Unknown, look.glyphs.unknown),
    }
}

/// Returns what a vendor's state means for those who depend on it.
pub fn vendor_health(state: VendorState) -> Health {
    match state {
        VendorState::MajorOutage => Health::Down,
        VendorState::PartialOutage | VendorState::Degraded => Health::Degraded,
        VendorState::Unknown => Health::Unknown,
        VendorState::Maintenance => Health::Maintenance,
        VendorState::Operational => Health::Healthy,
    }
}
