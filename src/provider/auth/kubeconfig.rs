//! How to reach a Kubernetes cluster and as whom: kubectl's files, plugins, or the pod that we run in.
//!
//! ```text
//!   files (KUBECONFIG, ~/.kube/config) -> merged: first wins -> context -> cluster + user -> Cluster
//!   no file, but a service account of a pod                                               -> Cluster
//! ```
//!
//! The rules are those of "Organizing Cluster Access Using kubeconfig Files"
//! (<https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/>), the fields those of
//! <https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/>.

mod exec;
mod files;
mod pod;

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;
use url::Url;

use self::files::{Entry, Files};
use super::error::AuthError;
use super::file;
use crate::model::secret::Secret;
use crate::model::surroundings::Surroundings;
use crate::model::time::Timestamp;

/// A cluster, and who we are there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cluster {
    /// The address of its API.
    pub server: Url,
    /// The namespace of the context, or `default`.
    pub namespace: String,
    /// The authorities to trust, as PEM; nothing means the system's.
    pub ca_pem: Option<Vec<u8>>,
    /// Our certificate and its key, as PEM.
    pub client_identity_pem: Option<Secret>,
    /// The token to send as a bearer.
    pub bearer: Option<Secret>,
    /// User and password.
    pub basic: Option<(String, Secret)>,
    /// `Impersonate-...` headers, without which we would act with more rights than the user wants to have.
    pub impersonate: Vec<(String, String)>,
    /// When the certificate or the token ceases to be accepted, where that is known.
    pub expires: Option<Timestamp>,
    /// Whether the user wants the server's certificate not to be checked.
    pub insecure: bool,
    /// The name that the server's certificate must have, if it is not that of the address.
    pub tls_server_name: Option<String>,
    /// The proxy to reach it by.
    pub proxy_url: Option<Url>,
    /// The context's name; `in-cluster` in a pod.
    pub context: String,
    /// The user's name.
    pub user: String,
}

/// Finds a cluster.
///
/// `file` is one that the user named, and must be there; else `KUBECONFIG` and `~/.kube/config` are looked at, and the
/// pod's own service account if there is neither. `context` is one that the user named; else the current one counts.
pub async fn load(
    surroundings: &Surroundings,
    file: Option<&Path>,
    context: Option<&str>,
) -> Result<Cluster, AuthError> {
    load_from(surroundings, file, context, Path::new(pod::FOLDER)).await
}

async fn load_from(
    surroundings: &Surroundings,
    file: Option<&Path>,
    context: Option<&str>,
    pod: &Path,
) -> Result<Cluster, AuthError> {
    let found = files::read(surroundings, file).await?;
    if found.is_empty() {
        if let Some(cluster) = pod::load(surroundings, pod).await? {
            return Ok(cluster);
        }
        let tried = vec![format!("there is no {}", found.place), "this is no pod with a service account".to_owned()];
        let login = Some("kubectl config get-contexts to see what kubectl knows".to_owned());
        return Err(AuthError::NotLoggedIn { what: "Kubernetes".to_owned(), tried, login });
    }
    resolve(surroundings, &found, context).await
}

async fn resolve(surroundings: &Surroundings, files: &Files, wanted: Option<&str>) -> Result<Cluster, AuthError> {
    let Some(name) = wanted.or(files.current.as_deref()) else {
        let known = files.contexts.keys().cloned().collect::<Vec<_>>().join(", ");
        let why = format!("it names no current-context (there are: {known}); run kubectl config use-context NAME");
        return Err(AuthError::malformed(&files.place, why));
    };
    let context = files.find("context", &files.contexts, name)?;
    let cluster_name = context.text("cluster").unwrap_or_default();
    let cluster = files.find("cluster", &files.clusters, &cluster_name)?;
    let user_name = context.text("user").unwrap_or_default();
    // A cluster may let everybody in: then there is no user.
    let nobody = Entry::default();
    let user = if user_name.is_empty() { &nobody } else { files.find("user", &files.users, &user_name)? };
    let url = |what: &str, text: &str| {
        let parsed = Url::parse(text).ok().filter(Url::has_host);
        parsed.ok_or_else(|| cluster.malformed(&cluster_name, &format!("its {what} is not a URL")))
    };
    let server = cluster.text("server").unwrap_or_default();
    let proxy = cluster.text("proxy-url").filter(|text| !text.is_empty());
    let mut found = Cluster {
        server: url("server", &server)?,
        namespace: context.text("namespace").filter(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned()),
        ca_pem: cluster.data(&cluster_name, "certificate-authority").await?,
        client_identity_pem: None,
        bearer: None,
        basic: None,
        impersonate: impersonation(user),
        expires: None,
        insecure: cluster.value.get("insecure-skip-tls-verify").and_then(Value::as_bool).unwrap_or(false),
        tls_server_name: cluster.text("tls-server-name").filter(|name| !name.is_empty()),
        proxy_url: proxy.map(|text| url("proxy-url", &text)).transpose()?,
        context: name.to_owned(),
        user: user_name,
    };
    authenticate(surroundings, cluster, user, &mut found).await?;
    Ok(found)
}

