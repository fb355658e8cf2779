//! What has to happen, with lists and loops.

use std::collections::{BTreeMap, VecDeque};

use super::events::{Event, Heard, Setting, Who};
use crate::message::{CancelMode, Invoke};
use crate::uri;

/// Where a call is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    NotMade,
    /// `offer` counts how often the callee has registered.
    At {
        callee: usize,
        invocation: u64,
        offer: usize,
    },
    InLine,
    Over,
}

#[derive(Clone, Debug)]
struct Call {
    state: State,
    /// The registration that it was made to.
    registration: usize,
    tried: Vec<usize>,
    interrupted: bool,
    has_progressed: bool,
    is_open: bool,
    caller_left: bool,
    /// Whose time began last has the highest.
    begun: u64,
}

#[derive(Clone, Debug, Default)]
struct Callee {
    is_registered: bool,
    has_left: bool,
    /// The last registration, and how often it had one.
    registration: usize,
    offers: usize,
    /// Who registered first has the lowest.
    since: u64,
    issued: u64,
    /// All calls that it ever got.
    calls: Vec<usize>,
}

/// The messages of one event, by receiver.
pub(super) type Messages = BTreeMap<Who, Vec<Heard>>;

#[derive(Clone, Debug)]
pub(super) struct Oracle {
    setting: Setting,
    calls: Vec<Call>,
    callees: Vec<Callee>,
    line: VecDeque<usize>,
    messages: Messages,
    begun: u64,
    /// How many there have been: when nobody has the procedure any more, the next callee begins another.
    registrations: usize,
}

impl Oracle {
    pub(super) fn new(setting: Setting, calls: usize) -> Self {
        let call = Call {
            state: State::NotMade,
            registration: 0,
            tried: Vec::new(),
            interrupted: false,
            has_progressed: false,
            is_open: false,
            caller_left: false,
            begun: 0,
        };
        let mut oracle = Oracle {
            setting,
            calls: vec![call; calls],
            callees: vec![Callee::default(); setting.callees],
            line: VecDeque::new(),
            messages: Messages::new(),
            begun: 0,
            registrations: 0,
        };
        for callee in 0..setting.callees_at_first() {
            oracle.register(callee);
        }
        oracle
    }

    pub(super) fn waiting(&self) -> usize {
        self.line.len()
    }

    pub(super) fn state(&self, call: usize) -> &State {
        &self.calls[call].state
    }

    /// Whether somebody is there to do this.
    pub(super) fn can(&self, event: Event) -> bool {
        match event {
            Event::Call(call) => self.calls[call].state == State::NotMade && !self.calls[call].caller_left,
            Event::More(call) | Event::Last(call) => {
                self.calls[call].is_open && !self.calls[call].caller_left
            }
            Event::Cancel(call, _) | Event::CallerLeaves(call) => !self.calls[call].caller_left,
            Event::Yield(callee, call)
            | Event::Progress(callee, call)
            | Event::Fail(callee, call)
            | Event::Unavailable(callee, call) => {
                !self.callees[callee].has_left && self.callees[callee].calls.contains(&call)
            }
            Event::Expire => true,
            Event::CalleeLeaves(callee) => !self.callees[callee].has_left,
            Event::Register(callee) => !self.callees[callee].has_left && !self.callees[callee].is_registered,
            Event::Unregister(callee) => self.callees[callee].is_registered,
        }
    }

    /// What everybody gets because of an event.
    pub(super) fn take(&mut self, event: Event) -> Messages {
        match event {
            Event::Call(call) => {
                self.begin(call);
                self.calls[call].registration = self.registrations;
                self.calls[call].is_open = self.is_progressive(call);
                self.route(call);
            }
            Event::More(call) | Event::Last(call) => {
                self.calls[call].is_open = matches!(event, Event::More(_));
                if let State::At { callee, invocation, .. } = self.calls[call].state {
                    self.say(Who::Callee(callee), Heard::Invocation(invocation, call));
                }
            }
            Event::Cancel(call, mode) => self.end(call, mode, uri::CANCELED),
            Event::Yield(callee, call) => self.answer(callee, call, Heard::Result),
            Event::Fail(callee, call) => self.answer(callee, call, Heard::Error("app.error".into())),
            Event::Unavailable(callee, call) => self.unavailable(callee, call),
            Event::Progress(callee, call) => {
                if self.is_at(callee, call) && self.setting.progress {
                    self.calls[call].has_progressed = true;
                    self.begin(call);
                    self.say(Who::Caller(call), Heard::Progress);
                }
            }
            Event::Expire => {
                let mut calls: Vec<usize> = (0..self.calls.len()).collect();
                calls.sort_by_key(|call| self.calls[*call].begun);
                for call in calls {
                    self.end(call, CancelMode::KillNoWait, uri::TIMEOUT);
                    self.serve_the_line();
                }
            }
            Event::CallerLeaves(call) => {
                self.calls[call].caller_left = true;
                self.interrupt(call, CancelMode::KillNoWait);
                self.close(call);
            }
            Event::CalleeLeaves(callee) => {
                self.callees[callee] =
                    Callee { is_registered: false, has_left: true, ..self.callees[callee].clone() };
                for call in 0..self.calls.len() {
                    self.answer(callee, call, Heard::Error(uri::CANCELED.into()));
                }
            }
            Event::Register(callee) => self.register(callee),
            Event::Unregister(callee) => self.callees[callee].is_registered = false,
        }
        self.serve_the_line();
        std::mem::take(&mut self.messages)
    }

    /// Its time begins, again.
    fn begin(&mut self, call: usize) {
        self.begun += 1;
        self.calls[call].begun = self.begun;
    }

