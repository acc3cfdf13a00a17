//! Files in the shapes that kind, k3s, minikube and the clouds write, plugins that are shell scripts, a pod that is a folder.

use super::*;
use crate::provider::auth::testing::Place;

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMIIBkTCB\n-----END CERTIFICATE-----\n";
const KEY: &str = "-----BEGIN EC PRIVATE KEY-----\ns3cret\n-----END EC PRIVATE KEY-----\n";

async fn find(place: &Place, context: Option<&str>) -> Result<Cluster, AuthError> {
    let found = load_from(&place.surroundings(), None, context, &place.home().join("pod")).await;
    let shown = match &found {
        Ok(cluster) => format!("{cluster:?}"),
        Err(error) => format!("{error} {error:?} {:?}", error.hint()),
    };
    assert!(!shown.contains("s3cret"), "{shown}");
    found
}

async fn finds(place: &Place, context: Option<&str>) -> Cluster {
    find(place, context).await.unwrap_or_else(|error| panic!("{error}: {error:?}"))
}

async fn fails(place: &Place, context: Option<&str>, says: &str, hints: &str) {
    let error = find(place, context).await.unwrap_err();
    let hint = error.hint().unwrap_or_default().into_owned();
    assert!(error.to_string().contains(says) && hint.contains(hints), "{error} / {hint}");
}

/// A file with one context `c`; the user is given as YAML in braces.
fn config(user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: k, cluster: {{server: 'https://k.test:6443'}}}}]\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\nusers: [{{name: u, user: {user}}}]\n"
    )
}

fn with_user(user: &str) -> Place {
    Place::new().file(".kube/config", &config(user))
}

fn identity_of(cluster: &Cluster) -> &str {
    cluster.client_identity_pem.as_ref().unwrap().expose()
}

#[tokio::test]
async fn kind_and_k3s_keep_everything_within_the_file() {
    let (certificate, key) = (STANDARD.encode(CERTIFICATE), STANDARD.encode(KEY));
    let kind = format!(
        "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: {certificate}\n    server: https://127.0.0.1:41233\n  name: kind-kind\ncontexts:\n- context:\n    cluster: kind-kind\n    user: kind-kind\n  name: kind-kind\ncurrent-context: kind-kind\nkind: Config\npreferences: {{}}\nusers:\n- name: kind-kind\n  user:\n    client-certificate-data: {certificate}\n    client-key-data: {key}"
    );
    let cluster = finds(&Place::new().file(".kube/config", &kind), None).await;
    assert_eq!(cluster.server.as_str(), "https://127.0.0.1:41233/");
    assert_eq!(cluster.ca_pem.as_deref(), Some(CERTIFICATE.as_bytes()));
    assert_eq!(identity_of(&cluster), format!("{CERTIFICATE}{KEY}"));
    assert_eq!(
        (cluster.namespace.as_str(), cluster.context.as_str(), cluster.user.as_str()),
        ("default", "kind-kind", "kind-kind")
    );
    assert!(cluster.bearer.is_none() && cluster.basic.is_none() && !cluster.insecure && cluster.expires.is_none());

    // k3s names everything `default`; here with Windows line ends and a byte order mark, as an editor may leave it.
    let k3s = kind.replace("kind-kind", "default").replace('\n', "\r\n");
    let place = Place::new().file("k3s.yaml", &format!("\u{feff}{k3s}")).variable("KUBECONFIG", "~/k3s.yaml");
    assert_eq!(identity_of(&finds(&place, Some("default")).await), format!("{CERTIFICATE}{KEY}"));
}

#[tokio::test]
async fn minikube_points_at_files_beside_its_own() {
    let text = "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority: ../.minikube/ca.crt\n    extensions:\n    - extension:\n        provider: minikube.sigs.k8s.io\n      name: cluster_info\n    server: https://192.168.49.2:8443\n  name: minikube\ncontexts:\n- context:\n    cluster: minikube\n    namespace: shop\n    user: minikube\n  name: minikube\ncurrent-context: minikube\nusers:\n- name: minikube\n  user:\n    client-certificate: ../.minikube/client.crt\n    client-key: ../.minikube/client.key\n";
    let place = Place::new()
        .file(".kube/config", text)
        .file(".minikube/ca.crt", "ca")
        .file(".minikube/client.crt", CERTIFICATE);
    fails(&place, None, "client.key", "is this still the right path?").await;
    place.write(".minikube/client.key", KEY);
    let cluster = finds(&place, None).await;
    assert_eq!((cluster.ca_pem.as_deref(), cluster.namespace.as_str()), (Some(b"ca".as_slice()), "shop"));
    assert_eq!(identity_of(&cluster), format!("{CERTIFICATE}{KEY}"));
}

