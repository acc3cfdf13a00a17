//! The kinds of credential files that Google's tools write, each exchanged for a token.
//!
//! The kinds are those of `google-auth` (<https://google.aip.dev/auth/4110>): `service_account`, `authorized_user`,
//! `impersonated_service_account`, `external_account`.

use serde_json::{Value, json};
use url::Url;

use super::{CLOUD_PLATFORM, granted, jwt};
use crate::model::secret::Secret;
use crate::model::surroundings::Surroundings;
use crate::model::time::Timestamp;
use crate::provider::auth::error::AuthError;
use crate::provider::auth::{Token, file, metadata, web};
use crate::provider::definition::login::LoginFormat;

const WHO: &str = "Google";

/// One exchange, with all that it needs.
pub struct Exchange<'a> {
    pub surroundings: &'a Surroundings,
    pub client: &'a reqwest::Client,
    pub now: Timestamp,
    /// The file, for errors and for the screen.
    pub place: &'a str,
}

impl Exchange<'_> {
    /// Returns the token that a file gives, whatever its kind.
    pub async fn token(&self, value: &Value, scopes: &[&str]) -> Result<Token, AuthError> {
        match self.text(value, "type")? {
            "impersonated_service_account" => {
                let source = value.get("source_credentials").unwrap_or(&Value::Null);
                let source = self.direct(source, &[CLOUD_PLATFORM]).await?;
                let url = self.text(value, "service_account_impersonation_url")?;
                self.impersonate(url, &source, value.get("delegates"), scopes).await
            }
            "external_account" => {
                let impersonated = value.get("service_account_impersonation_url").and_then(Value::as_str);
                let asked = if impersonated.is_some() { &[CLOUD_PLATFORM][..] } else { scopes };
                let source = self.external(value, asked).await?;
                match impersonated {
                    Some(url) => self.impersonate(url, &source, None, scopes).await,
                    None => Ok(source),
                }
            }
            _ => self.direct(value, scopes).await,
        }
    }

    /// The kinds that others build on.
    async fn direct(&self, value: &Value, scopes: &[&str]) -> Result<Token, AuthError> {
        match self.text(value, "type")? {
            "service_account" => self.service_account(value, scopes).await,
            "authorized_user" => self.authorized_user(value).await,
            kind => Err(AuthError::Unsupported {
                what: format!("the kind {kind:?} of credentials in {}", self.place),
                instead: "use a service account's key, or run gcloud auth application-default login".to_owned(),
            }),
        }
    }

    async fn service_account(&self, value: &Value, scopes: &[&str]) -> Result<Token, AuthError> {
        let account = self.text(value, "client_email")?;
        let malformed = || AuthError::malformed(self.place, "its private_key is not an RSA key in PEM");
        let key = jwt::key(self.text(value, "private_key")?).ok_or_else(malformed)?;
        let key_id = value.get("private_key_id").and_then(Value::as_str);
        let url = self.token_url(value);
        let assertion = jwt::assertion(&key, key_id, account, scopes, &url, self.now).ok_or_else(malformed)?;
        let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &assertion)];
        let answer = web::send(self.client.post(&url).form(&form), WHO).await?;
        if !answer.is_success() {
            let is_time = answer.complaint().contains("iat");
            let hint = format!("is the key still valid? gcloud iam service-accounts keys list --iam-account {account}");
            return Err(answer.refused(Some(if is_time { "is the clock of this machine right?" } else { &hint })));
        }
        self.take(&answer, &format!("service account {account}"))
    }

    async fn authorized_user(&self, value: &Value) -> Result<Token, AuthError> {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", self.text(value, "client_id")?),
            ("client_secret", self.text(value, "client_secret")?),
            ("refresh_token", self.text(value, "refresh_token")?),
        ];
        let answer = web::send(self.client.post(self.token_url(value)).form(&form), WHO).await?;
        match answer.code().as_deref() {
            _ if answer.is_success() => self.take(&answer, "gcloud's application default credentials"),
            // Revoked, unused for half a year, or the organisation wants the password again.
            Some("invalid_grant") => Err(AuthError::Expired {
                what: format!("Google in {}", self.place),
                at: None,
                login: Some("gcloud auth application-default login".to_owned()),
            }),
            _ => Err(answer.refused(None)),
        }
    }

    /// <https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken>
    async fn impersonate(
        &self,
        url: &str,
        source: &Token,
        delegates: Option<&Value>,
        scopes: &[&str],
    ) -> Result<Token, AuthError> {
        let account = url.rsplit('/').next().unwrap_or_default().split(':').next().unwrap_or_default();
        let body = json!({ "scope": scopes, "lifetime": "3600s", "delegates": delegates.unwrap_or(&json!([])) });
        let request = self.client.post(url).bearer_auth(source.secret.expose());
        let request = request.header("Content-Type", "application/json").body(body.to_string());
        let answer = web::send(request, WHO).await?;
        if !answer.is_success() {
            let hint = format!("have you the role Service Account Token Creator on {account}?");
            return Err(answer.refused(Some(&hint)));
        }
        let value = answer.json()?;
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let token = text("accessToken").ok_or_else(|| AuthError::malformed(WHO, "the answer holds no token"))?;
        let expires = text("expireTime").and_then(Timestamp::parse_rfc3339);
        Ok(Token { secret: Secret::new(token), expires, from: format!("service account {account} (impersonated)") })
    }

    /// Workload identity federation (<https://google.aip.dev/auth/4117>), where the token that vouches for us lies in a
    /// file or behind a URL.
    async fn external(&self, value: &Value, scopes: &[&str]) -> Result<Token, AuthError> {
        let source = value.get("credential_source").unwrap_or(&Value::Null);
        let subject = match (source.get("file").and_then(Value::as_str), source.get("url").and_then(Value::as_str)) {
            (Some(path), _) => {
                let path = self.surroundings.expand(path).unwrap_or_else(|| path.into());
                file::read_existing(&path).await?
            }
            (None, Some(url)) if source.get("environment_id").is_none() => self.subject_from(url, source).await?,
            _ => {
                return Err(AuthError::Unsupported {
                    what: format!("the credential_source in {}, which is neither a file nor a URL,", self.place),
                    instead: "let gcloud do it: gcloud auth login --cred-file FILE".to_owned(),
                });
            }
        };
        let subject = match source.pointer("/format/subject_token_field_name").and_then(Value::as_str) {
            Some(field) => {
                let place = "the token that vouches for us";
                let value = file::parse(&subject, LoginFormat::Json, place)?;
                let token = value.get(field).and_then(Value::as_str);
                token.ok_or_else(|| AuthError::malformed(place, format!("it has no {field}")))?.to_owned()
            }
            None => subject.trim().to_owned(),
        };
        let scope = scopes.join(" ");
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("audience", self.text(value, "audience")?),
            ("scope", &scope),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
            ("subject_token_type", self.text(value, "subject_token_type")?),
            ("subject_token", &subject),
        ];
        let answer = web::send(self.client.post(self.text(value, "token_url")?).form(&form), WHO).await?;
        if !answer.is_success() {
            return Err(answer.refused(Some("does the pool trust the token, and is it fresh?")));
        }
        self.take(&answer, "workload identity")
    }

    async fn subject_from(&self, url: &str, source: &Value) -> Result<zeroize::Zeroizing<String>, AuthError> {
        let who = "the source of the token that vouches for us";
        let url = Url::parse(url).map_err(|_| AuthError::malformed(self.place, "its credential_source is no URL"))?;
        let headers = source.get("headers").and_then(Value::as_object).into_iter().flatten();
        let headers: Vec<(&str, &str)> =
            headers.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))).collect();
        let answer = if url.scheme() == "http" {
            metadata::ask("GET", &url, &headers, who).await?
        } else {
            let request =
                headers.iter().fold(self.client.get(url), |request, (name, value)| request.header(*name, *value));
            web::send(request, who).await?
        };
        if answer.is_success() { Ok(answer.body) } else { Err(answer.refused(None)) }
    }

    fn take(&self, answer: &web::Answer, from: &str) -> Result<Token, AuthError> {
        let malformed = || AuthError::malformed(WHO, "the answer holds no token");
        granted(&answer.json()?, self.now, from).ok_or_else(malformed)
    }

    /// The file's own, or gcloud's setting `auth/token_host`, or Google's.
    fn token_url(&self, value: &Value) -> String {
        let of_file = value.get("token_uri").and_then(Value::as_str);
        let of_gcloud = self.surroundings.variable("CLOUDSDK_AUTH_TOKEN_HOST");
        of_file.or(of_gcloud).unwrap_or("https://oauth2.googleapis.com/token").to_owned()
    }

    fn text<'a>(&self, value: &'a Value, name: &str) -> Result<&'a str, AuthError> {
        let text = value.get(name).and_then(Value::as_str);
        text.ok_or_else(|| AuthError::malformed(self.place, format!("it has no {name}")))
    }
}
