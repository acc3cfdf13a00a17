//! One request, with its variables filled in: what exactly goes out.

use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use super::{RunError, Values};
use crate::model::secret::{Redactor, Secret};
use crate::provider::definition::program::Program;
use crate::provider::definition::template::{Encoding, percent_encode};
use crate::provider::definition::{AnswerFormat, Auth, Body, Definition, Fields, Request, Target};

/// A program's words in messages, in characters.
const LONGEST_SUMMARY: usize = 80;

/// A request that is ready to go out. It may hold secrets: [`Plan::preview`] leaves them out.
#[derive(Clone, PartialEq)]
pub struct Plan {
    /// What it is for.
    pub name: String,
    pub call: Call,
    pub answer: AnswerFormat,
    pub accept: Vec<(u16, u16)>,
    /// "Not found" and "forbidden" are null.
    pub optional: bool,
    /// It goes out without credentials.
    pub anonymous: bool,
    pub timeout: Option<Duration>,
    /// Texts that are not shown.
    pub hidden: Vec<String>,
}

/// How it is asked.
#[derive(Clone, PartialEq)]
pub enum Call {
    Http {
        method: &'static str,
        url: String,
        headers: Vec<(String, String)>,
        body: Option<Vec<u8>>,
    },
    Run {
        argv: Vec<String>,
        input: Option<String>,
    },
    /// A mail through the server.
    Mail {
        server: String,
        mail: Mail,
    },
}

/// One mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub subject: String,
    pub text: String,
    /// Mails about the same thing carry the same; mail programs show them as one conversation.
    pub thread: Option<String>,
    pub user: Option<String>,
    pub password: Option<String>,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.preview())
    }
}

impl Plan {
    /// Returns method and address, or the program, without secrets and without the query: for messages.
    pub fn summary(&self) -> String {
        match &self.call {
            Call::Http { method, url, .. } => {
                let url = self.hide(url);
                let plain = url.split(['?', '#']).next().unwrap_or(&url);
                let plain = plain.strip_prefix("https://").unwrap_or(plain);
                format!("{method} {plain}")
            }
            Call::Mail { server, mail } => self.hide(&format!("mail to {} through {server}", mail.to.join(", "))),
            // A script is not what somebody wants to read in a message.
            Call::Run { argv, .. } if argv.len() > 2 && argv[0].ends_with("sh") && argv[1] == "-c" => {
                format!("{}, with {} -c …", self.name, argv[0])
            }
            Call::Run { argv, .. } => {
                let words = self.hide(&argv.join(" "));
                let line = words.lines().next().unwrap_or_default();
                if words.len() <= LONGEST_SUMMARY && line.len() == words.len() {
                    words
                } else {
                    line.chars().take(LONGEST_SUMMARY - 1).chain(['…']).collect()
                }
            }
        }
    }

    /// Returns everything that goes out, without secrets.
    pub fn preview(&self) -> String {
        let text = match &self.call {
            Call::Http { method, url, headers, body } => {
                let mut text = format!("{method} {url}\n");
                for (name, value) in headers {
                    text.push_str(&format!("{name}: {}\n", shown_header(name, value)));
                }
                if let Some(body) = body {
                    text.push('\n');
                    text.push_str(&String::from_utf8_lossy(body));
                    text.push('\n');
                }
                text
            }
            Call::Mail { server, mail } => {
                let Mail { from, to, subject, text, .. } = mail;
                format!("through {server}\nFrom: {from}\nTo: {}\nSubject: {subject}\n\n{text}\n", to.join(", "))
            }
            Call::Run { argv, input } => {
                let words: Vec<String> = argv.iter().map(|word| quoted(word)).collect();
                let input = input.as_ref().map(|input| format!("\n{input}\n")).unwrap_or_default();
                format!("{}{input}", words.join(" "))
            }
        };
        self.hidden(&text)
    }

    /// Returns a text without the secrets of this request, in whatever form it has them.
    pub fn hidden(&self, text: &str) -> String {
        let secrets: Vec<Secret> = self.hidden.iter().map(Secret::new).collect();
        Redactor::new(&secrets).redact(&self.hide(text)).into_owned()
    }

