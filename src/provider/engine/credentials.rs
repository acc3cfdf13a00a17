//! Who asks: secrets and logins into variables, tokens of the big clouds, clusters, signatures.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use url::Url;

use super::link::Link;
use super::{Engine, failure_of};
use crate::clock::Clock;
use crate::model::secret::Secret;
use crate::model::source::Source;
use crate::model::text::Line;
use crate::provider::auth::aws::{self, AwsCredentials};
use crate::provider::auth::cache::Cache;
use crate::provider::auth::kubeconfig::{self, Cluster};
use crate::provider::auth::login::{self, Found};
use crate::provider::auth::sigv4::{SigningRequest, sign};
use crate::provider::auth::{AuthError, Token, azure, google};
use crate::provider::definition::template::Encoding;
use crate::provider::definition::{ACCESS_TOKEN, Definition, Exchange, Scheme, SecretSlot};
use crate::provider::run::{Failure, FailureKind, Sequence, Values, seconds};
use crate::provider::transport::tls::Trust;

/// How long an exchanged token holds when nobody says.
const TOKEN_HOLDS: Duration = Duration::from_secs(3_600);

/// Credentials that cost something to get.
pub struct Caches {
    pub tokens: Cache<Token>,
    pub aws: Cache<AwsCredentials>,
    pub clusters: Cache<Cluster>,
    pub logins: Cache<Found>,
}

impl Caches {
    /// Makes empty caches.
    pub fn new(clock: &Clock) -> Self {
        Self {
            tokens: Cache::new(clock.clone()),
            aws: Cache::new(clock.clone()),
            clusters: Cache::new(clock.clone()),
            logins: Cache::new(clock.clone()),
        }
    }
}

/// What was used for a request, so that it can be forgotten when it was refused.
#[derive(Clone, Debug, Default)]
pub struct Used {
    pub token: Option<(String, Token)>,
    pub logins: Vec<(String, Found)>,
    pub cluster: Option<(String, Cluster)>,
    pub aws: Option<(String, AwsCredentials)>,
}

impl Used {
    /// Returns whether asking again may bring another credential.
    pub fn may_be_renewed(&self) -> bool {
        self.token.is_some() || self.cluster.is_some() || self.aws.is_some() || !self.logins.is_empty()
    }
}

impl Engine {
    /// Returns everything that requests to a source may need.
    pub(super) async fn values(
        &self,
        definition: &Definition,
        link: &Link,
        source: &Source,
        params: &BTreeMap<String, Value>,
        used: &mut Used,
    ) -> Result<Values, Failure> {
        let mut values = Values::default();
        let filled = self.fill(definition, link, source, params, &mut values, used).await;
        filled.map_err(|failure| values.without_secrets(failure))?;
        Ok(values)
    }

    async fn fill(
        &self,
        definition: &Definition,
        link: &Link,
        source: &Source,
        params: &BTreeMap<String, Value>,
        values: &mut Values,
        used: &mut Used,
    ) -> Result<(), Failure> {
        values.base_url = source.url.clone().filter(|url| !url.starts_with("ssh://"));
        // What only answers bring, addresses among it, is not taken from a configuration: credentials would go there.
        for (name, value) in source.params.iter().chain(params).filter(|(name, _)| !definition.is_bound(name)) {
            values.set(name.clone(), value.clone());
        }
        for slot in &definition.secrets {
            if let Some(secret) = self.secret(definition, slot, source, used).await? {
                if slot.is_url {
                    values.set_secret_url(secret.expose());
                }
                values.set_secret(slot.name.clone(), secret.expose());
            }
        }
        if link.is_socket() {
            // The socket takes the place of name and port; an API behind it still wants a host.
            values.base_url = Some("http://localhost".to_owned());
        }
        if let Some(scheme) = &definition.auth.scheme {
            self.scheme(definition, link, source, scheme, values, used).await?;
        }
        Ok(())
    }

