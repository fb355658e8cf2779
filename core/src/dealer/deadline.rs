//! Calls that take too long.
//!
//! Law: the dealer knows when calls have to end, and somebody with a clock asks it to end them. A call that ends earlier
//! takes its deadline with it, so there are never more deadlines than calls.
//!
//! ```text
//!   CALL with timeout ──> Deadlines ──bell──> the keeper sleeps until `next`, then `Dealer::expire(now)` ──┐
//!                            ^                                                                             │
//!                            └─────────── until there are none, then the keeper goes home ─────────────────┘
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::call::Routed;
use super::seat::Pending;
use super::{Dealer, Seat, window};
use crate::error::Refusal;
use crate::id::Id;
use crate::message::CancelMode;
use crate::session::turn::Turn;
use crate::uri;

/// When a call ends, if nothing happens before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    key: Key,
    /// How long the call may take, or the time between two of its progressive results (RPC-PROG-11).
    after: Duration,
}

/// Nobody notices whether a call ends later than this, and the clock reaches no further than some centuries.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Unique, and ordered by time.
type Key = (Instant, u64);

/// The deadlines of all calls of a realm.
#[derive(Default)]
pub(crate) struct Deadlines {
    queue: Mutex<Queue>,
    /// There are deadlines, and nobody who looks after them.
    unattended: AtomicBool,
    /// Rings when the next deadline has come nearer.
    bell: Arc<Notify>,
}

#[derive(Default)]
struct Queue {
    calls: BTreeMap<Key, (Arc<Seat>, Id)>,
    last: u64,
    attended: bool,
}

impl Deadlines {
    /// Whether a keeper has to be sent. Asked after every message, answered with one load.
    #[inline]
    pub(crate) fn need_a_keeper(&self) -> bool {
        self.unattended.load(Ordering::Relaxed) && self.unattended.swap(false, Ordering::AcqRel)
    }

    /// What rings when the keeper has to look at [`next`](Self::next) again.
    pub(crate) fn bell(&self) -> Arc<Notify> {
        Arc::clone(&self.bell)
    }

    /// The next deadline. `None` sends the keeper home: the next one will need another.
    pub(crate) fn next(&self) -> Option<Instant> {
        let mut queue = self.queue.lock();
        let next = queue.calls.keys().next().map(|(at, _)| *at);
        queue.attended = next.is_some();
        next
    }

    pub(super) fn add(&self, caller: &Arc<Seat>, request: Id, after: Duration, now: Instant) -> Deadline {
        let mut queue = self.queue.lock();
        queue.last += 1;
        let key = (now + after.min(CENTURY), queue.last);
        queue.calls.insert(key, (Arc::clone(caller), request));
        if !queue.attended {
            queue.attended = true;
            self.unattended.store(true, Ordering::Release);
        } else if queue.calls.keys().next() == Some(&key) {
            self.bell.notify_one();
        }
        Deadline { key, after }
    }

    /// From now on it counts anew.
    pub(super) fn restart(&self, deadline: &mut Deadline, now: Instant) {
        let mut queue = self.queue.lock();
        // One that is being enforced at this moment stays what it is.
        if let Some(call) = queue.calls.remove(&deadline.key) {
            queue.last += 1;
            deadline.key = (now + deadline.after.min(CENTURY), queue.last);
            queue.calls.insert(deadline.key, call);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.queue.lock().calls.len()
    }

    pub(super) fn remove(&self, deadline: &Deadline) {
        self.queue.lock().calls.remove(&deadline.key);
    }

    fn take_due(&self, now: Instant) -> Vec<(Key, Arc<Seat>, Id)> {
        let mut queue = self.queue.lock();
        let later = queue.calls.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut queue.calls, later);
        due.into_iter().map(|(key, (caller, request))| (key, caller, request)).collect()
    }
}

impl Dealer {
    /// A call that waited, or was with another callee, has got to one that has `after` to answer. What it had before goes on
    /// if it ends earlier.
    pub(super) fn be_home_by(
        &self,
        pending: &mut Pending,
        call: &Routed<'_>,
        after: Option<Duration>,
        turn: &mut Turn,
    ) {
        let Some(after) = after else { return };
        let now = turn.now();
        if let Some(known) = &pending.deadline {
            if known.key.0 <= now + after.min(CENTURY) {
                return;
            }
            self.deadlines.remove(known);
        }
        let deadline = self.deadlines.add(call.caller, call.request, after, now);
        pending.deadline = Some(Box::new(deadline));
    }

    /// Ends all calls whose time is over.
    pub(crate) fn expire(&self, now: Instant, turn: &mut Turn) {
        for (key, caller, request) in self.deadlines.take_due(now) {
            window();
            let over = Refusal::new(uri::TIMEOUT, "the call took longer than its timeout");
            self.end_if(&caller, request, CancelMode::KillNoWait, over, turn, |pending| {
                pending.deadline.as_ref().is_some_and(|deadline| deadline.key == key)
            });
        }
    }
}
