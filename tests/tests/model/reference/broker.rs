//! The broker of the model.

use super::{Act, Expected, Flaw, Member, Model, USERS, error, pick, pick_some, with};
use crate::pattern::{Element, Message, Scope};
use crate::step::Random;

/// Where events are published. The last one is no URI.
const TOPICS: [&str; 8] =
    ["a.topic", "a.topic", "a.topic", "a.top", "another.topic", "another.topic", "wamp.topic", "no..topic"];

/// What is subscribed to, in the order in which events are delivered.
const POLICIES: [(&str, &[&str]); 3] = [
    ("exact", &["a.topic", "a.topic", "a.top", "another.topic", "wamp.topic", "no..topic"]),
    ("prefix", &["a.topic", "a.top", "a.", "an", "", "no..topic"]),
    ("wildcard", &["a.topic", ".topic", "a.", ".", "no..topic"]),
];

/// How many events for some are kept beside the one for everybody.
const RESTRICTED: usize = 8;

/// A subscription, and who shares it.
pub(super) struct Subscription {
    realm: u8,
    policy: &'static str,
    name: &'static str,
    symbol: u32,
    /// With their node keys.
    subscribers: Vec<(usize, Option<&'static str>)>,
}

impl Subscription {
    fn has(&self, slot: usize) -> bool {
        self.subscribers.iter().any(|(subscriber, _)| *subscriber == slot)
    }

