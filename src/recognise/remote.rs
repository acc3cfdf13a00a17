//! `.git/config`: which repository it is on a forge, and which app a remote deploys to.

use super::text::plain;
use super::{Findings, Tree, TreeFile, What};

pub(super) fn wants(path: &str) -> bool {
    path == ".git/config"
}

pub(super) fn read(_: &Tree, file: &TreeFile, findings: &mut Findings) {
    for (index, line) in file.text.lines().enumerate() {
        let Some((key, url)) = line.trim().split_once('=') else { continue };
        if key.trim() != "url" {
            continue;
        }
        let url = url.trim().trim_end_matches('/').trim_end_matches(".git");
        let behind = |host: &str| {
            let (_, rest) = url.split_once(host)?;
            let rest = rest.trim_start_matches([':', '/']);
            plain(rest).then(|| rest.to_owned())
        };
        if let Some(repo) = behind("github.com").filter(|repo| repo.matches('/').count() == 1) {
            findings.add(file, index + 1, What::Ci { provider: "github", params: [("repo", repo)].into() });
        } else if let Some(project) = behind("gitlab.com").filter(|project| project.contains('/')) {
            findings.add(file, index + 1, What::Ci { provider: "gitlab", params: [("project", project)].into() });
        } else if let Some(app) = behind("heroku.com").filter(|app| !app.contains('/')) {
            let params = [("app", app.clone())].into();
            findings.add(file, index + 1, What::Platform { provider: "heroku", service: Some(app), params });
        }
    }
}
