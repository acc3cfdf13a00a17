//! A small file system of a test's own, which can be filled.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// It goes when this is dropped.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one; nothing without root.
    pub fn mount(at: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(at).ok()?;
        let options = format!("size={size}");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "crashcart-test"]).arg(at).stderr(Stdio::null());
        let is_root = rustix::process::geteuid().is_root();
        (is_root && mount.status().is_ok_and(|status| status.success())).then(|| Self(at.to_owned()))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Leaves no room on it.
    pub fn fill(&self) {
        let mut file = std::fs::File::create(self.0.join("filler")).unwrap();
        while file.write_all(&[0; 4_096]).is_ok() {}
    }

    /// Makes room again.
    pub fn free(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
