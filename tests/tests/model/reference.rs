//! The model: what the specification says, with lists and loops and no regard for speed. Its broker is in `broker`.

mod broker;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::pattern::{Element, Message, Scope, none};
use crate::step::{Kind, Random, SLOTS, Step};
use broker::{Retained, Subscription};

/// What one step does, and what everybody has to receive because of it.
pub(crate) struct Turn {
    pub(crate) act: Act,
    pub(crate) expected: Expected,
}

/// What the acting connection does.
#[derive(Debug)]
pub(crate) enum Act {
    /// Says HELLO, on a new connection if it has none.
    Join(Message),
    /// Says something, and goes on.
    Say(Message),
    /// Says something that ends the session.
    Leave(Message),
    /// Says something that ends the connection.
    Break(Message),
    /// Goes away without a word.
    Drop,
}

/// Groups of messages for each connection: the groups in order, the messages of one group in any.
#[derive(Default)]
pub(crate) struct Expected(pub(crate) BTreeMap<usize, Vec<Vec<Message>>>);

impl Expected {
    fn next(&mut self, slot: usize, message: Message) {
        self.0.entry(slot).or_default().push(vec![message]);
    }

    /// Together with what came last.
    fn beside(&mut self, slot: usize, message: Message) {
        let groups = self.0.entry(slot).or_default();
        match groups.last_mut() {
            Some(group) => group.push(message),
            None => groups.push(vec![message]),
        }
    }
}

/// Something that the model gets wrong on purpose, to see that it would be noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    PublisherGetsItsOwnEvents,
    UnsubscribedGetEvents,
    PrefixesEndAtDots,
    RolesDoNotMatter,
    TheFirstIsRetained,
    EveryNodeHasEveryResource,
    CalleeLeavesInSilence,
    InterruptsAreNotSent,
    LateAnswersArrive,
}

impl Flaw {
    pub(crate) const ALL: [Flaw; 9] = [
        Flaw::PublisherGetsItsOwnEvents,
        Flaw::UnsubscribedGetEvents,
        Flaw::PrefixesEndAtDots,
        Flaw::RolesDoNotMatter,
        Flaw::TheFirstIsRetained,
        Flaw::EveryNodeHasEveryResource,
        Flaw::CalleeLeavesInSilence,
        Flaw::InterruptsAreNotSent,
        Flaw::LateAnswersArrive,
    ];
}

struct Member {
    session: u32,
    realm: u8,
    /// Who it is, of [`USERS`].
    user: usize,
    canceling: bool,
    requests: u64,
    invocations: u64,
    /// Invocations that are over.
    past: Vec<Call>,
}

struct Procedure {
    realm: u8,
    name: &'static str,
    symbol: u32,
    callee: usize,
    disclose: bool,
}

#[derive(Clone)]
struct Call {
    caller: usize,
    request: u64,
    callee: usize,
    invocation: u64,
    interrupted: bool,
}

#[derive(Default)]
pub(crate) struct Model {
    members: [Option<Member>; SLOTS],
    subscriptions: Vec<Subscription>,
    /// The oldest first.
    retained: Vec<Retained>,
    procedures: Vec<Procedure>,
    calls: Vec<Call>,
    symbols: u32,
    steps: u64,
    flaw: Option<Flaw>,
}

/// Who joins: users with their roles.
pub(crate) const USERS: [(&str, &str); 3] = [("alice", "staff"), ("bob", "staff"), ("carol", "guest")];
/// The last one is no URI.
const PROCEDURES: [&str; 7] = [
    "a.procedure",
    "a.procedure",
    "a.procedure",
    "another.procedure",
    "another.procedure",
    "wamp.procedure",
    "no procedure",
];
const REALMS: [&str; 2] = ["realm1", "realm2"];

impl Model {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn with(flaw: Flaw) -> Self {
        Model { flaw: Some(flaw), ..Self::default() }
    }

