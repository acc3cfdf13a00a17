//! Amazon's credentials.

use crate::model::secret::Secret;
use crate::model::time::Timestamp;

/// What signs a request to AWS.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AwsCredentials {
    /// The public half: `AKIA...`, or `ASIA...` when it is temporary.
    pub access_key_id: String,
    /// The secret half.
    pub secret: Secret,
    /// What temporary credentials send along.
    pub session_token: Option<Secret>,
    /// When they cease to be accepted, if they are temporary.
    pub expires: Option<Timestamp>,
    /// Where they came from, for the screen.
    pub from: String,
}
