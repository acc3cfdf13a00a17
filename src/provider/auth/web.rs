//! Questions to token endpoints: short, small, and never with a secret in what is said about them.

use std::time::Duration;

use serde_json::Value;
use zeroize::Zeroizing;

use super::error::AuthError;
use crate::model::text::Line;

/// A token endpoint that takes longer is down.
pub const LIMIT: Duration = Duration::from_secs(10);
/// A token is 2 KB, and one with hundreds of groups in it 50 KB.
const BODY: usize = 1024 * 1024;

/// What a server answered.
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Zeroizing<String>,
    /// Who answered, for errors.
    pub who: String,
}

impl Answer {
    /// Makes an answer of bytes.
    pub fn new(who: &str, status: u16, body: &[u8]) -> Result<Self, AuthError> {
        let text = std::str::from_utf8(body).map_err(|_| AuthError::malformed(who, "the answer is not UTF-8 text"))?;
        Ok(Self { status, body: Zeroizing::new(text.to_owned()), who: who.to_owned() })
    }

    /// Returns whether the status is one of success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Parses the body.
    pub fn json(&self) -> Result<Value, AuthError> {
        serde_json::from_str(&self.body)
            .map_err(|_| AuthError::malformed(&self.who, format!("the answer (status {}) is not JSON", self.status)))
    }

    /// Returns the error that this answer is.
    pub fn refused(&self, hint: Option<&str>) -> AuthError {
        let said = Line::from_text(&format!("{} (status {})", self.complaint(), self.status));
        AuthError::Refused { who: self.who.clone(), said, hint: hint.map(str::to_owned) }
    }

    /// Returns what the server says is wrong, in whichever form it says it.
    pub fn complaint(&self) -> String {
        let json: Value = serde_json::from_str(&self.body).unwrap_or_default();
        let pointers = [
            "/error_description",
            "/error/message",
            "/message",
            "/Message",
            "/errorMessage",
            "/error",
            "/Code",
            "/code",
        ];
        let from_json = pointers.iter().find_map(|pointer| json.pointer(pointer)?.as_str());
        let tag = |name: &str| {
            let (_, after) = self.body.split_once(&format!("<{name}>"))?;
            Some(after.split_once("</")?.0)
        };
        let text =
            from_json.or_else(|| tag("Message")).or_else(|| self.body.lines().find(|line| !line.trim().is_empty()));
        // Azure explains itself with a trace and a time in further lines.
        let first = text.unwrap_or("it said nothing").lines().next().unwrap_or_default();
        first.trim().chars().take(300).collect()
    }

    /// Returns the machine's word for what is wrong: `invalid_grant`, `AccessDenied`.
    pub fn code(&self) -> Option<String> {
        let json: Value = serde_json::from_str(&self.body).unwrap_or_default();
        ["/error", "/code", "/Code", "/error/status"]
            .iter()
            .find_map(|pointer| json.pointer(pointer)?.as_str().map(str::to_owned))
    }
}

/// Sends a request and reads the whole answer, whatever its status.
pub async fn send(request: reqwest::RequestBuilder, who: &str) -> Result<Answer, AuthError> {
    let asked = async {
        let mut answer = request.send().await?;
        let (status, mut body) = (answer.status().as_u16(), Zeroizing::new(Vec::with_capacity(8 * 1024)));
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > BODY {
                return Ok::<_, reqwest::Error>(Err(AuthError::malformed(who, "the answer is larger than 1 MiB")));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer::new(who, status, &body))
    };
    match tokio::time::timeout(LIMIT, asked).await {
        Err(_) => Err(timeout(who)),
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) if error.is_timeout() => Err(timeout(who)),
        Ok(Err(error)) => Err(unreachable(who, error)),
    }
}

fn timeout(who: &str) -> AuthError {
    AuthError::Timeout { what: who.to_owned(), limit: LIMIT, hint: Some("can this machine reach it?".to_owned()) }
}

fn unreachable(who: &str, error: reqwest::Error) -> AuthError {
    // The URL may hold a secret in its query; the last cause is the one that says why.
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    AuthError::io(format!("cannot reach {who}"), std::io::Error::other(cause.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::auth::testing::{Server, client};

    #[test]
    fn a_complaint_is_found_in_whichever_form_a_vendor_writes_it() {
        for (body, says) in [
            (
                "{\"error\":\"invalid_grant\",\"error_description\":\"Token has been revoked.\"}",
                "Token has been revoked.",
            ),
            ("{\"error\":{\"code\":403,\"message\":\"Permission denied\"}}", "Permission denied"),
            ("{\"message\":\"Session token not found\"}", "Session token not found"),
            ("{\"error\":\"x\"}", "x"),
            (
                "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid secret.\\r\\nTrace ID: 1\"}",
                "AADSTS7000215: Invalid secret.",
            ),
            (
                "<ErrorResponse>\n<Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>",
                "not you",
            ),
            ("\n plain text \n", "plain text"),
            ("", "it said nothing"),
        ] {
            let answer = Answer::new("the vendor", 400, body.as_bytes()).unwrap();
            assert_eq!(answer.refused(None).to_string(), format!("the vendor refused: {says} (status 400)"), "{body}");
        }
        let evil = Answer::new("x", 400, b"{\"message\":\"\\u001b[2Jgone\"}").unwrap();
        assert!(!evil.refused(None).to_string().contains('\u{1b}'));
    }

    #[tokio::test]
    async fn an_endless_answer_and_a_dead_server_are_errors_without_the_url() {
        let server = Server::start(|_| (200, "x".repeat(2 << 20)));
        let ask = |url: &str| client().get(format!("{url}/?secret=s3cret"));
        let error = send(ask(&server.url), "it").await.err().unwrap();
        assert_eq!(error.to_string(), "it: the answer is larger than 1 MiB");
        let error = send(ask("http://127.0.0.1:1"), "it").await.err().unwrap();
        let shown = format!("{error} {error:?} {:?}", error.hint());
        assert!(shown.contains("cannot reach it") && shown.contains("refused") && !shown.contains("s3cret"), "{shown}");
    }
}
