//! Files of other people's tools: small, perhaps broken, perhaps secret.
//!
//! A file that does not parse is reported by path, line and column, never by what stands there: a parser's own message
//! likes to quote the text, and the text may be the token.

use std::io;
use std::path::Path;

use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use zeroize::Zeroizing;

use super::error::AuthError;
use crate::provider::definition::login::LoginFormat;

/// No login file comes near this, and a cluster file with a thousand clusters stays below it.
pub const LIMIT: u64 = 4 * 1024 * 1024;

/// Reads a text file. Nothing when there is none; a leading byte order mark is dropped.
///
/// A named pipe, a device and a directory are errors: a pipe would hang, and be empty the second time. `/dev/null` is no
/// file: that is how people say so in `AWS_CONFIG_FILE` and `KUBECONFIG`.
pub async fn read(path: &Path) -> Result<Option<Zeroizing<String>>, AuthError> {
    if path == Path::new("/dev/null") {
        return Ok(None);
    }
    let failed = |error| AuthError::io(format!("cannot read {}", path.display()), error);
    let opened = tokio::fs::OpenOptions::new()
        .read(true)
        // Or the opening of a pipe waits for somebody who writes.
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
        .await;
    let file = match opened {
        Ok(file) => file,
        // The second is a path that leads through a file, as in `~/.config/x` where `~/.config` is one.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(failed(error)),
    };
    let metadata = file.metadata().await.map_err(failed)?;
    if !metadata.is_file() {
        let why = if metadata.is_dir() { "it is a directory" } else { "it is not a regular file" };
        return Err(AuthError::malformed_file(path, why));
    }
    // Room from the start: growing would leave copies of it behind.
    let mut bytes =
        Zeroizing::new(Vec::with_capacity(usize::try_from(metadata.len().min(LIMIT) + 1).unwrap_or_default()));
    file.take(LIMIT + 1).read_to_end(&mut bytes).await.map_err(failed)?;
    if bytes.len() as u64 > LIMIT {
        return Err(AuthError::malformed_file(path, format!("it is larger than {} MiB", LIMIT >> 20)));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Some(Zeroizing::new(text.to_owned()))),
        Err(_) => Err(AuthError::malformed_file(path, "it is not UTF-8 text")),
    }
}

/// Reads a file that must be there.
pub async fn read_existing(path: &Path) -> Result<Zeroizing<String>, AuthError> {
    let absent = || AuthError::io(format!("cannot read {}", path.display()), io::ErrorKind::NotFound.into());
    read(path).await?.ok_or_else(absent)
}

/// Parses a text in one of the formats of login files. `place` is named by the error.
pub fn parse(text: &str, format: LoginFormat, place: &str) -> Result<Value, AuthError> {
    let at = |line: usize, column: usize| format!(" (line {line}, column {column})");
    let (name, place_in_text) = match format {
        LoginFormat::Json => match serde_json::from_str(text) {
            Ok(value) => return Ok(value),
            Err(error) => ("JSON", at(error.line(), error.column())),
        },
        LoginFormat::Yaml => match yaml_serde::from_str(text) {
            Ok(value) => return Ok(value),
            Err(error) => ("YAML", error.location().map_or_else(String::new, |found| at(found.line(), found.column()))),
        },
        LoginFormat::Toml => match toml::from_str(text) {
            Ok(value) => return Ok(value),
            Err(error) => {
                let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
                let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
                ("TOML", at(line, column))
            }
        },
    };
    Err(AuthError::malformed(place, format!("it is not {name}{place_in_text}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_parse_is_named_by_place_and_never_quoted() {
        let cases = [
            (LoginFormat::Json, "{\"token\": \"s3cret\" oops", "it is not JSON (line 1, column 20)"),
            (LoginFormat::Yaml, "a: b\ntoken: \"s3cret\n", "it is not YAML (line 3, column 1)"),
            (LoginFormat::Yaml, "token: [s3cret\n", "it is not YAML (line 2, column 1)"),
            (LoginFormat::Toml, "a = 1\ntoken = s3cret\n", "it is not TOML (line 2, column 9)"),
        ];
        for (format, text, says) in cases {
            let error = parse(text, format, "~/.x").unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(shown.contains(says) && !shown.contains("s3cret"), "{text:?}: {shown}");
        }
    }

    #[test]
    fn a_small_file_that_unfolds_into_a_huge_one_is_refused() {
        let mut text = "a0: &a0 [s3cret]\n".to_owned();
        for level in 1..12 {
            let inner = vec![format!("*a{}", level - 1); 12].join(", ");
            text += &format!("a{level}: &a{level} [{inner}]\n");
        }
        let error = parse(&text, LoginFormat::Yaml, "~/.x").unwrap_err();
        assert!(error.to_string().starts_with("~/.x: it is not YAML"), "{error}");
        let deep = "[".repeat(5_000);
        for format in [LoginFormat::Json, LoginFormat::Yaml, LoginFormat::Toml] {
            assert!(parse(&deep, format, "~/.x").is_err());
        }
    }

    #[tokio::test]
    async fn a_file_is_read_only_when_it_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        assert_eq!(read(&path("absent")).await.unwrap(), None);
        std::fs::write(path("bom"), b"\xef\xbb\xbfhello").unwrap();
        assert_eq!(read(&path("bom")).await.unwrap().unwrap().as_str(), "hello");
        assert_eq!(read(&path("bom/below")).await.unwrap(), None);
        std::fs::write(path("latin"), b"caf\xe9").unwrap();
        std::fs::File::create(path("huge")).unwrap().set_len(10 << 20).unwrap();
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, path("pipe"), fifo, 0o600.into(), 0).unwrap();
        for (name, says) in [
            ("", "it is a directory"),
            ("latin", "it is not UTF-8 text"),
            ("huge", "it is larger than 4 MiB"),
            ("pipe", "it is not a regular file"),
        ] {
            assert!(read(&path(name)).await.unwrap_err().to_string().ends_with(says), "{name}");
        }
    }
}
