//! What the dealer knows of one session: the calls that it has made, and the calls that it has to answer.
//!
//! Law: the end of a call is decided exactly once, by whoever takes its [`Invocation`] out of the callee's desk, or the
//! call out of the line where it waits. Locks are taken in the order line, desk, caller, outbox, and never two of a kind.
//!
//! ```text
//!   place of a call:    ┌──────────> At a callee ──unavailable──> Moving ──┐
//!                CALL ──┤                 ^  ^                             │
//!                       └──> Waiting ─────┘  └─────────────────────────────┘
//! ```

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hashbrown::hash_map::Entry;
use hashbrown::{DefaultHashBuilder, HashMap};
use parking_lot::Mutex;

use super::Registration;
use super::deadline::Deadline;
use super::held::Held;
use super::registration::Endpoint;
use crate::error::Refusal;
use crate::id::{Id, IdSequence};
use crate::message::Call;
use crate::session::Session;
use crate::value::Dict;

/// One session, as caller and as callee.
pub(crate) struct Seat {
    session: Arc<Session>,
    /// It has made progressive calls: a CALL may be more of one of them. Its own task alone reads and writes this.
    goes_on: AtomicBool,
    pub(super) caller: Mutex<Caller>,
    pub(super) desk: Mutex<Desk>,
}

/// The calls that a session waits for.
#[derive(Default)]
pub(super) struct Caller {
    /// By CALL.Request.
    pub(super) pending: HashMap<Id, Pending>,
    /// Progressive calls that were over before their last CALL came: what still comes is to be ignored (RPC-PINV-14).
    pub(super) late: Late,
}

/// The place of one call among those of its caller.
pub(super) type PendingEntry<'c> = Entry<'c, Id, Pending, DefaultHashBuilder>;

/// A call that waits for its final answer.
pub(super) struct Pending {
    pub(super) place: Place,
    /// More CALLs with this id may come.
    pub(super) is_open: bool,
    pub(super) deadline: Option<Box<Deadline>>,
}

/// Where a call is.
#[derive(Clone)]
pub(super) enum Place {
    /// With a callee.
    At { callee: Arc<Seat>, invocation: Id },
    /// In line, because all callees have as much to do as they take.
    Waiting { registration: Arc<Registration>, ticket: u64 },
    /// Between two callees. Whoever wants to end the call now says how.
    Moving { end: Option<Refusal> },
}

/// What a session offers, and the invocations that it has not answered.
#[derive(Default)]
pub(super) struct Desk {
    /// The session has left: nothing is admitted any more.
    pub(super) gone: bool,
    pub(super) registrations: HashMap<Id, (Arc<Registration>, Arc<Endpoint>)>,
    /// By INVOCATION.Request.
    pub(super) invocations: HashMap<Id, Invocation>,
    pub(super) ids: IdSequence,
}

/// Whom to answer.
pub(super) struct Invocation {
    pub(super) caller: Arc<Seat>,
    pub(super) request: Id,
    /// INTERRUPT was sent; one is enough.
    pub(super) interrupted: bool,
    /// The caller asked for progressive results, and the callee was told.
    pub(super) wants_progress: bool,
    /// Some have arrived.
    pub(super) has_progressed: bool,
    /// Most calls need no more.
    pub(super) more: Option<Box<More>>,
}

/// What only some calls need.
#[derive(Default)]
pub(super) struct More {
    /// The registration and its endpoint, where invocations are counted.
    pub(super) counted: Option<(Arc<Registration>, Arc<Endpoint>)>,
    /// The first CALL, in case another callee has to be asked.
    pub(super) held: Option<Box<Held>>,
    /// What every INVOCATION of a progressive call says.
    pub(super) progressive: Option<Progressive>,
}

/// A progressive call, as the first CALL said it (RPC-PINV-15, RPC-PINV-18).
pub(super) struct Progressive {
    pub(super) registration: Id,
    pub(super) procedure: Box<str>,
    pub(super) details: Dict,
}

impl Seat {
    pub(crate) fn new(session: Arc<Session>) -> Arc<Self> {
        Arc::new(Seat {
            session,
            goes_on: AtomicBool::new(false),
            caller: Mutex::default(),
            desk: Mutex::default(),
        })
    }

    /// Who waits for the answer to an invocation of this session; `None` if nobody does any more.
    pub(crate) fn caller_of(&self, invocation: Id) -> Option<Arc<Session>> {
        let desk = self.desk.lock();
        desk.invocations.get(&invocation).map(|entry| Arc::clone(&entry.caller.session))
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// Whether a call of this session with this id waits for its answer, or had it before its last CALL.
    pub(crate) fn knows(&self, request: Id) -> bool {
        self.caller.lock().knows(request)
    }

    /// Whether this CALL is more of a progressive call. One load for sessions that make none.
    pub(crate) fn goes_on(&self, message: &Call<'_>) -> bool {
        if message.options.progress == Some(true) {
            self.goes_on.store(true, Ordering::Relaxed);
        }
        self.goes_on.load(Ordering::Relaxed) && self.knows(message.request)
    }

    /// A progressive call was refused at its first message: the others are on their way.
    pub(crate) fn ignore_the_rest_of(&self, request: Id) {
        self.caller.lock().late.insert(request);
    }

    /// Whether a CALL is more of a progressive call that is over; `is_last`: nothing more of it comes.
    pub(crate) fn ignores(&self, request: Id, is_last: bool) -> bool {
        let late = &mut self.caller.lock().late;
        let ignores = late.contains(request);
        if ignores && is_last {
            late.remove(request);
        }
        ignores
    }
}

impl Caller {
    pub(super) fn knows(&self, request: Id) -> bool {
        self.pending.contains_key(&request) || self.late.contains(request)
    }
}

/// The ids of progressive calls that ended early. Bounded: whoever never sends the last CALL loses the oldest.
#[derive(Default)]
pub(super) struct Late {
    ids: VecDeque<Id>,
}

/// How many are remembered.
const LATE: usize = 64;

impl Late {
    pub(super) fn contains(&self, request: Id) -> bool {
        self.ids.contains(&request)
    }

    pub(super) fn insert(&mut self, request: Id) {
        if self.ids.len() == LATE {
            self.ids.pop_front();
        }
        self.ids.push_back(request);
    }

    pub(super) fn remove(&mut self, request: Id) {
        self.ids.retain(|id| *id != request);
    }
}
