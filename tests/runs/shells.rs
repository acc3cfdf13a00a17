//! What a shell may do to whoever runs it.

use super::bench::{Bench, lives, said, wait_for};

#[test]
fn steps_are_run_checked_captured_retried_and_the_rest_is_said() {
    let bench = Bench::new(
        "---\nvariables:\n  WHO: { prompt: whom, default: world }\n---\n# Try\n\n## Greet\n\n```sh {check=\"test -s greeted\" capture=GREETING}\necho \"hello $WHO\" | tee greeted\n```\n\n\
         ## Insist\n\n```sh {retry=3 interval=50ms}\necho x >> tries; test \"$(wc -l < tries)\" -ge 3\n```\n\n## By hand\n\nRing them.\n\n\
         ## Go on\n\n```sh {next=\"world => 6\"}\necho \"$GREETING from <pod name>\"\n```\n\n## Left out\n\n```sh\ntouch left-out\n```\n\n## Last\n\n```sh\ntrue\n```\n",
    );
    let output = bench.follow(&["--var", "pod name=a 'b' $(touch spliced)"]);
    assert!(output.status.success(), "{}", said(&output));
    let run = bench.run();
    let standings: Vec<&str> =
        run["steps"].as_array().unwrap().iter().map(|step| step["standing"].as_str().unwrap()).collect();
    assert_eq!(standings, ["done", "done", "skipped", "done", "waiting", "done"], "{run:#}");
    assert_eq!(bench.text("tries").lines().count(), 3);
    assert_eq!(bench.step(3).0, ["hello world from a 'b' $(touch spliced)"]);
    assert!(!bench.path("spliced").exists() && !bench.path("left-out").exists());
    assert!(said(&output).contains("only a person can do it"), "{}", said(&output));
    bench.verify();
}

