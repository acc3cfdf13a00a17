//! Steps on another host, over real SSH.

use super::bench::{Bench, said, wait_for};
use super::support::servers::ssh::Sshd;

fn far(sshd: &Sshd, attributes: &str, script: &str) -> (Bench, impl Fn(&[&str]) -> std::process::Command + use<>) {
    let bench = Bench::of(&format!("host=night {attributes}"), script);
    let path = sshd.path_with_wrapper();
    let folder = bench.path("");
    let state = bench.path("state");
    let make = move |arguments: &[&str]| {
        let mut command = std::process::Command::new(super::bench::CRASHCART);
        command.args(arguments).current_dir(&folder).env("CRASHCART_STATE_DIR", &state).env("PATH", &path);
        command.env("CRASHCART_USER", "kim").stdin(std::process::Stdio::null());
        command
    };
    (bench, make)
}

#[test]
fn a_step_on_another_host_gets_its_variables_its_folder_and_its_end() {
    let Some(sshd) = Sshd::start() else { return };
    let place = sshd.path("").display().to_string();
    let script = "pwd; echo \"$SSH_CONNECTION\" | wc -w; echo \"<a thing>\"; exit 7";
    let (bench, command) = far(&sshd, &format!("cwd={place} timeout=20s"), script);
    let output = command(&["run", "./try.md", "--yes", "--var", "a thing=it's \"$(id)\""]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let (lines, execution) = bench.step(0);
    assert_eq!(lines[1..], ["4", "it's \"$(id)\""], "{lines:?}");
    assert!(execution["settled"]["said"].as_str().unwrap().contains("exit status 7"), "{execution:#}");
}

#[test]
fn what_runs_there_ends_when_it_is_stopped_here() {
    let Some(sshd) = Sshd::start() else { return };
    let pid = sshd.path("pid").display().to_string();
    let (bench, command) = far(&sshd, "timeout=2s", &format!("echo $$ > {pid}; while :; do sleep 1; done"));
    let output = command(&["run", "./try.md", "--yes"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("took too long"), "{}", said(&output));
    let pid = std::fs::read_to_string(&pid).unwrap();
    wait_for("the end of the far shell", || !super::bench::lives(&pid));
    bench.verify();
}

#[test]
fn a_line_that_is_cut_leaves_it_unknown_unless_the_check_knows() {
    let Some(sshd) = Sshd::start() else { return };
    for (check, standing, code) in [("check=\"true\"", "done", 0), ("", "unknown", 3)] {
        let pid = sshd.path("pid").display().to_string();
        let _ = std::fs::remove_file(&pid);
        let (bench, command) = far(&sshd, check, &format!("echo $PPID > {pid}; sleep 30"));
        let mut following = command(&["run", "./try.md", "--yes"]).spawn().unwrap();
        wait_for("the far shell", || std::fs::read_to_string(&pid).is_ok_and(|text| text.ends_with('\n')));
        cut(&sshd);
        assert_eq!(following.wait().unwrap().code(), Some(code), "{check}");
        assert_eq!(bench.run()["steps"][0]["standing"], standing, "{:#}", bench.run());
    }
}

/// Ends the client that carries the line, as a network does that goes away: without a word.
fn cut(sshd: &Sshd) {
    let config = sshd.config();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let words = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&words).into_owned();
        if words.starts_with("/")
            && words.contains("/ssh\0")
            && words.contains(&config)
            && let Some(pid) =
                entry.file_name().to_str().and_then(|pid| pid.parse().ok()).and_then(rustix::process::Pid::from_raw)
        {
            rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        }
    }
}

#[test]
fn a_host_that_is_not_reached_is_said_to_be_so() {
    let bench = Bench::of("host=nowhere.invalid timeout=20s", "true");
    let output = bench.follow(&[]);
    if said(&output).contains("ssh: No such file") {
        println!("skipped: there is no ssh here");
        return;
    }
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("did not reach the host"), "{}", said(&output));
}
