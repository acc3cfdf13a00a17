//! A Docker Engine of the tests' own: no other engine on this machine is touched, and none is needed.
//!
//! It runs in namespaces of its own (`engine.sh` says which and why), so it needs root. Its images come from no registry:
//! a static busybox and `app.sh`, as `busybox:1`, `app:1`, `app:2` and `app:bad`, which crashes while it starts. A port
//! that a container publishes is reached through [`Docker::forward`].

use std::fs;
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, geteuid, kill_process_group};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::{DEADLINE, find, http, last_lines, or_skip, until};

/// What must be installed, beside a busybox that needs no library.
const PROGRAMS: &[&str] =
    &["dockerd", "docker", "containerd", "runc", "iptables", "busybox", "unshare", "ip", "mount", "tar"];

/// The programs in the images, by the names that scripts call them.
const APPLETS: &str =
    "sh cat cp date echo env false httpd kill ls mkdir mv ping printf ps rm sleep tail test touch true wget yes";

/// Runs a container out of memory, when it is given a limit: a child that takes all there is. The first process does not
/// take it itself, since an end of that one may be noticed before its reason, which then is never told.
pub const HUNGRY: &[&str] = &["busybox:1", "sh", "-c", "tail /dev/zero; sleep 1; exit 137"];

/// How the images come to their health: by a file that the app serves as long as it is well.
const HEALTH: &str =
    "HEALTHCHECK --interval=1s --timeout=2s --retries=2 CMD wget -q -O /dev/null http://127.0.0.1:8080/health";

/// A running engine.
pub struct Docker {
    keeper: Child,
    /// Closed, also by the end of this process, it tells the keeper to end the engine.
    lifeline: Option<ChildStdin>,
    directory: PathBuf,
}

/// Returns the second that it is.
fn second() -> i64 {
    crashcart::clock::Clock::system().now().as_micros() / 1_000_000
}

