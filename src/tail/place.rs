//! Where a path lies: on this machine, or on a file system that may hang and tells nothing of changes.

use std::path::{Component, Path, PathBuf};

/// Where a path lies.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    Here,
    /// On the file system of a network, or of another program, mounted there.
    Away(PathBuf),
}

/// The mounted file systems that may hang.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Mounts {
    away: Vec<PathBuf>,
    /// Where relative paths begin.
    directory: PathBuf,
}

impl Mounts {
    /// Reads what is mounted now.
    pub fn of_this_system() -> Self {
        let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        Self::read(&table, std::env::current_dir().unwrap_or_default())
    }

    /// Reads a mount table (`/proc/self/mountinfo`).
    fn read(table: &str, directory: PathBuf) -> Self {
        let away = table.lines().filter_map(|line| {
            let (mount, file_system) = line.split_once(" - ")?;
            let point = mount.split(' ').nth(4)?;
            let kind = file_system.split(' ').next()?;
            let slow = kind.starts_with("nfs")
                || kind.starts_with("fuse.")
                || ["cifs", "smb3", "9p", "ceph", "afs", "lustre", "gfs2", "ocfs2", "virtiofs", "fuse", "vboxsf"]
                    .contains(&kind);
            slow.then(|| PathBuf::from(unescape(point)))
        });
        Self { away: away.collect(), directory }
    }

    /// Returns where a path lies, by its name alone: looking at it could hang already. Symbolic links are not seen.
    pub fn place(&self, path: &Path) -> Place {
        let mut whole = PathBuf::new();
        for component in self.directory.join(path).components() {
            match component {
                Component::ParentDir => {
                    whole.pop();
                }
                other => whole.push(other),
            }
        }
        let point =
            self.away.iter().filter(|point| whole.starts_with(point)).max_by_key(|point| point.as_os_str().len());
        point.map_or(Place::Here, |point| Place::Away(point.clone()))
    }
}

/// Undoes the octal escapes of the mount table.
fn unescape(text: &str) -> String {
    text.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_on_a_network_file_system_is_told_by_its_mount_point() {
        let mounts = Mounts::read(
            "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n\
             40 22 0:35 / /mnt/our\\040logs rw,relatime shared:2 - nfs4 nas:/logs rw\n\
             41 22 0:36 / /tmp rw - tmpfs tmpfs rw\n",
            PathBuf::from("/mnt"),
        );
        let away = Place::Away(PathBuf::from("/mnt/our logs"));
        for (path, place) in [
            ("/mnt/our logs/app.log", away.clone()),
            ("our logs/app.log", away.clone()),
            ("/tmp/../mnt/our logs/*.log", away),
            ("/mnt/our logs.txt", Place::Here),
            ("/var/log/syslog", Place::Here),
        ] {
            assert_eq!(mounts.place(Path::new(path)), place, "{path}");
        }
    }
}