    async fn secret(
        &self,
        definition: &Definition,
        slot: &SecretSlot,
        source: &Source,
        used: &mut Used,
    ) -> Result<Option<Secret>, Failure> {
        let failed = |message: String| Failure {
            kind: FailureKind::NoCredential,
            request: String::new(),
            message: Line::from_text(&message),
        };
        if let Some(place) = source.secrets.get(&slot.name) {
            let secret = self.secrets.get(place).await;
            return secret
                .map(Some)
                .map_err(|no| failed(format!("{} of {}: {}; {}", slot.name, source.id, no.why, no.hint)));
        }
        if !slot.login.is_empty() {
            let name = format!("{}/{}", definition.name, slot.name);
            let find = || async {
                let found = login::find(&slot.login, &self.surroundings).await?;
                found.ok_or_else(|| AuthError::NotLoggedIn {
                    what: definition.title.clone(),
                    tried: login::describe(&slot.login),
                    login: None,
                })
            };
            match self.caches.logins.get(&name, find).await {
                Ok(found) => {
                    self.secrets.learn(&found.secret);
                    used.logins.push((name, found.clone()));
                    return Ok(Some(found.secret));
                }
                Err(AuthError::NotLoggedIn { .. }) if slot.optional || definition.auth.optional => return Ok(None),
                Err(error @ AuthError::NotLoggedIn { .. }) => {
                    let write =
                        format!("write {} = {{ keyring = \"{}\" }} into [sources.{}]", slot.name, source.id, source.id);
                    return Err(failed(format!("{error}; {write}, or log in with the vendor's own tool")));
                }
                Err(error) => return Err(refused(&error)),
            }
        }
        if slot.optional || definition.auth.optional {
            return Ok(None);
        }
        Err(failed(format!("{} needs `{}`: {}", definition.title, slot.name, slot.help)))
    }

    async fn scheme(
        &self,
        definition: &Definition,
        link: &Link,
        source: &Source,
        scheme: &Scheme,
        values: &mut Values,
        used: &mut Used,
    ) -> Result<(), Failure> {
        let text = |name: &str| source.params.get(name).and_then(Value::as_str).map(str::to_owned);
        let now = self.clock.now();
        match scheme {
            Scheme::SigV4 { .. } => {
                if !values.has("region")
                    && let Some(region) = aws::region(&self.surroundings, text("profile").as_deref())
                        .await
                        .map_err(|error| refused(&error))?
                {
                    values.set("region", region);
                }
                let profile = values.get("profile");
                let profile = profile.as_str();
                let client = link.http().map_err(misconfigured)?;
                let get = || aws::credentials(&self.surroundings, profile, client.client(), now);
                let name = profile.unwrap_or_default();
                // Whoever signs with them says why there are none.
                used.aws = self.caches.aws.get(name, get).await.ok().map(|found| (name.to_owned(), found));
            }
            Scheme::Kubeconfig => {
                let (file, context) = (text("kubeconfig"), text("context"));
                let name = format!("{file:?} {context:?}");
                let path = file.as_deref().and_then(|file| self.surroundings.expand(file));
                let load = || kubeconfig::load(&self.surroundings, path.as_deref(), context.as_deref());
                let cluster = self.caches.clusters.get(&name, load).await.map_err(|error| refused(&error))?;
                let trust = Trust {
                    ca_pem: cluster.ca_pem.clone(),
                    identity_pem: cluster.client_identity_pem.clone(),
                    insecure: cluster.insecure || source.insecure,
                    server_name: cluster.tls_server_name.clone(),
                    proxy: cluster.proxy_url.clone(),
                };
                link.http_with(Some(trust)).map_err(misconfigured)?;
                if source.url.is_none() {
                    values.base_url = Some(cluster.server.to_string());
                }
                if !values.has("namespace") {
                    values.set("namespace", cluster.namespace.clone());
                }
                if let Some(bearer) = &cluster.bearer {
                    self.secrets.learn(bearer);
                    values.set_secret(ACCESS_TOKEN, bearer.expose());
                }
                if let Some((user, password)) = &cluster.basic {
                    self.secrets.learn(password);
                    let pair = STANDARD.encode(format!("{user}:{}", password.expose()));
                    values.headers.push(("authorization".to_owned(), format!("Basic {pair}")));
                }
                values.headers.extend(cluster.impersonate.iter().cloned());
                used.cluster = Some((name, cluster));
            }
            Scheme::Google { scopes } => {
                let client = link.http().map_err(misconfigured)?;
                let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
                let file = text("credentials_file").and_then(|file| self.surroundings.expand(&file));
                let name = format!("google {file:?} {}", scopes.join(" "));
                let get = || async {
                    match &file {
                        Some(path) => {
                            google::token_from_file(path, &self.surroundings, client.client(), &scopes, now).await
                        }
                        None => google::token(&self.surroundings, client.client(), &scopes, now).await,
                    }
                };
                let token = self.caches.tokens.get(&name, get).await.map_err(|error| refused(&error))?;
                self.take_token(name, token, values, used);
            }
            Scheme::Azure { scope } => {
                let client = link.http().map_err(misconfigured)?;
                let name = format!("azure {scope}");
                let get = || azure::token(&self.surroundings, client.client(), scope, now);
                let token = self.caches.tokens.get(&name, get).await.map_err(|error| refused(&error))?;
                self.take_token(name, token, values, used);
            }
            Scheme::Exchange(exchange) => {
                let name = format!("exchange {} {:?}", source.id, values.base_url);
                let trade = || self.trade(definition, link, exchange, values.clone());
                let token = self.caches.tokens.get(&name, trade).await.map_err(|error| refused(&error))?;
                self.take_token(name, token, values, used);
            }
        }
        Ok(())
    }

