//! `crashcart doctor` from outside: each thing that can be wrong is made wrong, on loopback and in a home of its own.

#[path = "doctor/faults.rs"]
mod faults;
#[path = "doctor/permission.rs"]
mod permission;
mod support;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crashcart::clock::Clock;
use crashcart::model::readiness::{Area, Readiness, Verdict};
use serde_json::Value;
use support::fault_server::{FaultServer, Step, closed_port, status};
use support::web::Web;
use tempfile::TempDir;

const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");
/// Two people who can be called: nothing to say about them.
const CONTACTS: &str = "[[contacts]]\nname = \"Kim\"\nphone = \"+49 30 901820\"\nescalate_after = \"10m\"\nverified = \"VERIFIED\"\n\
    [[contacts]]\nname = \"Sam\"\nphone = \"+1 415 555 2671\"\nverified = \"VERIFIED\"\n";

/// A home, a folder and a configuration.
struct Place {
    root: TempDir,
}

/// What was printed.
struct Ran {
    code: Option<i32>,
    lines: Vec<Value>,
    err: String,
}

impl Place {
    fn new(config: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["home/.config/crashcart", "state", "work"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        let place = Self { root };
        fs::write(place.path("crashcart.toml"), config.replace("ROOT", &place.root.path().display().to_string()))
            .unwrap();
        place
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(CRASHCART);
        command
            .args(["--config", self.path("crashcart.toml").to_str().unwrap()])
            .args(arguments)
            .current_dir(self.path("work"))
            .env_clear()
            .env("HOME", self.path("home"))
            .env("XDG_CONFIG_HOME", self.path("home/.config"))
            .env("CRASHCART_STATE_DIR", self.path("state"))
            .env("DBUS_SESSION_BUS_ADDRESS", "")
            .env("PATH", "/usr/bin:/bin")
            .env("TOKEN", "rnd_abcdefghijklmnop")
            .stdin(Stdio::null());
        command
    }

    fn doctor(&self, more: &[&str]) -> Ran {
        let output = self.command(&[&["doctor", "--json"], more].concat()).output().unwrap();
        let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
        let document: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}{err}"));
        assert!(!out.contains("rnd_abcdefghijklmnop"), "no secret is shown");
        Ran { code: output.status.code(), lines: document["lines"].as_array().unwrap().clone(), err }
    }

    /// A source on loopback that takes the token.
    fn with_source(url: &str) -> Self {
        Self::new(&format!(
            "[sources.web]\nprovider = \"render\"\nurl = \"{url}\"\ntoken = {{ env = \"TOKEN\" }}\n\n[[services]]\nname = \"shop\"\n"
        ))
    }
}

impl Ran {
    /// Returns the verdict, evidence and fix of the line about this.
    #[track_caller]
    fn line(&self, area: &str, subject: &str) -> (String, String, String) {
        let is = |line: &&Value| line["area"] == area && line["subject"].as_str().unwrap().contains(subject);
        let line = self.lines.iter().find(is).unwrap_or_else(|| panic!("no {area} {subject} in {:#?}", self.lines));
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        (text("verdict"), text("evidence"), text("fix"))
    }

    #[track_caller]
    fn says(&self, area: &str, subject: &str, verdict: &str, evidence: &str, fix: &str) {
        let (is, seen, mends) = self.line(area, subject);
        assert!(
            is == verdict && seen.contains(evidence) && mends.contains(fix),
            "{area} {subject} is {is}: {seen} -> {mends}\nwanted {verdict}: {evidence} -> {fix}"
        );
    }
}

