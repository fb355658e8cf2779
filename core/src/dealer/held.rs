//! Calls that are kept, to be routed later or again.
//!
//! Law: what is kept counts in `max_held_bytes` of its registration for as long as it is there.

use std::sync::Arc;

use super::call::Routed;
use super::{Dealer, Registration, Seat};
use crate::id::Id;
use crate::message::{CallOptions, Payload};
use crate::policy::Disclosure;

/// A call that may have to be routed later, or again.
pub(super) struct Held {
    pub(super) registration: Arc<Registration>,
    pub(super) procedure: Box<str>,
    pub(super) options: CallOptions,
    pub(super) payload: Payload,
    pub(super) disclose: Option<Disclosure>,
    /// Callees that said they were unavailable.
    pub(super) tried: Vec<Id>,
    /// What it counts for in `max_held_bytes`.
    pub(super) bytes: usize,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.registration.let_go(self.bytes);
    }
}

impl Held {
    /// The call, to be routed again.
    pub(super) fn routed<'a>(&'a self, caller: &'a Arc<Seat>, request: Id) -> Routed<'a> {
        Routed {
            caller,
            request,
            procedure: &self.procedure,
            options: &self.options,
            payload: &self.payload,
            disclose: self.disclose,
            is_new: false,
            tried: &self.tried,
        }
    }
}

impl Dealer {
    /// Keeps a call for later, if `max_held_bytes` leaves room for it.
    pub(super) fn hold(&self, registration: &Arc<Registration>, call: &Routed<'_>) -> Option<Held> {
        let bytes = call.payload.len() + call.procedure.len();
        if !registration.hold(bytes, self.limits.max_held_bytes) {
            self.counters.held_bytes_over_limit.increment();
            return None;
        }
        Some(Held {
            registration: Arc::clone(registration),
            bytes,
            procedure: call.procedure.into(),
            options: call.options.clone(),
            payload: call.payload.detached(),
            disclose: call.disclose,
            tried: call.tried.to_vec(),
        })
    }
}
