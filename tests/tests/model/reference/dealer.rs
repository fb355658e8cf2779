//! The dealer of the model.

use super::broker::covers;
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

/// What is registered, the policies that win first.
const POLICIES: [(&str, &[&str]); 3] = [
    ("exact", &["a.procedure", "a.procedure", "another.procedure", "wamp.procedure", "no procedure"]),
    ("prefix", &["a.pro", "a.", "an", "", "wamp.pro"]),
    ("wildcard", &["a.procedure", ".procedure", "a.", ".", "no procedure"]),
];

/// Who of several callees is called.
const INVOKE: [&str; 6] = ["single", "single", "first", "last", "roundrobin", "roundrobin"];

/// A registration, and who shares it.
pub(super) struct Procedure {
    realm: u8,
    policy: &'static str,
    name: &'static str,
    symbol: u32,
    invoke: &'static str,
    /// In the order in which they came.
    callees: Vec<Callee>,
    /// The number of the callee that was called last.
    last: u64,
}

#[derive(Clone)]
struct Callee {
    slot: usize,
    number: u64,
    disclose: bool,
}

impl Procedure {
    fn has(&self, slot: usize) -> bool {
        self.callees.iter().any(|callee| callee.slot == slot)
    }

    /// Who gets a call that these had already.
    fn choose(&mut self, tried: &[usize], flaw: Option<Flaw>) -> Option<Callee> {
        let mut may = self.callees.iter().filter(|callee| !tried.contains(&callee.slot));
        let chosen = match self.invoke {
            "last" => may.next_back(),
            "roundrobin" if flaw != Some(Flaw::RoundsBeginAnew) => {
                let all: Vec<&Callee> = may.collect();
                all.iter().find(|callee| callee.number > self.last).or(all.first()).copied()
            }
            _ => may.next(),
        }?
        .clone();
        self.last = chosen.number;
        Some(chosen)
    }
}

/// How specific a wildcard pattern is: the lengths of the runs of components between its wildcards.
fn runs(pattern: &str) -> Vec<usize> {
    let mut runs = vec![0];
    for component in pattern.split('.') {
        match component {
            "" => runs.push(0),
            _ => *runs.last_mut().unwrap() += 1,
        }
    }
    runs
}

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
    payload: Vec<Element>,
}

impl Model {
    pub(super) fn register(&mut self, slot: usize, draws: &mut Random, expected: &mut Expected) -> Act {
        let (request, realm) = (self.next_request(slot), self.member(slot).realm);
        let (policy, names) = *pick(draws, &POLICIES);
        let (name, invoke) = (*pick(draws, names), *pick(draws, &INVOKE));
        let disclose = draws.below(4) == 0;
        let same = |p: &&mut Procedure| (p.realm, p.policy, p.name) == (realm, policy, name);
        let registered =
            |symbol| vec![65.into(), request.into(), Element::Symbol(Scope::Registration(realm), symbol)];
        let number = self.steps;
        if name == "no procedure" || name.starts_with("wamp.") {
            expected.next(slot, error(64, request, "wamp.error.invalid_uri"));
        } else if let Some(known) = self.procedures.iter_mut().find(same) {
            if known.invoke == "single" || known.invoke != invoke {
                expected.next(slot, error(64, request, "wamp.error.procedure_already_exists"));
            } else {
                if !known.has(slot) {
                    known.callees.push(Callee { slot, number, disclose });
                }
                expected.next(slot, registered(known.symbol));
            }
        } else {
            let symbol = self.symbol();
            let callees = vec![Callee { slot, number, disclose }];
            self.procedures.push(Procedure { realm, policy, name, symbol, invoke, callees, last: 0 });
            expected.next(slot, registered(symbol));
        }
        let mut options = vec![("match", policy.into()), ("invoke", invoke.into())];
        options.extend(disclose.then(|| ("disclose_caller", true.into())));
        Act::Say(vec![64.into(), request.into(), Element::Dict(options), name.into()])
    }

    /// Of any registration of the realm: not all of them are the session's own.
    pub(super) fn unregister(
        &mut self,
        slot: usize,
        draws: &mut Random,
        expected: &mut Expected,
    ) -> Option<Act> {
        let realm = self.member(slot).realm;
        let known: Vec<(u32, bool)> =
            self.procedures.iter().filter(|p| p.realm == realm).map(|p| (p.symbol, p.has(slot))).collect();
        let (symbol, own) = *pick_some(draws, &known)?;
        let request = self.next_request(slot);
        if own {
            self.withdraw(slot, |procedure| procedure.symbol == symbol);
            expected.next(slot, vec![67.into(), request.into()]);
        } else {
            expected.next(slot, error(66, request, "wamp.error.no_such_registration"));
        }
        let registration = Element::Symbol(Scope::Registration(realm), symbol);
        Some(Act::Say(vec![66.into(), request.into(), registration]))
    }

    fn withdraw(&mut self, slot: usize, which: impl Fn(&Procedure) -> bool) {
        for procedure in self.procedures.iter_mut().filter(|procedure| which(procedure)) {
            procedure.callees.retain(|callee| callee.slot != slot);
        }
        self.procedures.retain(|procedure| !procedure.callees.is_empty());
    }

