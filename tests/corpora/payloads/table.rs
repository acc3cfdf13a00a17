//! What each recorded answer is: whose, the answer to which question, and how many things it has.

/// Files, `*` standing for anything, and what they are. The first row that fits counts.
pub struct Row {
    pub files: &'static str,
    pub means: Means,
}

/// What a file is.
pub enum Means {
    /// An answer that a definition reads.
    Reads(Reads),
    /// An error. `status` counts for files that do not say it themselves.
    Refused { reads: Reads, status: u16, words: &'static str },
    /// The answer to a step of an action.
    Does(Step),
    /// Nothing that a definition asks for, and why.
    Other(&'static str),
}

impl Means {
    /// Returns the provider, and what of it is tried: a capability, `errors`, `send` or `actions.NAME`.
    pub fn tries(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Reads(reads) => Some((reads.provider, reads.capability.to_owned())),
            Self::Refused { reads, .. } => Some((reads.provider, "errors".to_owned())),
            Self::Does(Step { provider, action: "send", .. }) => Some((provider, "send".to_owned())),
            Self::Does(step) => Some((step.provider, format!("actions.{}", step.action))),
            Self::Other(_) => None,
        }
    }
}

/// How an answer is read.
pub struct Reads {
    pub provider: &'static str,
    pub capability: &'static str,
    /// A part of the request, and a program over the file that gives the answer to it. `.` is the file as it is. Without
    /// any, the file answers everything.
    pub talk: &'static [(&'static str, &'static str)],
    /// A program over the file: the ids of what is in it, or how many there are (of an issue: exceptions; of a vendor's
    /// page: components and incidents).
    pub things: &'static str,
    /// Parameters and inputs, as JSON.
    pub given: &'static [(&'static str, &'static str)],
    /// What some things lack, and why.
    pub lacks: &'static [(&'static str, &'static str)],
    /// What is said about things that cannot be read.
    pub problems: &'static [&'static str],
    /// The answer was to another question, and is rewritten: it shows how values look, and proves nothing.
    pub translated: bool,
}

/// A step of an action, and what its answer means.
pub struct Step {
    pub provider: &'static str,
    pub action: &'static str,
    pub step: usize,
    pub given: &'static [(&'static str, &'static str)],
    pub outcome: &'static str,
}

type Pairs = &'static [(&'static str, &'static str)];

impl Reads {
    const fn of(provider: &'static str, capability: &'static str, things: &'static str) -> Self {
        Self { provider, capability, talk: &[], things, given: &[], lacks: &[], problems: &[], translated: false }
    }

    const fn talk(self, talk: Pairs) -> Self {
        Self { talk, ..self }
    }

    const fn given(self, given: Pairs) -> Self {
        Self { given, ..self }
    }

    const fn lacks(self, lacks: Pairs) -> Self {
        Self { lacks, ..self }
    }

    const fn translated(self) -> Self {
        Self { translated: true, ..self }
    }

    const fn problems(self, problems: &'static [&'static str]) -> Self {
        Self { problems, ..self }
    }
}

const fn reads(files: &'static str, reads: Reads) -> Row {
    Row { files, means: Means::Reads(reads) }
}

const fn refused(files: &'static str, status: u16, words: &'static str, reads: Reads) -> Row {
    Row { files, means: Means::Refused { reads, status, words } }
}

const fn does(
    files: &'static str,
    provider: &'static str,
    action: &'static str,
    given: Pairs,
    outcome: &'static str,
) -> Row {
    Row { files, means: Means::Does(Step { provider, action, step: 0, given, outcome }) }
}

const fn other(files: &'static str, why: &'static str) -> Row {
    Row { files, means: Means::Other(why) }
}

const WEBHOOK: &str = "what a system sends to a receiver: crashcart asks, and listens to nobody";
const FOR_PEOPLE: &str = "what a command line prints for people: the interface is asked instead";
const CODE: &str = "source code of a test";
const MOCK: &str = "how a mock server is set up: the answer is in the file beside it";
const NOT_ASKED: &str = "the answer to a question that no definition asks";
const NOT_READ: &str = "a kind of object that no definition reads";
const NOT_DONE: &str = "the answer to something that no definition does";
const PROMETHEUS: Reads = Reads::of("prometheus", "metrics", ".data.result | length");
const ALERTS: Pairs = &[("/api/v2/silences", "[]"), ("/api/v2/alerts", ".")];
const POD: Pairs = &[
    ("/metrics.k8s.io/", "{items: []}"),
    ("/deployments/", "{metadata: {uid: \"1\"}}"),
    ("/events", "{items: []}"),
    ("/pods", "if .items then . else {items: [.]} end"),
];
const POD_NAMES: &str = "if .items then [.items[].metadata.name] else [.metadata.name] end";
const PODS: Reads = Reads::of("kubernetes", "instances", POD_NAMES).talk(POD);
const CONTAINER: Reads = Reads::of("docker", "instances", "[if type == \"array\" then .[0].Id else .Id end]").talk(&[
    ("/containers/json", "[{Id: (if type == \"array\" then .[0].Id else .Id end)}]"),
    ("/json", "if type == \"array\" then .[0] else . end"),
]);
const NEVER_STARTED: Pairs = &[("started_at", "they were created and never started")];
const IMAGE: Reads = Reads::of("docker", "releases", "[.RepoTags[0]]").talk(&[
    ("/containers/json", "[{Id: \"c\"}]"),
    ("/containers/c/json", "{Image: .Id, Created, State: {Running: true}, Config: {Image: .RepoTags[0]}}"),
    ("/images/json", "[.]"),
]);
const DEPLOYMENTS: Reads = Reads::of("github", "releases", "[if type == \"array\" then .[] else . end | (.deployment // .).id]").talk(&[(
    "/graphql",
    // The same deployment, with the names that the GraphQL interface gives its fields.
    r#"{data: {repository: {deployments: {nodes: [if type == "array" then .[] else . end | .deployment_status as $s | (.deployment // .) |
      {databaseId: .id, commitOid: .sha, createdAt: .created_at, updatedAt: .updated_at, description, task, environment,
       creator: {login: .creator.login}, ref: {name: .ref},
       state: ($s.state // "pending" | ascii_upcase),
       latestStatus: ($s | if . then {state: (.state | ascii_upcase), description, createdAt: .created_at, logUrl: .log_url, environmentUrl: .environment_url} else null end)}]}}}}"#,
)]).translated();
const RUNS: Reads = Reads::of("github", "checks", "[.workflow_run.workflow_id]")
    .talk(&[("/actions/runs", "{workflow_runs: [.workflow_run]}")]);
