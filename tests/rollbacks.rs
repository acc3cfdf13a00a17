//! Each platform's rollback, whole: the plan, every request in its order, automatic deploys stopped, the deployment watched
//! to its end, the verdict, and the undo. The platforms remember; their own descriptions judge what they were sent.
//!
//! Where there is no description, the facts are those of the page that the definition names.

#[path = "conformance/exceptions.rs"]
#[expect(dead_code, reason = "what the answers promise is another test's")]
mod exceptions;
#[path = "conformance/table.rs"]
#[expect(dead_code, reason = "what the answers promise is another test's")]
mod table;
// Apart from the other helpers: no other test has to be linked with what reads the descriptions.
#[allow(dead_code, reason = "a description can do more than one test asks of it")]
#[path = "support"]
mod described {
    pub mod spec;
}
mod support;

#[path = "operations/bench.rs"]
mod bench;
#[path = "rollbacks/deploys.rs"]
mod deploys;
#[path = "rollbacks/reroute.rs"]
mod reroute;
#[path = "rollbacks/shop.rs"]
mod shop;

use std::path::PathBuf;

use bench::Bench;
use crashcart::provider::registry::BUILT_IN;
use described::spec::{Request, Spec};
use shop::{Answer, Call, Platform, id};
use table::{HINTS, Row as Described, TABLE};

/// A platform, how a service's place in it is written, and what going back and forth must be.
struct Vendor {
    provider: &'static str,
    /// What stands before the paths in the source's address.
    prefix: &'static str,
    secret: &'static str,
    place: &'static str,
    answer: Answer,
    /// What acts, in this order: `{1}` and `{2}` are the good and the bad release.
    back: &'static [&'static str],
    forth: &'static [&'static str],
    /// Whether pushes still go out after going back.
    automatic: bool,
    /// Going back can fail on the platform after it was heeded.
    can_fail: bool,
}

const VENDORS: &[Vendor] = &[
    Vendor {
        provider: "vercel",
        prefix: "",
        secret: "token",
        place: "project = \"shop\"",
        answer: reroute::vercel,
        back: &["POST /v1/projects/prj_1/rollback/{1}"],
        forth: &["POST /v10/projects/prj_1/promote/{2}"],
        automatic: false,
        can_fail: true,
    },
    Vendor {
        provider: "netlify",
        prefix: "",
        secret: "token",
        place: "site = \"shop\"",
        answer: reroute::netlify,
        back: &["POST /sites/shop/deploys/{1}/restore", "POST /deploys/{1}/lock"],
        forth: &["POST /deploys/{1}/unlock", "POST /sites/shop/deploys/{2}/restore"],
        automatic: false,
        can_fail: false,
    },
    Vendor {
        provider: "cloudflare-workers",
        prefix: "",
        secret: "token",
        place: "account = \"acc\", script = \"shop\"",
        answer: reroute::cloudflare_workers,
        back: &["POST /accounts/acc/workers/scripts/shop/deployments"],
        forth: &["POST /accounts/acc/workers/scripts/shop/deployments"],
        automatic: true,
        can_fail: false,
    },
    Vendor {
        provider: "cloudflare-pages",
        prefix: "",
        secret: "token",
        place: "account = \"acc\", project = \"shop\"",
        answer: reroute::cloudflare_pages,
        back: &[
            "PATCH /accounts/acc/pages/projects/shop",
            "POST /accounts/acc/pages/projects/shop/deployments/{1}/rollback",
        ],
        forth: &[
            "POST /accounts/acc/pages/projects/shop/deployments/{2}/rollback",
            "PATCH /accounts/acc/pages/projects/shop",
        ],
        automatic: false,
        can_fail: false,
    },
    Vendor {
        provider: "northflank",
        prefix: "",
        secret: "token",
        place: "project = \"p\", service = \"shop\"",
        answer: deploys::northflank,
        back: &["POST /projects/p/services/shop/deployment"],
        forth: &["POST /projects/p/services/shop/deployment"],
        automatic: false,
        can_fail: true,
    },
    Vendor {
        provider: "coolify",
        prefix: "",
        secret: "token",
        place: "application = \"shop\"",
        answer: deploys::coolify,
        back: &["PATCH /applications/shop", "POST /applications/shop/rollback"],
        forth: &["PATCH /applications/shop"],
        automatic: false,
        can_fail: true,
    },
    Vendor {
        provider: "gitlab",
        prefix: "",
        secret: "token",
        place: "project = \"shop\", environment = \"production\"",
        answer: deploys::gitlab,
        back: &["POST /projects/shop/jobs/1001/retry"],
        // No step of it can be taken back: what it replaced is deployed again.
        forth: &["POST /projects/shop/jobs/1002/retry"],
        automatic: true,
        can_fail: true,
    },
    Vendor {
        provider: "clever-cloud",
        prefix: "",
        secret: "token",
        place: "owner = \"org\", app = \"shop\"",
        answer: deploys::clever_cloud,
        back: &["POST /v2/organisations/org/applications/shop/instances"],
        forth: &["POST /v2/organisations/org/applications/shop/instances"],
        automatic: true,
        can_fail: true,
    },
    Vendor {
        provider: "github",
        prefix: "",
        secret: "token",
        place: "repo = \"acme/shop\", environment = \"production\"",
        answer: deploys::github,
        back: &["POST /repos/acme/shop/actions/runs/500/rerun"],
        forth: &["POST /repos/acme/shop/actions/runs/501/rerun"],
        automatic: true,
        can_fail: true,
    },
    Vendor {
        provider: "heroku",
        prefix: "",
        secret: "token",
        place: "app = \"shop\"",
        answer: deploys::heroku,
        back: &["POST /apps/shop/releases"],
        forth: &["POST /apps/shop/releases"],
        automatic: true,
        can_fail: true,
    },
    Vendor {
        provider: "digitalocean",
        prefix: "",
        secret: "token",
        place: "app = \"shop\"",
        answer: deploys::digitalocean,
        back: &["POST /apps/shop/rollback/validate", "POST /apps/shop/rollback"],
        forth: &["POST /apps/shop/rollback/revert"],
        automatic: false,
        can_fail: true,
    },
    Vendor {
        provider: "koyeb",
        prefix: "",
        secret: "token",
        place: "service = \"shop\"",
        answer: deploys::koyeb,
        back: &["PUT /services/shop"],
        forth: &["PUT /services/shop"],
        automatic: false,
        can_fail: true,
    },
    Vendor {
        provider: "railway",
        prefix: "/graphql/v2",
        secret: "token",
        place: "project = \"p\", environment = \"e\", service = \"shop\"",
        answer: deploys::railway,
        back: &["serviceInstanceAutoDeployUpdate", "deploymentRollback"],
        forth: &["deploymentRollback", "serviceInstanceAutoDeployUpdate"],
        automatic: false,
        can_fail: true,
    },
    Vendor {
        provider: "nomad",
        prefix: "",
        secret: "token",
        place: "job = \"shop\"",
        answer: deploys::nomad,
        back: &["POST /job/shop/revert"],
        forth: &["POST /job/shop/revert"],
        automatic: true,
        can_fail: true,
    },
    Vendor {
        provider: "caprover",
        prefix: "",
        secret: "password",
        place: "app = \"shop\"",
        answer: deploys::caprover,
        back: &["POST /api/v2/user/apps/appData/shop"],
        forth: &["POST /api/v2/user/apps/appData/shop"],
        automatic: true,
        can_fail: true,
    },
    Vendor {
        provider: "argocd",
        prefix: "",
        secret: "token",
        place: "application = \"shop\"",
        answer: deploys::argocd,
        back: &["PATCH /api/v1/applications/shop", "POST /api/v1/applications/shop/rollback"],
        forth: &["PATCH /api/v1/applications/shop"],
        automatic: false,
        can_fail: true,
    },
];

