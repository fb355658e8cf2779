//! SUBSCRIBE and UNSUBSCRIBE, sessions that leave, and subscriptions that are taken from them.
//!
//! Law: whatever changes who is subscribed happens under the write lock and is told before it is let go, so everybody
//! hears of changes in the order in which they happened. The lock of a seat's table is never held while something is told.
//!
//! ```text
//!   created ── joined ── joined ── left ── left ── deleted
//!   (id new)   (member)                    (last member)
//! ```

use std::sync::Arc;

use super::members::Member;
use super::{Broker, Held, Seat, Subscription};
use crate::error::Refusal;
use crate::id::Id;
use crate::message::{Code, Match, Subscribe, Unsubscribe};
use crate::serializer::HeadItem;
use crate::session::turn::Turn;
use crate::uri;
use crate::value::Dict;
use crate::witness::{Change, Kind, Witness};

impl Broker {
    /// Answers SUBSCRIBE with SUBSCRIBED.
    ///
    /// SUBSCRIBED enters the outbox under the same lock as the first EVENT would, and before (ORD-02). Retained events
    /// follow it under that lock.
    pub(crate) fn subscribe(
        &self,
        seat: &Arc<Seat>,
        message: &Subscribe<'_>,
        witness: &dyn Witness,
        turn: &mut Turn,
    ) -> Result<(), Refusal> {
        let policy = message.options.policy.unwrap_or(Match::Exact);
        let mut ids = self.write.lock();
        let known = self.lookup(policy, &message.topic);
        let is_new = known.as_ref().is_none_or(|known| !seat.held.lock().contains_key(&known.id));
        if is_new {
            self.check_room(seat, policy, message)?;
        }
        let is_created = known.is_none();
        let subscription = known.unwrap_or_else(|| Subscription::new(ids.next_id(), policy, &message.topic));
        let reply = [
            HeadItem::Uint(Code::Subscribed.number()),
            HeadItem::Uint(message.request.get()),
            HeadItem::Uint(subscription.id.get()),
        ];
        let member = Member::new(seat, message.options.nkey.as_deref());
        // From here until it is a member nobody publishes what it would have to get as a retained event.
        let retention = (message.options.get_retained == Some(true)).then(|| self.retention.lock());
        turn.acknowledge_with(&seat.session, &reply, |outbox| {
            if is_new {
                subscription.add(Arc::clone(&member));
            }
            if is_created {
                self.insert(&subscription);
            }
            if let Some(retention) = &retention {
                retention.deliver(&subscription, &member, &self.limits, &self.counters, outbox);
            }
        });
        drop(retention);
        if is_new {
            let held = Held { subscription: Arc::clone(&subscription), member };
            seat.held.lock().insert(subscription.id, held);
            let by = seat.session.id();
            if is_created {
                tell(&subscription, by, &Change::Created(&subscription.facts()), witness, turn);
            }
            tell(&subscription, by, &Change::Joined(subscription.id), witness, turn);
        }
        Ok(())
    }

