//! What holds whatever has happened, and in whatever order.

use super::bench::Bench;
use super::events::{Event, Heard, Who};

impl Bench {
    /// Whether somebody is there to do this now.
    pub(super) fn can(&self, event: Event) -> bool {
        let callee_of = |callee: usize| &self.callees[callee].seat;
        match event {
            Event::Call(call) => {
                let peer = &self.callers[call];
                self.is_here(Who::Caller(call)) && self.finals(call) == peer.made() && !peer.is_open()
            }
            Event::More(call) | Event::Last(call) => {
                self.is_here(Who::Caller(call)) && self.callers[call].is_open()
            }
            Event::Cancel(call, _) | Event::CallerLeaves(call) => self.is_here(Who::Caller(call)),
            Event::Yield(callee, call)
            | Event::Progress(callee, call)
            | Event::Fail(callee, call)
            | Event::Unavailable(callee, call) => {
                self.is_here(Who::Callee(callee)) && self.invocation(callee, call).is_some()
            }
            Event::Expire => true,
            Event::CalleeLeaves(callee) => self.is_here(Who::Callee(callee)),
            Event::Register(callee) => {
                self.is_here(Who::Callee(callee)) && callee_of(callee).desk.lock().registrations.is_empty()
            }
            Event::Unregister(callee) => !callee_of(callee).desk.lock().registrations.is_empty(),
        }
    }

    /// Lets something happen if it can.
    pub(super) fn may(&self, event: Event) -> Result<(), String> {
        if self.can(event) {
            self.act(event).map_err(|violation| format!("{event:?}: {violation}"))?;
        }
        Ok(())
    }

    /// Everybody reads what has come.
    pub(super) fn all_read(&self) {
        self.everybody().for_each(|who| drop(self.heard(who)));
    }

    pub(super) fn everybody(&self) -> impl Iterator<Item = Who> + use<> {
        (0..self.callers.len()).map(Who::Caller).chain((0..self.callees.len()).map(Who::Callee))
    }

    fn is_here(&self, who: Who) -> bool {
        match who {
            Who::Caller(call) => !self.callers[call].seat.desk.lock().gone,
            Who::Callee(callee) => !self.callees[callee].seat.desk.lock().gone,
            Who::Clock => true,
        }
    }

    /// How many calls have been answered, as far as the caller has read.
    fn finals(&self, call: usize) -> usize {
        self.log(Who::Caller(call)).iter().filter(|heard| heard.is_final()).count()
    }

    /// Whoever has an invocation answers, until nobody has any.
    pub(super) fn all_answer(&self) -> Result<(), String> {
        self.all_read();
        for _ in 0..=self.callers.len() {
            for (callee, call) in self.pairs() {
                self.may(Event::Yield(callee, call))?;
                self.all_read();
            }
        }
        Ok(())
    }

    /// When all have answered, every call has its end, and when all have left, nothing is left of them.
    pub(super) fn comes_to_an_end(&self) -> Result<(), String> {
        self.all_answer()?;
        self.callers_heard_what_they_may()?;
        self.callees_heard_what_they_may()?;
        for call in 0..self.callers.len() {
            self.may(Event::CallerLeaves(call))?;
        }
        self.has_no_calls()?;
        for callee in 0..self.callees.len() {
            self.may(Event::CalleeLeaves(callee))?;
        }
        self.is_empty()
    }

    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let calls = self.callers.len();
        (0..self.callees.len()).flat_map(move |callee| (0..calls).map(move |call| (callee, call)))
    }

    /// One final answer for every call, if the caller is there; nothing behind the last.
    fn callers_heard_what_they_may(&self) -> Result<(), String> {
        for (call, peer) in self.callers.iter().enumerate() {
            let (log, made, finals) = (self.log(Who::Caller(call)), peer.made(), self.finals(call));
            let is_here = self.is_here(Who::Caller(call));
            if finals > made || (is_here && finals < made) {
                return Err(format!("caller {call} made {made} calls and heard {log:?}"));
            }
            if finals == made && log.last().is_some_and(|last| !last.is_final()) {
                return Err(format!("caller {call} heard of a call that was over: {log:?}"));
            }
        }
        Ok(())
    }

    /// Invocations between REGISTERED and UNREGISTERED, with ids in a row, and again where a call goes on; at most one INTERRUPT for each, behind it.
    fn callees_heard_what_they_may(&self) -> Result<(), String> {
        for callee in 0..self.callees.len() {
            let log = self.log(Who::Callee(callee));
            if self.callees[callee].strays() > 0 {
                return Err(format!("callee {callee} got calls when it was not registered: {log:?}"));
            }
            let (mut last, mut interrupted) = (0, Vec::new());
            for heard in &log {
                let is_right = match heard {
                    Heard::Invocation(id, _) => {
                        let is_more = log.contains(heard) && *id <= last;
                        last = last.max(*id);
                        is_more || *id == last
                    }
                    Heard::Interrupt(id, _) => {
                        let is_first = !interrupted.contains(id);
                        interrupted.push(*id);
                        is_first && *id <= last
                    }
                    _ => false,
                };
                if !is_right {
                    return Err(format!("callee {callee} heard {log:?}"));
                }
            }
        }
        Ok(())
    }
}