#[tokio::test]
async fn several_files_are_one_and_the_first_wins() {
    let first = "contexts: [{name: a, context: {cluster: shared, user: u}}]\nclusters: [{name: shared, cluster: {server: 'https://first.test'}}]\nusers: null\n";
    let second = "current-context: b\ncontexts: [{name: a, context: {cluster: lost}}, {name: b, context: {cluster: shared, user: u}}, {name: 7, context: {cluster: shared}}]\nclusters: [{name: shared, cluster: {server: 'https://second.test'}}]\nusers: [{name: u, user: {token: 12345}}]\n";
    let third = "{\"current-context\": \"a\", \"users\": [{\"name\": \"u\", \"user\": {\"token\": \"late\"}}]}";
    let place = Place::new()
        .file("1", first)
        .file("sub/2", second)
        .file("3", third)
        .variable("KUBECONFIG", "~/1::~/absent:~/sub/2:~/3:");
    for (wanted, context) in [(None, "b"), (Some("a"), "a")] {
        let cluster = finds(&place, wanted).await;
        assert_eq!((cluster.server.as_str(), cluster.context.as_str()), ("https://first.test/", context));
        assert_eq!(cluster.bearer.as_ref().unwrap().expose(), "12345");
    }
    let open = finds(&place, Some("7")).await;
    assert!(open.bearer.is_none() && open.user.is_empty());
    fails(&place, Some("prod"), "; there are: 7, a, b", "name one of the contexts that there are").await;
}

#[tokio::test]
async fn a_name_that_leads_nowhere_is_answered_with_those_that_there_are() {
    let text = "contexts: [{name: c, context: {cluster: gone, user: u}}, {name: d, context: {cluster: k, user: gone}}, {name: e, context: {cluster: bad}}, {name: f, context: {cluster: proxied}}]\nclusters: [{name: k, cluster: {server: 'https://k.test'}}, {name: bad, cluster: {server: 'k.test:6443'}}, {name: proxied, cluster: {server: 'https://k.test', proxy-url: nonsense}}]\n";
    let place = Place::new().file(".kube/config", text);
    for (context, says) in [
        (None, "it names no current-context (there are: c, d, e, f); run kubectl config use-context NAME"),
        (Some("c"), "there is no cluster \"gone\" in "),
        (Some("d"), "there is no user \"gone\" in "),
        (Some("e"), "cluster bad: its server is not a URL"),
        (Some("f"), "cluster proxied: its proxy-url is not a URL"),
        (Some("x"), "; there are: c, d, e, f"),
    ] {
        fails(&place, context, says, "").await;
    }
    let named = async |path: &str| {
        let path = place.home().join(path);
        load(&place.surroundings(), Some(&path), None).await.unwrap_err().to_string()
    };
    place.write(".kube/staging.yaml", "{}");
    assert!(named(".kube/prod.yaml").await.ends_with(".kube; there are: config, staging.yaml"));
    assert!(named("nowhere/prod.yaml").await.ends_with("nowhere: there is none"));
    assert!(named(".kube/staging.yaml").await.contains("it names no current-context"));
    place.write(".kube/config", "users:\n- user:\n    token: s3cret\n  name: [");
    fails(&place, None, "config: it is not YAML (line 5, column 1)", "").await;
    place.write(".kube/config", &"# big\n".repeat(10 << 18));
    fails(&place, None, "larger than 4 MiB", "").await;
}

