//! People who log in with `aws sso login` or `aws login`: the token lies in a cache, and is exchanged for credentials.
//!
//! The cache is described in "Configuring IAM Identity Center authentication"
//! (<https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sso.html>), the exchange in
//! <https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html>, and `aws login` in
//! <https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sign-in.html>.
//!
//! We never write to a cache. An access token lives for an hour, and a session for days: where the cache holds the means
//! to renew, the AWS command line is asked, which renews and remembers (`aws configure export-credentials`).

use ring::digest;
use serde_json::Value;

use super::profile::Section;
use super::{AwsCredentials, Chain, Names, endpoint, from_json};
use crate::model::time::Timestamp;
use crate::provider::auth::command::{self, Run};
use crate::provider::auth::error::AuthError;
use crate::provider::auth::sigv4::hex;
use crate::provider::auth::{file, web};
use crate::provider::definition::login::LoginFormat;

/// Returns the credentials of a profile that names a role of IAM Identity Center.
pub async fn credentials(chain: &Chain<'_>, profile: &str, section: &Section) -> Result<AwsCredentials, AuthError> {
    let session_name = section.get("sso_session");
    let session = match session_name {
        None => None,
        Some(name) => Some(chain.profiles.sessions.get(name).ok_or_else(|| AuthError::Unknown {
            kind: "sso-session",
            name: name.clone(),
            place: chain.profiles.place.clone(),
            known: chain.profiles.sessions.keys().cloned().collect(),
        })?),
    };
    let get = |name: &str| {
        section
            .get(name)
            .or_else(|| session?.get(name))
            .ok_or_else(|| AuthError::malformed(format!("profile {profile}"), format!("{name} is missing")))
    };
    let (start_url, region) = (get("sso_start_url")?, get("sso_region")?);
    let (account, role) = (get("sso_account_id")?, get("sso_role_name")?);
    let key =
        hex(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, session_name.unwrap_or(start_url).as_bytes()).as_ref());
    let login = format!("aws sso login --profile {profile}");
    let Some((place, cached)) = cached(chain, &format!("~/.aws/sso/cache/{key}.json")).await? else {
        return Err(chain.not_logged_in(profile, "there is no cached SSO login", &login));
    };
    let text = |name: &str| cached.get(name).and_then(Value::as_str);
    let (Some(token), Some(expires)) = (text("accessToken"), text("expiresAt").and_then(time)) else {
        return Err(AuthError::malformed(place, "it holds no access token with its end"));
    };
    let from = format!("profile {profile} (SSO, {role})");
    if expires <= chain.now {
        if text("refreshToken").is_some()
            && let Some(renewed) = by_command_line(chain, profile, &from).await
        {
            return renewed;
        }
        return Err(expired(profile, Some(expires), &login));
    }
    let mut url = endpoint(chain.surroundings, "SSO", "portal.sso", region)?;
    url.set_path("/federation/credentials");
    url.query_pairs_mut().append_pair("role_name", role).append_pair("account_id", account);
    let request = chain.client.get(url).header("x-amz-sso_bearer_token", token);
    let answer = web::send(request, "AWS IAM Identity Center").await?;
    match answer.status {
        200 => {}
        // Somebody logged out elsewhere.
        401 => return Err(expired(profile, None, &login)),
        _ => return Err(answer.refused(Some(&format!("may you use the role {role} in account {account}?")))),
    }
    let answer = answer.json()?;
    let given = answer.get("roleCredentials").unwrap_or(&Value::Null);
    from_json(given, &Names::SSO, "AWS IAM Identity Center", from)
}

/// Returns the credentials of a profile that `aws login` wrote.
pub async fn console_login(chain: &Chain<'_>, profile: &str, session: &str) -> Result<AwsCredentials, AuthError> {
    let folder = chain.surroundings.variable("AWS_LOGIN_CACHE_DIRECTORY").unwrap_or("~/.aws/login/cache");
    let key = hex(digest::digest(&digest::SHA256, session.as_bytes()).as_ref());
    let login = format!("aws login --profile {profile}");
    let Some((place, cached)) = cached(chain, &format!("{folder}/{key}.json")).await? else {
        return Err(chain.not_logged_in(profile, "there is no cached login", &login));
    };
    let from = format!("profile {profile} (aws login)");
    let found = from_json(cached.get("accessToken").unwrap_or(&Value::Null), &Names::LOGIN, &place, from.clone())?;
    if found.expires.is_some_and(|expires| expires <= chain.now) {
        // Renewing needs a proof of the key in the cache, and writes to it: that is the command line's own business.
        let renewed = by_command_line(chain, profile, &from).await;
        return renewed.unwrap_or_else(|| Err(expired(profile, found.expires, &login)));
    }
    Ok(found)
}

/// Asks the AWS command line for the credentials of a profile. Nothing when it is not installed or cannot either.
///
/// <https://docs.aws.amazon.com/cli/latest/reference/configure/export-credentials.html>
pub async fn by_command_line(
    chain: &Chain<'_>,
    profile: &str,
    from: &str,
) -> Option<Result<AwsCredentials, AuthError>> {
    let argv = ["aws", "configure", "export-credentials", "--profile", profile, "--format", "process"];
    let argv = argv.map(str::to_owned);
    let run = Run { argv: &argv, variables: &[], directory: None, limit: command::SLOW_LIMIT, hint: None };
    let printed = command::run(run, chain.surroundings).await.ok()?;
    let value = file::parse(&printed, LoginFormat::Json, "what aws prints").ok()?;
    Some(from_json(&value, &Names::PROCESS, "what aws prints", from.to_owned()))
}

async fn cached(chain: &Chain<'_>, path: &str) -> Result<Option<(String, Value)>, AuthError> {
    let Some(file_path) = chain.surroundings.expand(path) else { return Ok(None) };
    let Some(text) = file::read(&file_path).await? else { return Ok(None) };
    Ok(Some((path.to_owned(), file::parse(&text, LoginFormat::Json, path)?)))
}

pub fn expired(profile: &str, at: Option<Timestamp>, login: &str) -> AuthError {
    AuthError::Expired { what: format!("AWS profile {profile}"), at, login: Some(login.to_owned()) }
}

/// RFC 3339; the first command lines with SSO wrote `UTC` instead of `Z`.
fn time(text: &str) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(&text.replace("UTC", "Z"))
}
