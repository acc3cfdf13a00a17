//! A worker that is killed at every point: before and after every write into the journal, and around every request.

use super::bench::Bench;
use super::support::platform::Platform;
use super::support::points;

#[test]
fn a_worker_that_is_killed_anywhere_loses_nothing_and_repeats_nothing() {
    points::at_each(80, 8, 10, dies_at);
}

/// Kills a worker at a point, goes on, and compares. Returns whether it was killed before it had told everything.
fn dies_at(point: u64) -> bool {
    let platform = Platform::start();
    platform.take_looks(1);
    let bench = Bench::new(&platform.config(""));
    // The command starts a worker, which inherits where to die.
    bench.command(&["rollback", "shop", "--yes"]).env("CRASHCART_TEST_DIE_AT", point.to_string()).output().unwrap();
    let first = bench.settled();
    if first["verdict"]["verdict"] == "recovered" {
        assert_eq!(platform.rollbacks(), 1);
        return false;
    }
    assert_eq!(first["standing"], "interrupted", "point {point}: {first:#}");
    bench.verify();
    let heeded = platform.rollbacks();
    bench.run(&["operations", "resume", "last", "--yes", "--wait"]);
    let mut last = bench.settled();
    if last["standing"] == "waits for a decision" {
        // Only a request of which the platform shows nothing: it had not gone out.
        assert_eq!((&last["steps"][1]["state"], heeded), (&"not_done".into(), 0), "point {point}: {last:#}");
        bench.run(&["operations", "resume", "last", "--repeat", "--yes", "--wait"]);
        last = bench.settled();
    }
    assert_eq!(last["verdict"]["verdict"], "recovered", "point {point}: {last:#}\n{}", bench.worker_log());
    assert_eq!(platform.rollbacks(), 1, "point {point}: done twice, or not at all");
    assert!(platform.live().starts_with("aaaa"), "point {point}");
    bench.verify();
    true
}
