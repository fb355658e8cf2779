//! What the dealer's tables say.

use std::sync::Arc;

use super::super::seat::Place;
use super::bench::{Bench, PROCEDURE, Peer, id};

impl Bench {
    /// Nothing is left of any call and any session.
    pub(super) fn is_empty(&self) -> Result<(), String> {
        self.has_no_calls()?;
        if self.dealer.exact.pin().get(PROCEDURE).is_some() || !self.dealer.write.lock().by_id.is_empty() {
            return Err("a registration is left".into());
        }
        match self.callees.iter().find(|callee| !callee.seat.desk.lock().registrations.is_empty()) {
            None => Ok(()),
            Some(callee) => Err(format!("session {} has registrations", callee.seat.session().id())),
        }
    }

    /// Nothing is left of any call, when all callers have left or have been answered.
    pub(super) fn has_no_calls(&self) -> Result<(), String> {
        if self.dealer.deadlines.len() > 0 {
            return Err("deadlines are left".into());
        }
        for (registration, endpoint) in self.offers.lock().iter() {
            let (waiting, held) = (registration.line.lock().len(), registration.held());
            if waiting + held + endpoint.pending() > 0 {
                let text = format!("{waiting} in line, {held} bytes held, {} counted", endpoint.pending());
                return Err(text);
            }
        }
        for Peer { seat, .. } in self.callers.iter().chain(&self.callees) {
            if !seat.caller.lock().pending.is_empty() || !seat.desk.lock().invocations.is_empty() {
                return Err(format!("something is left of the calls of session {}", seat.session().id()));
            }
        }
        Ok(())
    }

    /// How many calls are in line.
    pub(super) fn waiting(&self) -> usize {
        let offers = self.offers.lock();
        let mut lines: Vec<_> = offers.iter().map(|(registration, _)| registration).collect();
        lines.sort_by_key(|registration| registration.id);
        lines.dedup_by_key(|registration| registration.id);
        lines.iter().map(|registration| registration.line.lock().len()).sum()
    }

    /// Where a call is: with which callee, in line (`Some(None)`), or nowhere.
    pub(super) fn place(&self, call: usize) -> Option<Option<usize>> {
        let caller = self.callers[call].seat.caller.lock();
        match &caller.pending.get(&id(1))?.place {
            Place::At { callee, .. } => {
                Some(self.callees.iter().position(|peer| Arc::ptr_eq(&peer.seat, callee)))
            }
            Place::Waiting { .. } => Some(None),
            Place::Moving { .. } => panic!("nobody moves it"),
        }
    }

    /// How many invocations a callee has, and how many are counted where they are.
    pub(super) fn load(&self, callee: usize) -> (usize, Option<usize>) {
        let seat = &self.callees[callee].seat;
        let offers = self.offers.lock();
        let mine = offers.iter().filter(|(_, offer)| Arc::ptr_eq(&offer.seat, seat) && offer.counts());
        let counted = mine.map(|(_, offer)| offer.pending()).reduce(|all, one| all + one);
        (seat.desk.lock().invocations.len(), counted)
    }
}

impl Peer {
    /// As if it had got an invocation.
    pub(super) fn pretend(&self, call: usize, invocation: u64) {
        self.invocations.lock().push((call, id(invocation)));
    }
}
