//! Cluster files, read as kubectl reads them.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use crashcart::model::surroundings::Surroundings;
use crashcart::provider::auth::kubeconfig::{Cluster, load};
use serde_json::Value;
use support::require;
use support::servers::find;

const FIRST: &str = "apiVersion: v1
kind: Config
clusters:
- {name: shared, cluster: {server: 'https://first.test:6443', certificate-authority: ca.crt}}
- {name: proxied, cluster: {server: 'https://proxied.test', proxy-url: 'http://proxy.test:3128', tls-server-name: k.internal}}
contexts:
- {name: a, context: {cluster: shared, user: token}}
- {name: open, context: {cluster: proxied, namespace: shop}}
- {name: broken, context: {cluster: gone, user: token}}
users:
- {name: token, user: {token: from-first}}
";

const SECOND: &str = "apiVersion: v1
kind: Config
current-context: b
clusters:
- name: shared
  cluster: {server: 'https://second.test'}
- name: second
  cluster: {server: 'https://10.0.0.1:6443', insecure-skip-tls-verify: true}
contexts:
- {name: a, context: {cluster: second, user: token}}
- {name: b, context: {cluster: second, user: basic, namespace: ops}}
- {name: c, context: {cluster: shared, user: certificate}}
users:
- {name: token, user: {token: from-second}}
- {name: basic, user: {username: admin, password: pw, as: viewer}}
- {name: certificate, user: {client-certificate: pki/client.crt, client-key: pki/client.key}}
";

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----";
const KEY: &str = "-----BEGIN PRIVATE KEY-----\nYg==\n-----END PRIVATE KEY-----";

/// What both say of a context, in the same words.
type Told = BTreeMap<&'static str, String>;

#[test]
fn every_context_means_what_kubectl_says_that_it_means() {
    let Some(kubectl) = find("kubectl") else { return require("kubectl", "kubectl is not installed") };
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("one/config", FIRST);
    write("one/ca.crt", CERTIFICATE);
    write("two/config", SECOND);
    write("two/pki/client.crt", CERTIFICATE);
    write("two/pki/client.key", KEY);
    write(".kube/config", &SECOND.replace('\n', "\r\n"));
    write(".kube/pki/client.crt", CERTIFICATE);
    write(".kube/pki/client.key", KEY);
    let folder = home.path().display().to_string();
    let lists =
        ["{}/one/config:{}/two/config", "{}/two/config:{}/one/config", "{}/absent::{}/two/config", "{}/one/config", ""];
    let mut known = 0;
    for list in lists.map(|list| list.replace("{}", &folder)) {
        for context in [None, Some("a"), Some("b"), Some("c"), Some("open"), Some("broken"), Some("gone")] {
            let ours = ours(home.path(), &list, context);
            let theirs = theirs(&kubectl, home.path(), &list, context);
            assert_eq!(ours, theirs, "KUBECONFIG={list}, context {context:?}");
            known += usize::from(theirs.is_some());
        }
    }
    // Or both might have agreed on nothing.
    assert_eq!(known, 20, "of 35");
}

fn ours(home: &Path, list: &str, context: Option<&str>) -> Option<Told> {
    let variables = [("KUBECONFIG".to_owned(), list.to_owned())].into();
    let surroundings = Surroundings { home: Some(home.to_owned()), variables };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let found: Cluster = runtime.block_on(load(&surroundings, None, context)).ok()?;
    let texts = [
        ("server", Some(found.server.as_str().trim_end_matches('/').to_owned())),
        ("namespace", Some(found.namespace)),
        ("authority", found.ca_pem.map(|pem| String::from_utf8(pem).unwrap())),
        ("insecure", found.insecure.then(|| "true".to_owned())),
        ("tls name", found.tls_server_name),
        ("proxy", found.proxy_url.map(|url| url.as_str().trim_end_matches('/').to_owned())),
        ("token", found.bearer.map(|token| token.expose().to_owned())),
        ("user", found.basic.as_ref().map(|(user, _)| user.clone())),
        ("password", found.basic.map(|(_, password)| password.expose().to_owned())),
        ("as", found.impersonate.first().map(|(_, user)| user.clone())),
        ("identity", found.client_identity_pem.map(|pem| pem.expose().trim().to_owned())),
    ];
    Some(texts.into_iter().filter_map(|(name, text)| Some((name, text?))).collect())
}

/// Nothing when kubectl knows no such context, or only a part of it.
fn theirs(kubectl: &Path, home: &Path, list: &str, context: Option<&str>) -> Option<Told> {
    let mut command = Command::new(kubectl);
    command.args(["config", "view", "--minify", "--raw", "--flatten", "-o", "json"]);
    command.args(context.iter().flat_map(|context| ["--context", context]));
    command.env_clear().env("HOME", home).env("KUBECONFIG", list).stderr(Stdio::null());
    let value: Value = serde_json::from_slice(&command.output().unwrap().stdout).ok()?;
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let data = |pointer: &str| {
        let bytes = base64::engine::general_purpose::STANDARD.decode(text(pointer)?).unwrap();
        Some(String::from_utf8(bytes).unwrap())
    };
    let is_insecure = value.pointer("/clusters/0/cluster/insecure-skip-tls-verify").and_then(Value::as_bool);
    let certificate = data("/users/0/user/client-certificate-data");
    let texts = [
        ("server", Some(text("/clusters/0/cluster/server")?)),
        ("namespace", Some(text("/contexts/0/context/namespace").unwrap_or_else(|| "default".to_owned()))),
        ("authority", data("/clusters/0/cluster/certificate-authority-data")),
        ("insecure", is_insecure.map(|_| "true".to_owned())),
        ("tls name", text("/clusters/0/cluster/tls-server-name")),
        ("proxy", text("/clusters/0/cluster/proxy-url")),
        ("token", text("/users/0/user/token")),
        ("user", text("/users/0/user/username")),
        ("password", text("/users/0/user/password")),
        ("as", text("/users/0/user/as")),
        ("identity", certificate.map(|pem| format!("{pem}\n{}", data("/users/0/user/client-key-data").unwrap()))),
    ];
    Some(texts.into_iter().filter_map(|(name, text)| Some((name, text?))).collect())
}
