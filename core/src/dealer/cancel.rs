//! CANCEL, and what happens to calls when one of the two sides leaves.

use super::seat::{Callee, Invocation, Pending};
use super::{Dealer, Seat};
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
    pub(crate) fn cancel(&self, caller: &Seat, message: &Cancel, turn: &mut Turn) {
        let pending = caller.caller.lock().pending.get(&message.request).cloned();
        let Some(Pending { callee, invocation }) = pending else { return };
        // A callee that can't be interrupted makes every mode `skip` (RPC-CANCEL-06).
        let mode = match message.options.mode.unwrap_or(CancelMode::KillNoWait) {
            mode if callee.session().features().callee_canceling => mode,
            _ => CancelMode::Skip,
        };
        let mut desk = callee.callee.lock();
        if mode != CancelMode::Skip {
            callee.interrupt(&mut desk, invocation, mode, turn);
        }
        if mode == CancelMode::Kill {
            return; // the callee's answer ends the call
        }
        let Some(entry) = desk.invocations.remove(&invocation) else { return };
        drop(desk);
        entry.settle();
        canceled(&entry, "the caller canceled the call", turn);
    }

    /// The session is gone: calls to it end, its own calls are nobody's any more, its procedures are withdrawn.
    pub(crate) fn leave(&self, seat: &Seat, witness: &dyn Witness, turn: &mut Turn) {
        self.leave_as_callee(seat, witness, turn);
        leave_as_caller(seat, turn);
    }

    fn leave_as_callee(&self, seat: &Seat, witness: &dyn Witness, turn: &mut Turn) {
        let (registrations, invocations) = {
            let mut callee = seat.callee.lock();
            callee.gone = true;
            (std::mem::take(&mut callee.registrations), std::mem::take(&mut callee.invocations))
        };
        if !registrations.is_empty() {
            let _write = self.write.lock();
            registrations.values().for_each(|registration| self.withdraw(registration));
        }
        for entry in invocations.into_values() {
            entry.settle();
            canceled(&entry, "the callee has left", turn);
        }
    }
}

fn leave_as_caller(seat: &Seat, turn: &mut Turn) {
    let pending = std::mem::take(&mut seat.caller.lock().pending);
    for Pending { callee, invocation } in pending.into_values() {
        let mut desk = callee.callee.lock();
        if callee.session().features().callee_canceling {
            callee.interrupt(&mut desk, invocation, CancelMode::KillNoWait, turn);
        }
        desk.invocations.remove(&invocation);
    }
}

fn canceled(entry: &Invocation, why: &'static str, turn: &mut Turn) {
    turn.refuse(entry.caller.session(), Code::Call, entry.request, &Refusal::new(uri::CANCELED, why));
}

impl Seat {
    /// Sends INTERRUPT for an invocation that is still running, once.
    fn interrupt(&self, desk: &mut Callee, invocation: Id, mode: CancelMode, turn: &mut Turn) {
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
