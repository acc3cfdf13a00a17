//! Platforms that let traffic go to another release at once: nothing is built and nothing restarts.

use serde_json::{Value, json};

use super::shop::{Call, Shop};

/// Vercel: a job moves the production alias, and newer deployments do not go live any more until one is promoted.
pub fn vercel(shop: &mut Shop, call: &Call) -> Option<(u16, Value)> {
    let millis = |at: jiff::Timestamp| at.as_millisecond();
    Some(match (call.method.as_str(), call.parts().as_slice()) {
        ("GET", ["v9", "projects", "shop"]) => {
            if let Some(mut job) = shop.notes.get("job").cloned().filter(|job| job["jobStatus"] == "in-progress") {
                if shop.looked("job looks").is_multiple_of(2) {
                    let to = job["toDeploymentId"].as_str().unwrap_or_default().to_owned();
                    shop.switch(&to);
                    job["jobStatus"] = if shop.fails { "failed" } else { "succeeded" }.into();
                }
                shop.notes.insert("job", job);
            }
            let live = shop.live();
            let job = shop.notes.get("job").cloned().unwrap_or_default();
            (200, json!({ "id": "prj_1", "targets": { "production": { "id": live.id } }, "lastAliasRequest": job }))
        }
        ("GET", ["v6", "deployments"]) => {
            let deployments: Vec<Value> = shop
                .releases
                .iter()
                .map(|release| {
                    json!({ "uid": release.id, "readyState": "READY", "createdAt": millis(release.at), "ready": millis(release.at),
                            "isRollbackCandidate": !release.is_live(), "meta": { "githubCommitSha": release.commit } })
                })
                .collect();
            (200, json!({ "deployments": deployments, "pagination": { "next": null } }))
        }
        ("POST", ["v1", "projects", "prj_1", "rollback", id]) => begin(shop, id, "rollback", false)?,
        ("POST", ["v10", "projects", "prj_1", "promote", id]) => begin(shop, id, "promote", true)?,
        _ => return None,
    })
}

fn begin(shop: &mut Shop, id: &str, kind: &str, automatic: bool) -> Option<(u16, Value)> {
    shop.find(id)?;
    shop.automatic = automatic;
    shop.notes.insert("job", json!({ "toDeploymentId": id, "type": kind, "jobStatus": "in-progress" }));
    Some((201, json!({})))
}

/// Netlify: an old deploy is published again, and a lock keeps newer ones from being published over it.
pub fn netlify(shop: &mut Shop, call: &Call) -> Option<(u16, Value)> {
    let deploy = |release: &super::shop::Release| json!({ "id": release.id, "site_id": "shop", "state": "ready", "commit_ref": release.commit, "created_at": release.made(), "published_at": release.made() });
    Some(match (call.method.as_str(), call.parts().as_slice()) {
        ("GET", ["sites", "shop"]) => (200, json!({ "id": "shop", "published_deploy": { "id": shop.live().id } })),
        ("GET", ["sites", "shop", "deploys"]) => (200, shop.releases.iter().map(deploy).collect()),
        ("POST", ["sites", "shop", "deploys", id, "restore"]) => {
            let found = shop.find(id)?;
            shop.switch(id);
            (200, deploy(&found))
        }
        ("POST", ["deploys", id, word @ ("lock" | "unlock")]) => {
            let found = shop.find(id)?;
            shop.automatic = *word == "unlock";
            (200, deploy(&found))
        }
        _ => return None,
    })
}

/// Cloudflare Workers: a deployment says which share of the traffic goes to which version.
pub fn cloudflare_workers(shop: &mut Shop, call: &Call) -> Option<(u16, Value)> {
    let parts = call.parts();
    let [.., "scripts", "shop", what] = parts.as_slice() else { return None };
    let answer = |result: Value| (200, json!({ "success": true, "errors": [], "messages": [], "result": result }));
    Some(match (call.method.as_str(), *what) {
        ("GET", "deployments") => {
            let live = shop.live();
            let versions = json!([{ "version_id": live.id, "percentage": 100 }]);
            answer(json!({ "deployments": [{ "id": "d", "created_on": live.made(), "versions": versions }] }))
        }
        ("GET", "versions") => {
            let items: Vec<Value> = shop
                .releases
                .iter()
                .map(|release| {
                    json!({ "id": release.id, "number": release.number, "metadata": { "created_on": release.made() },
                            "annotations": { "workers/tag": release.commit } })
                })
                .collect();
            answer(json!({ "items": items }))
        }
        ("POST", "deployments") => {
            let id = call.body["versions"][0]["version_id"].as_str()?;
            shop.find(id)?;
            shop.switch(id);
            answer(json!({ "id": "d" }))
        }
        _ => return None,
    })
}

/// Cloudflare Pages: an old deployment is the canonical one again; the project's source says whether a push goes out.
pub fn cloudflare_pages(shop: &mut Shop, call: &Call) -> Option<(u16, Value)> {
    let parts = call.parts();
    let ["accounts", "acc", "pages", "projects", "shop", rest @ ..] = parts.as_slice() else { return None };
    let answer = |result: Value| (200, json!({ "success": true, "errors": [], "messages": [], "result": result }));
    Some(match (call.method.as_str(), rest) {
        ("GET", []) => {
            let config = json!({ "owner": "acme", "repo_name": "shop", "production_branch": "main", "production_deployments_enabled": shop.automatic });
            let live = json!({ "id": shop.live().id });
            answer(
                json!({ "name": "shop", "canonical_deployment": live, "source": { "type": "github", "config": config } }),
            )
        }
        ("GET", ["deployments"]) => {
            let stage = json!({ "name": "deploy", "status": "success", "ended_on": "2026-11-01T02:00:00Z" });
            let deployment = |release: &super::shop::Release| {
                json!({ "id": release.id, "environment": "production", "created_on": release.made(), "latest_stage": stage,
                        "deployment_trigger": { "type": "github:push", "metadata": { "commit_hash": release.commit, "branch": "main" } } })
            };
            answer(shop.releases.iter().map(deployment).collect())
        }
        ("PATCH", []) => {
            shop.automatic = call.body["source"]["config"]["production_deployments_enabled"] == true;
            answer(json!({ "name": "shop" }))
        }
        ("POST", ["deployments", id, "rollback"]) => {
            shop.find(id)?;
            shop.switch(id);
            answer(json!({ "id": id }))
        }
        _ => return None,
    })
}
