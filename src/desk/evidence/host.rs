//! This machine: memory, disks, load, and every process.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::process::Command;

use super::{Got, Shared, Wanted, locked};
use crate::clock::Clock;
use crate::runtime::host::Machine;

/// Between two samples: the first has no processor share, because there is nothing to compare it with.
const PAUSE: Duration = Duration::from_millis(500);
/// More than this of a list of processes is cut.
const BYTES: usize = 1024 * 1024;

pub(super) fn wanted(machine: Box<dyn Machine>, clock: &Clock) -> Vec<Wanted> {
    let machine: Shared = Arc::new(Mutex::new(machine));
    let clock = clock.clone();
    let state = async move {
        let sample = |machine: Shared, clock: Clock| {
            tokio::task::spawn_blocking(move || locked(&machine).sample(clock.now(), true))
        };
        let failed = |_| "reading it came to a bad end".to_owned();
        sample(Arc::clone(&machine), clock.clone()).await.map_err(failed)?;
        tokio::time::sleep(PAUSE).await;
        let sample = sample(machine, clock).await.map_err(failed)?;
        serde_json::to_value(sample).map(Got::from).map_err(|error| error.to_string())
    };
    let mut wanted = vec![Wanted {
        file: "host/state.json".to_owned(),
        from: "this machine: load, memory, disks, the largest processes".to_owned(),
        asked: Box::pin(state),
    }];
    let commands: [(&str, &str, &[&str]); 2] = [
        ("host/processes.txt", "ps", &["-eo", "pid,ppid,user,stat,pcpu,pmem,rss,etime,args"]),
        ("host/disks.txt", "df", &["-k"]),
    ];
    for (file, program, arguments) in commands {
        wanted.push(Wanted {
            file: file.to_owned(),
            from: format!("{program} {}", arguments.join(" ")),
            asked: Box::pin(printed(program, arguments)),
        });
    }
    wanted
}

async fn printed(program: &'static str, arguments: &'static [&'static str]) -> Result<Got, String> {
    let mut command = Command::new(program);
    // It ends with whoever waits for it no longer.
    command.args(arguments).env("LC_ALL", "C").stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.map_err(|error| format!("{program} cannot be run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    if text.trim().is_empty() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{program} printed nothing: {}", said.lines().next().unwrap_or("it gave no reason")));
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut kept = String::with_capacity(text.len().min(BYTES));
    let mut count = 0;
    for line in &lines {
        if kept.len() + line.len() >= BYTES {
            break;
        }
        // What a process calls itself is foreign text.
        kept.push_str(crate::model::text::Line::from_text(line).as_str());
        kept.push('\n');
        count += 1;
    }
    let left = lines.len() - count;
    Ok(Got { text: kept, left_out: (left > 0).then(|| format!("{left} lines after")) })
}
