//! Every way to a token of Azure, against servers on loopback and an `az` that is a script.

use super::*;
use crate::provider::auth::testing::{Asked, Place, Server, client};

const NOW: Timestamp = Timestamp::from_secs(1_795_572_849);

async fn find(place: &Place) -> Result<Token, AuthError> {
    let found = token(&place.surroundings(), &client(), MANAGEMENT, NOW).await;
    let shown = match &found {
        Ok(token) => format!("{token:?}"),
        Err(error) => format!("{error} {error:?} {:?}", error.hint()),
    };
    assert!(!shown.contains("s3cret"), "{shown}");
    found
}

/// Expects a token, how many seconds it lives, and where it is from.
async fn finds(place: &Place, secret: &str, lives: u64, from: &str) {
    let found = find(place).await.unwrap_or_else(|error| panic!("{error}: {error:?}"));
    let expires = Some(NOW + Duration::from_secs(lives));
    assert_eq!((found.secret.expose(), found.expires, found.from.as_str()), (secret, expires, from));
}

async fn fails(place: &Place, says: &str, hints: &str) {
    let error = find(place).await.unwrap_err();
    let hint = error.hint().unwrap_or_default().into_owned();
    assert!(error.to_string().contains(says) && hint.contains(hints), "{error} / {hint}");
}

fn application(server: &Server) -> Place {
    Place::new()
        .variable("AZURE_AUTHORITY_HOST", &format!("{}/", server.url))
        .variable("AZURE_TENANT_ID", "tenant")
        .variable("AZURE_CLIENT_ID", "app-id")
}

#[tokio::test]
async fn an_application_proves_itself_by_its_secret_or_by_a_token_of_its_pod() {
    let server = Server::start(|asked: &Asked| {
        assert_eq!(asked.line, "POST /tenant/oauth2/v2.0/token");
        (
            200,
            "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"ext_expires_in\":3599,\"access_token\":\"eyJ\"}"
                .to_owned(),
        )
    });
    let secret = application(&server).variable("AZURE_CLIENT_SECRET", "a~s3cret");
    finds(&secret, "eyJ", 3_599, "client secret of application app-id").await;
    let common = "grant_type=client_credentials&client_id=app-id&scope=https%3A%2F%2Fmanagement.azure.com%2F.default";
    assert_eq!(server.asked()[0].body, format!("{common}&client_secret=a%7Es3cret"));
    let pod = application(&server).file("token", "pod-s3cret\n");
    let path = pod.home().join("token").display().to_string();
    let pod = pod.variable("AZURE_FEDERATED_TOKEN_FILE", &path);
    finds(&pod, "eyJ", 3_599, "workload identity of application app-id").await;
    assert_eq!(
        server.asked()[1].body,
        format!(
            "{common}&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=pod-s3cret"
        )
    );
    fails(&application(&server), "neither AZURE_CLIENT_SECRET nor AZURE_FEDERATED_TOKEN_FILE is set", "az login").await;
    let certificate = application(&server).variable("AZURE_CLIENT_CERTIFICATE_PATH", "/x.pem");
    fails(&certificate, "AZURE_CLIENT_CERTIFICATE_PATH) is not supported", "az login").await;
    let gone = application(&server).variable("AZURE_FEDERATED_TOKEN_FILE", "/nowhere/token");
    fails(&gone, "cannot read /nowhere/token", "").await;
}

#[tokio::test]
async fn a_refusal_is_told_in_azures_words_with_what_helps() {
    for (code, says, hints) in [
        (
            "AADSTS7000222: The provided client secret keys for app 'app-id' are expired.",
            "the login to Azure (the secret of application app-id) has expired",
            "run az ad app credential reset --id app-id",
        ),
        (
            "AADSTS7000215: Invalid client secret provided.",
            "Microsoft Entra refused: AADSTS7000215: Invalid client secret provided. (status 401)",
            "not its id",
        ),
        ("AADSTS90002: Tenant 'tenant' not found.", "AADSTS90002", "is AZURE_TENANT_ID right?"),
        ("AADSTS700016: Application not found.", "AADSTS700016", "is AZURE_CLIENT_ID right"),
        ("AADSTS70021: No matching federated identity record found.", "AADSTS70021", "federated credential"),
        ("AADSTS1: ?", "AADSTS1", "AZURE_ variables"),
    ] {
        let server = Server::start(move |_| {
            (
                401,
                format!(
                    "{{\"error\":\"invalid_client\",\"error_description\":\"{code}\\r\\nTrace ID: 1\\r\\nTimestamp: 2\"}}"
                ),
            )
        });
        fails(&application(&server).variable("AZURE_CLIENT_SECRET", "s3cret"), says, hints).await;
    }
}

