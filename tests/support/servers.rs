//! Real servers for tests: each is started on a port of loopback that the system chooses, with everything that it
//! writes in a temporary folder, and is ended when it is dropped.
//!
//! ```text
//!   let Some(prometheus) = Prometheus::start(config, rules) else { return };
//!        |                      waits until it answers, or says why the test is skipped
//!        +-- address, url(path), directory; dropped: the process group ends, the folder goes
//! ```
//!
//! The programs are the system's own, found on `PATH`; `.ci/servers.sh` lists where they come from. One that is not
//! there skips the test with a sentence, unless `CRASHCART_REQUIRE` names it. A test that fails, and a test program that
//! is killed, leave no process behind either: the system ends a server together with the thread that has started it, and
//! that thread lives exactly as long as the test program. Do not keep one in a `static`: it is never dropped, so its
//! folder would stay. [`docker::Docker::shared`] looks after that itself.

pub mod aws;
pub mod docker;
pub mod http;
pub mod keyring;
pub mod messages;
pub mod metrics;
pub mod night;
pub mod ssh;
pub mod system;

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, mpsc};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

/// Longer than the slowest of them (a Python program with hundreds of modules) needs on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Between two looks at something that cannot tell when it has changed.
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// A port is free when it is chosen and may be taken a moment later.
const TRIES: usize = 3;

/// A program that serves on one port.
pub struct Server {
    process: Child,
    directory: TempDir,
    pub address: SocketAddr,
}

impl Server {
    /// Starts a program and waits until it says that it serves.
    ///
    /// The arguments are made from the server's own folder and the address to listen on. Its output is in the file `log`
    /// of that folder. The error is a sentence without its full stop.
    pub fn start(
        program: &str,
        prepare: impl Fn(&Path, SocketAddr) -> Vec<String>,
        serves: impl Fn(&Path, SocketAddr) -> bool,
    ) -> Result<Self, String> {
        let path = find(program).ok_or_else(|| format!("{program} is not installed"))?;
        let mut last = String::new();
        for _ in 0..TRIES {
            let directory = tempfile::Builder::new().prefix("crashcart-server-").tempdir().unwrap();
            let address = free_address();
            let log = File::create(directory.path().join("log")).unwrap();
            let mut command = bound_to_us(&path);
            command.args(prepare(directory.path(), address)).current_dir(directory.path());
            command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
            let process = spawn(command).map_err(|error| format!("{program} cannot be started: {error}"))?;
            let mut server = Self { process, directory, address };
            let ready = until(DEADLINE, || match server.process.try_wait() {
                Ok(None) => serves(server.directory(), address).then_some(true),
                _ => Some(false),
            });
            match ready {
                Some(true) => return Ok(server),
                Some(false) => last = format!("{program} ended at once: {}", server.last_words()),
                None => return Err(format!("{program} does not answer: {}", server.last_words())),
            }
        }
        Err(last)
    }

    /// Starts a program that serves HTTP and waits until a path answers 200.
    pub fn start_http(
        program: &str,
        ready: &str,
        prepare: impl Fn(&Path, SocketAddr) -> Vec<String>,
    ) -> Result<Self, String> {
        Self::start(program, prepare, |_, address| http::get(address, ready).is_some_and(|answer| answer.status == 200))
    }

    /// Returns the URL of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Returns the server's folder.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the path of a file in the server's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Returns the server's process id.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    /// Returns the end of what the server has written.
    pub fn last_words(&self) -> String {
        last_lines(&self.path("log"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = kill_process_group(self.pid(), Signal::KILL);
        let _ = self.process.wait();
    }
}

/// Lets a wrapper be used as the server that it wraps.
macro_rules! is_a_server {
    ($($wrapper:ty),+) => {$(
        impl std::ops::Deref for $wrapper {
            type Target = $crate::support::servers::Server;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }
    )+};
}
use is_a_server;

/// Returns a server, or says that the test is skipped.
#[track_caller]
pub fn or_skip<T>(what: &str, started: Result<T, String>) -> Option<T> {
    started.map_err(|why| super::require(what, &why)).ok()
}

/// Looks until there is something to see, or the time is up.
pub fn until<T>(deadline: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + deadline;
    loop {
        if let Some(seen) = look() {
            return Some(seen);
        }
        if Instant::now() > end {
            return None;
        }
        std::thread::park_timeout(BETWEEN_LOOKS);
    }
}

/// Returns where a program is: first what `just servers` has brought, last where Debian keeps servers, which is only on
/// root's `PATH`.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = super::environment("PATH").unwrap_or_default();
    let brought = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers/bin");
    let last = ["/usr/sbin", "/usr/local/sbin", "/sbin"].map(PathBuf::from);
    std::iter::once(brought)
        .chain(std::env::split_paths(&path))
        .chain(last)
        .map(|directory| directory.join(program))
        .find(|file| file.is_file())
}

/// Returns the last lines of a file, for a message.
fn last_lines(file: &Path) -> String {
    let text = std::fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.trim_end().lines().rev().take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}

fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// Returns a command that leads a process group of its own, so that all of it can be ended and a Ctrl-C does not reach
/// it, and that the system ends together with its parent.
fn bound_to_us(program: &Path) -> Command {
    let mut command = match find("setpriv") {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", "KILL", "--"]).arg(program);
            command
        }
        None => Command::new(program),
    };
    command.process_group(0);
    command
}

/// Starts a program from a thread that lives as long as the test program: to the system, the parent of a process is the
/// thread that has started it, and a test's own thread may end before what it has started.
fn spawn(command: Command) -> std::io::Result<Child> {
    type Order = (Command, mpsc::Sender<std::io::Result<Child>>);
    static STARTER: LazyLock<mpsc::Sender<Order>> = LazyLock::new(|| {
        let (orders, wanted) = mpsc::channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, answer) in wanted {
                let _ = answer.send(command.spawn());
            }
        });
        orders
    });
    let (answer, started) = mpsc::channel();
    STARTER.send((command, answer)).expect("the thread never ends");
    started.recv().expect("each order is answered")
}
