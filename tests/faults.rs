//! What a bad night does to the machine itself: no network, a full disk, a rotated log. With the real thing each time.
//!
//! Some need root; without it, or without the tools, they say that they were skipped. `CRASHCART_REQUIRE=netns,...`
//! makes that a failure.

mod support;

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};

use rcgen::date_time_ymd;
use support::dns::{NameServer, Says};
use support::pty::{Start, Terminal};
use support::require;
use support::small_disk::SmallDisk;
use support::tls::Authority;
use support::web::Web;

const CRASHCART: &str = env!("CARGO_BIN_EXE_crashcart");

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn ip(arguments: &[&str]) -> bool {
    Command::new("ip")
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn health_of_each(arguments: &[&str], environment: &[(&'static str, String)]) -> (Option<i32>, Vec<String>) {
    let mut command = Command::new(CRASHCART);
    command.args(["status", "--json"]).args(arguments).envs(environment.iter().cloned());
    let output = command.output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    let mut found: Vec<String> = document["services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|service| format!("{} {}", service["name"].as_str().unwrap(), service["health"].as_str().unwrap()))
        .collect();
    found.sort();
    (output.status.code(), found)
}

#[test]
fn a_dead_server_an_expired_certificate_and_a_lost_name_are_each_shown_as_what_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let authority = Authority::named("Night Authority");
    std::fs::write(path("roots.pem"), authority.root_pem()).unwrap();
    let shop = authority.serve_replaceable(&["shop.test"]);
    let names = NameServer::start(Says::Addresses(vec![Ipv4Addr::new(192, 0, 2, 7)]));
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let serve_web = || {
        let mut server = Command::new("python3");
        server.args(["-m", "http.server", &port, "--bind", "127.0.0.1", "--directory", &path("")]);
        Ends(server.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    };
    let web = serve_web();
    let each = r#"every = "2s", timeout = "2s", retries = 0, recover = 1"#;
    let config = format!(
        "[[services]]\nname = \"web\"\nchecks = [{{ http = \"http://127.0.0.1:{port}/\", {each} }}]\n\
         [[services]]\nname = \"shop\"\nchecks = [{{ tls = \"{}\", name = \"shop.test\", {each} }}]\n\
         [[services]]\nname = \"names\"\nchecks = [{{ dns = \"acme.test\", resolver = \"{}\", {each} }}]\n",
        shop.address, names.address
    );
    std::fs::write(path("night.toml"), config).unwrap();
    let environment = vec![("CRASHCART_STATE_DIR", path("state")), ("SSL_CERT_FILE", path("roots.pem"))];
    let start = Start { environment: environment.clone(), ..Start::default() };
    let arguments = ["--config".to_owned(), path("night.toml")];
    let status = || health_of_each(&["--config", &path("night.toml")], &environment);
    let terminal = Terminal::spawn(CRASHCART, &arguments, &start);
    terminal.wait_for("3 services ok");
    assert_eq!(status().1, ["names healthy", "shop healthy", "web healthy"]);

    // Killed, and nobody listens any more.
    drop(web);
    terminal.wait_until("the dead server", |now| now.contains("1 down") && now.contains("refused"));
    assert_eq!(status(), (Some(1), vec!["names healthy".into(), "shop healthy".into(), "web down".into()]));
    let _web = serve_web();
    terminal.wait_for("3 services ok");

    shop.replace(&authority, &["shop.test"], |params| params.not_after = date_time_ymd(2025, 1, 1));
    terminal.wait_until("the expired certificate", |now| now.contains("1 down") && now.contains("expired"));
    assert_eq!(status(), (Some(1), vec!["names healthy".into(), "shop down".into(), "web healthy".into()]));
    shop.replace(&authority, &["shop.test"], |_| {});
    terminal.wait_for("3 services ok");

    names.say(Says::Code(3));
    terminal.wait_until("the lost name", |now| now.contains("1 down") && now.contains("does not exist"));
    assert_eq!(status(), (Some(1), vec!["names down".into(), "shop healthy".into(), "web healthy".into()]));
    names.say(Says::Addresses(vec![Ipv4Addr::new(192, 0, 2, 8)]));
    terminal.wait_for("3 services ok");
}

/// Two network namespaces with a cable between them. They go when this is dropped.
struct Cable {
    near: String,
    far: String,
}

impl Cable {
    fn new() -> Option<Self> {
        let id = std::process::id();
        let cable = Self { near: format!("cca{id}"), far: format!("ccb{id}") };
        let (near, far) = (cable.near.as_str(), cable.far.as_str());
        let made = is_root()
            && ip(&["netns", "add", near])
            && ip(&["netns", "add", far])
            && ip(&["-n", near, "link", "add", "veth0", "type", "veth", "peer", "name", "veth1", "netns", far])
            && ip(&["-n", near, "addr", "add", "10.77.77.1/24", "dev", "veth0"])
            && ip(&["-n", far, "addr", "add", "10.77.77.2/24", "dev", "veth1"])
            && ip(&["-n", near, "link", "set", "lo", "up"])
            && ip(&["-n", near, "link", "set", "veth0", "up"])
            && ip(&["-n", far, "link", "set", "veth1", "up"])
            && ip(&["-n", near, "route", "add", "default", "via", "10.77.77.2"]);
        made.then_some(cable)
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        ip(&["netns", "del", &self.near]);
        ip(&["netns", "del", &self.far]);
    }
}

/// A process that ends with the test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_machine_without_a_network_says_so_instead_of_calling_everything_down() {
    let Some(cable) = Cable::new() else {
        return require("netns", "root and `ip netns` are needed to cut a cable");
    };
    let directory = tempfile::tempdir().unwrap();
    let far = |program: &str, arguments: &[&str]| {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &cable.far, program]).args(arguments).current_dir(directory.path());
        Ends(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    };
    let _server = far("python3", &["-m", "http.server", "8080", "--bind", "10.77.77.2"]);
    let start = Start {
        environment: vec![("CRASHCART_STATE_DIR", directory.path().join("state").display().to_string())],
        ..Start::default()
    };
    let arguments = ["netns", "exec", &cable.near, CRASHCART, "http://10.77.77.2:8080/", "tcp://10.77.77.2:8080"];
    let terminal = Terminal::spawn("ip", arguments, &start);
    // The server takes a moment to listen.
    terminal.wait_until("a first answer", |screen| screen.contains("ok") || screen.contains("DOWN"));
    terminal.type_text("r");
    terminal.wait_for("1 service ok");
    assert!(ip(&["-n", &cable.near, "link", "set", "veth0", "down"]));
    terminal.type_text("r");
    terminal.wait_for("this machine has no network");
    terminal.type_text("r");
    let screen = terminal.wait_until("no green and no red for what cannot be seen", |now| {
        now.contains("no network") && now.contains("1 unknown") && !now.contains("DOWN")
    });
    assert!(!screen.contains("service ok"), "{screen}");
    // The cable is back: the outage that never was is over.
    assert!(ip(&["-n", &cable.near, "link", "set", "veth0", "up"]));
    assert!(ip(&["-n", &cable.near, "route", "add", "default", "via", "10.77.77.2"]));
    terminal.type_text("r");
    terminal.wait_until("the service again", |now| now.contains("1 service ok") && !now.contains("has no network"));
}

#[test]
fn a_default_route_that_refuses_is_this_machines_trouble_and_not_the_services() {
    let alone = |script: &str| Command::new("unshare").args(["-n", "sh", "-c", script, CRASHCART]).output();
    let ready = "ip link set lo up && ip route add unreachable default";
    if !is_root() || !alone(ready).is_ok_and(|output| output.status.success()) {
        return require("netns", "root, `unshare -n` and `ip` are needed to refuse a route");
    }
    for prepare in ["ip link set lo up", ready] {
        let output = alone(&format!("{prepare} && \"$0\" check http://192.0.2.1/")).unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.code() == Some(3) && said.contains("could not tell"), "{prepare}: {output:?}");
    }
}

#[test]
fn a_full_disk_is_shown_and_the_console_goes_on_without_it() {
    let directory = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(&directory.path().join("full"), "4m") else {
        return require("root", "root is needed to mount a small disk");
    };
    disk.fill();
    let web = Web::start();
    let start = Start {
        environment: vec![("CRASHCART_STATE_DIR", disk.path().join("state").display().to_string())],
        ..Start::default()
    };
    let mut terminal = Terminal::spawn(CRASHCART, [web.url("/")], &start);
    terminal.wait_for("1 service ok");
    terminal.type_text("G");
    terminal.wait_for("full 100 % full");
    terminal.wait_for("cannot write the last known state to ");
    terminal.type_text("q");
    assert_eq!(terminal.exit_code(), 0);
    let output = Command::new(CRASHCART)
        .args(["status", "--json", &web.url("/")])
        .env("CRASHCART_STATE_DIR", disk.path().join("state"))
        .output()
        .unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &document["host"]["health"]), (Some(1), &"down".into()), "{document:#}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("no space left on device"));
}

#[test]
fn a_log_is_followed_through_rename_truncation_deletion_and_a_new_beginning() {
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("app.log");
    std::fs::write(&log, "first line\n").unwrap();
    let start = Start {
        environment: vec![("CRASHCART_STATE_DIR", directory.path().join("state").display().to_string())],
        ..Start::default()
    };
    let terminal = Terminal::spawn(CRASHCART, ["--log".to_owned(), log.display().to_string()], &start);
    let append = |text: &str| {
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(&log).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    terminal.wait_for("first line");
    std::fs::rename(&log, directory.path().join("app.log.1")).unwrap();
    append("after the rename\n");
    terminal.wait_for("after the rename");
    std::fs::write(&log, "").unwrap();
    append("cut\n");
    terminal.wait_for("cut");
    std::fs::remove_file(&log).unwrap();
    terminal.wait_for("app.log: ");
    append("born again\n");
    terminal.wait_for("born again");
    assert!(terminal.screen().contains("first line"));
}
