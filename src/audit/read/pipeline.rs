//! What continuous integration does: GitHub's workflows and GitLab's jobs as jobs with steps.

use serde_json::Value;

use super::Pattern;
use super::yaml::{Document, entries, items, scalar};

/// A file of jobs.
#[derive(Clone, Debug)]
pub struct Pipeline {
    pub path: String,
    pub github: bool,
    /// What starts it: `push`, `pull_request`, `schedule`, ...
    pub triggers: Vec<String>,
    pub jobs: Vec<Job>,
    pub document: Document,
}

/// A job.
#[derive(Clone, Debug)]
pub struct Job {
    pub name: String,
    pub line: usize,
    pub needs: Vec<String>,
    pub value: Value,
    pub steps: Vec<Step>,
}

/// A step.
#[derive(Clone, Debug)]
pub struct Step {
    pub uses: Option<String>,
    pub run: String,
    pub line: usize,
    pub value: Value,
}

static DEPLOYS: Pattern = Pattern::new(
    r"(?m)\b(flyctl|fly) deploy\b|\bvercel\b.*--prod\b|\bnetlify deploy\b.*--prod|\brailway (up|redeploy)\b|\bwrangler (pages )?deploy\b|git push .*\b(heroku|dokku)\b|\bheroku container:release\b|\bkubectl (apply|set image|rollout restart)\b|\bhelm upgrade\b|\bgcloud (run|app) deploy\b|\beb deploy\b|\becs update-service\b|\bkamal (deploy|redeploy|\x22?\$)|\bcap production deploy\b|\bdoctl apps (create-deployment|update)\b|\bserverless deploy\b|\bsam deploy\b|\bcdk deploy\b|\bssh\b.*docker[ -]compose .*up|\bapi\.render\.com/deploy",
);
static DEPLOY_ACTIONS: Pattern = Pattern::new(
    r"(?i)^(amondnet/vercel-action|akhileshns/heroku-deploy|appleboy/ssh-action|google-github-actions/deploy-|azure/(webapps-deploy|k8s-deploy|container-apps-deploy)|aws-actions/amazon-ecs-deploy|digitalocean/app_action|nwtgck/actions-netlify|johnbeynon/render-deploy|burnett01/rsync-deployments|koyeb/action)",
);
static TESTS: Pattern = Pattern::new(
    r"(?m)\b(npm|yarn|pnpm|bun|deno)( run)?( -\S+)* (test|t)\b|\b(npm|yarn|pnpm|bun) (run )?(test|e2e|check):?\S*|\b(py\.?test|nosetests|tox|nox|rspec|vitest|jest|playwright test|cypress run|phpunit|pest)\b|\bcargo (\+\S+ )?(test|nextest)|\bgo test\b|\b(rails|rake) (\S+:)?(test|spec)|\bmix test|\bdotnet test|\bgradlew? .*\b(test|check|build)\b|\bmvnw? .*\b(test|verify|package|install)\b|\bmake (test|check|ci)\b|\bjust (test|check|ci)\b|manage\.py test|\bpython -m (unittest|pytest)|\bctest\b|\bturbo (run )?test|\bnx .*test|\bartisan test|\btask test|\bcoverage run",
);

impl Step {
    /// Returns whether the step puts something into production.
    pub fn deploys(&self) -> bool {
        // An image that is only built and pushed is not live.
        (DEPLOYS.is_match(&self.run) && !self.run.contains("--build-only") && !self.run.contains("--dry-run"))
            || self.uses.as_deref().is_some_and(|uses| DEPLOY_ACTIONS.is_match(uses))
            || (self.uses.as_deref().is_some_and(|uses| uses.starts_with("cloudflare/wrangler-action"))
                && scalar(&self.value["with"]["command"]).is_none_or(|command| command.contains("deploy")))
    }

    /// Returns whether the step runs tests.
    pub fn tests(&self) -> bool {
        TESTS.is_match(&self.run)
            || self.uses.as_deref().is_some_and(|uses| uses.starts_with("cypress-io/github-action"))
    }
}

impl Job {
    /// Returns the step that deploys.
    pub fn deploy(&self) -> Option<&Step> {
        self.steps.iter().find(|step| step.deploys())
    }

