//! Every place that credentials come from, against temporary homes and servers on loopback.

use super::*;
use crate::provider::auth::sigv4::hex;
use crate::provider::auth::testing::{Asked, Place, Server, client};

const NOW: &str = "2026-11-25T02:14:09Z";
const LATER: &str = "2026-11-25T03:14:09Z";
const EARLIER: &str = "2026-11-25T01:14:09Z";

async fn find(place: &Place, profile: Option<&str>) -> Result<AwsCredentials, AuthError> {
    let now = Timestamp::parse_rfc3339(NOW).unwrap();
    let found = credentials(&place.surroundings(), profile, &client(), now).await;
    let shown = format!(
        "{found:?} {}",
        found.as_ref().map_or_else(|error| format!("{error} {:?}", error.hint()), |_| String::new())
    );
    assert!(!shown.contains("s3cret"), "{shown}");
    found
}

/// Expects credentials: access key, secret, session token, where from.
async fn finds(place: &Place, profile: Option<&str>, expected: (&str, &str, Option<&str>, &str)) -> AwsCredentials {
    let found = find(place, profile).await.unwrap_or_else(|error| panic!("{error}: {error:?}"));
    let token = found.session_token.as_ref().map(Secret::expose);
    assert_eq!((found.access_key_id.as_str(), found.secret.expose(), token, found.from.as_str()), expected);
    found
}

/// Expects an error that says this and hints that.
async fn fails(place: &Place, profile: Option<&str>, says: &str, hints: &str) {
    let error = find(place, profile).await.unwrap_err();
    let hint = error.hint().unwrap_or_default().into_owned();
    let shown = format!("{error}; {}", std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default());
    assert!(shown.contains(says) && hint.contains(hints), "{shown} / {hint}");
}

/// A home whose machine has no role, so that nothing asks this machine's network.
fn place() -> Place {
    Place::new().variable("AWS_EC2_METADATA_DISABLED", "true")
}

fn config(text: &str) -> Place {
    place().file(".aws/config", text)
}

const ASSUMED: &str = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role-s3cret</SecretAccessKey><SessionToken>role-token</SessionToken><Expiration>2026-11-25T03:14:09Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>";

fn sts() -> Server {
    Server::start(|asked: &Asked| {
        if asked.body.contains("forbidden") {
            let said = "User: x is not authorized to perform: sts:AssumeRole";
            return (
                403,
                format!(
                    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>{said}</Message></Error></ErrorResponse>"
                ),
            );
        }
        (200, ASSUMED.to_owned())
    })
}

const ROLE: (&str, &str, Option<&str>) = ("ASIAROLE", "role-s3cret", Some("role-token"));

#[tokio::test]
async fn the_environment_counts_unless_a_profile_is_named() {
    let keys = "[prod]\naws_access_key_id = AKIAPROD\naws_secret_access_key = prod-s3cret\n";
    let here = place()
        .file(".aws/credentials", keys)
        .variable("AWS_ACCESS_KEY_ID", "AKIAENV")
        .variable("AWS_SECRET_ACCESS_KEY", "env-s3cret")
        .variable("AWS_SESSION_TOKEN", "env-token")
        .variable("AWS_PROFILE", "prod")
        .variable("AWS_CREDENTIAL_EXPIRATION", LATER);
    let found = finds(&here, None, ("AKIAENV", "env-s3cret", Some("env-token"), "environment")).await;
    assert_eq!(found.expires, Timestamp::parse_rfc3339(LATER));
    finds(&here, Some("prod"), ("AKIAPROD", "prod-s3cret", None, "profile prod")).await;
    let here = here.variable("AWS_CREDENTIAL_EXPIRATION", EARLIER);
    fails(&here, None, "the login to AWS in the environment expired at 2026-11-25T01:14:09Z", "").await;
    let half = place().variable("AWS_ACCESS_KEY_ID", "AKIAENV");
    fails(&half, None, "AWS_SECRET_ACCESS_KEY is not set", "").await;
    let half = place().variable("AWS_SECRET_ACCESS_KEY", "s3cret");
    fails(&half, None, "AWS_ACCESS_KEY_ID is not set", "").await;
}

