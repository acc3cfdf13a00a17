//! What a definition does although the description does not say so, each with its reason; and values that examples do not have.

use serde_json::{Value, json};

/// Requests that no description here knows: provider, a part of capability, method and address, why.
#[rustfmt::skip]
const UNDESCRIBED: &[(&str, &str, &str)] = &[
    ("argocd", "/api/v1/account/can-i/", CUT),
    ("argocd", "/api/v1/session/userinfo", CUT),
    ("aws-ecs", "https://sts.", "the token service has no model here"),
    ("aws-lambda", "https://sts.", "the token service has no model here"),
    ("cloudflare-pages", "PATCH", CUT),
    ("cloudflare-pages", "/tails", "what the command line program asks: not in the description"),
    ("cloudflare-workers", "/client/v4/graphql", "the analytics have no description here"),
    ("cloudflare-workers", "/client/v4/url-", "an address that an answer names"),
    ("coolify", "/api/v1/teams/current", CUT),
    ("coolify", "/envs", CUT),
    ("datadog", "/api/v2/current_user", CUT),
    ("docker-swarm", "/nodes", CUT),
    ("elasticsearch", "/_cat/allocation", CUT),
    ("elasticsearch", "/_plugins/_alerting/", "OpenSearch's own"),
    ("elasticsearch", "/_security/_authenticate", CUT),
    ("fly", "/v1/apps/shop/secrets", CUT),
    ("fly", "https://api.fly.io/api/v1/apps/", "fly.io/docs/monitoring/logs-api-options: no description"),
    ("fly", "https://api.fly.io/prometheus/", "Prometheus' own interface"),
    ("github", "https://api.github.com/graphql", "the GraphQL schema is not here"),
    ("github", "https://api.github.com/user", CUT),
    ("github", "/enable", CUT),
    ("github", "/actions/secrets", CUT),
    ("github", "/actions/variables", CUT),
    ("github", "/environments/", CUT),
    ("github", "/disable", CUT),
    ("github", "/compare/", CUT),
    ("goalert", "/api/v2/generic/incoming", "an integration's address is no GraphQL"),
    ("google-cloud-run", ":testIamPermissions", CUT),
    ("google-cloud-run", "https://oauth2.googleapis.com/", "tokens have no description here"),
    ("grafana", "/api/user", CUT),
    ("heroku", "https://logplex.heroku.com/", "an address that an answer names"),
    ("heroku", "https://status.heroku.com/", "the status page has no description"),
    ("heroku", "/account", CUT),
    ("heroku", "/addons", CUT),
    ("koyeb", "/v1/streams/metrics", CUT),
    ("koyeb", "/v1/account/profile", CUT),
    ("kubernetes", "/apis/metrics.k8s.io/", "the metrics server has a description of its own"),
    ("kubernetes", "/api/v1/nodes", CUT),
    ("kubernetes", "/apis/authentication.k8s.io/", CUT),
    ("kubernetes", "/apis/authorization.k8s.io/", CUT),
    ("kubernetes", "/replicasets/", CUT),
    ("pagerduty", "/maintenance_windows", CUT),
    ("railway", "settings POST", "the query for variables is cut away from the schema"),
    ("railway", "wss://", "the same queries over a WebSocket"),
    ("render", "/env-groups", CUT),
    ("render", "/env-vars", CUT),
    ("render", "/v1/metrics/", CUT),
    ("sentry", "GET https://us.sentry.io/api/0/", "the API's root is in no description"),
    ("slack-app", "POST https://slack.com/api/auth.test", "every method takes GET and POST: docs.slack.dev/apis/web-api"),
    ("upsun", "/users/me", CUT),
    ("vercel", "https://vercel.com/api/logs/", "what the command line program asks: no description"),
    ("vercel", "/v10/projects/", CUT),
    ("vercel", "/v2/user", CUT),
    ("vercel", "GET https://api.vercel.com/v9/projects", CUT),
    ("vercel", "PATCH https://api.vercel.com/v9/projects/", CUT),
];

/// The descriptions hold the operations that were thought to be needed.
const CUT: &str = "cut away from the description";

