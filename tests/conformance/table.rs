//! Which provider is described by which file, and what is wrong in the files.

use crate::described::spec::{Correction, Demand};

/// Who wrote a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// The vendor.
    Description,
    /// Somebody else, from the vendor's documentation or by changing the vendor's description.
    Documentation,
}

impl Proof {
    pub fn words(self) -> &'static str {
        match self {
            Proof::Description => "official description",
            Proof::Documentation => "documentation",
        }
    }
}

/// A provider's requests to `base` are described by `spec`.
pub struct Row {
    pub provider: &'static str,
    /// A path below the folder with the descriptions.
    pub spec: &'static str,
    /// Without a scheme: whatever host. `*` stands for anything but a slash.
    pub base: &'static str,
    pub proof: Proof,
    /// What the description forgets to demand.
    pub demand: Option<Demand>,
    pub corrections: &'static [Correction],
}

impl Row {
    /// Whether it was written by people who do not know the system: what differs from it is only said.
    pub fn is_hearsay(&self) -> bool {
        self.spec.contains("/unofficial/")
    }
}

const fn official(provider: &'static str, spec: &'static str, base: &'static str) -> Row {
    Row { provider, spec, base, proof: Proof::Description, demand: None, corrections: &[] }
}

const fn documented(provider: &'static str, spec: &'static str, base: &'static str) -> Row {
    Row { provider, spec, base, proof: Proof::Documentation, demand: None, corrections: &[] }
}