#[tokio::test]
async fn keys_of_a_profile_are_found_wherever_the_files_lie() {
    let keys = "[default]\naws_access_key_id=AKIADEFAULT\naws_secret_access_key=a/b+c==\naws_session_token=t\n[prod]\nregion = x\n[half]\naws_access_key_id = AKIA";
    let here = place().file(".aws/credentials", keys);
    finds(&here, None, ("AKIADEFAULT", "a/b+c==", Some("t"), "profile default")).await;
    fails(&here, Some("prod"), "profile prod has no credentials", "aws configure --profile prod").await;
    fails(&here, Some("half"), "one half of an access key", "").await;
    fails(
        &here,
        Some("nope"),
        "there is no profile \"nope\" in ~/.aws/config and ~/.aws/credentials; there are: default, half, prod",
        "name one",
    )
    .await;
    let elsewhere = place().file("deep/creds", keys).variable("AWS_SHARED_CREDENTIALS_FILE", "~/deep/creds");
    finds(&elsewhere, None, ("AKIADEFAULT", "a/b+c==", Some("t"), "profile default")).await;
    let named = here.variable("AWS_PROFILE", "gone");
    fails(&named, None, "there is no profile \"gone\"", "").await;
    fails(
        &place(),
        None,
        "not logged in to AWS (looked at: AWS_ACCESS_KEY_ID is not set; there is no profile default in ~/.aws/config and ~/.aws/credentials; this is no container with a role; AWS_EC2_METADATA_DISABLED is set)",
        "run aws configure, or aws sso login",
    )
    .await;
    let huge = place().file(".aws/credentials", &" ".repeat(10 << 20));
    fails(&huge, None, "larger than 4 MiB", "").await;
}

