//! YIELD and ERROR: what callees answer.

use std::sync::Arc;

use super::call::too_long;
use super::details::unsupported;
use super::seat::{Desk, Invocation};
use super::{Dealer, Seat, window};
use crate::error::{Refusal, Violation};
use crate::id::Id;
use crate::message::{Code, Error, Options, Passthru, Payload, ResultDetails, Yield};
use crate::serializer::HeadItem;
use crate::session::outbox::Delivery;
use crate::session::turn::{Shared, Turn};
use crate::uri;
use crate::value::Dict;

impl Dealer {
    /// Routes YIELD back to the caller as RESULT.
    pub(crate) fn yield_result(
        &self,
        callee: &Arc<Seat>,
        message: &Yield,
        turn: &mut Turn,
    ) -> Result<(), Violation> {
        if message.options.progress == Some(true) {
            return self.yield_progress(callee, message, turn);
        }
        let taken = callee.desk.lock().answered(message.request, "YIELD")?;
        let Some(entry) = taken else { return Ok(()) };
        window();
        self.settle(&entry);
        window();
        let details = match message.options.ppt.is_used() {
            false => Dict::new(),
            true => ResultDetails { ppt: message.options.ppt.clone(), progress: None }.into_dict(),
        };
        let head = [
            HeadItem::Uint(Code::Result.number()),
            HeadItem::Uint(entry.request.get()),
            HeadItem::Dict(&details),
        ];
        self.answer(callee, &entry, &message.options.ppt, &head, &message.payload, turn);
        window();
        self.make_room(&entry, turn);
        Ok(())
    }

    /// Routes ERROR of an invocation back to the caller, same URI and payload; or asks another callee.
    pub(crate) fn yield_error(
        &self,
        callee: &Arc<Seat>,
        message: &Error<'_>,
        turn: &mut Turn,
    ) -> Result<(), Violation> {
        let ppt = Passthru::from_dict("ERROR", &message.details)?;
        let mut desk = callee.desk.lock();
        let Some(mut entry) = desk.answered(message.request, "ERROR")? else { return Ok(()) };
        let unavailable = message.error == uri::UNAVAILABLE
            && callee.session().features().callee_reroute
            && !entry.interrupted;
        if unavailable && let Some(held) = entry.take_held() {
            self.go_elsewhere(callee, desk, entry, held, turn);
            return Ok(());
        }
        drop(desk);
        window();
        self.settle(&entry);
        window();
        if unavailable && !entry.has_progressed {
            // There is no other callee, so nothing was held (RPC-REROUTE-02).
            let text = format!("the only callee is unavailable: {}", message.error);
            let refusal = Refusal::new(uri::NO_AVAILABLE_CALLEE, text);
            turn.refuse(entry.caller.session(), Code::Call, entry.request, &refusal);
        } else {
            let mut details = Dict::new();
            ppt.clone().write(&mut details);
            let head = [
                HeadItem::Uint(Code::Error.number()),
                HeadItem::Uint(Code::Call.number()),
                HeadItem::Uint(entry.request.get()),
                HeadItem::Dict(&details),
                HeadItem::Text(&message.error),
            ];
            self.answer(callee, &entry, &ppt, &head, &message.payload, turn);
        }
        window();
        self.make_room(&entry, turn);
        Ok(())
    }

    /// Sends the final answer, or an error in its place if it can't be sent.
    fn answer(
        &self,
        callee: &Seat,
        entry: &Invocation,
        ppt: &Passthru,
        head: &[HeadItem<'_>],
        payload: &Payload,
        turn: &mut Turn,
    ) {
        let caller = entry.caller.session();
        let shared = Shared::new(payload, callee.session().format());
        if ppt.is_used() && !caller.features().caller_ppt {
            // PPT-12: there is no message that could tell the callee.
            let refusal =
                unsupported("the caller does not know payload passthru mode, which the callee uses");
            turn.refuse(caller, Code::Call, entry.request, &refusal);
        } else if let Err(error) = shared.check(caller.format()) {
            turn.refuse(caller, Code::Call, entry.request, &error.into());
        } else if turn.reply(caller, head, &shared) == Delivery::TooLong {
            self.counters.replies_too_long.increment();
            turn.refuse(caller, Code::Call, entry.request, &too_long("caller"));
        }
    }
}

impl Desk {
    /// Takes an invocation: this decides how the call ends.
    pub(super) fn take(&mut self, invocation: Id) -> Option<Invocation> {
        let entry = self.invocations.remove(&invocation)?;
        entry.is_over();
        Some(entry)
    }

    /// Takes an invocation that its callee has answered. `None` if somebody else was faster.
    ///
    /// An id that was never issued to this session is a violation (MSG-23); one that is merely over is not (MSG-24).
    fn answered(&mut self, invocation: Id, message: &str) -> Result<Option<Invocation>, Violation> {
        match self.take(invocation) {
            None => self.must_have_issued(invocation, message).map(|()| None),
            taken => Ok(taken),
        }
    }

    pub(super) fn must_have_issued(&self, invocation: Id, message: &str) -> Result<(), Violation> {
        if self.ids.has_issued(invocation) {
            return Ok(());
        }
        Err(Violation::new(format!("{message} for invocation {invocation}, which this session never got")))
    }
}

impl Invocation {
    /// Its callee has one thing less to do.
    pub(super) fn is_over(&self) {
        if let Some((_, endpoint)) = self.more.as_ref().and_then(|more| more.counted.as_ref()) {
            endpoint.ended();
        }
    }
}