const fn demanding(row: Row, header: &'static str, prefixes: &'static [&'static str]) -> Row {
    Row { demand: Some(Demand { header, prefixes }), ..row }
}

const fn corrected(row: Row, corrections: &'static [Correction]) -> Row {
    Row { corrections, ..row }
}

const AUTHORIZATION: &str = "Authorization";
const BEARER: &[&str] = &["Bearer "];

/// One row for each description and provider.
pub const TABLE: &[Row] = &[
    // Hosting.
    demanding(
        corrected(official("fly", "hosting/fly-machines.json", "https://api.machines.dev/v1"), FLY),
        AUTHORIZATION,
        &["Bearer ", "FlyV1 "],
    ),
    demanding(
        official("fly", "hosting/fly.graphql", "https://api.fly.io/graphql"),
        AUTHORIZATION,
        &["Bearer ", "FlyV1 "],
    ),
    official("vercel", "hosting/vercel.json", "https://api.vercel.com"),
    official("render", "hosting/render.json", "https://api.render.com/v1"),
    demanding(
        official("railway", "hosting/railway.graphql", "https://backboard.railway.com/graphql/v2"),
        AUTHORIZATION,
        BEARER,
    ),
    official("heroku", "hosting/heroku.json", "https://api.heroku.com"),
    corrected(
        official("cloudflare-pages", "hosting/cloudflare.json", "https://api.cloudflare.com/client/v4"),
        CLOUDFLARE,
    ),
    corrected(
        official("cloudflare-workers", "hosting/cloudflare.json", "https://api.cloudflare.com/client/v4"),
        CLOUDFLARE,
    ),
    official("kubernetes", "hosting/kubernetes-apps-v1.json", ""),
    official("kubernetes", "hosting/kubernetes-core-v1.json", ""),
    official("docker", "hosting/docker-engine.yaml", ""),
    official("docker", "hosting/docker-engine.yaml", "/v1.*"),
    official("docker-swarm", "hosting/docker-engine.yaml", ""),
    official("docker-swarm", "hosting/docker-engine.yaml", "/v1.*"),
    official("aws-ecs", "hosting/aws-ecs.botocore.json", "https://ecs.*.amazonaws.com"),
    official("aws-ecs", "hosting/aws-logs.botocore.json", "https://logs.*.amazonaws.com"),
    official("aws-lambda", "hosting/aws-lambda.botocore.json", "https://lambda.*.amazonaws.com"),
    official("aws-lambda", "hosting/aws-logs.botocore.json", "https://logs.*.amazonaws.com"),
    corrected(
        official("apprunner", "hosting/aws-apprunner.botocore.json", "https://apprunner.*.amazonaws.com"),
        APPRUNNER,
    ),
    official(
        "elasticbeanstalk",
        "hosting/aws-elasticbeanstalk.botocore.json",
        "https://elasticbeanstalk.*.amazonaws.com",
    ),
    official("google-cloud-run", "hosting/gcp-run-v2.json", "https://run.googleapis.com"),
    official("google-cloud-run", "hosting/gcp-logging-v2.json", "https://logging.googleapis.com"),
    official("coolify", "hosting/coolify.json", "/api/v1"),
    documented("caprover", "hosting/handwritten/caprover.yaml", ""),
    demanding(official("argocd", "hosting/argocd.json", ""), AUTHORIZATION, BEARER),
    demanding(
        official("github", "hosting/github.json", "https://api.github.com"),
        AUTHORIZATION,
        &["Bearer ", "token "],
    ),
    documented("gitlab", "hosting/handwritten/gitlab.yaml", ""),
    demanding(official("koyeb", "hosting/koyeb.json", "https://app.koyeb.com"), AUTHORIZATION, BEARER),
    documented("scalingo", "hosting/handwritten/scalingo.yaml", "https://api.*.scalingo.com"),
    documented("northflank", "hosting/handwritten/northflank.yaml", "https://api.northflank.com"),
    documented("clever-cloud", "hosting/handwritten/clevercloud.yaml", "https://api-bridge.clever-cloud.com"),
    documented("deno-deploy", "hosting/handwritten/deno-deploy.yaml", "https://api.deno.com/v2"),
    official("upsun", "hosting/upsun.json", "https://api.upsun.com"),
    // Monitoring.
    official("prometheus", "monitoring/prometheus.yaml", "/api/v1"),
    official("victoriametrics", "monitoring/prometheus.yaml", "/api/v1"),
    official("victoriametrics", "monitoring/prometheus.yaml", "/prometheus/api/v1"),
    official("alertmanager", "monitoring/alertmanager.yaml", "/api/v2"),
    documented("grafana", "monitoring/grafana-alertmanager.derived.yaml", "/api/alertmanager/grafana/api/v2"),
    demanding(official("grafana", "monitoring/grafana.json", "/api"), AUTHORIZATION, &["Bearer ", "Basic "]),
    official("datadog", "monitoring/datadog-v1.yaml", "https://api.*"),
    official("datadog", "monitoring/datadog-v2.yaml", "https://api.*"),
    official("datadog", "monitoring/datadog-v2.yaml", "https://*.oncall.datadoghq.com"),
    official("sentry", "monitoring/sentry.json", ""),
    official("glitchtip", "monitoring/glitchtip.yaml", ""),
    official("bugsink", "monitoring/bugsink.yaml", ""),
    documented("honeybadger", "monitoring/unofficial/honeybadger.yaml", "https://app.honeybadger.io"),
    documented("bugsnag", "monitoring/unofficial/bugsnag.yaml", "https://api.bugsnag.com"),
    documented("betterstack", "monitoring/unofficial/betterstack.yaml", "https://uptime.betterstack.com/api/v*"),
    demanding(official("pingdom", "monitoring/pingdom.yaml", "https://api.pingdom.com/api/3.1"), AUTHORIZATION, BEARER),
    official("cloudwatch", "monitoring/aws-cloudwatch.service-2.json", "https://monitoring.*.amazonaws.com"),
    official("cloudwatch", "monitoring/aws-logs.service-2.json", "https://logs.*.amazonaws.com"),
    official("aws-health", "monitoring/aws-health.service-2.json", "https://health.*.amazonaws.com"),
    demanding(
        corrected(official("elasticsearch", "monitoring/elasticsearch.json", ""), ELASTIC),
        AUTHORIZATION,
        &["ApiKey ", "Basic ", "Bearer "],
    ),
    demanding(
        corrected(official("pagerduty", "monitoring/pagerduty.json", "https://api.pagerduty.com"), PAGERDUTY),
        AUTHORIZATION,
        &["Token token=", "Bearer "],
    ),
    official("pagerduty-events", "monitoring/pagerduty-events-v2.json", "https://events.pagerduty.com/v2"),
    demanding(
        official("opsgenie", "monitoring/opsgenie.json", "https://api.opsgenie.com"),
        AUTHORIZATION,
        &["GenieKey "],
    ),
    demanding(official("goalert", "monitoring/goalert.graphql", "/api/graphql"), AUTHORIZATION, BEARER),
    demanding(
        official("statuspage-manage", "monitoring/statuspage-manage.json", "https://api.statuspage.io/v1"),
        AUTHORIZATION,
        &["OAuth "],
    ),
    demanding(
        corrected(official("slack-app", "monitoring/slack.json", "https://slack.com/api"), SLACK),
        AUTHORIZATION,
        BEARER,
    ),
    official("discord", "monitoring/discord.json", "https://discord.com/api/v10"),
    documented("telegram", "monitoring/telegram.json", "https://api.telegram.org"),
    official("twilio-sms", "monitoring/twilio.json", "https://api.twilio.com"),
    official("twilio-voice", "monitoring/twilio.json", "https://api.twilio.com"),
    official("axiom", "monitoring/axiom-v1.json", "https://api.axiom.co/v1"),
    official("axiom", "monitoring/axiom-v2.json", "https://api.axiom.co/v2"),
];

/// Descriptions of systems for which there is no definition.
pub const NO_DEFINITION: &[&str] = &["apprunner", "aws-health", "elasticbeanstalk"];

/// The generator writes `type: object` beside references to enumerations of text.
const FLY: &[Correction] = &[
    Correction {
        pointer: "/components/schemas/fly.ContainerDependency/properties/condition/type",
        value: "",
        source: FLY_SOURCE,
    },
    Correction {
        pointer: "/components/schemas/fly.ContainerHealthcheck/properties/kind/type",
        value: "",
        source: FLY_SOURCE,
    },
    Correction {
        pointer: "/components/schemas/fly.ContainerHealthcheck/properties/unhealthy/type",
        value: "",
        source: FLY_SOURCE,
    },
    Correction {
        pointer: "/components/schemas/fly.HTTPHealthcheck/properties/scheme/type",
        value: "",
        source: FLY_SOURCE,
    },
];
const FLY_SOURCE: &str = "the referred definitions in the same file are of type string";

/// A deployment's id is longer than the identifiers of accounts, with which it shares a definition.
const CLOUDFLARE: &[Correction] = &[Correction {
    pointer: "/components/schemas/pages_identifier/maxLength",
    value: "",
    source: "the example of a deployment's id in the same file",
}];

/// A service's id is a UUID with dashes, 36 letters long, and cannot have 32.
const APPRUNNER: &[Correction] = &[
    Correction { pointer: "/shapes/ServiceId/min", value: "", source: APPRUNNER_SOURCE },
    Correction { pointer: "/shapes/ServiceId/max", value: "", source: APPRUNNER_SOURCE },
];
const APPRUNNER_SOURCE: &str = "the pattern of the same shape";

/// Sorting by a field of the documents is what the API is for; the description lists only the special orders. And what
/// says how wide a window is counts as a second member where there may be one.
const ELASTIC: &[Correction] = &[
    Correction {
        pointer: "/components/schemas/_types:SortOptions/additionalProperties",
        value: "{}",
        source: "https://www.elastic.co/docs/reference/elasticsearch/rest-apis/sort-search-results",
    },
    Correction {
        pointer: "/components/schemas/_global.search._types:Rescore/allOf/1/maxProperties",
        value: "",
        source: "the first part of the same definition has a member of its own",
    },
    // Cut down to a free object, which would take every parameter that there is.
    Correction {
        pointer: "/components/parameters/count#default_operator/schema",
        value: OPERATOR,
        source: OPERATOR_SOURCE,
    },
    Correction {
        pointer: "/components/parameters/search#default_operator/schema",
        value: OPERATOR,
        source: OPERATOR_SOURCE,
    },
];

const OPERATOR: &str = r#"{"type": "string", "enum": ["and", "AND", "or", "OR"]}"#;
const OPERATOR_SOURCE: &str = "the parameter's own words in the same file";

const PAGERDUTY: &[Correction] = &[
    Correction {
        pointer: "/components/schemas/LogEntry/allOf/1/properties/type/enum/-",
        value: "\"acknowledgement_log_entry\"",
        source: "AcknowledgeLogEntry in the same file, which is a LogEntry and has this type",
    },
    Correction {
        pointer: "/components/schemas/IncidentBody/properties/details/type",
        value: "\"string\"",
        source: "every example of an incident in the same file",
    },
];

/// The description is of 2021, when a token could also be a header or a parameter of its own.
const SLACK: &[Correction] = &[
    Correction {
        pointer: "/paths/~1chat.delete/post/parameters/1/type",
        value: "\"string\"",
        source: "https://docs.slack.dev/reference/methods/chat.delete",
    },
    Correction { pointer: "/paths/~1auth.test/get/parameters/0/required", value: "false", source: SLACK_SOURCE },
    Correction {
        pointer: "/paths/~1chat.postMessage/post/parameters/0/required",
        value: "false",
        source: SLACK_SOURCE,
    },
    Correction {
        pointer: "/paths/~1chat.postEphemeral/post/parameters/0/required",
        value: "false",
        source: SLACK_SOURCE,
    },
    Correction { pointer: "/paths/~1chat.update/post/parameters/0/required", value: "false", source: SLACK_SOURCE },
    Correction { pointer: "/paths/~1pins.add/post/parameters/0/required", value: "false", source: SLACK_SOURCE },
    Correction { pointer: "/paths/~1reactions.add/post/parameters/3/required", value: "false", source: SLACK_SOURCE },
    Correction {
        pointer: "/paths/~1users.lookupByEmail/get/parameters/0/required",
        value: "false",
        source: SLACK_SOURCE,
    },
];
const SLACK_SOURCE: &str = "https://docs.slack.dev/authentication/tokens";

/// What stands in members that a description leaves open (labels, metadata, texts that are words): file, member, JSON. A list
/// for a text holds the words that the vendor's documentation names.
#[rustfmt::skip]
pub const HINTS: &[(&str, &str, &str)] = &[
    ("monitoring/alertmanager.yaml", "labels", r#"{"alertname": "HighErrorRate", "severity": "critical", "service": "shop"}"#),
    ("monitoring/alertmanager.yaml", "annotations", r#"{"summary": "5 % of requests fail", "runbook_url": "https://example.com/runbook"}"#),
    ("monitoring/alertmanager.yaml", "silenceID", r#""0b5a7c1e-6d2f-4c3a-9e8b-000000000001""#),
    ("monitoring/alertmanager.yaml", "silencedBy", r#""0b5a7c1e-6d2f-4c3a-9e8b-00000000000{n}""#),
    ("monitoring/alertmanager.yaml", "id", r#""0b5a7c1e-6d2f-4c3a-9e8b-00000000000{n}""#),
    ("monitoring/alertmanager.yaml", "state", r#"["active"]"#),
    // Scalars and texts come only for queries that ask for them.
    ("monitoring/prometheus.yaml", "*", "null"),
    ("monitoring/prometheus.yaml", "value", r#""{n}e+00""#),
    // The envelope of an answer that is no error.
    ("monitoring/prometheus.yaml", "status", r#""success""#),
    ("monitoring/prometheus.yaml", "labels", r#"{"alertname": "HighErrorRate", "severity": "critical", "service": "shop", "job": "shop", "instance": "shop:80"}"#),
    ("monitoring/prometheus.yaml", "annotations", r#"{"summary": "5 % of requests fail", "runbook_url": "https://example.com/runbook"}"#),
    ("monitoring/grafana-alertmanager.derived.yaml", "labels", r#"{"alertname": "HighErrorRate", "severity": "critical", "service": "shop", "__alert_rule_uid__": "rule-1"}"#),
    ("monitoring/grafana-alertmanager.derived.yaml", "annotations", r#"{"summary": "5 % of requests fail", "runbook_url": "https://example.com/runbook", "__value_string__": "[ var='A' labels={} value=5 ]", "__values__": "{\"A\": 5}"}"#),
    ("monitoring/grafana-alertmanager.derived.yaml", "silenceID", r#""0b5a7c1e-6d2f-4c3a-9e8b-000000000001""#),
    ("monitoring/grafana-alertmanager.derived.yaml", "silencedBy", r#""0b5a7c1e-6d2f-4c3a-9e8b-00000000000{n}""#),
    ("monitoring/grafana-alertmanager.derived.yaml", "id", r#""0b5a7c1e-6d2f-4c3a-9e8b-00000000000{n}""#),
    ("monitoring/grafana-alertmanager.derived.yaml", "state", r#"["active"]"#),
    ("monitoring/grafana.json", "tags", r#"["version:v42", "commit:9b1f0c2d"]"#),
    ("monitoring/datadog-v1.yaml", "tags", r#"["service:shop", "env:production"]"#),
    ("hosting/fly-machines.json", "metadata", r#"{"fly_process_group": "app", "fly_release_version": "{n}"}"#),
    ("hosting/fly-machines.json", "state", r#"["started", "created", "starting", "stopping", "stopped", "suspending", "suspended", "replacing", "destroying", "destroyed", "failed"]"#),
    ("hosting/docker-engine.yaml", "Labels", r#"{"com.docker.compose.project": "shop", "com.docker.compose.service": "api", "org.opencontainers.image.revision": "9b1f0c2d", "org.opencontainers.image.source": "https://example.com/shop"}"#),
    ("hosting/docker-engine.yaml", "OOMKilled", "false"),
    ("hosting/docker-engine.yaml", "Dead", "false"),
    ("hosting/heroku.json", "description", r#""Deploy 9b1f0c2d""#),
    ("hosting/cloudflare.json", "latest_stage", r#"{"name": "deploy", "status": "success", "started_on": "2026-03-01T12:00:00Z", "ended_on": "2026-03-01T12:01:00Z"}"#),
    ("hosting/cloudflare.json", "environment", r#""production""#),
    ("hosting/cloudflare.json", "source", r#"{"type": "github", "config": {"owner": "acme", "repo_name": "shop", "production_branch": "main", "deployments_enabled": true}}"#),
    ("hosting/cloudflare.json", "build_config", r#"{"build_command": "make", "destination_dir": "dist"}"#),
    ("hosting/aws-ecs.botocore.json", "taskDefinition", r#""arn:aws:ecs:eu-central-1:123456789012:task-definition/web:4{n}""#),
    ("hosting/aws-ecs.botocore.json", "taskDefinitionArn", r#""arn:aws:ecs:eu-central-1:123456789012:task-definition/web:4{n}""#),
    ("hosting/aws-lambda.botocore.json", "LastModified", r#""2026-03-01T12:0{n}:00.000+0000""#),
    ("hosting/gcp-run-v2.json", "error", "null"),
    ("hosting/gcp-run-v2.json", "deleteTime", "null"),
    ("hosting/gcp-run-v2.json", "name", r#""projects/p/locations/l/operations/o-{n}""#),
    ("hosting/gcp-run-v2.json", "type", r#""Ready""#),
    ("hosting/coolify.json", "pull_request_id", "0"),
    ("hosting/coolify.json", "commit", r#""9b1f0c2{n}""#),
    ("hosting/coolify.json", "tag", r#""9b1f0c2{n}""#),
    ("hosting/argocd.json", "error", "null"),
    ("hosting/argocd.json", "timeStampStr", r#""2026-03-01T12:0{n}:00Z""#),
    ("hosting/upsun.json", "type", r#""environment.push""#),
    ("hosting/argocd.json", "last", "false"),
    ("hosting/argocd.json", "operation", "null"),
    ("hosting/argocd.json", "kind", r#"["Pod", "Deployment"]"#),
    ("hosting/kubernetes-apps-v1.json", "annotations", r#"{"deployment.kubernetes.io/revision": "{n}", "kubernetes.io/change-cause": "v42", "org.opencontainers.image.revision": "9b1f0c2d"}"#),
    ("hosting/kubernetes-apps-v1.json", "paused", "false"),
    ("hosting/railway.graphql", "meta", r#"{"branch": "main", "commitHash": "9b1f0c2d", "commitMessage": "Retry logic", "commitAuthor": "kim", "image": "registry/shop:v42", "reason": "deploy"}"#),
    ("hosting/vercel.json", "targets", r#"{"production": {"id": "dpl_1"}}"#),
    ("hosting/vercel.json", "meta", r#"{"githubCommitSha": "9b1f0c2d", "githubCommitRef": "main", "githubCommitMessage": "Retry logic", "githubCommitAuthorName": "kim"}"#),
    ("hosting/render.json", "labels", r#"[{"name": "instance", "value": "srv-1-a"}, {"name": "level", "value": "error"}]"#),
    ("hosting/fly-machines.json", "type", r#""start""#),
    ("hosting/fly.graphql", "status", r#"["complete", "running", "failed", "interrupted"]"#),
    ("monitoring/bugsink.yaml", "data", r#"{"timestamp": 1772366400, "level": "error", "release": "v42", "tags": {"env": "production"}, "exception": {"values": [{"type": "KeyError", "value": "'id'", "stacktrace": {"frames": [{"filename": "app.py", "lineno": 7, "function": "pay", "in_app": true, "context_line": "x[id]", "pre_context": ["a"], "post_context": ["b"]}]}}]}}"#),
    ("monitoring/glitchtip.yaml", "lastChange", r#""2026-03-01T12:0{n}:00Z""#),
    ("monitoring/glitchtip.yaml", "id", r#""{n}""#),
    ("monitoring/glitchtip.yaml", "count", r#""1{n}""#),
];