#[test]
fn what_a_source_answers_is_told_by_who_mends_it() {
    let web = Web::start();
    let place = Place::with_source(&web.url("/v1"));
    web.answer(200, r#"{"email": "kim@acme.dev", "name": "Kim"}"#);
    let ran = place.doctor(&[]);
    ran.says("source", "web", "ok", "it answers in", "");
    ran.says("credential", "web", "ok", "it is kim@acme.dev", "");
    ran.says("secret", "TOKEN", "ok", "it is had, for web", "");

    web.answer(401, r#"{"message": "Unauthorized"}"#);
    let ran = place.doctor(&[]);
    assert_eq!(ran.code, Some(1));
    ran.says("credential", "web", "failure", "the credential is not accepted", "crashcart secret set web");
    ran.says("source", "web", "ok", "it answers", "");

    web.answer(403, r#"{"message": "no"}"#);
    place.doctor(&[]).says("credential", "web", "failure", "may not do this", "permission");

    web.answer(500, "oops");
    let ran = place.doctor(&[]);
    assert_eq!(ran.code, Some(1));
    ran.says("source", "web", "failure", "in trouble itself", "crashcart providers try web identity");

    web.answer(200, "<html>log in</html>");
    place.doctor(&[]).says("source", "web", "failure", "cannot be read", "crashcart providers try web");
}

#[test]
fn silence_and_a_closed_door_are_failures_within_their_time() {
    let place = Place::with_source(&format!("http://{}/v1", closed_port()));
    place.doctor(&[]).says("source", "web", "failure", "unreachable", "crashcart providers try web identity");

    let web = Web::start();
    web.hang();
    let place = Place::with_source(&web.url("/v1"));
    let ran = place.doctor(&["--timeout", "1s"]);
    assert_eq!(ran.code, Some(1));
    ran.says("source", "web", "failure", "no answer within 1s", "--timeout");
}

#[test]
fn a_secret_that_is_not_there_is_told_with_its_place() {
    let config = "[sources.web]\nprovider = \"render\"\nurl = \"http://127.0.0.1:1/v1\"\ntoken = { store = \"web\" }\n\
        [sources.two]\nprovider = \"render\"\nurl = \"http://127.0.0.1:1/v1\"\ntoken = { env = \"ABSENT\" }\n\n[[services]]\nname = \"shop\"\n";
    let place = Place::new(config);
    let ran = place.doctor(&[]);
    ran.says("secret", "store", "failure", "store", "crashcart secret set web --store");
    ran.says("secret", "ABSENT", "failure", "is not set", "export ABSENT");
    ran.says("credential", "two", "failure", "no credential", "crashcart secret set two");

    // A store that is none.
    fs::write(place.path("home/.config/crashcart/secrets.age"), "garbage").unwrap();
    let (verdict, evidence, _) = place.doctor(&[]).line("secret", "store");
    assert!(verdict == "failure" && !evidence.is_empty(), "{evidence}");
}

#[test]
fn a_wrong_clock_and_a_limit_that_is_nearly_used_up_are_seen_in_an_answer() {
    let body = r#"{"email": "kim@acme.dev"}"#;
    let headers = "Date: Sat, 11 Jun 2022 18:55:50 GMT\r\nX-RateLimit-Remaining: 3\r\nX-RateLimit-Limit: 500\r\n";
    let server = FaultServer::start(status(200, headers, body));
    let place = Place::with_source(&server.url("/v1"));
    let ran = place.doctor(&[]);
    assert_eq!(ran.code, Some(1));
    ran.says("clock", "this machine", "failure", "ahead of that of web", "timedatectl set-ntp true");
    ran.says("rate_limit", "web", "warning", "3 of 500 requests left", "every");

    // Nobody told the time: that is no proof.
    let server = FaultServer::start(status(200, "", body));
    let ran = Place::with_source(&server.url("/v1")).doctor(&[]);
    ran.says("clock", "this machine", "unproven", "no server told", "");
}

#[test]
fn a_vendors_page_that_is_silent_is_a_warning_and_no_failure() {
    let place = Place::new(&format!(
        "[[services]]\nname = \"shop\"\ndepends_on = [\"acme\"]\n\n[[vendors]]\nname = \"acme\"\nprovider = \"statuspage\"\nstatus = \"http://{}\"\n",
        closed_port()
    ));
    let ran = place.doctor(&[]);
    assert_eq!(ran.code, Some(0), "{:#?}", ran.lines);
    ran.says("source", "acme", "warning", "unreachable", "crashcart vendors acme");
    assert_eq!(place.doctor(&["--strict"]).code, Some(1));
}

#[test]
fn checks_and_logs_are_looked_at_where_they_are() {
    let web = Web::start();
    let config = format!(
        "[[services]]\nname = \"shop\"\nchecks = [{{ http = \"{}\" }}, {{ tcp = \"{}\" }}]\n\
         logs = [{{ file = \"ROOT/app.log\" }}, {{ file = \"ROOT/state\" }}, {{ file = \"ROOT/none.log\" }}, \
         {{ command = \"echo hello; exec sleep 30\", title = \"good\" }}, {{ command = \"exit 3\", title = \"bad\" }}]\n",
        web.url("/up"),
        closed_port()
    );
    let place = Place::new(&config);
    fs::write(place.path("app.log"), "one\ntwo\n").unwrap();
    let ran = place.doctor(&[]);
    assert_eq!(ran.code, Some(1));
    ran.says("check", "/up", "ok", "it answers in", "");
    ran.says("check", "shop: 127.0.0.1", "failure", "refused", "");
    ran.says("log", "app.log", "ok", "", "");
    ran.says("log", "state", "failure", "directory", "ls -l");
    ran.says("log", "none.log", "warning", "does not exist", "ls -l");
    ran.says("log", "good", "ok", "its lines are read", "");
    ran.says("log", "bad", "failure", "exit status 3", "run it by hand: exit 3");
}

#[test]
fn runbooks_contacts_and_the_journal_are_proven_on_this_machine() {
    let place = Place::new("[[services]]\nname = \"shop\"\nrunbooks = [\"bad-deploy\", \"nonsense\"]\n");
    fs::create_dir_all(place.path("runbooks")).unwrap();
    fs::write(place.path("runbooks/mine.md"), "# Mine\n\n## Step\n\nSee [this](gone.md).\n\n```sh\necho hello\n```\n")
        .unwrap();
    let ran = place.doctor(&[]);
    assert_eq!(ran.code, Some(1));
    ran.says("runbook", "nonsense", "failure", "shop names it, and there is none", "crashcart runbooks new nonsense");
    ran.says("runbook", "mine", "warning", "gone.md", "crashcart runbooks lint mine");
    ran.says("contacts", "list", "warning", "there are no contacts", "crashcart contacts add");
    ran.says("journal", "journal", "ok", "nothing was done yet", "");

    fs::write(place.path("state/journal.db"), vec![b'x'; 9_000]).unwrap();
    let (verdict, evidence, fix) = place.doctor(&[]).line("journal", "journal");
    assert!(verdict == "failure" && !evidence.is_empty() && !fix.is_empty(), "{evidence} -> {fix}");
}

/// Releases as Capistrano leaves them, here.
fn released(place: &Path, releases: &[&str]) {
    for release in releases {
        fs::create_dir_all(place.join("app/releases").join(release)).unwrap();
    }
    symlink(Path::new("releases").join(releases[releases.len() - 1]), place.join("app/current")).unwrap();
    fs::write(place.join("app/revisions.log"), "").unwrap();
}

#[test]
fn a_rollback_is_planned_and_thrown_away() {
    let config = "[sources.web]\nprovider = \"releases-over-ssh\"\n\n[[services]]\nname = \"shop\"\n\
         release = { source = \"web\", path = \"ROOT/app\" }\n\n[[services]]\nname = \"desk\"\n";
    let place = Place::new(config);
    released(place.root.path(), &["20261031100000", "20261101020000"]);
    let ran = place.doctor(&[]);
    ran.says("rollback", "shop", "ok", "could begin now", "");
    ran.says("rollback", "desk", "warning", "nothing says where it is released", "crashcart init");
    ran.says("permission", "shop", "ok", "may write to", "");
    let live = fs::read_link(place.path("app/current")).unwrap();
    assert!(live.ends_with("20261101020000"), "nothing was done");

    // Only one release: there is nothing to go back to.
    let place = Place::new(config);
    released(place.root.path(), &["20261101020000"]);
    let ran = place.doctor(&[]);
    assert_eq!(ran.code, Some(1));
    ran.says("rollback", "shop", "failure", "", "crashcart rollback shop --dry-run");
}

#[test]
fn a_rollback_of_ones_own_that_runs_what_is_not_here_is_a_warning() {
    let place = Place::new(
        "[[services]]\nname = \"shop\"\n\n[[services.actions]]\nname = \"roll_back\"\nrun = [\"no-such-program-at-all\", \"back\"]\n\
         \n[[services]]\nname = \"desk\"\n\n[[services.actions]]\nname = \"roll_back\"\nrun = [\"true\", \"back\"]\n",
    );
    let ran = place.doctor(&[]);
    ran.says("permission", "shop", "warning", "`no-such-program-at-all`, which is not in PATH", "install");
    ran.says("permission", "desk", "unproven", "only doing it proves it", "--dry-run");
}

#[test]
fn when_all_is_well_it_says_so_and_keeps_the_proof() {
    let web = Web::start();
    // Wherever this machine is, that was not tomorrow.
    let day = Clock::system().now().in_zone(&jiff::tz::TimeZone::UTC).date().yesterday().unwrap().to_string();
    let contacts = CONTACTS.replace("VERIFIED", &day);
    let config = format!(
        "[sources.web]\nprovider = \"releases-over-ssh\"\n\n[[services]]\nname = \"shop\"\n\
         release = {{ source = \"web\", path = \"ROOT/app\" }}\nchecks = [{{ http = \"{}\" }}]\n{contacts}",
        web.url("/")
    );
    let place = Place::new(&config);
    released(place.root.path(), &["20261031100000", "20261101020000"]);
    let ran = place.doctor(&["--strict"]);
    assert_eq!(ran.code, Some(0), "{:#?} {}", ran.lines, ran.err);
    ran.says("contacts", "list", "ok", "2 contacts, complete and fresh", "");

    let kept: Vec<PathBuf> =
        fs::read_dir(place.path("state/readiness")).unwrap().map(|it| it.unwrap().path()).collect();
    let kept: Value = serde_json::from_slice(&fs::read(&kept[0]).unwrap()).unwrap();
    let readiness: Readiness = serde_json::from_value(kept["readiness"].clone()).unwrap();
    assert_eq!(readiness.count(Verdict::Failure), 0);
    assert!(readiness.lines.iter().any(|line| line.area == Area::Rollback && line.verdict == Verdict::Ok));

    // The same for people: a line each, the sum at the end.
    let output = place.command(&["doctor"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("ok        rollback       shop") && text.contains("Everything that can be proven works"),
        "{text}"
    );
    // A check that turns red is the difference.
    web.answer(500, "");
    assert_eq!(place.doctor(&[]).code, Some(1));
}

#[test]
fn without_a_place_to_write_or_a_configuration_it_still_says_what_it_can() {
    let place = Place::new("[[services]]\nname = \"shop\"\n");
    fs::remove_dir_all(place.path("state")).unwrap();
    fs::write(place.path("state"), "a file").unwrap();
    let ran = place.doctor(&[]);
    assert_eq!(ran.code, Some(1));
    ran.says("state", "state", "failure", "nothing can be kept in it", "--state-dir");

    let place = Place::new("");
    fs::remove_file(place.path("crashcart.toml")).unwrap();
    let mut command = Command::new(CRASHCART);
    command.arg("doctor").arg("--json").current_dir(place.path("work")).env_clear().env("HOME", place.path("home"));
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.code() == Some(1) && text.contains("crashcart init"), "{text}");

    // One that lies around is not followed, and so proves nothing.
    fs::write(place.path("work/crashcart.toml"), "[[services]]\nname = \"a\"\nchecks = [{ tcp = \"127.0.0.1:1\" }]\n")
        .unwrap();
    let mut command = Command::new(CRASHCART);
    command.arg("doctor").arg("--json").current_dir(place.path("work")).env_clear().env("HOME", place.path("home"));
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.code() == Some(3) && text.contains("crashcart trust"), "{text}");
    assert!(!text.contains("\"check\""), "nothing of it was asked: {text}");
}

#[test]
fn one_source_that_hangs_delays_no_other() {
    let (slow, quick) = (FaultServer::start([Step::Read, Step::Hang]), Web::start());
    quick.answer(200, r#"{"email": "kim@acme.dev"}"#);
    let source = |name: &str, url: &str| {
        format!("[sources.{name}]\nprovider = \"render\"\nurl = \"{url}\"\ntoken = {{ env = \"TOKEN\" }}\n")
    };
    let config: String = (0..6).map(|index| source(&format!("slow{index}"), &slow.url("/v1"))).collect();
    let config = config + &source("quick", &quick.url("/v1")) + "[[services]]\nname = \"shop\"\n";
    let began = std::time::Instant::now();
    let ran = Place::new(&config).doctor(&["--timeout", "2s"]);
    assert!(began.elapsed().as_secs() < 8, "six that hang take as long as one: {:?}", began.elapsed());
    ran.says("credential", "quick", "ok", "kim@acme.dev", "");
    for index in 0..6 {
        ran.says("source", &format!("slow{index}"), "failure", "no answer within 2s", "");
    }
}
