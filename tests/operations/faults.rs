//! A platform that answers wrongly, late or not at all, at each step.

use super::bench::Bench;
use super::support::platform::{Mishap, Platform};

/// Rolls back while something happens to requests, and returns how the operation stands then.
#[track_caller]
fn after(mishaps: &[(&str, Mishap)]) -> (Platform, Bench, serde_json::Value) {
    let platform = Platform::start();
    for (path, mishap) in mishaps {
        platform.mishap(path, *mishap);
    }
    let bench = Bench::new(&platform.config(""));
    bench.run(&["rollback", "shop", "--yes", "--wait"]);
    let last = bench.settled();
    bench.verify();
    (platform, bench, last)
}

#[test]
fn an_answer_that_is_lost_after_it_was_heeded_is_found_out_and_not_asked_for_again() {
    for mishap in [Mishap::HeededAndCut, Mishap::HeededAnd502] {
        let (platform, _bench, last) = after(&[("rollback", mishap)]);
        assert_eq!(last["verdict"]["verdict"], "recovered", "{mishap:?}: {last:#}");
        assert_eq!(platform.rollbacks(), 1, "{mishap:?}: it was done twice");
    }
}

#[test]
fn a_request_that_may_not_have_been_heeded_waits_for_somebody_to_decide() {
    let (platform, bench, last) = after(&[("rollback", Mishap::CutOnly)]);
    assert_eq!(
        (&last["standing"], &last["verdict"]),
        (&"waits for a decision".into(), &serde_json::Value::Null),
        "{last:#}"
    );
    assert_eq!(last["steps"][1]["state"], "not_done", "{last:#}");
    assert_eq!(platform.rollbacks(), 0);
    let told = bench.expect(&["operations", "resume", "last", "--repeat", "--yes", "--wait"], 0);
    assert!(told.contains("recovered after"), "{told}");
    assert_eq!(platform.rollbacks(), 1);
    bench.verify();
}

#[test]
fn a_refusal_is_the_end_and_what_was_done_before_can_be_taken_back() {
    for status in [400, 401, 403, 404, 409] {
        let (platform, bench, last) = after(&[("rollback", Mishap::Says(status))]);
        assert_eq!(last["verdict"]["verdict"], "failed", "{status}: {last:#}");
        assert_eq!((platform.rollbacks(), platform.is_automatic()), (0, false), "{status}");
        bench.expect(&["operations", "undo", "last", "--yes", "--wait", "--watch-for", "3s"], 1);
        assert!(platform.is_automatic(), "{status}");
        bench.verify();
    }
}

#[test]
fn asked_too_often_it_waits_and_a_step_that_may_be_repeated_is() {
    let (platform, _bench, last) = after(&[("rollback", Mishap::Says(429))]);
    assert_eq!((&last["verdict"]["verdict"], platform.rollbacks()), (&"recovered".into(), 1), "{last:#}");
    // Stopping automatic deploys says how it is to be: twice is once.
    for mishap in [Mishap::CutOnly, Mishap::HeededAndCut, Mishap::Says(500), Mishap::Says(503)] {
        let (platform, _bench, last) = after(&[("services/srv-1", mishap)]);
        assert_eq!(
            (&last["verdict"]["verdict"], platform.rollbacks()),
            (&"recovered".into(), 1),
            "{mishap:?}: {last:#}"
        );
        assert!(!platform.is_automatic());
    }
}
