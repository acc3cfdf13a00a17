//! Pieces become one file: redacted, with a manifest, for its owner only, and never in place of another.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Read as _, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::Piece;
use crate::model::time::Timestamp;
use crate::runtime::redaction::redact;

/// A bundle that was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    pub path: PathBuf,
    pub sha256: String,
    pub bytes: u64,
    /// Files in it, without the manifest.
    pub files: u32,
    /// What could not be got, or not whole.
    pub missing: u32,
    /// The manifest, as it stands in it.
    pub manifest: Value,
}

/// A bundle that could not be written. Nothing of it is left behind.
#[derive(Debug, Error)]
pub enum BundleError {
    #[error("{path} is there already, and evidence is never written over")]
    Exists { path: PathBuf },
    #[error("the evidence cannot be written to {path}: {reason}")]
    Write { path: PathBuf, reason: String },
}

/// Returns where a bundle goes when nobody says it.
pub fn default_path(state_dir: &Path, number: u32, now: Timestamp) -> PathBuf {
    let at = now.in_zone(&TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
    state_dir.join("evidence").join(format!("incident-{number}-{at}.tar.gz"))
}

/// Writes a bundle.
///
/// # Errors
/// When something of that name is there already, or it cannot be written.
pub fn pack(path: &Path, number: u32, pieces: &[Piece], now: Timestamp) -> Result<Taken, BundleError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => BundleError::Exists { path: path.to_owned() },
        _ => {
            let reason = source.to_string().split(" (os error").next().unwrap_or_default().to_lowercase();
            BundleError::Write { path: path.to_owned(), reason }
        }
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    let written = write(file, number, pieces, now).and_then(|taken| digest(path).map(|sum| (taken, sum)));
    match written {
        Ok(((files, missing, manifest), (sha256, bytes))) => {
            Ok(Taken { path: path.to_owned(), sha256, bytes, files, missing, manifest })
        }
        Err(error) => {
            // Half a bundle looks like one.
            let _ = std::fs::remove_file(path);
            Err(failed(error))
        }
    }
}

fn write(file: File, number: u32, pieces: &[Piece], now: Timestamp) -> io::Result<(u32, u32, Value)> {
    let folder = format!("incident-{number}");
    let mut archive = tar::Builder::new(GzEncoder::new(BufWriter::new(file), Compression::default()));
    let mut rows = Vec::with_capacity(pieces.len());
    let (mut files, mut missing) = (0, 0);
    for piece in pieces {
        let mut row = json!({ "file": (!piece.file.is_empty()).then_some(&piece.file), "from": redact(&piece.from), "taken_at": piece.taken_at, "took_ms": u64::try_from(piece.took.as_millis()).unwrap_or(u64::MAX) });
        match &piece.content {
            Ok(got) => {
                let text = redact(&got.text);
                add(&mut archive, &format!("{folder}/{}", piece.file), text.as_bytes(), piece.taken_at)?;
                row["bytes"] = json!(text.len());
                row["sha256"] = json!(hex(&Sha256::digest(text.as_bytes())));
                row["truncated"] = json!(got.left_out.is_some());
                row["left_out"] = json!(got.left_out.as_deref().map(redact));
                files += 1;
                missing += u32::from(got.left_out.is_some());
            }
            Err(why) => {
                row["file"] = Value::Null;
                row["wanted"] = json!((!piece.file.is_empty()).then_some(&piece.file));
                row["trouble"] = json!(redact(why));
                missing += 1;
            }
        }
        rows.push(row);
    }
    let manifest = json!({
        "incident": number,
        "taken_at": now,
        "crashcart": env!("CARGO_PKG_VERSION"),
        "redacted": "what is known to be secret, or looks like it, stands as [redacted]; hashes are of what is in here",
        "entries": rows,
    });
    add(&mut archive, &format!("{folder}/MANIFEST.json"), format!("{manifest:#}\n").as_bytes(), now)?;
    let file = archive.into_inner()?.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok((files, missing, manifest))
}

fn add(archive: &mut tar::Builder<impl Write>, name: &str, bytes: &[u8], at: Timestamp) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o600);
    header.set_mtime(u64::try_from(at.as_micros() / 1_000_000).unwrap_or(0));
    archive.append_data(&mut header, name, bytes)
}

fn digest(path: &Path) -> io::Result<(String, u64)> {
    let mut file = File::open(path)?;
    let (mut hash, mut bytes, mut block) = (Sha256::new(), 0, vec![0; 64 * 1024]);
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            return Ok((hex(&hash.finalize()), bytes));
        }
        hash.update(&block[..read]);
        bytes += read as u64;
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Takes secrets out of every text of a value: written as JSON, one with a quote in it would look like another.
pub(super) fn clean(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(redact(&text).into_owned()),
        Value::Array(items) => Value::Array(items.into_iter().map(clean).collect()),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (redact(&name).into_owned(), clean(value))).collect())
        }
        other => other,
    }
}
