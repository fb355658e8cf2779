//! Who talks to whom, and how much of it there was.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::Instant;

use crossway_anonymous::Anonymous;
use crossway_core::{RealmConfig, Router};
use tokio::runtime::Runtime;

use crate::clients::Client;
use crate::{ROUND, WARM_UP, processor};

/// Senders and receivers of one realm.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    kind: Kind,
    senders: usize,
    /// Topics or procedures. Senders take them in turn.
    names: usize,
    /// Subscribers or callees of each.
    receivers: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Counted are calls.
    Calls,
    /// Counted are deliveries.
    Events,
}

pub(crate) const SCENARIOS: [Scenario; 6] = [
    Scenario { name: "calls, 4 pairs", kind: Kind::Calls, senders: 4, names: 4, receivers: 1 },
    Scenario { name: "calls, 4 callers, 1 callee", kind: Kind::Calls, senders: 4, names: 1, receivers: 1 },
    Scenario {
        name: "events, 4 topics, 1 -> 1 each",
        kind: Kind::Events,
        senders: 4,
        names: 4,
        receivers: 1,
    },
    Scenario {
        name: "events, 4 topics, 1 -> 10 each",
        kind: Kind::Events,
        senders: 4,
        names: 4,
        receivers: 10,
    },
    Scenario { name: "events, 1 topic, 4 -> 1", kind: Kind::Events, senders: 4, names: 1, receivers: 1 },
    Scenario { name: "events, 1 topic, 4 -> 10", kind: Kind::Events, senders: 4, names: 1, receivers: 10 },
];

/// One round.
#[derive(Clone)]
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    /// Microseconds of the workers' processor time for each.
    pub(crate) processor: f64,
}

impl Scenario {
    /// The clients that have to be there first.
    pub(crate) fn receivers(&self, count: &Arc<Count>) -> Vec<Client> {
        let receiver = |number: usize| match self.kind {
            Kind::Calls => Client::callee(number % self.names),
            Kind::Events => Client::subscriber(number % self.names, self.senders, count),
        };
        (0..self.names * self.receivers).map(receiver).collect()
    }

    /// The others. Over sockets a publisher has to wait for its subscribers, or they would lose events.
    pub(crate) fn senders(&self, count: &Arc<Count>, paced: bool) -> Vec<Client> {
        let share = (self.senders * self.receivers) as u64;
        let sender = |number: usize| match self.kind {
            Kind::Calls => Client::caller(number, number % self.names, count),
            Kind::Events => {
                Client::publisher(number, number % self.names, paced.then(|| (Arc::clone(count), share)))
            }
        };
        (0..self.senders).map(sender).collect()
    }
}

/// How many there were. Each receiver has a cache line of its own, so that counting is not what is measured.
#[derive(Default)]
pub(crate) struct Count {
    lines: parking_lot::Mutex<Vec<Arc<Line>>>,
}

/// What one receiver has counted.
#[derive(Default)]
#[repr(align(128))]
pub(crate) struct Line(AtomicU64);

impl Line {
    pub(crate) fn add_one(&self) {
        // One receiver hears one message at a time, so nothing can come between.
        self.0.store(self.0.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }
}

impl Count {
    pub(crate) fn line(&self) -> Arc<Line> {
        let line = Arc::new(Line::default());
        self.lines.lock().push(Arc::clone(&line));
        line
    }

    pub(crate) fn total(&self) -> u64 {
        self.lines.lock().iter().map(|line| line.0.load(Ordering::Relaxed)).sum()
    }
}

/// A router with the realm, on so many workers.
pub(crate) fn router(workers: usize) -> (Runtime, Router) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name(processor::WORKER)
        .enable_all()
        .build()
        .unwrap();
    let realm = RealmConfig::new("realm1").authenticator(Arc::new(Anonymous::default()));
    (runtime, Router::builder().realm(realm).build().unwrap())
}

/// Looks at the count before and after.
pub(crate) fn measure(count: &Count) -> Measured {
    sleep(WARM_UP);
    let (start, before, busy) = (Instant::now(), count.total(), processor::of_workers());
    sleep(ROUND);
    let (took, busy) = (start.elapsed(), processor::of_workers() - busy);
    let counted = (count.total() - before) as f64;
    assert!(counted > 0.0, "nothing was delivered");
    Measured { per_second: counted / took.as_secs_f64(), processor: busy.as_secs_f64() * 1e6 / counted }
}
