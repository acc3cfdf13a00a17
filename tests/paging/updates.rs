//! Status updates: told to everybody who is told, once, and not too often.

use std::io::Write as _;
use std::process::Stdio;

use super::bench::{Bench, said};
use super::support::fault_server::{FaultServer, status};

fn bench(ops: &FaultServer, page: &FaultServer) -> Bench {
    let bench = Bench::new(&format!(
        "[sources.ops]\nprovider = \"webhook\"\nurl = \"{}\"\n[sources.site]\nprovider = \"ntfy\"\nurl = \"{}\"\ntopic = \"acme\"\n\
         [[senders]]\nsource = \"ops\"\n[[senders]]\nsource = \"site\"\nsends = [\"update\"]\n\
         [[services]]\nname = \"shop\"\n",
        ops.url("/hook"),
        page.url("/")
    ));
    bench.ends(0, &["incident", "open", "Checkout answers 500", "--service", "shop"]);
    bench
}

#[test]
fn a_status_update_goes_to_all_who_are_told_and_the_same_words_once() {
    let (ops, page) = (FaultServer::start(status(200, "", "ok")), FaultServer::start(status(200, "", "{}")));
    let bench = bench(&ops, &page);
    bench.ends(0, &["tell", "We look for the cause."]);
    let said = bench.ends(1, &["tell", "We look for the cause."]);
    assert!(said.contains("ops was told the same") && said.contains("Nothing was sent."), "{said}");
    assert_eq!((ops.requests().len(), page.requests().len()), (1, 1));
    assert!(ops.requests()[0].contains("SEV2 Checkout answers 500: we look into it"), "{:?}", ops.requests());
    bench.ends(0, &["incident", "resolve"]);
    bench.ends(0, &["tell", "All is well again.", "--to", "ops"]);
    assert!(ops.requests()[1].contains("\"resolved\":true"), "{:?}", ops.requests());
    assert_eq!(page.requests().len(), 1);
    let timeline = bench.timeline();
    assert!(timeline.contains(&"told site: SEV2 Checkout answers 500: we look into it".to_owned()), "{timeline:#?}");
    let said = bench.ends(2, &["tell", "x", "--to", "nobody"]);
    assert!(said.contains("there are: ops, site"), "{said}");
}

#[test]
fn one_sender_that_fails_keeps_nothing_from_the_others_and_updates_without_end_are_stopped() {
    let (ops, page) = (FaultServer::start(status(500, "", "broken")), FaultServer::start(status(200, "", "{}")));
    let bench = bench(&ops, &page);
    for nth in 0..6 {
        bench.ends(0, &["tell", &format!("step {nth}")]);
    }
    let told = bench.ends(1, &["tell", "one more"]);
    assert!(told.contains("site was told 6 times within 10 min"), "{told}");
    assert_eq!(page.requests().len(), 6);
}

#[test]
fn what_is_piped_in_is_told_and_an_empty_pipe_tells_what_is_known() {
    let (ops, page) = (FaultServer::start(status(200, "", "ok")), FaultServer::start(status(200, "", "{}")));
    let bench = bench(&ops, &page);
    for (text, expected) in
        [("The cause is\na full disk.\n", "The cause is\\na full disk."), ("", "look for the cause. shop: since")]
    {
        let mut child = bench
            .command(&["tell"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let last = ops.requests().pop().unwrap();
        assert!(last.contains(expected), "{expected:?} is not in {last}");
    }
}