    /// The same for an address or a program, where a secret has two forms only. A request's summary is made each time.
    fn hide(&self, text: &str) -> String {
        let mut shown = text.to_owned();
        for secret in &self.hidden {
            if secret.len() >= 4 {
                shown = shown.replace(secret.as_str(), "[redacted]").replace(&percent_encode(secret), "[redacted]");
            }
        }
        shown
    }
}

/// Returns a header's value as it may be shown: of what shows who asks, the scheme only. Basic's base64 hides nothing.
fn shown_header(name: &str, value: &str) -> String {
    let name = name.to_ascii_lowercase();
    let hides =
        ["authorization", "cookie", "token", "secret", "api-key", "apikey", "password", "captain-auth", "private-key"];
    if !hides.iter().any(|word| name.contains(word)) {
        return value.to_owned();
    }
    match value.split_once(' ') {
        Some((scheme, _)) if name.contains("authorization") && scheme.len() < 30 => format!("{scheme} [redacted]"),
        _ => "[redacted]".to_owned(),
    }
}

/// Quotes a word for a shell: what is shown can be pasted, and what goes to another host stays one word.
pub fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=@%+,".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Fills in one request.
///
/// # Errors
/// When a variable has no value, a program fails, or the address is none.
pub fn prepare(definition: &Definition, request: &Request, values: &Values) -> Result<Plan, RunError> {
    let name = request.name.clone().unwrap_or_else(|| describe(request));
    let filler = Filler { name: &name, values };
    let call = match &request.target {
        Target::Mail(program) => {
            let server = base_url(definition, values, &filler)?;
            let parts = filler.program(program, "mail")?;
            Call::Mail { server, mail: mail_of(&parts) }
        }
        Target::Run(argv) => Call::Run {
            argv: argv.iter().map(|word| filler.template(word, Encoding::Plain)).collect::<Result<_, _>>()?,
            input: match &request.body {
                Body::Text(text) => Some(filler.template(text, Encoding::Plain)?),
                _ => None,
            },
        },
        Target::Http { method, path } => {
            let path = filler.template(path, Encoding::Url)?;
            let base = match &request.base {
                Some(base) => filler.template(base, Encoding::Url)?,
                None => base_url(definition, values, &filler)?,
            };
            let mut query = filler.fields(&request.query, "query")?;
            let mut headers = filler.fields(&definition.headers, "headers")?;
            if !request.anonymous {
                let (more_headers, more_query) = credentials(&definition.auth, &filler)?;
                headers.extend(more_headers);
                query.extend(more_query);
            }
            let (body, kind) = filler.body(&request.body)?;
            let own = filler.fields(&request.headers, "headers")?;
            // What the request itself says replaces what the system's every request says.
            headers.retain(|(name, _)| !own.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)));
            headers.extend(own);
            if let Some(kind) = request.content_type.as_deref().or(kind)
                && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
            {
                headers.push(("content-type".to_owned(), kind.to_owned()));
            }
            let url = address(&base, &path, &query)
                .ok_or_else(|| RunError::Address { request: name.clone(), url: format!("{base}{path}") })?;
            Call::Http { method, url, headers, body }
        }
    };
    Ok(Plan {
        call,
        answer: request.answer,
        accept: request.accept.clone(),
        optional: request.optional,
        anonymous: request.anonymous,
        timeout: request.timeout,
        hidden: values.secret_texts().map(str::to_owned).collect(),
        name,
    })
}

/// Reads the parts of a mail. What is missing is noticed where it is sent.
fn mail_of(parts: &Value) -> Mail {
    let text = |name: &str| parts.get(name).and_then(Value::as_str).map(str::to_owned);
    let to = parts.get("to").and_then(Value::as_array).into_iter().flatten();
    Mail {
        from: text("from").unwrap_or_default(),
        to: to.filter_map(Value::as_str).map(str::to_owned).collect(),
        subject: text("subject").unwrap_or_default(),
        text: text("text").unwrap_or_default(),
        thread: text("thread"),
        user: text("user"),
        password: text("password"),
    }
}