    /// The id of a request that the test itself makes, if the connection has a session.
    pub(crate) fn request(&mut self, slot: usize) -> Option<u64> {
        let member = self.members[slot].as_mut()?;
        member.requests += 1;
        Some(member.requests)
    }

    /// What a step does; `None` if it means nothing in this state.
    pub(crate) fn take(&mut self, step: &Step) -> Option<Turn> {
        self.steps += 1;
        let mut expected = Expected::default();
        let (slot, draws) = (step.slot, &mut step.draws());
        let act = match (step.kind, self.members[slot].is_some()) {
            (Kind::Join, false) => self.join(slot, draws, &mut expected),
            (Kind::Drop, false) => Act::Drop,
            (_, false) | (Kind::Join, true) => return None,
            (Kind::Subscribe, _) => self.subscribe(slot, draws, &mut expected),
            (Kind::Unsubscribe, _) => self.unsubscribe(slot, draws, &mut expected)?,
            (Kind::Publish, _) => self.publish(slot, draws, &mut expected),
            (Kind::Register, _) => self.register(slot, draws, &mut expected),
            (Kind::Unregister, _) => self.unregister(slot, draws, &mut expected)?,
            (Kind::Call, _) => self.call(slot, draws, &mut expected),
            (Kind::Answer, _) => self.answer(slot, draws, &mut expected)?,
            (Kind::Cancel, _) => self.cancel(slot, draws, &mut expected)?,
            (Kind::Leave, _) => {
                self.leave(slot, &mut expected);
                expected.next(slot, vec![6.into(), none(), "wamp.close.goodbye_and_out".into()]);
                Act::Leave(vec![6.into(), none(), "wamp.close.close_realm".into()])
            }
            (Kind::Drop, _) => {
                self.leave(slot, &mut expected);
                Act::Drop
            }
            (Kind::Break, _) => self.violate(slot, draws, &mut expected),
        };
        Some(Turn { act, expected })
    }

    fn symbol(&mut self) -> u32 {
        self.symbols += 1;
        self.symbols
    }

    fn member(&self, slot: usize) -> &Member {
        self.members[slot].as_ref().expect("only members act")
    }

    fn member_mut(&mut self, slot: usize) -> &mut Member {
        self.members[slot].as_mut().expect("only members act")
    }

    fn next_request(&mut self, slot: usize) -> u64 {
        self.request(slot).expect("only members act")
    }

    fn session(&self, slot: usize) -> Element {
        Element::Symbol(Scope::Session, self.member(slot).session)
    }

    fn join(&mut self, slot: usize, draws: &mut Random, expected: &mut Expected) -> Act {
        let (session, realm) = (self.symbol(), u8::from(draws.below(4) == 0));
        let canceling = draws.below(3) > 0;
        let user = usize::try_from(draws.below(USERS.len() as u64)).unwrap();
        self.members[slot] =
            Some(Member { session, realm, user, canceling, requests: 0, invocations: 0, past: Vec::new() });
        expected.next(slot, vec![2.into(), self.session(slot), Element::Any]);
        let callee = json!({ "features": { "call_canceling": canceling } });
        let roles = json!({ "publisher": {}, "subscriber": {}, "caller": {}, "callee": callee });
        let details = json!({ "roles": roles, "authid": USERS[user].0 });
        Act::Join(vec![1.into(), REALMS[usize::from(realm)].into(), details.into()])
    }

