//! Scheduled work without a heartbeat.

use crate::audit::finding::{Area, Evidence, Level, Rule};
use crate::audit::read::Pattern;
use crate::audit::read::yaml::items;
use crate::audit::repo::Repo;

/// The rule.
pub static RULE: Rule = Rule {
    id: "observability.schedule-unwatched",
    area: Area::Observability,
    level: Level::Medium,
    title: "Nobody notices when scheduled work stops",
    why: "A job that no longer runs writes no error. The missing invoices or backups are found weeks later.",
    fix: "Let the job ping a dead man's switch at its end (Healthchecks, Cronitor, `crashcart watch` has heartbeats), which calls when it stays silent.",
    references: &["https://healthchecks.io/docs/", "https://sre.google/sre-book/distributed-periodic-scheduling/"],
    check,
};

static WATCHED: Pattern = Pattern::new(
    r"(?i)healthchecks|hc-ping|cronitor|dead ?man|heartbeat|checkin|capture_?check_?in|withMonitor|snitch|better-?stack|betteruptime|kube_cronjob|kube_job_|monitor_slug|cron.?monitor|crashcart\.toml",
);

fn check(repo: &Repo<'_>) -> Vec<Evidence> {
    if repo.mentions(&WATCHED) {
        return Vec::new();
    }
    let says = |what: &str| format!("{what} runs by the clock, and no file names anything that expects it");
    let mut all = Vec::new();
    for one in repo.manifests.iter().filter(|one| one.value["kind"] == "CronJob") {
        all.push(Evidence::at(&one.path, one.line(&["kind"]), says("a CronJob")));
    }
    for render in &repo.render {
        for one in items(&render.value["services"]).filter(|one| one["type"] == "cron") {
            let name = one["name"].as_str().unwrap_or("a job");
            all.push(Evidence::at(&render.path, render.line_with(&["services"], name), says(&format!("`{name}`"))));
        }
    }
    for file in repo.tree.files().filter(|file| file.name() == "vercel.json" && file.text.contains("\"crons\"")) {
        all.push(Evidence::at(file.path, file.line_with("\"crons\""), says("a route")));
    }
    all.truncate(3);
    all
}