    /// What EVENT says, but for its payload.
    fn event(&self, topic: &'static str, publication: &Element, details: &Details) -> Message {
        let mut details = details.clone();
        if self.policy != "exact" {
            details.push(("topic", topic.into()));
        }
        let subscription = Element::Symbol(Scope::Subscription(self.realm), self.symbol);
        vec![36.into(), subscription, publication.clone(), Element::Dict(details)]
    }
}

type Details = Vec<(&'static str, Element)>;

/// An event that is kept for later subscribers.
#[derive(Clone)]
pub(super) struct Retained {
    realm: u8,
    topic: &'static str,
    /// The session.
    publisher: u32,
    lists: Lists,
    publication: Element,
    details: Details,
    payload: Vec<Element>,
}

/// Whom an event is for. Sessions by their symbols: they may be gone.
#[derive(Clone, Debug, Default)]
struct Lists {
    exclude_me: Option<bool>,
    exclude: Option<Vec<u32>>,
    exclude_authid: Option<Vec<&'static str>>,
    exclude_authrole: Option<Vec<&'static str>>,
    eligible: Option<Vec<u32>>,
    eligible_authid: Option<Vec<&'static str>>,
    eligible_authrole: Option<Vec<&'static str>>,
    rkey: Option<&'static str>,
}

impl Lists {
    fn options(&self) -> Details {
        let mut options = Vec::new();
        options.extend(self.exclude_me.map(|excluded| ("exclude_me", excluded.into())));
        for (key, list) in [("exclude", &self.exclude), ("eligible", &self.eligible)] {
            let sessions = |list: &Vec<u32>| {
                Element::List(list.iter().map(|session| Element::Symbol(Scope::Session, *session)).collect())
            };
            options.extend(list.as_ref().map(|list| (key, sessions(list))));
        }
        for (key, list) in [
            ("exclude_authid", &self.exclude_authid),
            ("exclude_authrole", &self.exclude_authrole),
            ("eligible_authid", &self.eligible_authid),
            ("eligible_authrole", &self.eligible_authrole),
        ] {
            let names = |list: &Vec<&str>| Element::List(list.iter().map(|name| (*name).into()).collect());
            options.extend(list.as_ref().map(|list| (key, names(list))));
        }
        options.extend(self.rkey.map(|rkey| ("rkey", rkey.into())));
        options
    }

    fn are_none(&self) -> bool {
        let Lists { exclude, exclude_authid, exclude_authrole, .. } = self;
        let Lists { eligible, eligible_authid, eligible_authrole, .. } = self;
        self.rkey.is_none()
            && [exclude, eligible].into_iter().all(Option::is_none)
            && [exclude_authid, exclude_authrole, eligible_authid, eligible_authrole]
                .into_iter()
                .all(Option::is_none)
    }

    fn admit(&self, publisher: u32, member: &Member, flaw: Option<Flaw>) -> bool {
        let me_too = self.exclude_me == Some(false) || flaw == Some(Flaw::PublisherGetsItsOwnEvents);
        let (authid, authrole) = USERS[member.user];
        let roles_do_not_matter = flaw == Some(Flaw::RolesDoNotMatter);
        (me_too || member.session != publisher)
            && !self.exclude.as_ref().is_some_and(|list| list.contains(&member.session))
            && !self.exclude_authid.as_ref().is_some_and(|list| list.contains(&authid))
            && !self.exclude_authrole.as_ref().is_some_and(|list| list.contains(&authrole))
            && self.eligible.as_ref().is_none_or(|list| list.contains(&member.session))
            && self.eligible_authid.as_ref().is_none_or(|list| list.contains(&authid))
            && (roles_do_not_matter
                || self.eligible_authrole.as_ref().is_none_or(|list| list.contains(&authrole)))
    }
}

/// How much a node is in favour of a resource, as docs/conformance.md has it.
fn weight(rkey: &str, nkey: &str) -> u64 {
    let octets = rkey.bytes().chain([0]).chain(nkey.bytes());
    let hash = octets.fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
        (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3)
    });
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// Whether a topic is one of those that a subscription is for.
pub(super) fn covers(policy: &str, pattern: &str, topic: &str, flaw: Option<Flaw>) -> bool {
    match policy {
        "exact" => pattern == topic,
        "prefix" if flaw == Some(Flaw::PrefixesEndAtDots) => {
            topic.strip_prefix(pattern).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        }
        "prefix" => topic.starts_with(pattern),
        _ => {
            let (pattern, topic): (Vec<_>, Vec<_>) =
                (pattern.split('.').collect(), topic.split('.').collect());
            pattern.len() == topic.len()
                && pattern.iter().zip(&topic).all(|(wanted, found)| wanted.is_empty() || wanted == found)
        }
    }
}

impl Model {
    pub(super) fn subscribe(&mut self, slot: usize, draws: &mut Random, expected: &mut Expected) -> Act {
        let (request, realm) = (self.next_request(slot), self.member(slot).realm);
        let (policy, names) = POLICIES[[0, 0, 1, 2][usize::try_from(draws.below(4)).unwrap()]];
        let name = *pick(draws, names);
        let wants_retained = draws.below(3) == 0;
        let nkey = *pick(draws, &[None, Some("node1"), Some("node2")]);
        let symbol = self.symbol();
        if name == "no..topic" && policy != "wildcard" {
            expected.next(slot, error(32, request, "wamp.error.invalid_uri"));
        } else {
            let same = |s: &Subscription| (s.realm, s.policy, s.name) == (realm, policy, name);
            let at = self.subscriptions.iter().position(same).unwrap_or_else(|| {
                self.subscriptions.push(Subscription {
                    realm,
                    policy,
                    name,
                    symbol,
                    subscribers: Vec::new(),
                });
                self.subscriptions.len() - 1
            });
            let subscription = &mut self.subscriptions[at];
            if !subscription.has(slot) {
                subscription.subscribers.push((slot, nkey));
            }
            let symbol = Element::Symbol(Scope::Subscription(realm), subscription.symbol);
            expected.next(slot, vec![33.into(), request.into(), symbol]);
            if wants_retained {
                self.tell_retained(slot, &self.subscriptions[at], expected);
            }
        }
        let mut options = Vec::new();
        if policy != "exact" || draws.below(2) == 0 {
            options.push(("match", policy.into()));
        }
        if wants_retained {
            options.push(("get_retained", true.into()));
        }
        options.extend(nkey.map(|nkey| ("nkey", nkey.into())));
        Act::Say(vec![32.into(), request.into(), Element::Dict(options), name.into()])
    }

