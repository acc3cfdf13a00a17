//! Requests that the vendors' documentation shows, and requests with a mistake that somebody could make.

use std::path::Path;

use super::table::Row;
use crate::described::spec::{Request, root};

/// A request to a described API: which description, what is sent, and what must be said about it.
struct Case {
    spec: &'static str,
    /// Method and path below the base.
    line: &'static str,
    /// Empty: JSON if it looks like that, else a form. A first line that ends with a colon names another type.
    body: &'static str,
    /// Nothing where the request is right.
    wrong: Option<&'static str>,
}

const fn good(spec: &'static str, line: &'static str, body: &'static str) -> Case {
    Case { spec, line, body, wrong: None }
}

const fn bad(spec: &'static str, line: &'static str, body: &'static str, wrong: &'static str) -> Case {
    Case { spec, line, body, wrong: Some(wrong) }
}

const VERCEL: &str = "hosting/vercel.json";
const RENDER: &str = "hosting/render.json";
const FLY: &str = "hosting/fly-machines.json";
const FLY_GRAPH: &str = "hosting/fly.graphql";
const RAILWAY: &str = "hosting/railway.graphql";
const HEROKU: &str = "hosting/heroku.json";
const CLOUDFLARE: &str = "hosting/cloudflare.json";
const APPS: &str = "hosting/kubernetes-apps-v1.json";
const CORE: &str = "hosting/kubernetes-core-v1.json";
const DOCKER: &str = "hosting/docker-engine.yaml";
const ECS: &str = "hosting/aws-ecs.botocore.json";
const LAMBDA: &str = "hosting/aws-lambda.botocore.json";
const APPRUNNER: &str = "hosting/aws-apprunner.botocore.json";
const BEANSTALK: &str = "hosting/aws-elasticbeanstalk.botocore.json";
const HOST_LOGS: &str = "hosting/aws-logs.botocore.json";
const RUN: &str = "hosting/gcp-run-v2.json";
const GCP_LOGS: &str = "hosting/gcp-logging-v2.json";
const COOLIFY: &str = "hosting/coolify.json";
const CAPROVER: &str = "hosting/handwritten/caprover.yaml";
const ARGO: &str = "hosting/argocd.json";
const GITHUB: &str = "hosting/github.json";
const GITLAB: &str = "hosting/handwritten/gitlab.yaml";
const KOYEB: &str = "hosting/koyeb.json";
const SCALINGO: &str = "hosting/handwritten/scalingo.yaml";
const NORTHFLANK: &str = "hosting/handwritten/northflank.yaml";
const CLEVER: &str = "hosting/handwritten/clevercloud.yaml";
const DENO: &str = "hosting/handwritten/deno-deploy.yaml";
const UPSUN: &str = "hosting/upsun.json";
const PROMETHEUS: &str = "monitoring/prometheus.yaml";
const ALERTMANAGER: &str = "monitoring/alertmanager.yaml";
const GRAFANA_ALERTS: &str = "monitoring/grafana-alertmanager.derived.yaml";
const GRAFANA: &str = "monitoring/grafana.json";
const DATADOG1: &str = "monitoring/datadog-v1.yaml";
const DATADOG2: &str = "monitoring/datadog-v2.yaml";
const SENTRY: &str = "monitoring/sentry.json";
const GLITCHTIP: &str = "monitoring/glitchtip.yaml";
const BUGSINK: &str = "monitoring/bugsink.yaml";
const HONEYBADGER: &str = "monitoring/unofficial/honeybadger.yaml";
const BUGSNAG: &str = "monitoring/unofficial/bugsnag.yaml";
const BETTERSTACK: &str = "monitoring/unofficial/betterstack.yaml";
const PINGDOM: &str = "monitoring/pingdom.yaml";
const CLOUDWATCH: &str = "monitoring/aws-cloudwatch.service-2.json";
const LOGS: &str = "monitoring/aws-logs.service-2.json";
const HEALTH: &str = "monitoring/aws-health.service-2.json";
const ELASTIC: &str = "monitoring/elasticsearch.json";
const PAGERDUTY: &str = "monitoring/pagerduty.json";
const EVENTS: &str = "monitoring/pagerduty-events-v2.json";
const OPSGENIE: &str = "monitoring/opsgenie.json";
const GOALERT: &str = "monitoring/goalert.graphql";
const STATUSPAGE: &str = "monitoring/statuspage-manage.json";
const SLACK: &str = "monitoring/slack.json";
const DISCORD: &str = "monitoring/discord.json";
const TELEGRAM: &str = "monitoring/telegram.json";
const TWILIO: &str = "monitoring/twilio.json";
const AXIOM1: &str = "monitoring/axiom-v1.json";
const AXIOM2: &str = "monitoring/axiom-v2.json";

