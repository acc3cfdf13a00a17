//! Credentials of the machine or the container that we run in.
//!
//! Containers: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>. Machines, by the
//! second version of the instance metadata service:
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html>.

use std::net::IpAddr;

use serde_json::Value;
use url::{Host, Url};

use super::{AwsCredentials, Chain, Names, from_json};
use crate::model::secret::Secret;
use crate::model::text::Line;
use crate::provider::auth::error::AuthError;
use crate::provider::auth::{file, metadata, web};

/// Where ECS and EKS serve credentials to containers.
const CONTAINER: &str = "http://169.254.170.2";
/// The addresses that may be asked without TLS, beside loopback: ECS, and EKS by both protocols.
const CONTAINER_HOSTS: &[&str] = &["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];

/// Returns the credentials of the container, or nothing when this is none.
pub async fn container(chain: &Chain<'_>) -> Result<Option<AwsCredentials>, AuthError> {
    let who = "the container's credentials";
    let variable = |name: &str| chain.surroundings.variable(name);
    let full =
        match (variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), variable("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
            (Some(relative), _) => format!("{CONTAINER}{relative}"),
            (None, Some(full)) => full.to_owned(),
            (None, None) => return Ok(None),
        };
    let url =
        Url::parse(&full).map_err(|_| AuthError::malformed("AWS_CONTAINER_CREDENTIALS_FULL_URI", "it is no URL"))?;
    if !may_be_asked(&url) {
        let why = "without https it may only be the address of a container service, or loopback";
        return Err(AuthError::malformed("AWS_CONTAINER_CREDENTIALS_FULL_URI", why));
    }
    let token =
        match (variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"), variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")) {
            (Some(path), _) => Some(Secret::new(file::read_existing(path.as_ref()).await?.trim())),
            (None, token) => token.map(Secret::new),
        };
    let answer = if url.scheme() == "https" {
        let request = chain.client.get(url).header("Accept", "application/json");
        let request = match &token {
            Some(token) => request.header("Authorization", token.expose()),
            None => request,
        };
        web::send(request, who).await?
    } else {
        let headers: Vec<_> = token.iter().map(|token| ("Authorization", token.expose())).collect();
        metadata::ask("GET", &url, &headers, who).await?
    };
    if !answer.is_success() {
        return Err(answer.refused(Some("has the task or the pod a role?")));
    }
    from_json(&answer.json()?, &Names::MACHINE, who, "container role".to_owned()).map(Some)
}

/// Whoever sets this variable decides where a token is sent; so in the clear, it stays on this machine.
pub fn may_be_asked(url: &Url) -> bool {
    let is_container = |address: IpAddr| CONTAINER_HOSTS.iter().any(|known| known.parse() == Ok(address));
    match url.host() {
        Some(_) if url.scheme() == "https" => true,
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback() || is_container(address.into()),
        Some(Host::Ipv6(address)) => address.is_loopback() || is_container(address.into()),
        None => false,
    }
}

/// Returns the credentials of the machine's role. Nothing, and why, when there is no such service or no role.
pub async fn instance(chain: &Chain<'_>) -> Result<Result<AwsCredentials, String>, AuthError> {
    let who = "the instance metadata service";
    let variable = |name: &str| chain.surroundings.variable(name);
    if variable("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Ok(Err("AWS_EC2_METADATA_DISABLED is set".to_owned()));
    }
    let is_v6 =
        variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE").is_some_and(|mode| mode.eq_ignore_ascii_case("ipv6"));
    let usual = if is_v6 { "http://[fd00:ec2::254]" } else { "http://169.254.169.254" };
    let base = variable("AWS_EC2_METADATA_SERVICE_ENDPOINT").unwrap_or(usual).trim_end_matches('/');
    let url = |path: &str| {
        Url::parse(&format!("{base}/latest/{path}"))
            .map_err(|_| AuthError::malformed("AWS_EC2_METADATA_SERVICE_ENDPOINT", "it is no URL"))
    };
    let ttl = [("X-aws-ec2-metadata-token-ttl-seconds", "300")];
    let token = match metadata::ask("PUT", &url("api/token")?, &ttl, who).await {
        Ok(answer) if answer.is_success() => answer.body,
        Ok(answer) => return Ok(Err(format!("{who} gave no token (status {})", answer.status))),
        Err(_) => return Ok(Err(format!("nobody answers as {who}"))),
    };
    let headers = [("X-aws-ec2-metadata-token", token.trim())];
    let roles = metadata::ask("GET", &url("meta-data/iam/security-credentials/")?, &headers, who).await?;
    let role = roles.body.lines().next().unwrap_or_default().trim().to_owned();
    if roles.status == 404 || role.is_empty() {
        return Ok(Err("this machine has no instance role".to_owned()));
    }
    if !roles.is_success() {
        return Err(roles.refused(None));
    }
    let path = format!("meta-data/iam/security-credentials/{role}");
    let answer = metadata::ask("GET", &url(&path)?, &headers, who).await?;
    let given = if answer.is_success() { answer.json()? } else { return Err(answer.refused(None)) };
    // "AssumeRoleUnauthorizedAccess" comes with status 200.
    if given.get("Code").and_then(Value::as_str).is_some_and(|code| code != "Success") {
        return Err(answer.refused(Some("may EC2 assume this role?")));
    }
    from_json(&given, &Names::MACHINE, who, format!("instance role {}", Line::from_text(&role))).map(Ok)
}
