//! A rollback by keypress, in a real pseudo-terminal on real links: a bad release is live, `R`, read, `y`; the connection
//! is cut, and whoever comes back is told how it ended.

mod support;

#[path = "operations/bench.rs"]
#[expect(dead_code, reason = "the other half is for the command line's tests")]
mod bench;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use bench::{Bench, CRASHCART};
use support::pty::{Start, Terminal};

const GOOD: &str = "20261031100000";
const BAD: &str = "20261101020000";

/// An application as Capistrano leaves it, with its bad release live, and a check that looks at the page.
struct Night {
    app: tempfile::TempDir,
    bench: Bench,
}

impl Night {
    fn new(more: &str) -> Self {
        let app = tempfile::tempdir().unwrap();
        for (release, page) in [(GOOD, "works"), (BAD, "broken")] {
            let folder = app.path().join("releases").join(release);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("page"), page).unwrap();
        }
        symlink(Path::new("releases").join(BAD), app.path().join("current")).unwrap();
        fs::write(app.path().join("revisions.log"), "").unwrap();
        let config = format!(
            "[sources.web]\nprovider = \"releases-over-ssh\"\n\n[[services]]\nname = \"shop\"\n\
             release = {{ source = \"web\", path = \"{0}\" }}\n\
             checks = [{{ command = [\"sh\", \"-c\", \"grep -q works {0}/current/page || exit 2\"], every = \"2s\", timeout = \"2s\" }}]\n{more}",
            app.path().display()
        );
        Self { app, bench: Bench::new(&config) }
    }

    fn open(&self, size: (u16, u16), more: &[&str]) -> Terminal {
        let mut start = Start { size, ..Start::default() };
        start.environment.push(("CRASHCART_STATE_DIR", self.bench.path("state").display().to_string()));
        start.environment.push(("CRASHCART_USER", "kim".to_owned()));
        let config = self.bench.path("crashcart.toml").display().to_string();
        let mut arguments = vec!["--config".to_owned(), config];
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        Terminal::spawn(CRASHCART, arguments, &start)
    }

    fn live(&self) -> String {
        let link = fs::read_link(self.app.path().join("current")).unwrap();
        link.file_name().unwrap().to_str().unwrap().to_owned()
    }
}

#[test]
fn two_keys_on_a_phone_and_a_cut_connection() {
    let night = Night::new("");
    let mut terminal = night.open((40, 20), &[]);
    terminal.wait_for("DOWN");
    terminal.type_text("R");
    terminal.wait_for("Read it.");
    terminal.wait_for("roll back shop to");
    terminal.wait_until("the question", |screen| screen.contains(" y ") && !screen.contains("Read it."));
    assert_eq!(night.live(), BAD, "nothing is done before the yes");
    terminal.type_text("y");
    terminal.wait_until("the operation", |screen| screen.contains("[x] 1.") || screen.contains("[>] 1."));
    terminal.hang_up();
    terminal.wait_exit();
    let last = night.bench.settled();
    assert_eq!(last["verdict"]["verdict"], "recovered", "{last:#}");
    assert_eq!(night.live(), GOOD);

    let mut terminal = night.open((40, 20), &[]);
    let told = terminal.wait_for("while you were away");
    assert!(told.contains("RECOVERED after"), "{told}");
    assert!(told.contains("U undo"), "{told}");
    terminal.type_text("U");
    terminal.wait_for("undo: roll back shop");
    terminal.wait_until("the question", |screen| screen.contains(" y ") && !screen.contains("Read it."));
    terminal.type_text("qqqq");
    assert_eq!(terminal.exit_code(), 0);
    terminal.assert_given_back();
    assert_eq!(night.live(), GOOD, "a plan that was not confirmed does nothing");
    night.bench.verify();
}

#[test]
fn enter_and_keys_typed_ahead_never_do_it() {
    let night = Night::new("");
    let mut terminal = night.open((80, 24), &[]);
    terminal.wait_for("DOWN");
    // All of it lies in the line before the plan is there.
    terminal.type_text("Ryyyy\r\ry");
    terminal.wait_for("roll back shop to");
    terminal.wait_until("the question", |screen| screen.contains(" y ") && !screen.contains("Read it."));
    terminal.type_text("\r");
    terminal.wait_for("enter never says yes");
    terminal.type_text("R");
    terminal.type_text("q");
    terminal.wait_gone("roll back shop to");
    terminal.type_text("q");
    assert_eq!(terminal.exit_code(), 0);
    assert_eq!(night.live(), BAD);
}

#[test]
fn the_name_is_typed_where_the_environment_wants_it() {
    let night = Night::new("environment = \"production\"\n\n[environments.production]\nconfirm = \"name\"\n");
    let mut terminal = night.open((80, 24), &[]);
    terminal.wait_for("DOWN");
    terminal.type_text("R");
    terminal.wait_for("Type shop to do it");
    terminal.type_text("y\u{8}\u{7f}");
    terminal.type_text("shop");
    terminal.wait_until("the question", |screen| screen.contains(" y "));
    terminal.type_text("y");
    terminal.wait_for("RECOVERED after");
    terminal.type_text("qq");
    assert_eq!(terminal.exit_code(), 0);
    assert_eq!(night.live(), GOOD);
    night.bench.verify();
}

#[test]
fn a_console_that_may_only_look_shows_the_plan_and_stops_there() {
    let night = Night::new("");
    let mut terminal = night.open((80, 24), &["--read-only"]);
    terminal.wait_for("DOWN");
    terminal.type_text("R");
    terminal.wait_for("It cannot be done");
    assert!(terminal.screen().contains("--read-only"), "{}", terminal.screen());
    terminal.type_text("yyqq");
    assert_eq!(terminal.exit_code(), 0);
    assert_eq!(night.live(), BAD);
}

#[test]
fn two_consoles_of_one_host_see_each_other() {
    // The check never turns green: the operation stays at work while the other looks.
    let night = Night::new("");
    let mut first = night.open((80, 24), &[]);
    let mut second = night.open((80, 24), &[]);
    first.wait_for("DOWN");
    second.wait_for("DOWN");
    fs::write(night.app.path().join("releases").join(GOOD).join("page"), "broken too").unwrap();
    first.type_text("R");
    first.wait_until("the question", |screen| screen.contains(" y ") && !screen.contains("Read it."));
    first.type_text("y");
    first.wait_for("what was red turns green");
    // The other sees who does what, and that there is nothing to do for it.
    second.wait_for("looking whether it helped");
    second.type_text("R");
    let told = second.wait_for("STOP");
    assert!(told.contains("kim@") && told.contains("is busy"), "{told}");
    second.type_text("yqq");
    assert_eq!(second.exit_code(), 0);
    fs::write(night.app.path().join("releases").join(GOOD).join("page"), "works").unwrap();
    first.wait_for("RECOVERED after");
    first.type_text("qq");
    assert_eq!(first.exit_code(), 0);
    night.bench.verify();
}
