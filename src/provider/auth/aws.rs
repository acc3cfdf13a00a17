//! Amazon's credentials, found where the AWS command line finds them, in its order.
//!
//! "Standardized credential providers" (<https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html>)
//! lists the places and their variables. A profile that the caller names comes before the environment.

mod chain;
mod machine;
mod profile;
mod sso;
mod sts;

use serde_json::Value;
use url::Url;

use self::chain::Chain;
use super::error::AuthError;
use crate::model::secret::Secret;
use crate::model::surroundings::Surroundings;
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

/// Finds credentials, and exchanges what it finds where that is needed.
///
/// `profile` is one that the user named for this source; else the environment decides, `AWS_PROFILE` in it.
pub async fn credentials(
    surroundings: &Surroundings,
    profile: Option<&str>,
    client: &reqwest::Client,
    now: Timestamp,
) -> Result<AwsCredentials, AuthError> {
    let profiles = profile::load(surroundings).await?;
    Chain { surroundings, client, now, profiles }.find(profile).await
}

/// Returns the region that the environment or the profile names.
pub async fn region(surroundings: &Surroundings, profile: Option<&str>) -> Result<Option<String>, AuthError> {
    if let Some(region) = region_variable(surroundings) {
        return Ok(Some(region.to_owned()));
    }
    let profiles = profile::load(surroundings).await?;
    let section = profiles.profiles.get(profile.or(profile_variable(surroundings)).unwrap_or("default"));
    Ok(section.and_then(|section| section.get("region")).cloned())
}

fn region_variable(surroundings: &Surroundings) -> Option<&str> {
    surroundings.variable("AWS_REGION").or_else(|| surroundings.variable("AWS_DEFAULT_REGION"))
}

fn profile_variable(surroundings: &Surroundings) -> Option<&str> {
    surroundings.variable("AWS_PROFILE").or_else(|| surroundings.variable("AWS_DEFAULT_PROFILE"))
}

/// Returns the address of a service, or the one that the environment puts in its place
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>).
fn endpoint(surroundings: &Surroundings, service: &str, host: &str, region: &str) -> Result<Url, AuthError> {
    let own = format!("AWS_ENDPOINT_URL_{service}");
    let ignored = surroundings.variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") == Some("true");
    let set =
        [own.as_str(), "AWS_ENDPOINT_URL"].into_iter().find_map(|name| Some((name, surroundings.variable(name)?)));
    match set.filter(|_| !ignored) {
        Some((name, url)) => Url::parse(url).map_err(|_| AuthError::malformed(name, "it is no URL")),
        None => {
            let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
            Url::parse(&format!("https://{host}.{region}.{domain}/"))
                .map_err(|_| AuthError::malformed("the AWS region", "it makes no host name"))
        }
    }
}

/// What the parts of credentials are called in some JSON.
struct Names {
    id: &'static str,
    secret: &'static str,
    token: &'static str,
    expires: &'static str,
}

impl Names {
    const PROCESS: Self =
        Self { id: "AccessKeyId", secret: "SecretAccessKey", token: "SessionToken", expires: "Expiration" };
    const MACHINE: Self = Self { token: "Token", ..Self::PROCESS };
    const SSO: Self =
        Self { id: "accessKeyId", secret: "secretAccessKey", token: "sessionToken", expires: "expiration" };
    const LOGIN: Self = Self { expires: "expiresAt", ..Self::SSO };
}

fn from_json(value: &Value, names: &Names, place: &str, from: String) -> Result<AwsCredentials, AuthError> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let (Some(id), Some(secret)) = (text(names.id), text(names.secret)) else {
        return Err(AuthError::malformed(place, "it holds no credentials"));
    };
    let expires = match value.get(names.expires) {
        // The portal of IAM Identity Center counts milliseconds.
        Some(Value::Number(millis)) => {
            millis.as_i64().map(|millis| Timestamp::from_micros(millis.saturating_mul(1_000)))
        }
        Some(Value::String(text)) => Timestamp::parse_rfc3339(text),
        _ => None,
    };
    Ok(AwsCredentials {
        access_key_id: id.to_owned(),
        secret: Secret::new(secret),
        session_token: text(names.token).map(Secret::new),
        expires,
        from,
    })
}

#[cfg(test)]
mod tests;