    pub(super) fn unregister_all(&mut self, slot: usize) {
        self.withdraw(slot, |_| true);
    }

    /// The registration that gets a call.
    fn best(&self, realm: u8, name: &str) -> Option<u32> {
        let wildcards_first = self.flaw == Some(Flaw::WildcardsBeatPrefixes);
        let rank = |procedure: &&Procedure| match procedure.policy {
            "exact" => (3, procedure.name.len(), vec![]),
            "prefix" => (2, procedure.name.len(), vec![]),
            _ => {
                (if wildcards_first { 2 } else { 1 }, usize::from(wildcards_first) * 99, runs(procedure.name))
            }
        };
        let fits = |p: &&Procedure| {
            let reserved = p.policy != "exact" && name.starts_with("wamp.");
            p.realm == realm && !reserved && covers(p.policy, p.name, name, None)
        };
        self.procedures.iter().filter(fits).max_by_key(rank).map(|procedure| procedure.symbol)
    }

    pub(super) fn call(&mut self, slot: usize, draws: &mut Random, expected: &mut Expected) -> Act {
        let (request, realm) = (self.next_request(slot), self.member(slot).realm);
        let name = *pick(draws, &CALLED);
        let (disclose, progress) = (draws.below(4) == 0, draws.below(3) == 0);
        let wish = Wish { name, disclose, progress, payload: self.payload(draws) };
        if name == "no procedure" {
            expected.next(slot, error(48, request, "wamp.error.invalid_uri"));
        } else if let Some(symbol) = self.best(realm, name) {
            let routed = self.route(slot, request, symbol, &wish, Vec::new(), expected);
            assert!(routed, "a registration has callees");
        } else {
            expected.next(slot, error(48, request, "wamp.error.no_such_procedure"));
        }
        let mut options = Vec::new();
        options.extend(disclose.then(|| ("disclose_me", true.into())));
        options.extend(progress.then(|| ("receive_progress", true.into())));
        Act::Say(with(vec![48.into(), request.into(), Element::Dict(options), name.into()], &wish.payload))
    }

    /// To a callee that was not `tried`. `false` if there is none.
    fn route(
        &mut self,
        caller: usize,
        request: u64,
        symbol: u32,
        wish: &Wish,
        tried: Vec<usize>,
        expected: &mut Expected,
    ) -> bool {
        let flaw = self.flaw;
        let Some(procedure) = self.procedures.iter_mut().find(|p| p.symbol == symbol) else { return false };
        let (realm, policy) = (procedure.realm, procedure.policy);
        let Some(Callee { slot: callee, disclose, .. }) = procedure.choose(&tried, flaw) else {
            return false;
        };
        let member = self.member_mut(callee);
        member.invocations += 1;
        let (invocation, progressive) = (member.invocations, wish.progress && member.progress);
        let mut details = self.disclosure(caller, wish.disclose || disclose, "caller");
        details.extend((policy != "exact").then(|| ("procedure", wish.name.into())));
        details.extend(progressive.then(|| ("receive_progress", true.into())));
        let registration = Element::Symbol(Scope::Registration(realm), symbol);
        let head = vec![68.into(), invocation.into(), registration, Element::Dict(details)];
        expected.next(callee, with(head, &wish.payload));
        let (interrupted, progressed, wish) = (false, false, wish.clone());
        self.calls.push(Call {
            caller,
            request,
            callee,
            invocation,
            interrupted,
            progressive,
            progressed,
            wish,
            symbol,
            tried,
        });
        true
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
        let same = |c: &&mut Call| (c.callee, c.invocation) == (call.callee, call.invocation);
        if let Some(call) = self.calls.iter_mut().find(same) {
            call.progressed = true;
        }
    }

    /// Whether another callee is asked where this one is unavailable, or nobody at all.
    fn may_move(&self, call: &Call) -> bool {
        let knows_how = self.member(call.callee).reroute && self.flaw != Some(Flaw::UnavailableIsAnAnswer);
        knows_how && !call.interrupted && !call.progressed
    }

    fn go_elsewhere(&mut self, call: &Call, expected: &mut Expected) {
        self.settle(call);
        let mut tried = call.tried.clone();
        tried.push(call.callee);
        if !self.route(call.caller, call.request, call.symbol, &call.wish, tried, expected) {
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
        let same = |c: &&mut Call| (c.callee, c.invocation) == (call.callee, call.invocation);
        if let Some(call) = self.calls.iter_mut().find(same)
            && !std::mem::replace(&mut call.interrupted, true)
            && !flawed
        {
            let options = Element::Dict(vec![("mode", mode.into())]);
            expected.beside(call.callee, vec![69.into(), call.invocation.into(), options]);
        }
    }

    /// The call is over, for this callee at least.
    fn settle(&mut self, call: &Call) {
        self.calls.retain(|c| (c.callee, c.invocation) != (call.callee, call.invocation));
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