    fn take_token(&self, name: String, token: Token, values: &mut Values, used: &mut Used) {
        self.secrets.learn(&token.secret);
        values.set_secret(ACCESS_TOKEN, token.secret.expose());
        used.token = Some((name, token));
    }

    /// Trades a secret for a token.
    async fn trade(
        &self,
        definition: &Definition,
        link: &Link,
        exchange: &Exchange,
        mut values: Values,
    ) -> Result<Token, AuthError> {
        let what = format!("the token exchange of {}", definition.title);
        let refused = |why: String| AuthError::Refused { who: what.clone(), said: Line::from_text(&why), hint: None };
        values.set("now", seconds(self.clock.now()));
        values.complete(definition, |name| exchange.request.uses(name)).map_err(|error| refused(error.to_string()))?;
        // Its own request shows no token: there is none yet.
        let mut request = exchange.request.clone();
        request.anonymous = true;
        let requests = [request];
        let mut sequence = Sequence::new(definition, &requests);
        let mut last = crate::provider::run::Answer::default();
        while let Some(plan) = sequence.next_plan(&mut values).map_err(|error| refused(error.to_string()))? {
            last = self
                .asked(definition, link, &plan, &values, true)
                .await
                .map_err(|failure| refused(failure.to_string()))?;
            sequence.answer(&last, &mut values).map_err(|error| refused(failure_of(error).to_string()))?;
        }
        let body = sequence.last_body();
        let variable = |name: &str| last.variable(name).unwrap_or_else(|| values.get(name));
        let token = exchange.token.first(&body, variable).map_err(|error| refused(error.to_string()))?;
        let token =
            token.as_str().filter(|token| !token.is_empty()).ok_or_else(|| refused("it gave no token".to_owned()))?;
        let holds = exchange.expires_in.as_ref().and_then(|program| program.first(&body, variable).ok()?.as_f64());
        let holds =
            holds.filter(|holds| holds.is_finite() && *holds > 0.0).map_or(TOKEN_HOLDS, Duration::from_secs_f64);
        Ok(Token { secret: Secret::new(token), expires: Some(self.clock.now() + holds), from: what.clone() })
    }

