//! Credentials of platforms that want more than a header: signatures, token exchanges, cluster files.
//!
//! ```text
//!   login       where a vendor's own tool keeps its login: environment, file, netrc, command
//!   aws         what signs requests to AWS: environment, profiles, SSO, roles, container, machine
//!   sigv4       signs requests to AWS
//!   kubeconfig  a cluster and who we are there: files, plugins, pod
//!   google      tokens of service accounts, of people and of machines
//!   azure       tokens of applications, of machines and of whoever is logged in
//!   cache       keeps what was found, and asks once for many
//! ```
//!
//! Whoever is logged in with a vendor's own tool is set: nothing here asks for a password, opens a browser or writes to
//! a vendor's files. Where a person has to act, the error says so, and its hint names the command.
//!
//! Home and environment come as [`Surroundings`](crate::model::surroundings::Surroundings), the time as a parameter.
//! A client that is handed in must follow no redirects: a token endpoint that sends us elsewhere would send the secret
//! along. Nothing here knows of definitions (but for the places of a login), of requests to a provider, or of the screen.

pub mod aws;
pub mod azure;
pub mod cache;
mod command;
mod error;
mod file;
pub mod google;
pub mod kubeconfig;
pub mod login;
mod metadata;
mod netrc;
pub mod sigv4;
#[cfg(test)]
mod testing;
mod web;

use crate::model::secret::Secret;
use crate::model::time::Timestamp;

pub use error::AuthError;

/// A token that some vendor takes as a bearer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// The token itself.
    pub secret: Secret,
    /// When it ceases to be accepted, where the vendor says so.
    pub expires: Option<Timestamp>,
    /// Where it came from, for the screen.
    pub from: String,
}
