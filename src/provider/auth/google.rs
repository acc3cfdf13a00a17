//! Google's access tokens, found where Google's own libraries find them.
//!
//! ```text
//!   GOOGLE_APPLICATION_CREDENTIALS -> gcloud's default credentials -> gcloud -> metadata server
//! ```
//!
//! "How Application Default Credentials works" (<https://cloud.google.com/docs/authentication/application-default-credentials>)
//! gives the order; that gcloud itself is asked in between is ours, because people log in there.

mod file_kinds;
mod jwt;

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::command::{self, Run};
use super::error::AuthError;
use super::{Token, file, metadata};
use crate::model::secret::Secret;
use crate::model::surroundings::Surroundings;
use crate::model::time::Timestamp;
use crate::provider::definition::login::LoginFormat;

/// The scope that covers everything that the account may do.
pub const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";

/// `gcloud` prints a token and not its end. It hands out none that ends within five minutes.
const OF_GCLOUD: Duration = Duration::from_secs(240);

/// Finds a token for scopes (usually [`CLOUD_PLATFORM`]).
pub async fn token(
    surroundings: &Surroundings,
    client: &reqwest::Client,
    scopes: &[&str],
    now: Timestamp,
) -> Result<Token, AuthError> {
    let mut tried = Vec::new();
    match surroundings.variable("GOOGLE_APPLICATION_CREDENTIALS") {
        Some(path) => {
            let path = surroundings.expand(path).unwrap_or_else(|| path.into());
            return token_from_file(&path, surroundings, client, scopes, now).await;
        }
        None => tried.push("GOOGLE_APPLICATION_CREDENTIALS is not set".to_owned()),
    }
    let usual = format!("{}/application_default_credentials.json", config_folder(surroundings));
    match surroundings.expand(&usual) {
        Some(path) if file::read(&path).await?.is_some() => {
            return token_from_file(&path, surroundings, client, scopes, now).await;
        }
        _ => tried.push(format!("there is no {usual}")),
    }
    match of_gcloud(surroundings, now).await {
        Ok(token) => return Ok(token),
        Err(error) => tried.push(error.to_string()),
    }
    match of_machine(surroundings, scopes, now).await? {
        Ok(token) => return Ok(token),
        Err(why) => tried.push(why),
    }
    Err(AuthError::NotLoggedIn { what: "Google Cloud".to_owned(), tried, login: Some("gcloud auth login".to_owned()) })
}

/// Gets a token with the credentials in a file: of a service account, of a person, or of somebody else who vouches.
pub async fn token_from_file(
    path: &Path,
    surroundings: &Surroundings,
    client: &reqwest::Client,
    scopes: &[&str],
    now: Timestamp,
) -> Result<Token, AuthError> {
    let place = path.display().to_string();
    let value = file::parse(&file::read_existing(path).await?, LoginFormat::Json, &place)?;
    let exchange = file_kinds::Exchange { surroundings, client, now, place: &place };
    exchange.token(&value, scopes).await
}

/// Returns the project that the environment or gcloud's active configuration names.
///
/// <https://cloud.google.com/sdk/docs/configurations>
pub async fn project(surroundings: &Surroundings) -> Result<Option<String>, AuthError> {
    let variables = ["GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"];
    if let Some(project) = variables.iter().find_map(|name| surroundings.variable(name)) {
        return Ok(Some(project.to_owned()));
    }
    let read = async |path: String| match surroundings.expand(&path) {
        Some(path) => file::read(&path).await,
        None => Ok(None),
    };
    let folder = config_folder(surroundings);
    let active = match surroundings.variable("CLOUDSDK_ACTIVE_CONFIG_NAME") {
        Some(name) => name.to_owned(),
        None => match read(format!("{folder}/active_config")).await? {
            Some(name) if !name.trim().is_empty() => name.trim().to_owned(),
            _ => "default".to_owned(),
        },
    };
    let Some(text) = read(format!("{folder}/configurations/config_{active}")).await? else { return Ok(None) };
    let mut section = "";
    for line in text.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']').trim();
        } else if let (Some((name, value)), "core") = (line.split_once('='), section)
            && name.trim() == "project"
        {
            return Ok(Some(value.trim().to_owned()));
        }
    }
    Ok(None)
}

fn config_folder(surroundings: &Surroundings) -> &str {
    surroundings.variable("CLOUDSDK_CONFIG").unwrap_or("~/.config/gcloud")
}

/// <https://cloud.google.com/sdk/gcloud/reference/auth/print-access-token>
async fn of_gcloud(surroundings: &Surroundings, now: Timestamp) -> Result<Token, AuthError> {
    let argv = ["gcloud", "auth", "print-access-token", "--quiet"].map(str::to_owned);
    let hint = Some("run gcloud auth login");
    let run = Run { argv: &argv, variables: &[], directory: None, limit: command::SLOW_LIMIT, hint };
    let printed = command::run(run, surroundings).await?;
    if printed.contains(char::is_whitespace) {
        return Err(AuthError::malformed("what gcloud prints", "it is more than a token"));
    }
    Ok(Token { secret: Secret::new(printed.as_str()), expires: Some(now + OF_GCLOUD), from: "gcloud".to_owned() })
}

/// <https://cloud.google.com/compute/docs/access/authenticate-workloads#applications>
async fn of_machine(
    surroundings: &Surroundings,
    scopes: &[&str],
    now: Timestamp,
) -> Result<Result<Token, String>, AuthError> {
    let who = "Google's metadata server";
    if surroundings.variable("NO_GCE_CHECK").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Ok(Err("NO_GCE_CHECK is set".to_owned()));
    }
    // By its number, because its name cannot be resolved elsewhere, which takes long to find out.
    let host = surroundings.variable("GCE_METADATA_HOST").unwrap_or("169.254.169.254");
    let mut url = Url::parse(&format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token"))
        .map_err(|_| AuthError::malformed("GCE_METADATA_HOST", "it makes no address"))?;
    url.query_pairs_mut().append_pair("scopes", &scopes.join(","));
    let answer = match metadata::ask("GET", &url, &[("Metadata-Flavor", "Google")], who).await {
        Ok(answer) => answer,
        Err(_) => return Ok(Err(format!("nobody answers as {who}"))),
    };
    if answer.status == 404 {
        return Ok(Err("this machine has no service account of Google".to_owned()));
    }
    match answer.json().ok().and_then(|value| granted(&value, now, "metadata server")) {
        Some(token) if answer.is_success() => Ok(Ok(token)),
        // Other clouds have their own at the same address.
        _ => Ok(Err(format!("{who} gave no token (status {})", answer.status))),
    }
}

/// Returns the token in an answer of the shape that RFC 6749 gives to token endpoints.
fn granted(value: &Value, now: Timestamp, from: &str) -> Option<Token> {
    let token = value.get("access_token")?.as_str()?;
    let lives = value.get("expires_in").and_then(Value::as_u64);
    Some(Token {
        secret: Secret::new(token),
        expires: lives.map(|lives| now + Duration::from_secs(lives)),
        from: from.to_owned(),
    })
}

#[cfg(test)]
mod tests;
