//! Every kind of credential file, gcloud as a script, the metadata server on loopback.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::json;

use super::*;
use crate::provider::auth::testing::{Asked, Place, Server, client};

const NOW: Timestamp = Timestamp::from_secs(1_795_572_849);

/// An RSA key that was made for this test and opens nothing.
const KEY: &[&str] = &[
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDVZTKxG5bnLEn80+ykiz7wghCHs7+JNqpx+3XaNbA3BwDXeLVJ",
    "PE0X6ITpX3t501ItvFCdnMCVtLcqckODl5S9+gL4G4zAzol+fpMOo9wW9xHTpfmTpYzN3v8vNQX/WhTTgxXzBI2CELo51pBOz+7P",
    "ktBMEqJIsl6TyZvM1/LqLdVkQm1S1pp9/mV/e+yYo0NB9qnUdxosNxd4QWatSS08F/I3a7nijCcgJOrmYGjRf3XH6Tb/KZ2ct7+b",
    "feEvp9PlfoLdPvSd4XM6p0IIYARUkBTLta7izdo5g17mt9I+3O/WmKBGA8pwFamg7/Lf0vRznE4Px6E+4SvV+RIZHXlFAgMBAAEC",
    "ggEARrZ7Hs9KqR43Ak3jq/7sg1xGSAGbZce0oYK3YfDKjOGION6qDDOsRFDrwj2+t/b702YEvMXV14YD8E/e6XtQcceoNjlC4h1O",
    "2Jju+Dn6U63ZvW3Rj0ibqRjNLQKAE0bxgcl9e4M1tTT/0Oy18zfaJfS7i4ndNwPMbWKweyfQOiMM7lz4GQlk2TLWyCpB1M9hjXFa",
    "T+C4CHc9xI8x4VX2c3F8UXuHgPJoO01DLjRReBTK/Gh30N2l7m7L+WahB5ODCLu1mF1u1hWAMvGPEvA5LqEby65OsFbigSvxB8jn",
    "npH3Ve0tt37qgiJ+tSlZm7XHE6i+Fy53SgrEFWbk+8xd3QKBgQD1V79jTjXL5sUv8cXLApILD9YSo0LuJqAOb+Z3QOva9TlJzjKc",
    "uj0V0aPXgiF6/+86h0iYpkW0VWf5SHuZ06VBYCtZxVCqr8elKztauxPtBpEVqbk/kBOvEjR22N4Jc8onlRvTRAfpbCw4+jgdpRDd",
    "dFoYI+iQjpIQRDF+PH1ppwKBgQDeqjB4dbRjYjdt734RSFiymr82exEpo3OfEpl0IFh3nc6X95as6BC4ARMln0MwNDPKBr40KzTQ",
    "juQ9YXc17CvAnutsGHkE9tTsnwyh+Im6pBSWVABYF9nnWSqMxWQBc9vc8eyaN5OUJSdsV0Qr+gmZLbqjyVNxTBMzGKh88xbLMwKB",
    "gCR+DMWkmHPfu2zKNXVgyIBEtr7G8emibSQ4mLscOPi0iPTlarnNKdDZAdnITVqSPu8huDacZLnSCkkV8uyKgoYa29fadYkt5DA5",
    "Ifb45JnY5DOorxk5QPRFbPBQiZY2VtdUYnMmJ1cc8+b1sOsX5k5KRCxbCviVfDxXKFVygeT5AoGANEcrCC1ChA78SqBvLemZgZ2Z",
    "hVYRqoAI1nFMfBpYCwWPCtkDlGcL/deqwiuJX9jxy94XbDI0vT6/UbX/gjaH8zqctY1tZH/7b+7LzX+H/r0lZEImrogzDgE+Xzy9",
    "BSZJma9nSLIBwUeT4PkANX8IH+G/r1LGd5RP8bA5ZtTAJkcCgYEAt4tUHcl94icGYJyt/vIPnYuZCNXHa0dsgoMqD9MxWRpJmAA6",
    "yZjRxaa1/5xtG7qDlERasbmHK3rujz1VbBA0oHGEdrPj4GHsJWjb38wK9bkp+BYvPnDZelFneGNN1VTA0jH2BSG3+T+GjrYaeb6M",
    "wH0ZNwseZ0HyrJOODAosQTY=",
];

fn pem(label: &str) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", KEY.join("\n"))
}

async fn find(place: &Place) -> Result<Token, AuthError> {
    let found = token(&place.surroundings(), &client(), &["scope-a", "scope-b"], NOW).await;
    let shown = match &found {
        Ok(token) => format!("{token:?}"),
        Err(error) => format!("{error} {error:?} {:?}", error.hint()),
    };
    assert!(!shown.contains("s3cret"), "{shown}");
    found
}

