//! Which of the platforms that were recognised run the project, and which are leftovers.

use super::super::{Recognised, What};
use super::{Evidence, evidence};

/// Of several platforms the first of these runs it: a Procfile or a compose file is often left over, or for one's own desk.
const BY_LIKELIHOOD: &[&str] = &[
    "fly",
    "render",
    "kamal",
    "digitalocean",
    "vercel",
    "netlify",
    "railway",
    "cloudflare-workers",
    "cloudflare-pages",
    "google-cloud-run",
    "app-engine",
    "kubernetes",
    "kubernetes-statefulset",
    "aws-ecs",
    "aws-lambda",
    "azure-app-service",
    "nomad",
    "releases-over-ssh",
    "heroku",
    "docker",
];

/// Returns the platforms that were recognised, the most likely first, each with its evidence.
pub fn platforms(found: &[Recognised]) -> Vec<(&'static str, Evidence)> {
    let mut platforms: Vec<(&'static str, Evidence)> = Vec::new();
    for it in found {
        if let What::Platform { provider, .. } | What::Elsewhere { platform: provider, .. } = it.what
            && !platforms.iter().any(|(known, _)| *known == provider)
        {
            platforms.push((provider, evidence(it)));
        }
    }
    let rank = |provider: &str| BY_LIKELIHOOD.iter().position(|known| *known == provider).unwrap_or(usize::MAX);
    platforms.sort_by_key(|(provider, _)| rank(provider));
    platforms
}

/// Returns the platforms that count where nobody says which: all that are no leftovers of another.
pub fn likely(found: &[Recognised]) -> Vec<&'static str> {
    let all = platforms(found);
    let weak = |provider: &str| matches!(provider, "heroku" | "docker");
    let strong: Vec<&'static str> = all.iter().map(|(name, _)| *name).filter(|name| !weak(name)).collect();
    if strong.is_empty() { all.first().map(|(name, _)| *name).into_iter().collect() } else { strong }
}
