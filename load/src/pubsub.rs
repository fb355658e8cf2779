//! Events: publishers, and subscribers that count every one.
//!
//! Every publication carries the number of its publisher, its own number, and the moment at which it was to be sent.
//!
//! ```text
//!   PUBLISH   [16, id, {},                          topic, [publisher, number, moment, "payload"]]
//!   EVENT     [36, subscription, publication, {},          [publisher, number, moment, "payload"]]
//! ```
//!
//! Where no WAMP is spoken the subscriber gets the PUBLISH: its elements stand in the same places.

mod publisher;
mod subscriber;

use std::rc::Rc;

use serde::Serialize;

use crate::clock;
use crate::drive::{Phase, Run};
use crate::engine::{Load, Wakes};
use crate::error::Fault;
use crate::format::Format;
use crate::histogram::Histogram;
use crate::outbox::Outbox;
use crate::pace::Pace;
use publisher::Publisher;
use subscriber::Subscriber;

/// What arrived.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PubsubChecks {
    /// Publications.
    pub published: u64,
    /// Events that have to come: one for each publication and subscriber.
    pub expected: u64,
    /// Events that came, with exactly what was published.
    pub received: u64,
    /// Events that did not come.
    pub lost: u64,
    /// Events that came twice, or after a later one of the same publisher.
    pub out_of_order: u64,
    /// Events with something else than was published.
    pub wrong: u64,
    /// ERRORs in place of an acknowledgement.
    pub refused: u64,
    /// Acknowledgements that did not come.
    pub acks_missing: u64,
}

/// How it is done.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) format: Format,
    pub(crate) peer_format: Format,
    pub(crate) publishers: usize,
    pub(crate) subscribers: usize,
    /// Publications without acknowledgement at most; without it none is asked for.
    pub(crate) acks: Option<u64>,
    /// Publications of one publisher at most that have not been delivered, on the average of the subscribers.
    pub(crate) window: Option<u64>,
    pub(crate) payload: Rc<str>,
    pub(crate) count: Option<u64>,
    pub(crate) rate: Option<f64>,
    pub(crate) topic: String,
}

/// A run. Connections: first the subscribers, then the publishers.
pub(crate) struct Pubsub {
    subscribers: Vec<Subscriber>,
    publishers: Vec<Publisher>,
    pace: Option<Pace>,
    tally: Tally,
}

/// What all count together.
#[derive(Debug)]
struct Tally {
    format: Format,
    payload: Rc<str>,
    phase: Phase,
    checks: PubsubChecks,
    /// The first mistake of each kind, for people.
    problems: Vec<String>,
    /// Why the run can't go on.
    broken: Option<String>,
    acknowledged: u64,
    counted: u64,
    latency: Histogram,
    /// Publishers that wait for deliveries.
    held: Vec<usize>,
    /// What had arrived when it was last looked at, and when that was.
    last: (u64, u64),
}

impl Tally {
    /// Remembers a mistake if it is the first of its kind.
    fn problem(&mut self, how_many: u64, describe: impl FnOnce() -> String) {
        if how_many == 0 {
            self.problems.push(describe());
        }
    }
}

impl Pubsub {
    pub(crate) fn new(settings: &Settings) -> Pubsub {
        let publishers = settings.publishers as u64;
        let quota = |i: u64| {
            settings.count.map_or(u64::MAX, |count| count / publishers + u64::from(i < count % publishers))
        };
        let tally = Tally {
            format: settings.peer_format,
            payload: Rc::clone(&settings.payload),
            phase: Phase::WarmUp,
            checks: PubsubChecks::default(),
            problems: Vec::new(),
            broken: None,
            acknowledged: 0,
            counted: 0,
            latency: Histogram::default(),
            held: Vec::new(),
            last: (0, clock::now()),
        };
        Pubsub {
            subscribers: (0..settings.subscribers).map(|_| Subscriber::new(settings.publishers)).collect(),
            publishers: (0..settings.publishers)
                .map(|i| Publisher::new(settings, i, quota(i as u64)))
                .collect(),
            pace: settings.rate.map(|rate| Pace::new(rate, settings.publishers)),
            tally,
        }
    }

