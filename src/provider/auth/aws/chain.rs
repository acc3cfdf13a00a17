//! The order of the places, and how one profile leans on another.
//!
//! ```text
//!   environment -> role of the profile -> web identity -> profile (SSO, login, keys, process) -> container -> machine
//! ```

use serde_json::Value;

use super::profile::{self, Profiles, Section};
use super::sts::Role;
use super::{AwsCredentials, Names, from_json, machine, profile_variable, region_variable, sso, sts};
use crate::model::secret::Secret;
use crate::model::surroundings::Surroundings;
use crate::model::time::Timestamp;
use crate::provider::auth::command::{self, Run};
use crate::provider::auth::error::AuthError;
use crate::provider::auth::file;
use crate::provider::definition::login::LoginFormat;

/// One search for credentials.
pub struct Chain<'a> {
    pub surroundings: &'a Surroundings,
    pub client: &'a reqwest::Client,
    pub now: Timestamp,
    pub profiles: Profiles,
}

impl Chain<'_> {
    /// Looks at one place after the other.
    pub async fn find(&self, named: Option<&str>) -> Result<AwsCredentials, AuthError> {
        if named.is_none()
            && let Some(found) = self.environment()?
        {
            return Ok(found);
        }
        let wanted = named.or(profile_variable(self.surroundings));
        let name = wanted.unwrap_or("default");
        let section = self.profiles.profiles.get(name);
        if section.is_none() && wanted.is_some() {
            return Err(self.unknown_profile(name));
        }
        let mut tried = Vec::new();
        if named.is_none() {
            tried.push("AWS_ACCESS_KEY_ID is not set".to_owned());
            if section.is_none_or(|section| !section.contains_key("role_arn"))
                && let Some(found) = self.web_identity_of_environment().await?
            {
                return Ok(found);
            }
        }
        match section {
            None => tried.push(format!("there is no profile default in {}", self.profiles.place)),
            Some(section) => match self.profile(name, section, &[]).await? {
                Some(found) => return Ok(found),
                None => tried.push(format!("profile {name} has no credentials")),
            },
        }
        if let Some(found) = machine::container(self).await? {
            return Ok(found);
        }
        tried.push("this is no container with a role".to_owned());
        match machine::instance(self).await? {
            Ok(found) => return Ok(found),
            Err(why) => tried.push(why),
        }
        let login =
            if wanted.is_some() { format!("aws configure --profile {name}") } else { "aws configure".to_owned() };
        Err(AuthError::NotLoggedIn { what: "AWS".to_owned(), tried, login: Some(format!("{login}, or aws sso login")) })
    }

    fn environment(&self) -> Result<Option<AwsCredentials>, AuthError> {
        let variable = |name: &str| self.surroundings.variable(name);
        let (id, secret) = match (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")) {
            (Some(id), Some(secret)) => (id, secret),
            (None, None) => return Ok(None),
            (None, _) => {
                return Err(AuthError::malformed("the environment", "AWS_ACCESS_KEY_ID is not set, its secret is"));
            }
            (_, None) => {
                return Err(AuthError::malformed("the environment", "AWS_SECRET_ACCESS_KEY is not set, its id is"));
            }
        };
        let expires = variable("AWS_CREDENTIAL_EXPIRATION").and_then(Timestamp::parse_rfc3339);
        if let Some(at) = expires.filter(|expires| *expires <= self.now) {
            return Err(AuthError::Expired { what: "AWS in the environment".to_owned(), at: Some(at), login: None });
        }
        Ok(Some(AwsCredentials {
            access_key_id: id.to_owned(),
            secret: Secret::new(secret),
            session_token: variable("AWS_SESSION_TOKEN").map(Secret::new),
            expires,
            from: "environment".to_owned(),
        }))
    }

    async fn web_identity_of_environment(&self) -> Result<Option<AwsCredentials>, AuthError> {
        let variable = |name: &str| self.surroundings.variable(name);
        let (Some(path), Some(arn)) = (variable("AWS_WEB_IDENTITY_TOKEN_FILE"), variable("AWS_ROLE_ARN")) else {
            return Ok(None);
        };
        let role = Role { arn, session_name: variable("AWS_ROLE_SESSION_NAME"), ..Role::default() };
        self.web_identity(path, &role, None).await.map(Some)
    }

    async fn web_identity(
        &self,
        path: &str,
        role: &Role<'_>,
        section: Option<&Section>,
    ) -> Result<AwsCredentials, AuthError> {
        let file = self.surroundings.expand(path).unwrap_or_else(|| path.into());
        let token = Secret::new(file::read_existing(&file).await?.trim());
        let from = format!("web identity, {}", role_name(role.arn));
        sts::assume_with_token(self, role, &token, &self.region_of(section), from).await
    }

    /// Returns the credentials of a profile, or nothing when it names none. `above` are the profiles that lead here.
    fn profile<'b>(
        &'b self,
        name: &'b str,
        section: &'b Section,
        above: &'b [&'b str],
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Option<AwsCredentials>, AuthError>> + Send + 'b>> {
        Box::pin(async move {
            let get = |name: &str| section.get(name).map(String::as_str).filter(|value| !value.is_empty());
            // Keys of a profile that a role leans on are what is leant on, even if it has a role as well.
            if !above.is_empty()
                && let Some(found) = self.keys(name, section)?
            {
                return Ok(Some(found));
            }
            if let Some(arn) = get("role_arn") {
                let role = Role {
                    arn,
                    session_name: get("role_session_name"),
                    external_id: get("external_id"),
                    duration_seconds: get("duration_seconds"),
                };
                if let Some(path) = get("web_identity_token_file") {
                    return self.web_identity(path, &role, Some(section)).await.map(Some);
                }
                return self.role(name, section, &role, above).await.map(Some);
            }
            if get("sso_account_id").is_some() || get("sso_role_name").is_some() {
                return sso::credentials(self, name, section).await.map(Some);
            }
            if let Some(session) = get("login_session") {
                return sso::console_login(self, name, session).await.map(Some);
            }
            if let Some(found) = self.keys(name, section)? {
                return Ok(Some(found));
            }
            match get("credential_process") {
                Some(line) => self.process(name, line).await.map(Some),
                None => Ok(None),
            }
        })
    }

    async fn role(
        &self,
        name: &str,
        section: &Section,
        role: &Role<'_>,
        above: &[&str],
    ) -> Result<AwsCredentials, AuthError> {
        let place = format!("profile {name}");
        let from = format!("{place} (role {})", role_name(role.arn));
        if section.contains_key("mfa_serial") {
            // The command line remembers a role that was assumed with a code; nobody can type one here.
            let remembered = sso::by_command_line(self, name, &from).await;
            let hint = format!("aws sts get-caller-identity --profile {name}");
            return remembered.unwrap_or_else(|| Err(sso::expired(name, None, &hint)));
        }
        let source = match (section.get("source_profile"), section.get("credential_source").map(String::as_str)) {
            (Some(source), None) => {
                let Some(section) = self.profiles.profiles.get(source) else {
                    return Err(self.unknown_profile(source));
                };
                let path = [above, &[name]].concat();
                if path.contains(&source.as_str()) && (source != name || self.keys(name, section)?.is_none()) {
                    let path = format!("{} -> {source}", path.join(" -> "));
                    return Err(AuthError::malformed(
                        place,
                        format!("its source_profile leads back to itself ({path})"),
                    ));
                }
                self.profile(source, section, &path).await?
            }
            (None, Some("Environment")) => self.environment()?,
            (None, Some("EcsContainer")) => machine::container(self).await?,
            (None, Some("Ec2InstanceMetadata")) => machine::instance(self).await?.ok(),
            (None, Some(_)) => {
                return Err(AuthError::malformed(place, "its credential_source is not one that AWS knows"));
            }
            (Some(_), Some(_)) => {
                return Err(AuthError::malformed(place, "it has both a source_profile and a credential_source"));
            }
            (None, None) => {
                return Err(AuthError::malformed(place, "its role_arn needs a source_profile or a credential_source"));
            }
        };
        let source = source
            .ok_or_else(|| self.not_logged_in(name, "what its role leans on has no credentials", "aws configure"))?;
        sts::assume(self, role, &source, &self.region_of(Some(section)), from).await
    }

    fn keys(&self, name: &str, section: &Section) -> Result<Option<AwsCredentials>, AuthError> {
        match (section.get("aws_access_key_id"), section.get("aws_secret_access_key")) {
            (Some(id), Some(secret)) => Ok(Some(AwsCredentials {
                access_key_id: id.clone(),
                secret: Secret::new(secret.as_str()),
                session_token: section.get("aws_session_token").map(|token| Secret::new(token.as_str())),
                expires: None,
                from: format!("profile {name}"),
            })),
            (None, None) => Ok(None),
            _ => Err(AuthError::malformed(format!("profile {name}"), "it has one half of an access key")),
        }
    }

    /// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html>
    async fn process(&self, name: &str, line: &str) -> Result<AwsCredentials, AuthError> {
        let argv = profile::words(line).ok_or_else(|| {
            AuthError::malformed(format!("profile {name}"), "its credential_process has an open quote")
        })?;
        let run = Run { argv: &argv, variables: &[], directory: None, limit: command::SLOW_LIMIT, hint: None };
        let printed = command::run(run, self.surroundings).await?;
        let place = format!("what the credential_process of profile {name} prints");
        let value = file::parse(&printed, LoginFormat::Json, &place)?;
        if value.get("Version").and_then(Value::as_u64) != Some(1) {
            return Err(AuthError::malformed(place, "its Version is not 1"));
        }
        from_json(&value, &Names::PROCESS, &place, format!("profile {name} (credential_process)"))
    }

    fn region_of(&self, section: Option<&Section>) -> String {
        let of_section = section.and_then(|section| section.get("region")).map(String::as_str);
        region_variable(self.surroundings).or(of_section).unwrap_or("us-east-1").to_owned()
    }

    fn unknown_profile(&self, name: &str) -> AuthError {
        AuthError::Unknown {
            kind: "profile",
            name: name.to_owned(),
            place: self.profiles.place.clone(),
            known: self.profiles.profiles.keys().cloned().collect(),
        }
    }

    /// Returns the error that somebody has to log in, for one profile.
    pub fn not_logged_in(&self, profile: &str, why: &str, login: &str) -> AuthError {
        let what = format!("AWS profile {profile}");
        AuthError::NotLoggedIn { what, tried: vec![why.to_owned()], login: Some(login.to_owned()) }
    }
}

/// The part of a role's full name that people know.
fn role_name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
