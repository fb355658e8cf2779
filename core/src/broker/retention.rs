//! Retained events: what subscribers get that come later.
//!
//! Law: of every topic the latest event for everybody is kept, and a few for some that are newer. A subscriber gets the most
//! recent that it may have: none that the lists of its publication keep from it (PS-RET-05).
//!
//! Who publishes an event that is kept, and who subscribes and asks for such, takes the one lock here from before it looks at
//! the other side until it is done. So a subscriber gets an event as a retained one or as a live one, never as both and never not
//! at all. Nobody else takes the lock.
//!
//! ```text
//!   publisher   ── lock ─ keep ─── who is subscribed? ─ deliver ─ unlock ──
//!   subscriber  ── lock ─ SUBSCRIBED, be a member ── what is kept? ─ unlock ──
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::slice;
use std::sync::Arc;
use std::time::Instant;

use super::fanout::{Fanout, Publication, Spellings};
use super::filter::Filter;
use super::members::{Member, Members};
use super::{Subscription, history};
use crate::id::Id;
use crate::limits::{Counters, Limits};
use crate::message::{EventDetails, Match, Options, Publish, PublishOptions};
use crate::pattern;
use crate::session::outbox::Locked;
use crate::session::{Format, Session};

/// How many events for some are kept beside the one for everybody.
const RESTRICTED: usize = 8;
/// What an event takes beside payload, topic and lists, about.
const OVERHEAD: usize = 256;

/// The retained events of a realm.
#[derive(Default)]
pub(super) struct Retention {
    topics: BTreeMap<Arc<str>, Topic>,
    /// By number, which is by age: what is given up first when there is no room.
    order: BTreeMap<u64, Arc<str>>,
    next: u64,
    bytes: usize,
}

#[derive(Default)]
struct Topic {
    for_everybody: Option<Retained>,
    /// All of them newer than that one; the oldest first.
    for_some: VecDeque<Retained>,
}

/// An event that is kept.
pub(super) struct Retained {
    number: u64,
    since: Instant,
    publication: Publication,
    format: Format,
    details: EventDetails,
    publisher: Id,
    /// The lists, `exclude_me` and `rkey`, if it says something of those.
    options: Option<Box<PublishOptions>>,
    size: usize,
}

impl Retained {
    pub(super) fn new(id: Id, message: &Publish<'_>, details: EventDetails, publisher: &Session) -> Self {
        let options = &message.options;
        let lists = PublishOptions {
            exclude_me: options.exclude_me,
            exclude: options.exclude.clone(),
            exclude_authid: options.exclude_authid.clone(),
            exclude_authrole: options.exclude_authrole.clone(),
            eligible: options.eligible.clone(),
            eligible_authid: options.eligible_authid.clone(),
            eligible_authrole: options.eligible_authrole.clone(),
            rkey: options.rkey.clone(),
            ..PublishOptions::default()
        };
        let said = options.rkey.as_ref().map_or(0, String::len) + options.ppt.size();
        let size = OVERHEAD + message.topic.len() + message.payload.len() + said + size_of_lists(&lists);
        Retained {
            number: 0,
            since: Instant::now(),
            publication: Publication { id, payload: history::copied(&message.payload) },
            format: publisher.format().clone(),
            details,
            publisher: publisher.id(),
            options: (lists != PublishOptions::default()).then(|| Box::new(lists)),
            size,
        }
    }

    fn is_for_everybody(&self) -> bool {
        self.options.as_ref().is_none_or(|options| {
            options.rkey.is_none() && Filter::lasting(self.publisher, options).is_some()
        })
    }

    /// Whether `member` may have it; whose shard it is, the members of today decide.
    fn is_for(&self, member: &Member, members: &Members) -> bool {
        match &self.options {
            Some(options) => Filter::new(self.publisher, options).among(options, members).admits(member),
            None => member.id() != self.publisher,
        }
    }
}

fn size_of_lists(lists: &PublishOptions) -> usize {
    let ids = [&lists.exclude, &lists.eligible].into_iter().flatten().map(|list| size_of_val(&list[..]));
    let names =
        [&lists.exclude_authid, &lists.exclude_authrole, &lists.eligible_authid, &lists.eligible_authrole];
    let names = names.into_iter().flatten().flatten().map(|name| size_of::<String>() + name.len());
    ids.sum::<usize>() + names.sum::<usize>()
}

