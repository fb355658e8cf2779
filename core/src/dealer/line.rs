//! Calls that wait for a callee with a concurrency limit.
//!
//! Law: who comes first is served first. The lock of the line is held from the look at the callees until the call is in
//! line, and taken again by whoever has made room: so nobody is forgotten. Only a call that has been elsewhere, and now
//! waits for fewer callees than the others, lets those behind it pass.
//!
//! ```text
//!   CALL ──all busy──> line: [call][call][call] ──a callee has answered──> INVOCATION
//!                              └── CANCEL, timeout, caller gone: out of the line
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::hash_map::Entry;

use super::call::{Declined, Routed, busy, no_such_procedure};
use super::elsewhere::nobody_available;
use super::held::Held;
use super::registration::Endpoint;
use super::seat::{Invocation, Pending, Place};
use super::{Dealer, Registration, Seat, window};
use crate::error::Refusal;
use crate::id::Id;
use crate::message::Code;
use crate::session::turn::Turn;
use crate::uri;

/// The calls of one registration that wait, by ticket.
#[derive(Default)]
pub(super) struct Line {
    calls: BTreeMap<u64, InLine>,
    last: u64,
}

struct InLine {
    caller: Arc<Seat>,
    request: Id,
    held: Held,
}

impl Line {
    /// Whether a new call may go before those that wait.
    fn lets_pass(&self) -> bool {
        self.calls.values().all(InLine::has_been_elsewhere)
    }

    /// Takes the first call with a ticket higher than `behind` for which a callee has time. Looks at the callees alone, since
    /// there may be many calls that wait for one of them.
    fn take(&mut self, behind: u64, endpoints: &[Arc<Endpoint>]) -> Option<(u64, InLine)> {
        let with_time = || endpoints.iter().filter(|endpoint| !endpoint.is_busy());
        with_time().next()?;
        let may = |call: &InLine| with_time().any(|endpoint| !call.held.tried.contains(&endpoint.id()));
        let (&ticket, _) = self.calls.range(behind + 1..).find(|(_, call)| may(call))?;
        self.calls.remove_entry(&ticket)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }
}

impl InLine {
    /// Some callee has said that it was unavailable.
    fn has_been_elsewhere(&self) -> bool {
        !self.held.tried.is_empty()
    }

    /// What the caller hears when nobody is left who could take the call.
    fn in_vain(&self) -> Refusal {
        match self.has_been_elsewhere() {
            true => nobody_available(),
            false => Refusal::new(uri::CANCELED, "the callee has left"),
        }
    }
}

impl Registration {
    /// Whether there is a callee that is none of these.
    fn has_others_than(&self, tried: &[Id]) -> bool {
        self.endpoints.load().iter().any(|endpoint| !tried.contains(&endpoint.id()))
    }

    /// Nobody waits for this call any more.
    pub(super) fn forget(&self, ticket: u64) {
        self.line.lock().calls.remove(&ticket);
    }
}

impl Dealer {
    /// Routes a call if nobody is before it and a callee has time; else it waits.
    pub(super) fn route_in_line(
        &self,
        registration: &Arc<Registration>,
        call: &Routed<'_>,
        turn: &mut Turn,
    ) -> Result<(), Declined> {
        let mut line = registration.line.lock();
        // Whoever has made room is about to do this; then the new call would be before those in line.
        self.serve(&mut line, registration, turn);
        if line.lets_pass() || call.options.runmode.is_some() {
            match self.route_now(registration, call, turn) {
                Err(Declined::Busy) => {}
                done => return done,
            }
        }
        if !registration.has_others_than(call.tried) {
            return Err(no_such_procedure(call.procedure).into());
        }
        self.line_up(&mut line, registration, call, turn)
    }