/// Fills in who we are.
async fn authenticate(
    surroundings: &Surroundings,
    cluster: &Entry,
    user: &Entry,
    found: &mut Cluster,
) -> Result<(), AuthError> {
    let certificate = user.data(&found.user, "client-certificate").await?;
    let key = user.data(&found.user, "client-key").await?;
    found.client_identity_pem = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(identity(&certificate, &key, || {
            user.malformed(&found.user, "its client certificate or key is not PEM")
        })?),
        (None, None) => None,
        _ => return Err(user.malformed(&found.user, "it has one of client certificate and key, and needs both")),
    };
    if let Some(path) = user.path("tokenFile") {
        // kubectl reads the file on every use, so it counts more than the token beside it.
        found.bearer = Some(Secret::new(file::read_existing(&path).await?.trim()));
    } else {
        found.bearer = user.text("token").filter(|token| !token.is_empty()).map(Secret::new);
    }
    if let (Some(name), Some(password)) = (user.text("username"), user.text("password")) {
        found.basic = Some((name, Secret::new(password)));
    }
    if found.bearer.is_some() {
        found.expires = found.bearer.as_ref().and_then(|token| token_end(token.expose()));
    } else if user.value.get("exec").is_some_and(Value::is_object) {
        exec::authenticate(surroundings, cluster, user, found).await?;
    } else if let Some(name) = user.value.pointer("/auth-provider/name").and_then(Value::as_str) {
        return Err(retired(name, &found.user));
    }
    Ok(())
}

/// <https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation>
fn impersonation(user: &Entry) -> Vec<(String, String)> {
    let texts = |name: &str| {
        let list = user.value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        list.into_iter().filter_map(|value| value.as_str().map(str::to_owned))
    };
    let one = |header: &str, name: &str| user.text(name).map(|value| (header.to_owned(), value));
    let mut headers: Vec<_> =
        one("Impersonate-User", "as").into_iter().chain(one("Impersonate-Uid", "as-uid")).collect();
    headers.extend(texts("as-groups").map(|group| ("Impersonate-Group".to_owned(), group)));
    for (name, values) in user.value.get("as-user-extra").and_then(Value::as_object).into_iter().flatten() {
        let values = values.as_array().into_iter().flatten().filter_map(Value::as_str);
        headers.extend(values.map(|value| (format!("Impersonate-Extra-{name}"), value.to_owned())));
    }
    headers
}

/// Returns certificate and key as one text.
fn identity(certificate: &[u8], key: &[u8], malformed: impl Fn() -> AuthError) -> Result<Secret, AuthError> {
    let text = |bytes| std::str::from_utf8(bytes).ok().filter(|text| text.contains("-----BEGIN ")).map(str::trim);
    match (text(certificate), text(key)) {
        (Some(certificate), Some(key)) => Ok(Secret::new(format!("{certificate}\n{key}\n"))),
        _ => Err(malformed()),
    }
}

/// What kubectl had built in until 1.25, and plugins do today.
fn retired(provider: &str, user: &str) -> AuthError {
    let instead = match provider {
        "gcp" => "install gke-gcloud-auth-plugin and run gcloud container clusters get-credentials",
        "azure" => "install kubelogin and run kubelogin convert-kubeconfig",
        "oidc" => "use the plugin kubectl oidc-login, or a token",
        _ => "use a plugin (exec) or a token",
    };
    AuthError::Unsupported {
        what: format!("the auth-provider {provider:?} of user {user}, which kubectl has dropped,"),
        instead: instead.to_owned(),
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|character| !character.is_whitespace()).collect();
    STANDARD.decode(text).ok()
}

/// Returns when a token ends, if it is a JSON web token that says so. It is not verified: the server does that.
fn token_end(token: &str) -> Option<Timestamp> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&payload).ok()?;
    claims.get("exp")?.as_i64().map(Timestamp::from_secs)
}

#[cfg(test)]
mod tests;
