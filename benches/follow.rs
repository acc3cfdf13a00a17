//! Following a file that rests or grows by up to 200,000 lines a second: how old the newest line is that one sees, just
//! before a newer one comes, and what that costs.
//!
//! The writer is a process of its own, so that its time is not counted as ours. Every millisecond it writes what is due;
//! each line carries the time at which it was written. Beside it stands what `tail -F` costs in the same way.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crashcart::clock::Clock;
use crashcart::model::id::LogSourceId;
use crashcart::model::log::{LogOrigin, LogSourceSpec};
use crashcart::model::text::Line;
use crashcart::tail::{Options, TailEvent, follow};
use tokio::sync::mpsc::channel;
use tokio_util::sync::CancellationToken;

const RUN: Duration = Duration::from_secs(8);

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, path, rate] = arguments.as_slice()
        && word == "write"
    {
        return write(Path::new(path), rate.parse().map_err(io::Error::other)?);
    }
    let place = tempfile::tempdir()?;
    idle(place.path(), 20)?;
    println!(
        "{:>10} {:12} {:>10} {:>10} {:>10} {:>8} {:>10}",
        "lines/s", "", "p50 ms", "p95 ms", "max ms", "CPU %", "lines"
    );
    for rate in [1_000, 10_000, 100_000, 200_000] {
        let log = place.path().join(format!("{rate}.log"));
        File::create(&log)?;
        print(rate, "crashcart", ours(&log, rate)?);
        File::create(&log)?;
        print(rate, "tail -F", theirs(&log, rate)?);
    }
    Ok(())
}

/// Follows files that nobody writes to, and prints how often that wakes us.
fn idle(place: &Path, files: usize) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let specs: Vec<LogSourceSpec> =
            (0..files).map(|number| spec(&place.join(format!("idle-{number}.log")))).collect();
        for spec in &specs {
            std::fs::write(spec.id.as_str(), "one\n")?;
        }
        let (sender, mut events) = channel(8);
        let cancel = CancellationToken::new();
        let followed = follow(specs, Options::default(), Clock::system(), sender, cancel.clone())?;
        let settled = tokio::time::Instant::now() + Duration::from_secs(2);
        while let Ok(Some(_)) = tokio::time::timeout_at(settled, events.recv()).await {}
        let (begun, busy, woken) = (Instant::now(), busy_of("self")?, wake_ups()?);
        let _ = tokio::time::timeout(RUN, events.recv()).await;
        let took = begun.elapsed().as_secs_f64();
        let (busy, woken) = ((busy_of("self")? - busy).as_secs_f64(), wake_ups()? - woken);
        println!("{files} files at rest: {:.1} wake-ups/s, {:.2} % CPU", woken as f64 / took, 100.0 * busy / took);
        cancel.cancel();
        followed.ended().await;
        Ok(())
    })
}

