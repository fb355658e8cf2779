//! PUBLISH: what is said of a publication, and by which ways it goes.
//!
//! Law: events of one publisher reach each subscriber in the order in which they were published (ORD-01). Publications
//! over one subscription may wait for each other in a burst; one that goes over several is delivered at once and alone.
//!
//! ```text
//!   topic ──┬── no subscription ──────────────────> an id, and nothing else
//!           ├── one, nothing special ──> burst ···> all members, many publications at a time
//!           └── several, or something ─> alone ───> exact, prefixes, wildcards, one after the other
//!               special in the options
//! ```

use std::slice;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::MutexGuard;

use super::burst::Burst;
use super::fanout::{Fanout, Publication, Spellings};
use super::filter::Filter;
use super::retention::{Retained, Retention};
use super::{Broker, Subscription};
use crate::error::Refusal;
use crate::history::Audience;
use crate::id::Id;
use crate::message::{EventDetails, Options, Publish, PublishOptions};
use crate::policy::Disclosure;
use crate::session::Session;
use crate::session::turn::Turn;
use crate::uri;

/// What is said of a publication besides its payload, and who decides it: the publisher asks, the operator's rules win.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Terms {
    /// Whether the publisher is named.
    disclose: bool,
    trustlevel: Option<u64>,
    /// Whether it is kept for later subscribers.
    retain: bool,
}

impl Terms {
    /// The details of its events.
    pub(super) fn details(self, publisher: &Session, topic: Option<&str>) -> EventDetails {
        let mut details = EventDetails { trustlevel: self.trustlevel, ..EventDetails::default() };
        details.topic = topic.map(str::to_owned);
        if self.disclose {
            let identity = publisher.identity();
            details.publisher = Some(publisher.id());
            details.publisher_authid = Some(identity.authid.clone());
            details.publisher_authrole = Some(identity.authrole.clone());
        }
        details
    }
}

/// Whether the publisher asks to be named, and what its authorization says of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Naming {
    asked: bool,
    decided: Option<Disclosure>,
}

/// The subscriptions that one topic matches.
pub(super) enum Route {
    None,
    One(Arc<Subscription>),
    Many(Vec<Arc<Subscription>>),
}

impl Route {
    pub(super) fn all(&self) -> &[Arc<Subscription>] {
        match self {
            Route::None => &[],
            Route::One(subscription) => slice::from_ref(subscription),
            Route::Many(subscriptions) => subscriptions,
        }
    }
}

impl Broker {
    /// Routes PUBLISH to everybody who may have it, with the burst that it belongs to, and takes its payload. Returns the
    /// publication's id.
    ///
    /// # Errors
    /// The publisher wants to be disclosed, and the realm does not permit that. Nothing was published.
    pub(crate) fn publish(
        &self,
        message: &mut Publish<'_>,
        decided: Option<Disclosure>,
        burst: &mut Burst<'_>,
        turn: &mut Turn,
    ) -> Result<Id, Refusal> {
        let id = Id::random();
        let publisher = burst.publisher;
        let asked = Naming { asked: message.options.disclose_me == Some(true), decided };
        let lasting = match is_special(&message.options) {
            true => None,
            false => Filter::lasting(publisher.id(), &message.options),
        };
        if lasting.is_some_and(|filter| burst.goes_on(&message.topic, &filter, asked)) {
            burst.push(Publication { id, payload: std::mem::take(&mut message.payload) });
            return Ok(id);
        }
        self.deliver(burst, turn);
        let terms = self.terms(message, decided, publisher)?;
        // From here on nobody subscribes who would get the event as a retained one as well.
        let _retention = terms.retain.then(|| self.retain(id, message, terms, publisher));
        match (self.route(&message.topic), lasting) {
            (Route::None, _) => {}
            (Route::One(subscription), Some(filter)) if !terms.retain => {
                burst.begin(subscription, &message.topic, filter, asked, terms);
                burst.push(Publication { id, payload: std::mem::take(&mut message.payload) });
            }
            (route, _) => self.publish_alone(id, message, &route, terms, publisher, turn),
        }
        Ok(id)
    }

    /// Whether a publication of this session would go out, if it came now.
    ///
    /// # Errors
    /// As those of [`publish`](Self::publish).
    pub(crate) fn check(
        &self,
        message: &Publish<'_>,
        decided: Option<Disclosure>,
        publisher: &Session,
    ) -> Result<(), Refusal> {
        self.terms(message, decided, publisher).map(|_| ())
    }

