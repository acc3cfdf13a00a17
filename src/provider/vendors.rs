//! The vendors that small products depend on: where their status pages are, and which definition reads them.

use serde::Deserialize;
use url::Url;

/// One vendor of the list.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct KnownVendor {
    /// The word that a configuration names.
    pub name: String,
    pub title: String,
    /// The status page's address, as its definition wants it.
    pub status: String,
    /// The definition that reads it; empty when no machine can.
    #[serde(default)]
    pub provider: String,
    /// Domains and packages by which it may be named.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The page for people, where `status` is a feed's or an API's address.
    #[serde(default)]
    pub page: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
    #[serde(default)]
    pub support: Option<String>,
    #[serde(default)]
    pub phone: Option<String>,
}

#[derive(Deserialize)]
struct List {
    vendor: Vec<KnownVendor>,
}

/// Returns the list that is built in.
pub fn known() -> Vec<KnownVendor> {
    // A test reads it; a mistake in it is ours and not the user's.
    toml::from_str::<List>(include_str!("../../assets/vendors.toml")).map(|list| list.vendor).unwrap_or_default()
}

/// Finds a vendor by its name, an alias, or its status page's host.
pub fn find(name: &str, status: Option<&str>) -> Option<KnownVendor> {
    let host = |text: &str| Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_owned));
    let list = known();
    let Some(status) = status else {
        let named = |vendor: &KnownVendor| {
            vendor.name.eq_ignore_ascii_case(name)
                || vendor.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(name))
        };
        return list.into_iter().find(named);
    };
    let wanted = host(status);
    // Several vendors' feeds are on one host; their pages are not.
    let page = list.iter().find(|vendor| vendor.page.as_deref().and_then(host) == wanted);
    let exact = || list.iter().find(|vendor| vendor.status.trim_end_matches('/') == status.trim_end_matches('/'));
    let same = || list.iter().find(|vendor| vendor.page.is_none() && host(&vendor.status) == wanted);
    page.or_else(exact).or_else(same).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_can_be_read_and_each_is_found() {
        let list = toml::from_str::<List>(include_str!("../../assets/vendors.toml")).unwrap().vendor;
        assert!(!list.is_empty());
        for vendor in &list {
            assert!(Url::parse(&vendor.status).is_ok(), "{}", vendor.name);
            assert!(
                vendor.provider.is_empty()
                    || super::super::registry::BUILT_IN.iter().any(|(name, _)| *name == vendor.provider),
                "{} names a definition",
                vendor.name
            );
            assert_eq!(find(&vendor.name, None).map(|found| found.name), Some(vendor.name.clone()));
        }
        assert_eq!(
            find("anything", Some("https://www.stripestatus.com/")).map(|found| found.name),
            Some("stripe".into())
        );
    }
}
