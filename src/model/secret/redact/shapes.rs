//! What looks like a secret even to somebody who does not know it.
//!
//! Each row is a pattern; what its groups `before` and `behind` take stays. The sources are the vendors' own pages on
//! their token formats. A row must not match in plain prose: a log without its words is worth nothing at 2 AM.

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

use regex::{Regex, RegexSet};

/// The patterns.
const SHAPES: &[&str] = &[
    // A private key, to its end or to that of the text.
    r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
    // The header and whatever scheme it names, as HTTP, JSON, YAML and curl write it.
    r#"(?i)(?P<before>\b(?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token|bot|apikey|genieKey|digest|negotiate|oauth|aws4-hmac-sha256)\s+)?)[^\s"'][^\r\n"']*"#,
    // A scheme without the header: only with a digit in it, since "bearer authentication" is prose.
    r"(?i)(?P<before>\b(?:bearer|basic)\s+)[a-z._~+/=-]*[0-9][a-z0-9._~+/=-]{11,}",
    // Headers that carry nothing but a key.
    r#"(?i)(?P<before>\b(?:x-api-key|api-key|x-auth-token|x-auth-key|x-vault-token|private-token|job-token|deploy-token|dd-api-key|dd-application-key|x-rollbar-access-token|fastly-key|x-amz-security-token|x-figma-token|circle-token)["']?\s*[:=]\s*["']?)[^\s"',;]{6,}"#,
    // Parameters of URLs and forms.
    r#"(?i)(?P<before>[?&](?:access_token|refresh_token|id_token|auth_token|token|api[_-]?key|apikey|auth|secret|client_secret|password|passwd|pwd|sig|signature|x-amz-signature|x-amz-security-token|x-goog-signature)=)[^&\s"'<>#]+"#,
    // Assignments, as a shell, an .env file or a connection string has them.
    r#"(?i)(?P<before>\b[a-z0-9_.-]*(?:password|passwd|secret|api_?key|access_?key|private_?key|auth_?token|access_?token|api_?token)=)[^\s&;,"']{6,}"#,
    r#"(?i)(?P<before>\b[a-z0-9_.-]*(?:password|passwd|secret|api_?key|access_?key|private_?key|auth_?token|access_?token|api_?token)=")[^"]{6,}"#,
    r#"(?i)(?P<before>\b[a-z0-9_.-]*(?:password|passwd|secret|api_?key|access_?key|private_?key|auth_?token|access_?token|api_?token)=')[^']{6,}"#,
    // A password in a URL, which may hold an @ that somebody forgot to escape.
    r#"(?i)(?P<before>\b[a-z][a-z0-9+.-]*://[^\s/?\#:@"'<>]*:)[^\s/?\#"'<>]+(?P<behind>@)"#,
    // A long user without a password is a token.
    r#"(?i)(?P<before>\bhttps?://)[a-z0-9_-]{20,}(?P<behind>@)"#,
    // Addresses that are themselves the secret.
    r"(?P<before>\bhooks\.slack\.com/(?:services|workflows|triggers)/)[A-Za-z0-9/_-]+",
    r"(?P<before>\bdiscord(?:app)?\.com/api/webhooks/[0-9]+/)[A-Za-z0-9_-]+",
    r"(?P<before>\.webhook\.office\.com/webhookb2/)[^\s]+",
    // JSON Web Tokens.
    r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?",
    // GitHub, GitLab.
    r"\bgh[pousr]_[A-Za-z0-9]{16,}",
    r"\bgithub_pat_[A-Za-z0-9_]{20,}",
    r"\bgl(?:pat|dt|rt|cbt|ptt|ft|soat|agent)-[A-Za-z0-9_-]{16,}",
    // Fly.io: old tokens, and macaroons with more than one part.
    r"\b(?:fo1_|fm1[ar]_|fm2_)[A-Za-z0-9+/=_-]{6,}(?:,fm[12][ar]?_[A-Za-z0-9+/=_-]{6,})*",
    // Stripe, Render, Netlify, Heroku, DigitalOcean, Vercel.
    r"\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}",
    r"\bwhsec_[A-Za-z0-9+/=]{16,}",
    r"\brnd_[A-Za-z0-9]{16,}",
    r"\bnf[pcou]_[A-Za-z0-9]{20,}",
    r"\bHRKU-[A-Za-z0-9_-]{20,}",
    r"\bdo[opr]_v1_[0-9a-f]{32,}",
    r"\bvc[pikar]_[A-Za-z0-9]{20,}",
    // Slack, Telegram.
    r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}",
    r"\bxapp-[0-9]-[A-Za-z0-9-]{10,}",
    r"\b(?:bot)?[0-9]{8,10}:AA[A-Za-z0-9_-]{30,}",
    // Amazon, Google.
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    r"\bAIza[0-9A-Za-z_-]{35}",
    r"\bya29\.[0-9A-Za-z_-]{20,}",
    r"\bGOCSPX-[0-9A-Za-z_-]{20,}",
    // Sentry, Grafana, New Relic, Twilio SendGrid.
    r"\bsntry[su]_[A-Za-z0-9+/=_-]{16,}",
    r"\bgl(?:sa|c)_[A-Za-z0-9+/=_-]{20,}",
    r"\bNRAK-[A-Z0-9]{20,}",
    r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    // Registries, HashiCorp Vault, Tailscale, OpenAI and Anthropic, age.
    r"\bnpm_[A-Za-z0-9]{30,}",
    r"\bpypi-[A-Za-z0-9_-]{40,}",
    r"\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}",
    r"\bhv[bsr]\.[A-Za-z0-9_-]{20,}",
    r"\btskey-[a-z]+-[A-Za-z0-9-]{16,}",
    r"\bsk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{24,}",
    r"\bAGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{40,}",
];

