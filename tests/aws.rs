//! Credentials and signatures for AWS, against AWS's own library (botocore) and a server that checks them (moto).

mod support;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use crashcart::model::secret::Secret;
use crashcart::model::surroundings::Surroundings;
use crashcart::model::time::Timestamp;
use crashcart::provider::auth::AuthError;
use crashcart::provider::auth::aws::{AwsCredentials, credentials};
use crashcart::provider::auth::sigv4::{SigningRequest, sign};
use serde_json::{Value, json};
use support::require;
use support::servers::aws::{Moto, REGION};
use support::servers::{find, http};
use url::Url;

const TARGETS: &[&str] = &[
    "https://ecs.eu-central-1.amazonaws.com/",
    "https://ecs.eu-central-1.amazonaws.com",
    "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A1%3Afunction%3Af/versions",
    "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/arn:aws:lambda:us-east-1:1:function:f/versions?MaxItems=50",
    "https://example.amazonaws.com//a//b///c//",
    "https://example.amazonaws.com/a%2Fb/%2E%2E/c",
    "https://example.amazonaws.com/größe/東京 tower/👍",
    "https://example.amazonaws.com/with space/and+plus/and~tilde/(brackets)/!$&'*,;=@",
    "https://example.amazonaws.com/%zz/100%/%e9%A9",
    "https://example.amazonaws.com/?b=2&a=1&a=0&a=&A=x",
    "https://example.amazonaws.com/?empty&empty=&=value&",
    "https://example.amazonaws.com/?q=a b+c%20d%2Be&slash=a/b&colon=a:b&at=@",
    "https://example.amazonaws.com/?größe=東京&e=👍&%C3%A9=%c3%a9",
    "https://example.amazonaws.com/?a-b=1&a=2&a.b=3&a_b=4&a~b=5&aa=6",
    "https://example.amazonaws.com/?Action=DescribeAlarms&Version=2010-08-01&StateValue=ALARM&X-Amz-Date=no",
    "https://example.amazonaws.com/?json={\"a\":[1,\"*\"]}&quote='&paren=()&star=*&bang=!",
    "https://example.amazonaws.com:8443/path?x=y#fragment",
    "http://127.0.0.1:4566/path",
    "http://[::1]:4566/bucket/key",
    "https://bucket.s3.eu-west-1.amazonaws.com/deep/key name/ü.txt?versionId=a/b+c&list-type=2",
    "https://s3.amazonaws.com/bucket//double//key/?acl",
    "https://user:pw@example.amazonaws.com/",
];

