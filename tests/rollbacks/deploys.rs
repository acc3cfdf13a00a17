//! Platforms on which going back is another deployment, made of an old one.

use serde_json::{Value, json};

use super::shop::{Call, Release, Shop, State, id};

/// Heroku: a release is current at once, and its dynos come up one after the other.
pub fn heroku(shop: &mut Shop, call: &Call) -> Option<(u16, Value)> {
    let document = |shop: &Shop, release: &Release| {
        json!({ "id": release.id, "version": release.number, "current": release.id == shop.releases[0].id, "status": "succeeded",
                "eligible_for_rollback": true, "description": format!("Deploy {}", &release.commit[..8]), "slug": { "id": release.id },
                "user": { "email": "kim@acme.com" }, "created_at": release.made(), "updated_at": release.made() })
    };
    Some(match (call.method.as_str(), call.parts().as_slice()) {
        ("GET", ["apps", "shop", "builds"]) => (200, json!([])),
        ("GET", ["apps", "shop", "releases"]) => {
            (200, shop.releases.iter().map(|release| document(shop, release)).collect())
        }
        ("GET", ["apps", "shop", "releases", id]) => (200, document(shop, &shop.find(id)?)),
        ("GET", ["apps", "shop", "dynos"]) => {
            shop.go_on();
            let newest = &shop.releases[0];
            let state = newest.word(["up", "up", "starting", "crashed"]);
            let dyno = |n: u64| json!({ "id": id(100 + n), "name": format!("web.{n}"), "type": "web", "state": state, "release": { "version": newest.number } });
            (200, json!([dyno(1), dyno(2)]))
        }
        ("POST", ["apps", "shop", "releases"]) => {
            let of = shop.find(call.body["release"].as_str()?)?;
            let new = shop.deploy(&of);
            (201, document(shop, &new))
        }
        _ => return None,
    })
}

/// DigitalOcean's App Platform: the app is pinned to what it went back to, until that is committed or reverted.
pub fn digitalocean(shop: &mut Shop, call: &Call) -> Option<(u16, Value)> {
    let document = |release: &Release| {
        json!({ "id": release.id, "phase": release.word(["ACTIVE", "SUPERSEDED", "DEPLOYING", "ERROR"]), "created_at": release.made(),
                "phase_last_updated_at": release.made(), "cause_details": { "git_push": { "commit_sha": release.commit } } })
    };
    Some(match (call.method.as_str(), call.parts().as_slice()) {
        ("GET", ["apps", "shop"]) => {
            (200, json!({ "app": { "id": "shop", "active_deployment": { "id": shop.live().id } } }))
        }
        ("GET", ["apps", "shop", "deployments"]) => {
            shop.go_on();
            (200, json!({ "deployments": shop.releases.iter().map(document).collect::<Vec<_>>(), "links": {} }))
        }
        ("GET", ["apps", "shop", "deployments", id]) => {
            shop.go_on();
            (200, json!({ "deployment": document(&shop.find(id)?) }))
        }
        ("POST", ["apps", "shop", "rollback", "validate"]) => (200, json!({ "valid": true })),
        ("POST", ["apps", "shop", "rollback"]) => {
            let of = shop.find(call.body["deployment_id"].as_str()?)?;
            shop.automatic = call.body["skip_pin"] == true;
            let new = shop.deploy(&of);
            (200, json!({ "deployment": document(&new) }))
        }
        ("POST", ["apps", "shop", "rollback", "revert"]) => {
            let of = shop.find(&id(2))?;
            shop.automatic = true;
            let new = shop.deploy(&of);
            (200, json!({ "deployment": document(&new) }))
        }
        _ => return None,
    })
}

