//! A rollback from plan to verdict.

use super::bench::Bench;
use super::support::platform::Platform;

#[test]
fn a_bad_release_goes_back_turns_green_and_can_be_undone() {
    let platform = Platform::start();
    let bench = Bench::new(&platform.config(""));

    let plan = bench.expect(&["rollback", "shop", "--dry-run"], 0);
    for part in [
        "roll back shop to dep-1",
        "from  dep-2",
        "to    dep-1",
        "nobody watched how it was",
        "restarts 2 instances",
        "automatic deploys are stopped first",
        "stays: Environment variables and disks stay as they are now.",
        "1. stop automatic deploys  (undone by: resume automatic deploys)",
        "POST http",
        "/v1/services/srv-1/rollback",
        "{\"deployId\":\"dep-1\"}",
        "1 of them red now",
    ] {
        assert!(plan.contains(part), "{part:?} is not in\n{plan}");
    }
    assert!(!plan.contains("rnd_"), "{plan}");
    assert!(platform.acted().is_empty(), "a dry run acts on nothing");

    // Without a terminal nobody can be asked.
    let refused = bench.expect(&["rollback", "shop"], 2);
    assert!(refused.contains("--yes"), "{refused}");
    assert!(platform.acted().is_empty());

    let told = bench.expect(&["rollback", "shop", "--yes", "--wait", "--reason", "errors since dep-2"], 0);
    assert!(told.contains("recovered after"), "{told}");
    assert_eq!(platform.acted(), ["PATCH /v1/services/srv-1", "POST /v1/services/srv-1/rollback"]);
    assert!(platform.live().starts_with("aaaa"));
    assert!(!platform.is_automatic());
    let last = bench.last();
    assert_eq!((&last["verdict"]["verdict"], &last["undoable"]), (&"recovered".into(), &2.into()), "{last:#}");
    bench.verify();

    // What it did is taken back, the last step first.
    let told = bench.expect(&["operations", "undo", "last", "--yes", "--wait", "--watch-for", "3s"], 1);
    assert!(told.contains("undo: roll back shop to dep-1"), "{told}");
    assert!(platform.live().starts_with("bbbb") && platform.is_automatic(), "{:?}", platform.acted());
    bench.verify();
}

#[test]
fn what_cannot_be_done_is_said_and_not_done() {
    let platform = Platform::start();
    let bench = Bench::new(&platform.config(""));
    let told = bench.expect(&["rollback", "shop", "--to", "dep-2", "--yes"], 1);
    assert!(told.contains("dep-2 is live already"), "{told}");
    let told = bench.expect(&["rollback", "shop", "--to", "dep-9", "--yes"], 2);
    assert!(told.contains("there is no release `dep-9`") && told.contains("dep-1"), "{told}");
    let told = bench.expect(&["rollback", "shopp", "--yes"], 2);
    assert!(told.contains("did you mean `shop`?"), "{told}");
    let told = bench.expect(&["--read-only", "rollback", "shop", "--yes"], 1);
    assert!(told.contains("--read-only"), "{told}");
    platform.unplug(true);
    let told = bench.expect(&["rollback", "shop", "--yes"], 1);
    assert!(told.contains("the releases could not be read"), "{told}");
    assert!(platform.acted().is_empty());
}

#[test]
fn the_platform_says_that_it_failed() {
    let platform = Platform::start();
    platform.fail_deploys();
    let bench = Bench::new(&platform.config(""));
    let told = bench.expect(&["rollback", "shop", "--yes", "--wait"], 1);
    assert!(told.contains("the platform says that it failed"), "{told}");
    bench.verify();
}