    fn say(&mut self, who: Who, heard: Heard) {
        let gone = match who {
            Who::Caller(call) => self.calls[call].caller_left,
            Who::Callee(callee) => self.callees[callee].has_left,
            Who::Clock => true,
        };
        if !gone {
            self.messages.entry(who).or_default().push(heard);
        }
    }

    fn is_at(&self, callee: usize, call: usize) -> bool {
        matches!(self.calls[call].state, State::At { callee: at, .. } if at == callee)
    }

    fn is_busy(&self, callee: usize) -> bool {
        let last = self.callees[callee].offers;
        let is_here = |call: &&Call| match call.state {
            State::At { callee: at, offer, .. } => at == callee && offer == last,
            _ => false,
        };
        let load = self.calls.iter().filter(is_here).count();
        self.setting.concurrency.is_some_and(|most| load as u64 >= most)
    }

    fn untried(&self, call: usize) -> Vec<usize> {
        let call = &self.calls[call];
        let may = |at: &usize| {
            let callee = &self.callees[*at];
            callee.is_registered && callee.registration == call.registration && !call.tried.contains(at)
        };
        let mut untried: Vec<usize> = (0..self.callees.len()).filter(may).collect();
        untried.sort_by_key(|callee| self.callees[*callee].since);
        untried
    }

    /// Nothing happens if another callee has the procedure for itself.
    fn register(&mut self, callee: usize) {
        if self.setting.force {
            self.callees.iter_mut().for_each(|other| other.is_registered = false);
        }
        let is_offered = self.is_offered();
        if is_offered && self.setting.invoke == Invoke::Single {
            return;
        }
        if !is_offered {
            self.registrations += 1;
        }
        self.begun += 1;
        let Callee { is_registered, registration, offers, since, .. } = &mut self.callees[callee];
        (*is_registered, *registration, *since) = (true, self.registrations, self.begun);
        *offers += 1;
    }

    fn is_offered(&self) -> bool {
        self.callees.iter().any(|callee| callee.is_registered)
    }

    fn route(&mut self, call: usize) {
        if self.untried(call).is_empty() {
            return self.finish(call, Heard::Error(self.why_nobody(call).into()));
        }
        self.line.push_back(call);
        self.calls[call].state = State::InLine;
        self.serve_the_line();
        // More of it may come, and would have to wait as well.
        if self.is_progressive(call) && self.calls[call].state == State::InLine {
            self.finish(call, Heard::Error(uri::UNAVAILABLE.into()));
        }
    }

    fn is_progressive(&self, call: usize) -> bool {
        self.setting.open && call == 0
    }

    fn why_nobody(&self, call: usize) -> &'static str {
        match &self.calls[call] {
            Call { state: State::NotMade, .. } => uri::NO_SUCH_PROCEDURE,
            Call { tried, .. } if !tried.is_empty() => uri::NO_AVAILABLE_CALLEE,
            _ => uri::CANCELED,
        }
    }

    /// Those who can be served are, in order.
    fn serve_the_line(&mut self) {
        let mut at = 0;
        while let Some(&call) = self.line.get(at) {
            let untried = self.untried(call);
            if untried.is_empty() {
                self.finish(call, Heard::Error(self.why_nobody(call).into()));
                continue;
            }
            match untried.into_iter().find(|callee| !self.is_busy(*callee)) {
                None => at += 1,
                Some(callee) => {
                    self.line.remove(at);
                    let Callee { issued, calls, offers, .. } = &mut self.callees[callee];
                    *issued += 1;
                    calls.push(call);
                    let (invocation, offer) = (*issued, *offers);
                    self.calls[call].state = State::At { callee, invocation, offer };
                    self.say(Who::Callee(callee), Heard::Invocation(invocation, call));
                }
            }
        }
    }

    fn end(&mut self, call: usize, mode: CancelMode, why: &str) {
        if self.interrupt(call, mode) && mode == CancelMode::Kill {
            return;
        }
        if matches!(self.calls[call].state, State::At { .. } | State::InLine) {
            self.finish(call, Heard::Error(why.into()));
        }
    }

    /// Whether the callee is, or was, interrupted.
    fn interrupt(&mut self, call: usize, mode: CancelMode) -> bool {
        let State::At { callee, invocation, .. } = self.calls[call].state else { return false };
        if !self.setting.canceling || mode == CancelMode::Skip {
            return false;
        }
        if !std::mem::replace(&mut self.calls[call].interrupted, true) {
            self.say(Who::Callee(callee), Heard::Interrupt(invocation, mode));
        }
        true
    }

    fn answer(&mut self, callee: usize, call: usize, heard: Heard) {
        if self.is_at(callee, call) {
            self.finish(call, heard);
        }
    }

    fn unavailable(&mut self, callee: usize, call: usize) {
        if !self.is_at(callee, call) {
            return;
        }
        let Call { interrupted, has_progressed, .. } = self.calls[call];
        if !self.setting.reroute || interrupted || has_progressed {
            return self.finish(call, Heard::Error(uri::UNAVAILABLE.into()));
        }
        self.calls[call].tried.push(callee);
        match self.setting.invoke == Invoke::Single || self.is_progressive(call) {
            true => self.finish(call, Heard::Error(uri::NO_AVAILABLE_CALLEE.into())),
            false => self.route(call),
        }
    }

    fn finish(&mut self, call: usize, heard: Heard) {
        self.close(call);
        self.say(Who::Caller(call), heard);
    }

    fn close(&mut self, call: usize) {
        self.line.retain(|waiting| *waiting != call);
        self.calls[call].state = State::Over;
    }
}