#[tokio::test]
async fn a_role_is_assumed_with_what_its_profile_leans_on() {
    let server = sts();
    let text = "[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = base-s3cret\n\
        [profile ops]\nrole_arn = arn:aws:iam::1:role/team/ops\nsource_profile = base\nregion = eu-west-1\nexternal_id = e/1\nrole_session_name = kim\nduration_seconds = 900\n\
        [profile deep]\nrole_arn = arn:aws:iam::2:role/deep\nsource_profile = ops\n\
        [profile own]\nrole_arn = arn:aws:iam::1:role/own\nsource_profile = own\naws_access_key_id = AKIAOWN\naws_secret_access_key = own-s3cret\n\
        [profile env]\nrole_arn = arn:aws:iam::1:role/env\ncredential_source = Environment\n\
        [profile loop]\nrole_arn = a\nsource_profile = loop2\n[profile loop2]\nrole_arn = a\nsource_profile = loop\n\
        [profile self]\nrole_arn = a\nsource_profile = self\n\
        [profile orphan]\nrole_arn = a\nsource_profile = gone\n[profile bare]\nrole_arn = a\n\
        [profile both]\nrole_arn = a\nsource_profile = base\ncredential_source = Environment\n\
        [profile odd]\nrole_arn = a\ncredential_source = Moon\n[profile empty]\nregion = x\n[profile hollow]\nrole_arn = a\nsource_profile = empty\n\
        [profile no]\nrole_arn = forbidden\nsource_profile = base\n[profile mfa]\nrole_arn = a\nsource_profile = base\nmfa_serial = arn:aws:iam::1:mfa/kim\n";
    let here = config(text).variable("AWS_ENDPOINT_URL_STS", &server.url).variable("PATH", "/nowhere");
    let with = |from| (ROLE.0, ROLE.1, ROLE.2, from);
    let found = finds(&here, Some("ops"), with("profile ops (role ops)")).await;
    assert_eq!(found.expires, Timestamp::parse_rfc3339(LATER));
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST /");
    assert_eq!(
        asked.body,
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fteam%2Fops&RoleSessionName=kim&ExternalId=e%2F1&DurationSeconds=900"
    );
    let authorization = asked.header("authorization");
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIABASE/20261125/eu-west-1/sts/aws4_request, SignedHeaders=content-type;host;x-amz-date"), "{authorization}");

    finds(&here, Some("deep"), with("profile deep (role deep)")).await;
    let asked = server.asked();
    assert!(asked[1].body.contains("ops") && asked[2].body.contains("deep") && asked.len() == 3);
    assert!(asked[2].header("authorization").contains("Credential=ASIAROLE/20261125/us-east-1"));
    assert_eq!(asked[2].header("x-amz-security-token"), "role-token");

    finds(&here, Some("own"), with("profile own (role own)")).await;
    assert!(server.asked()[3].header("authorization").contains("AKIAOWN"));
    fails(&here, Some("env"), "what its role leans on has no credentials", "aws configure").await;
    for (profile, says, hints) in [
        ("loop", "leads back to itself (loop -> loop2 -> loop)", ""),
        ("self", "leads back to itself (self -> self)", ""),
        ("orphan", "there is no profile \"gone\"", "name one of the profiles"),
        ("bare", "profile bare: its role_arn needs a source_profile or a credential_source", ""),
        ("both", "it has both a source_profile and a credential_source", ""),
        ("odd", "its credential_source is not one that AWS knows", ""),
        ("hollow", "what its role leans on has no credentials", "aws configure"),
        ("no", "AWS STS refused: User: x is not authorized to perform: sts:AssumeRole (status 403)", ""),
        ("mfa", "the login to AWS profile mfa has expired", "run aws sts get-caller-identity --profile mfa"),
    ] {
        fails(&here, Some(profile), says, hints).await;
    }
    let here = here.variable("AWS_ACCESS_KEY_ID", "AKIAENV").variable("AWS_SECRET_ACCESS_KEY", "env-s3cret");
    finds(&here, Some("env"), with("profile env (role env)")).await;
    assert!(server.asked().last().unwrap().header("authorization").contains("AKIAENV"));
}

#[tokio::test]
async fn a_web_identity_is_exchanged_without_a_signature() {
    let server = sts();
    let here = place().file("token", "eyJ.web.token\n").variable("AWS_ENDPOINT_URL", &server.url);
    let token = here.home().join("token").display().to_string();
    let here = here.variable("AWS_WEB_IDENTITY_TOKEN_FILE", &token).variable("AWS_ROLE_ARN", "arn:aws:iam::1:role/pod");
    finds(&here, None, (ROLE.0, ROLE.1, ROLE.2, "web identity, pod")).await;
    let asked = &server.asked()[0];
    assert!(
        asked.body.contains("Action=AssumeRoleWithWebIdentity")
            && asked.body.ends_with("RoleSessionName=crashcart&WebIdentityToken=eyJ.web.token"),
        "{}",
        asked.body
    );
    assert_eq!(asked.header("authorization"), "");
    let gone = here.variable("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token");
    fails(&gone, None, "cannot read /nowhere/token", "").await;
    let profile = config("[profile pod]\nrole_arn = arn:aws:iam::1:role/pod\nweb_identity_token_file = ~/token\n")
        .file("token", "eyJ")
        .variable("AWS_ENDPOINT_URL_STS", &server.url);
    finds(&profile, Some("pod"), (ROLE.0, ROLE.1, ROLE.2, "web identity, pod")).await;
}

const SSO: &str = "[profile new]\nsso_session = acme\nsso_account_id = 111122223333\nsso_role_name = Ops\n\
    [sso-session acme]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = eu-central-1\n\
    [profile old]\nsso_start_url = https://acme.awsapps.com/start\nsso_region = eu-central-1\nsso_account_id = 111122223333\nsso_role_name = Ops\n\
    [profile short]\nsso_session = acme\nsso_account_id = 1\n[profile lost]\nsso_session = gone\nsso_account_id = 1\n";