#[tokio::test]
async fn users_are_known_by_token_password_certificate_and_whom_they_stand_for() {
    let token = |user: &str| with_user(user).file(".kube/token", "from-file\n");
    let bearer = async |place: Place| finds(&place, None).await.bearer.unwrap().expose().to_owned();
    assert_eq!(bearer(token("{token: inline}")).await, "inline");
    assert_eq!(bearer(token("{token: inline, tokenFile: token}")).await, "from-file");
    let payload = URL_SAFE_NO_PAD.encode("{\"exp\":1795572849}");
    let place = with_user(&format!("{{token: eyJhbGciOiJSUzI1NiJ9.{payload}.s3cret}}"));
    assert_eq!(finds(&place, None).await.expires, Some(Timestamp::from_secs(1_795_572_849)));

    let basic = finds(&with_user("{username: admin, password: pw}"), None).await.basic.unwrap();
    assert_eq!((basic.0.as_str(), basic.1.expose()), ("admin", "pw"));
    let stands_for = with_user("{token: t, as: viewer, as-uid: '7', as-groups: [a, b], as-user-extra: {scope: [x]}}");
    let headers = finds(&stands_for, None).await.impersonate;
    let headers: Vec<_> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(
        headers,
        [
            "Impersonate-User: viewer",
            "Impersonate-Uid: 7",
            "Impersonate-Group: a",
            "Impersonate-Group: b",
            "Impersonate-Extra-scope: x"
        ]
    );

    for (user, says, hints) in [
        ("{client-certificate-data: '%%%'}", "user u: its client-certificate-data is not base64", ""),
        ("{client-certificate-data: YQ==}", "it has one of client certificate and key, and needs both", ""),
        ("{client-certificate-data: YQ==, client-key-data: YQ==}", "its client certificate or key is not PEM", ""),
        ("{tokenFile: nowhere}", "cannot read ", "is this still the right path?"),
        (
            "{auth-provider: {name: gcp}}",
            "the auth-provider \"gcp\" of user u, which kubectl has dropped, is not supported",
            "gke-gcloud-auth-plugin",
        ),
        ("{auth-provider: {name: azure}}", "is not supported", "kubelogin convert-kubeconfig"),
        ("{auth-provider: {name: oidc}}", "is not supported", "kubectl oidc-login"),
    ] {
        fails(&with_user(user), None, says, hints).await;
    }
}

#[tokio::test]
async fn a_cluster_says_how_its_connection_is_made() {
    let text = config("{token: t}").replace(
        "server:",
        "insecure-skip-tls-verify: true, tls-server-name: k.internal, proxy-url: 'socks5://localhost:1080', server:",
    );
    let cluster = finds(&Place::new().file(".kube/config", &text), None).await;
    assert!(cluster.insecure);
    assert_eq!(cluster.tls_server_name.as_deref(), Some("k.internal"));
    assert_eq!(cluster.proxy_url.unwrap().as_str(), "socks5://localhost:1080");
}

fn answer(version: &str, status: &str) -> String {
    format!(
        "echo '{{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/{version}\",\"spec\":{{}},\"status\":{status}}}'"
    )
}

#[tokio::test]
async fn the_plugins_of_the_clouds_are_run_as_kubectl_runs_them() {
    let token = "{\"expirationTimestamp\":\"2026-11-25T02:28:09Z\",\"token\":\"k8s-aws-v1.abc\"}";
    let eks = "{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: aws, args: [--region, eu-central-1, eks, get-token, --cluster-name, shop, --output, json], env: [{name: AWS_PROFILE, value: prod}], interactiveMode: IfAvailable}}";
    let place = with_user(eks);
    place.program("aws", &format!("[ \"$*\" = '--region eu-central-1 eks get-token --cluster-name shop --output json' ] && [ \"$AWS_PROFILE\" = prod ] || exit 1; echo \"$KUBERNETES_EXEC_INFO\" > $HOME/info; {}", answer("v1beta1", token)));
    let cluster = finds(&place, None).await;
    assert_eq!(cluster.bearer.as_ref().unwrap().expose(), "k8s-aws-v1.abc");
    assert_eq!(cluster.expires, Timestamp::parse_rfc3339("2026-11-25T02:28:09Z"));
    let info = std::fs::read_to_string(place.home().join("info")).unwrap();
    let info: Value = serde_json::from_str(&info).unwrap();
    assert_eq!(
        info,
        serde_json::json!({"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential", "spec": {"interactive": false}})
    );

    let gke = "{exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: gke-gcloud-auth-plugin, installHint: \"Install gke-gcloud-auth-plugin for use with kubectl by following\\n  the guide\", provideClusterInfo: true}}";
    let text = config(gke).replace("server:", &format!("certificate-authority-data: {}, extensions: [{{name: client.authentication.k8s.io/exec, extension: {{audience: a}}}}, {{name: other, extension: 1}}], server:", STANDARD.encode("ca")));
    let place = Place::new().file(".kube/config", &text);
    fails(
        &place,
        None,
        "cannot run gke-gcloud-auth-plugin: there is no such program",
        "Install gke-gcloud-auth-plugin for use with kubectl by following the guide",
    )
    .await;
    place.program(
        "gke-gcloud-auth-plugin",
        &format!("echo \"$KUBERNETES_EXEC_INFO\" > $HOME/info; {}", answer("v1beta1", "{\"token\":\"ya29\"}")),
    );
    let cluster = finds(&place, None).await;
    assert_eq!((cluster.bearer.as_ref().unwrap().expose(), cluster.expires), ("ya29", None));
    let info = std::fs::read_to_string(place.home().join("info")).unwrap();
    let info: Value = serde_json::from_str(&info).unwrap();
    assert_eq!(
        info["spec"]["cluster"],
        serde_json::json!({"server": "https://k.test:6443", "certificate-authority-data": "Y2E=", "config": {"audience": "a"}})
    );

    let aks = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: kubelogin, args: [get-token, --login, azurecli, --server-id, 6dae42f8], interactiveMode: Never, env: null}}";
    let place = with_user(aks);
    place.program("kubelogin", "echo 'Error: failed to get token: please run az login' >&2; exit 1");
    fails(&place, None, "kubelogin refused: Error: failed to get token: please run az login", "log in: az login").await;
    let pair = serde_json::json!({"clientCertificateData": CERTIFICATE, "clientKeyData": KEY}).to_string();
    place.program(
        "kubelogin",
        &format!("cat <<'END'\n{}\nEND", answer("v1", &pair).trim_start_matches("echo '").trim_end_matches('\'')),
    );
    assert_eq!(identity_of(&finds(&place, None).await), format!("{CERTIFICATE}{KEY}"));
}

