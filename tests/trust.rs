//! A repository that means harm, against the real program: nothing of it runs, nobody is asked, nothing leaves its folder
//! until `crashcart trust` has shown what it would do. Then what was shown happens, and nothing else.

#[path = "trust/ask.rs"]
mod ask;
#[path = "trust/place.rs"]
mod place;
mod support;
#[path = "trust/ways_out.rs"]
mod ways_out;

use std::fs;

use place::{OUTSIDE, Place, TOKEN};
use serde_json::Value;

#[test]
fn nothing_of_a_repository_happens_before_it_is_trusted() {
    let place = Place::hostile();
    // What follows the configuration, and says why it does not.
    let told: &[&[&str]] = &[
        &["status"],
        &["status", "--json"],
        &["doctor"],
        &["doctor", "--json"],
        &["run", "deploy", "--yes"],
        &["logs"],
        &["watch", "--once"],
        &["releases"],
        &["instances"],
        &["alerts"],
        &["vendors"],
        &["rollback", "shop", "--yes"],
        &["rollback", "pods", "--yes"],
        &["runbooks", "show", "deploy"],
        &["contacts"],
    ];
    for arguments in told {
        let ran = place.run(arguments);
        place.is_untouched(&arguments.join(" "));
        assert!(!ran.text.contains(OUTSIDE) && !ran.text.contains(TOKEN), "{arguments:?}: {}", ran.text);
        let says = ran.text.contains("crashcart trust") || ran.text.contains("is not trusted yet");
        assert!(says && ran.code != Some(101), "{arguments:?} ends with {:?}: {}", ran.code, ran.text);
    }
    // What looks at the repository, at the journal or at oneself, and does not need to follow it.
    let quiet: &[&[&str]] = &[
        &["audit"],
        &["audit", "--json"],
        &["audit", "--accept", "because"],
        &["init", "--yes", "--offline"],
        &["init", "--dry-run", "--offline"],
        &["runbooks"],
        &["runbooks", "lint"],
        &["secret", "list"],
        &["trust", "--list"],
        &["trust"],
        &["operations"],
        &["note", "hello"],
        &["incident", "open", "it is down"],
        &["incident", "export"],
        &["incident", "evidence"],
        &["page", "--yes", "help"],
        &["providers"],
        &["providers", "try", "mine", "releases"],
        &["--config", "crashcart.toml", "--config-found", "status"],
    ];
    for arguments in quiet {
        let ran = place.run(arguments);
        place.is_untouched(&arguments.join(" "));
        assert!(!ran.text.contains(OUTSIDE) && !ran.text.contains(TOKEN), "{arguments:?}: {}", ran.text);
        assert!(ran.code.is_some_and(|code| code != 101), "{arguments:?} ends with {:?}: {}", ran.code, ran.text);
    }
}

#[test]
fn the_console_says_at_once_that_it_follows_nothing() {
    for size in [(40, 20), (80, 24), (120, 40)] {
        let place = Place::hostile();
        let mut terminal = place.console(size);
        terminal.wait_for("crashcart trust");
        terminal.type_text("R");
        terminal.wait_until("the console still there", |screen| screen.contains("crashcart trust"));
        place.is_untouched("the console");
        terminal.type_text("q");
        assert_eq!(terminal.exit_code(), 0);
        place.is_untouched("the console's end");
    }
}

#[test]
fn the_list_names_every_command_host_and_secret() {
    let place = Place::hostile();
    let text = place.run(&["trust", "--list"]).text;
    let ear = &place.ear.address;
    let host = ear.split(':').next().unwrap();
    let root = place.root.path().display().to_string();
    for wanted in [
        format!("touch {root}/ran/login (login of source mine)"),
        format!("touch {root}/ran/instances (source mine: instances)"),
        format!("touch {root}/ran/step (source mine: action roll_back)"),
        format!("touch {root}/ran/action (action pods/roll_back)"),
        format!("/bin/sh -c 'touch {root}/ran/check'"),
        format!("touch {root}/ran/log; exec sleep 100"),
        format!("/bin/sh -c 'touch {root}/ran/secret; echo x' (for sources.bought.token)"),
        format!("the program that {root}/repo/kubeconfig names for logging in, if it does (source k8s)"),
        format!("touch {root}/ran/runbook"),
        format!("environment variable TOKEN -> {ear} (source render: Render)"),
        format!("environment variable TOKEN -> {ear} (source mine: identity, logs, releases, vendor_status)"),
        format!("GET http://{ear}/mine/releases (source mine: releases)"),
        format!("-> {ear} (source fly: Fly.io)"),
        format!(
            "what `touch {root}/ran/login` prints or environment variable GITHUB_TOKEN -> {ear} (source mine: identity)"
        ),
        format!("GET http://{ear}/check"),
        format!("GET http://{ear}/beat"),
        format!("GET http://{ear}/alive"),
        format!("{root}/outside/secret.md (template of postmortems)"),
        format!("{root}/repo/kubeconfig (kubeconfig of source k8s)"),
        "the key of refresh is R".to_owned(),
        "whom you are told to call: Not Stripe, +1 900 555 0100".to_owned(),
        "`render` is built in, and a repository does not change what it means".to_owned(),
    ] {
        assert!(text.contains(&wanted), "{wanted:?} is not in:\n{text}");
    }
    // The same for programs.
    let document = place.trust_json();
    let effects: Vec<&Value> =
        document["files"].as_array().unwrap().iter().flat_map(|it| it["effects"].as_array().unwrap()).collect();
    let sent = effects.iter().find(|it| it["kind"] == "send" && it["what"].as_str().unwrap().contains("source render"));
    let sent = sent.unwrap_or_else(|| panic!("{effects:#?}"));
    assert_eq!(
        (sent["secret"].as_str(), sent["host"].as_str()),
        (Some("environment variable TOKEN"), Some(ear.as_str()))
    );
    assert!(effects.iter().any(|it| it["host"] == host), "{effects:#?}");
    place.is_untouched("listing");
}

