//! The calls of the model.

use super::procedures::Callee;
use super::{Act, Expected, Flaw, Model, error, pick, pick_some, with};
use crate::pattern::{Element, Message, Scope, none};
use crate::step::Random;

/// What is called. The last one is no URI.
pub(super) const CALLED: [&str; 8] = [
    "a.procedure",
    "a.procedure",
    "a.procedure",
    "another.procedure",
    "another.procedure",
    "a.program",
    "wamp.procedure",
    "no procedure",
];

#[derive(Clone)]
pub(super) struct Call {
    pub(super) caller: usize,
    pub(super) request: u64,
    callee: usize,
    invocation: u64,
    interrupted: bool,
    /// The caller wants progressive results, and the callee makes some.
    progressive: bool,
    progressed: bool,
    /// More CALLs may come, and what INVOCATION says for each.
    pub(super) open: bool,
    details: Vec<(&'static str, Element)>,
    /// When it ends by itself; earlier ones have the lower number.
    deadline: Option<(u64, u64)>,
    wish: Wish,
    /// The registration, and who was unavailable.
    symbol: u32,
    tried: Vec<usize>,
}

/// What the caller said.
#[derive(Clone)]
struct Wish {
    name: &'static str,
    disclose: bool,
    progress: bool,
    /// Not everything is said by the first CALL.
    several: bool,
    timeout: Option<u64>,
    payload: Vec<Element>,
}

/// Where a call went.
enum Routed {
    To,
    /// The callee takes no progressive calls.
    Unable,
    Nowhere,
}

/// Between them, and not at the same time as any of them, time is looked at.
const TIMEOUTS: [Option<u64>; 6] = [None, None, Some(0), Some(5), Some(15), Some(25)];
const WAIT: u64 = 10;

fn invoked(
    invocation: u64,
    realm: u8,
    symbol: u32,
    details: &[(&'static str, Element)],
    more: bool,
) -> Message {
    let mut details = details.to_vec();
    details.extend(more.then(|| ("progress", true.into())));
    let registration = Element::Symbol(Scope::Registration(realm), symbol);
    vec![68.into(), invocation.into(), registration, Element::Dict(details)]
}

impl Model {
    pub(super) fn call(&mut self, slot: usize, draws: &mut Random, expected: &mut Expected) -> Act {
        let (request, realm) = (self.next_request(slot), self.member(slot).realm);
        let name = *pick(draws, &CALLED);
        let (disclose, progress) = (draws.below(4) == 0, draws.below(3) == 0);
        let (several, timeout) = (draws.below(4) == 0, *pick(draws, &TIMEOUTS));
        let wish = Wish { name, disclose, progress, several, timeout, payload: self.payload(draws) };
        let refusal = match self.best(realm, name) {
            _ if name == "no procedure" => Some("wamp.error.invalid_uri"),
            None => Some("wamp.error.no_such_procedure"),
            Some(symbol) => match self.route(slot, request, symbol, &wish, None, expected) {
                Routed::To => None,
                Routed::Unable => Some("wamp.error.feature_not_supported"),
                Routed::Nowhere => unreachable!("a registration has callees"),
            },
        };
        if let Some(uri) = refusal {
            expected.next(slot, error(48, request, uri));
            self.member_mut(slot).late.extend(several.then_some((request, name)));
        }
        let mut options = Vec::new();
        options.extend(disclose.then(|| ("disclose_me", true.into())));
        options.extend(progress.then(|| ("receive_progress", true.into())));
        options.extend(several.then(|| ("progress", true.into())));
        options.extend(timeout.map(|timeout| ("timeout", timeout.into())));
        Act::Say(with(vec![48.into(), request.into(), Element::Dict(options), name.into()], &wish.payload))
    }

    /// To a callee; of a call that was at one before, to another. It keeps its deadline.
    fn route(
        &mut self,
        caller: usize,
        request: u64,
        symbol: u32,
        wish: &Wish,
        before: Option<&Call>,
        expected: &mut Expected,
    ) -> Routed {
        let (flaw, now) = (self.flaw, self.now);
        let mut tried = before.map(|call| call.tried.clone()).unwrap_or_default();
        tried.extend(before.map(|call| call.callee));
        let Some(procedure) = self.procedures.iter_mut().find(|p| p.symbol == symbol) else {
            return Routed::Nowhere;
        };
        let (realm, policy) = (procedure.realm, procedure.policy);
        let Some(Callee { slot: callee, disclose, .. }) = procedure.choose(&tried, flaw) else {
            return Routed::Nowhere;
        };
        let member = self.member_mut(callee);
        if wish.several && !(member.several && member.canceling) {
            return Routed::Unable;
        }
        member.invocations += 1;
        let (invocation, progressive) = (member.invocations, wish.progress && member.progress);
        let mut details = self.disclosure(caller, wish.disclose || disclose, "caller");
        details.extend((policy != "exact").then(|| ("procedure", wish.name.into())));
        details.extend(progressive.then(|| ("receive_progress", true.into())));
        let head = invoked(invocation, realm, symbol, &details, wish.several);
        expected.next(callee, with(head, &wish.payload));
        let deadline = match before {
            Some(call) => call.deadline,
            None => wish.timeout.filter(|after| *after > 0).map(|after| (now + after, self.number())),
        };
        self.calls.push(Call {
            caller,
            request,
            callee,
            invocation,
            interrupted: false,
            progressive,
            progressed: false,
            open: wish.several,
            details,
            deadline,
            wish: wish.clone(),
            symbol,
            tried,
        });
        Routed::To
    }

    fn number(&mut self) -> u64 {
        self.deadlines += 1;
        self.deadlines
    }

    /// More of a progressive call, be it over or not.
    pub(super) fn more(&mut self, slot: usize, draws: &mut Random, expected: &mut Expected) -> Option<Act> {
        let open: Vec<Call> = self.calls.iter().filter(|c| c.caller == slot && c.open).cloned().collect();
        let (is_last, payload) = (draws.below(2) == 0, self.payload(draws));
        let known = open.iter().map(|call| (call.request, call.wish.name));
        let known: Vec<_> = known.chain(self.member(slot).late.iter().copied()).collect();
        let (request, name) = *pick_some(draws, &known)?;
        if let Some(call) = open.iter().find(|call| call.request == request) {
            self.go_on(call, is_last, &payload, expected);
        } else if is_last {
            self.member_mut(slot).late.retain(|(late, _)| *late != request);
        }
        let options = if is_last { none() } else { Element::Dict(vec![("progress", true.into())]) };
        Some(Act::Say(with(vec![48.into(), request.into(), options, name.into()], &payload)))
    }

    /// To the callee that has the call, with the invocation that it has.
    fn go_on(&mut self, call: &Call, is_last: bool, payload: &[Element], expected: &mut Expected) {
        let realm = self.member(call.caller).realm;
        let mut invocation = call.invocation;
        if self.flaw == Some(Flaw::MoreIsANewCall) {
            invocation += 1;
        }
        let head = invoked(invocation, realm, call.symbol, &call.details, !is_last);
        expected.next(call.callee, with(head, payload));
        if let Some(call) = self.find(call) {
            call.open = !is_last;
        }
    }

    fn find(&mut self, call: &Call) -> Option<&mut Call> {
        self.calls.iter_mut().find(|c| (c.callee, c.invocation) == (call.callee, call.invocation))
    }

    /// Time passes, and what has taken too long ends.
    pub(super) fn wait(&mut self, expected: &mut Expected) -> Act {
        self.now += WAIT;
        let now = self.now;
        let is_due = |call: &&Call| call.deadline.is_some_and(|(at, _)| at <= now);
        let mut due: Vec<Call> = self.calls.iter().filter(is_due).cloned().collect();
        due.sort_by_key(|call| call.deadline);
        for call in due.iter().filter(|_| self.flaw != Some(Flaw::TimeStandsStill)).collect::<Vec<_>>() {
            if self.member(call.callee).canceling {
                self.interrupt(call, "killnowait", expected);
            }
            self.settle(call);
            expected.next(call.caller, error(48, call.request, "wamp.error.timeout"));
        }
        Act::Wait(WAIT)
    }

    pub(super) fn answer(&mut self, slot: usize, draws: &mut Random, expected: &mut Expected) -> Option<Act> {
        let mine: Vec<Call> = self.calls.iter().filter(|call| call.callee == slot).cloned().collect();
        let late = mine.is_empty() || draws.below(5) == 0;
        let call = if late {
            pick_some(draws, &self.member(slot).past)?.clone()
        } else {
            pick_some(draws, &mine)?.clone()
        };
        let payload = self.payload(draws);
        let (kind, invocation) = (draws.below(10), call.invocation);
        let (heard, said): (Message, Message) = match kind {
            0..2 => {
                let progress = || Element::Dict(vec![("progress", true.into())]);
                (
                    vec![50.into(), call.request.into(), progress()],
                    vec![70.into(), invocation.into(), progress()],
                )
            }
            2..6 => {
                let uri = if kind < 4 { "an.error" } else { "wamp.error.unavailable" };
                (
                    vec![8.into(), 48.into(), call.request.into(), none(), uri.into()],
                    vec![8.into(), 68.into(), invocation.into(), none(), uri.into()],
                )
            }
            _ => (vec![50.into(), call.request.into(), none()], vec![70.into(), invocation.into(), none()]),
        };
        let (heard, said) = (with(heard, &payload), with(said, &payload));
        match kind {
            _ if late && self.flaw != Some(Flaw::LateAnswersArrive) => {}
            0..2 if call.progressive => self.progress(&call, heard, expected),
            0..2 => {}
            4..6 if self.may_move(&call) => self.go_elsewhere(&call, expected),
            _ => {
                self.settle(&call);
                expected.next(call.caller, heard);
            }
        }
        Some(Act::Say(said))
    }

    fn progress(&mut self, call: &Call, heard: Message, expected: &mut Expected) {
        expected.next(call.caller, heard);
        if self.flaw == Some(Flaw::ProgressIsTheEnd) {
            return self.settle(call);
        }
        let (now, number) = (self.now, self.number());
        if let Some(call) = self.find(call) {
            call.progressed = true;
            // From one result to the next.
            call.deadline = call.deadline.and(call.wish.timeout).map(|after| (now + after, number));
        }
    }

    /// Whether another callee is asked where this one is unavailable, or nobody at all.
    fn may_move(&self, call: &Call) -> bool {
        let knows_how = self.member(call.callee).reroute && self.flaw != Some(Flaw::UnavailableIsAnAnswer);
        knows_how && !call.interrupted && !call.progressed
    }

    fn go_elsewhere(&mut self, call: &Call, expected: &mut Expected) {
        let routed = match call.wish.several {
            // What came first would have to be said again.
            true => Routed::Nowhere,
            false => self.route(call.caller, call.request, call.symbol, &call.wish, Some(call), expected),
        };
        self.settle(call);
        if !matches!(routed, Routed::To) {
            expected.next(call.caller, error(48, call.request, "wamp.error.no_available_callee"));
        }
    }

    pub(super) fn cancel(&mut self, slot: usize, draws: &mut Random, expected: &mut Expected) -> Option<Act> {
        let mode = *pick(draws, &[None, Some("skip"), Some("kill"), Some("killnowait")]);
        let mine: Vec<Call> = self.calls.iter().filter(|call| call.caller == slot).cloned().collect();
        let requests = self.member(slot).requests;
        let message = |request: u64| {
            let options: Vec<_> = mode.map(|mode| ("mode", mode.into())).into_iter().collect();
            Act::Say(vec![49.into(), request.into(), Element::Dict(options)])
        };
        if draws.below(6) == 0 && requests > 0 {
            // A request that is over, was no call, or was never made.
            let request = draws.below(requests) + 2;
            let pending = mine.iter().any(|call| call.request == request);
            return (!pending).then(|| message(request));
        }
        let call = pick_some(draws, &mine)?.clone();
        let mode = if self.member(call.callee).canceling { mode.unwrap_or("killnowait") } else { "skip" };
        if mode != "skip" {
            self.interrupt(&call, mode, expected);
        }
        if mode != "kill" {
            self.settle(&call);
            expected.next(call.caller, error(48, call.request, "wamp.error.canceled"));
        }
        Some(message(call.request))
    }

    fn interrupt(&mut self, call: &Call, mode: &str, expected: &mut Expected) {
        let flawed = self.flaw == Some(Flaw::InterruptsAreNotSent);
        if let Some(call) = self.find(call)
            && !std::mem::replace(&mut call.interrupted, true)
            && !flawed
        {
            let options = Element::Dict(vec![("mode", mode.into())]);
            expected.beside(call.callee, vec![69.into(), call.invocation.into(), options]);
        }
    }

    /// The call is over, for this callee at least.
    fn settle(&mut self, call: &Call) {
        let is_open = self.find(call).is_some_and(|call| call.open);
        self.calls.retain(|c| (c.callee, c.invocation) != (call.callee, call.invocation));
        if is_open && let Some(caller) = &mut self.members[call.caller] {
            caller.late.push((call.request, call.wish.name));
        }
        if let Some(callee) = &mut self.members[call.callee] {
            callee.past.push(call.clone());
        }
    }

    /// A session is over: its calls are nobody's, and calls to it end.
    pub(super) fn leave_calls(&mut self, slot: usize, expected: &mut Expected) {
        let silent = self.flaw == Some(Flaw::CalleeLeavesInSilence);
        let calls: Vec<Call> =
            self.calls.iter().filter(|c| (c.callee == slot) != (c.caller == slot)).cloned().collect();
        for call in &calls {
            if call.callee == slot && !silent {
                expected.beside(call.caller, error(48, call.request, "wamp.error.canceled"));
            }
            if call.caller == slot && self.member(call.callee).canceling {
                self.interrupt(call, "killnowait", expected);
            }
            self.settle(call);
        }
        self.calls.retain(|call| call.callee != slot && call.caller != slot);
    }
}
