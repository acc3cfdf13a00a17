//! Against the values that AWS publishes. `tests/aws.rs` compares with AWS's own library.

use proptest::prelude::*;

use super::*;
use crate::model::secret::Secret;

const TOKEN: &str = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";

/// A request of AWS's signing test suite and what it must be signed with.
struct Vector {
    name: &'static str,
    method: &'static str,
    /// Path and query as they go over the wire.
    target: &'static str,
    headers: &'static [(&'static str, &'static str)],
    signature: &'static str,
}

const fn get(name: &'static str, target: &'static str, signature: &'static str) -> Vector {
    Vector { name, method: "GET", target, headers: &[], signature }
}

const fn post(name: &'static str, target: &'static str, signature: &'static str) -> Vector {
    Vector { name, method: "POST", target, headers: &[], signature }
}

const fn with(
    name: &'static str,
    method: &'static str,
    headers: &'static [(&'static str, &'static str)],
    signature: &'static str,
) -> Vector {
    Vector { name, method, target: "/", headers, signature }
}

const VANILLA: &str = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
const SPACE: &str = "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741";
const PARAM: &str = "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11";

/// The suite's names (`aws-signing-test-suite/v4` of <https://github.com/awslabs/aws-c-auth>), without their ending.
const NORMALISED: &[Vector] = &[
    get("get-vanilla", "/", VANILLA),
    get("get-relative", "/example/..", VANILLA),
    get("get-relative-relative", "/example1/example2/../..", VANILLA),
    get("get-slash", "//", VANILLA),
    get("get-slash-dot-slash", "/./", VANILLA),
    get("get-slash-pointless-dot", "/./example", "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5"),
    get("get-slashes", "//example//", "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84"),
    get("get-space", "/example space/", SPACE),
    get(
        "get-unreserved",
        "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
    ),
    get("get-utf8", "/ሴ", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    get(
        "get-vanilla-empty-query-key",
        "/?Param1=value1",
        "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
    ),
    get(
        "get-vanilla-query-order-encoded",
        "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
        "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac",
    ),
    get(
        "get-vanilla-query-order-key-case",
        "/?Param2=value2&Param1=value1",
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    get(
        "get-vanilla-query-unreserved",
        "/?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
    ),
    get("get-vanilla-utf8-query", "/?ሴ=bar", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
    with(
        "get-header-key-duplicate",
        "GET",
        &[("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")],
        "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
    ),
    with(
        "get-header-value-multiline",
        "GET",
        &[("My-Header1", "value1\n  value2\n     value3")],
        "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd",
    ),
    with(
        "get-header-value-order",
        "GET",
        &[("My-Header1", "value4"), ("My-Header1", "value1"), ("My-Header1", "value3"), ("My-Header1", "value2")],
        "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
    ),
    with(
        "get-header-value-trim",
        "GET",
        &[("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    ),
    post("post-vanilla", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    post("post-vanilla-query", "/?Param1=value1", PARAM),
    with(
        "post-header-key-sort",
        "POST",
        &[("My-Header1", "value1")],
        "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
    ),
    with(
        "post-header-value-case",
        "POST",
        &[("My-Header1", "VALUE1")],
        "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
    ),
];

/// Those that a service like S3 signs as they are.
const AS_THEY_ARE: &[Vector] = &[
    get("get-relative", "/example/..", "eca7ead57bb5aa5c8e28007acd4ff04e1ff9a0ff3b237ec1554a184887ff9282"),
    get(
        "get-relative-relative",
        "/example1/example2/../..",
        "dc33e0856fd4baca4d7aa2146c38958283844764f38c74252a333df5e613003b",
    ),
    get("get-slash", "//", "c88bcd3d312d75078c0cd961d6deae3f4c754924b01669efcfcb439fd5e5b76e"),
    get("get-slash-dot-slash", "/./", "68714168e6557f8f2de0ef956fc24dc2593a4bd2961f8df51898d8a134695145"),
    get("get-slash-pointless-dot", "/./example", "beb03f223f7deae4146464f06e29eebbee9c8afbe15c290cf07aa8b119e14cff"),
    get("get-slashes", "//example//", "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5"),
    get("get-space", "/example space/", SPACE),
    get("get-space (encoded)", "/example%20space/", SPACE),
];

fn credentials(token: Option<&str>) -> AwsCredentials {
    AwsCredentials {
        access_key_id: "AKIDEXAMPLE".to_owned(),
        secret: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        session_token: token.map(Secret::new),
        expires: None,
        from: String::new(),
    }
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

/// Signs what a URL would already have spelled otherwise.
fn signature(vector: &Vector, path_of: fn(&str) -> String, token: Option<&str>) -> String {
    let (path, query) = vector.target.split_once('?').unwrap_or((vector.target, ""));
    let headers = [&[("Host", "example.amazonaws.com")], vector.headers].concat();
    let request = Canonical { method: vector.method, path: &path_of(path), query, headers: &headers, body: &[] };
    let scope = Scope {
        credentials: &credentials(token),
        region: "us-east-1",
        service: "service",
        now: at("2015-08-30T12:36:00Z"),
        sends_hash: false,
    };
    let signed = scope.sign(&request);
    let (name, authorization) = signed.last().unwrap();
    assert_eq!(name, "Authorization");
    authorization.rsplit_once("Signature=").unwrap().1.to_owned()
}

#[test]
fn the_published_requests_are_signed_as_published() {
    for vector in NORMALISED {
        assert_eq!(signature(vector, normal_path, None), vector.signature, "{}-normalized", vector.name);
    }
    for vector in AS_THEY_ARE {
        assert_eq!(signature(vector, object_path, None), vector.signature, "{}-unnormalized", vector.name);
    }
    for (method, expected) in [
        ("GET", "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"),
        ("POST", "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"),
    ] {
        let vector = Vector { method, ..with("with a session token", "", &[], expected) };
        let token = if method == "GET" { TOKEN } else { STS_TOKEN };
        assert_eq!(signature(&vector, normal_path, Some(token)), expected, "{method} {}", vector.name);
    }
}

/// The suite's `post-sts-header-before` has a token of its own.
const STS_TOKEN: &str = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";

#[test]
fn a_url_that_is_encoded_already_is_encoded_again_for_the_signature() {
    let url = "https://lambda.us-east-2.amazonaws.com/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-west-2%3A892717189312%3Afunction%3Amy-rusty-fun/invocations";
    assert_eq!(
        normal_path(Url::parse(url).unwrap().path()),
        "/2015-03-31/functions/arn%253Aaws%253Alambda%253Aus-west-2%253A892717189312%253Afunction%253Amy-rusty-fun/invocations"
    );
    assert_eq!(normal_path("/test/@connections/JBDvjfGEIAMCERw%3D"), "/test/%40connections/JBDvjfGEIAMCERw%253D");
    assert_eq!(object_path("/a(1)/%C3%A9%2fb/100%/%zz"), "/a%281%29/%C3%A9/b/100%25/%25zz");
}

#[test]
fn a_ranged_read_of_s3_is_signed_as_documented() {
    // <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>, "Example: GET Object".
    let credentials = AwsCredentials {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        ..credentials(None)
    };
    let url = Url::parse("https://examplebucket.s3.amazonaws.com/test.txt").unwrap();
    let headers = [("Range".to_owned(), "bytes=0-9".to_owned()), ("User-Agent".to_owned(), "x".to_owned())];
    let request = SigningRequest { method: "GET", url: &url, headers: &headers, body: &[] };
    let added = sign(&request, &credentials, "us-east-1", "s3", at("2013-05-24T00:00:00Z"));
    let added: Vec<_> = added.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        added,
        [
            ("X-Amz-Date", "20130524T000000Z"),
            ("X-Amz-Content-Sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
            ),
        ]
    );
}

#[test]
fn what_an_earlier_try_has_added_does_not_change_the_next() {
    let url = Url::parse("https://ecs.eu-west-1.amazonaws.com:8443/?b=2&a=%2F&a=+&c").unwrap();
    let fresh = [("X-Amz-Target".to_owned(), "ListServices".to_owned())];
    let request = SigningRequest { method: "POST", url: &url, headers: &fresh, body: b"{}" };
    let first = sign(&request, &credentials(Some("t")), "eu-west-1", "ecs", at("2026-11-25T02:14:09Z"));
    let again = [fresh.as_slice(), &first].concat();
    let request = SigningRequest { headers: &again, ..request };
    assert_eq!(sign(&request, &credentials(Some("t")), "eu-west-1", "ecs", at("2026-11-25T02:14:09Z")), first);
    assert!(
        first
            .iter()
            .any(|(_, value)| value.contains("SignedHeaders=host;x-amz-date;x-amz-security-token;x-amz-target"))
    );
    assert_eq!(canonical_query("b=2&a=%2F&a=+&c"), "a=%20&a=%2F&b=2&c=");
    assert_eq!(canonical_query(""), "");
}

proptest! {
    #[test]
    fn one_object_has_one_path_and_one_query_one_order(path in "/[ -~é%]{0,20}", pairs in proptest::collection::vec("[a-c]=[a-c/é ]?", 0..6)) {
        let once = object_path(&path);
        prop_assert_eq!(object_path(&once), once.clone());
        prop_assert!(once.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%/".contains(&byte)));
        let mut backwards = pairs.clone();
        backwards.reverse();
        prop_assert_eq!(canonical_query(&pairs.join("&")), canonical_query(&backwards.join("&")));
    }
}
