//! Several people and one service.

use super::bench::Bench;
use super::support::platform::Platform;

#[test]
fn of_two_who_act_at_once_one_acts_and_the_other_is_told_who() {
    let platform = Platform::start();
    // The platform does not come to an end: however late the other one is, somebody acts.
    platform.take_looks(1_000_000);
    let bench = Bench::new(&platform.config(""));
    let outputs: Vec<_> = std::thread::scope(|scope| {
        let two: Vec<_> = ["kim", "lee"]
            .into_iter()
            .map(|user| {
                let mut command = bench.command(&["rollback", "shop", "--yes"]);
                scope.spawn(move || command.env("CRASHCART_USER", user).output().unwrap())
            })
            .collect();
        two.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let won = outputs.iter().filter(|output| output.status.code() == Some(0)).count();
    let told: Vec<String> = outputs.iter().map(|output| String::from_utf8_lossy(&output.stderr).into_owned()).collect();
    assert_eq!(won, 1, "{told:#?}\n{}", bench.worker_log());
    let lost = outputs.iter().position(|output| output.status.code() != Some(0)).unwrap();
    assert!(told[lost].contains("kim@") || told[lost].contains("lee@"), "{}", told[lost]);
    let is_over = |step: &serde_json::Value| step["state"] == "finished";
    bench.wait_until("every step", |last| last["steps"].as_array().unwrap().iter().all(is_over));
    bench.run(&["operations", "cancel", "last"]);
    bench.settled();
    assert_eq!(platform.rollbacks(), 1);
    bench.verify();
}

#[test]
fn one_that_is_cancelled_stops_and_says_who_wanted_it() {
    let platform = Platform::start();
    // The platform does not come to an end.
    platform.take_looks(1_000_000);
    let bench = Bench::new(&platform.config(""));
    bench.expect(&["rollback", "shop", "--yes"], 0);
    bench.wait_until("the platform at work", |last| {
        last["steps"].as_array().unwrap().iter().all(|step| step["state"] == "finished")
    });
    let running = bench.run(&["rollback", "shop", "--yes"]);
    let told = String::from_utf8_lossy(&running.stderr).into_owned();
    assert!(told.contains("kim@") && told.contains("roll back shop to dep-1"), "{told}");
    bench.run(&["operations", "cancel", "last", "--reason", "the fix is out"]);
    let last = bench.settled();
    assert!(last["said"].as_str().unwrap().contains("kim@"), "{last:#}");
    assert_eq!((&last["verdict"]["verdict"], platform.rollbacks()), (&"unverified".into(), 1), "{last:#}");
    bench.verify();
}
