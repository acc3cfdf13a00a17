//! This machine: processor, memory, disks, processes, failed units.
//!
//! Within a container the limits that were set for it count, not the machine around it: that is where it is killed.
//! Network file systems are left out, because a dead server behind one makes every question about it hang.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};

use crate::model::host::{Disk, HostSample, Memory, Process};
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// Reads this machine. The first sample has no processor share: there is nothing to compare with.
#[derive(Debug)]
pub struct HostReader {
    places: Places,
    system: Option<System>,
    samples: u32,
    top: Vec<Process>,
    failed_units: Option<Vec<Line>>,
    asked_systemd: Option<Timestamp>,
}

/// Where this system tells about itself; parameters, so that tests can have their own.
#[derive(Clone, Debug)]
pub struct Places {
    pub mounts: PathBuf,
    pub cgroup: PathBuf,
    pub systemd: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            mounts: "/proc/self/mounts".into(),
            cgroup: "/sys/fs/cgroup".into(),
            systemd: "/run/systemd/system".into(),
        }
    }
}

/// How many processes are kept of each order.
const TOP: usize = 5;
const TOP_IN_ALL: usize = 8;
/// Units rarely fail, and asking starts a program.
const SYSTEMD_EVERY: Duration = Duration::from_secs(60);

impl Default for HostReader {
    fn default() -> Self {
        Self::new(Places::default())
    }
}

impl HostReader {
    /// Returns a reader of these places.
    pub fn new(places: Places) -> Self {
        Self {
            places,
            system: System::new().ok(),
            samples: 0,
            top: Vec::new(),
            failed_units: None,
            asked_systemd: None,
        }
    }

    /// Looks now. The list of processes is the dearest part; without it the last one stays.
    pub fn sample(&mut self, now: Timestamp, with_processes: bool) -> HostSample {
        let cpu = self.system.as_mut().and_then(|system| {
            system.refresh_cpu_usage();
            system.refresh_memory();
            (self.samples > 0).then(|| (system.global_cpu_usage() / 100.0).clamp(0.0, 1.0))
        });
        self.samples = self.samples.saturating_add(1);
        if with_processes {
            self.read_processes();
        }
        self.read_units(now);
        let system = self.system.as_ref();
        let mut memory = system.map_or_else(Memory::default, |system| Memory {
            total: system.total_memory(),
            used: system.total_memory().saturating_sub(system.available_memory()),
        });
        if let Some(limited) = limited_memory(&self.places.cgroup, memory.total) {
            memory = limited;
        }
        let swap = system
            .map_or_else(Memory::default, |system| Memory { total: system.total_swap(), used: system.used_swap() });
        let all_cores = system.map_or(1, |system| system.cpus().len().max(1));
        let cores = limited_cores(&self.places.cgroup).map_or(all_cores, |limit| limit.min(all_cores));
        let load = System::load_average().map_or([0.0; 3], |load| [load.one, load.five, load.fifteen]);
        HostSample {
            at: now,
            name: Line::from_text(&System::host_name().unwrap_or_else(|_| "this machine".to_owned())),
            cpu,
            cores: u16::try_from(cores).unwrap_or(u16::MAX),
            #[expect(clippy::cast_possible_truncation, reason = "two digits are shown")]
            load: load.map(|value| value as f32),
            memory,
            swap,
            disks: disks(&self.places.mounts),
            top: self.top.clone(),
            failed_units: self.failed_units.clone(),
            uptime: Duration::from_secs(System::uptime().unwrap_or(0)),
        }
    }

    fn read_processes(&mut self) {
        let Some(system) = &mut self.system else { return };
        let what = ProcessRefreshKind::nothing().with_cpu().with_memory().without_tasks();
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
        let mut all: Vec<Process> = system
            .processes()
            .values()
            .filter(|process| process.thread_kind().is_none())
            .map(|process| Process {
                pid: process.pid().as_u32(),
                name: Line::from_bytes(process.name().as_encoded_bytes()),
                cpu: process.cpu_usage() / 100.0,
                memory: process.memory(),
            })
            .collect();
        self.top = busiest(&mut all);
    }

