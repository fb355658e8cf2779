//! CALL and the ways in which a call ends.
//!
//! ```text
//!                    CALL ──> INVOCATION
//!                                 │
//!     ┌────────────┬──────────────┼─────────────────┬──────────────┐
//!   YIELD        ERROR        CANCEL             caller gone    callee gone
//!     │            │     skip, killnowait│kill      │              │
//!   RESULT       ERROR     ERROR canceled│  └> INTERRUPT, goes on  ERROR canceled
//!                          (INTERRUPT)           INTERRUPT
//! ```
//!
//! Whoever takes the invocation out of the callee's table has decided; the others find nothing and are silent.

use std::sync::Arc;

use super::seat::{Invocation, Pending};
use super::{Dealer, Registration, Seat};
use crate::error::{Fault, Refusal, Violation};
use crate::id::Id;
use crate::message::{Call, Code, Error, InvocationDetails, Options, Payload, Yield};
use crate::serializer::HeadItem;
use crate::session::outbox::{Delivery, Lane};
use crate::session::turn::{Shared, Turn};
use crate::uri;
use crate::value::Dict;

impl Dealer {
    /// Routes CALL to the callee as INVOCATION.
    pub(crate) fn call(&self, caller: &Arc<Seat>, message: &Call<'_>, turn: &mut Turn) -> Result<(), Fault> {
        let procedures = self.procedures.pin();
        let registration = procedures.get(&*message.procedure).ok_or_else(|| no_such_procedure(message))?;
        let callee_seat = &registration.callee;
        let payload = Shared::new(&message.payload, caller.session().format());
        // Fails here, before anything is admitted, if the callee's serializer can't express an argument.
        payload.check(callee_seat.session().format()).map_err(Refusal::from)?;
        let details = disclosed(caller, message, registration);

        let mut callee = callee_seat.callee.lock();
        if callee.gone || !registration.is_active() {
            return Err(no_such_procedure(message).into());
        }
        if callee.invocations.len() >= self.limits.max_pending_invocations {
            self.counters.invocations_over_limit.increment();
            return Err(Refusal::limit("max_pending_invocations", self.limits.max_pending_invocations).into());
        }
        let mut calls = caller.caller.lock();
        if calls.pending.contains_key(&message.request) {
            return Err(pending_already(message.request).into());
        }
        if calls.pending.len() >= self.limits.max_pending_calls {
            self.counters.calls_over_limit.increment();
            return Err(Refusal::limit("max_pending_calls", self.limits.max_pending_calls).into());
        }
        let invocation = callee.ids.peek();
        let head = [
            HeadItem::Uint(Code::Invocation.number()),
            HeadItem::Uint(invocation.get()),
            HeadItem::Uint(registration.id.get()),
            HeadItem::Dict(&details),
        ];
        match turn.send(callee_seat.session(), &head, &payload, Lane::Invocation) {
            Delivery::Accepted => {}
            Delivery::Full => return Err(callee_is_slow().into()),
            Delivery::TooLong => return Err(too_long("callee").into()),
            Delivery::Gone => return Err(no_such_procedure(message).into()),
        }
        callee.ids.next_id();
        let entry = Invocation { caller: Arc::clone(caller), request: message.request, interrupted: false };
        callee.invocations.insert(invocation, entry);
        calls.pending.insert(message.request, Pending { callee: Arc::clone(callee_seat), invocation });
        Ok(())
    }

    /// Routes YIELD back to the caller as RESULT.
    pub(crate) fn yield_result(
        &self,
        callee: &Seat,
        message: &Yield,
        turn: &mut Turn,
    ) -> Result<(), Violation> {
        if message.options.progress == Some(true) {
            // Nobody asked for it: `receive_progress` is never forwarded. The final result is still welcome.
            return callee.must_have_issued(message.request, "YIELD");
        }
        let Some(invocation) = callee.take(message.request, "YIELD")? else { return Ok(()) };
        invocation.settle();
        let head = [
            HeadItem::Uint(Code::Result.number()),
            HeadItem::Uint(invocation.request.get()),
            HeadItem::Dict(&Dict::new()),
        ];
        self.answer(callee, &invocation, &head, &message.payload, turn);
        Ok(())
    }

