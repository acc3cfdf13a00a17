//! Every way to a system: names, addresses, certificates, sockets, proxies, programs, ssh.

use std::collections::BTreeMap;
use std::os::unix::net::UnixListener;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crashcart::model::source::Source;
use crashcart::model::surroundings::Surroundings;
use crashcart::provider::run::FailureKind;

use crate::harness::*;
use crate::support::fault_server::{FaultServer, Step, closed_port, say, status};
use crate::support::require;
use crate::support::tls::{Authority, Identity};

#[tokio::test]
async fn a_certificate_is_accepted_when_its_authority_is_named_and_otherwise_it_is_said_why_not() {
    let bench = Bench::new(&[]);
    let (ours, other) = (Authority::named("Ours"), Authority::named("Other"));
    let file = |name: &str, authority: &Authority| {
        let path = bench.folder.path().join(name);
        std::fs::write(&path, authority.root_pem()).unwrap();
        Some(path)
    };
    let (ours_pem, other_pem) = (file("ours.pem", &ours), file("other.pem", &other));
    let start =
        |identity: Identity| FaultServer::start_tls(identity.config(), status(200, "Connection: close\r\n", "[]"));
    let names = ["localhost", "127.0.0.1"];
    let server = start(ours.issue(&names, |_| {}));
    let at = |ca: &Option<std::path::PathBuf>, server: &FaultServer| Source {
        ca: ca.clone(),
        ..source("plain", server.url(""))
    };
    assert_eq!(alerts(bench.read(&at(&ours_pem, &server)).await), 0);
    assert_eq!(alerts(bench.read(&Source { insecure: true, ..at(&None, &server) }).await), 0);
    let unknown =
        "unreachable: its certificate is from an authority that is not known here; name that with ca = \"FILE\"";
    for ca in [&None, &other_pem] {
        let said = bench.trouble(&at(ca, &server)).await;
        assert!(said.starts_with(unknown), "{said}");
    }
    let expired = start(ours.issue(&names, |params| params.not_after = rcgen::date_time_ymd(2025, 1, 1)));
    let said = bench.trouble(&at(&ours_pem, &expired)).await;
    assert!(said.starts_with("unreachable: its certificate has expired"), "{said}");
    let misnamed = start(ours.issue(&["other.test"], |_| {}));
    let said = bench.trouble(&at(&ours_pem, &misnamed)).await;
    assert!(said.starts_with("unreachable: its certificate is for another name"), "{said}");
    let missing = Some(bench.folder.path().join("missing.pem"));
    let said = bench.read(&at(&missing, &server)).await.expect_err("there is no file").to_string();
    assert!(
        said.starts_with("not configured right: the certificate authority ") && said.contains("cannot be read"),
        "{said}"
    );
}

#[tokio::test]
async fn a_server_that_wants_to_know_who_asks_gets_the_clusters_certificate() {
    let cluster = "auth = { kubeconfig = true }\n[params.kubeconfig]\nhelp = \"file\"\noptional = true\n[params.context]\nhelp = \"context\"\noptional = true\n[alerts]\nget = \"/alerts\"\nmap = \"[.[]? | {id}]\"\n";
    let bench = Bench::new(&[("cluster", cluster)]);
    let authority = Authority::named("Cluster");
    let config = authority.issue(&["127.0.0.1"], |_| {}).config_for_clients_of(&authority);
    let server = FaultServer::start_tls(config, status(200, "Connection: close\r\n", "[]"));
    let ca = bench.folder.path().join("ca.pem");
    std::fs::write(&ca, authority.root_pem()).unwrap();
    let said = bench.trouble(&Source { ca: Some(ca), ..source("plain", server.url("")) }).await;
    assert!(said.starts_with("unreachable: it wants a client certificate"), "{said}");
    let (certificate, key) = authority.issue(&["kim"], |_| {}).pems();
    let [ca, certificate, key] = [authority.root_pem(), certificate, key].map(|pem| STANDARD.encode(pem));
    let file = bench.folder.path().join("kubeconfig");
    let text = format!(
        "current-context: c\ncontexts: [{{name: c, context: {{cluster: c, user: u}}}}]\nclusters: [{{name: c, cluster: {{server: \"{}\", certificate-authority-data: {ca}}}}}]\nusers: [{{name: u, user: {{client-certificate-data: {certificate}, client-key-data: {key}}}}}]\n",
        server.url("")
    );
    std::fs::write(&file, text).unwrap();
    let params = BTreeMap::from([("kubeconfig".to_owned(), file.display().to_string().into())]);
    let known = Source { url: None, secrets: BTreeMap::new(), params, ..source("cluster", "") };
    assert_eq!(alerts(bench.read(&known).await), 0);
}

#[tokio::test]
async fn a_server_with_an_address_of_the_newer_kind_only_is_asked() {
    let bench = Bench::new(&[]);
    let Some(server) = Replies::at("[::1]:0", |_| reply(200, "", "[]")) else {
        return require("ipv6", "this machine has no IPv6");
    };
    assert_eq!(alerts(bench.read(&source("plain", server.url(""))).await), 0);
}

