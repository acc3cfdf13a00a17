//! Provider definitions beside a configuration, in its folder `providers`: read with it, approved with it.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::failure::Failure;
use super::super::foreign;
use super::Origin;
use crate::model::catalog::Catalog;
use crate::provider::registry::{Beside, is_built_in};

/// The folder's name.
const FOLDER: &str = "providers";
/// A larger file is no definition.
const LARGEST: u64 = 1 << 20;

/// What was read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Definitions {
    pub found: Vec<Beside>,
    /// What lies there and does not count, as sentences.
    pub notices: Vec<String>,
}

/// Reads the definitions that a configuration names.
pub(super) fn read(folder: &Path, origin: Origin, catalog: &Catalog) -> Result<Definitions, Failure> {
    let mut definitions = Definitions::default();
    let of_vendors = catalog.vendors.iter().filter_map(|vendor| vendor.provider.as_deref());
    let names: BTreeSet<&str> =
        catalog.sources.iter().map(|source| source.provider.as_str()).chain(of_vendors).collect();
    for name in names.into_iter().filter(|name| !name.contains(['/', '\\']) && !name.starts_with('.')) {
        let path = folder.join(FOLDER).join(format!("{name}.toml"));
        if std::fs::symlink_metadata(&path).is_err() {
            continue;
        }
        let shown = foreign::shown(&path);
        if is_built_in(name) {
            definitions.notices.push(format!(
                "{shown} is not used: `{name}` is built in, and a repository does not change what it means. Give it a \
                 name of its own."
            ));
            continue;
        }
        let wrong = |why: &str| Failure::usage(anyhow::anyhow!("the definition {shown} cannot be used: {why}"));
        if origin == Origin::Found && foreign::leads_out(&path).is_some() {
            return Err(wrong("it is a link that leads out of this repository").hint("replace it by a file"));
        }
        if foreign::is_open_to_all(&path) {
            return Err(wrong("everybody on this machine may change it").hint(format!("chmod o-w {shown}")));
        }
        let bytes = foreign::read(&path, LARGEST).map_err(|error| wrong(&error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8 text"))?;
        definitions.found.push(Beside { name: name.to_owned(), path, text });
    }
    Ok(definitions)
}