/// Koyeb: the old definition is deployed again, and says itself whether a push deploys.
pub fn koyeb(shop: &mut Shop, call: &Call) -> Option<(u16, Value)> {
    let document = |shop: &Shop, release: &Release| {
        let git =
            json!({ "repository": "github.com/acme/shop", "branch": "main", "no_deploy_on_push": !shop.automatic });
        json!({ "id": release.id, "version": release.number.to_string(), "status": release.word(["HEALTHY", "STOPPED", "STARTING", "ERROR"]),
                "created_at": release.made(), "succeeded_at": release.made(), "metadata": { "git": { "git_env": { "sha": release.commit } } },
                "definition": { "name": "shop", "type": "WEB", "git": git } })
    };
    Some(match (call.method.as_str(), call.parts().as_slice()) {
        ("GET", ["services", "shop"]) => {
            let (active, latest) = (&shop.live().id, &shop.releases[0].id);
            (
                200,
                json!({ "service": { "id": "shop", "active_deployment_id": active, "latest_deployment_id": latest } }),
            )
        }
        ("GET", ["deployments"]) => {
            shop.go_on();
            let all: Vec<Value> = shop.releases.iter().map(|release| document(shop, release)).collect();
            (200, json!({ "deployments": all, "has_next": false, "offset": 0 }))
        }
        ("GET", ["deployments", id]) => {
            shop.go_on();
            (200, json!({ "deployment": document(shop, &shop.find(id)?) }))
        }
        ("PUT", ["services", "shop"]) => {
            let git = &call.body["definition"]["git"];
            // The definition of then, with the commit of then; without one it would be the branch's newest.
            let of = shop.releases.iter().rev().find(|release| git["sha"] == release.commit.as_str());
            let of = of.or(shop.releases.iter().find(|release| release.number == 2)).cloned()?;
            shop.automatic = git["no_deploy_on_push"] != true;
            let new = shop.deploy(&of);
            (200, json!({ "service": { "id": "shop", "latest_deployment_id": new.id } }))
        }
        _ => return None,
    })
}

/// Railway: one address, and the query says what is wanted.
pub fn railway(shop: &mut Shop, call: &Call) -> Option<(u16, Value)> {
    let query = call.body["query"].as_str()?;
    let variables = &call.body["variables"];
    if query.contains("serviceInstanceAutoDeployUpdate") {
        shop.automatic = variables["input"]["enabled"] == true;
        return Some((200, json!({ "data": { "serviceInstanceAutoDeployUpdate": { "enabled": shop.automatic } } })));
    }
    if query.contains("deploymentRollback") {
        let of = shop.find(variables["id"].as_str()?)?;
        shop.deploy(&of);
        return Some((200, json!({ "data": { "deploymentRollback": true } })));
    }
    if query.contains("deployments(") {
        shop.go_on();
        let live = shop.live().id.clone();
        let node = |release: &Release| {
            json!({ "node": { "id": release.id, "status": release.word(["SUCCESS", "REMOVED", "DEPLOYING", "FAILED"]), "createdAt": release.made(),
                    "statusUpdatedAt": release.made(), "canRollback": true, "canRedeploy": true, "meta": { "commitHash": release.commit }, "instances": [] } })
        };
        let edges: Vec<Value> = shop.releases.iter().map(node).collect();
        return Some((
            200,
            json!({ "data": { "deployments": { "edges": edges }, "serviceInstance": { "activeDeployments": [{ "id": live }] } } }),
        ));
    }
    Some((200, json!({ "data": {} })))
}

/// Nomad: the old specification becomes the newest version, and its deployment goes on until it is healthy.
pub fn nomad(shop: &mut Shop, call: &Call) -> Option<(u16, Value)> {
    let deployment = |release: &Release| {
        json!({ "ID": release.id, "JobVersion": release.number, "JobCreateIndex": 1, "CreateIndex": release.number,
                "Status": release.word(["successful", "successful", "running", "failed"]), "StatusDescription": "", "TaskGroups": {} })
    };
    Some(match (call.method.as_str(), call.parts().as_slice()) {
        ("GET", ["job", "shop"]) => (
            200,
            json!({ "ID": "shop", "Version": shop.releases[0].number, "Status": "running", "CreateIndex": 1, "Type": "service" }),
        ),
        ("GET", ["job", "shop", "deployments"]) => (200, shop.releases.iter().map(deployment).collect()),
        ("GET", ["job", "shop", "deployment"]) => {
            shop.go_on();
            (200, deployment(&shop.releases[0]))
        }
        ("GET", ["job", "shop", "versions"]) => {
            shop.go_on();
            let versions: Vec<Value> = shop
                .releases
                .iter()
                .map(|release| {
                    json!({ "Version": release.number, "Stable": release.well, "Stop": false, "Status": "running",
                            "SubmitTime": i64::try_from(release.at.as_nanosecond()).unwrap(), "Meta": { "commit": release.commit } })
                })
                .collect();
            (200, json!({ "Versions": versions }))
        }
        ("GET", ["job", "shop", "allocations"]) => (200, json!([])),
        ("POST", ["job", "shop", "revert"]) => {
            let wanted = call.body["JobVersion"].as_u64()?;
            // Whoever reverts says from which version, so that two do not revert each other.
            if call.body["EnforcePriorVersion"].as_u64().is_some_and(|prior| prior != shop.releases[0].number) {
                return Some((500, json!({ "message": "version has changed" })));
            }
            let of = shop.releases.iter().find(|release| release.number == wanted).cloned()?;
            shop.deploy(&of);
            (200, json!({ "EvalID": id(900) }))
        }
        _ => return None,
    })
}