#[rustfmt::skip]
const CASES: &[Case] = &[
    good(VERCEL, "GET /v6/deployments?projectId=prj_1&target=production&limit=20&state=READY", ""),
    good(VERCEL, "GET /v9/projects/prj_1?teamId=team_1", ""),
    good(VERCEL, "POST /v1/projects/prj_1/rollback/dpl_1?description=rolled%20back", ""),
    good(VERCEL, "POST /v10/projects/prj_1/promote/dpl_1", ""),
    bad(VERCEL, "GET /v6/deployments?projectID=prj_1", "", "query: projectID is no parameter"),
    bad(VERCEL, "GET /v6/deployments?limit=many", "", "query: limit"),
    bad(VERCEL, "GET /v13/projects/prj_1", "", "path: /v13/projects/prj_1"),

    good(RENDER, "GET /services/srv-1/deploys?limit=20&status=live", ""),
    good(RENDER, "POST /services/srv-1/rollback", r#"{"deployId": "dep-1"}"#),
    good(RENDER, "POST /services/srv-1/restart", ""),
    good(RENDER, "PATCH /services/srv-1", r#"{"autoDeploy": "no"}"#),
    bad(RENDER, "POST /services/srv-1/rollback", r#"{"deploy": "dep-1"}"#, "body"),
    bad(RENDER, "GET /services/srv-1/deploys?limit=1000", "", "query: limit"),
    bad(RENDER, "GET /services/srv-1/deploys?status=alive", "", "query: status"),
    bad(RENDER, "PATCH /services/srv-1", r#"{"autoDeploy": "maybe"}"#, "body: /autoDeploy"),
    bad(RENDER, "PATCH /services/srv-1", r#"{"autoDeploys": "no"}"#, "autoDeploys"),

    good(FLY, "GET /apps/shop/machines", ""),
    good(FLY, "GET /apps/shop/machines?summary=true", ""),
    good(FLY, "POST /apps/shop/machines/m1/lease", r#"{"ttl": 120}"#),
    good(FLY, "POST /apps/shop/machines/m1", r#"{"config": {"image": "registry.fly.io/shop:v1"}, "current_version": "01H"}"#),
    good(FLY, "POST /apps/shop/machines/m1/restart?timeout=10", ""),
    good(FLY, "GET /apps/shop/machines/m1/wait?state=started&timeout=60", ""),
    bad(FLY, "POST /apps/shop/machines/m1", r#"{"config": {"image": "x"}, "skip_lunch": true}"#, "skip_lunch"),
    bad(FLY, "GET /apps/shop/machines/m1/wait?state=rolling", "", "query: state"),

    bad(FLY_GRAPH, "POST ", r#"{"query": "query($name: String!) { app(name: $name) { idd } }", "variables": {"name": "shop"}}"#, "query"),
    bad(FLY_GRAPH, "POST ", r#"{"query": "query($name: String!) { app(name: $name) { id } }", "variables": {}}"#, "variables"),
    bad(FLY_GRAPH, "POST ", r#"{"query": "query($name: String!) { app(name: $name) { id } }", "variables": {"name": "a", "nam": "b"}}"#, "variables: nam is not declared"),
    good(RAILWAY, "POST ", r#"{"query": "mutation($id: String!) { deploymentRollback(id: $id) }", "variables": {"id": "d1"}}"#),
    // The vendor's own documentation shows these two; its schema knows neither.
    bad(RAILWAY, "POST ", r#"{"query": "mutation($id: String!) { deploymentRollback(id: $id) { id status } }", "variables": {"id": "d1"}}"#, "query"),
    bad(RAILWAY, "POST ", r#"{"query": "query { deployments(input: { status: { successfulOnly: true } }) { edges { node { id } } } }"}"#, "query"),
    bad(RAILWAY, "POST ", r#"{"query": "mutation($id: String!) { deploymentRollback(id: $id) }", "variables": {"id": 5.5}}"#, "variables"),

    good(HEROKU, "GET /apps/shop/releases", ""),
    good(HEROKU, "POST /apps/shop/releases", r#"{"release": "01234567-89ab-cdef-0123-456789abcdef"}"#),
    good(HEROKU, "DELETE /apps/shop/dynos", ""),
    good(HEROKU, "PATCH /apps/shop/formation/web", r#"{"quantity": 3}"#),
    bad(HEROKU, "PATCH /apps/shop/formation/web", r#"{"quantity": "three"}"#, "body: /quantity"),
    bad(HEROKU, "POST /apps/shop/releases", r#"{"rollback": "v3"}"#, "body"),
    bad(HEROKU, "GET /apps/shop/release", "", "path"),

    good(CLOUDFLARE, "GET /accounts/023e105f4ecef8ad9ca31a8372d0c353/pages/projects/shop/deployments?env=production", ""),
    good(CLOUDFLARE, "POST /accounts/023e105f4ecef8ad9ca31a8372d0c353/pages/projects/shop/deployments/d1/rollback", "{}"),
    good(CLOUDFLARE, "POST /accounts/023e105f4ecef8ad9ca31a8372d0c353/workers/scripts/shop/deployments", r#"{"strategy": "percentage", "versions": [{"version_id": "bcf48806-b317-4351-9ee7-36e7d557d4de", "percentage": 100}]}"#),
    bad(CLOUDFLARE, "POST /accounts/023e105f4ecef8ad9ca31a8372d0c353/workers/scripts/shop/deployments", r#"{"strategy": "percentage"}"#, "versions"),
    bad(CLOUDFLARE, "POST /accounts/023e105f4ecef8ad9ca31a8372d0c353/workers/scripts/shop/deployments", r#"{"strategy": "percentage", "versions": [{"version_id": "bcf48806-b317-4351-9ee7-36e7d557d4de", "percentage": 101}]}"#, "percentage"),
    bad(CLOUDFLARE, "GET /accounts/a/pages/project/shop", "", "path"),

    good(APPS, "GET /apis/apps/v1/namespaces/shop/replicasets?labelSelector=app%3Dshop", ""),
    good(APPS, "GET /apis/apps/v1/namespaces/shop/deployments/shop", ""),
    good(APPS, "PATCH /apis/apps/v1/namespaces/shop/deployments/shop", "application/json-patch+json:\n[{\"op\": \"replace\", \"path\": \"/spec/template\", \"value\": {}}]"),
    good(APPS, "PATCH /apis/apps/v1/namespaces/shop/deployments/shop", "application/strategic-merge-patch+json:\n{\"spec\": {\"template\": {\"metadata\": {\"annotations\": {\"kubectl.kubernetes.io/restartedAt\": \"now\"}}}}}"),
    good(APPS, "PATCH /apis/apps/v1/namespaces/shop/deployments/shop/scale", "application/merge-patch+json:\n{\"spec\": {\"replicas\": 3}}"),
    bad(APPS, "PATCH /apis/apps/v1/namespaces/shop/deployments/shop", "application/json:\n{}", "body: content type"),
    bad(APPS, "GET /apis/apps/v1/namespaces/shop/replicasets?labelSelectors=x", "", "query: labelSelectors"),
    good(CORE, "GET /api/v1/namespaces/shop/pods?labelSelector=app%3Dshop&limit=500", ""),
    good(CORE, "GET /api/v1/namespaces/shop/pods/shop-1/log?container=web&tailLines=100&timestamps=true", ""),
    bad(CORE, "GET /api/v1/namespaces/shop/pods?limit=ten", "", "query: limit"),
    bad(CORE, "GET /api/v1/namespaces/shop/pods/shop-1/logs", "", "path"),

    good(DOCKER, "GET /containers/json?all=true&filters=%7B%22label%22%3A%5B%22a%22%5D%7D", ""),
    good(DOCKER, "GET /containers/web/json", ""),
    good(DOCKER, "GET /containers/web/logs?stdout=true&stderr=true&tail=100&timestamps=true", ""),
    good(DOCKER, "POST /containers/web/restart?t=10", ""),
    good(DOCKER, "GET /services?status=true", ""),
    bad(DOCKER, "GET /containers/json?all=yes", "", "query: all"),
    bad(DOCKER, "GET /containers/web/log", "", "path"),
    bad(DOCKER, "POST /containers/web/restart?timeout=10", "", "query: timeout"),
    // The specification of a service is a body, and its version is demanded.
    bad(DOCKER, "POST /services/s1/update?rollback=previous", "{}", "query: version is required"),

    good(ECS, "POST /", "application/x-amz-json-1.1: AmazonEC2ContainerServiceV20141113.DescribeServices\n{\"cluster\": \"shop\", \"services\": [\"web\"]}"),
    good(ECS, "POST /", "application/x-amz-json-1.1: AmazonEC2ContainerServiceV20141113.UpdateService\n{\"cluster\": \"shop\", \"service\": \"web\", \"taskDefinition\": \"web:41\"}"),
    good(ECS, "POST /", "application/x-amz-json-1.1: AmazonEC2ContainerServiceV20141113.ListServiceDeployments\n{\"cluster\": \"shop\", \"service\": \"web\", \"maxResults\": 20}"),
    bad(ECS, "POST /", "application/x-amz-json-1.1: AmazonEC2ContainerServiceV20141113.UpdateService\n{\"cluster\": \"shop\", \"taskDefinition\": \"web:41\"}", "\"service\" is a required property"),
    bad(ECS, "POST /", "application/x-amz-json-1.1: AmazonEC2ContainerServiceV20141113.UpdateService\n{\"service\": \"web\", \"desired_count\": 3}", "desired_count"),
    bad(ECS, "POST /", "application/x-amz-json-1.1: AmazonEC2ContainerServiceV20141113.RollBack\n{}", "RollBack is none"),
    bad(ECS, "POST /", "application/json: AmazonEC2ContainerServiceV20141113.ListClusters\n{}", "content type"),
    good(LAMBDA, "GET /2015-03-31/functions/shop/versions?MaxItems=50", ""),
    good(LAMBDA, "PUT /2015-03-31/functions/shop/aliases/live", r#"{"FunctionVersion": "41", "RoutingConfig": {"AdditionalVersionWeights": {}}}"#),
    bad(LAMBDA, "PUT /2015-03-31/functions/shop/aliases/live", r#"{"FunctionVersion": 41}"#, "/FunctionVersion"),
    bad(LAMBDA, "PUT /2015-03-31/functions/shop/aliases/live", r#"{"functionVersion": "41"}"#, "functionVersion"),
    bad(LAMBDA, "GET /2015-03-31/functions/shop/versions?maxItems=50", "", "query: maxItems"),
    good(APPRUNNER, "POST /", "application/x-amz-json-1.0: AppRunner.ListServices\n{}"),
    bad(APPRUNNER, "POST /", "application/x-amz-json-1.0: AppRunner.DescribeService\n{}", "ServiceArn"),
    bad(APPRUNNER, "POST /", "application/x-amz-json-1.0: AppRunners.ListServices\n{}", "X-Amz-Target"),
    good(BEANSTALK, "POST /", "Action=DescribeEnvironments&Version=2010-12-01&EnvironmentNames.member.1=shop"),
    good(BEANSTALK, "POST /", "Action=UpdateEnvironment&Version=2010-12-01&EnvironmentName=shop&VersionLabel=v41"),
    bad(BEANSTALK, "POST /", "Action=UpdateEnvironment&Version=2010-12-01&EnvironmentName=shop&Label=v41", "Label is no member"),
    bad(BEANSTALK, "POST /", "Action=DescribeEnvironments&Version=2020-12-01", "Version is not 2010-12-01"),
    bad(BEANSTALK, "POST /", "Version=2010-12-01", "Action is missing"),
    good(HOST_LOGS, "POST /", "application/x-amz-json-1.1: Logs_20140328.FilterLogEvents\n{\"logGroupName\": \"/ecs/web\", \"startTime\": 1772366400000, \"limit\": 100}"),
    bad(HOST_LOGS, "POST /", "application/x-amz-json-1.1: Logs_20140328.FilterLogEvents\n{\"logGroupName\": \"/ecs/web\", \"startTime\": \"now\"}", "/startTime"),

    good(RUN, "GET /v2/projects/p/locations/l/services/s/revisions?pageSize=20", ""),
    good(RUN, "PATCH /v2/projects/p/locations/l/services/s?updateMask=traffic", r#"{"traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "s-41", "percent": 100}]}"#),
    good(RUN, "POST /v2/projects/p/locations/l/operations/o:wait", "{}"),
    bad(RUN, "PATCH /v2/projects/p/locations/l/services/s?updateMask=traffic", r#"{"traffic": [{"type": "REVISION", "percent": 100}]}"#, "/traffic/0/type"),
    bad(RUN, "PATCH /v2/projects/p/locations/l/services/s?update_mask=traffic", "{}", "query: update_mask"),
    good(GCP_LOGS, "POST /v2/entries:list", r#"{"resourceNames": ["projects/p"], "filter": "severity>=ERROR", "orderBy": "timestamp desc", "pageSize": 100}"#),
    bad(GCP_LOGS, "POST /v2/entries:list", r#"{"resourceName": ["projects/p"]}"#, "resourceName"),
    bad(GCP_LOGS, "POST /v2/entries:tail", "{}", "path"),

    good(COOLIFY, "GET /deployments/applications/u1?skip=0&take=20", ""),
    good(COOLIFY, "POST /applications/u1/restart", ""),
    bad(COOLIFY, "GET /deployments/applications/u1?skip=0&count=20", "", "query: count"),
    good(CAPROVER, "GET /api/v2/user/apps/appDefinitions", ""),
    bad(CAPROVER, "GET /api/v2/user/apps", "", "path"),
    good(ARGO, "GET /api/v1/applications/shop?project=default&appNamespace=argocd", ""),
    good(ARGO, "POST /api/v1/applications/shop/rollback", r#"{"name": "shop", "id": 41, "prune": false, "dryRun": false}"#),
    good(ARGO, "GET /api/v1/applications/shop/logs?container=web&tailLines=100&follow=true", ""),
    bad(ARGO, "POST /api/v1/applications/shop/rollback", r#"{"name": "shop", "id": 41, "dry_run": true}"#, "dry_run"),
    bad(ARGO, "POST /api/v1/applications/shop/rollback", r#"{"name": "shop", "id": 41, "prune": "no"}"#, "/prune"),
    bad(ARGO, "GET /api/v1/applications/shop?projekt=default", "", "query: projekt"),

    good(GITHUB, "GET /repos/o/r/deployments?environment=production&per_page=30", ""),
    good(GITHUB, "GET /repos/o/r/actions/runs?branch=main&event=push&per_page=30", ""),
    good(GITHUB, "POST /repos/o/r/actions/runs/7/rerun", ""),
    good(GITHUB, "POST /repos/o/r/actions/workflows/deploy.yml/dispatches", r#"{"ref": "main", "inputs": {"sha": "abc"}}"#),
    bad(GITHUB, "POST /repos/o/r/actions/workflows/deploy.yml/dispatches", r#"{"inputs": {"sha": "abc"}}"#, "\"ref\" is a required property"),
    bad(GITHUB, "GET /repos/o/r/actions/runs/seven", "", "path: run_id"),
    bad(GITHUB, "GET /repos/o/r/actions/runs?status=broken", "", "query: status"),
    good(GITLAB, "GET /api/v4/projects/1/deployments?environment=production&order_by=id&sort=desc", ""),
    good(GITLAB, "POST /api/v4/projects/1/jobs/7/retry", ""),
    bad(GITLAB, "GET /api/v4/projects/1/deployments?sort=newest", "", "query: sort"),
    bad(GITLAB, "GET /api/v3/projects/1/deployments", "", "path"),

    good(KOYEB, "GET /v1/deployments?service_id=s1&limit=20", ""),
    good(KOYEB, "POST /v1/services/s1/redeploy", r#"{"sha": "abc"}"#),
    bad(KOYEB, "GET /v1/deployments?serviceId=s1", "", "query: serviceId"),
    bad(KOYEB, "POST /v1/services/s1/redeploy", r#"{"commit": "abc"}"#, "commit"),
    good(SCALINGO, "POST /v1/apps/shop/scale", r#"{"containers": [{"name": "web", "amount": 2}]}"#),
    bad(SCALINGO, "POST /v1/apps/shop/scale", r#"{"containers": "web"}"#, "/containers"),
    good(NORTHFLANK, "GET /v1/projects/p/services/s/build", ""),
    bad(NORTHFLANK, "GET /v1/projects/p/services/s/builds", "", "path"),
    good(CLEVER, "GET /v2/organisations/o/applications/a/deployments?limit=20&action=DEPLOY", ""),
    bad(CLEVER, "GET /v2/organisations/o/applications/a/deployments?limits=20", "", "query: limits"),
    good(DENO, "GET /apps/shop/revisions?limit=20", ""),
    bad(DENO, "GET /apps/shop/revision", "", "path"),
    good(UPSUN, "GET /projects/p/environments/main/activities", ""),
    good(UPSUN, "POST /projects/p/environments/main/redeploy", ""),
    bad(UPSUN, "PUT /projects/p/environments/main/redeploy", "", "method"),

    good(PROMETHEUS, "GET /query?query=up", ""),
    good(PROMETHEUS, "GET /query_range?query=up&start=1772366400&end=1772370000&step=15", ""),
    good(PROMETHEUS, "GET /query_range?query=up&start=2026-03-01T12:00:00Z&end=2026-03-01T13:00:00Z&step=15s", ""),
    good(PROMETHEUS, "POST /query", "query=up"),
    good(PROMETHEUS, "GET /alerts", ""),
    good(PROMETHEUS, "GET /rules?type=alert", ""),
    bad(PROMETHEUS, "GET /query?query=up&q=up", "", "query: q is no parameter"),
    bad(PROMETHEUS, "GET /query_range?query=up&start=0&end=1", "", "query: step is required"),
    bad(PROMETHEUS, "GET /rules?kind=alert", "", "query: kind"),
    good(ALERTMANAGER, "GET /alerts?active=true&filter=severity%3D%22critical%22&filter=job%3D~%22web.*%22", ""),
    good(ALERTMANAGER, "POST /silences", r#"{"matchers": [{"name": "alertname", "value": "Down", "isRegex": false}], "startsAt": "2026-03-01T12:00:00Z", "endsAt": "2026-03-01T13:00:00Z", "createdBy": "ann", "comment": "deploy"}"#),
    good(ALERTMANAGER, "DELETE /silence/0b5a7c1e-6d2f-4c3a-9e8b-000000000001", ""),
    bad(ALERTMANAGER, "POST /silences", r#"{"matchers": [{"name": "alertname", "value": "Down", "isRegex": false}], "startsAt": "2026-03-01T12:00:00Z", "endsAt": "2026-03-01T13:00:00Z", "comment": "deploy"}"#, "createdBy"),
    bad(ALERTMANAGER, "POST /silences", r#"{"matchers": [], "startsAt": "2026-03-01T12:00:00Z", "endsAt": "2026-03-01T13:00:00Z", "createdBy": "ann", "comment": "deploy"}"#, "/matchers"),
    bad(ALERTMANAGER, "POST /silences", r#"{"matchers": [{"name": "alertname", "value": "Down", "isRegex": false}], "startsAt": "now", "endsAt": "2026-03-01T13:00:00Z", "createdBy": "ann", "comment": "deploy"}"#, "/startsAt"),
    bad(ALERTMANAGER, "DELETE /silence/7", "", "path: silenceID"),
    bad(ALERTMANAGER, "GET /alerts?active=maybe", "", "query: active"),
    good(GRAFANA_ALERTS, "GET /alerts?active=true&silenced=false", ""),
    bad(GRAFANA_ALERTS, "GET /alert", "", "path"),
    good(GRAFANA, "POST /annotations", r#"{"time": 1772366400000, "tags": ["deploy"], "text": "v42"}"#),
    good(GRAFANA, "GET /datasources/proxy/uid/P1/api/v1/query?query=up", ""),
    bad(GRAFANA, "POST /annotations", r#"{"time": 1772366400000, "tags": ["deploy"]}"#, "\"text\" is a required property"),
    bad(GRAFANA, "GET /annotations?tag=deploy", "", "query: tag "),

    good(DATADOG1, "GET /api/v1/monitor?group_states=all&with_downtimes=true&page=0&page_size=100", ""),
    good(DATADOG1, "GET /api/v1/query?from=1772366400&to=1772370000&query=avg:system.cpu.user%7B*%7D", ""),
    good(DATADOG1, "POST /api/v1/events", r#"{"title": "deploy", "text": "v42", "alert_type": "info"}"#),
    bad(DATADOG1, "GET /api/v1/query?from=1772366400&query=x", "", "query: to is required"),
    bad(DATADOG1, "POST /api/v1/events", r#"{"title": "deploy", "text": "v42", "alert_type": "fatal"}"#, "/alert_type"),
    good(DATADOG2, "POST /api/v2/logs/events/search", r#"{"filter": {"query": "status:error", "from": "now-15m", "to": "now", "indexes": ["*"]}, "sort": "-timestamp", "page": {"limit": 100}}"#),
    good(DATADOG2, "GET /api/v2/events?filter%5Bquery%5D=x&page%5Blimit%5D=10", ""),
    good(DATADOG2, "POST /api/v2/downtime", r#"{"data": {"type": "downtime", "attributes": {"scope": "*", "monitor_identifier": {"monitor_id": 123}, "schedule": {"start": null, "end": "2026-03-01T13:00:00Z"}, "message": "deploy"}}}"#),
    good(DATADOG2, "POST /api/v2/on-call/pages", r#"{"data": {"type": "pages", "attributes": {"title": "down", "urgency": "high", "target": {"identifier": "team-x", "type": "team_handle"}}}}"#),
    bad(DATADOG2, "POST /api/v2/logs/events/search", r#"{"filter": {"query": "x"}, "sort": "newest"}"#, "/sort"),
    bad(DATADOG2, "GET /api/v2/events?filter%5Bqueries%5D=x", "", "query: filter[queries]"),
    bad(DATADOG2, "POST /api/v2/on-call/pages", r#"{"data": {"type": "page", "attributes": {"title": "down", "urgency": "high", "target": {"identifier": "team-x", "type": "team_handle"}}}}"#, "/data/type"),

    good(SENTRY, "GET /api/0/organizations/acme/issues/?query=is:unresolved&statsPeriod=24h&sort=date&limit=100", ""),
    good(SENTRY, "GET /api/0/organizations/acme/issues/1/events/latest/", ""),
    good(SENTRY, "PUT /api/0/organizations/acme/issues/1/", r#"{"status": "resolved"}"#),
    bad(SENTRY, "GET /api/0/organizations/acme/issues", "", "path"),
    bad(SENTRY, "PUT /api/0/organizations/acme/issues/1/", r#"{"status": "done"}"#, "/status"),
    bad(SENTRY, "GET /api/0/organizations/acme/issues/?sort=newest", "", "query: sort"),
    bad(SENTRY, "GET /api/0/organizations/acme/events/?field=title&statsPeriod=1h", "", "query: dataset is required"),
    good(GLITCHTIP, "GET /api/0/issues/1/events/latest/", ""),
    bad(GLITCHTIP, "GET /api/0/issues/one/events/latest/", "", "path: issue_id"),
    good(BUGSINK, "GET /api/canonical/0/issues/?project=1&sort=last_seen&order=desc", ""),
    bad(BUGSINK, "GET /api/canonical/0/issues/?sort=last_seen", "", "query: project is required"),
    good(HONEYBADGER, "GET /v2/projects/1/faults/2/notices", ""),
    bad(HONEYBADGER, "GET /v2/project/1/faults", "", "path"),
    good(BUGSNAG, "GET /user/organizations", ""),
    bad(BUGSNAG, "GET /users/organizations", "", "path"),
    good(BETTERSTACK, "GET /monitors", ""),
    bad(BETTERSTACK, "GET /monitor", "", "path"),
    good(PINGDOM, "GET /checks?include_tags=true&limit=100", ""),
    bad(PINGDOM, "GET /checks?include_tag=true", "", "query: include_tag"),

    good(CLOUDWATCH, "POST /", "application/x-amz-json-1.0: GraniteServiceVersion20100801.DescribeAlarms\n{\"StateValue\": \"ALARM\", \"MaxRecords\": 100}"),
    good(CLOUDWATCH, "POST /", "application/x-amz-json-1.0: GraniteServiceVersion20100801.GetMetricData\n{\"StartTime\": 1772366400, \"EndTime\": 1772370000, \"MetricDataQueries\": [{\"Id\": \"a\", \"MetricStat\": {\"Metric\": {\"Namespace\": \"AWS/EC2\", \"MetricName\": \"CPUUtilization\", \"Dimensions\": [{\"Name\": \"InstanceId\", \"Value\": \"i-1\"}]}, \"Period\": 60, \"Stat\": \"Average\"}}]}"),
    good(CLOUDWATCH, "POST /", "Action=DescribeAlarms&Version=2010-08-01&StateValue=ALARM"),
    bad(CLOUDWATCH, "POST /", "application/x-amz-json-1.0: GraniteServiceVersion20100801.DescribeAlarms\n{\"StateValue\": \"FIRING\"}", "/StateValue"),
    bad(CLOUDWATCH, "POST /", "application/x-amz-json-1.1: GraniteServiceVersion20100801.DescribeAlarms\n{}", "content type"),
    bad(CLOUDWATCH, "POST /", "application/x-amz-json-1.0: GraniteServiceVersion20100801.DescribeAlarms\n{\"MaxRecords\": 1000}", "/MaxRecords"),
    good(LOGS, "POST /", "application/x-amz-json-1.1: Logs_20140328.StartQuery\n{\"logGroupName\": \"/ecs/web\", \"startTime\": 1772366400, \"endTime\": 1772370000, \"queryString\": \"fields @message\"}"),
    bad(LOGS, "POST /", "application/x-amz-json-1.1: Logs_20140328.StartQuery\n{\"logGroupName\": \"/ecs/web\", \"startTime\": 1772366400, \"endTime\": 1772370000}", "queryString"),
    good(HEALTH, "POST /", "application/x-amz-json-1.1: AWSHealth_20160804.DescribeEvents\n{\"filter\": {\"eventStatusCodes\": [\"open\"]}}"),
    bad(HEALTH, "POST /", "application/x-amz-json-1.1: AWSHealth_20160804.DescribeEvents\n{\"filter\": {\"eventStatusCodes\": [\"opened\"]}}", "eventStatusCodes"),
    good(ELASTIC, "POST /logs-*/_search", r#"{"size": 100, "sort": [{"@timestamp": "desc"}], "query": {"match_all": {}}}"#),
    bad(ELASTIC, "POST /logs-*/_search", r#"{"sizes": 100}"#, "sizes"),
    bad(ELASTIC, "POST /logs-*/_search", r#"{"size": "many"}"#, "/size"),

    good(PAGERDUTY, "GET /incidents?statuses%5B%5D=triggered&statuses%5B%5D=acknowledged&limit=100&offset=0", ""),
    good(PAGERDUTY, "GET /oncalls?earliest=true&include%5B%5D=users", ""),
    good(PAGERDUTY, "PUT /incidents/P1", r#"{"incident": {"type": "incident_reference", "status": "acknowledged"}}"#),
    good(PAGERDUTY, "POST /incidents/P1/snooze", r#"{"duration": 3600}"#),
    bad(PAGERDUTY, "GET /incidents?statuses%5B%5D=nope", "", "query: statuses[]"),
    bad(PAGERDUTY, "GET /incidents?statuses=triggered", "", "query: statuses is no parameter"),
    bad(PAGERDUTY, "PUT /incidents/P1", r#"{"incident": {"status": "acknowledged"}}"#, "type"),
    bad(PAGERDUTY, "PUT /incidents/P1", r#"{"incident": {"type": "incident_reference", "state": "acknowledged"}}"#, "state"),
    good(EVENTS, "POST /enqueue", r#"{"routing_key": "0123456789abcdef0123456789abcdef", "event_action": "trigger", "dedup_key": "shop", "payload": {"summary": "down", "source": "crashcart", "severity": "critical"}}"#),
    bad(EVENTS, "POST /enqueue", r#"{"routing_key": "0123456789abcdef0123456789abcdef", "event_action": "page", "payload": {"summary": "down", "source": "crashcart", "severity": "critical"}}"#, "/event_action"),
    bad(EVENTS, "POST /enqueue", r#"{"routing_key": "0123456789abcdef0123456789abcdef", "event_action": "trigger", "payload": {"summary": "down", "severity": "critical"}}"#, "source"),
    good(OPSGENIE, "GET /v2/alerts?query=status%3Aopen&limit=100&sort=createdAt&order=desc", ""),
    good(OPSGENIE, "POST /v2/alerts/a1/acknowledge?identifierType=id", r#"{"user": "ann", "source": "crashcart", "note": "on it"}"#),
    good(OPSGENIE, "POST /v2/alerts", r#"{"message": "down", "alias": "shop", "priority": "P1"}"#),
    bad(OPSGENIE, "POST /v2/alerts", r#"{"message": "down", "priority": "P9"}"#, "/priority"),
    bad(OPSGENIE, "POST /v2/alerts/a1/acknowledge?identifierType=name", "{}", "query: identifierType"),
    bad(OPSGENIE, "POST /v2/alerts", r#"{"alias": "shop"}"#, "message"),
    good(GOALERT, "POST ", r#"{"query": "query($f: [AlertStatus!]) { alerts(input: { filterByStatus: $f, first: 50 }) { nodes { alertID status summary details createdAt service { id name onCallUsers { userName stepNumber } } } pageInfo { hasNextPage endCursor } } }", "variables": {"f": ["StatusUnacknowledged"]}}"#),
    good(GOALERT, "POST ", r#"{"query": "mutation { updateAlerts(input: { alertIDs: [1], newStatus: StatusAcknowledged }) { alertID status } }"}"#),
    bad(GOALERT, "POST ", r#"{"query": "query($f: [AlertStatus!]) { alerts(input: { filterByStatus: $f }) { nodes { alertID } } }", "variables": {"f": ["Open"]}}"#, "variables"),
    bad(GOALERT, "POST ", r#"{"query": "mutation { updateAlerts(input: { alertIDs: [1], newState: StatusAcknowledged }) { alertID } }"}"#, "query"),
    bad(GOALERT, "GET ", r#"{"query": "{ alerts { nodes { alertID } } }"}"#, "method"),
    good(STATUSPAGE, "GET /pages/p1/incidents/unresolved", ""),
    bad(STATUSPAGE, "GET /pages/p1/incident/unresolved", "", "path"),

    good(SLACK, "POST /chat.postMessage", "channel=C1&text=down"),
    bad(SLACK, "POST /chat.postMessages", "channel=C1&text=down", "path"),
    good(DISCORD, "POST /webhooks/1/abc?wait=true", r#"{"content": "down", "username": "crashcart", "allowed_mentions": {"parse": []}}"#),
    bad(DISCORD, "POST /webhooks/1/abc?waits=true", r#"{"content": "down"}"#, "query: waits"),
    good(TELEGRAM, "POST /bot1:x/sendMessage", r#"{"chat_id": 1, "text": "down", "parse_mode": "HTML"}"#),
    bad(TELEGRAM, "POST /bot1:x/sendMessage", r#"{"chat_id": 1}"#, "text"),
    bad(TELEGRAM, "POST /1:x/sendMessage", r#"{"chat_id": 1, "text": "down"}"#, "path"),
    good(TWILIO, "POST /2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json", "To=%2B15550001&From=%2B15550002&Body=down"),
    good(TWILIO, "POST /2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Calls.json", "To=%2B15550001&From=%2B15550002&Twiml=%3CResponse%2F%3E"),
    bad(TWILIO, "POST /2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json", "From=%2B15550002&Body=down", "\"To\" is a required property"),
    bad(TWILIO, "POST /2010-04-01/Accounts/AX0123456789abcdef0123456789abcdef/Messages.json", "To=%2B15550001&From=%2B15550002&Body=down", "path: AccountSid"),
    bad(TWILIO, "POST /2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json", r#"{"To": "+15550001", "From": "+15550002", "Body": "down"}"#, "content type application/json"),
    good(AXIOM1, "POST /datasets/_apl?format=tabular", r#"{"apl": "['logs'] | limit 100", "startTime": "now-15m", "endTime": "now"}"#),
    bad(AXIOM1, "POST /datasets/_apl?format=wide", r#"{"apl": "['logs'] | limit 100"}"#, "query: format"),
    good(AXIOM2, "GET /monitors", ""),
    bad(AXIOM2, "GET /monitor", "", "path"),
];

/// Returns the cases for a description, with those that its folder lists.
pub fn of(row: &Row, folder: &Path) -> Vec<(Request, Option<&'static str>)> {
    let mut out: Vec<_> = CASES
        .iter()
        .filter(|case| case.spec == row.spec)
        .map(|case| (request(row, case.line, case.body), case.wrong))
        .collect();
    for (name, line) in listed(folder) {
        if row.spec.strip_prefix("hosting/") == Some(&name) {
            out.push((request(row, &line, ""), None));
        }
    }
    let queries = match row.spec {
        FLY_GRAPH => "hosting/queries/fly",
        RAILWAY => "hosting/queries/railway",
        _ => return out,
    };
    let mut files: Vec<_> =
        std::fs::read_dir(folder.join(queries)).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    for file in files {
        let query = std::fs::read_to_string(&file).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let body = serde_json::json!({ "query": query, "variables": variables(&name) });
        out.push((request(row, "POST ", &body.to_string()), None));
    }
    out
}

/// Returns the requests that the folder itself lists, by file.
fn listed(folder: &Path) -> Vec<(String, String)> {
    let Ok(text) = std::fs::read_to_string(folder.join("hosting/jq-examples.json")) else { return Vec::new() };
    let examples: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    examples
        .into_iter()
        .map(|(name, example)| {
            let part = |index: usize| example[index].as_str().unwrap_or_default().to_owned();
            (name, format!("{} {}", part(0), part(1)))
        })
        .collect()
}

/// Returns variables for the queries that the folder lists.
fn variables(name: &str) -> serde_json::Value {
    use serde_json::json;
    match name {
        "list" => json!({ "input": { "projectId": "p", "serviceId": "s", "environmentId": "e" }, "first": 20 }),
        "live" => json!({ "serviceId": "s", "environmentId": "e" }),
        "poll" | "restart" | "rollback" => json!({ "id": "d" }),
        "logs" | "tail" => json!({ "id": "d", "limit": 100 }),
        "autodeploy" => {
            json!({ "input": { "enabled": false, "projectId": "p", "serviceId": "s", "environmentId": "e" } })
        }
        "releases" => json!({ "appName": "shop", "limit": 20 }),
        "update_release" => json!({ "input": { "releaseId": "r", "status": "complete" } }),
        _ => {
            json!({ "input": { "appId": "shop", "image": "registry/shop:v1", "platformVersion": "machines", "strategy": "ROLLING", "definition": {} } })
        }
    }
}

fn request(row: &Row, line: &str, body: &str) -> Request {
    let (method, path) = line.split_once(' ').unwrap();
    let mut headers = Vec::new();
    let mut header = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
    let body = match body.split_once('\n').map(|(head, rest)| (head.split_once(':'), rest)) {
        Some((Some((media_type, target)), rest)) if media_type.contains('/') && !body.starts_with(['{', '[']) => {
            header("Content-Type", media_type);
            if !target.trim().is_empty() {
                header("X-Amz-Target", target.trim());
            }
            rest
        }
        _ => {
            if !body.is_empty() {
                header(
                    "Content-Type",
                    if body.starts_with(['{', '[']) { "application/json" } else { "application/x-www-form-urlencoded" },
                );
            }
            body
        }
    };
    // Demanded of writes that an account's key makes; ours sends it always.
    if row.spec == PAGERDUTY {
        header("From", "ann@example.com");
    }
    Request {
        method: method.to_owned(),
        url: format!("{}{path}", root(row.base)),
        headers,
        body: body.as_bytes().to_vec(),
    }
}

/// Places where a description contradicts itself, so that nothing can be valid there.
const CONTRADICTIONS: &[(&str, &str)] = &[];

/// Returns whether all violations are known contradictions of that description.
pub fn is_known(spec: &str, violations: &[String]) -> bool {
    violations
        .iter()
        .all(|violation| CONTRADICTIONS.iter().any(|(name, words)| *name == spec && violation.contains(words)))
}