fn describe(request: &Request) -> String {
    match &request.target {
        Target::Http { method: "GET", .. } => "reading".to_owned(),
        Target::Http { method, .. } => format!("a {method} request"),
        Target::Run(_) => "running a program".to_owned(),
        Target::Mail(_) => "sending a mail".to_owned(),
    }
}

fn base_url(definition: &Definition, values: &Values, filler: &Filler<'_>) -> Result<String, RunError> {
    if let Some(base) = &values.base_url {
        return Ok(base.clone());
    }
    match &definition.base_url {
        Some(base) => filler.template(base, Encoding::Url),
        None => Err(RunError::NoBase { name: definition.title.clone() }),
    }
}

type Pairs = Vec<(String, String)>;

/// Returns the headers and the parts of the query that show who asks.
fn credentials(auth: &Auth, filler: &Filler<'_>) -> Result<(Pairs, Pairs), RunError> {
    let mut headers = Pairs::new();
    if auth.optional && !filler.has_any_secret(auth) {
        return Ok((headers, Pairs::new()));
    }
    if let Some(name) = &auth.bearer {
        let value = filler.values.get(name);
        let token = value.as_str().unwrap_or_default();
        if !token.is_empty() {
            headers.push(("authorization".to_owned(), format!("Bearer {token}")));
        }
    }
    if let Some((user, password)) = &auth.basic {
        use base64::Engine as _;
        // One of the two may be empty: Healthchecks' and Honeybadger's tokens are user names.
        let part = |template| {
            filler.template(template, Encoding::Plain).or_else(|error| match error {
                RunError::Template { .. } => Ok(String::new()),
                other => Err(other),
            })
        };
        let pair = format!("{}:{}", part(user)?, part(password)?);
        if pair != ":" {
            let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
            headers.push(("authorization".to_owned(), format!("Basic {encoded}")));
        }
    }
    headers.extend(filler.fields(&auth.headers, "auth.headers")?);
    Ok((headers, filler.fields(&auth.query, "auth.query")?))
}

/// Fills in templates and programs of one request.
struct Filler<'a> {
    name: &'a str,
    values: &'a Values,
}

impl Filler<'_> {
    fn has_any_secret(&self, auth: &Auth) -> bool {
        let named = |name: &str| {
            auth.bearer.as_deref() == Some(name)
                || auth.basic.as_ref().is_some_and(|(user, password)| user.uses(name) || password.uses(name))
                || auth.headers.uses(name)
                || auth.query.uses(name)
        };
        self.values.secrets.iter().any(|name| self.values.has(name) && named(name))
    }

    fn template(
        &self,
        template: &crate::provider::definition::template::Template,
        encoding: Encoding,
    ) -> Result<String, RunError> {
        template
            .render(encoding, |name| self.values.get(name))
            .map_err(|source| RunError::Template { request: self.name.to_owned(), source })
    }

    fn program(&self, program: &Program, what: &'static str) -> Result<Value, RunError> {
        program.first(&Value::Null, |name| self.values.get(name)).map_err(|source| RunError::Program {
            request: self.name.to_owned(),
            what,
            source,
        })
    }

    /// Returns names and values; a list gives its name several times.
    fn fields(&self, fields: &Fields, what: &'static str) -> Result<Pairs, RunError> {
        match fields {
            Fields::None => Ok(Pairs::new()),
            Fields::Table(table) => {
                table.iter().map(|(name, text)| Ok((name.clone(), self.template(text, Encoding::Plain)?))).collect()
            }
            Fields::Program(program) => {
                let value = self.program(program, what)?;
                let mut pairs = Pairs::new();
                for (name, value) in value.as_object().into_iter().flatten() {
                    match value {
                        Value::Null => {}
                        Value::Array(items) => pairs.extend(items.iter().map(|item| (name.clone(), plain(item)))),
                        other => pairs.push((name.clone(), plain(other))),
                    }
                }
                Ok(pairs)
            }
        }
    }

    /// Returns the body and its content type.
    fn body(&self, body: &Body) -> Result<(Option<Vec<u8>>, Option<&'static str>), RunError> {
        Ok(match body {
            Body::None => (None, None),
            Body::Json(program) => {
                (Some(self.program(program, "json")?.to_string().into_bytes()), Some("application/json"))
            }
            Body::Form(fields) => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(self.fields(fields, "form")?);
                (Some(form.finish().into_bytes()), Some("application/x-www-form-urlencoded"))
            }
            Body::Text(text) => {
                (Some(self.template(text, Encoding::Plain)?.into_bytes()), Some("text/plain; charset=utf-8"))
            }
            Body::GraphQl { document, variables } => {
                let variables = match variables {
                    Some(program) => self.program(program, "variables")?,
                    None => json!({}),
                };
                let body = json!({ "query": document, "variables": variables });
                (Some(body.to_string().into_bytes()), Some("application/json"))
            }
        })
    }
}

