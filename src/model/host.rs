//! This machine: processor, memory, disks, processes.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::text::Line;
use super::time::Timestamp;

/// One look at this machine.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct HostSample {
    pub at: Timestamp,
    pub name: Line,
    /// Share of all processors that was busy since the last sample, 0 to 1; `None` in the first sample.
    pub cpu: Option<f32>,
    pub cores: u16,
    /// Load averages over 1, 5 and 15 minutes.
    pub load: [f32; 3],
    pub memory: Memory,
    pub swap: Memory,
    pub disks: Vec<Disk>,
    /// The processes that use most processor time or memory, busiest first.
    pub top: Vec<Process>,
    /// Units that systemd reports as failed; `None` where there is no systemd.
    pub failed_units: Option<Vec<Line>>,
    #[serde(with = "super::time::millis")]
    pub uptime: Duration,
}

/// Bytes of memory (or swap), total and in use. In use means: not available to a program that asks for more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Memory {
    pub total: u64,
    pub used: u64,
}

impl Memory {
    /// Returns the share in use, 0 to 1, or `None` when there is none at all.
    pub fn share(self) -> Option<f32> {
        #[expect(clippy::cast_precision_loss, reason = "a share for people to read")]
        (self.total > 0).then(|| self.used as f32 / self.total as f32)
    }
}

/// One mounted file system.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Disk {
    pub mount: Line,
    pub device: Line,
    /// Bytes.
    pub total: u64,
    /// Bytes that an ordinary user can still write.
    pub available: u64,
    /// Inodes in total and free; `None` where the file system has no such limit.
    pub inodes: Option<(u64, u64)>,
    pub read_only: bool,
}

impl Disk {
    /// Returns the share of bytes in use, 0 to 1.
    pub fn share(&self) -> f32 {
        let used = Memory { total: self.total, used: self.total.saturating_sub(self.available) };
        used.share().unwrap_or(0.0)
    }
}

/// One process.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Process {
    pub pid: u32,
    pub name: Line,
    /// Share of one processor, 0 to the number of cores.
    pub cpu: f32,
    /// Resident bytes.
    pub memory: u64,
}

/// What has been seen of this machine over the last while.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct HostHistory {
    /// Time, processor share, memory share; oldest first.
    pub load: VecDeque<(Timestamp, f32, f32)>,
    /// Per mount point: time and available bytes; oldest first.
    pub disks: Vec<(Line, VecDeque<(Timestamp, u64)>)>,
}

impl HostHistory {
    /// Ten minutes at one sample every two seconds.
    const LOAD_SAMPLES: usize = 300;
    /// An hour at one sample every twenty seconds.
    const DISK_SAMPLES: usize = 180;
    /// Disks fill slowly: samples closer than this add no knowledge.
    const DISK_SPACING: Duration = Duration::from_secs(20);
    /// Below this a trend is noise.
    const FORECAST_NEEDS: Duration = Duration::from_secs(60);
    /// Beyond this a forecast helps nobody tonight.
    const FORECAST_HORIZON: Duration = Duration::from_secs(30 * 24 * 3600);

    /// Adds one sample.
    pub fn record(&mut self, sample: &HostSample) {
        if let Some(cpu) = sample.cpu {
            self.load.push_back((sample.at, cpu, sample.memory.share().unwrap_or(0.0)));
            while self.load.len() > Self::LOAD_SAMPLES {
                self.load.pop_front();
            }
        }
        self.disks.retain(|(mount, _)| sample.disks.iter().any(|disk| &disk.mount == mount));
        for disk in &sample.disks {
            let index = self.disks.iter().position(|(mount, _)| mount == &disk.mount).unwrap_or_else(|| {
                self.disks.push((disk.mount.clone(), VecDeque::new()));
                self.disks.len() - 1
            });
            let samples = &mut self.disks[index].1;
            let spaced = samples.back().is_none_or(|(at, _)| sample.at.since(*at) >= Self::DISK_SPACING);
            // A fast leak must be seen within seconds, so early samples are kept closer together.
            if spaced || samples.len() < 10 {
                samples.push_back((sample.at, disk.available));
                while samples.len() > Self::DISK_SAMPLES {
                    samples.pop_front();
                }
            }
        }
    }

    /// Returns how long until `mount` is full if it goes on filling as it has, or `None` when it does not fill.
    ///
    /// A least-squares line through the samples: one big file that comes and goes does not decide alone.
    #[expect(clippy::cast_precision_loss, reason = "an estimate for people to read")]
    pub fn time_to_full(&self, mount: &Line) -> Option<Duration> {
        let (_, samples) = self.disks.iter().find(|(name, _)| name == mount)?;
        let (first, last) = (samples.front()?, samples.back()?);
        if last.0.since(first.0) < Self::FORECAST_NEEDS {
            return None;
        }
        let count = samples.len() as f64;
        let seconds = |at: &Timestamp| at.since(first.0).as_secs_f64();
        let mean_time = samples.iter().map(|(at, _)| seconds(at)).sum::<f64>() / count;
        let mean_free = samples.iter().map(|(_, free)| *free as f64).sum::<f64>() / count;
        let (mut covariance, mut variance) = (0.0, 0.0);
        for (at, free) in samples {
            let offset = seconds(at) - mean_time;
            covariance += offset * (*free as f64 - mean_free);
            variance += offset * offset;
        }
        let bytes_per_second = -(covariance / variance);
        let left = last.1 as f64 / bytes_per_second;
        (bytes_per_second > 0.0 && left.is_finite() && left < Self::FORECAST_HORIZON.as_secs_f64())
            .then(|| Duration::from_secs_f64(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(free_at: impl Fn(i64) -> u64) -> HostHistory {
        let samples = (0..10).map(|i| (Timestamp::from_secs(i * 20), free_at(i * 20))).collect();
        HostHistory { load: VecDeque::new(), disks: vec![(Line::from_text("/"), samples)] }
    }

    #[test]
    fn a_disk_that_fills_steadily_says_when_it_is_full() {
        let filling = history(|t| 1_000_000 - 1_000 * u64::try_from(t).unwrap());
        assert_eq!(filling.time_to_full(&Line::from_text("/")), Some(Duration::from_secs(820)));
    }

    #[test]
    fn a_disk_that_does_not_fill_makes_no_forecast() {
        assert_eq!(history(|_| 5_000).time_to_full(&Line::from_text("/")), None);
        assert_eq!(history(|t| 5_000 + u64::try_from(t).unwrap()).time_to_full(&Line::from_text("/")), None);
        assert_eq!(history(|_| 5_000).time_to_full(&Line::from_text("/other")), None);
    }
}