impl Retention {
    /// Keeps an event, and gives up what it replaces and what there is no room for.
    pub(super) fn keep(&mut self, topic: &str, mut event: Retained, limits: &Limits, counters: &Counters) {
        if event.is_for_everybody() {
            self.forget(topic);
        }
        if event.size > limits.max_retained_bytes || limits.max_retained_events == 0 {
            return counters.retained_events_dropped.increment();
        }
        let name =
            self.topics.get_key_value(topic).map_or_else(|| topic.into(), |(name, _)| Arc::clone(name));
        self.next += 1;
        event.number = self.next;
        self.bytes += event.size;
        self.order.insert(event.number, Arc::clone(&name));
        let kept = self.topics.entry(name).or_default();
        if event.is_for_everybody() {
            kept.for_everybody = Some(event);
        } else {
            kept.for_some.push_back(event);
            let surplus = kept.for_some.len() > RESTRICTED;
            if let Some(oldest) = kept.for_some.front().filter(|_| surplus).map(|oldest| oldest.number) {
                self.give_up(oldest);
            }
        }
        while self.order.len() > limits.max_retained_events || self.bytes > limits.max_retained_bytes {
            let Some((&oldest, _)) = self.order.first_key_value() else { break };
            self.give_up(oldest);
            counters.retained_events_dropped.increment();
        }
    }

    /// Nothing is kept of a topic any more.
    fn forget(&mut self, topic: &str) {
        let Some(kept) = self.topics.remove(topic) else { return };
        for event in kept.for_everybody.iter().chain(&kept.for_some) {
            self.order.remove(&event.number);
            self.bytes -= event.size;
        }
    }

    fn give_up(&mut self, number: u64) {
        let Some(topic) = self.order.remove(&number) else { return };
        let Some(kept) = self.topics.get_mut(&topic) else { return };
        let event = match kept.for_everybody.take_if(|event| event.number == number) {
            Some(event) => Some(event),
            None => {
                let at = kept.for_some.iter().position(|event| event.number == number);
                at.and_then(|at| kept.for_some.remove(at))
            }
        };
        self.bytes -= event.map_or(0, |event| event.size);
        if kept.for_everybody.is_none() && kept.for_some.is_empty() {
            self.topics.remove(&topic);
        }
    }

    /// Puts what is kept for `member` into its outbox: of every topic that matches the most recent event, in the order in which
    /// they were published (ORD-01).
    pub(super) fn deliver(
        &self,
        subscription: &Subscription,
        member: &Member,
        limits: &Limits,
        counters: &Counters,
        outbox: &mut Locked<'_>,
    ) {
        let members = subscription.members.load();
        // It may have subscribed before, with another node key.
        let member = members.get(member.id()).map_or(member, |known| &**known);
        let fresh = |event: &&Retained| limits.retained_ttl.is_none_or(|ttl| event.since.elapsed() < ttl);
        let is_wanted = |event: &&Retained| fresh(event) && event.is_for(member, &members);
        let mut found = self.matching(subscription, is_wanted);
        found.sort_unstable_by_key(|(_, event)| event.number);
        for (topic, event) in found {
            let mut details = EventDetails { retained: Some(true), ..event.details.clone() };
            details.topic = subscription.names(topic).map(str::to_owned);
            let fanout = Fanout {
                subscription: subscription.id,
                from: &event.format,
                publications: slice::from_ref(&event.publication),
                spellings: &Spellings::default(),
                said: details.clone().into_dict(),
                details,
                counters,
            };
            fanout.put_retained(&event.publication, member, outbox);
        }
    }

    fn matching<'a>(
        &'a self,
        subscription: &Subscription,
        is_wanted: impl Fn(&&Retained) -> bool,
    ) -> Vec<(&'a str, &'a Retained)> {
        let wanted = &*subscription.topic;
        // What every topic that matches begins with.
        let beginning = match subscription.policy {
            Match::Exact | Match::Prefix => wanted,
            Match::Wildcard => &wanted[..beginning_of_wildcard(wanted)],
        };
        let candidates =
            self.topics.range::<str, _>((std::ops::Bound::Included(beginning), std::ops::Bound::Unbounded));
        candidates
            .map(|(topic, kept)| (&**topic, kept))
            .take_while(|(topic, _)| match subscription.policy {
                Match::Exact => *topic == wanted,
                _ => topic.starts_with(beginning),
            })
            .filter(|(topic, _)| pattern::matches(subscription.policy, wanted, topic))
            .filter_map(|(topic, kept)| {
                let mut latest_first = kept.for_some.iter().rev().chain(&kept.for_everybody);
                latest_first.find(&is_wanted).map(|event| (topic, event))
            })
            .collect()
    }
}

/// Where the first empty component of a wildcard pattern is.
fn beginning_of_wildcard(pattern: &str) -> usize {
    let mut at = 0;
    for component in pattern.split('.') {
        if component.is_empty() {
            return at;
        }
        at += component.len() + 1;
    }
    pattern.len()
}