/// CapRover: the image of then is built into a new version; every answer is a 200, and `status` says how it is meant.
pub fn caprover(shop: &mut Shop, call: &Call) -> Option<(u16, Value)> {
    let fine = |data: Value| (200, json!({ "status": 100, "description": "fine", "data": data }));
    let parts = call.parts();
    Some(match (call.method.as_str(), parts.as_slice()) {
        ("POST", ["api", "v2", "login"]) => fine(json!({ "token": "t" })),
        ("GET", ["api", "v2", "user", "apps", "appDefinitions"]) => {
            let version = |release: &Release| {
                json!({ "version": release.number, "deployedImageName": format!("img-captain-shop:{}", release.number),
                        "timeStamp": release.made(), "gitHash": release.commit })
            };
            let there = shop.releases.iter().filter(|release| matches!(release.state, State::Live | State::Old));
            let versions: Vec<Value> = there.map(version).collect();
            let app = json!({ "appName": "shop", "deployedVersion": shop.live().number, "isAppBuilding": false, "versions": versions });
            fine(json!({ "appDefinitions": [app] }))
        }
        ("GET", ["api", "v2", "user", "apps", "appData", "shop"]) => {
            shop.go_on();
            let newest = &shop.releases[0];
            let (building, failed) = (matches!(newest.state, State::Going(_)), newest.state == State::Failed);
            fine(json!({ "isAppBuilding": building, "isBuildFailed": failed, "logs": { "lines": ["step 1 of 1"] } }))
        }
        ("POST", ["api", "v2", "user", "apps", "appData", "shop"]) => {
            let content: Value = serde_json::from_str(call.body["captainDefinitionContent"].as_str()?).ok()?;
            let image = content["dockerfileLines"][0].as_str()?.strip_prefix("FROM img-captain-shop:")?;
            let of = shop.releases.iter().find(|release| release.number.to_string() == image).cloned()?;
            shop.deploy(&of);
            (200, json!({ "status": 101, "description": "Deploy is started", "data": {} }))
        }
        _ => return None,
    })
}

/// Argo CD: automatic sync must be off, or it would bring back what Git has.
pub fn argocd(shop: &mut Shop, call: &Call) -> Option<(u16, Value)> {
    Some(match (call.method.as_str(), call.parts().as_slice()) {
        ("GET", ["api", "v1", "applications", "shop"]) => {
            shop.go_on();
            let newest = &shop.releases[0];
            let history: Vec<Value> = shop
                .releases
                .iter()
                .rev()
                .filter(|release| matches!(release.state, State::Live | State::Old))
                .map(|release| {
                    json!({ "id": release.number, "revision": release.commit, "deployedAt": release.made(), "deployStartedAt": release.made() })
                })
                .collect();
            let phase = newest.word(["Succeeded", "Succeeded", "Running", "Failed"]);
            let automated = if shop.automatic { json!({ "prune": false }) } else { Value::Null };
            (
                200,
                json!({ "metadata": { "name": "shop" }, "spec": { "syncPolicy": { "automated": automated } },
                        "status": { "health": { "status": "Healthy" }, "history": history,
                                    "operationState": { "phase": phase, "startedAt": newest.made(), "syncResult": { "revision": newest.commit } } } }),
            )
        }
        ("GET", ["api", "v1", "applications", "shop", "revisions", _, "metadata"]) => {
            (200, json!({ "author": "kim", "date": "2026-11-01T02:00:00Z", "message": "a change" }))
        }
        ("PATCH", ["api", "v1", "applications", "shop"]) => {
            let patch: Value = serde_json::from_str(call.body["patch"].as_str()?).ok()?;
            shop.automatic = !patch["spec"]["syncPolicy"]["automated"].is_null();
            (200, json!({}))
        }
        ("POST", ["api", "v1", "applications", "shop", "rollback"]) => {
            if shop.automatic {
                let message = "rollback cannot be initiated when auto-sync is enabled";
                return Some((400, json!({ "error": message, "message": message })));
            }
            let of = shop.releases.iter().find(|release| Some(release.number) == call.body["id"].as_u64()).cloned()?;
            shop.deploy(&of);
            (200, json!({}))
        }
        _ => return None,
    })
}

