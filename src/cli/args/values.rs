//! How single values are written on the command line.

use std::time::Duration;

use crate::config::{build, duration as friendly};
use crate::model::check::RecordType;
use crate::model::incident::Figure;

use crate::model::log::Level;

/// Reads a size: `80x24`.
pub fn size(text: &str) -> Result<(u16, u16), String> {
    let parsed = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    parsed
        .filter(|(width, height)| (1..=1_000).contains(width) && (1..=1_000).contains(height))
        .ok_or_else(|| "write it as in 80x24".to_owned())
}

/// Reads a duration.
pub fn duration(text: &str) -> Result<Duration, String> {
    friendly::parse(text).map_err(|error| error.to_string())
}

pub fn header(text: &str) -> Result<(String, String), String> {
    match text.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.trim().to_owned())),
        _ => Err("a header is written `Name: value`".to_owned()),
    }
}

/// Reads `/pointer=value`. A value that is JSON is that value; anything else is text.
pub fn json_expectation(text: &str) -> Result<(String, serde_json::Value), String> {
    match text.split_once('=') {
        Some((pointer, value)) if pointer.is_empty() || pointer.starts_with('/') => Ok((
            pointer.to_owned(),
            serde_json::from_str(value).unwrap_or_else(|_| serde_json::Value::String(value.to_owned())),
        )),
        _ => Err("an expectation is written `/pointer=value`, as in /status=ok or /queue/depth=0".to_owned()),
    }
}

pub fn record_type(text: &str) -> Result<RecordType, String> {
    let names: Vec<&str> = build::RECORDS.iter().map(|(name, _)| *name).collect();
    build::record(text).ok_or_else(|| format!("one of {}", names.join(", ")))
}

pub fn level(text: &str) -> Result<Level, String> {
    match text.to_ascii_lowercase().as_str() {
        "trace" => Ok(Level::Trace),
        "debug" => Ok(Level::Debug),
        "info" => Ok(Level::Info),
        "warn" | "warning" => Ok(Level::Warn),
        "error" => Ok(Level::Error),
        "fatal" => Ok(Level::Fatal),
        _ => Err("one of trace, debug, info, warn, error, fatal".to_owned()),
    }
}

/// Reads the name of a secret. It stands in configurations, keyrings and terminals, so it is made of plain characters.
pub fn secret_name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/@:".contains(c);
    if text.is_empty() || text.len() > 100 || !text.chars().all(plain) {
        return Err("a name has up to 100 letters, digits and . _ - / @ :".to_owned());
    }
    Ok(text.to_owned())
}

/// Reads for how long the store stays open.
pub fn unlock_time(text: &str) -> Result<Duration, String> {
    let lasting = duration(text)?;
    let longest = Duration::from_secs(7 * 24 * 3600);
    if lasting < Duration::from_secs(1) || lasting > longest {
        return Err("it can be from 1s to 7d".to_owned());
    }
    Ok(lasting)
}

/// Reads `NAME=VALUE`.
pub fn setting(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

/// Reads a severity: `sev1`, `1`.
pub fn severity(text: &str) -> Result<crate::model::incident::Severity, String> {
    crate::model::incident::Severity::parse(text).ok_or_else(|| "one of sev1, sev2, sev3, sev4".to_owned())
}

/// Reads a figure's name: `impact`.
pub fn figure_name(text: &str) -> Result<Figure, String> {
    Figure::parse(text).ok_or_else(|| format!("one of {}", Figure::ALL.map(Figure::word).join(", ")))
}

/// Reads `impact=2 h|why`.
pub fn figure(text: &str) -> Result<(Figure, String, String), String> {
    let (name, rest) = text.split_once('=').ok_or_else(|| "write it as impact='2 h|why'".to_owned())?;
    let (value, why) = rest.split_once('|').filter(|(_, why)| !why.trim().is_empty()).ok_or_else(|| {
        "say why it is another than the computed one: impact='2 h|the shop answered, and nobody could pay'".to_owned()
    })?;
    Ok((figure_name(name)?, value.trim().to_owned(), why.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_secret_is_plain_and_is_not_the_secret() {
        assert_eq!(secret_name("fly/deploy-2").unwrap(), "fly/deploy-2");
        for text in ["", "a b", "a\"b", "a\nb", "ä", &"x".repeat(101)] {
            assert!(secret_name(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_store_is_not_open_for_ever() {
        assert_eq!(unlock_time("8h"), Ok(Duration::from_secs(28_800)));
        assert!(unlock_time("0s").is_err() && unlock_time("500ms").is_err() && unlock_time("8d").is_err());
    }

    #[test]
    fn an_expectation_is_json_or_text() {
        assert_eq!(json_expectation("/n=3").unwrap(), ("/n".to_owned(), 3.into()));
        assert_eq!(json_expectation("/status=ok").unwrap(), ("/status".to_owned(), "ok".into()));
        assert_eq!(json_expectation("/a=b=c").unwrap(), ("/a".to_owned(), "b=c".into()));
        assert!(json_expectation("status=ok").is_err());
    }
}
