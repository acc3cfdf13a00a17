//! The built-in runbooks, and the command that lists, shows and checks runbooks.

mod support;

use std::process::{Command, Output};

use serde_json::Value;
use support::servers::{Server, find, or_skip};
use support::tls::Authority;
use support::web::Web;

const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");

fn run(folder: &std::path::Path, arguments: &[&str]) -> Output {
    Command::new(CRASHCART)
        .arg("runbooks")
        .args(arguments)
        .current_dir(folder)
        .env_remove("CRASHCART_CONFIG")
        .env("XDG_CONFIG_HOME", folder)
        .env("HOME", folder)
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn nothing_has_rotted_in_those_that_are_built_in() {
    let directory = tempfile::tempdir().unwrap();
    let told = json(&run(directory.path(), &["lint", "--json"]));
    // Which programs this machine has is not theirs to say.
    let told: Vec<&Value> = told.as_array().unwrap().iter().filter(|one| one["severity"] != "info").collect();
    assert!(told.is_empty(), "{told:#?}");
    let all = json(&run(directory.path(), &["list", "--json"]));
    assert!(
        all.as_array().unwrap().iter().all(|one| one["steps"].as_u64() > Some(3) && one["path"].is_null()),
        "{all:#}"
    );
}

#[test]
fn ones_own_come_first_and_a_mistake_is_told_with_its_place() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("runbooks");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(
        folder.join("bad-deploy.md"),
        "# Ours\n\n## Go back\n\n```sh {tiemout=5s}\nrm -rf \"$WHERE\"\n```\n",
    )
    .unwrap();
    let all = json(&run(directory.path(), &["--json"]));
    let ours = all.as_array().unwrap().iter().find(|one| one["name"] == "bad-deploy").unwrap();
    assert_eq!((&ours["title"], &ours["steps"]), (&"Ours".into(), &1.into()));
    let shown = String::from_utf8(run(directory.path(), &["show", "bad-deploy"]).stdout).unwrap();
    assert!(shown.contains("1. Go back") && shown.contains("rm -rf \"$WHERE\""), "{shown}");
    let output = run(directory.path(), &["lint", "bad-deploy"]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    for part in [
        "never followed",
        "bad-deploy.md:5",
        "did you mean `timeout`?",
        "nothing says what $WHERE is",
        "takes something away",
    ] {
        assert!(told.contains(part), "{part:?} is not in\n{told}");
    }
    let output = run(directory.path(), &["show", "bad-deplo"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("did you mean `bad-deploy`?"), "{output:?}");
}

/// What commands are run against: everything is on loopback or in a folder that goes away.
struct Sandbox {
    folder: tempfile::TempDir,
    web: Web,
    /// Answers 401 to whatever it is asked.
    refusing: Web,
    tls: std::net::SocketAddr,
    postgres: Option<Server>,
}

impl Sandbox {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (web, refusing) = (Web::start(), Web::start());
        refusing.answer(401, "no\n");
        let tls = Authority::named("runbooks").serve(&["localhost"], |_| {});
        std::fs::write(folder.path().join("access.log"), ACCESS_LOG).unwrap();
        let sandbox = Self { folder, web, refusing, tls, postgres: postgres() };
        sandbox.prepared("git init -q && git config user.name x && git config user.email x@localhost && git add . && git commit -qm one && git commit -q --allow-empty -m two");
        sandbox.prepared("printf backup >backup");
        if sandbox.postgres.is_some() {
            sandbox.prepared("createdb restored && psql -Xqc 'create table orders (id int); insert into orders values (1)' && pg_dump --format=custom --file=backup.dump");
        }
        sandbox
    }

    fn prepared(&self, text: &str) {
        let output = self.run(text, "", "");
        assert!(output.status.success(), "{text}: {output:?}");
    }

    /// Returns whether what a command needs is here.
    fn has(&self, needs: &str) -> bool {
        match needs {
            "linux" => find("ip").is_some(),
            "openssl" => find("openssl").is_some(),
            "postgresql" => self.postgres.is_some(),
            _ => false,
        }
    }

    fn run(&self, text: &str, needs: &str, name: &str) -> Output {
        let folder = self.folder.path();
        let mut command = Command::new("sh");
        command.arg("-c").arg(text).current_dir(folder).env("HOME", folder).env("GIT_CEILING_DIRECTORIES", folder);
        for (variable, value) in [
            ("MOUNT", "."),
            ("GOOD", "HEAD~1"),
            ("DOMAIN", "localhost"),
            ("DB_HOST", "localhost"),
            ("RESOLVER", "127.0.0.1"),
            ("ACCESS_LOG", "access.log"),
            ("REPOSITORY", "."),
            ("PATTERN", "sk_live_"),
            ("OLD_KEY", "old"),
            ("NEW_KEY", "new"),
            ("BACKUP", "backup"),
            ("KEEP", "."),
            ("TABLE", "orders"),
        ] {
            command.env(variable, value);
        }
        let key_check = if name == "verify-old" { &self.refusing } else { &self.web };
        command.env("CHECK_URL", key_check.url("/")).env("PORT", self.tls.port().to_string());
        command.env("DB_PORT", self.web.address.port().to_string()).env("PID", std::process::id().to_string());
        for variable in ["URL", "VENDOR_URL", "STANDBY_URL"] {
            command.env(variable, self.web.url("/"));
        }
        if let Some(postgres) = &self.postgres {
            let port = postgres.address.port().to_string();
            let at = |database: &str| format!("postgresql://test@127.0.0.1:{port}/{database}");
            command.env("DATABASE_URL", at("postgres")).env("STANDBY_DATABASE_URL", at("postgres"));
            command.env("RESTORE_URL", at("restored"));
            command.env("PGHOST", "127.0.0.1").env("PGPORT", &port).env("PGUSER", "test").env("PGDATABASE", "postgres");
            if needs == "postgresql" {
                command.env("DB_PORT", &port).env("BACKUP", "backup.dump");
            }
        }
        command.output().unwrap()
    }
}

const ACCESS_LOG: &str =
    "192.0.2.1 - - [26/Nov/2026:03:00:00 +0000] \"GET /search HTTP/1.1\" 200 12 \"-\" \"curl/8\"\n";

/// Starts PostgreSQL where it is installed. It refuses to run as root, so there it runs as nobody.
fn postgres() -> Option<Server> {
    const SCRIPT: &str = r#"
        set -e
        for bin in /usr/lib/postgresql/*/bin; do :; done
        test -x "$bin/initdb" || bin=$(dirname "$(command -v initdb)")
        as=
        if test "$(id -u)" = 0; then
          chown nobody "$1"
          as='setpriv --reuid=nobody --clear-groups --pdeathsig KILL'
        fi
        $as "$bin/initdb" -D "$1/data" -U test --auth=trust --no-sync >/dev/null
        exec $as "$bin/postgres" -D "$1/data" -k '' -h 127.0.0.1 -p "$2"
    "#;
    find("psql")?;
    let prepare = |folder: &std::path::Path, address: std::net::SocketAddr| {
        vec!["-c".into(), SCRIPT.into(), "sh".into(), folder.display().to_string(), address.port().to_string()]
    };
    let serves = |_: &std::path::Path, address: std::net::SocketAddr| {
        let port = address.port().to_string();
        let output = Command::new("pg_isready").args(["-q", "-h", "127.0.0.1", "-p", &port]).output();
        output.is_ok_and(|output| output.status.success())
    };
    or_skip("postgres", Server::start("sh", prepare, serves))
}

/// Whatever stands in a built-in runbook was run here as it stands, or says what it needs that is not here. What changes
/// something does so in a sandbox, and then its check is run as well.
#[test]
fn every_command_of_those_that_are_built_in_is_run_or_says_what_it_needs() {
    let sandbox = Sandbox::start();
    let (mut run_here, mut not_here, mut wrong) = (0, 0, Vec::new());
    for name in names(sandbox.folder.path()) {
        let shown = json(&run(sandbox.folder.path(), &["show", &name, "--json"]));
        let steps = shown["steps"].as_array().unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for command in steps.iter().flat_map(|step| step["commands"].as_array().unwrap()) {
            let attribute = |key: &str| command["attributes"][key].as_str();
            let text = command["text"].as_str().unwrap();
            let called = attribute("name").unwrap_or_else(|| panic!("{name}: a command without a name: {text}"));
            assert!(seen.insert(called.to_owned()), "{name}: two commands are called {called}");
            assert!(attribute("timeout").is_some(), "{name}, {called}: it has no timeout");
            assert!(
                attribute("confirm").is_none() || attribute("check").is_some(),
                "{name}, {called}: it has no check"
            );
            for text in [Some(text), attribute("check"), attribute("undo")].into_iter().flatten() {
                let parsed = Command::new("sh").args(["-n", "-c", text]).output().unwrap();
                assert!(parsed.status.success(), "{name}, {called}: {parsed:?}");
            }
            let needs = attribute("needs").unwrap_or_default();
            if !needs.is_empty() && !sandbox.has(needs) {
                not_here += 1;
                continue;
            }
            for text in [Some(text), attribute("check")].into_iter().flatten() {
                let output = sandbox.run(text, needs, called);
                if !output.status.success() {
                    wrong.push(format!("{name}, {called}: {text}\n{output:?}"));
                }
            }
            run_here += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    println!("{run_here} commands were run, {not_here} need what is not here");
    assert!(run_here > 30, "{run_here}");
}

fn names(folder: &std::path::Path) -> Vec<String> {
    let all = json(&run(folder, &["list", "--json"]));
    all.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

/// What the usual causes are called in the promise that the design makes.
#[test]
fn what_takes_small_products_down_has_a_runbook() {
    let directory = tempfile::tempdir().unwrap();
    let there = names(directory.path());
    for wanted in [
        "first-five-minutes",
        "bad-deploy",
        "failing-migration",
        "database-unreachable",
        "disk-full",
        "out-of-memory",
        "expired-certificate",
        "dns",
        "vendor-outage",
        "traffic-spike",
        "queue-backlog",
        "leaked-credential",
        "lost-region",
        "corrupted-data",
    ] {
        assert!(there.iter().any(|name| name == wanted), "{wanted} is not in {there:?}");
    }
}