/// Northflank: the kept build of a commit is deployed, and a service that names one deploys no newer ones.
pub fn northflank(shop: &mut Shop, call: &Call) -> Option<(u16, Value)> {
    Some(match (call.method.as_str(), call.parts().as_slice()) {
        ("GET", ["projects", "p", "services", "shop"]) => {
            shop.go_on();
            let status = shop.releases[0].word(["COMPLETED", "COMPLETED", "IN_PROGRESS", "FAILED"]);
            let wanted = if shop.automatic { "latest" } else { shop.releases[0].commit.as_str() };
            let internal = json!({ "nfObjectId": "shop", "branch": "main", "buildSHA": wanted, "deployedSHA": shop.live().commit });
            let data = json!({ "id": "shop", "deployment": { "internal": internal }, "status": { "deployment": { "status": status } } });
            (200, json!({ "data": data }))
        }
        ("GET", ["projects", "p", "services", "shop", "build"]) => {
            // A build is not made again when it is deployed again.
            let built = shop.releases.iter().filter(|release| release.number <= 2);
            let build = |release: &Release| json!({ "id": release.id, "status": "SUCCESS", "sha": release.commit, "branch": "main", "createdAt": release.made(), "buildConcludedAt": release.made() });
            (
                200,
                json!({ "data": { "builds": built.map(build).collect::<Vec<_>>() }, "pagination": { "hasNextPage": false } }),
            )
        }
        ("POST", ["projects", "p", "services", "shop", "deployment"]) => {
            let wanted = call.body["internal"]["buildSHA"].as_str()?;
            shop.automatic = wanted == "latest";
            let built = shop.releases.iter().filter(|release| release.number <= 2);
            let of = built.clone().find(|release| release.commit == wanted || wanted == "latest").cloned()?;
            shop.deploy(&of);
            (200, json!({ "data": {} }))
        }
        _ => return None,
    })
}

/// Coolify: the image of a commit that is still on the server starts again.
pub fn coolify(shop: &mut Shop, call: &Call) -> Option<(u16, Value)> {
    let document = |release: &Release| {
        json!({ "deployment_uuid": release.id, "status": release.word(["finished", "finished", "in_progress", "failed"]), "commit": release.commit,
                "created_at": release.made(), "finished_at": release.made(), "updated_at": release.made(), "pull_request_id": 0 })
    };
    Some(match (call.method.as_str(), call.parts().as_slice()) {
        ("GET", ["applications", "shop"]) => (
            200,
            json!({ "uuid": "shop", "name": "shop", "is_auto_deploy_enabled": shop.automatic, "status": "running" }),
        ),
        ("GET", ["applications", "shop", "rollback-images"]) => {
            let images: Vec<Value> = shop.releases.iter().map(|release| json!({ "tag": release.commit })).collect();
            (200, json!({ "current": shop.live().commit, "images": images }))
        }
        ("GET", ["deployments", "applications", "shop"]) => {
            shop.go_on();
            let deployments: Vec<Value> = shop.releases.iter().map(document).collect();
            (200, json!({ "count": deployments.len(), "deployments": deployments }))
        }
        ("GET", ["deployments", id]) => {
            shop.go_on();
            (200, document(&shop.find(id)?))
        }
        ("PATCH", ["applications", "shop"]) => {
            shop.automatic = call.body["is_auto_deploy_enabled"] == true;
            (200, json!({ "uuid": "shop" }))
        }
        ("POST", ["applications", "shop", "rollback"]) => {
            let of = shop.releases.iter().find(|release| call.body["commit"] == release.commit.as_str()).cloned()?;
            let new = shop.deploy(&of);
            (200, json!({ "message": "Rollback queued.", "deployment_uuid": new.id }))
        }
        _ => return None,
    })
}

