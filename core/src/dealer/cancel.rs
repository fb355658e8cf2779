//! CANCEL, and what happens to calls when one of the two sides leaves.

use std::sync::Arc;

use parking_lot::MutexGuard;

use super::seat::{Desk, Invocation, Pending, Place};
use super::{Dealer, Seat, window};
use crate::error::Refusal;
use crate::id::Id;
use crate::message::{Cancel, CancelMode, Code, InterruptOptions, Options};
use crate::serializer::HeadItem;
use crate::session::outbox::Lane;
use crate::session::turn::Turn;
use crate::uri;
use crate::witness::Witness;

impl Dealer {
    /// Ends a call as its caller wishes. A call that is over, or was never made, is none of anybody's business.
    pub(crate) fn cancel(&self, caller: &Arc<Seat>, message: &Cancel, turn: &mut Turn) {
        let mode = message.options.mode.unwrap_or(CancelMode::KillNoWait);
        if caller.session().features().caller_forgets && mode != CancelMode::Kill {
            let pending = caller.caller.lock().pending.remove(&message.request);
            return pending.into_iter().for_each(|pending| self.let_go(pending, mode, turn));
        }
        let why = Refusal::new(uri::CANCELED, "the caller canceled the call");
        self.end_if(caller, message.request, mode, why, turn, |_| true);
    }

    /// Ends a call before its callee has answered: by CANCEL, or because it takes too long. It has to be as `still`
    /// wants it, since callers may use an id again.
    pub(super) fn end_if(
        &self,
        caller: &Arc<Seat>,
        request: Id,
        mode: CancelMode,
        why: Refusal,
        turn: &mut Turn,
        still: impl Fn(&Pending) -> bool,
    ) {
        // A call that has gone elsewhere meanwhile is looked up again. It does so once for each of its callees at most.
        loop {
            let place = {
                let mut calls = caller.caller.lock();
                match calls.pending.get_mut(&request).filter(|pending| still(pending)) {
                    None => return,
                    Some(Pending { place: Place::Moving { end }, .. }) => {
                        end.get_or_insert(why);
                        return;
                    }
                    Some(pending) => pending.place.clone(),
                }
            };
            window();
            match &place {
                Place::At { callee, invocation } => {
                    let desk = callee.desk.lock();
                    // Only now, under the lock that decides, is it certain where the call is.
                    if caller.has(request, &place, &still) {
                        return self.end_at(callee, desk, *invocation, mode, why, turn);
                    }
                }
                Place::Waiting { registration, ticket } => {
                    let ended = self.end_in_line(registration, *ticket, &why, turn);
                    if ended || caller.has(request, &place, &still) {
                        return;
                    }
                }
                Place::Moving { .. } => return,
            }
        }
    }

    /// Ends a call that a callee works on: interrupts the callee, answers the caller. `kill` leaves the answer to the
    /// callee.
    pub(super) fn end_at(
        &self,
        callee: &Seat,
        mut desk: MutexGuard<'_, Desk>,
        invocation: Id,
        mode: CancelMode,
        why: Refusal,
        turn: &mut Turn,
    ) {
        // A callee that can't be interrupted makes every mode `skip` (RPC-CANCEL-06).
        let mode = if callee.session().features().callee_canceling { mode } else { CancelMode::Skip };
        if mode != CancelMode::Skip {
            callee.interrupt(&mut desk, invocation, mode, turn);
        }
        if mode == CancelMode::Kill {
            return;
        }
        let Some(entry) = desk.take(invocation) else { return };
        drop(desk);
        window();
        self.settle(&entry);
        window();
        turn.refuse(entry.caller.session(), Code::Call, entry.request, &why);
        window();
        self.make_room(&entry, turn);
    }

    /// The session is gone: calls to it end, its own calls are nobody's any more, its procedures are withdrawn.
    pub(crate) fn leave(&self, seat: &Seat, witness: &dyn Witness, turn: &mut Turn) {
        self.leave_as_callee(seat, witness, turn);
        window();
        self.leave_as_caller(seat, turn);
    }

