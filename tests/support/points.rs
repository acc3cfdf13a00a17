//! Killing a worker at every point at which it can be killed.

/// Tries points from the first on, so many at once, until one is not reached any more. `dies_at` says whether it was. Most of the
/// time is waiting for a dead worker's lease to turn stale.
pub fn at_each(most: u64, at_once: u64, least: usize, dies_at: impl Fn(u64) -> bool + Copy + Send + Sync) {
    let mut killed = 0;
    for first in (1..most).step_by(usize::try_from(at_once).unwrap()) {
        let points: Vec<bool> = std::thread::scope(|scope| {
            let points: Vec<_> = (first..first + at_once).map(|point| scope.spawn(move || dies_at(point))).collect();
            points.into_iter().map(|point| point.join().expect("a point failed")).collect()
        });
        killed += points.iter().filter(|died| **died).count();
        if points.contains(&false) {
            assert!(killed > least, "only {killed} points");
            return;
        }
    }
    panic!("it was killed at every one of {most} points");
}