    /// Of every topic the most recent event that is for this session, in the order of publication.
    fn tell_retained(&self, slot: usize, subscription: &Subscription, expected: &mut Expected) {
        let mut told: Vec<&Retained> = Vec::new();
        let candidates = self.retained.iter().filter(|event| {
            event.realm == subscription.realm
                && covers(subscription.policy, subscription.name, event.topic, self.flaw)
                && self.receivers(event, subscription).contains(&slot)
        });
        for event in candidates.rev() {
            if !told.iter().any(|newer| newer.topic == event.topic) {
                told.push(event);
            }
        }
        for event in told.iter().rev() {
            let mut details = event.details.clone();
            details.push(("retained", true.into()));
            let message = subscription.event(event.topic, &event.publication, &details);
            expected.next(slot, with(message, &event.payload));
        }
    }

    /// Of any subscription of the realm: not all of them are the session's own.
    pub(super) fn unsubscribe(
        &mut self,
        slot: usize,
        draws: &mut Random,
        expected: &mut Expected,
    ) -> Option<Act> {
        let realm = self.member(slot).realm;
        let known: Vec<u32> =
            self.subscriptions.iter().filter(|s| s.realm == realm).map(|s| s.symbol).collect();
        let symbol = *pick_some(draws, &known)?;
        let request = self.next_request(slot);
        let flawed = self.flaw == Some(Flaw::UnsubscribedGetEvents);
        let same = |s: &&mut Subscription| (s.realm, s.symbol) == (realm, symbol);
        let subscription = self.subscriptions.iter_mut().find(same).unwrap();
        if subscription.has(slot) {
            subscription.subscribers.retain(|(subscriber, _)| flawed || *subscriber != slot);
            expected.next(slot, vec![35.into(), request.into()]);
        } else {
            expected.next(slot, error(34, request, "wamp.error.no_such_subscription"));
        }
        self.subscriptions.retain(|subscription| !subscription.subscribers.is_empty());
        let subscription = Element::Symbol(Scope::Subscription(realm), symbol);
        Some(Act::Say(vec![34.into(), request.into(), subscription]))
    }

    /// A session that leaves.
    pub(super) fn unsubscribe_from_all(&mut self, slot: usize) {
        for subscription in &mut self.subscriptions {
            subscription.subscribers.retain(|(subscriber, _)| *subscriber != slot);
        }
        self.subscriptions.retain(|subscription| !subscription.subscribers.is_empty());
    }

    pub(super) fn publish(&mut self, slot: usize, draws: &mut Random, expected: &mut Expected) -> Act {
        let (request, topic) = (self.next_request(slot), *pick(draws, &TOPICS));
        let publication = Element::Symbol(Scope::Publication, self.symbol());
        let payload = self.payload(draws);
        let [acknowledge, disclose] = [2, 5].map(|chance| draws.below(chance) == 0);
        let retain = draws.below(4) == 0;
        let lists = self.lists(draws);
        let mut options = lists.options();
        for (key, wanted) in [("acknowledge", acknowledge), ("disclose_me", disclose), ("retain", retain)] {
            options.extend(wanted.then(|| (key, true.into())));
        }
        let message = with(vec![16.into(), request.into(), Element::Dict(options), topic.into()], &payload);
        if topic == "no..topic" || topic.starts_with("wamp.") {
            if acknowledge {
                expected.next(slot, error(16, request, "wamp.error.invalid_uri"));
            }
            return Act::Say(message);
        }
        let Member { realm, session: publisher, .. } = *self.member(slot);
        let details = self.disclosure(slot, disclose, "publisher");
        let event = Retained { realm, topic, publisher, lists, publication, details, payload };
        self.deliver(&event, expected);
        if acknowledge {
            expected.next(slot, vec![17.into(), request.into(), event.publication.clone()]);
        }
        if retain {
            self.keep(event);
        }
        Act::Say(message)
    }

