//! A disk that is full and a journal that somebody holds, before an operation and in the middle of it.

use super::bench::{Bench, DEADLINE};
use super::support::platform::Platform;
use super::support::require;
use super::support::servers::until;
use super::support::small_disk::SmallDisk;

/// A place whose state directory is a small disk.
fn small(platform: &Platform) -> Option<(Bench, SmallDisk)> {
    let bench = Bench::new(&platform.config(""));
    let Some(disk) = SmallDisk::mount(&bench.path("state"), "4m") else {
        require("root", "root is needed to mount a small disk");
        return None;
    };
    // What the worker complains of must have a place.
    std::os::unix::fs::symlink(bench.path("worker.log"), bench.path("state/worker.log")).unwrap();
    Some((bench, disk))
}

#[test]
fn with_a_full_disk_nothing_is_done_and_that_is_said() {
    let platform = Platform::start();
    let Some((bench, disk)) = small(&platform) else { return };
    disk.fill();
    let told = bench.expect(&["rollback", "shop", "--yes", "--wait"], 3);
    assert!(told.contains("full") || told.contains("no space"), "{told}");
    assert!(platform.acted().is_empty(), "nothing goes out that could not be written down");
    disk.free();
    bench.expect(&["rollback", "shop", "--yes", "--wait"], 0);
    bench.verify();
}

#[test]
fn a_disk_that_fills_up_in_the_middle_loses_nothing_of_what_was_learned() {
    let platform = Platform::start();
    platform.take_looks(3);
    let Some((bench, disk)) = small(&platform) else { return };
    bench.expect(&["rollback", "shop", "--yes"], 0);
    assert!(until(DEADLINE, || (platform.rollbacks() == 1).then_some(())).is_some(), "it never went out");
    disk.fill();
    let waits = || bench.worker_log().contains("it is tried again").then_some(());
    assert!(until(DEADLINE, waits).is_some(), "nothing was written: {}", bench.worker_log());
    disk.free();
    // Its signs of life could not be written either: for a while it looks as if it had gone.
    let last = bench.wait_until("a verdict", |last| !last["verdict"].is_null());
    assert_eq!(last["verdict"]["verdict"], "recovered", "{last:#}\n{}", bench.worker_log());
    assert_eq!(platform.rollbacks(), 1);
    bench.verify();
}

#[test]
fn a_journal_that_somebody_holds_in_the_middle_is_waited_for() {
    let platform = Platform::start();
    platform.take_looks(3);
    let bench = Bench::new(&platform.config(""));
    bench.expect(&["rollback", "shop", "--yes"], 0);
    assert!(until(DEADLINE, || (platform.rollbacks() == 1).then_some(())).is_some(), "it never went out");
    let holder = rusqlite::Connection::open(bench.path("state/journal.db")).unwrap();
    holder.busy_timeout(DEADLINE).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Longer than one write waits for others.
    let waits = || bench.worker_log().contains("it is tried again").then_some(());
    assert!(until(DEADLINE, waits).is_some(), "nobody waited: {}", bench.worker_log());
    holder.execute_batch("ROLLBACK").unwrap();
    drop(holder);
    let last = bench.settled();
    assert_eq!(last["verdict"]["verdict"], "recovered", "{last:#}\n{}", bench.worker_log());
    assert_eq!(platform.rollbacks(), 1);
    bench.verify();
}
