//! Our words for states, severities and impacts: what a definition translates a system's words into.

use super::Capability;

/// How a release can stand.
pub const RELEASE: &[&str] =
    &["queued", "building", "deploying", "succeeded", "superseded", "failed", "cancelled", "removed"];
/// How an instance can be.
pub const INSTANCE: &[&str] = &["failed", "lost", "starting", "stopping", "running", "stopped"];
/// How an alert can stand.
pub const ALERT: &[&str] = &["firing", "acknowledged", "pending", "silenced", "resolved"];
/// How an issue can stand.
pub const ISSUE: &[&str] = &["regressed", "escalating", "new", "open", "ignored", "resolved"];
/// What somebody else's check can have found.
pub const MONITOR: &[&str] = &["down", "degraded", "pending", "maintenance", "paused", "up"];
/// How a vendor, a component of it or an incident's impact can be, and how an incident can stand.
pub const VENDOR: &[&str] = &["major_outage", "partial_outage", "degraded", "maintenance", "operational"];
/// How a vendor's incident can stand.
pub const VENDOR_INCIDENT: &[&str] =
    &["investigating", "identified", "monitoring", "maintenance", "scheduled", "resolved"];
/// How bad something can be.
pub const SEVERITY: &[&str] = &["critical", "error", "warning", "info"];
/// What can have happened to a file.
pub const FILE_CHANGE: &[&str] = &["added", "modified", "removed", "renamed"];

/// Returns our words for the states of a capability.
pub fn states(capability: Capability) -> &'static [&'static str] {
    match capability {
        Capability::Releases => RELEASE,
        Capability::Instances => INSTANCE,
        Capability::Alerts => ALERT,
        Capability::Issues => ISSUE,
        Capability::Checks => MONITOR,
        // A page has words for components and words for incidents; they do not clash.
        Capability::VendorStatus => &[
            "major_outage",
            "partial_outage",
            "degraded",
            "maintenance",
            "operational",
            "investigating",
            "identified",
            "monitoring",
            "scheduled",
            "resolved",
        ],
        Capability::Changes => FILE_CHANGE,
        Capability::Logs
        | Capability::Metrics
        | Capability::Issue
        | Capability::OnCall
        | Capability::Identity
        | Capability::Settings
        | Capability::Apps => &[],
    }
}

/// Returns our words for the severities of a capability, or for the impacts.
pub fn severities(capability: Capability) -> &'static [&'static str] {
    match capability {
        Capability::Alerts | Capability::Issues => SEVERITY,
        Capability::VendorStatus => VENDOR,
        _ => &[],
    }
}
