//! Somebody else's services that ours depend on.

use serde::{Deserialize, Serialize};

use super::id::VendorId;

/// A vendor as configured.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Vendor {
    pub id: VendorId,
    /// The address of its public status page.
    pub status_url: Option<String>,
}