    fn register(&mut self, slot: usize, draws: &mut Random, expected: &mut Expected) -> Act {
        let (request, realm) = (self.next_request(slot), self.member(slot).realm);
        let name = *pick(draws, &PROCEDURES);
        let disclose = draws.below(4) == 0;
        if name == "no procedure" || name.starts_with("wamp.") {
            expected.next(slot, error(64, request, "wamp.error.invalid_uri"));
        } else if self.procedures.iter().any(|p| (p.realm, p.name) == (realm, name)) {
            expected.next(slot, error(64, request, "wamp.error.procedure_already_exists"));
        } else {
            let symbol = self.symbol();
            self.procedures.push(Procedure { realm, name, symbol, callee: slot, disclose });
            let registration = Element::Symbol(Scope::Registration(realm), symbol);
            expected.next(slot, vec![65.into(), request.into(), registration]);
        }
        let options = if disclose { Element::Dict(vec![("disclose_caller", true.into())]) } else { none() };
        Act::Say(vec![64.into(), request.into(), options, name.into()])
    }

    /// Of any registration of the realm: not all of them are the session's own.
    fn unregister(&mut self, slot: usize, draws: &mut Random, expected: &mut Expected) -> Option<Act> {
        let realm = self.member(slot).realm;
        let known: Vec<(u32, usize)> =
            self.procedures.iter().filter(|p| p.realm == realm).map(|p| (p.symbol, p.callee)).collect();
        let (symbol, callee) = *pick_some(draws, &known)?;
        let request = self.next_request(slot);
        if callee == slot {
            self.procedures.retain(|procedure| procedure.symbol != symbol);
            expected.next(slot, vec![67.into(), request.into()]);
        } else {
            expected.next(slot, error(66, request, "wamp.error.no_such_registration"));
        }
        let registration = Element::Symbol(Scope::Registration(realm), symbol);
        Some(Act::Say(vec![66.into(), request.into(), registration]))
    }

    fn call(&mut self, slot: usize, draws: &mut Random, expected: &mut Expected) -> Act {
        let (request, realm) = (self.next_request(slot), self.member(slot).realm);
        let name = *pick(draws, &PROCEDURES);
        let (disclosed, payload) = (draws.below(4) == 0, self.payload(draws));
        let found = self.procedures.iter().find(|p| (p.realm, p.name) == (realm, name));
        if name == "no procedure" {
            expected.next(slot, error(48, request, "wamp.error.invalid_uri"));
        } else if let Some(&Procedure { symbol, callee, disclose, .. }) = found {
            let member = self.member_mut(callee);
            member.invocations += 1;
            let invocation = member.invocations;
            self.calls.push(Call { caller: slot, request, callee, invocation, interrupted: false });
            let registration = Element::Symbol(Scope::Registration(realm), symbol);
            let details = Element::Dict(self.disclosure(slot, disclosed || disclose, "caller"));
            expected.next(callee, with(vec![68.into(), invocation.into(), registration, details], &payload));
        } else {
            expected.next(slot, error(48, request, "wamp.error.no_such_procedure"));
        }
        let options = if disclosed { Element::Dict(vec![("disclose_me", true.into())]) } else { none() };
        Act::Say(with(vec![48.into(), request.into(), options, name.into()], &payload))
    }

    fn answer(&mut self, slot: usize, draws: &mut Random, expected: &mut Expected) -> Option<Act> {
        let mine: Vec<Call> = self.calls.iter().filter(|call| call.callee == slot).cloned().collect();
        let late = mine.is_empty() || draws.below(5) == 0;
        let call = if late {
            pick_some(draws, &self.member(slot).past)?.clone()
        } else {
            pick_some(draws, &mine)?.clone()
        };
        let payload = self.payload(draws);
        let fails = draws.below(3) == 0;
        let progress = !fails && draws.below(6) == 0;
        if !progress && (!late || self.flaw == Some(Flaw::LateAnswersArrive)) {
            self.settle(&call);
            let answer = if fails {
                vec![8.into(), 48.into(), call.request.into(), none(), "an.error".into()]
            } else {
                vec![50.into(), call.request.into(), none()]
            };
            expected.next(call.caller, with(answer, &payload));
        }
        let options = if progress { Element::Dict(vec![("progress", true.into())]) } else { none() };
        let invocation = call.invocation;
        Some(Act::Say(if fails {
            with(vec![8.into(), 68.into(), invocation.into(), none(), "an.error".into()], &payload)
        } else {
            with(vec![70.into(), invocation.into(), options], &payload)
        }))
    }