fn sso_cache(key: &str) -> String {
    format!(
        ".aws/sso/cache/{}.json",
        hex(ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes()).as_ref())
    )
}

#[tokio::test]
async fn an_sso_login_is_exchanged_and_one_that_has_ended_names_the_command() {
    let server = Server::start(|asked: &Asked| {
        match asked.header("x-amz-sso_bearer_token") {
        "sso-s3cret" => (200, "{\"roleCredentials\":{\"accessKeyId\":\"ASIASSO\",\"secretAccessKey\":\"k-s3cret\",\"sessionToken\":\"t\",\"expiration\":1795572849000}}".to_owned()),
        "logged-out" => (401, "{\"message\":\"Session token not found or invalid\"}".to_owned()),
        _ => (403, "{\"message\":\"No access\"}".to_owned()),
    }
    });
    let here = config(SSO).variable("AWS_ENDPOINT_URL_SSO", &server.url).variable("PATH", "/nowhere");
    let cached = |token: &str, expires: &str| {
        format!(
            "{{\"startUrl\":\"x\",\"region\":\"eu-central-1\",\"accessToken\":\"{token}\",\"expiresAt\":\"{expires}\"}}"
        )
    };
    fails(&here, Some("new"), "not logged in to AWS profile new", "run aws sso login --profile new").await;
    for (profile, key) in [("new", "acme"), ("old", "https://acme.awsapps.com/start")] {
        here.write(&sso_cache(key), &cached("sso-s3cret", &LATER.replace('Z', "UTC")));
        let from = format!("profile {profile} (SSO, Ops)");
        let found = finds(&here, Some(profile), ("ASIASSO", "k-s3cret", Some("t"), &from)).await;
        assert_eq!(found.expires, Some(Timestamp::from_secs(1_795_572_849)));
        let asked = server.asked();
        assert_eq!(asked.last().unwrap().line, "GET /federation/credentials?role_name=Ops&account_id=111122223333");
        here.write(&sso_cache(key), &cached("sso-s3cret", EARLIER));
        let says = format!("the login to AWS profile {profile} expired at 2026-11-25T01:14:09Z");
        fails(&here, Some(profile), &says, &format!("run aws sso login --profile {profile}")).await;
        here.write(&sso_cache(key), &cached("logged-out", LATER));
        fails(&here, Some(profile), "has expired or was revoked", "run aws sso login").await;
        here.write(&sso_cache(key), &cached("no", LATER));
        fails(
            &here,
            Some(profile),
            "refused: No access (status 403)",
            "may you use the role Ops in account 111122223333?",
        )
        .await;
        here.write(&sso_cache(key), "{\"accessToken\":\"s3cret\"");
        fails(&here, Some(profile), ".json: it is not JSON", "log in again").await;
        here.write(&sso_cache(key), "{\"accessToken\":\"s3cret\"}");
        fails(&here, Some(profile), "it holds no access token with its end", "log in again").await;
    }
    fails(&here, Some("short"), "profile short: sso_role_name is missing", "").await;
    fails(&here, Some("lost"), "there is no sso-session \"gone\"", "").await;
}

#[tokio::test]
async fn what_only_the_command_line_can_renew_it_is_asked_to_renew() {
    let here = config(SSO);
    let renewable = format!("{{\"accessToken\":\"s3cret\",\"expiresAt\":\"{EARLIER}\",\"refreshToken\":\"r\"}}");
    here.write(&sso_cache("acme"), &renewable);
    here.program("aws", &format!("[ \"$*\" = 'configure export-credentials --profile new --format process' ] || exit 1; echo '{{\"Version\":1,\"AccessKeyId\":\"ASIANEW\",\"SecretAccessKey\":\"n-s3cret\",\"SessionToken\":\"t\",\"Expiration\":\"{LATER}\"}}'"));
    finds(&here, Some("new"), ("ASIANEW", "n-s3cret", Some("t"), "profile new (SSO, Ops)")).await;
    here.program("aws", "echo 'Error: refresh failed' >&2; exit 255");
    fails(&here, Some("new"), "expired at", "run aws sso login --profile new").await;
}

