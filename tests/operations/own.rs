//! Actions that the user wrote into the configuration: scripts here, requests to a server.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::bench::Bench;
use super::support::fault_server::{FaultServer, status};

/// A shop that is up when a file is there, and a script that brings it back.
fn shop(actions: &str) -> Bench {
    let bench = Bench::new("");
    let config = format!(
        "[[services]]\nname = \"shop\"\nchecks = [{{ command = \"test -e up\", every = \"1s\", timeout = \"1s\" }}]\n\n{actions}"
    );
    fs::write(bench.path("crashcart.toml"), config).unwrap();
    fs::write(
        bench.path("script"),
        "#!/bin/sh\necho \"$0 $* by $LIMIT for $SERVICE\" >> log\ntouch up\necho back at v1\n",
    )
    .unwrap();
    fs::set_permissions(bench.path("script"), fs::Permissions::from_mode(0o755)).unwrap();
    bench
}

#[test]
fn a_script_rolls_back_and_another_takes_it_back() {
    let bench = shop(
        "[[services.actions]]\nname = \"roll_back\"\ntitle = \"roll back by script\"\nrun = \"./script\"\nundo = { run = \"rm up\" }\n",
    );
    let told = bench.expect(&["rollback", "shop", "--dry-run"], 0);
    assert!(told.contains("shop: roll back by script") && told.contains("./script"), "{told}");
    assert!(told.contains("undone by: take back"), "{told}");
    assert!(!bench.path("up").exists(), "a dry run does nothing");
    let told = bench.expect(&["rollback", "shop", "--yes", "--wait"], 0);
    assert!(told.contains("recovered after") && told.contains("back at v1"), "{told}");
    bench.expect(&["operations", "undo", "last", "--yes", "--wait", "--watch-for", "2s"], 1);
    assert!(!bench.path("up").exists());
    bench.verify();
}

#[test]
fn what_it_is_told_never_becomes_a_part_of_the_shells_text() {
    let bench = shop(
        "[[services.actions]]\nname = \"drain\"\nrun = \"./script \\\"$LIMIT\\\"\"\ninputs = { limit = { help = \"how many\", default = 10 } }\n\n\
         [[services.actions]]\nname = \"listed\"\nrun = [\"./script\", \"--limit={limit}\", \"{{kept}\"]\ninputs = { limit = { help = \"how many\" } }\n",
    );
    let hostile = "1; touch hacked; $(touch hacked) `touch hacked` ' \" {x}";
    bench.expect(&["act", "shop", "drain", "--set", &format!("limit={hostile}"), "--yes", "--wait"], 0);
    bench.expect(&["act", "shop", "listed", "--set", &format!("limit={hostile}"), "--yes", "--wait"], 0);
    let log = fs::read_to_string(bench.path("log")).unwrap();
    assert_eq!(log.lines().next(), Some(format!("./script {hostile} by {hostile} for shop").as_str()));
    assert_eq!(log.lines().nth(1), Some(format!("./script --limit={hostile} {{kept}} by  for ").as_str()));
    assert!(!bench.path("hacked").exists());
    let output = bench.run(&["act", "shop", "listed", "--yes"]);
    assert_eq!(output.status.code(), Some(1), "a limit is needed: {output:?}");
    bench.verify();
}

#[test]
fn a_script_that_fails_or_hangs_is_told_as_it_was() {
    let bench = shop(
        "[[services.actions]]\nname = \"fails\"\nrun = \"echo no such release >&2; exit 3\"\n\n\
         [[services.actions]]\nname = \"hangs\"\nrun = \"sleep 60\"\ntimeout = \"1s\"\n",
    );
    bench.expect(&["act", "shop", "fails", "--yes", "--wait"], 1);
    let last = bench.last();
    assert_eq!(last["verdict"]["verdict"], "failed", "{last:#}");
    assert!(last["steps"][0].to_string().contains("no such release"), "{last:#}");
    // How far it came, nobody knows: it is for a person to say.
    bench.run(&["act", "shop", "hangs", "--yes", "--wait"]);
    let last = bench.settled();
    assert_eq!(last["standing"], "waits for a decision", "{last:#}");
    assert_eq!(last["steps"][0]["state"], "unknown", "{last:#}");
    bench.verify();
}

#[test]
fn a_worker_that_is_killed_over_a_script_does_not_run_it_again_by_itself() {
    let bench = shop("[[services.actions]]\nname = \"roll_back\"\nrun = \"./script\"\n");
    // Behind the script, and before its outcome is written.
    let mut command = bench.command(&["rollback", "shop", "--yes"]);
    for point in ["5", "6", "7"] {
        command.env("CRASHCART_TEST_DIE_AT", point).output().unwrap();
        bench.settled();
        if bench.path("log").exists() {
            break;
        }
        bench.run(&["operations", "close", "last"]);
    }
    bench.run(&["operations", "resume", "last", "--yes", "--wait"]);
    let last = bench.settled();
    assert_eq!(fs::read_to_string(bench.path("log")).unwrap().lines().count(), 1, "{last:#}");
    bench.verify();
}

#[test]
fn what_was_approved_is_carried_out_whatever_becomes_of_the_configuration() {
    let bench = shop("[[services.actions]]\nname = \"roll_back\"\nrun = \"./script\"\n");
    bench.command(&["rollback", "shop", "--yes"]).env("CRASHCART_TEST_DIE_AT", "1").output().unwrap();
    assert_eq!(bench.settled()["standing"], "interrupted");
    let config = fs::read_to_string(bench.path("crashcart.toml")).unwrap();
    fs::write(bench.path("crashcart.toml"), config.replace("./script", "touch somethingelse")).unwrap();
    bench.expect(&["operations", "resume", "last", "--yes", "--wait"], 0);
    assert!(bench.path("up").exists() && !bench.path("somethingelse").exists());
    bench.verify();
}

#[test]
fn a_request_goes_out_with_its_token_and_says_so_in_no_file() {
    let server = FaultServer::start(status(200, "", "{}"));
    let action = format!(
        "[[services.actions]]\nname = \"purge\"\nhttp = \"{}\"\njson = {{ zone = \"{{zone}}\", count = \"{{count}}\", by = \"{{user}} of {{zone}}\" }}\n\
         headers = {{ \"x-why\" = \"{{reason}}\" }}\ntoken = {{ env = \"RENDER_API_KEY\" }}\n\
         inputs = {{ zone = {{ help = \"which\", one_of = [\"eu\", \"us\"] }}, count = {{ help = \"how many\", default = 3 }} }}\n",
        server.url("/zones/{zone}/purge")
    );
    let bench = shop(&action);
    let told = bench.expect(
        &[
            "act",
            "shop",
            "purge",
            "--set",
            "zone=eu",
            "--reason",
            "stale prices",
            "--yes",
            "--wait",
            "--watch-for",
            "1s",
        ],
        1,
    );
    assert!(!told.contains("rnd_0123456789abcdef"), "{told}");
    bench.settled();
    let requests = server.requests();
    let request = requests.first().expect("a request");
    assert!(request.starts_with("POST /zones/eu/purge "), "{request}");
    assert!(request.contains("Bearer rnd_0123456789abcdef") && request.contains("stale prices"), "{request}");
    assert!(request.contains("\"count\":3") && request.contains("\"by\":\"kim of eu\""), "{request}");
    bench.verify();
}