const HEROKU: Reads = Reads::of("heroku", "releases", "[.[].id]").talk(&[("/builds", "[]"), ("/releases", ".")]);
const RENDER: Reads = Reads::of("render", "releases", "[.[].deploy.id]").talk(&[("/events", "[]"), ("/deploys", ".")]);
const NETLIFY: Reads = Reads::of("netlify", "releases", "[.[].id]").talk(&[("/deploys", "."), ("/sites/", "{}")]);
const VERCEL: Reads = Reads::of("vercel", "releases", "[.deployments[].uid]")
    .talk(&[("/deployments", "."), ("/projects/", "{id: \"prj_1\"}")]);
const PAGE: Reads =
    Reads::of("statuspage", "vendor_status", "[.components[]? | select(.group != true)] + [.incidents[]?] | length");
const SAMPLE: Reads = Reads::of("bugsink", "issue", "[.exception.values[]?] | if length == 0 then 1 else length end")
    .talk(&[("/events/1/", "{timestamp: .timestamp, data: .}"), ("/events/", "{results: [{id: 1, digest_order: 1}]}")])
    .given(&[("issue", "{\"id\": \"1\"}")]);
const EVENT: Reads = Reads::of(
    "sentry",
    "issue",
    "[.entries[]? | select(.type == \"exception\") | .data.values[]?] | if length == 0 then 1 else length end",
)
.given(&[("issue", "{\"id\": \"1\"}")]);
const ISSUE: Reads = Reads::of("sentry", "issues", "[.id]").talk(&[("/issues/", "[.]")]);
const CHECKS: Reads = Reads::of("healthchecks", "checks", "[.checks[] | .uuid // .unique_key]");
const CHECK: Reads =
    Reads::of("healthchecks", "checks", "[.uuid // .unique_key]").talk(&[("/checks/", "{checks: [.]}")]);
const BUGSINK_ISSUE: Pairs = &[("issue", "{\"id\": \"6a81b232-83a9-4668-ab33-d8dbf4ad65c9\"}"), ("hours", "2")];
const BUGSINK: Reads = Reads::of("bugsink", "issues", "0");
const CHECK_ACTION: Pairs = &[("check", "{\"id\": \"3f1e89cd\", \"extra\": {\"uuid\": \"3f1e89cd\"}}")];
const ALERT: Pairs = &[
    (
        "alert",
        "{\"id\": \"a\", \"labels\": {\"alertname\": \"A\"}, \"extra\": {\"silence\": \"1c6d921d\", \"silences\": [{\"id\": \"1c6d921d\", \"matchers\": [], \"endsAt\": \"2027-01-01T00:00:00Z\"}]}}",
    ),
    ("duration", "\"2h\""),
];
const MESSAGE: Pairs = &[
    (
        "message",
        "{\"title\": \"t\", \"text\": \"x\", \"severity\": \"critical\", \"key\": \"k\", \"link\": null, \"service\": null, \"at\": \"2026-01-01T00:00:00Z\", \"resolved\": false}",
    ),
    ("to", "null"),
];