#[tokio::test]
async fn a_managed_identity_is_asked_in_app_service_and_on_machines() {
    let service = Server::start(|asked: &Asked| match (asked.line.as_str(), asked.header("x-identity-header")) {
        ("GET /msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fmanagement.azure.com", "h") => (
            200,
            "{\"access_token\":\"eyJ.app\",\"expires_on\":\"1795573849\",\"resource\":\"r\",\"token_type\":\"Bearer\"}"
                .to_owned(),
        ),
        _ => (400, "{\"message\":\"no\"}".to_owned()),
    });
    let app = Place::new()
        .variable("IDENTITY_ENDPOINT", &format!("{}/msi/token", service.url))
        .variable("IDENTITY_HEADER", "h");
    finds(&app, "eyJ.app", 1_000, "managed identity").await;
    fails(&app.variable("AZURE_CLIENT_ID", "other"), "Azure's managed identity gave no token (status 400)", "az login")
        .await;

    let machine = Server::start(|asked: &Asked| match (asked.line.as_str(), asked.header("metadata")) {
        (
            "GET /metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com&client_id=mine",
            "true",
        ) => (200, "{\"access_token\":\"eyJ.vm\",\"expires_in\":\"500\",\"expires_on\":\"1795573349\"}".to_owned()),
        (
            "GET /metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fmanagement.azure.com",
            _,
        ) => (400, "{\"error\":\"invalid_request\",\"error_description\":\"Identity not found\"}".to_owned()),
        _ => (500, String::new()),
    });
    let on = |server: &Server| Place::new().variable("AZURE_POD_IDENTITY_AUTHORITY_HOST", &server.url);
    finds(&on(&machine).variable("AZURE_CLIENT_ID", "mine"), "eyJ.vm", 500, "managed identity").await;
    fails(&on(&machine), "gave no token (status 400)", "az login").await;
    // Another cloud's service at the same address.
    fails(&on(&Server::start(|_| (200, "{}".to_owned()))), "gave no token (status 200)", "az login").await;
    fails(&on(&Server::start(|_| (404, "<html>".to_owned()))), "gave no token (status 404)", "az login").await;
}

#[tokio::test]
async fn whoever_is_logged_in_with_az_is_set() {
    let place = Place::new();
    fails(
        &place,
        "not logged in to Azure (looked at: AZURE_TENANT_ID and AZURE_CLIENT_ID are not both set; nobody answers as Azure's managed identity; cannot run az: there is no such program)",
        "run az login",
    )
    .await;
    place.program("az", "[ \"$*\" = 'account get-access-token --resource https://management.azure.com -o json' ] && echo '{\"accessToken\":\"eyJ.az\",\"expiresOn\":\"2026-11-25 03:14:09.000000\",\"expires_on\":1795576449,\"tokenType\":\"Bearer\"}'");
    finds(&place, "eyJ.az", 3_600, "az").await;
    place.program("az", "echo '{\"accessToken\":\"eyJ.az\",\"expiresOn\":\"2026-11-25 03:14:09.000000\"}'");
    finds(&place, "eyJ.az", 240, "az").await;
    for (script, says) in [
        (
            "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1",
            "az refused: ERROR: Please run 'az login' to setup account.",
        ),
        ("echo '{\"s3cret\":1}'", "what az prints: it holds no accessToken"),
        ("echo s3cret", "what az prints: it is not JSON"),
    ] {
        place.program("az", script);
        fails(&place, says, "run az login").await;
    }
}

#[tokio::test]
async fn the_subscription_is_the_one_that_az_has_chosen() {
    let of = async |place: &Place| subscription(&place.surroundings()).await;
    let place = Place::new();
    assert_eq!(of(&place).await.unwrap(), None);
    place.write(".azure/azureProfile.json", "\u{feff}{\"installationId\":\"x\",\"subscriptions\":[{\"id\":\"1\",\"name\":\"Old\",\"isDefault\":false},{\"id\":\"2\",\"name\":\"Shop\",\"tenantId\":\"t\",\"isDefault\":true}]}");
    let chosen = Subscription { id: "2".to_owned(), name: "Shop".to_owned(), tenant: Some("t".to_owned()) };
    assert_eq!(of(&place).await.unwrap(), Some(chosen));
    place.write("a/azureProfile.json", "\u{feff}{\"subscriptions\":[]}");
    let place = place.variable("AZURE_CONFIG_DIR", "~/a");
    assert_eq!(of(&place).await.unwrap(), None);
    place.write("a/azureProfile.json", "{");
    assert_eq!(of(&place).await.unwrap_err().to_string(), "~/a/azureProfile.json: it is not JSON (line 1, column 1)");
}
