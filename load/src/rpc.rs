//! Calls: callers that keep so many in flight, and callees that answer with what they were sent.
//!
//! Every call carries the number of its caller and its own, and its RESULT has to bring both back together with the
//! payload. So an answer that was mixed up is found as well as one that was changed.
//!
//! ```text
//!   CALL        [48, id, {}, procedure,            [caller, id, "payload"]]
//!   INVOCATION  [68, id, registration, {},         [caller, id, "payload"]]
//!   YIELD       [70, id, {},                       [caller, id, "payload"]]
//!   RESULT      [50, id, {},                       [caller, id, "payload"]]
//! ```
//!
//! Where no WAMP is spoken the callee gets the CALL and the caller the YIELD: their elements stand in the same places.

mod callee;
mod caller;

use std::rc::Rc;

use serde::Serialize;

use crate::drive::{Phase, Run};
use crate::engine::{Load, Wakes};
use crate::error::Fault;
use crate::format::Format;
use crate::histogram::Histogram;
use crate::outbox::Outbox;
use crate::pace::Pace;
use callee::Callee;
use caller::Caller;

/// What came back.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RpcChecks {
    /// Calls.
    pub sent: u64,
    /// RESULTs with exactly what was sent.
    pub answered: u64,
    /// Calls that were not answered in time.
    pub lost: u64,
    /// ERRORs.
    pub refused: u64,
    /// RESULTs with something else than was sent.
    pub wrong: u64,
    /// Answers to calls that were answered already, or that nobody made.
    pub unexpected: u64,
}

/// How it is done.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) format: Format,
    pub(crate) peer_format: Format,
    pub(crate) callers: usize,
    pub(crate) pipeline: usize,
    pub(crate) callees: usize,
    pub(crate) payload: Rc<str>,
    pub(crate) count: Option<u64>,
    pub(crate) rate: Option<f64>,
    pub(crate) procedures: Vec<String>,
}

/// A run. Connections: first the callees, then the callers.
pub(crate) struct Rpc {
    callees: usize,
    callee: Callee,
    callers: Vec<Caller>,
    pace: Option<Pace>,
    tally: Tally,
}

/// What all callers count together.
#[derive(Debug)]
struct Tally {
    phase: Phase,
    checks: RpcChecks,
    /// The first mistake of each kind, for people.
    problems: Vec<String>,
    /// Why the run can't go on.
    broken: Option<String>,
    counted: u64,
    latency: Histogram,
}

impl Tally {
    /// Remembers a mistake if it is the first of its kind.
    fn problem(&mut self, how_many: u64, describe: impl FnOnce() -> String) {
        if how_many == 0 {
            self.problems.push(describe());
        }
    }
}

impl Rpc {
    pub(crate) fn new(settings: &Settings) -> Rpc {
        let callers = settings.callers as u64;
        let quota = |i: u64| {
            settings.count.map_or(u64::MAX, |count| count / callers + u64::from(i < count % callers))
        };
        let tally = Tally {
            phase: Phase::WarmUp,
            checks: RpcChecks::default(),
            problems: Vec::new(),
            broken: None,
            counted: 0,
            latency: Histogram::default(),
        };
        Rpc {
            callees: settings.callees,
            callee: Callee::new(settings.peer_format),
            callers: (0..settings.callers).map(|i| Caller::new(settings, i, quota(i as u64))).collect(),
            pace: settings.rate.map(|rate| Pace::new(rate, settings.callers)),
            tally,
        }
    }

    /// Everything that has to be sent first, in the order of the connections.
    pub(crate) fn begin(&self, wakes: &mut Wakes) {
        (0..self.callers.len()).for_each(|i| wakes.wake(self.callees + i));
    }

    /// The result, and what people are told about it.
    pub(crate) fn finish(self) -> (RpcChecks, Vec<String>) {
        let Tally { mut checks, mut problems, broken, .. } = self.tally;
        problems.extend(broken);
        checks.sent = self.callers.iter().map(Caller::sent).sum();
        checks.lost += self.callers.iter().map(Caller::waiting).sum::<u64>();
        (checks, problems)
    }
}

impl Load for Rpc {
    #[inline]
    fn message(
        &mut self,
        link: usize,
        message: &[u8],
        lane: u32,
        now: u64,
        out: &mut Outbox,
    ) -> Result<(), Fault> {
        match link.checked_sub(self.callees) {
            None => self.callee.message(message, lane, out),
            Some(caller) => self.callers[caller].message(message, now, &mut self.tally),
        }
    }

    fn burst(&mut self, _: usize, _: &mut Wakes) {}

    #[inline]
    fn produce(&mut self, link: usize, now: u64, out: &mut Outbox) {
        if let Some(i) = link.checked_sub(self.callees)
            && self.tally.phase != Phase::Drain
        {
            self.callers[i].produce(now, self.pace.as_ref(), out);
        }
    }

    fn due(&mut self, now: u64, wakes: &mut Wakes) -> Option<u64> {
        let callees = self.callees;
        Some(self.pace.as_mut()?.due(now, |caller| wakes.wake(callees + caller)))
    }

    fn failed(&mut self, link: usize, fault: &Fault) {
        let name = match link.checked_sub(self.callees) {
            None => format!("callee {link}"),
            Some(caller) => format!("caller {caller}"),
        };
        self.tally.broken.get_or_insert_with(|| format!("{name}: {fault}"));
    }
}

impl Run for Rpc {
    fn enter(&mut self, phase: Phase) {
        self.tally.phase = phase;
    }

    fn outstanding(&self) -> u64 {
        self.callers.iter().map(Caller::waiting).sum()
    }

    fn is_exhausted(&self) -> bool {
        self.callers.iter().all(Caller::is_exhausted)
    }

    fn arrived(&self) -> u64 {
        let RpcChecks { answered, refused, wrong, .. } = self.tally.checks;
        answered + refused + wrong
    }

    fn write_off(&mut self, now: u64, patience: u64) {
        for caller in &mut self.callers {
            caller.write_off(now, patience, &mut self.tally);
        }
    }

    fn counted(&self) -> u64 {
        self.tally.counted
    }

    fn latency(&self) -> &Histogram {
        &self.tally.latency
    }

    fn broken(&self) -> Option<&str> {
        self.tally.broken.as_deref()
    }
}