/// Returns how often any thread of ours has begun to run again after waiting.
fn wake_ups() -> io::Result<u64> {
    let mut woken = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let status = std::fs::read_to_string(task?.path().join("status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        woken += line.and_then(|count| count.trim().parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(woken)
}

fn spec(path: &Path) -> LogSourceSpec {
    let name = path.display().to_string();
    let (id, title) = (LogSourceId::new(&name), Line::from_text(&name));
    LogSourceSpec { id, service: None, title, origin: LogOrigin::File(path.to_owned()) }
}

struct Measured {
    ages: Vec<Duration>,
    busy: Duration,
    took: Duration,
    lines: u64,
}

fn print(rate: u64, who: &str, mut measured: Measured) {
    measured.ages.sort();
    let ages = &measured.ages;
    let age = |part: usize| ages.get((ages.len() * part / 100).min(ages.len().saturating_sub(1)));
    let milli = |age: Option<&Duration>| age.map_or("-".to_owned(), |age| format!("{:.1}", age.as_secs_f64() * 1000.0));
    let cpu = 100.0 * measured.busy.as_secs_f64() / measured.took.as_secs_f64();
    let (p50, p95, max) = (milli(age(50)), milli(age(95)), milli(age(100)));
    println!("{rate:>10} {who:12} {p50:>10} {p95:>10} {max:>10} {cpu:>8.2} {:>10}", measured.lines);
}

fn ours(log: &Path, rate: u64) -> io::Result<Measured> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let (sender, mut events) = channel(8);
        let (clock, cancel) = (Clock::system(), CancellationToken::new());
        let followed = follow(vec![spec(log)], Options::default(), clock.clone(), sender, cancel.clone())?;
        let mut writer = start_writer(log, rate)?;
        let (begun, busy) = (Instant::now(), busy_of("self")?);
        let (mut ages, mut lines, mut newest) = (Vec::new(), 0, None);
        while let Ok(Some(event)) = tokio::time::timeout(RUN.saturating_sub(begun.elapsed()), events.recv()).await {
            let TailEvent::Lines(batch) = event else { continue };
            lines += batch.lines.len() as u64 + batch.dropped;
            if let Some(line) = batch.lines.last() {
                ages.extend(newest.map(|newest| age(newest, &clock)));
                newest = written_at(line.text.as_str());
            }
        }
        let (took, busy) = (begun.elapsed(), busy_of("self")? - busy);
        writer.kill()?;
        writer.wait()?;
        cancel.cancel();
        followed.ended().await;
        Ok(Measured { ages, busy, took, lines })
    })
}

fn theirs(log: &Path, rate: u64) -> io::Result<Measured> {
    let mut tail = Command::new("tail").arg("-F").arg(log).stdout(Stdio::piped()).spawn()?;
    let output = tail.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut writer = start_writer(log, rate)?;
    let (begun, clock) = (Instant::now(), Clock::system());
    let (mut ages, mut lines, mut newest) = (Vec::new(), 0, None);
    let mut output = BufReader::new(output);
    let mut line = String::new();
    while begun.elapsed() < RUN && output.read_line(&mut line)? > 0 {
        lines += 1;
        // Only of the newest line that is there: what stands behind it in the buffer is newer.
        if !output.buffer().contains(&b'\n') {
            ages.extend(newest.map(|newest| age(newest, &clock)));
            newest = written_at(&line);
        }
        line.clear();
    }
    let busy = busy_of(&tail.id().to_string())?;
    let took = begun.elapsed();
    for process in [&mut writer, &mut tail] {
        process.kill()?;
        process.wait()?;
    }
    Ok(Measured { ages, busy, took, lines })
}

fn written_at(line: &str) -> Option<i64> {
    line.rsplit('=').next()?.trim().parse().ok()
}

fn age(written: i64, clock: &Clock) -> Duration {
    Duration::from_micros(u64::try_from(clock.now().as_micros() - written).unwrap_or(0))
}

/// Returns the processor time that a process has used, in the kernel's ticks of a hundredth of a second.
fn busy_of(process: &str) -> io::Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ');
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}

fn start_writer(log: &Path, rate: u64) -> io::Result<Child> {
    Command::new(std::env::current_exe()?).arg("write").arg(log).arg(rate.to_string()).spawn()
}

fn write(log: &Path, rate: u64) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).open(log)?;
    let (begun, clock) = (Instant::now(), Clock::system());
    let (mut written, mut text) = (0_u64, Vec::new());
    while begun.elapsed() < RUN + Duration::from_secs(5) {
        let due = u64::try_from(begun.elapsed().as_micros()).unwrap_or(0) * rate / 1_000_000;
        text.clear();
        for number in written..due {
            let now = clock.now();
            writeln!(
                text,
                "{now} INFO  request id={number:016x} method=GET path=/api/v1/orders took=12ms at={}",
                now.as_micros()
            )?;
        }
        file.write_all(&text)?;
        written = due;
        #[expect(clippy::disallowed_methods, reason = "a writer's pace is made of pauses")]
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}
