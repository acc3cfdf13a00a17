//! The systemd unit that keeps a watcher running for a user.

use std::path::Path;

use crate::config::effects::quoted;

/// The unit's name.
pub const NAME: &str = "crashcart-watch.service";

/// Returns the unit's text. A configuration that was only found stays so: when it changes, the watcher waits until it is trusted
/// again.
pub fn text(program: &Path, config: Option<&Path>, found: bool, state_dir: &Path) -> String {
    let word = |path: &Path| escaped(&path.to_string_lossy());
    let as_found = if found { " --config-found" } else { "" };
    let config = config.map(|config| format!(" --config {}{as_found}", word(config))).unwrap_or_default();
    let start = format!("{} watch{config} --state-dir {}", word(program), word(state_dir));
    format!(
        "[Unit]\nDescription=crashcart watches, opens incidents, and pages people\nAfter=network-online.target\n\
         StartLimitIntervalSec=0\n\n\
         [Service]\nExecStart={start}\nRestart=always\nRestartSec=5\n# A page that goes out when it is stopped has time to end.\n\
         TimeoutStopSec=40\n\n[Install]\nWantedBy=default.target\n"
    )
}

/// systemd reads `%` as its own, and `$` as a variable.
fn escaped(word: &str) -> String {
    let plain = word.replace('%', "%%").replace('$', "$$");
    if plain.contains([' ', '"', '\'', '\\', ';']) {
        format!("\"{}\"", plain.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        plain
    }
}

/// Returns the commands that start it.
pub fn commands(folder: &Path) -> String {
    let place = quoted(&folder.join(NAME).to_string_lossy());
    format!(
        "Written: {place}. Start it, and keep it running when nobody is logged in:\n  systemctl --user daemon-reload\n  \
         systemctl --user enable --now {NAME}\n  loginctl enable-linger\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_reach_the_program_as_they_are() {
        let start = |found| {
            let config = Some(Path::new("/srv/100%/a.toml"));
            let unit = text(Path::new("/opt/crash cart"), config, found, Path::new("/var/$x"));
            unit.lines().find(|line| line.starts_with("ExecStart=")).unwrap().to_owned()
        };
        let named = "ExecStart=\"/opt/crash cart\" watch --config /srv/100%%/a.toml --state-dir /var/$$x";
        assert_eq!(start(false), named);
        assert_eq!(start(true), named.replace("a.toml", "a.toml --config-found"));
    }
}