    /// Over exact subscriptions first, then prefixes, then wildcards; among those of one kind in any order.
    fn deliver(&self, event: &Retained, expected: &mut Expected) {
        for (policy, _) in POLICIES {
            let mut reached = Vec::new();
            let over = self.subscriptions.iter().filter(|s| (s.realm, s.policy) == (event.realm, policy));
            for subscription in over.filter(|s| covers(policy, s.name, event.topic, self.flaw)) {
                for subscriber in self.receivers(event, subscription) {
                    let message = subscription.event(event.topic, &event.publication, &event.details);
                    let message = with(message, &event.payload);
                    if reached.contains(&subscriber) {
                        expected.beside(subscriber, message);
                    } else {
                        reached.push(subscriber);
                        expected.next(subscriber, message);
                    }
                }
            }
        }
    }

    /// Whom lists admit, and of those with a node key the one node that the resource belongs to.
    fn receivers(&self, event: &Retained, subscription: &Subscription) -> Vec<usize> {
        let mut admitted = subscription.subscribers.clone();
        // One that a flaw keeps may be gone.
        admitted.retain(|(slot, _)| {
            let member = self.members[*slot].as_ref();
            member.is_some_and(|member| event.lists.admit(event.publisher, member, self.flaw))
        });
        if let Some(rkey) = event.lists.rkey
            && self.flaw != Some(Flaw::EveryNodeHasEveryResource)
        {
            let nodes = admitted.iter().filter_map(|(_, nkey)| *nkey);
            let node = nodes.max_by_key(|node| (weight(rkey, node), *node));
            admitted.retain(|(_, nkey)| nkey.is_none() || *nkey == node);
        }
        admitted.into_iter().map(|(slot, _)| slot).collect()
    }

    /// What is for everybody replaces all; of what is for some a few are kept.
    fn keep(&mut self, event: Retained) {
        let (realm, topic) = (event.realm, event.topic);
        let same = |kept: &Retained| (kept.realm, kept.topic) == (realm, topic);
        if self.flaw == Some(Flaw::TheFirstIsRetained) && self.retained.iter().any(same) {
            return;
        }
        if event.lists.are_none() {
            self.retained.retain(|kept| !same(kept));
        }
        self.retained.push(event);
        let restricted = |kept: &Retained| same(kept) && !kept.lists.are_none();
        if self.retained.iter().filter(|kept| restricted(kept)).count() > RESTRICTED {
            let oldest = self.retained.iter().position(restricted).unwrap();
            self.retained.remove(oldest);
        }
    }

    /// Each of them now and then, often an empty one.
    fn lists(&self, draws: &mut Random) -> Lists {
        let sessions: Vec<u32> = self.members.iter().flatten().map(|member| member.session).collect();
        Lists {
            exclude_me: match draws.below(4) {
                0 => Some(false),
                1 => Some(true),
                _ => None,
            },
            exclude: some(draws, &sessions),
            eligible: some(draws, &sessions),
            exclude_authid: some(draws, &USERS.map(|(authid, _)| authid)),
            eligible_authid: some(draws, &USERS.map(|(authid, _)| authid)),
            exclude_authrole: some(draws, &["staff", "guest"]),
            eligible_authrole: some(draws, &["staff", "guest"]),
            rkey: *pick(draws, &[None, None, None, None, Some("this"), Some("that")]),
        }
    }
}

/// Some of these, or no list.
fn some<T: Copy>(draws: &mut Random, from: &[T]) -> Option<Vec<T>> {
    let (bits, wanted) = (draws.next(), draws.below(10) == 0);
    let chosen = from.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, item)| *item);
    wanted.then(|| chosen.collect())
}