/// GitLab: the job that deployed the old commit runs again, and makes a new deployment.
pub fn gitlab(shop: &mut Shop, call: &Call) -> Option<(u16, Value)> {
    let status = |release: &Release| release.word(["success", "success", "running", "failed"]);
    let document = |release: &Release| {
        json!({ "id": release.number, "iid": release.number, "status": status(release), "sha": release.commit, "ref": "main",
                "created_at": release.made(), "updated_at": release.made(),
                "deployable": { "id": 1_000 + release.number, "status": "success", "commit": { "title": "a change" } } })
    };
    Some(match (call.method.as_str(), call.parts().as_slice()) {
        ("GET", ["projects", "shop"]) => (
            200,
            json!({ "id": 1, "ci_forward_deployment_enabled": true, "ci_forward_deployment_rollback_allowed": true }),
        ),
        ("GET", ["projects", "shop", "deployments"]) => {
            shop.go_on();
            (200, shop.releases.iter().map(document).collect())
        }
        ("GET", ["projects", "shop", "jobs", job]) => {
            shop.go_on();
            let release = shop.releases.iter().find(|release| (1_000 + release.number).to_string() == *job)?;
            (200, json!({ "id": 1_000 + release.number, "status": status(release) }))
        }
        ("POST", ["projects", "shop", "jobs", job, "retry"]) => {
            let of = shop.releases.iter().find(|release| (1_000 + release.number).to_string() == *job).cloned()?;
            let new = shop.deploy(&of);
            (201, json!({ "id": 1_000 + new.number, "status": "pending" }))
        }
        _ => return None,
    })
}

/// Clever Cloud: a commit of its own git remote is deployed again.
pub fn clever_cloud(shop: &mut Shop, call: &Call) -> Option<(u16, Value)> {
    let document = |release: &Release| {
        json!({ "uuid": release.id, "id": release.number, "state": release.word(["OK", "OK", "WIP", "FAIL"]), "commit": release.commit,
                "action": "DEPLOY", "cause": "Git", "date": release.made() })
    };
    let parts = call.parts();
    let ["v2", "organisations", "org", "applications", "shop", rest @ ..] = parts.as_slice() else { return None };
    Some(match (call.method.as_str(), rest) {
        ("GET", []) => (200, json!({ "id": "shop", "commitId": shop.live().commit, "branch": "main" })),
        ("GET", ["deployments"]) => {
            shop.go_on();
            (200, shop.releases.iter().map(document).collect())
        }
        ("POST", ["instances"]) => {
            let wanted = call.query.strip_prefix("commit=")?;
            let of = shop.releases.iter().find(|release| release.commit == wanted).cloned()?;
            let new = shop.deploy(&of);
            (
                200,
                json!({ "id": 1, "message": "The deployment has been queued", "type": "success", "deploymentId": new.id }),
            )
        }
        _ => return None,
    })
}

/// GitHub: the workflow run that deployed the old commit runs again, as another attempt.
pub fn github(shop: &mut Shop, call: &Call) -> Option<(u16, Value)> {
    let parts = call.parts();
    let run = |release: &Release| 500 + u64::from(release.commit.starts_with('b'));
    Some(match (call.method.as_str(), parts.as_slice()) {
        ("POST", [.., "graphql"]) => {
            shop.go_on();
            let node = |release: &Release| {
                let state = release.word(["SUCCESS", "INACTIVE", "IN_PROGRESS", "FAILURE"]);
                json!({ "databaseId": release.number, "commitOid": release.commit, "createdAt": release.made(), "updatedAt": release.made(),
                        "state": release.word(["ACTIVE", "INACTIVE", "IN_PROGRESS", "FAILURE"]), "environment": "production", "task": "deploy",
                        "latestStatus": { "state": state, "logUrl": format!("https://github.com/acme/shop/actions/runs/{}/job/1", run(release)), "createdAt": release.made() } })
            };
            let nodes: Vec<Value> = shop.releases.iter().map(node).collect();
            (200, json!({ "data": { "repository": { "deployments": { "nodes": nodes } } } }))
        }
        ("GET", ["repos", "acme", "shop", "actions", "runs", number]) => {
            shop.go_on();
            let attempts = shop.releases.iter().filter(|release| run(release).to_string() == *number);
            let newest = attempts.clone().next()?;
            let (status, conclusion) = match newest.state {
                State::Going(_) => ("in_progress", Value::Null),
                State::Failed => ("completed", "failure".into()),
                State::Live | State::Old => ("completed", "success".into()),
            };
            (
                200,
                json!({ "id": run(newest), "run_attempt": attempts.count(), "status": status, "conclusion": conclusion }),
            )
        }
        ("POST", ["repos", "acme", "shop", "actions", "runs", number, "rerun"]) => {
            let of = shop.releases.iter().find(|release| run(release).to_string() == *number).cloned()?;
            shop.deploy(&of);
            (201, json!({}))
        }
        _ => return None,
    })
}