    fn read_units(&mut self, now: Timestamp) {
        if !self.places.systemd.is_dir() || self.asked_systemd.is_some_and(|at| now.since(at) < SYSTEMD_EVERY) {
            return;
        }
        self.asked_systemd = Some(now);
        self.failed_units = failed_units();
    }
}

/// Returns the busiest and the largest, busiest first.
fn busiest(all: &mut [Process]) -> Vec<Process> {
    let mut chosen: Vec<Process> = Vec::new();
    all.sort_by(|a, b| b.cpu.total_cmp(&a.cpu).then(b.memory.cmp(&a.memory)));
    chosen.extend(all.iter().take(TOP).cloned());
    all.sort_by_key(|process| std::cmp::Reverse(process.memory));
    for process in all.iter().take(TOP) {
        if chosen.len() < TOP_IN_ALL && !chosen.iter().any(|known| known.pid == process.pid) {
            chosen.push(process.clone());
        }
    }
    chosen.sort_by(|a, b| b.cpu.total_cmp(&a.cpu).then(b.memory.cmp(&a.memory)));
    chosen
}

/// Asks systemd. `None` when it does not answer.
fn failed_units() -> Option<Vec<Line>> {
    // `timeout` is in coreutils, and a systemd that hangs would hang us.
    let output = Command::new("timeout")
        .args(["2", "systemctl", "list-units", "--state=failed", "--plain", "--no-legend", "--no-pager"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then(|| unit_names(&output.stdout))
}

fn unit_names(listing: &[u8]) -> Vec<Line> {
    let names = listing
        .split(|byte| *byte == b'\n')
        .filter_map(|line| line.split(u8::is_ascii_whitespace).find(|word| !word.is_empty()));
    names.map(Line::from_bytes).collect()
}

/// File systems on which somebody's data can fill up. Others are made of memory, or belong to another machine.
const REAL: &[&str] = &[
    "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "reiserfs", "bcachefs", "vfat", "exfat", "ntfs3",
    "fuseblk", "ufs", "apfs", "hfs",
];

/// Nobody keeps data on less.
const SMALLEST: u64 = 1024 * 1024;

fn disks(mounts: &Path) -> Vec<Disk> {
    let text = fs::read(mounts).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    // What is mounted last at a place hides what was there: asking for that would ask the one on top, which may hang.
    let on_top: HashMap<PathBuf, (&str, &str)> = text
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let (device, mount, kind) = (words.next()?, words.next()?, words.next()?);
            Some((unescape(mount), (device, kind)))
        })
        .collect();
    // The root is always somebody's concern, whatever it is made of: an overlay in a container.
    let mut rows: Vec<(&str, PathBuf, &str)> = on_top
        .into_iter()
        .filter(|(mount, (_, kind))| {
            REAL.contains(kind) || mount == Path::new("/") || *kind == "tmpfs" && is_place_for_data(mount)
        })
        .map(|(mount, (device, kind))| (device, mount, kind))
        .collect();
    // The same device mounted twice is one disk, named by its shortest place.
    rows.sort_by_key(|(_, mount, _)| (mount.as_os_str().len(), mount.clone()));
    let mut seen = HashSet::new();
    rows.into_iter()
        .filter_map(|(device, mount, kind)| {
            let found = rustix::fs::statvfs(&mount).ok()?;
            let total = found.f_blocks.saturating_mul(found.f_frsize);
            let identity = if kind == "overlay" || kind == "tmpfs" {
                format!("{kind} {}", mount.display())
            } else {
                device.to_owned()
            };
            (total >= SMALLEST && seen.insert(identity)).then(|| Disk {
                mount: Line::from_bytes(mount.as_os_str().as_encoded_bytes()),
                device: Line::from_text(device),
                total: used_and_available(&found),
                available: found.f_bavail.saturating_mul(found.f_frsize),
                inodes: (found.f_files > 0).then_some((found.f_files, found.f_favail)),
                read_only: found.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY),
            })
        })
        .collect()
}