    /// Returns a request's headers with what its login adds, and with the signature that AWS wants, where it does.
    #[expect(clippy::too_many_arguments, reason = "a request's parts, and what signs them")]
    pub(super) async fn signed(
        &self,
        definition: &Definition,
        link: &Link,
        method: &str,
        url: &str,
        headers: &[(String, String)],
        body: Option<&[u8]>,
        values: &Values,
    ) -> Result<Vec<(String, String)>, Failure> {
        let mut headers = [headers, &values.headers].concat();
        if let Some(Scheme::SigV4 { service, region }) = &definition.auth.scheme {
            let profile = values.get("profile");
            let profile = profile.as_str();
            let region = region.render(Encoding::Plain, |name| values.get(name)).map_err(|_| {
                misconfigured(
                    "`region` is missing: write region = \"eu-central-1\" into the source, or set AWS_REGION"
                        .to_owned(),
                )
            })?;
            let client = link.http().map_err(misconfigured)?;
            let now = self.clock.now();
            let get = || aws::credentials(&self.surroundings, profile, client.client(), now);
            let credentials =
                self.caches.aws.get(profile.unwrap_or_default(), get).await.map_err(|error| refused(&error))?;
            self.secrets.learn(&credentials.secret);
            let parse = |url: &str| Url::parse(url).map_err(|error| misconfigured(error.to_string()));
            let (asked, sent) = (parse(url)?, parse(&self.endpoint(definition, url))?);
            let own =
                definition.base_url.as_ref().and_then(|base| base.render(Encoding::Url, |name| values.get(name)).ok());
            let own = own.and_then(|own| Url::parse(&own).ok());
            let service = match service_of(&asked) {
                Some(other) if own.as_ref().and_then(Url::host_str) != asked.host_str() => other,
                _ => service,
            };
            let request = SigningRequest { method, url: &sent, headers: &headers, body: body.unwrap_or_default() };
            let signature = sign(&request, &credentials, &region, service, now);
            headers.retain(|(name, _)| !signature.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)));
            headers.extend(signature);
        }
        Ok(headers)
    }

    /// Returns where a request really goes. Whoever sets `AWS_ENDPOINT_URL` wants all of AWS at that one address
    /// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>).
    pub(super) fn endpoint<'u>(&self, definition: &Definition, url: &'u str) -> Cow<'u, str> {
        let elsewhere = || {
            let endpoint = Url::parse(self.surroundings.variable("AWS_ENDPOINT_URL")?).ok()?;
            let asked = Url::parse(url).ok()?;
            service_of(&asked)?;
            let query = asked.query().map(|query| format!("?{query}")).unwrap_or_default();
            Some(format!("{}{}{query}", endpoint.as_str().trim_end_matches('/'), asked.path()))
        };
        let signs = matches!(definition.auth.scheme, Some(Scheme::SigV4 { .. }));
        signs.then(elsewhere).flatten().map_or(Cow::Borrowed(url), Cow::Owned)
    }

    /// Forgets what a system has refused.
    pub(super) async fn forget(&self, used: &Used) {
        if let Some((name, token)) = &used.token {
            self.caches.tokens.forget(name, token).await;
        }
        for (name, found) in &used.logins {
            self.caches.logins.forget(name, found).await;
        }
        if let Some((name, cluster)) = &used.cluster {
            self.caches.clusters.forget(name, cluster).await;
        }
        if let Some((name, credentials)) = &used.aws {
            self.caches.aws.forget(name, credentials).await;
        }
    }
}

/// Returns the service to which a host of AWS belongs: `logs` for `logs.eu-central-1.amazonaws.com`.
pub fn service_of(url: &Url) -> Option<&str> {
    let host = url.host_str()?;
    let inside = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
    inside.split('.').next()
}

fn refused(error: &AuthError) -> Failure {
    let kind = match error {
        AuthError::Timeout { .. } => FailureKind::TimedOut,
        AuthError::Expired { .. } | AuthError::Refused { .. } => FailureKind::Unauthorised,
        _ => FailureKind::NoCredential,
    };
    let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    Failure { kind, request: String::new(), message: Line::from_text(&format!("{error}{hint}")) }
}

pub(super) fn misconfigured(message: String) -> Failure {
    Failure { kind: FailureKind::Misconfigured, request: String::new(), message: Line::from_text(&message) }
}
