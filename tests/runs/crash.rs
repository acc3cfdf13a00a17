//! A worker that is killed at every point: what it ran is run once, and what nobody saw is said to be unknown.

use super::bench::{Bench, lives, said, wait_for};
use super::support::points;

#[test]
fn a_worker_that_is_killed_anywhere_runs_nothing_twice_and_claims_nothing() {
    points::at_each(60, 10, 8, dies_at);
}

fn dies_at(point: u64) -> bool {
    let bench = Bench::of("check=\"test -s done\"", "echo once >> done; echo printed");
    let output =
        bench.command(&["run", "./try.md", "--yes"]).env("CRASHCART_TEST_DIE_AT", point.to_string()).output().unwrap();
    if output.status.success() {
        assert_eq!(bench.text("done").lines().count(), 1);
        return false;
    }
    assert!(
        said(&output).contains("has gone") || said(&output).contains("Finding out"),
        "point {point}: {}",
        said(&output)
    );
    bench.verify();
    let before = bench.text("done").lines().count();
    let output = bench.call(&["run", "--resume", "--yes"]);
    let after = bench.text("done").lines().count();
    let run = bench.run();
    let standing = run["steps"][0]["standing"].as_str().unwrap();
    match (before, after, standing, output.status.code()) {
        // It had run: the check says so.
        (1, 1, "done", Some(0)) => {}
        // It had never been started, and nobody knows that better than the check: a person decides.
        (0, 0, "unknown", Some(3)) => {}
        // It had not even been begun, so it was begun now.
        (0, 1, "done", Some(0)) => {}
        other => panic!("point {point}: {other:?}\n{}\n{run:#}", said(&output)),
    }
    bench.verify();
    true
}

#[test]
fn a_shell_whose_worker_was_killed_is_waited_for_and_its_check_decides() {
    let bench =
        Bench::of("check=\"test -e finished\"", "echo $PPID > worker; echo $$ > shell; sleep 4; touch finished");
    let mut first = bench.command(&["run", "./try.md", "--yes"]).spawn().unwrap();
    wait_for("the shell", || !bench.text("shell").is_empty());
    let worker = bench.text("worker").trim().parse().unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(worker).unwrap(), rustix::process::Signal::KILL)
        .unwrap();
    // The one who followed is gone as well: the connection was cut.
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(lives(&bench.text("shell")), "the shell goes on without its worker");
    wait_for("the lease to turn stale", || bench.run()["standing"] == "interrupted");
    let output = bench.command(&["run", "--resume", "--yes"]).env("CRASHCART_USER", "lee").output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let (_, execution) = bench.step(0);
    let told = execution["settled"]["said"].as_str().unwrap().to_owned();
    assert!(told.contains("its check says that it worked"), "{told}");
}