/// The table.
#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    // What Keep's providers are tried with.
    other("payloads/alert-webhooks/*checkly_provider.json", WEBHOOK),
    reads("payloads/alert-webhooks/*cloudwatch_provider.json", Reads::of("cloudwatch", "alerts", "[.[].payload.Message.AlarmName]").translated()
        .talk(&[("/", "{MetricAlarms: [.[].payload.Message]}")]).lacks(&[("state", "the notification leaves it out"), ("since", "the notification leaves it out")])),
    other("payloads/alert-webhooks/*datadog_provider.json", WEBHOOK),
    other("payloads/alert-webhooks/*gcpmonitoring_provider.json", WEBHOOK),
    other("payloads/alert-webhooks/*grafana_provider.json", WEBHOOK),
    other("payloads/alert-webhooks/*graylog_provider.json", WEBHOOK),
    reads("payloads/alert-webhooks/*prometheus_provider.json", Reads::of("prometheus", "alerts", "[.[].payload] | length").translated()
        .talk(&[("/", "{status: \"success\", data: {alerts: [.[].payload | {labels, annotations: {summary}}]}}")])
        .lacks(&[("state", "the payload leaves it out"), ("since", "the payload leaves it out")])),
    reads("payloads/alert-webhooks/*sentry_provider.json", Reads::of("sentry", "issues", "[.[].payload.id]").translated()
        .talk(&[("/", "[.[].payload | {id, title: .event.title, culprit, level, permalink: .url}]")])
        .lacks(&[("state", "a webhook leaves it out"), ("last_seen", "a webhook leaves it out")])),
    other("payloads/alert-webhooks/*signalfx_provider.json", WEBHOOK),

    reads("payloads/alertmanager/*/api_v2_alerts_groups.json", Reads::of("alertmanager", "alerts", "[.[].alerts[].fingerprint] | unique")
        .talk(&[("/api/v2/silences", "[]"), ("/api/v2/alerts", "[.[].alerts[]] | unique_by(.fingerprint)")])),
    // A list of silences: each silences an alert of ours.
    reads("payloads/alertmanager/*/api_v2_silences.json", Reads::of("alertmanager", "alerts", "[.[].id]")
        .talk(&[("/api/v2/silences", "."), ("/api/v2/alerts", "[.[] | {fingerprint: .id, labels: {alertname: \"A\"}, startsAt, status: {state: \"suppressed\", silencedBy: [.id]}}]")])),
    reads("payloads/alertmanager/*/metrics.prom", Reads::of("node-exporter", "metrics", "[scan(\"(?m)^alertmanager_alerts\\\\{\")] | length").given(&[("query", "\"alertmanager_alerts\"")])),

    reads("payloads/cloudflare/*/pages_deployment-1.json", Reads::of("cloudflare-pages", "releases", "[.id]")
        .talk(&[("/deployments", "{result: [.]}"), ("/projects/", "{result: {}}")])),
    reads("payloads/cloudflare/*/pages_deployment-2.json", Reads::of("cloudflare-pages", "logs", ".data | length")
        .talk(&[("/history/logs", "{result: .}"), ("/projects/", "{result: {latest_deployment: {id: \"d\"}}}")])),

    other("payloads/docker/docker-cli/*.golden", FOR_PEOPLE),
    reads("payloads/docker/docker-java/*inspectContainerResponse_full_1_26*.json", CONTAINER.lacks(NEVER_STARTED)),
    reads("payloads/docker/docker-java/*inspectContainerResponse_*.json", CONTAINER),
    other("payloads/docker/docker-java/*updateContainerResponse_*.json", NOT_DONE),
    other("payloads/docker/docker-java/*pullImageResponse_*.json", NOT_DONE),
    reads("payloads/docker/docker-java/samples__1.22__containers__container__json__1.json", CONTAINER.lacks(NEVER_STARTED)),
    other("payloads/docker/docker-java/samples__1.22__containers__container__update__docs.json", "a request's body"),
    other("payloads/docker/docker-java/samples__1.22__containers__create__docs.json", "a request's body"),
    reads("payloads/docker/docker-java/samples__1.22__containers__json__filter1.json", Reads::of("docker", "logs", "length")
        .talk(&[("/containers/json", "."), ("/logs", "\"2026-01-01T00:00:00Z up\\n\"")])),
    other("payloads/docker/docker-java/samples__1.22__exec__*", NOT_ASKED),
    reads("payloads/docker/docker-java/samples__1.22__images__docImage__inspect_doc.json", CONTAINER),
    other("payloads/docker/docker-java/samples__1.22__images__history__history.json", NOT_ASKED),
    reads("payloads/docker/docker-java/samples__1.22__images__*.json", IMAGE),
    reads("payloads/docker/docker-java/samples__1.25__images__*.json", IMAGE),
    reads("payloads/docker/docker-java/samples__*__info__*.json", Reads::of("docker", "identity", "1")),
    other("payloads/docker/docker-java/samples__*__version__*.json", NOT_ASKED),
    reads("payloads/docker/docker-java/samples__1.24__containers__inspect__1.json", CONTAINER),
    other("payloads/docker/docker-java/samples__1.24__events__docs1.json", NOT_ASKED),
    reads("payloads/docker/docker-java/samples__1.27__containers__container__stats__stats1.json", Reads::of("docker", "instances", "[.id]").talk(&[
        ("/containers/json", "[{Id: .id, State: \"running\"}]"), ("/stats", "."), ("/json", "{Id: .id, Name: .name, State: {Status: \"running\", StartedAt: .read}}")])),
    reads("payloads/docker/docker-java/samples__1.38__containers__inspect__lcow.json", CONTAINER),

    reads("payloads/fly-machines/*/machine-get-started.json", Reads::of("fly", "instances", "[.id]").talk(&[("/machines", "[.]")])),
    reads("payloads/fly-machines/*/machine-get-pending-no-id.json", Reads::of("fly", "instances", "0").talk(&[("/machines", "[.]")])
        .problems(&["an instance has no `id`"])),
    refused("payloads/fly-machines/*/error-name-conflict.json", 409, "already_exists", Reads::of("fly", "instances", "0")),

    other("payloads/github-deployments/hub4j/*__mappings__*", MOCK),
    other("payloads/github-deployments/hub4j/*_statuses.json", "statuses of a deployment: they come with the deployment in the GraphQL interface"),
    reads("payloads/github-deployments/hub4j/*.json", DEPLOYMENTS),
    reads("payloads/github-deployments/octokit__webhooks/workflow_run__*", RUNS),
    other("payloads/github-deployments/octokit__webhooks/deployment_review__*", WEBHOOK),
    reads("payloads/github-deployments/octokit__webhooks/deployment_*", DEPLOYMENTS),
    reads("payloads/github-deployments/*/deploys.json", DEPLOYMENTS),

    reads("payloads/heroku/*.json", HEROKU),
    other("payloads/heroku/*.ts.txt", CODE),

    refused("payloads/kubectl/*/pods-truncated-tail.json", 200, "cannot index", Reads::of("kubernetes", "instances", "0")),
    reads("payloads/kubectl/brodul__*/pods.json", PODS.lacks(&[("started_at", "the times were cut away")])),
    reads("payloads/kubectl/raj-khan__*/pods.json", PODS.lacks(&[("started_at", "one of them does not run")])),
    reads("payloads/kubectl/popeye/core__pod__*.yaml", PODS.lacks(&[("started_at", "written by hand"), ("state", "written by hand, some without a status")])),
    reads("payloads/kubectl/k9s/*__p1.json", PODS),
    reads("payloads/kubectl/k9s/*__po.json", PODS),
    reads("payloads/kubectl/k9s/*__po_*.json", PODS),
    reads("payloads/kubectl/k9s/xray__init.json", PODS),
    reads("payloads/kubectl/k9s/xray__cilium.json", PODS),
    reads("payloads/kubectl/k9s/*__n*1.json", Reads::of("kubernetes", "checks", "[.metadata.name]").talk(&[("/nodes", "{items: [.]}")])),
    reads("payloads/kubectl/k9s/render__no.json", Reads::of("kubernetes", "checks", "[.metadata.name]").talk(&[("/nodes", "{items: [.]}")])),
    // A replica set, as the only one of its deployment.
    reads("payloads/kubectl/k9s/*__rs.json", Reads::of("kubernetes", "releases", "[.metadata.name]").talk(&[
        ("/deployments/", "{metadata: {uid: .metadata.ownerReferences[0].uid}}"), ("/replicasets", "{items: [.]}")])),
    reads("payloads/kubectl/popeye/apps__rs__1.yaml", Reads::of("kubernetes", "releases", "[.items[].metadata.name]").talk(&[
        ("/deployments/", "{metadata: {uid: \"1\"}}"), ("/replicasets", "{items: [.items[] | .metadata.ownerReferences = [{uid: \"1\"}]]}")]).lacks(&[("created_at", "written by hand")])),
    // A deployment, with a replica set made from it.
    reads("payloads/kubectl/k9s/*__dp.json", Reads::of("kubernetes", "releases", "[.metadata.name]").talk(&[("/deployments/", "."),
        ("/replicasets", "{items: [{metadata: {name: .metadata.name, uid: \"r\", creationTimestamp: .metadata.creationTimestamp, ownerReferences: [{uid: .metadata.uid}]}, spec: {template: .spec.template}}]}")])),
    other("payloads/kubectl/k9s/*.json", NOT_READ),
    other("payloads/kubectl/popeye/*.yaml", NOT_READ),

    reads("payloads/netlify-deploys/*-L119.json", Reads::of("netlify", "releases", "0").talk(&[("/deploys", "[.]"), ("/sites/", "{}")])
        .problems(&["a release has no `id`"])),
    // The documentation's own example: every text is "string".
    reads("payloads/netlify-deploys/*-L28.json", NETLIFY.problems(&[
        "`created_at` of a release is `string`, which is no time that we can read",
        "`finished_at` of a release is `string`, which is no time that we can read",
    ]).lacks(&[("state", "it is \"string\""), ("created_at", "it is \"string\"")])),
    reads("payloads/netlify-deploys/*.json", NETLIFY),

    other("payloads/pagerduty/*webhook*.json", WEBHOOK),
    refused("payloads/pagerduty/PagerDuty__go-pagerduty/client_test-*.json", 400, "", Reads::of("pagerduty", "alerts", "0")),
    refused("payloads/pagerduty/api-schema/*_400_response.json", 400, "", Reads::of("pagerduty", "alerts", "0")),
    other("payloads/pagerduty/api-schema/*.json", NOT_ASKED),

    refused("payloads/prometheus/promlib/prom-error.json", 400, "", PROMETHEUS),
    reads("payloads/prometheus/promlib/loki-*.json", Reads::of("loki", "logs", "[.data.result[].values[]] | length")),
    other("payloads/prometheus/promlib/prom-exemplars*.json", NOT_ASKED),
    other("payloads/prometheus/promlib/prom-labels.json", NOT_ASKED),
    other("payloads/prometheus/promlib/prom-series.json", NOT_ASKED),
    other("payloads/prometheus/promlib/prom-scalar.json", "a scalar: a question about a range has none"),
    other("payloads/prometheus/promlib/prom-string.json", "a text: a question about a range has none"),
    reads("payloads/prometheus/promlib/*.json", PROMETHEUS),

    reads("payloads/railway-logs-json/*.json", Reads::of("railway", "logs", "length").translated().talk(&[
        ("/graphql", "{data: {serviceInstance: {activeDeployments: [{id: \"d\"}]}, deploymentLogs: [.[] | {timestamp, severity: .level, message}]}}")])),
    reads("payloads/railway/*/railway_deployments.json", Reads::of("railway", "releases", "[.[].id]").translated().talk(&[
        ("/graphql", "{data: {deployments: {edges: [.[] | {node: .}]}, serviceInstance: {activeDeployments: []}}}")])),
    other("payloads/railway/*/railway_status.json", FOR_PEOPLE),
    other("payloads/railway/ganesharya__hnhsquare/railway_logs.json", "a request's body"),
    other("payloads/railway/evcomeon__*/railway_logs.json", FOR_PEOPLE),

    other("payloads/render-cassettes/*.yaml", "services and their settings are made and read in it: no definition does"),
    reads("payloads/render-deploys/*.json", RENDER),
    other("payloads/render-services/*.json", NOT_ASKED),

    reads("payloads/sentry/*/sentry_issues.json", Reads::of("sentry", "issues", "[.[].id]")),
    reads("payloads/sentry/event-samples/*.json", SAMPLE),
    reads("payloads/sentry/sentry-mcp/*issue.json", ISSUE),
    reads("payloads/sentry/sentry-mcp/issue-null-culprit.json", ISSUE),
    reads("payloads/sentry/sentry-mcp/*event.json", EVENT),
    reads("payloads/sentry/sentry-mcp/release.json", Reads::of("sentry", "releases", "[.version]").talk(&[("/releases/", "[.]")])),
    reads("payloads/sentry/sentry-mcp/release-commits.json", Reads::of("sentry", "changes", "1").given(&[("from", "{\"id\": \"a\"}"), ("to", "{\"id\": \"b\"}")])),
    reads("payloads/sentry/sentry-mcp/monitor.json", Reads::of("sentry", "checks", ".environments | length").talk(&[("/monitors/", "[.]")])),
    reads("payloads/sentry/sentry-mcp/user.json", Reads::of("sentry", "identity", "1").talk(&[("/api/0/", "{user: ., auth: {scopes: []}}")])),
    other("payloads/sentry/sentry-mcp/*.json", NOT_ASKED),

    reads("payloads/statuspage/sprak3000__go-whatsup-client/response_test-L21-2.json", Reads::of("slack-status", "vendor_status", "[.active_incidents[] | .id, .services[]] | length")),
    reads("payloads/statuspage/sprak3000__go-whatsup-client/response_test-L21.json", PAGE),
    reads("payloads/statuspage/Carson-Key__*.json", PAGE),
    other("payloads/statuspage/heroku__cli/*.json", "Salesforce's own status interface, to which Heroku's command line moved"),

    reads("payloads/uptime/*/api-L134.json", CHECKS),
    reads("payloads/uptime/*/api-L211.json", CHECKS),
    other("payloads/uptime/*/api-L1265.json", NOT_ASKED),
    other("payloads/uptime/*/api-L1416.json", NOT_ASKED),
    other("payloads/uptime/*/api-L1455.json", NOT_ASKED),
    other("payloads/uptime/*/api-L1509.json", NOT_ASKED),
    reads("payloads/uptime/*.json", CHECK),

    reads("payloads/vercel-deployments/*/vercel_status.json", Reads::of("vercel", "releases", "[.id]")
        .talk(&[("/deployments", "{deployments: [. + {uid: .id}]}"), ("/projects/", "{id: \"prj_1\"}")])),
    other("payloads/vercel-deployments/ITTVDU45__TKGERUESTE/*", FOR_PEOPLE),
    reads("payloads/vercel-deployments/*.json", VERCEL),
    other("payloads/vercel-rollback-mocks/*", CODE),

    // Recorded from servers that ran here.
    reads("recorded/alertmanager-0.25.0/alerts_groups.json", Reads::of("alertmanager", "alerts", "[.[].alerts[].fingerprint] | unique")
        .talk(&[("/api/v2/silences", "[]"), ("/api/v2/alerts", "[.[].alerts[]] | unique_by(.fingerprint)")])),
    reads("recorded/alertmanager-0.25.0/alerts*.json", Reads::of("alertmanager", "alerts", "[.[].fingerprint]").talk(ALERTS)),
    reads("recorded/alertmanager-0.25.0/silences*.json", Reads::of("alertmanager", "alerts", "[.[].id]")
        .talk(&[("/api/v2/silences", "."), ("/api/v2/alerts", "[.[] | {fingerprint: .id, labels: {alertname: \"A\"}, startsAt, status: {state: \"suppressed\", silencedBy: [.id]}}]")])),
    does("recorded/alertmanager-0.25.0/post_alert_bad.json", "alertmanager", "send", MESSAGE, "refused"),
    does("recorded/alertmanager-0.25.0/post_alert.json", "alertmanager", "send", MESSAGE, "done"),
    does("recorded/alertmanager-0.25.0/resolve_alert.json", "alertmanager", "send", MESSAGE, "done"),
    does("recorded/alertmanager-0.25.0/post_silence_bad_*.json", "alertmanager", "silence", ALERT, "refused"),
    does("recorded/alertmanager-0.25.0/post_silence_unknown_id.json", "alertmanager", "silence", ALERT, "not found"),
    does("recorded/alertmanager-0.25.0/post_silence*.json", "alertmanager", "silence", ALERT, "done"),
    does("recorded/alertmanager-0.25.0/silence_delete.json", "alertmanager", "unsilence", ALERT, "done"),
    does("recorded/alertmanager-0.25.0/silence_delete_again.json", "alertmanager", "unsilence", ALERT, "done"),
    other("recorded/alertmanager-0.25.0/silence_get*.json", NOT_ASKED),
    other("recorded/alertmanager-0.25.0/healthy.json", NOT_ASKED),
    other("recorded/alertmanager-0.25.0/receivers.json", NOT_ASKED),
    other("recorded/alertmanager-0.25.0/status.json", NOT_ASKED),
    other("recorded/alertmanager-0.25.0/v1_gone.json", "the answer of an interface that is gone, and not asked"),
    other("recorded/alertmanager-0.25.0/webhook_payload.json", WEBHOOK),

    reads("recorded/aws-moto-5.2.5/cw_DescribeAlarms.json", Reads::of("cloudwatch", "alerts", "[.MetricAlarms[], .CompositeAlarms[] | .AlarmName]")),
    does("recorded/aws-moto-5.2.5/cw_DisableAlarmActions.json", "cloudwatch", "silence", ALERT, "done"),
    refused("recorded/aws-moto-5.2.5/cw_DescribeAlarmHistory.json", 500, "", Reads::of("cloudwatch", "alerts", "0")),
    reads("recorded/aws-moto-5.2.5/cw_GetMetricData.json", Reads::of("cloudwatch", "metrics", ".MetricDataResults | length").given(&[("query", "\"SELECT 1\"")])),
    other("recorded/aws-moto-5.2.5/logs_DescribeLogGroups.json", NOT_ASKED),
    other("recorded/aws-moto-5.2.5/logs_StartQuery.json", NOT_ASKED),
    reads("recorded/aws-moto-5.2.5/logs_FilterLogEvents.json", Reads::of("cloudwatch", "logs", "[.events[].eventId]")),
    refused("recorded/aws-moto-5.2.5/logs_missing_group.json", 400, "", Reads::of("cloudwatch", "logs", "0")),

    reads("recorded/blackbox-exporter-0.23.0/probe_*.json", Reads::of("blackbox-exporter", "checks", "1")),
    reads("recorded/blackbox-exporter-0.23.0/q_probe_success.json", PROMETHEUS),

    refused("recorded/bugsink-2.6.1/badauth.json", 401, "Malformed Bearer token", BUGSINK),
    refused("recorded/bugsink-2.6.1/noauth.json", 401, "not provided", BUGSINK),
    refused("recorded/bugsink-2.6.1/not_found.json", 404, "No Issue matches", BUGSINK),
    refused("recorded/bugsink-2.6.1/issues_missing_project.json", 400, "project: This field is required", BUGSINK),
    reads("recorded/bugsink-2.6.1/issues.json", Reads::of("bugsink", "issues", "[.results[].id]")),
    reads("recorded/bugsink-2.6.1/issue.json", Reads::of("bugsink", "issues", "[.id]").talk(&[("/issues/", "{results: [.]}")])),
    reads("recorded/bugsink-2.6.1/event.json", Reads::of("bugsink", "issue", ".data.exception.values | length").given(BUGSINK_ISSUE)
        .talk(&[("/events/1/", "."), ("/events/", "{results: [{id: 1, digest_order: 1}]}")])),
    reads("recorded/bugsink-2.6.1/events*.json", Reads::of("bugsink", "issue", "1").given(BUGSINK_ISSUE)
        .talk(&[("/events/?", "."), ("/events/", ".results[0] + {data: {exception: {values: [{type: \"A\", value: \"b\"}]}}}")])),
    other("recorded/bugsink-2.6.1/event_stacktrace.json", NOT_ASKED),
    reads("recorded/bugsink-2.6.1/projects.json", Reads::of("bugsink", "identity", "1")),
    reads("recorded/bugsink-2.6.1/releases.json", Reads::of("bugsink", "releases", "[.results[].version]")),
    does("recorded/bugsink-2.6.1/mute_for.json", "bugsink", "silence", BUGSINK_ISSUE, "done"),
    does("recorded/bugsink-2.6.1/mute_for_bad.json", "bugsink", "silence", BUGSINK_ISSUE, "period_name: This field is required"),
    other("recorded/bugsink-2.6.1/mute_until.json", NOT_DONE),
    does("recorded/bugsink-2.6.1/resolve.json", "bugsink", "resolve", BUGSINK_ISSUE, "done"),
    does("recorded/bugsink-2.6.1/resolve_again.json", "bugsink", "resolve", BUGSINK_ISSUE, "was so already"),
    does("recorded/bugsink-2.6.1/reopen.json", "bugsink", "reopen", BUGSINK_ISSUE, "done"),
    does("recorded/bugsink-2.6.1/unmute.json", "bugsink", "unsilence", BUGSINK_ISSUE, "done"),
    other("recorded/bugsink-2.6.1/*.json", NOT_DONE),

    refused("recorded/healthchecks-v4.4/badauth.json", 401, "the credential is not accepted", CHECKS),
    refused("recorded/healthchecks-v4.4/noauth.json", 401, "the credential is not accepted", CHECKS),
    refused("recorded/healthchecks-v4.4/missing.json", 404, "not found", CHECKS),
    refused("recorded/healthchecks-v4.4/metrics.json", 403, "", CHECKS),
    refused("recorded/healthchecks-v4.4/bad_create.json", 400, "", CHECKS),
    reads("recorded/healthchecks-v4.4/checks*.json", CHECKS),
    reads("recorded/healthchecks-v4.4/check.json", CHECK),
    reads("recorded/healthchecks-v4.4/create_*.json", CHECK),
    reads("recorded/healthchecks-v4.4/update.json", CHECK),
    reads("recorded/healthchecks-v4.4/delete.json", CHECK),
    does("recorded/healthchecks-v4.4/pause.json", "healthchecks", "pause", CHECK_ACTION, "done"),
    does("recorded/healthchecks-v4.4/resume.json", "healthchecks", "resume", CHECK_ACTION, "done"),
    does("recorded/healthchecks-v4.4/resume_again.json", "healthchecks", "resume", CHECK_ACTION, "was so already"),
    does("recorded/healthchecks-v4.4/readonly_write.json", "healthchecks", "pause", CHECK_ACTION, "the credential is not accepted"),
    other("recorded/healthchecks-v4.4/ping*.json", "a ping's answer, or pings: the heartbeats that are sent are no provider's"),
    other("recorded/healthchecks-v4.4/*.json", NOT_ASKED),

    reads("recorded/node-exporter-1.5.0/metrics.json", Reads::of("node-exporter", "checks", "5")),
    reads("recorded/node-exporter-1.5.0/q_*.json", PROMETHEUS),

    refused("recorded/prometheus-2.42.0/not_found.json", 404, "not found", PROMETHEUS),
    refused("recorded/prometheus-2.42.0/query_bad.json", 400, "parse error", PROMETHEUS),
    refused("recorded/prometheus-2.42.0/query_missing.json", 400, "", PROMETHEUS),
    refused("recorded/prometheus-2.42.0/query_range_*.json", 400, "", PROMETHEUS),
    other("recorded/prometheus-2.42.0/query_scalar.json", "a scalar: a question about a range has none"),
    other("recorded/prometheus-2.42.0/query_string.json", "a text: a question about a range has none"),
    reads("recorded/prometheus-2.42.0/query_*.json", PROMETHEUS),
    reads("recorded/prometheus-2.42.0/alerts.json", Reads::of("prometheus", "alerts", ".data.alerts | length")),
    reads("recorded/prometheus-2.42.0/targets*.json", Reads::of("prometheus", "checks", ".data.activeTargets | length")
        .talk(&[("/api/v1/query", "{status: \"success\", data: {result: []}}"), ("/api/v1/targets", ".")])),
    other("recorded/prometheus-2.42.0/*.json", NOT_ASKED),

    refused("recorded/victoriametrics-1.79.5/query_bad.json", 422, "", Reads::of("victoriametrics", "metrics", "0")),
    reads("recorded/victoriametrics-1.79.5/query_range.json", Reads::of("victoriametrics", "metrics", ".data.result | length")),
    reads("recorded/victoriametrics-1.79.5/query*.json", PROMETHEUS),
    reads("recorded/victoriametrics-1.79.5/prefix_query.json", PROMETHEUS),
    reads("recorded/victoriametrics-1.79.5/alerts.json", Reads::of("victoriametrics", "alerts", ".data.alerts | length")),
    reads("recorded/victoriametrics-1.79.5/targets.json", Reads::of("victoriametrics", "checks", ".data.activeTargets | length")
        .talk(&[("/api/v1/query", "{status: \"success\", data: {result: []}}"), ("/api/v1/targets", ".")])),
    other("recorded/victoriametrics-1.79.5/*.json", NOT_ASKED),

    // Copied from vendors' documentation, or written after it.
    reads("documented/appsignal.incidents.json", Reads::of("appsignal", "issues", ".data.app.exceptionIncidents | length")),
    reads("documented/aws.currentevents.*", Reads::of("aws-status", "vendor_status", "length * 2")),
    reads("documented/betterstack.incidents.json", Reads::of("betterstack", "alerts", "[.data[].id]")),
    reads("documented/betterstack.on_calls.json", Reads::of("betterstack", "on_call", "[.data[].relationships.on_call_users.data[]] | length")),
    reads("documented/betterstack.statuspage_index.json", Reads::of("betterstack-status", "vendor_status", ".included | length")),
    refused("documented/cronitor.error_403.json", 403, "Invalid API key", Reads::of("cronitor", "checks", "0")),
    refused("documented/cronitor.error_404.json", 404, "Not found", Reads::of("cronitor", "checks", "0")),
    refused("documented/cronitor.error_429.json", 429, "Rate limit exceeded", Reads::of("cronitor", "checks", "0")),
    reads("documented/cronitor.issues_list.json", Reads::of("cronitor", "alerts", "[.data[].key]")),
    reads("documented/cronitor.monitors_list.json", Reads::of("cronitor", "checks", "[.monitors[].key]")),
    reads("documented/cronitor.monitor_get.json", Reads::of("cronitor", "checks", "[.key]").talk(&[("/monitors", "{monitors: [.]}")])),
    other("documented/cronitor.*.json", NOT_ASKED),
    reads("documented/gatus.statuses.json", Reads::of("gatus", "checks", "[.[].key]")),
    reads("documented/gcp.incidents.json", Reads::of("gcp-status", "vendor_status", "[.[] | select(.end == null) | ., .affected_products[]] | length")),
    reads("documented/goalert.alerts.json", Reads::of("goalert", "alerts", "[.data.alerts.nodes[].alertID]")),
    reads("documented/grafana_oncall.alert_groups.json", Reads::of("grafana-oncall", "alerts", "[.results[] | select(.state != \"resolved\") | .id]")),
    reads("documented/heroku.current-status.json", Reads::of("heroku-status", "vendor_status", "[.status[], .incidents[], .scheduled[]] | length")),
    reads("documented/honeybadger.faults_list.json", Reads::of("honeybadger", "issues", "[.results[].id]")),
    reads("documented/incidentio.compat_summary.json", PAGE),
    reads("documented/incidentio.proxy_summary.json", Reads::of("incidentio-status", "vendor_status", "1")
        .talk(&[("/api/v1/summary", "null"), ("/api/v2/summary.json", "{page: {url: .summary.public_url}}"), ("/proxy/", ".")])),
    reads("documented/incidentio.widget_summary*.json", Reads::of("incidentio-status", "vendor_status",
        "[(.subpages[]?.summary, select(.page_url)) | .ongoing_incidents[], .in_progress_maintenances[], .scheduled_maintenances[] | ., .affected_components[]?] | length")
        .talk(&[("/api/v1/summary", "."), ("/api/v2/summary.json", "null"), ("/proxy/", "null")])),
    reads("documented/instatus.summary.json", Reads::of("instatus", "vendor_status", "[.activeIncidents[], .activeMaintenances[]] | length")
        .talk(&[("/v3/components.json", "null"), ("/summary.json", ".")])),
    reads("documented/loki.query_range_matrix.json", Reads::of("loki", "metrics", ".data.result | length")),
    reads("documented/loki.query_range_streams.json", Reads::of("loki", "logs", "[.data.result[].values[]] | length")),
    other("documented/loki.tail_frame.json", "a message of a stream that is followed: a unit test of streams has one"),
    does("documented/newrelic.ack.json", "newrelic", "acknowledge", ALERT, "done"),
    reads("documented/newrelic.ai_issues.json", Reads::of("newrelic", "alerts", "[.data.actor.account.aiIssues.issues.issues[].issueId]")),
    does("documented/ntfy.publish_response.json", "ntfy", "send", MESSAGE, "done"),
    other("documented/ntfy.rate_limited.json", "the status that it comes with says the same"),
    reads("documented/papertrail.search.json", Reads::of("papertrail", "logs", "[.events[].id]")),
    does("documented/pushover.emergency.json", "pushover", "send", MESSAGE, "done"),
    other("documented/pushover.receipt.json", NOT_ASKED),
    other("documented/rollbar.responses.ts", CODE),
    reads("documented/slack.current*.json", Reads::of("slack-status", "vendor_status", "[.active_incidents[] | .id, .services[]] | length")),
    reads("documented/splunk_oncall.incidents.json", Reads::of("splunk-oncall", "alerts", "[.incidents[].incidentNumber]")),
    reads("documented/statusio.status.json", Reads::of("statusio", "vendor_status", "[.result | .status[], .incidents[], .maintenance.active[], .maintenance.upcoming[]] | length").given(&[("page_id", "\"5a89ef6740eba40d1c3bb4a8\"")])),
    reads("documented/statuspage.summary.json", PAGE),
    other("documented/teams.adaptive_card_request.json", "a request's body"),
    reads("documented/uptimekuma.heartbeat.json", Reads::of("uptime-kuma", "checks", "1").given(&[("slug", "\"default\"")])
        .talk(&[("/heartbeat/", "."), ("/api/status-page/", "{publicGroupList: [{monitorList: [{id: 1, name: \"A\"}]}]}")])),
    reads("documented/uptimekuma.status-page.json", Reads::of("uptime-kuma", "checks", "[.publicGroupList[].monitorList[]] | length").given(&[("slug", "\"default\"")])
        .talk(&[("/heartbeat/", "{heartbeatList: {}, uptimeList: {}}"), ("/api/status-page/", ".")]).lacks(&[("state", "the page tells it in another answer")])),
    other("documented/uptimerobot_v2.*.json", "the second version of the interface: the definition asks the third"),
    reads("documented/victorialogs.query.ndjson", Reads::of("victorialogs", "logs", "length")),
];