/// A tmpfs that people put data on. Those of the system itself come and go by themselves.
fn is_place_for_data(mount: &Path) -> bool {
    !["/dev", "/run", "/sys", "/proc"].iter().any(|system| mount.starts_with(system))
}

/// What is reserved for root cannot be filled by anybody else: it counts for neither side, as `df` does it.
fn used_and_available(found: &rustix::fs::StatVfs) -> u64 {
    let reserved = found.f_bfree.saturating_sub(found.f_bavail);
    found.f_blocks.saturating_sub(reserved).saturating_mul(found.f_frsize)
}

/// Spaces in a mount point are written as octal numbers (`man 5 fstab`).
fn unescape(text: &str) -> PathBuf {
    let bytes = text.as_bytes();
    let (mut plain, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let octal = (bytes[at] == b'\\').then(|| bytes.get(at + 1..at + 4)).flatten();
        let octal = octal.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        match octal {
            Some(byte) => {
                plain.push(byte);
                at += 4;
            }
            None => {
                plain.push(bytes[at]);
                at += 1;
            }
        }
    }
    use std::os::unix::ffi::OsStringExt as _;
    PathBuf::from(std::ffi::OsString::from_vec(plain))
}

fn number(path: PathBuf) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Returns the memory that this container may use, when that is less than the machine has.
fn limited_memory(cgroup: &Path, machine: u64) -> Option<Memory> {
    let v2 = (
        number(cgroup.join("memory.max")),
        number(cgroup.join("memory.current")),
        cgroup.join("memory.stat"),
        "inactive_file ",
    );
    let v1 = (
        number(cgroup.join("memory/memory.limit_in_bytes")),
        number(cgroup.join("memory/memory.usage_in_bytes")),
        cgroup.join("memory/memory.stat"),
        "total_inactive_file ",
    );
    [v2, v1].into_iter().find_map(|(limit, used, stat, key)| {
        let (total, used) = (limit.filter(|limit| *limit < machine)?, used?);
        // Cached file pages are given back before anything is killed.
        let cached = fs::read_to_string(stat)
            .ok()
            .and_then(|text| text.lines().find_map(|line| line.strip_prefix(key)?.trim().parse().ok()));
        Some(Memory { total, used: used.saturating_sub(cached.unwrap_or(0)) })
    })
}