    fn cancel(&mut self, slot: usize, draws: &mut Random, expected: &mut Expected) -> Option<Act> {
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

    /// The call is over.
    fn settle(&mut self, call: &Call) {
        self.calls.retain(|c| (c.callee, c.invocation) != (call.callee, call.invocation));
        if let Some(callee) = &mut self.members[call.callee] {
            callee.past.push(call.clone());
        }
    }

    /// Breaks the protocol, in one of several ways.
    fn violate(&mut self, slot: usize, draws: &mut Random, expected: &mut Expected) -> Act {
        let never = self.member(slot).invocations + 1 + draws.below(3);
        let pending: Vec<u64> =
            self.calls.iter().filter(|call| call.caller == slot).map(|call| call.request).collect();
        let message = match (draws.below(5), pick_some(draws, &pending)) {
            // An id that still waits for its answer, whether or not the second call could be routed.
            (0 | 1, Some(request)) => {
                vec![48.into(), (*request).into(), none(), (*pick(draws, &PROCEDURES)).into()]
            }
            (0, _) => vec![70.into(), never.into(), none()],
            (1, _) => vec![8.into(), 68.into(), never.into(), none(), "an.error".into()],
            (2, _) => vec![1.into(), REALMS[0].into(), json!({ "roles": { "caller": {} } }).into()],
            _ => vec![36.into(), 1.into(), 1.into(), none()],
        };
        self.leave(slot, expected);
        expected.next(slot, vec![3.into(), Element::Any, "wamp.error.protocol_violation".into()]);
        Act::Break(message)
    }

    /// The session is over, however it came to that.
    fn leave(&mut self, slot: usize, expected: &mut Expected) {
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
        self.procedures.retain(|procedure| procedure.callee != slot);
        self.unsubscribe_from_all(slot);
        self.members[slot] = None;
    }

    /// Who did it, if that is said.
    fn disclosure(&self, slot: usize, disclosed: bool, who: &str) -> Vec<(&'static str, Element)> {
        if !disclosed {
            return Vec::new();
        }
        let [id, authid, authrole] = match who {
            "caller" => ["caller", "caller_authid", "caller_authrole"],
            _ => ["publisher", "publisher_authid", "publisher_authrole"],
        };
        let (user, role) = USERS[self.member(slot).user];
        vec![(id, self.session(slot)), (authid, user.into()), (authrole, role.into())]
    }

    /// No two steps say the same.
    fn payload(&self, draws: &mut Random) -> Vec<Element> {
        let step = self.steps;
        let text = format!("step {step}, ünïcode");
        match draws.below(4) {
            0 => vec![],
            1 => vec![json!([step, null, -1.5, text]).into()],
            2 => vec![json!([]).into(), json!({ "step": step, "nested": { "list": [[], {}, true] } }).into()],
            _ => vec![json!([step, "\u{0}EBESEw=="]).into(), json!({ "key": text }).into()],
        }
    }
}

fn with(mut message: Message, payload: &[Element]) -> Message {
    message.extend_from_slice(payload);
    message
}

/// An ERROR of the router's: with a sentence for people.
fn error(request_type: u64, request: u64, uri: &str) -> Message {
    let uri = Element::Is(Value::from(uri));
    vec![8.into(), request_type.into(), request.into(), none(), uri, Element::List(vec![Element::Any])]
}

fn pick<'a, T>(draws: &mut Random, from: &'a [T]) -> &'a T {
    &from[usize::try_from(draws.below(from.len() as u64)).unwrap()]
}

fn pick_some<'a, T>(draws: &mut Random, from: &'a [T]) -> Option<&'a T> {
    if from.is_empty() { None } else { Some(pick(draws, from)) }
}
