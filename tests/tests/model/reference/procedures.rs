//! The procedures of the model: who offers what, and who gets a call.

use super::broker::covers;
use super::{Act, Expected, Flaw, Model, error, pick, pick_some};
use crate::pattern::{Element, Scope};
use crate::step::Random;

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
    pub(super) realm: u8,
    pub(super) policy: &'static str,
    name: &'static str,
    pub(super) symbol: u32,
    invoke: &'static str,
    /// In the order in which they came.
    callees: Vec<Callee>,
    /// The number of the callee that was called last.
    last: u64,
}

#[derive(Clone)]
pub(super) struct Callee {
    pub(super) slot: usize,
    number: u64,
    pub(super) disclose: bool,
}

impl Procedure {
    fn has(&self, slot: usize) -> bool {
        self.callees.iter().any(|callee| callee.slot == slot)
    }

    /// Who gets a call that these had already.
    pub(super) fn choose(&mut self, tried: &[usize], flaw: Option<Flaw>) -> Option<Callee> {
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
    pub(super) fn best(&self, realm: u8, name: &str) -> Option<u32> {
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
}
