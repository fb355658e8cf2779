//! What a process and its descendants cost, as Linux counts it below `/proc`.

use std::fs;

/// A look at them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// CPU time of all threads, user and system, in seconds. The clock has steps of 10 ms on most systems.
    pub(crate) cpu_s: f64,
    /// Resident memory.
    pub(crate) rss_kib: u64,
    /// The most resident memory there ever was.
    pub(crate) peak_rss_kib: u64,
    pub(crate) processes: u64,
    pub(crate) threads: u64,
}

/// Of the process `pid` and all that descend from it. Nothing where there is no such process.
pub(crate) fn usage(pid: u32) -> Usage {
    let mut usage = Usage::default();
    for (pid, stat) in family(pid) {
        let [rss, peak] = memory(pid);
        usage.cpu_s += stat.cpu_s;
        usage.rss_kib += rss;
        usage.peak_rss_kib += peak;
        usage.processes += 1;
        usage.threads += stat.threads;
    }
    usage
}

/// CPU seconds of this very process.
pub(crate) fn own_cpu_s() -> f64 {
    stat(std::process::id()).map_or(0.0, |stat| stat.cpu_s)
}

struct Stat {
    parent: u32,
    cpu_s: f64,
    threads: u64,
}

fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    parse(&text, rustix::param::clock_ticks_per_second())
}

/// The name of the program stands in parentheses and may contain anything; what follows are numbers.
fn parse(stat: &str, ticks_per_second: u64) -> Option<Stat> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let number = |i: usize| fields.get(i)?.parse::<u64>().ok();
    let cpu_s = (number(11)? + number(12)?) as f64 / ticks_per_second as f64;
    Some(Stat { parent: u32::try_from(number(1)?).ok()?, cpu_s, threads: number(17)? })
}

fn family(pid: u32) -> Vec<(u32, Stat)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut others: Vec<(u32, Stat)> = pids.filter_map(|pid| Some((pid, stat(pid)?))).collect();
    let mut family: Vec<(u32, Stat)> = others.extract_if(.., |(other, _)| *other == pid).collect();
    let mut seen = 0;
    while let Some(&(parent, _)) = family.get(seen) {
        family.extend(others.extract_if(.., |(_, stat)| stat.parent == parent));
        seen += 1;
    }
    family
}

/// Resident memory and its peak, in KiB.
fn memory(pid: u32) -> [u64; 2] {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    ["VmRSS:", "VmHWM:"].map(|name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.split_ascii_whitespace().next()?.parse().ok()).unwrap_or(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_programs_may_look_like_anything() {
        let line = "7 (a) 1 2 (b) S 3 7 7 0 -1 4194304 1 2 3 4 150 50 6 7 20 0 9 0 11 12 13";
        let stat = parse(line, 100).unwrap();
        assert_eq!((stat.parent, stat.cpu_s, stat.threads), (3, 2.0, 9));
        assert!(parse("7 (a) S 3", 100).is_none());
    }

    #[test]
    fn this_process_is_alive_and_a_foreign_number_is_nobody() {
        let usage = super::usage(std::process::id());
        assert!(usage.processes >= 1 && usage.threads >= 1 && usage.rss_kib > 0, "{usage:?}");
        assert!(usage.peak_rss_kib >= usage.rss_kib);
        assert_eq!(super::usage(u32::MAX).processes, 0);
    }
}
