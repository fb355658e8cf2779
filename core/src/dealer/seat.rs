//! What the dealer knows of one session: the calls that it has made, and the calls that it has to answer.
//!
//! Law: the end of a call is decided exactly once, by whoever takes its [`Invocation`] out of the callee's table. Locks are
//! taken in the order callee, caller, outbox, and never two of a kind.

use std::sync::Arc;

use hashbrown::HashMap;
use parking_lot::Mutex;

use super::Registration;
use crate::id::{Id, IdSequence};
use crate::session::Session;

/// One session, as caller and as callee.
pub(crate) struct Seat {
    session: Arc<Session>,
    pub(super) caller: Mutex<Caller>,
    pub(super) callee: Mutex<Callee>,
}

/// The calls that a session waits for, by CALL.Request.
#[derive(Default)]
pub(super) struct Caller {
    pub(super) pending: HashMap<Id, Pending>,
}

/// Where a call went.
#[derive(Clone)]
pub(super) struct Pending {
    pub(super) callee: Arc<Seat>,
    pub(super) invocation: Id,
}

/// What a session offers, and the invocations that it has not answered, by INVOCATION.Request.
#[derive(Default)]
pub(super) struct Callee {
    /// The session has left: nothing is admitted any more.
    pub(super) gone: bool,
    pub(super) registrations: HashMap<Id, Arc<Registration>>,
    pub(super) invocations: HashMap<Id, Invocation>,
    pub(super) ids: IdSequence,
}

/// Whom to answer.
pub(super) struct Invocation {
    pub(super) caller: Arc<Seat>,
    pub(super) request: Id,
    /// INTERRUPT was sent; one is enough.
    pub(super) interrupted: bool,
}

impl Seat {
    pub(crate) fn new(session: Arc<Session>) -> Arc<Self> {
        Arc::new(Seat { session, caller: Mutex::default(), callee: Mutex::default() })
    }

    /// Whether a call of this session with this id waits for its answer.
    pub(crate) fn awaits(&self, request: Id) -> bool {
        self.caller.lock().pending.contains_key(&request)
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }
}

impl Invocation {
    /// The caller waits no longer. Comes before the answer is sent, so that it can use the id again at once.
    pub(super) fn settle(&self) {
        self.caller.caller.lock().pending.remove(&self.request);
    }
}
