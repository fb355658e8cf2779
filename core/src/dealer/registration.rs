//! A procedure and its callees, and which of them gets a call.
//!
//! Law: who is asked is decided from a snapshot; only the callee's own lock says whether it is still there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use parking_lot::Mutex;

use super::Seat;
use super::line::Line;
use crate::id::Id;
use crate::message::{Invoke, Match};
use crate::rendezvous::weight;
use crate::witness::Facts;

/// One procedure, or all that a pattern matches, and who runs it.
pub(crate) struct Registration {
    pub(super) id: Id,
    pub(super) procedure: Box<str>,
    pub(super) policy: Match,
    pub(super) invoke: Invoke,
    pub(super) created: SystemTime,
    /// In order of registration.
    pub(super) endpoints: ArcSwap<Vec<Arc<Endpoint>>>,
    /// Who was called last, where callees take turns.
    last_served: AtomicU64,
    /// Some callee has a concurrency limit: calls may have to wait.
    limited: AtomicBool,
    pub(super) line: Mutex<Line>,
    /// Bytes of calls that are kept for later.
    held: AtomicUsize,
}

/// One callee of a registration.
pub(crate) struct Endpoint {
    pub(super) seat: Arc<Seat>,
    /// Ascending in order of registration.
    pub(super) number: u64,
    pub(super) options: EndpointOptions,
    /// Read and written under the lock of the callee's desk, so that no INVOCATION follows UNREGISTERED.
    active: AtomicBool,
    /// Invocations that the callee has not answered. Written under the lock of its desk; kept only where
    /// [`counts`](Self::counts).
    pending: AtomicUsize,
    counts: bool,
}

/// What a callee wishes.
#[derive(Debug, Default)]
pub(super) struct EndpointOptions {
    pub(super) disclose_caller: bool,
    pub(super) forward_timeout: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) concurrency: Option<usize>,
    pub(super) node: Option<Box<str>>,
}

