//! Several people, several terminals.

use super::bench::{Bench, CRASHCART, said, wait_for};
use super::support::pty::{Start, Terminal};

#[test]
fn another_person_goes_on_from_another_terminal_and_both_are_named() {
    let bench = Bench::new("# Try\n\n## One\n\n```sh\necho one\n```\n\n## Two\n\n```sh\necho two\n```\n");
    let output = bench.follow(&["--step", "1"]);
    assert!(output.status.success(), "{}", said(&output));
    let output = bench.command(&["run", "--resume", "--yes"]).env("CRASHCART_USER", "lee").output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let run = bench.run();
    let names: Vec<&str> = run["people"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(names[0].starts_with("kim@") && names[1].starts_with("lee@"), "{names:?}");
    assert_eq!(run["steps"][0]["executions"].as_array().unwrap().len(), 1);
    assert!(run["steps"][1]["by"].as_str().unwrap().starts_with("lee@"), "{run:#}");
}

#[test]
fn a_worker_that_slept_while_it_was_given_up_writes_nothing_more() {
    use crashcart::model::run::{RunEvent, StepVerdict};
    let bench = Bench::of("", "true");
    assert!(bench.follow(&[]).status.success());
    let now = crashcart::clock::Clock::system().now();
    let mut journal = crashcart::journal::Journal::open(&bench.path("state"), now).unwrap().journal;
    let run = journal.runs().unwrap().latest_first().next().unwrap().clone();
    assert!(matches!(run.executions[0].settled, Some((_, StepVerdict::Done, _))));
    let by = crashcart::model::operation::Actor::default();
    let late = RunEvent::Said { execution: 0, lines: Vec::new(), left_out: 7 };
    assert!(crashcart::desk::runs::write(&mut journal, &run.id, &None, &by, now, late).is_err());
    assert!(journal.run(&run.id).unwrap().is_some());
    bench.verify();
}

fn open(bench: &Bench, arguments: &[&str]) -> Terminal {
    let mut start = Start { size: (80, 24), ..Start::default() };
    start.environment.push(("CRASHCART_STATE_DIR", bench.path("state").display().to_string()));
    start.environment.push(("CRASHCART_USER", "kim".to_owned()));
    start.environment.push(("HOME", bench.path("").display().to_string()));
    Terminal::spawn(CRASHCART, arguments.iter().map(|argument| (*argument).to_owned()), &start)
}

#[test]
fn a_person_is_asked_step_by_step_and_a_reason_is_wanted() {
    let bench = Bench::new("# Try\n\n## One\n\n```sh\necho \"got <what thing>\"\n```\n\n## Two\n\nLook.\n");
    let path = bench.path("try.md").display().to_string();
    let mut terminal = open(&bench, &["run", &path]);
    terminal.wait_for("WHAT_THING (what thing):");
    terminal.type_text("a b\n");
    terminal.wait_for("r run, e edit");
    terminal.type_text("r\n");
    terminal.wait_for("got a b");
    terminal.wait_for("m mark done, s skip");
    terminal.type_text("s\n");
    terminal.wait_for("why is it skipped?");
    terminal.type_text("nothing to see\n");
    assert_eq!(terminal.exit_code(), 0);
    assert_eq!(bench.run()["steps"][1]["note"], "nothing to see");
}

#[test]
fn a_command_that_talks_has_a_terminal_and_outlives_the_one_who_left_it() {
    let bench = Bench::of(
        "interactive=true",
        "printf 'your %s? ' name; read name; test -t 0 && echo \"hello $name on a terminal\" | tee told",
    );
    let path = bench.path("try.md").display().to_string();
    let mut terminal = open(&bench, &["run", &path]);
    terminal.wait_for("r run, e edit");
    terminal.type_text("r\n");
    terminal.wait_for("your name?");
    terminal.hang_up();
    terminal.wait_exit();
    // Whoever comes back finds it as it was, and may leave it once more.
    let mut terminal = open(&bench, &["run", "--resume"]);
    terminal.wait_for("your name?");
    terminal.type_text("\u{1d}");
    terminal.wait_for("It goes on");
    assert_eq!(terminal.exit_code(), 3);
    let mut terminal = open(&bench, &["run", "--resume"]);
    terminal.wait_for("runs still");
    terminal.wait_for("your name?");
    terminal.type_text("kim\r");
    terminal.wait_for("hello kim on a terminal");
    assert_eq!(terminal.exit_code(), 0);
    assert_eq!(bench.text("told").trim(), "hello kim on a terminal");
    assert!(bench.step(0).0.iter().any(|line| line.contains("hello kim")), "{:?}", bench.step(0).0);
}

#[test]
fn the_console_follows_one_and_a_cut_connection_changes_nothing() {
    let bench = Bench::new("");
    std::fs::create_dir(bench.path("runbooks")).unwrap();
    let text = "---\nservices: [shop]\nvariables:\n  CODE: { prompt: the code, secret: true }\n---\n# Slow\n\n## One\n\n```sh {check=\"test -e two\"}\ntouch one; while [ ! -e go ]; do sleep 0.1; done; echo \"code $CODE\"; touch two\n```\n\n## Two\n\n- [ ] look\n";
    std::fs::write(bench.path("runbooks/slow.md"), text).unwrap();
    let config =
        "[[services]]\nname = \"shop\"\nchecks = [{ command = [\"test\", \"-e\", \"two\"], every = \"1s\" }]\n";
    std::fs::write(bench.path("crashcart.toml"), config).unwrap();
    let config = bench.path("crashcart.toml").display().to_string();
    let mut terminal = open(&bench, &["--config", &config]);
    terminal.wait_for("shop");
    terminal.type_text("b");
    terminal.wait_for("it is for shop");
    terminal.type_text("\r");
    terminal.wait_for("kept nowhere");
    terminal.type_text("open-sesame-9");
    terminal.wait_for("*************");
    terminal.type_text("\r");
    terminal.wait_for(" run it");
    terminal.type_text("y");
    terminal.wait_for("[~]");
    wait_for("the command", || bench.path("one").exists());
    terminal.hang_up();
    terminal.wait_exit();
    std::fs::write(bench.path("go"), "").unwrap();
    wait_for("the end of the step", || bench.run()["steps"][0]["standing"] == "done");
    let mut terminal = open(&bench, &["--config", &config]);
    terminal.wait_for("slow 1/2 (kim): b goes on");
    terminal.type_text("b");
    let screen = terminal.wait_for("its check says that it worked");
    assert!(screen.contains("code [redacted]") && screen.contains("[>]"), "{screen}");
    terminal.type_text("m");
    terminal.wait_for("marked done");
    terminal.type_text("X");
    terminal.type_text("q");
    terminal.type_text("q");
    assert_eq!(terminal.exit_code(), 0);
    assert_eq!(bench.run()["standing"], "gone through");
    assert!(!String::from_utf8_lossy(&bench.kept()).contains("open-sesame"));
    bench.verify();
}
