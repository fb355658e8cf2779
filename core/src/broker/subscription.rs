//! Subscriptions, and what can be asked of them.
//!
//! Law: a topic and the policy by which it is compared make a subscription: the same topic with another policy is
//! another one (PS-PAT-08). Asking takes no lock.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use arc_swap::ArcSwap;

use super::Broker;
use super::members::{Member, Members};
use crate::history::EventLog;
use crate::id::Id;
use crate::message::Match;
use crate::uri;
use crate::witness::Facts;

/// One topic, or pattern of topics, with its subscribers.
pub(crate) struct Subscription {
    pub(super) id: Id,
    created: SystemTime,
    pub(super) policy: Match,
    pub(super) topic: Box<str>,
    pub(super) members: ArcSwap<Members>,
    /// Where its events are kept. A subscription that has this exists as long as the realm.
    pub(super) history: Option<Arc<dyn EventLog>>,
}

impl Subscription {
    pub(super) fn new(id: Id, policy: Match, topic: &str) -> Arc<Self> {
        Self::with_history(id, policy, topic, None)
    }

    pub(super) fn with_history(
        id: Id,
        policy: Match,
        topic: &str,
        history: Option<Arc<dyn EventLog>>,
    ) -> Arc<Self> {
        Arc::new(Subscription {
            id,
            created: SystemTime::now(),
            policy,
            topic: topic.into(),
            members: ArcSwap::default(),
            history,
        })
    }

    /// What can be said of it.
    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts { id: self.id, created: self.created, uri: &self.topic, policy: self.policy, invoke: None }
    }

    /// The sessions that are subscribed, in the order of their ids.
    pub(crate) fn subscribers(&self) -> Vec<Id> {
        self.members.load().iter().map(|member| member.id()).collect()
    }

    /// How many those are.
    pub(crate) fn count(&self) -> usize {
        self.members.load().len()
    }

    /// What `EVENT.Details.topic` says of a publication to `topic` (PS-PAT-06).
    pub(super) fn names<'a>(&self, topic: &'a str) -> Option<&'a str> {
        (self.policy != Match::Exact).then_some(topic)
    }

    /// Called with the write lock held, as everything that changes members.
    pub(super) fn add(&self, member: Arc<Member>) {
        self.members.store(Arc::new(self.members.load().with(member)));
    }

    /// Returns whether nobody is left.
    pub(super) fn remove(&self, session: Id) -> bool {
        let members = self.members.load().without(session);
        let is_empty = members.is_empty();
        self.members.store(Arc::new(members));
        is_empty
    }
}

impl Broker {
    /// The subscription with this id.
    pub(crate) fn subscription(&self, id: Id) -> Option<Arc<Subscription>> {
        self.subscriptions.pin().get(&id).cloned()
    }

    /// The subscriptions with this policy, in the order in which they were created.
    pub(crate) fn subscriptions(&self, policy: Match) -> Vec<Id> {
        let subscriptions = self.subscriptions.pin();
        let of_policy = subscriptions.values().filter(|subscription| subscription.policy == policy);
        let mut ids: Vec<Id> = of_policy.map(|subscription| subscription.id).collect();
        ids.sort_unstable();
        ids
    }

    /// The subscription to exactly this topic or pattern.
    pub(crate) fn lookup(&self, policy: Match, topic: &str) -> Option<Arc<Subscription>> {
        match policy {
            Match::Exact => self.topics.pin().get(topic).cloned(),
            _ => self.patterns.load().get(policy, topic).cloned(),
        }
    }

    /// The subscriptions that get what is published to `topic`.
    pub(crate) fn matching(&self, topic: &str) -> Vec<Id> {
        self.route(topic).all().iter().map(|subscription| subscription.id).collect()
    }

    /// Publishers find it from now on. Called with the write lock held.
    pub(super) fn insert(&self, subscription: &Arc<Subscription>) {
        let Subscription { id, policy, ref topic, .. } = **subscription;
        if may_match_meta(topic, policy) {
            self.meta.fetch_add(1, Ordering::Relaxed);
        }
        self.subscriptions.pin().insert(id, Arc::clone(subscription));
        if policy == Match::Exact {
            self.topics.pin().insert(topic.clone(), Arc::clone(subscription));
        } else {
            let patterns = self.patterns.load().with(policy, topic, Arc::clone(subscription));
            self.patterns.store(Arc::new(patterns));
            self.has_patterns.store(true, Ordering::Release);
        }
    }

    /// And from now on not any more. Called with the write lock held.
    pub(super) fn delete(&self, subscription: &Subscription) {
        let Subscription { id, policy, ref topic, .. } = *subscription;
        if policy == Match::Exact {
            self.topics.pin().remove(topic);
        } else {
            let patterns = self.patterns.load().without(policy, topic);
            self.has_patterns.store(!patterns.is_empty(), Ordering::Release);
            self.patterns.store(Arc::new(patterns));
        }
        self.subscriptions.pin().remove(&id);
        if may_match_meta(topic, policy) {
            self.meta.fetch_sub(1, Ordering::Relaxed);
        }
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