impl Registration {
    pub(super) fn new(id: Id, procedure: &str, policy: Match, invoke: Invoke) -> Arc<Self> {
        Arc::new(Registration {
            id,
            procedure: procedure.into(),
            policy,
            invoke,
            created: SystemTime::now(),
            endpoints: ArcSwap::default(),
            last_served: AtomicU64::new(0),
            limited: AtomicBool::new(false),
            line: Mutex::default(),
            held: AtomicUsize::new(0),
        })
    }

    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            id: self.id,
            created: self.created,
            uri: &self.procedure,
            policy: self.policy,
            invoke: Some(self.invoke),
        }
    }

    /// Whether calls may have to wait in line.
    pub(super) fn is_limited(&self) -> bool {
        self.limited.load(Ordering::Relaxed)
    }

    /// Makes room for a call that is kept for later. `false` if there is none.
    pub(super) fn hold(&self, bytes: usize, limit: usize) -> bool {
        let more = |held: usize| held.checked_add(bytes).filter(|held| *held <= limit);
        self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    /// Gives back what [`hold`](Self::hold) took.
    pub(super) fn let_go(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// One more callee. Called with the write lock held.
    pub(super) fn add(&self, seat: &Arc<Seat>, number: u64, options: EndpointOptions) -> Arc<Endpoint> {
        if options.concurrency.is_some() {
            self.limited.store(true, Ordering::Relaxed);
        }
        let endpoint = Arc::new(Endpoint {
            seat: Arc::clone(seat),
            number,
            counts: options.concurrency.is_some() || self.invoke == Invoke::LeastPending,
            options,
            active: AtomicBool::new(true),
            pending: AtomicUsize::new(0),
        });
        let mut endpoints = Vec::clone(&self.endpoints.load());
        endpoints.push(Arc::clone(&endpoint));
        self.endpoints.store(Arc::new(endpoints));
        endpoint
    }

    /// One callee less; tells how many are left. `None` if it was none. Called with the write lock held.
    pub(super) fn remove(&self, session: Id) -> Option<usize> {
        let mut endpoints = Vec::clone(&self.endpoints.load());
        let at = endpoints.iter().position(|endpoint| endpoint.id() == session)?;
        endpoints.remove(at);
        let left = endpoints.len();
        self.endpoints.store(Arc::new(endpoints));
        Some(left)
    }

    /// Who gets a call: of those that were not `tried`, and take more at the moment. `key` is the resource key of a call
    /// to a sharded registration.
    pub(super) fn choose<'e>(
        &self,
        endpoints: &'e [Arc<Endpoint>],
        key: Option<&str>,
        tried: &[Id],
    ) -> Option<&'e Arc<Endpoint>> {
        let may = |endpoint: &&'e Arc<Endpoint>| !tried.contains(&endpoint.id()) && !endpoint.is_busy();
        if let Some(key) = key {
            // A resource stays with its node, busy or not.
            let untried = endpoints.iter().filter(|endpoint| !tried.contains(&endpoint.id()));
            return untried.max_by_key(|endpoint| endpoint.weight(key)).filter(may);
        }
        match self.invoke {
            Invoke::Single | Invoke::First => endpoints.iter().find(may),
            Invoke::Last => endpoints.iter().rev().find(may),
            Invoke::RoundRobin => self.next_in_turn(endpoints, may),
            Invoke::Random => {
                let all = endpoints.iter().filter(may).count();
                let at = if all > 1 { fastrand::usize(..all) } else { 0 };
                endpoints.iter().filter(may).nth(at)
            }
            Invoke::LeastPending => {
                let least = endpoints.iter().filter(may).map(|endpoint| endpoint.pending()).min()?;
                let is_least = |endpoint: &&'e Arc<Endpoint>| may(endpoint) && endpoint.pending() <= least;
                // Calls go on meanwhile: there may be none any more with so few.
                self.next_in_turn(endpoints, is_least).or_else(|| self.next_in_turn(endpoints, may))
            }
        }
    }

    /// The first behind the one that was served last, and it was served last from now on. Callees that come and go change
    /// nothing for the others.
    fn next_in_turn<'e>(
        &self,
        endpoints: &'e [Arc<Endpoint>],
        may: impl Fn(&&'e Arc<Endpoint>) -> bool,
    ) -> Option<&'e Arc<Endpoint>> {
        let mut last = self.last_served.load(Ordering::Relaxed);
        loop {
            let (before, behind) = endpoints.split_at(endpoints.partition_point(|e| e.number <= last));
            let next = behind.iter().chain(before).find(&may)?;
            let taken = self.last_served.compare_exchange_weak(
                last,
                next.number,
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
            match taken {
                Ok(_) => return Some(next),
                Err(other) => last = other,
            }
        }
    }
}

impl Endpoint {
    /// The session's id.
    pub(super) fn id(&self) -> Id {
        self.seat.session().id()
    }

    pub(super) fn is_active(&self) -> bool {
        self.active.load(Ordering::Relaxed)
    }

    /// No INVOCATION from now on. Called with the lock of the desk held, or when the session is gone.
    pub(super) fn deactivate(&self) {
        self.active.store(false, Ordering::Relaxed);
    }

    /// Whether its invocations are counted.
    pub(super) fn counts(&self) -> bool {
        self.counts
    }

    /// The callee has as much to do as it takes.
    pub(super) fn is_busy(&self) -> bool {
        self.options.concurrency.is_some_and(|most| self.pending() >= most)
    }

    pub(super) fn begun(&self) {
        self.pending.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn ended(&self) {
        self.pending.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn pending(&self) -> usize {
        self.pending.load(Ordering::Relaxed)
    }

    /// How strongly it is drawn to a resource key. Without a node key of its own, the session's id stands for it.
    fn weight(&self, key: &str) -> (u64, u64) {
        let weight = match &self.options.node {
            Some(node) => weight(key, node),
            None => weight(key, &self.id().to_string()),
        };
        (weight, self.number)
    }
}
