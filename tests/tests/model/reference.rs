//! The model: what the specification says, with lists and loops and no regard for speed. Its broker and the two
//! halves of its dealer are in files of their own.

mod broker;
mod calls;
mod procedures;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::pattern::{Element, Message, Scope, none};
use crate::step::{Kind, Random, SLOTS, Step};
use broker::{Retained, Subscription};
use calls::{CALLED, Call};
use procedures::Procedure;

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
    /// Lets so many milliseconds pass.
    Wait(u64),
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
    WildcardsBeatPrefixes,
    RoundsBeginAnew,
    ProgressIsTheEnd,
    UnavailableIsAnAnswer,
    TimeStandsStill,
    MoreIsANewCall,
}

impl Flaw {
    pub(crate) const ALL: [Flaw; 15] = [
        Flaw::PublisherGetsItsOwnEvents,
        Flaw::UnsubscribedGetEvents,
        Flaw::PrefixesEndAtDots,
        Flaw::RolesDoNotMatter,
        Flaw::TheFirstIsRetained,
        Flaw::EveryNodeHasEveryResource,
        Flaw::CalleeLeavesInSilence,
        Flaw::InterruptsAreNotSent,
        Flaw::LateAnswersArrive,
        Flaw::WildcardsBeatPrefixes,
        Flaw::RoundsBeginAnew,
        Flaw::ProgressIsTheEnd,
        Flaw::UnavailableIsAnAnswer,
        Flaw::TimeStandsStill,
        Flaw::MoreIsANewCall,
    ];
}

struct Member {
    session: u32,
    realm: u8,
    /// Who it is, of [`USERS`].
    user: usize,
    canceling: bool,
    /// Makes progressive results.
    progress: bool,
    /// Says that it is unavailable where another callee may be asked.
    reroute: bool,
    /// Takes progressive calls, if it takes INTERRUPT as well.
    several: bool,
    requests: u64,
    invocations: u64,
    /// Invocations that are over.
    past: Vec<Call>,
    /// Progressive calls of its own that ended before their last CALL, and their procedures.
    late: Vec<(u64, &'static str)>,
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
    /// Milliseconds.
    now: u64,
    /// How many deadlines there have been.
    deadlines: u64,
    flaw: Option<Flaw>,
}

/// Who joins: users with their roles.
pub(crate) const USERS: [(&str, &str); 3] = [("alice", "staff"), ("bob", "staff"), ("carol", "guest")];
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
            (Kind::More, _) => self.more(slot, draws, &mut expected)?,
            (Kind::Answer, _) => self.answer(slot, draws, &mut expected)?,
            (Kind::Cancel, _) => self.cancel(slot, draws, &mut expected)?,
            (Kind::Wait, _) => self.wait(&mut expected),
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
        let [canceling, progress, reroute, several] = [3, 3, 3, 3].map(|times| draws.below(times) > 0);
        let user = usize::try_from(draws.below(USERS.len() as u64)).unwrap();
        self.members[slot] = Some(Member {
            session,
            realm,
            user,
            canceling,
            progress,
            reroute,
            several,
            requests: 0,
            invocations: 0,
            past: Vec::new(),
            late: Vec::new(),
        });
        expected.next(slot, vec![2.into(), self.session(slot), Element::Any]);
        let callee = json!({ "features": {
            "call_canceling": canceling, "progressive_call_results": progress, "call_reroute": reroute,
            "progressive_call_invocations": several,
        } });
        let caller = json!({ "features": { "progressive_call_invocations": true } });
        let roles = json!({ "publisher": {}, "subscriber": {}, "caller": caller, "callee": callee });
        let details = json!({ "roles": roles, "authid": USERS[user].0 });
        Act::Join(vec![1.into(), REALMS[usize::from(realm)].into(), details.into()])
    }

    /// Breaks the protocol, in one of several ways.
    fn violate(&mut self, slot: usize, draws: &mut Random, expected: &mut Expected) -> Act {
        let never = self.member(slot).invocations + 1 + draws.below(3);
        // More of a call that is open would be no violation.
        let pending: Vec<u64> = self
            .calls
            .iter()
            .filter(|call| call.caller == slot && !call.open)
            .map(|call| call.request)
            .collect();
        let message = match (draws.below(5), pick_some(draws, &pending)) {
            // An id that still waits for its answer, whether or not the second call could be routed.
            (0 | 1, Some(request)) => {
                vec![48.into(), (*request).into(), none(), (*pick(draws, &CALLED)).into()]
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
        self.leave_calls(slot, expected);
        self.unregister_all(slot);
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
