//! The security token service: a role is assumed with other credentials, or with a token of somebody who vouches.
//!
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html> and `API_AssumeRoleWithWebIdentity.html`.

use quick_xml::Reader;
use quick_xml::events::Event;
use url::Url;

use super::{AwsCredentials, Chain, endpoint};
use crate::model::secret::Secret;
use crate::model::time::Timestamp;
use crate::provider::auth::error::AuthError;
use crate::provider::auth::sigv4::{SigningRequest, sign};
use crate::provider::auth::web;

const VERSION: &str = "2011-06-15";

/// What the audit log of the account shows as the name of our sessions.
pub const SESSION_NAME: &str = "crashcart";

/// A role to assume.
#[derive(Clone, Default)]
pub struct Role<'a> {
    pub arn: &'a str,
    pub session_name: Option<&'a str>,
    pub external_id: Option<&'a str>,
    pub duration_seconds: Option<&'a str>,
}

/// Assumes a role with credentials that may.
pub async fn assume(
    chain: &Chain<'_>,
    role: &Role<'_>,
    source: &AwsCredentials,
    region: &str,
    from: String,
) -> Result<AwsCredentials, AuthError> {
    let parameters = [
        ("Action", Some("AssumeRole")),
        ("Version", Some(VERSION)),
        ("RoleArn", Some(role.arn)),
        ("RoleSessionName", Some(role.session_name.unwrap_or(SESSION_NAME))),
        ("ExternalId", role.external_id),
        ("DurationSeconds", role.duration_seconds),
    ];
    ask(chain, &parameters, Some(source), region, from).await
}

/// Assumes a role with a token of an identity provider that the account trusts. This needs no credentials.
pub async fn assume_with_token(
    chain: &Chain<'_>,
    role: &Role<'_>,
    token: &Secret,
    region: &str,
    from: String,
) -> Result<AwsCredentials, AuthError> {
    let parameters = [
        ("Action", Some("AssumeRoleWithWebIdentity")),
        ("Version", Some(VERSION)),
        ("RoleArn", Some(role.arn)),
        ("RoleSessionName", Some(role.session_name.unwrap_or(SESSION_NAME))),
        ("WebIdentityToken", Some(token.expose())),
    ];
    ask(chain, &parameters, None, region, from).await
}

async fn ask(
    chain: &Chain<'_>,
    parameters: &[(&str, Option<&str>)],
    source: Option<&AwsCredentials>,
    region: &str,
    from: String,
) -> Result<AwsCredentials, AuthError> {
    let who = "AWS STS";
    let url = endpoint(chain.surroundings, "STS", "sts", region)?;
    let given = parameters.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
    let mut headers = vec![("Content-Type".to_owned(), "application/x-www-form-urlencoded; charset=utf-8".to_owned())];
    if let Some(source) = source {
        let request = SigningRequest { method: "POST", url: &url, headers: &headers, body: body.as_bytes() };
        headers.extend(sign(&request, source, region, "sts", chain.now));
    }
    let mut request = chain.client.post(Url::clone(&url)).body(body);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let answer = web::send(request, who).await?;
    if !answer.is_success() {
        return Err(answer.refused(None));
    }
    let [id, secret, token, expires] =
        texts(&answer.body, ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"]);
    match (id, secret, token) {
        (Some(id), Some(secret), Some(token)) => Ok(AwsCredentials {
            access_key_id: id,
            secret: Secret::new(secret),
            session_token: Some(Secret::new(token)),
            expires: expires.as_deref().and_then(Timestamp::parse_rfc3339),
            from,
        }),
        _ => Err(AuthError::malformed(who, "the answer holds no credentials")),
    }
}

/// Returns the text of the first element of each name.
fn texts<const N: usize>(xml: &str, names: [&str; N]) -> [Option<String>; N] {
    let mut found = [const { None }; N];
    let mut reader = Reader::from_str(xml);
    // What is not XML has none of them.
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(start) => {
                let wanted = names.iter().position(|name| start.local_name().as_ref() == *name);
                if let Some(index) = wanted.filter(|index| found[*index].is_none()) {
                    found[index] = reader.read_text(start.name()).ok().and_then(|text| {
                        let text = text.trim();
                        quick_xml::escape::unescape(text).ok().map(|text| text.into_owned())
                    });
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_name_wherever_they_stand() {
        let xml = "<?xml version=\"1.0\"?><R xmlns=\"x\"><C><AccessKeyId>ASIA</AccessKeyId>\n<SessionToken> a&amp;b\n</SessionToken></C><AccessKeyId>2</AccessKeyId></R>";
        assert_eq!(
            texts(xml, ["AccessKeyId", "SessionToken", "Expiration"]),
            [Some("ASIA".to_owned()), Some("a&b".to_owned()), None]
        );
        assert_eq!(texts("not <xml", ["A"]), [None]);
    }
}