    /// Whether one more subscription is within the limits: of the session, of node keys and of patterns.
    fn check_room(&self, seat: &Seat, policy: Match, message: &Subscribe<'_>) -> Result<(), Refusal> {
        if message.options.nkey.as_ref().is_some_and(|nkey| nkey.len() > self.limits.max_uri_length) {
            self.counters.uris_over_limit.increment();
            return Err(Refusal::limit("max_uri_length", self.limits.max_uri_length));
        }
        if seat.held.lock().len() >= self.limits.max_subscriptions {
            self.counters.subscriptions_over_limit.increment();
            return Err(Refusal::limit("max_subscriptions", self.limits.max_subscriptions));
        }
        let patterns = self.patterns.load();
        if policy == Match::Wildcard
            && patterns.wildcard_shapes() >= self.limits.max_wildcard_shapes
            && patterns.adds_wildcard_shape(&message.topic)
        {
            self.counters.wildcard_shapes_over_limit.increment();
            return Err(Refusal::limit("max_wildcard_shapes", self.limits.max_wildcard_shapes));
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
        let _write = self.write.lock();
        let removed = seat.held.lock().remove(&message.subscription);
        let Held { subscription, member } = removed.ok_or_else(|| {
            let text = format!("this session has no subscription {}", message.subscription);
            Refusal::new(uri::NO_SUCH_SUBSCRIPTION, text)
        })?;
        let reply = [HeadItem::Uint(Code::Unsubscribed.number()), HeadItem::Uint(message.request.get())];
        turn.acknowledge_then(&seat.session, &reply, || member.deactivate());
        self.part(&subscription, member.id(), witness, turn);
        Ok(())
    }

    /// Takes a subscription from a session. It gets UNSUBSCRIBED if it said that it understands that, else it simply hears
    /// no more (PS-REV-02).
    ///
    /// # Errors
    /// There is no such subscription, or the session is not subscribed.
    pub(crate) fn remove_subscriber(
        &self,
        subscription: Id,
        session: Id,
        reason: Option<&str>,
        witness: &dyn Witness,
        turn: &mut Turn,
    ) -> Result<(), Refusal> {
        let _write = self.write.lock();
        let Some(found) = self.subscription(subscription) else {
            let text = format!("there is no subscription {subscription}");
            return Err(Refusal::new(uri::NO_SUCH_SUBSCRIPTION, text));
        };
        let seat = found.members.load().get(session).and_then(|member| member.seat());
        // A session that is leaving has given up its table already.
        let held = seat.as_ref().and_then(|seat| seat.held.lock().remove(&subscription));
        let (Some(seat), Some(Held { member, .. })) = (seat, held) else {
            let text = format!("session {session} has no subscription {subscription}");
            return Err(Refusal::new(uri::NO_SUCH_SESSION, text));
        };
        revoke(&seat, &member, subscription, reason, turn);
        self.part(&found, session, witness, turn);
        Ok(())
    }

    /// The session is gone: so are its subscriptions.
    pub(crate) fn leave(&self, seat: &Seat, witness: &dyn Witness, turn: &mut Turn) {
        let held = std::mem::take(&mut *seat.held.lock());
        for Held { subscription, member } in held.into_values() {
            member.deactivate();
            // Again for each, so that others need not wait for all.
            let _write = self.write.lock();
            self.part(&subscription, member.id(), witness, turn);
        }
    }

    /// A session is subscribed no longer. Called with the write lock held.
    fn part(&self, subscription: &Subscription, session: Id, witness: &dyn Witness, turn: &mut Turn) {
        let was_last = subscription.remove(session);
        tell(subscription, session, &Change::Left(subscription.id), witness, turn);
        if was_last && subscription.history.is_none() {
            self.delete(subscription);
            tell(subscription, session, &Change::Deleted(subscription.id), witness, turn);
        }
    }
}

/// No EVENT follows.
fn revoke(seat: &Seat, member: &Member, subscription: Id, reason: Option<&str>, turn: &mut Turn) {
    if !seat.session.features().subscriber_revocation {
        let _outbox = seat.session.outbox().lock();
        return member.deactivate();
    }
    let mut details = Dict::new().with("subscription", subscription.get());
    if let Some(reason) = reason {
        details.insert("reason", reason);
    }
    let message = [HeadItem::Uint(Code::Unsubscribed.number()), HeadItem::Uint(0), HeadItem::Dict(&details)];
    turn.acknowledge_then(&seat.session, &message, || member.deactivate());
}

/// Subscriptions to the router's own topics are nobody's business: hearing of them would change them (META-SUB-16).
fn tell(subscription: &Subscription, by: Id, change: &Change<'_>, witness: &dyn Witness, turn: &mut Turn) {
    if witness.listens() && !uri::is_reserved(&subscription.topic) {
        witness.saw(Kind::Subscription, by, change, turn);
    }
}