/// Troubles that are none: provider, capability or action, a part of the sentence, why.
#[rustfmt::skip]
const TROUBLES: &[(&str, &str, &str, &str)] = &[
    ("argocd", "actions.roll_back", NOT_DONE, "phases are any text in the description"),
    ("aws-ecs", "actions.restart", NOT_DONE, "it waits until one deployment is left, and an answer has two"),
    ("aws-ecs", "actions.roll_back", REFUSED, "every question about a task definition has the same answer"),
    ("aws-ecs", "actions.scale", NOT_DONE, "it waits until one deployment is left, and an answer has two"),
    ("cloudflare-pages", "apps", NOTHING, "the description does not say what a list of accounts holds"),
    ("cloudflare-workers", "apps", NOTHING, "the description does not say what a list of accounts holds"),
    ("aws-lambda", "actions.roll_back", NOT_DONE, "the answer is about another version"),
    ("axiom", "actions.silence", "'id' was unexpected", "a monitor goes back as it came, and the description forbids no members"),
    ("cloudflare-pages", "releases", "query: page is no parameter", "the description is of 2024; other lists of this API have it"),
    ("cloudflare-pages", "releases", "query: per_page is no parameter", "the description is of 2024; other lists of this API have it"),
    ("cloudflare-workers", "actions.roll_back", NOT_DONE, "the answer is about another version"),
    ("clever-cloud", "actions.restart", NOT_DONE, "the answer is about another deployment"),
    ("clever-cloud", "actions.roll_back", NOT_DONE, "the answer is about another deployment"),
    ("docker", "actions.roll_back", "there are 2 containers of this image", "an answer has two of everything"),
    ("docker", "settings", NOTHING, "a container that removes itself is left out, and a full answer does"),
    ("docker-swarm", "actions.scale", NOT_DONE, "it counts the tasks, and an answer has two"),
    ("elasticsearch", "metrics", "'aggs' was unexpected", "another name for aggregations: elastic.co/docs/explore-analyze/query-filter/aggregations"),
    ("github", "logs", NOTHING, "the answer is a redirection to a text"),
    ("google-cloud-run", "settings", "is no name", "names of variables are any text in the description"),
    ("heroku", "actions.cancel", REFUSED, "only a build that has no release yet can be cancelled, and in an answer everything is there"),
    ("kubernetes", "actions.scale", NOT_DONE, "it counts the pods, and an answer has two"),
    ("northflank", "actions.roll_back", NOT_DONE, "the answer is about another build"),
    ("railway", "actions.roll_back", NOT_DONE, "the newest deployment stays the same from one answer to the next"),
    ("scalingo", "actions.restart", "`operation` has no value", "the description leaves out the header that names it"),
    ("upsun", "actions.back_up", NOT_DONE, "the activities stay the same from one answer to the next"),
    ("upsun", "actions.restart", NOT_DONE, "the activities stay the same from one answer to the next"),
    ("vercel", "actions.promote", NOT_DONE, "the answer is about another deployment"),
    ("vercel", "actions.roll_back", NOT_DONE, "the answer is about another deployment"),
];

const NOT_DONE: &str = "no answer says that it is done";
const NOTHING: &str = "a full answer brings nothing";
const REFUSED: &str = "everything is refused";

/// Parameters whose example does not fit the answers: provider, parameter, JSON. Null leaves it out.
const PARAMS: &[(&str, &str, &str)] = &[("caprover", "app", "\"web\""), ("goalert", "service", "null")];

/// Secrets that must have a shape: provider, secret, value.
const SECRETS: &[(&str, &str, &str)] = &[];

/// Where a system is whose definition has no address, or whose address is a secret: provider, address.
const ADDRESSES: &[(&str, &str)] = &[
    ("bugsink", "https://system.test/api/canonical/0"),
    ("discord", "https://discord.com/api/v10/webhooks/123456789012345678/token"),
];

/// Whom a message goes to, where somebody must be named: provider, whom.
const RECIPIENTS: &[(&str, &str)] = &[];

pub fn undescribed(provider: &str, request: &str) -> bool {
    UNDESCRIBED.iter().any(|(name, part, _)| *name == provider && request.contains(part))
}

pub fn trouble(provider: &str, what: &str, text: &str) -> bool {
    TROUBLES.iter().any(|(name, place, part, _)| *name == provider && *place == what && text.contains(part))
}

pub fn param(provider: &str, param: &str) -> Option<Value> {
    let row = PARAMS.iter().find(|(name, known, _)| *name == provider && *known == param)?;
    Some(serde_json::from_str(row.2).expect("the table holds JSON"))
}

pub fn secret(provider: &str, secret: &str) -> Option<&'static str> {
    SECRETS.iter().find(|(name, known, _)| *name == provider && *known == secret).map(|(_, _, value)| *value)
}

pub fn address(provider: &str) -> Option<&'static str> {
    ADDRESSES.iter().find(|(name, _)| *name == provider).map(|(_, address)| *address)
}

pub fn to(provider: &str) -> Value {
    RECIPIENTS.iter().find(|(name, _)| *name == provider).map_or(Value::Null, |(_, to)| json!(to))
}

/// Returns a query in the system's own language.
pub fn query(_provider: &str) -> Value {
    json!("up")
}
