//! Joins: how fast, and what a session costs that does nothing.

use std::iter::repeat_n;
use std::thread::sleep;
use std::time::Duration;

use crate::clock;
use crate::drive::Meter;
use crate::engine::{Engine, Load, Wakes};
use crate::error::{Error, Fault};
use crate::histogram::Histogram;
use crate::opening::Plan;
use crate::options::ConnectOptions;
use crate::outbox::Outbox;
use crate::process;
use crate::progress::Progress;
use crate::report::{Checks, Memory, Report, round};

/// Joins, waits, leaves; fills in the report.
pub(crate) fn run(
    plan: Plan,
    options: &ConnectOptions,
    report: &mut Report,
    progress: &mut Progress<'_>,
) -> Result<(), Error> {
    let pid = options.target.router_pid;
    let before = pid.map(process::usage);
    let mut engine = Engine::new()?;
    let (mut joined, mut failed) = (0, 0);
    let mut latency = Histogram::default();
    progress.label("joining");
    let meter = Meter::start(pid);
    let plans = repeat_n(plan, options.sessions);
    engine.open(plans, options.concurrency, None, options.timeout, |opened| {
        match opened {
            Ok(nanoseconds) => {
                joined += 1;
                latency.record(nanoseconds);
            }
            Err((error, _)) if failed == 0 => {
                failed += 1;
                report.problems.push(error.to_string());
            }
            Err(_) => failed += 1,
        }
        progress.steps(joined + failed, options.sessions);
    })?;
    let window = meter.stop();
    progress.label(format!("{joined} sessions are idle"));
    progress.steps(joined, options.sessions);
    let mut sleepers = Sleepers::default();
    wait(&mut engine, &mut sleepers, options.settle)?;
    let idle = Meter::start(pid);
    wait(&mut engine, &mut sleepers, options.hold)?;
    let idle = idle.stop();
    drop(engine);
    sleep(options.settle);
    report.memory = before.zip(idle.router).map(|(before, (from, to))| Memory {
        before_kib: before.rss_kib,
        joined_kib: from.rss_kib,
        after_kib: pid.map_or(0, |pid| process::usage(pid).rss_kib),
        kib_per_session: round(from.rss_kib.saturating_sub(before.rss_kib) as f64 / joined.max(1) as f64),
        idle_cores: round((to.cpu_s - from.cpu_s) / idle.seconds.max(1e-9)),
    });
    report.checks =
        Checks::Connect { joined: joined as u64, failed: failed as u64, dropped: sleepers.dropped };
    report.measure(&window, joined as u64, latency);
    Ok(())
}

/// Answers PINGs for so long.
fn wait(engine: &mut Engine, sleepers: &mut Sleepers, time: Duration) -> Result<(), Error> {
    let until = clock::now() + time.as_nanos() as u64;
    while let left @ 1.. = until.saturating_sub(clock::now()) {
        engine.turn(sleepers, Duration::from_nanos(left)).map_err(Error::system("epoll"))?;
    }
    Ok(())
}

/// Sessions that say nothing.
#[derive(Debug, Default)]
struct Sleepers {
    /// How many ended before they were told to.
    dropped: u64,
}

impl Load for Sleepers {
    fn message(&mut self, _: usize, _: &[u8], _: u32, _: u64, _: &mut Outbox) -> Result<(), Fault> {
        Ok(())
    }

    fn burst(&mut self, _: usize, _: &mut Wakes) {}

    fn produce(&mut self, _: usize, _: u64, _: &mut Outbox) {}

    fn due(&mut self, _: u64, _: &mut Wakes) -> Option<u64> {
        None
    }

    fn failed(&mut self, _: usize, _: &Fault) {
        self.dropped += 1;
    }
}
