//! Which runbook to open, and why that one.

use std::collections::BTreeMap;

use super::Runbook;

/// What is wrong, as far as a runbook can be looked for by it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Trouble {
    pub service: Option<String>,
    /// Names that the service's configuration gives, the first the best.
    pub named: Vec<String>,
    pub alerts: Vec<Firing>,
    /// The service is down, and a release went live shortly before.
    pub after_release: bool,
    /// A disk of this machine is full.
    pub disk_full: bool,
}

/// An alert that fires.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Firing {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    /// Where its annotation says that the runbook is.
    pub runbook_url: Option<String>,
}

/// Returns the place of the best runbook, and why, as a clause.
pub fn best(runbooks: &[Runbook], trouble: &Trouble) -> Option<(usize, String)> {
    let by_name = |name: &str| runbooks.iter().position(|runbook| runbook.name == name);
    for Firing { name: alert, labels, runbook_url } in &trouble.alerts {
        // The address of a page that is a runbook of ours as well: its last part is the name.
        let last = runbook_url
            .as_deref()
            .and_then(|url| url.split(['?', '#']).next()?.trim_end_matches('/').rsplit('/').next());
        let named = last.map(|last| last.trim_end_matches(".md").trim_end_matches(".html"));
        if let Some(found) =
            named.and_then(|name| runbooks.iter().position(|runbook| runbook.name.eq_ignore_ascii_case(name)))
        {
            return Some((found, format!("{alert} fires, and its runbook_url names it")));
        }
        let for_alert = |runbook: &Runbook| {
            let front = &runbook.front;
            let labelled = front.labels.iter().all(|(name, value)| labels.get(name) == Some(value));
            labelled && front.alerts.iter().any(|name| name.eq_ignore_ascii_case(alert))
        };
        // Without front matter the file's name is often the alert's.
        let found = runbooks
            .iter()
            .position(for_alert)
            .or_else(|| runbooks.iter().position(|runbook| runbook.name.eq_ignore_ascii_case(alert)));
        if let Some(found) = found {
            return Some((found, format!("{alert} fires")));
        }
    }
    if let Some(found) = trouble.named.iter().find_map(|name| by_name(name)) {
        let service = trouble.service.as_deref().unwrap_or("the service");
        return Some((found, format!("{service} names it")));
    }
    if let Some(service) = &trouble.service
        && let Some(found) = runbooks.iter().position(|runbook| runbook.front.services.contains(service))
    {
        return Some((found, format!("it is for {service}")));
    }
    if trouble.disk_full
        && let Some(found) = by_name("disk-full")
    {
        return Some((found, "a disk of this machine is full".to_owned()));
    }
    if trouble.after_release
        && let Some(found) = by_name("bad-deploy")
    {
        return Some((found, "it went down after a release".to_owned()));
    }
    let found = by_name("first-five-minutes")?;
    Some((found, "nothing more fitting was found".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runbooks() -> Vec<Runbook> {
        [
            ("first-five-minutes", ""),
            ("bad-deploy", ""),
            ("KubeJobFailed", ""),
            ("queue", "---\nservices: [shop]\nmatches: { alerts: [QueueFull], labels: { team: web } }\n---\n"),
        ]
        .map(|(name, text)| Runbook::read(name, text))
        .into()
    }

    fn found(trouble: &Trouble) -> (String, String) {
        let all = runbooks();
        let (place, why) = best(&all, trouble).expect("there is always one");
        (all[place].name.clone(), why)
    }

    #[test]
    fn an_alert_comes_before_the_service_and_that_before_what_is_usual() {
        let alert = |name: &str, team: &str| Firing {
            name: name.to_owned(),
            labels: BTreeMap::from([("team".to_owned(), team.to_owned())]),
            runbook_url: None,
        };
        let mut trouble = Trouble { service: Some("shop".to_owned()), ..Trouble::default() };
        assert_eq!(found(&trouble), ("queue".to_owned(), "it is for shop".to_owned()));
        trouble.named = vec!["gone".to_owned(), "bad-deploy".to_owned()];
        assert_eq!(found(&trouble), ("bad-deploy".to_owned(), "shop names it".to_owned()));
        trouble.alerts = vec![alert("QueueFull", "data"), alert("kubejobfailed", "web")];
        assert_eq!(found(&trouble), ("KubeJobFailed".to_owned(), "kubejobfailed fires".to_owned()));
        trouble.alerts.insert(0, alert("queuefull", "web"));
        assert_eq!(found(&trouble).0, "queue");
        trouble.alerts[0].runbook_url = Some("https://wiki.acme.com/runbooks/Bad-Deploy.md?x#top".to_owned());
        let why = "queuefull fires, and its runbook_url names it";
        assert_eq!(found(&trouble), ("bad-deploy".to_owned(), why.to_owned()));
        let other = Trouble { service: Some("web".to_owned()), after_release: true, ..Trouble::default() };
        assert_eq!(found(&other).0, "bad-deploy");
        assert_eq!(found(&Trouble::default()).0, "first-five-minutes");
    }
}