    /// Returns whether it runs tests.
    pub fn tests(&self) -> bool {
        self.steps.iter().any(Step::tests)
    }
}

impl Pipeline {
    /// Returns the jobs that deploy, each with its step.
    pub fn deploys(&self) -> impl Iterator<Item = (&Job, &Step)> {
        self.jobs.iter().filter_map(|job| Some((job, job.deploy()?)))
    }

    /// Returns whether a job, or one it waits for, runs tests or is another workflow of which we know nothing.
    pub fn is_tested(&self, job: &Job, depth: usize) -> bool {
        job.tests()
            || job.value.get("uses").is_some()
            || (depth < 20
                && job.needs.iter().any(|need| {
                    self.jobs
                        .iter()
                        .find(|other| other.name == *need)
                        .is_some_and(|other| self.is_tested(other, depth + 1))
                }))
    }

    /// Returns every step, with its job.
    pub fn steps(&self) -> impl Iterator<Item = (&Job, &Step)> {
        self.jobs.iter().flat_map(|job| job.steps.iter().map(move |step| (job, step)))
    }
}

/// Reads a workflow of GitHub or a compatible forge.
pub fn github(document: &Document) -> Option<Pipeline> {
    let jobs = document.value.get("jobs")?.as_object()?;
    // YAML 1.1 takes a bare `on` for true.
    let on = document.value.get("on").or_else(|| document.value.get("true"));
    let triggers = on.map(names).unwrap_or_default();
    let jobs = jobs
        .iter()
        .map(|(name, value)| {
            let line = document.line(&["jobs", name]);
            let mut from = line;
            let steps = items(&value["steps"])
                .map(|step| {
                    let uses = scalar(&step["uses"]);
                    let run = scalar(&step["run"]).unwrap_or_default();
                    let first = run.lines().next().unwrap_or_default().trim().to_owned();
                    let needle = uses.clone().unwrap_or(first);
                    let line = line_from(document, from, &needle);
                    from = line;
                    Step { uses, run, line, value: step.clone() }
                })
                .collect();
            Job { name: name.clone(), line, needs: names(&value["needs"]), value: value.clone(), steps }
        })
        .collect();
    Some(Pipeline { path: document.path.clone(), github: true, triggers, jobs, document: document.clone() })
}

/// Reads GitLab's file.
pub fn gitlab(document: &Document) -> Pipeline {
    const OTHER: &[&str] =
        &["stages", "variables", "default", "include", "workflow", "image", "services", "cache", "before_script"];
    let stages: Vec<String> = names(&document.value["stages"]);
    let stage_of = |value: &Value| {
        let stage = scalar(&value["stage"]).unwrap_or_else(|| "test".to_owned());
        stages.iter().position(|one| *one == stage)
    };
    let is_job =
        |name: &str, value: &Value| !OTHER.contains(&name) && !name.starts_with('.') && value.get("script").is_some();
    let jobs = entries(&document.value)
        .filter(|(name, value)| is_job(name, value))
        .map(|(name, value)| {
            let line = document.line(&[name]);
            let run: Vec<String> = names(&value["script"]);
            let step_line = run.first().map_or(line, |first| line_from(document, line, first));
            // A stage waits for those before it.
            let mut needs = names(&value["needs"]);
            if needs.is_empty() {
                let mine = stage_of(value);
                let earlier =
                    entries(&document.value).filter(|(other, one)| is_job(other, one) && stage_of(one) < mine);
                needs = earlier.map(|(other, _)| other.to_owned()).collect();
            }
            let step = Step { uses: None, run: run.join("\n"), line: step_line, value: Value::Null };
            Job { name: name.to_owned(), line, needs, value: value.clone(), steps: vec![step] }
        })
        .collect();
    Pipeline { path: document.path.clone(), github: false, triggers: Vec::new(), jobs, document: document.clone() }
}

fn line_from(document: &Document, from: usize, needle: &str) -> usize {
    document.lines_behind(from, needle).unwrap_or(from)
}

/// Returns what a text, a list or the keys of a map name.
pub fn names(value: &Value) -> Vec<String> {
    match value {
        Value::Object(map) => map.keys().cloned().collect(),
        Value::Array(list) => list.iter().filter_map(scalar).collect(),
        other => scalar(other).into_iter().collect(),
    }
}