/// Writes a value into a header, a query or a form.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        // Whole numbers are written whole: 1764036849.0 is not what an API wants.
        Value::Number(number) => match number.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and fits")]
            Some(float) if number.as_i64().is_none() && float.fract() == 0.0 && float.abs() < 9e15 => {
                (float as i64).to_string()
            }
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

/// Joins base, path and query. A path that is a whole address stands alone.
fn address(base: &str, path: &str, query: &[(String, String)]) -> Option<String> {
    let whole = path.starts_with("https://")
        || path.starts_with("http://")
        || path.starts_with("wss://")
        || path.starts_with("ws://");
    let text = if whole {
        path.to_owned()
    } else if path.is_empty() || path.starts_with('?') {
        format!("{base}{path}")
    } else {
        format!("{}/{}", base.trim_end_matches('/'), path.trim_start_matches('/'))
    };
    let mut url = Url::parse(&text).ok()?;
    if !query.is_empty() {
        let mut encoded = url.query().map(str::to_owned).unwrap_or_default();
        for (name, value) in query {
            if !encoded.is_empty() {
                encoded.push('&');
            }
            encoded.push_str(&percent_encode(name).replace("%5B", "[").replace("%5D", "]"));
            encoded.push('=');
            encoded.push_str(&percent_encode(value));
        }
        url.set_query(Some(&encoded));
    }
    Some(url.to_string())
}

/// Returns the next page's address when it is at the same place as the answer: a token is for one place only.
pub fn same_origin(asked: &str, base: &str, next: &str) -> Option<String> {
    let asked = Url::parse(if asked.is_empty() { base } else { asked }).ok()?;
    let next = asked.join(next).ok()?;
    (next.origin() == asked.origin() && next.scheme() == asked.scheme()).then(|| next.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_path_and_query_are_joined() {
        let pairs = [("a[]".to_owned(), "x y&z".to_owned()), ("n".to_owned(), "1".to_owned())];
        assert_eq!(
            address("https://api.x/v1", "/y?limit=2", &pairs).unwrap(),
            "https://api.x/v1/y?limit=2&a[]=x%20y%26z&n=1"
        );
        assert_eq!(address("https://api.x/v1/", "", &[]).unwrap(), "https://api.x/v1/");
        assert_eq!(address("http://h", "https://other/z", &[]).unwrap(), "https://other/z");
        assert_eq!(address("not a url", "/y", &[]), None);
    }

    #[test]
    fn a_next_page_elsewhere_is_not_followed() {
        let next = |next: &str| same_origin("https://api.x/v1/items?page=1", "", next);
        assert_eq!(next("/v1/items?page=2"), Some("https://api.x/v1/items?page=2".into()));
        assert_eq!(next("https://api.x/v1/items?page=2"), Some("https://api.x/v1/items?page=2".into()));
        assert_eq!(next("https://evil.x/v1/items?page=2"), None);
        assert_eq!(next("http://api.x/v1/items?page=2"), None);
    }

    #[test]
    fn numbers_are_written_as_apis_want_them() {
        assert_eq!(plain(&json!(1_764_036_849.0)), "1764036849");
        assert_eq!(plain(&json!(1.5)), "1.5");
        assert_eq!(plain(&json!(true)), "true");
    }
}