/// Expects a token, how many seconds it lives, and where it is from.
async fn finds(place: &Place, secret: &str, lives: Option<u64>, from: &str) {
    let found = find(place).await.unwrap_or_else(|error| panic!("{error}: {error:?}"));
    let expires = lives.map(|lives| NOW + Duration::from_secs(lives));
    assert_eq!((found.secret.expose(), found.expires, found.from.as_str()), (secret, expires, from));
}

async fn fails(place: &Place, says: &str, hints: &str) {
    let error = find(place).await.unwrap_err();
    let hint = error.hint().unwrap_or_default().into_owned();
    assert!(error.to_string().contains(says) && hint.contains(hints), "{error} / {hint}");
}

/// A home with a credential file that the environment names, on no machine of Google's.
fn with_file(value: &Value) -> Place {
    Place::new()
        .file("key.json", &value.to_string())
        .variable("GOOGLE_APPLICATION_CREDENTIALS", "~/key.json")
        .variable("NO_GCE_CHECK", "true")
}

fn vendor() -> Server {
    Server::start(|asked: &Asked| match (asked.line.as_str(), asked.body.as_str()) {
        (_, body) if body.contains("revoked") => (
            400,
            "{\"error\":\"invalid_grant\",\"error_description\":\"Token has been expired or revoked.\"}".to_owned(),
        ),
        (_, body) if body.contains("nobody") => {
            (401, "{\"error\":\"invalid_client\",\"error_description\":\"The OAuth client was not found.\"}".to_owned())
        }
        ("POST /token", _) => {
            (200, "{\"access_token\":\"ya29.t\",\"expires_in\":3599,\"token_type\":\"Bearer\"}".to_owned())
        }
        ("POST /sts", _) => {
            (200, "{\"access_token\":\"ya29.federated\",\"expires_in\":3600,\"token_type\":\"Bearer\"}".to_owned())
        }
        ("GET /subject", _) if asked.header("x-wanted") == "yes" => (200, "{\"value\":\"url-subject\"}".to_owned()),
        ("POST /v1/projects/-/serviceAccounts/ops@p.iam.gserviceaccount.com:generateAccessToken", _) => {
            (200, "{\"accessToken\":\"ya29.ops\",\"expireTime\":\"2026-11-25T03:14:09Z\"}".to_owned())
        }
        _ => (
            403,
            "{\"error\":{\"code\":403,\"message\":\"Permission denied\",\"status\":\"PERMISSION_DENIED\"}}".to_owned(),
        ),
    })
}

fn service_account(server: &Server) -> Value {
    json!({
        "type": "service_account", "project_id": "p", "private_key_id": "kid1", "private_key": pem("PRIVATE KEY"),
        "client_email": "bot@p.iam.gserviceaccount.com", "token_uri": format!("{}/token", server.url),
    })
}

