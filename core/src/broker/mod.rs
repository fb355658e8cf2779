//! The broker of a realm: routes events from publishers to subscribers.
//!
//! Law: knows neither the dealer, nor the runtime, nor the clock. (Who, message) in, deliveries out through the turn.
//! Publishing takes no lock but those of the receivers' outboxes; subscribing takes the broker's one write lock.
//!
//! ```text
//!   topics: topic ──> Subscription { id, members } ──> Member ──> Session ──> outbox
//!                                                        ^
//!   Seat (one per session): subscription id ─────────────┘
//! ```

mod burst;
mod fanout;
mod filter;
mod group;
mod members;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use hashbrown::{DefaultHashBuilder, HashMap};
use parking_lot::Mutex;

use crate::error::Refusal;
use crate::id::{Id, IdSequence};
use crate::limits::{Counters, Limits};
use crate::message::{Code, EventDetails, Match, Options, Publish, Subscribe, Unsubscribe};
use crate::policy::Policies;
use crate::serializer::HeadItem;
use crate::session::Session;
use crate::session::turn::Turn;
use crate::uri;
use crate::witness::Witness;
pub(crate) use burst::Burst;
use fanout::{Fanout, Publication};
use filter::Filter;
use members::{Member, Members};

/// All subscriptions of a realm.
pub(crate) struct Broker {
    topics: papaya::HashMap<Box<str>, Arc<Subscription>, DefaultHashBuilder>,
    /// Held by everything that changes a subscription; hands out their ids.
    write: Mutex<IdSequence>,
    /// Subscriptions that topics below `wamp.` can match. Changed under the write lock.
    meta: AtomicUsize,
    #[allow(dead_code, reason = "asked from the next commits on")]
    policies: Arc<Policies>,
    limits: Arc<Limits>,
    counters: Arc<Counters>,
}

/// One topic with its subscribers.
pub(crate) struct Subscription {
    id: Id,
    topic: Box<str>,
    members: ArcSwap<Members>,
}

/// What the broker knows of one session.
pub(crate) struct Seat {
    session: Arc<Session>,
    held: Mutex<HashMap<Id, Held>>,
}

struct Held {
    subscription: Arc<Subscription>,
    member: Arc<Member>,
}

impl Seat {
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Seat { session, held: Mutex::default() }
    }
}

impl Broker {
    pub(crate) fn new(policies: Arc<Policies>, limits: Arc<Limits>, counters: Arc<Counters>) -> Self {
        Broker {
            topics: papaya::HashMap::default(),
            write: Mutex::default(),
            meta: AtomicUsize::new(0),
            policies,
            limits,
            counters,
        }
    }

    /// Whether anybody may be subscribed to a meta event. One load of an atomic.
    #[allow(dead_code, reason = "asked from the next commits on")]
    pub(crate) fn hears_meta_events(&self) -> bool {
        self.meta.load(Ordering::Relaxed) > 0
    }

    /// Answers SUBSCRIBE with SUBSCRIBED.
    ///
    /// SUBSCRIBED enters the outbox under the same lock as the first EVENT would, and before (ORD-02).
    pub(crate) fn subscribe(
        &self,
        seat: &Seat,
        message: &Subscribe<'_>,
        witness: &dyn Witness,
        turn: &mut Turn,
    ) -> Result<(), Refusal> {
        if message.options.policy.unwrap_or(Match::Exact) != Match::Exact {
            return Err(Refusal::new(uri::OPTION_NOT_ALLOWED, "pattern-based subscription is not supported"));
        }
        let mut ids = self.write.lock();
        let topics = self.topics.pin();
        let known = topics.get(&*message.topic).cloned();
        let is_created = known.is_none();
        let subscription = known.unwrap_or_else(|| {
            Arc::new(Subscription {
                id: ids.next_id(),
                topic: message.topic.as_ref().into(),
                members: ArcSwap::default(),
            })
        });
        let mut held = seat.held.lock();
        let is_new = !held.contains_key(&subscription.id);
        if is_new && held.len() >= self.limits.max_subscriptions {
            self.counters.subscriptions_over_limit.increment();
            return Err(Refusal::limit("max_subscriptions", self.limits.max_subscriptions));
        }
        let member = Member::new(Arc::clone(&seat.session));
        let reply = [
            HeadItem::Uint(Code::Subscribed.number()),
            HeadItem::Uint(message.request.get()),
            HeadItem::Uint(subscription.id.get()),
        ];
        if is_created && may_match_meta(&subscription.topic, Match::Exact) {
            self.meta.fetch_add(1, Ordering::Relaxed);
        }
        turn.acknowledge_then(&seat.session, &reply, || {
            if is_new {
                let members = subscription.members.load().with(Arc::clone(&member));
                subscription.members.store(Arc::new(members));
                topics.insert(subscription.topic.clone(), Arc::clone(&subscription));
            }
        });
        if is_new {
            held.insert(subscription.id, Held { subscription, member });
        }
        Ok(())
    }