#[tokio::test]
async fn a_socket_that_is_missing_refuses_or_hangs_is_said_to() {
    let bench = Bench::new(&[]);
    let path = |name: &str| bench.folder.path().join(name);
    let at = |provider: &str, name: &str| source(provider, format!("unix://{}", path(name).display()));
    let said = bench.trouble(&at("plain", "missing.sock")).await;
    assert!(said.starts_with("unreachable: there is no such socket: /"), "{said}");
    assert!(said.contains("missing.sock"), "{said}");
    drop(UnixListener::bind(path("refuses.sock")).unwrap());
    let said = bench.trouble(&at("plain", "refuses.sock")).await;
    assert!(said.starts_with("unreachable: the connection is refused"), "{said}");
    let _hangs = UnixListener::bind(path("hangs.sock")).unwrap();
    let said = bench.trouble(&at("quick", "hangs.sock")).await;
    assert!(said.starts_with("no answer in time: nothing complete within 0.7 s"), "{said}");
}

#[tokio::test]
async fn a_program_that_hangs_floods_fails_or_is_missing_is_said_to() {
    let run = |argv: &str, more: &str| format!("[alerts]\nrun = {argv}\n{more}map = \"[]\"\n");
    let definitions = [
        ("hangs", run("[\"sleep\", \"1000\"]", "timeout = \"300ms\"\n")),
        ("floods", run("[\"yes\"]", "")),
        ("complains", run("[\"sh\", \"-c\", \"yes >&2\"]", "")),
        ("fails", run("[\"sh\", \"-c\", \"echo half; echo no such app >&2; exit 3\"]", "name = \"list apps\"\n")),
        ("missing", run("[\"nosuchtool\", \"ps\"]", "")),
        ("folder", run("[\"/\"]", "")),
    ];
    let list: Vec<(&str, &str)> = definitions.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let bench = Bench::new(&list);
    for (name, expected) in [
        ("hangs", "no answer in time: still running after 0.3 s, and ended (sleep 1000)"),
        ("floods", "the answer cannot be read: it prints more than 16 MiB (yes)"),
        ("complains", "the answer cannot be read: it prints more than 16 MiB (running a program, with sh -c …)"),
        ("fails", "refused: no such app (exit code 3) (list apps, with sh -c …)"),
        ("missing", "unreachable: nosuchtool is not installed here, or not in PATH (nosuchtool ps)"),
        ("folder", "unreachable: / may not be run by this user (/)"),
    ] {
        assert_eq!(bench.trouble(&source(name, "")).await, expected);
    }
}

#[tokio::test]
async fn a_host_that_ssh_does_not_reach_is_unreachable() {
    if Command::new("ssh").arg("-V").output().is_err() {
        return require("sshd", "there is no ssh");
    }
    let definitions = [("remote", "[alerts]\nrun = [\"docker\", \"ps\"]\nmap = \"[]\"\n")];
    let variables = BTreeMap::from([("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned())]);
    let surroundings = Surroundings { variables, ..Surroundings::default() };
    let bench = Bench::with(&definitions, crashcart::clock::Clock::system(), surroundings);
    let source = source("remote", format!("ssh://127.0.0.1:{}", closed_port().port()));
    let failure = bench.read(&source).await.expect_err("nobody listens");
    assert_eq!(failure.kind, FailureKind::Unreachable);
    let said = sentence(&failure);
    assert!(said.contains("ssh: ") && said.contains("refused") && said.ends_with("(docker ps)"), "{said}");
}

#[test]
fn a_proxy_of_the_environment_is_used_and_what_it_refuses_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let providers = folder.path().join("crashcart/providers");
    std::fs::create_dir_all(&providers).unwrap();
    let text = "[provider]\nname = \"proxied\"\ntitle = \"Proxied\"\nkind = \"monitoring\"\n[alerts]\nget = \"/alerts\"\nmap = \"[.[] | {id}]\"\n";
    std::fs::write(providers.join("proxied.toml"), text).unwrap();
    let ask = |url: &str, proxy: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_crashcart"))
            .args(["providers", "try", "proxied", "alerts", "--url", url])
            .env_clear()
            .envs([("HTTP_PROXY", proxy), ("HTTPS_PROXY", proxy)])
            .env("XDG_CONFIG_HOME", folder.path())
            .env("HOME", folder.path())
            .current_dir(folder.path())
            .output()
            .unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let proxy = Replies::start(|_| reply(200, "", "[{\"id\": \"1\"}]"));
    let said = ask("http://shop.invalid", &proxy.url(""));
    assert!(said.contains("1 found"), "{said}");
    assert!(proxy.requests()[0].starts_with("GET http://shop.invalid/alerts HTTP/1.1"), "{:?}", proxy.requests());
    for (script, expected) in [
        (status(407, "", ""), "unreachable: the proxy wants a user and a password"),
        (status(403, "", ""), "unreachable: the proxy does not let it through"),
        (vec![say(""), Step::Reset], "unreachable: the connection was cut"),
    ] {
        let proxy = FaultServer::start(script);
        let said = ask("https://shop.invalid", &proxy.url(""));
        assert!(said.contains(expected), "{said}");
    }
}
