//! A machine that has run out of something says so, and does not call anything else broken.

use std::fs::File;
use std::process::Command;

use super::*;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use support::environment;
use support::fault_server::{FaultServer, status};

/// Where the parent's servers are: HTTP, HTTPS, DNS.
const SERVERS: &str = "CRASHCART_TEST_STARVED";

#[test]
fn a_machine_without_free_file_descriptors_calls_nothing_down() {
    if let Some(servers) = environment(SERVERS) {
        return starve(&servers);
    }
    let plain = FaultServer::start(status(200, "", "ok"));
    let authority = Authority::named("Test Authority");
    let directory = tempfile::tempdir().unwrap();
    let trusted = directory.path().join("trusted.pem");
    std::fs::write(&trusted, authority.root_pem()).unwrap();
    let tls = FaultServer::start_tls(authority.issue(&["localhost"], |_| {}).config(), status(200, "", "ok"));
    let names = NameServer::start(Says::Addresses(vec![Ipv4Addr::new(192, 0, 2, 7)]));
    // The limit holds for a whole process, so the test runs itself once more.
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "limits::a_machine_without_free_file_descriptors_calls_nothing_down", "--nocapture"])
        .env("SSL_CERT_FILE", &trusted)
        .env(SERVERS, format!("{} {} {}", plain.address, tls.address, names.address))
        .output()
        .unwrap();
    assert!(
        output.status.success() && !plain.requests().is_empty() && !tls.requests().is_empty(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn starve(servers: &str) {
    let servers: Vec<SocketAddr> = servers.split(' ').map(|server| server.parse().unwrap()).collect();
    let [plain, tls, names] = servers[..] else { panic!("{servers:?}") };
    let shell = |script: &str| {
        let argv = vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()];
        ProbeSpec::Command(CommandSpec { argv, nagios: false, directory: None })
    };
    let probes = [
        ProbeSpec::Http(http(&format!("http://{plain}/"))),
        ProbeSpec::Http(http(&format!("http://localhost:{}/", plain.port()))),
        ProbeSpec::Http(http(&format!("https://localhost:{}/", tls.port()))),
        ProbeSpec::Tcp { host: "localhost".into(), port: plain.port(), slow: None },
        ProbeSpec::Dns(DnsSpec {
            name: "shop.test".into(),
            record: RecordType::Address,
            resolver: Some(names),
            expect: Vec::new(),
        }),
        ProbeSpec::Heartbeat(HeartbeatSpec {
            place: HeartbeatPlace::File(std::env::current_exe().unwrap()),
            within: Duration::from_secs(u64::from(u32::MAX)),
        }),
        shell("true"),
    ];
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), maximum: limit.maximum }).unwrap();
    for free in 0..8 {
        for probe in &probes {
            // A new prober each time: what it reads when it is first used must not be lost for good.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let prober = Prober::new(Clock::system(), ProberOptions::default());
            let spec = spec(probe.clone(), 10_000);
            let mut taken: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
            taken.truncate(taken.len() - free);
            let starved = runtime.block_on(prober.probe(&spec));
            drop(taken);
            let fed = runtime.block_on(prober.probe(&spec));
            let fine = match &starved.outcome {
                Outcome::Pass => true,
                Outcome::Unknown(finding) => finding.cause == Cause::OutOfResources,
                Outcome::Warn(_) | Outcome::Fail(_) => false,
            };
            assert!(fine, "with {free} free: {starved:#?}");
            assert_eq!(fed.outcome, Outcome::Pass, "{fed:#?}");
        }
    }
}