    /// Answers UNSUBSCRIBE with UNSUBSCRIBED, after which no EVENT follows (PS-07).
    pub(crate) fn unsubscribe(
        &self,
        seat: &Seat,
        message: &Unsubscribe,
        witness: &dyn Witness,
        turn: &mut Turn,
    ) -> Result<(), Refusal> {
        let removed = seat.held.lock().remove(&message.subscription);
        let Held { subscription, member } = removed.ok_or_else(|| {
            let text = format!("this session has no subscription {}", message.subscription);
            Refusal::new(uri::NO_SUCH_SUBSCRIPTION, text)
        })?;
        let reply = [HeadItem::Uint(Code::Unsubscribed.number()), HeadItem::Uint(message.request.get())];
        turn.acknowledge_then(&seat.session, &reply, || member.deactivate());
        self.remove(&subscription, seat.session.id());
        Ok(())
    }

    /// Routes PUBLISH to everybody who may have it, with the burst that it belongs to. Returns the publication's id.
    pub(crate) fn publish(&self, message: Publish<'_>, burst: &mut Burst<'_>, turn: &mut Turn) -> Id {
        let id = Id::random();
        let disclose = message.options.disclose_me == Some(true);
        match Filter::lasting(burst.publisher.id(), &message.options) {
            Some(filter) if !disclose => {
                if !burst.goes_on(&message.topic, &filter) {
                    self.deliver(burst, turn);
                    let Some(subscription) = self.topics.pin().get(&*message.topic).cloned() else {
                        return id;
                    };
                    burst.begin(subscription, filter);
                }
                burst.push(Publication { id, payload: message.payload });
            }
            _ => {
                self.deliver(burst, turn);
                self.publish_alone(id, message, burst.publisher, turn);
            }
        }
        id
    }

    /// The end of a burst: what was published reaches the subscribers' outboxes.
    pub(crate) fn deliver(&self, burst: &mut Burst<'_>, turn: &mut Turn) {
        burst.deliver(&self.counters, turn);
    }

    /// A publication that says something of its publisher, or is not for everybody.
    fn publish_alone(&self, id: Id, message: Publish<'_>, publisher: &Session, turn: &mut Turn) {
        let topics = self.topics.pin();
        let Some(subscription) = topics.get(&*message.topic) else { return };
        let details = disclosed(publisher, &message);
        let fanout = Fanout {
            subscription: subscription.id,
            from: publisher.format(),
            said: details.clone().into_dict(),
            details,
            publications: &[Publication { id, payload: message.payload }],
            counters: &self.counters,
        };
        fanout.deliver(&subscription.members.load(), &Filter::new(publisher.id(), &message.options), turn);
    }

    /// The session is gone: so are its subscriptions.
    pub(crate) fn leave(&self, seat: &Seat, witness: &dyn Witness, turn: &mut Turn) {
        let held = std::mem::take(&mut *seat.held.lock());
        for Held { subscription, member } in held.into_values() {
            member.deactivate();
            self.remove(&subscription, seat.session.id());
        }
    }

    fn remove(&self, subscription: &Subscription, session: Id) {
        let _write = self.write.lock();
        let members = subscription.members.load().without(session);
        if members.is_empty() {
            self.topics.pin().remove(&subscription.topic);
            if may_match_meta(&subscription.topic, Match::Exact) {
                self.meta.fetch_sub(1, Ordering::Relaxed);
            }
        }
        subscription.members.store(Arc::new(members));
    }
}

/// Whether a subscription to `topic` can match meta events, whose topics begin with `wamp.`.
fn may_match_meta(topic: &str, policy: Match) -> bool {
    match policy {
        Match::Exact => uri::is_reserved(topic),
        Match::Prefix => topic.starts_with("wamp.") || "wamp.".starts_with(topic),
        Match::Wildcard => matches!(topic.split('.').next(), Some("" | "wamp")),
    }
}

/// Who published, if the publisher wants it said (PS-ID-01, PS-ID-02).
fn disclosed(publisher: &Session, message: &Publish<'_>) -> EventDetails {
    if message.options.disclose_me != Some(true) {
        return EventDetails::default();
    }
    EventDetails {
        publisher: Some(publisher.id()),
        publisher_authid: Some(publisher.identity().authid.clone()),
        publisher_authrole: Some(publisher.identity().authrole.clone()),
        ..EventDetails::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subscriptions_that_can_match_meta_events_are_known() {
        let cases = [
            (Match::Exact, "wamp.session.on_join", true),
            (Match::Exact, "wampum.on_join", false),
            (Match::Exact, "com.wamp", false),
            (Match::Prefix, "", true),
            (Match::Prefix, "wa", true),
            (Match::Prefix, "wamp.session", true),
            (Match::Prefix, "wampum", false),
            (Match::Prefix, "com.", false),
            (Match::Wildcard, ".session.on_join", true),
            (Match::Wildcard, "wamp..", true),
            (Match::Wildcard, "com..", false),
        ];
        for (policy, topic, expected) in cases {
            assert_eq!(may_match_meta(topic, policy), expected, "{policy:?} {topic:?}");
        }
    }
}