#[tokio::test]
async fn a_console_login_is_used_until_it_ends() {
    let session = "arn:aws:iam::1:user/kim";
    let here = config(&format!("[default]\nlogin_session = {session}\n")).variable("PATH", "/nowhere");
    let key = hex(ring::digest::digest(&ring::digest::SHA256, session.as_bytes()).as_ref());
    let path = format!(".aws/login/cache/{key}.json");
    let cached = |expires: &str| {
        format!(
            "{{\"accessToken\":{{\"accessKeyId\":\"ASIALOGIN\",\"secretAccessKey\":\"l-s3cret\",\"sessionToken\":\"t\",\"accountId\":\"1\",\"expiresAt\":\"{expires}\"}},\"refreshToken\":\"s3cret\"}}"
        )
    };
    fails(&here, None, "there is no cached login", "run aws login --profile default").await;
    here.write(&path, &cached(LATER));
    finds(&here, None, ("ASIALOGIN", "l-s3cret", Some("t"), "profile default (aws login)")).await;
    here.write(&path, &cached(EARLIER));
    fails(&here, None, "expired at", "run aws login --profile default").await;
}

#[tokio::test]
async fn a_credential_process_is_run_without_a_shell() {
    let here = config(
        "[default]\ncredential_process = helper --account \"two words\" '$HOME'\n[profile open]\ncredential_process = helper \"x\n[profile gone]\ncredential_process = no-such-helper\n",
    );
    here.program("helper", "[ \"$2\" = 'two words' ] && [ \"$3\" = '$HOME' ] || exit 9; echo '{\"Version\":1,\"AccessKeyId\":\"ASIAP\",\"SecretAccessKey\":\"p-s3cret\"}'");
    finds(&here, None, ("ASIAP", "p-s3cret", None, "profile default (credential_process)")).await;
    fails(&here, Some("open"), "its credential_process has an open quote", "").await;
    fails(&here, Some("gone"), "cannot run no-such-helper", "is it installed").await;
    for (script, says) in [
        ("echo '{\"Version\":2,\"AccessKeyId\":\"s3cret\"}'", "its Version is not 1"),
        ("echo '{\"Version\":1,\"AccessKeyId\":\"x\"}'", "it holds no credentials"),
        ("echo s3cret", "it is not JSON"),
        ("echo 'please log in' >&2; exit 1", "helper refused: please log in"),
    ] {
        here.program("helper", script);
        fails(&here, None, says, "").await;
    }
}

#[tokio::test]
async fn a_container_is_asked_with_its_token_and_only_where_that_is_safe() {
    let server = Server::start(|asked: &Asked| match asked.header("authorization") {
        "pod-token" => (
            200,
            format!(
                "{{\"AccessKeyId\":\"ASIAPOD\",\"SecretAccessKey\":\"c-s3cret\",\"Token\":\"t\",\"Expiration\":\"{LATER}\"}}"
            ),
        ),
        _ => (401, "{\"code\":\"x\",\"message\":\"bad token\"}".to_owned()),
    });
    let here = place()
        .file("token", "pod-token\n")
        .variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("{}/v1/credentials", server.url));
    fails(
        &here,
        None,
        "the container's credentials refused: bad token (status 401)",
        "has the task or the pod a role?",
    )
    .await;
    let token = here.home().join("token").display().to_string();
    let here = here.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &token);
    let found = finds(&here, None, ("ASIAPOD", "c-s3cret", Some("t"), "container role")).await;
    assert_eq!(found.expires, Timestamp::parse_rfc3339(LATER));
    for (url, safe) in [
        ("http://evil.test/x", false),
        ("http://10.0.0.1/x", false),
        ("http://169.254.170.20/x", false),
        ("ftp://127.0.0.1/x", true),
        ("https://evil.test/x", true),
        ("http://localhost:81/x", true),
        ("http://127.0.0.9/x", true),
        ("http://[::1]/x", true),
        ("http://169.254.170.23/v1/credentials", true),
        ("http://[fd00:ec2::23]/v1/credentials", true),
    ] {
        assert_eq!(machine::may_be_asked(&Url::parse(url).unwrap()), safe, "{url}");
    }
    let evil = here.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://evil.test/x");
    fails(&evil, None, "without https it may only be", "").await;
}

