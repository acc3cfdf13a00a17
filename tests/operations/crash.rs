//! A worker that is killed at every point: before and after every write into the journal, and around every request.

use super::bench::Bench;
use super::support::platform::Platform;

/// More points than an operation has.
const MOST: u64 = 80;

/// Points that are tried at once: most of the time is waiting for a dead worker's lease to turn stale.
const AT_ONCE: u64 = 8;

#[test]
fn a_worker_that_is_killed_anywhere_loses_nothing_and_repeats_nothing() {
    let mut killed = 0;
    for first in (1..MOST).step_by(usize::try_from(AT_ONCE).unwrap()) {
        let points: Vec<bool> = std::thread::scope(|scope| {
            let points: Vec<_> = (first..first + AT_ONCE).map(|point| scope.spawn(move || dies_at(point))).collect();
            points.into_iter().map(|point| point.join().expect("a point failed")).collect()
        });
        killed += points.iter().filter(|died| **died).count();
        if points.contains(&false) {
            assert!(killed > 10, "only {killed} points");
            return;
        }
    }
    panic!("it was killed at every one of {MOST} points");
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
