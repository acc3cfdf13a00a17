//! Plugins that print who we are: `aws eks get-token`, `gke-gcloud-auth-plugin`, `kubelogin` and the like.
//!
//! <https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::files::Entry;
use super::{Cluster, identity};
use crate::model::secret::Secret;
use crate::model::surroundings::Surroundings;
use crate::model::text::Line;
use crate::model::time::Timestamp;
use crate::provider::auth::command::{self, Run};
use crate::provider::auth::error::AuthError;
use crate::provider::auth::file;
use crate::provider::definition::login::LoginFormat;

/// The versions of the plugins' language. A plugin answers in the one that it was asked in.
const VERSIONS: &[&str] = &["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
/// Under this name a cluster keeps what only its plugin understands.
const EXTENSION: &str = "client.authentication.k8s.io/exec";

/// Runs the plugin of a user and takes over what it prints.
pub async fn authenticate(
    surroundings: &Surroundings,
    cluster: &Entry,
    user: &Entry,
    found: &mut Cluster,
) -> Result<(), AuthError> {
    let plugin = Entry {
        value: user.value.get("exec").cloned().unwrap_or_default(),
        file: user.file.clone(),
        ..Entry::default()
    };
    let program = plugin.text("command").unwrap_or_default();
    let version = plugin.text("apiVersion").unwrap_or_default();
    if !VERSIONS.contains(&version.as_str()) {
        return Err(AuthError::Unsupported {
            what: format!("version {version:?} of the plugin {program} of user {}", found.user),
            instead: "update the plugin and the kubeconfig; kubectl takes v1 and v1beta1 as well".to_owned(),
        });
    }
    if plugin.text("interactiveMode").as_deref() == Some("Always") {
        return Err(AuthError::Unsupported {
            what: format!("the plugin {program} of user {}, which always asks on a terminal,", found.user),
            instead: format!("log in with it (kubectl --context {} get namespaces), or use a token", found.context),
        });
    }
    // A path with a folder in it is relative to the file, as all paths there are.
    let program_path =
        if program.contains('/') { user.folder.join(&program).display().to_string() } else { program.clone() };
    if command::find(&program_path, surroundings).is_none() {
        let hint = plugin.text("installHint").map(|hint| one_line(&hint));
        return Err(AuthError::Missing { program, hint });
    }
    let arguments = plugin.value.get("args").and_then(Value::as_array).into_iter().flatten();
    let mut argv = vec![program_path];
    argv.extend(arguments.map(|argument| argument.as_str().map_or_else(|| argument.to_string(), str::to_owned)));
    let variables = plugin.value.get("env").and_then(Value::as_array).into_iter().flatten();
    let mut variables: Vec<(String, String)> = variables
        .map(|value| Entry { value: value.clone(), ..Entry::default() })
        .filter_map(|pair| Some((pair.text("name")?, pair.text("value").unwrap_or_default())))
        .collect();
    let wants_cluster = plugin.value.get("provideClusterInfo").and_then(Value::as_bool).unwrap_or(false);
    let cluster = wants_cluster.then(|| describe(cluster, found));
    variables.push(("KUBERNETES_EXEC_INFO".to_owned(), question(&version, cluster).to_string()));
    let hint = format!("log in: {}", login(&program, &found.context));
    let run =
        Run { argv: &argv, variables: &variables, directory: None, limit: command::SLOW_LIMIT, hint: Some(&hint) };
    let printed = command::run(run, surroundings).await?;
    let place = format!("what {program} prints");
    let answer = file::parse(&printed, LoginFormat::Json, &place)?;
    take(&answer, &version, &place, found)
}

fn question(version: &str, cluster: Option<Value>) -> Value {
    let mut spec = json!({ "interactive": false });
    if let Some(cluster) = cluster {
        spec["cluster"] = cluster;
    }
    json!({ "apiVersion": version, "kind": "ExecCredential", "spec": spec })
}

/// The cluster as plugins want it described.
fn describe(cluster: &Entry, found: &Cluster) -> Value {
    let mut described = json!({ "server": cluster.text("server").unwrap_or_default() });
    if let Some(pem) = &found.ca_pem {
        described["certificate-authority-data"] = STANDARD.encode(pem).into();
    }
    for name in ["tls-server-name", "insecure-skip-tls-verify", "proxy-url", "disable-compression"] {
        if let Some(value) = cluster.value.get(name) {
            described[name] = value.clone();
        }
    }
    let extensions = cluster.value.get("extensions").and_then(Value::as_array).into_iter().flatten();
    for extension in extensions {
        if extension.get("name").and_then(Value::as_str) == Some(EXTENSION) {
            described["config"] = extension.get("extension").cloned().unwrap_or_default();
        }
    }
    described
}

fn take(answer: &Value, version: &str, place: &str, found: &mut Cluster) -> Result<(), AuthError> {
    let malformed = |why: &str| AuthError::malformed(place, why);
    if answer.get("kind").and_then(Value::as_str) != Some("ExecCredential") {
        return Err(malformed("it is not an ExecCredential"));
    }
    if answer.get("apiVersion").and_then(Value::as_str) != Some(version) {
        return Err(malformed(&format!("it is not of the version that was asked for, {version}")));
    }
    let text =
        |name: &str| answer.pointer(&format!("/status/{name}")).and_then(Value::as_str).filter(|text| !text.is_empty());
    found.bearer = text("token").map(Secret::new);
    match (text("clientCertificateData"), text("clientKeyData")) {
        (Some(certificate), Some(key)) => {
            let not_pem = || malformed("its client certificate or key is not PEM");
            found.client_identity_pem = Some(identity(certificate.as_bytes(), key.as_bytes(), not_pem)?);
        }
        (None, None) if found.bearer.is_some() => {}
        (None, None) => return Err(malformed("it holds neither a token nor a certificate")),
        _ => return Err(malformed("it has one of client certificate and key, and needs both")),
    }
    found.expires = text("expirationTimestamp").and_then(Timestamp::parse_rfc3339);
    Ok(())
}

/// The command that logs in, for the plugins that everybody has.
fn login(program: &str, context: &str) -> String {
    match program.rsplit('/').next().unwrap_or_default() {
        "aws" | "aws-iam-authenticator" => "aws sso login".to_owned(),
        "gke-gcloud-auth-plugin" | "gcloud" => "gcloud auth login".to_owned(),
        "kubelogin" | "az" => "az login".to_owned(),
        "doctl" => "doctl auth init".to_owned(),
        "tsh" => "tsh login".to_owned(),
        _ => format!("kubectl --context {context} get namespaces"),
    }
}

fn one_line(text: &str) -> String {
    let text: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect();
    Line::from_text(&text).as_str().to_owned()
}