/// Returns how many processors this container may use, rounded up.
fn limited_cores(cgroup: &Path) -> Option<usize> {
    let text = fs::read_to_string(cgroup.join("cpu.max")).ok()?;
    let mut words = text.split_whitespace();
    let (quota, period): (u64, u64) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    usize::try_from(quota.div_ceil(period.max(1)).max(1)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(directory: &Path) -> Places {
        Places {
            mounts: directory.join("mounts"),
            cgroup: directory.join("cgroup"),
            systemd: directory.join("no-systemd"),
        }
    }

    #[test]
    fn this_machine_has_a_name_memory_and_a_root_disk() {
        let mut reader = HostReader::default();
        let first = reader.sample(Timestamp::from_secs(100), true);
        assert_eq!(first.cpu, None);
        assert!(first.memory.total > 0 && first.memory.used <= first.memory.total);
        assert!(first.disks.iter().any(|disk| disk.mount.as_str() == "/"), "{:?}", first.disks);
        assert!(!first.top.is_empty() && first.top.len() <= TOP_IN_ALL);
        let second = reader.sample(Timestamp::from_secs(105), false);
        assert!(second.cpu.is_some());
        assert_eq!(second.top, first.top, "the last list stays");
    }

    #[test]
    fn a_device_that_is_mounted_twice_is_one_disk_and_network_and_memory_are_none() {
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path().display();
        let text = format!(
            "/dev/vda1 / ext4 rw 0 0\n/dev/vda1 {here} ext4 rw 0 0\nproc /proc proc rw 0 0\ntmpfs /run tmpfs rw 0 0\nserver:/x /mnt nfs4 rw 0 0\nnonsense\n"
        );
        fs::write(directory.path().join("mounts"), text).unwrap();
        let found: Vec<_> =
            disks(&directory.path().join("mounts")).into_iter().map(|disk| disk.mount.to_string()).collect();
        assert_eq!(found, ["/"]);
        assert_eq!(unescape("/mnt/my\\040disk"), Path::new("/mnt/my disk"));
    }

    #[test]
    fn the_limits_of_a_container_count() {
        let directory = tempfile::tempdir().unwrap();
        let cgroup = directory.path().join("cgroup");
        fs::create_dir(&cgroup).unwrap();
        fs::write(cgroup.join("memory.max"), "1000\n").unwrap();
        fs::write(cgroup.join("memory.current"), "900\n").unwrap();
        fs::write(cgroup.join("memory.stat"), "anon 500\ninactive_file 300\n").unwrap();
        fs::write(cgroup.join("cpu.max"), "150000 100000\n").unwrap();
        let sample = HostReader::new(places(directory.path())).sample(Timestamp::EPOCH, false);
        assert_eq!(sample.memory, Memory { total: 1_000, used: 600 });
        assert!(sample.cores <= 2);
        fs::write(cgroup.join("memory.max"), "max\n").unwrap();
        assert_eq!(limited_memory(&cgroup, 5_000), None);
    }

    #[test]
    fn failed_units_are_read_from_systemds_list() {
        let listing = b"nginx.service loaded failed failed A web server\n  app@1.service loaded failed failed\n\n";
        let names: Vec<_> = unit_names(listing).iter().map(ToString::to_string).collect();
        assert_eq!(names, ["nginx.service", "app@1.service"]);
    }

    #[test]
    fn the_busiest_and_the_largest_are_both_shown() {
        let process = |pid, cpu, memory| Process { pid, name: Line::from_text("p"), cpu, memory };
        let mut all: Vec<_> = (0..20).map(|i| process(i, i as f32 / 100.0, u64::from(100 - i))).collect();
        let pids: Vec<_> = busiest(&mut all).iter().map(|process| process.pid).collect();
        assert_eq!(pids, [19, 18, 17, 16, 15, 2, 1, 0]);
    }

    #[test]
    fn what_lies_under_another_mount_is_not_asked_for() {
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path().display();
        let text = format!(
            "rootfs / rootfs rw 0 0\n/dev/vda1 / ext4 rw 0 0\n/dev/vdb1 {here} ext4 rw 0 0\nserver:/x {here} nfs4 rw 0 0\n"
        );
        let mounts = directory.path().join("mounts");
        fs::write(&mounts, text).unwrap();
        let found: Vec<_> =
            disks(&mounts).into_iter().map(|disk| (disk.mount.to_string(), disk.device.to_string())).collect();
        assert_eq!(found, [("/".to_owned(), "/dev/vda1".to_owned())]);
    }

    #[test]
    fn the_busiest_and_the_largest_processes_are_shown_busiest_first() {
        let process = |pid: u32, cpu: f32, memory: u64| Process { pid, name: Line::from_text("p"), cpu, memory };
        // 1 to 10 are ever busier, 11 to 20 are idle and ever larger.
        let busy = (1_u8..=10).map(|pid| process(pid.into(), f32::from(pid), 1));
        let large = (11_u8..=20).map(|pid| process(pid.into(), 0.0, u64::from(pid) * 100));
        let mut all: Vec<_> = busy.chain(large).collect();
        let pids: Vec<_> = busiest(&mut all).iter().map(|process| process.pid).collect();
        assert_eq!(pids, [10, 9, 8, 7, 6, 20, 19, 18]);
    }
}
