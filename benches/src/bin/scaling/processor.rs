//! Which processors there are to run on, and how long threads did, as Linux tells it.

use std::fs;
use std::time::Duration;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The name of the router's threads.
pub(crate) const WORKER: &str = "router-worker";

/// What all workers have used so far; nothing where the system does not tell.
pub(crate) fn of_workers() -> Duration {
    let Ok(threads) = fs::read_dir("/proc/self/task") else { return Duration::ZERO };
    let used = |thread: fs::DirEntry| {
        let name = fs::read_to_string(thread.path().join("comm")).ok()?;
        // The first number: nanoseconds on a processor.
        let times = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        let nanoseconds: u64 = times.split(' ').next()?.parse().ok()?;
        (name.trim() == WORKER).then_some(nanoseconds)
    };
    Duration::from_nanos(threads.flatten().filter_map(used).sum())
}

/// Does something with so many of the processors that there are, as do all threads that it begins.
pub(crate) fn with_cores<T>(cores: usize, something: impl FnOnce() -> T) -> T {
    let all = sched_getaffinity(None).unwrap();
    let mut some = CpuSet::new();
    (0..CpuSet::MAX_CPU).filter(|cpu| all.is_set(*cpu)).take(cores).for_each(|cpu| some.set(cpu));
    sched_setaffinity(None, &some).unwrap();
    let outcome = something();
    sched_setaffinity(None, &all).unwrap();
    outcome
}