struct Shapes {
    /// All of them at once: most texts match none.
    any: RegexSet,
    /// Each by itself, once a text has matched it. All of them would take ten milliseconds of a start.
    each: Vec<OnceLock<Regex>>,
}

static COMPILED: LazyLock<Shapes> = LazyLock::new(|| Shapes {
    any: RegexSet::new(SHAPES.iter().map(|pattern| ascii(pattern))).expect("the table is tested"),
    each: SHAPES.iter().map(|_| OnceLock::new()).collect(),
});

/// With the word boundary of all of Unicode the search would leave its fast lane at the first umlaut.
fn ascii(pattern: &str) -> String {
    pattern.replace(r"\b", r"(?-u:\b)")
}

/// Returns a text without what looks like a secret.
pub fn without(text: &str) -> Cow<'_, str> {
    let shapes = &*COMPILED;
    if !shapes.any.is_match(text) {
        return Cow::Borrowed(text);
    }
    let mut text = Cow::Borrowed(text);
    for index in shapes.any.matches(&text) {
        let shape = shapes.each[index].get_or_init(|| Regex::new(&ascii(SHAPES[index])).expect("the table is tested"));
        let replaced = shape.replace_all(&text, |found: &regex::Captures<'_>| {
            let group = |name| found.name(name).map_or("", |group| group.as_str());
            let (whole, before, behind) = (&found[0], group("before"), group("behind"));
            if names_one(&whole[before.len()..whole.len() - behind.len()]) {
                return whole.to_owned();
            }
            format!("{before}{}{behind}", super::REDACTED)
        });
        if let Cow::Owned(replaced) = replaced {
            text = Cow::Owned(replaced);
        }
    }
    text
}

/// Returns whether a text only says where a secret will be put in: the commands of runbooks have to stay readable.
fn names_one(text: &str) -> bool {
    let Some(name) = text.strip_prefix('$') else { return text.starts_with('<') && text.ends_with('>') };
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    // A password may begin with a dollar too: $ecret is none of these.
    name.starts_with(['{', '('])
        || ["token", "key", "secret", "password"].contains(&name)
        || (name.starts_with(|c: char| c.is_ascii_uppercase()) && name.chars().all(is_upper))
        || (name.contains('_') && name.chars().all(is_name))
}