    fn leave_as_callee(&self, seat: &Seat, witness: &dyn Witness, turn: &mut Turn) {
        let (registrations, invocations) = {
            let mut desk = seat.desk.lock();
            desk.gone = true;
            (std::mem::take(&mut desk.registrations), std::mem::take(&mut desk.invocations))
        };
        window();
        if !registrations.is_empty() {
            let mut books = self.write.lock();
            for (registration, endpoint) in registrations.values() {
                endpoint.deactivate();
                self.withdraw(&mut books, registration, seat.session().id(), witness, turn);
            }
        }
        for (_, entry) in invocations {
            window();
            entry.is_over();
            window();
            self.settle(&entry);
            let why = Refusal::new(uri::CANCELED, "the callee has left");
            turn.refuse(entry.caller.session(), Code::Call, entry.request, &why);
        }
        for (registration, _) in registrations.values() {
            window();
            self.serve_the_line(registration, turn);
        }
    }

    fn leave_as_caller(&self, seat: &Seat, turn: &mut Turn) {
        let pending = std::mem::take(&mut seat.caller.lock().pending);
        for pending in pending.into_values() {
            window();
            self.let_go(pending, CancelMode::KillNoWait, turn);
        }
    }

    /// The caller has no use for an answer, and has forgotten the call already.
    fn let_go(&self, Pending { place, deadline, .. }: Pending, mode: CancelMode, turn: &mut Turn) {
        if let Some(deadline) = deadline {
            self.deadlines.remove(&deadline);
        }
        match place {
            Place::At { callee, invocation } => self.abandon(&callee, invocation, mode, turn),
            Place::Waiting { registration, ticket } => registration.forget(ticket),
            // Whoever moves it finds nobody to move it for.
            Place::Moving { .. } => {}
        }
    }

    /// Nobody waits for the answer any more.
    fn abandon(&self, callee: &Seat, invocation: Id, mode: CancelMode, turn: &mut Turn) {
        let mut desk = callee.desk.lock();
        if callee.session().features().callee_canceling && mode != CancelMode::Skip {
            callee.interrupt(&mut desk, invocation, mode, turn);
        }
        let entry = desk.take(invocation);
        drop(desk);
        window();
        if let Some(entry) = entry {
            self.make_room(&entry, turn);
        }
    }

    /// The caller waits no longer. Comes before the answer is sent, so that it can use the id again at once.
    pub(super) fn settle(&self, entry: &Invocation) {
        self.settle_call(&entry.caller, entry.request);
    }

    /// As [`settle`](Self::settle), for a call that no callee works on.
    pub(super) fn settle_call(&self, caller: &Seat, request: Id) {
        let mut calls = caller.caller.lock();
        let Some(Pending { is_open, deadline, .. }) = calls.pending.remove(&request) else { return };
        if is_open {
            calls.late.insert(request);
        }
        drop(calls);
        if let Some(deadline) = deadline {
            self.deadlines.remove(&deadline);
        }
    }
}

impl Seat {
    /// Whether the call is still in this place.
    fn has(&self, request: Id, place: &Place, still: impl Fn(&Pending) -> bool) -> bool {
        self.caller
            .lock()
            .pending
            .get(&request)
            .is_some_and(|pending| pending.place.is(place) && still(pending))
    }

    /// Sends INTERRUPT for an invocation that is still running, once.
    pub(super) fn interrupt(&self, desk: &mut Desk, invocation: Id, mode: CancelMode, turn: &mut Turn) {
        let Some(entry) = desk.invocations.get_mut(&invocation) else { return };
        if std::mem::replace(&mut entry.interrupted, true) {
            return;
        }
        let options = InterruptOptions { mode: Some(mode) }.into_dict();
        let head = [
            HeadItem::Uint(Code::Interrupt.number()),
            HeadItem::Uint(invocation.get()),
            HeadItem::Dict(&options),
        ];
        turn.say(self.session(), &head, Lane::Reply);
    }
}

impl Place {
    fn is(&self, other: &Place) -> bool {
        match (self, other) {
            (Place::At { callee, invocation }, Place::At { callee: other, invocation: id }) => {
                Arc::ptr_eq(callee, other) && invocation == id
            }
            (Place::Waiting { ticket, .. }, Place::Waiting { ticket: other, .. }) => ticket == other,
            _ => false,
        }
    }
}
