//! The service account of the pod that we run in.
//!
//! <https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api>

use std::path::Path;

use url::Url;

use super::{Cluster, token_end};
use crate::model::secret::Secret;
use crate::model::surroundings::Surroundings;
use crate::provider::auth::error::AuthError;
use crate::provider::auth::file;

/// Where the kubelet puts token, authority and namespace.
pub const FOLDER: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Returns the cluster around us, or nothing when this is no pod or has no account.
pub async fn load(surroundings: &Surroundings, folder: &Path) -> Result<Option<Cluster>, AuthError> {
    let Some(host) = surroundings.variable("KUBERNETES_SERVICE_HOST") else { return Ok(None) };
    let port = surroundings.variable("KUBERNETES_SERVICE_PORT").unwrap_or("443");
    let Some(token) = file::read(&folder.join("token")).await? else { return Ok(None) };
    let token = token.trim();
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    let server = Url::parse(&format!("https://{host}:{port}/"))
        .map_err(|_| AuthError::malformed("KUBERNETES_SERVICE_HOST", "it makes no address"))?;
    let authority = file::read(&folder.join("ca.crt")).await?;
    let namespace = file::read(&folder.join("namespace")).await?;
    let namespace = namespace.as_deref().map(|name| name.trim()).filter(|name| !name.is_empty());
    Ok(Some(Cluster {
        server,
        namespace: namespace.unwrap_or("default").to_owned(),
        ca_pem: authority.map(|text| text.as_bytes().to_vec()),
        client_identity_pem: None,
        bearer: Some(Secret::new(token)),
        basic: None,
        impersonate: Vec::new(),
        expires: token_end(token),
        insecure: false,
        tls_server_name: None,
        proxy_url: None,
        context: "in-cluster".to_owned(),
        user: "service account".to_owned(),
    }))
}
