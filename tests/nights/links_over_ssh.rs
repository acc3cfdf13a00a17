//! Releases in folders and a link to one of them, on the other side of a real SSH connection.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::bench::{Bench, DEADLINE};
use super::support::servers::ssh::Sshd;
use super::support::servers::until;
use super::{IN_THE_MIDDLE, verdict};

const GOOD: &str = "20261031100000";
const BAD: &str = "20261101020000";

struct Night {
    sshd: Sshd,
    bench: Bench,
}

impl Night {
    fn new() -> Option<Self> {
        let sshd = Sshd::start()?;
        let app = sshd.path("app");
        for (release, page) in [(GOOD, "works"), (BAD, "broken")] {
            fs::create_dir_all(app.join("releases").join(release)).unwrap();
            fs::write(app.join("releases").join(release).join("page"), page).unwrap();
        }
        symlink(Path::new("releases").join(BAD), app.join("current")).unwrap();
        fs::write(app.join("revisions.log"), "").unwrap();
        let config = format!(
            "[sources.web]\nprovider = \"releases-over-ssh\"\nurl = \"ssh://night\"\n\n[[services]]\nname = \"shop\"\n\
             release = {{ source = \"web\", path = \"{0}\" }}\n\
             checks = [{{ command = [\"sh\", \"-c\", \"grep -q works {0}/current/page || exit 2\"], every = \"2s\", timeout = \"2s\" }}]\n",
            app.display()
        );
        Some(Self { sshd, bench: Bench::new(&config) })
    }

    /// A command whose `ssh` finds the server, unless the line to it is down.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bench.command(arguments);
        command.env("PATH", self.sshd.path_with_wrapper());
        command
    }

    /// Takes the line down, or puts it up again: `ssh` then ends as it does when nobody is reached.
    fn line(&self, up: bool) {
        let wrapper = self.sshd.path("bin").join("ssh");
        let text = fs::read_to_string(&wrapper).unwrap();
        let down = "echo 'ssh: connect to host night: Connection refused' >&2; exit 255\n";
        let text = if up { text.replace(down, "") } else { text.replacen("exec", &format!("{down}exec"), 1) };
        let new = self.sshd.path("bin").join("ssh.new");
        fs::write(&new, text).unwrap();
        fs::set_permissions(&new, fs::metadata(&wrapper).unwrap().permissions()).unwrap();
        fs::rename(new, wrapper).unwrap();
    }

    fn live(&self) -> String {
        let link = fs::read_link(self.sshd.path("app").join("current")).unwrap();
        link.file_name().unwrap().to_str().unwrap().to_owned()
    }
}

#[test]
fn a_link_on_another_host_goes_back_and_forth() {
    let Some(night) = Night::new() else { return };
    let output = night.command(&["rollback", "shop", "--yes", "--wait"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("recovered after"), "{told}\n{}", night.bench.worker_log());
    assert_eq!(night.live(), GOOD);
    let undo = ["operations", "undo", "last", "--yes", "--wait", "--watch-for", "3s"];
    let output = night.command(&undo).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "what was red is red again: {output:?}");
    assert_eq!(night.live(), BAD);
    night.bench.verify();
}

#[test]
fn a_worker_that_is_killed_in_the_middle_is_followed_by_another() {
    let Some(night) = Night::new() else { return };
    night.command(&["rollback", "shop", "--yes"]).env("CRASHCART_TEST_DIE_AT", IN_THE_MIDDLE).output().unwrap();
    let mut last = night.bench.settled();
    for more in [
        &["operations", "resume", "last", "--yes", "--wait"][..],
        &["operations", "resume", "last", "--repeat", "--yes", "--wait"],
    ] {
        if verdict(&last) == "none yet" {
            night.command(more).output().unwrap();
            last = night.bench.settled();
        }
    }
    assert_eq!(verdict(&last), "recovered", "{last:#}\n{}", night.bench.worker_log());
    assert_eq!(night.live(), GOOD);
    let log = fs::read_to_string(night.sshd.path("app").join("revisions.log")).unwrap();
    assert_eq!(log.matches("rolled back to release").count(), 1, "done once: {log}");
    night.bench.verify();
}

#[test]
fn a_line_that_is_down_when_the_worker_begins_is_waited_for() {
    let Some(night) = Night::new() else { return };
    // The plan is made on a good line, and approved by somebody who takes their time.
    let plan = night.command(&["rollback", "shop", "--dry-run"]).output().unwrap();
    assert!(plan.status.success(), "{plan:?}");
    night.command(&["rollback", "shop", "--yes"]).env("CRASHCART_TEST_DIE_AT", "1").output().unwrap();
    assert_eq!(night.bench.settled()["standing"], "interrupted");
    night.line(false);
    night.command(&["operations", "resume", "last", "--yes"]).output().unwrap();
    assert!(until(DEADLINE, || (night.bench.last()["standing"] == "running").then_some(())).is_some());
    assert_eq!(night.live(), BAD);
    night.line(true);
    let mut last = night.bench.settled();
    if verdict(&last) == "none yet" {
        night.command(&["operations", "resume", "last", "--repeat", "--yes", "--wait"]).output().unwrap();
        last = night.bench.settled();
    }
    assert_eq!(verdict(&last), "recovered", "{last:#}\n{}", night.bench.worker_log());
    assert_eq!(night.live(), GOOD);
    night.bench.verify();
}