type Sample = (&'static str, &'static [(&'static str, &'static str)], &'static str);

const SAMPLES: &[Sample] = &[
    ("GET", &[], ""),
    (
        "POST",
        &[
            ("Content-Type", "application/x-amz-json-1.1"),
            ("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.ListServices"),
            ("User-Agent", "crashcart"),
            ("X-Amzn-Trace-Id", "Root=1"),
        ],
        "{\"cluster\":\"größe\"}",
    ),
    (
        "PUT",
        &[
            ("X-Spaces", "  a   b\t\tc  "),
            ("x-amz-meta-b", "2"),
            ("X-Amz-Meta-A", "1"),
            ("X-Many", "z"),
            ("x-many", "a"),
            ("X-Empty", ""),
            ("Expect", "100-continue"),
        ],
        "x",
    ),
];

/// Returns a Python that has botocore: the one that moto lives in, or the system's.
#[track_caller]
fn python_with_botocore() -> Option<PathBuf> {
    let of_moto = find("moto_server").and_then(|program| program.canonicalize().ok());
    let of_moto = of_moto.map(|program| program.with_file_name("python"));
    let has_botocore = |python: &PathBuf| {
        let tried = Command::new(python).args(["-c", "import botocore"]).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    let found = of_moto.into_iter().chain(["python3".into()]).find(has_botocore);
    if found.is_none() {
        require("moto", "no Python here has botocore, which comes with moto");
    }
    found
}

/// Gives a script one line of JSON per question and returns its lines.
fn ask_python(python: &Path, script: &str, questions: Vec<Value>) -> Vec<String> {
    let mut child = Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    // It answers while it is asked, so that no pipe fills up.
    std::thread::spawn(move || questions.iter().for_each(|question| writeln!(input, "{question}").unwrap()));
    let answers = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    answers.lines().map(str::to_owned).collect()
}

#[test]
fn requests_of_every_odd_shape_are_signed_as_botocore_signs_them() {
    let Some(python) = python_with_botocore() else { return };
    let (mut ours, mut questions) = (Vec::new(), Vec::new());
    for (index, target) in TARGETS.iter().enumerate() {
        for (method, headers, body) in SAMPLES {
            let url = Url::parse(target).unwrap();
            let service = if target.contains("s3") { "s3" } else { ["ecs", "lambda", "monitoring"][index % 3] };
            let region = ["eu-central-1", "us-east-1"][index % 2];
            let token = (index % 2 == 0).then_some("IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJH");
            let now = Timestamp::from_secs(1_764_036_849 + 86_400 * i64::try_from(index).unwrap());
            let headers: Vec<_> =
                headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let credentials = AwsCredentials {
                access_key_id: "AKIDEXAMPLE".to_owned(),
                secret: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
                session_token: token.map(Secret::new),
                expires: None,
                from: String::new(),
            };
            let request = SigningRequest { method, url: &url, headers: &headers, body: body.as_bytes() };
            ours.push((url.clone(), sign(&request, &credentials, region, service, now)));
            questions.push(json!({
                "method": method, "url": url.as_str(), "headers": headers, "body": body, "service": service,
                "region": region, "now": now, "id": credentials.access_key_id,
                "secret": credentials.secret.expose(), "token": token,
            }));
        }
    }
    let answers = ask_python(&python, concat!(env!("CARGO_MANIFEST_DIR"), "/tests/aws/sign.py"), questions);
    assert_eq!(answers.len(), ours.len());
    let mut wrong = Vec::new();
    for ((url, ours), theirs) in ours.iter().zip(&answers) {
        let ours: BTreeMap<String, String> = ours.iter().cloned().collect();
        let theirs: BTreeMap<String, String> = serde_json::from_str(theirs).unwrap();
        if ours != theirs {
            wrong.push(format!("{url}\n  ours   {ours:?}\n  theirs {theirs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), ours.len(), wrong.join("\n"));
}

/// A home with both files of AWS, and what stands in the environment.
struct Home {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Home {
    fn new(config: &str, credentials: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".aws")).unwrap();
        std::fs::write(folder.path().join(".aws/config"), config).unwrap();
        std::fs::write(folder.path().join(".aws/credentials"), credentials).unwrap();
        let home = folder.path().display().to_string();
        let base = [("HOME", home.as_str()), ("PATH", "/usr/bin:/bin"), ("AWS_EC2_METADATA_DISABLED", "true")];
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let variables = base.iter().chain(variables).map(owned).collect();
        Self { folder, variables }
    }

    fn find(&self, profile: Option<&str>) -> Result<AwsCredentials, AuthError> {
        let home = Some(self.folder.path().to_owned());
        let surroundings = Surroundings { home, variables: self.variables.iter().cloned().collect() };
        let now = crashcart::clock::Clock::system().now();
        run(async { credentials(&surroundings, profile, &client(), now).await })
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap()
}

#[test]
fn the_same_credentials_are_found_that_botocore_finds() {
    let Some(python) = python_with_botocore() else { return };
    let keys = "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = d/+=\n\
        [prod]\naws_access_key_id = AKIAPROD\naws_secret_access_key = p\naws_session_token = t\n";
    let config = "[default]\nregion = eu-west-1\ns3 =\n  max_concurrent_requests = 20\n\
        [profile prod]\naws_access_key_id = AKIACONFIG\naws_secret_access_key = c\n\
        [profile process]\ncredential_process = echo '{\"Version\": 1, \"AccessKeyId\": \"AKIAPROCESS\", \"SecretAccessKey\": \"x y\"}'\n\
        [profile \"two words\"]\naws_access_key_id = AKIATWO\naws_secret_access_key = w\n\
        [profile bare]\nregion = x\n";
    let environment = [("AWS_ACCESS_KEY_ID", "AKIAENV"), ("AWS_SECRET_ACCESS_KEY", "e"), ("AWS_SESSION_TOKEN", "et")];
    let with_profile = [&environment[..], &[("AWS_PROFILE", "prod")]].concat();
    let homes = [
        Home::new(config, keys, &[]),
        Home::new(config, keys, &environment),
        Home::new(config, keys, &with_profile),
        Home::new(config, keys, &[("AWS_PROFILE", "process")]),
        Home::new(config, keys, &[("AWS_DEFAULT_PROFILE", "two words")]),
        Home::new(config, "", &[("AWS_PROFILE", "prod")]),
        Home::new("", "", &[]),
    ];
    let profiles = [None, Some("prod"), Some("process"), Some("two words"), Some("bare"), Some("gone")];
    let pairs: Vec<(&Home, Option<&str>)> =
        homes.iter().flat_map(|home| profiles.iter().map(move |profile| (home, *profile))).collect();
    let questions = pairs.iter().map(|(home, profile)| {
        let environment: BTreeMap<_, _> = home.variables.iter().cloned().collect();
        json!({ "environment": environment, "profile": profile })
    });
    let answers = ask_python(&python, concat!(env!("CARGO_MANIFEST_DIR"), "/tests/aws/find.py"), questions.collect());
    assert_eq!(answers.len(), pairs.len());
    for (index, ((home, profile), theirs)) in pairs.iter().zip(answers).enumerate() {
        let theirs: Option<(String, String, Option<String>)> = serde_json::from_str(&theirs).unwrap();
        let ours = home.find(*profile).ok().map(|found| {
            let token = found.session_token.map(|token| token.expose().to_owned());
            (found.access_key_id, found.secret.expose().to_owned(), token)
        });
        assert_eq!(ours, theirs, "home {}, profile {profile:?}", index / profiles.len());
    }
}

#[test]
fn a_role_is_assumed_and_its_signatures_pass_where_they_are_checked() {
    let Some(moto) = Moto::start() else { return };
    let iam = |parameters: &str| {
        let scope = format!("Credential=test/20261125/{REGION}/iam/aws4_request");
        let signed = format!("Authorization: AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0");
        let headers = [signed.as_str(), "Content-Type: application/x-www-form-urlencoded"];
        let answer = http::post(moto.address, "/", &headers, &format!("Version=2010-05-08&{parameters}")).unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    };
    let everything = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22%2A%22%2C%22Resource%22%3A%22%2A%22%7D%7D";
    let trust = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22AWS%22%3A%22%2A%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%7D";
    iam("Action=CreateUser&UserName=kim");
    iam(&format!("Action=PutUserPolicy&UserName=kim&PolicyName=all&PolicyDocument={everything}"));
    iam(&format!("Action=CreateRole&RoleName=ops&AssumeRolePolicyDocument={trust}"));
    iam(&format!("Action=PutRolePolicy&RoleName=ops&PolicyName=all&PolicyDocument={everything}"));
    let made = iam("Action=CreateAccessKey&UserName=kim");
    let text = |tag: &str| {
        let after = made.split_once(&format!("<{tag}>")).unwrap().1;
        after.split_once('<').unwrap().0.to_owned()
    };
    let (id, secret) = (text("AccessKeyId"), text("SecretAccessKey"));
    // From now on it checks who asks, whether the signature is right, and whether that one may.
    assert_eq!(http::post(moto.address, "/moto-api/reset-auth", &[], "0").unwrap().status, 200);

    let config = format!(
        "[profile ops]\nrole_arn = arn:aws:iam::123456789012:role/ops\nsource_profile = kim\nregion = {REGION}\n"
    );
    let home = |secret: &str| {
        let keys = format!("[kim]\naws_access_key_id = {id}\naws_secret_access_key = {secret}\n");
        Home::new(&config, &keys, &[("AWS_ENDPOINT_URL", &moto.url("/"))])
    };
    let ask = |found: &AwsCredentials, query: &str| {
        let url = Url::parse(&moto.url(&format!("/{query}"))).unwrap();
        let headers = [
            ("Content-Type".to_owned(), "application/x-amz-json-1.1".to_owned()),
            ("X-Amz-Target".to_owned(), "AmazonEC2ContainerServiceV20141113.ListClusters".to_owned()),
        ];
        let request = SigningRequest { method: "POST", url: &url, headers: &headers, body: b"{}" };
        let added = sign(&request, found, REGION, "ecs", crashcart::clock::Clock::system().now());
        let lines = headers.iter().chain(&added).map(|(name, value)| format!("{name}: {value}"));
        // The host is signed as well.
        let lines: Vec<String> = lines.chain([format!("Host: {}", moto.address)]).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        http::post(moto.address, &format!("/{query}"), &lines, "{}").unwrap()
    };
    let ops = home(&secret).find(Some("ops")).unwrap();
    assert_eq!(ops.from, "profile ops (role ops)");
    assert!(ops.access_key_id.starts_with("ASIA") && ops.session_token.is_some() && ops.expires.is_some());
    for (found, query) in [(&ops, ""), (&home(&secret).find(Some("kim")).unwrap(), "?b=2&a=1")] {
        let answer = ask(found, query);
        assert_eq!((answer.status, answer.json()), (200, json!({ "clusterArns": [] })), "{}", found.from);
    }
    let wrong = home("wrong");
    assert_eq!(ask(&wrong.find(Some("kim")).unwrap(), "").status, 403);
    let refused = wrong.find(Some("ops")).unwrap_err().to_string();
    assert!(refused.contains("AWS STS refused: The request signature we calculated does not match"), "{refused}");
}
