//! A shell and everything that it has started: whether it lives, how many there are, and how it is ended.

use std::cell::Cell;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;

/// Between the signals: interrupt, terminate, kill.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(50);

/// Ends a group: asks it as Ctrl-C does, then as `kill` does, then does not ask any more. `has_gone` is looked at in between.
pub async fn end(leader: u32, has_gone: impl Fn() -> bool) {
    for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
        send(leader, signal);
        let mut waited = Duration::ZERO;
        while waited < PATIENCE {
            if has_gone() && members(leader) == 0 {
                return;
            }
            tokio::time::sleep(LOOK).await;
            waited += LOOK;
        }
    }
}

/// Ends a group whose leader is our child. The leader has to be waited for meanwhile, or it stays as a zombie.
pub async fn end_child(leader: u32, child: &mut Child) {
    let reaped = Cell::new(false);
    let reaping = async {
        let _ = child.wait().await;
        reaped.set(true);
    };
    tokio::join!(end(leader, || reaped.get()), reaping);
}

/// Signals a group, which may have gone.
pub fn send(leader: u32, signal: Signal) {
    if let Some(group) = i32::try_from(leader).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, signal);
    }
}

/// Returns whether a process of that number and that birth lives.
pub fn lives(pid: u32, born: u64) -> bool {
    self::born(pid) == Some(born)
}

/// Returns when a process was born, in ticks since the machine started: it tells it from another of the same number.
#[cfg(target_os = "linux")]
pub fn born(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (state, rest) = after_name(&stat)?;
    // A zombie does nothing any more.
    if state == "Z" { None } else { rest.get(18)?.parse().ok() }
}

/// Other systems do not say it as simply: the number alone has to do.
#[cfg(not(target_os = "linux"))]
pub fn born(pid: u32) -> Option<u64> {
    let pid = Pid::from_raw(i32::try_from(pid).ok()?)?;
    rustix::process::test_kill_process(pid).ok().map(|()| 0)
}

/// Returns the state, and the fields after it (proc(5): the parent is the first of them).
#[cfg(target_os = "linux")]
fn after_name(stat: &str) -> Option<(&str, Vec<&str>)> {
    // The name may hold spaces and brackets.
    let rest = &stat[stat.rfind(')')? + 1..];
    let mut fields = rest.split_whitespace();
    Some((fields.next()?, fields.collect()))
}

/// Returns how many processes of a group live.
#[cfg(target_os = "linux")]
pub fn members(leader: u32) -> u32 {
    let Ok(entries) = std::fs::read_dir("/proc") else { return 0 };
    let of_group = |entry: std::fs::DirEntry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (state, rest) = after_name(&stat)?;
        (state != "Z" && rest.get(1)?.parse() == Ok(leader)).then_some(())
    };
    u32::try_from(entries.flatten().filter_map(of_group).count()).unwrap_or(u32::MAX)
}

/// Returns one when there is any.
#[cfg(not(target_os = "linux"))]
pub fn members(leader: u32) -> u32 {
    let group = i32::try_from(leader).ok().and_then(Pid::from_raw);
    u32::from(group.is_some_and(|group| rustix::process::test_kill_process_group(group).is_ok()))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_birth() {
        let own = std::process::id();
        let birth = born(own).unwrap();
        assert!(lives(own, birth));
        assert!(!lives(own, birth + 1));
        assert_eq!(after_name("7 (a) b) S 1 7 7").unwrap(), ("S", vec!["1", "7", "7"]));
    }
}