/// A rollback on a platform.
struct Night {
    vendor: &'static Vendor,
    platform: Platform,
    bench: Bench,
}

impl Night {
    fn new(vendor: &'static Vendor, fails: bool) -> Self {
        let platform = Platform::start(vendor.answer, fails);
        let address = platform.address;
        let config = format!(
            "[sources.platform]\nprovider = \"{}\"\nurl = \"http://{address}{}\"\n{} = {{ env = \"RENDER_API_KEY\" }}\n\n\
             [[services]]\nname = \"shop\"\nrelease = {{ source = \"platform\", {} }}\n\
             checks = [{{ http = \"http://{address}/health\", every = \"2s\", timeout = \"2s\", retries = 0, recover = 1 }}]\n",
            vendor.provider, vendor.prefix, vendor.secret, vendor.place
        );
        Self { vendor, platform, bench: Bench::new(&config) }
    }

    /// Returns what acted since the last time, in its order.
    fn acted(&self) -> Vec<String> {
        let calls = std::mem::take(&mut *self.platform.calls.lock().unwrap());
        judge(self.vendor, &calls);
        calls.iter().filter_map(|call| act(self.vendor, call)).collect()
    }

    #[track_caller]
    fn expect_acts(&self, wanted: &[&str]) {
        let wanted: Vec<String> = wanted.iter().map(|act| act.replace("{1}", &id(1)).replace("{2}", &id(2))).collect();
        assert_eq!(self.acted(), wanted, "{}", self.vendor.provider);
    }
}

/// Returns what a call does, if it does anything.
fn act(vendor: &Vendor, call: &Call) -> Option<String> {
    if let Some(query) = call.body["query"].as_str().filter(|_| vendor.prefix.contains("graphql")) {
        let names = ["serviceInstanceAutoDeployUpdate", "deploymentRollback"];
        return names.iter().find(|name| query.contains(**name)).map(|name| (*name).to_owned());
    }
    let acts = call.method != "GET" && !call.path.ends_with("/login") && !call.path.ends_with("/graphql");
    acts.then(|| format!("{} {}", call.method, call.path))
}