#[tokio::test]
async fn a_machine_is_asked_with_a_session_token_of_its_metadata_service() {
    let server = Server::start(|asked: &Asked| match (asked.line.as_str(), asked.header("x-aws-ec2-metadata-token")) {
        ("PUT /latest/api/token", _) if asked.header("x-aws-ec2-metadata-token-ttl-seconds") == "300" => {
            (200, "imds-token".to_owned())
        }
        ("GET /latest/meta-data/iam/security-credentials/", "imds-token") => (200, "web-role\n".to_owned()),
        ("GET /latest/meta-data/iam/security-credentials/web-role", "imds-token") => (
            200,
            format!(
                "{{\"Code\":\"Success\",\"AccessKeyId\":\"ASIAEC2\",\"SecretAccessKey\":\"m-s3cret\",\"Token\":\"t\",\"Expiration\":\"{LATER}\"}}"
            ),
        ),
        _ => (401, String::new()),
    });
    let here = Place::new().variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", &format!("{}/", server.url));
    finds(&here, None, ("ASIAEC2", "m-s3cret", Some("t"), "instance role web-role")).await;
    let says = |status: u16, body: &'static str| {
        Server::start(
            move |asked: &Asked| {
                if asked.line.starts_with("PUT") { (200, "t".to_owned()) } else { (status, body.to_owned()) }
            },
        )
    };
    for (server, expected) in [
        (says(404, ""), "this machine has no instance role"),
        (says(200, ""), "this machine has no instance role"),
        (says(500, "oops"), "the instance metadata service refused: oops (status 500)"),
        (
            says(200, "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"EC2 cannot assume the role\"}"),
            "refused: EC2 cannot assume the role",
        ),
        (Server::start(|_| (403, String::new())), "gave no token (status 403)"),
    ] {
        let here = Place::new().variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", &server.url);
        fails(&here, None, expected, "").await;
    }
    let nobody = Place::new().variable("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1");
    fails(&nobody, None, "nobody answers as the instance metadata service", "run aws configure").await;
}

#[tokio::test]
async fn the_region_comes_from_the_environment_or_the_profile() {
    let here = config("[default]\nregion = eu-west-1\n[profile prod]\nregion = us-west-2\n[profile bare]\n");
    let of = async |place: &Place, profile| region(&place.surroundings(), profile).await.unwrap();
    assert_eq!(of(&here, None).await.as_deref(), Some("eu-west-1"));
    assert_eq!(of(&here, Some("prod")).await.as_deref(), Some("us-west-2"));
    assert_eq!(of(&here, Some("bare")).await, None);
    let here = here.variable("AWS_PROFILE", "prod");
    assert_eq!(of(&here, None).await.as_deref(), Some("us-west-2"));
    let here = here.variable("AWS_DEFAULT_REGION", "sa-east-1");
    assert_eq!(of(&here, None).await.as_deref(), Some("sa-east-1"));
    assert_eq!(
        endpoint(&place().surroundings(), "STS", "sts", "cn-north-1").unwrap().as_str(),
        "https://sts.cn-north-1.amazonaws.com.cn/"
    );
    assert!(endpoint(&place().surroundings(), "STS", "sts", "not a region/").is_err());
}
