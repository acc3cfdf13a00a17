//! Lists the provider definitions of `assets/providers` and the runbooks of `runbooks`, so that adding one takes a single
//! file.

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script by its environment")]
fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let out = env::var("OUT_DIR").unwrap_or_default();
    println!("cargo::rerun-if-changed=build.rs");
    embed(&Path::new(&root).join("assets/providers"), "toml", &Path::new(&out).join("providers.rs"))?;
    embed(&Path::new(&root).join("runbooks"), "md", &Path::new(&out).join("runbooks.rs"))
}

/// Writes a list of a folder's files: name and text.
fn embed(folder: &Path, ending: &str, to: &Path) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<_> = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == ending));
    files.sort();
    let mut code = String::from("&[\n");
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let _ = writeln!(code, "    ({name:?}, include_str!({:?})),", file.display().to_string());
    }
    code.push_str("]\n");
    fs::write(to, code)
}
