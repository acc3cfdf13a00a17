//! Workflows that build and deploy, and the platforms that they deploy to.

use std::collections::BTreeMap;

use super::text::{lines, name};
use super::{Findings, Tree, TreeFile, What};

/// What a workflow says when it deploys somewhere.
const DEPLOYS: &[(&str, &str)] = &[
    ("kubectl apply", "kubernetes"),
    ("kubectl set image", "kubernetes"),
    ("kubectl rollout", "kubernetes"),
    ("helm upgrade", "kubernetes"),
    ("gcloud run deploy", "google-cloud-run"),
    ("gcloud run services", "google-cloud-run"),
    ("deploy-cloudrun", "google-cloud-run"),
    ("wrangler pages deploy", "cloudflare-pages"),
    ("pages-action", "cloudflare-pages"),
    ("flyctl deploy", "fly"),
    ("vercel deploy", "vercel"),
    ("vercel --prod", "vercel"),
    ("netlify deploy", "netlify"),
    ("railway up", "railway"),
    ("git.heroku.com", "heroku"),
    ("heroku-deploy", "heroku"),
    ("amazon-ecs-deploy-task-definition", "aws-ecs"),
    ("aws ecs update-service", "aws-ecs"),
    ("azure/webapps-deploy", "azure-app-service"),
    ("kamal deploy", "kamal"),
];

/// What a workflow uses of somebody else.
const USES: &[(&str, &str)] =
    &[("digitalocean/action-doctl", "digitalocean"), ("registry.digitalocean.com", "digitalocean")];

/// What a workflow tells of its releases.
const TELLS: &[(&str, &str)] = &[("getsentry/action-release", "sentry"), ("sentry-cli releases", "sentry")];

pub(super) fn wants(path: &str) -> bool {
    let yaml = path.ends_with(".yml") || path.ends_with(".yaml");
    yaml && path.starts_with(".github/workflows/") || name(path) == ".gitlab-ci.yml"
}

pub(super) fn read(tree: &Tree, file: &TreeFile, findings: &mut Findings) {
    let is_github = file.path.starts_with(".github/");
    let deploys = file.text.contains("deploy") && name(&file.path).contains("deploy");
    let mut params = BTreeMap::new();
    if is_github && deploys && !name(&file.path).starts_with('_') {
        params.insert("workflow", name(&file.path).to_owned());
    }
    let line = lines(&file.text).next().map_or(1, |(line, _)| line);
    findings.add(file, line, What::Ci { provider: if is_github { "github" } else { "gitlab" }, params });
    for (line, text) in lines(&file.text) {
        for (word, provider) in DEPLOYS.iter().filter(|(word, _)| text.contains(word)) {
            // The platform's own file says which app it is; here only that it is deployed there is known.
            let known = findings
                .0
                .iter()
                .any(|found| matches!(&found.what, What::Platform { provider: other, .. } if other == provider));
            if !known {
                let service = text.split_once("deployment/").map(|(_, rest)| rest).and_then(|rest| {
                    let end = rest.find(|end: char| !(end.is_ascii_alphanumeric() || end == '-')).unwrap_or(rest.len());
                    (end > 0).then(|| rest[..end].to_owned())
                });
                let params = match (&service, *word) {
                    (Some(name), word) if word.starts_with("kubectl") => [("deployment", name.clone())].into(),
                    _ => BTreeMap::new(),
                };
                let service = service.or_else(|| Some(tree.name.clone()));
                findings.add(file, line, What::Platform { provider, service, params });
            }
        }
        for (_, provider) in TELLS.iter().filter(|(word, _)| text.contains(word)) {
            findings.add(file, line, What::Monitoring { provider, params: BTreeMap::new() });
        }
        if let Some(app) = heroku_app(text) {
            let params = [("app", app.to_owned())].into();
            findings.add(file, line, What::Platform { provider: "heroku", service: Some(app.to_owned()), params });
        }
        for (_, vendor) in USES.iter().filter(|(word, _)| text.contains(word)) {
            findings.add(file, line, What::Vendor { name: (*vendor).to_owned() });
        }
    }
}

/// Returns the app that an action deploys to Heroku.
fn heroku_app(text: &str) -> Option<&str> {
    let (key, value) = text.split_once(':')?;
    let value = value.trim().trim_matches(['"', '\'']);
    (matches!(key, "heroku-app" | "heroku_app_name" | "heroku-app-name") && super::text::plain(value)).then_some(value)
}