/// Lets the vendor's own description judge what was sent, where it is at hand.
fn judge(vendor: &Vendor, calls: &[Call]) {
    let shared = support::environment("CRASHCART_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = shared.join("specs");
    let rows: Vec<&Described> =
        TABLE.iter().filter(|row| row.provider == vendor.provider && !row.is_hearsay()).collect();
    if !folder.is_dir() || rows.is_empty() {
        println!("skipped: no description of {} is at hand", vendor.provider);
        return;
    }
    // What the definition's own address would have been, since the descriptions know that one.
    let (_, text) = BUILT_IN.iter().find(|(name, _)| *name == vendor.provider).expect("it is built in");
    let own = text.lines().find_map(|line| line.strip_prefix("base_url = \"")?.strip_suffix('"'));
    let base = own.unwrap_or("http://host");
    let specs: Vec<Spec> = rows
        .iter()
        .map(|row| {
            let hints = HINTS.iter().filter(|(spec, ..)| *spec == row.spec).map(|(_, name, json)| (*name, *json));
            let spec = Spec::load_corrected(&folder.join(row.spec), row.base, row.corrections)
                .unwrap_or_else(|error| panic!("{}: {error}", row.provider));
            spec.demanding(row.demand).hinted(hints)
        })
        .collect();
    for call in calls {
        let verdicts = specs.iter().map(|spec| {
            let path = call.path.strip_prefix(vendor.prefix).unwrap_or(&call.path);
            let query = if call.query.is_empty() { String::new() } else { format!("?{}", call.query) };
            let request = Request {
                method: call.method.clone(),
                url: format!("{base}{path}{query}"),
                headers: call.headers.clone(),
                body: call.bytes.clone(),
            };
            let violations = spec.check(&request);
            // Known since before: other lists of this API have pages.
            violations.into_iter().filter(|one| !one.contains("page is no parameter")).collect::<Vec<_>>()
        });
        let verdicts: Vec<Vec<String>> = verdicts.collect();
        let known = exceptions::undescribed(vendor.provider, &format!("{} {base}{}", call.method, call.path));
        // Some descriptions are a part of the interface. What acts must be in them; what is only read is another test's.
        let beyond = |violations: &Vec<String>| violations.iter().all(|one| one.contains("none of the description's"));
        let unseen = call.method == "GET" && verdicts.iter().all(beyond);
        let fine = known || unseen || verdicts.iter().any(Vec::is_empty);
        assert!(fine, "{}: {} {}?{}: {verdicts:#?}", vendor.provider, call.method, call.path, call.query);
    }
}

/// Runs a test for every vendor at once: most of the time is waiting.
fn each(test: fn(&'static Vendor), wanted: fn(&Vendor) -> bool) {
    std::thread::scope(|scope| {
        let running: Vec<_> = VENDORS
            .iter()
            .filter(|vendor| wanted(vendor))
            .map(|vendor| (vendor.provider, scope.spawn(move || test(vendor))))
            .collect();
        let failed: Vec<&str> =
            running.into_iter().filter_map(|(name, thread)| thread.join().is_err().then_some(name)).collect();
        assert!(failed.is_empty(), "{failed:?}");
    });
}

#[test]
fn a_bad_release_goes_back_in_the_vendors_own_way_and_forth_again() {
    each(
        |vendor| {
            let night = Night::new(vendor, false);
            let told = night.bench.expect(&["rollback", "shop", "--yes", "--wait"], 0);
            assert!(told.contains("recovered after"), "{}: {told}", vendor.provider);
            night.expect_acts(vendor.back);
            {
                let shop = night.platform.shop.lock().unwrap();
                assert_eq!(shop.live().commit, "a".repeat(40), "{}", vendor.provider);
                assert_eq!(shop.automatic, vendor.automatic, "{}", vendor.provider);
            }
            // The definition's own list says the same.
            let output = night.bench.run(&["releases", "shop", "--json"]);
            let told: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
            let live = told[0]["found"].as_array().and_then(|all| all.iter().find(|release| release["live"] == true));
            let commit = live.and_then(|live| live["commit"].as_str()).unwrap_or_default();
            assert!(commit.starts_with("aaaaaaaa"), "{}: {told:#}", vendor.provider);
            night.bench.run(&["operations", "undo", "last", "--yes", "--wait", "--watch-for", "1s"]);
            let last = night.bench.settled();
            assert!(!last["verdict"].is_null(), "{}: {last:#}", vendor.provider);
            night.expect_acts(vendor.forth);
            assert!(night.platform.shop.lock().unwrap().automatic, "{}", vendor.provider);
            night.bench.verify();
        },
        |_| true,
    );
}

#[test]
fn a_deployment_that_fails_on_the_platform_is_not_called_done() {
    each(
        |vendor| {
            let night = Night::new(vendor, true);
            night.bench.run(&["rollback", "shop", "--yes", "--wait"]);
            let last = night.bench.settled();
            assert_eq!(last["verdict"]["verdict"], "failed", "{}: {last:#}", vendor.provider);
            night.expect_acts(vendor.back);
            assert_eq!(night.platform.shop.lock().unwrap().live().commit, "b".repeat(40), "{}", vendor.provider);
            night.bench.verify();
        },
        |vendor| vendor.can_fail,
    );
}
