//! The audit: every rule bites where it should and is silent where it should, and its reports are what they claim to be.

#[path = "audit/live.rs"]
mod live;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crashcart::audit::finding::{Level, Place};
use crashcart::audit::live::{Live, LivePlace};
use crashcart::audit::repo::Options;
use crashcart::audit::report::{markdown, sarif, text};
use crashcart::audit::rules::{RULES, all};
use crashcart::audit::tree::Tree;
use crashcart::audit::{Report, audit};
use serde_json::Value;

/// Parts that many trees need.
const PARTS: &[(&str, &str)] = &[
    ("{{FLY}}", "--- fly.toml\napp = \"shop\"\n[http_service]\ninternal_port = 8080"),
    ("{{PACKAGE}}", "--- package.json\n{ \"dependencies\": { \"express\": \"4\" } }"),
    (
        "{{SCHEMA}}",
        "--- package.json\n{ \"dependencies\": { \"pg\": \"8.1.0\" } }\n--- migrations/0001_a.sql\nCREATE TABLE users (id bigint);",
    ),
    (
        "{{DEPLOY}}",
        "--- .github/workflows/deploy.yml\non: push\njobs:\n  deploy:\n    steps:\n      - run: flyctl deploy",
    ),
    (
        "{{GATED}}",
        "--- .github/workflows/deploy.yml\non: push\nconcurrency: deploy\njobs:\n  test:\n    steps:\n      - run: npm test\n  deploy:\n    needs: test\n    environment: production\n    timeout-minutes: 9\n    steps:\n      - run: flyctl deploy",
    ),
    (
        "{{POD}}",
        "--- k8s/shop.yaml\napiVersion: apps/v1\nkind: Deployment\nspec:\n  replicas: 1\n  template:\n    spec:\n      containers:\n        - name: shop\n          image: acme/shop:1.2\n          ports: [{ containerPort: 80 }]",
    ),
    (
        "{{GOODPOD}}",
        "--- k8s/shop.yaml\napiVersion: apps/v1\nkind: Deployment\nspec:\n  replicas: 2\n  template:\n    spec:\n      containers:\n        - name: shop\n          image: acme/shop:1.2\n          ports: [{ containerPort: 80 }]\n          resources: { limits: { memory: 1Gi } }",
    ),
];

/// A token that is none, put together so that no scanner of repositories takes it for one.
fn token() -> String {
    format!("sk_{}_{}", "live", "4eC39HqLyjWDarjtT1zdp7dc")
}

fn tree(text: &str) -> Tree {
    let mut text = text.replace("{{TOKEN}}", &token());
    for (name, part) in PARTS {
        text = text.replace(name, part);
    }
    let mut tree = Tree::default();
    for file in format!("\n{text}").split("\n--- ").skip(1) {
        let (path, text) = file.split_once('\n').unwrap_or((file, ""));
        tree.add(path.trim(), Some(format!("{}\n", text.trim_end())));
    }
    tree
}

fn look(text: &str) -> Report {
    audit(&tree(text), &Live::default(), &Options::default())
}

/// As [`look`], with what the platforms say.
fn look_live(text: &str) -> Report {
    let (tree, live) = live::world(text);
    audit(&tree, &live, &Options::default())
}

/// The cases of `trees.txt`: (rule, whether it bites, its files).
fn cases() -> Vec<(String, bool, String)> {
    cases_of(include_str!("audit/trees.txt"))
}

/// The cases of `live.txt`.
fn live_cases() -> Vec<(String, bool, String)> {
    cases_of(include_str!("audit/live.txt"))
}

fn cases_of(text: &str) -> Vec<(String, bool, String)> {
    text.split("\n=== ")
        .skip(1)
        .map(|case| {
            let (head, files) = case.split_once('\n').unwrap();
            let (rule, how) = head.trim().split_once(' ').unwrap();
            (rule.to_owned(), how == "bites", files.to_owned())
        })
        .collect()
}