    fn line_up(
        &self,
        line: &mut Line,
        registration: &Arc<Registration>,
        call: &Routed<'_>,
        turn: &mut Turn,
    ) -> Result<(), Declined> {
        let mut calls = call.caller.caller.lock();
        let entry = self.admit(call, &mut calls)?;
        if call.options.progress == Some(true) {
            return Err(busy().into());
        }
        if line.calls.len() >= self.limits.max_waiting_calls {
            self.counters.waiting_calls_over_limit.increment();
            let limit = self.limits.max_waiting_calls;
            let text = format!("all callees are busy, and the limit max_waiting_calls = {limit} is reached");
            return Err(Refusal::new(uri::UNAVAILABLE, text).into());
        }
        let Some(held) = self.hold(registration, call) else {
            let limit = self.limits.max_held_bytes;
            let text = format!("all callees are busy, and the limit max_held_bytes = {limit} is reached");
            return Err(Refusal::new(uri::UNAVAILABLE, text).into());
        };
        line.last += 1;
        let place = Place::Waiting { registration: Arc::clone(registration), ticket: line.last };
        match entry {
            Entry::Occupied(mut known) => known.get_mut().place = place,
            Entry::Vacant(free) => {
                let deadline = self.patience(call).map(|after| {
                    let now = turn.now();
                    Box::new(self.deadlines.add(call.caller, call.request, after, now))
                });
                free.insert(Pending { place, is_open: false, deadline });
            }
        }
        line.calls.insert(line.last, InLine { caller: Arc::clone(call.caller), request: call.request, held });
        Ok(())
    }

    /// A callee has answered, and takes more.
    pub(super) fn make_room(&self, entry: &Invocation, turn: &mut Turn) {
        if let Some((registration, _)) = entry.more.as_ref().and_then(|more| more.counted.as_ref())
            && registration.is_limited()
        {
            self.serve(&mut registration.line.lock(), registration, turn);
        }
    }

    /// Callees have come or gone. Called without any lock of the dealer's but `write`.
    pub(super) fn serve_the_line(&self, registration: &Arc<Registration>, turn: &mut Turn) {
        if !registration.is_limited() {
            return;
        }
        let mut line = registration.line.lock();
        self.dismiss(&mut line, registration, turn);
        self.serve(&mut line, registration, turn);
    }

    /// Ends the calls that wait for nobody any more.
    fn dismiss(&self, line: &mut Line, registration: &Registration, turn: &mut Turn) {
        let in_vain = |(_, call): &(&u64, &InLine)| !registration.has_others_than(&call.held.tried);
        let tickets: Vec<u64> = line.calls.iter().filter(in_vain).map(|(ticket, _)| *ticket).collect();
        for call in tickets.iter().filter_map(|ticket| line.calls.remove(ticket)) {
            self.give_up(&call.caller, call.request, &call.in_vain(), turn);
        }
    }

    /// Routes those who wait, as far as there are callees with time.
    fn serve(&self, line: &mut Line, registration: &Arc<Registration>, turn: &mut Turn) {
        let mut from = 0;
        while let Some((ticket, next)) = line.take(from, &registration.endpoints.load()) {
            from = ticket;
            let InLine { caller, request, held } = &next;
            let why = match self.route_now(registration, &held.routed(caller, *request), turn) {
                Ok(()) | Err(Declined::Abandoned | Declined::Known) => continue,
                Err(Declined::Busy) => {
                    let may_pass = next.has_been_elsewhere();
                    line.calls.insert(ticket, next);
                    if may_pass { continue } else { return }
                }
                Err(Declined::Ended(why)) => why,
                Err(Declined::Next(why) | Declined::Refused(why)) => {
                    // It was there when the call came.
                    let all_gone = why.uri == uri::NO_SUCH_PROCEDURE;
                    if all_gone || next.has_been_elsewhere() { next.in_vain() } else { why }
                }
            };
            self.give_up(caller, *request, &why, turn);
        }
    }

    /// Ends a call that waits. `false` if it waits no more.
    pub(super) fn end_in_line(
        &self,
        registration: &Registration,
        ticket: u64,
        why: &Refusal,
        turn: &mut Turn,
    ) -> bool {
        let Some(call) = registration.line.lock().calls.remove(&ticket) else { return false };
        window();
        self.settle_call(&call.caller, call.request);
        turn.refuse(call.caller.session(), Code::Call, call.request, why);
        true
    }
}