#[tokio::test]
async fn a_service_account_signs_its_word_and_gets_a_token() {
    let server = vendor();
    finds(
        &with_file(&service_account(&server)),
        "ya29.t",
        Some(3_599),
        "service account bot@p.iam.gserviceaccount.com",
    )
    .await;
    let body = server.asked()[0].body.clone();
    let form: Vec<(String, String)> = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    assert_eq!(form[0], ("grant_type".to_owned(), "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned()));
    let (signed, signature) = form[1].1.rsplit_once('.').unwrap();
    let public = jwt::key(&pem("PRIVATE KEY")).unwrap().public().as_ref().to_vec();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
        .verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
        .unwrap();
    let parts: Vec<Value> =
        signed.split('.').map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()).collect();
    assert_eq!(parts[0], json!({"alg": "RS256", "typ": "JWT", "kid": "kid1"}));
    assert_eq!(
        parts[1],
        json!({
            "iss": "bot@p.iam.gserviceaccount.com", "scope": "scope-a scope-b", "aud": format!("{}/token", server.url),
            "iat": 1_795_572_849, "exp": 1_795_576_449,
        })
    );
}

#[tokio::test]
async fn a_key_file_that_is_not_right_says_what_is_wrong_with_it() {
    let server = vendor();
    let with = |name: &str, value: Value| {
        let mut account = service_account(&server);
        account[name] = value;
        with_file(&account)
    };
    for (name, value, says, hints) in [
        ("private_key", json!("s3cret"), "key.json: its private_key is not an RSA key in PEM", ""),
        ("private_key", json!(pem("EC PRIVATE KEY")), "is not an RSA key in PEM", ""),
        ("private_key", Value::Null, "key.json: it has no private_key", ""),
        ("client_email", Value::Null, "it has no client_email", ""),
        ("type", Value::Null, "it has no type", ""),
        (
            "type",
            json!("gdch_service_account"),
            "the kind \"gdch_service_account\" of credentials in",
            "gcloud auth application-default login",
        ),
        (
            "token_uri",
            json!(format!("{}/else", server.url)),
            "Google refused: Permission denied (status 403)",
            "is the key still valid?",
        ),
        ("token_uri", json!("http://127.0.0.1:1/"), "cannot reach Google", ""),
    ] {
        fails(&with(name, value), says, hints).await;
    }
    let skewed = Server::start(|_| {
        (
            400,
            "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid JWT: check your iat and exp values\"}"
                .to_owned(),
        )
    });
    fails(&with_file(&service_account(&skewed)), "check your iat", "is the clock of this machine right?").await;
    fails(&with_file(&json!(["s3cret"])), "it has no type", "").await;
    fails(
        &Place::new()
            .file("key.json", "{\"private_key\": s3cret")
            .variable("GOOGLE_APPLICATION_CREDENTIALS", "~/key.json"),
        "key.json: it is not JSON (line 1, column",
        "",
    )
    .await;
    fails(
        &Place::new().variable("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json"),
        "cannot read /nowhere/key.json",
        "right path?",
    )
    .await;
}

fn person(refresh: &str) -> Value {
    json!({"type": "authorized_user", "client_id": "id", "client_secret": "client-s3cret", "refresh_token": refresh})
}

#[tokio::test]
async fn a_person_who_is_logged_in_is_found_and_one_who_no_longer_is_is_told() {
    let server = vendor();
    let path = ".config/gcloud/application_default_credentials.json";
    let place = |value: &Value| {
        Place::new()
            .file(path, &value.to_string())
            .variable("CLOUDSDK_AUTH_TOKEN_HOST", &format!("{}/token", server.url))
    };
    finds(&place(&person("1//s3cret")), "ya29.t", Some(3_599), "gcloud's application default credentials").await;
    assert_eq!(
        server.asked()[0].body,
        "grant_type=refresh_token&client_id=id&client_secret=client-s3cret&refresh_token=1%2F%2Fs3cret"
    );
    fails(
        &place(&person("revoked")),
        "application_default_credentials.json has expired or was revoked",
        "run gcloud auth application-default login",
    )
    .await;
    fails(&place(&person("nobody")), "Google refused: The OAuth client was not found. (status 401)", "").await;
    let elsewhere = Place::new()
        .file("gc/application_default_credentials.json", &person("r").to_string())
        .variable("CLOUDSDK_CONFIG", "~/gc")
        .variable("CLOUDSDK_AUTH_TOKEN_HOST", &format!("{}/token", server.url));
    finds(&elsewhere, "ya29.t", Some(3_599), "gcloud's application default credentials").await;
}

#[tokio::test]
async fn a_service_account_can_be_impersonated() {
    let server = vendor();
    let url = |account: &str| {
        format!("{}/v1/projects/-/serviceAccounts/{account}@p.iam.gserviceaccount.com:generateAccessToken", server.url)
    };
    let value = |account: &str| {
        let mut source = person("r");
        source["token_uri"] = format!("{}/token", server.url).into();
        json!({"type": "impersonated_service_account", "service_account_impersonation_url": url(account), "delegates": ["d"], "source_credentials": source})
    };
    let from = "service account ops@p.iam.gserviceaccount.com (impersonated)";
    finds(&with_file(&value("ops")), "ya29.ops", Some(3_600), from).await;
    let asked = &server.asked()[1];
    assert_eq!(asked.header("authorization"), "Bearer ya29.t");
    assert_eq!(
        serde_json::from_str::<Value>(&asked.body).unwrap(),
        json!({"scope": ["scope-a", "scope-b"], "lifetime": "3600s", "delegates": ["d"]})
    );
    fails(
        &with_file(&value("other")),
        "Google refused: Permission denied (status 403)",
        "Service Account Token Creator on other@p.iam",
    )
    .await;
    let nested = json!({"type": "impersonated_service_account", "service_account_impersonation_url": "x", "source_credentials": {"type": "impersonated_service_account"}});
    fails(&with_file(&nested), "the kind \"impersonated_service_account\"", "").await;
}

#[tokio::test]
async fn a_federated_identity_is_exchanged_when_its_token_lies_in_a_file_or_behind_a_url() {
    let server = vendor();
    let value = |source: Value| json!({"type": "external_account", "audience": "//iam/pool", "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": format!("{}/sts", server.url), "credential_source": source});
    let place = with_file(&value(json!({"file": "~/subject"}))).file("subject", "file-subject\n");
    finds(&place, "ya29.federated", Some(3_600), "workload identity").await;
    assert!(
        server.asked()[0].body.contains("&scope=scope-a+scope-b&")
            && server.asked()[0].body.ends_with("&subject_token=file-subject")
    );
    let format = json!({"type": "json", "subject_token_field_name": "value"});
    let mut by_url =
        value(json!({"url": format!("{}/subject", server.url), "headers": {"X-Wanted": "yes"}, "format": format}));
    by_url["service_account_impersonation_url"] =
        format!("{}/v1/projects/-/serviceAccounts/ops@p.iam.gserviceaccount.com:generateAccessToken", server.url)
            .into();
    finds(&with_file(&by_url), "ya29.ops", Some(3_600), "service account ops@p.iam.gserviceaccount.com (impersonated)")
        .await;
    let asked = server.asked();
    assert!(asked[2].body.contains("subject_token=url-subject") && asked[2].body.contains("cloud-platform"));
    assert_eq!(asked[3].header("authorization"), "Bearer ya29.federated");
    let of_aws = value(json!({"environment_id": "aws1", "url": "http://169.254.169.254/x"}));
    fails(&with_file(&of_aws), "which is neither a file nor a URL, is not supported", "gcloud auth login --cred-file")
        .await;
    fails(&with_file(&value(json!({"executable": {"command": "x"}}))), "is not supported", "").await;
    fails(&with_file(&value(json!({"file": "~/absent"}))), "absent", "").await;
}

#[tokio::test]
async fn gcloud_is_asked_and_then_the_machine() {
    let place = Place::new().variable("NO_GCE_CHECK", "true");
    fails(
        &place,
        "not logged in to Google Cloud (looked at: GOOGLE_APPLICATION_CREDENTIALS is not set; there is no ~/.config/gcloud/application_default_credentials.json; cannot run gcloud: there is no such program; NO_GCE_CHECK is set)",
        "run gcloud auth login",
    )
    .await;
    place.program("gcloud", "[ \"$*\" = 'auth print-access-token --quiet' ] && echo ya29.gcloud");
    finds(&place, "ya29.gcloud", Some(240), "gcloud").await;
    place.program("gcloud", "echo 'ERROR: (gcloud.auth.print-access-token) You do not currently have an active account selected.' >&2; exit 1");
    fails(
        &place,
        "gcloud refused: ERROR: (gcloud.auth.print-access-token) You do not currently have an active account",
        "gcloud auth login",
    )
    .await;
    place.program("gcloud", "echo 'Updates are available: s3cret'");
    fails(&place, "what gcloud prints: it is more than a token", "").await;

    let server = Server::start(|asked: &Asked| {
        let is_asked =
            asked.line == "GET /computeMetadata/v1/instance/service-accounts/default/token?scopes=scope-a%2Cscope-b";
        match asked.header("metadata-flavor") {
            "Google" if is_asked => (200, "{\"access_token\":\"ya29.machine\",\"expires_in\":1200}".to_owned()),
            _ => (403, String::new()),
        }
    });
    let on = |host: &str| Place::new().variable("GCE_METADATA_HOST", host.trim_start_matches("http://"));
    finds(&on(&server.url), "ya29.machine", Some(1_200), "metadata server").await;
    for (server, says) in [
        (Server::start(|_| (404, String::new())), "this machine has no service account of Google"),
        (Server::start(|_| (200, "<html>".to_owned())), "Google's metadata server gave no token (status 200)"),
        (Server::start(|_| (401, "Unauthorized".to_owned())), "Google's metadata server gave no token (status 401)"),
    ] {
        fails(&on(&server.url), says, "gcloud auth login").await;
    }
    fails(&on("127.0.0.1:1"), "nobody answers as Google's metadata server", "").await;
}

#[tokio::test]
async fn the_project_is_that_of_the_environment_or_of_the_active_configuration() {
    let of = async |place: &Place| project(&place.surroundings()).await.unwrap();
    let place = Place::new();
    assert_eq!(of(&place).await, None);
    place.write(
        ".config/gcloud/configurations/config_default",
        "[compute]\nproject = no\n[core]\naccount = kim@acme.test\nproject = shop-1\n",
    );
    assert_eq!(of(&place).await.as_deref(), Some("shop-1"));
    place.write(".config/gcloud/active_config", "staging");
    assert_eq!(of(&place).await, None);
    place.write(".config/gcloud/configurations/config_staging", "[core]\r\nproject=shop-2\r\n");
    assert_eq!(of(&place).await.as_deref(), Some("shop-2"));
    assert_eq!(of(&place.variable("GOOGLE_CLOUD_PROJECT", "shop-3")).await.as_deref(), Some("shop-3"));
}
