//! Commands that cannot be run, print anything, or do not want to end; and what is left of them.

use super::*;

fn facts(result: &ProbeResult) -> &CommandFacts {
    let Facts::Command(facts) = &result.facts else { panic!("{result:#?}") };
    facts
}

#[track_caller]
fn unknown(result: &ProbeResult, message: &str) {
    let Outcome::Unknown(finding) = &result.outcome else { panic!("it is known: {result:#?}") };
    assert_eq!(finding.message.as_str(), message);
}

/// Waits until this process has ended.
#[track_caller]
fn gone(pid: &str) {
    let end = Instant::now() + Duration::from_secs(5);
    // What has ended but was not waited for has no program any more.
    while std::fs::read_link(format!("/proc/{}/exe", pid.trim())).is_ok() {
        assert!(Instant::now() < end, "process {pid} is still there");
        std::thread::yield_now();
    }
}

#[test]
fn monitoring_plugins_speak_by_their_exit_status() {
    let plugin = |code: u8| command(&format!("echo 'DISK {code} - 9% free | /=91%'; exit {code}"), true, 5_000);
    let said = |code| plugin(code).outcome.finding().map(|finding| finding.message.to_string()).unwrap_or_default();
    assert_eq!(plugin(0).outcome, Outcome::Pass);
    assert_eq!(facts(&plugin(0)).output.as_ref().map(Line::as_str), Some("DISK 0 - 9% free"));
    assert!(matches!(plugin(1).outcome, Outcome::Warn(_)));
    assert_eq!(said(1), "warning: DISK 1 - 9% free");
    fails(&plugin(2), Cause::ExitStatus, "critical: DISK 2 - 9% free");
    unknown(&plugin(3), "the plugin could not tell: DISK 3 - 9% free");
    fails(&plugin(4), Cause::ExitStatus, "exit status 4: DISK 4 - 9% free");
    assert_eq!(facts(&plugin(2)).exit_code, Some(2));
}

#[test]
fn what_cannot_be_run_says_nothing_about_the_service() {
    let directory = tempfile::tempdir().unwrap();
    let plain = directory.path().join("plain");
    std::fs::write(&plain, "text").unwrap();
    let start = |program: &str, at: Option<&std::path::Path>| {
        let argv = if program.is_empty() { Vec::new() } else { vec![program.to_owned()] };
        let spec = CommandSpec { argv, nagios: false, directory: at.map(Into::into) };
        run(ProbeSpec::Command(spec), 1_000)
    };
    let plain = plain.display().to_string();
    unknown(&start("", None), "the command is empty");
    unknown(&start("no-such-program", None), "cannot run no-such-program: there is no such program");
    unknown(&start(&plain, None), &format!("cannot run {plain}: it may not be executed"));
    let nowhere = directory.path().join("nowhere");
    unknown(&start("true", Some(&nowhere)), "cannot run true: its directory does not exist");
    // Shells differ in how they say it.
    let shell = command("exec no-such-program", false, 5_000);
    assert!(matches!(&shell.outcome, Outcome::Unknown(it) if it.message.as_str().starts_with("exit status 127: ")));
}

#[test]
fn output_that_is_large_binary_or_empty_does_no_harm() {
    let result = command("head -c 100000000 /dev/urandom; exit 1", false, 20_000);
    fails(&result, Cause::ExitStatus, "exit status 1");
    assert!(facts(&result).output.as_ref().is_none_or(|line| !line.as_str().contains('\u{1b}')));
    let escape = command(r"printf '\n\n \033[2Jred\033]0;x\007 \377\000 end\nsecond'; exit 1", false, 5_000);
    let text = escape.outcome.finding().unwrap().message.to_string();
    assert!(text.contains("red") && text.contains("end") && !text.contains("second"), "{text:?}");
    assert!(text.chars().all(|c| !c.is_control()), "{text:?}");
    fails(&command("exit 3", false, 5_000), Cause::ExitStatus, "exit status 3");
    assert_eq!(facts(&command("true", false, 5_000)).output, None);
    // Its input is empty: it is not the console's.
    assert_eq!(command("cat", false, 2_000).outcome, Outcome::Pass);
}

#[test]
fn what_a_hanging_command_said_is_kept() {
    let result = command("echo waiting for the lock; exec sleep 1000", false, 400);
    fails(&result, Cause::Timeout, "did not end within 400ms");
    assert_eq!(facts(&result).output.as_ref().map(Line::as_str), Some("waiting for the lock"));
}

#[test]
fn nothing_is_left_of_a_command_however_it_ends() {
    let directory = tempfile::tempdir().unwrap();
    let pids = directory.path().join("pids");
    let note = format!("echo $! >> {}", pids.display());
    for (script, timeout) in [
        // Ends, and leaves something behind that holds the pipe.
        (format!("sleep 1000 & {note}; exit 0"), 5_000),
        // Ignores the polite request, as does what it has started.
        (format!("trap '' TERM; sleep 1000 & {note}; wait; wait"), 300),
        // Prints without an end.
        (format!("sleep 1000 & {note}; exec yes"), 300),
    ] {
        let begun = Instant::now();
        command(&script, false, timeout);
        assert!(begun.elapsed() < Duration::from_secs(3), "{script}: {:?}", begun.elapsed());
    }
    let pids = std::fs::read_to_string(&pids).unwrap();
    assert_eq!(pids.lines().count(), 3);
    pids.lines().for_each(gone);
}

#[test]
fn a_probe_that_is_given_up_takes_its_command_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let pids = directory.path().join("pids");
    let script = format!("sleep 1000 & echo $! > {0}.new; echo $$ >> {0}.new; mv {0}.new {0}; wait", pids.display());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let prober = Prober::new(Clock::system(), ProberOptions::default());
        let argv = vec!["sh".into(), "-c".into(), script];
        let spec = spec(ProbeSpec::Command(CommandSpec { argv, nagios: false, directory: None }), 60_000);
        let started = async {
            let end = Instant::now() + Duration::from_secs(5);
            while !pids.exists() {
                assert!(Instant::now() < end, "it did not start");
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            result = prober.probe(&spec) => panic!("it ended: {result:#?}"),
            () = started => {}
        }
    });
    std::fs::read_to_string(&pids).unwrap().lines().for_each(gone);
}