    /// Routes ERROR of an invocation back to the caller, same URI and payload.
    pub(crate) fn yield_error(
        &self,
        callee: &Seat,
        message: &Error<'_>,
        turn: &mut Turn,
    ) -> Result<(), Violation> {
        let Some(invocation) = callee.take(message.request, "ERROR")? else { return Ok(()) };
        invocation.settle();
        let head = [
            HeadItem::Uint(Code::Error.number()),
            HeadItem::Uint(Code::Call.number()),
            HeadItem::Uint(invocation.request.get()),
            HeadItem::Dict(&Dict::new()),
            HeadItem::Text(&message.error),
        ];
        self.answer(callee, &invocation, &head, &message.payload, turn);
        Ok(())
    }

    /// Sends the final answer, or an error in its place if it can't be sent.
    fn answer(
        &self,
        callee: &Seat,
        invocation: &Invocation,
        head: &[HeadItem<'_>],
        payload: &Payload,
        turn: &mut Turn,
    ) {
        let caller = invocation.caller.session();
        let shared = Shared::new(payload, callee.session().format());
        if let Err(error) = shared.check(caller.format()) {
            turn.refuse(caller, Code::Call, invocation.request, &error.into());
        } else if turn.reply(caller, head, &shared) == Delivery::TooLong {
            self.counters.replies_too_long.increment();
            turn.refuse(caller, Code::Call, invocation.request, &too_long("caller"));
        }
    }
}

impl Seat {
    /// Takes an invocation out of the callee's table: this decides how the call ends. `None` if somebody else has.
    ///
    /// An id that was never issued to this session is a violation (MSG-23); one that is merely over is not (MSG-24).
    pub(super) fn take(&self, invocation: Id, message: &str) -> Result<Option<Invocation>, Violation> {
        let mut callee = self.callee.lock();
        match callee.invocations.remove(&invocation) {
            None if !callee.ids.has_issued(invocation) => Err(never_issued(invocation, message)),
            taken => Ok(taken),
        }
    }

    fn must_have_issued(&self, invocation: Id, message: &str) -> Result<(), Violation> {
        match self.callee.lock().ids.has_issued(invocation) {
            true => Ok(()),
            false => Err(never_issued(invocation, message)),
        }
    }
}

fn never_issued(invocation: Id, message: &str) -> Violation {
    Violation::new(format!("{message} for invocation {invocation}, which this session never got"))
}

/// A second CALL with the id of one that waits for its answer.
pub(crate) fn pending_already(request: Id) -> Violation {
    Violation::new(format!("CALL.Request {request} is pending already"))
}

fn no_such_procedure(message: &Call<'_>) -> Refusal {
    Refusal::new(uri::NO_SUCH_PROCEDURE, format!("nobody has registered {}", message.procedure))
}

fn callee_is_slow() -> Refusal {
    Refusal::new(
        uri::UNAVAILABLE,
        "the callee is too slow: its outbox is full (limits outbox_bytes, outbox_messages)",
    )
}

fn too_long(receiver: &str) -> Refusal {
    Refusal::new(uri::PAYLOAD_SIZE_EXCEEDED, format!("the message is longer than the {receiver} accepts"))
}

/// Who calls, if the caller or the callee wants it said (RPC-CID-01 to 04).
fn disclosed(caller: &Seat, message: &Call<'_>, registration: &Registration) -> Dict {
    if message.options.disclose_me != Some(true) && !registration.disclose_caller {
        return Dict::new();
    }
    let session = caller.session();
    InvocationDetails {
        caller: Some(session.id()),
        caller_authid: Some(session.identity().authid.clone()),
        caller_authrole: Some(session.identity().authrole.clone()),
        ..InvocationDetails::default()
    }
    .into_dict()
}