#[test]
fn every_rule_bites_on_its_tree_and_is_silent_on_the_other() {
    let mut wrong = Vec::new();
    let reports = cases().into_iter().map(|(rule, bites, files)| (rule, bites, look(&files)));
    let live = live_cases().into_iter().map(|(rule, bites, files)| (rule, bites, look_live(&files)));
    for (rule, bites, report) in reports.chain(live) {
        let found: Vec<String> = report
            .findings
            .iter()
            .filter(|finding| finding.rule.id == rule)
            .map(|finding| format!("{} {}", finding.place, finding.says))
            .collect();
        if found.is_empty() == bites {
            wrong.push(format!("{rule} {}: {found:?}", if bites { "should bite" } else { "should be silent" }));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_both_trees_and_no_tree_is_without_a_rule() {
    let mut seen: BTreeMap<String, BTreeSet<bool>> = BTreeMap::new();
    for (rule, bites, _) in cases().into_iter().chain(live_cases()) {
        seen.entry(rule).or_default().insert(bites);
    }
    let rules: BTreeSet<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(rules.len(), RULES.len(), "two rules have one id");
    let lacking: Vec<&&str> = rules.iter().filter(|rule| seen.get(**rule).is_none_or(|both| both.len() < 2)).collect();
    assert!(lacking.is_empty(), "these have not both trees: {lacking:?}");
    let unknown: Vec<&String> = seen.keys().filter(|rule| !rules.contains(rule.as_str())).collect();
    assert!(unknown.is_empty(), "these are no rules: {unknown:?}");
}

/// Where a framework keeps its first and its second migration.
fn places(framework: &str) -> [&'static str; 2] {
    match framework {
        "sql" => ["migrations/0001_a.sql", "migrations/0002_b.sql"],
        "prisma" => {
            ["prisma/migrations/20260101000000_a/migration.sql", "prisma/migrations/20260102000000_b/migration.sql"]
        }
        "drizzle" => ["drizzle/0000_a.sql", "drizzle/0001_b.sql"],
        "rails" => ["db/migrate/20260101000000_a.rb", "db/migrate/20260102000000_b.rb"],
        "django" => ["shop/migrations/0001_a.py", "shop/migrations/0002_b.py"],
        "alembic" => ["alembic/versions/f1_a.py", "alembic/versions/a2_b.py"],
        "laravel" => ["database/migrations/2026_01_01_000000_a.php", "database/migrations/2026_01_02_000000_b.php"],
        "knex" => ["migrations/20260101000000_a.js", "migrations/20260102000000_b.js"],
        "typeorm" => ["src/migrations/1693999261582-A.ts", "src/migrations/1693999261583-B.ts"],
        "ecto" => ["priv/repo/migrations/20260101000000_a.exs", "priv/repo/migrations/20260102000000_b.exs"],
        "efcore" => ["Data/Migrations/20260101000000_A.cs", "Data/Migrations/20260102000000_B.cs"],
        "liquibase" => ["db/changelog/db.changelog-1.xml", "db/changelog/db.changelog-2.xml"],
        "goose" => ["migrations/20260101000000_a.sql", "migrations/20260102000000_b.sql"],
        other => panic!("{other} is no framework"),
    }
}

#[test]
fn of_each_frameworks_migrations_exactly_what_is_wrong_is_said() {
    let mut wrong = Vec::new();
    for case in include_str!("audit/migrations.txt").split("\n=== ").skip(1) {
        let (head, rest) = case.split_once('\n').unwrap();
        let (engine, framework) = head.split_once(' ').unwrap();
        let (first, rest) = rest.split_once("\n--- then\n").unwrap();
        let (second, wanted): (Vec<&str>, Vec<&str>) = rest.lines().partition(|line| !line.starts_with(">>> "));
        let driver = match engine {
            "postgres" => "pg",
            "mysql" => "mysql2",
            _ => "better-sqlite3",
        };
        let mut tree = Tree::default();
        tree.add("package.json", Some(format!("{{ \"dependencies\": {{ \"{driver}\": \"1.0.0\" }} }}")));
        let first = if framework == "alembic" {
            format!("revision = 'a'\ndown_revision = None\n{first}")
        } else {
            first.to_owned()
        };
        let [before, path] = places(framework);
        tree.add(before, Some(first));
        tree.add(path, Some(second.join("\n")));
        let report = audit(&tree, &Live::default(), &Options::default());
        let about = |rule: &str| rule.starts_with("data.") && rule != "data.no-lock-timeout";
        let found = report
            .findings
            .iter()
            .filter(|one| about(one.rule.id) && one.place.path().is_some_and(|place| place.as_str() == path));
        let mut found: Vec<String> =
            found.map(|one| format!(">>> {} {}", one.rule.id, one.place.line().unwrap_or(0))).collect();
        let mut wanted: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
        found.sort();
        wanted.sort();
        if found != wanted {
            let missed: Vec<_> = wanted.iter().filter(|one| !found.contains(one)).collect();
            let spurious: Vec<_> = found.iter().filter(|one| !wanted.contains(one)).collect();
            wrong.push(format!("{head}: {}...\n  not said: {missed:?}\n  said: {spurious:?}", second[0]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_says_what_a_reader_needs() {
    for rule in RULES {
        assert!(rule.id.starts_with(&format!("{}.", rule.area.word())), "{}", rule.id);
        assert!(rule.why.ends_with('.') && rule.fix.ends_with(['.', ')']), "{} has no sentence", rule.id);
        assert!(!rule.title.ends_with('.'), "{}", rule.id);
        assert!(!rule.references.is_empty(), "{} has no reference", rule.id);
        assert!(rule.references.iter().all(|link| link.starts_with("https://")), "{}", rule.id);
    }
}

#[test]
fn no_report_shows_a_secret() {
    let report = look(
        "--- a.js\nconst key = \"{{TOKEN}}\";\n--- .env\nPAY_API_KEY=9f86d081884c7d659a2feaa0\n--- src/b.js\nlet s = process.env.JWT_SECRET || 'hunter2hunter2';",
    );
    assert!(report.findings.len() >= 3, "{:?}", report.findings);
    let all = [
        text::report(&report, &[], true),
        markdown::report(&report),
        sarif::report(&report).to_string(),
        crashcart::audit::report::json::report(&report).to_string(),
    ];
    for printed in all {
        for secret in [token().as_str(), "9f86d081884c7d659a2feaa0", "hunter2hunter2"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }
}

#[test]
fn the_worst_comes_first_and_no_line_is_wider_than_the_terminal() {
    let report = look("{{FLY}}\n{{PACKAGE}}\n{{DEPLOY}}\n--- Dockerfile\nFROM node:latest\nCOPY . .\nCMD npm run dev");
    let levels: Vec<Level> = report.findings.iter().map(|finding| finding.rule.level).collect();
    assert!(levels.is_sorted_by(|a, b| a >= b), "{levels:?}");
    let printed = text::report(&report, &[], false);
    for line in printed.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(printed.contains("Scores\n"), "{printed}");
}

#[test]
fn what_could_not_be_looked_at_has_no_score() {
    let report = look("--- README.md\nHello.");
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert!(report.scores.iter().all(|score| score.points.is_none()), "{:?}", report.scores);
}

#[test]
fn a_suppression_needs_a_reason_and_a_rule_that_exists() {
    let with = |comment: &str| look(&format!("--- Dockerfile\n{comment}\nFROM node:latest"));
    let ids = |report: &Report| report.findings.iter().map(|finding| finding.rule.id).collect::<Vec<_>>();
    let accepted = with("# crashcart-audit: accept parity.unpinned-base-image -- rebuilt nightly");
    assert_eq!(ids(&accepted), [""; 0]);
    assert_eq!(accepted.accepted[0].1.text(), "rebuilt nightly");
    let silent = with("# crashcart-audit: accept parity.unpinned-base-image");
    assert_eq!(ids(&silent), ["parity.unpinned-base-image", "readiness.suppression-without-reason"]);
    let unknown = with("# crashcart-audit: accept parity.nonsense -- because");
    assert_eq!(ids(&unknown), ["parity.unpinned-base-image", "readiness.suppression-without-reason"]);
}

#[test]
fn the_list_of_accepted_findings_is_followed_and_what_is_stale_in_it_is_said() {
    let list = "--- Dockerfile\nFROM node:latest\n--- crashcart-audit.toml\n[[accept]]\nrule = \"parity.unpinned-base-image\"\npath = \"Dockerfile\"\nreason = \"known\"\n[[accept]]\nrule = \"data.drops\"\npath = \"gone.sql\"\nreason = \"known\"";
    let report = look(list);
    assert!(report.findings.is_empty(), "{:?}", report.findings);
    assert_eq!(report.stale, ["data.drops in gone.sql"]);
    let bare = look(
        "--- Dockerfile\nFROM node:latest\n--- crashcart-audit.toml\n[[accept]]\nrule = \"parity.unpinned-base-image\"",
    );
    assert_eq!(bare.findings.len(), 2, "{:?}", bare.findings);
    let broken = look("--- Dockerfile\nFROM node:latest\n--- crashcart-audit.toml\n[[accept");
    assert_eq!(broken.findings.len(), 2, "{:?}", broken.findings);
}

/// What the specification of SARIF 2.1.0 demands of what we write. The numbers are its sections.
#[test]
fn the_sarif_is_what_the_specification_demands() {
    let mut report =
        look("--- a b/Dockerfile\nFROM x:latest # crashcart-audit: accept parity.unpinned-base-image -- a reason");
    let biting = cases().into_iter().filter(|(_, bites, _)| *bites);
    report.findings.extend(biting.flat_map(|(_, _, files)| look(&files).findings));
    let biting = live_cases().into_iter().filter(|(_, bites, _)| *bites);
    report.findings.extend(biting.flat_map(|(_, _, files)| look_live(&files).findings));
    let log = sarif::report(&report);
    // 3.13: version and schema.
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().contains("sarif-2.1.0"));
    let run = &log["runs"][0];
    // 3.18, 3.19: a tool with a driver and its name; rules have distinct ids.
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: BTreeSet<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), rules.len());
    assert!(run["tool"]["driver"]["name"].is_string());
    for rule in rules {
        // 3.49: texts are messages; 3.50: a level of the four.
        assert!(rule["shortDescription"]["text"].as_str().unwrap().ends_with('.'), "{rule}");
        assert!(
            ["none", "note", "warning", "error"].contains(&rule["defaultConfiguration"]["level"].as_str().unwrap())
        );
        assert!(rule.get("helpUri").is_none_or(|uri| url::Url::parse(uri.as_str().unwrap()).is_ok()), "{rule}");
    }
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 30, "{}", results.len());
    for result in results {
        // 3.27.5 to 3.27.6: the index and the id name one rule.
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        // 3.27.10, 3.27.11: a level, and a message that is not empty.
        assert!(["note", "warning", "error"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        // 3.29.3, 3.4.3: a relative reference that begins nowhere, with its base declared in 3.14.14.
        let location = &result["locations"][0];
        let place = &location["physicalLocation"];
        // 3.33: what is on no disk has a name that says where it is.
        if let Some(logical) = location.get("logicalLocations") {
            assert!(logical[0]["fullyQualifiedName"].as_str().unwrap().contains('/'), "{logical}");
            assert_eq!(place["artifactLocation"]["uri"], "crashcart.toml");
        }
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        assert!(!uri.starts_with('/') && !uri.contains([' ', '\\', ':']), "{uri}");
        assert!(run["originalUriBaseIds"].get(place["artifactLocation"]["uriBaseId"].as_str().unwrap()).is_some());
        // 3.30.5: lines are counted from 1.
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        // 3.27.17: fingerprints are strings.
        assert!(result["partialFingerprints"]["crashcart/v1"].is_string());
    }
    // 3.35: what was accepted says how, and why.
    let suppressed: Vec<&Value> = results.iter().filter(|result| result.get("suppressions").is_some()).collect();
    assert!(!suppressed.is_empty());
    assert_eq!(suppressed[0]["suppressions"][0]["kind"], "inSource");
    assert_eq!(suppressed[0]["suppressions"][0]["justification"], "a reason");
}

#[test]
fn what_a_platform_shows_settles_what_no_file_could_show_and_is_told() {
    let fly = "{{SHOP}}\n--- fly.toml\napp = \"shop\"\n[http_service]\ninternal_port = 8080";
    let ids = |report: &Report| report.findings.iter().map(|finding| finding.rule.id).collect::<Vec<_>>();
    assert!(ids(&look_live(fly)).contains(&"config.no-health-check"));
    let with =
        |check: &str| look_live(&format!("{fly}\n--- live render shop settings\n[{{\"name\": \"shop\"{check}}}]"));
    assert!(ids(&with("")).contains(&"config.no-health-check"), "what is not told settles nothing");
    let settled = with(", \"health_check\": \"/up\"");
    assert!(!ids(&settled).contains(&"config.no-health-check"));
    assert_eq!(settled.settled[0].0, "config.no-health-check");
    let printed = text::report(&settled, &[], false);
    let printed = printed.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(printed.contains("shown by the platform: shop on render (production)"), "{printed}");
    assert!(markdown::report(&settled).contains("Shown by a platform"));
    // A platform that says that there is none keeps both.
    let none = ids(&with(", \"health_check\": false")).join(" ");
    assert!(none.contains("config.no-health-check") && none.contains("config.live-no-health-check"), "{none}");
}

#[test]
fn a_place_on_a_platform_is_named_and_accepted_as_one() {
    let single = "{{SHOP}}\n--- live render shop settings\n[{\"name\": \"shop\", \"instances\": 1}]";
    let report = look_live(single);
    let found = report.findings.iter().find(|finding| finding.rule.id == "config.live-single-instance").unwrap();
    assert_eq!(found.place, Place::Live(LivePlace::new("render", Some("shop"), Some("production"))));
    assert_eq!(found.place.to_string(), "shop on render (production)");
    let value = crashcart::audit::report::json::report(&report);
    let row =
        value["findings"].as_array().unwrap().iter().find(|it| it["rule"] == "config.live-single-instance").unwrap();
    assert_eq!(
        (&row["source"], &row["service"], &row["environment"]),
        (&"render".into(), &"shop".into(), &"production".into())
    );
    assert!(row["path"].is_null() && row["line"].is_null());
    let list = crashcart::audit::accept::list(std::slice::from_ref(found), "one is enough");
    let accepted = look_live(&format!("{single}\n--- crashcart-audit.toml\n{list}"));
    assert_eq!(accepted.accepted.len(), 1, "{list}");
    assert_eq!((accepted.accepted[0].1.text(), accepted.stale.len()), ("one is enough", 0));
    // Another service of the same platform is another finding.
    let other = single
        .replace("live render shop ", "live render shop-staging ")
        .replace("\"instances\"", "\"health_check\": false, \"environment\": \"production\", \"instances\"");
    let other = look_live(&format!("{other}\n--- crashcart-audit.toml\n{list}"));
    assert_eq!(other.stale, ["config.live-single-instance in render, shop, production"]);
}

fn crashcart(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_crashcart"))
        .arg("audit")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder.join(".home"))
        .env("CRASHCART_STATE_DIR", folder.join(".state"))
        .output()
        .unwrap()
}

#[test]
fn as_a_gate_it_fails_from_a_level_on_and_what_is_accepted_passes() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repo");
    fs::create_dir(&root).unwrap();
    fs::write(root.join("Dockerfile"), "FROM node:22.1\nCMD npm run dev\n").unwrap();
    let code = |arguments: &[&str]| crashcart(folder.path(), arguments).status.code();
    assert_eq!(code(&["repo"]), Some(1));
    assert_eq!(code(&["repo", "--fail-on", "critical"]), Some(0));
    assert_eq!(code(&["repo", "--fail-on", "never"]), Some(0));
    assert_eq!(code(&["repo", "--fail-on", "sometimes"]), Some(2));
    assert_eq!(code(&["nowhere"]), Some(3));
    assert_eq!(code(&["--explain", "data.drops"]), Some(0));
    assert_eq!(code(&["--explain", "data.drop"]), Some(2));
    let told = |id: &str| String::from_utf8(crashcart(folder.path(), &["--explain", id]).stderr).unwrap();
    for (id, meant) in [
        ("data.drop", "data.drops"),
        ("drops", "data.drops"),
        ("readiness.supression-without-reason", "readiness.suppression-without-reason"),
    ] {
        assert!(told(id).contains(&format!("did you mean `{meant}`?")), "{}", told(id));
    }
    for rule in all() {
        assert_eq!(code(&["--explain", rule.id]), Some(0), "{}", rule.id);
    }
    assert_eq!(code(&["repo", "--accept", " "]), Some(2));
    assert_eq!(code(&["repo", "--accept", "known since spring"]), Some(0));
    assert_eq!(code(&["repo"]), Some(0));
    fs::write(root.join("Dockerfile"), "FROM node:22.1\nCMD yarn run dev\n").unwrap();
    assert_eq!(code(&["repo"]), Some(1), "what is new is not accepted");
}

#[test]
fn the_scores_are_compared_with_the_last_time_they_were_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repo");
    fs::create_dir(&root).unwrap();
    let write = |text: &str| fs::write(root.join("Dockerfile"), text).unwrap();
    let scored = || String::from_utf8(crashcart(folder.path(), &["repo"]).stdout).unwrap();
    write("FROM node:latest\nCOPY . .\n");
    assert!(!scored().contains("as before"));
    assert!(scored().contains("as before"));
    write("FROM node:latest\nCOPY package.json .\n# .\nRUN x\nADD . /app\n");
    fs::write(root.join("b.dockerfile"), "FROM node:16\n").unwrap();
    assert!(scored().contains("down 8 in"), "{}", scored());
}

#[test]
fn links_are_not_followed_and_what_git_ignores_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repo");
    fs::create_dir(&root).unwrap();
    fs::write(folder.path().join("Dockerfile"), "FROM node:latest\n").unwrap();
    std::os::unix::fs::symlink("../Dockerfile", root.join("Dockerfile")).unwrap();
    std::os::unix::fs::symlink("..", root.join("up")).unwrap();
    fs::write(root.join(".gitignore"), ".env*\n!.env.example\n/local/\n").unwrap();
    fs::write(root.join(".env"), "PAY_API_KEY=9f86d081884c7d659a2feaa0\n").unwrap();
    fs::create_dir(root.join("local")).unwrap();
    fs::write(root.join("local/Dockerfile"), "FROM node:latest\n").unwrap();
    let output = crashcart(folder.path(), &["repo", "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["findings"], serde_json::json!([]));
    assert_eq!(report["files"], 1);
}

#[test]
fn patterns_of_git_hold_in_each_folder_and_the_nearest_decides() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repo");
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let bad = "FROM node:latest\n";
    write(".gitignore", "*.dockerfile\n/only-here/\nbuild/**/out\n[broken\n");
    write("a.dockerfile", bad);
    write("deep/only-here/Dockerfile", bad);
    write("only-here/Dockerfile", bad);
    write("build/x/y/out/Dockerfile", bad);
    write("api/.gitignore", "!b.dockerfile\n/own\n");
    write("api/b.dockerfile", bad);
    write("api/c.dockerfile", bad);
    write("api/own", bad);
    write("api/deep/own/Dockerfile", bad);
    write(".git/info/exclude", "excluded/\n");
    write("excluded/Dockerfile", bad);
    fs::write(folder.path().join("elsewhere"), "*\n").unwrap();
    fs::create_dir(root.join("linked")).unwrap();
    std::os::unix::fs::symlink("../../elsewhere", root.join("linked/.gitignore")).unwrap();
    write("linked/Dockerfile", bad);
    let output = crashcart(folder.path(), &["repo", "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = report["findings"].as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap());
    let found: BTreeSet<&str> = found.collect();
    let wanted = ["api/b.dockerfile", "api/deep/own/Dockerfile", "deep/only-here/Dockerfile", "linked/Dockerfile"];
    assert_eq!(found, BTreeSet::from(wanted));
}

/// Windows' ends of lines change nothing.
#[test]
fn a_tree_with_other_ends_of_lines_has_the_same_findings() {
    for (rule, _, files) in cases() {
        let mut other = Tree::default();
        let same = tree(&files);
        same.files().for_each(|file| other.add(file.path, Some(file.text.replace('\n', "\r\n"))));
        let found = |tree: &Tree| {
            let report = audit(tree, &Live::default(), &Options::default());
            report.findings.iter().map(|one| (one.rule.id, one.place.to_string())).collect::<Vec<_>>()
        };
        assert_eq!(found(&other), found(&same), "{rule}:\n{files}");
    }
}

/// Paths behind each of which stands a reader of its own.
const READ: &[&str] = &[
    "Dockerfile",
    "docker-compose.prod.yml",
    ".github/workflows/deploy.yml",
    ".gitlab-ci.yml",
    "k8s/shop.yaml",
    "fly.toml",
    "render.yaml",
    "railway.json",
    "package.json",
    "requirements.txt",
    "prometheus.yml",
    "crashcart.toml",
    "crashcart-audit.toml",
    "runbooks/a.md",
    "src/a.js",
    "src/settings.py",
    ".env.production",
    ".env.example",
    "migrations/0001_a.sql",
    "migrations/0002_b.sql",
    "db/migrate/20260102000000_b.rb",
    "db/migrate/20260103000000_c.rb",
    "shop/migrations/0001_a.py",
    "shop/migrations/0002_b.py",
    "alembic/versions/a_b.py",
    "alembic/versions/c_d.py",
    "database/migrations/2026_01_01_000000_a.php",
    "database/migrations/2026_01_02_000000_b.php",
    "migrations/20260102000000_b.js",
    "migrations/20260103000000_c.js",
    "priv/repo/migrations/20260101000000_a.exs",
    "priv/repo/migrations/20260102000000_b.exs",
    "Data/Migrations/20260101000000_A.cs",
    "Data/Migrations/20260102000000_B.cs",
    "db/changelog/db.changelog-1.xml",
    "db/changelog/db.changelog-2.xml",
];

/// What readers trip over: each text stands in every file at once.
#[test]
fn no_text_stops_it() {
    let nasty = [
        "\0\0\0".to_owned(),
        "\u{feff}a: b\r\r\n\u{2028}\u{202e}".to_owned(),
        "[".repeat(1_000),
        "{\"a\":".repeat(1_000),
        "- ".repeat(1_000),
        (0..700).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect(),
        "a: &a [*a]\nb: {<<: *a}\n".to_owned(),
        format!(
            "a: &a [x,x,x,x,x,x,x,x,x]\n{}",
            (0..9).map(|n| format!("b{n}: &b{n} [{}]\n", "*a,".repeat(9))).collect::<String>()
        ),
        "x".repeat(20_000),
        "x ".repeat(4_000),
        "(".repeat(4_000),
        "op.add_column(".repeat(1_000),
        "ALTER TABLE a ADD COLUMN b ".repeat(1_000),
        "$table->string('a'".repeat(1_000),
        "queryRunner.query(`".repeat(1_000),
        "migrations.AddField(state_operations=[".repeat(600),
        "DO $a$ BEGIN ".repeat(2_000),
        "execute <<~SQL\n".repeat(600),
        "\\\"'`".repeat(1_000),
        "\u{e9}\u{1f600}'\u{e9}\"".repeat(2_000),
        "<column name=\"".repeat(1_000),
        "FROM a AS b\\\n".repeat(1_000),
        "```\n./scripts/a make b\n".repeat(600),
    ];
    for text in nasty {
        let mut tree = Tree::default();
        READ.iter().for_each(|path| tree.add(*path, Some(text.clone())));
        audit(&tree, &Live::default(), &Options::default());
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 24, ..Default::default() })]

    #[test]
    fn no_pieces_in_any_order_stop_it(pieces in proptest::collection::vec((0..READ.len(), 0..READ.len(), 0_usize..4_000, ".{0,12}"), 1..12)) {
        let whole: Vec<String> = cases().into_iter().map(|(_, _, files)| files).collect();
        let all = whole.join("\n") + include_str!("audit/migrations.txt");
        let mut tree = Tree::default();
        for (path, from, length, between) in pieces {
            let start = (0..=from * all.len() / READ.len()).rev().find(|at| all.is_char_boundary(*at)).unwrap_or(0);
            let cut: String = all[start..].chars().take(length).collect();
            tree.add(READ[path], Some(format!("{cut}{between}{cut}")));
        }
        audit(&tree, &Live::default(), &Options::default());
    }

    #[test]
    fn bytes_of_any_kind_are_read_to_their_end(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut tree = Tree::default();
        READ.iter().for_each(|path| tree.add(*path, Some(text.clone())));
        audit(&tree, &Live::default(), &Options::default());
    }
}

/// UTF-16 is no text for us, and neither is what holds a NUL.
#[test]
fn what_is_no_text_is_counted_and_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repo");
    fs::create_dir(&root).unwrap();
    let wide: Vec<u8> = "\u{feff}FROM node:latest\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(root.join("Dockerfile"), wide).unwrap();
    fs::write(root.join("b.dockerfile"), b"FROM node:latest\n\0").unwrap();
    fs::write(root.join("c.dockerfile"), b"FROM node:latest # \xff\xfe\n").unwrap();
    let output = crashcart(folder.path(), &["repo", "--json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["files"], 3);
    let found: Vec<&str> =
        report["findings"].as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap()).collect();
    assert_eq!(found, ["c.dockerfile"]);
}

/// Projects that others wrote: nothing in them stops it, and what it says of one stays the same from run to run.
#[test]
fn projects_of_others_are_read_to_their_end() {
    let Some(shared) = support::environment("CRASHCART_SHARED") else {
        return support::require("corpora", "CRASHCART_SHARED does not say where the corpora are");
    };
    let Ok(projects) = fs::read_dir(Path::new(&shared).join("corpora/repos")) else {
        return support::require("corpora", "there are no repositories in the corpora");
    };
    let folder = tempfile::tempdir().unwrap();
    let mut count = 0;
    for project in projects.flatten().filter(|entry| entry.path().is_dir()) {
        let path = project.path();
        let output = crashcart(folder.path(), &[path.to_str().unwrap(), "--json", "--fail-on", "never"]);
        assert_eq!(output.status.code(), Some(0), "{}", path.display());
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        for finding in report["findings"].as_array().unwrap() {
            let file = fs::read_to_string(path.join(finding["path"].as_str().unwrap())).unwrap_or_default();
            let line = finding["line"].as_u64().unwrap_or(0);
            assert!(line <= file.lines().count() as u64 || file.is_empty(), "{}: {finding}", path.display());
        }
        count += 1;
    }
    assert!(count > 30, "{count} projects");
}
