//! Procedures that have to wait until it is known whether their caller may do what they are about.
//!
//! Law: of one session one decision is awaited at a time, and what it called since, of the procedures whose order
//! matters ([`Run::InTurn`](super::catalog::Run)), is run behind it and in order. Nobody decides for a caller that does not wait.
//!
//! ```text
//!   add a ── Later ──> at the head ──decided──> run, answered
//!   add b ───────────> behind it ─────────────────────> run, perhaps at the head      beyond max_undecided_bytes: refused
//!   flush ───────────> behind that ───────────────────────────────────────────> run
//!   count ──> answered at once
//!   CANCEL, the caller has left ──> dropped
//! ```

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use hashbrown::HashMap;
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Realm;
use super::catalog::Procedure;
use super::reply::{Reply, Undecided};
use crate::authorization::{self, Deciding, Decision};
use crate::id::Id;
use crate::message::Payload;
use crate::session::turn::Turn;

/// What a call that waits takes beside its arguments, about.
const OVERHEAD: usize = 128;

/// The lines of a realm, by session. Only sessions that wait have one.
#[derive(Default)]
pub(super) struct Lines {
    lines: Mutex<HashMap<Id, Line>>,
    /// How many there are, for those who would look for none.
    count: AtomicUsize,
}

/// What waits behind the one at the head.
#[derive(Default)]
struct Line {
    behind: VecDeque<Held>,
    /// About what they take.
    bytes: usize,
    /// Perhaps nobody waits for the one at the head any more.
    changed: Arc<Notify>,
}

/// A call that waits.
pub(super) struct Held {
    pub(super) request: Id,
    pub(super) procedure: &'static Procedure,
    pub(super) payload: Payload,
}

/// What became of a call.
pub(super) enum Joined {
    /// It waits.
    Waits,
    /// Too much does.
    Full,
    /// There is nothing to wait for.
    NoLine,
}

impl Held {
    fn size(&self) -> usize {
        self.payload.len() + OVERHEAD
    }
}

impl Lines {
    /// Lets a call wait if its caller has a line, which holds `most` bytes, about.
    pub(super) fn join(&self, caller: Id, held: impl FnOnce() -> Held, most: usize) -> Joined {
        if self.count.load(Ordering::Acquire) == 0 {
            return Joined::NoLine;
        }
        let mut lines = self.lines.lock();
        let Some(line) = lines.get_mut(&caller) else { return Joined::NoLine };
        // The one at the head may have run into its timeout.
        line.changed.notify_one();
        let held = held();
        if line.bytes.saturating_add(held.size()) > most {
            return Joined::Full;
        }
        line.bytes += held.size();
        line.behind.push_back(held);
        Joined::Waits
    }

    /// The caller has left, or canceled a call.
    #[inline]
    pub(super) fn look_again(&self, caller: Id) {
        if self.count.load(Ordering::Acquire) > 0
            && let Some(line) = self.lines.lock().get(&caller)
        {
            line.changed.notify_one();
        }
    }

    fn open(&self, caller: Id) -> Arc<Notify> {
        let mut lines = self.lines.lock();
        let changed = Arc::clone(&lines.entry(caller).or_default().changed);
        self.count.store(lines.len(), Ordering::Release);
        changed
    }

    /// The next call; the line is over if there is none.
    fn next(&self, caller: Id) -> Option<Held> {
        let mut lines = self.lines.lock();
        if let Some(line) = lines.get_mut(&caller)
            && let Some(held) = line.behind.pop_front()
        {
            line.bytes -= held.size();
            return Some(held);
        }
        lines.remove(&caller);
        self.count.store(lines.len(), Ordering::Release);
        None
    }

    fn close(&self, caller: Id) {
        let mut lines = self.lines.lock();
        lines.remove(&caller);
        self.count.store(lines.len(), Ordering::Release);
    }
}

/// The task of a line exists while this does: a runtime may end before the realm.
struct Attended {
    realm: Weak<Realm>,
    caller: Id,
    is_over: bool,
}

impl Drop for Attended {
    fn drop(&mut self) {
        if !self.is_over
            && let Some(realm) = self.realm.upgrade()
        {
            realm.meta.lines.close(self.caller);
        }
    }
}

impl Realm {
    /// A caller has left, or canceled a call: what waits for its permission may be nobody's any more.
    #[inline]
    pub(crate) fn look_again_at(&self, caller: Id) {
        self.meta.lines.look_again(caller);
    }

    /// A call is the first of its caller that waits.
    pub(super) fn form_line(self: &Arc<Self>, caller: Id, request: Id, undecided: Undecided) {
        let changed = self.meta.lines.open(caller);
        let attended = Attended { realm: Arc::downgrade(self), caller, is_over: false };
        tokio::spawn(attend(attended, changed, request, undecided));
    }

    /// Runs what waits behind, up to the next that has to be decided.
    fn next_in_line(self: &Arc<Self>, caller: Id) -> Option<(Id, Undecided)> {
        let mut turn = Turn::begin();
        while let Some(Held { request, procedure, payload }) = self.meta.lines.next(caller) {
            let Some(session) = self.meta.seat.caller_of(request) else { continue };
            match self.run(procedure, &session, &payload, &mut turn) {
                Ok(Reply::Asked(undecided)) => return Some((request, undecided)),
                outcome => self.finish(request, outcome, &mut turn),
            }
        }
        None
    }

    fn is_awaited(&self, request: Id) -> bool {
        self.meta.seat.caller_of(request).is_some()
    }
}

/// The task of a line, which does not keep the realm.
async fn attend(mut attended: Attended, changed: Arc<Notify>, mut request: Id, mut undecided: Undecided) {
    loop {
        let Undecided { decision, then } = undecided;
        let decided = decided(&attended.realm, &changed, request, decision).await;
        let Some(realm) = attended.realm.upgrade() else { return };
        if let Some(decision) = decided {
            match then(&realm, &decision) {
                Ok(Reply::Asked(more)) => {
                    undecided = more;
                    continue;
                }
                outcome => realm.finish(request, outcome, &mut Turn::begin()),
            }
        }
        match realm.next_in_line(attended.caller) {
            Some(next) => (request, undecided) = next,
            None => {
                attended.is_over = true;
                return;
            }
        }
    }
}

/// The decision, unless nobody waits for it any more.
async fn decided(
    realm: &Weak<Realm>,
    changed: &Notify,
    request: Id,
    mut decision: Deciding,
) -> Option<Decision> {
    let mut decision = pin!(poll_fn(|cx| authorization::poll(&mut decision, cx)));
    while realm.upgrade()?.is_awaited(request) {
        tokio::select! {
            biased;
            () = changed.notified() => {}
            decision = &mut decision => return realm.upgrade()?.is_awaited(request).then_some(decision),
        }
    }
    None
}
