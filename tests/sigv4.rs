//! Signatures for AWS, compared with those of AWS's own library (botocore).

mod support;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crashcart::model::secret::Secret;
use crashcart::model::time::Timestamp;
use crashcart::provider::auth::aws::AwsCredentials;
use crashcart::provider::auth::sigv4::{SigningRequest, sign};
use serde_json::json;
use support::{environment, require};
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

#[test]
fn requests_of_every_odd_shape_are_signed_as_botocore_signs_them() {
    let python = environment("CRASHCART_PYTHON").unwrap_or_else(|| "python3".to_owned());
    let there = Command::new(&python).args(["-c", "import botocore"]).stderr(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        return require("botocore", &format!("{python} cannot import botocore (pip install botocore)"));
    }
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
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sigv4/sign.py");
    let mut child = Command::new(&python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    std::thread::spawn(move || questions.iter().for_each(|question| writeln!(input, "{question}").unwrap()));
    let answers = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(answers.lines().count(), ours.len());
    let mut wrong = Vec::new();
    for ((url, ours), theirs) in ours.iter().zip(answers.lines()) {
        let ours: BTreeMap<String, String> = ours.iter().cloned().collect();
        let theirs: BTreeMap<String, String> = serde_json::from_str(theirs).unwrap();
        if ours != theirs {
            wrong.push(format!("{url}\n  ours   {ours:?}\n  theirs {theirs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), ours.len(), wrong.join("\n"));
}
