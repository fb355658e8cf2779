//! Calls whose callee is unavailable go to another one, unseen by the caller.
//!
//! Law: between two callees the call is nobody's; whoever wants to end it then leaves word (see
//! [`Place::Moving`]), so that no CANCEL and no timeout is lost.

use std::sync::Arc;

use parking_lot::MutexGuard;

use super::call::Declined;
use super::held::Held;
use super::seat::{Desk, Invocation, Place};
use super::{Dealer, Seat, window};
use crate::error::Refusal;
use crate::id::Id;
use crate::message::Code;
use crate::session::turn::Turn;
use crate::uri;

impl Dealer {
    /// Asks another callee. The invocation is off the desk, whose lock is still held: until the caller's table says that
    /// the call moves, nobody may look for it there.
    pub(super) fn go_elsewhere(
        &self,
        callee: &Seat,
        desk: MutexGuard<'_, Desk>,
        entry: Invocation,
        mut held: Held,
        turn: &mut Turn,
    ) {
        let wanted = match entry.caller.caller.lock().pending.get_mut(&entry.request) {
            Some(pending) => {
                pending.place = Place::Moving { end: None };
                true
            }
            None => false,
        };
        drop(desk);
        window();
        if !wanted {
            // The caller has left; others may wait for the room that it leaves.
            return self.make_room(&entry, turn);
        }
        held.tried.push(callee.session().id());
        let call = held.routed(&entry.caller, entry.request);
        match self.route(&held.registration, &call, turn) {
            Ok(()) | Err(Declined::Abandoned) => {}
            Err(Declined::Ended(why)) => self.give_up(&entry.caller, entry.request, &why, turn),
            Err(_) => {
                self.give_up(&entry.caller, entry.request, &nobody_available(), turn);
            }
        }
        window();
        self.make_room(&entry, turn);
    }

    /// Ends a call that no callee has. Whoever wanted to end it meanwhile is heard.
    pub(super) fn give_up(&self, caller: &Arc<Seat>, request: Id, why: &Refusal, turn: &mut Turn) {
        let mut calls = caller.caller.lock();
        let why = match calls.pending.get_mut(&request) {
            None => return,
            Some(pending) => match &mut pending.place {
                Place::Moving { end } => end.take().unwrap_or_else(|| why.clone()),
                _ => why.clone(),
            },
        };
        drop(calls);
        self.settle_call(caller, request);
        turn.refuse(caller.session(), Code::Call, request, &why);
    }
}

/// All callees were asked, or have left.
pub(super) fn nobody_available() -> Refusal {
    Refusal::new(uri::NO_AVAILABLE_CALLEE, "all callees are unavailable")
}

impl Invocation {
    /// The first CALL, if another callee may be asked.
    pub(super) fn take_held(&mut self) -> Option<Held> {
        self.more.as_mut()?.held.take().map(|held| *held)
    }
}
