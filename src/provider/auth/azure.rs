//! Azure's access tokens, found where Azure's own libraries find them.
//!
//! ```text
//!   client secret -> workload identity -> managed identity (App Service, machine) -> az
//! ```
//!
//! The order and the variables are those of `DefaultAzureCredential`
//! (<https://learn.microsoft.com/azure/developer/go/sdk/authentication/credential-chains>).

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::command::{self, Run};
use super::error::AuthError;
use super::{Token, file, metadata, web};
use crate::model::secret::Secret;
use crate::model::surroundings::Surroundings;
use crate::model::time::Timestamp;
use crate::provider::definition::login::LoginFormat;

/// The scope of the resource manager.
pub const MANAGEMENT: &str = "https://management.azure.com/.default";

/// An old `az` states the end of a token in local time only. It hands out none that ends within five minutes.
const OF_OLD_AZ: Duration = Duration::from_secs(240);

/// What `az` works with unless it is told otherwise.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subscription {
    pub id: String,
    pub name: String,
    pub tenant: Option<String>,
}

/// Finds a token for a scope (usually [`MANAGEMENT`]).
pub async fn token(
    surroundings: &Surroundings,
    client: &reqwest::Client,
    scope: &str,
    now: Timestamp,
) -> Result<Token, AuthError> {
    let search = Search { surroundings, client, scope, now };
    let mut tried = Vec::new();
    match search.of_application().await? {
        Ok(token) => return Ok(token),
        Err(why) => tried.push(why),
    }
    match search.of_machine().await? {
        Ok(token) => return Ok(token),
        Err(why) => tried.push(why),
    }
    match search.of_az().await {
        Ok(token) => return Ok(token),
        Err(error) => tried.push(error.to_string()),
    }
    Err(AuthError::NotLoggedIn { what: "Azure".to_owned(), tried, login: Some("az login".to_owned()) })
}

/// Returns the subscription that is chosen in `az` (`az account set`), or nothing when there is none.
///
/// `azureProfile.json` begins with a byte order mark.
pub async fn subscription(surroundings: &Surroundings) -> Result<Option<Subscription>, AuthError> {
    let folder = surroundings.variable("AZURE_CONFIG_DIR").unwrap_or("~/.azure");
    let place = format!("{folder}/azureProfile.json");
    let Some(path) = surroundings.expand(&place) else { return Ok(None) };
    let Some(text) = file::read(&path).await? else { return Ok(None) };
    let profile = file::parse(&text, LoginFormat::Json, &place)?;
    let subscriptions = profile.get("subscriptions").and_then(Value::as_array);
    let is_default = |value: &&Value| value.get("isDefault").and_then(Value::as_bool) == Some(true);
    let Some(chosen) = subscriptions.and_then(|all| all.iter().find(is_default)) else { return Ok(None) };
    let text = |name: &str| chosen.get(name).and_then(Value::as_str).map(str::to_owned);
    let id = text("id").ok_or_else(|| AuthError::malformed(place, "its default subscription has no id"))?;
    Ok(Some(Subscription { name: text("name").unwrap_or_else(|| id.clone()), tenant: text("tenantId"), id }))
}

struct Search<'a> {
    surroundings: &'a Surroundings,
    client: &'a reqwest::Client,
    scope: &'a str,
    now: Timestamp,
}

