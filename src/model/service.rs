//! The things that can be down.

use serde::{Deserialize, Serialize};

use super::id::{EnvironmentId, ServiceId, VendorId};

/// A service as configured.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Service {
    pub id: ServiceId,
    pub environment: Option<EnvironmentId>,
    pub depends_on: Vec<Dependency>,
    /// Names of the runbooks that help with it.
    pub runbooks: Vec<String>,
}

/// What a service needs in order to work.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Dependency {
    Service(ServiceId),
    Vendor(VendorId),
}

/// Where services run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Environment {
    pub id: EnvironmentId,
    pub confirm: Confirm,
}

/// How an action in an environment is confirmed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confirm {
    /// By a key other than the one that opened the plan.
    #[default]
    Key,
    /// By typing the service's name.
    Name,
}

/// How a service is, worst first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    Down,
    Degraded,
    /// Nothing recent enough is known. Never green.
    Unknown,
    Maintenance,
    Healthy,
}
