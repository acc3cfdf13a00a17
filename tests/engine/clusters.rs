//! What a kubeconfig says about how to reach a cluster and who we are there is what the requests do.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crashcart::clock::Clock;
use crashcart::model::source::Source;
use crashcart::model::surroundings::Surroundings;
use crashcart::provider::run::FailureKind;

use crate::harness::*;
use crate::support::fault_server::{FaultServer, status};
use crate::support::tls::Authority;

const CLUSTER: &str = "auth = { kubeconfig = true }\n[alerts]\nget = \"/alerts\"\nmap = \"[.[]? | {id}]\"\n";

/// Returns a bench and a source whose kubeconfig holds these two.
fn bench(cluster: &str, user: &str) -> (Bench, Source) {
    let bench = Bench::with(&[("cluster", CLUSTER)], Clock::system(), Surroundings::default());
    let path = bench.folder.path().join("kubeconfig");
    let text = format!(
        "current-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n\
         clusters: [{{name: k, cluster: {cluster}}}]\nusers: [{{name: u, user: {user}}}]\n"
    );
    std::fs::write(&path, text).unwrap();
    let mut source = source("cluster", "");
    source.url = None;
    source.secrets.clear();
    source.params.insert("kubeconfig".to_owned(), path.to_str().unwrap().into());
    (bench, source)
}

#[tokio::test]
async fn we_are_who_the_kubeconfig_says_and_go_through_its_proxy() {
    let proxy = Replies::start(|_| reply(200, "Content-Type: application/json\r\n", "[{\"id\": \"1\"}]"));
    let cluster = format!("{{server: 'http://k.test', proxy-url: '{}'}}", proxy.url(""));
    let user = "{username: ann, password: s3cr3t, as: deployer, as-groups: [ops, dev]}";
    let (bench, source) = bench(&cluster, user);
    assert_eq!(alerts(bench.read(&source).await), 1);

    let requests = proxy.requests();
    let request = requests[0].to_lowercase();
    assert!(request.starts_with("get http://k.test/alerts http/1.1"), "{request}");
    for header in ["impersonate-user: deployer", "impersonate-group: ops", "impersonate-group: dev"] {
        assert!(request.contains(&format!("{header}\r\n")), "{header}: {request}");
    }
    let pair = STANDARD.encode("ann:s3cr3t");
    assert!(requests[0].contains(&format!("Basic {pair}\r\n")), "{request}");
}

#[tokio::test]
async fn the_certificate_must_have_the_name_that_the_kubeconfig_says() {
    let authority = Authority::named("cluster");
    let answer = status(200, "Content-Type: application/json\r\n", "[{\"id\": \"1\"}]");
    let server = FaultServer::start_tls(authority.issue(&["k.internal"], |_| {}).config(), answer);
    let pem = STANDARD.encode(authority.root_pem());
    let cluster =
        |more: &str| format!("{{server: 'https://{}', certificate-authority-data: {pem}{more}}}", server.address);

    let (named, there) = bench(&cluster(", tls-server-name: k.internal"), "{}");
    assert_eq!(alerts(named.read(&there).await), 1);

    for more in ["", ", tls-server-name: other.internal"] {
        let (bench, elsewhere) = bench(&cluster(more), "{}");
        assert_eq!(kind(bench.read(&elsewhere).await), FailureKind::Unreachable, "{more}");
    }
}
