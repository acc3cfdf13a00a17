//! Somebody else's services that ours depend on.

use serde::{Deserialize, Serialize};

use super::id::VendorId;
use super::text::Line;
use super::time::Timestamp;

/// A vendor as configured.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Vendor {
    pub id: VendorId,
    /// The address of its public status page.
    pub status_url: Option<String>,
    /// The definition that reads the page, when the configuration names one.
    #[serde(default)]
    pub provider: Option<String>,
}

/// What a vendor's status page says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct VendorStatus {
    pub state: VendorState,
    /// The page's own sentence.
    pub summary: Option<Line>,
    /// Components that are not well. The others are counted in `components_total`.
    pub components: Vec<VendorComponent>,
    pub components_total: Option<u64>,
    /// Open incidents, and maintenance that is going on, newest first.
    pub incidents: Vec<VendorIncident>,
    pub url: Option<String>,
}

/// How a vendor is, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VendorState {
    MajorOutage,
    PartialOutage,
    Degraded,
    /// The page uses a word that we do not know, or cannot be read.
    Unknown,
    Maintenance,
    Operational,
}

/// A part of a vendor's service.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct VendorComponent {
    pub name: Line,
    pub state: VendorState,
    /// The page's own word for the state.
    pub stated: Option<Line>,
}

/// Something that a vendor says is going on.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct VendorIncident {
    pub id: Line,
    pub title: Line,
    pub state: VendorIncidentState,
    /// The page's own word for the state.
    pub stated: Option<Line>,
    pub impact: VendorState,
    pub started_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    /// The latest update's text.
    pub update: Option<Line>,
    pub url: Option<String>,
}

/// Where a vendor's incident stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VendorIncidentState {
    Investigating,
    Identified,
    Monitoring,
    /// Planned work that has begun.
    Maintenance,
    Scheduled,
    Resolved,
    Unknown,
}