    /// Everything that has to be sent first, in the order of the connections.
    pub(crate) fn begin(&self, wakes: &mut Wakes) {
        (0..self.publishers.len()).for_each(|i| wakes.wake(self.subscribers.len() + i));
    }

    /// The result, and what people are told about it.
    pub(crate) fn finish(self) -> (PubsubChecks, Vec<String>) {
        let Tally { mut checks, mut problems, broken, acknowledged, .. } = self.tally;
        problems.extend(broken);
        checks.published = self.publishers.iter().map(Publisher::sent).sum();
        checks.expected = checks.published * self.subscribers.len() as u64;
        checks.lost = checks.expected.saturating_sub(checks.received);
        if self.publishers.iter().any(Publisher::wants_acks) {
            checks.acks_missing = checks.published.saturating_sub(acknowledged);
        }
        (checks, problems)
    }
}

impl Load for Pubsub {
    #[inline]
    fn message(
        &mut self,
        link: usize,
        message: &[u8],
        _: u32,
        now: u64,
        _: &mut Outbox,
    ) -> Result<(), Fault> {
        match link.checked_sub(self.subscribers.len()) {
            None => self.subscribers[link].message(link, message, now, &mut self.publishers, &mut self.tally),
            Some(publisher) => self.publishers[publisher].message(message, &mut self.tally),
        }
    }

    #[inline]
    fn burst(&mut self, _: usize, wakes: &mut Wakes) {
        let (publishers, subscribers) = (&self.publishers, self.subscribers.len());
        self.tally.held.retain(|&held| {
            let open = publishers[held].may_publish();
            if open {
                wakes.wake(subscribers + held);
            }
            !open
        });
    }

    #[inline]
    fn produce(&mut self, link: usize, now: u64, out: &mut Outbox) {
        if let Some(i) = link.checked_sub(self.subscribers.len())
            && self.tally.phase != Phase::Drain
        {
            let held = self.publishers[i].produce(now, self.pace.as_ref(), out);
            if held && !self.tally.held.contains(&i) {
                self.tally.held.push(i);
            }
        }
    }

    fn due(&mut self, now: u64, wakes: &mut Wakes) -> Option<u64> {
        let subscribers = self.subscribers.len();
        Some(self.pace.as_mut()?.due(now, |publisher| wakes.wake(subscribers + publisher)))
    }

    fn failed(&mut self, link: usize, fault: &Fault) {
        let name = match link.checked_sub(self.subscribers.len()) {
            None => format!("subscriber {link}"),
            Some(publisher) => format!("publisher {publisher}"),
        };
        self.tally.broken.get_or_insert_with(|| format!("{name}: {fault}"));
    }
}

impl Run for Pubsub {
    fn enter(&mut self, phase: Phase) {
        self.tally.phase = phase;
    }

    fn outstanding(&self) -> u64 {
        self.publishers.iter().map(Publisher::outstanding).sum()
    }

    fn is_exhausted(&self) -> bool {
        self.publishers.iter().all(Publisher::is_exhausted)
    }

    fn arrived(&self) -> u64 {
        let PubsubChecks { received, wrong, out_of_order, .. } = self.tally.checks;
        received + wrong + out_of_order + self.tally.acknowledged
    }

    /// Events have no deadline of their own: a slow subscriber is no lost event. Only when nothing at all has come for
    /// so long is the rest given up, and the publishers go on.
    fn write_off(&mut self, now: u64, patience: u64) {
        let arrived = self.arrived();
        if arrived != self.tally.last.0 || self.outstanding() == 0 {
            self.tally.last = (arrived, now);
        } else if now - self.tally.last.1 > patience {
            self.tally.last.1 = now;
            self.publishers.iter_mut().for_each(Publisher::write_off);
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