#[test]
fn a_step_that_fails_ends_it_and_it_can_be_gone_on_with() {
    let bench = Bench::of("check=\"test -e ok\"", "echo tried");
    let output = bench.follow(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("its check ended with exit status 1"), "{}", said(&output));
    // Nothing is run again by itself.
    let output = bench.call(&["run", "--resume", "--yes"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(bench.run()["steps"][0]["executions"].as_array().unwrap().len(), 1);
}

#[test]
fn one_that_hangs_and_hears_nothing_is_ended_with_all_that_it_started() {
    let bench = Bench::of(
        "timeout=500ms",
        "trap '' INT TERM\necho $$ > pid\nsleep 1000 & echo $! > child\nwhile :; do sleep 1; done",
    );
    let output = bench.follow(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("took too long"), "{}", said(&output));
    for file in ["pid", "child"] {
        assert!(!lives(&bench.text(file)), "{file} is still there");
    }
    bench.verify();
}

#[test]
fn what_goes_on_in_the_background_is_counted_and_left() {
    let bench = Bench::of("", "sleep 60 >/dev/null 2>&1 & echo $! > child; echo started");
    let output = bench.follow(&[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("1 process of it in the background"), "{}", said(&output));
    let child = bench.text("child");
    assert!(lives(&child));
    let child = rustix::process::Pid::from_raw(child.trim().parse().unwrap()).unwrap();
    rustix::process::kill_process(child, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn one_that_holds_the_output_open_does_not_hold_us() {
    let bench = Bench::of("", "sleep 60 & echo $! > child; echo started");
    let begun = std::time::Instant::now();
    let output = bench.follow(&[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(begun.elapsed().as_secs() < 30);
    let child = bench.text("child");
    let child = rustix::process::Pid::from_raw(child.trim().parse().unwrap()).unwrap();
    rustix::process::kill_process(child, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn one_that_goes_on_printing_in_the_background_does_not_hold_us() {
    let bench = Bench::of("timeout=1m", "yes & echo $! > child; echo started");
    let begun = std::time::Instant::now();
    let output = bench.follow(&[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(begun.elapsed().as_secs() < 30, "it was waited for");
}

#[test]
fn one_that_prints_for_ever_fills_no_disk_and_keeps_its_first_and_last_words() {
    let bench =
        Bench::of("timeout=2m", "echo first; head -c 200000000 /dev/zero | tr '\\0' 'x' | fold -w 99; echo; echo last");
    let output = bench.follow(&[]);
    assert!(output.status.success(), "{}", said(&output));
    let (lines, execution) = bench.step(0);
    assert_eq!((lines.first().unwrap().as_str(), lines.last().unwrap().as_str()), ("first", "last"));
    assert!(execution["left_out_bytes"].as_u64().unwrap() > 100_000_000, "{execution:#}");
    assert!(bench.kept().len() < 4_000_000, "{} bytes were kept", bench.kept().len());
    bench.verify();
}

#[test]
fn bytes_of_any_kind_and_a_screen_that_is_cleared_are_harmless() {
    let bench = Bench::of(
        "",
        "printf 'a\\033[2J\\033]0;title\\007b\\n'; head -c 3000 /dev/urandom; printf '\\n\\033[31mred\\033[0m\\n'",
    );
    let output = bench.follow(&[]);
    assert!(output.status.success(), "{}", said(&output));
    let told = said(&output);
    assert!(told.chars().all(|c| c == '\n' || !c.is_control()), "{told:?}");
    let (lines, _) = bench.step(0);
    assert!(lines[0].starts_with('a') && lines[0].contains("CSI 2J") && lines.last().unwrap() == "red", "{lines:?}");
}

#[test]
fn a_secret_reaches_the_command_and_nothing_else() {
    let bench = Bench::new(
        "---\nvariables:\n  TOKEN: { secret: true, prompt: the token }\n---\n# Try\n\n## One\n\n```sh {check=\"test -n $TOKEN\"}\nprintf '%s' \"$TOKEN\" > got; echo \"it is $TOKEN\"\n```\n",
    );
    let output = bench.follow(&[]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("TOKEN is needed") && said(&output).contains("TOKEN=..."), "{}", said(&output));
    let output = bench.call(&["run", "./try.md", "--yes", "--var", "TOKEN=hunter2-but-longer"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let mut command = bench.command(&["run", "./try.md", "--yes"]);
    let output = command.env("TOKEN", "hunter2-but-longer").output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(bench.text("got"), "hunter2-but-longer");
    assert_eq!(bench.step(0).0, ["it is [redacted]"]);
    let kept = String::from_utf8_lossy(&bench.kept()).into_owned();
    assert!(!kept.contains("hunter2") && !said(&output).contains("hunter2"));
}

#[test]
fn without_a_terminal_a_question_is_an_error_and_never_a_wait() {
    let bench = Bench::of("", "echo <where>");
    let output = bench.call(&["run", "./try.md"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("there is nobody to ask"), "{}", said(&output));
    let bench = Bench::of("", "read answer; echo \"got $answer\"");
    let output = bench.follow(&[]);
    // Its standard input is empty: it ends at once.
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
}

#[test]
fn a_dry_run_prints_everything_and_runs_nothing() {
    let bench = Bench::new(
        "---\nvariables: { QUEUE: jobs }\n---\n# Try\n\n## One\n\n```sh {host=web1 check=\"true\"}\ntouch ran; echo \"$QUEUE\" <pod>\n```\n",
    );
    let output = bench.call(&["run", "./try.md", "--dry-run", "--var", "pod=a1"]);
    assert!(output.status.success(), "{}", said(&output));
    for part in ["on web1", "touch ran; echo \"jobs\" \"a1\"", "then checked: true"] {
        assert!(said(&output).contains(part), "{part:?} is not in\n{}", said(&output));
    }
    assert!(!bench.path("ran").exists() && !bench.path("state/journal.db").exists());
}

#[test]
fn what_was_found_is_run_when_it_is_trusted_and_not_when_it_has_changed() {
    let bench = Bench::new("");
    std::fs::create_dir(bench.path("runbooks")).unwrap();
    let write = |script: &str| {
        std::fs::write(bench.path("runbooks/found.md"), format!("# Found\n\n## One\n\n```sh\n{script}\n```\n"))
            .unwrap();
    };
    write("touch ran");
    let follow = || bench.call(&["run", "found", "--yes"]);
    let output = follow();
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("not trusted yet") && !bench.path("ran").exists(), "{}", said(&output));
    let output = bench.call(&["trust", "--list"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("Run on this machine:\n  touch ran"), "{}", said(&output));
    assert!(bench.call(&["trust", "--yes"]).status.success());
    assert!(follow().status.success() && bench.path("ran").exists());
    write("touch ran; touch more");
    let output = follow();
    assert!(
        said(&output).contains("has changed since you trusted it") && !bench.path("more").exists(),
        "{}",
        said(&output)
    );
    assert!(said(&bench.call(&["trust", "--list"])).contains("+ touch ran; touch more"));
    // The console shows it, and a built-in one of the same folder needs no trust.
    assert!(bench.call(&["run", "first-five-minutes", "--dry-run"]).status.success());
}

#[test]
fn it_is_stopped_from_elsewhere() {
    let bench = Bench::of("", "trap 'echo stopping; exit 3' INT TERM\necho $$ > pid\nwhile :; do sleep 0.1; done");
    let mut follower = bench.command(&["run", "./try.md", "--yes"]).spawn().unwrap();
    wait_for("the shell", || !bench.text("pid").is_empty());
    // What a second console does with S.
    let state = bench.path("state");
    let now = crashcart::clock::Clock::system().now();
    let mut journal = crashcart::journal::Journal::open(&state, now).unwrap().journal;
    let id = journal.runs().unwrap().latest_first().next().unwrap().id.clone();
    let starter = crashcart::desk::start::Starter { state_dir: state, config: None };
    let by = crashcart::model::operation::Actor::default();
    let stop = crashcart::model::run::RunCommand::Stop { run: id };
    crashcart::desk::runs::command(&mut journal, &starter, stop, &by, now).unwrap();
    assert_eq!(follower.wait().unwrap().code(), Some(1));
    let (lines, execution) = bench.step(0);
    assert!(lines.contains(&"stopping".to_owned()), "{lines:?}");
    assert_eq!(execution["settled"]["verdict"], "stopped", "{execution:#}");
}