#[tokio::test]
async fn a_plugin_that_answers_nonsense_or_wants_a_terminal_is_named() {
    let exec = |rest: &str| format!("{{exec: {{command: plugin, {rest}}}}}");
    let v1 = "apiVersion: client.authentication.k8s.io/v1";
    for (user, says, hints) in [
        (
            exec("apiVersion: client.authentication.k8s.io/v1alpha1"),
            "version \"client.authentication.k8s.io/v1alpha1\" of the plugin plugin of user u is not supported",
            "update the plugin",
        ),
        (exec("args: []"), "version \"\" of the plugin", ""),
        (
            exec(&format!("{v1}, interactiveMode: Always")),
            "always asks on a terminal",
            "kubectl --context c get namespaces",
        ),
        (exec(v1), "cannot run plugin", "is it installed, and on PATH?"),
    ] {
        fails(&with_user(&user), None, says, hints).await;
    }
    let place = with_user(&exec(v1));
    for (script, says) in [
        ("echo s3cret: [".to_owned(), "what plugin prints: it is not JSON"),
        ("echo '{\"kind\":\"Pod\"}'".to_owned(), "it is not an ExecCredential"),
        (
            answer("v1beta1", "{\"token\":\"s3cret\"}"),
            "it is not of the version that was asked for, client.authentication.k8s.io/v1",
        ),
        (answer("v1", "{}"), "it holds neither a token nor a certificate"),
        (
            answer("v1", "{\"token\":\"s3cret\",\"clientKeyData\":\"s3cret\"}"),
            "it has one of client certificate and key",
        ),
        (answer("v1", "{\"clientCertificateData\":\"s3cret\",\"clientKeyData\":\"s3cret\"}"), "is not PEM"),
    ] {
        place.program("plugin", &script);
        fails(&place, None, says, "").await;
    }
    // A path with a folder in it starts from the file.
    let place = with_user(&exec(v1).replace("command: plugin", "command: ./tools/plugin"));
    fails(&place, None, "cannot run ./tools/plugin", "").await;
    place.program("../.kube/tools/plugin", &answer("v1", "{\"token\":\"t\"}"));
    assert_eq!(finds(&place, None).await.bearer.unwrap().expose(), "t");
}

#[tokio::test]
async fn a_pod_uses_its_service_account_when_there_is_no_file() {
    fails(&Place::new(), None, "/.kube/config; this is no pod with a service account)", "kubectl config get-contexts")
        .await;
    let missing = Place::new().variable("KUBECONFIG", "/nowhere/a:/nowhere/b");
    fails(&missing, None, "there is no /nowhere/a, /nowhere/b", "").await;
    let place = Place::new()
        .variable("KUBERNETES_SERVICE_HOST", "fd00::1")
        .variable("KUBERNETES_SERVICE_PORT", "6443")
        .file("pod/token", "pod-token\n")
        .file("pod/ca.crt", "ca")
        .file("pod/namespace", "shop");
    let cluster = finds(&place, None).await;
    assert_eq!(cluster.server.as_str(), "https://[fd00::1]:6443/");
    assert_eq!(
        (cluster.namespace.as_str(), cluster.context.as_str(), cluster.ca_pem.as_deref()),
        ("shop", "in-cluster", Some(b"ca".as_slice()))
    );
    assert_eq!(cluster.bearer.unwrap().expose(), "pod-token");
    let place = place.file(".kube/config", &config("{token: own}"));
    assert_eq!(finds(&place, None).await.bearer.unwrap().expose(), "own");
}