    /// The end of a burst: what was published reaches the subscribers' outboxes.
    pub(crate) fn deliver(&self, burst: &mut Burst<'_>, turn: &mut Turn) {
        burst.deliver(&self.counters, turn);
    }

    /// Where a topic leads: the exact subscription, then prefixes, then wildcards.
    pub(super) fn route(&self, topic: &str) -> Route {
        let exact = self.topics.pin().get(topic).cloned();
        if self.has_patterns.load(Ordering::Acquire) {
            return self.route_by_patterns(exact, topic);
        }
        exact.map_or(Route::None, Route::One)
    }

    #[cold]
    fn route_by_patterns(&self, exact: Option<Arc<Subscription>>, topic: &str) -> Route {
        let mut all: Vec<_> = exact.into_iter().collect();
        self.patterns.load().for_each_match(topic, |_, subscription| all.push(Arc::clone(subscription)));
        match all.len() {
            0 | 1 => all.pop().map_or(Route::None, Route::One),
            _ => Route::Many(all),
        }
    }

    fn terms(
        &self,
        message: &Publish<'_>,
        decided: Option<Disclosure>,
        publisher: &Session,
    ) -> Result<Terms, Refusal> {
        // Rules are for topics of clients.
        if publisher.is_router() {
            return Ok(Terms::default());
        }
        let asked = message.options.disclose_me == Some(true);
        let policy = self.policies.publication(&message.topic, &publisher.identity().authrole);
        let disclose = match decided.unwrap_or(policy.disclose) {
            Disclosure::Always => true,
            Disclosure::OnRequest => asked,
            Disclosure::Never if asked => {
                let text = format!("publishers of {} are not disclosed", message.topic);
                return Err(Refusal::new(uri::DISCLOSE_ME_DISALLOWED, text));
            }
            Disclosure::Never => false,
        };
        let retain = policy.retain.unwrap_or(message.options.retain == Some(true));
        Ok(Terms { disclose, trustlevel: policy.trustlevel, retain })
    }

    /// Keeps a publication for later subscribers. While the guard lives, none of them comes.
    #[cold]
    fn retain(
        &self,
        id: Id,
        message: &Publish<'_>,
        terms: Terms,
        publisher: &Session,
    ) -> MutexGuard<'_, Retention> {
        let ppt = message.options.ppt.clone();
        let details = EventDetails { ppt, ..terms.details(publisher, None) };
        let event = Retained::new(id, message, details, publisher);
        let mut retention = self.retention.lock();
        retention.keep(&message.topic, event, &self.limits, &self.counters);
        retention
    }

    /// A publication that goes several ways, or is in some way unlike others.
    fn publish_alone(
        &self,
        id: Id,
        message: &mut Publish<'_>,
        route: &Route,
        terms: Terms,
        publisher: &Session,
        turn: &mut Turn,
    ) {
        let publications = [Publication { id, payload: std::mem::take(&mut message.payload) }];
        let spellings = Spellings::default();
        let filter = Filter::new(publisher.id(), &message.options);
        let details = |topic| {
            let ppt = message.options.ppt.clone();
            EventDetails { ppt, ..terms.details(publisher, topic) }
        };
        let route = route.all();
        if route.iter().any(|subscription| subscription.history.is_some())
            && let Some(audience) = Audience::of(&message.options)
        {
            let [publication] = &publications;
            let event = publication.stored(&message.topic, details(None), audience, publisher.format());
            let histories = route.iter().filter_map(|subscription| subscription.history.as_ref());
            histories.for_each(|history| history.append(Arc::clone(&event)));
        }
        for subscription in route {
            let details = details(subscription.names(&message.topic));
            let fanout = Fanout {
                subscription: subscription.id,
                from: publisher.format(),
                publications: &publications,
                spellings: &spellings,
                said: details.clone().into_dict(),
                details,
                counters: &self.counters,
            };
            let members = subscription.members.load();
            fanout.deliver(&members, &filter.among(&message.options, &members), turn);
        }
    }
}

/// Whether a publication is more than its payload to whoever may have it, so that it can't wait for others.
fn is_special(options: &PublishOptions) -> bool {
    options.ppt.is_used() || options.rkey.is_some() || options.retain == Some(true)
}
