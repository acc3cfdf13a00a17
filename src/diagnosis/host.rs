//! This machine's health: disks that fill, memory that runs out, units that failed.

use std::time::Duration;

use crate::model::host::HostSample;
use crate::model::observed::{Cadence, Freshness};
use crate::model::service::Health;
use crate::model::snapshot::Snapshot;
use crate::model::text::Line;
use crate::model::time::Timestamp;

/// How often this machine is looked at.
pub const CADENCE: Cadence = Cadence { every: Duration::from_secs(5), timeout: Duration::from_secs(5) };

/// At this share of a disk in use, programs begin to fail: databases and package managers refuse work before 100 %.
const DISK_DOWN: f32 = 0.97;
const DISK_DEGRADED: f32 = 0.90;
/// A disk that is full within this time is tonight's problem, however empty it looks.
const DISK_FULL_SOON: Duration = Duration::from_secs(2 * 3600);
const DISK_FULL_NOW: Duration = Duration::from_secs(15 * 60);
/// Above this the kernel starts to reclaim hard and the OOM killer is near.
const MEMORY_DOWN: f32 = 0.97;
const MEMORY_DEGRADED: f32 = 0.90;
/// Load per core at which everything waits.
const LOAD_DEGRADED: f32 = 2.0;

/// What this machine is, and why.
#[derive(Clone, PartialEq, Debug)]
pub struct HostHealth {
    pub health: Health,
    pub freshness: Freshness,
    /// Why, worst first.
    pub reasons: Vec<(Health, Line)>,
}

/// Judges the last sample of this machine.
pub fn judge(snapshot: &Snapshot, now: Timestamp) -> HostHealth {
    let freshness = snapshot.host.freshness(CADENCE, now);
    let Some(sample) = snapshot.host.value.as_ref().filter(|_| freshness.is_live()) else {
        return HostHealth { health: Health::Unknown, freshness, reasons: Vec::new() };
    };
    let mut reasons = disks(sample, snapshot);
    match sample.memory.share() {
        Some(share) if share >= MEMORY_DOWN => reasons.push((Health::Down, percent("memory", share))),
        Some(share) if share >= MEMORY_DEGRADED => reasons.push((Health::Degraded, percent("memory", share))),
        _ => {}
    }
    let per_core = sample.load[1] / f32::from(sample.cores.max(1));
    if per_core >= LOAD_DEGRADED {
        let text = format!("load {:.1} over 5 minutes on {} cores", sample.load[1], sample.cores);
        reasons.push((Health::Degraded, Line::from_text(&text)));
    }
    for unit in sample.failed_units.iter().flatten() {
        reasons.push((Health::Degraded, Line::from_text(&format!("systemd unit {unit} has failed"))));
    }
    reasons.sort_by_key(|(health, _)| *health);
    let health = reasons.first().map_or(Health::Healthy, |(health, _)| *health);
    HostHealth { health, freshness, reasons }
}

fn disks(sample: &HostSample, snapshot: &Snapshot) -> Vec<(Health, Line)> {
    let mut reasons = Vec::new();
    for disk in &sample.disks {
        let share = disk.share();
        let left = snapshot.host_history.time_to_full(&disk.mount);
        let soon = left.filter(|left| *left <= DISK_FULL_SOON);
        let health = if share >= DISK_DOWN || soon.is_some_and(|left| left <= DISK_FULL_NOW) {
            Health::Down
        } else if share >= DISK_DEGRADED || soon.is_some() {
            Health::Degraded
        } else {
            continue;
        };
        // A disk of which nothing can be written is the end; one that is only read is not.
        if disk.read_only && soon.is_none() {
            continue;
        }
        let mut text = percent(&format!("disk {}", disk.mount), share).to_string();
        if let Some(left) = soon {
            text.push_str(&format!(", full in about {} min at this rate", left.as_secs().div_ceil(60)));
        }
        reasons.push((health, Line::from_text(&text)));
    }
    for disk in &sample.disks {
        if let Some((total, free)) = disk.inodes
            && total > 0
            && !disk.read_only
            && free.saturating_mul(50) < total
        {
            let text = format!("disk {} has {free} of {total} inodes left", disk.mount);
            reasons.push((Health::Degraded, Line::from_text(&text)));
        }
    }
    reasons
}

fn percent(what: &str, share: f32) -> Line {
    Line::from_text(&format!("{what} {:.0} % full", share * 100.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::host::{Disk, Memory};

    pub(crate) fn sample() -> HostSample {
        HostSample {
            at: Timestamp::from_secs(100),
            name: Line::from_text("web1"),
            cpu: Some(0.1),
            cores: 2,
            load: [0.1; 3],
            memory: Memory { total: 1_000, used: 300 },
            swap: Memory::default(),
            disks: vec![Disk {
                mount: Line::from_text("/"),
                device: Line::from_text("/dev/sda1"),
                total: 1_000,
                available: 500,
                inodes: None,
                read_only: false,
            }],
            top: Vec::new(),
            failed_units: None,
            uptime: Duration::from_secs(60),
        }
    }

    fn check(change: impl FnOnce(&mut HostSample), expected: &[(Health, &str)]) {
        let mut sample = sample();
        change(&mut sample);
        let catalog = crate::model::catalog::Catalog::default();
        let mut snapshot = Snapshot::default();
        snapshot.apply(&catalog, crate::model::snapshot::Update::Host(sample));
        let found = judge(&snapshot, Timestamp::from_secs(101));
        let reasons: Vec<_> = found.reasons.iter().map(|(health, text)| (*health, text.as_str())).collect();
        assert_eq!(reasons, expected);
        assert_eq!(found.health, expected.first().map_or(Health::Healthy, |first| first.0));
    }

    #[test]
    fn each_shortage_is_named_with_its_number() {
        check(|_| {}, &[]);
        check(|host| host.disks[0].available = 20, &[(Health::Down, "disk / 98 % full")]);
        check(|host| host.disks[0].available = 80, &[(Health::Degraded, "disk / 92 % full")]);
        check(|host| host.memory.used = 980, &[(Health::Down, "memory 98 % full")]);
        check(|host| host.load = [9.0, 5.0, 1.0], &[(Health::Degraded, "load 5.0 over 5 minutes on 2 cores")]);
        check(
            |host| host.failed_units = Some(vec![Line::from_text("nginx.service")]),
            &[(Health::Degraded, "systemd unit nginx.service has failed")],
        );
        check(
            |host| host.disks[0].inodes = Some((1_000, 5)),
            &[(Health::Degraded, "disk / has 5 of 1000 inodes left")],
        );
    }

    #[test]
    fn an_old_sample_says_nothing() {
        let mut snapshot = Snapshot::default();
        let catalog = crate::model::catalog::Catalog::default();
        snapshot.apply(&catalog, crate::model::snapshot::Update::Host(sample()));
        assert_eq!(judge(&snapshot, Timestamp::from_secs(200)).health, Health::Unknown);
    }
}