#[test]
fn what_was_listed_happens_after_trust_and_nothing_else() {
    let place = Place::hostile();
    let listed = place.run(&["trust", "--list"]).text;
    assert_eq!(place.run(&["trust", "--yes"]).code, Some(0));
    place.is_untouched("the approval itself");
    place.run(&["status"]);
    let ran = place.ran();
    for canary in &ran {
        let named = listed.contains(&format!("/ran/{canary}"));
        // A kubeconfig's program is named by the kubeconfig.
        assert!(named || canary == "exec", "{canary} ran and was not listed:\n{listed}");
    }
    assert!(ran.contains("check"), "{ran:?}");
    assert!(
        ran.is_disjoint(&["action", "step", "runbook", "fsmonitor", "pager", "diff"].map(str::to_owned).into()),
        "{ran:?}"
    );
    let heard = place.ear.heard();
    assert!(heard.iter().any(|request| request.starts_with("GET /check ") && !request.contains(TOKEN)), "{heard:#?}");
    assert!(
        heard.iter().any(|request| request.starts_with("GET /mine/releases ") && request.contains(TOKEN)),
        "{heard:#?}"
    );

    // A change is inert again, and shows what moved.
    let config = fs::read_to_string(place.path("repo/crashcart.toml")).unwrap();
    fs::write(place.path("repo/crashcart.toml"), config.replace("/check\"", "/moved\"")).unwrap();
    let (before, heard) = (place.ran(), place.ear.heard().len());
    let text = place.run(&["status"]).text;
    assert!(text.contains("has changed since you trusted it") && text.contains("crashcart trust"), "{text}");
    assert_eq!((place.ran(), place.ear.heard().len()), (before.clone(), heard));
    // That another crashcart, or a unit, hands the file on makes it no more trustworthy.
    let config_path = place.path("repo/crashcart.toml").display().to_string();
    let handed_on = ["--config", config_path.as_str(), "--config-found", "watch", "--once"];
    let text = place.run(&handed_on).text;
    assert!(text.contains("has changed since you trusted it"), "{text}");
    assert_eq!((place.ran(), place.ear.heard().len()), (before, heard));
    let list = place.run(&["trust", "--list"]).text;
    let ear = &place.ear.address;
    assert!(
        list.contains(&format!("- GET http://{ear}/check")) && list.contains(&format!("+ GET http://{ear}/moved")),
        "{list}"
    );
    fs::write(place.path("repo/crashcart.toml"), format!("{config}# only words\n")).unwrap();
    let list = place.run(&["trust", "--list"]).text;
    assert!(list.contains("would still do exactly the same"), "{list}");
    fs::write(place.path("repo/crashcart.toml"), &config).unwrap();
    assert_eq!(place.run(&["trust", "--list"]).code, Some(0));

    // So is a change of a definition beside it.
    let definition = fs::read_to_string(place.path("repo/providers/mine.toml")).unwrap();
    fs::write(place.path("repo/providers/mine.toml"), definition.replace("/releases\"", "/elsewhere\"")).unwrap();
    let heard = place.ear.heard().len();
    assert!(place.run(&["status"]).text.contains("has changed since you trusted it"));
    assert_eq!(place.ear.heard().len(), heard);
    let list = place.run(&["trust", "--list"]).text;
    assert!(list.contains(&format!("- GET http://{ear}/mine/releases")) && list.contains("/mine/elsewhere"), "{list}");
}