impl Docker {
    /// Returns the engine that all tests of this test program share. It ends with the program.
    #[track_caller]
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Result<Docker, String>> = OnceLock::new();
        or_skip("docker", SHARED.get_or_init(Self::try_start).as_ref().map_err(Clone::clone))
    }

    /// Starts an engine.
    #[track_caller]
    pub fn start() -> Option<Self> {
        or_skip("docker", Self::try_start())
    }

    fn try_start() -> Result<Self, String> {
        if !geteuid().is_root() {
            return Err("root is needed for a Docker Engine of our own".to_owned());
        }
        if let Some(missing) = PROGRAMS.iter().find(|program| find(program).is_none()) {
            return Err(format!("{missing} is not installed, a Docker Engine of our own needs it"));
        }
        // The keeper removes the folder, also when this process is killed.
        let directory = tempfile::Builder::new().prefix("crashcart-docker-").tempdir().unwrap().keep();
        let name = directory.file_name().expect("it was just made").to_owned();
        let script = directory.join("engine.sh");
        fs::write(&script, include_str!("engine.sh")).unwrap();
        let mut keeper = Command::new("unshare")
            .args(["--net", "--mount", "--uts", "sh"])
            .arg(script)
            .arg(&directory)
            .arg(name)
            .env("PATH", format!("{}:/usr/sbin:/sbin", crate::support::environment("PATH").unwrap_or_default()))
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("unshare cannot be started: {error}"))?;
        let lifeline = keeper.stdin.take();
        let mut docker = Self { keeper, lifeline, directory };
        let ready = until(DEADLINE, || match docker.keeper.try_wait() {
            Ok(None) => http::get_unix(&docker.socket(), "/_ping").map(|answer| answer.status == 200),
            _ => Some(false),
        });
        if ready != Some(true) {
            let log = last_lines(&docker.directory.join("log"));
            return Err(format!("dockerd does not start here: {log}"));
        }
        docker.make_images()?;
        Ok(docker)
    }

    fn make_images(&self) -> Result<(), String> {
        let root = self.directory.join("root");
        fs::create_dir_all(root.join("bin")).unwrap();
        fs::create_dir(root.join("tmp")).unwrap();
        fs::copy(find("busybox").expect("it was looked for"), root.join("bin/busybox")).unwrap();
        for applet in APPLETS.split(' ') {
            std::os::unix::fs::symlink("busybox", root.join("bin").join(applet)).unwrap();
        }
        fs::write(root.join("bin/app"), include_str!("app.sh")).unwrap();
        self.import(&root, "busybox:1", &[r#"CMD ["/bin/sh"]"#])?;
        for version in ["1", "2", "bad"] {
            let changes = [r#"CMD ["/bin/sh", "/bin/app"]"#, &format!("ENV VERSION={version}"), "EXPOSE 8080", HEALTH];
            // The engine tells of seconds only, and which image is the older one must be certain.
            let before = second();
            let _ = until(DEADLINE, || (second() > before).then_some(()));
            self.import(&root, &format!("app:{version}"), &changes)?;
        }
        let works = self.try_run(&["run", "--rm", "busybox:1", "true"]);
        if works.status.success() {
            return Ok(());
        }
        Err(format!("no container runs here: {}", String::from_utf8_lossy(&works.stderr).trim()))
    }

    fn import(&self, root: &Path, image: &str, changes: &[&str]) -> Result<(), String> {
        let mut tar = Command::new("tar").arg("-C").arg(root).args(["-c", "."]).stdout(Stdio::piped()).spawn().unwrap();
        let mut import = self.command();
        import.arg("import");
        for change in changes {
            import.args(["--change", change]);
        }
        let imported = import.args(["-", image]).stdin(tar.stdout.take().expect("it is piped")).output().unwrap();
        let _ = tar.wait();
        let said = String::from_utf8_lossy(&imported.stderr);
        imported.status.success().then_some(()).ok_or_else(|| format!("{image} cannot be made: {}", said.trim()))
    }

    /// Returns the socket on which the engine answers.
    pub fn socket(&self) -> PathBuf {
        self.directory.join("docker.sock")
    }

    /// Returns what `DOCKER_HOST` must be for this engine.
    pub fn host(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// Returns a `docker` that talks to this engine, with no settings of the user's.
    pub fn command(&self) -> Command {
        let mut command = Command::new("docker");
        command.env("DOCKER_HOST", self.host()).env("DOCKER_CONFIG", self.directory.join("config"));
        command
    }

    /// Runs `docker` with these arguments, and returns what it says.
    pub fn try_run(&self, arguments: &[&str]) -> Output {
        self.command().args(arguments).stdin(Stdio::null()).output().expect("docker was there a moment ago")
    }

    /// Runs `docker` with these arguments, which must work, and returns its output.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> String {
        let output = self.try_run(arguments);
        assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// Runs a container out of memory. On a busy machine the engine sometimes misses why it ended, and never tells then: it is
    /// tried again.
    #[track_caller]
    pub fn starve(&self, name: &str) {
        const TRIES: u32 = 10;
        for _ in 0..TRIES {
            self.run(&[&["run", "-d", "--name", name, "-m", "8m"], HUNGRY].concat());
            self.wait_for(name, "{{.State.Status}}", "exited");
            if self.run(&["inspect", "--format", "{{.State.OOMKilled}}", name]) == "true" {
                return;
            }
            self.run(&["rm", "-f", name]);
        }
        panic!("the engine never noticed that {name} ran out of memory");
    }

    /// Makes the engine a swarm of one node, unless it is one.
    pub fn swarm(&self) {
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        if self.run(&["info", "--format", "{{.Swarm.LocalNodeState}}"]) != "active" {
            self.run(&["swarm", "init", "--advertise-addr", "127.0.0.1"]);
        }
    }

    /// Makes a service of the swarm. An update of it pauses when a task fails within two seconds. No registry is asked
    /// for the image, since there is none, and no port is published, since not every kernel can balance them.
    pub fn service(&self, name: &str, replicas: usize, image: &str) {
        let replicas = replicas.to_string();
        self.run(&[
            "service",
            "create",
            "--detach",
            "--quiet",
            "--no-resolve-image",
            "--name",
            name,
            "--replicas",
            &replicas,
            "--update-failure-action",
            "pause",
            "--update-monitor",
            "2s",
            "--rollback-monitor",
            "2s",
            "--stop-grace-period",
            "2s",
            "--endpoint-mode",
            "dnsrr",
            image,
        ]);
    }

    /// Waits until a template (`docker inspect --format`) of a container or service gives this text.
    #[track_caller]
    pub fn wait_for(&self, name: &str, template: &str, expected: &str) {
        let mut last = String::new();
        let seen = until(DEADLINE, || {
            let output = self.try_run(&["inspect", "--format", template, name]);
            last = String::from_utf8_lossy(&output.stdout).trim_end().to_owned();
            (last == expected).then_some(())
        });
        assert!(seen.is_some(), "{template} of {name} is {last:?}, not {expected:?}");
    }

    /// Connects to a port of loopback inside the engine's network.
    pub fn connect(&self, port: u16) -> io::Result<TcpStream> {
        connect_within(Pid::from_child(&self.keeper), port)
    }

    /// Opens a port on this machine's loopback that leads to a port inside the engine's network, as long as the test
    /// program runs.
    pub fn forward(&self, port: u16) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        self.forward_from(listener, port)
    }

    /// Opens a port of the same number here and in there: a published port is then where a compose file says.
    pub fn forward_same(&self) -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let port = listener.local_addr().expect("it has an address").port();
        self.forward_from(listener, port).port()
    }

    fn forward_from(&self, listener: TcpListener, port: u16) -> SocketAddr {
        let address = listener.local_addr().expect("it has an address");
        let process = Pid::from_child(&self.keeper);
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                // Nobody listens there: closed at once, as close to a refusal as this gets.
                let Ok(far) = connect_within(process, port) else { continue };
                let (from_near, to_far) = (near.try_clone().unwrap(), far.try_clone().unwrap());
                thread::spawn(move || pass_on(from_near, to_far));
                thread::spawn(move || pass_on(far, near));
            }
        });
        address
    }

    fn end(&mut self) {
        drop(self.lifeline.take());
        let ended = until(Duration::from_secs(30), || self.keeper.try_wait().ok().flatten());
        if ended.is_none() {
            let _ = kill_process_group(Pid::from_child(&self.keeper), Signal::KILL);
            let _ = self.keeper.wait();
        }
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        self.end();
    }
}

/// Connects from inside the network of a process. A socket stays in the network in which it was made, so only the thread
/// that makes it has to move there.
fn connect_within(process: Pid, port: u16) -> io::Result<TcpStream> {
    let network = fs::File::open(format!("/proc/{}/ns/net", process.as_raw_pid()))?;
    let connected = thread::spawn(move || {
        move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))?;
        TcpStream::connect((Ipv4Addr::LOCALHOST, port))
    });
    connected.join().expect("it does not panic")
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
