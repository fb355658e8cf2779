//! Progressive calls: several INVOCATIONs, several RESULTs, one call.
//!
//! Law: everything that belongs to a call passes under the lock of its callee's desk while the invocation is there. So
//! nothing of it comes after its end, and nothing is out of order.

use std::sync::Arc;

use parking_lot::MutexGuard;

use super::call::{callee_is_slow, pending_already, too_long};
use super::details::unsupported;
use super::seat::{Caller, Desk, Invocation, Place};
use super::{Dealer, Seat, window};
use crate::error::{Fault, Refusal, Violation};
use crate::id::Id;
use crate::message::{Call, CancelMode, Code, Options, ResultDetails, Yield};
use crate::serializer::HeadItem;
use crate::session::outbox::{Delivery, Lane};
use crate::session::turn::{Shared, Turn};
use crate::uri;

impl Dealer {
    /// One more CALL of a progressive call: goes where the first went, on the terms of the first (RPC-PINV-08, 11 to 18).
    pub(crate) fn go_on(&self, caller: &Arc<Seat>, message: &Call<'_>, turn: &mut Turn) -> Result<(), Fault> {
        let is_last = message.options.progress != Some(true);
        let place = {
            let mut calls = caller.caller.lock();
            let Caller { pending, late } = &mut *calls;
            match pending.get_mut(&message.request) {
                Some(pending) if pending.is_open => {
                    pending.is_open = !is_last;
                    pending.place.clone()
                }
                None if late.contains(message.request) => {
                    if is_last {
                        late.remove(message.request);
                    }
                    return Ok(());
                }
                // It waits for its answer; or that came just now, and the id is used too early.
                _ => return Err(pending_already(message.request).into()),
            }
        };
        let Place::At { callee, invocation } = place else { return Ok(()) };
        window();
        let desk = callee.desk.lock();
        match self.pass_on(&callee, &desk, invocation, message, turn)? {
            None => {}
            Some(why) => self.end_at(&callee, desk, invocation, CancelMode::KillNoWait, why, turn),
        }
        Ok(())
    }

    /// Sends INVOCATION for a call that goes on. Returns why the call can't go on, if it can't.
    fn pass_on(
        &self,
        callee: &Seat,
        desk: &MutexGuard<'_, Desk>,
        invocation: Id,
        message: &Call<'_>,
        turn: &mut Turn,
    ) -> Result<Option<Refusal>, Violation> {
        let Some(entry) = desk.invocations.get(&invocation) else { return Ok(None) };
        let Some(progressive) = entry.more.as_ref().and_then(|more| more.progressive.as_ref()) else {
            return Ok(None);
        };
        if *progressive.procedure != *message.procedure {
            let text = format!("CALL.Request {} goes on with another procedure", message.request);
            return Err(Violation::new(text));
        }
        let payload = Shared::new(&message.payload, entry.caller.session().format());
        if let Err(error) = payload.check(callee.session().format()) {
            return Ok(Some(error.into()));
        }
        let mut details = progressive.details.clone();
        if message.options.progress != Some(true) {
            details.remove("progress");
        }
        let head = [
            HeadItem::Uint(Code::Invocation.number()),
            HeadItem::Uint(invocation.get()),
            HeadItem::Uint(progressive.registration.get()),
            HeadItem::Dict(&details),
        ];
        Ok(match turn.send(callee.session(), &head, &payload, Lane::Invocation) {
            Delivery::Accepted | Delivery::Gone => None,
            Delivery::Full => Some(callee_is_slow()),
            Delivery::TooLong => Some(too_long("callee")),
        })
    }

    /// Routes a progressive YIELD as RESULT; the call goes on.
    pub(super) fn yield_progress(
        &self,
        callee: &Arc<Seat>,
        message: &Yield,
        turn: &mut Turn,
    ) -> Result<(), Violation> {
        let mut desk = callee.desk.lock();
        let Some(entry) = desk.invocations.get_mut(&message.request) else {
            return desk.must_have_issued(message.request, "YIELD");
        };
        // Nobody asked for it (RPC-PROG-08). The final result is still welcome.
        if !entry.wants_progress {
            return Ok(());
        }
        entry.progressed();
        let caller = Arc::clone(&entry.caller);
        if let Some(pending) = caller.caller.lock().pending.get_mut(&entry.request)
            && let Some(deadline) = &mut pending.deadline
        {
            self.deadlines.restart(deadline, turn.now());
        }
        if let Some(why) = self.result(callee, entry, message, turn) {
            self.end_at(callee, desk, message.request, CancelMode::KillNoWait, why, turn);
        }
        Ok(())
    }

    /// Sends RESULT for a call that goes on. Returns why it can't, if it can't.
    fn result(&self, callee: &Seat, entry: &Invocation, message: &Yield, turn: &mut Turn) -> Option<Refusal> {
        let caller = entry.caller.session();
        if message.options.ppt.is_used() && !caller.features().caller_ppt {
            return Some(unsupported(
                "the caller does not know payload passthru mode, which the callee uses",
            ));
        }
        let payload = Shared::new(&message.payload, callee.session().format());
        if let Err(error) = payload.check(caller.format()) {
            return Some(error.into());
        }
        let details = ResultDetails { progress: Some(true), ppt: message.options.ppt.clone() }.into_dict();
        let head = [
            HeadItem::Uint(Code::Result.number()),
            HeadItem::Uint(entry.request.get()),
            HeadItem::Dict(&details),
        ];
        match turn.send(caller, &head, &payload, Lane::Progress) {
            Delivery::Accepted | Delivery::Gone => None,
            Delivery::Full => Some(Refusal::new(
                uri::LIMIT_EXCEEDED,
                "the caller is too slow for the results: its outbox is full (limits outbox_bytes, outbox_messages)",
            )),
            Delivery::TooLong => {
                self.counters.replies_too_long.increment();
                Some(too_long("caller"))
            }
        }
    }
}

impl Invocation {
    /// A result has reached the caller: another callee would begin anew (RPC-REROUTE-11).
    fn progressed(&mut self) {
        self.has_progressed = true;
        if let Some(more) = &mut self.more {
            more.held = None;
        }
    }
}
