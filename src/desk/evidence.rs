//! What a restart would destroy, kept in one file: logs, metrics, states, this machine, the timeline.
//!
//! Everything in it is what this program's own commands print, and a few of the system's: each runs by itself, with a
//! deadline, and is made harmless and free of secrets before it goes into the file. What hangs or fails costs its own
//! line of the manifest, and nothing else.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use super::start::{Starter, program};
use crate::clock::Clock;
use crate::model::id::IncidentId;
use crate::model::time::Timestamp;
use crate::process::Group;
use crate::runtime::redaction::redact;

/// What one thing may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// More of one thing is cut off at its beginning: the end is what happened last.
const LARGEST: usize = 16 << 20;
/// Things that are asked for at once.
const AT_ONCE: usize = 6;
/// Lines of each log.
const LINES: &str = "5000";

/// Where evidence comes from, and where it goes.
#[derive(Clone, Debug)]
pub struct Order {
    pub state_dir: PathBuf,
    /// The configuration that is used, where it was named.
    pub config: Option<PathBuf>,
    /// The incident's number.
    pub number: u32,
    /// The file to write. One that exists is left alone.
    pub to: PathBuf,
}

/// One thing that was taken, or not.
#[derive(Clone, Debug, Serialize)]
pub struct Piece {
    /// Its name in the file.
    pub file: String,
    /// How it was got: a command, or a file.
    pub from: String,
    pub taken_at: Timestamp,
    pub bytes: u64,
    pub sha256: Option<String>,
    /// Bytes at the beginning that were left out.
    #[serde(skip_serializing_if = "is_zero")]
    pub left_out: u64,
    /// Why it is not whole, or not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Nothing here would bring it: no source has it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub not_set_up: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "it is what serde calls")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What was kept.
#[derive(Clone, Debug, Serialize)]
pub struct Bundle {
    pub path: PathBuf,
    pub sha256: String,
    pub bytes: u64,
    pub pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Way {
    /// One of this program's commands.
    Own(Vec<&'static str>),
    /// A program of the system.
    Program(&'static str, &'static [&'static str]),
    File(&'static str),
}

/// What is taken: the name in the file, and how.
fn wanted(number: u32) -> Vec<(&'static str, Way, Option<String>)> {
    let own = |arguments: &[&'static str]| Way::Own(arguments.to_vec());
    let incident = Some(number.to_string());
    vec![
        // What is lost first comes first.
        ("logs.jsonl", own(&["logs", "--json", "--lines", LINES]), None),
        ("status.json", own(&["status", "--json"]), None),
        ("instances.json", own(&["instances", "--json"]), None),
        ("metrics.json", own(&["metrics", "--json"]), None),
        ("alerts.json", own(&["alerts", "--json"]), None),
        ("issues.json", own(&["issues", "--json"]), None),
        ("releases.json", own(&["releases", "--json"]), None),
        ("vendors.json", own(&["vendors", "--json"]), None),
        ("operations.json", own(&["operations", "--json"]), None),
        ("incident.json", own(&["incident", "show", "--json", "--incident"]), incident),
        ("host/processes.txt", Way::Program("ps", &["-eo", "pid,ppid,user,stat,etime,pcpu,pmem,rss,args"]), None),
        ("host/disks.txt", Way::Program("df", &["-h"]), None),
        ("host/inodes.txt", Way::Program("df", &["-i"]), None),
        ("host/sockets.txt", Way::Program("ss", &["-tanp"]), None),
        ("host/kernel.txt", Way::Program("dmesg", &["--ctime"]), None),
        ("host/memory.txt", Way::File("/proc/meminfo"), None),
        ("host/load.txt", Way::File("/proc/loadavg"), None),
        ("host/pressure-cpu.txt", Way::File("/proc/pressure/cpu"), None),
        ("host/pressure-memory.txt", Way::File("/proc/pressure/memory"), None),
        ("host/pressure-io.txt", Way::File("/proc/pressure/io"), None),
    ]
}

/// Takes everything and writes the file. `told` is told of each thing as it is there.
///
/// # Errors
/// When the file cannot be written, or exists.
pub async fn keep(order: &Order, clock: &Clock, mut told: impl FnMut(&Piece, usize, usize)) -> io::Result<Bundle> {
    // Before minutes of asking: that it cannot be written is said at once.
    if let Some(folder) = order.to.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&order.to)?;
    match fill(order, clock, file, &mut told).await {
        Ok(bundle) => Ok(bundle),
        Err(error) => {
            // Half a file looks like a whole one.
            let _ = std::fs::remove_file(&order.to);
            Err(error)
        }
    }
}

/// Has the command that does all this run by itself. Returns where the file lies.
///
/// # Errors
/// What stood in the way, in a sentence.
pub async fn by_itself(starter: &Starter, incident: &IncidentId) -> Result<String, String> {
    let program = program().map_err(|error| format!("evidence cannot be kept: {error}"))?;
    let mut command = Command::new(program);
    command.args(["incident", "evidence", "--json", "--incident", incident.as_str()]);
    command.arg("--state-dir").arg(&starter.state_dir);
    if let Some(config) = &starter.config {
        command.arg("--config").arg(config);
    }
    command.stdin(Stdio::null()).process_group(0);
    let output = command.output().await.map_err(|error| format!("evidence cannot be kept: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).lines().next().map(str::to_owned);
        return Err(said.unwrap_or_else(|| format!("evidence cannot be kept: it ended with {}", output.status)));
    }
    let bundle: serde_json::Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    Ok(bundle["path"].as_str().unwrap_or_default().to_owned())
}

async fn fill(
    order: &Order,
    clock: &Clock,
    file: File,
    told: &mut impl FnMut(&Piece, usize, usize),
) -> io::Result<Bundle> {
    let wanted = wanted(order.number);
    let total = wanted.len();
    let mut taking = futures_util::stream::iter(wanted)
        .map(|(name, way, last)| async move {
            let began = clock.now();
            let (from, taken) = take(order, &way, last).await;
            (name, from, began, taken)
        })
        .buffered(AT_ONCE);
    let now = clock.now();
    let seconds = u64::try_from(now.as_micros() / 1_000_000).unwrap_or(0);
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::default()));
    let mut pieces = Vec::new();
    while let Some((name, from, taken_at, taken)) = taking.next().await {
        let printed = String::from_utf8_lossy(&taken.bytes);
        let text = redact(&printed);
        let sha256 = (!text.is_empty()).then(|| hex(&Sha256::digest(text.as_bytes())));
        if !text.is_empty() {
            add(&mut archive, name, text.as_bytes(), seconds)?;
        }
        let piece = Piece {
            file: name.to_owned(),
            from,
            taken_at,
            bytes: text.len() as u64,
            sha256,
            left_out: taken.left_out,
            trouble: taken.trouble.map(|why| redact(&why).into_owned()),
            not_set_up: taken.not_set_up,
        };
        told(&piece, pieces.len() + 1, total);
        pieces.push(piece);
    }
    let manifest = serde_json::json!({
        "crashcart": env!("CARGO_PKG_VERSION"), "incident": order.number, "taken_at": now, "files": pieces,
    });
    add(&mut archive, "MANIFEST.json", format!("{manifest:#}\n").as_bytes(), seconds)?;
    let mut file = archive.into_inner()?.finish()?;
    file.flush()?;
    file.sync_all()?;
    let bytes = std::fs::read(&order.to)?;
    let sha256 = hex(&Sha256::digest(&bytes));
    Ok(Bundle { path: order.to.clone(), sha256, bytes: bytes.len() as u64, pieces })
}

fn add<W: io::Write>(archive: &mut tar::Builder<W>, name: &str, bytes: &[u8], seconds: u64) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o600);
    header.set_mtime(seconds);
    header.set_cksum();
    archive.append_data(&mut header, Path::new("evidence").join(name), bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What came of taking one thing.
#[derive(Debug, Default)]
struct Taken {
    bytes: Vec<u8>,
    left_out: u64,
    trouble: Option<String>,
    not_set_up: bool,
    exit: Option<i32>,
}

async fn take(order: &Order, way: &Way, last: Option<String>) -> (String, Taken) {
    match way {
        Way::File(path) => {
            let taken = match tokio::fs::read(path).await {
                Ok(bytes) => Taken { bytes, ..Taken::default() },
                Err(error) => Taken { trouble: Some(error.to_string()), ..Taken::default() },
            };
            ((*path).to_owned(), taken)
        }
        Way::Program(program, arguments) => {
            let mut command = Command::new(program);
            command.args(*arguments);
            (format!("{program} {}", arguments.join(" ")), run(command).await)
        }
        Way::Own(arguments) => {
            let arguments: Vec<String> = arguments.iter().map(ToString::to_string).chain(last).collect();
            let from = format!("crashcart {}", arguments.join(" "));
            let Ok(program) = program() else {
                let trouble = Some("this program cannot be found".to_owned());
                return (from, Taken { trouble, ..Taken::default() });
            };
            let mut command = Command::new(program);
            command.args(&arguments).arg("--state-dir").arg(&order.state_dir);
            if let Some(config) = &order.config {
                command.arg("--config").arg(config);
            }
            let mut taken = run(command).await;
            // That is what the command line's own exit code says.
            taken.not_set_up = taken.exit == Some(2);
            (from, taken)
        }
    }
}

/// Runs a program to its end or its deadline, and keeps the end of what it printed.
async fn run(mut command: Command) -> Taken {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let failed = |why: String| Taken { trouble: Some(why), ..Taken::default() };
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return failed(error.to_string()),
    };
    let group = Group::of(&child);
    let (Some(out), Some(errors)) = (child.stdout.take(), child.stderr.take()) else {
        return failed("it has no output".to_owned());
    };
    let mut kept = Kept::default();
    let mut said = Kept::default();
    let ended = tokio::time::timeout(DEADLINE, async {
        let (one, other, status) = tokio::join!(kept.read(out), said.read(errors), child.wait());
        one.and(other).and(status)
    })
    .await;
    let mut taken = Taken { bytes: kept.bytes, left_out: kept.left_out, ..Taken::default() };
    let last = String::from_utf8_lossy(&said.bytes);
    let last = last.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    taken.exit = ended.as_ref().ok().and_then(|ended| ended.as_ref().ok()).and_then(std::process::ExitStatus::code);
    match ended {
        // 1 is "something is wrong", which is what one wants to see here.
        Ok(Ok(status)) if matches!(status.code(), Some(0 | 1)) && !taken.bytes.is_empty() => {}
        Ok(Ok(status)) if status.success() => taken.trouble = Some("it printed nothing".to_owned()),
        Ok(Ok(status)) => {
            taken.trouble = Some(if last.is_empty() { format!("it ended with {status}") } else { last });
        }
        Ok(Err(error)) => taken.trouble = Some(error.to_string()),
        Err(_) => {
            group.end(&mut child).await;
            taken.trouble = Some(format!("not finished after {} s: what there is so far", DEADLINE.as_secs()));
        }
    }
    taken
}

/// The end of a stream.
#[derive(Debug, Default)]
struct Kept {
    bytes: Vec<u8>,
    left_out: u64,
}

impl Kept {
    async fn read(&mut self, mut from: impl tokio::io::AsyncRead + Unpin) -> io::Result<()> {
        let mut part = vec![0; 64 << 10];
        loop {
            let count = from.read(&mut part).await?;
            if count == 0 {
                return Ok(());
            }
            self.bytes.extend_from_slice(&part[..count]);
            if self.bytes.len() > LARGEST * 2 {
                self.cut();
            }
        }
    }

    /// Forgets whole lines at the beginning.
    fn cut(&mut self) {
        let over = self.bytes.len() - LARGEST;
        let line = self.bytes[over..].iter().position(|byte| *byte == b'\n').map_or(over, |at| over + at + 1);
        self.bytes.drain(..line);
        self.left_out += line as u64;
    }
}