impl Search<'_> {
    fn variable(&self, name: &str) -> Option<&str> {
        self.surroundings.variable(name)
    }

    /// What older endpoints want instead of a scope.
    fn resource(&self) -> &str {
        self.scope.strip_suffix("/.default").unwrap_or(self.scope)
    }

    /// <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>
    async fn of_application(&self) -> Result<Result<Token, String>, AuthError> {
        let (Some(tenant), Some(id)) = (self.variable("AZURE_TENANT_ID"), self.variable("AZURE_CLIENT_ID")) else {
            return Ok(Err("AZURE_TENANT_ID and AZURE_CLIENT_ID are not both set".to_owned()));
        };
        let (proof, from) = if let Some(secret) = self.variable("AZURE_CLIENT_SECRET") {
            (vec![("client_secret", secret.to_owned())], format!("client secret of application {id}"))
        } else if let Some(path) = self.variable("AZURE_FEDERATED_TOKEN_FILE") {
            let token = file::read_existing(path.as_ref()).await?.trim().to_owned();
            let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned();
            let proof = vec![("client_assertion_type", kind), ("client_assertion", token)];
            (proof, format!("workload identity of application {id}"))
        } else if self.variable("AZURE_CLIENT_CERTIFICATE_PATH").is_some() {
            return Ok(Err("a client certificate (AZURE_CLIENT_CERTIFICATE_PATH) is not supported".to_owned()));
        } else {
            return Ok(Err("neither AZURE_CLIENT_SECRET nor AZURE_FEDERATED_TOKEN_FILE is set".to_owned()));
        };
        let authority = self.variable("AZURE_AUTHORITY_HOST").unwrap_or("https://login.microsoftonline.com");
        let authority = if authority.contains("://") { authority.to_owned() } else { format!("https://{authority}") };
        let url = format!("{}/{tenant}/oauth2/v2.0/token", authority.trim_end_matches('/'));
        let mut form = vec![
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", id.to_owned()),
            ("scope", self.scope.to_owned()),
        ];
        form.extend(proof);
        let answer = web::send(self.client.post(url).form(&form), "Microsoft Entra").await?;
        let complaint = answer.complaint();
        if answer.is_success() {
            return self.take(&answer, &from).map(Ok);
        }
        // The numbers are explained in <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>.
        if complaint.contains("AADSTS7000222") {
            return Err(AuthError::Expired {
                what: format!("Azure (the secret of application {id})"),
                at: None,
                login: Some(format!("az ad app credential reset --id {id}, and set AZURE_CLIENT_SECRET")),
            });
        }
        let hint = match () {
            () if complaint.contains("AADSTS7000215") => "AZURE_CLIENT_SECRET is the secret's value, not its id",
            () if complaint.contains("AADSTS90002") => "is AZURE_TENANT_ID right?",
            () if complaint.contains("AADSTS700016") => "is AZURE_CLIENT_ID right, and of this tenant?",
            () if complaint.contains("AADSTS70021") => {
                "does a federated credential of the application match the token?"
            }
            () => "are the AZURE_ variables those of one application?",
        };
        Err(answer.refused(Some(hint)))
    }

    /// <https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference> and
    /// <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>
    async fn of_machine(&self) -> Result<Result<Token, String>, AuthError> {
        let who = "Azure's managed identity";
        let (name, base, version, header) = match (self.variable("IDENTITY_ENDPOINT"), self.variable("IDENTITY_HEADER"))
        {
            (Some(endpoint), Some(header)) => {
                ("IDENTITY_ENDPOINT", endpoint.to_owned(), "2019-08-01", ("X-IDENTITY-HEADER", header))
            }
            _ => {
                let host = self.variable("AZURE_POD_IDENTITY_AUTHORITY_HOST").unwrap_or("http://169.254.169.254");
                let base = format!("{}/metadata/identity/oauth2/token", host.trim_end_matches('/'));
                ("AZURE_POD_IDENTITY_AUTHORITY_HOST", base, "2018-02-01", ("Metadata", "true"))
            }
        };
        let mut url = Url::parse(&base).map_err(|_| AuthError::malformed(name, "it is no URL"))?;
        url.query_pairs_mut().append_pair("api-version", version).append_pair("resource", self.resource());
        if let Some(id) = self.variable("AZURE_CLIENT_ID") {
            url.query_pairs_mut().append_pair("client_id", id);
        }
        let answer = match metadata::ask("GET", &url, &[header], who).await {
            Ok(answer) => answer,
            Err(_) => return Ok(Err(format!("nobody answers as {who}"))),
        };
        // A machine may have no identity, and other clouds have something else at this address.
        if !answer.is_success() || answer.json().is_ok_and(|value| value.get("access_token").is_none()) {
            return Ok(Err(format!("{who} gave no token (status {})", answer.status)));
        }
        self.take(&answer, "managed identity").map(Ok)
    }

    /// <https://learn.microsoft.com/cli/azure/account#az-account-get-access-token>
    async fn of_az(&self) -> Result<Token, AuthError> {
        let argv =
            ["az", "account", "get-access-token", "--resource", self.resource(), "-o", "json"].map(str::to_owned);
        let run = Run {
            argv: &argv,
            variables: &[],
            directory: None,
            limit: command::SLOW_LIMIT,
            hint: Some("run az login"),
        };
        let printed = command::run(run, self.surroundings).await?;
        let value = file::parse(&printed, LoginFormat::Json, "what az prints")?;
        let token = value.get("accessToken").and_then(Value::as_str);
        let token = token.ok_or_else(|| AuthError::malformed("what az prints", "it holds no accessToken"))?;
        let expires = seconds(value.get("expires_on")).map_or(self.now + OF_OLD_AZ, Timestamp::from_secs);
        Ok(Token { secret: Secret::new(token), expires: Some(expires), from: "az".to_owned() })
    }

    fn take(&self, answer: &web::Answer, from: &str) -> Result<Token, AuthError> {
        let value = answer.json()?;
        let token = value.get("access_token").and_then(Value::as_str);
        let token = token.ok_or_else(|| AuthError::malformed(&answer.who, "the answer holds no token"))?;
        let lives = seconds(value.get("expires_in")).and_then(|lives| u64::try_from(lives).ok());
        let expires = seconds(value.get("expires_on")).map(Timestamp::from_secs);
        let expires = expires.or_else(|| lives.map(|lives| self.now + Duration::from_secs(lives)));
        Ok(Token { secret: Secret::new(token), expires, from: from.to_owned() })
    }
}

/// The newer endpoints write numbers, the older ones text.
fn seconds(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
