//! The phases of a run, and what is measured while it lasts.
//!
//! ```text
//!   WarmUp ──time──> Measure ──time, or the count is reached──> Drain ──everything came, or nothing does──> over
//!            └ counting begins       └ counting ends, nothing new is sent
//! ```

use std::time::Duration;

use crate::clock::{self, seconds};
use crate::engine::{Engine, Load};
use crate::error::Error;
use crate::histogram::Histogram;
use crate::process::{self, Usage};
use crate::progress::Progress;

/// What a run is about; the phases look at it from outside.
pub(crate) trait Run: Load {
    /// Counts and sends according to the phase.
    fn enter(&mut self, phase: Phase);

    /// What still has to come.
    fn outstanding(&self) -> u64;

    /// Whether everything was sent that was to be sent.
    fn is_exhausted(&self) -> bool;

    /// What came, in all phases; as long as it grows nothing is given up.
    fn arrived(&self) -> u64;

    /// Stops waiting for what has been outstanding for `patience` nanoseconds.
    fn write_off(&mut self, now: u64, patience: u64);

    /// What was counted while measuring.
    fn counted(&self) -> u64;

    fn latency(&self) -> &Histogram;

    /// The first connection that failed, and why; it ends the run.
    fn broken(&self) -> Option<&str>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    WarmUp,
    Measure,
    Drain,
}

/// How long the phases last.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    pub(crate) warmup: Duration,
    pub(crate) duration: Duration,
    /// After which an answer counts as lost.
    pub(crate) patience: Duration,
    pub(crate) router_pid: Option<u32>,
}

/// The measured interval.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Window {
    pub(crate) seconds: f64,
    pub(crate) own_cpu_s: f64,
    /// Before and after.
    pub(crate) router: Option<(Usage, Usage)>,
}

/// The beginning of such an interval.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Meter {
    began: u64,
    own_cpu_s: f64,
    router: Option<(u32, Usage)>,
}

impl Meter {
    pub(crate) fn start(router_pid: Option<u32>) -> Meter {
        let router = router_pid.map(|pid| (pid, process::usage(pid)));
        Meter { began: clock::now(), own_cpu_s: process::own_cpu_s(), router }
    }

    pub(crate) fn stop(self) -> Window {
        Window {
            seconds: seconds(clock::now() - self.began),
            own_cpu_s: process::own_cpu_s() - self.own_cpu_s,
            router: self.router.map(|(pid, before)| (before, process::usage(pid))),
        }
    }
}

/// How often the phases are looked at.
const LOOK: Duration = Duration::from_millis(20);

/// Runs all phases.
///
/// # Errors
/// When the system refuses to wait.
pub(crate) fn drive<R: Run>(
    engine: &mut Engine,
    run: &mut R,
    schedule: &Schedule,
    progress: &mut Progress<'_>,
) -> Result<Window, Error> {
    let mut driver = Driver::new(run, schedule);
    while !driver.is_over && run.broken().is_none() {
        engine.turn(run, LOOK).map_err(Error::system("epoll"))?;
        driver.look(run, clock::now());
        progress.show(run.counted(), run.latency());
    }
    Ok(driver.stop())
}

struct Driver {
    schedule: Schedule,
    phase: Phase,
    /// When the phase ends at the latest.
    until: u64,
    meter: Meter,
    window: Option<Window>,
    /// What had arrived when it was last looked at, and since when nothing else did.
    last: (u64, u64),
    is_over: bool,
}

impl Driver {
    fn new(run: &mut impl Run, schedule: &Schedule) -> Driver {
        let now = clock::now();
        run.enter(Phase::WarmUp);
        Driver {
            schedule: *schedule,
            phase: Phase::WarmUp,
            until: after(now, schedule.warmup),
            meter: Meter::start(schedule.router_pid),
            window: None,
            last: (0, now),
            is_over: false,
        }
    }

    fn look(&mut self, run: &mut impl Run, now: u64) {
        let arrived = run.arrived();
        if arrived != self.last.0 {
            self.last = (arrived, now);
        }
        run.write_off(now, self.schedule.patience.as_nanos() as u64);
        let done = run.is_exhausted() && run.outstanding() == 0;
        match self.phase {
            Phase::WarmUp if now >= self.until => {
                self.phase = Phase::Measure;
                self.meter = Meter::start(self.schedule.router_pid);
                self.until = after(clock::now(), self.schedule.duration);
                run.enter(Phase::Measure);
            }
            Phase::Measure if now >= self.until || done => {
                self.window = Some(self.meter.stop());
                self.phase = Phase::Drain;
                run.enter(Phase::Drain);
            }
            Phase::Drain => {
                let silent = now > after(self.last.1, self.schedule.patience);
                self.is_over = run.outstanding() == 0 || silent;
            }
            Phase::WarmUp | Phase::Measure => {}
        }
    }

    fn stop(self) -> Window {
        self.window.unwrap_or_else(|| self.meter.stop())
    }
}

fn after(moment: u64, duration: Duration) -> u64 {
    moment.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
}
